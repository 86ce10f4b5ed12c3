//! "Copy of the conversation": opened from the icon at any time, and by itself a while after the chat has ended, unless
//! the visitor has put it off or used it after that end.

use std::time::Duration;

use causette_client::timer::{self, Timer};
use causette_shared::form::copy_due;
use causette_shared::id::EntryId;
use causette_shared::time::Timestamp;

use super::Widget;

/// After this it is looked again whether the visitor still fills in another form.
const LOOKS_AGAIN: Duration = Duration::from_secs(5);

/// Whether a copy is being asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyForm {
    /// It is not.
    Closed,
    /// The chat has ended, and the form has come by itself.
    ByItself,
    /// The visitor has opened the form.
    ByHand,
}

impl Widget {
    /// The visitor pressed the icon: opens the form, or closes it.
    pub fn toggle_copy(self) {
        if self.form.copy.now() != CopyForm::Closed {
            return self.close_copy();
        }
        self.form.copy.set(CopyForm::ByHand);
        self.form.entered.set(true);
        self.reshape_form();
        self.panel.follow_end();
    }

    /// Closes the form, which does not come by itself again after this end. The focus goes back to where it came from.
    pub fn close_copy(self) {
        let form = &self.form;
        if let Some(ended) = form.ended.get() {
            self.keep.borrow().set_copy_put_off(ended);
        }
        if form.copy.now() == CopyForm::ByHand && form.entered.now() {
            form.entered.set(false);
            form.opener_focus.bump();
        } else {
            self.leave_form();
        }
        form.copy.set(CopyForm::Closed);
        self.reshape_form();
    }

    /// Closes the form that the visitor has opened; false where there is none.
    pub fn dismiss_copy(self) -> bool {
        let is_open = self.form.copy.now() == CopyForm::ByHand;
        if is_open {
            self.close_copy();
        }
        is_open
    }

    /// Lets the form come by itself after the end of the chat, and go when the conversation goes on.
    pub(super) fn watch_end(self, ended: Option<(EntryId, Timestamp)>) {
        let form = &self.form;
        if form.ended.replace(ended.map(|(id, _)| id)) == ended.map(|(id, _)| id) {
            return;
        }
        form.copy_timer.set(None);
        let Some((id, at)) = ended else {
            if form.copy.now() == CopyForm::ByItself && !form.busy.now() && !form.entered.now() {
                form.copy.set(CopyForm::Closed);
                self.reshape_form();
            }
            return;
        };
        if self.keep.borrow().is_copy_put_off(id) {
            return;
        }
        let now = timer::now();
        if let Some(due) = copy_due(now, at.min(now), self.setup.copy_delay) {
            form.copy_timer.set(Some(Timer::after(due.since(now), move || self.offer_copy())));
        }
    }

    /// Shows the form by itself. One that the visitor is filling in is not taken from under their hands.
    fn offer_copy(self) {
        let form = &self.form;
        if form.copy.now() != CopyForm::Closed {
            return;
        }
        if form.entered.now() || form.busy.now() {
            let later = Timer::after(self.setup.copy_delay.max(LOOKS_AGAIN), move || self.offer_copy());
            form.copy_timer.set(Some(later));
            return;
        }
        form.copy.set(CopyForm::ByItself);
        self.reshape_form();
    }
}
