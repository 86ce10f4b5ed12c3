//! The desk's store: what the server told, behind signals.
//!
//! One `Desk` lives as long as the app. What the agent does comes in through verbs.rs, what the server says through
//! frames.rs; drive.rs carries out what the replicas want. A signal is never set while `Inner` is borrowed.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use causette_client::timer::{self, Timer};
use causette_shared::id::{AgentId, ConversationId, EntryId, Seq};
use causette_shared::protocol::agent::{Agent, ClientFrame};
use causette_shared::said::Said;
use causette_shared::time::Timestamp;
use leptos::prelude::*;

use super::conversations::Conversations;
use super::mail::MailRoom;
use super::opened::Shelf;
use super::timeline::Timeline;
use super::typing::Typists;

/// What carries frames to the server: a socket in the app, a recorder in tests.
pub trait Line {
    /// Sends a frame; false when there is no connection.
    fn send(&self, frame: &ClientFrame) -> bool;
    /// Closes and comes back after a pause.
    fn postpone(&self, pause: Duration);
    /// Connects, and stays connected.
    fn start(&self);
    /// Closes, and stays closed.
    fn stop(&self);
}

/// Whether somebody is signed in, as far as we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The server has not answered yet.
    Checking,
    /// It could not be asked.
    Unreachable,
    /// Nobody is.
    SignedOut {
        /// Whether a session has just ended by itself.
        expired: bool,
    },
    /// Somebody is.
    SignedIn,
}

/// From how many failed attempts on the agent is told of a lost connection; the first loss mostly mends itself at once.
pub const TOLD_FROM: u32 = 2;

/// Where the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// The first attempt is under way.
    Connecting,
    /// The server has greeted us.
    Open,
    /// It is gone and comes back by itself.
    Lost {
        /// Failed attempts in a row, counted up to `TOLD_FROM`.
        attempts: u32,
    },
    /// The server speaks a newer protocol: the page must be loaded again.
    Outdated,
}

/// What is known of the open conversation's log, beside its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Whether its entries have come.
    pub loaded: bool,
    /// Whether there are earlier ones.
    pub has_earlier: bool,
    /// Whether they were asked for.
    pub loading_earlier: bool,
    /// The last entry held.
    pub last_seq: Seq,
}

/// The store. A handle: copies share it.
#[derive(Clone, Copy)]
pub struct Desk {
    /// Whether somebody is signed in.
    pub phase: RwSignal<Phase>,
    /// Who.
    pub me: RwSignal<Option<Agent>>,
    /// The list.
    pub list: RwSignal<Conversations>,
    /// Whether the list has come.
    pub list_loaded: RwSignal<bool>,
    /// Whether its next part was asked for.
    pub loading_more: RwSignal<bool>,
    /// Conversations with a message that was refused.
    pub failed: RwSignal<Vec<ConversationId>>,
    /// The connection.
    pub connection: RwSignal<Connection>,
    /// The open conversation.
    pub open: RwSignal<Option<ConversationId>>,
    /// Its rows.
    pub timeline: RwSignal<Timeline>,
    /// Its log.
    pub log: RwSignal<Log>,
    /// What the pages say of the visitors of conversations that were opened.
    pub said: RwSignal<HashMap<ConversationId, Said>>,
    /// Who types.
    pub typists: RwSignal<Typists>,
    /// The time, as far as it is shown.
    pub now: RwSignal<Timestamp>,
    /// How many milliseconds the server's clock is ahead of this one.
    pub skew: RwSignal<i64>,
    /// Something to tell the agent that belongs to no place.
    pub notice: RwSignal<Option<String>>,
    /// What a screen reader says next.
    pub announcement: RwSignal<String>,
    /// Whether this server has a demo shop to try the desk with.
    pub has_demo: RwSignal<bool>,
    /// Mail that waits or was given up.
    pub mail: MailRoom,
    inner: StoredValue<Inner, LocalStorage>,
}

#[derive(Default)]
pub(super) struct Inner {
    line: Option<Rc<dyn Line>>,
    pub(super) shelf: Shelf,
    pub(super) greeted: Option<AgentId>,
    /// Messages that stand in the browser's storage.
    pub(super) kept: Vec<(ConversationId, EntryId)>,
    pub(super) typing_told: Option<(ConversationId, Timestamp)>,
    pub(super) timer: Option<Timer>,
    notice_timer: Option<Timer>,
}

impl Default for Desk {
    fn default() -> Self {
        Self::new()
    }
}

