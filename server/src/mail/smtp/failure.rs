//! What can become of a mail that is not accepted, in the words that its sender acts on.

use std::fmt;

use crate::mail::smtp::Phase;

/// How much of what a server says is kept, in characters.
const TEXT_LIMIT: usize = 300;

/// Whether the mail was sent, and whether it may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendErrorKind {
    /// It was certainly not sent, and may be later: no connection, no TLS, a refusal with 4xx.
    Temporary,
    /// It was certainly not sent, and the same again will fail the same way.
    Permanent,
    /// The connection died after the final dot may have left and before the answer came: the server has it, or not
    /// (RFC 1047).
    Uncertain,
}

/// Whom a failure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// The way to the server, the login, the sender's address, what the server thinks of us: for the operator. It says
    /// nothing of the recipient, and the same mail may pass once it is put right.
    Server,
    /// The address that it goes to.
    Recipient,
    /// This mail: too large, or refused for what is in it.
    Mail,
}

/// The enhanced status code of an answer (RFC 3463): class, subject, detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnhancedStatus(pub u16, pub u16, pub u16);

/// A mail that was not accepted, as far as is known.
///
/// `Display` and `Debug` carry no text of the server, which often quotes the address: they may be logged.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub struct SendError {
    kind: SendErrorKind,
    concern: Concern,
    phase: Phase,
    code: Option<u16>,
    status: Option<EnhancedStatus>,
    what: &'static str,
    text: String,
}

impl SendError {
    /// Nobody answered, or not what was asked.
    pub(super) fn lost(phase: Phase, what: &'static str) -> Self {
        // RFC 5321 §4.5.4.1: only an answer to the final dot makes the mail the server's.
        let kind = if phase == Phase::Answer { SendErrorKind::Uncertain } else { SendErrorKind::Temporary };
        Self { kind, concern: Concern::Server, phase, code: None, status: None, what, text: String::new() }
    }

    /// What we find wrong ourselves, before the server does.
    pub(super) fn unfit(phase: Phase, concern: Concern, what: &'static str) -> Self {
        let kind = SendErrorKind::Permanent;
        Self { kind, concern, phase, code: None, status: None, what, text: String::new() }
    }

    /// An answer of 4xx or 5xx.
    pub(super) fn refused(phase: Phase, code: u16, said: &str) -> Self {
        let status = EnhancedStatus::at_the_beginning_of(said);
        let kind = if code >= 500 { SendErrorKind::Permanent } else { SendErrorKind::Temporary };
        let concern = concern(phase, code, status);
        Self { kind, concern, phase, code: Some(code), status, what: "was refused", text: clean(said) }
    }

    /// Whether it was sent, and whether it may be tried again.
    #[must_use]
    pub const fn kind(&self) -> SendErrorKind {
        self.kind
    }

    /// Whom it is about.
    #[must_use]
    pub const fn concern(&self) -> Concern {
        self.concern
    }

    /// Whether it is about the server or our standing with it, and so for the operator: the recipient is as reachable as
    /// before.
    #[must_use]
    pub fn is_of_the_server(&self) -> bool {
        self.concern == Concern::Server
    }

    /// How far the dialogue came.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// The server's code, where it answered.
    #[must_use]
    pub const fn code(&self) -> Option<u16> {
        self.code
    }

    /// The server's enhanced status code, where it gave one.
    #[must_use]
    pub const fn status(&self) -> Option<EnhancedStatus> {
        self.status
    }

    /// What the server said, on one line without control characters, at most 300 characters; empty where it said nothing.
    /// For the desk, not for logs.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the connection can go on: it does after a refusal, theirs or ours, but 421 announces its end (RFC 5321 §3.8).
    pub(super) fn leaves_the_connection(&self) -> bool {
        self.code.map_or(self.kind == SendErrorKind::Permanent, |code| code != 421)
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.phase, self.what)?;
        if let Some(code) = self.code {
            write!(f, " ({code}")?;
            if let Some(EnhancedStatus(class, subject, detail)) = self.status {
                write!(f, " {class}.{subject}.{detail}")?;
            }
            write!(f, ")")?;
        }
        Ok(())
    }
}

impl fmt::Debug for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SendError({:?}, {:?}, {self})", self.kind, self.concern)
    }
}

impl EnhancedStatus {
    fn at_the_beginning_of(said: &str) -> Option<Self> {
        let mut numbers = said.split_whitespace().next()?.split('.').map(|part| {
            let digits = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten()
        });
        let status = Self(numbers.next()??, numbers.next()??, numbers.next()??);
        (numbers.next().is_none() && matches!(status.0, 2 | 4 | 5)).then_some(status)
    }
}

