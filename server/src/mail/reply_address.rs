//! The address that an answer is sent to, and the identifier that our own mails carry: the only two things by which a mail
//! finds its conversation (DESIGN 6). What stands in `From` proves nothing and is not asked.
//!
//! `support+<token>@example.com`: the token is the conversation's id and a keyed hash of it, in the digits of base32, which
//! survive hosts that change the case of an address. Who does not hold the key cannot make one for another conversation.

use causette_shared::id::ConversationId;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

/// The longest local part that hosts must take (RFC 5321 §4.5.3.1.1), in bytes.
pub const LOCAL_PART_BYTES: usize = 64;
/// Bytes of the keyed hash that are kept: 80 bits. Guessing one takes 2^79 mails on average.
const TAG_BYTES: usize = 10;
/// Base32 digits of 16 bytes of id and the tag: 26 bytes are 208 bits are 42 digits.
const TOKEN_CHARS: usize = 42;
/// Keeps these hashes apart from any other that is ever made with the same key.
const PURPOSE: &[u8] = b"causette reply address 1\0";
/// RFC 4648 §6, in lower case.
const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// What stands behind the job in our Message-IDs, so that no other sender's id is taken for one.
const JOB_SUFFIX: &str = ".causette";

/// The installation's key for reply addresses: 256 random bits, the same for as long as its mails are to be answered.
#[derive(Clone)]
pub struct ReplyKey([u8; 32]);

impl ReplyKey {
    /// Takes the key's bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn tag(&self, id: &[u8; 16]) -> [u8; TAG_BYTES] {
        let mut mac =
            <Hmac<Sha256> as hmac::Mac>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(PURPOSE);
        mac.update(id);
        let full = mac.finalize().into_bytes();
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&full[..TAG_BYTES]);
        tag
    }
}

impl std::fmt::Debug for ReplyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReplyKey(redacted)")
    }
}

/// The configured address cannot carry a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableAddress {
    /// There is no `@` with something on both sides.
    #[error("the address has no local part or no domain")]
    Incomplete,
    /// Local part, plus sign and token would be longer than hosts must take.
    #[error("the part before the @ is longer than {} bytes", LOCAL_PART_BYTES - TOKEN_CHARS - 1)]
    TooLong,
}

/// Makes the address that answers to a conversation are sent to.
///
/// `base_address` is the mailbox that receives them, such as `reply@example.com`; its host must deliver `reply+…@` there
/// (sub-addressing, RFC 5233).
///
/// # Errors
/// The address is incomplete, or its local part is too long for a token beside it.
pub fn make(
    key: &ReplyKey,
    conversation: ConversationId,
    base_address: &str,
) -> Result<String, UnusableAddress> {
    let (local, domain) = base_address.rsplit_once('@').ok_or(UnusableAddress::Incomplete)?;
    if local.is_empty() || domain.is_empty() {
        return Err(UnusableAddress::Incomplete);
    }
    if local.len() + 1 + TOKEN_CHARS > LOCAL_PART_BYTES {
        return Err(UnusableAddress::TooLong);
    }
    let id = conversation.0.into_bytes();
    let mut bytes = [0; 16 + TAG_BYTES];
    bytes[..16].copy_from_slice(&id);
    bytes[16..].copy_from_slice(&key.tag(&id));
    Ok(format!("{local}+{}@{domain}", encode(&bytes)))
}

/// Finds the conversation that one of these addresses belongs to: the first whose token was made with this key.
///
/// Upper and lower case are the same. The domain is not looked at: what counts is the hash.
pub fn find<A: AsRef<str>>(key: &ReplyKey, addresses: impl IntoIterator<Item = A>) -> Option<ConversationId> {
    addresses.into_iter().find_map(|address| {
        let (local, _) = address.as_ref().rsplit_once('@')?;
        let (_, token) = local.rsplit_once('+')?;
        let bytes = decode(token)?;
        let (id, tag) = bytes.split_first_chunk::<16>()?;
        let genuine: bool = key.tag(id).ct_eq(tag).into();
        genuine.then(|| ConversationId(Uuid::from_bytes(*id)))
    })
}

/// Whether the text holds something of the shape of our reply addresses, genuine or not: enough to see that a quotation
/// is of one of our mails, never enough to act on.
#[must_use]
pub fn looks_mentioned(text: &str) -> bool {
    text.match_indices('+').any(|(at, _)| {
        let rest = &text.as_bytes()[at + 1..];
        rest.len() > TOKEN_CHARS
            && rest[TOKEN_CHARS] == b'@'
            && rest[..TOKEN_CHARS].iter().all(|byte| digit(*byte).is_some())
    })
}

