//! What an owner changes of a site that is there.

use causette_shared::id::SiteKey;
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::install::SiteChange;

use crate::service::{Context, UseCase, UseCaseError};
use crate::site::Site;
use crate::store::{Tx, site};

/// Changes what is named of a site's settings, and answers with the site as it is then.
pub struct ChangeSite {
    /// Which site.
    pub site: SiteKey,
    /// What changes.
    pub change: SiteChange,
}

impl UseCase for ChangeSite {
    type Output = Site;

    async fn run(&self, tx: &mut Tx, _: &mut Context) -> Result<Site, UseCaseError> {
        site::lock_site(tx, &self.site).await?;
        let found = site::find_site(tx, &self.site).await?;
        let mut found = found.ok_or_else(|| UseCaseError::refused(ProblemKind::UnknownSite))?;
        let SiteChange { allow_apps } = self.change;
        if let Some(allow_apps) = allow_apps {
            found.settings.allow_apps = allow_apps;
        }
        site::change_settings(tx, &found).await?;
        Ok(found)
    }
}
