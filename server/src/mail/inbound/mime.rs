//! The parts of a mail (RFC 2045–2047, 2183): a list of leaves, each with what it says of itself.
//!
//! A walk of our own around mail-parser's readers of single fields: what comes from strangers may nest a hundred
//! thousand mails in one another, and a tree of them cannot be taken apart without as deep a stack. Here depth, number of
//! parts and bytes are bounded, and an attached mail is one leaf that is not opened.

use mail_parser::ContentType;

use crate::mail::inbound::header::{Header, line_end};
use crate::mail::inbound::transfer::{base64, in_charset, quoted_printable};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_that_begins_another_is_not_taken_for_it() {
        let raw = b"x\n--a\none\n--ab\ntwo\n--a\nthree\n--a--\nafter";
        assert_eq!(between(raw, b"a", 9), [&b"one\n--ab\ntwo"[..], b"three"]);
        assert_eq!(between(b"--a\r\nopen\r\n", b"a", 9), [&b"open\r\n"[..]]);
        assert_eq!(between(raw, b"a", 1), [&b"one\n--ab\ntwo"[..]]);
    }
}
