//! One connection: login, and mail after mail.

use std::error::Error as _;
use std::fmt::Display;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;

use crate::mail::smtp::envelope::Envelope;
use crate::mail::smtp::failure::{Concern, SendError, clean};
use crate::mail::smtp::{Accepted, Budget, Phase, Target, opening};

/// The mail is written in pieces of so many bytes.
const PIECE: usize = 32 * 1024;
/// Taking leave is a courtesy, and a kept connection is tried before a new one is made: neither waits long.
const COURTESY: Duration = Duration::from_secs(5);

/// A connection that is logged in.
pub(super) struct Connection {
    smtp: AsyncSmtpConnection,
    offers: Offers,
    sent: u32,
}

/// What the server can do, of what matters to us.
#[derive(Debug, Default, PartialEq, Eq)]
struct Offers {
    /// RFC 1870; `Some(0)` is no limit.
    size: Option<usize>,
    /// RFC 6152.
    eight_bit: bool,
    /// RFC 6531.
    international: bool,
}

impl Connection {
    /// Connects and logs in.
    pub(super) async fn open(target: &Target, budget: &Budget) -> Result<Self, SendError> {
        let opened = opening::open(target, budget).await?;
        let command = budget.patience.command;
        let connect = AsyncSmtpConnection::connect_with_transport(Box::new(opened), &target.hello);
        let connected = budget.run(Phase::Hello, command, connect).await?;
        let mut smtp = connected.map_err(|error| failure(Phase::Hello, &error))?;
        // Asked once more, because lettre keeps of the answer neither the size nor words in lower case.
        let hello = Ehlo::new(target.hello.clone());
        let offers = Offers::of(&ask(&mut smtp, budget, Phase::Hello, hello).await?);
        if let Some(credentials) = &target.credentials {
            let login = smtp.auth(DEFAULT_MECHANISMS, credentials);
            let answer = budget.run(Phase::Login, command, login).await?;
            answer.map_err(|error| match error.is_client() {
                true => SendError::unfit(Phase::Login, Concern::Server, "is offered in no way that we know"),
                false => failure(Phase::Login, &error),
            })?;
        }
        Ok(Self { smtp, offers, sent: 0 })
    }

    /// Whether a kept connection still answers; forgets what the last mail may have left behind (RSET).
    pub(super) async fn is_ready(&mut self, budget: &Budget) -> bool {
        let reset = budget.run(Phase::Connect, COURTESY, self.smtp.command(Rset)).await;
        matches!(reset, Ok(Ok(_)))
    }

    /// How many mails it has taken.
    pub(super) const fn sent(&self) -> u32 {
        self.sent
    }

    /// Sends one mail.
    pub(super) async fn send(&mut self, mail: &Envelope, budget: &Budget) -> Result<Accepted, SendError> {
        let parameters = self.parameters(mail)?;
        let smtp = &mut self.smtp;
        ask(smtp, budget, Phase::Sender, Mail::new(Some(mail.from.clone()), parameters)).await?;
        ask(smtp, budget, Phase::Recipient, Rcpt::new(mail.to.clone(), Vec::new())).await?;
        let go_ahead = ask(smtp, budget, Phase::Data, Data).await?;
        if !go_ahead.has_code(354) {
            return Err(SendError::lost(Phase::Data, "was answered with something else"));
        }
        let answer = self.write(&mail.body, budget).await?;
        self.sent += 1;
        Ok(Accepted { response: clean(&answer.message().collect::<Vec<_>>().join(" ")) })
    }

    /// Takes leave.
    pub(super) async fn quit(mut self, budget: &Budget) {
        let _ = budget.run(Phase::Connect, COURTESY, self.smtp.command(Quit)).await;
    }

    /// What is said with the sender; refuses what the server cannot take before it does.
    fn parameters(&self, mail: &Envelope) -> Result<Vec<MailParameter>, SendError> {
        let mut parameters = Vec::new();
        if let Some(limit) = self.offers.size {
            if limit > 0 && mail.body.len() > limit {
                return Err(SendError::unfit(Phase::Sender, Concern::Mail, "allows no mail of this size"));
            }
            parameters.push(MailParameter::Size(mail.body.len()));
        }
        if mail.is_international {
            if !self.offers.international {
                let what = "is an international address, which the server cannot send to (no SMTPUTF8)";
                return Err(SendError::unfit(Phase::Recipient, Concern::Recipient, what));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !mail.body.is_ascii() {
            if !self.offers.eight_bit {
                let what = "has letters beyond ASCII, which the server cannot take (no 8BITMIME)";
                return Err(SendError::unfit(Phase::Body, Concern::Mail, what));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(parameters)
    }

    /// Writes the mail and the final dot, and waits for the answer.
    async fn write(&mut self, body: &[u8], budget: &Budget) -> Result<Response, SendError> {
        // lettre asks for the next piece when the last one has been written. When it is told that there is none, the dot
        // follows: from here on the mail may have arrived.
        let dot = AtomicBool::new(false);
        let end = std::iter::from_fn(|| {
            dot.store(true, Ordering::Relaxed);
            None
        });
        let mut sending = pin!(self.smtp.message_iter(body.chunks(PIECE).chain(end)));
        let phase = || if dot.load(Ordering::Relaxed) { Phase::Answer } else { Phase::Body };
        let patience = &budget.patience;
        let mut result = budget.run(Phase::Body, patience.body, &mut sending).await;
        if result.is_err() && phase() == Phase::Answer {
            result = budget.run(Phase::Answer, patience.answer, &mut sending).await;
        }
        match result? {
            Ok(answer) if answer.code().severity as u16 == 2 => Ok(answer),
            Ok(_) => Err(SendError::lost(Phase::Answer, "was answered with something else")),
            Err(error) => Err(failure(phase(), &error)),
        }
    }
}

impl Offers {
    fn of(answer: &Response) -> Self {
        let mut offers = Self::default();
        for line in answer.message().skip(1) {
            let mut words = line.split_whitespace();
            match words.next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "SIZE" => offers.size = Some(words.next().and_then(|size| size.parse().ok()).unwrap_or(0)),
                "8BITMIME" => offers.eight_bit = true,
                "SMTPUTF8" => offers.international = true,
                _ => {}
            }
        }
        offers
    }
}

async fn ask(
    smtp: &mut AsyncSmtpConnection,
    budget: &Budget,
    phase: Phase,
    command: impl Display,
) -> Result<Response, SendError> {
    let answer = budget.run(phase, budget.patience.command, smtp.command(command)).await?;
    answer.map_err(|error| failure(phase, &error))
}

/// An error of lettre's in our words. It carries the server's text as its source.
fn failure(phase: Phase, error: &Error) -> SendError {
    match error.status() {
        Some(code) => {
            let said = error.source().map(ToString::to_string).unwrap_or_default();
            SendError::refused(phase, code.into(), &said)
        }
        None if error.is_response() => {
            SendError::lost(phase, "broke off, or was answered with something else")
        }
        None => SendError::lost(phase, "broke off"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_are_read_in_either_case() {
        let offers = |text: &str| Offers::of(&text.parse().expect("it is an answer"));
        let all = Offers { size: Some(1000), eight_bit: true, international: true };
        assert_eq!(offers("250-mail.example\r\n250-size 1000\r\n250-8bitmime\r\n250 SmtpUtf8\r\n"), all);
        assert_eq!(offers("250-mail.example\r\n250 SIZE\r\n").size, Some(0));
        // The first line is the server's name and greeting.
        assert_eq!(offers("250 8BITMIME says hello\r\n"), Offers::default());
    }
}
