//! What the agents' desk asks for.

pub mod channel;
pub mod document;
pub mod session;
pub mod socket;
