//! Who is typing where. What was heard lasts `limits::TYPING_LASTS` unless it is heard again or taken back.

use causette_shared::id::ConversationId;
use causette_shared::limits::TYPING_LASTS;
use causette_shared::time::Timestamp;

/// Somebody who types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typist {
    conversation: ConversationId,
    /// The agent's name; `None` is the visitor.
    name: Option<String>,
    until: Timestamp,
}

/// Everybody who types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typists(Vec<Typist>);

impl Typists {
    /// Somebody types, or has stopped.
    pub fn hear(&mut self, now: Timestamp, conversation: ConversationId, name: Option<String>, active: bool) {
        self.0.retain(|typist| typist.conversation != conversation || typist.name != name);
        if active {
            self.0.push(Typist { conversation, name, until: now.after(TYPING_LASTS) });
        }
    }

    /// Forgets those who were not heard again. Returns whether there were any.
    pub fn expire(&mut self, now: Timestamp) -> bool {
        let before = self.0.len();
        self.0.retain(|typist| typist.until > now);
        self.0.len() != before
    }

    /// When `expire` has something to do.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Timestamp> {
        self.0.iter().map(|typist| typist.until).min()
    }

    /// Forgets everybody: the connection is gone.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether the visitor of a conversation types.
    #[must_use]
    pub fn is_visitor_typing(&self, conversation: ConversationId) -> bool {
        self.0.iter().any(|typist| typist.conversation == conversation && typist.name.is_none())
    }

    /// The names of agents who type in a conversation.
    #[must_use]
    pub fn agents(&self, conversation: ConversationId) -> Vec<String> {
        self.0
            .iter()
            .filter(|typist| typist.conversation == conversation)
            .filter_map(|typist| typist.name.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn typing_lasts_a_while_or_until_it_stops() {
        let (one, two) = (ConversationId(Uuid::from_u128(1)), ConversationId(Uuid::from_u128(2)));
        let now = Timestamp(1_000);
        let mut typists = Typists::default();
        typists.hear(now, one, None, true);
        typists.hear(now, one, Some("Bob".to_owned()), true);
        assert!(typists.is_visitor_typing(one) && !typists.is_visitor_typing(two));
        typists.hear(now, one, None, false);
        assert!(!typists.is_visitor_typing(one));
        assert_eq!(typists.agents(one), ["Bob"]);
        let end = now.after(TYPING_LASTS);
        assert_eq!(typists.next_expiry(), Some(end));
        assert!(!typists.expire(end.before(Duration::from_millis(1))));
        assert!(typists.expire(end));
        assert_eq!(typists.next_expiry(), None);
    }
}
