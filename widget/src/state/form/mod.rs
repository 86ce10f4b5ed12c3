//! The form at the end of the log: when it is shown, what it asks, and how far its answers have come.
//!
//! It is one form that asks one thing at a time: who the visitor is, where nobody can answer how to reach them, and
//! where a copy should go. The answers travel like messages: kept until they have arrived, repeated under the same id.
//! The form asks the next thing as soon as the last answer is committed; what was typed is never cleared, and never shown
//! to be wrong before the visitor has left the field or tried to go on.

use std::cell::Cell;
use std::time::Duration;

use super::Widget;
use super::slot::Slot;
use crate::setup::Setup;

mod copy;
mod field;
mod told;

use causette_client::host::Prefill;
use causette_client::timer::{self, Timer};
use causette_shared::contact::{self, Contact};
use causette_shared::entry::Content;
use causette_shared::form::{self, Question, introduction_due, next_question};
use causette_shared::id::EntryId;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::sync::OutgoingState;
use causette_shared::texts::Text;
use causette_shared::time::Timestamp;
pub use copy::CopyForm;
use field::Rule;
pub use field::{Field, Which};
use told::{Told, automatic_at};

/// How long the thanks stay.
const THANKS_LAST: Duration = Duration::from_secs(8);

/// What is shown of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing: it is not time, or nothing is left to ask.
    Nothing,
    /// A way back to the form that was put off.
    Chip,
    /// The form.
    Form,
}

/// The form.
pub struct Form {
    /// The name.
    pub name: Field,
    /// The e-mail address.
    pub email: Field,
    /// The telephone number.
    pub phone: Field,
    /// What we know of the visitor, answers on their way included once they are committed.
    pub known: Slot<Contact>,
    /// What is shown of it.
    pub shape: Slot<Shape>,
    /// What it asks, where it is shown.
    pub question: Slot<Question>,
    /// Whether an answer is on its way.
    pub busy: Slot<bool>,
    /// What was sent last.
    in_flight: Cell<Question>,
    /// Whether the visitor is being thanked.
    pub thanks: Slot<bool>,
    /// Whether the visitor is in the form, so that the focus goes on with it.
    pub entered: Slot<bool>,
    /// Whether and why a copy is being asked for.
    pub copy: Slot<CopyForm>,
    /// Grows by one whenever the icon that opens it should take the focus.
    pub opener_focus: Slot<u32>,
    /// The address that was given last, in whatever form.
    typed_email: Slot<Option<String>>,
    contacts_left: Cell<bool>,
    due: Cell<bool>,
    put_off: Cell<bool>,
    automatic_at: Cell<Option<Timestamp>>,
    timer: Cell<Option<Timer>>,
    /// The end of the chat after which a copy is offered.
    ended: Cell<Option<EntryId>>,
    copy_timer: Cell<Option<Timer>>,
}

impl Form {
    /// The form before its time; `put_off` is what the browser remembers.
    #[must_use]
    pub fn new(setup: &Setup, put_off: bool) -> Self {
        let Prefill { name, email, phone } = &setup.config.prefill;
        let rule = |parse, missing, wrong| Rule { parse, missing, wrong, suggest: |_| None };
        let email_rule = rule(contact::parse_email, Text::EmailMissing, Text::EmailWrong);
        Self {
            name: Field::new(
                name.as_deref(),
                rule(contact::parse_name, Text::NameMissing, Text::NameMissing),
            ),
            email: Field::new(email.as_deref(), Rule { suggest: contact::suggest_email, ..email_rule }),
            phone: Field::new(
                phone.as_deref(),
                rule(contact::parse_phone, Text::PhoneWrong, Text::PhoneWrong),
            ),
            known: Slot::new(Contact::default()),
            shape: Slot::new(Shape::Nothing),
            question: Slot::new(Question::Name),
            busy: Slot::new(false),
            in_flight: Cell::new(Question::Name),
            thanks: Slot::new(false),
            entered: Slot::new(false),
            copy: Slot::new(CopyForm::Closed),
            opener_focus: Slot::new(0),
            typed_email: Slot::new(None),
            contacts_left: Cell::new(false),
            due: Cell::new(false),
            put_off: Cell::new(put_off),
            automatic_at: Cell::new(None),
            timer: Cell::new(None),
            ended: Cell::new(None),
            copy_timer: Cell::new(None),
        }
    }

