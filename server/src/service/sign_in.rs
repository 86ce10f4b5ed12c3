//! An agent signs in. Known and unknown addresses take the same time and give the same answer.

use std::sync::LazyLock;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use causette_shared::contact::parse_email;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::Agent;

use crate::clock::{NoEntropy, random_bytes};
use crate::secret::SecretHash;
use crate::service::{Context, UseCase, UseCaseError};
use crate::store::{Tx, agent};

/// Opens a session for an agent whose password was verified.
pub struct OpenSession {
    /// Who signed in.
    pub agent: Agent,
    /// The new session's token, hashed.
    pub token: SecretHash,
    /// How long it lasts.
    pub lasts: Duration,
}

impl UseCase for OpenSession {
    type Output = ();

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<(), UseCaseError> {
        agent::create_session(tx, &self.token, self.agent.id, cx.now, cx.now.after(self.lasts)).await?;
        Ok(())
    }
}

/// Ends the session with this token; ending it twice does no harm.
pub struct CloseSession(pub SecretHash);

impl UseCase for CloseSession {
    type Output = ();

    async fn run(&self, tx: &mut Tx, _cx: &mut Context) -> Result<(), UseCaseError> {
        agent::delete_session(tx, &self.0).await?;
        Ok(())
    }
}

/// Returns the address as agents are stored: valid, and all in lower case.
///
/// # Errors
/// It is not an address.
pub fn parse_agent_email(raw: &str) -> Result<String, Problem> {
    parse_email(raw)
        .map(|email| email.to_lowercase())
        .map_err(|error| Problem::field("email", &error.to_string()))
}

/// Hashes a password with argon2id (RFC 9106) under the crate's defaults, OWASP's minimum of 2024: 19 MiB, 2 passes.
///
/// # Errors
/// There is no randomness for the salt.
pub fn hash_password(password: &str) -> Result<String, NoEntropy> {
    let salt = random_bytes::<16>()?;
    let salt = SaltString::encode_b64(&salt).expect("16 bytes are a salt of valid length");
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    Ok(hash.expect("the default parameters and a password of any length are valid").to_string())
}

/// Whether a password is the one that was hashed. Without a hash it takes as long, and is not.
#[must_use]
pub fn verify_password(password: &str, hash: Option<&str>) -> bool {
    /// A hash that no password is known for.
    static NOBODY: LazyLock<String> = LazyLock::new(|| hash_password("nobody").unwrap_or_default());
    let matches = PasswordHash::new(hash.unwrap_or(&NOBODY))
        .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
    matches && hash.is_some()
}

/// The answer to every sign-in that fails.
#[must_use]
pub fn wrong_credentials() -> Problem {
    Problem::new(ProblemKind::WrongCredentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_verified_against_its_own_hash_only() {
        let hash = hash_password("correct horse").expect("there is randomness");
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify_password("correct horse", Some(&hash)));
        assert!(!verify_password("battery staple", Some(&hash)));
        assert!(!verify_password("nobody", None));
        assert!(!verify_password("x", Some("not a hash")));
    }

    #[test]
    fn agents_addresses_are_lower_case() {
        assert_eq!(parse_agent_email(" Alice@Demo.Example "), Ok("alice@demo.example".to_owned()));
        assert!(parse_agent_email("alice").is_err());
    }
}
