//! The two databases that everything runs on, and what a test asks them past the store.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use causette_server::store::{Store, Tx};
use causette_shared::id::{EntryId, Seq};
use sqlx::{Connection as _, Row as _, SqliteConnection};

use super::cluster;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// Makes of each named function, which takes a `Database`, a test on SQLite and one on PostgreSQL. A function that is
/// left out is unused, which the compiler tells.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                super::$name($crate::harness::Database::Sqlite).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                super::$name($crate::harness::Database::Postgres).await;
            })+
        }
    };
}
pub(crate) use on_both_databases;

/// An expression on the connection of a transaction, as the store itself does it.
macro_rules! on_connection {
    ($tx:expr, $conn:ident => $query:expr) => {
        match $tx {
            Tx::Sqlite(tx) => {
                let $conn = &mut *tx;
                $query
            }
            Tx::Postgres(tx) => {
                let $conn = &mut **tx;
                $query
            }
        }
    };
}

impl Database {
    /// Makes an empty database, in the directory where it is a file, and returns its address.
    pub async fn create(self, directory: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}", database_in(directory).display()),
            Self::Postgres => cluster::shared().create_database().await,
        }
    }
}

/// Where a server keeps its database within its data directory.
pub fn database_in(directory: &Path) -> PathBuf {
    directory.join("causette.db")
}

/// Opens a connection of the test's own to a SQLite database.
pub async fn connect(file: &Path) -> SqliteConnection {
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(file).busy_timeout(Duration::from_secs(5));
    SqliteConnection::connect_with(&options).await.expect("the database opens")
}

/// SQLite finds nothing wrong with a database: every page, every index, every key.
pub async fn assert_sound(file: &Path) {
    let mut connection = connect(file).await;
    let found: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_all(&mut connection)
        .await
        .expect("it can be checked");
    assert_eq!(found, ["ok"]);
    connection.close().await.expect("it closes");
}

/// Runs a statement past the store.
pub async fn execute(store: &Store, sql: &'static str) {
    let mut tx = store.begin().await.expect("the store is free");
    on_connection!(&mut tx, conn => sqlx::query(sql).execute(conn).await.map(drop)).expect("it is right");
    tx.commit().await.expect("it commits");
}

/// Reads one number.
pub async fn number(store: &Store, sql: &str) -> i64 {
    let mut tx = store.begin_read().await.expect("the store reads");
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    let found: Result<i64, _> =
        on_connection!(&mut tx, conn => sqlx::query_scalar(sql).fetch_one(conn).await);
    found.expect("the table is there")
}

/// Where each entry stands in its conversation. An id that is there more than once has several places.
pub async fn list_places(store: &Store) -> BTreeMap<EntryId, Vec<Seq>> {
    let mut tx = store.begin_read().await.expect("the store reads");
    let rows: Vec<(String, i64)> = on_connection!(&mut tx, conn => {
        let rows = sqlx::query("SELECT id, seq FROM entry").fetch_all(conn).await.expect("the table is there");
        rows.iter().map(|row| (row.get("id"), row.get("seq"))).collect()
    });
    let mut places = BTreeMap::<EntryId, Vec<Seq>>::new();
    for (id, seq) in rows {
        let seq = Seq::try_from(seq).expect("it is small");
        places.entry(id.parse().expect("it is an id")).or_default().push(seq);
    }
    places
}

/// Whatever happened, each log is 1 … n, ends where its conversation says, and holds each id once (G2, G3).
pub async fn assert_logs_are_whole(store: &Store) {
    const LOGS: &str = "SELECT c.id, c.last_seq, COUNT(e.seq) AS rows, COALESCE(MIN(e.seq), 1) AS first, \
         COALESCE(MAX(e.seq), 0) AS last, COUNT(DISTINCT e.id) AS ids \
         FROM conversation c LEFT JOIN entry e ON e.conversation_id = c.id GROUP BY c.id, c.last_seq";
    let mut tx = store.begin_read().await.expect("the store reads");
    let logs: Vec<(String, [i64; 5])> = on_connection!(&mut tx, conn => {
        let rows = sqlx::query(LOGS).fetch_all(conn).await.expect("the tables are there");
        let numbers = ["last_seq", "rows", "last", "ids", "first"];
        rows.iter().map(|row| (row.get("id"), numbers.map(|column| row.get(column)))).collect()
    });
    drop(tx);
    for (id, [last, rows, highest, ids, first]) in logs {
        assert_eq!([rows, highest, ids], [last; 3], "conversation {id} is not whole");
        assert_eq!(first, 1);
        assert!(last > 0, "an empty conversation was left behind");
    }
    let orphans = "SELECT COUNT(*) FROM visitor WHERE id NOT IN (SELECT visitor_id FROM conversation)";
    assert_eq!(number(store, orphans).await, 0, "a visitor without a conversation was left behind");
}
