//! What a caller of the store can act on.

/// Why the store did not do it. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another writer holds the database for longer than we wait, or no connection is free. Try again later.
    #[error("the database is busy")]
    Busy(#[source] sqlx::Error),
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
        // SQLITE_BUSY (5), SQLITE_LOCKED (6) and their extended codes, whose low byte is the same.
        let code = error
            .as_database_error()
            .and_then(|error| error.code())
            .and_then(|code| code.parse::<u32>().ok());
        match (&error, code) {
            (sqlx::Error::PoolTimedOut, _) => Self::Busy(error),
            (_, Some(code)) if matches!(code & 0xff, 5 | 6) => Self::Busy(error),
            _ => Self::Internal(error),
        }
    }
}

impl StoreError {
    /// Turns a violation of a unique constraint into `Taken`.
    pub(super) fn or_taken(error: sqlx::Error, unique: Unique) -> Self {
        match error.as_database_error() {
            Some(database) if database.is_unique_violation() => Self::Taken(unique),
            _ => error.into(),
        }
    }
}
