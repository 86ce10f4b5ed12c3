//! Opening PostgreSQL: durable, or not at all; mistakes are one line that never tells the password.

use causette_server::store::{OpenError, Store, StoreError, site};
use sqlx::Connection as _;

use crate::harness::app::NOW;
use crate::harness::builders;
use crate::harness::cluster::{self, Cluster, shared};
use crate::harness::process::{command, one_line};
use crate::harness::{eventually, within};

async fn refusal(address: &str) -> String {
    let error = within("the refusal", Store::open(address)).await.err().expect("it is refused").to_string();
    assert_eq!(error.lines().count(), 1, "{error}");
    for secret in ["hunter2", "correct-horse"] {
        assert!(!error.contains(secret), "{error}");
    }
    error
}

#[tokio::test]
async fn readers_only_read_and_a_second_opening_finds_what_the_first_left() {
    let address = shared().create_database().await;
    Store::open(&address).await.expect("it opens").close().await;
    let store = Store::open(&address).await.expect("it opens again");
    store.ping().await.expect("it answers");
    let Store::Postgres { readers, .. } = &store else {
        panic!("it is PostgreSQL");
    };
    let mut tx = store.begin_read().await.expect("it begins");
    let causette_server::store::Tx::Postgres(reading) = &mut tx else {
        panic!("it is PostgreSQL");
    };
    assert!(sqlx::query("DELETE FROM counter").execute(&mut **reading).await.is_err());
    drop(tx);
    let value: i64 =
        sqlx::query_scalar("SELECT value FROM counter").fetch_one(readers).await.expect("it is there");
    assert_eq!(value, 1000);
    store.close().await;
}

#[tokio::test]
async fn a_transaction_in_which_something_failed_is_not_told_to_be_committed() {
    let store = Store::open(&shared().create_database().await).await.expect("it opens");
    let shop = builders::site("shop");
    let mut tx = store.begin().await.expect("it begins");
    site::create_site(&mut tx, &shop, NOW).await.expect("it is added");
    assert!(site::create_site(&mut tx, &shop, NOW).await.is_err());
    assert!(tx.commit().await.is_err());
    let mut tx = store.begin_read().await.expect("it begins");
    assert_eq!(site::list_sites(&mut tx).await.expect("it reads"), []);
}

#[tokio::test]
async fn many_who_open_an_empty_database_at_once_make_one_schema() {
    let address = shared().create_database().await;
    let opening: Vec<_> = (0..4)
        .map(|_| {
            let address = address.clone();
            tokio::spawn(async move { Store::open(&address).await })
        })
        .collect();
    for store in opening {
        store.await.expect("it does not panic").expect("it opens").close().await;
    }
}

#[tokio::test]
async fn what_keeps_us_out_is_told_in_one_line() {
    let cluster = shared();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = closed.local_addr().expect("it is bound").port();
    drop(closed);
    let error = refusal(&format!("postgres://causette:hunter2@127.0.0.1:{port}/causette")).await;
    assert!(error.contains("cannot be reached") && error.contains(&port.to_string()), "{error}");
    let error = refusal("postgres://causette:hunter2@localhost/causette?host=/nowhere").await;
    assert!(error.contains("cannot be reached") && error.contains("/nowhere"), "{error}");
    let error = refusal(&cluster.address_as("causette", "hunter2", "postgres")).await;
    assert!(error.contains("does not accept the user causette"), "{error}");
    let error = refusal(&cluster.address_as("nobody", "hunter2", "postgres")).await;
    assert!(error.contains("does not accept the user nobody"), "{error}");
    let error = refusal(&cluster.address("missing")).await;
    assert!(error.contains("has no database missing"), "{error}");
    cluster.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'").await;
    let error = refusal(&cluster.address("latin")).await;
    assert!(error.contains("LATIN1") && error.contains("UTF8"), "{error}");
}

#[tokio::test]
async fn a_database_that_would_lose_messages_is_refused() {
    let cluster = shared();
    let address = cluster.create_database().await;
    let name = database_name(&address);
    cluster.execute(&format!("ALTER DATABASE {name} SET synchronous_commit = off")).await;
    let error = refusal(&address).await;
    assert!(error.contains("synchronous_commit = on but off"), "{error}");
    // The binary tells the same, in one line, and does not serve.
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let output = command(directory.path(), &["serve"]).env("CAUSETTE_DATABASE_URL", &address).output();
    let output = output.expect("the binary runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(one_line(&output).contains("acknowledged messages could be lost"));
    // `local` waits for this server's disk.
    cluster.execute(&format!("ALTER DATABASE {name} SET synchronous_commit = local")).await;
    Store::open(&address).await.expect("it opens").close().await;
}

#[tokio::test]
async fn a_setting_that_is_changed_under_a_running_server_stops_its_writing() {
    let cluster = shared();
    let address = cluster.create_database().await;
    let store = Store::open(&address).await.expect("it opens");
    store.begin().await.expect("it is durable");
    let name = database_name(&address);
    cluster.execute(&format!("ALTER DATABASE {name} SET synchronous_commit = off")).await;
    terminate(cluster, &name).await;
    let refused = store.begin().await.err().expect("no connection passes the check");
    assert!(matches!(refused, StoreError::Busy(_)), "{refused:?}");
    cluster.execute(&format!("ALTER DATABASE {name} RESET synchronous_commit")).await;
    eventually("a durable connection", async || store.begin().await.is_ok()).await;
    store.close().await;
}

#[tokio::test]
async fn a_cluster_without_fsync_is_refused() {
    let cluster = Cluster::start();
    cluster.execute("ALTER SYSTEM SET fsync = off").await;
    cluster.execute("SELECT pg_reload_conf()").await;
    let mut connection = cluster::connect(&cluster.address("postgres")).await;
    let mut fsync = String::new();
    while fsync != "off" {
        fsync = sqlx::query_scalar("SHOW fsync").fetch_one(&mut connection).await.expect("it answers");
    }
    connection.close().await.expect("it closes");
    let error = refusal(&cluster.address("postgres")).await;
    assert!(error.contains("fsync = on but off"), "{error}");
    assert!(matches!(
        Store::open(&cluster.address("postgres")).await,
        Err(OpenError::NotDurable { setting: "fsync", .. })
    ));
}

/// The name in an address that the cluster made.
pub fn database_name(address: &str) -> String {
    let end = address.split("@localhost/").nth(1).unwrap_or_default();
    end.split('?').next().unwrap_or_default().to_owned()
}

/// Ends every connection to a database.
pub async fn terminate(cluster: &Cluster, database: &str) {
    cluster
        .execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        ))
        .await;
}
