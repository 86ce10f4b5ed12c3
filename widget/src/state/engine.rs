//! What moves the panel: the replica of the conversation, what it wants sent, and what is drawn of it.
//!
//! Everything that happens ends in `settle`: the replica's wishes become frames, its timer is armed, and the stores are
//! brought up to date. What was composed is kept in the browser until its entry has arrived.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use causette_client::timer::{self, Timer};
use causette_client::{random, storage};
use causette_shared::entry::{Author, Content};
use causette_shared::id::{ConversationId, EntryId, Seq, SessionSecret};
use causette_shared::protocol::host::to_loader;
use causette_shared::protocol::visitor::ClientFrame;
use causette_shared::sync::{Effect, Replica};
use causette_shared::time::Timestamp;

use super::Widget;
use super::rows;
use crate::setup::session_key;

/// How long the log keeps quiet while history is put in place, so that a screen reader does not read it out.
const HISTORY_SETTLES: Duration = Duration::from_millis(400);

/// The replica and what belongs to driving it.
#[derive(Default)]
pub(super) struct Engine {
    pub(super) replica: RefCell<Replica>,
    /// What was composed and not yet told to the page as sent or failed.
    pub(super) unconfirmed: RefCell<Vec<(EntryId, Kind)>>,
    /// What is kept in the browser because it may still have to be sent.
    pub(super) kept: RefCell<Vec<EntryId>>,
    /// How far the log was known when it was opened, or has been announced since.
    pub(super) heard: Cell<Option<(ConversationId, Seq)>>,
    /// What the loader was told last.
    pub(super) unread_told: Cell<usize>,
    timer: Cell<Option<Timer>>,
    quiet: Cell<Option<Timer>>,
}

/// What was composed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Message,
    /// A form, under the name that the page hears.
    Form(&'static str),
}

impl Engine {
    /// From here on, what the conversation gets is news.
    pub(super) fn hear_from(&self, conversation: ConversationId, seq: Seq) {
        if self.heard.get().is_none_or(|(heard, _)| heard != conversation) {
            self.heard.set(Some((conversation, seq)));
        }
    }
}

impl Widget {
    /// Sends something, now or as soon as there is a connection. The first message begins the session.
    pub fn compose(self, content: Content) {
        let now = timer::now();
        let id = EntryId::mint(now, random::bytes());
        self.keep_unsent(id, &content);
        let begins = self.begin_session();
        if begins {
            // What waits for the session goes out when the server has greeted it.
            self.engine.replica.borrow_mut().offline();
            self.hello();
        }
        self.with_replica(|replica| replica.compose(now, id, content));
    }

    /// Sends something that failed again.
    pub fn retry(self, id: EntryId) {
        self.engine.unconfirmed.borrow_mut().push((id, Kind::Message));
        self.with_replica(|replica| replica.retry(timer::now(), id));
    }

    /// Asks for the entries before those shown.
    pub fn ask_earlier(self) {
        if self.thread.has_earlier.now() && !self.thread.earlier_asked.now() {
            self.thread.earlier_asked.set(true);
            self.with_replica(Replica::ask_earlier);
        }
    }

    /// Takes something that failed back.
    pub(super) fn take_failed(self, id: EntryId) -> Option<Content> {
        let taken = self.engine.replica.borrow_mut().take_failed(id);
        self.settle();
        taken.map(|outgoing| outgoing.content)
    }

    /// Changes the replica and follows up on it.
    pub(super) fn with_replica(self, change: impl FnOnce(&mut Replica)) {
        change(&mut self.engine.replica.borrow_mut());
        self.settle();
    }

    /// Reads the replica.
    pub(super) fn with_current<T>(self, read: impl FnOnce(&Replica) -> T) -> T {
        read(&self.engine.replica.borrow())
    }

    /// Takes up what was left unsent when the panel was closed, under the same ids.
    pub(super) fn restore(self) {
        let unsent = self.keep.borrow().unsent();
        if unsent.is_empty() {
            return;
        }
        for (id, content) in unsent {
            self.keep_unsent(id, &content);
            self.engine.replica.borrow_mut().compose(minted_at(id), id, content);
        }
        self.begin_session();
        self.settle();
    }

    fn keep_unsent(self, id: EntryId, content: &Content) {
        let kind = match content {
            Content::Message { .. } => Kind::Message,
            Content::Introduction(_) => Kind::Form("introduction"),
            Content::Contacts(_) => Kind::Form("contacts"),
            Content::Copy { .. } => Kind::Form("copy"),
        };
        self.keep.borrow().add_unsent(id, content);
        self.engine.kept.borrow_mut().push(id);
        self.engine.unconfirmed.borrow_mut().push((id, kind));
    }

    /// Mints the session where there is none; true where it did.
    pub(super) fn begin_session(self) -> bool {
        let bytes: [u8; 32] = random::bytes();
        // A browser without randomness gives zeros: a secret that others have is worse than none.
        if self.session.borrow().is_some() || bytes == [0; 32] {
            return false;
        }
        let secret = SessionSecret::from_bytes(bytes);
        self.hold_session(secret);
        self.tell_siblings();
        true
    }

