//! The real binary, on a fresh data directory.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;

use super::environment;
use super::process::{Program, Said};

/// The demo's administrator.
pub const ALICE: &str = "alice@demo.example";
/// The demo's other agent.
pub const BOB: &str = "bob@demo.example";
/// The password of both.
pub const PASSWORD: &str = "causette-demo";

/// How long a graceful stop may take (G11).
const STOP: Duration = Duration::from_secs(10);

/// `causette demo` in a directory of its own. Dropping it kills the process and removes the directory.
pub struct Server {
    program: Program,
    said: Said,
    data: TempDir,
    address: SocketAddr,
    settings: Vec<(String, String)>,
    /// The address under which browsers reach it: `http://127.0.0.1:…`.
    pub origin: String,
}

impl Server {
    /// Starts a server as it comes.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts a server with settings, named as in the environment but for the prefix: `("MESSAGE_BURST", "1000")`.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), settings).await
    }

    /// Starts a server that believes to be reached under `public`, such as a proxy in front of `address`.
    pub async fn start_behind(address: SocketAddr, public: &str) -> Self {
        Self::start_behind_with(address, public, &[]).await
    }

    /// The same, with more settings.
    pub async fn start_behind_with(address: SocketAddr, public: &str, settings: &[(&str, &str)]) -> Self {
        let settings: Vec<_> = [("PUBLIC_URL", public)].iter().chain(settings).copied().collect();
        Self::start_at(address, &settings).await
    }

    async fn start_at(address: SocketAddr, settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("a temporary directory can be made");
        let settings: Vec<_> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let said = Said::default();
        let launched = launch(&data, address, &settings, said.clone()).await;
        let (program, origin) = launched.unwrap_or_else(|| panic!("it ended at its start:\n{}", said.text()));
        let bound = origin.strip_prefix("http://").and_then(|bound| bound.parse().ok());
        let address = if address.port() == 0 { bound.expect("it says where it listens") } else { address };
        Self { program, said, data, address, settings, origin }
    }

    /// Kills it with SIGKILL.
    pub async fn kill(&mut self) {
        self.program.kill().await;
    }

    /// Asks it to stop and waits for that.
    ///
    /// # Panics
    /// It takes longer than promised, or ends with a failure.
    pub async fn stop(&mut self) {
        assert!(self.program.stop(STOP).await, "it ended with a failure:\n{}", self.said.text());
    }

    /// Starts it again after `kill` or `stop`: on the same address, with the same data.
    pub async fn restart(&mut self) {
        assert!(self.try_restart().await, "it ended at its start:\n{}", self.said.text());
    }

    /// The same; false when it ended at its start, as it does where the database does not answer in time.
    ///
    /// # Panics
    /// It takes too long.
    pub async fn try_restart(&mut self) -> bool {
        let launched = launch(&self.data, self.address, &self.settings, self.said.clone()).await;
        let Some((program, origin)) = launched else { return false };
        assert_eq!(origin, self.origin, "it came back under another address");
        self.program = program;
        true
    }

    /// Adds a site whose pages live under `origins`, as its owner would: with the command line.
    ///
    /// # Panics
    /// The command fails.
    pub async fn add_site(&self, key: &str, origins: &[&str]) {
        let mut command = self.command();
        command.args(["site", "add", "--key", key, "--name", "Papeterie du Port"]);
        for origin in origins {
            command.args(["--origin", origin]);
        }
        let output = command.output().await.expect("the binary runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Allows or forbids apps for a site, as its owner would: with the command line.
    ///
    /// # Panics
    /// The command fails.
    pub async fn allow_apps(&self, key: &str, allowed: bool) {
        let word = if allowed { "true" } else { "false" };
        let output = self.command().args(["site", "set", key, "--allow-apps", word]).output();
        let output = output.await.expect("the binary runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Publishes the loader of a site and returns the snippet that pins it, as its owner would: with the command line.
    ///
    /// # Panics
    /// The command fails.
    pub async fn pinned_snippet(&self, key: &str) -> String {
        let output = self.command().args(["site", "snippet", key, "--sri"]).output();
        let output = output.await.expect("the binary runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Makes the secret with which a site's own server signs who its person is, as its owner would: with the command line.
    ///
    /// # Panics
    /// The command fails.
    pub async fn identity_secret(&self, key: &str) -> String {
        let output = self.command().args(["site", "identity", key]).output().await.expect("the binary runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A page of the demo's shop; the empty path is its first page.
    #[must_use]
    pub fn shop(&self, path: &str) -> String {
        format!("{}/demo/{path}", self.origin)
    }

    /// The address under which it is reached past any proxy.
    #[must_use]
    pub fn direct(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its data are.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// What it has written so far, for a failure's report.
    #[must_use]
    pub fn said(&self) -> String {
        self.said.text()
    }

    /// The number of its process.
    ///
    /// # Panics
    /// It does not run.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.program.id().expect("it runs")
    }

    /// An address that nobody listens at now.
    ///
    /// # Panics
    /// There is none.
    #[must_use]
    pub fn free_address() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        listener.local_addr().expect("it is bound")
    }

    fn command(&self) -> Command {
        command(&self.data, self.address, &self.settings)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("---- what the server said:\n{}\n----", self.said.text());
        }
    }
}

fn command(data: &TempDir, address: SocketAddr, settings: &[(String, String)]) -> Command {
    let mut command = Command::new(environment::server_binary());
    // It is ours; the server refuses settings that it does not know.
    command.env_remove("CAUSETTE_BIN").env("NO_COLOR", "1");
    for (name, value) in settings {
        command.env(format!("CAUSETTE_{name}"), value);
    }
    command.env("CAUSETTE_LISTEN", address.to_string()).env("CAUSETTE_DATA_DIR", data.path());
    command
}

async fn launch(
    data: &TempDir,
    address: SocketAddr,
    settings: &[(String, String)],
    said: Said,
) -> Option<(Program, String)> {
    let mut program = Program::start(command(data, address, settings).arg("demo"), said);
    let listening = |line: &str| line.strip_prefix("listening on ").map(|origin| origin.trim().to_owned());
    let origin = program.find_line("listening on …", listening).await?;
    Some((program, origin))
}
