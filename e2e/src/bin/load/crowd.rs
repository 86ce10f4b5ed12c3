//! The clients: visitors who are there, visitors who write, and the desks that answer them.

use std::sync::Arc;
use std::time::Duration;

use causette_e2e::engine::{AgentClient, Event, Identity, Place, Reading, VisitorClient, sign_in};
use causette_e2e::harness::{ALICE, BOB, PASSWORD, Problem, Server};
use causette_shared::entry::Author;
use causette_shared::id::ConversationId;
use tokio::sync::{mpsc, watch};

use super::ledger::{Ledger, Way};

/// Clients that connect at the same time: so few that none of them has to wait long enough to try again.
const AT_ONCE: usize = 200;
/// How long a step of building the crowd may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Everybody who is connected to one server.
pub struct Crowd {
    /// Where the server is.
    pub place: Place,
    /// What they tell.
    pub ledger: Arc<Ledger>,
    /// The visitors in the order in which they came.
    pub visitors: Vec<VisitorClient>,
    /// The desks.
    pub desks: Vec<AgentClient>,
}

/// A question that has arrived at a desk.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Which desk.
    pub desk: usize,
    /// Where.
    pub conversation: ConversationId,
}

impl Crowd {
    /// Makes a crowd of nobody.
    pub fn new(server: &Server) -> Self {
        let place = Place::direct(&server.origin).expect("the server listens on an address");
        Self { place, ledger: Arc::default(), visitors: Vec::new(), desks: Vec::new() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.visitors.len() + self.desks.len()
    }

    /// Adds visitors who open the panel, and waits until all are welcomed.
    pub async fn add_visitors(&mut self, count: usize) -> Result<(), Problem> {
        for first in (0..count).step_by(AT_ONCE) {
            for _ in first..count.min(first + AT_ONCE) {
                let client = self.len();
                let who =
                    Identity { site: "demo".to_owned(), session: None, host: self.place.origin.clone() };
                let ledger = Arc::clone(&self.ledger);
                let tell = move |event: Event<'_>| tell_of_visitor(&ledger, client, &event);
                self.visitors.push(VisitorClient::start(&self.place, who, Reading::Attentive, tell));
            }
            self.wait_for_all().await?;
        }
        Ok(())
    }

    /// Lets some visitors say hello, and waits until each of them has a conversation.
    pub async fn begin_conversations(&self, visitors: &[VisitorClient]) -> Result<(), Problem> {
        let mut acknowledged = self.ledger.acknowledged();
        for some in visitors.chunks(AT_ONCE) {
            let expected = *acknowledged.borrow() + some.len();
            for visitor in some {
                visitor.say("Hello");
            }
            reach("conversations", &mut acknowledged, expected).await?;
        }
        Ok(())
    }

    /// Adds desks, and waits until all are welcomed. Each tells `asked` of every question in its open conversations.
    pub async fn add_desks(
        &mut self,
        count: usize,
        asked: &mpsc::UnboundedSender<Asked>,
    ) -> Result<(), Problem> {
        let cookies =
            [sign_in(&self.place, ALICE, PASSWORD).await?, sign_in(&self.place, BOB, PASSWORD).await?];
        for desk in 0..count {
            let (client, ledger, asked) = (self.len(), Arc::clone(&self.ledger), asked.clone());
            let tell = move |event: Event<'_>| {
                if let Event::Received { conversation, entries } = event {
                    let questions = entries.iter().filter(|entry| entry.author == Author::Visitor);
                    for _ in questions.filter(|entry| ledger.see(entry.id, Way::Question)) {
                        // Nobody answers any more once the talk is over.
                        let _ = asked.send(Asked { desk, conversation });
                    }
                } else {
                    tell_of_anybody(&ledger, client, &event);
                }
            };
            let cookie = &cookies[desk % cookies.len()];
            self.desks.push(AgentClient::start(&self.place, cookie, Reading::Attentive, tell));
        }
        self.wait_for_all().await
    }

    /// Waits until everybody has been welcomed.
    pub async fn wait_for_all(&self) -> Result<(), Problem> {
        reach("clients to be welcomed", &mut self.ledger.here(), self.len()).await
    }

    /// Waits until the other side has everything that was written; returns how much it lacks in the end.
    pub async fn wait_until_seen(&self, patience: Duration) -> usize {
        let looking = async {
            while self.ledger.unseen() > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        // What is still missing is the answer.
        let _ = tokio::time::timeout(patience, looking).await;
        self.ledger.unseen()
    }
}

async fn reach(what: &str, count: &mut watch::Receiver<usize>, expected: usize) -> Result<(), Problem> {
    let reached = tokio::time::timeout(PATIENCE, count.wait_for(|count| *count >= expected)).await.is_ok();
    if reached {
        return Ok(());
    }
    let so_far = *count.borrow();
    Err(format!("waited {PATIENCE:?} for {expected} {what}; there are {so_far}").into())
}

fn tell_of_visitor(ledger: &Ledger, client: usize, event: &Event<'_>) {
    match event {
        Event::Received { entries, .. } => {
            for entry in entries.iter().filter(|entry| matches!(entry.author, Author::Agent { .. })) {
                ledger.see(entry.id, Way::Answer);
            }
        }
        Event::Acknowledged { .. } => ledger.acknowledge(),
        other => tell_of_anybody(ledger, client, other),
    }
}

fn tell_of_anybody(ledger: &Ledger, client: usize, event: &Event<'_>) {
    match event {
        Event::Welcomed => ledger.arrive(client),
        Event::Lost { .. } => ledger.lose(),
        Event::Refused { .. } => ledger.refuse(),
        Event::GaveUp(problem) => eprintln!("client {client} has given up: {problem:?}"),
        Event::Trouble(problem) => eprintln!("client {client} was sent away: {problem:?}"),
        _ => {}
    }
}
