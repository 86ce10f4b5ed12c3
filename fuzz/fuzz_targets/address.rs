//! Addresses that people, proxies and owners give.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| causette_fuzz::address(data));
