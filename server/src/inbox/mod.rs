//! The inbox: takes what comes into the mailbox, one mail after the other. Each is read outside of any transaction and off
//! the threads that serve, has its effect in one (`service::take_mail`), and is marked as seen after that.
//!
//! What a stranger wrote can fail to be understood in any way: then it is put aside with a reason, and the next ones flow.
//! What fails on our side is tried again: for as long as it takes where the store is away, else three times.

mod reading;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use causette_shared::id::ConversationId;

use crate::app::App;
use crate::config::Config;
use crate::letter::Letterhead;
use crate::mail::inbound::sender::{Authenticator, Trust, Verdict};
use crate::mail::inbound::{InboundMail, MAIL_BYTES, Unreadable, parse};
use crate::mail::mailbox::{Content, Fetched, Mailbox, MailboxOptions, Take, Taken};
use crate::mail::message::MailAddress;
use crate::mail::reply_address::{self, ReplyKey};
use crate::mail::server_url::ImapUrl;
use crate::service::UseCaseError;
use crate::service::take_mail::{Arrived, Effect, TakeMail};
use crate::store::StoreError;
use crate::store::inbound_mail::{Outcome, Place};

/// How long the name servers are asked about a sender. Stopping waits for it, and has 9 seconds for all.
const ASKS_FOR: Duration = Duration::from_secs(5);
/// So often a mail is tried that our own side fails on, before it is put aside.
const TRIES: u32 = 3;

/// Reads a mail: `mail::inbound::parse`, but in tests.
pub type Parser = fn(&[u8]) -> Result<InboundMail, Unreadable>;

/// Takes the mails of one mailbox.
pub struct Inbox {
    app: Arc<App>,
    mailbox: String,
    trust: Trust,
    authenticator: Option<Arc<Authenticator>>,
    parser: Parser,
    /// How often taking a mail failed by our side, by UIDVALIDITY and UID.
    failures: Mutex<HashMap<(u32, u32), u32>>,
}

/// What is wrong with the configuration of the mailbox. For the operator: it names the key and quotes no address.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InboxError(String);

/// The mailbox of a configuration with its name, if it has one.
///
/// # Errors
/// Its address is none, or answers could not come to it.
pub fn mailbox_of(config: &Config) -> Result<Option<(Mailbox, String)>, InboxError> {
    let Some(url) = &config.imap_url else { return Ok(None) };
    let wrong = |key: &str, error: &dyn std::fmt::Display| InboxError(format!("{key}: {error}"));
    let url: ImapUrl = url.expose().parse().map_err(|error| wrong("imap_url", &error))?;
    let (key, address) = match (&config.mail_reply_to, &config.mail_from) {
        (Some(address), _) => ("mail_reply_to", address),
        (None, Some(address)) => ("mail_from", address),
        (None, None) => {
            let missing = "imap_url needs mail_reply_to or mail_from, the address that answers go to";
            return Err(InboxError(missing.to_owned()));
        }
    };
    let address = MailAddress::parse(address).map_err(|error| wrong(key, &error))?;
    // Any conversation will do: all tokens are of one length.
    let (some_key, some) = (ReplyKey::from_bytes([0; 32]), ConversationId(uuid::Uuid::nil()));
    reply_address::make(&some_key, some, address.as_str()).map_err(|error| wrong(key, &error))?;
    let name = url.mailbox();
    let size_limit = u32::try_from(MAIL_BYTES).unwrap_or(u32::MAX);
    let options = MailboxOptions { size_limit, ..MailboxOptions::default() };
    let mailbox = Mailbox::new(url, options).map_err(|error| wrong("imap_url", &error))?;
    Ok(Some((mailbox, name)))
}

impl Inbox {
    /// Takes mails for an app; `mailbox` tells this mailbox from others.
    #[must_use]
    pub fn new(app: Arc<App>, mailbox: String) -> Self {
        let trust = Trust {
            receiving_host: app.config.mail_receiving_host.clone(),
            results_of: app.config.mail_results_of.clone(),
        };
        let authenticator = match Authenticator::from_system(ASKS_FOR) {
            Ok(authenticator) => Some(Arc::new(authenticator)),
            Err(error) => {
                tracing::warn!(%error, "senders of mails cannot be checked");
                None
            }
        };
        Self { app, mailbox, trust, authenticator, parser: parse, failures: Mutex::default() }
    }

    /// Checks senders in this way.
    #[must_use]
    pub fn asking(self, authenticator: Authenticator) -> Self {
        Self { authenticator: Some(Arc::new(authenticator)), ..self }
    }

    /// Looks nothing up: of no sender is anything known.
    #[must_use]
    pub fn asking_nobody(self) -> Self {
        Self { authenticator: None, ..self }
    }

