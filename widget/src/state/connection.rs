//! The connection, as far as a visitor should hear of it.
//!
//! A loss that heals by itself within two seconds is nobody's business. What is typed meanwhile waits in the replica.

use std::cell::Cell;
use std::time::Duration;

use super::Widget;
use super::slot::Slot;
use causette_client::timer::Timer;

/// How long a loss is kept quiet.
const QUIET: Duration = Duration::from_secs(2);
/// How long the banner says that the link is back.
const BACK: Duration = Duration::from_secs(3);

/// Where the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Not there, or not greeted yet.
    Down,
    /// Up.
    Up,
    /// Given up: the panel is too old.
    Outdated,
    /// Given up: the page may not use this chat.
    Refused,
}

/// What the banner says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Banner {
    /// The link is being made again.
    Reconnecting,
    /// The browser has no network.
    Offline,
    /// The link is back.
    Reconnected,
    /// The panel is too old.
    Outdated,
}

/// What is known of the connection.
pub struct Connection {
    /// Where it stands.
    pub link: Slot<Link>,
    /// Whether it was given up because the page may not use this chat.
    pub refused: Slot<bool>,
    /// Whether the browser says that there is no network.
    pub offline: Slot<bool>,
    trouble: Slot<bool>,
    back: Slot<bool>,
    timer: Cell<Option<Timer>>,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            link: Slot::new(Link::Down),
            refused: Slot::new(false),
            offline: Slot::new(false),
            trouble: Slot::new(false),
            back: Slot::new(false),
            timer: Cell::new(None),
        }
    }
}

impl Connection {
    /// What the banner says now.
    #[must_use]
    pub fn banner(&self) -> Option<Banner> {
        match self.link.get() {
            Link::Outdated => Some(Banner::Outdated),
            Link::Refused => None,
            _ if self.offline.get() => Some(Banner::Offline),
            Link::Down => self.trouble.get().then_some(Banner::Reconnecting),
            Link::Up => self.back.get().then_some(Banner::Reconnected),
        }
    }
}

impl Widget {
    /// The server has answered the greeting.
    pub(super) fn link_up(self) {
        let connection = &self.connection;
        connection.link.set(Link::Up);
        connection.back.set(connection.trouble.now());
        connection.trouble.set(false);
        connection.timer.set(Some(Timer::after(BACK, move || self.connection.back.set(false))));
    }

    /// The link is gone, or an attempt failed; `attempts` in a row.
    pub(super) fn link_down(self, attempts: u32) {
        let connection = &self.connection;
        if matches!(connection.link.now(), Link::Outdated | Link::Refused) {
            return;
        }
        let first = connection.link.now() == Link::Up || attempts <= 1;
        connection.link.set(Link::Down);
        connection.back.set(false);
        if !first {
            connection.trouble.set(true);
        } else if !connection.trouble.now() {
            connection.timer.set(Some(Timer::after(QUIET, move || self.complain())));
        }
    }

    /// The link was given up for good.
    pub(super) fn link_given_up(self, link: Link) {
        self.connection.timer.set(None);
        self.connection.link.set(link);
        self.connection.refused.set(link == Link::Refused);
    }

    /// The browser says whether there is a network.
    pub fn set_offline(self, offline: bool) {
        self.connection.offline.set(offline);
        if offline {
            // Its end is worth a word, even if the socket has outlived it.
            self.connection.trouble.set(true);
        } else if self.connection.link.now() == Link::Up {
            self.link_up();
        }
    }

    fn complain(self) {
        if self.connection.link.now() == Link::Down {
            self.connection.trouble.set(true);
        }
    }
}
