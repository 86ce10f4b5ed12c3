//! Mail at the desk: what waits and what was given up, what the mailbox held that became no message, and a mail as it came.

pub mod original;
pub mod requests;
pub mod room;
pub mod words;

pub use original::Original;
pub use room::MailRoom;
