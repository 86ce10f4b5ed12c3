//! Forms: what they ask, when they come by themselves, and what an answer must keep.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::contact::{self, Contact, InvalidField};
use crate::entry::{Body, Entry, Event};
use crate::problem::Problem;
use crate::time::Timestamp;

/// The answers to "Introduce yourself". The form grows: first the name alone, then address and number, so each answer
/// carries what is known by then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Introduction {
    /// The visitor's name.
    pub name: Option<String>,
    /// The visitor's e-mail address.
    pub email: Option<String>,
    /// The visitor's telephone number.
    pub phone: Option<String>,
}

impl Introduction {
    /// Returns the answers as they are stored. Empty answers count as not given.
    ///
    /// # Errors
    /// Nothing is given at all, or a field breaks its rule; the problem names the field.
    pub fn parse(&self) -> Result<Self, Problem> {
        let parsed = Self {
            name: parse_given("name", self.name.as_deref(), contact::parse_name)?,
            email: parse_given("email", self.email.as_deref(), contact::parse_email)?,
            phone: parse_given("phone", self.phone.as_deref(), contact::parse_phone)?,
        };
        if parsed == Self::default() {
            return Err(Problem::field("name", "nothing was filled in"));
        }
        Ok(parsed)
    }

    /// Returns the answers to "Leave your contacts" as they are stored: like `parse`, and with a way to reach the person.
    ///
    /// # Errors
    /// Neither address nor number is given, or a field breaks its rule; the problem names the field.
    pub fn parse_contacts(&self) -> Result<Self, Problem> {
        let parsed = self.parse()?;
        match (&parsed.email, &parsed.phone) {
            (None, None) => Err(Problem::field("email", "is missing")),
            _ => Ok(parsed),
        }
    }
}

/// Returns an e-mail address that was asked for.
///
/// # Errors
/// It is missing or breaks its rule.
pub fn parse_required_email(raw: &str) -> Result<String, Problem> {
    let parsed = parse_given("email", Some(raw), contact::parse_email)?;
    parsed.ok_or_else(|| Problem::field("email", "is missing"))
}

fn parse_given(
    field: &str,
    raw: Option<&str>,
    parse: fn(&str) -> Result<String, InvalidField>,
) -> Result<Option<String>, Problem> {
    match raw.map(parse) {
        None | Some(Err(InvalidField::Missing)) => Ok(None),
        Some(Ok(value)) => Ok(Some(value)),
        Some(Err(InvalidField::TooLong)) => Err(Problem::field(field, "is too long")),
        Some(Err(InvalidField::WrongForm)) => Err(Problem::field(field, "does not have the right form")),
    }
}

/// How long after the end of a chat a copy is still offered without being asked for: whoever comes back on another day
/// has something else in mind.
const COPY_OFFERED_FOR: Duration = Duration::from_secs(24 * 3600);

/// What the panel asks at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// "Introduce yourself", at first: the name alone.
    Name,
    /// "Introduce yourself", then: e-mail address and telephone number, beside the name.
    Reach,
    /// "Leave your contacts": all of them at once, because nobody can answer.
    Contacts,
    /// "Copy of the conversation": where to.
    Copy,
}

/// Returns what to ask next, `None` when we know how to reach the person. `available` is whether somebody can answer.
#[must_use]
pub fn next_question(known: &Contact, available: bool) -> Option<Question> {
    match (&known.name, &known.email) {
        (_, None) if !available => Some(Question::Contacts),
        (None, _) => Some(Question::Name),
        (Some(_), None) => Some(Question::Reach),
        (Some(_), Some(_)) => None,
    }
}

/// Returns when the form comes by itself: `delay` after the automatic answer, unless there is nothing left to ask. One
/// that was put off is due as well: as a way back to it.
#[must_use]
pub fn introduction_due(
    known: &Contact,
    automatic_answer_at: Option<Timestamp>,
    delay: Duration,
) -> Option<Timestamp> {
    let asks = next_question(known, true).is_some();
    automatic_answer_at.filter(|_| asks).map(|at| at.after(delay))
}

/// Returns the end of the chat after which a copy is offered: the last entry of that kind, unless somebody has written or
/// asked for a copy since.
pub fn last_end<'a>(log: impl DoubleEndedIterator<Item = &'a Entry>) -> Option<&'a Entry> {
    for entry in log.rev() {
        match entry.body {
            Body::Event(Event::ChatEnded) => return Some(entry),
            Body::Message { .. } | Body::Mail(_) | Body::Event(Event::CopyRequested { .. }) => return None,
            Body::Event(_) => {}
        }
    }
    None
}

