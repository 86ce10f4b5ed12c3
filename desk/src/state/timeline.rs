//! A conversation's entries as the rows that are drawn: days, grouped messages, what happened.
//!
//! Rows have keys that stay, so that a message is the same element from *sending* to *seen*. Everything a row shows is
//! in it: a row that equals the last one is not drawn again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use causette_shared::entry::{Author, Body, Content, Entry, Event, Mail};
use causette_shared::form::Introduction;
use causette_shared::id::{AgentId, EntryId, Seq};
use causette_shared::problem::Problem;
use causette_shared::sync::{Outgoing, OutgoingState};
use causette_shared::time::Timestamp;

use super::words;

/// Messages of one author closer together than this stand in one group.
const GROUP_WITHIN: Duration = Duration::from_secs(300);

/// Identifies a row. A separator is named by the entry that follows it: two days could have the same date, should the
/// server's clock have been put back, and equal keys misplace rows in silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// The day that begins with an entry.
    Day(EntryId),
    /// What was unread when the conversation was opened begins here.
    Unread,
    /// An entry, or what will become it.
    Entry(EntryId),
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A new day begins.
    Day(Timestamp),
    /// What follows was unread when the conversation was opened.
    Unread,
    /// A message.
    Message(MessageRow),
    /// The visitor answered a form, and what that was, in words.
    Introduction(String, Introduction, Timestamp),
    /// The chat was ended, in words.
    Ended(String, Timestamp),
    /// Something else happened, in words.
    Happened(String, Timestamp),
}

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// The visitor.
    Visitor,
    /// The agent who looks.
    Me,
    /// Another agent.
    Colleague(String),
    /// The site itself.
    Automatic,
}

/// How far a message of ours has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// On its way.
    Sending,
    /// Committed.
    Sent,
    /// The visitor has seen it.
    Seen,
    /// Refused.
    Failed(Problem),
}

/// A message as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// Its id.
    pub id: EntryId,
    /// Its place in the log, once it is there.
    pub seq: Option<Seq>,
    /// Who wrote it.
    pub side: Side,
    /// What it says.
    pub text: String,
    /// The mail that it came by, if it came by e-mail.
    pub mail: Option<Arc<Mail>>,
    /// When.
    pub at: Timestamp,
    /// Whether it is the first of its group.
    pub opens_group: bool,
    /// Whether it is the last of its group.
    pub closes_group: bool,
    /// How far it has come, for messages to the visitor.
    pub delivery: Option<Delivery>,
}

/// What the rows are made from.
pub struct Source<'a> {
    /// The log.
    pub entries: &'a VecDeque<Entry>,
    /// What is not in it yet.
    pub outgoing: &'a [Outgoing],
    /// Who looks.
    pub me: AgentId,
    /// The last entry that the visitor has seen.
    pub visitor_seen: Seq,
    /// The last entry that was seen when the conversation was opened, if something was unread.
    pub unread_after: Option<Seq>,
    /// The number of an instant's day on the wall.
    pub day_of: fn(Timestamp) -> i64,
}

/// The rows of one conversation, in order. A row is found by looking through them from the end: there are some dozens,
/// and a thousand in the longest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    order: Vec<RowKey>,
    rows: Vec<Arc<Row>>,
    outgoing: usize,
}

impl Timeline {
    /// Makes the rows.
    #[must_use]
    pub fn build(source: &Source<'_>) -> Self {
        let mut timeline = Self { outgoing: source.outgoing.len(), ..Self::default() };
        let mut day = None;
        let mut marked = false;
        let log = source.entries.iter().map(|entry| (Some(entry.seq), entry.id, row_of(entry, source)));
        let waiting = source
            .outgoing
            .iter()
            .filter_map(|outgoing| Some((None, outgoing.id, row_of_outgoing(outgoing)?)));
        for (seq, id, row) in log.chain(waiting) {
            let at = match &row {
                Row::Message(message) => message.at,
                Row::Introduction(_, _, at) | Row::Ended(_, at) | Row::Happened(_, at) | Row::Day(at) => *at,
                Row::Unread => continue,
            };
            let today = (source.day_of)(at);
            if day.replace(today) != Some(today) {
                timeline.push(RowKey::Day(id), Row::Day(at));
            }
            let is_news = |after: Seq| seq.is_some_and(|seq| seq > after);
            if !marked && source.unread_after.is_some_and(is_news) && is_from_visitor(&row) {
                marked = true;
                timeline.push(RowKey::Unread, Row::Unread);
            }
            timeline.push(RowKey::Entry(id), row);
        }
        timeline.group();
        timeline
    }

    /// The keys in the order of the rows.
    #[must_use]
    pub fn order(&self) -> &[RowKey] {
        &self.order
    }

    /// One row.
    #[must_use]
    pub fn find(&self, key: RowKey) -> Option<Arc<Row>> {
        self.order.iter().rposition(|held| *held == key).map(|place| self.rows[place].clone())
    }

    /// The first entry.
    #[must_use]
    pub fn first(&self) -> Option<RowKey> {
        self.order.iter().copied().find(|key| matches!(key, RowKey::Entry(_)))
    }

