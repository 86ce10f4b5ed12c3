//! Understanding a mail that came in: pure functions of its bytes. What becomes of it is decided elsewhere.
//!
//! Everything here was written by strangers. [`parse`] takes any bytes, in bounded time and memory: what goes beyond a limit
//! stays in the original, which the caller keeps. No NUL comes out, since PostgreSQL refuses it in text. `from` is
//! what the mail says of its sender, which proves nothing: whose conversation it belongs to, `reply_address` tells
//! by the recipients, and whether the sender is genuine, [`sender`] finds out.

pub mod automatic;
pub mod bounce;
pub mod files;
pub mod header;
pub mod html;
pub mod marker;
pub mod mime;
mod prose;
mod prose_words;
pub mod reply_text;
pub mod sender;
mod tag;
mod transfer;
mod words;

use causette_shared::limits;
use causette_shared::time::Timestamp;

use crate::mail::inbound::automatic::Automatic;
use crate::mail::inbound::bounce::Bounce;
use crate::mail::inbound::files::Files;
use crate::mail::inbound::header::Header;
use crate::mail::inbound::mime::{Part, Parts};

/// Bytes of a mail that is read. Most hosts refuse larger ones; what base64 adds to `files::FILES_BYTES` is in them.
pub const MAIL_BYTES: usize = 40 * 1024 * 1024;
/// Bytes of a text part that are read, as transferred. A message takes a tenth of it at the most; the rest is quotation.
pub const TEXT_BYTES: usize = 512 * 1024;
/// Characters of a full text that are given out.
pub const TEXT_CHARS: usize = 200_000;
/// Recipients that are read.
pub const RECIPIENTS: usize = 100;
/// Identifiers of earlier mails that are read; of a longer list the newest, which stand last.
pub const REFERENCES: usize = 50;
/// Characters of an identifier (RFC 5322 §2.1.1: a line has 998).
const ID_CHARS: usize = 250;
/// Characters of a subject.
const SUBJECT_CHARS: usize = 300;
/// Text parts that are joined.
const TEXT_PARTS: usize = 20;

/// Fields that name the recipients, as written by senders and by the hosts that delivered the mail.
const RECIPIENT_FIELDS: &[&str] =
    &["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc"];

/// A mail as we understand it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundMail {
    /// Its own identifier, without angle brackets.
    pub message_id: Option<String>,
    /// The mails that it says it answers.
    pub in_reply_to: Vec<String>,
    /// The thread before it, oldest first.
    pub references: Vec<String>,
    /// Every address it was sent or delivered to, as written, each once; what the hosts noted comes first.
    pub recipients: Vec<String>,
    /// Who it says it is from. Unverified.
    pub from: Option<Person>,
    /// One line; empty if there is none.
    pub subject: String,
    /// When it says it was written. Unverified.
    pub date: Option<Timestamp>,
    /// All its text, quotations included. Empty for a mail of files alone.
    pub text: String,
    /// What the writer wrote of it, at most `limits::MESSAGE_CHARS` characters. Empty where they only quoted or attached.
    pub visible: String,
    /// What `visible` leaves out of `text`.
    pub folded: Folded,
    /// Its files.
    pub files: Files,
    /// Whether its text cannot be read without a key (S/MIME, OpenPGP).
    pub encrypted: bool,
    /// Why no person wrote it, if so: then it is never a message and never answered.
    pub automatic: Option<Automatic>,
    /// What it says became of a mail of ours.
    pub bounce: Option<Bounce>,
}

/// What the visible text leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folded {
    /// Nothing.
    Nothing,
    /// A quotation or a signature.
    Tail,
    /// The end of what the writer wrote, because it is longer than a message may be.
    Rest,
}

/// Someone as a mail names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their display name, at most `limits::NAME_CHARS` characters; may be empty.
    pub name: String,
    /// Their address, as written.
    pub address: String,
}

/// The bytes are no mail that we can read: they are to be put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is no header.
    #[error("there is no header")]
    NoHeader,
    /// It is larger than `MAIL_BYTES`.
    #[error("it is larger than {MAIL_BYTES} bytes")]
    TooLarge,
}

