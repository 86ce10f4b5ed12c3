//! The store: one file per table, every function on a `Tx`.
//!
//! Each statement is written once, in the SQL that SQLite and PostgreSQL share, and `both!` runs it on whichever
//! database the transaction belongs to. SQLite has one writer at a time, and `group_commit` lets many of them share one
//! sync; on PostgreSQL they run beside each other, and the `lock_` functions put in order those who write to the same
//! conversation. A failure is told at the level of debugging only: whoever handles it logs it once, and a conflict that is
//! done again is no failure. Nothing here decides anything about
//! conversations: use cases do, in `service`.

pub mod agent;
pub mod attachment;
pub mod contact;
pub mod contact_identity;
pub mod contact_list;
pub mod contact_merge;
pub mod conversation;
pub mod dead_mail;
pub mod dump;
pub mod entry;
mod error;
mod group_commit;
pub mod inbound_mail;
pub mod inspect;
pub mod mail_limits;
pub mod outbox;
mod postgres;
pub mod published_loader;
pub mod resume_link;
pub mod schema;
pub mod secret;
pub mod sighting;
pub mod site;
mod sqlite;
pub mod tables;
mod turn;
pub mod visitor;
pub mod visitor_said;
pub mod visitor_session;

use std::time::Duration;

use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use sqlx::{Postgres, Transaction};

pub use error::{OpenError, StoreError, Unique};
pub use group_commit::Writer;
pub use turn::{SqliteTx, Turn};

/// How long a writer waits for another process, and a request for a connection, before it is answered "busy".
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs one expression on the connection of a transaction, whichever database it belongs to.
macro_rules! both {
    ($tx:expr, $conn:ident => $query:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(tx) => {
                let $conn = &mut *tx;
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

/// Runs statements one after the other that are given the same arguments and ask one another nothing. On SQLite, where the
/// trip to the connection's thread costs more than the statement, they make it together; PostgreSQL takes one at a time.
macro_rules! both_at_once {
    ($tx:expr, [$($sql:expr),+ $(,)?], $query:ident => $bound:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(tx) => {
                let $query = sqlx::query(concat!($($sql, "; "),+));
                $bound.execute(&mut *tx).await.map(drop)
            }
            $crate::store::Tx::Postgres(tx) => {
                let mut done = Ok(());
                // The comment tells it from the same statement alone, which is prepared for fewer arguments.
                for sql in [$(concat!($sql, " -- with others")),+] {
                    let $query = sqlx::query(sql);
                    done = $bound.execute(&mut **tx).await.map(drop);
                    if done.is_err() {
                        break;
                    }
                }
                done
            }
        }
    };
}
pub(crate) use both_at_once;

/// A transaction. Dropped without `commit`, it changes nothing.
pub enum Tx {
    /// On SQLite.
    Sqlite(SqliteTx),
    /// On PostgreSQL, where a statement that fails ends the transaction: nothing can be done in it after an error.
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Makes the changes durable: when this returns, they survive a loss of power (G1). On SQLite they do so together with
    /// those of others who write at the same time.
    ///
    /// # Errors
    /// The database did not commit, and nothing was changed; or the connection was lost on the way, and nobody knows: who
    /// asked repeats it under the same id.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(SqliteTx::Write(turn)) => turn.keep().await,
            Self::Sqlite(SqliteTx::Read(tx)) => tx.commit().await.map_err(StoreError::from),
            Self::Postgres(mut tx) => {
                // After a statement that failed, COMMIT rolls back and reports no error; any other statement reports one.
                sqlx::query("SELECT 1").execute(&mut *tx).await?;
                tx.commit().await.map_err(StoreError::from)
            }
        }
    }

    /// Undoes the changes, and waits until what was read here is committed: from then on it may be told.
    ///
    /// # Errors
    /// What was read here will never have been: those who wrote it were not committed.
    pub async fn roll_back(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(SqliteTx::Write(turn)) => turn.undo().await,
            // Here only what is committed is read, and a connection that is lost rolls back as well.
            Self::Sqlite(SqliteTx::Read(tx)) => {
                let _ = tx.rollback().await;
                Ok(())
            }
            Self::Postgres(tx) => {
                let _ = tx.rollback().await;
                Ok(())
            }
        }
    }
}

/// The open database.
#[derive(Clone)]
pub enum Store {
    /// SQLite: one writer, so that `BEGIN IMMEDIATE` never waits for ourselves, and a few readers beside it.
    Sqlite {
        /// Turns on the one connection that writes.
        writer: Writer,
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

    /// Begins a transaction that may change things. On SQLite it is alone until it ends, and sees what those before it have
    /// written, committed or about to be; on PostgreSQL each statement sees what was committed before it, whatever the
    /// database's default.
    ///
    /// # Errors
    /// The database is busy or fails.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => Ok(Tx::Sqlite(SqliteTx::Write(writer.turn().await?))),
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
            Self::Sqlite { readers, .. } => Ok(Tx::Sqlite(SqliteTx::Read(readers.begin().await?))),
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

    /// Lets what is being committed be committed, then closes every connection; SQLite folds its log into the database as the last one goes.
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
