//! The secret with which a site's own server signs who its person is: made when its owner asks for it, and shown to them
//! once.

use causette_shared::id::SiteKey;
use causette_shared::problem::{Problem, ProblemKind};

use crate::service::{Context, UseCase, UseCaseError};
use crate::store::{Tx, site};

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
    /// It is replaced: what was signed with it is worth nothing any more.
    Replace,
}

impl UseCase for SetIdentitySecret {
    type Output = ();

    async fn run(&self, tx: &mut Tx, _: &mut Context) -> Result<(), UseCaseError> {
        if site::find_site(tx, &self.site).await?.is_none() {
            return Err(UseCaseError::refused(ProblemKind::UnknownSite));
        }
        if self.held == HeldSecret::Keep && site::find_identity_secret(tx, &self.site).await?.is_some() {
            let detail = "the site has a secret, which was shown when it was made; --new replaces it";
            return Err(UseCaseError::Refused(Problem::with_detail(ProblemKind::WrongState, detail)));
        }
        site::set_identity_secret(tx, &self.site, &self.secret).await?;
        Ok(())
    }
}
