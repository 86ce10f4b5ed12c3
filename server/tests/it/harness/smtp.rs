//! A mail server in this process that keeps what it takes, and fails where it is told to.
//!
//! It is strict where servers should be (a line ends with CRLF, the mail with CRLF . CRLF) unless a test asks for one of
//! those that take a bare LF or CR for the end of a line, as CVE-2023-51764 found them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::authority::Authority;
use super::eventually;

/// The only account.
pub const USER: &str = "shop@mail.example";
/// Its password; as an address has to write it, see `SmtpServer::url`.
pub const PASSWORD: &str = "pä/ss+w#rd";

/// Where in the dialogue something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// As soon as the socket is open, before TLS where that comes first.
    Connect,
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// After the first line of the mail.
    Body,
    /// At the final dot, and the mail is not kept.
    Answer,
    /// At the final dot, and the mail is kept: only the answer goes wrong.
    Accepted,
    Rset,
}

/// What goes wrong there.
#[derive(Clone, Debug)]
pub enum How {
    /// This answer in place of the right one.
    Reply(&'static str),
    /// The connection is closed without an answer.
    Close,
    /// Nothing happens any more, and the connection stays open.
    Stall,
    /// The right answer, as soon as there is a permit for it.
    Hold(Arc<Semaphore>),
}

/// A mail that the server took.
#[derive(Clone, Debug)]
pub struct ReceivedMail {
    /// The envelope's sender.
    pub from: String,
    /// What was said behind it: `SIZE=…`, `BODY=…`, `SMTPUTF8`.
    pub parameters: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// The mail without the stuffing of dots, its last CRLF included.
    pub raw: Vec<u8>,
    /// Whether it came encrypted.
    pub encrypted: bool,
    /// Who was logged in.
    pub user: Option<String>,
    /// Which connection it came by, counted from 1.
    pub connection: usize,
}

/// How connections begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    None,
    StartTls,
    Implicit,
}

/// What a server is like before it is started.
#[derive(Clone)]
pub struct Character {
    pub encryption: Encryption,
    /// The lines that answer EHLO, but STARTTLS, which goes by `encryption`.
    pub offers: Vec<&'static str>,
    /// Whether a bare LF or CR ends a line too, and so the mail.
    pub takes_bare_ends: bool,
    /// The names in its certificate.
    pub names: Vec<&'static str>,
    /// Sent in the clear right behind the answer to STARTTLS, as somebody between could.
    pub injected: &'static str,
}

impl Default for Character {
    fn default() -> Self {
        Self {
            encryption: Encryption::None,
            offers: vec!["SIZE 1000000", "8BITMIME", "SMTPUTF8", "AUTH PLAIN LOGIN"],
            takes_bare_ends: false,
            names: vec!["localhost", "127.0.0.1"],
            injected: "",
        }
    }
}

/// A running server. It ends with the test.
pub struct SmtpServer {
    address: SocketAddr,
    authority: Authority,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

struct Shared {
    character: Character,
    tls: Arc<ServerConfig>,
    faults: Mutex<HashMap<Phase, (How, usize)>>,
    mails: Mutex<Vec<ReceivedMail>>,
    commands: Mutex<Vec<String>>,
    faulty: Mutex<Vec<Phase>>,
    answers: Mutex<Vec<String>>,
    connections: AtomicUsize,
}

impl SmtpServer {
    /// One without encryption, as on the same machine.
    pub async fn start() -> Self {
        Self::with(Character::default()).await
    }

    /// One that begins connections in this way.
    pub async fn encrypted(encryption: Encryption) -> Self {
        Self::with(Character { encryption, ..Character::default() }).await
    }

