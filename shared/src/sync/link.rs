//! The life of one connection: connecting, open, lost, waiting.
//!
//! A link counts as dead when a ping stays without any answer (G10), so a half-dead connection is noticed within
//! `PING_AFTER + PONG_WITHIN`. What travels over it is left to `Replica` and the driver.

use std::collections::VecDeque;
use std::time::Duration;

use super::backoff::reconnect_delay;
use crate::limits::{PING_AFTER, PONG_WITHIN};
use crate::time::Timestamp;

/// How long an attempt to connect may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// A connection that lasted this long was good: the next loss starts with the shortest wait again.
const STABLE_AFTER: Duration = Duration::from_secs(10);

/// What the driver has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkEffect {
    /// Open a new connection. Anything that still arrives from an older one is to be ignored.
    Connect,
    /// Send a ping.
    Ping,
    /// Close the connection without waiting for the other side.
    Disconnect,
}

/// Where the link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Not wanted, or given up.
    Idle,
    /// Waits for the next attempt.
    Waiting {
        /// When it comes.
        until: Timestamp,
    },
    /// An attempt is under way.
    Connecting {
        /// When it counts as failed.
        until: Timestamp,
    },
    /// Frames can be sent.
    Open {
        /// Since when.
        since: Timestamp,
        /// When the other side was last heard.
        heard: Timestamp,
        /// When the unanswered ping went out, if one did.
        pinged: Option<Timestamp>,
    },
}

/// The state machine of one connection.
#[derive(Debug)]
pub struct Link {
    state: LinkState,
    attempts: u32,
    effects: VecDeque<LinkEffect>,
}

impl Default for Link {
    fn default() -> Self {
        Self::new()
    }
}

