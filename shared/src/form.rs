//! Forms: what they ask, and what an answer must keep. When a form is shown is the widget's rule (`introduction_due`).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::contact::{self, Contact, InvalidField};
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

/// What the introduction still has to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntroductionStep {
    /// The name alone.
    Name,
    /// E-mail address and telephone number, beside the name.
    Reach,
}

/// Returns what to ask next, `None` when we know how to reach the person.
#[must_use]
pub fn next_introduction_step(known: &Contact) -> Option<IntroductionStep> {
    match (&known.name, &known.email) {
        (None, _) => Some(IntroductionStep::Name),
        (Some(_), None) => Some(IntroductionStep::Reach),
        (Some(_), Some(_)) => None,
    }
}

/// Returns when the form comes by itself: `delay` after the automatic answer, unless there is nothing left to ask or
/// the visitor has already put it off.
#[must_use]
pub fn introduction_due(
    known: &Contact,
    automatic_answer_at: Option<Timestamp>,
    put_off: bool,
    delay: Duration,
) -> Option<Timestamp> {
    let asks = next_introduction_step(known).is_some() && !put_off;
    automatic_answer_at.filter(|_| asks).map(|at| at.after(delay))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(next_introduction_step(&Contact::default()), Some(IntroductionStep::Name));
        assert_eq!(next_introduction_step(&named()), Some(IntroductionStep::Reach));
        let reachable = Contact { email: Some("a@b.co".to_owned()), ..named() };
        assert_eq!(next_introduction_step(&reachable), None);
    }

    #[test]
    fn the_form_comes_after_the_automatic_answer_once() {
        let delay = Duration::from_secs(5);
        let at = Some(Timestamp(1_000));
        assert_eq!(introduction_due(&Contact::default(), at, false, delay), Some(Timestamp(6_000)));
        assert_eq!(introduction_due(&Contact::default(), None, false, delay), None);
        assert_eq!(introduction_due(&Contact::default(), at, true, delay), None);
        let reachable = Contact { email: Some("a@b.co".to_owned()), ..named() };
        assert_eq!(introduction_due(&reachable, at, false, delay), None);
    }
}
