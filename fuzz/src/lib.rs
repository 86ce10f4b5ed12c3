//! What each fuzz target asks of one input. A target that finds something panics; the input is kept, and
//! `cargo xtask fuzz TARGET --replay FILE` runs it again.
//!
//! The server as a whole takes minutes to compile with counters in it. What it parses before it knows who is there
//! stands in files that need nothing of it, and is compiled here from them.

mod addresses;
mod frames;
mod secrets;
mod texts;

#[path = "../../server/src/http/cookie.rs"]
mod cookie;
#[path = "../../server/src/http/forwarded.rs"]
mod forwarded;
#[path = "../../server/src/origin.rs"]
mod origin;

pub use addresses::address;
pub use frames::{desk_frame, visitor_frame};
pub use secrets::{cookie, token};
pub use texts::text;
