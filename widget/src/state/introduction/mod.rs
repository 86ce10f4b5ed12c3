//! "Introduce yourself": when it is shown, what it asks, and how far its answers have come.
//!
//! The answers travel like messages: kept until they have arrived, repeated under the same id. The form asks the next
//! thing as soon as the last answer is committed; what was typed is never cleared, and never shown to be wrong before
//! the visitor has left the field or tried to go on.

use std::cell::Cell;
use std::time::Duration;

use super::Widget;
use super::slot::Slot;
use crate::setup::Setup;

mod field;

use causette_client::host::Prefill;
use causette_client::timer::{self, Timer};
use causette_shared::contact::{self, Contact};
use causette_shared::entry::{Author, Body, Content, Entry, Event};
use causette_shared::form::{self, IntroductionStep, introduction_due, next_introduction_step};
use causette_shared::id::{EntryId, Seq};
use causette_shared::sync::{OutgoingState, Replica};
use causette_shared::texts::Text;
use causette_shared::time::Timestamp;
use field::Rule;
pub use field::{Field, Which};

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
pub struct Introduction {
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
    pub step: Slot<IntroductionStep>,
    /// Whether an answer is on its way.
    pub busy: Slot<bool>,
    /// Whether the visitor is being thanked.
    pub thanks: Slot<bool>,
    /// Whether the visitor is in the form, so that the focus goes on with it.
    pub entered: Slot<bool>,
    due: Cell<bool>,
    put_off: Cell<bool>,
    automatic_at: Cell<Option<Timestamp>>,
    timer: Cell<Option<Timer>>,
}

