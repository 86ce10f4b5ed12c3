//! Where the mail servers are: `smtp://`, `smtps://`, `imap://` and `imaps://` addresses, as the configuration has them.
//!
//! | part | meaning |
//! | --- | --- |
//! | `smtp`, `imap` | begins in the clear and becomes TLS (STARTTLS), which is required; to this machine itself it stays plain |
//! | `smtps`, `imaps` | TLS from the first byte |
//! | `user:password@` | percent-encoded (RFC 3986), so that any character can be written |
//! | `/INBOX` | IMAP only: the folder |
//! | `?tls=none`, `?tls=starttls` | overrides what the host decides |
//! | `?ca=/path.pem` | an authority to trust beside those of the machine |
//!
//! An address holds a password: `Debug` shows none of it, and no error quotes it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use url::{Host, Url};

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// TLS from the first byte.
    Tls,
    /// Begins in the clear; without STARTTLS there is no login and no mail.
    StartTls,
    /// Nothing: for this machine itself, or a network that is trusted.
    Plain,
}

/// Who we are to the server.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name, decoded.
    pub user: String,
    /// The password, decoded.
    pub password: String,
}

/// What both kinds of address say.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    pub(super) host: Host<String>,
    pub(super) port: u16,
    pub(super) protection: Protection,
    pub(super) login: Option<Login>,
    pub(super) authority: Option<PathBuf>,
}

/// The address of the server that takes our mail.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl(Server);

/// The address of the mailbox that we read.
#[derive(Clone, PartialEq, Eq)]
pub struct ImapUrl {
    server: Server,
    folder: String,
}

/// What is wrong with an address. It never quotes the address, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It cannot be taken apart.
    #[error(
        "is not an address ({0}); in user and password special characters are written as %XX, as %40 for @"
    )]
    Form(url::ParseError),
    /// It is for something else.
    #[error("begins with {found}:// where {expected} is expected")]
    Scheme {
        /// What it begins with.
        found: String,
        /// What it may begin with.
        expected: &'static str,
    },
    /// It names no server.
    #[error("names no host")]
    Host,
    /// Port 0 is nobody's.
    #[error("names port 0")]
    Port,
    /// A name without a password, or the reverse, or neither where one is needed.
    #[error("needs a user and a password, as in {0}://user:password@host")]
    Login(&'static str),
    /// Percent signs that are not followed by two digits, or text that is not UTF-8, or control characters.
    #[error("has a {0} that cannot be decoded: write special characters as %XX, in UTF-8")]
    Encoding(&'static str),
    /// An SMTP address has no path; a fragment belongs to neither.
    #[error(
        "has something after host and port that does not belong there (a # or / in a password is written %23, %2F)"
    )]
    Rest,
    /// An option that does not exist.
    #[error("has an unknown option; there are tls=none, tls=starttls and ca=/path/to/authority.pem")]
    Option,
    /// `smtps://…?tls=none`.
    #[error("asks for TLS by its scheme and for something else by its option tls")]
    Contradiction,
    /// A folder in letters beyond ASCII has an encoding of its own (RFC 3501 §5.1.3).
    #[error("names a folder with letters beyond ASCII: write it in modified UTF-7, as the server lists it")]
    Folder,
}

impl Server {
    /// `host:port`, for people.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// How the connection is protected.
    #[must_use]
    pub const fn protection(&self) -> Protection {
        self.protection
    }

    /// Whether it is this machine itself.
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        is_this_machine(&self.host)
    }

    /// The file of an authority to trust beside those of the machine.
    #[must_use]
    pub fn authority(&self) -> Option<&Path> {
        self.authority.as_deref()
    }
}

impl SmtpUrl {
    /// The server that it names.
    #[must_use]
    pub const fn server(&self) -> &Server {
        &self.0
    }
}

impl ImapUrl {
    /// The server that it names.
    #[must_use]
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// Which mailbox it is, whatever the way there: user, host and folder. It stays the same when the password, the port or
    /// the encryption change.
    #[must_use]
    pub fn mailbox(&self) -> String {
        let user = self.server.login.as_ref().map_or("", |login| login.user.as_str());
        format!("{user}@{}/{}", self.server.host, self.folder)
    }

    /// The folder that is read, `INBOX` where it names none.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }
}

