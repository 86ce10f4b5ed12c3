//! The parts of a mail (RFC 2045–2047, 2183): a list of leaves, each with what it says of itself.
//!
//! A walk of our own around mail-parser's readers of single fields: what comes from strangers may nest a hundred
//! thousand mails in one another, and a tree of them cannot be taken apart without as deep a stack. Here depth, number of
//! parts and bytes are bounded, and an attached mail is one leaf that is not opened.

use mail_parser::ContentType;
use mail_parser::decoders::charsets::map::charset_decoder;

use crate::mail::inbound::header::{Header, line_end};

/// Leaves that are looked at; the rest of the mail is kept in the original alone.
pub const PARTS: usize = 200;
/// Multiparts within one another that are opened.
pub const DEPTH: usize = 10;

/// One leaf of a mail.
#[derive(Debug)]
pub struct Part<'x> {
    /// The part's own header; for a mail of one part the mail's.
    pub header: Header<'x>,
    /// Lower-case `type/subtype`; `text/plain` where nothing is said.
    pub media_type: String,
    /// Content-Type with its attributes, where there is one.
    pub content_type: Option<ContentType<'static>>,
    /// Content-Disposition with its attributes, where there is one.
    pub disposition: Option<ContentType<'static>>,
    /// The innermost `multipart/alternative` it stands in, by number.
    pub alternative: Option<usize>,
    /// The body as transferred.
    raw: &'x [u8],
}

/// The leaves of a mail, in order.
#[derive(Debug)]
pub struct Parts<'x> {
    /// The leaves.
    pub leaves: Vec<Part<'x>>,
    /// The mail's own Content-Type: says of a report what it reports.
    pub root: Option<ContentType<'static>>,
    /// Whether there was more than the limits allow to look at.
    pub cut: bool,
}

struct Pending<'x> {
    raw: &'x [u8],
    depth: usize,
    alternative: Option<usize>,
    in_digest: bool,
}

/// Takes a mail apart. `header` and `body` are those of the whole mail.
#[must_use]
pub fn parts<'x>(header: &Header<'x>, body: &'x [u8]) -> Parts<'x> {
    let root = header.content_type("content-type");
    let mut found = Parts { leaves: Vec::new(), root: root.clone(), cut: false };
    let mut alternatives = 0;
    // Taken from the end: the children of a multipart are put there last to first.
    let mut pending: Vec<Pending<'x>> = Vec::new();
    let whole = Pending { raw: body, depth: 0, alternative: None, in_digest: false };
    let mut next = Some((header.clone(), whole));
    while let Some((header, place)) = next.take().or_else(|| {
        let mut place = pending.pop()?;
        let (header, body) = Header::split(place.raw);
        place.raw = body;
        Some((header, place))
    }) {
        if found.leaves.len() >= PARTS {
            found.cut = true;
            break;
        }
        let content_type = header.content_type("content-type");
        let boundary = content_type.as_ref().and_then(|kind| {
            kind.ctype().eq_ignore_ascii_case("multipart").then(|| kind.attribute("boundary")).flatten()
        });
        if let Some(boundary) = boundary.filter(|boundary| !boundary.is_empty()) {
            if place.depth < DEPTH {
                let subtype = content_type.as_ref().and_then(|kind| kind.subtype()).unwrap_or_default();
                let alternative = if subtype.eq_ignore_ascii_case("alternative") {
                    alternatives += 1;
                    Some(alternatives)
                } else {
                    place.alternative
                };
                let in_digest = subtype.eq_ignore_ascii_case("digest");
                let room = PARTS + 1 - found.leaves.len();
                let children = between(place.raw, boundary.as_bytes(), room);
                found.cut |= children.len() == room;
                if !children.is_empty() {
                    pending.extend(children.into_iter().rev().map(|raw| Pending {
                        raw,
                        depth: place.depth + 1,
                        alternative,
                        in_digest,
                    }));
                    continue;
                }
            } else {
                found.cut = true;
            }
        }
        found.leaves.push(leaf(header, content_type, &place));
    }
    found
}

