//! Mails that come in: written as people's programs write them, and handed to the server as its mailbox would.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use causette_server::config::{Config, SecretUrl};
use causette_server::inbox::Inbox;
use causette_server::mail::mailbox::{Content, Fetched, Take as _, Taken};
use causette_server::mailer::captured::CapturedMail;
use causette_shared::id::ConversationId;
use mail_parser::MessageParser;

use super::app::config;
use super::{AgentActor, Database, TestServer, VisitorActor};

/// The visitor's address.
pub const ADA: &str = "ada@mail.example";
/// The host whose word on senders is believed.
pub const RECEIVER: &str = "mx.shop.example";
/// Where mail comes from.
pub const SHOP_ADDRESS: &str = "chat@shop.example";

/// An address with a password, as the configuration reads it.
pub fn secret_url(url: &str) -> SecretUrl {
    serde_json::from_value(url.into()).expect("it is text")
}

/// A configuration by which answers are read from a mailbox. Senders are looked up nowhere.
pub fn reading_from(url: &str) -> Config {
    Config {
        imap_url: Some(secret_url(url)),
        mail_from: Some(SHOP_ADDRESS.to_owned()),
        mail_results_of: Some(RECEIVER.to_owned()),
        ..config()
    }
}

/// A mailbox that nobody keeps.
pub const NOWHERE: &str = "imap://shop:secret@127.0.0.1:1";

/// What the mail host found of a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    Genuine,
    Forged,
    Unknown,
}

/// A mail to be written.
#[derive(Clone, Debug)]
pub struct Letter {
    pub from: String,
    pub to: String,
    pub subject: String,
    pub message_id: Option<String>,
    pub in_reply_to: Option<String>,
    pub sender: Sender,
    /// Further header lines.
    pub more: String,
    pub content_type: String,
    pub body: String,
}

impl Letter {
    /// A mail of plain text.
    pub fn new(from: &str, to: &str, body: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        Self {
            from: from.to_owned(),
            to: to.to_owned(),
            subject: "Re: The Shop answered you".to_owned(),
            message_id: Some(format!("<{number}.{}@mail.example>", std::process::id())),
            in_reply_to: None,
            sender: Sender::Genuine,
            more: String::new(),
            content_type: "text/plain; charset=utf-8".to_owned(),
            body: body.to_owned(),
        }
    }

    /// The answer to a mail of ours, with that mail quoted below.
    pub fn answering(mail: &OurMail, from: &str, text: &str) -> Self {
        let quoted =
            "On Tue, 22 Sep 2026 at 10:00, The Shop <chat@shop.example> wrote:\n> Yes, three are left.";
        let body = format!("{text}\n\n{quoted}\n");
        Self { in_reply_to: Some(mail.message_id.clone()), ..Self::new(from, &mail.reply_to, &body) }
    }

    /// The same without a word in it.
    pub fn emptied(self) -> Self {
        Self { body: String::new(), ..self }
    }

    /// Its bytes.
    pub fn raw(&self) -> Vec<u8> {
        let Self { from, to, subject, more, content_type, body, .. } = self;
        let domain = from.rsplit('@').next().unwrap_or_default().trim_end_matches('>');
        let dmarc = match self.sender {
            Sender::Genuine => format!("dmarc=pass header.from={domain}"),
            Sender::Forged => format!("dmarc=fail header.from={domain}"),
            Sender::Unknown => "none".to_owned(),
        };
        let mut head = format!("Authentication-Results: {RECEIVER}; {dmarc}\n");
        for (name, value) in [("Message-ID", &self.message_id), ("In-Reply-To", &self.in_reply_to)] {
            if let Some(value) = value {
                head.push_str(&format!("{name}: {value}\n"));
            }
        }
        let text = format!(
            "{head}From: {from}\nTo: {to}\nSubject: {subject}\nDate: Tue, 22 Sep 2026 10:10:10 +0000\n{more}\
             MIME-Version: 1.0\nContent-Type: {content_type}\n\n{body}"
        );
        text.replace('\n', "\r\n").into_bytes()
    }
}

/// A mail that we sent, as its reader's program sees it.
#[derive(Clone, Debug)]
pub struct OurMail {
    /// The address for answers.
    pub reply_to: String,
    /// With its angle brackets.
    pub message_id: String,
    pub to: String,
    pub text: String,
    pub raw: Vec<u8>,
}

