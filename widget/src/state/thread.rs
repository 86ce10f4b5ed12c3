//! The conversation as it is shown.

use super::rows::Row;
use super::slot::Slot;
use crate::setup::Setup;
use causette_shared::id::Seq;
use causette_shared::protocol::visitor::ConversationState;

/// What is shown of the conversation. Only the engine writes them.
#[derive(Debug)]
pub struct Thread {
    /// Everything about the conversation but its log, once it exists.
    pub about: Slot<Option<ConversationState>>,
    /// The log.
    pub rows: Slot<Vec<Row>>,
    /// Whether anybody can answer now.
    pub available: Slot<bool>,
    /// The name of the agent who types.
    pub typing: Slot<Option<String>>,
    /// Whether a conversation exists whose entries have not come yet.
    pub loading: Slot<bool>,
    /// Whether there are entries before those shown.
    pub has_earlier: Slot<bool>,
    /// Whether they were asked for.
    pub earlier_asked: Slot<bool>,
    /// Whether what is added is news, to be read out and moved in: false while history is put in place.
    pub announces: Slot<bool>,
    /// The last entry of the other side, which the visitor can see.
    pub foreign_seq: Slot<Seq>,
    /// The greeting, while it is part of what is shown.
    pub greeting: Slot<Option<String>>,
}

impl Thread {
    /// An empty one; `expected` is whether a conversation may exist.
    #[must_use]
    pub fn new(setup: &Setup, expected: bool) -> Self {
        Self {
            about: Slot::new(None),
            rows: Slot::new(Vec::new()),
            available: Slot::new(setup.available),
            typing: Slot::new(None),
            loading: Slot::new(expected),
            has_earlier: Slot::new(false),
            earlier_asked: Slot::new(false),
            announces: Slot::new(!expected),
            foreign_seq: Slot::new(0),
            greeting: Slot::new(setup.config.greeting.clone().filter(|_| !expected)),
        }
    }

    /// Whether nothing has been said yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.loading.get() && self.rows.with(Vec::is_empty)
    }
}