impl Introduction {
    /// The form before its time; `put_off` is what the browser remembers.
    #[must_use]
    pub fn new(setup: &Setup, put_off: bool) -> Self {
        let Prefill { name, email, phone } = &setup.config.prefill;
        let rule = |parse, missing, wrong| Rule { parse, missing, wrong };
        Self {
            name: Field::new(
                name.as_deref(),
                rule(contact::parse_name, Some(Text::NameMissing), Text::NameMissing),
            ),
            email: Field::new(
                email.as_deref(),
                rule(contact::parse_email, Some(Text::EmailMissing), Text::EmailWrong),
            ),
            phone: Field::new(phone.as_deref(), rule(contact::parse_phone, None, Text::PhoneWrong)),
            known: Slot::new(Contact::default()),
            shape: Slot::new(Shape::Nothing),
            step: Slot::new(IntroductionStep::Name),
            busy: Slot::new(false),
            thanks: Slot::new(false),
            entered: Slot::new(false),
            due: Cell::new(false),
            put_off: Cell::new(put_off),
            automatic_at: Cell::new(None),
            timer: Cell::new(None),
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

    fn reshape(&self) {
        let step = self.known.peek(next_introduction_step);
        self.shape.set(match step {
            None => Shape::Nothing,
            Some(_) if !self.due.get() => Shape::Nothing,
            Some(_) if self.put_off.get() => Shape::Chip,
            Some(_) => Shape::Form,
        });
        if let Some(step) = step {
            self.step.set(step);
        }
    }

    /// Fills what is still empty with what the page knows.
    pub fn prefill(&self, Prefill { name, email, phone }: Prefill) {
        self.name.fill(name);
        self.email.fill(email);
        self.phone.fill(phone);
    }
}

impl Widget {
    /// Puts the form off; a chip leads back to it.
    pub fn put_introduction_off(self, put_off: bool) {
        self.introduction.put_off.set(put_off);
        self.introduction.entered.set(!put_off);
        self.introduction.reshape();
        self.keep.borrow().set_put_off(put_off);
        if put_off {
            self.composer.take_focus();
        }
    }

    /// Sends the answers of the step.
    ///
    /// # Errors
    /// Returns the first field that is wrong, to put the focus there.
    pub fn answer_introduction(self) -> Result<(), Which> {
        let form = &self.introduction;
        if form.busy.now() {
            return Ok(());
        }
        let mut answers = form::Introduction::default();
        match form.step.now() {
            IntroductionStep::Name => answers.name = form.name.answer().map_err(|()| Which::Name)?,
            IntroductionStep::Reach => {
                // Both fields are looked at before the first problem is returned.
                let (email, phone) = (form.email.answer(), form.phone.answer());
                answers.name = form.known.peek(|known| known.name.clone());
                answers.email = email.map_err(|()| Which::Email)?;
                answers.phone = phone.map_err(|()| Which::Phone)?;
            }
        }
        self.compose(Content::Introduction(answers));
        Ok(())
    }

    /// Brings the form up to date with the conversation; part of `settle`.
    pub(super) fn follow_introduction(self) {
        let form = &self.introduction;
        let mut known = self
            .thread
            .about
            .peek(|about| about.as_ref().map(|about| about.contact.clone()))
            .unwrap_or_default();
        let (busy, refused) = self.with_current(|replica| read_answers(replica, &mut known));
        for id in refused {
            // Not `take_failed`: this is part of what that would start.
            let taken = self.engine.replica.borrow_mut().take_failed(id);
            if let Some(OutgoingState::Failed(problem)) = taken.map(|outgoing| outgoing.state) {
                let field = match problem.field.as_deref() {
                    Some("email") => &form.email,
                    Some("phone") => &form.phone,
                    _ => &form.name,
                };
                field.touched.set(true);
                field.refused.set(true);
            }
        }
        let before = form.known.peek(next_introduction_step);
        let was_busy = form.busy.now();
        if was_busy && before.is_some() && next_introduction_step(&known).is_none() {
            form.thanks.set(true);
            form.timer.set(Some(Timer::after(THANKS_LAST, move || self.introduction.thanks.set(false))));
            if form.entered.now() {
                form.entered.set(false);
                self.composer.take_focus();
            }
        }
        form.known.set(known);
        form.busy.set(busy);
        form.reshape();
        self.watch_due();
    }

    fn introduction_is_due(self) {
        self.introduction.due.set(true);
        self.introduction.reshape();
    }

    fn watch_due(self) {
        let form = &self.introduction;
        if form.due.get() {
            return;
        }
        let now = timer::now();
        let first_seen = form.automatic_at.get();
        let automatic_at = first_seen.or_else(|| self.with_current(|replica| automatic_at(replica, now)));
        form.automatic_at.set(automatic_at);
        let delay = self.setup.introduction_delay;
        // One that was put off is due as well: as a chip.
        match form.known.peek(|known| introduction_due(known, automatic_at, false, delay)) {
            Some(at) if at <= now => self.introduction_is_due(),
            Some(at) if first_seen.is_none() => {
                let timer = Timer::after(at.since(now), move || self.introduction_is_due());
                form.timer.set(Some(timer));
            }
            _ => {}
        }
    }
}

/// Reads what the visitor has answered into `known`; returns whether an answer is on its way, and those refused.
fn read_answers(replica: &Replica, known: &mut Contact) -> (bool, Vec<EntryId>) {
    let mut busy = false;
    let mut refused = Vec::new();
    for entry in replica.entries() {
        if let Entry {
            author: Author::Visitor, body: Body::Event(Event::FormSubmitted { answers }), ..
        } = entry
        {
            complete(known, answers);
        }
    }
    for one in replica.outgoing() {
        if let Content::Introduction(answers) = &one.content {
            match one.state {
                OutgoingState::Sending => busy = true,
                OutgoingState::Acknowledged(_) => complete(known, answers),
                OutgoingState::Failed(_) => refused.push(one.id),
            }
        }
    }
    (busy, refused)
}

fn complete(known: &mut Contact, answers: &form::Introduction) {
    for (known, answer) in [
        (&mut known.name, &answers.name),
        (&mut known.email, &answers.email),
        (&mut known.phone, &answers.phone),
    ] {
        if known.is_none() {
            known.clone_from(answer);
        }
    }
}

/// When the automatic answer came, by this browser's clock: the server's may be hours away from it. Where the log goes
/// on before what is held, it was long ago.
fn automatic_at(replica: &Replica, now: Timestamp) -> Option<Timestamp> {
    const FIRST: Seq = 1;
    let is_answer =
        |entry: &&Entry| entry.author == Author::Automatic && matches!(entry.body, Body::Message { .. });
    if replica.entries().front().is_some_and(|entry| entry.seq > FIRST) {
        return Some(Timestamp(0));
    }
    replica.entries().iter().find(is_answer).map(|entry| entry.at.min(now))
}