    /// One of a given character.
    pub async fn with(character: Character) -> Self {
        let authority = Authority::new();
        let shared = Arc::new(Shared {
            tls: authority.server_config(&character.names),
            character,
            faults: Mutex::default(),
            mails: Mutex::default(),
            commands: Mutex::default(),
            faulty: Mutex::default(),
            answers: Mutex::default(),
            connections: AtomicUsize::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
        let address = listener.local_addr().expect("it is bound");
        let serving = Arc::clone(&shared);
        let listening = tokio::spawn(async move {
            // Connections end with the listener's task, and so with the server.
            let mut tasks = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                tasks.spawn(converse(stream, Arc::clone(&serving)));
            }
        });
        Self { address, authority, shared, listening }
    }

    /// Its address with the account, as `SMTP_URL` has it.
    pub fn url(&self) -> String {
        self.url_as("shop%40mail.example:p%C3%A4%2Fss+w%23rd@")
    }

    /// The same for somebody else: `user:password@`, or nothing.
    pub fn url_as(&self, login: &str) -> String {
        let port = self.address.port();
        let (scheme, tls) = match self.shared.character.encryption {
            Encryption::None => return format!("smtp://{login}localhost:{port}"),
            Encryption::StartTls => ("smtp", "tls=starttls&"),
            Encryption::Implicit => ("smtps", ""),
        };
        format!("{scheme}://{login}localhost:{port}?{tls}ca={}", self.authority.file().display())
    }

    /// Goes wrong at a phase, every time until `heal`.
    pub fn fail_at(&self, phase: Phase, how: How) {
        lock(&self.shared.faults).insert(phase, (how, usize::MAX));
    }

    /// Goes wrong at a phase once.
    pub fn fail_once(&self, phase: Phase, how: How) {
        lock(&self.shared.faults).insert(phase, (how, 1));
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        lock(&self.shared.faults).clear();
    }

    /// What it has taken.
    pub fn mails(&self) -> Vec<ReceivedMail> {
        lock(&self.shared.mails).clone()
    }

    /// The same, as soon as there are so many.
    pub async fn wait_for(&self, count: usize) -> Vec<ReceivedMail> {
        eventually("the mails", || async { lock(&self.shared.mails).len() >= count }).await;
        self.mails()
    }

    /// Waits until something has gone wrong at a phase so often.
    pub async fn until_wrong(&self, phase: Phase, times: usize) {
        let count = || lock(&self.shared.faulty).iter().filter(|wrong| **wrong == phase).count();
        eventually("the phase", || async { count() >= times }).await;
    }

    /// Waits until an answer that begins so has left.
    pub async fn until_answered(&self, begins: &str) {
        let has = || lock(&self.shared.answers).iter().any(|answer| answer.starts_with(begins));
        eventually("the answer", || async { has() }).await;
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The verbs that came, in order.
    pub fn commands(&self) -> Vec<String> {
        lock(&self.shared.commands).clone()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panicked")
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// The dialogue is over; there is nothing to say about it.
struct Over;

impl From<std::io::Error> for Over {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

struct Dialogue {
    stream: BufStream<Box<dyn Stream>>,
    shared: Arc<Shared>,
    connection: usize,
    encrypted: bool,
    user: Option<String>,
    from: Option<(String, String)>,
    to: Vec<String>,
}

async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    let connection = shared.connections.fetch_add(1, Ordering::SeqCst) + 1;
    let implicit = shared.character.encryption == Encryption::Implicit;
    let stream = BufStream::new(Box::new(stream) as Box<dyn Stream>);
    let (user, from, to) = (None, None, Vec::new());
    let mut dialogue = Dialogue { stream, shared, connection, encrypted: false, user, from, to };
    let _ = async {
        if !dialogue.fails(Phase::Connect).await? {
            if implicit {
                dialogue = dialogue.encrypt().await?;
            }
            dialogue.answer(Phase::Greeting, "220 mail.example ESMTP").await?;
        }
        loop {
            dialogue = dialogue.next_command().await?;
        }
        #[expect(unreachable_code, reason = "it ends by an error")]
        Ok::<(), Over>(())
    }
    .await;
}

impl Dialogue {
    async fn next_command(mut self) -> Result<Self, Over> {
        let line = self.line().await?;
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        lock(&self.shared.commands).push(verb.clone());
        match verb.as_str() {
            "EHLO" => self.offer().await?,
            "STARTTLS" => {
                let injected = self.shared.character.injected;
                if !self.fails(Phase::StartTls).await? {
                    self.say(&format!("220 go ahead{injected}")).await?;
                    return self.encrypt().await;
                }
            }
            "AUTH" => self.log_in(&line).await?,
            "MAIL" => {
                let (address, parameters) = in_brackets(&line).ok_or(Over)?;
                self.from = Some((address, parameters));
                self.answer(Phase::Mail, "250 2.1.0 ok").await?;
            }
            "RCPT" => {
                self.to.push(in_brackets(&line).ok_or(Over)?.0);
                self.answer(Phase::Rcpt, "250 2.1.5 ok").await?;
            }
            "DATA" if self.from.is_none() || self.to.is_empty() => self.say("503 5.5.1 whose?").await?,
            "DATA" => {
                if !self.fails(Phase::Data).await? {
                    self.say("354 go ahead").await?;
                    self.take_mail().await?;
                }
            }
            "RSET" => {
                (self.from, self.to) = (None, Vec::new());
                self.answer(Phase::Rset, "250 2.0.0 ok").await?;
            }
            "QUIT" => {
                self.say("221 2.0.0 bye").await?;
                return Err(Over);
            }
            _ => self.say("500 5.5.2 unknown").await?,
        }
        Ok(self)
    }

    async fn offer(&mut self) -> Result<(), Over> {
        let mut lines = vec!["mail.example greets you"];
        if self.shared.character.encryption == Encryption::StartTls && !self.encrypted {
            lines.push("STARTTLS");
        } else {
            lines.extend(self.shared.character.offers.clone());
        }
        let last = lines.len() - 1;
        let line = |(index, text)| format!("250{}{text}", if index == last { ' ' } else { '-' });
        let text: Vec<String> = lines.into_iter().enumerate().map(line).collect();
        self.answer(Phase::Ehlo, &text.join("\r\n")).await
    }

    async fn log_in(&mut self, line: &str) -> Result<(), Over> {
        if self.fails(Phase::Auth).await? {
            return Ok(());
        }
        let decode = |text: &str| String::from_utf8(BASE64.decode(text.trim()).unwrap_or_default());
        let (user, password) = if let Some(initial) = line.strip_prefix("AUTH PLAIN ") {
            let text = decode(initial).map_err(|_| Over)?;
            let mut parts = text.split('\0').skip(1).map(ToOwned::to_owned);
            (parts.next().ok_or(Over)?, parts.next().ok_or(Over)?)
        } else {
            let mut answers = Vec::new();
            for question in ["Username:", "Password:"] {
                self.say(&format!("334 {}", BASE64.encode(question))).await?;
                let line = self.line().await?;
                answers.push(decode(&String::from_utf8_lossy(&line)).map_err(|_| Over)?);
            }
            (answers.remove(0), answers.remove(0))
        };
        if (user.as_str(), password.as_str()) == (USER, PASSWORD) {
            self.user = Some(user);
            self.say("235 2.7.0 welcome").await
        } else {
            self.say("535 5.7.8 not you").await
        }
    }

    async fn take_mail(&mut self) -> Result<(), Over> {
        let mut raw = Vec::new();
        let mut first = true;
        loop {
            let line = self.line().await?;
            if first && self.fails(Phase::Body).await? {
                return Ok(());
            }
            first = false;
            match line.strip_prefix(b".") {
                Some(b"\r\n" | b"\n" | b"\r") => break,
                Some(stuffed) => raw.extend_from_slice(stuffed),
                None => raw.extend_from_slice(&line),
            }
        }
        let ((from, parameters), to) = (self.from.take().ok_or(Over)?, std::mem::take(&mut self.to));
        if self.fails(Phase::Answer).await? {
            return Ok(());
        }
        let (encrypted, user, connection) = (self.encrypted, self.user.clone(), self.connection);
        let mail = ReceivedMail { from, parameters, to, raw, encrypted, user, connection };
        lock(&self.shared.mails).push(mail);
        self.answer(Phase::Accepted, "250 2.0.0 ok: queued as 12345").await
    }

    /// Reads one line with its end. Only the lenient take a bare LF or CR for one.
    async fn line(&mut self) -> Result<Vec<u8>, Over> {
        let mut line = Vec::new();
        loop {
            let byte = self.stream.read_u8().await?;
            let after_bare_cr =
                self.shared.character.takes_bare_ends && line.ends_with(b"\r") && byte != b'\n';
            assert!(!after_bare_cr, "a bare CR came");
            line.push(byte);
            if line.ends_with(b"\r\n") || (self.shared.character.takes_bare_ends && byte == b'\n') {
                return Ok(line);
            }
        }
    }

    async fn encrypt(mut self) -> Result<Self, Over> {
        let tls = TlsAcceptor::from(Arc::clone(&self.shared.tls));
        let stream = Box::new(tls.accept(self.stream.into_inner()).await?);
        self.stream = BufStream::new(stream as Box<dyn Stream>);
        self.encrypted = true;
        Ok(self)
    }

    async fn answer(&mut self, phase: Phase, right: &str) -> Result<(), Over> {
        if self.fails(phase).await? { Ok(()) } else { self.say(right).await }
    }

    /// Does what was asked for a phase; whether anything was, so that the right answer is not given.
    async fn fails(&mut self, phase: Phase) -> Result<bool, Over> {
        let how = {
            let mut faults = lock(&self.shared.faults);
            match faults.get_mut(&phase) {
                Some((how, left)) if *left > 0 => {
                    *left -= 1;
                    how.clone()
                }
                _ => return Ok(false),
            }
        };
        lock(&self.shared.faulty).push(phase);
        match how {
            How::Hold(permits) => {
                permits.acquire().await.expect("it stays open").forget();
                Ok(false)
            }
            How::Reply(text) => self.say(text).await.map(|()| true),
            How::Close => Err(Over),
            How::Stall => std::future::pending().await,
        }
    }

    async fn say(&mut self, text: &str) -> Result<(), Over> {
        self.stream.write_all(format!("{text}\r\n").as_bytes()).await?;
        self.stream.flush().await?;
        lock(&self.shared.answers).push(text.to_owned());
        Ok(())
    }
}

/// The address in `MAIL FROM:<…> …` or `RCPT TO:<…> …`, and what follows it.
fn in_brackets(line: &str) -> Option<(String, String)> {
    let (_, rest) = line.split_once(":<")?;
    let (address, parameters) = rest.split_once('>')?;
    Some((address.to_owned(), parameters.trim().to_owned()))
}