/// The Message-ID of the mail that a job sends, with its angle brackets (RFC 5322 §3.6.4). The same for every attempt.
#[must_use]
pub fn message_id(job: Uuid, domain: &str) -> String {
    format!("<{}{JOB_SUFFIX}@{domain}>", job.simple())
}

/// Finds the job whose mail carries this Message-ID, with or without angle brackets.
#[must_use]
pub fn job_of(message_id: &str, domain: &str) -> Option<Uuid> {
    let bare = message_id.trim();
    let bare = bare.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(bare);
    let (local, found) = bare.rsplit_once('@')?;
    if !found.eq_ignore_ascii_case(domain) {
        return None;
    }
    let job = local.to_ascii_lowercase();
    let job = job.strip_suffix(JOB_SUFFIX)?;
    // The other spellings that a UUID has never come from us.
    if job.len() != 32 { None } else { Uuid::try_parse(job).ok() }
}

fn encode(bytes: &[u8; 16 + TAG_BYTES]) -> String {
    let mut text = String::with_capacity(TOKEN_CHARS);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(DIGITS[(held >> bits) as usize & 31]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(DIGITS[(held << (5 - bits)) as usize & 31]));
    }
    text
}

fn digit(byte: u8) -> Option<u32> {
    let lower = byte.to_ascii_lowercase();
    DIGITS.iter().position(|known| *known == lower).and_then(|place| u32::try_from(place).ok())
}

/// Reads a token back. One of another length, with a foreign character, or whose unused last bits are set is none.
fn decode(token: &str) -> Option<[u8; 16 + TAG_BYTES]> {
    if token.len() != TOKEN_CHARS {
        return None;
    }
    let mut bytes = [0; 16 + TAG_BYTES];
    let (mut held, mut bits, mut place) = (0_u32, 0, 0);
    for byte in token.bytes() {
        held = (held << 5) | digit(byte)?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            *bytes.get_mut(place)? = u8::try_from((held >> bits) & 255).ok()?;
            place += 1;
        }
        held &= (1 << bits) - 1;
    }
    (held == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: ReplyKey = ReplyKey::from_bytes([7; 32]);

    fn conversation() -> ConversationId {
        ConversationId(Uuid::from_u128(0x0193_5d3c_7b1a_7c3d_8e4f_0123_4567_89ab))
    }

    #[test]
    fn the_address_is_short_and_stays_the_same() {
        let address = make(&KEY, conversation(), "reply@example.com").expect("it fits");
        // Mails that were sent long ago carry it: a change of this line breaks their answers.
        assert_eq!(address, "reply+agjv2pd3dj6d3dspaerukz4jvoxxe46des5wqaphdu@example.com");
        assert!(address.find('@').is_some_and(|at| at <= LOCAL_PART_BYTES));
        assert_eq!(find(&KEY, [&address]), Some(conversation()));
    }

    #[test]
    fn a_name_before_the_at_may_be_as_long_as_hosts_take() {
        let longest = format!("{}@example.com", "x".repeat(21));
        let address = make(&KEY, conversation(), &longest).expect("it fits");
        assert_eq!(address.find('@'), Some(LOCAL_PART_BYTES));
        let longer = format!("{}@example.com", "x".repeat(22));
        assert_eq!(make(&KEY, conversation(), &longer), Err(UnusableAddress::TooLong));
        for incomplete in ["reply", "@example.com", "reply@", ""] {
            assert_eq!(make(&KEY, conversation(), incomplete), Err(UnusableAddress::Incomplete));
        }
    }

    #[test]
    fn an_address_with_a_plus_of_its_own_keeps_it() {
        let address = make(&KEY, conversation(), "help+chat@example.com").expect("it fits");
        assert!(address.starts_with("help+chat+"));
        assert_eq!(find(&KEY, [address]), Some(conversation()));
    }

    #[test]
    fn the_key_is_never_printed() {
        assert_eq!(format!("{KEY:?}"), "ReplyKey(redacted)");
    }

    #[test]
    fn a_job_is_found_by_its_message_id_and_by_no_other() {
        let job = Uuid::from_u128(5);
        let id = message_id(job, "chat.example.com");
        assert_eq!(id, "<00000000000000000000000000000005.causette@chat.example.com>");
        assert_eq!(job_of(&id, "chat.example.com"), Some(job));
        assert_eq!(job_of(&id[1..id.len() - 1].to_uppercase(), "chat.example.com"), Some(job));
        assert_eq!(job_of(&id, "example.com"), None);
        for foreign in ["", "<@chat.example.com>", "<5@chat.example.com>", "<x.causette@chat.example.com>"] {
            assert_eq!(job_of(foreign, "chat.example.com"), None);
        }
        let hyphenated = format!("<{job}.causette@chat.example.com>");
        assert_eq!(job_of(&hyphenated, "chat.example.com"), None);
    }
}
