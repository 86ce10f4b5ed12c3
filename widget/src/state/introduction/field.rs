//! One field of the form: what was typed, and what is said about it.

use causette_shared::contact::InvalidField;
use causette_shared::texts::Text;

use crate::state::slot::Slot;

/// The fields of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The name.
    Name,
    /// The e-mail address.
    Email,
    /// The telephone number.
    Phone,
}

/// One field of the form.
#[derive(Debug)]
pub struct Field {
    /// What was typed.
    pub value: Slot<String>,
    /// Whether a problem may be shown: the field was left, or the form was sent.
    pub touched: Slot<bool>,
    /// Whether the server refused it.
    pub(super) refused: Slot<bool>,
    rule: Rule,
}

/// What a field keeps to.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) parse: fn(&str) -> Result<String, InvalidField>,
    /// What is said where nothing was given; `None` where that is fine.
    pub(super) missing: Option<Text>,
    pub(super) wrong: Text,
}

impl Field {
    pub(super) fn new(value: Option<&str>, rule: Rule) -> Self {
        Self {
            value: Slot::new(value.unwrap_or_default().to_owned()),
            touched: Slot::new(false),
            refused: Slot::new(false),
            rule,
        }
    }

    /// The problem to show now.
    #[must_use]
    pub fn problem(&self) -> Option<Text> {
        if !self.touched.get() {
            return None;
        }
        let parsed = self.value.with(|value| (self.rule.parse)(value));
        self.refused.get().then_some(self.rule.wrong).or(self.problem_of(parsed.err()))
    }

    /// The visitor typed.
    pub fn typed(&self, value: String) {
        self.refused.set(false);
        self.value.set(value);
    }

    /// The visitor left the field. An empty one is not called wrong before they try to go on.
    pub fn left(&self) {
        if self.value.peek(|value| !value.trim().is_empty()) {
            self.touched.set(true);
        }
    }

    pub(super) fn fill(&self, value: Option<String>) {
        if let Some(value) = value
            && self.value.peek(String::is_empty)
        {
            self.value.set(value);
        }
    }

    fn problem_of(&self, error: Option<InvalidField>) -> Option<Text> {
        match error? {
            InvalidField::Missing => self.rule.missing,
            InvalidField::TooLong => Some(Text::TooLong),
            InvalidField::WrongForm => Some(self.rule.wrong),
        }
    }

    /// The answer, `None` where an optional field is empty.
    pub(super) fn answer(&self) -> Result<Option<String>, ()> {
        self.touched.set(true);
        match self.value.peek(|value| (self.rule.parse)(value)) {
            Ok(value) => Ok(Some(value)),
            Err(error) if self.problem_of(Some(error)).is_none() => Ok(None),
            Err(_) => Err(()),
        }
    }
}
