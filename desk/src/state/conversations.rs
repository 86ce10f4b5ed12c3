//! The list of conversations: what the server told of each, in the order they are shown.
//!
//! Invariants: of two summaries of one conversation the one with the higher revision stays; `order` holds every known
//! conversation, newest first by last message and number; a conversation older than the part that was loaded so far is
//! known, but not listed, so that the list has no hole.

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
}

impl Conversations {
    /// Takes the greeting's part of the list in place of everything, but for `kept`, which are open.
    pub fn replace(&mut self, newest: Vec<ConversationSummary>, more: bool, kept: &[ConversationId]) {
        self.rows.retain(|id, _| kept.contains(id));
        self.order.retain(|id| kept.contains(id));
        self.end = None;
        // What the greeting says is right even where its revision is lower: the store may have been put back.
        for row in &newest {
            self.remove(row.id);
        }
        self.extend(newest, more);
    }

    /// Adds the next part of the list.
    pub fn extend(&mut self, older: Vec<ConversationSummary>, more: bool) {
        let last =
            older.last().map(|row| ListCursor { last_message_at: row.last_message_at, number: row.number });
        self.end = if more { last.or(self.end) } else { None };
        for row in older {
            self.apply(row);
        }
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
        let end = self.end.map(|end| (Reverse(end.last_message_at), Reverse(end.number)));
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
mod tests {
    use causette_shared::contact::Contact;
    use causette_shared::conversation::Status;
    use causette_shared::protocol::agent::{Agent, Role};
    use causette_shared::time::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn row(number: u32, at: i64) -> ConversationSummary {
        ConversationSummary {
            id: ConversationId(Uuid::from_u128(number.into())),
            number,
            revision: 1,
            site: "Shop".to_owned(),
            status: Status::New,
            assignee: None,
            contact: Contact::default(),
            locale: "en".to_owned(),
            presence: Presence::Active,
            last_seq: 1,
            agent_seen: 0,
            visitor_seen: 1,
            unread: 1,
            preview: format!("message {number}"),
            preview_by_visitor: true,
            created_at: Timestamp(at),
            last_message_at: Timestamp(at),
        }
    }

    fn numbers(list: &Conversations, filter: &Filter) -> Vec<u32> {
        list.list(filter).iter().filter_map(|id| list.find(*id)).map(|row| row.number).collect()
    }

    #[test]
    fn the_newest_stands_first_and_the_number_decides_between_equals() {
        let mut list = Conversations::default();
        list.replace(vec![row(3, 30), row(2, 10), row(1, 10)], false, &[]);
        list.apply(row(4, 10));
        assert_eq!(numbers(&list, &Filter::default()), [3, 4, 2, 1]);
        list.apply(ConversationSummary { revision: 2, ..row(1, 40) });
        assert_eq!(numbers(&list, &Filter::default()), [1, 3, 4, 2]);
    }

    #[test]
    fn older_news_is_ignored() {
        let mut list = Conversations::default();
        assert!(list.apply(ConversationSummary { revision: 5, unread: 0, ..row(1, 20) }));
        assert!(!list.apply(ConversationSummary { revision: 4, ..row(1, 90) }));
        assert_eq!(list.unread(), 0);
        assert!(list.apply(ConversationSummary { revision: 6, ..row(1, 30) }));
        assert_eq!((list.unread(), list.len()), (1, 1));
    }

    #[test]
    fn a_greeting_replaces_the_list_but_for_what_is_open() {
        let mut list = Conversations::default();
        list.replace(vec![row(3, 30), row(2, 20), row(1, 10)], false, &[]);
        list.replace(vec![ConversationSummary { revision: 0, ..row(3, 30) }], true, &[row(1, 10).id]);
        assert_eq!(
            numbers(&list, &Filter::default()),
            [3],
            "the open one lies beyond the part that is loaded"
        );
        assert!(list.find(row(1, 10).id).is_some());
        assert!(list.find(row(2, 20).id).is_none());
        list.extend(vec![row(2, 20), row(1, 10)], false);
        assert_eq!(numbers(&list, &Filter::default()), [3, 2, 1]);
        assert_eq!(list.end(), None);
    }

    #[test]
    fn filters_look_at_tab_name_number_and_text() {
        let alice = Agent {
            id: AgentId(Uuid::from_u128(9)),
            name: "Alice".to_owned(),
            email: "a@x.co".to_owned(),
            role: Role::Agent,
        };
        let mut list = Conversations::default();
        let mut ada = row(1042, 10);
        ada.contact.name = Some("Ada Lovelace".to_owned());
        ada.assignee = Some(alice.clone());
        ada.unread = 0;
        list.replace(vec![row(7, 20), ada], false, &[]);
        let ask = |tab, query: &str| Filter { tab, query: query.to_owned(), me: Some(alice.id), open: None };
        assert_eq!(numbers(&list, &ask(Tab::Unread, "")), [7]);
        assert_eq!(numbers(&list, &ask(Tab::Mine, "")), [1042]);
        assert_eq!(numbers(&list, &ask(Tab::All, "love ADA")), [1042]);
        assert_eq!(numbers(&list, &ask(Tab::All, "#7")), [7]);
        assert_eq!(numbers(&list, &ask(Tab::All, "message 7")), [7]);
        assert_eq!(numbers(&list, &ask(Tab::All, "nobody")), [] as [u32; 0]);
        let open = list.find_by_number(1042);
        assert_eq!(numbers(&list, &Filter { open, ..ask(Tab::Unread, "") }), [7, 1042]);
    }
}
