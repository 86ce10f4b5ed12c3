//! What the outbox's worker asks the store for.

use causette_shared::time::Timestamp;

use crate::service::{Context, UseCase, UseCaseError};
use crate::store::Tx;
use crate::store::outbox::{self, Job};

/// Claims jobs that are due.
pub struct ClaimJobs {
    /// Until when they are this worker's.
    pub lease_until: Timestamp,
    /// How many at most.
    pub limit: u32,
}

impl UseCase for ClaimJobs {
    type Output = Vec<Job>;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<Vec<Job>, UseCaseError> {
        Ok(outbox::claim_jobs(tx, cx.now, self.lease_until, self.limit).await?)
    }
}
