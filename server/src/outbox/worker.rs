//! The worker: claims what is due, sends it, notes what became of it, and sleeps until the next job is due or somebody
//! leaves one.

use std::sync::Arc;
use std::time::Duration;

use causette_shared::time::Timestamp;
use tokio::sync::watch;

use crate::app::App;
use crate::clock;
use crate::mailer::Failure;
use crate::outbox::backoff;
use crate::service::UseCaseError;
use crate::service::claim_jobs::ClaimJobs;
use crate::service::prepare_mail::{MailLimits, Material, PrepareMail};
use crate::service::settle_mail::{Outcome, SettleMail};
use crate::store::outbox::{self, Job};

/// A worker that dies is taken over after this: longer than `mail::smtp::Patience` gives a mail.
const LEASE: Duration = Duration::from_secs(600);
/// Jobs that are claimed together. They are sent one after the other, so that the last still has its lease.
const CLAIMED: u32 = 4;
/// It looks at least so often: on another node a job may have become due.
const LOOKS_EVERY: Duration = Duration::from_secs(5);
/// After the store has failed.
const WAITS: Duration = Duration::from_secs(2);

/// Sends mail.
pub struct Worker {
    /// The server's inside.
    pub app: Arc<App>,
}

impl Worker {
    /// Works until it is told to stop; the mail that is being sent then is sent first.
    pub async fn run(self, mut stopping: watch::Receiver<bool>) {
        while !*stopping.borrow() {
            let pause = match self.work_off().await {
                Ok(pause) => pause,
                Err(error) => {
                    error.log("the outbox");
                    WAITS
                }
            };
            tokio::select! {
                () = self.app.jobs.notified() => {}
                () = tokio::time::sleep(pause) => {}
                _ = stopping.wait_for(|stopping| *stopping) => {}
            }
        }
        self.app.mailer.close().await;
    }

    /// Performs everything that is due; returns how long there is nothing to do.
    ///
    /// # Errors
    /// The store fails.
    pub async fn work_off(&self) -> Result<Duration, UseCaseError> {
        if !self.app.mailer.is_there() {
            return Ok(LOOKS_EVERY);
        }
        loop {
            let mut tx = self.app.store.begin_read().await?;
            let next = outbox::next_due(&mut tx).await?;
            drop(tx);
            let now = self.app.clock.now();
            match next {
                None => return Ok(LOOKS_EVERY),
                Some(due) if due > now => return Ok(due.since(now).min(LOOKS_EVERY)),
                Some(_) => {}
            }
            let lease_until = now.after(LEASE);
            let jobs = self.app.perform(ClaimJobs { lease_until, limit: CLAIMED }).await?;
            if jobs.is_empty() {
                // Another worker was faster.
                return Ok(WAITS);
            }
            for job in jobs {
                self.send(job).await?;
            }
        }
    }

    async fn send(&self, job: Job) -> Result<(), UseCaseError> {
        let lease_until = self.app.clock.now().after(LEASE);
        let config = &self.app.config;
        let limits = MailLimits {
            address_a_day: config.mails_per_address_per_day,
            domain_an_hour: config.mails_per_domain_per_hour,
            site_an_hour: config.mails_per_site_per_hour,
            patience: backoff::patience(),
        };
        let prepare = PrepareMail { job: job.clone(), lease_until, limits };
        let Some(material) = self.app.perform(prepare).await? else {
            return Ok(());
        };
        let outcome = self.hand_over(&job, &material).await?;
        let Material { kind, to, upto, .. } = *material;
        if outcome != Outcome::Sent {
            tracing::warn!(job = %job.id, kind = kind.as_str(), attempts = job.attempts, "a mail was not sent");
        }
        self.settle(SettleMail { job, kind, to, upto, outcome }, lease_until).await
    }

    /// Notes what became of a mail; as long as the job is ours a store that fails is asked again, because without the note
    /// a mail that was taken would go out once more.
    async fn settle(&self, settle: SettleMail, lease_until: Timestamp) -> Result<(), UseCaseError> {
        loop {
            match self.app.perform(settle.clone()).await {
                Err(UseCaseError::Store(error) | UseCaseError::Outage(error))
                    if error.is_temporary() && self.app.clock.now().after(WAITS) < lease_until =>
                {
                    tracing::warn!(job = %settle.job.id, %error, "what became of a mail could not be noted yet");
                    tokio::time::sleep(WAITS).await;
                }
                settled => return settled,
            }
        }
    }

    async fn hand_over(&self, job: &Job, material: &Material) -> Result<Outcome, UseCaseError> {
        let mail = match self.app.letterhead().await?.compose(job.id, material) {
            Ok(mail) => mail,
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(job = %job.id, %error, cause, "a mail could not be made");
                return Ok(Outcome::Refused { error: error.to_string(), is_of_recipient: false });
            }
        };
        let sent = self.app.mailer.send(&mail, self.app.clock.now()).await;
        let [jitter] = clock::random_bytes()?;
        let again_at = backoff::again_at(self.app.clock.now(), job.attempts, jitter);
        Ok(match sent {
            Ok(()) => Outcome::Sent,
            Err(Failure::Temporary(error)) => Outcome::Failed { again_at, error },
            Err(Failure::Permanent { error, is_of_recipient }) => Outcome::Refused { error, is_of_recipient },
            // After the last attempt too: the next look at it sends it once more, or gives it up as one that may have arrived.
            Err(Failure::Uncertain(error)) => {
                Outcome::Uncertain { again_at: again_at.unwrap_or(self.app.clock.now()), error }
            }
        })
    }
}
