//! The conversations that were opened lately, each with its replica.
//!
//! A conversation is *watched* while it is open, and as long as something written in it is on its way; only then does
//! its replica count as online, so that it never asks for what nobody looks at. Opened again, it goes on from where it
//! was. At most `KEPT` are held, and none that still has something to send is let go.

use causette_shared::id::{ConversationId, Seq};
use causette_shared::sync::{Follow, OutgoingState, Replica};
use causette_shared::time::Timestamp;

/// How many conversations are held.
const KEPT: usize = 20;

/// One conversation that was opened.
#[derive(Debug)]
pub struct Opened {
    /// Its entries, and what is not in the log yet.
    pub replica: Replica,
    /// Whether the server has been asked to send its entries.
    pub watched: bool,
    /// Whether its entries have come at least once since it was first opened.
    pub loaded: bool,
    /// What had been seen when it was opened, if something was unread then.
    pub unread_after: Option<Seq>,
    /// The last entry that the server was told to be seen.
    pub seen_told: Seq,
    /// The first entry that was held when earlier ones were asked for.
    pub earlier_from: Option<Seq>,
    used_at: Timestamp,
}

impl Opened {
    fn new(id: ConversationId) -> Self {
        Self {
            replica: Replica::new(Some(id)),
            watched: false,
            loaded: false,
            unread_after: None,
            seen_told: 0,
            earlier_from: None,
            used_at: Timestamp::default(),
        }
    }

    /// Whether something written here has not reached the log, and will without anybody's doing.
    #[must_use]
    pub fn is_sending(&self) -> bool {
        self.replica.outgoing().iter().any(|outgoing| !matches!(outgoing.state, OutgoingState::Failed(_)))
    }

    /// Follows the conversation from what is held. `last` is its last entry as far as the list knows.
    pub fn follow(&mut self, now: Timestamp, id: ConversationId, last: Seq) {
        self.watched = true;
        // The list can be behind the log: a lower number than what is held would mean that the store was put back.
        let last = last.max(self.replica.last_seq());
        self.replica.online(now, Some((id, last)), Follow::OnRequest);
    }

    /// Follows it no longer.
    pub fn rest(&mut self) {
        self.watched = false;
        self.replica.offline();
    }
}

/// The conversations that were opened lately. So few that looking through them costs nothing.
#[derive(Debug, Default)]
pub struct Shelf(Vec<(ConversationId, Opened)>);

impl Shelf {
    /// Takes a conversation from the shelf, or makes room for it.
    pub fn open(&mut self, now: Timestamp, id: ConversationId) -> &mut Opened {
        let place = self.0.iter().position(|(held, _)| *held == id).unwrap_or_else(|| {
            self.make_room();
            self.0.push((id, Opened::new(id)));
            self.0.len() - 1
        });
        let opened = &mut self.0[place].1;
        opened.used_at = now;
        opened
    }

    /// A conversation that is held.
    pub fn find(&mut self, id: ConversationId) -> Option<&mut Opened> {
        self.0.iter_mut().find(|(held, _)| *held == id).map(|(_, opened)| opened)
    }

    /// Every conversation that is held.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (ConversationId, &mut Opened)> {
        self.0.iter_mut().map(|(id, opened)| (*id, opened))
    }

    /// When the next replica wants to be woken.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Timestamp> {
        let watched = self.0.iter().filter(|(_, opened)| opened.watched);
        watched.filter_map(|(_, opened)| opened.replica.next_timeout()).min()
    }

    /// Forgets everything: somebody else signs in.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    fn make_room(&mut self) {
        while self.0.len() >= KEPT {
            let idle = |opened: &Opened| !opened.watched && opened.replica.outgoing().is_empty();
            let places = self.0.iter().enumerate().filter(|(_, (_, opened))| idle(opened));
            match places.min_by_key(|(_, (_, opened))| opened.used_at).map(|(place, _)| place) {
                Some(oldest) => drop(self.0.swap_remove(oldest)),
                None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use causette_shared::entry::Content;
    use causette_shared::id::EntryId;
    use causette_shared::sync::Effect;
    use uuid::Uuid;

    use super::*;

    fn id(number: usize) -> ConversationId {
        ConversationId(Uuid::from_u128(number as u128))
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn the_one_used_longest_ago_makes_room_unless_it_has_something_to_send() {
        let mut shelf = Shelf::default();
        let text = Content::Message { text: "x".to_owned() };
        for number in 0..KEPT {
            let now = Timestamp(number as i64);
            let opened = shelf.open(now, id(number));
            if number == 0 {
                opened.replica.compose(now, EntryId(Uuid::from_u128(1)), text.clone());
            }
        }
        shelf.open(Timestamp(100), id(KEPT));
        assert!(shelf.find(id(0)).is_some());
        assert!(shelf.find(id(1)).is_none());
        assert!(shelf.find(id(KEPT)).is_some());
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn what_rests_asks_for_nothing_and_goes_on_when_it_is_opened_again() {
        let mut shelf = Shelf::default();
        let now = Timestamp(0);
        let opened = shelf.open(now, id(1));
        opened.follow(now, id(1), 7);
        let ask = Effect::Resume { conversation: id(1), after: None };
        assert_eq!(opened.replica.poll_effect(), Some(ask.clone()));
        assert!(shelf.next_timeout().is_some());
        if let Some(opened) = shelf.find(id(1)) {
            opened.rest();
        }
        assert_eq!(shelf.next_timeout(), None);
        let opened = shelf.open(now, id(1));
        opened.follow(now, id(1), 7);
        assert_eq!(opened.replica.poll_effect(), Some(ask));
    }
}
