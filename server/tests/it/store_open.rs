//! Opening the database: durable, or not at all; mistakes are one line.

use std::time::Duration;

use causette_server::store::inspect::{Inspection, Integrity};
use causette_server::store::{OpenError, Store, Tx};
use sqlx::{Connection as _, Row as _};

use crate::harness::PATIENCE;
use crate::harness::database::{connect, database_in};

async fn open(address: &str) -> Result<Store, OpenError> {
    Store::open(address).await
}

#[tokio::test]
async fn commits_are_durable_and_keys_are_checked() {
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let file = database_in(directory.path());
    let opened = open(&format!("sqlite://{}", file.display())).await.expect("it opens");
    let mut writing = opened.begin().await.expect("it begins");
    let mut reading = opened.begin_read().await.expect("it begins");
    for tx in [&mut writing, &mut reading] {
        let Tx::Sqlite(tx) = tx else {
            panic!("it is SQLite");
        };
        for (setting, wanted) in [("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5_000)] {
            let sql = sqlx::AssertSqlSafe(format!("PRAGMA {setting}"));
            let found: i64 = sqlx::query(sql).fetch_one(&mut *tx).await.expect("it answers").get(0);
            assert_eq!(found, wanted, "{setting}");
        }
        let mode: String =
            sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *tx).await.expect("it answers");
        assert_eq!(mode, "wal");
    }
    let Tx::Sqlite(tx) = &mut reading else {
        panic!("it is SQLite");
    };
    assert!(sqlx::query("DELETE FROM counter").execute(&mut *tx).await.is_err(), "readers only read");
}

#[tokio::test]
async fn a_second_opening_finds_what_the_first_left() {
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let address = format!("sqlite://{}", database_in(directory.path()).display());
    open(&address).await.expect("it opens").close().await;
    let store = open(&address).await.expect("it opens again");
    store.ping().await.expect("it answers");
    store.close().await;
    let mut connection = connect(&database_in(directory.path())).await;
    let value: i64 = sqlx::query_scalar("SELECT value FROM counter")
        .fetch_one(&mut connection)
        .await
        .expect("it is there");
    assert_eq!(value, 1000);
}

#[tokio::test]
async fn a_bad_address_is_told_in_one_line_without_its_password() {
    for address in ["mysql://causette:secret@db/causette", "causette.db", ""] {
        let error = open(address).await.err().expect("it is refused").to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(!error.contains("secret"), "{error}");
        assert!(error.contains("sqlite://"), "{error}");
    }
}

#[tokio::test]
async fn a_path_that_cannot_be_written_is_told_in_one_line() {
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let in_the_way = directory.path().join("file");
    std::fs::write(&in_the_way, "").expect("it is written");
    for path in [in_the_way.join("causette.db"), directory.path().join("missing/causette.db")] {
        let error = open(&format!("sqlite://{}", path.display())).await.err().expect("it is refused");
        let error = error.to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains(&path.display().to_string()), "{error}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told_in_one_line() {
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let file = database_in(directory.path());
    std::fs::write(&file, "this is a shopping list, and a long one at that").expect("it is written");
    let error = open(&format!("sqlite://{}", file.display())).await.err().expect("it is refused");
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
}

#[tokio::test]
async fn the_check_of_a_large_database_holds_nobody_up() {
    const FILL: &str = "CREATE TABLE large AS WITH RECURSIVE row (n) AS \
         (SELECT 1 UNION ALL SELECT n + 1 FROM row WHERE n < 5000) SELECT n, randomblob(4000) AS bytes FROM row";
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let file = database_in(directory.path());
    let address = format!("sqlite://{}", file.display());
    open(&address).await.expect("it opens").close().await;
    let mut connection = connect(&file).await;
    sqlx::query(FILL).execute(&mut connection).await.expect("it is filled");
    connection.close().await.expect("it closes");
    let inspection = Inspection::open(&address).await.expect("it opens").expect("it is there");
    // Somebody looks at something else meanwhile.
    let reading = inspection.begin_read().await.expect("it can be read");
    assert_eq!(inspection.integrity(PATIENCE).await.expect("it is checked"), Integrity::Sound);
    drop(reading);
    // A check takes far longer than this; where the machine stood still meanwhile, it may be through all the same.
    let mut found = Integrity::Sound;
    for _ in 0..50 {
        if found == Integrity::Sound {
            found = inspection.integrity(Duration::from_millis(1)).await.expect("it is asked for");
        }
    }
    assert_eq!(found, Integrity::Unknown);
    assert!(inspection.has_its_log().await.expect("it tells"));
    inspection.close().await;
    let files = std::fs::read_dir(directory.path()).expect("it is there").count();
    assert_eq!(files, 1, "whoever is given up puts the files of the log away too");
}