fn leaf<'x>(header: Header<'x>, content_type: Option<ContentType<'static>>, place: &Pending<'x>) -> Part<'x> {
    let media_type = match &content_type {
        Some(kind) if kind.subtype().is_some() => {
            format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase()
        }
        _ if place.in_digest => "message/rfc822".to_owned(),
        _ => "text/plain".to_owned(),
    };
    // A multipart that could not be opened is the text it is written in.
    let media_type = if media_type.starts_with("multipart/") { "text/plain".to_owned() } else { media_type };
    let disposition = header.content_type("content-disposition");
    Part { header, media_type, content_type, disposition, alternative: place.alternative, raw: place.raw }
}

/// The stretches between the boundary's lines (RFC 2046 §5.1.1), at most `room` of them. What has no end ends with the mail.
fn between<'x>(raw: &'x [u8], boundary: &[u8], room: usize) -> Vec<&'x [u8]> {
    let mut found = Vec::new();
    let mut start = None;
    let mut at = 0;
    while at < raw.len() {
        let end = line_end(raw, at);
        let rest = raw[at..end].strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary));
        let rest = rest.map(<[u8]>::trim_ascii_end);
        if let Some(rest) = rest.filter(|rest| rest.is_empty() || *rest == b"--") {
            if let Some(start) = start {
                found.push(without_line_end(&raw[start..at]));
            }
            start = rest.is_empty().then_some(end);
            if start.is_none() || found.len() == room {
                return found;
            }
        }
        at = end;
    }
    if let Some(start) = start {
        found.push(&raw[start..]);
    }
    found
}

/// The line end before a boundary belongs to the boundary.
fn without_line_end(raw: &[u8]) -> &[u8] {
    let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
    raw.strip_suffix(b"\r").unwrap_or(raw)
}

impl Part<'_> {
    /// Whether it says that it is a file, or has a name as files have.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.disposition.as_ref().is_some_and(|kind| kind.ctype().eq_ignore_ascii_case("attachment"))
            || self.name().is_some()
    }

    /// The name it gives itself, as written by a stranger.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let named = self.disposition.as_ref().and_then(|kind| kind.attribute("filename"));
        named.or_else(|| self.content_type.as_ref().and_then(|kind| kind.attribute("name")))
    }

    /// The body's bytes; of a long one the part that at most `limit` transferred bytes hold.
    #[must_use]
    pub fn bytes(&self, limit: usize) -> Vec<u8> {
        let raw = &self.raw[..self.raw.len().min(limit)];
        match self.header.text("content-transfer-encoding").unwrap_or_default().to_ascii_lowercase().as_str()
        {
            "base64" => base64(raw),
            "quoted-printable" => quoted_printable(raw),
            _ => raw.to_vec(),
        }
    }

    /// How many bytes the body takes as transferred: never fewer than it has when decoded.
    #[must_use]
    pub fn transferred(&self) -> usize {
        self.raw.len()
    }

    /// The body as text: lines end with a line feed, and there is no NUL.
    #[must_use]
    pub fn text(&self, limit: usize) -> String {
        let bytes = self.bytes(limit);
        let charset = self.content_type.as_ref().and_then(|kind| kind.attribute("charset"));
        let text = in_charset(&bytes, charset.unwrap_or("us-ascii"));
        text.replace("\r\n", "\n")
            .chars()
            .map(|c| if c == '\r' { '\n' } else { c })
            .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
            .collect()
    }
}

/// Bytes of a named charset as text. Where the name says nothing (US-ASCII is what old programs put on anything) UTF-8
/// is tried first, and what is not that either is read as Windows-1252, in which every byte is a character.
fn in_charset(bytes: &[u8], charset: &str) -> String {
    let charset = charset.trim().to_ascii_lowercase();
    let named = match charset.as_str() {
        "" | "us-ascii" | "ascii" | "utf-8" | "utf8" | "unknown-8bit" | "x-unknown" => None,
        other => charset_decoder(other.as_bytes()),
    };
    match (named, std::str::from_utf8(bytes)) {
        (Some(decode), _) => decode(bytes),
        (None, Ok(text)) => text.trim_start_matches('\u{feff}').to_owned(),
        // A text that a limit cut within a character is UTF-8 all the same.
        (None, Err(error)) if charset.starts_with("utf") || bytes.len() - error.valid_up_to() < 4 => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        (None, Err(_)) => match charset_decoder(b"windows-1252") {
            Some(decode) => decode(bytes),
            None => String::from_utf8_lossy(bytes).into_owned(),
        },
    }
}

