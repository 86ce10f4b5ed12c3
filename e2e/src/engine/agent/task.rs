//! The task of an agent: what `desk/src/state/{drive,frames,line}.rs` do, without the pages.

use std::collections::HashMap;
use std::time::Duration;

use causette_shared::id::{ConversationId, Seq};
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::{ClientFrame, ConversationSummary, ServerFrame};
use causette_shared::sync::Effect;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use super::Command;
use super::opened::Opened;
use crate::engine::socket::{Line, LineEvent};
use crate::engine::{Event, Held, Place, Reading, Tell, pause_of};
use crate::harness::environment;

const PATH: &str = "/api/v1/desk/socket";
/// As the desk: how long to stay away from a server that is about to stop.
const DRAIN_PAUSE: Duration = Duration::from_secs(1);
/// As the desk: how long to stay away where a refusal names no wait.
const REFUSED_PAUSE: Duration = Duration::from_secs(5);

/// What is kept of a row of the list.
struct Row {
    revision: u32,
    last_seq: Seq,
    agent_seen: Seq,
    visitor_seen: Seq,
}

/// An agent, as their task holds them.
pub(super) struct Agent {
    line: Line,
    reading: Reading,
    online: bool,
    list: HashMap<ConversationId, Row>,
    shelf: HashMap<ConversationId, Opened>,
    tell: Tell,
}

impl Agent {
    pub(super) fn new(place: &Place, cookie: &str, reading: Reading, tell: Tell) -> Self {
        Self {
            line: Line::new(place, PATH, Some(cookie), text(&ClientFrame::Ping)),
            reading,
            online: false,
            list: HashMap::new(),
            shelf: HashMap::new(),
            tell,
        }
    }

