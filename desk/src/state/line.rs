//! The desk's connection: JSON text frames over `client::live`.

use std::time::Duration;

use causette_client::live::{Live, LiveEvent, Payload};
use causette_shared::protocol::agent::{ClientFrame, ServerFrame};
use leptos::prelude::GetUntracked;
use wasm_bindgen_futures::spawn_local;

use super::desk::{Desk, Line, Phase};
use super::json::{self, Malformed};
use super::session;

/// Below it are the socket, and the channel for where sockets are blocked.
const SERVICE: &str = "/api/v1/desk";

/// The line to the server.
pub struct SocketLine(Live);

impl SocketLine {
    /// Makes a line that tells `desk` what happens on it. It does nothing until it is started.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self(Live::new(SERVICE, text(&ClientFrame::Ping), move |event| match event {
            // The greeting follows by itself; until then nothing may be sent.
            LiveEvent::Opened => {}
            LiveEvent::Frame(Payload::Text(json)) => receive(desk, &json),
            // Over HTTP; bytes that are no text make a frame that cannot be read.
            LiveEvent::Frame(Payload::Binary(bytes)) => {
                receive(desk, std::str::from_utf8(&bytes).unwrap_or_default());
            }
            LiveEvent::Lost { attempts } => {
                if desk.phase.get_untracked() == Phase::SignedIn {
                    desk.lost(attempts);
                    ask_whether_signed_in(desk);
                }
            }
        }))
    }
}

fn receive(desk: Desk, text: &str) {
    match json::read::<ServerFrame>(text) {
        Ok(frame) => desk.handle(frame),
        Err(Malformed) => leptos::logging::warn!("A frame could not be read"),
    }
}

/// A browser does not tell why a socket was refused. A session that has ended looks like a lost connection, so the
/// server is asked over HTTP, which does answer.
fn ask_whether_signed_in(desk: Desk) {
    spawn_local(async move {
        if session::find().await == Ok(None) && desk.phase.get_untracked() == Phase::SignedIn {
            desk.sign_out(true);
        }
    });
}

impl Line for SocketLine {
    fn send(&self, frame: &ClientFrame) -> bool {
        self.0.send(&text(frame))
    }

    fn postpone(&self, pause: Duration) {
        self.0.postpone(pause);
    }

    fn start(&self) {
        self.0.start();
    }

    fn stop(&self) {
        self.0.stop();
    }
}

fn text(frame: &ClientFrame) -> Payload {
    Payload::Text(serde_json::to_string(frame).unwrap_or_default())
}
