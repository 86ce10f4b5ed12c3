//! What a caller of the store can act on, and why a database cannot be opened.

use std::sync::Arc;

use sqlx::postgres::PgDatabaseError;

/// Why the store did not do it. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another writer holds the database for longer than we wait, no connection is free, the one that we had was lost, or
    /// the disk does not take it. Try again later.
    #[error("the database is busy")]
    Busy(#[source] sqlx::Error),
    /// It was to be committed with others, and none of them was.
    #[error("the batch was not committed")]
    Batch(#[source] Arc<StoreError>),
    /// The database was lost and cannot be opened again yet. Try again later.
    #[error("the database cannot be opened again")]
    Reopen(#[source] OpenError),
    /// Another transaction came between. Done again from its beginning, it finds what that one has left.
    #[error("another transaction came between")]
    Conflict(#[source] sqlx::Error),
    /// The disk is full or fails. Try again later: what can be done is for those who run the server.
    #[error("the database cannot write to its disk, or not read from it")]
    Disk(#[source] sqlx::Error),
    /// A row with this unique value exists already.
    #[error("the value of {0} is taken")]
    Taken(Unique),
    /// What is stored does not have the shape that this version writes.
    #[error("a stored value of {column} cannot be read")]
    Corrupt {
        /// Where it stands.
        column: &'static str,
    },
    /// Anything else.
    #[error("the database failed")]
    Internal(#[source] sqlx::Error),
}

/// The unique constraints that a caller can run into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unique {
    /// An agent's address.
    AgentEmail,
    /// A site's key.
    SiteKey,
}

impl std::fmt::Display for Unique {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::AgentEmail => "the agent's address",
            Self::SiteKey => "the site's key",
        })
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let of_postgres =
            error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
        if let Some(code) = of_postgres.map(PgDatabaseError::code) {
            // Appendix A of the PostgreSQL manual.
            return match code {
                // serialization_failure, deadlock_detected; and unique_violation: what a look at the table had shown to be
                // free was taken meanwhile.
                "40001" | "40P01" | "23505" => Self::Conflict(error),
                // lock_not_available, query_canceled, idle_in_transaction_session_timeout, read_only_sql_transaction
                // (a primary that has become a standby)
                "55P03" | "57014" | "25P03" | "25006" => Self::Busy(error),
                // disk_full, and what the operating system failed to do, io_error among it
                "53100" => Self::Disk(error),
                _ if code.starts_with("58") => Self::Disk(error),
                // connection_exception; insufficient_resources; the server stops or starts.
                _ if ["08", "53", "57P"].iter().any(|class| code.starts_with(class)) => Self::Busy(error),
                _ => Self::Internal(error),
            };
        }
        match (&error, sqlite_code(&error)) {
            // SQLite is a file and never tells `Io`: this is PostgreSQL's connection.
            (
                sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::Io(_),
                _,
            ) => Self::Busy(error),
            (_, Some(code)) if TEMPORARY.contains(&code) => Self::Busy(error),
            (_, Some(code)) if OF_THE_DISK.contains(&code) => Self::Disk(error),
            _ => Self::Internal(error),
        }
    }
}

/// SQLITE_BUSY, SQLITE_LOCKED, SQLITE_NOMEM, SQLITE_PROTOCOL: what goes by when another process or the memory is as before.
const TEMPORARY: [u32; 4] = [5, 6, 7, 15];
/// SQLITE_READONLY (Linux lets a file system that fails only be read), SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN.
const OF_THE_DISK: [u32; 4] = [8, 10, 13, 14];

/// The primary result code of an error of SQLite: the low byte of each extended one.
fn sqlite_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?.parse::<u32>().ok()?;
    Some(code & 0xff)
}

impl StoreError {
    /// Whether the disk is full or fails.
    #[must_use]
    pub fn is_of_the_disk(&self) -> bool {
        match self {
            Self::Disk(_) => true,
            Self::Batch(cause) => cause.is_of_the_disk(),
            Self::Reopen(OpenError::Open { source, .. }) => {
                sqlite_code(source).is_some_and(|code| OF_THE_DISK.contains(&code))
            }
            _ => false,
        }
    }

    /// Whether the same can be tried again later, unchanged.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Busy(_) | Self::Conflict(_) | Self::Disk(_) | Self::Reopen(_) => true,
            Self::Batch(cause) => cause.is_temporary(),
            Self::Taken(_) | Self::Corrupt { .. } | Self::Internal(_) => false,
        }
    }

    /// Whether another connection holds SQLite's lock.
    pub(super) fn is_lock(&self) -> bool {
        matches!(self, Self::Busy(error) if matches!(sqlite_code(error), Some(5 | 6)))
    }

    /// Whether SQLite finds the statement wrong (SQLITE_ERROR). Of one that is right it means that the transaction has
    /// gone: SQLite rolls it back by itself when the disk is full or fails.
    pub(super) fn is_misuse(error: &sqlx::Error) -> bool {
        sqlite_code(error) == Some(1)
    }

    /// Turns a violation of a unique constraint into `Taken`.
    pub(super) fn or_taken(error: sqlx::Error, unique: Unique) -> Self {
        match error.as_database_error() {
            Some(database) if database.is_unique_violation() => Self::Taken(unique),
            _ => error.into(),
        }
    }
}

/// Why the database cannot be opened. Each is one line for the person who starts the server.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is not one of a database that we know.
    #[error("the database address must start with sqlite:// or postgres:// ({0})")]
    Address(String),
    /// The address of a PostgreSQL database is not right.
    #[error("the address of the PostgreSQL database is not right: {0}")]
    Postgres(String),
    /// Nobody answers, or not as PostgreSQL would.
    #[error("the database at {place} cannot be reached: {source}")]
    Unreachable {
        /// Host or socket directory, and port.
        place: String,
        /// Why.
        source: sqlx::Error,
    },
    /// The user or their password is wrong, or may not come from here.
    #[error("the database at {place} does not accept the user {user} with this password")]
    NotAccepted {
        /// Host or socket directory, and port.
        place: String,
        /// The user.
        user: String,
    },
    /// The server is there, the database is not.
    #[error("the server at {place} has no database {database}: create it first")]
    NoDatabase {
        /// Host or socket directory, and port.
        place: String,
        /// The database.
        database: String,
    },
    /// Not every text could be stored.
    #[error("the database has the encoding {0}: it must be created with the encoding UTF8")]
    Encoding(String),
    /// The file cannot be opened or created.
    #[error("the database {path} cannot be opened: {source}")]
    Open {
        /// The file.
        path: String,
        /// Why.
        source: sqlx::Error,
    },
    /// The schema could not be brought up to date.
    #[error("the database could not be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database would lose acknowledged messages.
    #[error(
        "the database does not run with {setting} = {wanted} but {found}: acknowledged messages could be lost"
    )]
    NotDurable {
        /// Which setting.
        setting: &'static str,
        /// What it has to be.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
}
