//! An owner changes which pages may embed the chat, or how it looks there.

use causette_shared::id::SiteKey;
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::install::{Looks, SiteChange};

use crate::service::{Context, UseCase, UseCaseError};
use crate::site::{Site, SiteOrigin};
use crate::store::{Tx, site};

/// Changes a site.
pub struct ChangeSite {
    /// Which one.
    pub site: SiteKey,
    /// What of it.
    pub change: Change,
}

/// What an owner changes. Everything else stays as it is.
pub enum Change {
    /// The origins whose pages may embed the chat: all of them.
    Origins(Vec<SiteOrigin>),
    /// Its looks, which are checked already.
    Looks(Looks),
    /// What is named of its settings.
    Settings(SiteChange),
}

impl UseCase for ChangeSite {
    type Output = Site;

    async fn run(&self, tx: &mut Tx, _: &mut Context) -> Result<Site, UseCaseError> {
        site::lock_site(tx, &self.site).await?;
        let found = site::find_site(tx, &self.site).await?;
        let mut site = found.ok_or_else(|| UseCaseError::refused(ProblemKind::UnknownSite))?;
        match &self.change {
            Change::Origins(origins) => site.origins.clone_from(origins),
            Change::Looks(looks) => site.settings.set_looks(looks.clone()),
            Change::Settings(SiteChange { allow_apps }) => {
                if let Some(allow_apps) = *allow_apps {
                    site.settings.allow_apps = allow_apps;
                }
            }
        }
        site::change_site(tx, &site).await?;
        Ok(site)
    }
}
