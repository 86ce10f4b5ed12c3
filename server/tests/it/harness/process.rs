//! The binary itself, as a person or a supervisor runs it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::eventually;

/// The command with arguments, its data in `directory`, and nothing else of the tests' environment that it could read.
pub fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_causette"));
    command
        .args(arguments)
        .env_clear()
        .env("CAUSETTE_DATA_DIR", directory)
        .env("CAUSETTE_LISTEN", "127.0.0.1:0")
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs the command to its end.
pub fn run(directory: &Path, arguments: &[&str]) -> Output {
    command(directory, arguments).output().expect("the binary runs")
}

/// Runs the command to its end with something on its standard input.
pub fn run_with_input(directory: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = command(directory, arguments).stdin(Stdio::piped()).spawn().expect("the binary runs");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

/// The one line on standard error, without a trace; any more of it fails the test.
pub fn one_line(output: &Output) -> String {
    let error = String::from_utf8(output.stderr.clone()).expect("it is text");
    assert_eq!(error.trim_end().lines().count(), 1, "not one line: {error}");
    assert!(!error.contains("panicked") && !error.contains("backtrace"), "a trace: {error}");
    error.trim_end().to_owned()
}

/// A running server. It is killed when dropped.
pub struct Running {
    child: Child,
    /// Host and port.
    pub authority: String,
    log: Arc<Mutex<String>>,
}

impl Running {
    /// Starts `causette serve` and waits until it listens.
    pub fn serve(directory: &Path, environment: &[(&str, &str)]) -> Self {
        let mut command = command(directory, &["serve"]);
        let mut child = command.envs(environment.iter().copied()).spawn().expect("the binary runs");
        let log = Arc::new(Mutex::new(String::new()));
        let mut errors = child.stderr.take().expect("it is piped");
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(read @ 1..) = errors.read(&mut piece) {
                let text = String::from_utf8_lossy(&piece[..read]);
                kept.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
            }
        });
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("listening on http://").map(str::to_owned));
        let mut running = Self { child, authority: String::new(), log };
        let Some(authority) = address else {
            panic!("it did not start: {}", running.log());
        };
        running.authority = authority;
        running
    }

    /// What it has written to standard error.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let sent =
            Command::new("sh").args(["-c", "kill -TERM \"$0\"", &self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the signal was not sent");
    }

    /// Sends SIGKILL and waits for the end.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Waits for the end.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the end of the process", || {
            status = self.child.try_wait().expect("it is our child");
            let ended = status.is_some();
            async move { ended }
        })
        .await;
        status.expect("it has ended")
    }

    /// Waits for the end, which has to come in time and with success.
    pub async fn expect_clean_end(&mut self, in_time: Duration) {
        let status = tokio::time::timeout(in_time, self.ended()).await.expect("it ends in time");
        assert!(status.success(), "{status}: {}", self.log());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            println!("the server's log:\n{}", self.log());
        }
    }
}
