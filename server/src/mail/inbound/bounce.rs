//! What became of a mail that we sent: delivery status notifications (RFC 3464), and the texts that hosts without them write.
//!
//! A bounce proves nothing by itself: anyone can write one. Whoever acts on it first finds the job by `original_message_id`,
//! which only the recipient and the hosts on the way have seen.

use serde::{Deserialize, Serialize};

use crate::mail::inbound::header::{Header, clean};
use crate::mail::inbound::mime::{Part, Parts};
use crate::mail::inbound::prose;

/// Recipients that are read from one report.
pub const FAILURES: usize = 50;
/// Characters of a diagnostic that are kept.
pub const DIAGNOSTIC_CHARS: usize = 500;
/// Bytes of a report that are read.
pub(super) const REPORT_BYTES: usize = 256 * 1024;

/// What a report says of a mail that we sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// What became of it, for each recipient that the report names. May be good news: see `Action`.
    pub recipients: Vec<Failure>,
    /// Message-ID of the mail that it is about, without angle brackets.
    pub original_message_id: Option<String>,
}

/// What became of a mail for one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The address: the one we wrote to, where the report tells it from the one it was forwarded to.
    pub address: String,
    /// What the host did.
    pub action: Action,
    /// The status, where one is given.
    pub status: Option<Status>,
    /// The words of the host that refused, for people to read.
    pub diagnostic: Option<String>,
}

/// What a host did with a mail (RFC 3464 §2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It gave up.
    Failed,
    /// It has not got through yet and goes on trying.
    Delayed,
    /// It was delivered, passed on to where no report comes from, or sent to several.
    Delivered,
}

/// An enhanced status code (RFC 3463): class 2, 4 or 5, subject, detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// 2 success, 4 for now, 5 for good.
    pub class: u8,
    /// What it is about: 1 address, 2 mailbox, 3 mail system, 4 network, 5 protocol, 6 content, 7 security or policy.
    pub subject: u16,
    /// Which case of it.
    pub detail: u16,
}

/// Whether writing to the address again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permanence {
    /// The host says that it will not do.
    Permanent,
    /// It may do later, or the report does not say.
    Transient,
}

/// Why, in the kinds that people tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// No such mailbox, or it is closed.
    NoSuchAddress,
    /// The mailbox is full.
    MailboxFull,
    /// The domain or its host does not exist, or takes no mail.
    NoSuchHost,
    /// The host could not be reached in time.
    Unreachable,
    /// The mail is larger than the host takes.
    TooLarge,
    /// The host does not want it: spam filters, policies, authentication.
    Refused,
    /// Anything else.
    Other,
}

impl Failure {
    /// Whether writing to the address again can help.
    #[must_use]
    pub fn permanence(&self) -> Permanence {
        match (self.action, self.status) {
            (Action::Failed, Some(Status { class: 5, .. })) => Permanence::Permanent,
            _ => Permanence::Transient,
        }
    }

    /// Why, by the status (RFC 3463 §3).
    #[must_use]
    pub fn cause(&self) -> Cause {
        let Some(status) = self.status else { return Cause::Other };
        match (status.subject, status.detail) {
            (1, 2 | 10) | (4, 4) => Cause::NoSuchHost,
            (1, _) | (2, 1) => Cause::NoSuchAddress,
            (2, 2) => Cause::MailboxFull,
            (2, 3) | (3, 4) => Cause::TooLarge,
            (4, _) => Cause::Unreachable,
            (7, _) => Cause::Refused,
            _ => Cause::Other,
        }
    }
}

impl std::str::FromStr for Status {
    type Err = NoStatus;

