//! The desk's cookie in a request's headers.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| causette_fuzz::cookie(data));
