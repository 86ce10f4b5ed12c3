//! From the bytes of a mail to what its use case is told: pure functions, for a thread that may panic.

use std::fmt::Write as _;

use causette_shared::entry::SenderCheck;
use causette_shared::limits;

use super::Parser;
use crate::letter::Letterhead;
use crate::mail::inbound::automatic::Automatic;
use crate::mail::inbound::bounce::{Action, Bounce, Failure, Permanence};
use crate::mail::inbound::files::Files;
use crate::mail::inbound::sender::{Authenticity, Verdict};
use crate::mail::inbound::{Folded, InboundMail, Unreadable};
use crate::service::take_mail::{Arrived, Content, Fate, NewFile, Notice, Report, Written};

/// Bytes of the headers of a mail that could not be read, for whoever looks after it.
const HEADERS_BYTES: usize = 64 * 1024;

/// Reads a mail. `size` is given where `raw` is only its headers, since it is larger than mails may be.
pub(super) fn read(raw: &[u8], size: Option<u32>, parser: Parser, letterhead: &Letterhead) -> Arrived {
    let mail = match parser(raw) {
        Ok(mail) => mail,
        Err(error @ Unreadable::NoHeader) => {
            return set_aside(&format!("no mail that can be read: {error}"), headers(raw));
        }
        Err(Unreadable::TooLarge) => {
            let head = &raw[..headers_end(raw)];
            let size = u32::try_from(raw.len()).unwrap_or(u32::MAX);
            return match parser(head) {
                Ok(mail) => notice(mail, head, Notice::TooLarge(size), letterhead),
                Err(error) => set_aside(&format!("no mail that can be read: {error}"), headers(head)),
            };
        }
    };
    match size {
        Some(size) => notice(mail, raw, Notice::TooLarge(size), letterhead),
        None if mail.encrypted => notice(mail, raw, Notice::Encrypted, letterhead),
        None => arrived(mail, letterhead),
    }
}

/// Reads only the headers of a mail whose reading panicked.
pub(super) fn read_unbearable(raw: &[u8], parser: Parser, letterhead: &Letterhead) -> Arrived {
    let head = &raw[..headers_end(raw)];
    match parser(head) {
        Ok(mail) => notice(mail, head, Notice::Unreadable, letterhead),
        Err(_) => unbearable(raw),
    }
}

/// A mail whose headers cannot be read either.
pub(super) fn unbearable(raw: &[u8]) -> Arrived {
    set_aside("reading it fails by a defect of ours", headers(raw))
}

/// A mail that the mailbox does not give.
pub(super) fn undelivered() -> Arrived {
    set_aside("the mail server does not give it in a way that can be read", String::new())
}

/// A mail that the store does not take.
pub(super) fn refused() -> Arrived {
    set_aside("it could not be stored", String::new())
}

/// Notes what is known of the sender of something that a person wrote.
pub(super) fn note_sender(arrived: &mut Arrived, verdict: &Verdict) {
    if let Content::Message(written) = &mut arrived.content {
        written.sender = match verdict.sender {
            Authenticity::Passed => SenderCheck::Passed,
            Authenticity::Failed => SenderCheck::Failed,
            Authenticity::Unknown => SenderCheck::Unknown,
        };
        written.verdict = serde_json::to_string(verdict).ok();
    }
}

impl Arrived {
    /// Whether it may belong to a conversation, so that its sender matters.
    pub(super) fn is_somebodys(&self) -> bool {
        let is_matched = self.addressed.is_some() || !self.answers.is_empty();
        is_matched && matches!(self.content, Content::Message(_))
    }
}

fn arrived(mail: InboundMail, letterhead: &Letterhead) -> Arrived {
    let content = content(&mail, letterhead);
    envelope(mail, letterhead, content)
}

/// A mail that cannot be shown: what no person wrote is ignored all the same.
fn notice(mail: InboundMail, raw: &[u8], notice: Notice, letterhead: &Letterhead) -> Arrived {
    let content = match mail.automatic {
        Some(_) => content(&mail, letterhead),
        None => Content::Notice(notice, files(&mail.files)),
    };
    Arrived { original: headers(raw), ..envelope(mail, letterhead, content) }
}

fn envelope(mail: InboundMail, letterhead: &Letterhead, content: Content) -> Arrived {
    // The mail that it answers first, then the thread from its end.
    let named = mail.in_reply_to.iter().chain(mail.references.iter().rev());
    let mut answers = Vec::new();
    for job in named.filter_map(|id| letterhead.job_of(id)) {
        if !answers.contains(&job) {
            answers.push(job);
        }
    }
    Arrived {
        addressed: letterhead.addressed(&mail.recipients),
        answers,
        message_id: mail.message_id,
        subject: mail.subject,
        from: mail.from.map(|from| from.address).unwrap_or_default(),
        sent_at: mail.date,
        original: mail.text,
        content,
    }
}

