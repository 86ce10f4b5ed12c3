//! The panel's state: a store for each area, and the engine that moves them.
//!
//! Components read the stores' slots and call the methods of `Widget`; they neither fetch nor parse. The engine holds
//! the replica of the conversation, turns frames and what the visitor does into changes of the stores, and hands frames
//! to the outlet: the socket, or a test.

use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;
use std::time::Duration;

use causette_client::host::Host;
use causette_client::live::Live;
use causette_client::siblings::Siblings;
use causette_shared::id::SessionSecret;
use causette_shared::protocol::host::CONSENT_PERSONALISATION;
use causette_shared::protocol::visitor::ClientFrame;

use crate::setup::Setup;
use crate::words::Words;

pub mod activity;
pub mod attention;
pub mod composer;
pub mod connection;
pub mod engine;
pub mod form;
pub mod frames;
pub mod keep;
pub mod page;
pub mod person;
pub mod report;
pub mod rows;
pub mod slot;
pub mod thread;

use activity::Presence;
use composer::Composer;
use connection::Connection;
use engine::Engine;
use form::Form;
use keep::Keep;
use page::Panel;
use person::Person;
use thread::Thread;

/// Takes a frame to the server; false where there is no connection.
pub type Outlet = Rc<dyn Fn(&ClientFrame) -> bool>;

/// A handle to the state of a panel, which lasts as long as the document does.
#[derive(Clone, Copy, Debug)]
pub struct Widget(usize);

/// Everything that components and engine share.
pub struct State {
    /// The texts and formats.
    pub words: Words,
    /// What is fixed.
    pub setup: Setup,
    /// The conversation.
    pub thread: Thread,
    /// What is being written.
    pub composer: Composer,
    /// The form.
    pub form: Form,
    /// The connection.
    pub connection: Connection,
    /// The panel itself.
    pub panel: Panel,
    engine: Engine,
    presence: Presence,
    person: Person,
    keep: RefCell<Keep>,
    session: RefCell<Option<SessionSecret>>,
    host: Option<Host>,
    outlet: Outlet,
    live: RefCell<Option<Live>>,
    siblings: RefCell<Option<Siblings>>,
}

thread_local! {
    /// Views may only hold what could be sent to another thread, so they hold a place in this list.
    static STATES: RefCell<Vec<&'static State>> = const { RefCell::new(Vec::new()) };
}

impl Deref for Widget {
    type Target = State;

    fn deref(&self) -> &State {
        self.state()
    }
}

impl Widget {
    /// Makes the state of a panel that has not begun anything. It is never freed.
    #[must_use]
    pub fn new(setup: Setup, words: Words, host: Option<Host>, outlet: Outlet) -> Self {
        let session: Option<SessionSecret> =
            setup.config.session.as_deref().and_then(|text| text.parse().ok());
        let lasting =
            session.is_some() || setup.config.consent.is_some_and(|bits| bits & CONSENT_PERSONALISATION != 0);
        let keep = Keep::new(&setup.site, lasting, session.as_ref());
        let state = State {
            words,
            thread: Thread::new(&setup, session.is_some()),
            composer: Composer::new(keep.draft()),
            form: Form::new(&setup, keep.is_put_off()),
            connection: Connection::default(),
            panel: Panel::new(&setup),
            engine: Engine::default(),
            presence: Presence::new(),
            person: Person::new(&setup.config),
            keep: RefCell::new(keep),
            session: RefCell::new(session),
            setup,
            host,
            outlet,
            live: RefCell::new(None),
            siblings: RefCell::new(None),
        };
        let widget = STATES.with_borrow_mut(|states| {
            states.push(Box::leak(Box::new(state)));
            Self(states.len() - 1)
        });
        widget.restore();
        widget
    }

    /// The state itself.
    #[must_use]
    pub fn state(self) -> &'static State {
        // A handle is made together with its state, which stays in the list.
        STATES.with_borrow(|states| states[self.0])
    }

    /// Gives the panel its connection, which it stops, postpones and starts again.
    pub fn attach(self, live: Live) {
        live.start();
        self.live.replace(Some(live));
    }

    /// Takes up a session that begins in another tab, and tells other tabs of one that begins here.
    pub fn join_siblings(self) {
        let adopt = move |secret: &str| match secret {
            "" => self.log_out(),
            secret => self.adopt_session(secret),
        };
        self.siblings.replace(Siblings::listen(&self.setup.site, &self.setup.origin, adopt));
    }

    /// The visitor agreed to personalisation, or no longer does: what is kept may outlive the tab, or not. A session
    /// that was begun is what they asked for.
    pub fn set_personalisation(self, agreed: bool) {
        let lasting = agreed || self.session.borrow().is_some();
        self.keep.borrow_mut().set_lasting(lasting);
    }

    /// Calls `act` with the loader, where there is one.
    pub(crate) fn with_host(self, act: impl FnOnce(&Host)) {
        if let Some(host) = &self.host {
            act(host);
        }
    }

    pub(crate) fn send(self, frame: &ClientFrame) -> bool {
        (self.outlet)(frame)
    }

    pub(crate) fn stop_link(self) {
        let live = self.live.borrow().clone();
        if let Some(live) = live {
            live.stop();
        }
    }

    pub(crate) fn postpone_link(self, pause: Duration) {
        // The link says at once that it is lost, and must find this free.
        let live = self.live.borrow().clone();
        if let Some(live) = live {
            live.postpone(pause);
        }
    }
}
