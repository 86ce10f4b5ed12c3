//! `App`: the store, the hub, the clock and the limits, and the one way to change anything.
//!
//! `perform` begins a transaction, runs one use case in it, reads what the changed conversations have become, commits,
//! and only then publishes. A use case sends nothing itself.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use causette_shared::entry::{Author, Body, Entry};
use causette_shared::id::{ConversationId, EntryId};
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::time::Timestamp;

use crate::clock::{self, Clock, NoEntropy};
use crate::config::Config;
use crate::limiter::Limiters;
use crate::live::hub::{Changed, Hub};
use crate::store::{Store, StoreError, Tx, conversation, entry};

/// What every request and every connection works with.
pub struct App {
    /// The store.
    pub store: Store,
    /// Who is connected.
    pub hub: Arc<Hub>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What the server was told.
    pub config: Config,
    /// The origins that are ours; the first is the one that addresses are made with.
    pub own_origins: Vec<String>,
    /// How much of what each may do.
    pub limiters: Limiters,
}

/// One thing that someone can do: all of it happens, or nothing.
pub trait UseCase: Send {
    /// What it answers.
    type Output: Send;

    /// Does it within a transaction.
    fn run(
        self,
        tx: &mut Tx,
        cx: &mut Context,
    ) -> impl Future<Output = Result<Self::Output, UseCaseError>> + Send;
}

/// Why a use case did not happen. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum UseCaseError {
    /// It was refused, and why; told to whoever asked.
    #[error("{}", .0.detail)]
    Refused(Problem),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No ids can be minted.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl UseCaseError {
    /// Refuses with the kind's own sentence.
    #[must_use]
    pub fn refused(kind: ProblemKind) -> Self {
        Self::Refused(Problem::new(kind))
    }

    /// What is told to whoever asked: a refusal as it is, a fault of ours without its inside.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Refused(problem) => problem.clone(),
            Self::Store(StoreError::Busy(_)) => Problem::new(ProblemKind::Unavailable).retry_after_ms(1_000),
            Self::Store(_) | Self::Entropy(_) => Problem::new(ProblemKind::Internal),
        }
    }
}

/// What a use case knows beside its input, and where it leaves what it changed.
pub struct Context {
    /// The time of this use case: one instant for all that it writes.
    pub now: Timestamp,
    added: Vec<(ConversationId, Entry)>,
    touched: BTreeSet<ConversationId>,
}

impl Context {
    const fn new(now: Timestamp) -> Self {
        Self { now, added: Vec::new(), touched: BTreeSet::new() }
    }

    /// Adds an entry to a conversation's log, at its next place.
    ///
    /// # Errors
    /// The store fails.
    pub async fn add_entry(
        &mut self,
        tx: &mut Tx,
        conversation: ConversationId,
        id: EntryId,
        author: Author,
        body: Body,
    ) -> Result<Entry, StoreError> {
        let seq = conversation::next_seq(tx, conversation).await?;
        let entry = Entry { seq, id, at: self.now, author, body };
        entry::create_entry(tx, conversation, &entry).await?;
        self.added.push((conversation, entry.clone()));
        self.touched.insert(conversation);
        Ok(entry)
    }

    /// Notes that a conversation has changed other than by an entry.
    pub fn touch(&mut self, conversation: ConversationId) {
        self.touched.insert(conversation);
    }

    /// Mints an id for an entry that the server itself writes.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn mint_entry_id(&self) -> Result<EntryId, NoEntropy> {
        Ok(EntryId::mint(self.now, clock::id_entropy()?))
    }
}

impl App {
    /// Performs a use case: all of it is committed when this returns, or nothing of it is.
    ///
    /// # Errors
    /// It was refused, or the store failed.
    pub async fn perform<U: UseCase>(&self, use_case: U) -> Result<U::Output, UseCaseError> {
        let mut tx = self.store.begin().await?;
        let mut cx = Context::new(self.clock.now());
        let output = use_case.run(&mut tx, &mut cx).await?;
        let changes = collect_changes(&mut tx, cx).await?;
        tx.commit().await?;
        for change in changes {
            self.hub.publish(change);
        }
        Ok(output)
    }
}

/// Reads what each changed conversation has become, inside the transaction, so that the picture is that of its commit.
async fn collect_changes(tx: &mut Tx, cx: Context) -> Result<Vec<Changed>, StoreError> {
    let mut changes = Vec::with_capacity(cx.touched.len());
    for id in cx.touched {
        if let Some(conversation) = conversation::find_conversation(tx, id).await? {
            let entries =
                cx.added.iter().filter(|(of, _)| *of == id).map(|(_, entry)| entry.clone()).collect();
            changes.push(Changed { conversation, entries });
        }
    }
    Ok(changes)
}
