//! What the stories in `tests/stories` and the benchmark stand on.
//!
//! `harness` starts things: the real binary, a real browser, pages of customers, a wire that can be cut. `pages` are the
//! screens as a person meets them: they find everything by role and accessible name (DESIGN 5, "What tests may rely
//! on"), so that a story breaks when a person or a screen reader would be lost, and not when a class is renamed.
//!
//! `engine` are visitors and agents without a browser, on the same engine as the widget and the desk: for stories of many.
//!
//! `history` is what such clients were told, held against what is stored.
//!
//! Everything waits for a condition and fails with a sentence that says what was waited for. Nothing sleeps for a time,
//! but for faults, which strike when chance has it.

pub mod engine;
pub mod harness;
pub mod history;
pub mod pages;
pub mod report;