/// What tells the two protocols apart here.
struct Family {
    plain: (&'static str, u16),
    tls: (&'static str, u16),
    expected: &'static str,
}

const SMTP: Family = Family { plain: ("smtp", 587), tls: ("smtps", 465), expected: "smtp:// or smtps://" };
const IMAP: Family = Family { plain: ("imap", 143), tls: ("imaps", 993), expected: "imap:// or imaps://" };

impl FromStr for SmtpUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (server, path) = parse(text, &SMTP)?;
        if path.is_empty() { Ok(Self(server)) } else { Err(UrlError::Rest) }
    }
}

impl FromStr for ImapUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (server, path) = parse(text, &IMAP)?;
        if server.login.is_none() {
            return Err(UrlError::Login(IMAP.tls.0));
        }
        let folder = if path.is_empty() { "INBOX".to_owned() } else { decode(&path, "folder")? };
        if folder.is_ascii() { Ok(Self { server, folder }) } else { Err(UrlError::Folder) }
    }
}

/// Takes an address apart; returns also its path, still encoded, without the first slash.
fn parse(text: &str, family: &Family) -> Result<(Server, String), UrlError> {
    let url = Url::parse(text.trim()).map_err(UrlError::Form)?;
    let implicit = url.scheme() == family.tls.0;
    if !implicit && url.scheme() != family.plain.0 {
        return Err(UrlError::Scheme { found: url.scheme().to_owned(), expected: family.expected });
    }
    let host = parse_host(url.host_str().unwrap_or_default())?;
    if url.fragment().is_some() {
        return Err(UrlError::Rest);
    }
    let port = url.port().unwrap_or(if implicit { family.tls.1 } else { family.plain.1 });
    if port == 0 {
        return Err(UrlError::Port);
    }
    let login = match (decode(url.username(), "user")?, url.password()) {
        (user, None) if user.is_empty() => None,
        (user, Some(password)) if !user.is_empty() && !password.is_empty() => {
            Some(Login { user, password: decode(password, "password")? })
        }
        _ => return Err(UrlError::Login(if implicit { family.tls.0 } else { family.plain.0 })),
    };
    let (asked, authority) = parse_options(url.query().unwrap_or_default())?;
    let protection = match asked {
        None if implicit => Protection::Tls,
        Some(_) if implicit => return Err(UrlError::Contradiction),
        None if is_this_machine(&host) => Protection::Plain,
        None => Protection::StartTls,
        Some(protection) => protection,
    };
    let path = url.path().strip_prefix('/').unwrap_or_default().to_owned();
    Ok((Server { host, port, protection, login, authority }, path))
}

/// The host as it is looked up and as a certificate names it: `url` leaves it as written for schemes that it does not know.
fn parse_host(written: &str) -> Result<Host<String>, UrlError> {
    if written.is_empty() {
        return Err(UrlError::Host);
    }
    Host::parse(written).map_err(UrlError::Form)
}

fn parse_options(query: &str) -> Result<(Option<Protection>, Option<PathBuf>), UrlError> {
    let (mut protection, mut authority) = (None, None);
    for option in query.split('&').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("tls", "none")) => protection = Some(Protection::Plain),
            Some(("tls", "starttls")) => protection = Some(Protection::StartTls),
            Some(("ca", path)) if !path.is_empty() => authority = Some(decode(path, "ca")?.into()),
            _ => return Err(UrlError::Option),
        }
    }
    Ok((protection, authority))
}

fn is_this_machine(host: &Host<String>) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Decodes percent signs (RFC 3986 §2.1). What comes out goes into a line of a protocol, so that control characters are
/// refused here, once for all.
fn decode(text: &str, part: &'static str) -> Result<String, UrlError> {
    let wrong = || UrlError::Encoding(part);
    let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' {
            let (high, low) = (digit(bytes.next()), digit(bytes.next()));
            let value = high.zip(low).ok_or_else(wrong)?;
            u8::try_from(value.0 * 16 + value.1).map_err(|_| wrong())?
        } else {
            byte
        });
    }
    let decoded = String::from_utf8(decoded).map_err(|_| wrong())?;
    if decoded.chars().any(char::is_control) { Err(wrong()) } else { Ok(decoded) }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(redacted)")
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({}, {:?})", self.address(), self.protection)
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpUrl({}, {:?})", self.0.address(), self.0.protection)
    }
}

