//! Identifiers. Each kind of thing has a type of its own, so that one cannot be passed for another.
//!
//! All are UUIDv7 (RFC 9562 §5.7): minted by whoever creates the thing, from a given time and given random bytes, so
//! that a repeat of the same act carries the same id.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::Timestamp;

/// Position of an entry in its conversation's log: 1, 2, 3 … without a hole. 0 stands for "before the first".
pub type Seq = u32;

/// Random bytes that one id takes.
pub const ID_ENTROPY: usize = 10;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Mints an id from the time and fresh random bytes.
            #[must_use]
            pub fn mint(now: Timestamp, random: [u8; ID_ENTROPY]) -> Self {
                Self(mint(now, random))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    )+};
}

ids! {
    /// An entry of a conversation. The client that writes a message mints it, and keeps it through every repeat.
    EntryId;
    /// A conversation.
    ConversationId;
    /// A browser or app that holds a session on a site.
    VisitorId;
    /// A person as far as we know them.
    ContactId;
    /// A merge of two of them.
    MergeId;
    /// Someone who answers at the desk.
    AgentId;
    /// A file that came with a message.
    FileId;
    /// A job of the outbox: one effect to perform after its commit.
    JobId;
    /// A link in a mail that reopens a conversation.
    LinkId;
    /// A mail that came in.
    InboundId;
}

fn mint(now: Timestamp, random: [u8; ID_ENTROPY]) -> Uuid {
    let millis = u64::try_from(now.0).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// The public key of a site, as it stands in the snippet: 1–40 of `a-z 0-9 -`, not starting or ending with `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteKey(String);

impl SiteKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SiteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SiteKey {
    type Err = InvalidSiteKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let hyphen_at_edge = text.starts_with('-') || text.ends_with('-');
        if text.is_empty() || text.len() > 40 || hyphen_at_edge || !text.bytes().all(allowed) {
            return Err(InvalidSiteKey);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for SiteKey {
    type Error = InvalidSiteKey;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SiteKey> for String {
    fn from(key: SiteKey) -> Self {
        key.0
    }
}

/// The text is not a site key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a site key is 1 to 40 of a-z, 0-9 and -, and does not start or end with -")]
pub struct InvalidSiteKey;

/// The visitor's secret: 256 random bits as 43 characters of base64url (RFC 4648 §5, no padding). Whoever holds it is
/// the visitor. It is minted in the browser at the first message, so that a repeat of that message is recognised.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionSecret(String);

impl SessionSecret {
    /// Encodes 32 fresh random bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = String::with_capacity(43);
        for chunk in bytes.chunks(3) {
            let group =
                chunk.iter().fold(0u32, |sum, byte| (sum << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
            for place in 0..=chunk.len() {
                text.push(char::from(ALPHABET[(group >> (18 - 6 * place)) as usize & 63]));
            }
        }
        Self(text)
    }

    /// The secret itself: for the cookie, the first frame and the hash, and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret(redacted)")
    }
}

impl FromStr for SessionSecret {
    type Err = InvalidSessionSecret;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if text.len() == 43 && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidSessionSecret)
        }
    }
}

impl TryFrom<String> for SessionSecret {
    type Error = InvalidSessionSecret;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SessionSecret> for String {
    fn from(secret: SessionSecret) -> Self {
        secret.0
    }
}

/// The text does not have the shape of a session secret. Says nothing of the text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a session secret")]
pub struct InvalidSessionSecret;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_7_and_sort_by_time() {
        let early = EntryId::mint(Timestamp(1_700_000_000_000), [255; ID_ENTROPY]);
        let late = EntryId::mint(Timestamp(1_700_000_000_001), [0; ID_ENTROPY]);
        assert_eq!(early.0.get_version_num(), 7);
        assert!(early < late);
        assert_eq!(early.to_string().parse(), Ok(early));
    }

    #[test]
    fn a_site_key_is_short_lowercase_and_plain() {
        for good in ["demo", "shop-2", "a", &"x".repeat(40)] {
            assert_eq!(good.parse::<SiteKey>().map(|key| key.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "Demo", "-demo", "demo-", "de mo", "démo", "a/b", "../x", &"x".repeat(41)] {
            assert_eq!(bad.parse::<SiteKey>(), Err(InvalidSiteKey), "{bad:?}");
        }
    }

    #[test]
    fn a_secret_is_base64url_and_never_printed() {
        let secret = SessionSecret::from_bytes([0xfb; 32]);
        assert_eq!(secret.expose(), "-_v7".repeat(10) + "-_s");
        assert_eq!(SessionSecret::from_bytes([0; 32]).expose(), "A".repeat(43));
        assert_eq!(secret.expose().parse(), Ok(secret.clone()));
        assert!(!format!("{secret:?}").contains("-_v7"));
        for bad in [String::new(), "A".repeat(42), "A".repeat(44), "=".repeat(43)] {
            assert_eq!(bad.parse::<SessionSecret>(), Err(InvalidSessionSecret));
        }
    }
}
