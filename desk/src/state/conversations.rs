//! The list of conversations: what the server told of each, in the order they are shown.
//!
//! Invariants: of two summaries of one conversation the one with the higher revision stays; `order` holds every known
//! conversation, newest first by last message and number; a conversation older than the part that was loaded so far is
//! known, but not listed, so that the list has no hole.
//!
//! After an interruption the greeting tells the newest part again, and the parts that had been loaded below it are asked
//! for one by one. Until each has come its rows stay as they were, so that the list does not jump under the reader's
//! eyes; of what the server has told, nothing is left that it did not tell.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use causette_shared::id::{AgentId, ConversationId};
use causette_shared::presence::Presence;
use causette_shared::protocol::agent::{ConversationSummary, ListCursor};

/// Which conversations the list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Every one.
    #[default]
    All,
    /// Those with messages that no agent has seen.
    Unread,
    /// Those assigned to the agent who looks.
    Mine,
}

/// What the person asked the list for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The tab.
    pub tab: Tab,
    /// Words that name, number or last line must hold.
    pub query: String,
    /// Who looks.
    pub me: Option<AgentId>,
    /// The conversation that is open: it stays listed while it is read in the tab of the unread.
    pub open: Option<ConversationId>,
}

/// Every conversation that the desk knows of.
#[derive(Clone, Debug, Default)]
pub struct Conversations {
    rows: BTreeMap<ConversationId, Arc<ConversationSummary>>,
    order: Vec<ConversationId>,
    /// Where the loaded part of the list ends; `None` once everything is loaded.
    end: Option<ListCursor>,
    /// Where the part ends that was told on this connection; `None` once everything was.
    told: Option<ListCursor>,
}

/// How many conversations are told again after an interruption, at most. Whoever has scrolled further scrolls again.
const TOLD_AGAIN: usize = 500;

impl Conversations {
    /// Takes the greeting's part of the list, the newest. What it does not tell and lies within it is gone, but for
    /// `kept`, which are open.
    pub fn replace(&mut self, newest: Vec<ConversationSummary>, more: bool, kept: &[ConversationId]) {
        let first = self.order.is_empty();
        for row in self.rows.values_mut() {
            // Whatever is told from here on is right, even where its revision is lower: the store may have been put back.
            Arc::make_mut(row).revision = 0;
        }
        if let Some(last) = self.order.get(TOLD_AGAIN - 1).and_then(|id| self.rows.get(id)) {
            self.end = Some(cursor(last));
            for id in self.order.split_off(TOLD_AGAIN) {
                if kept.contains(&id) {
                    self.order.push(id);
                } else {
                    self.rows.remove(&id);
                }
            }
        }
        self.take(None, newest, more, kept);
        if first || self.is_told() {
            self.end = self.told;
        }
    }

    /// Adds the next part of the list, after what was told so far.
    pub fn extend(&mut self, older: Vec<ConversationSummary>, more: bool, kept: &[ConversationId]) {
        self.take(self.told, older, more, kept);
        if self.is_told() {
            self.end = self.told;
        }
    }

    /// Where the next part begins that has to be told again, if one has.
    #[must_use]
    pub fn untold(&self) -> Option<ListCursor> {
        self.told.filter(|_| !self.is_told())
    }

    fn is_told(&self) -> bool {
        match (self.told, self.end) {
            (None, _) => true,
            (Some(told), Some(end)) => place(&end) <= place(&told),
            (Some(_), None) => false,
        }
    }

    /// Takes the part that lies after `from`, and forgets what lies in it and was not told.
    fn take(
        &mut self,
        from: Option<ListCursor>,
        part: Vec<ConversationSummary>,
        more: bool,
        kept: &[ConversationId],
    ) {
        let to = part.last().map(cursor).filter(|_| more);
        let is_told = |id: &ConversationId| kept.contains(id) || part.iter().any(|row| row.id == *id);
        let is_inside = |row: &ConversationSummary| {
            from.is_none_or(|from| rank(row) > place(&from)) && to.is_none_or(|to| rank(row) <= place(&to))
        };
        self.rows.retain(|id, row| is_told(id) || !is_inside(row));
        self.order.retain(|id| self.rows.contains_key(id));
        for row in part {
            self.apply(row);
        }
        self.told = to;
    }

