//! An agent drops a mail that was given up.

use causette_shared::id::JobId;
use causette_shared::problem::ProblemKind;

use crate::service::outbox_retry::not_dead;
use crate::service::{Context, UseCase, UseCaseError};
use crate::store::{Tx, dead_mail};

/// Drops a mail that was given up: it counts as one that there was no need for.
pub struct DiscardMail(pub JobId);

impl UseCase for DiscardMail {
    type Output = ();

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<(), UseCaseError> {
        if dead_mail::find_job(tx, self.0).await?.is_none() {
            return Err(UseCaseError::refused(ProblemKind::NotFound));
        }
        match dead_mail::discard_job(tx, self.0, cx.now).await? {
            true => Ok(()),
            false => Err(not_dead()),
        }
    }
}
