//! The browser's driver: starting it, and what fantoccini has no method for.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use axum::http;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command as Spawn;

use super::process::{Program, Said};
use super::wait::wait_until;

/// How long a browser may take to close, or to make its picture.
const PATIENCE_WITH_THE_END: Duration = Duration::from_secs(30);

/// A driver on a port of its own.
pub struct Driver {
    // All are held so that dropping the driver ends it and its screen, and then removes what it and the browser have left.
    _program: Program,
    _screen: Option<Program>,
    _leavings: TempDir,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Driver {
    /// Starts a driver that says on which port it listens: `port` finds it in a line.
    pub async fn start(mut command: Spawn, port: impl Fn(&str) -> Option<u16>) -> Self {
        let leavings = tempfile::tempdir().expect("a temporary directory can be made");
        command.env("TMPDIR", leavings.path());
        let mut program = Program::start(&mut command, Said::default());
        let port =
            program.wait_for_line("the driver's port", |line| port(line).filter(|port| *port != 0)).await;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self { _program: program, _screen: None, _leavings: leavings, address }
    }

    /// Starts a driver that was told where to listen, for a browser that needs a screen.
    pub async fn start_at(
        mut command: Spawn,
        address: SocketAddr,
        leavings: TempDir,
        screen: Program,
    ) -> Self {
        command.env("TMPDIR", leavings.path());
        let program = Program::start(&mut command, Said::default());
        wait_until("the driver to listen", async || Ok(TcpStream::connect(address).is_ok())).await;
        Self { _program: program, _screen: Some(screen), _leavings: leavings, address }
    }

    /// Asks the driver something without an executor, which is how a value that is being dropped has to ask. `None`
    /// where there is no answer.
    pub fn ask_now(&self, method: &str, path: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream.set_read_timeout(Some(PATIENCE_WITH_THE_END)).ok()?;
        // Firefox's driver wants to read the port that it is asked at.
        let host = self.address;
        let request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        // The driver keeps the connection open after its answer, so the answer's own length counts.
        let mut answer = BufReader::new(stream);
        let mut length = None;
        loop {
            let mut line = String::new();
            answer.read_line(&mut line).ok()?;
            match line.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().ok();
                }
                Some(_) => {}
                None if line.trim_end().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length?];
        answer.read_exact(&mut body).ok()?;
        let body: Value = serde_json::from_slice(&body).ok()?;
        body.get("value").cloned()
    }
}

/// A command of WebDriver, or of this driver alone, below the session's address.
#[derive(Debug)]
pub struct Command {
    method: http::Method,
    path: String,
    body: Option<Value>,
}

impl Command {
    /// Asks for something.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self { method: http::Method::GET, path: path.to_owned(), body: None }
    }

    /// Has something done.
    #[must_use]
    pub fn post(path: &str, body: Value) -> Self {
        Self { method: http::Method::POST, path: path.to_owned(), body: Some(body) }
    }

    /// A command of the Chrome DevTools Protocol.
    #[must_use]
    pub fn devtools(name: &str, parameters: Value) -> Self {
        Self::post("goog/cdp/execute", serde_json::json!({ "cmd": name, "params": parameters }))
    }
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (self.method.clone(), self.body.as_ref().map(Value::to_string))
    }
}
