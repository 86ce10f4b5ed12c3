//! What the server says, and what the panel says to be known.

use std::time::Duration;

use causette_client::live::{LiveEvent, Payload};
use causette_client::random;
use causette_client::timer::{self, Timer};
use causette_shared::limits;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::visitor::{
    self, ClientFrame, ConversationState, Cursor, FrameError, Hello, ServerFrame, Welcome,
};
use causette_shared::sync::Follow;
use wasm_bindgen::JsValue;

use super::Widget;
use super::connection::Link;
use crate::setup::Setup;

/// The longest wait after the server said that it stops: a herd comes back spread over this time.
const DRAIN_SPREAD_MS: u32 = 2_000;
/// The wait after a refusal that names none.
const PAUSE: Duration = Duration::from_secs(5);

impl Widget {
    /// Something happened to the connection.
    pub fn live_event(self, event: LiveEvent) {
        match event {
            LiveEvent::Opened => self.hello(),
            LiveEvent::Frame(Payload::Binary(bytes)) => match visitor::decode(&bytes) {
                Ok(frame) => self.receive(frame),
                Err(FrameError::OtherVersion) => self.problem(&Problem::new(ProblemKind::Outdated)),
                // A frame that cannot be read is as good as lost: the next pong shows the gap.
                Err(FrameError::TooLarge | FrameError::Malformed) => {}
            },
            LiveEvent::Frame(Payload::Text(_)) => {}
            LiveEvent::Lost { attempts } => self.lost(attempts),
        }
    }

    /// Says who is there; said again when the visitor gets a session.
    pub(super) fn hello(self) {
        let cursor = self.with_current(|replica| {
            replica
                .conversation()
                .zip(replica.cursor())
                .map(|(conversation, seq)| Cursor { conversation, seq })
        });
        let session = self.session.borrow().as_ref().map(|secret| secret.expose().to_owned());
        let activity = self.current_activity();
        let Setup { site, origin, locale, .. } = &self.setup;
        let (site, host, locale) = (site.clone(), origin.clone(), locale.clone());
        self.send(&ClientFrame::Hello(Hello { site, session, host, locale, cursor, activity }));
    }

    fn lost(self, attempts: u32) {
        self.engine.replica.borrow_mut().offline();
        self.thread.typing.set(None);
        self.thread.earlier_asked.set(false);
        self.link_down(attempts);
        self.settle();
    }

    /// A frame arrived.
    pub fn receive(self, frame: ServerFrame) {
        let now = timer::now();
        match frame {
            ServerFrame::Welcome(welcome) => self.welcome(welcome),
            ServerFrame::Conversation(state) => self.conversation(state),
            ServerFrame::Entries { conversation, entries } => {
                self.with_replica(|replica| replica.receive(now, conversation, entries));
            }
            ServerFrame::Acknowledged { id, conversation, seq } => {
                self.with_replica(|replica| replica.acknowledged(now, id, conversation, seq));
            }
            ServerFrame::Refused { id, problem } => {
                self.with_replica(|replica| replica.refused(now, id, problem));
            }
            ServerFrame::Reset { conversation } => {
                self.with_replica(|replica| replica.reset(now, conversation));
            }
            ServerFrame::Typing { name, active } => self.show_typing(active.then_some(name)),
            ServerFrame::Availability { available } => self.set_available(available),
            ServerFrame::Problem(problem) => self.problem(&problem),
            ServerFrame::Pong { last: Some(Cursor { conversation, seq }) } => {
                self.with_replica(|replica| replica.announce(now, conversation, seq));
            }
            ServerFrame::Pong { last: None } => {}
            ServerFrame::Identified(standing) => self.identified(standing),
            ServerFrame::Declined(problem) => self.declined(&problem),
            ServerFrame::Drain => {
                let spread = random::number() % DRAIN_SPREAD_MS;
                self.postpone_link(Duration::from_millis(spread.into()));
            }
        }
    }

    fn welcome(self, welcome: Welcome) {
        let known = welcome.conversation.as_ref().map(|state| (state.id, state.last_seq));
        self.set_available(welcome.available);
        match known {
            Some((conversation, last)) => self.engine.hear_from(conversation, last),
            None => {
                if self.thread.rows.peek(Vec::is_empty) {
                    self.thread.greeting.set(self.setup.config.greeting.clone());
                }
                self.thread.loading.set(false);
                self.thread.announces.set(true);
            }
        }
        self.thread.about.set(welcome.conversation);
        self.link_up();
        // Before anything that waits is sent: it may belong into a conversation that this brings.
        self.tell_person();
        self.with_replica(|replica| replica.online(timer::now(), known, Follow::Unasked));
    }

    fn conversation(self, state: ConversationState) {
        let (id, last) = (state.id, state.last_seq);
        let begins = self.thread.about.peek(|about| about.as_ref().is_none_or(|about| about.id != id));
        let number = state.number;
        self.thread.about.set(Some(state));
        if begins {
            self.engine.hear_from(id, 0);
            self.tell_siblings();
            let number = JsValue::from_f64(number.into());
            self.with_host(|host| host.event("conversation:started", &[("number", number)]));
            self.tell_person();
        }
        self.with_replica(|replica| replica.announce(timer::now(), id, last));
    }

    fn set_available(self, available: bool) {
        if self.thread.available.now() != available {
            self.thread.available.set(available);
            self.reshape_form();
            self.with_host(|host| host.event("availability:changed", &[("available", available.into())]));
        }
    }

    fn show_typing(self, name: Option<String>) {
        let lasts =
            name.is_some().then(|| Timer::after(limits::TYPING_LASTS, move || self.thread.typing.set(None)));
        self.presence.typing_lasts.set(lasts);
        self.thread.typing.set(name);
    }

    fn problem(self, problem: &Problem) {
        match problem.kind {
            ProblemKind::Outdated => self.give_up(Link::Outdated),
            ProblemKind::UnknownSite | ProblemKind::WrongOrigin => self.give_up(Link::Refused),
            kind if kind.is_temporary() => {
                let pause =
                    problem.retry_after_ms.map_or(PAUSE, |millis| Duration::from_millis(millis.into()));
                self.postpone_link(pause);
            }
            // The server closes the connection, and the link comes back by itself, more slowly each time.
            _ => {}
        }
        self.tell_error(name_of(problem.kind));
    }

    /// Tells the page that something went wrong.
    pub(super) fn tell_error(self, kind: &str) {
        self.with_host(|host| host.event("error", &[("kind", kind.into())]));
    }

    fn give_up(self, link: Link) {
        self.link_given_up(link);
        self.engine.replica.borrow_mut().offline();
        self.thread.loading.set(false);
        self.stop_link();
        self.settle();
    }
}

/// The kinds that a connection as a whole is refused with, as the page hears them.
const fn name_of(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Outdated => "outdated",
        ProblemKind::UnknownSite => "unknown_site",
        ProblemKind::WrongOrigin => "wrong_origin",
        ProblemKind::RateLimited => "rate_limited",
        ProblemKind::Unavailable => "unavailable",
        ProblemKind::Malformed | ProblemKind::TooLarge | ProblemKind::Invalid => "malformed",
        _ => "internal",
    }
}
