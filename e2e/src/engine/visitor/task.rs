//! The task of a visitor: what `widget/src/state/{engine,frames}.rs` do, without the panel.

use std::time::Duration;

use causette_shared::entry::Author;
use causette_shared::id::{ConversationId, Seq};
use causette_shared::presence::Activity;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::visitor::{
    ClientFrame, ConversationState, Cursor, FrameError, Hello, ServerFrame, Welcome, decode, encode,
};
use causette_shared::sync::{Effect, Follow, Replica};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use super::{Command, Identity};
use crate::engine::socket::{Line, LineEvent};
use crate::engine::{Event, Held, Place, Reading, Tell, pause_of};
use crate::harness::environment;

const PATH: &str = "/api/v1/visitor/socket";
/// As the widget: the longest wait after the server said that it stops.
const DRAIN_SPREAD_MS: u32 = 2_000;
/// As the widget: the wait after a refusal that names none.
const PAUSE: Duration = Duration::from_secs(5);

/// A visitor, as their task holds them.
pub(super) struct Visitor {
    line: Line,
    who: Identity,
    reading: Reading,
    replica: Replica,
    online: bool,
    about: Option<ConversationState>,
    seen_said: Option<(ConversationId, Seq)>,
    tell: Tell,
}

impl Visitor {
    pub(super) fn new(place: &Place, who: Identity, reading: Reading, tell: Tell) -> Self {
        let ping = Message::binary(encode(&ClientFrame::Ping).expect("a ping is small"));
        Self {
            line: Line::new(place, PATH, None, ping),
            who,
            reading,
            replica: Replica::default(),
            online: false,
            about: None,
            seen_said: None,
            tell,
        }
    }

