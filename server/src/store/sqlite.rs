//! Opening SQLite: one connection that writes, so that `BEGIN IMMEDIATE` never waits for ourselves, and a few beside it
//! that only read.

use std::path::Path;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use super::group_commit::Writer;
use super::{BUSY_TIMEOUT, OpenError, Store, schema};

const READERS: u32 = 4;

/// Opens the file, creates it where it is missing, brings its schema up to date and checks that commits are durable.
pub(super) async fn open(file: &str) -> Result<Store, OpenError> {
    let path = path_of(file).to_owned();
    let options = SqliteConnectOptions::new()
        .filename(Path::new(&path))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT);
    let failed = |source| OpenError::Open { path: path.clone(), source };
    let pool = |count| {
        SqlitePoolOptions::new()
            .max_connections(count)
            .acquire_timeout(BUSY_TIMEOUT)
            .after_release(|connection, _| Box::pin(is_outside_of_transactions(connection)))
    };
    let migrating = pool(1).connect_with(options.clone()).await.map_err(failed)?;
    schema::SQLITE.run(&migrating).await?;
    let connection = connect(&options).await?;
    migrating.close().await;
    let readers = pool(READERS).connect_with(options.clone().read_only(true)).await.map_err(failed)?;
    // Opened again, it is there: one that has gone is not replaced by an empty one.
    let writer = Writer::start(options.create_if_missing(false), connection);
    Ok(Store::Sqlite { writer, readers })
}

/// Opens the connection that writes, and checks that what it commits survives a loss of power (G1).
pub(super) async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, OpenError> {
    let path = options.get_filename().display().to_string();
    let failed = |source| OpenError::Open { path: path.clone(), source };
    let mut connection = options.connect().await.map_err(failed)?;
    for (setting, query, wanted) in
        [("synchronous", "PRAGMA synchronous", "2"), ("journal_mode", "PRAGMA journal_mode", "wal")]
    {
        let found = read_setting(&mut connection, query).await.map_err(failed)?;
        if found != wanted {
            return Err(OpenError::NotDurable { setting, wanted, found });
        }
    }
    Ok(connection)
}

/// Whether a connection can be used again. Where the disk fails, SQLite may end a transaction by itself; the ROLLBACK after
/// it fails then, and sqlx takes the transaction for open ever after: whoever reads there would read the same for ever.
async fn is_outside_of_transactions(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // The ROLLBACK of a transaction that was dropped may still wait.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// The file of an address, without the parameters that other programs put behind it.
pub(super) fn path_of(file: &str) -> &str {
    file.split('?').next().unwrap_or(file)
}

async fn read_setting(connection: &mut SqliteConnection, query: &'static str) -> Result<String, sqlx::Error> {
    let row = sqlx::query(query).fetch_one(connection).await?;
    row.try_get::<String, _>(0).or_else(|_| row.try_get::<i64, _>(0).map(|value| value.to_string()))
}
