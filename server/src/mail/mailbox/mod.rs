//! Reads a mailbox: every mail that nobody has seen is handed to a taker, one after the other, and marked as seen once the
//! taker is done with it.
//!
//! - A mail is marked only after its taker said so, which is after its commit: a crash in between offers it again, with the
//!   same UID and UIDVALIDITY, by which the taker knows it (G9).
//! - A mail that cannot be taken now does not hold up the next ones; nor does one that cannot be read.
//! - New mails are waited for with IDLE (RFC 2177), or asked for from time to time where the server has no IDLE.
//! - The connection comes back by itself. Nothing of a mail is logged.

mod failure;
mod probe;
mod session;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::clock;
use crate::mail::mailbox::session::{Found, Session};
use crate::mail::server_url::ImapUrl;
use crate::mail::stream::{Connector, SetupError};

pub use crate::mail::mailbox::failure::MailboxError;
pub use crate::mail::mailbox::probe::Probe;

/// After so many attempts a mail that the server cannot deliver, or that we cannot read, is handed over as such.
const UNREADABLE_AFTER: u32 = 3;

/// A mail, as it lies in the mailbox.
#[derive(Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Changes when the server has numbered its mails anew (RFC 3501 §2.3.1.1): UIDs of before say nothing any more.
    pub uid_validity: u32,
    /// Its number; unique for this `uid_validity`.
    pub uid: u32,
    /// What of it could be had.
    pub content: Content,
}

/// What of a mail could be had.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// All of it.
    Whole(Vec<u8>),
    /// It is larger than the limit.
    TooLarge {
        /// Its headers, or their first 64 KiB.
        headers: Vec<u8>,
        /// Its size in bytes, as the server says.
        size: u32,
    },
    /// The server gives it in a way that cannot be read, or not at all; it was tried three times.
    Unreadable,
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Its effect is committed: mark it as seen.
    Done,
    /// It cannot be used, and this is noted: mark it as seen.
    PutAside,
    /// Not now: leave it, and offer it again later.
    Later,
}

/// Takes mails.
pub trait Take: Send + Sync {
    /// Takes one. When it says `Done` or `PutAside`, whatever it did is committed.
    fn take(&self, mail: Fetched) -> impl Future<Output = Taken> + Send;
}

/// Settings of a `Mailbox`.
#[derive(Clone, Debug)]
pub struct MailboxOptions {
    /// Mails over so many bytes are not read.
    pub size_limit: u32,
    /// How often one asks where the server has no IDLE.
    pub poll_every: Duration,
    /// How long one IDLE lasts: at most 29 minutes (RFC 2177); shorter notices a dead connection sooner.
    pub idle_for: Duration,
    /// When a mail is offered again that was left for later.
    pub again_after: Duration,
    /// How long the server may take for one answer, a mail included.
    pub patience: Duration,
    /// The first wait after the connection was lost; doubles each time.
    pub backoff_first: Duration,
    /// The longest such wait.
    pub backoff_last: Duration,
}

impl Default for MailboxOptions {
    fn default() -> Self {
        Self {
            size_limit: 25 * 1024 * 1024,
            poll_every: Duration::from_secs(30),
            idle_for: Duration::from_secs(5 * 60),
            again_after: Duration::from_secs(60),
            patience: Duration::from_secs(120),
            backoff_first: Duration::from_secs(1),
            backoff_last: Duration::from_secs(5 * 60),
        }
    }
}

/// What the reader of a mailbox is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Not connected yet.
    Connecting,
    /// Everything that could be taken is taken; waiting for the next mail.
    Waiting {
        /// That of the folder.
        uid_validity: u32,
        /// Whether the server tells of new mails by itself (IDLE).
        is_told: bool,
    },
    /// Handing over mails.
    Reading,
    /// The connection is lost; it will be tried again.
    Lost(MailboxError),
    /// Told to stop, and stopped.
    Stopped,
}

/// A folder of a mail server that is read.
pub struct Mailbox {
    connector: Connector,
    url: ImapUrl,
    options: MailboxOptions,
    state: watch::Sender<State>,
}

/// Why a connection is over.
enum Ended {
    Stopped,
    Lost(MailboxError),
}

impl From<MailboxError> for Ended {
    fn from(error: MailboxError) -> Self {
        Self::Lost(error)
    }
}

/// What is known of mails that stay in the mailbox. Of one UIDVALIDITY; forgotten with it.
#[derive(Default)]
struct Notes {
    uid_validity: u32,
    /// Not to be offered before.
    not_before: HashMap<u32, Instant>,
    /// How often a mail could not be read, and how often the connection was lost over it.
    failures: HashMap<u32, Failures>,
}

