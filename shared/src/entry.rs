//! The items of a conversation's log. All that changes a conversation is one of these (G6), so that changes are
//! resumed and ordered like messages.

use serde::{Deserialize, Serialize};

use crate::conversation::Status;
use crate::form::Introduction;
use crate::id::{AgentId, EntryId, Seq};
use crate::time::Timestamp;

/// One item of the log. Never changed once written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place: 1 … n without a hole.
    pub seq: Seq,
    /// Minted by whoever wrote it; unique in the conversation for ever (G2).
    pub id: EntryId,
    /// When the server committed it.
    pub at: Timestamp,
    /// Who caused it.
    pub author: Author,
    /// What it says.
    pub body: Body,
}

/// Who caused an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The visitor.
    Visitor,
    /// An agent, under the name shown to the visitor at the time.
    Agent {
        /// Which agent.
        id: AgentId,
        /// Their name.
        name: String,
    },
    /// The site itself: automatic answers and what happens by rule.
    Automatic,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Something written to the other side.
    Message {
        /// The text, as `message::parse_text` returns it.
        text: String,
    },
    /// Something that happened.
    Event(Event),
}

/// What can happen in a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The visitor answered a form.
    FormSubmitted {
        /// The answers.
        answers: Introduction,
    },
    /// The conversation has an agent now.
    Assigned {
        /// Which agent.
        agent: AgentId,
        /// Their name, as the visitor sees it.
        name: String,
    },
    /// The status changed.
    StatusChanged {
        /// The status from now on.
        status: Status,
    },
}

/// What a client asks to be added to the log; the server makes it an `Entry`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A message.
    Message {
        /// What was typed.
        text: String,
    },
    /// Answers to "Introduce yourself"; only visitors send it.
    Introduction(Introduction),
}
