//! A program that is started, read, and ended with us.

use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// How long a program may take to say that it is ready.
const START: Duration = Duration::from_secs(30);
/// How much of what it says is kept for a failure's report.
const KEPT_LINES: usize = 200;

/// A running program. Dropping it kills it.
pub struct Program {
    child: Child,
    said: Said,
    lines: mpsc::UnboundedReceiver<String>,
}

/// What a program has said, shared with the tasks that read it.
#[derive(Clone, Default)]
pub struct Said(Arc<Mutex<Vec<String>>>);

impl Said {
    fn add(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.remove(0);
        }
        lines.push(line.to_owned());
    }

    /// Everything that is kept, as one text.
    pub fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }
}

impl Program {
    /// Starts a program. `said` goes on collecting where an earlier run stopped.
    ///
    /// # Panics
    /// It cannot be started.
    pub fn start(command: &mut Command, said: Said) -> Self {
        let name = command.as_std().get_program().to_owned();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("{} cannot be started: {error}", name.display()));
        let (sender, lines) = mpsc::unbounded_channel();
        let out = child.stdout.take().expect("it is piped");
        let err = child.stderr.take().expect("it is piped");
        tokio::spawn(read(out, said.clone(), Some(sender)));
        tokio::spawn(read(err, said.clone(), None));
        Self { child, said, lines }
    }

    /// Waits for the first line that `pick` takes something from.
    ///
    /// # Panics
    /// The program ends before, or takes too long.
    pub async fn wait_for_line<T>(&mut self, what: &str, pick: impl Fn(&str) -> Option<T>) -> T {
        let found = self.find_line(what, pick).await;
        found.unwrap_or_else(|| panic!("the program ended before {what}:\n{}", self.said.text()))
    }

    /// The same; `None` when the program ends before.
    ///
    /// # Panics
    /// It takes too long.
    pub async fn find_line<T>(&mut self, what: &str, pick: impl Fn(&str) -> Option<T>) -> Option<T> {
        let reading = async {
            while let Some(line) = self.lines.recv().await {
                if let Some(picked) = pick(&line) {
                    return Some(picked);
                }
            }
            None
        };
        match tokio::time::timeout(START, reading).await {
            Ok(found) => found,
            Err(_) => {
                panic!("the program was not ready in {START:?}, {what} is missing:\n{}", self.said.text())
            }
        }
    }

    /// The number of the process, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Kills it as a power cut would: it gets no chance to do anything (SIGKILL).
    ///
    /// # Panics
    /// It cannot be killed.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("our own child can be killed");
    }

    /// Asks it to stop (SIGTERM) and waits for that; returns whether it ended well.
    ///
    /// # Panics
    /// It does not end in `patience`.
    pub async fn stop(&mut self, patience: Duration) -> bool {
        let id = self.id().expect("it runs").to_string();
        // The shell's own `kill`: not every machine has it as a program.
        let sent = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &id]).status().await;
        assert!(sent.is_ok_and(|status| status.success()), "the signal could not be sent");
        match tokio::time::timeout(patience, self.child.wait()).await {
            Ok(status) => status.is_ok_and(|status| status.success()),
            Err(_) => panic!("it did not stop in {patience:?}:\n{}", self.said.text()),
        }
    }
}

async fn read(from: impl AsyncRead + Unpin, said: Said, lines: Option<mpsc::UnboundedSender<String>>) {
    let mut from = BufReader::new(from).lines();
    while let Ok(Some(line)) = from.next_line().await {
        said.add(&line);
        if let Some(lines) = &lines {
            // Nobody listens any more once the program is known to be ready.
            let _ = lines.send(line);
        }
    }
}
