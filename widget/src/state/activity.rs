//! Whether the visitor is there: the page is visible, and they did something within the last ten minutes.

use causette_client::timer::{self, Timer};
use causette_shared::id::{ConversationId, Seq};
use causette_shared::limits::IDLE_AFTER;
use causette_shared::presence::Activity;
use causette_shared::protocol::host::to_loader;
use causette_shared::protocol::visitor::ClientFrame;
use causette_shared::time::Timestamp;
use std::cell::Cell;

use super::Widget;

/// How often at most the loader hears that the panel is used.
const TELL_EVERY: std::time::Duration = std::time::Duration::from_secs(30);

/// What was done and said last.
pub(super) struct Presence {
    last_used: Cell<Timestamp>,
    told_loader: Cell<Timestamp>,
    said: Cell<Activity>,
    idle_timer: Cell<Option<Timer>>,
    pub(super) typing_lasts: Cell<Option<Timer>>,
    pub(super) typing_said: Cell<Option<Timestamp>>,
    pub(super) seen_said: Cell<Option<(ConversationId, Seq)>>,
}

impl Presence {
    pub(super) fn new() -> Self {
        Self {
            last_used: Cell::new(timer::now()),
            told_loader: Cell::new(Timestamp(0)),
            said: Cell::new(Activity::Active),
            idle_timer: Cell::new(None),
            typing_lasts: Cell::new(None),
            typing_said: Cell::new(None),
            seen_said: Cell::new(None),
        }
    }
}

impl Widget {
    /// The visitor did something in the panel.
    pub fn used(self) {
        let now = timer::now();
        self.presence.last_used.set(now);
        if now.since(self.presence.told_loader.get()) >= TELL_EVERY {
            self.presence.told_loader.set(now);
            self.with_host(|host| host.post(to_loader::ACTIVITY));
        }
        self.say_activity();
    }

    /// The tab came to the front or went to the back.
    pub fn set_visible(self, visible: bool) {
        self.panel.visible.set(visible);
        if visible {
            self.presence.last_used.set(timer::now());
        } else {
            // It may not come back, and another tab may have sent since: the draft that both keep is the last one's.
            self.composer.text.peek(|text| {
                if !text.is_empty() {
                    self.keep.borrow().set_draft(text);
                }
            });
        }
        self.say_activity();
    }

    /// What the greeting says; from then on only changes are said.
    pub(super) fn current_activity(self) -> Activity {
        let activity = self.activity();
        self.presence.said.set(activity);
        self.watch_idle();
        activity
    }

    fn activity(self) -> Activity {
        let unused = timer::now().since(self.presence.last_used.get());
        if self.panel.visible.now() && unused < IDLE_AFTER { Activity::Active } else { Activity::Idle }
    }

    fn say_activity(self) {
        let activity = self.activity();
        if self.presence.said.get() != activity && self.send(&ClientFrame::Activity(activity)) {
            self.presence.said.set(activity);
        }
        let watching = self.presence.idle_timer.take();
        if activity == Activity::Active && watching.is_none() {
            self.watch_idle();
        } else {
            self.presence.idle_timer.set(watching);
        }
    }

    /// Looks again when the ten minutes may be over; what happens meanwhile only moves that moment.
    fn watch_idle(self) {
        let unused = timer::now().since(self.presence.last_used.get());
        let left = IDLE_AFTER.saturating_sub(unused);
        let timer = (!left.is_zero()).then(|| {
            Timer::after(left, move || {
                self.watch_idle();
                self.say_activity();
            })
        });
        self.presence.idle_timer.set(timer);
    }
}
