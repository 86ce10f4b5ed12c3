//! What people write, and the links in it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| causette_fuzz::text(data));
