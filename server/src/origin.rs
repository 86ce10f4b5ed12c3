//! Origins, as browsers serialise them (RFC 6454 §6.2): our own, and those of the pages that may embed a panel.
//!
//! They end up in `Content-Security-Policy`, where `*` is a wildcard and `;` and `,` begin something new, and a host may hold
//! all three by the URL standard. So a host here is a name, an IPv4 or an IPv6 address, and nothing else.

use url::{Host, Url};

/// Returns the origin that a text names: `http` or `https`, a host, perhaps a port, and nothing after it but one slash.
/// `None` where it names none.
#[must_use]
pub fn parse_origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let host_is_plain = match url.host()? {
        Host::Domain(name) => name.bytes().all(is_name_byte),
        Host::Ipv4(_) | Host::Ipv6(_) => true,
    };
    let nothing_else = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let is_web = matches!(url.scheme(), "http" | "https");
    (is_web && host_is_plain && nothing_else).then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_normalised() {
        for (text, origin) in [
            ("https://Shop.Example:443/", "https://shop.example"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("http://[::1]:80", "http://[::1]"),
            ("https://köln.example", "https://xn--kln-sna.example"),
        ] {
            assert_eq!(parse_origin(text).as_deref(), Some(origin));
        }
    }

    #[test]
    fn other_addresses_are_refused() {
        for bad in [
            "",
            "*",
            "shop.example",
            "https://",
            "https://a.example/x",
            "https://a.example?",
            "https://a.example/#",
            "https://me@a.example",
            "https://:secret@a.example",
            "ftp://a.example",
            "javascript:1",
            "null",
            "data:,x",
        ] {
            assert_eq!(parse_origin(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_host_cannot_say_more_than_its_name_in_a_policy() {
        for bad in [
            "https://*.example",
            "https://%2A.example",
            "https://\u{ff0a}.example",
            "https://a.example;sandbox",
            "https://a.example,b.example",
            "https://'self'",
        ] {
            assert_eq!(parse_origin(bad), None, "{bad}");
        }
    }
}
