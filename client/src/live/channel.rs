//! A connection over HTTP: one request that opens it, one at a time that sends, one at a time that waits to receive
//! (docs/protocol.md, "Over HTTP"). Any answer but the expected one is its end.
//!
//! `XMLHttpRequest` and not `fetch`: it takes no promises and no header objects, and every byte counts in the widget.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use causette_shared::limits::FRAME_BYTES;
use causette_shared::protocol::channel::{TOKEN_HEADER, WORD, push_frame, push_word, split_frame};
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use web_sys::{XmlHttpRequest, XmlHttpRequestResponseType};

use super::listener::Listener;
use super::wire::Wire;
use super::{Inner, Payload, with};

/// The client's end.
pub struct Channel {
    path: String,
    up: XmlHttpRequest,
    down: XmlHttpRequest,
    _listeners: [Listener; 2],
    /// Empty until the channel is open.
    token: RefCell<String>,
    /// Bodies that wait to be sent, without their numbers.
    outbox: RefCell<Vec<Vec<u8>>>,
    is_sending: Cell<bool>,
    sent: Cell<u32>,
    received: Cell<u32>,
    is_closed: Cell<bool>,
}

impl Channel {
    /// Begins to open a channel; `None` where the browser has no requests.
    pub fn open(service: &str, inner: &Weak<Inner>) -> Option<Rc<Self>> {
        let (up, down) = (XmlHttpRequest::new().ok()?, XmlHttpRequest::new().ok()?);
        down.set_response_type(XmlHttpRequestResponseType::Arraybuffer);
        let on = |request: &XmlHttpRequest, handle: fn(&Self, &Rc<Inner>)| {
            let inner = Weak::clone(inner);
            Listener::new(request, "loadend", move |_| {
                with(&inner, |inner| {
                    // One that was closed is not the connection any more, and breaking its requests off is no news.
                    let channel = match &*inner.wire.borrow() {
                        Some(Wire::Channel(channel)) => Rc::clone(channel),
                        _ => return,
                    };
                    handle(&channel, inner);
                });
            })
        };
        let channel = Self {
            path: [service, "/channel"].concat(),
            _listeners: [on(&up, Self::was_sent), on(&down, Self::has_received)],
            up,
            down,
            token: RefCell::default(),
            outbox: RefCell::default(),
            is_sending: Cell::new(true),
            sent: Cell::new(0),
            received: Cell::new(0),
            is_closed: Cell::new(false),
        };
        channel.ask(&channel.up, "", None);
        Some(Rc::new(channel))
    }

    /// Sends a frame, with or after those before it.
    pub fn send(&self, payload: &Payload) {
        let frame = match payload {
            Payload::Text(text) => text.as_bytes(),
            Payload::Binary(bytes) => bytes,
        };
        {
            let mut outbox = self.outbox.borrow_mut();
            match outbox.last_mut() {
                Some(body) if body.len() + frame.len() + 2 * WORD <= FRAME_BYTES => push_frame(body, frame),
                _ => {
                    let mut body = Vec::new();
                    push_frame(&mut body, frame);
                    outbox.push(body);
                }
            }
        }
        self.flush();
    }

    /// Breaks off what is on its way. Nothing is heard of it from now on.
    pub fn close(&self) {
        self.is_closed.set(true);
        let _ = self.up.abort();
        let _ = self.down.abort();
    }

    fn flush(&self) {
        let mut outbox = self.outbox.borrow_mut();
        if !self.is_sending.get() && !outbox.is_empty() {
            self.is_sending.set(true);
            self.ask(&self.up, "/send", Some((&self.sent, &outbox.remove(0))));
        }
    }

    fn receive(&self) {
        self.ask(&self.down, "/receive", Some((&self.received, &[])));
    }

    /// Makes a request; with a body, under the next number. One that the browser forbids brings no answer, which is
    /// noticed like any that is lost.
    fn ask(&self, request: &XmlHttpRequest, verb: &str, numbered: Option<(&Cell<u32>, &[u8])>) {
        let mut body = Vec::new();
        let _ = request.open("POST", &[&self.path, verb].concat());
        if let Some((number, frames)) = numbered {
            number.set(number.get() + 1);
            push_word(&mut body, number.get());
            body.extend_from_slice(frames);
            let _ = request.set_request_header(TOKEN_HEADER, &self.token.borrow());
        }
        let _ = request.send_with_opt_u8_array(Some(&body));
    }

    /// The request that opens the channel or sends has ended.
    fn was_sent(&self, inner: &Rc<Inner>) {
        match (self.sent.get(), self.up.status()) {
            (1.., Ok(204)) => {
                self.is_sending.set(false);
                self.flush();
            }
            (0, Ok(200)) => {
                *self.token.borrow_mut() = self.up.response_text().ok().flatten().unwrap_or_default();
                self.is_sending.set(false);
                self.receive();
                inner.opened();
            }
            _ => inner.closed(),
        }
    }

    /// The request that waits to receive has ended. The next one is made after its frames are passed on: one of them may
    /// end the connection, and a request that is broken off then would call its listener while that runs.
    fn has_received(&self, inner: &Rc<Inner>) {
        if !matches!(self.down.status(), Ok(200)) {
            return inner.closed();
        }
        let body = Uint8Array::new(&self.down.response().unwrap_or(JsValue::NULL)).to_vec();
        let mut rest = &body[..];
        while !self.is_closed.get() {
            match split_frame(rest) {
                Ok(Some((frame, behind))) => {
                    inner.frame(Payload::Binary(frame.to_vec()));
                    rest = behind;
                }
                Ok(None) => return self.receive(),
                Err(_) => return inner.closed(),
            }
        }
    }
}