    fn from_str(text: &str) -> Result<Self, NoStatus> {
        let mut numbers = text.trim().splitn(3, '.');
        let mut next = || {
            let number = numbers.next()?;
            // What follows the last number is a comment.
            let digits = number.len() - number.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            (1..=3).contains(&digits).then(|| number[..digits].parse::<u16>().ok()).flatten()
        };
        let (class, subject, detail) = (next(), next(), next());
        match (class, subject, detail) {
            (Some(class @ (2 | 4 | 5)), Some(subject), Some(detail)) => {
                Ok(Self { class: u8::try_from(class).unwrap_or(5), subject, detail })
            }
            _ => Err(NoStatus),
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// The text is no enhanced status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a status code such as 5.1.1")]
pub struct NoStatus;

/// Reads what a mail reports of another, if it does.
#[must_use]
pub fn read(header: &Header<'_>, parts: &Parts<'_>) -> Option<Bounce> {
    let mut recipients = Vec::new();
    for part in parts.leaves.iter().filter(|part| is_status(part)) {
        status_recipients(&part.bytes(REPORT_BYTES), &mut recipients);
    }
    let original_message_id = original_message_id(parts);
    if !recipients.is_empty() {
        prose::complete(&mut recipients, parts);
        return Some(Bounce { recipients, original_message_id });
    }
    let told = prose::read(header, parts)?;
    Some(Bounce {
        recipients: told.recipients,
        original_message_id: original_message_id.or(told.original_message_id),
    })
}

fn is_status(part: &Part<'_>) -> bool {
    matches!(part.media_type.as_str(), "message/delivery-status" | "message/global-delivery-status")
}

/// Groups of fields with empty lines between: first of the mail, then of each recipient (RFC 3464 §2.1).
fn status_recipients(bytes: &[u8], found: &mut Vec<Failure>) {
    let mut rest = bytes;
    while !rest.is_empty() && found.len() < FAILURES {
        let (group, behind) = Header::split(rest);
        // A line that is no field would be read over and over.
        rest = if behind.len() < rest.len() { behind } else { &[] };
        let original = group.text("original-recipient").and_then(|value| address(&value));
        let last = group.text("final-recipient").and_then(|value| address(&value));
        let Some(address) = original.or(last) else { continue };
        let diagnostic = group.text("diagnostic-code").map(|value| {
            let words = value.split_once(';').map_or(value.as_str(), |(_, words)| words);
            cut(words.trim(), DIAGNOSTIC_CHARS)
        });
        let diagnostic = diagnostic.filter(|words| !words.is_empty());
        let stated = group.text("status").and_then(|value| value.parse().ok());
        let told = diagnostic.as_deref().and_then(prose::status);
        let status = match (stated, told) {
            // "5.0.0" says no more than that it failed; the host's words may.
            (Some(Status { class, subject: 0, .. }), Some(told)) if told.class == class => Some(told),
            (Some(stated), _) => Some(stated),
            (None, told) => told,
        };
        let action = match group.text("action").unwrap_or_default().to_ascii_lowercase().split(' ').next() {
            Some("delayed") => Action::Delayed,
            Some("delivered" | "relayed" | "expanded") => Action::Delivered,
            Some("failed") => Action::Failed,
            // Hosts that forget the action tell by the status.
            _ => match status.map(|status| status.class) {
                Some(2) => Action::Delivered,
                Some(4) => Action::Delayed,
                _ => Action::Failed,
            },
        };
        found.push(Failure { address, action, status, diagnostic });
    }
}

/// "rfc822; ann@example.com" (RFC 3464 §2.3.1), also without its type and with angle brackets.
fn address(value: &str) -> Option<String> {
    let bare = value.split_once(';').map_or(value, |(_, address)| address).trim();
    let bare = bare.trim_matches(|c: char| matches!(c, '<' | '>' | '"' | '\'' | ' '));
    (bare.contains('@') && !bare.contains(char::is_whitespace)).then(|| cut(bare, 254))
}

/// The Message-ID in the copy, or the copied header, of the mail that came back.
fn original_message_id(parts: &Parts<'_>) -> Option<String> {
    let copies = parts.leaves.iter().filter(|part| {
        matches!(
            part.media_type.as_str(),
            "message/rfc822"
                | "message/global"
                | "text/rfc822-headers"
                | "message/rfc822-headers"
                | "text/rfc822"
                | "message/global-headers"
        )
    });
    copies
        .filter_map(|part| {
            let bytes = part.bytes(REPORT_BYTES);
            Header::split(bytes.trim_ascii_start()).0.ids("message-id").next()
        })
        .next()
}

pub(super) fn cut(text: &str, chars: usize) -> String {
    clean(text).replace(['\n', '\t'], " ").chars().take(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_three_numbers() {
        assert_eq!("5.1.1".parse(), Ok(Status { class: 5, subject: 1, detail: 1 }));
        assert_eq!(" 4.4.7 (expired)".parse(), Ok(Status { class: 4, subject: 4, detail: 7 }));
        for bad in ["", "5", "5.1", "3.1.1", "5.x.1", "1234.1.1", "5..1", "\u{665}.1.1"] {
            assert_eq!(bad.parse::<Status>(), Err(NoStatus), "{bad}");
        }
    }

    #[test]
    fn only_giving_up_for_good_is_permanent() {
        let failure = |action, status: Option<&str>| {
            let status = status.map(|text| text.parse().expect("it is one"));
            Failure { address: "a@example.com".to_owned(), action, status, diagnostic: None }
        };
        assert_eq!(failure(Action::Failed, Some("5.1.1")).permanence(), Permanence::Permanent);
        assert_eq!(failure(Action::Failed, Some("4.4.7")).permanence(), Permanence::Transient);
        assert_eq!(failure(Action::Delayed, Some("5.1.1")).permanence(), Permanence::Transient);
        assert_eq!(failure(Action::Failed, None).permanence(), Permanence::Transient);
        for (status, cause) in [
            ("5.1.1", Cause::NoSuchAddress),
            ("5.1.2", Cause::NoSuchHost),
            ("5.2.1", Cause::NoSuchAddress),
            ("5.2.2", Cause::MailboxFull),
            ("5.3.4", Cause::TooLarge),
            ("4.4.1", Cause::Unreachable),
            ("5.4.4", Cause::NoSuchHost),
            ("5.7.1", Cause::Refused),
            ("5.0.0", Cause::Other),
        ] {
            assert_eq!(failure(Action::Failed, Some(status)).cause(), cause, "{status}");
        }
    }
}
