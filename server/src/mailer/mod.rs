//! Where mail goes: to a mail server, into the demo's directory, or nowhere yet.

pub mod captured;

use causette_shared::time::Timestamp;

use crate::mail::message::Outgoing;
use crate::mail::smtp::{self, Concern, SendErrorKind, Sender};
use crate::mailer::captured::Captured;

/// Where mail goes.
#[derive(Debug)]
pub enum Mailer {
    /// To a mail server.
    Smtp(Box<Sender>),
    /// Into a directory.
    Captured(Captured),
    /// Nowhere: what is to be sent waits in the outbox until a mail server is configured.
    Missing,
}

/// Why a mail was not taken, or may not have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It surely was not, and may be later.
    Temporary(String),
    /// It surely was not, and the same again would not be.
    Permanent {
        /// Why, for agents.
        error: String,
        /// Whether it is the address that is refused.
        is_of_recipient: bool,
    },
    /// Nobody knows.
    Uncertain(String),
}

impl Mailer {
    /// Whether there is somewhere for mail to go.
    #[must_use]
    pub const fn is_there(&self) -> bool {
        !matches!(self, Self::Missing)
    }

    /// Sends a mail.
    ///
    /// # Errors
    /// It was not taken, or nobody knows.
    pub async fn send(&self, mail: &Outgoing, now: Timestamp) -> Result<(), Failure> {
        match self {
            Self::Smtp(sender) => {
                let outgoing =
                    smtp::Outgoing { from: mail.from.as_str(), to: mail.to.as_str(), raw: &mail.raw };
                sender.send(outgoing).await.map(drop).map_err(|error| {
                    let told = describe(&error);
                    match error.kind() {
                        SendErrorKind::Temporary => Failure::Temporary(told),
                        SendErrorKind::Uncertain => Failure::Uncertain(told),
                        // Of a mail server that takes nothing from us, the next mail says the same: it is put right, and
                        // this one goes then.
                        SendErrorKind::Permanent if error.is_of_the_server() => Failure::Temporary(told),
                        SendErrorKind::Permanent => {
                            let is_of_recipient = error.concern() == Concern::Recipient;
                            Failure::Permanent { error: told, is_of_recipient }
                        }
                    }
                })
            }
            Self::Captured(captured) => captured
                .keep(mail, now)
                .await
                .map_err(|error| Failure::Temporary(format!("the mail could not be kept: {error}"))),
            Self::Missing => Err(Failure::Temporary("no mail server is configured".to_owned())),
        }
    }

    /// Takes leave of the mail server.
    pub async fn close(&self) {
        if let Self::Smtp(sender) = self {
            sender.close().await;
        }
    }
}

/// What an agent reads: our words, and those of the server.
fn describe(error: &smtp::SendError) -> String {
    match error.text() {
        "" => error.to_string(),
        text => format!("{error}: {text}"),
    }
}
