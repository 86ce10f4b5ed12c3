//! Secrets, site keys and ids as text.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| causette_fuzz::token(data));