impl OurMail {
    /// Reads it.
    pub fn read(raw: &[u8]) -> Self {
        let mail = MessageParser::default().parse(raw).expect("it is a mail");
        let address = |list: Option<&mail_parser::Address<'_>>| {
            list.and_then(|list| list.first()).and_then(|one| one.address()).unwrap_or_default().to_owned()
        };
        Self {
            reply_to: address(mail.reply_to()),
            message_id: format!("<{}>", mail.message_id().expect("it has one")),
            to: address(mail.to()),
            text: mail.body_text(0).unwrap_or_default().into_owned(),
            raw: raw.to_vec(),
        }
    }
}

impl From<&CapturedMail> for OurMail {
    fn from(mail: &CapturedMail) -> Self {
        Self::read(&mail.raw)
    }
}

/// A server whose mail is captured, and its inbox, which the test hands mails to.
pub struct PostOffice {
    pub inbox: Inbox,
    pub server: TestServer,
    uids: AtomicU32,
}

impl PostOffice {
    /// Opens one on either database. Its mailbox is nowhere: the server itself reads nothing.
    pub async fn on(database: Database) -> Self {
        Self::with(database, |inbox| inbox).await
    }

    /// Opens one whose inbox is made otherwise.
    pub async fn with(database: Database, made: impl FnOnce(Inbox) -> Inbox) -> Self {
        Self::configured(database, reading_from(NOWHERE), made).await
    }

    /// The same with a configuration of the test's own.
    pub async fn configured(database: Database, config: Config, made: impl FnOnce(Inbox) -> Inbox) -> Self {
        let server = TestServer::with_mail_and(database, config).await;
        server.add_shop().await;
        let inbox = made(Inbox::new(Arc::clone(&server.app), "shop@mail".to_owned()));
        Self { inbox, server, uids: AtomicU32::new(1) }
    }

    /// A visitor who asked, left their address, closed the page and was answered by mail.
    pub async fn who_was_mailed(&self) -> (AgentActor, Gone, OurMail) {
        let mut desk = AgentActor::arrive(&self.server).await;
        let mut visitor = VisitorActor::arrive(&self.server).await;
        visitor.say("Is the brass lamp in stock?").await;
        visitor.introduce(Some("Ada"), Some(ADA), None).await;
        visitor.sync().await;
        let conversation = visitor.conversation();
        let gone = Gone { conversation, secret: visitor.secret.clone() };
        drop(visitor);
        desk.watch(conversation, None).await;
        let mail = self.mail_reply(&mut desk, conversation, "Yes, three are left.").await;
        (desk, gone, mail)
    }

    /// An agent answers, and the answer goes out by mail.
    pub async fn mail_reply(
        &self,
        desk: &mut AgentActor,
        conversation: ConversationId,
        text: &str,
    ) -> OurMail {
        let before = self.server.await_mails(0).await.len();
        let seq = desk.reply(conversation, text).await as usize;
        self.server.advance(1_200);
        let mail = OurMail::from(&self.server.await_mails(before + 1).await[0]);
        // Its settlement is an entry.
        super::eventually("the entry of the mail", async || self.server.log(conversation).await.len() > seq)
            .await;
        mail
    }

    /// Puts a mail into the mailbox.
    pub async fn take(&self, letter: &Letter) -> Taken {
        self.take_raw(letter.raw()).await
    }

    /// Puts bytes into the mailbox.
    pub async fn take_raw(&self, raw: Vec<u8>) -> Taken {
        self.take_content(Content::Whole(raw)).await
    }

    /// Puts anything into the mailbox.
    pub async fn take_content(&self, content: Content) -> Taken {
        let uid = self.uids.fetch_add(1, Ordering::SeqCst);
        self.take_at(1, uid, content).await
    }

    /// The same under a number of the test's own.
    pub async fn take_at(&self, uid_validity: u32, uid: u32, content: Content) -> Taken {
        super::within("the taking", self.inbox.take(Fetched { uid_validity, uid, content })).await
    }
}

/// A visitor who has closed the page.
pub struct Gone {
    pub conversation: ConversationId,
    secret: String,
}

impl Gone {
    /// Opens the page again.
    pub async fn again(&self, server: &TestServer) -> VisitorActor {
        let mut visitor = VisitorActor::connect(server).await;
        visitor.secret.clone_from(&self.secret);
        visitor.hello().await;
        visitor.sync().await;
        visitor
    }
}
