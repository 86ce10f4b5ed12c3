//! What the desk's socket carries, both ways.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| causette_fuzz::desk_frame(data));
