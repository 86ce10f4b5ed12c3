//! An agent sends a mail again that was given up. Whether there is still a reason for it is asked at the moment of sending,
//! as of every mail (`prepare_mail`).

use causette_shared::entry::MailKind;
use causette_shared::id::JobId;
use causette_shared::problem::{Problem, ProblemKind};

use crate::service::{Context, UseCase, UseCaseError};
use crate::store::{Tx, conversation, dead_mail, outbox};

/// Makes a mail that was given up due now. One that may have arrived is sent once more only: an agent has asked for it,
/// and knows.
pub struct RetryMail(pub JobId);

impl UseCase for RetryMail {
    type Output = ();

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<(), UseCaseError> {
        let Some(job) = dead_mail::find_job(tx, self.0).await? else {
            return Err(UseCaseError::refused(ProblemKind::NotFound));
        };
        if !job.is_dead {
            return Err(not_dead());
        }
        if let Some(id) = job.conversation {
            conversation::lock_conversation(tx, id).await?;
        }
        let follow_up = job.conversation.filter(|_| job.kind == MailKind::FollowUp);
        let is_done = match follow_up {
            // One that was scheduled since carries what this one would have: it goes now, and this one has no reason left.
            Some(id) if dead_mail::has_follow_up(tx, id).await? => {
                dead_mail::supersede_job(tx, self.0, cx.now).await?
            }
            _ => dead_mail::revive_job(tx, self.0, cx.now).await?,
        };
        if !is_done {
            return Err(not_dead());
        }
        if let Some(id) = follow_up {
            // Asked for, it does not wait for its time; and it is the one that is cancelled when the visitor reads.
            outbox::hasten_follow_up(tx, id, cx.now).await?;
            conversation::set_follow_up(tx, id, Some(cx.now)).await?;
            cx.touch(id);
        }
        cx.has_job = true;
        Ok(())
    }
}

/// What is told of a mail that waits, was sent or was cancelled.
pub(crate) fn not_dead() -> UseCaseError {
    UseCaseError::Refused(Problem::with_detail(ProblemKind::WrongState, "this mail is not given up any more"))
}
