//! The panel: what the visitor writes in.

use super::numbered;
use super::view::{Place, Role, View};
use crate::harness::{Browser, wait_for};

/// The panel of whatever page the browser shows.
#[derive(Clone, Copy)]
pub struct Panel<'a> {
    /// Its document.
    pub view: View<'a>,
}

impl<'a> Panel<'a> {
    /// The panel of the page that the browser shows.
    #[must_use]
    pub const fn new(browser: &'a Browser) -> Self {
        Self { view: View::new(browser, Place::Panel) }
    }

    /// Writes a message and sends it with Enter.
    pub async fn say(self, text: &str) {
        self.view.type_into("Message", &format!("{text}\u{e007}")).await;
    }

    /// Waits until the log shows a text.
    pub async fn wait_for_message(self, text: &str) {
        self.view.wait_for_log(&format!("“{text}”"), |log| log.contains(text)).await;
    }

    /// Waits until everything that the visitor wrote has arrived.
    pub async fn wait_until_sent(self) {
        self.view.wait_for_log("that nothing is on its way", |log| !log.contains("Sending…")).await;
    }

    /// Waits until an agent has seen the last message.
    pub async fn wait_until_seen(self) {
        self.view
            .wait_for_log("that the last message was seen", |log| log.trim_end().ends_with("Seen"))
            .await;
    }

    /// Waits until an agent has seen everything up to a message, which need not be the last.
    pub async fn wait_until_seen_after(self, text: &str) {
        let is_seen = |log: &str| log.split_once(text).is_some_and(|(_, after)| after.contains("Seen"));
        self.view.wait_for_log(&format!("that “{text}” was seen"), is_seen).await;
    }

    /// The number of the conversation, as soon as it has one.
    pub async fn number(self) -> u32 {
        wait_for("the conversation's number", async || {
            let text = self.view.text().await?;
            let number = text
                .split_once("Conversation #")
                .map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
            Ok(number.and_then(|number| number.parse().ok()))
        })
        .await
    }

    /// Waits until the log holds exactly these texts of the form `prefix` and number, in this order.
    pub async fn wait_for_numbered(self, prefix: &str, wanted: &[String]) {
        numbered::wait_for_numbered(self.view, prefix, wanted).await;
    }

    /// Sends the form "Introduce yourself": the composer below it has a button of the same name.
    pub async fn send_form(self) {
        self.send_form_named("Introduce yourself").await;
    }

    /// Sends a form.
    pub async fn send_form_named(self, name: &str) {
        wait_for(&format!("the form “{name}” to be sent"), async || {
            let form = self.view.find_all(Role::Form, Some(name)).await?.into_iter().next();
            let form = form.ok_or("there is no form")?;
            let button = self.view.find_inside(&form, Role::Button, Some("Send")).await?.into_iter().next();
            button.ok_or("the form has no button")?.click().await?;
            Ok(Some(()))
        })
        .await;
    }

    /// Says who they are, with the form that comes by itself.
    pub async fn introduce(self, name: &str, email: &str) {
        self.wait_for_form().await;
        self.view.type_into("Name", name).await;
        self.view.press("Continue").await;
        self.view.wait_for_text(&format!("Nice to meet you, {name}!")).await;
        self.view.type_into("Email", email).await;
        self.send_form().await;
        self.view.wait_for_text("Thank you!").await;
    }

    /// Waits for the form "Introduce yourself".
    pub async fn wait_for_form(self) {
        self.view.wait_for(Role::Form, "Introduce yourself").await;
    }
}
