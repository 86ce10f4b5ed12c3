//! The world of the model: one client (link and replica, driven as `client::live`, the widget and the desk drive them),
//! the server, the network between them (`wire`), and the time.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use causette_shared::entry::Content;
use causette_shared::id::{EntryId, Seq};
use causette_shared::limits::ACKNOWLEDGE_WITHIN;
use causette_shared::presence::Activity;
use causette_shared::protocol::visitor::{ClientFrame, Cursor, Hello, ServerFrame};
use causette_shared::sync::{Effect, Follow, Link, LinkEffect, OutgoingState, Replica};
use causette_shared::time::Timestamp;

use super::server::{BAD, Server};
use super::story::{Again, End, Greeting, Loss, Overtaken, Text, Transition, id_of};
use super::wire::{Connection, Wire};

/// Enough for the longest wait of all in a row: a dead link noticed, a connection, two pings, a gap asked for.
const SETTLES_WITHIN: Duration = Duration::from_secs(150);
/// How long the server asks clients to stay away while it starts again.
const DRAIN_PAUSE: Duration = Duration::from_secs(1);
/// How long a temporary refusal that names no time puts sending off.
const REFUSED_PAUSE: Duration = Duration::from_secs(2);
/// More frames than a story can leave on their way, with all that they give rise to.
const FRAMES_AT_ONCE: usize = 20_000;
/// In place of random bits for the link's waits.
const RANDOM: u32 = 7;

/// What is under test, and all around it.
pub struct World {
    follow: Follow,
    now: Timestamp,
    link: Link,
    pub replica: Replica,
    pub server: Server,
    wire: Wire,
    /// Whether the server has greeted the client over this connection.
    pub greeted: bool,
    /// Whether the client has asked for entries since.
    resumed: bool,
    /// How many texts were written.
    written: usize,
    /// Ids whose place in the log is free, since they failed once, and so did not keep their turn.
    pub failed: HashSet<EntryId>,
    /// Ids whose place in the log is free, since the store was put back to before them.
    pub taken_back: HashSet<EntryId>,
    /// Ids whose entry the client has held, or could have had by scrolling up.
    pub seen: HashSet<EntryId>,
    /// Where in the conversation followed something was acknowledged.
    acknowledged: HashMap<EntryId, Seq>,
    /// Ids that had been seen when the store was put back to before them: nobody has them any more.
    pub lost: HashSet<EntryId>,
    /// Ids that the person took out of the queue.
    pub taken_out: HashSet<EntryId>,
    /// What was sent over this connection and not answered yet, and when.
    pub unanswered: HashMap<EntryId, Timestamp>,
    /// Until when the server asked to send nothing.
    paused_until: Option<Timestamp>,
    /// Transitions that found something to do.
    steps: usize,
    /// Frames that a replica asked for.
    effects: usize,
    /// Timers that rang since time last moved.
    rings: usize,
}

impl World {
    pub fn new(follow: Follow) -> Self {
        let server = Server::new(follow);
        let mut world = Self {
            follow,
            now: Timestamp(1_000_000),
            link: Link::new(),
            replica: Replica::new(server.current().map(|current| current.id)),
            server,
            wire: Wire::default(),
            greeted: false,
            resumed: false,
            written: 0,
            failed: HashSet::new(),
            taken_back: HashSet::new(),
            seen: HashSet::new(),
            acknowledged: HashMap::new(),
            lost: HashSet::new(),
            taken_out: HashSet::new(),
            unanswered: HashMap::new(),
            paused_until: None,
            steps: 0,
            effects: 0,
            rings: 0,
        };
        world.link.start(world.now);
        world.drive();
        world
    }

    /// Transitions that found something to do.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Whether the server knows that it has to tell the client what is new.
    pub fn is_followed(&self) -> bool {
        self.follow == Follow::Unasked || self.resumed
    }

    /// Whether what is unsent may wait although the client is connected.
    pub fn is_paused(&self) -> bool {
        self.paused_until.is_some_and(|until| self.now < until)
    }

    /// How many frames the replica has asked for.
    pub fn effects(&self) -> usize {
        self.effects
    }

