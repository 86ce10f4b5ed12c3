//! The desk's page of contacts.

use super::desk::Desk;
use super::view::{Role, View};
use crate::harness::{Browser, Server, wait_for, wait_until};

/// The page in a browser.
#[derive(Clone, Copy)]
pub struct Contacts<'a> {
    /// Its page.
    pub view: View<'a>,
}

impl<'a> Contacts<'a> {
    /// Signs in and goes there as an agent does: by the link in the bar.
    pub async fn sign_in(browser: &'a Browser, server: &Server, email: &str) -> Self {
        let desk = Desk::sign_in(browser, server, email).await;
        Self::enter(desk).await
    }

    /// Goes there from the inbox.
    pub async fn enter(desk: Desk<'a>) -> Self {
        let contacts = Self { view: desk.view };
        contacts.follow("Contacts").await;
        contacts.view.wait_for(Role::Field, "Search contacts").await;
        contacts
    }

    /// Follows a link, by its name.
    pub async fn follow(self, name: &str) {
        wait_for(&format!("the link “{name}”"), async || {
            let link = self.view.find_all(Role::Link, Some(name)).await?.into_iter().next();
            link.ok_or("it is not there")?.click().await?;
            Ok(Some(()))
        })
        .await;
    }

    /// Opens a contact from the list, by a part of its row.
    pub async fn open(self, text: &str) {
        wait_for(&format!("the contact “{text}” to be opened"), async || {
            let list = self.view.find_all(Role::List, Some("Contacts")).await?.into_iter().next();
            let Some(list) = list else { return Ok(None) };
            let link = self.view.find_inside(&list, Role::Link, Some(text)).await?.into_iter().next();
            link.ok_or("it is not in the list")?.click().await?;
            Ok(Some(()))
        })
        .await;
        self.view.wait_for(Role::Button, "Edit").await;
    }

    /// Adds a contact with these fields, and waits for it.
    pub async fn add(self, fields: &[(&str, &str)]) {
        self.view.press("New contact").await;
        for (field, text) in fields {
            self.view.type_into(field, text).await;
        }
        self.view.press("Save").await;
        self.view.wait_until_gone(Role::Form, "New contact").await;
    }

    /// Waits until the list says something.
    pub async fn wait_for_list(self, what: &str, is_right: impl Fn(&str) -> bool) {
        wait_until(&format!("the list to say {what}"), async || {
            let texts = self.view.texts(Role::List, Some("Contacts")).await?;
            Ok(is_right(texts.first().map_or("", String::as_str)))
        })
        .await;
    }

    /// Chooses one in the dialog that is open.
    pub async fn pick(self, text: &str) {
        self.view.type_into("Find a contact", text).await;
        wait_for(&format!("the choice “{text}”"), async || {
            let list = self.view.find_all(Role::List, Some("Contacts found")).await?.into_iter().next();
            let Some(list) = list else { return Ok(None) };
            let choices = self.view.find_inside(&list, Role::Button, None).await?;
            let [choice] = &choices[..] else { return Ok(None) };
            if !self.view.text_of(choice).await?.contains(text) {
                return Ok(None);
            }
            choice.click().await?;
            Ok(Some(()))
        })
        .await;
    }
}
