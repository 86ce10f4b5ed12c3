//! Installing the chat: how it looks, what its owner pastes, and where it was seen.

mod allowed;
pub mod flows;
pub mod looks;
pub mod requests;
pub mod room;
mod seen;
pub mod words;

pub use room::Install;
