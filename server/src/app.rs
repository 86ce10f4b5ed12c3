//! `App`: the store, the hub, the clock and the limits, and the one way to change anything.
//!
//! `perform` begins a transaction, runs one use case in it, reads what the changed conversations have become, commits,
//! and only then publishes. What did not commit is not published, and what was decided from it is not told. A use case
//! sends nothing itself.

use std::sync::Arc;

use causette_shared::problem::ProblemKind;

use tokio::sync::{Notify, OnceCell};

use crate::clock::Clock;
use crate::config::Config;
use crate::letter::Letterhead;
use crate::limiter::Limiters;
use crate::live::channel::Channels;
use crate::live::hub::{Changed, Hub};
use crate::mail::message::MailAddress;
use crate::mailer::Mailer;
use crate::outage::Outage;
use crate::service::check_disk::CheckDisk;
use crate::service::mail_key::MailKey;
use crate::service::note_sightings::NoteSightings;
use crate::service::{Context, RequestLimits, UseCase, UseCaseError};
use crate::sighting::Sightings;
use crate::store::{Store, StoreError, Tx, conversation};

/// How often a use case is done before its client is told to come back later. Of those who meet, one gets through each
/// time, and locks keep them few.
const ATTEMPTS: u32 = 8;

/// What every request and every connection works with.
pub struct App {
    /// The store.
    pub store: Store,
    /// Who is connected.
    pub hub: Arc<Hub>,
    /// The connections among them that run over HTTP.
    pub channels: Arc<Channels>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What the server was told.
    pub config: Config,
    /// The origins that are ours; the first is the one that addresses are made with.
    pub own_origins: Vec<String>,
    /// How much of what each may do.
    pub limiters: Limiters,
    /// Whether the disk takes what is written.
    pub outage: Outage,
    /// Where mail goes.
    pub mailer: Mailer,
    /// Made at the first mail.
    pub letterhead: OnceCell<Letterhead>,
    /// Wakes the outbox's worker: a job was left, or moved.
    pub jobs: Notify,
    /// Where snippets were seen since that was written down last.
    pub sightings: Sightings,
}

impl App {
    /// Performs a use case: all of it is committed when this returns, or nothing of it is. Where another transaction came
    /// between, it is done again from its beginning.
    ///
    /// # Errors
    /// It was refused, or the store failed.
    pub async fn perform<U: UseCase>(&self, use_case: U) -> Result<U::Output, UseCaseError> {
        let mut attempts = 1;
        let Done { output, changes, has_job } = loop {
            match self.attempt(&use_case).await {
                Err(UseCaseError::Store(StoreError::Conflict(cause))) if attempts < ATTEMPTS => {
                    tracing::debug!(%cause, attempts, "another transaction came between");
                    attempts += 1;
                }
                Err(UseCaseError::Store(error)) if error.is_of_the_disk() => {
                    self.outage.note_failure(&error, self.clock.now());
                    return Err(UseCaseError::Outage(error));
                }
                attempted => break attempted?,
            }
        };
        if !changes.is_empty() {
            self.outage.note_write(self.clock.now());
        }
        for change in changes {
            self.hub.publish(change);
        }
        if has_job {
            self.jobs.notify_one();
        }
        Ok(output)
    }

    /// What every mail of this installation has in common.
    ///
    /// # Errors
    /// The store fails, or no address is configured that mail could come from.
    pub async fn letterhead(&self) -> Result<&Letterhead, UseCaseError> {
        let make = async || {
            let key = self.perform(MailKey).await?;
            let from = self.config.mail_from.as_deref().unwrap_or(Letterhead::UNCONFIGURED);
            let from = MailAddress::parse(from).map_err(|_| UseCaseError::refused(ProblemKind::Internal))?;
            // Mail that is captured can be answered where it is looked at.
            let is_read = self.config.imap_url.is_some() || matches!(self.mailer, Mailer::Captured(_));
            let mailbox = match &self.config.mail_reply_to {
                _ if !is_read => None,
                Some(address) => MailAddress::parse(address).ok(),
                None => Some(from.clone()),
            };
            let public_url = self.own_origins.first().cloned().unwrap_or_default();
            Ok(Letterhead { from, reply_to: mailbox, key, public_url })
        };
        self.letterhead.get_or_try_init(make).await
    }

    /// Whether what is asked now would be done: the database answers, and its disk takes writes.
    ///
    /// # Errors
    /// It would not.
    pub async fn check(&self) -> Result<(), UseCaseError> {
        self.store.ping().await?;
        if self.outage.lasts() {
            self.perform(CheckDisk).await?;
            self.outage.note_write(self.clock.now());
        }
        match self.outage.lasts() {
            true => Err(UseCaseError::refused(ProblemKind::Unavailable)),
            false => Ok(()),
        }
    }

    /// Writes down where snippets were seen. What cannot be written now waits for the next time.
    pub async fn keep_sightings(&self) {
        for (site, fresh) in self.sightings.take() {
            let own = self.own_origins.clone();
            let noted = self.perform(NoteSightings { site: site.clone(), fresh: fresh.clone(), own }).await;
            if let Err(error) = noted {
                error.log("noting where the chat was seen");
                self.sightings.give_back(site, fresh);
            }
        }
    }

    /// One transaction. What it returns is committed. A refusal waits like everything else: on SQLite it may have been
    /// decided from what others have written and not yet committed.
    async fn attempt<U: UseCase>(&self, use_case: &U) -> Result<Done<U::Output>, UseCaseError> {
        let mut tx = self.store.begin().await?;
        let limits = RequestLimits {
            mails_a_day: self.config.requested_mails_per_visitor_per_day,
            unverified_addresses_a_day: self.config.unverified_addresses_per_visitor_per_day,
        };
        let cx = Context::new(self.clock.now(), Arc::clone(&self.hub) as _, limits);
        match run(use_case, &mut tx, cx).await {
            Ok(done) => {
                tx.commit().await?;
                Ok(done)
            }
            Err(error) => match tx.roll_back().await {
                // Where the disk fails, everything is undone already, and there is no better reason than this one.
                Err(_) if matches!(&error, UseCaseError::Store(cause) if cause.is_of_the_disk()) => {
                    Err(error)
                }
                Err(not_committed) => Err(not_committed.into()),
                Ok(()) => Err(error),
            },
        }
    }
}

/// What a transaction has done.
struct Done<T> {
    output: T,
    changes: Vec<Changed>,
    has_job: bool,
}

/// What happens inside the transaction.
async fn run<U: UseCase>(
    use_case: &U,
    tx: &mut Tx,
    mut cx: Context,
) -> Result<Done<U::Output>, UseCaseError> {
    let output = use_case.run(tx, &mut cx).await?;
    let has_job = cx.has_job;
    let changes = collect_changes(tx, cx).await?;
    Ok(Done { output, changes, has_job })
}

/// Reads what each changed conversation has become, inside the transaction, so that the picture is that of its commit.
async fn collect_changes(tx: &mut Tx, cx: Context) -> Result<Vec<Changed>, StoreError> {
    let touched = cx.into_touched();
    let mut changes = Vec::with_capacity(touched.len());
    for (id, touched) in touched {
        let became = match touched.became {
            Some(became) => Some(became),
            None => conversation::find_conversation(tx, id).await?,
        };
        if let Some(conversation) = became {
            changes.push(Changed { conversation, entries: touched.entries });
        }
    }
    Ok(changes)
}