    /// Lets something happen.
    pub fn perform(&mut self, transition: Transition) {
        let found_something = match transition {
            Transition::Send(text) => self.write(text),
            Transition::Retry { which, how } => self.retry(which, how),
            Transition::Earlier => {
                self.replica.ask_earlier();
                self.replica.has_earlier()
            }
            Transition::Elsewhere { entries } => {
                let told = self.server.others_write(entries);
                self.wire.tell(told);
                true
            }
            Transition::Acknowledge { frames } => (0..frames).filter(|_| self.carry_up()).count() > 0,
            Transition::Receive { frames } => (0..frames).filter(|_| self.carry_down()).count() > 0,
            Transition::Refuse { kind, times } => {
                self.server.refuse(kind, times);
                true
            }
            Transition::Drop(loss) => self.lose(loss),
            Transition::Duplicate { way, which } => self.wire.duplicate(way, which),
            Transition::Reorder(Overtaken::Frame { way, which }) => self.wire.reorder(way, which),
            Transition::Reorder(Overtaken::Connection) => self.take_late(),
            Transition::Crash(end) => self.crash(end),
            Transition::Resume(greeting) => self.greet(greeting),
            Transition::Reset => {
                let told = self.server.reset();
                self.wire.tell(told);
                true
            }
            Transition::Close => self.server.close(),
            Transition::Pass { millis } => {
                self.pass(Duration::from_millis(millis.into()));
                true
            }
        };
        self.drive();
        self.steps += usize::from(found_something);
    }

    /// Ends every fault and lets time pass until nothing is left to do.
    pub fn heal(&mut self) {
        self.take_late();
        self.server.heal();
        self.carry_for(SETTLES_WITHIN);
    }

    /// Lets time pass while everything arrives at once.
    pub fn carry_for(&mut self, span: Duration) {
        let until = self.now.after(span);
        loop {
            self.carry_all();
            if !self.ring_next(until) {
                break;
            }
        }
        self.now = until;
    }

    /// The person scrolls up to the beginning.
    pub fn read_to_the_beginning(&mut self) {
        let mut before = None;
        while self.replica.has_earlier() && before != self.first_held() {
            before = self.first_held();
            self.replica.ask_earlier();
            self.drive();
            self.carry_all();
        }
    }

    fn first_held(&self) -> Option<u32> {
        self.replica.entries().front().map(|entry| entry.seq)
    }

    fn write(&mut self, text: Text) -> bool {
        let (id, words) = match text {
            Text::Good => (id_of(self.written), self.written.to_string()),
            Text::Bad => (id_of(self.written), BAD.to_owned()),
            Text::Reused(which) => match which.checked_rem(self.written) {
                Some(number) => (id_of(number), "other words".to_owned()),
                None => return false,
            },
        };
        self.written += usize::from(!matches!(text, Text::Reused(_)));
        self.replica.compose(self.now, id, Content::Message { text: words });
        true
    }

    fn retry(&mut self, which: usize, how: Again) -> bool {
        let failed = |state: &OutgoingState| matches!(state, OutgoingState::Failed(_));
        let all = self.replica.outgoing();
        let failures: Vec<EntryId> =
            all.iter().filter(|outgoing| failed(&outgoing.state)).map(|outgoing| outgoing.id).collect();
        // Now and then the person is late, and what they act on is no longer what it was.
        let of =
            if failures.is_empty() { all.iter().map(|outgoing| outgoing.id).collect() } else { failures };
        let Some(id) = which.checked_rem(of.len()).map(|place| of[place]) else { return false };
        match how {
            Again::Tried => self.replica.retry(self.now, id),
            Again::TakenOut => {
                if self.replica.take_failed(id).is_some() {
                    self.taken_out.insert(id);
                }
            }
        }
        true
    }

    fn lose(&mut self, loss: Loss) -> bool {
        match loss {
            Loss::Frame { way, which } => self.wire.lose_frame(way, which),
            Loss::Acknowledgement => self.wire.lose_acknowledgement(),
            Loss::Hints { entries } => {
                self.server.lose_hints(entries);
                true
            }
            Loss::Connection => self.cut(),
            Loss::Direction { way } => self.wire.deafen(way),
        }
    }

