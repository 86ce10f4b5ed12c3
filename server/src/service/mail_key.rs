//! The key of what this installation signs: reply addresses, and the links that stop mail.

use crate::secret::{self, SecretHash};
use crate::service::{Context, UseCase, UseCaseError};
use crate::store::{self, Tx};

/// Returns the installation's key, made at the first time.
pub struct MailKey;

impl UseCase for MailKey {
    type Output = [u8; 32];

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<[u8; 32], UseCaseError> {
        let fresh = secret::mint()?;
        let value = store::secret::find_or_create(tx, "mail_key", fresh.expose(), cx.now).await?;
        Ok(SecretHash::of(&value).to_bytes())
    }
}
