//! Secrets: minted from 256 random bits, kept only as their SHA-256, compared in constant time (DESIGN 6).

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use causette_shared::id::SessionSecret;

use crate::clock::{NoEntropy, random_bytes};

/// The SHA-256 of a secret: what is stored. A secret of 256 random bits needs no salt and no slow hash.
#[derive(Clone, Copy, Eq)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Hashes a secret.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// The hash itself: a key made from a secret.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// The hash as 64 hexadecimal digits, as it is stored.
    #[must_use]
    pub fn to_hex(self) -> String {
        self.0.iter().fold(String::with_capacity(64), |mut text, byte| {
            for half in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
            }
            text
        })
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl std::hash::Hash for SecretHash {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl std::fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretHash(redacted)")
    }
}

/// Mints a secret.
///
/// # Errors
/// The operating system gives no randomness.
pub fn mint() -> Result<SessionSecret, NoEntropy> {
    Ok(SessionSecret::from_bytes(random_bytes()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_sha_256_in_hexadecimal() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(SecretHash::of("abc").to_hex(), expected);
        assert!(!format!("{:?}", SecretHash::of("abc")).contains("ba78"));
    }
}
