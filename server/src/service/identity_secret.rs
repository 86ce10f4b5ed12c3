//! The secret with which a site's own server signs who its person is: made when its owner asks for it, and shown to them
//! once.

use causette_shared::id::SiteKey;
use causette_shared::problem::{Problem, ProblemKind};

use crate::service::{Context, UseCase, UseCaseError};
use crate::store::{Tx, site, visitor_session};

/// Gives a site its secret.
pub struct SetIdentitySecret {
    /// Which site.
    pub site: SiteKey,
    /// The secret, freshly minted.
    pub secret: String,
    /// What becomes of the one that it has.
    pub held: HeldSecret,
}

/// What becomes of the secret that a site has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldSecret {
    /// It stays, and this is refused.
    Keep,
    /// It is replaced: what was signed with it is worth nothing any more, and the sessions that it has opened end.
    Replace,
}

impl UseCase for SetIdentitySecret {
    /// How many sessions have ended.
    type Output = u64;

    async fn run(&self, tx: &mut Tx, _: &mut Context) -> Result<u64, UseCaseError> {
        site::lock_site(tx, &self.site).await?;
        if site::find_site(tx, &self.site).await?.is_none() {
            return Err(UseCaseError::refused(ProblemKind::UnknownSite));
        }
        if self.held == HeldSecret::Keep && site::find_identity_secret(tx, &self.site).await?.is_some() {
            let detail = "the site has a secret, which was shown when it was made; --new replaces it";
            return Err(UseCaseError::Refused(Problem::with_detail(ProblemKind::WrongState, detail)));
        }
        site::set_identity_secret(tx, &self.site, &self.secret).await?;
        match self.held {
            HeldSecret::Keep => Ok(0),
            // Whoever had the secret could have opened anybody's.
            HeldSecret::Replace => Ok(visitor_session::end_all_by_identity(tx, &self.site).await?),
        }
    }
}
