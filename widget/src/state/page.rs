//! The panel itself: whether it can be seen, how far it is scrolled, how it is laid out.

use std::cell::Cell;

use causette_shared::id::{ConversationId, Seq};

use super::slot::Slot;
use crate::setup::Setup;

/// What is known of the panel.
#[derive(Debug)]
pub struct Panel {
    /// Whether the loader shows the panel.
    pub shown: Slot<bool>,
    /// Whether the document is visible: its tab is in front.
    pub visible: Slot<bool>,
    /// Whether the log is scrolled to its end.
    pub at_end: Slot<bool>,
    /// Grows by one whenever the log should go to its end.
    pub to_end: Slot<u32>,
    /// Whether something has come below what can be seen.
    pub news_below: Slot<bool>,
    /// What the visitor had seen when the panel was opened, where there was more: from there on the log says "new".
    pub new_after: Cell<Option<Seq>>,
    /// Grows by one whenever the log should go to what is new.
    pub to_new: Slot<u32>,
    /// The conversation for which it is decided where the log opens.
    pub(super) opened: Cell<Option<ConversationId>>,
    /// How far the top of what can be seen is from the end of the log, in CSS pixels.
    pub from_end: Cell<i32>,
    /// Whether the panel covers a narrow screen, notch and all.
    pub sheet: Slot<bool>,
    /// Whether the visitor may minimise it.
    pub minimizable: bool,
}

impl Panel {
    /// The panel as it starts.
    #[must_use]
    pub fn new(setup: &Setup) -> Self {
        Self {
            shown: Slot::new(setup.config.open),
            visible: Slot::new(true),
            at_end: Slot::new(true),
            to_end: Slot::new(0),
            news_below: Slot::new(false),
            new_after: Cell::new(None),
            to_new: Slot::new(0),
            opened: Cell::new(None),
            from_end: Cell::new(0),
            sheet: Slot::new(setup.full_page),
            minimizable: setup.config.minimizable,
        }
    }

    /// Whether the visitor has the end of the log before their eyes.
    #[must_use]
    pub fn is_attentive(&self) -> bool {
        self.shown.get() && self.visible.get() && self.at_end.get()
    }

    /// The same, without listening to it.
    #[must_use]
    pub fn is_attentive_now(&self) -> bool {
        self.shown.now() && self.visible.now() && self.at_end.now()
    }

    /// Goes to the end of the log, and stays there.
    pub fn follow_end(&self) {
        self.at_end.set(true);
        self.to_end.bump();
    }
}
