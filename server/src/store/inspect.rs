//! A look at a database that changes nothing there, beside a running server or without one: no migration, no repair.
//!
//! On SQLite it is a connection that could write, because one that cannot would leave the files of the log behind, and
//! whoever runs the server next might not be allowed to use them. It says `query_only` before anything is read.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::PgPool;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, Executor as _};

use super::schema::{POSTGRES, SQLITE};
use super::{BUSY_TIMEOUT, OpenError, SqliteTx, StoreError, Tx, both, postgres, sqlite};

/// Problems that one integrity check tells; the first is enough to know.
const PROBLEMS: &str = "PRAGMA quick_check(3)";
/// Steps of SQLite's machine between two questions whether to go on: a few milliseconds.
const STEPS: i32 = 10_000;

/// A database that is looked at.
pub enum Inspection {
    /// A file.
    Sqlite(SqlitePool),
    /// A server.
    Postgres(PgPool),
}

/// How the schema stands to this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// It is the one that this program makes.
    Current(i64),
    /// It is older; the next start of this program brings it up to date.
    Older(i64),
    /// A later version of the program has made it.
    Newer(i64),
    /// A migration began and did not end.
    Unfinished(i64),
    /// A migration was not the one that this program knows under its number.
    Foreign(i64),
    /// There is none: nothing of ours was ever stored there.
    None,
}

/// Whether the pages of the database are in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// They are.
    Sound,
    /// They are not; the first that is wrong.
    Broken(String),
    /// It took too long to be told.
    Unknown,
    /// The database looks after that itself.
    NotAsked,
}

impl Inspection {
    /// Opens the database at an address; `None` where there is none. Nothing is created.
    ///
    /// # Errors
    /// See `OpenError`; also where it would lose what is acknowledged.
    pub async fn open(address: &str) -> Result<Option<Self>, OpenError> {
        match address.split_once("://") {
            Some(("sqlite", file)) => open_sqlite(sqlite::path_of(file)).await,
            Some(("postgres" | "postgresql", _)) => open_postgres(address).await.map(Some),
            // An address can hold a password: only its scheme is told.
            Some((scheme, _)) => Err(OpenError::Address(scheme.to_owned())),
            None => Err(OpenError::Address("it has none".to_owned())),
        }
    }