#[derive(Clone, Copy, Default)]
struct Failures {
    unreadable: u32,
    lost: u32,
}

impl Mailbox {
    /// Prepares for a mailbox; nothing is opened yet.
    ///
    /// # Errors
    /// There is nothing to trust the server by: see `SetupError`.
    pub fn new(url: ImapUrl, options: MailboxOptions) -> Result<Self, SetupError> {
        let connector = Connector::new(url.server())?;
        Ok(Self { connector, url, options, state: watch::Sender::new(State::Connecting) })
    }

    /// Follows what it is about.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Logs in and opens the folder; returns its UIDVALIDITY.
    ///
    /// # Errors
    /// It does not come so far.
    pub async fn check(&self) -> Result<u32, MailboxError> {
        let mut session = self.open().await?;
        let uid_validity = session.uid_validity();
        session.leave().await;
        Ok(uid_validity)
    }

    /// Hands over mails until told to stop (or until nobody can tell any more). The mail that is being taken then is
    /// taken to its end.
    pub async fn run(&self, taker: &impl Take, mut stop: watch::Receiver<bool>) {
        let mut notes = Notes::default();
        let mut backoff = self.options.backoff_first;
        loop {
            match self.serve(taker, &mut stop, &mut notes, &mut backoff).await {
                Ended::Stopped => break,
                Ended::Lost(error) => {
                    // Once for an outage: the following attempts fail for the same reason as a rule.
                    if matches!(*self.state.borrow(), State::Lost(_)) {
                        tracing::debug!(%error, "the mailbox is still out of reach");
                    } else {
                        tracing::warn!(%error, "the mailbox is out of reach");
                    }
                    self.state.send_replace(State::Lost(error));
                }
            }
            if or_stop(&mut stop, tokio::time::sleep(jittered(backoff))).await.is_none() {
                break;
            }
            backoff = (backoff * 2).min(self.options.backoff_last);
        }
        self.state.send_replace(State::Stopped);
    }

    async fn open(&self) -> Result<Session, MailboxError> {
        Session::open(&self.connector, &self.url, self.options.patience).await
    }

    /// One connection, from its beginning to its end.
    async fn serve(
        &self,
        taker: &impl Take,
        stop: &mut watch::Receiver<bool>,
        notes: &mut Notes,
        backoff: &mut Duration,
    ) -> Ended {
        let result: Result<std::convert::Infallible, Ended> = async {
            let mut session = or_stop(stop, self.open()).await.ok_or(Ended::Stopped)??;
            if notes.uid_validity != session.uid_validity() {
                *notes = Notes { uid_validity: session.uid_validity(), ..Notes::default() };
            }
            let mut is_first = true;
            loop {
                self.take_all(&mut session, taker, stop, notes).await?;
                *backoff = self.options.backoff_first;
                if std::mem::take(&mut is_first) {
                    tracing::info!(is_told = session.has_idle(), "the mailbox is read");
                }
                let (uid_validity, is_told) = (notes.uid_validity, session.has_idle());
                self.state.send_replace(State::Waiting { uid_validity, is_told });
                let next =
                    notes.not_before.values().min().map(|at| at.saturating_duration_since(Instant::now()));
                or_stop(stop, self.wait(&mut session, next.unwrap_or(Duration::MAX)))
                    .await
                    .ok_or(Ended::Stopped)??;
            }
        }
        .await;
        match result {
            Err(ended) => ended,
        }
    }

    /// Waits until there may be a new mail, at most `limit`.
    async fn wait(&self, session: &mut Session, limit: Duration) -> Result<(), MailboxError> {
        if session.has_idle() {
            session.idle(self.options.idle_for.min(limit)).await?;
        }
        // Asked again: a server may offer IDLE and refuse it.
        if !session.has_idle() {
            tokio::time::sleep(self.options.poll_every.min(limit)).await;
            session.noop().await?;
        }
        Ok(())
    }

