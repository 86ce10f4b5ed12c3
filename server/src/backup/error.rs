//! Why there is no backup, or nothing was put back; each is one line for the person who asked.

use std::path::{Path, PathBuf};

use crate::store::StoreError;

/// Why it was not done. No file was left and nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file is there already.
    #[error("{0} exists: name another file, or write over it with --force")]
    Exists(PathBuf),
    /// Another process writes the same file.
    #[error("another backup is being written to {0}")]
    InUse(PathBuf),
    /// There is no such file.
    #[error("there is no file {0}")]
    Missing(PathBuf),
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What was read cannot be written.
    #[error("the backup could not be written: {0}")]
    Output(#[source] std::io::Error),
    /// The file is something else.
    #[error("{0} is not a backup of causette")]
    NotABackup(PathBuf),
    /// The end of the file is missing.
    #[error("{0} is not complete: its end is missing")]
    Truncated(PathBuf),
    /// The file is not what was written.
    #[error("{0} is damaged: it is not what was written")]
    Altered(PathBuf),
    /// The file has a shape that this program does not know.
    #[error("{path} was made by a newer causette ({made_by}): restore it with that one")]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version that made it.
        made_by: String,
    },
    /// What is stored has changed its shape since.
    #[error(
        "{path} was made by causette {made_by}, too long ago: restore it with that one, and start this one over it"
    )]
    TooOld {
        /// The file.
        path: PathBuf,
        /// The version that made it.
        made_by: String,
    },
    /// There is something that would be lost.
    #[error("the database is not empty: it holds {0}; --replace puts the backup in their place")]
    NotEmpty(String),
    /// PostgreSQL has no such character.
    #[error("{table} holds a text with a NUL character, which PostgreSQL cannot store")]
    Unstorable {
        /// Where.
        table: &'static str,
    },
    /// The database does not take the rows.
    #[error("the rows of {table} were not stored: {source}")]
    Rows {
        /// Of which table.
        table: &'static str,
        /// Why.
        source: StoreError,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BackupError {
    /// Whether the person asked for something that cannot be, or else the machine failed.
    #[must_use]
    pub const fn is_mistake(&self) -> bool {
        matches!(
            self,
            Self::Exists(_)
                | Self::Missing(_)
                | Self::NotABackup(_)
                | Self::Newer { .. }
                | Self::TooOld { .. }
                | Self::NotEmpty(_)
                | Self::Unstorable { .. }
        )
    }

    /// A file that could not be read or written.
    pub(super) fn file(path: &Path, source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::NotFound => Self::Missing(path.to_owned()),
            _ => Self::File { path: path.to_owned(), source },
        }
    }
}
