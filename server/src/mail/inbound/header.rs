//! The header of a mail or of one of its parts: its fields in their order, and their values as mail-parser reads them.
//!
//! Bounded: a header is read up to a limit of bytes and of fields, whatever its length. NUL never comes out.

use std::borrow::Cow;

use mail_parser::parsers::MessageStream;
use mail_parser::{Address, ContentType, DateTime, HeaderValue, Received};

/// Bytes of a header that are read; real ones, with every trace of a long way, stay under 64 KiB.
pub const HEADER_BYTES: usize = 256 * 1024;
/// Fields of a header that are read.
pub const HEADER_FIELDS: usize = 1_000;

/// One field: its name as written, and its raw value with the folding. It ends with a line feed, without which mail-parser
/// takes it for torn and gives nothing.
#[derive(Clone, Debug)]
struct Field<'x> {
    name: &'x [u8],
    value: Cow<'x, [u8]>,
}

/// The fields of a header, first to last.
#[derive(Clone, Debug, Default)]
pub struct Header<'x> {
    fields: Vec<Field<'x>>,
}

impl<'x> Header<'x> {
    /// Splits what begins with a header into its fields and the bytes behind the empty line.
    #[must_use]
    pub fn split(raw: &'x [u8]) -> (Self, &'x [u8]) {
        let mut fields: Vec<(usize, usize, usize)> = Vec::new();
        let mut at = 0;
        let mut body = raw.len();
        while at < raw.len() {
            let end = line_end(raw, at);
            let line = &raw[at..end];
            if line.iter().all(u8::is_ascii_whitespace) && !line.starts_with(b" ") && !line.starts_with(b"\t")
            {
                body = end;
                break;
            }
            if line.starts_with(b" ") || line.starts_with(b"\t") {
                if let Some(last) = fields.last_mut() {
                    last.2 = end;
                }
            } else if let Some(colon) = line.iter().position(|byte| *byte == b':') {
                if at <= HEADER_BYTES && fields.len() < HEADER_FIELDS {
                    fields.push((at, at + colon, end));
                }
            } else if fields.is_empty() {
                // The line that mail stores put in front ("From someone at some time") is no field, and other text without
                // a colon before the first field means that there is no header at all.
                if !line.starts_with(b"From ") && !line.starts_with(b">From ") {
                    body = at;
                    break;
                }
            }
            at = end;
        }
        let fields = fields
            .into_iter()
            .map(|(start, colon, end)| Field {
                name: raw[start..colon].trim_ascii(),
                value: whole_line(&raw[colon + 1..end.min(colon + 1 + HEADER_BYTES)]),
            })
            .collect();
        (Self { fields }, &raw[body..])
    }

    /// Whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Whether a field of this name is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// The first value of this name as text: unfolded, encoded words decoded (RFC 2047), trimmed.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.values(name).next().map(decoded)
    }

    /// Every value of this name as text.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = String> {
        self.values(name).map(decoded)
    }

    /// The addresses of every field of this name, in order: display name (perhaps empty) and address.
    pub fn addresses(&self, name: &str) -> impl Iterator<Item = (String, String)> {
        self.values(name).flat_map(|value| match MessageStream::new(value).parse_address() {
            HeaderValue::Address(list) => people(&list),
            _ => Vec::new(),
        })
    }

    /// The message identifiers of every field of this name, without their angle brackets.
    pub fn ids(&self, name: &str) -> impl Iterator<Item = String> {
        self.values(name).flat_map(|value| match MessageStream::new(value).parse_id() {
            HeaderValue::Text(id) => vec![clean(&id)],
            HeaderValue::TextList(ids) => ids.iter().map(|id| clean(id)).collect(),
            _ => Vec::new(),
        })
    }

    /// The first date of this name.
    #[must_use]
    pub fn date(&self, name: &str) -> Option<DateTime> {
        let value = self.values(name).next()?;
        MessageStream::new(value).parse_date().into_datetime().filter(DateTime::is_valid)
    }

    /// The first value of this name as type and attributes: Content-Type, Content-Disposition.
    #[must_use]
    pub fn content_type(&self, name: &str) -> Option<ContentType<'static>> {
        let value = self.values(name).next()?;
        MessageStream::new(value).parse_content_type().into_owned().into_content_type()
    }

    /// The traces of the hosts that passed the mail on, the last one first.
    pub fn received(&self) -> impl Iterator<Item = Received<'static>> {
        self.values("received").filter_map(|value| {
            MessageStream::new(value).parse_received().into_received().map(Received::into_owned)
        })
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
            .map(|field| field.value.as_ref())
    }
}