    /// Tells other tabs of the session, as it begins and again as its conversation does.
    pub(super) fn tell_siblings(self) {
        if let (Some(siblings), Some(secret)) = (&*self.siblings.borrow(), &*self.session.borrow()) {
            siblings.tell(secret.expose());
        }
    }

    /// Another tab has begun a session, or its conversation: they are this one's too, unless this one has its own.
    pub(super) fn adopt_session(self, secret: &str) {
        let Ok(secret) = secret.parse::<SessionSecret>() else {
            return;
        };
        let own = self.session.borrow().clone();
        let has_conversation = self.with_current(|replica| replica.conversation().is_some());
        match own {
            None => self.hold_session(secret),
            Some(own) if own == secret && !has_conversation => {}
            Some(_) => return,
        }
        self.hello();
    }

    /// Tells other tabs that the person has signed out.
    pub fn tell_siblings_of_end(self) {
        if let Some(siblings) = &*self.siblings.borrow() {
            siblings.tell("");
        }
    }

    /// The person has signed out: nothing of them stays in this browser's storage. Who frames us begins anew with a panel
    /// that knows of nobody.
    pub fn log_out(self) {
        self.forget_person();
        self.session.replace(None);
        self.keep.borrow_mut().forget_all();
        if self.setup.full_page {
            storage::remove(storage::Area::Local, &session_key(&self.setup.site));
            if let Some(window) = web_sys::window() {
                let _ = window.location().reload();
            }
        }
        self.with_host(|host| host.post(to_loader::FORGET));
    }

    fn hold_session(self, secret: SessionSecret) {
        if self.setup.full_page {
            storage::set(storage::Area::Local, &session_key(&self.setup.site), secret.expose());
        }
        self.with_host(|host| host.post_with(to_loader::SESSION, &[("secret", secret.expose().into())]));
        let mut keep = self.keep.borrow_mut();
        keep.set_lasting(true);
        keep.set_owner(&secret);
        drop(keep);
        self.session.replace(Some(secret));
    }

    /// Does what the replica wants, and shows what it holds.
    pub(super) fn settle(self) {
        loop {
            // Its own statement: the replica must be free again while the frame is sent.
            let effect = self.engine.replica.borrow_mut().poll_effect();
            let Some(effect) = effect else { break };
            self.send(&match effect {
                Effect::Send { id, content, .. } => ClientFrame::Send { id, content },
                Effect::Resume { conversation, after } => ClientFrame::Resume { conversation, after },
                Effect::Earlier { conversation, before } => ClientFrame::Earlier { conversation, before },
            });
        }
        let wake = self.with_current(Replica::next_timeout).map(|at| {
            let wait = at.since(timer::now());
            Timer::after(wait, move || self.with_replica(|replica| replica.timeout(timer::now())))
        });
        self.engine.timer.set(wake);
        self.show();
        self.confirm();
        self.tell_received();
        self.tell_unread();
    }

    /// Draws what the replica holds.
    pub(super) fn show(self) {
        let thread = &self.thread;
        self.open_at_new();
        let agent_seen = thread.about.peek(|about| about.as_ref().map_or(0, |about| about.agent_seen));
        let previous = thread.rows.now();
        let (rows, first, foreign) = self.with_current(|replica| {
            let rows = rows::build(
                timer::now(),
                &previous,
                replica.entries(),
                replica.outgoing(),
                rows::Marks { agent_seen, new_after: self.panel.new_after.get() },
            );
            let foreign = replica.entries().iter().rev().find(|entry| entry.author != Author::Visitor);
            thread.has_earlier.set(replica.has_earlier());
            (rows, replica.entries().front().map(|entry| entry.id), foreign.map_or(0, |entry| entry.seq))
        });
        if let Some(first) = first {
            let was_shown = previous.iter().any(|row| row.id == first);
            if !was_shown && rows.first().is_some_and(|row| row.id == first) {
                self.put_history();
            }
            thread.loading.set(false);
        }
        thread.rows.set(rows);
        // Until it is decided where the log opens, nothing of it is before the visitor's eyes.
        if self.panel.opened.get().is_some() {
            thread.foreign_seq.set(foreign);
        }
        self.follow_form();
    }

    /// History is being put in place: nothing of it is news.
    fn put_history(self) {
        let thread = &self.thread;
        thread.earlier_asked.set(false);
        thread.greeting.set(None);
        thread.announces.set(false);
        let settled = Timer::after(HISTORY_SETTLES, move || self.thread.announces.set(true));
        self.engine.quiet.set(Some(settled));
    }
}

/// When an id was minted: the first 48 bits of a UUIDv7 (RFC 9562 §5.7).
fn minted_at(id: EntryId) -> Timestamp {
    let millis = id.0.as_bytes()[..6].iter().fold(0, |sum, byte| (sum << 8) | i64::from(*byte));
    Timestamp(millis)
}