/// Returns when a copy is offered by itself: `delay` after the chat has ended, `None` where that was days ago.
#[must_use]
pub fn copy_due(now: Timestamp, ended_at: Timestamp, delay: Duration) -> Option<Timestamp> {
    (now.since(ended_at) < COPY_OFFERED_FOR).then(|| ended_at.after(delay))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Status;
    use crate::entry::Author;
    use crate::id::EntryId;

    fn named() -> Contact {
        Contact { name: Some("Ada".to_owned()), ..Contact::default() }
    }

    #[test]
    fn an_answer_needs_something_and_each_field_its_rule() {
        let empty = Introduction { name: Some("  ".to_owned()), ..Introduction::default() };
        assert_eq!(empty.parse().map_err(|problem| problem.field), Err(Some("name".to_owned())));
        let wrong = Introduction { name: Some("Ada".to_owned()), email: Some("ada".to_owned()), phone: None };
        assert_eq!(wrong.parse().map_err(|problem| problem.field), Err(Some("email".to_owned())));
        let good = Introduction { email: Some("ada@x.example".to_owned()), ..wrong };
        assert_eq!(good.parse(), Ok(good.clone()));
    }

    #[test]
    fn the_form_asks_the_name_first_and_stops_when_it_knows_an_address() {
        assert_eq!(next_question(&Contact::default(), true), Some(Question::Name));
        assert_eq!(next_question(&named(), true), Some(Question::Reach));
        let reachable = Contact { email: Some("a@b.co".to_owned()), ..named() };
        assert_eq!(next_question(&reachable, true), None);
        assert_eq!(next_question(&reachable, false), None);
    }

    #[test]
    fn contacts_are_asked_for_where_nobody_can_answer_and_no_address_is_known() {
        assert_eq!(next_question(&Contact::default(), false), Some(Question::Contacts));
        assert_eq!(next_question(&named(), false), Some(Question::Contacts));
        let nameless = Contact { email: Some("a@b.co".to_owned()), ..Contact::default() };
        assert_eq!(next_question(&nameless, false), Some(Question::Name));
    }

    #[test]
    fn the_form_comes_after_the_automatic_answer_once() {
        let delay = Duration::from_secs(5);
        let at = Some(Timestamp(1_000));
        assert_eq!(introduction_due(&Contact::default(), at, delay), Some(Timestamp(6_000)));
        assert_eq!(introduction_due(&Contact::default(), None, delay), None);
        let reachable = Contact { email: Some("a@b.co".to_owned()), ..named() };
        assert_eq!(introduction_due(&reachable, at, delay), None);
    }

    fn log(bodies: Vec<Body>) -> Vec<Entry> {
        let entry = |(place, body)| Entry {
            seq: place as u32 + 1,
            id: EntryId(uuid::Uuid::from_u128(place as u128 + 1)),
            at: Timestamp(0),
            author: Author::Automatic,
            body,
        };
        bodies.into_iter().enumerate().map(entry).collect()
    }

    fn end_in(bodies: Vec<Body>) -> Option<u32> {
        last_end(log(bodies).iter()).map(|entry| entry.seq)
    }

    #[test]
    fn a_copy_is_offered_after_the_end_until_somebody_writes_or_asks_for_one() {
        let ended = || Body::Event(Event::ChatEnded);
        let closed = || Body::Event(Event::StatusChanged { status: Status::Closed });
        let said = || Body::Message { text: "Hello".to_owned() };
        let asked = || Body::Event(Event::CopyRequested { email: "a@b.co".to_owned() });
        assert_eq!(end_in(vec![]), None);
        assert_eq!(end_in(vec![said(), closed()]), None);
        assert_eq!(end_in(vec![said(), ended(), closed()]), Some(2));
        assert_eq!(end_in(vec![said(), ended(), closed(), asked()]), None);
        assert_eq!(end_in(vec![ended(), closed(), said()]), None);
        assert_eq!(end_in(vec![ended(), asked(), said(), ended(), closed()]), Some(4));
    }

    #[test]
    fn a_copy_is_offered_shortly_after_the_end_and_not_days_later() {
        let (delay, ended) = (Duration::from_secs(5), Timestamp(1_000));
        assert_eq!(copy_due(Timestamp(1_000), ended, delay), Some(Timestamp(6_000)));
        assert_eq!(copy_due(Timestamp(3_600_000), ended, delay), Some(Timestamp(6_000)));
        assert_eq!(copy_due(ended.after(COPY_OFFERED_FOR), ended, delay), None);
    }
}