impl Desk {
    /// Makes a desk that knows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            phase: RwSignal::new(Phase::Checking),
            me: RwSignal::new(None),
            list: RwSignal::new(Conversations::default()),
            list_loaded: RwSignal::new(false),
            loading_more: RwSignal::new(false),
            failed: RwSignal::new(Vec::new()),
            connection: RwSignal::new(Connection::Connecting),
            open: RwSignal::new(None),
            timeline: RwSignal::new(Timeline::default()),
            log: RwSignal::new(Log::default()),
            said: RwSignal::new(HashMap::new()),
            typists: RwSignal::new(Typists::default()),
            now: RwSignal::new(timer::now()),
            skew: RwSignal::new(0),
            notice: RwSignal::new(None),
            announcement: RwSignal::new(String::new()),
            has_demo: RwSignal::new(false),
            mail: MailRoom::default(),
            inner: StoredValue::new_local(Inner::default()),
        }
    }

    /// Gives the desk its way to the server.
    pub fn set_line(self, line: Rc<dyn Line>) {
        self.with(|inner| inner.line = Some(line));
    }

    /// Somebody signed in: connects.
    pub fn sign_in(self, agent: Agent) {
        self.me.set(Some(agent));
        self.connection.set(Connection::Connecting);
        self.phase.set(Phase::SignedIn);
        self.on_line(|line| line.start());
    }

    /// The session is over. What was typed stays in the browser, under the agent's id.
    pub fn sign_out(self, expired: bool) {
        self.on_line(|line| line.stop());
        self.open_conversation(None);
        self.lost(0);
        self.with(|inner| {
            inner.shelf.clear();
            inner.kept.clear();
            inner.greeted = None;
        });
        self.list.set(Conversations::default());
        self.list_loaded.set(false);
        self.said.set(HashMap::new());
        self.failed.set(Vec::new());
        self.me.set(None);
        self.phase.set(Phase::SignedOut { expired });
    }

    /// The connection is gone, or an attempt failed.
    pub fn lost(self, attempts: u32) {
        self.with(|inner| {
            for (_, opened) in inner.shelf.iter_mut() {
                opened.replica.offline();
                opened.seen_told = 0;
                opened.earlier_from = None;
            }
            inner.typing_told = None;
            inner.timer = None;
        });
        // Told once: a screen reader would say every further attempt again.
        let lost = Connection::Lost { attempts: attempts.min(TOLD_FROM) };
        let held = self.connection.get_untracked();
        if held != Connection::Outdated && held != lost {
            self.connection.set(lost);
        }
        self.loading_more.set(false);
        self.typists.update(Typists::clear);
        self.draw();
    }

    /// Opens a conversation, or none.
    pub fn open_conversation(self, id: Option<ConversationId>) {
        let before = self.open.get_untracked();
        if before == id {
            return;
        }
        self.set_typing(false);
        self.open.set(id);
        if let Some(before) = before {
            self.settle(before);
        }
        let Some(id) = id else {
            self.draw();
            return;
        };
        let known = self.list.with_untracked(|list| list.find(id));
        let online = self.is_online();
        self.with(|inner| {
            let opened = inner.shelf.open(timer::now(), id);
            opened.unread_after = known.as_ref().filter(|row| row.unread > 0).map(|row| row.agent_seen);
            if online && !opened.watched {
                opened.follow(timer::now(), id, known.map_or(0, |row| row.last_seq));
            }
        });
        self.settle(id);
    }

    /// Tells the agent something for a few seconds.
    pub fn tell(self, text: String) {
        self.notice.set(Some(text));
        let timer = Timer::after(Duration::from_secs(6), move || self.notice.set(None));
        self.with(|inner| inner.notice_timer = Some(timer));
    }

    /// Whether the server has greeted us on this connection.
    #[must_use]
    pub fn is_online(self) -> bool {
        self.connection.get_untracked() == Connection::Open
    }

    /// The signed-in agent's id.
    #[must_use]
    pub fn my_id(self) -> Option<AgentId> {
        self.me.with_untracked(|me| me.as_ref().map(|agent| agent.id))
    }

    pub(super) fn with<R>(self, act: impl FnOnce(&mut Inner) -> R) -> Option<R> {
        self.inner.try_update_value(act)
    }

    pub(super) fn on_line(self, act: impl FnOnce(&dyn Line)) {
        if let Some(line) = self.with(|inner| inner.line.clone()).flatten() {
            act(&*line);
        }
    }

    pub(super) fn post(self, frame: &ClientFrame) -> bool {
        let line = self.with(|inner| inner.line.clone()).flatten();
        line.is_some_and(|line| line.send(frame))
    }
}
