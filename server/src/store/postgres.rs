//! Opening PostgreSQL: two pools, so that readers are not held up by writers that wait for each other's rows.
//!
//! Connections come and go: each new one is checked again, because a setting that loses acknowledged messages can be
//! changed under a running server. Nothing is written over one that fails the check.

use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{Connection as _, Executor as _};
use url::Url;

use super::{BUSY_TIMEOUT, OpenError, Store, schema};

const WRITERS: u32 = 8;
const READERS: u32 = 4;

/// The parameters of an address that are understood; any other is a mistake, not a wish to ignore.
const PARAMETERS: [&str; 7] = ["sslmode", "host", "port", "user", "password", "dbname", "application_name"];

/// What the server's settings have to be, so that a commit survives a loss of power (G1).
const DURABLE: [(&str, Wanted); 3] = [
    ("fsync", Wanted::Is("on")),
    ("full_page_writes", Wanted::Is("on")),
    // `local`, `remote_write` and `remote_apply` wait for this server's disk like `on`.
    ("synchronous_commit", Wanted::IsNot("off")),
];

/// How long a writer waits for another one's row, as long as for SQLite's lock; and how long a transaction may stand
/// open whose client has vanished with its locks. An open transaction of ours waits for nothing but the database.
const SESSION: &str = "SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '60s'";

#[derive(Clone, Copy)]
enum Wanted {
    Is(&'static str),
    IsNot(&'static str),
}

/// Opens the database, brings its schema up to date and checks that commits are durable.
pub(super) async fn open(address: &str) -> Result<Store, OpenError> {
    let options = read_address(address)?;
    // By hand at first: a pool would try until its time is over, and then not tell why.
    let mut connection = connect(&options).await?;
    check(&mut connection, &options).await?;
    // It has done its work; that it is closed in good order matters to nobody.
    let _ = connection.close().await;
    let (writers, readers) = (pool(&options, WRITERS), pool(&options, READERS));
    schema::POSTGRES.run(&writers).await?;
    Ok(Store::Postgres { writers, readers })
}

/// Checks that the database keeps every text, and whatever was committed.
pub(super) async fn check(
    connection: &mut PgConnection,
    options: &PgConnectOptions,
) -> Result<(), OpenError> {
    let failed = |source| unreachable(options, source);
    let encoding = read_setting(connection, "server_encoding").await.map_err(failed)?;
    if encoding != "UTF8" {
        return Err(OpenError::Encoding(encoding));
    }
    match find_not_durable(connection).await.map_err(failed)? {
        Some(refused) => Err(refused),
        None => Ok(()),
    }
}

/// Opens one connection, or tells why there is none.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, OpenError> {
    match tokio::time::timeout(BUSY_TIMEOUT, PgConnection::connect_with(options)).await {
        Ok(connected) => connected.map_err(|source| unreachable(options, source)),
        Err(_) => Err(unreachable(options, sqlx::Error::PoolTimedOut)),
    }
}

/// Reads the address. What is wrong with it is told without any of it: it can hold a password.
pub(super) fn read_address(address: &str) -> Result<PgConnectOptions, OpenError> {
    let wrong = |what: &str| OpenError::Postgres(what.to_owned());
    let shape = "it must be like postgres://user@host/database";
    let url = Url::parse(address).map_err(|_| wrong(shape))?;
    if url.query_pairs().any(|(key, _)| !PARAMETERS.contains(&&*key)) {
        return Err(wrong(&format!("it has an unknown parameter; known are {}", PARAMETERS.join(", "))));
    }
    let options = PgConnectOptions::from_str(address).map_err(|_| wrong(shape))?;
    match options.get_ssl_mode() {
        PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull => {
            Err(wrong("TLS is not supported: use a socket or a private network, and sslmode=disable"))
        }
        PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => Ok(options),
    }
}

/// Tells where the database was looked for and as whom, never with what password.
pub(super) fn unreachable(options: &PgConnectOptions, source: sqlx::Error) -> OpenError {
    let host = match options.get_socket() {
        Some(directory) => directory.display().to_string(),
        None => options.get_host().to_owned(),
    };
    let place = format!("{host}:{}", options.get_port());
    let user = options.get_username().to_owned();
    let database = options.get_database().unwrap_or(&user).to_owned();
    let code = source.as_database_error().and_then(|error| error.code()).unwrap_or_default();
    match &*code {
        // invalid_authorization_specification, invalid_password
        "28000" | "28P01" => OpenError::NotAccepted { place, user },
        // invalid_catalog_name
        "3D000" => OpenError::NoDatabase { place, database },
        _ => OpenError::Unreachable { place, source },
    }
}

async fn read_setting(connection: &mut PgConnection, name: &str) -> Result<String, sqlx::Error> {
    sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(connection).await
}

/// Returns the first setting under which a commit could be lost.
async fn find_not_durable(connection: &mut PgConnection) -> Result<Option<OpenError>, sqlx::Error> {
    for (setting, rule) in DURABLE {
        let found = read_setting(connection, setting).await?;
        let (holds, wanted) = match rule {
            Wanted::Is(wanted) => (found == wanted, wanted),
            Wanted::IsNot(unwanted) => (found != unwanted, "on"),
        };
        if !holds {
            return Ok(Some(OpenError::NotDurable { setting, wanted, found }));
        }
    }
    Ok(None)
}

pub(super) fn pool(options: &PgConnectOptions, count: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(count)
        .acquire_timeout(BUSY_TIMEOUT)
        .after_connect(|connection, _| {
            Box::pin(async move {
                if let Some(refused) = find_not_durable(connection).await? {
                    return Err(sqlx::Error::Configuration(refused.into()));
                }
                connection.execute(SESSION).await.map(drop)
            })
        })
        .connect_lazy_with(options.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_refused_without_being_told() {
        for (address, named) in [
            ("postgres://me:hunter2@db:port/x", "postgres://user@host/database"),
            ("postgres://me:hunter2@db/x?sslmode=require", "TLS"),
            ("postgres://me:hunter2@db/x?sslmode=verify-full", "TLS"),
            ("postgres://me:hunter2@db/x?sslmode=hunter2", "postgres://user@host/database"),
            ("postgres://me:hunter2@db/x?pasword=hunter2", "unknown parameter"),
        ] {
            let error = read_address(address).expect_err(address);
            let line = error.to_string();
            assert!(line.contains(named), "{address}: {line}");
            assert!(!line.contains("hunter2") && line.lines().count() == 1, "{line}");
        }
        let options = read_address("postgresql://me:hunter2@db:5433/x?sslmode=disable").expect("it is valid");
        assert_eq!((options.get_host(), options.get_port(), options.get_database()), ("db", 5433, Some("x")));
    }
}