fn whole_line(value: &[u8]) -> Cow<'_, [u8]> {
    if value.ends_with(b"\n") { Cow::Borrowed(value) } else { Cow::Owned([value, b"\n"].concat()) }
}

/// The end of the line that begins at `at`, behind its line feed.
pub(super) fn line_end(raw: &[u8], at: usize) -> usize {
    raw[at..].iter().position(|byte| *byte == b'\n').map_or(raw.len(), |found| at + found + 1)
}

/// Text without NUL, which PostgreSQL refuses, and without other control characters but tab and line feed.
pub(super) fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

fn decoded(value: &[u8]) -> String {
    let parsed = MessageStream::new(value).parse_unstructured();
    let text = parsed.as_text().map(clean).unwrap_or_default();
    // An encoded word may hold a line feed: a header's value is one line all the same.
    text.replace(['\n', '\t'], " ").trim().to_owned()
}

fn people(list: &Address<'_>) -> Vec<(String, String)> {
    list.iter()
        .filter_map(|person| {
            let address = clean(person.address()?.trim());
            let name = person.name().map(|name| clean(name).replace(['\n', '\t'], " ")).unwrap_or_default();
            (!address.is_empty()).then(|| (name.trim().to_owned(), address))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_and_encoded_values_come_out_as_one_line() {
        let raw = b"Subject: =?utf-8?q?Bonjour=0A=C3=A0?=\r\n tous\r\nX-A: 1\r\nx-a: 2\r\n\r\nbody";
        let (header, body) = Header::split(raw);
        assert_eq!(header.text("subject").as_deref(), Some("Bonjour \u{e0} tous"));
        assert_eq!(header.texts("X-A").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(body, b"body");
    }

    #[test]
    fn a_value_that_the_end_cuts_off_is_read() {
        for raw in ["Subject: hello", "Subject: hello\n", "Subject: hello\r\n\r\n"] {
            assert_eq!(Header::split(raw.as_bytes()).0.text("Subject").as_deref(), Some("hello"));
        }
        let (header, _) = Header::split(b"To: Ann <ann@example.com>, bob@example.com");
        let expected = [("Ann", "ann@example.com"), ("", "bob@example.com")];
        let expected = expected.map(|(name, address)| (name.to_owned(), address.to_owned()));
        assert_eq!(header.addresses("to").collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_header_without_end_is_read_up_to_its_limits() {
        let raw = "A: b\n".repeat(HEADER_FIELDS * 200);
        let (header, body) = Header::split(raw.as_bytes());
        assert_eq!(header.texts("a").count(), HEADER_FIELDS);
        assert!(body.is_empty());
        let long = format!("To: {}\n\n", "a@example.org, ".repeat(HEADER_BYTES / 4));
        assert!(Header::split(long.as_bytes()).0.addresses("to").count() <= HEADER_BYTES / 15 + 1);
        assert!(Header::split(long.as_bytes()).0.has("to"));
        let folded = format!("Subject: x\n{}\nbody", " y\n".repeat(HEADER_BYTES));
        assert!(
            Header::split(folded.as_bytes()).0.text("subject").is_some_and(|text| text.len() <= HEADER_BYTES)
        );
    }
}
