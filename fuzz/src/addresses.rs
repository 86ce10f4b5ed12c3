//! Addresses: what people give of themselves, what proxies say of them, and what the owner of a site names.

use std::net::IpAddr;

use causette_shared::contact::{parse_email, parse_name, parse_phone};
use causette_shared::limits;
use ipnet::IpNet;

use crate::forwarded::client_address;
use crate::origin::parse_origin;

/// Reads text as each kind of address.
pub fn address(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    contact(text);
    origin(text);
    forwarded(text);
}

/// What is taken can stand in a header of a mail, and is taken again unchanged.
fn contact(text: &str) {
    for (parse, most) in [
        (parse_email as fn(&str) -> Result<String, _>, limits::EMAIL_CHARS),
        (parse_phone, limits::PHONE_CHARS),
        (parse_name, limits::NAME_CHARS),
    ] {
        if let Ok(taken) = parse(text) {
            assert!(!taken.is_empty() && taken.chars().count() <= most, "{taken:?} is too long");
            assert!(!taken.chars().any(char::is_control), "{taken:?} holds a control character");
            assert_eq!(parse(&taken), Ok(taken));
        }
    }
    if let Ok(email) = parse_email(text) {
        assert!(email.matches('@').count() == 1, "{email:?} is two addresses");
        assert!(!email.contains([',', ';', '<', '>', '"', ' ', '\\', ':']), "{email:?} says more");
    }
}

/// What is taken is a source of `Content-Security-Policy` (CSP 3 §2.3.1) that names one host.
fn origin(text: &str) {
    if let Some(origin) = parse_origin(text) {
        assert_eq!(parse_origin(&origin).as_ref(), Some(&origin));
        let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let host = rest.expect("a page is loaded by one of the two");
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
        assert!(!host.is_empty() && host.bytes().all(is_plain), "{origin:?} says more than a host");
    }
}

/// Whatever the header says: without trust it changes nothing, and with trust the address is one that stands in it.
fn forwarded(text: &str) {
    let direct = IpAddr::from([10, 0, 0, 1]);
    let trusted: [IpNet; 2] =
        ["10.0.0.0/8".parse().expect("a network"), "fd00::/8".parse().expect("a network")];
    assert_eq!(client_address(direct, text.lines(), &[]), direct);
    let address = client_address(direct, text.lines(), &trusted);
    let named = text
        .lines()
        .flat_map(|line| line.split(','))
        .any(|hop| hop.trim().parse::<IpAddr>().is_ok_and(|hop| hop.to_canonical() == address));
    assert!(address == direct || named, "{address} was made up");
    // The proxy that we trust adds the address it saw behind whatever the client has written.
    let seen = IpAddr::from([192, 0, 2, 7]);
    let lines = text.lines().chain(["192.0.2.7"]);
    assert_eq!(client_address(direct, lines, &trusted), seen, "a client chose its own address");
}