fn content(mail: &InboundMail, letterhead: &Letterhead) -> Content {
    match (&mail.automatic, &mail.bounce) {
        // A mail of our own is none of ours to believe, whatever it holds.
        (Some(automatic), None) | (Some(automatic @ Automatic::OwnMail), Some(_)) => {
            let name = serde_json::to_string(automatic).unwrap_or_default();
            Content::Ignored(format!("automatic: {}", name.trim_matches('"').replace('_', " ")))
        }
        (_, Some(bounce)) => {
            let job = bounce.original_message_id.as_deref().and_then(|id| letterhead.job_of(id));
            Content::Bounce { job, reports: reports(bounce) }
        }
        (None, None) => written(mail)
            .map_or_else(|| Content::Ignored("there is nothing in it".to_owned()), Content::Message),
    }
}

/// What its writer wrote; of a mail in which that cannot be told from the rest the beginning, of a mail of files their names.
fn written(mail: &InboundMail) -> Option<Written> {
    let whole = mail.text.trim();
    let (text, is_cut) = if !mail.visible.is_empty() {
        let text = match mail.folded {
            Folded::Rest => shortened(&mail.visible, limits::MESSAGE_CHARS - 1, true),
            Folded::Nothing | Folded::Tail => mail.visible.clone(),
        };
        (text, mail.folded != Folded::Nothing)
    } else if !mail.files.taken.is_empty() {
        let names: Vec<&str> = mail.files.taken.iter().map(|file| file.name.as_str()).collect();
        (names.join(", "), !whole.is_empty())
    } else if !whole.is_empty() {
        let is_long = whole.chars().count() > limits::MESSAGE_CHARS;
        (shortened(whole, limits::MESSAGE_CHARS - 1, is_long), is_long)
    } else if mail.files.left_out > 0 {
        (String::new(), true)
    } else {
        return None;
    };
    Some(Written {
        text,
        is_cut,
        files: files(&mail.files),
        left_out: mail.files.left_out,
        sender: SenderCheck::Unknown,
        verdict: None,
    })
}

/// The beginning of a text that is too long, with the sign of it.
fn shortened(text: &str, chars: usize, is_long: bool) -> String {
    if !is_long {
        return text.to_owned();
    }
    let mut beginning: String = text.chars().take(chars).collect();
    beginning.truncate(beginning.trim_end().len());
    beginning.push('…');
    beginning
}

fn files(files: &Files) -> Vec<NewFile> {
    let new = |file: &crate::mail::inbound::files::InboundFile| NewFile {
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        content: file.bytes.clone(),
    };
    files.taken.iter().map(new).collect()
}

fn reports(bounce: &Bounce) -> Vec<Report> {
    let report = |failure: &Failure| {
        let fate = match (failure.action, failure.permanence()) {
            (Action::Delayed | Action::Delivered, _) => Fate::OnItsWay,
            (Action::Failed, Permanence::Transient) => Fate::GivenUp,
            (Action::Failed, Permanence::Permanent) => Fate::Refused,
        };
        Report { address: failure.address.clone(), fate, reason: reason(failure) }
    };
    bounce.recipients.iter().map(report).collect()
}

/// Why, for agents: the host's words, else its code.
fn reason(failure: &Failure) -> String {
    let mut reason = failure.diagnostic.clone().unwrap_or_default();
    if reason.is_empty() {
        reason.push_str("the mail came back");
        if let Some(status) = failure.status {
            // Writing to a text does not fail.
            let _ = write!(reason, " (status {status})");
        }
    }
    reason
}

fn set_aside(why: &str, original: String) -> Arrived {
    Arrived {
        message_id: None,
        subject: String::new(),
        from: String::new(),
        sent_at: None,
        original,
        addressed: None,
        answers: Vec::new(),
        content: Content::SetAside(why.to_owned()),
    }
}

/// Where the headers end, at most `HEADERS_BYTES`.
fn headers_end(raw: &[u8]) -> usize {
    let raw = &raw[..raw.len().min(HEADERS_BYTES)];
    let crlf = raw.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
    let lf = raw.windows(2).position(|window| window == b"\n\n").map(|at| at + 2);
    crlf.into_iter().chain(lf).min().unwrap_or(raw.len())
}

/// The headers as text that a database takes.
fn headers(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(&raw[..headers_end(raw)]);
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}
