//! The world of the model: one client (link and replica, driven as `client::live` and the widget drive them), the
//! server, the frames on their way, and the time.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::time::Duration;

use causette_shared::entry::Content;
use causette_shared::id::{EntryId, Seq};
use causette_shared::presence::Activity;
use causette_shared::protocol::visitor::{ClientFrame, Cursor, Hello, ServerFrame};
use causette_shared::sync::{Effect, Follow, Link, LinkEffect, OutgoingState, Replica};
use causette_shared::time::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::Op;
use super::server::{BAD, Server};

/// Enough for the longest wait of all in a row: a dead link noticed, a connection, two pings, a gap asked for.
const SETTLES_WITHIN: Duration = Duration::from_secs(150);

/// The connection, as the network sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Down,
    /// The client tries; the next delivery succeeds.
    Attempted,
    Up,
    /// Up for both sides, but nothing gets through.
    Deaf,
}

pub struct World {
    follow: Follow,
    now: Timestamp,
    link: Link,
    replica: Replica,
    server: Server,
    wire: Wire,
    up: VecDeque<ClientFrame>,
    down: VecDeque<ServerFrame>,
    /// Every id ever composed, in order.
    composed: Vec<EntryId>,
    /// Ids whose place in the log is free: they failed once, were tried twice, or their entry was taken back.
    unordered: HashSet<EntryId>,
    /// Ids that the client had seen in the log before the server lost them.
    lost: HashSet<EntryId>,
    /// Ids sent over this connection and not answered yet.
    unanswered: BTreeSet<EntryId>,
    /// Frames that a replica asked for.
    effects: usize,
    /// Timers that rang.
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
            wire: Wire::Down,
            up: VecDeque::new(),
            down: VecDeque::new(),
            composed: Vec::new(),
            unordered: HashSet::new(),
            lost: HashSet::new(),
            unanswered: BTreeSet::new(),
            effects: 0,
            rings: 0,
        };
        world.link.start(world.now);
        world.drive();
        world
    }

    pub fn perform(&mut self, op: &Op) {
        match *op {
            Op::Compose { bad } => self.compose(bad),
            Op::ComposeAgain { which } => {
                if let Some(id) = pick(&self.composed, which) {
                    self.unordered.insert(id);
                    self.replica.compose(self.now, id, message("other words"));
                }
            }
            Op::Retry { which } => {
                let ids: Vec<EntryId> = self.replica.outgoing().iter().map(|outgoing| outgoing.id).collect();
                if let Some(id) = pick(&ids, which) {
                    self.replica.retry(self.now, id);
                }
            }
            Op::Earlier => self.replica.ask_earlier(),
            Op::Pass { millis } => self.pass(Duration::from_millis(millis.into())),
            Op::DeliverUp { frames } => (0..frames).for_each(|_| self.deliver_up()),
            Op::DeliverDown { frames } => (0..frames).for_each(|_| self.deliver_down()),
            Op::OthersWrite { entries, hint } => self.down.extend(self.server.others_write(entries, hint)),
            Op::Refuse { kind, times } => self.server.refuse(kind, times),
            Op::RepeatUp => {
                if let Some(frame) = self.up.front().cloned() {
                    self.up.push_front(frame);
                }
            }
            Op::RepeatDown => {
                if let Some(frame) = self.down.front().cloned() {
                    self.down.push_front(frame);
                }
            }
            Op::SwallowAcknowledgement => {
                let place =
                    self.down.iter().position(|frame| matches!(frame, ServerFrame::Acknowledged { .. }));
                place.and_then(|place| self.down.remove(place));
            }
            Op::Cut => self.cut(),
            Op::GoDeaf if self.wire == Wire::Up => self.wire = Wire::Deaf,
            Op::GoDeaf => {}
            Op::Wake => self.link.wake(self.now),
            Op::Crash => self.crash(),
            Op::Restore { lose } => self.restore(lose),
            Op::Close => self.server.close(),
        }
        self.drive();
    }

    /// What holds at any time.
    pub fn check(&mut self) -> Result<(), TestCaseError> {
        let entries = self.replica.entries();
        let consecutive =
            entries.iter().zip(entries.iter().skip(1)).all(|(one, next)| one.seq + 1 == next.seq);
        prop_assert!(consecutive, "the entries have a hole");
        for outgoing in self.replica.outgoing() {
            if let OutgoingState::Failed(problem) = &outgoing.state {
                prop_assert!(!problem.kind.is_temporary(), "{} was given up too early", outgoing.id);
                self.unordered.insert(outgoing.id);
            }
        }
        for id in &self.composed {
            let waits = self.replica.outgoing().iter().any(|outgoing| outgoing.id == *id);
            prop_assert!(waits || self.server.holds(*id) || self.lost.contains(id), "{id} is lost");
        }
        prop_assert!(self.unanswered.len() <= 1, "two messages are on their way");
        Ok(())
    }

    /// Heals the network and lets time pass until nothing is left to do.
    pub fn settle(&mut self) -> Result<(), TestCaseError> {
        self.server.refuse(causette_shared::problem::ProblemKind::Internal, 0);
        self.deliver_for(SETTLES_WITHIN);
        self.check()?;
        let effects = self.effects;
        self.deliver_for(Duration::from_secs(60));
        prop_assert_eq!(self.effects, effects, "the client still asks although it has everything");
        Ok(())
    }

    /// What holds once everything has arrived.
    pub fn check_settled(&self) -> Result<(), TestCaseError> {
        for outgoing in self.replica.outgoing() {
            let failed = matches!(outgoing.state, OutgoingState::Failed(_));
            prop_assert!(failed, "{} is still {:?}", outgoing.id, outgoing.state);
        }
        let told = self.server.current();
        prop_assert_eq!(self.replica.conversation(), told.map(|current| current.id));
        let log = told.map_or(&[][..], |current| &current.log);
        let held = self.replica.entries();
        prop_assert_eq!(self.replica.last_seq(), log.len() as Seq);
        prop_assert!(log.is_empty() || !held.is_empty());
        prop_assert!(held.iter().eq(&log[log.len() - held.len()..]), "client and server differ");

        let mut seen = HashSet::new();
        for entry in self.server.entries() {
            prop_assert!(seen.insert(entry.id), "{} is in the log twice", entry.id);
        }
        let free = |id: &EntryId| self.unordered.contains(id) || !seen.contains(id);
        let composed: Vec<EntryId> = self.composed.iter().copied().filter(|id| !free(id)).collect();
        let mine: HashSet<EntryId> = composed.iter().copied().collect();
        let logged: Vec<EntryId> =
            self.server.entries().map(|entry| entry.id).filter(|id| mine.contains(id)).collect();
        prop_assert_eq!(logged, composed, "not in the order of composing");
        Ok(())
    }

    /// The client's ids are even, the server's odd.
    fn compose(&mut self, bad: bool) {
        let number = self.composed.len() as u128;
        let id = EntryId(uuid::Uuid::from_u128((number + 1) * 2));
        self.composed.push(id);
        let content = if bad { message(BAD) } else { message(&number.to_string()) };
        self.replica.compose(self.now, id, content);
    }

    fn crash(&mut self) {
        let unsent = self.replica.outgoing().to_vec();
        let conversation = self.replica.conversation().filter(|_| self.follow == Follow::OnRequest);
        self.hang_up();
        self.replica = Replica::new(conversation);
        self.link = Link::new();
        self.link.start(self.now);
        for outgoing in unsent {
            self.replica.compose_after(self.now, outgoing.id, outgoing.content, outgoing.after);
        }
    }

    fn restore(&mut self, lose: usize) {
        let gone = self.server.restore(lose);
        for id in self.composed.iter().filter(|id| gone.contains(id)) {
            self.unordered.insert(*id);
            if !self.replica.outgoing().iter().any(|outgoing| outgoing.id == *id) {
                self.lost.insert(*id);
            }
        }
        self.cut();
    }

    fn cut(&mut self) {
        if self.wire != Wire::Down {
            self.hang_up();
            self.link.closed(self.now, 7);
        }
    }

    /// The connection is gone for both sides.
    fn hang_up(&mut self) {
        self.wire = Wire::Down;
        self.up.clear();
        self.down.clear();
        self.unanswered.clear();
        self.server.disconnected();
        self.replica.offline();
    }

    /// Does what link and replica ask for.
    fn drive(&mut self) {
        while let Some(effect) = self.link.poll_effect() {
            match effect {
                LinkEffect::Connect => self.wire = Wire::Attempted,
                LinkEffect::Ping => self.up.push_back(ClientFrame::Ping),
                LinkEffect::Disconnect => self.hang_up(),
            }
        }
        while let Some(effect) = self.replica.poll_effect() {
            self.effects += 1;
            self.up.push_back(match effect {
                Effect::Send { id, content, .. } => {
                    self.unanswered.insert(id);
                    ClientFrame::Send { id, content }
                }
                Effect::Resume { conversation, after } => ClientFrame::Resume { conversation, after },
                Effect::Earlier { conversation, before } => ClientFrame::Earlier { conversation, before },
            });
        }
    }

    fn deliver_up(&mut self) {
        match self.wire {
            Wire::Up => {
                if let Some(frame) = self.up.pop_front() {
                    self.down.extend(self.server.take(frame));
                }
            }
            Wire::Deaf => self.up.clear(),
            Wire::Down | Wire::Attempted => {}
        }
    }

    fn deliver_down(&mut self) {
        match self.wire {
            Wire::Attempted => {
                self.wire = Wire::Up;
                self.link.opened(self.now);
                self.up.push_back(ClientFrame::Hello(self.hello()));
            }
            Wire::Up => {
                if let Some(frame) = self.down.pop_front() {
                    self.link.heard(self.now);
                    self.take(frame);
                }
            }
            Wire::Deaf => self.down.clear(),
            Wire::Down => {}
        }
        self.drive();
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
                let known = welcome.conversation.filter(|_| self.follow == Follow::Unasked);
                self.replica.online(now, known.map(|state| (state.id, state.last_seq)), self.follow);
            }
            ServerFrame::Conversation(state) => self.replica.announce(now, state.id, state.last_seq),
            ServerFrame::Entries { conversation, entries } => {
                for entry in &entries {
                    self.unanswered.remove(&entry.id);
                }
                self.replica.receive(now, conversation, entries);
            }
            ServerFrame::Acknowledged { id, conversation, seq } => {
                self.unanswered.remove(&id);
                self.replica.acknowledged(now, id, conversation, seq);
            }
            ServerFrame::Refused { id, problem } => {
                self.unanswered.remove(&id);
                self.replica.refused(now, id, problem);
            }
            ServerFrame::Reset { conversation } => self.replica.reset(now, conversation),
            ServerFrame::Pong { last } => {
                if let Some(Cursor { conversation, seq }) = last {
                    self.replica.announce(now, conversation, seq);
                }
            }
            ServerFrame::Typing { .. }
            | ServerFrame::Availability { .. }
            | ServerFrame::Problem(_)
            | ServerFrame::Drain => {}
        }
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
        self.link.timeout(self.now, 7);
        self.replica.timeout(self.now);
        self.drive();
        true
    }

    /// Delivers everything at once for a while.
    fn deliver_for(&mut self, span: Duration) {
        let until = self.now.after(span);
        loop {
            while self.wire == Wire::Attempted || !self.up.is_empty() || !self.down.is_empty() {
                self.deliver_up();
                self.deliver_down();
            }
            if !self.ring_next(until) {
                break;
            }
        }
        self.now = until;
    }
}

fn pick(ids: &[EntryId], which: usize) -> Option<EntryId> {
    which.checked_rem(ids.len()).map(|place| ids[place])
}

fn message(text: &str) -> Content {
    Content::Message { text: text.to_owned() }
}
