//! What an agent asks over HTTP about a conversation's mail and its end, as JSON, and the answers.

use serde::{Deserialize, Serialize};

use crate::conversation::Status;
use crate::id::EntryId;

/// What is to be done with a follow-up that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// Send it at once.
    Now,
    /// Do not send it. The next reply schedules another.
    Not,
}

/// Decides about the follow-up that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecideFollowUp {
    /// What the agent wants.
    pub wish: Wish,
}

/// Invites the visitor back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendInvite {
    /// The message's id, minted by the desk; a repeat carries the same.
    pub id: EntryId,
    /// What the agent writes.
    pub text: String,
}

/// Asks what an invitation would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviewInvite {
    /// What the agent writes.
    pub text: String,
}

/// The mail that an invitation would be now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitePreview {
    /// Where it would go.
    pub to: String,
    /// The name that it would come from.
    pub from_name: String,
    /// Its subject.
    pub subject: String,
    /// Its plain text.
    pub text: String,
}

/// Ends the chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndChat {
    /// What is left: in progress (`Open`), waiting (`Pending`) or closed.
    pub status: Status,
}
