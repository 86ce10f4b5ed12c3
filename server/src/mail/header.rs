//! Header values that cannot be more than one header.
//!
//! What leaves here is printable ASCII and folds of our own; strangers' text is either plain enough to stand as it is or
//! becomes encoded words (RFC 2047), in which no character of theirs has a meaning.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::message::header::{HeaderName, HeaderValue};

/// Bytes of text in one encoded word: its 52 digits, 12 of wrapping and a header name of 9 stay below the 76 of a line
/// with an encoded word (RFC 2047 §2).
const WORD_BYTES: usize = 39;
/// Characters of text that stands as it is, so that no line needs a fold inside it.
const PLAIN_CHARS: usize = 60;
const FOLD: &str = "\r\n ";

/// Returns one header. `encoded` must come from this module; `known` is what lettre reads back, an address at most.
pub(super) fn header(name: &'static str, known: &str, encoded: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), known.to_owned(), encoded)
}

/// Writes free text, such as a subject. `line` is one line without control characters (`words::one_line`).
pub(super) fn unstructured(line: &str) -> String {
    let plain = line.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if plain && line.len() <= PLAIN_CHARS && !line.contains("=?") {
        line.to_owned()
    } else {
        encoded_words(line)
    }
}

/// Writes an address with a name before it (RFC 5322 §3.4), or alone where there is no name.
pub(super) fn mailbox(name: &str, address: &str) -> String {
    if name.is_empty() {
        return address.to_owned();
    }
    // In quotes, letters, digits and these have no meaning; names with any other are encoded.
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" '!#$%&*+-./^_|~".contains(&byte));
    let name = if plain && name.len() <= PLAIN_CHARS { format!("\"{name}\"") } else { encoded_words(name) };
    let gap = if name.len() + address.len() < PLAIN_CHARS { " " } else { FOLD };
    format!("{name}{gap}<{address}>")
}

/// Writes values one below the other.
pub(super) fn list<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    values.into_iter().collect::<Vec<_>>().join(FOLD)
}

/// Encodes a text as words of RFC 2047, each of whole characters (§5).
fn encoded_words(text: &str) -> String {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(WORD_BYTES));
        words.push(format!("=?utf-8?b?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    words.join(FOLD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stands_as_it_is() {
        assert_eq!(unstructured("Maison Lumen answered you"), "Maison Lumen answered you");
        assert_eq!(mailbox("Maison Lumen", "chat@a.example"), "\"Maison Lumen\" <chat@a.example>");
        assert_eq!(mailbox("", "chat@a.example"), "chat@a.example");
    }

    #[test]
    fn what_would_have_a_meaning_is_encoded() {
        assert_eq!(unstructured("é"), "=?utf-8?b?w6k=?=");
        for text in ["=?utf-8?q?a?=", "é\u{202f}!", &"x".repeat(61)] {
            assert!(unstructured(text).starts_with("=?utf-8?b?"), "{text}");
        }
        for name in ["a\"b", "a, b", "a <b@c.example>", "a\\b", "a@b", "=?utf-8?q?a?=", "x:y;", "(c)"] {
            assert!(mailbox(name, "d@e.example").starts_with("=?utf-8?b?"), "{name}");
        }
    }

    #[test]
    fn words_are_short_and_whole() {
        let encoded = unstructured(&"日本語".repeat(30));
        for line in encoded.split("\r\n") {
            assert!(line.len() <= 67, "{line}");
            let inner = line.trim_start().strip_prefix("=?utf-8?b?").and_then(|rest| rest.strip_suffix("?="));
            let bytes = STANDARD.decode(inner.expect("a word")).expect("base64");
            assert!(String::from_utf8(bytes).is_ok());
        }
    }
}
