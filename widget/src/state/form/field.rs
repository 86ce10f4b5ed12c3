//! One field of a form: what was typed, and what is said about it.

use std::cell::Cell;

use causette_shared::contact::InvalidField;
use causette_shared::texts::Text;

use crate::state::slot::Slot;

/// The fields of the forms. They share them: what was typed in one form stands in the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The name.
    Name,
    /// The e-mail address.
    Email,
    /// The telephone number.
    Phone,
}

/// One field of a form.
#[derive(Debug)]
pub struct Field {
    /// What was typed.
    pub value: Slot<String>,
    /// Whether a problem may be shown: the field was left, or the form was sent.
    pub touched: Slot<bool>,
    /// What is said where the answer was refused.
    refused: Slot<Option<Text>>,
    /// Whether it may stay empty in this form.
    is_optional: Cell<bool>,
    rule: Rule,
}

/// What a field keeps to.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) parse: fn(&str) -> Result<String, InvalidField>,
    /// What was probably meant.
    pub(super) suggest: fn(&str) -> Option<String>,
    pub(super) missing: Text,
    pub(super) wrong: Text,
}

impl Field {
    pub(super) fn new(value: Option<&str>, rule: Rule) -> Self {
        Self {
            value: Slot::new(value.unwrap_or_default().to_owned()),
            touched: Slot::new(false),
            refused: Slot::new(None),
            is_optional: Cell::new(true),
            rule,
        }
    }

    /// Whether it may stay empty in this form.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        self.is_optional.get()
    }

    /// The problem to show now.
    #[must_use]
    pub fn problem(&self) -> Option<Text> {
        if !self.touched.get() {
            return None;
        }
        let parsed = self.value.with(|value| (self.rule.parse)(value));
        self.refused.get().or(self.problem_of(parsed.err()))
    }

    /// What was probably meant, to be offered now: not while it is still being typed.
    #[must_use]
    pub fn suggestion(&self) -> Option<String> {
        self.value.with(|_| ());
        self.meant(self.touched.get())
    }

    /// The visitor typed.
    pub fn typed(&self, value: String) {
        self.refused.set(None);
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

    /// Another form asks for it: nothing was said about it there.
    pub(super) fn start(&self, is_optional: bool) {
        self.is_optional.set(is_optional);
        self.touched.set(false);
        self.refused.set(None);
    }

    pub(super) fn refuse(&self, why: Option<Text>) {
        self.touched.set(true);
        self.refused.set(Some(why.unwrap_or(self.rule.wrong)));
    }

    fn problem_of(&self, error: Option<InvalidField>) -> Option<Text> {
        match error? {
            InvalidField::Missing if self.is_optional.get() => None,
            InvalidField::Missing => Some(self.rule.missing),
            InvalidField::TooLong => Some(Text::TooLong),
            InvalidField::WrongForm => Some(self.rule.wrong),
        }
    }

    fn meant(&self, was_left: bool) -> Option<String> {
        self.value.peek(|typed| {
            let meant = (self.rule.suggest)(typed)?;
            (was_left || !meant.starts_with(typed.trim())).then_some(meant)
        })
    }

    /// The answer, `None` where an optional field is empty. One that has a suggestion which nobody has seen yet waits for
    /// the second try.
    pub(super) fn answer(&self) -> Result<Option<String>, ()> {
        let was_offered = self.meant(self.touched.now()) == self.meant(true);
        self.touched.set(true);
        match self.value.peek(|value| (self.rule.parse)(value)) {
            _ if !was_offered => Err(()),
            Ok(value) => Ok(Some(value)),
            Err(error) if self.problem_of(Some(error)).is_none() => Ok(None),
            Err(_) => Err(()),
        }
    }
}
