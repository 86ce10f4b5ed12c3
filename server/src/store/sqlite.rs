//! Opening SQLite: one connection that writes, so that `BEGIN IMMEDIATE` never waits for ourselves, and a few beside it
//! that only read.

use std::path::Path;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use super::{BUSY_TIMEOUT, OpenError, Store, schema};

const READERS: u32 = 4;

/// Opens the file, creates it where it is missing, brings its schema up to date and checks that commits are durable.
pub(super) async fn open(file: &str) -> Result<Store, OpenError> {
    let path = path_of(file).to_owned();
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
    schema::SQLITE.run(&writer).await?;
    for (setting, query, wanted) in
        [("synchronous", "PRAGMA synchronous", "2"), ("journal_mode", "PRAGMA journal_mode", "wal")]
    {
        let found = read_setting(&writer, query).await.map_err(failed)?;
        if found != wanted {
            return Err(OpenError::NotDurable { setting, wanted, found });
        }
    }
    let readers = pool(READERS).connect_with(options.read_only(true)).await.map_err(failed)?;
    Ok(Store::Sqlite { writer, readers })
}

/// The file of an address, without the parameters that other programs put behind it.
pub(super) fn path_of(file: &str) -> &str {
    file.split('?').next().unwrap_or(file)
}

async fn read_setting(pool: &SqlitePool, query: &'static str) -> Result<String, sqlx::Error> {
    use sqlx::Row as _;
    let row = sqlx::query(query).fetch_one(pool).await?;
    row.try_get::<String, _>(0).or_else(|_| row.try_get::<i64, _>(0).map(|value| value.to_string()))
}
