//! The outbox at the desk: what its HTTP requests are answered with, as JSON.

use serde::{Deserialize, Serialize};

use crate::entry::MailKind;
use crate::id::{ConversationId, JobId};
use crate::time::Timestamp;

/// Mails given up that one answer carries at most: those given up last.
pub const DEAD_MAILS_SHOWN: u32 = 100;

/// What waits to be sent, and what was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbox {
    /// Whether there is somewhere for mail to go.
    pub is_configured: bool,
    /// Whether answers to mail are read from a mailbox.
    pub has_mailbox: bool,
    /// Mails that wait: for their time, for another attempt, or for a mail server.
    pub waiting: u32,
    /// When the next of them is due; it may have passed.
    pub next_due_at: Option<Timestamp>,
    /// Those among them of which an attempt has failed.
    pub delayed: u32,
    /// What went wrong with the one of these that is tried again first.
    pub delay_error: Option<String>,
    /// Mails that were given up.
    pub dead_count: u32,
    /// The first `DEAD_MAILS_SHOWN` of them, those given up last before.
    pub dead: Vec<DeadMail>,
}

/// A mail that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadMail {
    /// The job behind it.
    pub id: JobId,
    /// What it was for.
    pub kind: MailKind,
    /// The conversation that it belongs to.
    pub conversation: Option<ConversationId>,
    /// The number of that conversation.
    pub number: Option<u32>,
    /// Where it should have gone, if that was decided.
    pub recipient: Option<String>,
    /// Why it was given up, in the mail server's words or ours.
    pub error: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// Whether it may have arrived: nobody knows what became of its last attempts. It is sent again only by itself, never
    /// together with others.
    pub may_have_arrived: bool,
    /// When its cause was committed.
    pub created_at: Timestamp,
    /// When it was given up.
    pub given_up_at: Option<Timestamp>,
}

/// What became of trying everything again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetriedAll {
    /// Mails that are on their way again.
    pub retried: u32,
    /// Mails that stay given up: those that may have arrived, and those beyond what one request tries.
    pub left: u32,
}