    /// Begins a transaction that only reads.
    ///
    /// # Errors
    /// The database is busy or fails.
    pub async fn begin_read(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite(pool) => Ok(Tx::Sqlite(SqliteTx::Read(pool.begin().await?))),
            Self::Postgres(pool) => {
                Ok(Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?))
            }
        }
    }

    /// How the schema stands to this program.
    ///
    /// # Errors
    /// The database fails.
    pub async fn schema(&self) -> Result<SchemaState, StoreError> {
        const OF_SQLITE: &str = "SELECT COUNT(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'";
        const OF_POSTGRES: &str = "SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass('_sqlx_migrations')";
        const APPLIED: &str = "SELECT version, success, checksum FROM _sqlx_migrations ORDER BY version";
        let (known, exists): (&Migrator, &str) = match self {
            Self::Sqlite(_) => (&SQLITE, OF_SQLITE),
            Self::Postgres(_) => (&POSTGRES, OF_POSTGRES),
        };
        let mut tx = self.begin_read().await?;
        let exists = both!(&mut tx, conn => sqlx::query_scalar::<_, i64>(exists).fetch_one(conn).await)?;
        if exists == 0 {
            return Ok(SchemaState::None);
        }
        let applied: Vec<(i64, bool, Vec<u8>)> =
            both!(&mut tx, conn => sqlx::query_as(APPLIED).fetch_all(conn).await)?;
        Ok(compare(known, &applied))
    }

    /// Whether the pages are in order, given up after `within`.
    ///
    /// # Errors
    /// The database fails.
    pub async fn integrity(&self, within: Duration) -> Result<Integrity, StoreError> {
        let Self::Sqlite(pool) = self else {
            return Ok(Integrity::NotAsked);
        };
        // On a connection of its own: nobody who looks at something else waits for it.
        let mut own = SqliteConnection::connect_with(&pool.connect_options()).await?;
        let is_given_up = Arc::new(AtomicBool::new(false));
        let goes_on = {
            let is_given_up = Arc::clone(&is_given_up);
            move || !is_given_up.load(Ordering::Relaxed)
        };
        own.lock_handle().await?.set_progress_handler(STEPS, goes_on);
        let found = {
            let mut asked = pin!(sqlx::query_scalar::<_, String>(PROBLEMS).fetch_all(&mut own));
            let found = tokio::time::timeout(within, &mut asked).await;
            if found.is_err() {
                // It would go on by itself, and keep the files of the log from being put away.
                is_given_up.store(true, Ordering::Relaxed);
                let _ = asked.await;
            }
            found
        };
        let _ = own.close().await;
        let Ok(found) = found else {
            return Ok(Integrity::Unknown);
        };
        Ok(match found?.into_iter().next() {
            Some(first) if first != "ok" => Integrity::Broken(first.replace('\n', " ")),
            _ => Integrity::Sound,
        })
    }

    /// How large it is, in bytes.
    ///
    /// # Errors
    /// The database fails.
    pub async fn size(&self) -> Result<u64, StoreError> {
        let mut tx = self.begin_read().await?;
        let sql = match self {
            Self::Sqlite(_) => "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
            Self::Postgres(_) => "SELECT pg_database_size(current_database())",
        };
        let size: i64 = both!(&mut tx, conn => sqlx::query_scalar(sql).fetch_one(conn).await)?;
        Ok(size.unsigned_abs())
    }

    /// Whether messages are taken just now. Who finds the database held by another process waits as long as a message would.
    ///
    /// # Errors
    /// They are not, and why.
    pub async fn check_writable(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(pool) => {
                let mut connection = pool.acquire().await?;
                connection.execute("PRAGMA query_only = OFF").await?;
                let begun = connection.execute("BEGIN IMMEDIATE").await;
                if begun.is_ok() {
                    connection.execute("ROLLBACK").await?;
                }
                connection.execute("PRAGMA query_only = ON").await?;
                begun.map(drop).map_err(StoreError::from)
            }
            Self::Postgres(pool) => {
                let mut tx = pool.begin().await?;
                let read_only: String = sqlx::query_scalar("SELECT current_setting('transaction_read_only')")
                    .fetch_one(&mut *tx)
                    .await?;
                match read_only.as_str() {
                    "on" => Err(StoreError::Corrupt { column: "transaction_read_only" }),
                    _ => Ok(()),
                }
            }
        }
    }

    /// Whether its log is written ahead (WAL), as the store wants it; a start of the store sees to it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn has_its_log(&self) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(pool) => {
                let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(pool).await?;
                Ok(mode == "wal")
            }
            Self::Postgres(_) => Ok(true),
        }
    }

    /// Takes leave.
    pub async fn close(self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

fn compare(known: &Migrator, applied: &[(i64, bool, Vec<u8>)]) -> SchemaState {
    let last = applied.last().map_or(0, |(version, ..)| *version);
    for (version, is_done, checksum) in applied {
        let ours = known.iter().find(|migration| migration.version == *version);
        match ours {
            _ if !is_done => return SchemaState::Unfinished(*version),
            None => return SchemaState::Newer(last),
            Some(ours) if *ours.checksum != **checksum => return SchemaState::Foreign(*version),
            Some(_) => {}
        }
    }
    match known.iter().count() {
        _ if applied.is_empty() => SchemaState::None,
        count if count > applied.len() => SchemaState::Older(last),
        _ => SchemaState::Current(last),
    }
}

async fn open_sqlite(path: &str) -> Result<Option<Inspection>, OpenError> {
    if !Path::new(path).exists() {
        return Ok(None);
    }
    let failed = |source| OpenError::Open { path: path.to_owned(), source };
    let options = SqliteConnectOptions::new()
        .filename(Path::new(path))
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("query_only", "ON");
    let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(BUSY_TIMEOUT);
    let pool = pool.connect_with(options).await.map_err(failed)?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&pool).await.map_err(failed)?;
    if synchronous != 2 {
        let found = synchronous.to_string();
        return Err(OpenError::NotDurable { setting: "synchronous", wanted: "2", found });
    }
    Ok(Some(Inspection::Sqlite(pool)))
}

async fn open_postgres(address: &str) -> Result<Inspection, OpenError> {
    let options = postgres::read_address(address)?;
    let mut connection = postgres::connect(&options).await?;
    postgres::check(&mut connection, &options).await?;
    let _ = connection.close().await;
    Ok(Inspection::Postgres(postgres::pool(&options, 1)))
}
