//! The log as it is drawn: one row for each entry and each message on its way, in order.
//!
//! A row is the same row from *sending* to *seen*: it keeps its id, so its element stays, and what changes about it is
//! its look. Rows of one author within one minute stand together as a group.

use std::collections::VecDeque;
use std::sync::Arc;

use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Body, Content, Entry, Event, Mail, MailKind};
use causette_shared::id::{EntryId, Seq};
use causette_shared::sync::{Outgoing, OutgoingState};
use causette_shared::time::Timestamp;

use super::attention::is_reply;
use super::slot::Slot;
use crate::words::{local_day, local_minute};

/// One row of the log.
#[derive(Clone, Debug)]
pub struct Row {
    /// The entry's id, and the row's key.
    pub id: EntryId,
    /// What it says; never changes.
    pub line: Arc<Line>,
    /// How it is drawn.
    pub look: Arc<Slot<Look>>,
}

/// Two lists of rows are alike when they are the same rows: what changes about a row, it says itself.
impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// What a row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A message.
    Message {
        /// Who wrote it.
        author: Author,
        /// The text.
        text: String,
    },
    /// An agent has the conversation.
    Joined {
        /// Their name.
        name: String,
    },
    /// The visitor answered the form.
    Introduced,
    /// The visitor left their contacts.
    ContactsLeft {
        /// Whether they can be told by e-mail.
        by_email: bool,
    },
    /// The visitor asked for a copy.
    CopyRequested {
        /// Where to.
        email: String,
    },
    /// The chat has ended.
    Ended {
        /// The agent who ended it.
        by: Option<String>,
    },
    /// What was not seen here went out by e-mail, or a copy.
    Mailed,
    /// An e-mail was refused.
    MailFailed,
    /// The visitor wants no more e-mails.
    MailStopped,
    /// The conversation is solved.
    Solved,
    /// The conversation is closed.
    Closed,
}

/// How a row is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// When it was written.
    pub at: Timestamp,
    /// Whether its day is said: it is the first of it, and the log did not begin today.
    pub starts_day: bool,
    /// Whether it is the first that is new to the visitor, with something old before it.
    pub starts_new: bool,
    /// Whether it is the first of its group.
    pub starts_group: bool,
    /// Whether it is the last of its group.
    pub ends_group: bool,
    /// How far a message of the visitor has come; said only where it is news.
    pub progress: Option<Progress>,
}

/// How far a message of the visitor has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// On its way.
    Sending,
    /// Committed.
    Sent,
    /// Seen by an agent.
    Seen,
    /// Refused for good.
    Failed,
}

impl Line {
    /// Whether it is a message of the visitor.
    #[must_use]
    pub const fn is_own(&self) -> bool {
        matches!(self, Self::Message { author: Author::Visitor, .. })
    }

    fn of_entry(entry: &Entry) -> Option<Self> {
        Some(match &entry.body {
            Body::Message { text } | Body::Mail(Mail { text, .. }) => {
                Self::Message { author: entry.author.clone(), text: text.clone() }
            }
            Body::Event(Event::Assigned { name, .. }) => Self::Joined { name: name.clone() },
            Body::Event(Event::FormSubmitted { .. }) => Self::Introduced,
            Body::Event(Event::StatusChanged { status: Status::Solved }) => Self::Solved,
            Body::Event(Event::StatusChanged { status: Status::Closed }) => Self::Closed,
            Body::Event(Event::ContactsLeft { answers }) => {
                Self::ContactsLeft { by_email: answers.email.is_some() }
            }
            Body::Event(Event::CopyRequested { email }) => Self::CopyRequested { email: email.clone() },
            Body::Event(Event::ChatEnded) => Self::Ended {
                by: match &entry.author {
                    Author::Agent { name, .. } => Some(name.clone()),
                    _ => None,
                },
            },
            // These bring nothing that the visitor does not know from what they asked for.
            Body::Event(Event::Mailed { kind: MailKind::ConfirmCopy | MailKind::NewLink, .. }) => {
                return None;
            }
            Body::Event(Event::Mailed { .. }) => Self::Mailed,
            Body::Event(Event::MailFailed { .. }) => Self::MailFailed,
            Body::Event(Event::MailStopped) => Self::MailStopped,
            Body::Event(_) => return None,
        })
    }
}

