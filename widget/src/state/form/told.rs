//! What the conversation says of the forms: what was answered, what is on its way, and whether the chat has ended.

use causette_shared::contact::Contact;
use causette_shared::entry::{Author, Body, Content, Entry, Event};
use causette_shared::form::{Introduction, last_end};
use causette_shared::id::{EntryId, Seq};
use causette_shared::sync::{OutgoingState, Replica};
use causette_shared::time::Timestamp;

/// What the conversation says of the forms.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What is known of the visitor.
    pub(super) known: Contact,
    /// The address that was typed last. The server tells that one is known, and not which.
    pub(super) email: Option<String>,
    /// Whether contacts were left.
    pub(super) contacts_left: bool,
    /// Whether an answer is on its way.
    pub(super) busy: bool,
    /// The answers that were refused.
    pub(super) refused: Vec<EntryId>,
    /// The end of the chat after which nothing was written, and when it was.
    pub(super) ended: Option<(EntryId, Timestamp)>,
}

impl Told {
    /// Reads it; `known` is what the server says of the visitor.
    pub(super) fn read(replica: &Replica, known: Contact) -> Self {
        let mut told = Self { known, ..Self::default() };
        for entry in replica.entries().iter().filter(|entry| entry.author == Author::Visitor) {
            match &entry.body {
                Body::Event(Event::FormSubmitted { answers }) => told.take(answers),
                Body::Event(Event::ContactsLeft { answers }) => told.take_contacts(answers),
                Body::Event(Event::CopyRequested { email }) => told.email = Some(email.clone()),
                _ => {}
            }
        }
        for one in replica.outgoing() {
            if matches!(one.content, Content::Message { .. }) {
                continue;
            }
            match (&one.state, &one.content) {
                (OutgoingState::Sending, _) => told.busy = true,
                (OutgoingState::Failed(_), _) => told.refused.push(one.id),
                (OutgoingState::Acknowledged(_), Content::Introduction(answers)) => told.take(answers),
                (OutgoingState::Acknowledged(_), Content::Contacts(answers)) => told.take_contacts(answers),
                (OutgoingState::Acknowledged(_), _) => {}
            }
        }
        let is_written = replica.outgoing().iter().any(|one| {
            let goes_on = matches!(one.content, Content::Message { .. } | Content::Copy { .. });
            goes_on && !matches!(one.state, OutgoingState::Failed(_))
        });
        told.ended =
            last_end(replica.entries().iter()).filter(|_| !is_written).map(|entry| (entry.id, entry.at));
        told
    }

    fn take(&mut self, answers: &Introduction) {
        let Introduction { name, email, phone } = answers;
        let known = &mut self.known;
        for (known, answer) in [(&mut known.name, name), (&mut known.email, email), (&mut known.phone, phone)]
        {
            if known.is_none() {
                known.clone_from(answer);
            }
        }
        if email.is_some() {
            self.email.clone_from(email);
        }
    }

    fn take_contacts(&mut self, answers: &Introduction) {
        self.contacts_left = true;
        self.take(answers);
    }
}

/// When the automatic answer came, by this browser's clock: the server's may be hours away from it. Where the log goes
/// on before what is held, it was long ago.
pub(super) fn automatic_at(replica: &Replica, now: Timestamp) -> Option<Timestamp> {
    const FIRST: Seq = 1;
    let is_answer =
        |entry: &&Entry| entry.author == Author::Automatic && matches!(entry.body, Body::Message { .. });
    if replica.entries().front().is_some_and(|entry| entry.seq > FIRST) {
        return Some(Timestamp(0));
    }
    replica.entries().iter().find(is_answer).map(|entry| entry.at.min(now))
}