    /// One of its fields.
    #[must_use]
    pub const fn field(&self, which: Which) -> &Field {
        match which {
            Which::Name => &self.name,
            Which::Email => &self.email,
            Which::Phone => &self.phone,
        }
    }

    /// Fills what is still empty with what the page knows.
    pub fn prefill(&self, Prefill { name, email, phone }: Prefill) {
        self.name.fill(name);
        self.email.fill(email);
        self.phone.fill(phone);
    }
}

/// The fields that a question has, in their order.
#[must_use]
pub const fn fields_of(question: Question) -> &'static [Which] {
    match question {
        Question::Name => &[Which::Name],
        Question::Reach => &[Which::Email, Which::Phone],
        Question::Contacts => &[Which::Name, Which::Email, Which::Phone],
        Question::Copy => &[Which::Email],
    }
}

impl Widget {
    /// Puts the form off; a chip leads back to it, and to a copy the icon.
    pub fn put_form_off(self, put_off: bool) {
        let form = &self.form;
        if form.copy.now() != CopyForm::Closed {
            return self.close_copy();
        }
        form.put_off.set(put_off);
        form.entered.set(!put_off);
        self.reshape_form();
        self.keep.borrow().set_put_off(put_off);
        if put_off {
            self.composer.take_focus();
        }
    }

    /// The visitor typed into a field. A form that came by itself is theirs from then on.
    pub fn typed_in_form(self, which: Which, value: String) {
        self.form.field(which).typed(value);
        self.form.entered.set(true);
        if self.form.copy.now() == CopyForm::ByItself {
            self.form.copy.set(CopyForm::ByHand);
        }
    }

    /// Sends the answers.
    ///
    /// # Errors
    /// Returns the first field that is wrong, to put the focus there.
    pub fn answer_form(self) -> Result<(), Which> {
        let form = &self.form;
        if form.busy.now() {
            return Ok(());
        }
        let question = form.question.now();
        let mut answers = form::Introduction::default();
        let mut wrong = None;
        // All fields are looked at before the first problem is returned.
        for which in fields_of(question) {
            match form.field(*which).answer() {
                Ok(answer) => match which {
                    Which::Name => answers.name = answer,
                    Which::Email => answers.email = answer,
                    Which::Phone => answers.phone = answer,
                },
                Err(()) => wrong = wrong.or(Some(*which)),
            }
        }
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        form.in_flight.set(question);
        self.compose(match question {
            Question::Contacts => {
                if answers.email.is_none() && answers.phone.is_none() {
                    form.email.refuse(Some(Text::ReachMissing));
                    return Err(Which::Email);
                }
                Content::Contacts(answers)
            }
            Question::Copy => Content::Copy { email: answers.email.unwrap_or_default() },
            Question::Name | Question::Reach => {
                if answers.name.is_none() {
                    answers.name = form.known.peek(|known| known.name.clone());
                }
                Content::Introduction(answers)
            }
        });
        Ok(())
    }

