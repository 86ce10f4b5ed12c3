//! Use cases, one per file. Each runs in one transaction and returns what changed; none sends, publishes or renders.

pub mod add_agent;
pub mod add_site;
pub mod change_site;
pub mod check_disk;
pub mod claim_jobs;
pub mod claim_link;
pub mod contact;
pub mod copy;
pub mod end_chat;
pub mod follow_up;
pub mod identify;
pub mod identity_secret;
pub mod invite;
pub mod mail_failed;
pub mod mail_key;
pub mod mark_seen;
pub mod note_sightings;
pub mod outbox_discard;
pub mod outbox_retry;
pub mod page_says;
pub mod prepare_mail;
pub mod preview_invite;
pub mod publish_loader;
pub mod reply;
pub mod send_message;
pub mod settle_mail;
pub mod sign_in;
pub mod stop_mail;
pub mod take_mail;
pub mod visitor_message;
pub mod visitor_view;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use causette_shared::entry::{Author, Body, Entry};
use causette_shared::id::{ConversationId, EntryId, VisitorId};
use causette_shared::message::preview;
use causette_shared::presence::UnreachableReason;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::time::Timestamp;

use crate::clock::{self, NoEntropy};
use crate::store::conversation::{self, Conversation};
use crate::store::{StoreError, Tx, entry};

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
    /// The disk is full or fails, as was logged when it began: not again for everyone who meets it.
    #[error(transparent)]
    Outage(StoreError),
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
            Self::Store(StoreError::Batch(_)) | Self::Outage(_) => {
                tracing::debug!(error = %self, what, "failed")
            }
            Self::Store(_) | Self::Entropy(_) => {
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
            Self::Store(error) | Self::Outage(error) if error.is_temporary() => {
                Problem::new(ProblemKind::Unavailable).retry_after_ms(1_000)
            }
            Self::Store(_) | Self::Outage(_) | Self::Entropy(_) => Problem::new(ProblemKind::Internal),
        }
    }
}

/// Refuses to send a mail that would not reach its reader, and says why not.
#[must_use]
pub fn refuse_unreachable(reason: UnreachableReason) -> UseCaseError {
    let detail = match reason {
        UnreachableReason::NoAddress => "the visitor gave no address",
        UnreachableReason::Bounced => "mail to the visitor's address came back",
        UnreachableReason::OptedOut => "the visitor wants no more mail",
    };
    UseCaseError::Refused(Problem::with_detail(ProblemKind::WrongState, detail))
}

/// Who is on a page just now: what connections tell, and no store does.
pub trait Whereabouts: Send + Sync {
    /// Whether a visitor is on a page of their site.
    fn is_here(&self, visitor: VisitorId) -> bool;
}

/// How much mail a visitor may cause by asking for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// Copies and new links of one visitor in a day.
    pub mails_a_day: u32,
    /// Different addresses that nobody has verified, of one visitor in a day.
    pub unverified_addresses_a_day: u32,
}

/// What a use case knows beside its input, and where it leaves what it changed.
pub struct Context {
    /// The time of this use case: one instant for all that it writes.
    pub now: Timestamp,
    /// Who is on a page just now.
    pub whereabouts: Arc<dyn Whereabouts>,
    /// How much mail a visitor may cause by asking for it.
    pub limits: RequestLimits,
    /// Whether a job was left in the outbox, or moved there.
    pub has_job: bool,
    touched: BTreeMap<ConversationId, Touched>,
}

/// What a use case did to a conversation.
#[derive(Default)]
pub struct Touched {
    /// What was added to it, ascending.
    pub entries: Vec<Entry>,
    /// What it has become, where that is known without reading it again.
    pub became: Option<Conversation>,
}

impl Context {
    /// Makes the context of one use case.
    #[must_use]
    pub fn new(now: Timestamp, whereabouts: Arc<dyn Whereabouts>, limits: RequestLimits) -> Self {
        Self { now, whereabouts, limits, has_job: false, touched: BTreeMap::new() }
    }

    /// The conversations that were changed.
    #[must_use]
    pub fn into_touched(self) -> BTreeMap<ConversationId, Touched> {
        self.touched
    }

    /// Adds a message to the log of a conversation as it is now, at its next place, and notes it as the last one.
    ///
    /// # Errors
    /// The store fails.
    pub async fn add_message(
        &mut self,
        tx: &mut Tx,
        before: &Conversation,
        id: EntryId,
        author: Author,
        body: Body,
    ) -> Result<Entry, StoreError> {
        let preview = preview(body.text().unwrap_or_default());
        let entry = Entry { seq: before.last_seq + 1, id, at: self.now, author, body };
        let became = entry::create_message(tx, before, &entry, &preview).await?;
        let touched = self.touch(before.id);
        touched.entries.push(entry.clone());
        touched.became = Some(became);
        Ok(entry)
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
        self.touch(conversation).entries.push(entry.clone());
        Ok(entry)
    }

    /// Notes that a conversation has changed. What it had become before is forgotten.
    pub fn touch(&mut self, conversation: ConversationId) -> &mut Touched {
        let touched = self.touched.entry(conversation).or_default();
        touched.became = None;
        touched
    }

    /// Mints an id for an entry that the server itself writes.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn mint_entry_id(&self) -> Result<EntryId, NoEntropy> {
        Ok(EntryId::mint(self.now, clock::id_entropy()?))
    }
}
