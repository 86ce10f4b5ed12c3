//! Hands one mail to the configured server and tells what became of it (RFC 5321).
//!
//! What it is for: that a mail is never sent again after the server took it, and is tried again whenever it certainly did
//! not. So the dialogue goes command by command, every failure knows its phase, and only the time between the final dot and
//! its answer is uncertain. When to try again, and how often, is the outbox's to decide.

mod dialogue;
mod envelope;
mod failure;
mod opening;

use std::fmt;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::extension::ClientId;
use tokio::time::Instant;

use crate::mail::server_url::{Protection, SmtpUrl};
use crate::mail::smtp::dialogue::Connection;
use crate::mail::smtp::envelope::Envelope;
use crate::mail::stream::{Connector, SetupError};

pub use crate::mail::smtp::failure::{Concern, EnhancedStatus, SendError, SendErrorKind};

/// One mail to one recipient.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// The envelope's sender, to whom bounces go: an address and nothing around it.
    pub from: &'a str,
    /// The envelope's only recipient.
    pub to: &'a str,
    /// The mail, headers and body. Ends of lines become CRLF on the way, whatever they are here.
    pub raw: &'a [u8],
}

/// The server has taken the mail and answers for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What it said, on one line, at most 300 characters: usually its number for the mail.
    pub response: String,
}

/// The steps of the dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Finding the host and opening the socket.
    Connect,
    /// TLS, and STARTTLS before it.
    Encryption,
    /// The server's first words.
    Greeting,
    /// EHLO.
    Hello,
    /// AUTH.
    Login,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA.
    Data,
    /// The mail itself, until just before the final dot.
    Body,
    /// The final dot, and the answer to it.
    Answer,
}

/// How long each step may take. The standard's own limits are minutes (RFC 5321 §4.5.3.2).
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Opening the socket, for each of the host's addresses.
    pub connect: Duration,
    /// TLS and each command, from greeting to DATA.
    pub command: Duration,
    /// Writing the mail.
    pub body: Duration,
    /// The answer to the final dot. The server may check the mail meanwhile; who gives up early sends twice.
    pub answer: Duration,
    /// All together. A lease on the mail has to be longer.
    pub total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            command: Duration::from_secs(60),
            body: Duration::from_secs(180),
            answer: Duration::from_secs(300),
            total: Duration::from_secs(480),
        }
    }
}

/// Settings of a `Sender`.
#[derive(Clone, Debug)]
pub struct SenderOptions {
    /// Whom we say we are (EHLO). `None`: the machine's name.
    pub hello: Option<String>,
    /// How long each step may take.
    pub patience: Patience,
    /// How many connections are kept for the next mail.
    pub keep: usize,
    /// How long a connection is kept without a mail.
    pub keep_for: Duration,
    /// How many mails go over one connection; many servers end it at a hundred.
    pub mails_per_connection: u32,
}

impl Default for SenderOptions {
    fn default() -> Self {
        Self {
            hello: None,
            patience: Patience::default(),
            keep: 2,
            keep_for: Duration::from_secs(60),
            mails_per_connection: 50,
        }
    }
}

/// Sends mails to one server. It may be shared: each mail has a connection of its own while it is sent.
pub struct Sender {
    target: Target,
    options: SenderOptions,
    kept: Mutex<Vec<Kept>>,
}

/// The server, and who we are to it.
struct Target {
    connector: Connector,
    protection: Protection,
    credentials: Option<Credentials>,
    hello: ClientId,
}

/// A connection between two mails.
struct Kept {
    connection: Connection,
    since: Instant,
}

/// The time that is left for one mail.
struct Budget {
    patience: Patience,
    deadline: Instant,
}

impl Budget {
    fn new(patience: Patience) -> Self {
        Self { patience, deadline: Instant::now() + patience.total }
    }

    /// Runs one step for at most `span`, and not beyond what is left.
    async fn run<T>(
        &self,
        phase: Phase,
        span: Duration,
        step: impl Future<Output = T>,
    ) -> Result<T, SendError> {
        let until = self.deadline.min(Instant::now() + span);
        tokio::time::timeout_at(until, step).await.map_err(|_| SendError::lost(phase, "took too long"))
    }
}

impl Sender {
    /// Prepares for a server; nothing is sent yet.
    ///
    /// # Errors
    /// There is nothing to trust the server by: see `SetupError`.
    pub fn new(url: &SmtpUrl, options: SenderOptions) -> Result<Self, SetupError> {
        let server = url.server();
        let login = server.login.as_ref();
        let target = Target {
            connector: Connector::new(server)?,
            protection: server.protection(),
            credentials: login.map(|login| Credentials::new(login.user.clone(), login.password.clone())),
            hello: options.hello.clone().map_or_else(ClientId::default, ClientId::Domain),
        };
        Ok(Self { target, options, kept: Mutex::default() })
    }

    /// Sends one mail. Dropping the future before it is ready leaves the mail as uncertain as a dead connection does.
    ///
    /// # Errors
    /// It was not accepted, or nobody knows: see `SendError::kind`.
    pub async fn send(&self, mail: Outgoing<'_>) -> Result<Accepted, SendError> {
        let envelope = Envelope::of(&mail)?;
        let budget = Budget::new(self.options.patience);
        let mut connection = self.ready_connection(&budget).await?;
        let result = connection.send(&envelope, &budget).await;
        let goes_on = match &result {
            Ok(_) => connection.sent() < self.options.mails_per_connection,
            Err(error) => error.leaves_the_connection(),
        };
        if goes_on {
            self.keep(connection);
        } else if result.is_ok() {
            connection.quit(&budget).await;
        }
        result
    }

    /// Goes as far as one can without a mail: connects, encrypts, logs in.
    ///
    /// # Errors
    /// It does not come so far.
    pub async fn check(&self) -> Result<(), SendError> {
        let budget = Budget::new(self.options.patience);
        let connection = Connection::open(&self.target, &budget).await?;
        connection.quit(&budget).await;
        Ok(())
    }

    /// Takes leave of the server on the connections that are kept.
    pub async fn close(&self) {
        let kept = std::mem::take(&mut *self.lock());
        let budget = Budget::new(self.options.patience);
        for Kept { connection, .. } in kept {
            connection.quit(&budget).await;
        }
    }

    /// A connection that has just answered: one that was kept, or else a new one.
    async fn ready_connection(&self, budget: &Budget) -> Result<Connection, SendError> {
        while let Some(mut connection) = self.take_kept() {
            if connection.is_ready(budget).await {
                return Ok(connection);
            }
        }
        Connection::open(&self.target, budget).await
    }

    /// The connection that was used last, while it is fresh: the server may have forgotten older ones.
    fn take_kept(&self) -> Option<Connection> {
        let mut kept = self.lock();
        kept.retain(|kept| kept.since.elapsed() < self.options.keep_for);
        kept.pop().map(|kept| kept.connection)
    }

    fn keep(&self, connection: Connection) {
        let mut kept = self.lock();
        if kept.len() < self.options.keep {
            kept.push(Kept { connection, since: Instant::now() });
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sender({:?})", self.target.connector)
    }
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Accepted")
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "the connection",
            Self::Encryption => "the encryption",
            Self::Greeting => "the greeting",
            Self::Hello => "our greeting",
            Self::Login => "the login",
            Self::Sender => "the sender",
            Self::Recipient => "the recipient",
            Self::Data => "the transfer",
            Self::Body => "the mail",
            Self::Answer => "the finished mail",
        })
    }
}
