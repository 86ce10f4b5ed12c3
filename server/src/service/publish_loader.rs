//! An owner pins what their pages run: the script as it is now is kept under its hash, for ever.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use causette_shared::id::SiteKey;
use sha2::{Digest as _, Sha384};

use crate::service::{Context, UseCase, UseCaseError};
use crate::store::{Tx, published_loader};

/// Publishes a site's loader. What was published before stays beside it.
pub struct PublishLoader {
    /// Whose loader. The site exists.
    pub site: SiteKey,
    /// The whole script, with the site's settings in it.
    pub script: String,
}

/// What a published loader is found and checked by: the SHA-384 of its script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoaderHash(String);

impl LoaderHash {
    /// Hashes a script.
    #[must_use]
    pub fn of(script: &str) -> Self {
        // 48 bytes are 64 characters: there is no padding that either alphabet would have to leave out.
        Self(URL_SAFE.encode(Sha384::digest(script.as_bytes())))
    }

    /// Reads what an address holds; `None` where it can be no hash.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (text.len() == 64 && text.bytes().all(allowed)).then(|| Self(text.to_owned()))
    }

    /// As part of an address: base64url (RFC 4648 §5).
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As the attribute `integrity` wants it (W3C Subresource Integrity §3.1).
    #[must_use]
    pub fn integrity(&self) -> String {
        format!("sha384-{}", self.0.replace('-', "+").replace('_', "/"))
    }
}

impl UseCase for PublishLoader {
    type Output = LoaderHash;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<LoaderHash, UseCaseError> {
        let hash = LoaderHash::of(&self.script);
        published_loader::keep_loader(tx, &self.site, hash.as_str(), &self.script, cx.now).await?;
        Ok(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::LoaderHash;

    #[test]
    fn a_hash_has_one_form_for_addresses_and_one_for_browsers() {
        // FIPS 180-2, appendix D.1: SHA-384 of "abc" is cb00753f…c825a7.
        let hash = LoaderHash::of("abc");
        assert_eq!(hash.as_str(), "ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP_W-2AhgcroefMI1i67KE0yCWn");
        assert_eq!(
            hash.integrity(),
            "sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn"
        );
    }
}