    /// What was sent over the connection before reaches the server only now.
    fn take_late(&mut self) -> bool {
        let late = self.wire.late();
        let any = !late.is_empty();
        for frame in late {
            let told = self.server.take_late(frame);
            self.wire.tell(told);
        }
        any
    }

    fn crash(&mut self, end: End) -> bool {
        match end {
            End::Page => {
                let unsent = self.replica.outgoing().to_vec();
                let conversation = self.replica.conversation().filter(|_| self.follow == Follow::OnRequest);
                self.hang_up();
                self.replica = Replica::new(conversation);
                self.link = Link::new();
                self.link.start(self.now);
                for outgoing in unsent {
                    self.replica.compose_after(self.now, outgoing.id, outgoing.content, outgoing.after);
                }
                true
            }
            End::Store { entries } => {
                let gone = self.server.put_back(entries);
                for id in (0..self.written).map(id_of).filter(|id| gone.contains(id)) {
                    self.taken_back.insert(id);
                    if self.seen.contains(&id) {
                        self.lost.insert(id);
                    }
                }
                self.cut();
                // What had not reached the server when it ended is gone with its connections.
                self.wire.late();
                true
            }
            End::Service => {
                let stops = self.wire.connection() == Connection::Up;
                if stops {
                    self.wire.tell(vec![ServerFrame::Drain]);
                    while self.carry_down() {}
                }
                self.cut() || stops
            }
        }
    }

    fn greet(&mut self, greeting: Greeting) -> bool {
        match (greeting, self.wire.connection()) {
            (Greeting::Connects, Connection::Down | Connection::Attempted) => {
                self.link.wake(self.now);
                self.drive();
                self.carry_down() && self.carry_up()
            }
            (Greeting::Again, Connection::Up) => {
                let hello = self.hello();
                self.wire.send(ClientFrame::Hello(hello));
                true
            }
            _ => false,
        }
    }

    fn cut(&mut self) -> bool {
        let connected = self.wire.connection() != Connection::Down;
        if connected {
            self.hang_up();
            self.link.closed(self.now, RANDOM);
        }
        connected
    }

    /// The connection is gone for both sides.
    fn hang_up(&mut self) {
        self.wire.hang_up();
        self.greeted = false;
        self.resumed = false;
        self.paused_until = None;
        self.acknowledged.clear();
        self.unanswered.clear();
        self.server.disconnected();
        self.replica.offline();
    }

    /// Does what link and replica ask for.
    fn drive(&mut self) {
        while let Some(effect) = self.link.poll_effect() {
            match effect {
                LinkEffect::Connect => self.wire.attempt(),
                LinkEffect::Ping => self.wire.send(ClientFrame::Ping),
                LinkEffect::Disconnect => self.hang_up(),
            }
        }
        while let Some(effect) = self.replica.poll_effect() {
            self.effects += 1;
            self.wire.send(match effect {
                Effect::Send { id, content, .. } => {
                    let before = self.unanswered.insert(id, self.now);
                    let patient = before.is_none_or(|at| self.now >= at.after(ACKNOWLEDGE_WITHIN));
                    assert!(patient, "{id} was sent again before it could be answered");
                    ClientFrame::Send { id, content }
                }
                Effect::Resume { conversation, after } => {
                    self.resumed = true;
                    ClientFrame::Resume { conversation, after }
                }
                Effect::Earlier { conversation, before } => ClientFrame::Earlier { conversation, before },
            });
        }
    }

    /// The next frame reaches the server, which answers it.
    fn carry_up(&mut self) -> bool {
        let frame = self.wire.next_up();
        frame.map(|frame| self.wire.tell(self.server.take(frame))).is_some()
    }

    /// The next frame reaches the client, or its attempt to connect succeeds.
    fn carry_down(&mut self) -> bool {
        let carried = if self.wire.connection() == Connection::Attempted {
            self.link.opened(self.now);
            let hello = self.hello();
            self.wire.open(hello);
            true
        } else if let Some(frame) = self.wire.next_down() {
            self.link.heard(self.now);
            self.take(frame);
            true
        } else {
            false
        };
        self.drive();
        carried
    }

    fn carry_all(&mut self) {
        let ended = (0..FRAMES_AT_ONCE).any(|_| !self.carry_up() && !self.carry_down());
        assert!(ended, "client and server talk without end");
    }

