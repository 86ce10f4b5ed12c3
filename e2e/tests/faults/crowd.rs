//! Visitors, some with two tabs, and agents, all at work.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use causette_e2e::engine::{Held, Identity, Place, sign_in};
use causette_e2e::harness::{ALICE, BOB, Chance, PASSWORD, environment, wait_for, wait_for_at_most};
use causette_e2e::history::{Book, Side};
use causette_shared::id::{ConversationId, Seq};
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::seat::{Client, Opens, Seat, Shared};
use crate::wires::Wires;
use crate::writer::{Phase, Writer};

/// How long it may take until everybody has everything, the longest waits of the engine among it.
const SETTLES: Duration = Duration::from_secs(120);

/// Who takes part: tabs of each visitor, and the desks.
const TABS: [usize; 4] = [2, 1, 2, 1];
const DESKS: [&str; 2] = [ALICE, BOB];

/// A crowd at work.
pub struct Crowd {
    seats: Vec<Arc<Seat>>,
    phase: watch::Sender<Phase>,
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

impl Crowd {
    /// Brings a crowd to work, over wires to the server at `place`.
    pub async fn start(place: &Place, wires: &Wires, book: &Arc<Book>, chance: &Chance) -> Self {
        let shared = Arc::new(Shared::default());
        let phase = watch::channel(Phase::Writing).0;
        let (mut seats, mut tasks) = (Vec::new(), Vec::new());
        let mut sit = |name: String, side: Side, opens: Opens| {
            let recorder = book.client(&name, side);
            let client = Arc::new(opens.open(&recorder, &shared));
            let seat = Arc::new(Seat::new(name, side, client, recorder));
            let (book, chance) = (book.clone(), chance.fork(seats.len() as u64));
            let (shared, phase) = (shared.clone(), phase.subscribe());
            let writer = Writer { seat: seat.clone(), opens, book, chance, shared, phase, written: 0 };
            tasks.push(tokio::spawn(writer.work()));
            seats.push(seat);
        };
        let mut number = 0;
        let mut next_place = || {
            number += 1;
            place.past(wires.address(number))
        };
        for (visitor, tabs) in TABS.into_iter().enumerate() {
            let session = Some(environment::session_secret());
            for tab in 1..=tabs {
                let who = Identity {
                    site: "demo".to_owned(),
                    session: session.clone(),
                    host: place.origin.clone(),
                };
                let name = format!("visitor {visitor}, tab {tab}");
                sit(name, Side::Visitor(visitor), Opens::Visitor(next_place(), who));
            }
        }
        for (agent, email) in DESKS.into_iter().enumerate() {
            let cookie =
                wait_for("an agent to be let in", async || Ok(Some(sign_in(place, email, PASSWORD).await?)))
                    .await;
            sit(email.to_owned(), Side::Agent(agent), Opens::Agent(next_place(), cookie));
        }
        Self { seats, phase, shared, tasks }
    }

    /// Tells everybody that the network is back: nobody waits for the next attempt.
    pub fn wake(&self) {
        for seat in &self.seats {
            match &*seat.client().0 {
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

    /// How many tabs were closed and opened again.
    pub fn reopened(&self) -> usize {
        self.shared.reopened.load(Ordering::Relaxed)
    }

    /// Replies that a colleague had forestalled.
    pub fn forestalled(&self) -> usize {
        self.shared.forestalled.load(Ordering::Relaxed)
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
        for seat in &self.seats {
            let (client, recorder) = seat.client();
            for (conversation, held) in client.logs(&self.shared).await {
                recorder.looks(conversation, &held.entries);
            }
        }
    }

    /// Whether nothing is on its way, and all who follow a conversation are at its same end.
    async fn is_settled(&self) -> bool {
        let mut ends: Vec<(ConversationId, Seq)> = Vec::new();
        for seat in &self.seats {
            let logs = seat.client().0.logs(&self.shared).await;
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
