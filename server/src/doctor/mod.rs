//! `causette doctor`: looks whether everything works that an installation needs, and says what to do where it does not.
//!
//! It only looks: beside a running server or without one, it changes nothing, but that with `--mail` it sends one mail to
//! the configured mailbox and takes it out again. That is asked for and not done by itself: a look may be taken every
//! minute by a supervisor, and a mail costs somebody's quota, up to a minute, and a place in a mailbox that people read.

mod content;
mod database;
mod directory;
mod http_get;
mod mail;
mod names;
mod public_url;
pub mod report;
mod round_trip;

use std::time::Duration;

use crate::clock::Clock;
use crate::config::Config;
use crate::doctor::mail::MailSetup;
use crate::doctor::report::Report;

/// Whether a mail is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundTrip {
    /// One is, and waited for so long.
    Wanted {
        /// How long it may be on its way.
        wait: Duration,
    },
    /// None is.
    NotWanted,
}

/// Looks at everything.
pub async fn examine(config: &Config, clock: &dyn Clock, round_trip: RoundTrip) -> Report {
    let mut findings = vec![directory::configuration(config)];
    findings.extend(directory::examine(config));
    findings.extend(database::examine(config, clock.now()).await);
    findings.extend(public_url::examine(config).await);
    let setup = MailSetup::read(config);
    findings.extend(mail::examine(&setup).await);
    findings.extend(names::examine(&setup).await);
    findings.push(round_trip::examine(&setup, clock.now(), round_trip).await);
    Report { findings }
}
