//! The mails that keep a conversation going: what they say (`words`), how they look (`render` and `templates/email`),
//! and the bytes that leave (`message`).
//!
//! These are pure functions of what they are given: no database, no network, no clock, no entropy. Who may get which mail
//! and when is decided elsewhere; what a kind of mail must never hold is settled here, by what its function takes: `confirm`
//! takes no text of anybody. What comes in is understood in `inbound`. Only `smtp`, which hands over one mail, `mailbox`,
//! which fetches one after the other, and the DNS of `inbound::sender` reach outside.

pub mod brand;
pub mod color;
pub mod confirm;
pub mod domain_records;
pub mod follow_up;
mod header;
pub mod inbound;
pub mod mailbox;
pub mod message;
pub mod new_link;
pub mod render;
pub mod reply_address;
pub mod server_url;
pub mod smtp;
pub mod stream;
pub mod transcript;
pub mod words;

use std::fmt;

use causette_shared::time::Timestamp;

/// A language that mails speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English, which stands in for every other.
    English,
    /// French.
    French,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::French];

    /// Returns the language for a conversation's or a site's BCP 47 tag.
    #[must_use]
    pub fn of(locale: &str) -> Self {
        if crate::site::supported_locale(locale) == "fr" { Self::French } else { Self::English }
    }

    /// Its BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }
}

/// Characters of an address that a mail may hold. With the longest header name it stays far below the 998 that a line
/// may have (RFC 5322 §2.1.1).
const LINK_CHARS: usize = 800;

/// An address that a mail leads to: `https:` or `http:`, printable ASCII, without quotes and angle brackets, so that it
/// ends nothing that it stands in.
#[derive(Clone, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    /// Reads an address. `None` where it is none, of another scheme, or longer than 800 characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = url::Url::parse(text).ok()?;
        let text = String::from(url.as_str());
        let harmless = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"".contains(&byte));
        (matches!(url.scheme(), "https" | "http") && harmless && text.len() <= LINK_CHARS)
            .then_some(Self(text))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Link {
    /// The fragment may be a secret, and the path or query of a link to confirm too: only the origin is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.0.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        write!(f, "Link({origin}/…)")
    }
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author<'a> {
    /// Whom the mail goes to.
    Visitor,
    /// An agent, by the name shown to the visitor.
    Agent(&'a str),
    /// The site itself.
    Automatic,
}

/// One message of the conversation, as a mail shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Who wrote it.
    pub author: Author<'a>,
    /// When.
    pub at: Timestamp,
    /// What it says: plain text; line breaks are kept.
    pub text: &'a str,
    /// The names of its attachments, for display only.
    pub files: &'a [String],
}

/// Whether a person can answer a mail by a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The mail has an address for answers, and says so.
    ByMail,
    /// Only the link leads back.
    ByLink,
}

/// What caused a mail (RFC 3834 §5: `Auto-Submitted`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A rule.
    Rule,
    /// An agent who wrote it, saw it and sent it.
    Agent,
}

/// A mail in words, ready to be put into bytes by `message::build`.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The sender's name: the site's, with the agent's before it where one agent speaks.
    pub from_name: String,
    /// One line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// What caused it.
    pub cause: Cause,
}

impl fmt::Debug for Rendered {
    /// Mails hold what people wrote, and secret links: neither may reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rendered").field("cause", &self.cause).finish_non_exhaustive()
    }
}

/// A template failed: a fault of ours, whatever the input was.
#[derive(Debug, thiserror::Error)]
#[error("the template of the mail failed")]
pub struct RenderError(#[from] minijinja::Error);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_one_of_the_web() {
        let link = |text: &str| Link::parse(text).map(|link| link.as_str().to_owned());
        assert_eq!(link("https://shop.example/a b?c=<d>#causette=x").as_deref(), {
            Some("https://shop.example/a%20b?c=%3Cd%3E#causette=x")
        });
        assert_eq!(link("http://127.0.0.1:8080").as_deref(), Some("http://127.0.0.1:8080/"));
        assert_eq!(link("https://köln.example/é").as_deref(), Some("https://xn--kln-sna.example/%C3%A9"));
        for bad in
            ["javascript:alert(1)", "data:text/html,<b>", "mailto:a@b.example", "/path", "", "https://"]
        {
            assert_eq!(link(bad), None, "{bad}");
        }
        assert_eq!(link(&format!("https://a.example/{}", "x".repeat(800))), None);
        assert_eq!(link("https://a.example/\r\nBcc: b@c.example").as_deref(), {
            Some("https://a.example/Bcc:%20b@c.example")
        });
    }

    #[test]
    fn a_link_keeps_its_secret_in_logs() {
        let link =
            Link::parse("https://shop.example/confirm/s3cret?q=s3cret#causette=s3cret").expect("a link");
        assert_eq!(format!("{link:?}"), "Link(https://shop.example/…)");
    }
}
