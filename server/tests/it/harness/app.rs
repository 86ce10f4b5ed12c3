//! A server in this process, on port 0, over a database of its own.
//!
//! Dropping it stops it and fails the test if it does not stop cleanly, or if any log it leaves has a hole.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use causette_server::app::App;
use causette_server::clock::ManualClock;
use causette_server::config::Config;
use causette_server::http::routes::Surface;
use causette_server::store::Store;
use causette_shared::time::Timestamp;
use sqlx::{Connection as _, Row as _, SqliteConnection};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A Tuesday in 2026; the tests' present until they move it.
pub const NOW: Timestamp = Timestamp(1_790_000_000_000);
/// A clean stop takes far less; a cut one nine seconds.
const STOPS_WITHIN: Duration = Duration::from_secs(6);

/// The server under test.
pub struct TestServer {
    pub app: Arc<App>,
    pub clock: Arc<ManualClock>,
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<std::io::Result<()>>>,
    directory: tempfile::TempDir,
}

/// The limits are far away and nobody lingers, unless a test is about them.
pub fn config() -> Config {
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        presence_grace_s: 0,
        message_burst: 10_000,
        messages_per_second: 10_000,
        conversations_per_minute: 10_000,
        sign_ins_per_five_minutes: 10_000,
        ..Config::default()
    }
}

impl TestServer {
    /// Starts a server whose limits are far away.
    pub async fn start() -> Self {
        Self::with(config()).await
    }

    /// Starts a server.
    pub async fn with(config: Config) -> Self {
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        let file = database_in(directory.path());
        let store = Store::open(&format!("sqlite://{}", file.display())).await.expect("the database opens");
        let listener = TcpListener::bind(config.listen).await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let clock = Arc::new(ManualClock::new(NOW));
        let app = causette_server::wire(config, store, clock.clone(), address);
        let (stop, stopping) = oneshot::channel::<()>();
        let shutdown = async move {
            let _ = stopping.await;
        };
        let serving = causette_server::run(Arc::clone(&app), listener, Surface::Serve, shutdown);
        let serving = tokio::spawn(serving);
        Self { app, clock, address, stop: Some(stop), serving: Some(serving), directory }
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The server's own origin, as a browser would send it.
    pub fn origin(&self) -> String {
        self.app.own_origins[0].clone()
    }

    /// The database's file.
    pub fn database(&self) -> PathBuf {
        database_in(self.directory.path())
    }

    /// Lets time pass.
    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Tells the server to stop, without waiting for it.
    pub fn begin_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> i64 {
        let mut connection = connect(&self.database()).await;
        count(&mut connection, table).await
    }

    async fn finish(&mut self) {
        self.begin_stop();
        if let Some(serving) = self.serving.take() {
            let ended = tokio::time::timeout(STOPS_WITHIN, serving).await;
            let result = ended.expect("the server stops in good order").expect("it does not panic");
            result.expect("its listener did not fail");
        }
        assert_logs_are_whole(&self.database()).await;
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        // Tests run on the multi-threaded runtime, where a thread may wait like this.
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(self.finish()));
    }
}

/// Where a server keeps its database within its data directory.
pub fn database_in(directory: &Path) -> PathBuf {
    directory.join("causette.db")
}

/// Opens a connection of the test's own.
pub async fn connect(file: &Path) -> SqliteConnection {
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(file).busy_timeout(Duration::from_secs(5));
    SqliteConnection::connect_with(&options).await.expect("the database opens")
}

/// How many rows a table has.
pub async fn count(connection: &mut SqliteConnection, table: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM {table}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(connection).await.expect("the table is there")
}

/// Whatever happened, each log is 1 … n, ends where its conversation says, and holds each id once (G2, G3).
pub async fn assert_logs_are_whole(file: &Path) {
    let mut connection = connect(file).await;
    let rows = sqlx::query(
        "SELECT c.id, c.last_seq, COUNT(e.seq) AS rows, COALESCE(MIN(e.seq), 1) AS first, \
         COALESCE(MAX(e.seq), 0) AS last, COUNT(DISTINCT e.id) AS ids \
         FROM conversation c LEFT JOIN entry e ON e.conversation_id = c.id GROUP BY c.id",
    )
    .fetch_all(&mut connection)
    .await
    .expect("the tables are there");
    for row in rows {
        let number = |column: &str| row.get::<i64, _>(column);
        let last = number("last_seq");
        let found = [number("rows"), number("last"), number("ids")];
        assert_eq!(found, [last; 3], "conversation {} is not whole", row.get::<String, _>("id"));
        assert_eq!(number("first"), 1);
        assert!(last > 0, "an empty conversation was left behind");
    }
    let orphans: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM visitor WHERE id NOT IN (SELECT visitor_id FROM conversation)",
    )
    .fetch_one(&mut connection)
    .await
    .expect("the tables are there");
    assert_eq!(orphans, 0, "a visitor without a conversation was left behind");
}
