//! Visitors, some with two tabs, and agents, who write all the time and write down what happens to them.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use causette_e2e::engine::{AgentClient, Event, Held, Identity, Place, Reading, VisitorClient, sign_in};
use causette_e2e::harness::{ALICE, BOB, Chance, PASSWORD, environment, wait_for_at_most};
use causette_e2e::history::{Book, Recorder, Side};
use causette_shared::entry::Content;
use causette_shared::id::{ConversationId, Seq};
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::wires::Wires;

/// What one client has unsent at most: people wait too, when nothing goes out.
const UNSENT: usize = 6;
/// How long it may take until everybody has everything, the longest waits of the engine among it.
const SETTLES: Duration = Duration::from_secs(120);

/// Who takes part: tabs of each visitor, and the desks.
const TABS: [usize; 4] = [2, 1, 2, 1];
const DESKS: [&str; 2] = [ALICE, BOB];

/// A crowd at work.
pub struct Crowd {
    members: Vec<Member>,
    phase: watch::Sender<Phase>,
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Everybody writes.
    Writing,
    /// Everybody only looks.
    Looking,
    /// Nobody looks any more.
    Over,
}

/// What all know.
#[derive(Default)]
struct Shared {
    conversations: Mutex<BTreeSet<ConversationId>>,
    acknowledged: AtomicUsize,
    repeats: AtomicUsize,
}

struct Member {
    client: Arc<Client>,
    recorder: Recorder,
}

enum Client {
    Visitor(VisitorClient),
    Agent(AgentClient),
}

impl Crowd {
    /// Brings a crowd to work, over wires to the server at `place`.
    pub async fn start(place: &Place, wires: &Wires, book: &mut Book, chance: &Chance) -> Self {
        let shared = Arc::new(Shared::default());
        let mut members = Vec::new();
        for (visitor, tabs) in TABS.into_iter().enumerate() {
            let session = Some(environment::session_secret());
            for tab in 1..=tabs {
                let recorder = book.client(&format!("visitor {visitor}, tab {tab}"), Side::Visitor(visitor));
                let who = Identity {
                    site: "demo".to_owned(),
                    session: session.clone(),
                    host: place.origin.clone(),
                };
                let past = place.past(wires.address(members.len()));
                let client =
                    VisitorClient::start(&past, who, Reading::Attentive, write_down(&recorder, &shared));
                members.push(Member { client: Arc::new(Client::Visitor(client)), recorder });
            }
        }
        for (agent, email) in DESKS.into_iter().enumerate() {
            let recorder = book.client(email, Side::Agent(agent));
            let cookie = sign_in(place, email, PASSWORD).await.expect("they may come in");
            let past = place.past(wires.address(members.len()));
            let client =
                AgentClient::start(&past, &cookie, Reading::Attentive, write_down(&recorder, &shared));
            members.push(Member { client: Arc::new(Client::Agent(client)), recorder });
        }
        let (phase, _) = watch::channel(Phase::Writing);
        let work = |(number, member): (usize, &Member)| {
            let (chance, shared, phase) = (chance.fork(number as u64), shared.clone(), phase.subscribe());
            let writer = Writer { recorder: member.recorder.clone(), chance, shared, phase, written: 0 };
            tokio::spawn(writer.work(member.client.clone()))
        };
        let tasks = members.iter().enumerate().map(work).collect();
        Self { members, phase, shared, tasks }
    }

    /// Tells everybody that the network is back: nobody waits for the next attempt.
    pub fn wake(&self) {
        for member in &self.members {
            match &*member.client {
                Client::Visitor(visitor) => visitor.wake(),
                Client::Agent(agent) => agent.wake(),
            }
        }
    }

    /// How many acknowledgements have come.
    pub fn acknowledged(&self) -> usize {
        self.shared.acknowledged.load(Ordering::Relaxed)
    }

    /// How many messages went out again because their answer had not come.
    pub fn repeats(&self) -> usize {
        self.shared.repeats.load(Ordering::Relaxed)
    }

    /// Stops the writing, waits until everybody has everything, and writes down what they hold.
    pub async fn settle(self) {
        self.phase.send_replace(Phase::Looking);
        wait_for_at_most(SETTLES, "everybody has everything", async || {
            self.wake();
            Ok(self.is_settled().await.then_some(()))
        })
        .await;
        self.phase.send_replace(Phase::Over);
        for task in join_all(self.tasks).await {
            task.expect("who looks does not fail");
        }
        for member in &self.members {
            for (conversation, held) in logs_of(&member.client, &self.shared).await {
                member.recorder.looks(conversation, &held.entries);
            }
        }
    }

