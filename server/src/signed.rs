//! Words that name a conversation and show by themselves that they come from this installation: in the links that stop
//! mail, which work without a session and for ever.

use causette_shared::id::ConversationId;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

/// Bytes of the MAC that are kept: 128 bits, of which nobody guesses one by asking a server.
const MAC_BYTES: usize = 16;

/// What a word is good for: one made for another purpose is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To stop mail for the conversation.
    StopMail,
}

impl Purpose {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::StopMail => b"causette stop mail 1",
        }
    }
}

fn mac(key: &[u8; 32], purpose: Purpose, id: Uuid) -> Option<Hmac<Sha256>> {
    // HMAC takes keys of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(purpose.name());
    mac.update(id.as_bytes());
    Some(mac)
}

/// Makes the word for a conversation: 64 hexadecimal digits.
#[must_use]
pub fn make(key: &[u8; 32], purpose: Purpose, conversation: ConversationId) -> String {
    let mut word = conversation.0.simple().to_string();
    if let Some(mac) = mac(key, purpose, conversation.0) {
        for byte in &mac.finalize().into_bytes()[..MAC_BYTES] {
            for half in [byte >> 4, byte & 15] {
                word.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
            }
        }
    }
    word
}

/// Reads a word; `None` where it is not one of ours for this purpose.
#[must_use]
pub fn read(key: &[u8; 32], purpose: Purpose, word: &str) -> Option<ConversationId> {
    let (id, signature) = word.split_at_checked(32)?;
    let id = Uuid::try_parse(id).ok()?;
    let mut given = [0; MAC_BYTES];
    if signature.len() != 2 * MAC_BYTES || !signature.is_ascii() {
        return None;
    }
    for (byte, digits) in given.iter_mut().zip(signature.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    mac(key, purpose, id)?.verify_truncated_left(&given).ok()?;
    Some(ConversationId(id))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_word_is_read_back_and_no_other_is(key in any::<[u8; 32]>(), id in any::<u128>(), place in 0_usize..64) {
            let conversation = ConversationId(Uuid::from_u128(id));
            let word = make(&key, Purpose::StopMail, conversation);
            prop_assert_eq!(word.len(), 64);
            prop_assert_eq!(read(&key, Purpose::StopMail, &word), Some(conversation));
            let mut other = word.clone().into_bytes();
            other[place] = if other[place] == b'0' { b'1' } else { b'0' };
            prop_assert_eq!(read(&key, Purpose::StopMail, &String::from_utf8(other).unwrap_or_default()), None);
            let mut another_key = key;
            another_key[0] ^= 1;
            prop_assert_eq!(read(&another_key, Purpose::StopMail, &word), None);
        }

        #[test]
        fn any_text_is_read_or_refused(word in any::<String>()) {
            prop_assert_eq!(read(&[7; 32], Purpose::StopMail, &word), None);
        }
    }
}