impl fmt::Debug for ImapUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImapUrl({}, {:?})", self.server.address(), self.server.protection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp(text: &str) -> Result<Server, UrlError> {
        text.parse::<SmtpUrl>().map(|url| url.0)
    }

    #[test]
    fn the_scheme_and_the_host_decide_about_tls() {
        for (text, port, protection) in [
            ("smtp://mail.example", 587, Protection::StartTls),
            ("smtp://mail.example:25/", 25, Protection::StartTls),
            ("smtp://mail.example?tls=none", 587, Protection::Plain),
            ("smtps://mail.example", 465, Protection::Tls),
            ("smtp://localhost:1025", 1025, Protection::Plain),
            ("smtp://LOCALHOST:1025", 1025, Protection::Plain),
            ("smtp://127.0.0.2:1025", 1025, Protection::Plain),
            ("smtp://[::1]:1025", 1025, Protection::Plain),
            ("smtp://localhost:1025?tls=starttls", 1025, Protection::StartTls),
            ("smtp://localhost.mail.example", 587, Protection::StartTls),
            ("smtp://10.0.0.1", 587, Protection::StartTls),
        ] {
            let server = smtp(text).expect(text);
            assert_eq!((server.port, server.protection), (port, protection), "{text}");
        }
    }

    #[test]
    fn user_password_folder_and_authority_are_decoded() {
        let text =
            "imaps://me%40mail.example:p%2F%23+%C3%A9%25@imap.example/Archive/In%20Box?ca=/etc/a%20b.pem";
        let url: ImapUrl = text.parse().expect("it is right");
        let login = url.server.login.clone().expect("it has one");
        assert_eq!((login.user.as_str(), login.password.as_str()), ("me@mail.example", "p/#+é%"));
        assert_eq!(url.folder(), "Archive/In Box");
        assert_eq!(url.server.authority(), Some(Path::new("/etc/a b.pem")));
        assert_eq!(url.server.address(), "imap.example:993");
        let plain: ImapUrl = "imap://u:p@h.example/".parse().expect("it is right");
        assert_eq!((plain.folder(), plain.server.port), ("INBOX", 143));
        let international = smtp("smtps://köln.example").expect("it is right");
        assert_eq!(international.address(), "xn--kln-sna.example:465");
    }

    #[test]
    fn what_is_wrong_is_named_and_the_password_is_not() {
        for (text, told) in [
            ("mail.example", "is not an address"),
            ("smtp://u:hunter2#x@mail.example", "is not an address"),
            ("http://u:hunter2@mail.example", "begins with http:// where smtp:// or smtps:// is expected"),
            ("smtp://", "names no host"),
            ("smtp:mail.example", "names no host"),
            ("smtp://mail.example:0", "names port 0"),
            ("smtp://mail.example:99999", "invalid port"),
            ("smtp://user@mail.example", "needs a user and a password"),
            ("smtp://:hunter2@mail.example", "needs a user and a password"),
            ("smtp://u:hunter2%0D%0A@mail.example", "has a password that cannot be decoded"),
            ("smtp://u:hunter2%zz@mail.example", "has a password that cannot be decoded"),
            ("smtp://u:hunter2%FF@mail.example", "has a password that cannot be decoded"),
            ("smtp://u:hunter2@mail.example/INBOX", "does not belong there"),
            ("smtp://u:hunter2@mail.example?tls=maybe", "unknown option"),
            ("smtp://u:hunter2@mail.example?hunter2", "unknown option"),
            ("smtps://mail.example?tls=none", "asks for TLS by its scheme"),
        ] {
            let error = smtp(text).expect_err(text).to_string();
            assert!(error.contains(told), "{text}: {error}");
            assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
        }
        for (text, told) in [
            ("imaps://mail.example", "needs a user and a password, as in imaps://"),
            ("smtp://u:p@mail.example", "imap:// or imaps://"),
            ("imaps://u:p@mail.example/Bo%C3%AEte", "modified UTF-7"),
        ] {
            let error = text.parse::<ImapUrl>().expect_err(text).to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let smtp: SmtpUrl = "smtp://someone:hunter2@mail.example".parse().expect("it is right");
        let imap: ImapUrl = "imaps://someone:hunter2@mail.example".parse().expect("it is right");
        for shown in
            [format!("{smtp:?}"), format!("{imap:?}"), format!("{:?} {:?}", imap.server, imap.server.login)]
        {
            assert!(!shown.contains("hunter2") && !shown.contains("someone"), "{shown}");
            assert!(shown.contains("mail.example"), "{shown}");
        }
    }
}
