//! Which version the schema has: the number of its last migration, the same on both databases.

use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};

use super::{OpenError, postgres};

/// SQLite's migrations.
pub(super) static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
/// PostgreSQL's, of the same numbers.
pub(super) static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

const APPLIED: &str = "SELECT MAX(version) FROM _sqlx_migrations";

/// The version that this program brings a database to.
#[must_use]
pub fn current_version() -> i64 {
    SQLITE.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// The version of the database at an address, without changing anything there; `None` where there is no database of
/// ours yet.
///
/// # Errors
/// See `OpenError`.
pub async fn find_version(address: &str) -> Result<Option<i64>, OpenError> {
    match address.split_once("://") {
        Some(("sqlite", file)) => of_sqlite(super::sqlite::path_of(file)).await,
        Some(("postgres" | "postgresql", _)) => of_postgres(address).await,
        // `Store::open` tells what is wrong with the address.
        _ => Ok(None),
    }
}

async fn of_sqlite(path: &str) -> Result<Option<i64>, OpenError> {
    if !Path::new(path).exists() {
        return Ok(None);
    }
    let failed = |source| OpenError::Open { path: path.to_owned(), source };
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(super::BUSY_TIMEOUT);
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(failed)?;
    const MIGRATED: &str = "SELECT COUNT(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'";
    let migrated: i64 = sqlx::query_scalar(MIGRATED).fetch_one(&mut connection).await.map_err(failed)?;
    let version = match migrated {
        0 => None,
        _ => sqlx::query_scalar(APPLIED).fetch_one(&mut connection).await.map_err(failed)?,
    };
    // It has only read; how it ends matters to nobody.
    let _ = connection.close().await;
    Ok(version)
}

async fn of_postgres(address: &str) -> Result<Option<i64>, OpenError> {
    let options = postgres::read_address(address)?;
    let mut connection: PgConnection = postgres::connect(&options).await?;
    let failed = |source| postgres::unreachable(&options, source);
    const MIGRATED: &str = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    let migrated: bool = sqlx::query_scalar(MIGRATED).fetch_one(&mut connection).await.map_err(failed)?;
    let version = match migrated {
        false => None,
        true => sqlx::query_scalar(APPLIED).fetch_one(&mut connection).await.map_err(failed)?,
    };
    let _ = connection.close().await;
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_the_same_versions() {
        let numbers = |migrator: &Migrator| migrator.iter().map(|one| one.version).collect::<Vec<_>>();
        assert_eq!(numbers(&SQLITE), numbers(&POSTGRES));
        assert!(current_version() >= 1);
    }
}
