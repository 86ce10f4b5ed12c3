//! The moment after a mail was handed over, or was not: what became of it is noted, and told where it matters.

use causette_shared::entry::{Author, Body, Event, MailKind};
use causette_shared::id::{ConversationId, Seq};
use causette_shared::time::Timestamp;

use crate::service::mail_failed::{Blame, note_failure};
use crate::service::{Context, UseCase, UseCaseError, follow_up};
use crate::store::outbox::{self, Job, Settled};
use crate::store::{Tx, conversation};

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The mail server took it.
    Sent,
    /// It was surely not taken; it may be later.
    Failed {
        /// When to try again; `None` gives it up.
        again_at: Option<Timestamp>,
        /// Why, for agents.
        error: String,
    },
    /// It was surely not taken, and the same again would not be.
    Refused {
        /// Why, for agents.
        error: String,
        /// Whether it is the address that is refused.
        is_of_recipient: bool,
    },
    /// Nobody knows.
    Uncertain {
        /// When to try once more.
        again_at: Timestamp,
        /// Why, for agents.
        error: String,
    },
}

/// Notes what became of a job's mail.
#[derive(Clone)]
pub struct SettleMail {
    /// The job, as it was claimed.
    pub job: Job,
    /// What the mail was for, after the last look.
    pub kind: MailKind,
    /// Where it went.
    pub to: String,
    /// The last entry that it carries.
    pub upto: Seq,
    /// What became of it.
    pub outcome: Outcome,
}

impl UseCase for SettleMail {
    type Output = ();

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<(), UseCaseError> {
        if let Some(id) = self.job.conversation {
            conversation::lock_conversation(tx, id).await?;
        }
        let settled = match &self.outcome {
            Outcome::Sent => Settled::Sent,
            Outcome::Failed { again_at: Some(at), error } => Settled::Retry(*at, error.clone()),
            Outcome::Failed { again_at: None, error } | Outcome::Refused { error, .. } => {
                Settled::Dead(error.clone())
            }
            Outcome::Uncertain { again_at, error } => Settled::Uncertain(*again_at, error.clone()),
        };
        if !outbox::settle(tx, &self.job, &settled, cx.now).await? {
            // Another worker has it: this one was too slow, and what it knows is old.
            return Ok(());
        }
        let Some(id) = self.job.conversation else {
            return Ok(());
        };
        let next = match &self.outcome {
            Outcome::Failed { again_at, .. } => *again_at,
            Outcome::Uncertain { again_at, .. } => Some(*again_at),
            Outcome::Sent | Outcome::Refused { .. } => None,
        };
        if self.job.kind == MailKind::FollowUp {
            conversation::set_follow_up(tx, id, next).await?;
            cx.touch(id);
        }
        let (error, blame) = match &self.outcome {
            Outcome::Sent => return self.note_sent(tx, cx, id).await,
            Outcome::Refused { error, is_of_recipient: true } => (error, Blame::Address),
            Outcome::Refused { error, .. } | Outcome::Failed { again_at: None, error } => {
                (error, Blame::Mail)
            }
            Outcome::Failed { .. } | Outcome::Uncertain { .. } => return Ok(()),
        };
        note_failure(tx, cx, id, &self.to, error, blame).await
    }
}

impl SettleMail {
    async fn note_sent(&self, tx: &mut Tx, cx: &mut Context, id: ConversationId) -> Result<(), UseCaseError> {
        if self.kind == MailKind::Tell {
            conversation::set_tell(tx, id, None).await?;
        }
        let event = Event::Mailed { kind: self.kind, to: self.to.clone(), upto: self.upto };
        let entry = cx.mint_entry_id()?;
        cx.add_entry(tx, id, entry, Author::Automatic, Body::Event(event)).await?;
        // A reply that was written while the mail was under way is not in it, and found this job in its place.
        follow_up::reconsider(tx, cx, id).await
    }
}
