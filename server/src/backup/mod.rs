//! Backups: all that the store holds, as of one instant, in one file that either database can be put back from.
//!
//! The file is a gzip file of lines of JSON (`format`), sealed with the SHA-256 of its bytes (`seal`). `save` writes it
//! from one snapshot while others write; `restore` looks at the whole file first and then puts it back in one
//! transaction. Neither holds more than a few batches of rows in memory. What is shown to the person who waits is left
//! to the command line: here a `Meter` counts.

mod error;
pub mod format;
mod meter;
mod partial;
mod restore;
mod save;
pub mod seal;

pub use error::BackupError;
pub use meter::Meter;
pub use partial::{Overwrite, Partial};
pub use restore::{Existing, Saved};
pub use save::save;
