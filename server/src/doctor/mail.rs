//! The mail server and the mailbox: whether they are configured, can be reached and trusted, and let us in. No mail is sent
//! here.

use std::time::Duration;

use crate::config::Config;
use crate::doctor::report::Finding;
use crate::mail::mailbox::{Mailbox, MailboxError, MailboxOptions};
use crate::mail::message::MailAddress;
use crate::mail::reply_address::{self, ReplyKey};
use crate::mail::server_url::{ImapUrl, Protection, Server, SmtpUrl};
use crate::mail::smtp::{Concern, Patience, Phase, SendError, Sender, SenderOptions};

pub(super) const SMTP: &str = "mail server";
pub(super) const IMAP: &str = "mailbox";

/// How long a person at the terminal waits for a mail server; the outbox waits longer.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(10),
    command: Duration::from_secs(20),
    body: Duration::from_secs(30),
    answer: Duration::from_secs(60),
    total: Duration::from_secs(90),
};

/// What the configuration says of one side of the mail.
pub(super) enum Side<T> {
    /// Nothing.
    Missing,
    /// What cannot be used, and why.
    Wrong(Finding),
    /// All that is needed.
    Ready(T),
}

impl<T> Side<T> {
    pub(super) fn ready(&self) -> Option<&T> {
        match self {
            Self::Ready(side) => Some(side),
            Self::Missing | Self::Wrong(_) => None,
        }
    }
}

/// How mail goes out.
pub(super) struct Outward {
    url: SmtpUrl,
    /// Whom it comes from.
    pub(super) from: MailAddress,
}

/// How answers come in.
pub(super) struct Inward {
    url: ImapUrl,
    /// The address of the mailbox.
    pub(super) address: MailAddress,
}

impl Outward {
    pub(super) fn sender(&self) -> Result<Sender, String> {
        let options = SenderOptions { patience: PATIENCE, ..SenderOptions::default() };
        Sender::new(&self.url, options).map_err(|error| error.to_string())
    }
}

impl Inward {
    pub(super) fn mailbox(&self) -> Result<Mailbox, String> {
        let options = MailboxOptions { patience: PATIENCE.command, ..MailboxOptions::default() };
        Mailbox::new(self.url.clone(), options).map_err(|error| error.to_string())
    }
}

/// Both sides.
pub(super) struct MailSetup {
    pub(super) outward: Side<Outward>,
    pub(super) inward: Side<Inward>,
}

impl MailSetup {
    /// Reads what the configuration says of mail.
    pub(super) fn read(config: &Config) -> Self {
        let from = config.mail_from.as_deref().map(MailAddress::parse);
        let outward = match (&config.smtp_url, &from) {
            (None, _) => Side::Missing,
            (Some(_), None) => Side::Wrong(Finding::failed(
                SMTP,
                "smtp_url needs mail_from, the address that mail comes from",
                "set mail_from to an address of your own domain",
            )),
            (Some(_), Some(Err(error))) => wrong(SMTP, "mail_from is", error),
            (Some(url), Some(Ok(from))) => match url.expose().parse() {
                Ok(url) => Side::Ready(Outward { url, from: from.clone() }),
                Err(error) => wrong(SMTP, "smtp_url", &error),
            },
        };
        let address = config.mail_reply_to.as_deref().map(MailAddress::parse).or(from);
        let inward = match (&config.imap_url, address) {
            (None, _) => Side::Missing,
            (Some(_), None) => Side::Wrong(Finding::failed(
                IMAP,
                "imap_url needs the address of the mailbox",
                "set mail_reply_to, or mail_from where it is the same",
            )),
            (Some(_), Some(Err(error))) => wrong(IMAP, "mail_reply_to is", &error),
            (Some(url), Some(Ok(address))) => match url.expose().parse() {
                Ok(url) => Side::Ready(Inward { url, address }),
                Err(error) => wrong(IMAP, "imap_url", &error),
            },
        };
        Self { outward, inward }
    }
}

/// No address is quoted: it may hold a password.
fn wrong<T>(check: &'static str, key: &str, error: &dyn std::fmt::Display) -> Side<T> {
    Side::Wrong(Finding::failed(check, format!("{key} {error}"), "correct it; docs/email.md has examples"))
}