    /// Hands over what there is, until there is nothing more.
    async fn take_all(
        &self,
        session: &mut Session,
        taker: &impl Take,
        stop: &mut watch::Receiver<bool>,
        notes: &mut Notes,
    ) -> Result<(), Ended> {
        loop {
            let unseen = or_stop(stop, session.list_unseen()).await.ok_or(Ended::Stopped)??;
            notes.forget_all_but(&unseen);
            let due = notes.next_of(unseen, Instant::now());
            if due.is_empty() {
                return Ok(());
            }
            self.state.send_if_modified(|state| {
                // An outage is over when the folder was read, not when a mail is about to be.
                let changed = matches!(state, State::Waiting { .. } | State::Connecting);
                if changed {
                    *state = State::Reading;
                }
                changed
            });
            for uid in due {
                // Whatever becomes of it: as long as it is unseen it is not offered again at once.
                notes.not_before.insert(uid, Instant::now() + self.options.again_after);
                let found = or_stop(stop, self.fetch(session, notes, uid)).await.ok_or(Ended::Stopped)??;
                let Some(content) = found else {
                    continue;
                };
                let mail = Fetched { uid_validity: notes.uid_validity, uid, content };
                // Not interrupted: what it commits is to be marked.
                let taken = AssertUnwindSafe(async { taker.take(mail).await }).catch_unwind().await;
                match taken {
                    Ok(Taken::Done | Taken::PutAside) => session.mark_seen(uid).await?,
                    Ok(Taken::Later) => {}
                    Err(_) => {
                        tracing::error!(
                            uid,
                            "taking a mail failed by a defect of ours; it is left for later"
                        );
                    }
                }
            }
        }
    }

    /// Gets one mail, or `None` if there is nothing to hand over: it is gone, or could not be read this time.
    async fn fetch(
        &self,
        session: &mut Session,
        notes: &mut Notes,
        uid: u32,
    ) -> Result<Option<Content>, MailboxError> {
        let failures = notes.failures.entry(uid).or_default();
        if failures.unreadable >= UNREADABLE_AFTER {
            return Ok(Some(Content::Unreadable));
        }
        match session.fetch(uid, self.options.size_limit).await {
            Ok(Found::Nothing) => Ok(None),
            Ok(Found::Mail(content)) => Ok(Some(content)),
            Err(error) => {
                match error {
                    MailboxError::Refused | MailboxError::Unreadable => failures.unreadable += 1,
                    _ => failures.lost += 1,
                }
                tracing::warn!(uid, %error, "a mail could not be read");
                if error == MailboxError::Refused { Ok(None) } else { Err(error) }
            }
        }
    }
}

impl Notes {
    /// Forgets what is no longer in the mailbox, or was seen by somebody else.
    fn forget_all_but(&mut self, unseen: &[u32]) {
        let is_there = |uid: &u32| unseen.binary_search(uid).is_ok();
        self.not_before.retain(|uid, _| is_there(uid));
        self.failures.retain(|uid, _| is_there(uid));
    }

    /// What is to be handed over now: in ascending order, but what failed before comes after what did not.
    fn next_of(&mut self, mut unseen: Vec<u32>, now: Instant) -> Vec<u32> {
        self.not_before.retain(|_, at| *at > now);
        unseen.retain(|uid| !self.not_before.contains_key(uid));
        let failed = |uid: &u32| {
            self.failures.get(uid).is_some_and(|failures| failures.lost + failures.unreadable > 0)
        };
        unseen.sort_by_key(|uid| (failed(uid), *uid));
        unseen
    }
}

/// The future's result, or `None` when told to stop before.
async fn or_stop<T>(stop: &mut watch::Receiver<bool>, future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        _ = stop.wait_for(|stop| *stop) => None,
        result = future => Some(result),
    }
}

/// Between half and all of it, so that several do not come back at once.
fn jittered(span: Duration) -> Duration {
    let [chance] = clock::random_bytes().unwrap_or([255]);
    span / 2 + span / 2 * u32::from(chance) / 255
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailbox({:?})", self.url)
    }
}

impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fetched({}/{}, {:?})", self.uid_validity, self.uid, self.content)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(raw) => write!(f, "Whole({} bytes)", raw.len()),
            Self::TooLarge { size, .. } => write!(f, "TooLarge({size} bytes)"),
            Self::Unreadable => f.write_str("Unreadable"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_comes_last_and_what_waits_not_yet() {
        let now = Instant::now();
        let mut notes = Notes::default();
        notes.failures.insert(2, Failures { unreadable: 0, lost: 1 });
        notes.failures.insert(3, Failures::default());
        notes.not_before.insert(4, now + Duration::from_secs(1));
        notes.not_before.insert(5, now);
        assert_eq!(notes.next_of(vec![1, 2, 3, 4, 5], now), [1, 3, 5, 2]);
        notes.forget_all_but(&[1, 2]);
        assert!(notes.not_before.is_empty() && notes.failures.len() == 1);
    }

    #[test]
    fn the_wait_is_between_half_and_all() {
        for _ in 0..100 {
            let wait = jittered(Duration::from_secs(8));
            assert!((Duration::from_secs(4)..=Duration::from_secs(8)).contains(&wait), "{wait:?}");
        }
    }
}
