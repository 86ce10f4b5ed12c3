//! A mail as the bytes of RFC 5322, and its envelope: one sender, one recipient.
//!
//! Whoever chose the strings, the headers are exactly those that `build` names: addresses, ids and links are types that
//! hold nothing else, free text is encoded by `header`, and bodies travel in a transfer encoding that holds no line of
//! theirs. The transport adds nothing but the dots of SMTP.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use causette_shared::limits;
use causette_shared::time::Timestamp;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, MultiPart, SinglePart};
use lettre::{Address, address::Envelope};
use sha2::{Digest as _, Sha256};

use crate::mail::header::{header, list, mailbox, unstructured};
use crate::mail::inbound::automatic::OWN_HEADER;
use crate::mail::reply_address;
use crate::mail::words::one_line;
use crate::mail::{Cause, Link, Rendered};

/// Characters of a subject.
const SUBJECT_CHARS: usize = 200;
/// Characters of a sender's name.
const FROM_NAME_CHARS: usize = 120;
/// Ids that `References` holds: the first of the thread and the newest (RFC 5322 §3.6.4 lets it be trimmed).
const REFERENCES_MAX: usize = 20;
/// Characters of an id, brackets included. A line holds 998 (RFC 5322 §2.1.1); who makes longer ones is not answered.
const MESSAGE_ID_CHARS: usize = 250;
/// The last instant of the year 9999, behind which a date has no form (RFC 5322 §3.3).
const LAST_DATE_MS: i64 = 253_402_300_799_999;

/// An address that mail can go to or come from: a dot-atom before the `@`, a domain in its ASCII form behind it.
///
/// Quoted local parts, comments and address literals are refused: they carry every trick, and no one's address.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MailAddress(Address);

/// Not an address that mail can go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address that mail can go to")]
pub struct InvalidAddress;

impl MailAddress {
    /// Reads an address. An international domain becomes its ASCII form (RFC 5891); letters of any script before the
    /// `@` stay, and ask for SMTPUTF8 (RFC 6531).
    ///
    /// # Errors
    /// It is not of that form, or longer than 254 bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidAddress)?;
        let in_local = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        let in_domain = |c: char| c.is_alphanumeric() || c == '-' || c == '.';
        // `=?utf-8?b?…?=` has the form of a local part, and readers would decode it as a name (RFC 2047 §2).
        if !local.chars().all(in_local) || local.contains("=?") || !domain.chars().all(in_domain) {
            return Err(InvalidAddress);
        }
        let Ok(url::Host::Domain(domain)) = url::Host::parse(domain) else {
            return Err(InvalidAddress);
        };
        let address = Address::new(local, &domain).map_err(|_| InvalidAddress)?;
        let short = AsRef::<str>::as_ref(&address).len() <= limits::EMAIL_CHARS;
        short.then_some(Self(address)).ok_or(InvalidAddress)
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// What stands behind the `@`, in its ASCII form.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.domain()
    }

    /// The address for lettre's envelope.
    #[must_use]
    pub const fn as_lettre(&self) -> &Address {
        &self.0
    }
}

impl fmt::Debug for MailAddress {
    /// Logs carry no addresses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailAddress(redacted)")
    }
}

/// The name of one mail, `<left@right>` (RFC 5322 §3.6.4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageId(String);

impl MessageId {
    /// Reads an id with its brackets, as it stands in a header. `None` where it could be anything but one id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let inner = text.strip_prefix('<')?.strip_suffix('>')?;
        let plain = inner.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte));
        let (left, right) = inner.split_once('@')?;
        let whole = !left.is_empty() && !right.is_empty();
        (plain && whole && text.len() <= MESSAGE_ID_CHARS).then(|| Self(text.to_owned()))
    }

    /// Names the mail of a job: the same job, the same name (G8). `domain` is that of the sender's address.
    #[must_use]
    pub fn of_job(job: uuid::Uuid, from: &MailAddress) -> Self {
        Self(reply_address::message_id(job, from.0.domain()))
    }

    /// The id with its brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What stands around a mail's words.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a> {
    /// Whom it comes from, in header and envelope.
    pub from: &'a MailAddress,
    /// Whom it goes to: alone, and without a name, which a stranger may have chosen.
    pub to: &'a MailAddress,
    /// Where answers go, if not to `from`.
    pub reply_to: Option<&'a MailAddress>,
    /// When it was written.
    pub at: Timestamp,
    /// Its name.
    pub message_id: &'a MessageId,
    /// The mail that it answers.
    pub in_reply_to: Option<&'a MessageId>,
    /// The thread before it, oldest first.
    pub references: &'a [MessageId],
    /// The address whose `POST` stops such mail at one click (RFC 8058).
    pub unsubscribe: Option<&'a Link>,
    /// What it is for.
    pub kind: &'a str,
}