pub(super) async fn examine(setup: &MailSetup) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &setup.outward {
        Side::Missing => findings.push(Finding::warning(
            SMTP,
            "none is configured: mails wait in the outbox, and visitors who left hear nothing",
            "set smtp_url and mail_from; see docs/email.md",
        )),
        Side::Wrong(finding) => findings.push(finding.clone()),
        Side::Ready(outward) => {
            findings.push(check_smtp(outward).await);
            findings.extend(unprotected(SMTP, outward.url.server()));
        }
    }
    match &setup.inward {
        Side::Missing => findings.push(Finding::skipped(
            IMAP,
            "none is configured (imap_url): mails are answered through their link, not by mail",
        )),
        Side::Wrong(finding) => findings.push(finding.clone()),
        Side::Ready(inward) => {
            findings.push(check_imap(inward).await);
            findings.extend(unprotected(IMAP, inward.url.server()));
        }
    }
    findings
}

async fn check_smtp(outward: &Outward) -> Finding {
    let place = outward.url.server().address();
    let sender = match outward.sender() {
        Ok(sender) => sender,
        Err(error) => return Finding::failed(SMTP, error, "look at the option ca of smtp_url"),
    };
    match sender.check().await {
        Ok(()) => Finding::ok(SMTP, format!("{place} lets us in{}", protection(outward.url.server()))),
        Err(error) => Finding::failed(SMTP, format!("{place}: {}", told(&error)), advice(&error)),
    }
}

async fn check_imap(inward: &Inward) -> Finding {
    let place = inward.url.server().address();
    let any = reply_address::make(
        &ReplyKey::from_bytes([0; 32]),
        causette_shared::id::ConversationId(uuid::Uuid::nil()),
        inward.address.as_str(),
    );
    if let Err(error) = any {
        return Finding::failed(
            IMAP,
            format!("mail_reply_to: {error}"),
            "use an address with a shorter name",
        );
    }
    let mailbox = match inward.mailbox() {
        Ok(mailbox) => mailbox,
        Err(error) => return Finding::failed(IMAP, error, "look at the option ca of imap_url"),
    };
    match mailbox.check().await {
        Ok(_) => {
            let folder = inward.url.folder();
            Finding::ok(IMAP, format!("{place} opens {folder}{}", protection(inward.url.server())))
        }
        Err(error) => Finding::failed(IMAP, format!("{place}: {error}"), mailbox_advice(error)),
    }
}

const fn protection(server: &Server) -> &'static str {
    match server.protection() {
        Protection::Tls | Protection::StartTls => ", encrypted",
        Protection::Plain => "",
    }
}

fn unprotected(check: &'static str, server: &Server) -> Option<Finding> {
    let is_bare = server.protection() == Protection::Plain && !server.is_this_machine();
    is_bare.then(|| {
        Finding::warning(
            check,
            "the connection is not encrypted (tls=none): password and mails can be read on the way",
            "leave tls=none out, unless nobody else is in that network",
        )
    })
}

/// Our words, and those of the server.
pub(super) fn told(error: &SendError) -> String {
    match error.text() {
        "" => error.to_string(),
        text => format!("{error}: {text}"),
    }
}

/// What to do where no mail goes out.
pub(super) fn advice(error: &SendError) -> &'static str {
    match error.phase() {
        Phase::Connect => "look at host and port of smtp_url, and whether this machine may send there",
        Phase::Encryption => {
            "look at the host's name, which its certificate must have, and name a private authority by \
             ?ca=/path.pem; smtps:// is for port 465, smtp:// for 587"
        }
        Phase::Login => "look at user and password of smtp_url; special characters are written as %XX",
        Phase::Sender => "the server must let this user send as mail_from",
        _ if error.concern() == Concern::Recipient => {
            "the host of mail_reply_to must take name+anything@ for name@ (sub-addressing)"
        }
        _ => "look at what the server says, and at its log",
    }
}

const fn mailbox_advice(error: MailboxError) -> &'static str {
    match error {
        MailboxError::Unreachable(_) => "look at host and port of imap_url",
        MailboxError::Encryption => {
            "look at the host's name, which its certificate must have, and name a private authority by \
             ?ca=/path.pem; imaps:// is for port 993, imap:// for 143"
        }
        MailboxError::Login => "look at user and password of imap_url; special characters are written as %XX",
        MailboxError::Folder => "look at the folder behind the host in imap_url; without one it is INBOX",
        _ => "look at the server's log",
    }
}
