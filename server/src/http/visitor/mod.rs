//! What the visitor's panel asks for.

pub mod document;
pub mod socket;
mod texts;