    /// Lives until told to stop, or until nobody is left who could tell.
    pub(super) async fn run(
        mut self,
        mut orders: mpsc::UnboundedReceiver<Command>,
    ) -> HashMap<ConversationId, Held> {
        self.line.start();
        loop {
            let watched = self.shelf.values().filter(|opened| opened.watched);
            let wake = watched.filter_map(|opened| opened.replica.next_timeout()).min();
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Command::Stop) | None => break,
                    Some(order) => self.obey(order),
                },
                event = self.line.next(wake) => self.happened(event),
            }
        }
        self.line.stop();
        let held = |(id, opened): (&ConversationId, &Opened)| (*id, Held::of(&opened.replica, self.online));
        self.shelf.iter().map(held).collect()
    }

    fn obey(&mut self, order: Command) {
        let now = environment::now();
        match order {
            Command::Open(id) => self.on_shelf(id, |opened| opened.open = true),
            Command::Close(id) => self.on_shelf(id, |opened| opened.open = false),
            Command::Compose(id, composed) => {
                let (entry, content) = *composed;
                self.on_shelf(id, |opened| opened.replica.compose(now, entry, content));
            }
            Command::Retry(id, entry) => self.on_shelf(id, |opened| opened.replica.retry(now, entry)),
            Command::Wake => self.line.wake(),
            Command::Tell(id, answer) => {
                let held = self.shelf.get(&id).map(|opened| Held::of(&opened.replica, self.online));
                // Whoever asked may have gone.
                let _ = answer.send(held.unwrap_or_default());
            }
            Command::Stop => {}
        }
    }

    fn happened(&mut self, event: LineEvent) {
        match event {
            // The greeting follows by itself; until then nothing may be sent.
            LineEvent::Opened => {}
            LineEvent::Frame(Message::Text(json)) => {
                // A frame that cannot be read is as good as lost: the next pong shows the gap.
                if let Ok(frame) = serde_json::from_str(&json) {
                    self.receive(frame);
                }
            }
            LineEvent::Frame(_) => {}
            LineEvent::Lost { attempts } => self.lost(attempts),
            LineEvent::Refused(problem) => self.give_up(&problem),
            LineEvent::Woken => self.woken(),
        }
    }

    fn receive(&mut self, frame: ServerFrame) {
        let now = environment::now();
        match frame {
            ServerFrame::Welcome { conversations, .. } => self.welcome(&conversations),
            ServerFrame::List { conversations, .. } => conversations.iter().for_each(|row| self.learn(row)),
            ServerFrame::Conversation(row) => self.learn(&row),
            ServerFrame::Entries { conversation, entries } => {
                (self.tell)(Event::Received { conversation, entries: &entries });
                self.on_replica(conversation, |opened| {
                    opened.replica.receive(now, conversation, entries);
                    opened.loaded = true;
                });
            }
            ServerFrame::Acknowledged { id, conversation, seq } => {
                (self.tell)(Event::Acknowledged { id, conversation, seq });
                self.on_replica(conversation, |opened| {
                    opened.replica.acknowledged(now, id, conversation, seq);
                });
            }
            ServerFrame::Refused { id, conversation, problem } => {
                (self.tell)(Event::Refused { id, problem: &problem });
                self.on_replica(conversation, |opened| opened.replica.refused(now, id, problem));
            }
            ServerFrame::Reset { conversation } => {
                (self.tell)(Event::Reset { conversation });
                self.on_replica(conversation, |opened| opened.replica.reset(now, conversation));
            }
            ServerFrame::Problem(problem) => self.problem(&problem),
            ServerFrame::Pong { last } => {
                for (conversation, seq) in last {
                    self.on_replica(conversation, |opened| opened.replica.announce(now, conversation, seq));
                }
            }
            ServerFrame::Drain => self.postpone(DRAIN_PAUSE),
            ServerFrame::Typing { .. } | ServerFrame::Presence { .. } | ServerFrame::Visitor { .. } => {}
        }
    }

    fn welcome(&mut self, conversations: &[ConversationSummary]) {
        let shelf = &self.shelf;
        self.list.retain(|id, _| shelf.contains_key(id));
        self.online = true;
        (self.tell)(Event::Welcomed);
        conversations.iter().for_each(|row| self.learn(row));
        let now = environment::now();
        let wanted = self.shelf.iter().filter(|(_, opened)| opened.is_wanted());
        for id in wanted.map(|(id, _)| *id).collect::<Vec<_>>() {
            let last = self.list.get(&id).map_or(0, |row| row.last_seq);
            self.on_replica(id, |opened| opened.follow(now, id, last));
        }
    }

    /// Notes what a row of the list has become, and tells what the visitor has seen.
    fn learn(&mut self, row: &ConversationSummary) {
        let held = self.list.get(&row.id);
        if held.is_some_and(|held| row.revision < held.revision) {
            return;
        }
        let told = held.map_or(0, |held| held.visitor_seen);
        let ConversationSummary { revision, last_seq, agent_seen, visitor_seen, .. } = *row;
        self.list.insert(row.id, Row { revision, last_seq, agent_seen, visitor_seen });
        (self.tell)(Event::Listed(row));
        if visitor_seen > told {
            (self.tell)(Event::Seen { conversation: row.id, upto: visitor_seen });
        }
    }

    fn problem(&mut self, problem: &Problem) {
        match problem.kind {
            ProblemKind::NotSignedIn | ProblemKind::Outdated => self.give_up(problem),
            kind => {
                (self.tell)(Event::Trouble(problem));
                if matches!(kind, ProblemKind::Unavailable | ProblemKind::RateLimited) {
                    self.postpone(pause_of(problem, REFUSED_PAUSE));
                }
            }
        }
    }

    fn postpone(&mut self, pause: Duration) {
        self.line.postpone(pause);
        self.lost(self.line.failed_attempts());
    }

    fn lost(&mut self, attempts: u32) {
        self.rest();
        (self.tell)(Event::Lost { attempts });
    }

    fn give_up(&mut self, problem: &Problem) {
        self.line.stop();
        self.rest();
        (self.tell)(Event::GaveUp(problem));
    }

    fn rest(&mut self) {
        self.online = false;
        for opened in self.shelf.values_mut() {
            opened.rest();
            opened.seen_told = 0;
        }
    }

    fn woken(&mut self) {
        let now = environment::now();
        let due =
            |opened: &Opened| opened.watched && opened.replica.next_timeout().is_some_and(|at| at <= now);
        let ids = self.shelf.iter().filter(|(_, opened)| due(opened)).map(|(id, _)| *id).collect::<Vec<_>>();
        for id in ids {
            self.on_replica(id, |opened| opened.replica.timeout(now));
        }
    }

    /// Does something with a conversation, which is followed from then on if it has to be.
    fn on_shelf(&mut self, id: ConversationId, act: impl FnOnce(&mut Opened)) {
        let opened = self.shelf.entry(id).or_insert_with(|| Opened::new(id));
        act(opened);
        if self.online && !opened.watched && opened.is_wanted() {
            let last = self.list.get(&id).map_or(0, |row| row.last_seq);
            opened.follow(environment::now(), id, last);
        }
        self.settle(id);
    }

    /// Does something with a conversation that is on the shelf; what comes late for another is nobody's.
    fn on_replica(&mut self, id: ConversationId, act: impl FnOnce(&mut Opened)) {
        if let Some(opened) = self.shelf.get_mut(&id) {
            act(opened);
            self.settle(id);
        }
    }

    /// Carries out what a replica wants, and says what was seen.
    fn settle(&mut self, id: ConversationId) {
        let Some(opened) = self.shelf.get_mut(&id) else { return };
        let mut frames = Vec::new();
        while let Some(effect) = opened.replica.poll_effect() {
            if let Effect::Send { id, .. } = &effect {
                (self.tell)(Event::Sent { id: *id });
            }
            frames.push(frame_of(id, effect));
        }
        if self.online && opened.watched && !opened.is_wanted() {
            opened.rest();
            frames.push(ClientFrame::Unwatch { conversation: id });
        }
        let seen = self.list.get(&id).map_or(0, |row| row.agent_seen).max(opened.seen_told);
        let last = opened.replica.last_seq();
        let looks = self.online && opened.open && opened.loaded && self.reading == Reading::Attentive;
        if looks && last > seen {
            opened.seen_told = last;
            frames.push(ClientFrame::Seen { conversation: id, upto: last });
        }
        for frame in frames {
            self.line.send(text(&frame));
        }
    }
}

fn frame_of(conversation: ConversationId, effect: Effect) -> ClientFrame {
    match effect {
        Effect::Send { id, content, after } => {
            ClientFrame::Send { conversation, id, content, after: Some(after) }
        }
        Effect::Resume { conversation, after } => ClientFrame::Watch { conversation, after },
        Effect::Earlier { conversation, before } => ClientFrame::Earlier { conversation, before },
    }
}

fn text(frame: &ClientFrame) -> Message {
    Message::text(serde_json::to_string(frame).expect("frames are JSON"))
}
