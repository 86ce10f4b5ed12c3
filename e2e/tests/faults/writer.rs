//! Somebody who writes all the time, and writes down what they see. Now and then a tab is closed and opened again, with
//! what it had not sent yet, as a panel keeps it in the browser.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use causette_e2e::engine::{AgentClient, Held, VisitorClient};
use causette_e2e::harness::{Chance, environment};
use causette_e2e::history::{Book, Recorder};
use causette_shared::entry::Content;
use causette_shared::problem::ProblemKind;
use causette_shared::sync::{Outgoing, OutgoingState};
use tokio::sync::watch;

use crate::seat::{Client, Opens, Seat, Shared};

/// What one client has unsent at most: people wait too, when nothing goes out.
const UNSENT: usize = 6;
/// After how many looks a tab is opened again, on average.
const REOPENED_ONCE_IN: usize = 80;

/// What everybody does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Everybody writes.
    Writing,
    /// Everybody only looks.
    Looking,
    /// Nobody looks any more.
    Over,
}

/// The person in a seat.
pub struct Writer {
    pub seat: Arc<Seat>,
    pub opens: Opens,
    pub book: Arc<Book>,
    pub chance: Chance,
    pub shared: Arc<Shared>,
    pub phase: watch::Receiver<Phase>,
    pub written: usize,
}

impl Writer {
    /// Looks and writes until it is over.
    pub async fn work(mut self) {
        loop {
            let phase = *self.phase.borrow();
            let (client, recorder) = self.seat.client();
            match (&*client, phase) {
                (_, Phase::Over) => return,
                (Client::Visitor(visitor), _) => self.visit(visitor, &recorder, phase).await,
                (Client::Agent(agent), _) => self.answer(agent, &recorder, phase).await,
            }
            tokio::time::sleep(self.chance.millis(20..=100)).await;
        }
    }

    async fn visit(&mut self, visitor: &VisitorClient, recorder: &Recorder, phase: Phase) {
        let held = visitor.held().await;
        if let Some(conversation) = held.conversation {
            self.shared.begins(conversation);
            recorder.looks(conversation, &held.entries);
        }
        if phase == Phase::Writing && self.chance.once_in(REOPENED_ONCE_IN) {
            self.reopen(recorder, held);
        } else if phase == Phase::Writing && held.outgoing.len() < UNSENT {
            let (id, text) = (environment::entry_id(), self.text());
            recorder.composed(id, None, &text);
            visitor.compose(id, Content::Message { text });
        }
    }

    /// Closes the tab and opens it again. What it had on its way may arrive as well: the ids are the same.
    fn reopen(&self, recorder: &Recorder, held: Held) {
        let again = self.book.client(&format!("{}, again", self.seat.name), self.seat.side);
        let client = self.opens.open(&again, &self.shared);
        if let Client::Visitor(visitor) = &client {
            for unsent in held.outgoing {
                visitor.compose(unsent.id, unsent.content);
            }
        }
        self.seat.put(Arc::new(client), again);
        recorder.closes();
        self.shared.reopened.fetch_add(1, Ordering::Relaxed);
    }

    async fn answer(&mut self, agent: &AgentClient, recorder: &Recorder, phase: Phase) {
        let conversations = self.shared.begun();
        if conversations.is_empty() {
            return;
        }
        for conversation in &conversations {
            agent.open(*conversation);
        }
        let conversation = conversations[self.chance.below(conversations.len())];
        let held = agent.held(conversation).await;
        recorder.looks(conversation, &held.entries);
        // A colleague has answered meanwhile: everybody here sends anyway.
        for forestalled in held.outgoing.iter().filter(|outgoing| is_forestalled(outgoing)) {
            recorder.sent_anyway(forestalled.id);
            agent.retry(conversation, forestalled.id);
            self.shared.forestalled.fetch_add(1, Ordering::Relaxed);
        }
        if phase == Phase::Writing && held.outgoing.len() < UNSENT {
            let (id, text) = (environment::entry_id(), self.text());
            recorder.composed(id, Some(conversation), &text);
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

fn is_forestalled(outgoing: &Outgoing) -> bool {
    matches!(&outgoing.state, OutgoingState::Failed(problem) if problem.kind == ProblemKind::AnsweredMeanwhile)
}
