//! The store: one file per table, every function on a `Tx`.
//!
//! Each statement is written once, in the SQL that SQLite and PostgreSQL share, and `both!` runs it on whichever
//! database the transaction belongs to. SQLite has one writer at a time; on PostgreSQL they run beside each other, and
//! the `lock_` functions put in order those who write to the same conversation. Nothing here decides anything about
//! conversations: use cases do, in `service`.

pub mod agent;
pub mod contact;
pub mod conversation;
pub mod dump;
pub mod entry;
mod error;
mod postgres;
pub mod schema;
pub mod site;
mod sqlite;
pub mod tables;
pub mod visitor;

use std::time::Duration;

use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use sqlx::{Postgres, Sqlite, Transaction};

pub use error::{OpenError, StoreError, Unique};

/// How long a writer waits for another process, and a request for a connection, before it is answered "busy".
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs one expression on the connection of a transaction, whichever database it belongs to.
macro_rules! both {
    ($tx:expr, $conn:ident => $query:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(tx) => {
                let $conn = &mut **tx;
                $query
            }
            $crate::store::Tx::Postgres(tx) => {
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
    /// On PostgreSQL, where a statement that fails ends the transaction: nothing can be done in it after an error.
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Makes the changes durable: when this returns, they survive a loss of power (G1).
    ///
    /// # Errors
    /// The database did not commit, and nothing was changed; or the connection was lost on the way, and nobody knows: who
    /// asked repeats it under the same id.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await.map_err(StoreError::from),
            Self::Postgres(mut tx) => {
                // After a statement that failed, COMMIT rolls back and reports no error; any other statement reports one.
                sqlx::query("SELECT 1").execute(&mut *tx).await?;
                tx.commit().await.map_err(StoreError::from)
            }
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
    /// PostgreSQL.
    Postgres {
        /// Connections that write.
        writers: PgPool,
        /// Connections that only read, so that they never wait for writers.
        readers: PgPool,
    },
}

impl Store {
    /// Opens the database at a `sqlite://` or `postgres://` address, brings its schema up to date and checks that commits
    /// are durable. A SQLite database is created where it is missing.
    ///
    /// # Errors
    /// See `OpenError`.
    pub async fn open(address: &str) -> Result<Self, OpenError> {
        match address.split_once("://") {
            Some(("sqlite", file)) => sqlite::open(file).await,
            Some(("postgres" | "postgresql", _)) => postgres::open(address).await,
            // An address can hold a password: only its scheme is told.
            Some((scheme, _)) => Err(OpenError::Address(scheme.to_owned())),
            None => Err(OpenError::Address("it has none".to_owned())),
        }
    }

    /// Begins a transaction that may change things. On SQLite it holds the write lock from its first statement on; on
    /// PostgreSQL each statement sees what was committed before it, whatever the database's default.
    ///
    /// # Errors
    /// The database is busy or fails.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => Ok(Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?)),
            Self::Postgres { writers, .. } => {
                Ok(Tx::Postgres(writers.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await?))
            }
        }
    }

    /// Begins a transaction that only reads, from one snapshot.
    ///
    /// # Errors
    /// The database is busy or fails.
    pub async fn begin_read(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite { readers, .. } => Ok(Tx::Sqlite(readers.begin().await?)),
            Self::Postgres { readers, .. } => {
                Ok(Tx::Postgres(readers.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?))
            }
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It is busy or fails.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut tx = self.begin_read().await?;
        both!(&mut tx, conn => sqlx::query("SELECT 1").execute(conn).await.map(drop))?;
        Ok(())
    }

    /// Closes every connection; SQLite folds its log into the database as the last one goes.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres { writers, readers } => {
                readers.close().await;
                writers.close().await;
            }
        }
    }
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