/// Reads a mail.
///
/// # Errors
/// It has no header, or is too large.
pub fn parse(raw: &[u8]) -> Result<InboundMail, Unreadable> {
    if raw.len() > MAIL_BYTES {
        return Err(Unreadable::TooLarge);
    }
    let (header, body) = Header::split(raw);
    if header.is_empty() {
        return Err(Unreadable::NoHeader);
    }
    let parts = mime::parts(&header, body);
    let bounce = bounce::read(&header, &parts);
    let automatic = automatic::reason(&header, &parts, bounce.is_some());
    let (text, quote_at) = text(&parts.leaves);
    let reply = reply_text::separate(&text, quote_at);
    let written = reply.visible.trim();
    let visible: String = written.chars().take(limits::MESSAGE_CHARS).collect();
    let folded = if visible.len() < written.len() {
        Folded::Rest
    } else if reply.folded.is_empty() {
        Folded::Nothing
    } else {
        Folded::Tail
    };
    let visible = visible.trim_end().to_owned();
    Ok(InboundMail {
        message_id: header.ids("message-id").find(|id| id_fits(id)),
        in_reply_to: ids(&header, "in-reply-to"),
        references: ids(&header, "references"),
        recipients: recipients(&header),
        from: from(&header),
        subject: cut(&header.text("subject").unwrap_or_default(), SUBJECT_CHARS),
        date: header.date("date").map(|date| Timestamp(date.to_timestamp().saturating_mul(1_000))),
        visible,
        folded,
        files: files::files(&parts.leaves),
        encrypted: is_encrypted(&parts),
        automatic,
        bounce,
        text,
    })
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

fn id_fits(id: &str) -> bool {
    !id.is_empty() && id.len() <= ID_CHARS
}

/// The newest `REFERENCES` identifiers of a field.
fn ids(header: &Header<'_>, name: &str) -> Vec<String> {
    let mut ids: Vec<String> = header.ids(name).filter(|id| id_fits(id)).collect();
    ids.drain(..ids.len().saturating_sub(REFERENCES));
    ids
}

fn recipients(header: &Header<'_>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let addresses = RECIPIENT_FIELDS.iter().flat_map(|name| header.addresses(name).take(RECIPIENTS));
    for (_, address) in addresses {
        let new = !found.iter().any(|known| known.eq_ignore_ascii_case(&address));
        if found.len() < RECIPIENTS
            && address.len() <= limits::EMAIL_CHARS * 4
            && address.contains('@')
            && new
        {
            found.push(address);
        }
    }
    found
}

fn from(header: &Header<'_>) -> Option<Person> {
    let (name, address) = header.addresses("from").find(|(_, address)| address.contains('@'))?;
    Some(Person { name: cut(&name, limits::NAME_CHARS), address: cut(&address, limits::EMAIL_CHARS) })
}

/// The text that a reader sees, and where in it a container of HTML began a quotation.
///
/// Of an alternative (RFC 2046 §5.1.4) the plain text is taken if it has any, since that is what the writer's program
/// made for such readers; all other text parts, which some programs put between pictures, follow one another.
fn text(leaves: &[Part<'_>]) -> (String, Option<usize>) {
    let mut text = String::new();
    let mut quote_at = None;
    let mut plain: Vec<(usize, Option<usize>, String)> = Vec::new();
    for (at, part) in leaves.iter().enumerate() {
        if part.media_type == "text/plain" && !part.is_file() && plain.len() < TEXT_PARTS {
            plain.push((at, part.alternative, part.text(TEXT_BYTES)));
        }
    }
    let has_plain = |alternative: Option<usize>| {
        alternative.is_some()
            && plain.iter().any(|(_, group, text)| *group == alternative && !text.trim().is_empty())
    };
    let mut pages = 0;
    for (at, part) in leaves.iter().enumerate() {
        let piece = if let Some((_, _, words)) = plain.iter().find(|(place, _, _)| *place == at) {
            words.clone()
        } else if part.media_type == "text/html"
            && !part.is_file()
            && !has_plain(part.alternative)
            && pages < TEXT_PARTS
        {
            pages += 1;
            let page = html::to_text(&part.text(TEXT_BYTES));
            if let (None, Some(at)) = (quote_at, page.quote_at) {
                quote_at = Some(text.len() + usize::from(!text.is_empty() && !text.ends_with('\n')) + at);
            }
            page.text
        } else {
            continue;
        };
        if piece.trim().is_empty() {
            continue;
        }
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&piece);
    }
    if let Some((end, _)) = text.char_indices().nth(TEXT_CHARS) {
        text.truncate(end);
    }
    (text, quote_at)
}

fn is_encrypted(parts: &Parts<'_>) -> bool {
    let root = parts.root.as_ref();
    let openpgp = root.is_some_and(|kind| {
        kind.ctype().eq_ignore_ascii_case("multipart")
            && kind.subtype().is_some_and(|kind| kind.eq_ignore_ascii_case("encrypted"))
    });
    let smime = parts.leaves.iter().any(|part| {
        let kind = part.content_type.as_ref().and_then(|kind| kind.attribute("smime-type"));
        matches!(part.media_type.as_str(), "application/pkcs7-mime" | "application/x-pkcs7-mime")
            && !kind.is_some_and(|kind| {
                kind.eq_ignore_ascii_case("signed-data") || kind.eq_ignore_ascii_case("certs-only")
            })
    });
    let armoured = parts.leaves.iter().any(|part| {
        part.media_type == "text/plain"
            && part.text(200).trim_start().starts_with("-----BEGIN PGP MESSAGE-----")
    });
    openpgp || smime || armoured
}
