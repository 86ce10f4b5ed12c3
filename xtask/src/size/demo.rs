//! A demo of its own to be weighed: on a free port, with data that go when it does.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{ChildStdout, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tempfile::TempDir;
use url::Url;

use crate::machine::{Checkout, Profile};
use crate::process::{self, Running};

/// Seeding an unoptimised server takes seconds; a minute is for a machine that does much else.
const START: Duration = Duration::from_secs(60);

/// A demo that runs for as long as this value lives.
#[derive(Debug)]
pub struct Demo {
    address: Url,
    _server: Running,
    _data: TempDir,
}

impl Demo {
    /// Starts the server that is built in the dev profile.
    ///
    /// # Errors
    ///
    /// When it does not say within a minute where it listens.
    pub fn start(checkout: &Checkout) -> Result<Self> {
        let data = tempfile::tempdir().context("cannot make a temporary directory")?;
        let log = data.path().join("log");
        let mut command = process::command(checkout.server(Profile::Dev));
        command
            .arg("demo")
            .current_dir(data.path())
            .env("CAUSETTE_LISTEN", "127.0.0.1:0")
            .env("CAUSETTE_DATA_DIR", data.path())
            .env_remove("CAUSETTE_PUBLIC_URL")
            .env_remove("CAUSETTE_DATABASE_URL")
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?);
        let mut server = Running(command.spawn().context("cannot start the demo")?);
        let output = server.0.stdout.take().context("the demo has no output")?;
        let address = address_in(output).with_context(|| {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            format!("the demo does not start: {}", log.lines().last().unwrap_or("it says nothing"))
        })?;
        Ok(Self { address, _server: server, _data: data })
    }

    /// The address of a path on it.
    ///
    /// # Errors
    ///
    /// When it is no path.
    pub fn address(&self, path: &str) -> Result<Url> {
        Ok(self.address.join(path)?)
    }
}

/// Reads what the demo prints up to the line that says where it listens. A thread goes on reading after that, because
/// a program that cannot print any more may stop.
fn address_in(output: ChildStdout) -> Result<Url> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(address) = line.trim().strip_prefix("listening on ") {
                // Nobody waits any more when this comes too late.
                let _ = sender.send(address.to_owned());
            }
        }
    });
    let address = receiver.recv_timeout(START).map_err(|_| anyhow!("it does not say where it listens"))?;
    Url::parse(&address).with_context(|| format!("it says it listens on {address}"))
}
