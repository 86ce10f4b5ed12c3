//! A server in this process, on port 0, over a database of its own.
//!
//! Dropping it stops it and fails the test if it does not stop cleanly, or if any log it leaves has a hole.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use causette_server::app::App;
use causette_server::clock::ManualClock;
use causette_server::config::Config;
use causette_server::http::routes::Surface;
use causette_server::mailer::Mailer;
use causette_server::mailer::captured::{Captured, CapturedMail};
use causette_server::store::Store;
use causette_shared::time::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::database::{self, Database, database_in};

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
    database: String,
}

/// The limits are far away and nobody lingers, unless a test is about them.
pub fn config() -> Config {
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        presence_grace_s: 0,
        message_burst: 10_000,
        messages_per_second: 10_000,
        conversations_per_minute: 10_000,
        identities_per_minute: 10_000,
        sign_ins_per_five_minutes: 10_000,
        ..Config::default()
    }
}

impl TestServer {
    /// Starts a server on SQLite whose limits are far away.
    pub async fn start() -> Self {
        Self::with(config()).await
    }

    /// Starts one on either database.
    pub async fn on(database: Database) -> Self {
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        let address = database.create(directory.path()).await;
        Self::over(config(), directory, address).await
    }

    /// Starts a server on SQLite.
    pub async fn with(config: Config) -> Self {
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        let address = Database::Sqlite.create(directory.path()).await;
        Self::over(config, directory, address).await
    }

    /// Starts one on either database whose mail is captured.
    pub async fn with_mail(database: Database) -> Self {
        Self::with_mail_and(database, config()).await
    }

    /// The same, configured so.
    pub async fn with_mail_and(database: Database, config: Config) -> Self {
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        let address = database.create(directory.path()).await;
        let mailer = Mailer::Captured(Captured::below(directory.path()));
        Self::over_with(config, directory, address, mailer).await
    }

    /// Starts one on either database whose mail goes somewhere, configured so.
    pub async fn sending_with(database: Database, mailer: Mailer, config: Config) -> Self {
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        let address = database.create(directory.path()).await;
        Self::over_with(config, directory, address, mailer).await
    }

    /// The same, with an address that mail comes from.
    pub async fn sending_on(database: Database, mailer: Mailer) -> Self {
        let config = Config { mail_from: Some("shop@mail.example".to_owned()), ..config() };
        Self::sending_with(database, mailer, config).await
    }

    /// The same on SQLite.
    pub async fn sending(mailer: Mailer) -> Self {
        Self::sending_on(Database::Sqlite, mailer).await
    }

    /// The mail that was captured, newest first, once there is as much.
    pub async fn await_mails(&self, count: usize) -> Vec<CapturedMail> {
        let Mailer::Captured(captured) = &self.app.mailer else {
            panic!("its mail is not captured");
        };
        let list = async || captured.list().await.expect("the mail can be read");
        super::eventually("the mail", async || list().await.len() >= count).await;
        list().await
    }

    /// Starts a server over the database at an address.
    pub async fn over(config: Config, directory: tempfile::TempDir, database: String) -> Self {
        Self::over_with(config, directory, database, Mailer::Missing).await
    }

    async fn over_with(
        config: Config,
        directory: tempfile::TempDir,
        database: String,
        mailer: Mailer,
    ) -> Self {
        let store = Store::open(&database).await.expect("the database opens");
        let listener = TcpListener::bind(config.listen).await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let clock = Arc::new(ManualClock::new(NOW));
        let app = causette_server::wire_with(config, store, clock.clone(), address, mailer);
        let (stop, stopping) = oneshot::channel::<()>();
        let shutdown = async move {
            let _ = stopping.await;
        };
        let serving = causette_server::run(Arc::clone(&app), listener, Surface::Serve, shutdown);
        let serving = tokio::spawn(serving);
        Self { app, clock, address, stop: Some(stop), serving: Some(serving), directory, database }
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The server's own origin, as a browser would send it.
    pub fn origin(&self) -> String {
        self.app.own_origins[0].clone()
    }

    /// The file of a SQLite database.
    pub fn database(&self) -> PathBuf {
        database_in(self.directory.path())
    }

    /// The address of its database, as another process would open it.
    pub fn database_address(&self) -> &str {
        &self.database
    }

    /// Lets time pass.
    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        // The outbox looks at the clock when it is woken.
        self.app.jobs.notify_one();
    }

    /// Tells the server to stop, without waiting for it.
    pub fn begin_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> i64 {
        database::number(&self.app.store, &format!("SELECT COUNT(*) FROM {table}")).await
    }

    async fn finish(&mut self) {
        self.begin_stop();
        if let Some(serving) = self.serving.take() {
            let ended = tokio::time::timeout(STOPS_WITHIN, serving).await;
            let result = ended.expect("the server stops in good order").expect("it does not panic");
            result.expect("its listener did not fail");
        }
        // The server has closed its own; what it left is read as the next start would.
        let store = Store::open(&self.database).await.expect("the database opens again");
        database::assert_logs_are_whole(&store).await;
        store.close().await;
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