/// A mail on its way out.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The envelope's sender.
    pub from: MailAddress,
    /// The envelope's only recipient.
    pub to: MailAddress,
    /// Its name.
    pub message_id: MessageId,
    /// Headers and body, lines ended by CR LF, dots not yet doubled.
    pub raw: Vec<u8>,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message_id, raw, .. } = self;
        write!(f, "Outgoing({}, {} bytes)", message_id.as_str(), raw.len())
    }
}

/// lettre refused what was built: a fault of ours, whatever the input was.
#[derive(Debug, thiserror::Error)]
#[error("the mail could not be put into bytes")]
pub struct BuildError(#[from] lettre::error::Error);

/// Puts a mail into bytes: the same input gives the same bytes.
///
/// # Errors
/// Never for any input known; lettre's own refusal is passed on.
pub fn build(mail: &Rendered, headers: &Headers<'_>) -> Result<Outgoing, BuildError> {
    let Headers { from, to, message_id, .. } = *headers;
    let from_name = one_line(&mail.from_name, FROM_NAME_CHARS);
    let subject = one_line(&mail.subject, SUBJECT_CHARS);
    let millis = u64::try_from(headers.at.0.min(LAST_DATE_MS)).unwrap_or(0);
    let mut builder = lettre::Message::builder()
        .envelope(Envelope::new(Some(from.0.clone()), vec![to.0.clone()])?)
        .raw_header(header("From", from.as_str(), mailbox(&from_name, from.as_str())))
        .raw_header(header("To", to.as_str(), mailbox("", to.as_str())))
        .raw_header(header("Subject", "", unstructured(&subject)))
        .date(UNIX_EPOCH + Duration::from_millis(millis))
        .raw_header(header("Message-ID", "", list([message_id.as_str()])));
    if let Some(reply_to) = headers.reply_to {
        builder = builder.raw_header(header("Reply-To", "", mailbox(&from_name, reply_to.as_str())));
    }
    if let Some(id) = headers.in_reply_to {
        builder = builder.raw_header(header("In-Reply-To", "", list([id.as_str()])));
    }
    if !headers.references.is_empty() {
        let ids = bounded(headers.references).map(MessageId::as_str);
        builder = builder.raw_header(header("References", "", list(ids)));
    }
    if let Some(link) = headers.unsubscribe {
        let target = format!("<{}>", link.as_str());
        builder = builder.raw_header(header("List-Unsubscribe", "", list([target.as_str()])));
        // RFC 8058 §3.1 allows one click over https alone.
        if link.as_str().starts_with("https:") {
            let click = "List-Unsubscribe=One-Click".to_owned();
            builder = builder.raw_header(header("List-Unsubscribe-Post", "", click));
        }
    }
    if mail.cause == Cause::Rule {
        builder = builder.raw_header(header("Auto-Submitted", "", "auto-generated".to_owned()));
    }
    // Exchange and Outlook answer by out-of-office notes what says nothing of this ([MS-OXCMAIL]).
    builder = builder.raw_header(header("X-Auto-Response-Suppress", "", "All".to_owned()));

    // By this we know our own mails when they come back, and so does any other Causette.
    builder = builder.raw_header(header(OWN_HEADER, "", headers.kind.to_owned()));

    let (text, html) = (unix_lines(&mail.text), unix_lines(&mail.html));
    let body = MultiPart::alternative()
        .boundary(boundary(message_id, &text, &html))
        .singlepart(part(ContentType::TEXT_PLAIN, text))
        .singlepart(part(ContentType::TEXT_HTML, html));
    let raw = builder.multipart(body)?.formatted();
    Ok(Outgoing { from: from.clone(), to: to.clone(), message_id: message_id.clone(), raw })
}

fn part(kind: ContentType, text: String) -> SinglePart {
    // Quoted-printable can be read as it is; where most is not ASCII, base64 is shorter.
    let ascii = text.bytes().filter(u8::is_ascii).count();
    let encoding = if ascii * 5 >= text.len() * 4 {
        ContentTransferEncoding::QuotedPrintable
    } else {
        ContentTransferEncoding::Base64
    };
    let body = Body::new_with_encoding(text, encoding)
        .unwrap_or_else(|text| Body::new(String::from_utf8_lossy(&text).into_owned()));
    SinglePart::builder().content_type(kind).body(body)
}

/// Makes every end of a line `\n`, so that the encoding finds no bare CR.
fn unix_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Returns what stands between the parts. `=_` occurs in neither encoding (RFC 2045 §6.7), so no body can end its part.
fn boundary(id: &MessageId, text: &str, html: &str) -> String {
    let mut digest = Sha256::new();
    for part in [id.as_str(), text, html] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    digest.finalize().iter().take(12).fold("=_".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}

fn bounded(ids: &[MessageId]) -> impl Iterator<Item = &MessageId> {
    let newest = ids.len().saturating_sub(REFERENCES_MAX - 1).max(1);
    ids.iter().enumerate().filter(move |(place, _)| *place == 0 || *place >= newest).map(|(_, id)| id)
}
