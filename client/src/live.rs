//! The browser driver of `sync::Link` and `sync::Carriers`: one connection at a time, kept alive, replaced when it dies;
//! over a WebSocket, or over HTTP where those are blocked.
//!
//! The two machines decide; this module does: it opens connections, arms the one timer, passes frames on. Frames of a
//! connection that was replaced are never passed on. What frames mean is left to the owner.

mod channel;
mod listener;
mod wire;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use causette_shared::sync::{Carrier, CarrierEffect, Carriers, Link, LinkEffect, LinkState};
use causette_shared::time::Timestamp;
use web_sys::EventTarget;

use self::channel::Channel;
use self::listener::Listener;
use self::wire::{Handlers, Socket, Wire};
use crate::random;
use crate::timer::{self, Timer};

/// One frame's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A text frame.
    Text(String),
    /// A binary frame.
    Binary(Vec<u8>),
}

/// What happened to the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveEvent {
    /// Frames can be sent.
    Opened,
    /// A frame arrived. Over HTTP, the bytes of a text frame come as a binary one.
    Frame(Payload),
    /// The connection is gone, or an attempt failed; the next one comes by itself.
    Lost {
        /// Failed attempts in a row.
        attempts: u32,
    },
}

/// A connection that comes back by itself. Clones share it.
#[derive(Clone)]
pub struct Live(Rc<Inner>);

struct Inner {
    service: &'static str,
    ping: Payload,
    on_event: Box<dyn Fn(LiveEvent)>,
    link: RefCell<Link>,
    carriers: RefCell<Carriers>,
    wire: RefCell<Option<Wire>>,
    /// The WebSocket that is tried beside a connection over HTTP.
    probe: RefCell<Option<Wire>>,
    /// Connections that have ended. One of their listeners may be running, and may not be dropped before it has returned:
    /// they go when the timer fires.
    ended: RefCell<Vec<Wire>>,
    timer: RefCell<Option<Timer>>,
    /// Set while effects are carried out, so that an owner who sends from within its callback does not start again.
    driving: Cell<bool>,
    page_listeners: RefCell<Vec<Listener>>,
}

/// The connection's WebSocket.
static CONNECTION: Handlers =
    Handlers { opened: Inner::opened, frame: |inner, payload| inner.frame(payload), closed: Inner::closed };

/// The probe's.
static PROBE: Handlers = Handlers {
    opened: |inner| {
        if let Some(probe) = &*inner.probe.borrow() {
            probe.send(&inner.ping);
        }
    },
    frame: |inner, _| {
        let effect = inner.carriers.borrow_mut().probe_heard();
        inner.carry_out(effect);
    },
    closed: |inner| {
        inner.end(&inner.probe);
        inner.carriers.borrow_mut().probe_lost(timer::now());
        inner.drive();
    },
};

impl Live {
    /// Makes a connection to `service`, below whose path the socket and the channel are, that does nothing until it is
    /// started. `ping` is what the server answers.
    ///
    /// The connection keeps what `on_event` captures alive as long as it lives itself.
    #[must_use]
    pub fn new(service: &'static str, ping: Payload, on_event: impl Fn(LiveEvent) + 'static) -> Self {
        let inner = Rc::new(Inner {
            service,
            ping,
            on_event: Box::new(on_event),
            link: RefCell::new(Link::new()),
            carriers: RefCell::new(Carriers::new()),
            wire: RefCell::new(None),
            probe: RefCell::new(None),
            ended: RefCell::new(Vec::new()),
            timer: RefCell::new(None),
            driving: Cell::new(false),
            page_listeners: RefCell::new(Vec::new()),
        });
        inner.listen_to_page();
        Self(inner)
    }

    /// Connects, and stays connected.
    pub fn start(&self) {
        self.0.change(&|link, now, _| link.start(now));
    }

    /// Closes, and stays closed until it is started again.
    pub fn stop(&self) {
        self.0.change(&|link, _, _| link.stop());
    }

    /// Closes and comes back after `pause` and some jitter.
    pub fn postpone(&self, pause: Duration) {
        self.0.postpone(pause);
    }

    /// Sends a frame; false when the connection is not open.
    pub fn send(&self, payload: &Payload) -> bool {
        self.is_open() && self.0.send(payload)
    }

    /// Whether frames can be sent.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.link.borrow().is_open()
    }
}

impl Inner {
    /// Changes the link, carries out what it wants then, and tells of a connection or an attempt that this has ended,
    /// unless another carrier takes over.
    fn change(self: &Rc<Self>, act: &dyn Fn(&mut Link, Timestamp, u32)) {
        let (was_busy, state) = {
            let mut link = self.link.borrow_mut();
            let was_busy = matches!(link.state(), LinkState::Connecting { .. } | LinkState::Open { .. });
            act(&mut link, timer::now(), random::number());
            (was_busy, link.state())
        };
        let waits = matches!(state, LinkState::Waiting { .. });
        let is_over = was_busy && (waits || matches!(state, LinkState::Idle));
        let mut is_news = is_over && waits;
        if is_over {
            let effect = self.carriers.borrow_mut().lost();
            is_news &= !matches!(effect, Some(CarrierEffect::Switch));
            self.carry_out(effect);
        }
        self.drive();
        if is_news {
            let attempts = self.link.borrow().failed_attempts();
            (self.on_event)(LiveEvent::Lost { attempts });
        }
    }

