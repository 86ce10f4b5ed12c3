//! Secrets, keys and ids as text, and the cookie that carries one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causette_shared::id::{EntryId, SessionSecret, SiteKey};

use crate::cookie::find_cookie;

const NAME: &str = "causette_desk";
const SESSION: &str = "the-session";

/// Reads text as a secret, a site's key and an id, and makes a secret of 32 bytes.
pub fn token(data: &[u8]) {
    if let Some(bytes) = data.first_chunk::<32>() {
        let secret = SessionSecret::from_bytes(*bytes);
        assert_eq!(URL_SAFE_NO_PAD.decode(secret.expose()).as_deref(), Ok(&bytes[..]));
        assert_eq!(secret.expose().parse(), Ok(secret));
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(secret) = text.parse::<SessionSecret>() {
        assert_eq!(secret.expose(), text);
        assert!(
            text.len() == 43
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
        assert!(!format!("{secret:?}").contains(text), "a secret was printed");
    }
    if let Ok(key) = text.parse::<SiteKey>() {
        assert_eq!(key.as_str(), text);
        // It stands in paths, in cookies' names and in scripts.
        assert!(text.len() <= 40 && !text.contains(['/', '.', '"', '<', ';', '=', ' ']));
    }
    if let Ok(id) = text.parse::<EntryId>() {
        assert_eq!(id.to_string().parse(), Ok(id));
    }
}

/// Looks for our cookie among others that anybody may have set for the host.
pub fn cookie(data: &[u8]) {
    let headers: Vec<&str> = data.split(|byte| *byte == b'\n').filter_map(visible).collect();
    if let Some(value) = find_cookie(headers.iter().copied(), NAME) {
        assert!(!value.contains(';') && value.trim_end() == value);
        let stands_there = headers.iter().any(|header| header.contains(&[NAME, "=", value].concat()));
        assert!(stands_there, "{value} was made up");
    }
    if headers.iter().any(|header| header.contains(NAME)) {
        return;
    }
    let ours = [NAME, "=", SESSION].concat();
    let last = headers.last().copied().unwrap_or_default();
    let in_one = [last, "; ", &ours, "; ", last].concat();
    assert_eq!(find_cookie([in_one.as_str()].into_iter(), NAME), Some(SESSION), "others hide our cookie");
    let in_another = headers.iter().copied().chain([ours.as_str()]);
    assert_eq!(find_cookie(in_another, NAME), Some(SESSION), "others hide our cookie");
}

/// A header's value as text, as `http::HeaderValue::to_str` gives it.
fn visible(bytes: &[u8]) -> Option<&str> {
    let is_visible = |byte: &u8| matches!(*byte, b' '..=b'~' | b'\t');
    std::str::from_utf8(bytes).ok().filter(|text| text.as_bytes().iter().all(is_visible))
}