/// Places in the log.
#[derive(Clone, Copy, Debug)]
pub struct Marks {
    /// The last entry that an agent has seen.
    pub agent_seen: Seq,
    /// The last entry that the visitor had seen when the panel was opened, where there was more.
    pub new_after: Option<Seq>,
}

/// Draws the log again. Rows that were there before are taken over, with the slots that their elements follow.
#[must_use]
pub fn build(
    now: Timestamp,
    previous: &[Row],
    entries: &VecDeque<Entry>,
    outgoing: &[Outgoing],
    marks: Marks,
) -> Vec<Row> {
    let mut rows = Vec::with_capacity(entries.len() + outgoing.len());
    let mut looks: Vec<Look> = Vec::with_capacity(rows.capacity());
    let mut at_hand = 0;
    let mut add = |id: EntryId,
                   at: Timestamp,
                   progress: Option<Progress>,
                   line: &dyn Fn() -> Option<Line>| {
        let look =
            Look { at, starts_day: false, starts_new: false, starts_group: true, ends_group: true, progress };
        let place = previous[at_hand..].iter().position(|row| row.id == id).map(|place| place + at_hand);
        let row = match place.or_else(|| previous.iter().position(|row| row.id == id)) {
            Some(place) => {
                at_hand = place + 1;
                previous[place].clone()
            }
            None => match line() {
                Some(line) => Row { id, line: Arc::new(line), look: Arc::new(Slot::new(look)) },
                None => return,
            },
        };
        rows.push(row);
        looks.push(look);
    };
    let is_answer = |entry: &&Entry| matches!(entry.body, Body::Event(Event::FormSubmitted { .. }));
    let introduced = entries.iter().find(is_answer).map(|entry| entry.id);
    for entry in entries {
        if is_answer(&entry) && introduced != Some(entry.id) {
            // The form is answered in steps; that it was is said once.
            continue;
        }
        let seen = if entry.seq <= marks.agent_seen { Progress::Seen } else { Progress::Sent };
        let progress = (entry.author == Author::Visitor).then_some(seen);
        add(entry.id, entry.at, progress, &|| Line::of_entry(entry));
    }
    for one in outgoing {
        let progress = match one.state {
            OutgoingState::Sending => Progress::Sending,
            OutgoingState::Acknowledged(_) => Progress::Sent,
            OutgoingState::Failed(_) => Progress::Failed,
        };
        let line = || match &one.content {
            Content::Message { text } => Some(Line::Message { author: Author::Visitor, text: text.clone() }),
            _ => None,
        };
        add(one.id, one.composed_at, Some(progress), &line);
    }
    let is_new = |entry: &&Entry| marks.new_after.is_some_and(|seen| entry.seq > seen) && is_reply(entry);
    let first_new =
        entries.iter().find(is_new).and_then(|first| rows.iter().position(|row| row.id == first.id));
    if let Some(place) = first_new.filter(|place| *place > 0) {
        looks[place].starts_new = true;
    }
    arrange(now, &rows, &mut looks);
    for (row, look) in rows.iter().zip(looks) {
        row.look.set(look);
    }
    rows
}

/// Finds days and groups, and leaves the progress only where it is news: at the newest message of the visitor, and
/// wherever one is still on its way or has failed.
fn arrange(now: Timestamp, rows: &[Row], looks: &mut [Look]) {
    let newest_own = rows.iter().rposition(|row| row.line.is_own());
    for index in 0..rows.len() {
        let before = index.checked_sub(1);
        // A log that begins today need not say so.
        let day_before = local_day(before.map_or(now, |before| looks[before].at));
        looks[index].starts_day = day_before != local_day(looks[index].at);
        if let Some(before) = before
            && !looks[index].starts_day
            && !looks[index].starts_new
            && same_group((&rows[before], &looks[before]), (&rows[index], &looks[index]))
        {
            looks[before].ends_group = false;
            looks[index].starts_group = false;
        }
        let old_news = matches!(looks[index].progress, Some(Progress::Sent | Progress::Seen));
        if !rows[index].line.is_own() || (old_news && newest_own != Some(index)) {
            looks[index].progress = None;
        }
    }
}

fn same_group((one, first): (&Row, &Look), (other, second): (&Row, &Look)) -> bool {
    let author = |row: &Row| match &*row.line {
        Line::Message { author, .. } => Some(author.clone()),
        _ => None,
    };
    first.progress != Some(Progress::Failed)
        && local_minute(first.at) == local_minute(second.at)
        && author(one).is_some_and(|author_of_one| author(other) == Some(author_of_one))
}
