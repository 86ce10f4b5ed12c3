//! One conversation at an agent's client, as `desk/src/state/opened.rs` holds it.

use causette_shared::id::{ConversationId, Seq};
use causette_shared::sync::{Follow, OutgoingState, Replica};
use causette_shared::time::Timestamp;

/// A conversation that is open, or in which something was written.
pub struct Opened {
    /// Its entries, and what is not in the log yet.
    pub replica: Replica,
    /// Whether the agent has it open.
    pub open: bool,
    /// Whether the server has been asked to send its entries.
    pub watched: bool,
    /// Whether its entries have come at least once.
    pub loaded: bool,
    /// The last entry that the server was told to be seen, on this connection.
    pub seen_told: Seq,
}

impl Opened {
    /// Makes room for a conversation of which nothing is held.
    pub fn new(id: ConversationId) -> Self {
        Self { replica: Replica::new(Some(id)), open: false, watched: false, loaded: false, seen_told: 0 }
    }

    /// Whether something written here has not reached the log, and will without anybody's doing.
    pub fn is_sending(&self) -> bool {
        self.replica.outgoing().iter().any(|outgoing| !matches!(outgoing.state, OutgoingState::Failed(_)))
    }

    /// Whether the server is to send its entries.
    pub fn is_wanted(&self) -> bool {
        self.open || self.is_sending()
    }

    /// Follows the conversation from what is held. `last` is its last entry as far as the list knows.
    pub fn follow(&mut self, now: Timestamp, id: ConversationId, last: Seq) {
        self.watched = true;
        // The list can be behind the log: a lower number than what is held would mean that the store was put back.
        let last = last.max(self.replica.last_seq());
        self.replica.online(now, Some((id, last)), Follow::OnRequest);
    }

    /// Follows it no longer, or cannot.
    pub fn rest(&mut self) {
        self.watched = false;
        self.replica.offline();
    }
}