    fn hello(&self) -> Hello {
        let place = self.replica.conversation().zip(self.replica.cursor());
        Hello {
            site: "demo".to_owned(),
            session: None,
            host: String::new(),
            locale: String::new(),
            cursor: place.map(|(conversation, seq)| Cursor { conversation, seq }),
            activity: Activity::Active,
        }
    }

    fn take(&mut self, frame: ServerFrame) {
        let now = self.now;
        match frame {
            ServerFrame::Welcome(welcome) => {
                let known = welcome.conversation.map(|state| (state.id, state.last_seq));
                // The desk learns of the place from its list, which can be behind the log.
                let held = if self.follow == Follow::OnRequest { self.replica.last_seq() } else { 0 };
                let known = known.map(|(id, last)| (id, last.max(held)));
                self.replica.online(now, known, self.follow);
                self.greeted = true;
                self.paused_until = None;
                // A second greeting has all that is unsent sent again.
                self.unanswered.clear();
            }
            ServerFrame::Conversation(state) if self.follow == Follow::Unasked => {
                self.replica.announce(now, state.id, state.last_seq);
            }
            ServerFrame::Entries { conversation, entries } => {
                let ids: Vec<EntryId> = entries.iter().map(|entry| entry.id).collect();
                self.replica.receive(now, conversation, entries);
                self.see(&ids);
            }
            ServerFrame::Acknowledged { id, conversation, seq } => {
                self.unanswered.remove(&id);
                self.replica.acknowledged(now, id, conversation, seq);
                if self.replica.conversation() == Some(conversation) {
                    self.acknowledged.insert(id, seq);
                } else {
                    // It is in an earlier conversation, which stays readable.
                    self.seen.insert(id);
                }
                self.see(&[]);
            }
            ServerFrame::Refused { id, problem } => {
                self.unanswered.remove(&id);
                if problem.kind.is_temporary() {
                    let named = problem.retry_after_ms.map(|millis| Duration::from_millis(millis.into()));
                    self.paused_until = Some(now.after(named.unwrap_or(REFUSED_PAUSE)));
                } else {
                    self.failed.insert(id);
                }
                self.replica.refused(now, id, problem);
            }
            ServerFrame::Reset { conversation } => self.replica.reset(now, conversation),
            ServerFrame::Pong { last } => {
                if let Some(Cursor { conversation, seq }) = last {
                    self.replica.announce(now, conversation, seq);
                }
            }
            ServerFrame::Drain => self.link.postpone(now, DRAIN_PAUSE, RANDOM),
            ServerFrame::Conversation(_)
            | ServerFrame::Typing { .. }
            | ServerFrame::Availability { .. }
            | ServerFrame::Problem(_)
            | ServerFrame::Identified(_)
            | ServerFrame::Declined(_) => {}
        }
    }

    /// Takes note of what the client holds of what came, and of what lies above what it holds.
    fn see(&mut self, came: &[EntryId]) {
        for id in came {
            if self.replica.entries().iter().any(|entry| entry.id == *id) {
                self.unanswered.remove(id);
                self.seen.insert(*id);
            }
        }
        let first = self.first_held().unwrap_or_default();
        let above = self.acknowledged.iter().filter(|(_, seq)| **seq < first).map(|(id, _)| *id);
        self.seen.extend(above);
    }

    /// Lets time pass, ringing every timer on its way.
    fn pass(&mut self, span: Duration) {
        let until = self.now.after(span);
        while self.ring_next(until) {}
        self.now = until;
    }

    /// Rings the next timer that is due by `until`.
    fn ring_next(&mut self, until: Timestamp) -> bool {
        let timers = [self.link.next_timeout(), self.replica.next_timeout()];
        let Some(due) = timers.into_iter().flatten().min().filter(|due| *due <= until) else {
            return false;
        };
        if due > self.now {
            self.rings = 0;
        }
        self.rings += 1;
        assert!(self.rings < 100, "the timers ring without end");
        self.now = self.now.max(due);
        self.link.timeout(self.now, RANDOM);
        self.replica.timeout(self.now);
        self.drive();
        true
    }
}
