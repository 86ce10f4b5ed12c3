//! A new site.

use crate::service::{Context, UseCase, UseCaseError};
use crate::site::Site;
use crate::store::{Tx, site};

/// Adds a site.
pub struct AddSite(pub Site);

impl UseCase for AddSite {
    type Output = ();

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<(), UseCaseError> {
        site::create_site(tx, &self.0, cx.now).await?;
        Ok(())
    }
}
