//! What the visitor's socket carries, both ways.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| causette_fuzz::visitor_frame(data));
