//! The browser driver of `sync::Link`: one WebSocket at a time, kept alive, replaced when it dies.
//!
//! The link decides; this module does: it opens sockets, arms the one timer, passes frames on. Frames of a socket that
//! was replaced are never passed on. What frames mean is left to the owner.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use causette_shared::sync::{Link, LinkEffect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, Event, EventTarget, MessageEvent, WebSocket};

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
    /// A frame arrived.
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
    url: String,
    ping: Payload,
    on_event: Box<dyn Fn(LiveEvent)>,
    link: RefCell<Link>,
    socket: RefCell<Option<Socket>>,
    timer: RefCell<Option<Timer>>,
    /// Set while effects are carried out, so that an owner who sends from within its callback does not start again.
    driving: Cell<bool>,
    page_listeners: RefCell<Vec<Listener>>,
}

struct Socket {
    socket: WebSocket,
    _listeners: [Listener; 4],
}

/// An event listener that is removed when it is dropped.
struct Listener {
    target: EventTarget,
    name: &'static str,
    closure: Closure<dyn FnMut(Event)>,
}

impl Listener {
    fn new(target: &EventTarget, name: &'static str, handle: impl FnMut(Event) + 'static) -> Self {
        let closure = Closure::<dyn FnMut(Event)>::new(handle);
        let _ = target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
        Self { target: target.clone(), name, closure }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ =
            self.target.remove_event_listener_with_callback(self.name, self.closure.as_ref().unchecked_ref());
    }
}

impl Live {
    /// Makes a connection to `url` that does nothing until it is started. `ping` is what the server answers.
    ///
    /// The connection keeps what `on_event` captures alive as long as it lives itself.
    #[must_use]
    pub fn new(url: String, ping: Payload, on_event: impl Fn(LiveEvent) + 'static) -> Self {
        let inner = Rc::new(Inner {
            url,
            ping,
            on_event: Box::new(on_event),
            link: RefCell::new(Link::new()),
            socket: RefCell::new(None),
            timer: RefCell::new(None),
            driving: Cell::new(false),
            page_listeners: RefCell::new(Vec::new()),
        });
        inner.listen_to_page();
        Self(inner)
    }

    /// Connects, and stays connected.
    pub fn start(&self) {
        self.0.link.borrow_mut().start(timer::now());
        self.0.drive();
    }

    /// Closes, and stays closed until it is started again.
    pub fn stop(&self) {
        self.0.link.borrow_mut().stop();
        self.0.drive();
    }

    /// Closes and comes back after `pause` and some jitter.
    pub fn postpone(&self, pause: Duration) {
        self.0.link.borrow_mut().postpone(timer::now(), pause, random::number());
        self.0.drive();
        self.0.lost();
    }

    /// Sends a frame; false when the connection is not open.
    pub fn send(&self, payload: &Payload) -> bool {
        self.0.link.borrow().is_open() && self.0.send(payload)
    }

    /// Whether frames can be sent.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.link.borrow().is_open()
    }
}

impl Inner {
    /// Carries out what the link wants and arms the timer for what it waits for.
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
                Some(LinkEffect::Disconnect) => self.disconnect(),
                None => break,
            }
        }
        self.driving.set(false);
        self.arm();
    }

    fn arm(self: &Rc<Self>) {
        let next = self.link.borrow().next_timeout();
        let inner = Rc::downgrade(self);
        *self.timer.borrow_mut() =
            next.map(|at| Timer::after(at.since(timer::now()), move || with(&inner, Self::timed_out)));
    }

    fn timed_out(self: &Rc<Self>) {
        let was_up = self.socket.borrow().is_some();
        self.link.borrow_mut().timeout(timer::now(), random::number());
        self.drive();
        if was_up && self.socket.borrow().is_none() {
            self.lost();
        }
    }

    fn connect(self: &Rc<Self>) {
        self.disconnect();
        // Where the browser forbids the address, the attempt runs into its time limit like any that hangs.
        let Ok(socket) = WebSocket::new(&self.url) else {
            return;
        };
        socket.set_binary_type(BinaryType::Arraybuffer);
        let on = |name: &'static str, handle: fn(&Rc<Self>, Event)| {
            let inner = Rc::downgrade(self);
            Listener::new(&socket, name, move |event| with(&inner, |inner| handle(inner, event)))
        };
        let listeners = [
            on("open", |inner, _| inner.opened()),
            on("message", |inner, event| inner.message(&event)),
            on("close", |inner, _| inner.closed()),
            // An error is always followed by a close; without a listener the browser reports it as uncaught.
            on("error", |_, _| {}),
        ];
        *self.socket.borrow_mut() = Some(Socket { socket, _listeners: listeners });
    }

    fn disconnect(&self) {
        if let Some(old) = self.socket.borrow_mut().take() {
            let _ = old.socket.close();
            // One of its listeners may be running now, and may not be dropped before it has returned.
            wasm_bindgen_futures::spawn_local(async move { drop(old) });
        }
    }

    fn opened(self: &Rc<Self>) {
        self.link.borrow_mut().opened(timer::now());
        (self.on_event)(LiveEvent::Opened);
        self.drive();
    }

    fn message(self: &Rc<Self>, event: &Event) {
        self.link.borrow_mut().heard(timer::now());
        let data = event.unchecked_ref::<MessageEvent>().data();
        if let Some(payload) = payload_of(&data) {
            (self.on_event)(LiveEvent::Frame(payload));
        }
        self.drive();
    }

    fn closed(self: &Rc<Self>) {
        self.disconnect();
        self.link.borrow_mut().closed(timer::now(), random::number());
        self.drive();
        self.lost();
    }

    fn lost(&self) {
        let attempts = self.link.borrow().failed_attempts();
        (self.on_event)(LiveEvent::Lost { attempts });
    }

    fn send(&self, payload: &Payload) -> bool {
        let socket = self.socket.borrow();
        socket.as_ref().is_some_and(|Socket { socket, .. }| {
            match payload {
                Payload::Text(text) => socket.send_with_str(text),
                Payload::Binary(bytes) => socket.send_with_u8_array(bytes),
            }
            .is_ok()
        })
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
                    inner.link.borrow_mut().wake(timer::now());
                    inner.drive();
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

fn payload_of(data: &JsValue) -> Option<Payload> {
    if let Some(text) = data.as_string() {
        return Some(Payload::Text(text));
    }
    let buffer = data.dyn_ref::<js_sys::ArrayBuffer>()?;
    Some(Payload::Binary(js_sys::Uint8Array::new(buffer).to_vec()))
}
