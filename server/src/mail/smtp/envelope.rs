//! One mail as it goes over the wire: two addresses that are nothing else, and lines that end as lines end.

use lettre::Address;
use url::Host;

use crate::mail::smtp::failure::{Concern, SendError};
use crate::mail::smtp::{Outgoing, Phase};

/// A mail that is ready to be sent.
pub(super) struct Envelope {
    pub from: Address,
    pub to: Address,
    /// Every line ends with CRLF, but the last, which ends with the mail: the CRLF before the final dot is its end.
    pub body: Vec<u8>,
    /// An address or a header is written in more than ASCII: the server has to speak SMTPUTF8 (RFC 6531).
    pub is_international: bool,
}

impl Envelope {
    /// Checks and prepares a mail.
    pub(super) fn of(mail: &Outgoing<'_>) -> Result<Self, SendError> {
        let from = parse_address(mail.from).ok_or_else(|| {
            SendError::unfit(Phase::Sender, Concern::Server, "is no address that a mail can come from")
        })?;
        let to = parse_address(mail.to).ok_or_else(|| {
            SendError::unfit(Phase::Recipient, Concern::Recipient, "is no address that a mail can go to")
        })?;
        let body = normalise(mail.raw);
        let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        let is_international = !is_ascii(&from) || !is_ascii(&to) || !headers(&body).is_ascii();
        Ok(Self { from, to, body, is_international })
    }
}

/// An address that is one, and cannot become a second command or argument in its line: a quoted name may hold spaces and
/// brackets by RFC 5321, no mailbox that is in use does, and not every server keeps them apart.
///
/// The domain is written in ASCII where the name is, so that every server can take it (RFC 5890).
fn parse_address(text: &str) -> Option<Address> {
    if text.chars().any(|letter| letter.is_control() || letter.is_whitespace() || "<>\\\"".contains(letter)) {
        return None;
    }
    let address: Address = text.parse().ok()?;
    if !address.user().is_ascii() || address.domain().is_ascii() {
        return Some(address);
    }
    let Ok(Host::Domain(domain)) = Host::parse(address.domain()) else {
        return None;
    };
    Address::new(address.user(), domain).ok()
}

/// Makes every end of a line CRLF, be it written CRLF, LF or CR. A server that takes a bare LF for one would see the end
/// of the mail where we see text, and commands behind it (CVE-2023-51764).
fn normalise(raw: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(raw.len() + raw.len() / 32);
    let mut bytes = raw.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' => {
                bytes.next_if_eq(&b'\n');
                body.extend_from_slice(b"\r\n");
            }
            b'\n' => body.extend_from_slice(b"\r\n"),
            other => body.push(other),
        }
    }
    if body.ends_with(b"\r\n") {
        body.truncate(body.len() - 2);
    }
    body
}

fn headers(body: &[u8]) -> &[u8] {
    let end = body.windows(4).position(|window| window == b"\r\n\r\n");
    &body[..end.unwrap_or(body.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_ends_as_a_line_ends() {
        for (raw, sent) in [
            (&b"a\r\nb\r\n"[..], &b"a\r\nb"[..]),
            (b"a\nb", b"a\r\nb"),
            (b"a\rb", b"a\r\nb"),
            (b"a\n.\nMAIL FROM:<x@y.example>\n", b"a\r\n.\r\nMAIL FROM:<x@y.example>"),
            (b"a\r.\r", b"a\r\n."),
            (b"a\r\r\nb", b"a\r\n\r\nb"),
            (b"a\r\n\r\n", b"a\r\n"),
            (b"", b""),
        ] {
            assert_eq!(normalise(raw), sent, "{raw:?}");
        }
    }

    #[test]
    fn an_address_is_one_address_and_nothing_else() {
        for bad in [
            "",
            "bob",
            "bob@",
            "bob@mail.example\r\nRCPT TO:<eve@mail.example>",
            "bob@mail.example> NOTIFY=NEVER",
            "<bob@mail.example>",
            "\"bob> SIZE=1\"@mail.example",
            "\"a b\"@mail.example",
            "bob@mail.example,eve@mail.example",
            "Bob <bob@mail.example>",
            "bob@mail.example\0",
            "bob\u{2028}@mail.example",
        ] {
            assert!(parse_address(bad).is_none(), "{bad:?}");
        }
        for (text, written) in [
            ("bob+tag@mail.example", "bob+tag@mail.example"),
            ("bob@köln.example", "bob@xn--kln-sna.example"),
            ("böb@köln.example", "böb@köln.example"),
            ("o'neill@mail.example", "o'neill@mail.example"),
        ] {
            assert_eq!(parse_address(text).map(|address| address.to_string()).as_deref(), Some(written));
        }
    }

    #[test]
    fn letters_beyond_ascii_count_in_address_and_headers_only() {
        let international = |to: &str, raw: &str| {
            let mail = Outgoing { from: "shop@mail.example", to, raw: raw.as_bytes() };
            Envelope::of(&mail).expect("it is right").is_international
        };
        assert!(!international("bob@köln.example", "Subject: x\r\n\r\né"));
        assert!(international("böb@mail.example", "Subject: x\r\n\r\nx"));
        assert!(international("bob@mail.example", "Subject: é\r\n\r\nx"));
    }
}
