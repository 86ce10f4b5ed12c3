//! Where the people of a crowd sit: a client, and what is written down of it.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use causette_e2e::engine::{AgentClient, Event, Held, Identity, Place, Reading, VisitorClient};
use causette_e2e::history::{Recorder, Side};
use causette_shared::id::ConversationId;
use causette_shared::problem::ProblemKind;
use futures_util::future::join_all;

/// Where somebody sits, with the client that is open at the moment.
pub struct Seat {
    pub name: String,
    pub side: Side,
    open: Mutex<(Arc<Client>, Recorder)>,
}

/// A client on the engine.
pub enum Client {
    Visitor(VisitorClient),
    Agent(AgentClient),
}

/// What all know.
#[derive(Default)]
pub struct Shared {
    conversations: Mutex<BTreeSet<ConversationId>>,
    pub acknowledged: AtomicUsize,
    pub repeats: AtomicUsize,
    pub reopened: AtomicUsize,
    pub forestalled: AtomicUsize,
}

impl Seat {
    pub fn new(name: String, side: Side, client: Arc<Client>, recorder: Recorder) -> Self {
        Self { name, side, open: Mutex::new((client, recorder)) }
    }

    /// The client that is open, and who writes down what happens to it.
    pub fn client(&self) -> (Arc<Client>, Recorder) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another client in the place of the one that is open.
    pub fn put(&self, client: Arc<Client>, recorder: Recorder) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = (client, recorder);
    }
}

impl Client {
    /// What it holds of each conversation that it follows.
    pub async fn logs(&self, shared: &Shared) -> Vec<(ConversationId, Held)> {
        match self {
            Self::Visitor(visitor) => {
                let held = visitor.held().await;
                held.conversation.map(|conversation| (conversation, held)).into_iter().collect()
            }
            Self::Agent(agent) => {
                join_all(shared.begun().into_iter().map(async |id| (id, agent.held(id).await))).await
            }
        }
    }
}

/// What it takes to open a client.
pub enum Opens {
    Visitor(Place, Identity),
    Agent(Place, String),
}

impl Opens {
    pub fn open(&self, recorder: &Recorder, shared: &Arc<Shared>) -> Client {
        let tell = write_down(recorder, shared);
        match self {
            Self::Visitor(place, who) => {
                Client::Visitor(VisitorClient::start(place, who.clone(), Reading::Attentive, tell))
            }
            Self::Agent(place, cookie) => {
                Client::Agent(AgentClient::start(place, cookie, Reading::Attentive, tell))
            }
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
        // The first tries itself again, the second asks the person (`Writer::answer`).
        Event::Refused { problem, .. }
            if problem.kind.is_temporary() || problem.kind == ProblemKind::AnsweredMeanwhile => {}
        Event::Refused { id, problem } => {
            recorder.refused(id, &format!("{problem:?}"));
        }
        Event::Received { conversation, entries } => recorder.told(conversation, entries),
        Event::GaveUp(problem) => panic!("a client gave up: {problem:?}"),
        _ => {}
    }
}

impl Shared {
    pub fn begun(&self) -> Vec<ConversationId> {
        self.lock().iter().copied().collect()
    }

    /// A conversation has begun.
    pub fn begins(&self, conversation: ConversationId) {
        self.lock().insert(conversation);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<ConversationId>> {
        self.conversations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
