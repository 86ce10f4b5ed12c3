//! The store: one file per table, every function on a `Tx`.
//!
//! Each statement is written once, in the SQL that SQLite and PostgreSQL share, and `both!` runs it on whichever
//! database the transaction belongs to. SQLite is the one arm so far; PostgreSQL adds the second. Nothing here decides
//! anything about conversations: use cases do, in `service`.

pub mod agent;
pub mod contact;
pub mod conversation;
pub mod entry;
mod error;
pub mod site;
pub mod visitor;

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};

pub use error::{StoreError, Unique};

/// How long a writer waits for another process, and a request for a connection, before it is answered "busy".
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const READERS: u32 = 4;

/// Runs one expression on the connection of a transaction, whichever database it belongs to.
macro_rules! both {
    ($tx:expr, $conn:ident => $query:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(tx) => {
                let $conn = &mut **tx;
                $query
            }
        }
    };
}
pub(crate) use both;

/// A transaction. Dropped without `commit`, it changes nothing.
pub enum Tx {
    /// On SQLite.
    Sqlite(Transaction<'static, Sqlite>),
}

impl Tx {
    /// Makes the changes durable: when this returns, they survive a loss of power (G1).
    ///
    /// # Errors
    /// The database did not commit; nothing was changed.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await.map_err(StoreError::from),
        }
    }
}

/// The open database.
#[derive(Clone)]
pub enum Store {
    /// SQLite: one writer, so that `BEGIN IMMEDIATE` never waits for ourselves, and a few readers beside it.
    Sqlite {
        /// The one connection that writes.
        writer: SqlitePool,
        /// Connections that only read.
        readers: SqlitePool,
    },
}

/// Why the database cannot be opened. Each is one line for the person who starts the server.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is not one of a database that we know.
    #[error("the database address must start with sqlite:// ({0})")]
    Address(String),
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

impl Store {
    /// Opens the database at a `sqlite://` address, creates it where it is missing, brings its schema up to date and
    /// checks that commits are durable.
    ///
    /// # Errors
    /// See `OpenError`.
    pub async fn open(address: &str) -> Result<Self, OpenError> {
        let file = address.strip_prefix("sqlite://").ok_or_else(|| {
            // An address can hold a password: only its scheme is told.
            OpenError::Address(address.split(':').next().unwrap_or_default().to_owned())
        })?;
        let path = file.split('?').next().unwrap_or(file).to_owned();
        let failed = |source| OpenError::Open { path: path.clone(), source };
        let options = SqliteConnectOptions::new()
            .filename(Path::new(&path))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = |count| SqlitePoolOptions::new().max_connections(count).acquire_timeout(BUSY_TIMEOUT);
        let writer = pool(1).connect_with(options.clone()).await.map_err(failed)?;
        sqlx::migrate!("migrations/sqlite").run(&writer).await?;
        for (setting, query, wanted) in
            [("synchronous", "PRAGMA synchronous", "2"), ("journal_mode", "PRAGMA journal_mode", "wal")]
        {
            let found = read_setting(&writer, query).await.map_err(failed)?;
            if found != wanted {
                return Err(OpenError::NotDurable { setting, wanted, found });
            }
        }
        let readers = pool(READERS).connect_with(options.read_only(true)).await.map_err(failed)?;
        Ok(Self::Sqlite { writer, readers })
    }

    /// Begins a transaction that may change things. It holds the write lock from its first statement on.
    ///
    /// # Errors
    /// The database is busy or fails.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => Ok(Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?)),
        }
    }

    /// Begins a transaction that only reads, from one snapshot.
    ///
    /// # Errors
    /// The database is busy or fails.
    pub async fn begin_read(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite { readers, .. } => Ok(Tx::Sqlite(readers.begin().await?)),
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It is busy or fails.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut tx = self.begin_read().await?;
        both!(&mut tx, conn => sqlx::query("SELECT 1").execute(conn).await)?;
        Ok(())
    }

    /// Closes every connection; SQLite folds its log into the database as the last one goes.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
        }
    }
}

async fn read_setting(pool: &SqlitePool, query: &'static str) -> Result<String, sqlx::Error> {
    use sqlx::Row as _;
    let row = sqlx::query(query).fetch_one(pool).await?;
    row.try_get::<String, _>(0).or_else(|_| row.try_get::<i64, _>(0).map(|value| value.to_string()))
}

/// Reads a value that was written as text.
fn parse<T: std::str::FromStr>(text: &str, column: &'static str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt { column })
}

/// Reads a value that was written as JSON.
fn parse_json<T: serde::de::DeserializeOwned>(text: &str, column: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt { column })
}

/// Writes a value as JSON. Our own types have no map with other than text keys, the one thing that can fail.
fn to_json<T: serde::Serialize>(value: &T, column: &'static str) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Corrupt { column })
}

/// Reads a number that is never negative.
fn parse_count(value: i64, column: &'static str) -> Result<u32, StoreError> {
    u32::try_from(value).map_err(|_| StoreError::Corrupt { column })
}