    /// Whether nothing is on its way, and all who follow a conversation are at its same end.
    async fn is_settled(&self) -> bool {
        let mut ends: Vec<(ConversationId, Seq)> = Vec::new();
        for member in &self.members {
            let logs = logs_of(&member.client, &self.shared).await;
            if logs.is_empty() || logs.iter().any(|(_, held)| !held.is_settled() || held.entries.is_empty()) {
                return false;
            }
            let end = |(conversation, held): (ConversationId, Held)| {
                (conversation, held.entries.last().map_or(0, |entry| entry.seq))
            };
            ends.extend(logs.into_iter().map(end));
        }
        let conversations: HashSet<_> = ends.iter().map(|(conversation, _)| conversation).collect();
        let different: HashSet<_> = ends.iter().collect();
        conversations.len() == TABS.len() && different.len() == TABS.len()
    }
}

/// What a client holds of each conversation that it follows.
async fn logs_of(client: &Client, shared: &Shared) -> Vec<(ConversationId, Held)> {
    match client {
        Client::Visitor(visitor) => {
            let held = visitor.held().await;
            held.conversation.map(|conversation| (conversation, held)).into_iter().collect()
        }
        Client::Agent(agent) => {
            join_all(shared.begun().into_iter().map(async |id| (id, agent.held(id).await))).await
        }
    }
}

/// Writes down what a client is told.
fn write_down(recorder: &Recorder, shared: &Arc<Shared>) -> impl FnMut(Event<'_>) + Send + 'static {
    let (recorder, shared) = (recorder.clone(), shared.clone());
    let mut sent = HashSet::new();
    move |event| match event {
        Event::Sent { id } => {
            let is_repeat = !sent.insert(id);
            shared.repeats.fetch_add(usize::from(is_repeat), Ordering::Relaxed);
        }
        Event::Acknowledged { id, conversation, seq } => {
            recorder.acknowledged(id, conversation, seq);
            shared.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        Event::Refused { id, problem } if !problem.kind.is_temporary() => {
            recorder.refused(id, &format!("{problem:?}"));
        }
        Event::Received { conversation, entries } => recorder.told(conversation, entries),
        Event::GaveUp(problem) => panic!("a client gave up: {problem:?}"),
        _ => {}
    }
}

impl Shared {
    fn begun(&self) -> Vec<ConversationId> {
        self.lock().iter().copied().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<ConversationId>> {
        self.conversations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The person at a client.
struct Writer {
    recorder: Recorder,
    chance: Chance,
    shared: Arc<Shared>,
    phase: watch::Receiver<Phase>,
    written: usize,
}

impl Writer {
    /// Looks and writes until it is over.
    async fn work(mut self, client: Arc<Client>) {
        loop {
            let phase = *self.phase.borrow();
            match (&*client, phase) {
                (_, Phase::Over) => return,
                (Client::Visitor(visitor), _) => self.visit(visitor, phase).await,
                (Client::Agent(agent), _) => self.answer(agent, phase).await,
            }
            tokio::time::sleep(self.chance.millis(20..=100)).await;
        }
    }

    async fn visit(&mut self, visitor: &VisitorClient, phase: Phase) {
        let held = visitor.held().await;
        if let Some(conversation) = held.conversation {
            self.shared.lock().insert(conversation);
            self.recorder.looks(conversation, &held.entries);
        }
        if phase == Phase::Writing && held.outgoing.len() < UNSENT {
            let (id, text) = (environment::entry_id(), self.text());
            self.recorder.composed(id, None, &text);
            visitor.compose(id, Content::Message { text });
        }
    }

    async fn answer(&mut self, agent: &AgentClient, phase: Phase) {
        let conversations = self.shared.begun();
        if conversations.is_empty() {
            return;
        }
        for conversation in &conversations {
            agent.open(*conversation);
        }
        let conversation = conversations[self.chance.below(conversations.len())];
        let held = agent.held(conversation).await;
        self.recorder.looks(conversation, &held.entries);
        if phase == Phase::Writing && held.outgoing.len() < UNSENT {
            let (id, text) = (environment::entry_id(), self.text());
            self.recorder.composed(id, Some(conversation), &text);
            agent.compose(conversation, id, Content::Message { text });
        }
    }

    /// Short and long messages: some take several writes.
    fn text(&mut self) -> String {
        self.written += 1;
        let long = if self.chance.once_in(12) { self.chance.below(9_000) } else { self.chance.below(40) };
        format!("message {}{}", self.written, "x".repeat(long))
    }
}
