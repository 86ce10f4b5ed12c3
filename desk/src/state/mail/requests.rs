//! The requests about mail.

use causette_shared::id::{ConversationId, EntryId, JobId};
use causette_shared::protocol::outbox::{Outbox, RetriedAll};
use causette_shared::time::Timestamp;
use serde::Deserialize;

use crate::state::contacts::Failure;
use crate::state::contacts::requests::{ask, send};

const OUTBOX: &str = "/api/v1/desk/outbox";

/// A mail as it came, with what its sender's domain says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct OriginalMail {
    /// One line.
    pub subject: Option<String>,
    /// The address in `From`.
    pub from: Option<String>,
    /// When it says it was written.
    pub date: Option<Timestamp>,
    /// Its own identifier.
    pub message_id: Option<String>,
    /// The whole text, quotations included.
    pub text: Option<String>,
    /// What SPF says: `pass`, `fail`, `none` …
    pub spf: Option<String>,
    /// What DKIM says.
    pub dkim: Option<String>,
    /// What DMARC says.
    pub dmarc: Option<String>,
}

/// A mail from the mailbox that became no message, and that somebody should know of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct InboundRow {
    /// Which one.
    pub id: String,
    /// `unmatched` or `set_aside`.
    pub outcome: String,
    /// Why, in a few words.
    pub detail: String,
    /// One line.
    #[serde(default)]
    pub subject: Option<String>,
    /// The address in `From`.
    #[serde(default)]
    pub from: Option<String>,
    /// When it was taken from the mailbox.
    pub received_at: Timestamp,
}

/// What waits, and what was given up.
///
/// # Errors
/// See `Failure`.
pub async fn outbox() -> Result<Outbox, Failure> {
    ask("GET", OUTBOX, None).await
}

/// What the mailbox held that became no message.
///
/// # Errors
/// See `Failure`.
pub async fn inbound() -> Result<Vec<InboundRow>, Failure> {
    ask("GET", "/api/v1/desk/inbound", None).await
}

/// A message's mail as it came.
///
/// # Errors
/// See `Failure`.
pub async fn original(conversation: ConversationId, entry: EntryId) -> Result<OriginalMail, Failure> {
    let (conversation, entry) = (conversation.to_string(), entry.to_string());
    ask("GET", &["/api/v1/desk/conversations/", &conversation, "/mails/", &entry].concat(), None).await
}

/// Sends a mail again that was given up.
///
/// # Errors
/// See `Failure`.
pub async fn retry(id: JobId) -> Result<(), Failure> {
    send("POST", &of(id, "/retry"), None).await.map(drop)
}

/// Drops a mail that was given up.
///
/// # Errors
/// See `Failure`.
pub async fn discard(id: JobId) -> Result<(), Failure> {
    send("POST", &of(id, "/discard"), None).await.map(drop)
}

/// Sends all again that surely did not arrive.
///
/// # Errors
/// See `Failure`.
pub async fn retry_all() -> Result<RetriedAll, Failure> {
    ask("POST", &[OUTBOX, "/retry-all"].concat(), None).await
}

fn of(id: JobId, verb: &str) -> String {
    [OUTBOX, "/", &id.to_string(), verb].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::json;

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn a_mail_that_says_little_of_itself_is_read() {
        let said = r#"{"subject":null,"from":"a@x.example","date":null,"message_id":null,"text":"Hi","spf":"pass","dkim":"none","dmarc":"none"}"#;
        let mail: OriginalMail = json::read(said).expect("it is one");
        assert_eq!(
            (mail.text.as_deref(), mail.spf.as_deref(), mail.subject),
            (Some("Hi"), Some("pass"), None)
        );
        let row =
            r#"{"id":"7","outcome":"set_aside","detail":"it cannot be read","received_at":5,"subject":null}"#;
        let row: InboundRow = json::read(row).expect("it is one");
        assert_eq!((row.from, row.received_at), (None, Timestamp(5)));
    }
}
