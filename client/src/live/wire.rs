//! What the driver's connection runs over: a WebSocket, or requests where those are blocked.

use std::rc::{Rc, Weak};

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, Event, MessageEvent, WebSocket};

use super::channel::Channel;
use super::listener::Listener;
use super::{Inner, Payload, with};
use crate::location::socket_url;

/// One connection, or one attempt.
pub enum Wire {
    Socket(Socket),
    Channel(Rc<Channel>),
}

impl Wire {
    /// Sends a frame; false when it cannot.
    pub fn send(&self, payload: &Payload) -> bool {
        match self {
            Self::Socket(socket) => socket.send(payload),
            Self::Channel(channel) => {
                channel.send(payload);
                true
            }
        }
    }

    /// Closes it without waiting for the other side. Nothing more is heard of it.
    pub fn close(&self) {
        match self {
            Self::Socket(Socket { socket, listeners }) => {
                listeners.iter().for_each(Listener::stop);
                let _ = socket.close();
            }
            Self::Channel(channel) => channel.close(),
        }
    }
}

/// What is done when something happens to a WebSocket.
pub struct Handlers {
    pub opened: fn(&Rc<Inner>),
    pub frame: fn(&Rc<Inner>, Payload),
    pub closed: fn(&Rc<Inner>),
}

/// A WebSocket and its listeners.
pub struct Socket {
    socket: WebSocket,
    listeners: [Listener; 4],
}

impl Socket {
    /// Begins to connect; `None` where the browser forbids the address.
    pub fn open(service: &str, inner: &Weak<Inner>, handlers: &'static Handlers) -> Option<Self> {
        let socket = WebSocket::new(&socket_url(&[service, "/socket"].concat())).ok()?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let on = |name: &'static str, handle: fn(&Rc<Inner>, &'static Handlers, Event)| {
            let inner = Weak::clone(inner);
            Listener::new(&socket, name, move |event| with(&inner, |inner| handle(inner, handlers, event)))
        };
        let listeners = [
            on("open", |inner, handlers, _| (handlers.opened)(inner)),
            on("message", |inner, handlers, event| {
                let data = event.unchecked_ref::<MessageEvent>().data();
                if let Some(payload) = payload_of(&data) {
                    (handlers.frame)(inner, payload);
                }
            }),
            on("close", |inner, handlers, _| (handlers.closed)(inner)),
            // An error is always followed by a close; without a listener the browser reports it as uncaught.
            on("error", |_, _, _| {}),
        ];
        Some(Self { socket, listeners })
    }

    /// Sends a frame; false when it cannot.
    pub fn send(&self, payload: &Payload) -> bool {
        match payload {
            Payload::Text(text) => self.socket.send_with_str(text),
            Payload::Binary(bytes) => self.socket.send_with_u8_array(bytes),
        }
        .is_ok()
    }
}

fn payload_of(data: &JsValue) -> Option<Payload> {
    if let Some(text) = data.as_string() {
        return Some(Payload::Text(text));
    }
    let buffer = data.dyn_ref::<js_sys::ArrayBuffer>()?;
    Some(Payload::Binary(js_sys::Uint8Array::new(buffer).to_vec()))
}
