//! The choice between WebSocket and HTTP.
//!
//! Some networks refuse WebSockets, others let them open and swallow what they carry. A WebSocket is preferred wherever
//! one works; HTTP is taken after two that were refused or one that was swallowed, and left as soon as a probe has brought a frame back over a
//! WebSocket. Where neither works, as with a server that is away, both are tried in turn. When to try again is `Link`'s
//! business; what a move costs is one reconnect, after which the engine resumes as always.

use std::time::Duration;

use crate::time::Timestamp;

/// A connection that has opened and brings no frame for this long brings none: something swallows them. The server
/// answers the greeting at once.
const FIRST_FRAME_WITHIN: Duration = Duration::from_secs(10);
/// WebSockets in a row that could not be opened before HTTP is tried. One may be an accident; one that opens and is
/// silent for as long as `FIRST_FRAME_WITHIN` is none.
const FAILURES: u32 = 2;
/// The wait before the first probe. Short: the WebSockets may have failed because the server was away.
const PROBE_FIRST: Duration = Duration::from_secs(5);
/// The wait after the first probe that failed, in milliseconds; doubled with each, up to the longest.
const PROBE_AGAIN_MS: i64 = 60_000;
const PROBE_RARELY_MS: i64 = 600_000;
/// How long a probe may take.
const PROBE_WITHIN: Duration = Duration::from_secs(10);

/// What carries the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A WebSocket.
    Socket,
    /// Requests: one after the other to send, and one that waits to receive.
    Http,
}

/// What the driver has to do beside what `Link` wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CarrierEffect {
    /// Open a WebSocket beside the connection and send a ping over it.
    Probe,
    /// Close the probe, if it is open.
    EndProbe,
    /// Close the connection and make a new one at once: a WebSocket will do now.
    Move,
    /// Give the connection up: it has opened and brings nothing.
    GiveUp,
    /// Make the next attempt at once: it is the first over HTTP, and mostly a good one. Nobody has to hear of a loss.
    Switch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    None,
    Due(Timestamp),
    Running { until: Timestamp },
}

/// The rule by which a connection's carrier is chosen.
#[derive(Debug)]
pub struct Carriers {
    carrier: Carrier,
    /// WebSockets that brought no frame, since one did or HTTP was no better; a silent one counts twice.
    failures: u32,
    /// Whether the connection has brought a frame.
    heard: bool,
    /// When the open connection has to have brought one.
    first_frame: Option<Timestamp>,
    probe: Probe,
    /// The wait before the next probe but one. Not a `Duration`, whose arithmetic would weigh more than the rule.
    wait_ms: i64,
}

impl Default for Carriers {
    fn default() -> Self {
        Self::new()
    }
}

impl Carriers {
    /// Starts with a WebSocket.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            carrier: Carrier::Socket,
            failures: 0,
            heard: false,
            first_frame: None,
            probe: Probe::None,
            wait_ms: PROBE_AGAIN_MS,
        }
    }

    /// What the connection runs over; the next one, where there is none.
    #[must_use]
    pub const fn carrier(&self) -> Carrier {
        self.carrier
    }

    /// The connection has opened.
    pub fn opened(&mut self, now: Timestamp) {
        self.first_frame = Some(now.after(FIRST_FRAME_WITHIN));
    }

    /// A frame arrived over the connection.
    pub fn heard(&mut self, now: Timestamp) {
        self.first_frame = None;
        if std::mem::replace(&mut self.heard, true) {
            return;
        }
        match self.carrier {
            Carrier::Socket => self.failures = 0,
            Carrier::Http => {
                self.probe = Probe::Due(now.after(PROBE_FIRST));
                self.wait_ms = PROBE_AGAIN_MS;
            }
        }
    }

    /// The connection is gone, or could not be opened.
    #[must_use]
    pub fn lost(&mut self) -> Option<CarrierEffect> {
        self.first_frame = None;
        let was_probing = matches!(self.probe, Probe::Running { .. });
        self.probe = Probe::None;
        if std::mem::take(&mut self.heard) {
            return was_probing.then_some(CarrierEffect::EndProbe);
        }
        match self.carrier {
            Carrier::Socket => {
                self.failures += 1;
                (self.failures >= FAILURES).then(|| {
                    self.carrier = Carrier::Http;
                    CarrierEffect::Switch
                })
            }
            // Neither works, so nothing is known of either.
            Carrier::Http => {
                self.failures = 0;
                self.carrier = Carrier::Socket;
                None
            }
        }
    }

    /// The browser says that the network has changed or the page is visible again: a good moment for a probe.
    #[must_use]
    pub fn wake(&mut self, now: Timestamp) -> Option<CarrierEffect> {
        match self.probe {
            Probe::Due(_) => Some(self.start_probe(now)),
            Probe::None | Probe::Running { .. } => None,
        }
    }

    /// A frame came back over the probe.
    #[must_use]
    pub fn probe_heard(&mut self) -> Option<CarrierEffect> {
        let is_running = matches!(self.probe, Probe::Running { .. });
        is_running.then(|| {
            self.probe = Probe::None;
            self.carrier = Carrier::Socket;
            self.failures = 0;
            CarrierEffect::Move
        })
    }

    /// The probe was closed or could not be opened.
    pub fn probe_lost(&mut self, now: Timestamp) {
        if matches!(self.probe, Probe::Running { .. }) {
            self.probe = Probe::Due(Timestamp(now.0.saturating_add(self.wait_ms)));
            self.wait_ms = (self.wait_ms * 2).min(PROBE_RARELY_MS);
        }
    }

    /// To be called when `next_timeout` has come; calling it early or late does no harm.
    #[must_use]
    pub fn timeout(&mut self, now: Timestamp) -> Option<CarrierEffect> {
        match self.probe {
            _ if self.first_frame.is_some_and(|until| now >= until) => {
                self.first_frame = None;
                self.failures += 1;
                Some(CarrierEffect::GiveUp)
            }
            Probe::Due(at) if now >= at => Some(self.start_probe(now)),
            Probe::Running { until } if now >= until => {
                self.probe_lost(now);
                Some(CarrierEffect::EndProbe)
            }
            _ => None,
        }
    }

    /// When `timeout` has to be called, unless something happens before.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Timestamp> {
        let probe = match self.probe {
            Probe::None => None,
            Probe::Due(at) | Probe::Running { until: at } => Some(at),
        };
        match (self.first_frame, probe) {
            (Some(first_frame), Some(probe)) => Some(first_frame.min(probe)),
            (first_frame, probe) => first_frame.or(probe),
        }
    }

    fn start_probe(&mut self, now: Timestamp) -> CarrierEffect {
        self.probe = Probe::Running { until: now.after(PROBE_WITHIN) };
        CarrierEffect::Probe
    }
}