/// Whom a refusal is about. Where the enhanced code says so, it is believed (RFC 3463 §3): subject 1 is an address, 2 a
/// mailbox, 3 and 6 the mail, 7 a policy, which on the way out means our standing far more often than the recipient.
/// Else the phase and the classic code decide (RFC 5321 §4.2.3, RFC 7504).
fn concern(phase: Phase, code: u16, status: Option<EnhancedStatus>) -> Concern {
    let of_recipient = match status {
        // 5.1.7 and 5.1.8 are the sender's address, 5.1.9 and 5.1.10 the recipient's again.
        Some(EnhancedStatus(_, 1, detail)) => !matches!(detail, 7 | 8),
        Some(EnhancedStatus(_, 2, _)) => true,
        Some(EnhancedStatus(_, subject, _)) if subject != 0 => false,
        _ => phase == Phase::Recipient && matches!(code, 450..=452 | 521 | 550..=553 | 556),
    };
    match phase {
        Phase::Recipient | Phase::Data | Phase::Answer if of_recipient => Concern::Recipient,
        Phase::Data | Phase::Answer | Phase::Body => Concern::Mail,
        // The size that was announced is too much, for the server or for the system behind it.
        Phase::Sender | Phase::Recipient if matches!(status, Some(EnhancedStatus(_, 3, 4))) => Concern::Mail,
        Phase::Sender if code == 552 => Concern::Mail,
        _ => Concern::Server,
    }
}

/// One line, bounded, of what anybody may have written.
pub(super) fn clean(said: &str) -> String {
    let printable = |letter: char| if letter.is_control() { ' ' } else { letter };
    let line: String = said.chars().take(4 * TEXT_LIMIT).map(printable).collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(TEXT_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_concerns_whom_its_codes_say() {
        use Concern::{Mail, Recipient, Server};
        for (phase, code, said, expected) in [
            (Phase::Recipient, 550, "5.1.1 <bob@mail.example> unknown", Recipient),
            (Phase::Recipient, 550, "no such user", Recipient),
            (Phase::Recipient, 552, "5.2.2 mailbox full", Recipient),
            (Phase::Recipient, 556, "5.1.10 null MX", Recipient),
            (Phase::Recipient, 450, "4.2.0 greylisted", Recipient),
            (Phase::Recipient, 554, "5.7.1 relay access denied", Server),
            (Phase::Recipient, 550, "5.7.1 blocked, see https://policy.example", Server),
            (Phase::Recipient, 550, "5.1.8 sender's domain not found", Server),
            (Phase::Recipient, 530, "5.7.0 authentication required", Server),
            (Phase::Recipient, 503, "bad sequence", Server),
            (Phase::Recipient, 552, "5.3.4 too large", Mail),
            (Phase::Sender, 550, "5.1.0 sender refused", Server),
            (Phase::Sender, 552, "too large", Mail),
            (Phase::Login, 535, "5.7.8 wrong password", Server),
            (Phase::Hello, 550, "go away", Server),
            (Phase::Answer, 554, "5.7.1 looks like spam", Mail),
            (Phase::Answer, 550, "5.1.1 unknown after all", Recipient),
            (Phase::Answer, 550, "refused", Mail),
        ] {
            assert_eq!(SendError::refused(phase, code, said).concern(), expected, "{phase} {code} {said}");
        }
    }

    #[test]
    fn what_the_server_said_is_bounded_and_kept_out_of_logs() {
        let said = format!("5.1.1 <bob@mail.example>\r\n\u{1b}[31munknown\0 {}", "é".repeat(5_000));
        let error = SendError::refused(Phase::Recipient, 550, &said);
        assert!(error.text().starts_with("5.1.1 <bob@mail.example> [31munknown é"), "{}", error.text());
        assert_eq!(error.text().chars().count(), TEXT_LIMIT);
        assert_eq!(error.to_string(), "the recipient was refused (550 5.1.1)");
        assert!(!format!("{error:?}").contains("bob"));
    }

    #[test]
    fn only_what_looks_like_a_status_is_one() {
        for (said, status) in [
            ("4.7.0 later", Some(EnhancedStatus(4, 7, 0))),
            ("5.7.100 no", Some(EnhancedStatus(5, 7, 100))),
            ("192.0.2.1 is listed", None),
            ("5.1 no", None),
            ("5.1.1.1 no", None),
            ("5.+1.1 no", None),
            ("5.99999.1 no", None),
            ("", None),
        ] {
            assert_eq!(EnhancedStatus::at_the_beginning_of(said), status, "{said}");
        }
    }
}
