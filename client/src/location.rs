//! Where this document came from.

/// Returns the address of a socket on our own origin: `wss:` where the document came over `https:`.
#[must_use]
pub fn socket_url(path: &str) -> String {
    let location = web_sys::window().map(|window| window.location());
    let origin = location.and_then(|location| location.origin().ok()).unwrap_or_default();
    // "http" and "https" become "ws" and "wss".
    ["ws", origin.strip_prefix("http").unwrap_or("://"), path].concat()
}
