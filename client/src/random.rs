//! Random bytes from the browser's generator.

/// Returns `N` random bytes. Every engine that runs WebAssembly has `crypto.getRandomValues`; where a page took it away,
/// the bytes stay zero, and the server refuses the reused id instead of mixing two messages up.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if let Some(crypto) = web_sys::window().and_then(|window| window.crypto().ok()) {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes
}

/// Returns 32 random bits, for jitter.
#[must_use]
pub fn number() -> u32 {
    u32::from_le_bytes(bytes())
}
