//! A visitor's panel with the engine in it: what it holds, sends again and forgets is decided as in the browser.

use causette_shared::protocol::visitor::{ClientFrame, Cursor, Hello, ServerFrame, Welcome, encode};
use causette_shared::sync::{Effect, Follow, Replica};
use causette_shared::time::Timestamp;
use futures_util::SinkExt as _;
use tokio_tungstenite::tungstenite::Message;

use super::app::NOW;
use super::builders::{entry_id, text};
use super::{TestServer, VisitorActor, within};

/// The panel of one visitor.
pub struct Panel {
    pub actor: VisitorActor,
    pub replica: Replica,
    /// Whether the server has told this connection to come back, or has ended it.
    pub was_let_go: bool,
    is_welcome: bool,
    now: Timestamp,
}

impl Panel {
    /// Opens a panel with a new session.
    pub async fn arrive(server: &TestServer) -> Self {
        let actor = VisitorActor::connect(server).await;
        let mut panel =
            Self { actor, replica: Replica::new(None), was_let_go: false, is_welcome: false, now: NOW };
        panel.greet().await;
        panel
    }

    /// Comes back on another connection, with all that it holds.
    pub async fn reconnect(&mut self, server: &TestServer) {
        self.replica.offline();
        let mut actor = VisitorActor::connect(server).await;
        actor.secret.clone_from(&self.actor.secret);
        self.actor = actor;
        self.was_let_go = false;
        self.is_welcome = false;
        self.greet().await;
    }

    async fn greet(&mut self) {
        let cursor = self.replica.conversation().zip(self.replica.cursor());
        let cursor = cursor.map(|(conversation, seq)| Cursor { conversation, seq });
        self.actor.put(&ClientFrame::Hello(Hello { cursor, ..self.actor.greeting() })).await;
        self.until("the welcome", |panel| panel.is_welcome).await;
    }

    /// Writes something, which goes out as soon as it can.
    pub fn compose(&mut self, message: &str) {
        self.replica.compose(self.now, entry_id(), text(message));
    }

    /// Writes something and waits until it is in the log; not longer than the connection lasts.
    pub async fn say(&mut self, message: &str) {
        self.compose(message);
        self.until("its entry", |panel| panel.replica.outgoing().is_empty() || panel.was_let_go).await;
    }

    /// Takes what comes and sends what is due, until something holds.
    pub async fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        loop {
            self.send_due().await;
            if holds(self) {
                return;
            }
            assert!(!self.was_let_go, "the connection ended before {what}");
            match within(what, self.actor.next()).await {
                Some(frame) => self.take(frame),
                None => self.was_let_go = true,
            }
        }
    }

    async fn send_due(&mut self) {
        while let Some(effect) = self.replica.poll_effect() {
            let frame = match effect {
                Effect::Send { id, content, .. } => ClientFrame::Send { id, content },
                Effect::Resume { conversation, after } => ClientFrame::Resume { conversation, after },
                Effect::Earlier { conversation, before } => ClientFrame::Earlier { conversation, before },
            };
            let bytes = encode(&frame).expect("it fits");
            // A connection that has just ended is noticed by reading.
            let _ = self.actor.socket.send(Message::Binary(bytes.into())).await;
        }
    }

    fn take(&mut self, frame: ServerFrame) {
        let now = self.now;
        match frame {
            ServerFrame::Welcome(Welcome { conversation, .. }) => {
                let known = conversation.map(|state| (state.id, state.last_seq));
                self.replica.online(now, known, Follow::Unasked);
                self.is_welcome = true;
            }
            ServerFrame::Conversation(state) => self.replica.announce(now, state.id, state.last_seq),
            ServerFrame::Entries { conversation, entries } => {
                self.replica.receive(now, conversation, entries)
            }
            ServerFrame::Acknowledged { id, conversation, seq } => {
                self.replica.acknowledged(now, id, conversation, seq);
            }
            ServerFrame::Refused { id, problem } => {
                self.replica.refused(now, id, problem);
                // The pause that it asks for is over at once.
                if let Some(at) = self.replica.next_timeout() {
                    self.now = at;
                    self.replica.timeout(at);
                }
            }
            ServerFrame::Reset { conversation } => self.replica.reset(now, conversation),
            ServerFrame::Drain => self.was_let_go = true,
            ServerFrame::Pong { .. }
            | ServerFrame::Typing { .. }
            | ServerFrame::Availability { .. }
            | ServerFrame::Identified(_)
            | ServerFrame::Declined(_)
            | ServerFrame::Problem(_) => {}
        }
    }

    /// The messages held, in order.
    pub fn texts(&self) -> Vec<String> {
        self.replica.entries().iter().filter_map(|entry| entry.body.text().map(str::to_owned)).collect()
    }
}
