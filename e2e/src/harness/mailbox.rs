//! The mail that the demo has captured instead of sending it.

use serde::Deserialize;

use super::server::Server;
use super::wait::wait_for;

/// One mail.
#[derive(Clone, Debug, Deserialize)]
pub struct Mail {
    /// To whom it goes.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// All of it, as a mail server would get it.
    pub raw: String,
}

impl Mail {
    /// Whether it carries a text of plain letters, wherever a line was broken (RFC 2045 §6.7: a soft break is `=` at the
    /// end of a line).
    #[must_use]
    pub fn carries(&self, text: &str) -> bool {
        self.raw.replace("=\r\n", "").replace("=\n", "").contains(text)
    }
}

impl Server {
    /// The captured mail, newest first.
    ///
    /// # Panics
    /// The demo does not tell.
    pub async fn mails(&self) -> Vec<Mail> {
        let answer = reqwest::get(self.shop("mailbox.json")).await.expect("the demo answers");
        answer.json().await.expect("the mailbox is JSON")
    }

    /// The captured mail, once there is as much.
    ///
    /// # Panics
    /// It never is.
    pub async fn wait_for_mails(&self, count: usize) -> Vec<Mail> {
        wait_for(&format!("{count} captured mails"), async || {
            let mails = self.mails().await;
            Ok((mails.len() >= count).then_some(mails))
        })
        .await
    }
}