    /// Brings the form up to date with the conversation; part of `settle`.
    pub(super) fn follow_form(self) {
        let form = &self.form;
        let known = self.thread.about.peek(|about| about.as_ref().map(|about| about.contact.clone()));
        let told = self.with_current(|replica| Told::read(replica, known.unwrap_or_default()));
        for id in &told.refused {
            // Not `take_failed`: this is part of what that would start.
            let taken = self.engine.replica.borrow_mut().take_failed(*id);
            if let Some(taken) = taken
                && let OutgoingState::Failed(problem) = &taken.state
            {
                self.show_refusal(&taken.content, problem);
            }
        }
        let has_arrived = form.busy.now() && !told.busy && told.refused.is_empty();
        // What was sent, which may not be what is asked now.
        let question = form.in_flight.get();
        let had_to_ask = form.known.peek(|known| next_question(known, true)).is_some();
        let is_answered = had_to_ask && next_question(&told.known, true).is_none();
        form.contacts_left.set(told.contacts_left);
        form.known.set(told.known);
        form.busy.set(told.busy);
        if has_arrived {
            match question {
                Question::Copy => self.close_copy(),
                // The log says what was left.
                Question::Contacts => self.leave_form(),
                Question::Name | Question::Reach if is_answered => {
                    form.thanks.set(true);
                    let thanked = Timer::after(THANKS_LAST, move || self.form.thanks.set(false));
                    form.timer.set(Some(thanked));
                    self.leave_form();
                }
                Question::Name | Question::Reach => {}
            }
        }
        form.typed_email.set(told.email);
        self.reshape_form();
        self.watch_due();
        self.watch_end(told.ended);
    }

    /// Decides what is shown. A question that stands before the visitor stays, whether or not somebody comes or goes meanwhile; but
    /// that nobody can answer is only said for longer than it is true to who is about to leave their contacts.
    pub(super) fn reshape_form(self) {
        let form = &self.form;
        let is_copy = form.copy.now() != CopyForm::Closed;
        let before = form.question.now();
        let stays = form.shape.now() == Shape::Form
            && match before {
                Question::Copy => false,
                Question::Contacts => form.entered.now() || form.busy.now(),
                Question::Name | Question::Reach => true,
            };
        let available = if stays { before != Question::Contacts } else { self.thread.available.now() };
        let next =
            form.known.peek(|known| next_question(known, available)).filter(|_| !form.contacts_left.get());
        let (shape, question) = match next {
            _ if is_copy => (Shape::Form, Some(Question::Copy)),
            Some(_) if !form.due.get() => (Shape::Nothing, next),
            Some(_) if form.put_off.get() => (Shape::Chip, next),
            Some(_) => (Shape::Form, next),
            None => (Shape::Nothing, None),
        };
        if let Some(question) = question
            && (question != before || form.shape.now() != shape)
        {
            form.name.fill(form.known.peek(|known| known.name.clone()));
            form.email.fill(form.typed_email.now());
            form.name.start(question != Question::Name);
            form.email.start(question == Question::Contacts);
            form.phone.start(true);
            form.question.set(question);
        }
        form.shape.set(shape);
    }

    /// The form is gone or goes: whoever was in it goes on in the composer.
    fn leave_form(self) {
        if self.form.entered.now() {
            self.form.entered.set(false);
            self.composer.take_focus();
        }
    }

    fn show_refusal(self, content: &Content, problem: &Problem) {
        let form = &self.form;
        let is_copy = matches!(content, Content::Copy { .. });
        let field = match problem.field.as_deref() {
            Some("email") => &form.email,
            Some("phone") => &form.phone,
            _ if is_copy => &form.email,
            _ => &form.name,
        };
        if let Content::Copy { email } = content
            && form.copy.now() == CopyForm::Closed
        {
            // It was sent before the page was loaded again.
            form.email.fill(Some(email.clone()));
            form.copy.set(CopyForm::ByItself);
            self.reshape_form();
        }
        let is_limit = is_copy && problem.kind == ProblemKind::WrongState;
        field.refuse(is_limit.then_some(Text::CopyLimit));
    }

    fn form_is_due(self) {
        self.form.due.set(true);
        self.reshape_form();
    }

    fn watch_due(self) {
        let form = &self.form;
        if form.due.get() {
            return;
        }
        let now = timer::now();
        let first_seen = form.automatic_at.get();
        let automatic_at = first_seen.or_else(|| self.with_current(|replica| automatic_at(replica, now)));
        form.automatic_at.set(automatic_at);
        let delay = self.setup.introduction_delay;
        match form.known.peek(|known| introduction_due(known, automatic_at, delay)) {
            Some(at) if at <= now => self.form_is_due(),
            Some(at) if first_seen.is_none() => {
                form.timer.set(Some(Timer::after(at.since(now), move || self.form_is_due())));
            }
            _ => {}
        }
    }
}
