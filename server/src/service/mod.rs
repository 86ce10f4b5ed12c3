//! Use cases, one per file. Each runs in one transaction and returns what changed; none sends, publishes or renders.

pub mod add_agent;
pub mod add_site;
pub mod mark_seen;
pub mod reply;
pub mod send_message;
pub mod sign_in;

use std::collections::BTreeMap;
use std::future::Future;

use causette_shared::entry::{Author, Body, Entry};
use causette_shared::id::{ConversationId, EntryId};
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::time::Timestamp;

use crate::clock::{self, NoEntropy};
use crate::store::{StoreError, Tx, conversation, entry};

/// One thing that someone can do: all of it happens, or nothing.
pub trait UseCase: Send + Sync {
    /// What it answers.
    type Output: Send;

    /// Does it within a transaction. It may be done again in another one, when that one could not be committed: whatever
    /// it decides, it decides from what it reads there.
    fn run(
        &self,
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

    /// Logs a failure of ours with its cause, once, where it is handled. A refusal is no failure, and that of a batch was
    /// logged once for all its members.
    pub fn log(&self, what: &'static str) {
        match self {
            Self::Refused(_) => {}
            Self::Store(StoreError::Batch(_)) => tracing::debug!(what, "was not committed"),
            _ => {
                let cause = std::error::Error::source(self).map(ToString::to_string);
                tracing::error!(error = %self, cause, what, "failed");
            }
        }
    }

    /// What is told to whoever asked: a refusal as it is, a fault of ours without its inside.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Refused(problem) => problem.clone(),
            Self::Store(error) if error.is_temporary() => {
                Problem::new(ProblemKind::Unavailable).retry_after_ms(1_000)
            }
            Self::Store(_) | Self::Entropy(_) => Problem::new(ProblemKind::Internal),
        }
    }
}

/// What a use case knows beside its input, and where it leaves what it changed.
pub struct Context {
    /// The time of this use case: one instant for all that it writes.
    pub now: Timestamp,
    /// The conversations that were changed, and what was added to each.
    touched: BTreeMap<ConversationId, Vec<Entry>>,
}

impl Context {
    /// Makes the context of one use case.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self { now, touched: BTreeMap::new() }
    }

    /// The conversations that were changed, each with the entries that were added to it, ascending.
    #[must_use]
    pub fn into_touched(self) -> BTreeMap<ConversationId, Vec<Entry>> {
        self.touched
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
        self.touched.entry(conversation).or_default().push(entry.clone());
        Ok(entry)
    }

    /// Notes that a conversation has changed other than by an entry.
    pub fn touch(&mut self, conversation: ConversationId) {
        self.touched.entry(conversation).or_default();
    }

    /// Mints an id for an entry that the server itself writes.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn mint_entry_id(&self) -> Result<EntryId, NoEntropy> {
        Ok(EntryId::mint(self.now, clock::id_entropy()?))
    }
}
