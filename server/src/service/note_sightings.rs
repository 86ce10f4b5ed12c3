//! Where a site's snippet was seen since the last time is written down.

use causette_shared::id::SiteKey;

use crate::service::{Context, UseCase, UseCaseError};
use crate::sighting::{Sighting, take_in};
use crate::store::{Tx, sighting, site};

/// Writes down what was gathered of one site.
pub struct NoteSightings {
    /// Which site. It may be gone: the database may have been put back.
    pub site: SiteKey,
    /// What was gathered.
    pub fresh: Vec<Sighting>,
    /// The installation's own origins.
    pub own: Vec<String>,
}

impl UseCase for NoteSightings {
    type Output = ();

    async fn run(&self, tx: &mut Tx, _: &mut Context) -> Result<(), UseCaseError> {
        let Some(site) = site::find_site(tx, &self.site).await? else { return Ok(()) };
        let mut held = sighting::list_sightings(tx, &site.key).await?;
        let known: Vec<String> = held.iter().map(|one| one.origin.clone()).collect();
        let mut pushed_out = Vec::new();
        for fresh in &self.fresh {
            pushed_out.extend(take_in(&mut held, fresh.clone(), |origin| site.allows(origin, &self.own)));
        }
        for origin in pushed_out.iter().filter(|origin| known.contains(origin)) {
            sighting::delete_sighting(tx, &site.key, origin).await?;
        }
        let is_fresh = |one: &&Sighting| self.fresh.iter().any(|fresh| fresh.origin == one.origin);
        for changed in held.iter().filter(is_fresh) {
            sighting::keep_sighting(tx, &site.key, changed).await?;
        }
        Ok(())
    }
}