    /// How many messages are not in the log yet.
    #[must_use]
    pub fn count_outgoing(&self) -> usize {
        self.outgoing
    }

    /// Whether the chat was ended, and nobody has written since.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        let last = self.rows.iter().rev().find(|row| matches!(***row, Row::Message(_) | Row::Ended(..)));
        last.is_some_and(|row| matches!(**row, Row::Ended(..)))
    }

    /// The name of another agent who wrote after an entry: an answer that was begun then may be stale.
    #[must_use]
    pub fn find_colleague_after(&self, seq: Seq) -> Option<String> {
        self.rows.iter().rev().find_map(|row| match &**row {
            Row::Message(MessageRow { side: Side::Colleague(name), seq: Some(held), .. }) if *held > seq => {
                Some(name.clone())
            }
            _ => None,
        })
    }

    fn push(&mut self, key: RowKey, row: Row) {
        self.order.push(key);
        self.rows.push(Arc::new(row));
    }

    /// Marks where groups begin and end.
    fn group(&mut self) {
        for place in 1..self.rows.len() {
            let (before, after) = self.rows.split_at_mut(place);
            if let (Some(one), Some(next)) = (before.last_mut(), after.first_mut())
                && let (Row::Message(one), Row::Message(next)) = (Arc::make_mut(one), Arc::make_mut(next))
                && one.side == next.side
                // Whose a mail is has to be said of each.
                && one.mail.is_none()
                && next.mail.is_none()
                && next.at.since(one.at) < GROUP_WITHIN
            {
                one.closes_group = false;
                next.opens_group = false;
            }
        }
    }
}

fn is_from_visitor(row: &Row) -> bool {
    matches!(row, Row::Message(message) if message.side == Side::Visitor)
}

fn row_of(entry: &Entry, source: &Source<'_>) -> Row {
    match &entry.body {
        Body::Message { text } => {
            let side = match &entry.author {
                Author::Visitor => Side::Visitor,
                Author::Agent { id, .. } if *id == source.me => Side::Me,
                Author::Agent { name, .. } => Side::Colleague(name.clone()),
                Author::Automatic => Side::Automatic,
            };
            let seen = entry.seq <= source.visitor_seen;
            let delivery = matches!(side, Side::Me | Side::Colleague(_)).then_some(if seen {
                Delivery::Seen
            } else {
                Delivery::Sent
            });
            message_row((entry.id, Some(entry.seq)), side, text, entry.at, delivery)
        }
        Body::Mail(mail) => {
            let row = message_row((entry.id, Some(entry.seq)), Side::Visitor, &mail.text, entry.at, None);
            with_mail(row, mail)
        }
        Body::Event(event @ (Event::FormSubmitted { answers } | Event::ContactsLeft { answers })) => {
            Row::Introduction(words::happened(event, ""), answers.clone(), entry.at)
        }
        Body::Event(Event::Assigned { agent, name }) => {
            let whom = if *agent == source.me { "you" } else { name.as_str() };
            let by_themselves = matches!(&entry.author, Author::Agent { id, .. } if id == agent);
            let text = match (by_themselves, *agent == source.me) {
                (true, true) => "You took this conversation".to_owned(),
                (true, false) => format!("{name} took this conversation"),
                (false, _) => format!("Assigned to {whom}"),
            };
            Row::Happened(text, entry.at)
        }
        Body::Event(Event::StatusChanged { status }) => {
            Row::Happened(format!("Status changed to {}", words::status(*status)), entry.at)
        }
        Body::Event(event) => {
            let by = match &entry.author {
                Author::Visitor => "The visitor",
                Author::Agent { id, .. } if *id == source.me => "You",
                Author::Agent { name, .. } => name,
                Author::Automatic => "",
            };
            let is_end = *event == Event::ChatEnded;
            let text = words::happened(event, by);
            if is_end { Row::Ended(text, entry.at) } else { Row::Happened(text, entry.at) }
        }
    }
}

/// Agents send messages only; anything else in the queue has no row until it is in the log.
fn row_of_outgoing(outgoing: &Outgoing) -> Option<Row> {
    let Content::Message { text } = &outgoing.content else { return None };
    let delivery = match &outgoing.state {
        OutgoingState::Sending => Delivery::Sending,
        OutgoingState::Acknowledged(_) => Delivery::Sent,
        OutgoingState::Failed(problem) => Delivery::Failed(problem.clone()),
    };
    Some(message_row((outgoing.id, None), Side::Me, text, outgoing.composed_at, Some(delivery)))
}

fn message_row(
    (id, seq): (EntryId, Option<Seq>),
    side: Side,
    text: &str,
    at: Timestamp,
    delivery: Option<Delivery>,
) -> Row {
    let text = text.to_owned();
    Row::Message(MessageRow {
        id,
        seq,
        side,
        text,
        mail: None,
        at,
        opens_group: true,
        closes_group: true,
        delivery,
    })
}

fn with_mail(row: Row, mail: &Mail) -> Row {
    match row {
        Row::Message(row) => Row::Message(MessageRow { mail: Some(Arc::new(mail.clone())), ..row }),
        row => row,
    }
}

#[cfg(test)]
mod tests;
