//! Contacts: what is asked of the server, and what is kept while an agent types.

pub mod book;
pub mod draft;
pub mod requests;

pub use book::{Book, Load};
pub use draft::{Draft, Errors};
pub use requests::Failure;
