//! What the clients of a test were told, held against what the store holds (G1–G4, G7).
//!
//! Every client writes down what it composes, what it is told of it and what it sees, in the order in which that
//! happens (`Recorder`). The store is read past all of them (`Logs`). `check` compares: it knows the rules and nothing
//! of how the messages travelled. What breaks a rule is kept as a file, with the seed that led to it (`Book::verify`).

mod book;
mod check;
mod logs;

use std::collections::BTreeMap;

use causette_shared::id::{ConversationId, EntryId, Seq};
use serde::{Deserialize, Serialize};

pub use book::{Book, Recorder};
pub use check::{Moment, Rule, Summary, Violation, check};
pub use logs::{By, Logs, Row, read_database, read_server, read_sqlite_of};

/// All that was written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// What the store held before the first client came.
    pub before: Logs,
    /// What the test did to them, in this order.
    pub notes: Vec<String>,
    /// Each client, in the order in which they came.
    pub clients: Vec<Client>,
}

/// What one client wrote down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// What a failure calls it.
    pub name: String,
    /// Who sits at it.
    pub side: Side,
    /// What happened, in this order.
    pub events: Vec<Event>,
    /// The log as it stood at the end, of each conversation that it followed.
    pub held: BTreeMap<ConversationId, Vec<(Seq, EntryId)>>,
}

/// Who sits at a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Side {
    /// A visitor. Tabs of one visitor have one number.
    Visitor(usize),
    /// An agent. Desks of one agent have one number.
    Agent(usize),
}

/// What happens at a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A message was written, and given to the engine after this.
    Composed {
        /// The id it keeps.
        id: EntryId,
        /// Where it belongs; a visitor's goes where theirs go.
        conversation: Option<ConversationId>,
        /// What it says.
        text: String,
    },
    /// A reply that a colleague had forestalled was sent all the same: it is written anew now.
    SentAnyway {
        /// Which.
        id: EntryId,
    },
    /// The server said that it is committed.
    Acknowledged {
        /// Which.
        id: EntryId,
        /// Into which conversation.
        conversation: ConversationId,
        /// At which place.
        seq: Seq,
    },
    /// The server said that it never will be.
    Refused {
        /// Which.
        id: EntryId,
        /// Why.
        why: String,
    },
    /// A frame brought an entry, whatever became of it.
    Told {
        /// In which conversation.
        conversation: ConversationId,
        /// At which place.
        seq: Seq,
        /// Which.
        id: EntryId,
    },
    /// An entry appeared at the end of the log that the client shows.
    Seen {
        /// In which conversation.
        conversation: ConversationId,
        /// At which place.
        seq: Seq,
        /// Which.
        id: EntryId,
    },
}