    /// Reads mails in this way.
    #[must_use]
    pub fn reading(self, parser: Parser) -> Self {
        Self { parser, ..self }
    }

    /// Understands a mail as far as it can be understood.
    async fn read(&self, content: Content, letterhead: &Letterhead) -> Arrived {
        let (raw, size) = match content {
            Content::Whole(raw) => (raw, None),
            Content::TooLarge { headers, size } => (headers, Some(size)),
            Content::Unreadable => return reading::undelivered(),
        };
        let raw = Arc::new(raw);
        let (parser, letterhead) = (self.parser, letterhead.clone());
        let bytes = Arc::clone(&raw);
        let read = tokio::task::spawn_blocking(move || reading::read(&bytes, size, parser, &letterhead));
        let mut arrived = match read.await {
            Ok(arrived) => arrived,
            // The panic hook has told where.
            Err(_) => return self.read_headers(raw).await,
        };
        if arrived.is_somebodys() {
            let verdict = self.check_sender(raw).await;
            reading::note_sender(&mut arrived, &verdict);
        }
        arrived
    }

    /// A mail that our reading could not bear: its headers may still tell whose it is.
    async fn read_headers(&self, raw: Arc<Vec<u8>>) -> Arrived {
        let (parser, letterhead) = (self.parser, self.app.letterhead().await.ok().cloned());
        let bytes = Arc::clone(&raw);
        let read = tokio::task::spawn_blocking(move || match letterhead {
            Some(letterhead) => reading::read_unbearable(&bytes, parser, &letterhead),
            None => reading::unbearable(&bytes),
        });
        match read.await {
            Ok(arrived) => arrived,
            Err(_) => reading::unbearable(&raw),
        }
    }

    async fn check_sender(&self, raw: Arc<Vec<u8>>) -> Verdict {
        let Some(authenticator) = self.authenticator.clone() else { return Verdict::unknown(None) };
        let trust = self.trust.clone();
        // On a thread of its own: between two questions to name servers it hashes the whole mail. And a defect there must not
        // cost the mail.
        let here = tokio::runtime::Handle::current();
        let checked = tokio::task::spawn_blocking(move || here.block_on(authenticator.verify(&raw, &trust)));
        checked.await.unwrap_or_else(|_| Verdict::unknown(None))
    }

    /// How often taking this mail has failed, this time included.
    fn count_failure(&self, place: &Place) -> u32 {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        // A mailbox that is numbered anew leaves counts behind that nobody asks for again.
        failures.retain(|(uid_validity, _), _| *uid_validity == place.uid_validity);
        let count = failures.entry((place.uid_validity, place.uid)).or_default();
        *count += 1;
        *count
    }

    async fn perform(&self, place: Place, mail: Arrived) -> Result<Effect, UseCaseError> {
        self.app.perform(TakeMail { place, mail }).await
    }
}

/// Whether it is the store that is away, and not the mail that is wrong.
fn is_temporary(error: &UseCaseError) -> bool {
    match error {
        UseCaseError::Store(error) | UseCaseError::Outage(error) => {
            error.is_temporary() || matches!(error, StoreError::Batch(_))
        }
        UseCaseError::Entropy(_) => true,
        UseCaseError::Refused(_) => false,
    }
}

impl Take for Inbox {
    async fn take(&self, mail: Fetched) -> Taken {
        let place = Place { mailbox: self.mailbox.clone(), uid_validity: mail.uid_validity, uid: mail.uid };
        let letterhead = match self.app.letterhead().await {
            Ok(letterhead) => letterhead,
            Err(error) => {
                error.log("the inbox");
                return Taken::Later;
            }
        };
        let arrived = self.read(mail.content, letterhead).await;
        let error = match self.perform(place.clone(), arrived).await {
            Ok(effect) => return done(&place, effect),
            Err(error) => error,
        };
        error.log("the inbox");
        if is_temporary(&error) || self.count_failure(&place) < TRIES {
            return Taken::Later;
        }
        tracing::error!(uid = place.uid, %error, "a mail cannot be taken and is put aside");
        match self.perform(place.clone(), reading::refused()).await {
            Ok(effect) => done(&place, effect),
            Err(error) => {
                error.log("the inbox");
                Taken::Later
            }
        }
    }
}

fn done(place: &Place, effect: Effect) -> Taken {
    let Effect { outcome, is_repeat, conversation } = effect;
    let conversation = conversation.map(|id| id.to_string());
    tracing::info!(uid = place.uid, outcome = outcome.as_str(), is_repeat, conversation, "a mail was taken");
    match outcome {
        Outcome::Message | Outcome::Bounce | Outcome::Ignored => Taken::Done,
        Outcome::Unmatched | Outcome::SetAside => Taken::PutAside,
    }
}