    fn postpone(self: &Rc<Self>, pause: Duration) {
        self.change(&|link, now, random| link.postpone(now, pause, random));
    }

    /// Carries out what the link wants and arms the timer for what is waited for.
    fn drive(self: &Rc<Self>) {
        if self.driving.replace(true) {
            return;
        }
        loop {
            let effect = self.link.borrow_mut().poll_effect();
            match effect {
                Some(LinkEffect::Connect) => self.connect(),
                Some(LinkEffect::Ping) => {
                    self.send(&self.ping);
                }
                Some(LinkEffect::Disconnect) => self.end(&self.wire),
                None => break,
            }
        }
        self.driving.set(false);
        self.arm();
    }

    fn arm(self: &Rc<Self>) {
        let (link, carriers) = (self.link.borrow().next_timeout(), self.carriers.borrow().next_timeout());
        let next = match (link, carriers) {
            (Some(link), Some(carriers)) => Some(link.min(carriers)),
            (link, carriers) => link.or(carriers),
        };
        let inner = Rc::downgrade(self);
        *self.timer.borrow_mut() =
            next.map(|at| Timer::after(at.since(timer::now()), move || with(&inner, Self::timed_out)));
    }

    fn timed_out(self: &Rc<Self>) {
        self.ended.borrow_mut().clear();
        let effect = self.carriers.borrow_mut().timeout(timer::now());
        self.carry_out(effect);
        self.change(&Link::timeout);
    }

    /// Carries out what the rule of carriers wants.
    fn carry_out(self: &Rc<Self>, effect: Option<CarrierEffect>) {
        match effect {
            None => {}
            Some(CarrierEffect::Probe) => {
                let probe = Socket::open(self.service, &Rc::downgrade(self), &PROBE);
                *self.probe.borrow_mut() = probe.map(Wire::Socket);
            }
            Some(CarrierEffect::EndProbe) => self.end(&self.probe),
            Some(CarrierEffect::Move) => {
                self.end(&self.probe);
                self.postpone(Duration::ZERO);
                self.change(&|link, now, _| link.wake(now));
            }
            Some(CarrierEffect::GiveUp) => self.closed(),
            Some(CarrierEffect::Switch) => self.link.borrow_mut().wake(timer::now()),
        }
    }

    /// Where the browser forbids the address, the attempt runs into its time limit like any that hangs.
    fn connect(self: &Rc<Self>) {
        self.end(&self.wire);
        let inner = Rc::downgrade(self);
        let carrier = self.carriers.borrow().carrier();
        let wire = match carrier {
            Carrier::Socket => Socket::open(self.service, &inner, &CONNECTION).map(Wire::Socket),
            Carrier::Http => Channel::open(self.service, &inner).map(Wire::Channel),
        };
        *self.wire.borrow_mut() = wire;
    }

    fn opened(self: &Rc<Self>) {
        let now = timer::now();
        self.link.borrow_mut().opened(now);
        self.carriers.borrow_mut().opened(now);
        (self.on_event)(LiveEvent::Opened);
        self.drive();
    }

    fn frame(self: &Rc<Self>, payload: Payload) {
        let now = timer::now();
        self.link.borrow_mut().heard(now);
        self.carriers.borrow_mut().heard(now);
        (self.on_event)(LiveEvent::Frame(payload));
        self.drive();
    }

    fn closed(self: &Rc<Self>) {
        self.end(&self.wire);
        self.change(&Link::closed);
    }

    /// Closes a connection, where there is one.
    fn end(&self, wire: &RefCell<Option<Wire>>) {
        let old = wire.borrow_mut().take();
        if let Some(old) = old {
            old.close();
            self.ended.borrow_mut().push(old);
        }
    }

    fn send(&self, payload: &Payload) -> bool {
        self.wire.borrow().as_ref().is_some_and(|wire| wire.send(payload))
    }

    /// The network coming back and the page becoming visible are the moments to try at once.
    fn listen_to_page(self: &Rc<Self>) {
        let Some(window) = web_sys::window() else {
            return;
        };
        let wake = |target: &EventTarget, name: &'static str| {
            let inner = Rc::downgrade(self);
            Listener::new(target, name, move |_| {
                with(&inner, |inner| {
                    let effect = inner.carriers.borrow_mut().wake(timer::now());
                    inner.carry_out(effect);
                    inner.change(&|link, now, _| link.wake(now));
                });
            })
        };
        let mut listeners = vec![wake(&window, "online"), wake(&window, "pageshow")];
        if let Some(document) = window.document() {
            listeners.push(wake(&document, "visibilitychange"));
        }
        *self.page_listeners.borrow_mut() = listeners;
    }
}

fn with(inner: &Weak<Inner>, act: impl FnOnce(&Rc<Inner>)) {
    if let Some(inner) = inner.upgrade() {
        act(&inner);
    }
}
