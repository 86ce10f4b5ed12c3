//! The desk's page of mail.

use super::desk::Desk;
use super::view::{Role, View};
use crate::harness::{wait_for, wait_until};

/// The page in a browser.
#[derive(Clone, Copy)]
pub struct Mail<'a> {
    /// Its page.
    pub view: View<'a>,
}

impl<'a> Mail<'a> {
    /// Goes there from another page of the desk, by the link in the bar.
    ///
    /// # Panics
    /// The bar does not say so much of undelivered mail, or does not lead there.
    pub async fn enter(desk: Desk<'a>, undelivered: u32) -> Self {
        let mail = Self { view: desk.view };
        let name = format!("Mail{undelivered} not delivered");
        wait_for(&format!("the link “{name}”"), async || {
            let links = mail.view.find_all(Role::Link, None).await?;
            for link in links {
                if link.prop("textContent").await?.is_some_and(|text| text == name) {
                    link.click().await?;
                    return Ok(Some(()));
                }
            }
            Err("it is not there".into())
        })
        .await;
        mail.view.wait_for(Role::Heading, "Waiting").await;
        mail
    }

    /// Waits until the list of what was not delivered says something.
    ///
    /// # Panics
    /// It does not.
    pub async fn wait_for_list(self, what: &str, is_right: impl Fn(&str) -> bool) {
        wait_until(&format!("what was not delivered to say {what}"), async || {
            let texts = self.view.texts(Role::List, Some("Not delivered")).await?;
            Ok(is_right(texts.first().map_or("", String::as_str)))
        })
        .await;
    }
}