impl Link {
    /// Makes a link that does nothing until it is started.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: LinkState::Idle, attempts: 0, effects: VecDeque::new() }
    }

    /// Where the link stands.
    #[must_use]
    pub const fn state(&self) -> LinkState {
        self.state
    }

    /// Whether frames can be sent.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, LinkState::Open { .. })
    }

    /// How many attempts in a row have failed: the interface speaks of trouble only after some.
    #[must_use]
    pub const fn failed_attempts(&self) -> u32 {
        self.attempts
    }

    /// Connects, if it is not connected or about to be.
    pub fn start(&mut self, now: Timestamp) {
        if self.state == LinkState::Idle {
            self.connect(now);
        }
    }

    /// Closes, and stays closed until started again.
    pub fn stop(&mut self) {
        if matches!(self.state, LinkState::Connecting { .. } | LinkState::Open { .. }) {
            self.effects.push_back(LinkEffect::Disconnect);
        }
        self.state = LinkState::Idle;
        self.attempts = 0;
    }

    /// The connection is open.
    pub fn opened(&mut self, now: Timestamp) {
        if matches!(self.state, LinkState::Connecting { .. }) {
            self.state = LinkState::Open { since: now, heard: now, pinged: None };
        }
    }

    /// The connection was closed or could not be opened.
    pub fn closed(&mut self, now: Timestamp, random: u32) {
        if matches!(self.state, LinkState::Connecting { .. } | LinkState::Open { .. }) {
            self.wait(now, random);
        }
    }

    /// Something arrived: the other side lives.
    pub fn heard(&mut self, now: Timestamp) {
        if let LinkState::Open { heard, pinged, .. } = &mut self.state {
            *heard = now;
            *pinged = None;
        }
    }

    /// The browser says that the network is back or the page is visible again: tries at once, and an open link that
    /// has been silent is put to the test.
    pub fn wake(&mut self, now: Timestamp) {
        match &mut self.state {
            LinkState::Waiting { .. } => self.connect(now),
            LinkState::Open { heard, pinged, .. }
                if pinged.is_none() && now.since(*heard) >= Duration::from_secs(2) =>
            {
                *pinged = Some(now);
                self.effects.push_back(LinkEffect::Ping);
            }
            _ => {}
        }
    }

    /// The other side asked to come back later, or is about to stop: closes and waits at least `pause`.
    pub fn postpone(&mut self, now: Timestamp, pause: Duration, random: u32) {
        if matches!(self.state, LinkState::Connecting { .. } | LinkState::Open { .. }) {
            self.effects.push_back(LinkEffect::Disconnect);
            self.wait(now.after(pause), random);
        }
    }

    /// To be called when `next_timeout` has come; calling it early or late does no harm.
    pub fn timeout(&mut self, now: Timestamp, random: u32) {
        match &mut self.state {
            LinkState::Waiting { until } if now >= *until => self.connect(now),
            LinkState::Connecting { until } if now >= *until => {
                self.effects.push_back(LinkEffect::Disconnect);
                self.wait(now, random);
            }
            LinkState::Open { pinged: Some(at), .. } if now >= at.after(PONG_WITHIN) => {
                self.effects.push_back(LinkEffect::Disconnect);
                self.wait(now, random);
            }
            LinkState::Open { heard, pinged: pinged @ None, .. } if now >= heard.after(PING_AFTER) => {
                *pinged = Some(now);
                self.effects.push_back(LinkEffect::Ping);
            }
            _ => {}
        }
    }

    /// When `timeout` has to be called, unless something happens before.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Timestamp> {
        match self.state {
            LinkState::Idle => None,
            LinkState::Waiting { until } | LinkState::Connecting { until } => Some(until),
            LinkState::Open { pinged: Some(at), .. } => Some(at.after(PONG_WITHIN)),
            LinkState::Open { heard, pinged: None, .. } => Some(heard.after(PING_AFTER)),
        }
    }

    /// The next thing to do.
    pub fn poll_effect(&mut self) -> Option<LinkEffect> {
        self.effects.pop_front()
    }

    fn connect(&mut self, now: Timestamp) {
        self.state = LinkState::Connecting { until: now.after(CONNECT_WITHIN) };
        self.effects.push_back(LinkEffect::Connect);
    }

    fn wait(&mut self, now: Timestamp, random: u32) {
        if let LinkState::Open { since, .. } = self.state
            && now.since(since) >= STABLE_AFTER
        {
            self.attempts = 0;
        }
        self.state = LinkState::Waiting { until: now.after(reconnect_delay(self.attempts, random)) };
        self.attempts = self.attempts.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_000_000);

    fn effects(link: &mut Link) -> Vec<LinkEffect> {
        std::iter::from_fn(|| link.poll_effect()).collect()
    }

    fn open_link() -> Link {
        let mut link = Link::new();
        link.start(START);
        link.opened(START);
        assert_eq!(effects(&mut link), [LinkEffect::Connect]);
        link
    }

    #[test]
    fn a_half_dead_link_is_noticed_within_45_seconds() {
        let mut link = open_link();
        let ping_at = link.next_timeout().expect("an open link has a timeout");
        link.timeout(ping_at, 0);
        assert_eq!(effects(&mut link), [LinkEffect::Ping]);
        let dead_at = link.next_timeout().expect("a pinged link has a timeout");
        link.timeout(dead_at, 0);
        assert_eq!(effects(&mut link), [LinkEffect::Disconnect]);
        assert!(dead_at.since(START) < Duration::from_secs(45));
        assert!(matches!(link.state(), LinkState::Waiting { .. }));
    }

    #[test]
    fn an_answer_keeps_the_link() {
        let mut link = open_link();
        let mut now = START;
        for _ in 0..10 {
            now = link.next_timeout().expect("an open link has a timeout");
            link.timeout(now, 0);
            assert_eq!(effects(&mut link), [LinkEffect::Ping]);
            link.heard(now.after(Duration::from_secs(1)));
        }
        assert!(link.is_open());
        assert_eq!(link.next_timeout(), Some(now.after(Duration::from_secs(1)).after(PING_AFTER)));
    }

    #[test]
    fn losses_wait_longer_each_time_until_a_connection_lasts() {
        let mut link = open_link();
        let mut now = START;
        let mut waits = Vec::new();
        for _ in 0..8 {
            link.closed(now, u32::MAX);
            let next = link.next_timeout().expect("a waiting link has a timeout");
            waits.push(next.since(now));
            link.timeout(next, 0);
            assert_eq!(effects(&mut link), [LinkEffect::Connect]);
            now = next;
        }
        assert!(waits.is_sorted());
        assert_eq!(waits.last(), Some(&super::super::RECONNECT_MAX));
        link.opened(now);
        let later = now.after(STABLE_AFTER);
        link.closed(later, u32::MAX);
        assert_eq!(link.next_timeout(), Some(later.after(Duration::from_millis(500))));
    }

    #[test]
    fn an_attempt_that_hangs_is_given_up() {
        let mut link = Link::new();
        link.start(START);
        assert_eq!(effects(&mut link), [LinkEffect::Connect]);
        link.timeout(START.after(CONNECT_WITHIN), 0);
        assert_eq!(effects(&mut link), [LinkEffect::Disconnect]);
        assert_eq!(link.failed_attempts(), 1);
    }

    #[test]
    fn the_network_coming_back_is_used_at_once() {
        let mut link = open_link();
        link.closed(START, u32::MAX);
        link.wake(START);
        assert_eq!(effects(&mut link), [LinkEffect::Connect]);
        link.opened(START);
        link.wake(START.after(Duration::from_secs(5)));
        assert_eq!(effects(&mut link), [LinkEffect::Ping]);
    }

    #[test]
    fn a_stopped_link_stays_stopped() {
        let mut link = open_link();
        link.stop();
        link.closed(START, 0);
        link.wake(START);
        link.timeout(START.after(Duration::from_secs(60)), 0);
        assert_eq!(effects(&mut link), [LinkEffect::Disconnect]);
        assert_eq!(link.next_timeout(), None);
    }
}
