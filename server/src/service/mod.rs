//! Use cases, one per file. Each runs in one transaction and returns what changed; none sends, publishes or renders.

pub mod add_agent;
pub mod add_site;
pub mod mark_seen;
pub mod reply;
pub mod send_message;
pub mod sign_in;
