//! What the visitor's panel asks for.

pub mod channel;
pub mod document;
pub mod resume;
pub mod socket;
mod texts;