    /// Takes news of one conversation. Returns whether it was news.
    pub fn apply(&mut self, row: ConversationSummary) -> bool {
        if let Some(held) = self.rows.get(&row.id) {
            if row.revision < held.revision || **held == row {
                return false;
            }
            self.remove(row.id);
        }
        let place = self.order.partition_point(|id| self.rank(*id) < rank(&row));
        self.order.insert(place, row.id);
        self.rows.insert(row.id, Arc::new(row));
        true
    }

    /// Takes news of where a visitor is. Presence is derived and has no revision.
    pub fn set_presence(&mut self, id: ConversationId, presence: Presence) {
        if let Some(row) = self.rows.get_mut(&id) {
            Arc::make_mut(row).presence = presence;
        }
    }

    /// One conversation.
    #[must_use]
    pub fn find(&self, id: ConversationId) -> Option<Arc<ConversationSummary>> {
        self.rows.get(&id).cloned()
    }

    /// The conversation with a number.
    #[must_use]
    pub fn find_by_number(&self, number: u32) -> Option<ConversationId> {
        self.rows.values().find(|row| row.number == number).map(|row| row.id)
    }

    /// Where the loaded part of the list ends, if more can be asked for.
    #[must_use]
    pub const fn end(&self) -> Option<ListCursor> {
        self.end
    }

    /// How many conversations are loaded.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether none is loaded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// How many conversations have messages that no agent has seen.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.listed().filter(|row| row.unread > 0).count()
    }

    /// The conversations that a filter leaves, newest first.
    #[must_use]
    pub fn list(&self, filter: &Filter) -> Vec<ConversationId> {
        let words: Vec<String> = filter.query.split_whitespace().map(str::to_lowercase).collect();
        self.listed()
            .filter(|row| match filter.tab {
                Tab::All => true,
                Tab::Unread => row.unread > 0 || filter.open == Some(row.id),
                Tab::Mine => filter.me.is_some() && row.assignee.as_ref().map(|agent| agent.id) == filter.me,
            })
            .filter(|row| words.is_empty() || matches(row, &words))
            .map(|row| row.id)
            .collect()
    }

    fn listed(&self) -> impl Iterator<Item = &ConversationSummary> {
        let end = self.end.as_ref().map(place);
        self.order
            .iter()
            .filter_map(|id| self.rows.get(id))
            .map(|row| &**row)
            .take_while(move |row| end.is_none_or(|end| rank(row) <= end))
    }

    fn rank(&self, id: ConversationId) -> Rank {
        self.rows.get(&id).map_or((Reverse(Default::default()), Reverse(0)), |row| rank(row))
    }

    fn remove(&mut self, id: ConversationId) {
        if self.rows.remove(&id).is_some() {
            self.order.retain(|held| *held != id);
        }
    }
}

type Rank = (Reverse<causette_shared::time::Timestamp>, Reverse<u32>);

/// Sorts newest first; the number decides between equal times, as it does in the server's pages.
fn rank(row: &ConversationSummary) -> Rank {
    (Reverse(row.last_message_at), Reverse(row.number))
}

fn cursor(row: &ConversationSummary) -> ListCursor {
    ListCursor { last_message_at: row.last_message_at, number: row.number }
}

fn place(cursor: &ListCursor) -> Rank {
    (Reverse(cursor.last_message_at), Reverse(cursor.number))
}

fn matches(row: &ConversationSummary, words: &[String]) -> bool {
    let contact = &row.contact;
    let mut text = format!("#{} {}", row.number, row.preview);
    for part in [&contact.name, &contact.email, &contact.phone].into_iter().flatten() {
        text.push(' ');
        text.push_str(part);
    }
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word.as_str()))
}

#[cfg(test)]
mod tests;