    /// Lives until told to stop, or until nobody is left who could tell.
    pub(super) async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Command>) -> Held {
        self.line.start();
        loop {
            let wake = self.replica.next_timeout();
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Command::Stop) | None => break,
                    Some(order) => self.obey(order),
                },
                event = self.line.next(wake) => self.happened(event),
            }
            self.settle();
        }
        self.line.stop();
        Held::of(&self.replica, self.online)
    }

    fn obey(&mut self, order: Command) {
        let now = environment::now();
        match order {
            Command::Compose(composed) => {
                if self.who.session.is_none() {
                    self.who.session = Some(environment::session_secret());
                    // What waits for the session goes out when the server has greeted it.
                    self.replica.offline();
                    self.hello();
                }
                self.replica.compose(now, composed.0, composed.1);
            }
            Command::Retry(id) => self.replica.retry(now, id),
            Command::Earlier => self.replica.ask_earlier(),
            Command::Wake => self.line.wake(),
            Command::Tell(answer) => {
                // Whoever asked may have gone.
                let _ = answer.send(Held::of(&self.replica, self.online));
            }
            Command::Stop => {}
        }
    }

    fn happened(&mut self, event: LineEvent) {
        match event {
            LineEvent::Opened => self.hello(),
            LineEvent::Frame(Message::Binary(bytes)) => match decode(&bytes) {
                Ok(frame) => self.receive(frame),
                Err(FrameError::OtherVersion) => self.problem(&Problem::new(ProblemKind::Outdated)),
                // A frame that cannot be read is as good as lost: the next pong shows the gap.
                Err(FrameError::TooLarge | FrameError::Malformed) => {}
            },
            LineEvent::Frame(_) => {}
            LineEvent::Lost { attempts } => self.lost(attempts),
            LineEvent::Refused(problem) => self.give_up(&problem),
            LineEvent::Woken => self.replica.timeout(environment::now()),
        }
    }

    /// Says who is there; said again when the visitor gets a session.
    fn hello(&mut self) {
        let cursor = self.replica.conversation().zip(self.replica.cursor());
        let hello = Hello {
            site: self.who.site.clone(),
            session: self.who.session.as_ref().map(|secret| secret.expose().to_owned()),
            host: self.who.host.clone(),
            locale: "en".to_owned(),
            cursor: cursor.map(|(conversation, seq)| Cursor { conversation, seq }),
            activity: Activity::Active,
        };
        self.send(&ClientFrame::Hello(hello));
    }

    fn receive(&mut self, frame: ServerFrame) {
        let now = environment::now();
        match frame {
            ServerFrame::Welcome(welcome) => self.welcome(welcome),
            ServerFrame::Conversation(state) => {
                let (id, last) = (state.id, state.last_seq);
                self.learn(state);
                self.replica.announce(now, id, last);
            }
            ServerFrame::Entries { conversation, entries } => {
                (self.tell)(Event::Received { conversation, entries: &entries });
                self.replica.receive(now, conversation, entries);
            }
            ServerFrame::Acknowledged { id, conversation, seq } => {
                (self.tell)(Event::Acknowledged { id, conversation, seq });
                self.replica.acknowledged(now, id, conversation, seq);
            }
            ServerFrame::Refused { id, problem } => {
                (self.tell)(Event::Refused { id, problem: &problem });
                self.replica.refused(now, id, problem);
            }
            ServerFrame::Reset { conversation } => {
                (self.tell)(Event::Reset { conversation });
                self.replica.reset(now, conversation);
            }
            ServerFrame::Problem(problem) => self.problem(&problem),
            ServerFrame::Pong { last: Some(Cursor { conversation, seq }) } => {
                self.replica.announce(now, conversation, seq);
            }
            ServerFrame::Drain => {
                let spread = environment::random_number() % DRAIN_SPREAD_MS;
                self.postpone(Duration::from_millis(spread.into()));
            }
            ServerFrame::Typing { .. }
            | ServerFrame::Availability { .. }
            | ServerFrame::Pong { last: None }
            | ServerFrame::Identified(_)
            | ServerFrame::Declined(_) => {}
        }
    }

    fn welcome(&mut self, welcome: Welcome) {
        let known = welcome.conversation.as_ref().map(|state| (state.id, state.last_seq));
        match welcome.conversation {
            Some(state) => self.learn(state),
            None => self.about = None,
        }
        self.online = true;
        (self.tell)(Event::Welcomed);
        self.replica.online(environment::now(), known, Follow::Unasked);
    }

    /// Notes what the conversation has become, and tells what the agents have seen of it.
    fn learn(&mut self, state: ConversationState) {
        let told =
            self.about.as_ref().filter(|about| about.id == state.id).map_or(0, |about| about.agent_seen);
        if state.agent_seen > told {
            (self.tell)(Event::Seen { conversation: state.id, upto: state.agent_seen });
        }
        self.about = Some(state);
    }

    fn problem(&mut self, problem: &Problem) {
        match problem.kind {
            ProblemKind::Outdated | ProblemKind::UnknownSite | ProblemKind::WrongOrigin => {
                self.give_up(problem);
            }
            kind => {
                (self.tell)(Event::Trouble(problem));
                if kind.is_temporary() {
                    self.postpone(pause_of(problem, PAUSE));
                }
            }
        }
    }

    fn postpone(&mut self, pause: Duration) {
        self.line.postpone(pause);
        self.lost(self.line.failed_attempts());
    }

    fn lost(&mut self, attempts: u32) {
        self.online = false;
        self.replica.offline();
        (self.tell)(Event::Lost { attempts });
    }

    fn give_up(&mut self, problem: &Problem) {
        self.line.stop();
        self.online = false;
        self.replica.offline();
        (self.tell)(Event::GaveUp(problem));
    }

    /// Does what the replica wants, and says what was seen.
    fn settle(&mut self) {
        while let Some(effect) = self.replica.poll_effect() {
            let frame = match effect {
                Effect::Send { id, content, .. } => {
                    (self.tell)(Event::Sent { id });
                    ClientFrame::Send { id, content }
                }
                Effect::Resume { conversation, after } => ClientFrame::Resume { conversation, after },
                Effect::Earlier { conversation, before } => ClientFrame::Earlier { conversation, before },
            };
            self.send(&frame);
        }
        if self.online && self.reading == Reading::Attentive {
            self.mark_seen();
        }
    }

    fn mark_seen(&mut self) {
        let Some(about) = &self.about else { return };
        let conversation = about.id;
        let said = self.seen_said.filter(|(of, _)| *of == conversation).map_or(0, |(_, said)| said);
        let seen = about.visitor_seen.max(said);
        let foreign = self.replica.entries().iter().rev().find(|entry| entry.author != Author::Visitor);
        let upto = foreign.map_or(0, |entry| entry.seq);
        if self.replica.conversation() == Some(conversation)
            && upto > seen
            && self.send(&ClientFrame::Seen { conversation, upto })
        {
            self.seen_said = Some((conversation, upto));
        }
    }

    fn send(&mut self, frame: &ClientFrame) -> bool {
        // What does not fit a frame is not sent, as in the widget, whose composer refuses it before.
        encode(frame).is_ok_and(|bytes| self.line.send(Message::binary(bytes)))
    }
}
