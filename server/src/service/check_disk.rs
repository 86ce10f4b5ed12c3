//! Whether the disk takes a write.

use crate::service::{Context, UseCase, UseCaseError};
use crate::store::{self, Tx};

/// Commits a write that changes nothing.
pub struct CheckDisk;

impl UseCase for CheckDisk {
    type Output = ();

    async fn run(&self, tx: &mut Tx, _cx: &mut Context) -> Result<(), UseCaseError> {
        store::conversation::write_without_change(tx).await?;
        Ok(())
    }
}
