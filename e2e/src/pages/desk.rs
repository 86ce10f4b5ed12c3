//! The desk: where agents answer.

use fantoccini::elements::Element;

use super::numbered;
use super::view::{Place, Role, View};
use crate::harness::{Browser, PASSWORD, Problem, Server, wait_for, wait_until};

/// The key that goes to the start (W3C WebDriver §17.4.2).
const HOME: &str = "\u{e011}";

/// The desk in a browser.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// Its page.
    pub view: View<'a>,
}

impl<'a> Desk<'a> {
    /// The desk that the browser shows.
    #[must_use]
    pub const fn shown(browser: &'a Browser) -> Self {
        Self { view: View::new(browser, Place::Page) }
    }

    /// Goes to the desk, which asks who is there.
    pub async fn visit(browser: &'a Browser, server: &Server) -> Self {
        browser.goto(&format!("{}/desk/", server.origin)).await;
        Self { view: View::new(browser, Place::Page) }
    }

    /// Goes to the desk and signs in.
    pub async fn sign_in(browser: &'a Browser, server: &Server, email: &str) -> Self {
        let desk = Self::visit(browser, server).await;
        desk.try_to_sign_in(email, PASSWORD).await;
        desk.view.wait_for(Role::List, "Conversations").await;
        desk
    }

    /// Fills the sign-in form and sends it, whatever comes of it.
    pub async fn try_to_sign_in(self, email: &str, password: &str) {
        self.view.wait_for(Role::Form, "Sign in").await;
        self.view.empty("Email").await;
        self.view.type_into("Email", email).await;
        self.view.empty("Password").await;
        self.view.type_into("Password", password).await;
        self.view.press("Sign in").await;
    }

    /// The row of a conversation, by its number.
    async fn find_row(self, number: u32) -> Result<Option<Element>, Problem> {
        let Some(list) = self.view.find_all(Role::List, Some("Conversations")).await?.into_iter().next()
        else {
            return Err("there is no list".into());
        };
        let number = format!("#{number}");
        Ok(self.view.find_inside(&list, Role::ListItem, Some(&number)).await?.into_iter().next())
    }

    /// Waits until the row of a conversation says something.
    pub async fn wait_for_row(self, number: u32, what: &str, is_right: impl Fn(&str) -> bool) {
        wait_until(&format!("the row of #{number} to say {what}"), async || {
            let Some(row) = self.find_row(number).await? else { return Ok(false) };
            Ok(is_right(&self.view.text_of(&row).await?))
        })
        .await;
    }

    /// Opens a conversation from the list, by its number, and waits for its log.
    pub async fn open(self, number: u32) {
        wait_for(&format!("the conversation #{number} to be opened"), async || {
            let Some(row) = self.find_row(number).await? else { return Ok(None) };
            let link = self.view.find_inside(&row, Role::Link, None).await?.into_iter().next();
            let link = link.ok_or("the row leads nowhere")?;
            // Some drivers press only what can be seen already.
            self.view.scroll_to(&row).await?;
            link.click().await?;
            Ok(Some(()))
        })
        .await;
        self.view.wait_for(Role::Log, "Conversation").await;
        self.view.wait_for(Role::Field, "Reply").await;
    }

    /// The numbers of the conversations in the list, from above.
    pub async fn numbers(self) -> Vec<u32> {
        wait_for("the list", async || {
            let texts = self.view.texts(Role::List, Some("Conversations")).await?;
            let text = texts.first().ok_or("there is no list")?;
            let number = |word: &str| word.strip_prefix('#')?.parse().ok();
            Ok(Some(text.split_whitespace().filter_map(number).collect()))
        })
        .await
    }

    /// Writes an answer and sends it with Enter.
    pub async fn reply(self, text: &str) {
        self.view.type_into("Reply", &format!("{text}\u{e007}")).await;
    }

    /// Waits until the log shows a text.
    pub async fn wait_for_message(self, text: &str) {
        self.view.wait_for_log(&format!("“{text}”"), |log| log.contains(text)).await;
    }

    /// Scrolls up until there are no earlier messages to load.
    pub async fn load_everything(self) {
        wait_until("all earlier messages", async || {
            let is_more = ["Show earlier messages", "Loading…"];
            let text = self.view.text().await?;
            if !is_more.iter().any(|more| text.contains(more)) {
                return Ok(true);
            }
            let log = self.view.find_all(Role::Log, Some("Conversation")).await?.into_iter().next();
            log.ok_or("there is no log")?.send_keys(HOME).await?;
            Ok(false)
        })
        .await;
    }

    /// Waits until the log holds exactly these texts of the form `prefix` and number, in this order.
    pub async fn wait_for_numbered(self, prefix: &str, wanted: &[String]) {
        numbered::wait_for_numbered(self.view, prefix, wanted).await;
    }

    /// Opens the menu of the open conversation and presses a choice.
    pub async fn choose(self, choice: &str) {
        self.view.press("More").await;
        let item = self.view.wait_for(Role::MenuItem, choice).await;
        item.click().await.unwrap_or_else(|error| panic!("“{choice}” cannot be pressed: {error}"));
    }

    /// Presses a button of the dialog that is open.
    pub async fn press_in_dialog(self, name: &str) {
        wait_for(&format!("“{name}” in the dialog to be pressed"), async || {
            let dialog = self.dialog().await?;
            for button in self.view.find_inside(&dialog, Role::Button, Some(name)).await? {
                if self.view.text_of(&button).await?.trim() == name && button.is_enabled().await? {
                    button.click().await?;
                    return Ok(Some(()));
                }
            }
            Err("it is not there, or cannot be pressed".into())
        })
        .await;
    }

    /// Picks one of several in the dialog that is open.
    pub async fn pick_in_dialog(self, name: &str) {
        wait_for(&format!("“{name}” in the dialog to be picked"), async || {
            let dialog = self.dialog().await?;
            let option = self.view.find_inside(&dialog, Role::Field, Some(name)).await?.into_iter().next();
            let option = option.ok_or("it is not there")?;
            option.click().await?;
            Ok(option.is_selected().await?.then_some(()))
        })
        .await;
    }

    /// Waits until the dialog that is open says something.
    pub async fn wait_for_dialog(self, text: &str) {
        wait_until(&format!("the dialog to say “{text}”"), async || {
            Ok(self.view.text_of(&self.dialog().await?).await?.contains(text))
        })
        .await;
    }

    /// Waits until no dialog is open.
    pub async fn wait_until_no_dialog(self) {
        wait_until("the dialog to close", async || {
            Ok(self.view.find_all(Role::Dialog, None).await?.is_empty())
        })
        .await;
    }

    async fn dialog(self) -> Result<Element, Problem> {
        let dialog = self.view.find_all(Role::Dialog, None).await?.into_iter().next();
        dialog.ok_or_else(|| "there is no dialog".into())
    }

    /// What the countdown to the mail of unseen replies says, as soon as there is one.
    pub async fn countdown(self) -> String {
        wait_for("the countdown", async || Ok(self.view.texts(Role::Timer, None).await?.pop())).await
    }

    /// Waits until nothing is counted down.
    pub async fn wait_until_no_countdown(self) {
        wait_until("the countdown to go", async || {
            Ok(self.view.find_all(Role::Timer, None).await?.is_empty())
        })
        .await;
    }

    /// Waits until the panel beside the conversation says something.
    pub async fn wait_for_details(self, text: &str) {
        wait_until(&format!("the details to say “{text}”"), async || {
            let details = self.view.texts(Role::Region, Some("Details")).await?;
            Ok(details.iter().any(|details| details.contains(text)))
        })
        .await;
    }
}