/// Base64 as it arrives: whatever is not one of its digits is skipped (RFC 2045 §6.8), and a torn end is left out.
fn base64(raw: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(raw.len() / 4 * 3);
    let (mut held, mut digits) = (0_u32, 0);
    for byte in raw {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            // The end of one run of digits: some programs join several.
            b'=' => {
                if digits >= 2 {
                    flush(&mut bytes, held, digits);
                }
                (held, digits) = (0, 0);
                continue;
            }
            _ => continue,
        };
        held = (held << 6) | u32::from(value);
        digits += 1;
        if digits == 4 {
            flush(&mut bytes, held, 4);
            (held, digits) = (0, 0);
        }
    }
    if digits >= 2 {
        flush(&mut bytes, held, digits);
    }
    bytes
}

fn flush(bytes: &mut Vec<u8>, held: u32, digits: u32) {
    let all = (held << (6 * (4 - digits))).to_be_bytes();
    bytes.extend_from_slice(&all[1..digits as usize]);
}

/// Quoted-printable as it arrives: what is not a proper escape stays as it is (RFC 2045 §6.7).
fn quoted_printable(raw: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        if raw[at] != b'=' {
            bytes.push(raw[at]);
            at += 1;
            continue;
        }
        let hex = raw.get(at + 1..at + 3).and_then(|two| {
            let high = char::from(two[0]).to_digit(16)?;
            let low = char::from(two[1]).to_digit(16)?;
            u8::try_from(high * 16 + low).ok()
        });
        if let Some(byte) = hex {
            bytes.push(byte);
            at += 3;
            continue;
        }
        let blanks = raw[at + 1..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
        if raw.get(at + 1 + blanks) == Some(&b'\n') {
            at += blanks + 2;
        } else {
            bytes.push(b'=');
            at += 1;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_with_its_faults() {
        assert_eq!(base64(b"aGVs\r\nbG8="), b"hello");
        assert_eq!(base64(b"aGVs bG8"), b"hello");
        assert_eq!(base64(b"aGVsbG8=\r\nIQ=="), b"hello!");
        assert_eq!(base64(b"aGVsb"), b"hel");
        assert_eq!(base64(b"===="), b"");
    }

    #[test]
    fn quoted_printable_is_read_with_its_faults() {
        assert_eq!(quoted_printable(b"a=C3=A9=\r\nb=  \nc"), "a\u{e9}bc".as_bytes());
        assert_eq!(quoted_printable(b"1=2 =X= ="), b"1=2 =X= =");
    }

    #[test]
    fn a_charset_is_believed_where_it_says_something() {
        assert_eq!(in_charset(b"caf\xe9", "ISO-8859-1"), "caf\u{e9}");
        assert_eq!(in_charset("caf\u{e9}".as_bytes(), "us-ascii"), "caf\u{e9}");
        assert_eq!(in_charset(b"caf\xe9 au lait", "us-ascii"), "caf\u{e9} au lait");
        assert_eq!(in_charset(b"caf\xe9 au lait", "x-nobody-knows"), "caf\u{e9} au lait");
        assert_eq!(in_charset(b"\x93\xfa\x96{", "Shift_JIS"), "\u{65e5}\u{672c}");
    }

    #[test]
    fn a_boundary_that_begins_another_is_not_taken_for_it() {
        let raw = b"x\n--a\none\n--ab\ntwo\n--a\nthree\n--a--\nafter";
        assert_eq!(between(raw, b"a", 9), [&b"one\n--ab\ntwo"[..], b"three"]);
        assert_eq!(between(b"--a\r\nopen\r\n", b"a", 9), [&b"open\r\n"[..]]);
        assert_eq!(between(raw, b"a", 1), [&b"one\n--ab\ntwo"[..]]);
    }
}
