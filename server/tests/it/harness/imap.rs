//! A mailbox that behaves as a test says, for what no good server does.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How a command is answered.
pub enum Answer {
    /// As a good server with nothing special in its mailbox does.
    Usual,
    /// With this, and OK.
    Says(String),
    /// NO.
    Refuses,
    /// Not at all.
    Silence,
    /// With the end of the connection.
    Closes,
}

/// Says how a command is answered, by the number of the connection, from 1, and the command's essence: its name, for
/// `FETCH` and `STORE` with the UID, and for a `FETCH` of more than the size with `BODY`.
pub type Script = dyn Fn(usize, &str) -> Answer + Send + Sync;

/// A running server. It ends with the test.
pub struct ImapServer {
    address: SocketAddr,
    commands: Arc<Mutex<Vec<String>>>,
    listening: JoinHandle<()>,
}

impl ImapServer {
    /// Starts one that follows a script.
    pub async fn start(script: impl Fn(usize, &str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
        let address = listener.local_addr().expect("it is bound");
        let commands: Arc<Mutex<Vec<String>>> = Arc::default();
        let (noted, script, count) = (Arc::clone(&commands), Arc::new(script), AtomicUsize::new(0));
        let listening = tokio::spawn(async move {
            let mut tasks = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let connection = count.fetch_add(1, Ordering::SeqCst) + 1;
                let (script, noted) = (Arc::clone(&script), Arc::clone(&noted));
                tasks.spawn(async move {
                    // A client that goes away is the end of it.
                    let _ = converse(stream, connection, script.as_ref(), &noted).await;
                });
            }
        });
        Self { address, commands, listening }
    }

    /// The address of its mailbox.
    pub fn url(&self) -> String {
        format!("imap://user:password@{}", self.address)
    }

    /// How often a command came.
    pub fn count(&self, essence: &str) -> usize {
        self.commands.lock().expect("nobody panicked").iter().filter(|command| *command == essence).count()
    }
}

impl Drop for ImapServer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn converse(
    stream: TcpStream,
    connection: usize,
    script: &Script,
    noted: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut stream = BufStream::new(stream);
    stream.write_all(b"* OK ready\r\n").await?;
    stream.flush().await?;
    let (mut line, mut idle) = (String::new(), String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let (tag, essence) = match words.as_slice() {
            ["DONE"] => (idle.clone(), "DONE".to_owned()),
            [tag, "UID", "FETCH", uid, rest @ ..] if rest.iter().any(|word| word.contains("BODY")) => {
                ((*tag).to_owned(), format!("FETCH {uid} BODY"))
            }
            [tag, "UID", name @ ("FETCH" | "STORE"), uid, ..] => ((*tag).to_owned(), format!("{name} {uid}")),
            [tag, "UID", name, ..] | [tag, name, ..] => ((*tag).to_owned(), (*name).to_owned()),
            _ => return Ok(()),
        };
        noted.lock().expect("nobody panicked").push(essence.clone());
        let said = match script(connection, &essence) {
            Answer::Silence => continue,
            Answer::Closes => return Ok(()),
            Answer::Says(text) => format!("{text}{tag} OK done\r\n"),
            Answer::Refuses => format!("{tag} NO not this one\r\n"),
            Answer::Usual if essence == "IDLE" => {
                idle.clone_from(&tag);
                "+ idling\r\n".to_owned()
            }
            Answer::Usual => format!("{}{tag} OK done\r\n", usual(&essence)),
        };
        stream.write_all(said.as_bytes()).await?;
        stream.flush().await?;
    }
}

fn usual(essence: &str) -> String {
    let mut words = essence.split(' ');
    match (words.next().unwrap_or_default(), words.next(), words.next()) {
        ("CAPABILITY", ..) => "* CAPABILITY IMAP4rev1 IDLE\r\n".to_owned(),
        ("SELECT", ..) => "* OK [UIDVALIDITY 11] valid\r\n".to_owned(),
        ("SEARCH", ..) => "* SEARCH\r\n".to_owned(),
        ("FETCH", Some(uid), None) => format!("* {uid} FETCH (UID {uid} RFC822.SIZE 100)\r\n"),
        ("FETCH", Some(uid), Some(_)) => {
            let raw = format!("Subject: mail {uid}\r\n\r\nText\r\n");
            format!("* {uid} FETCH (UID {uid} BODY[]<0> {{{}}}\r\n{raw})\r\n", raw.len())
        }
        _ => String::new(),
    }
}
