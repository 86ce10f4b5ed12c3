//! From what a mail is made of to its bytes.

use causette_shared::entry::{Author, Body, Entry, Mail, MailKind};
use causette_shared::id::{ConversationId, JobId};

use crate::mail::brand::Brand;
use crate::mail::confirm::Confirm;
use crate::mail::follow_up::{FollowUp, Occasion, Question};
use crate::mail::message::{BuildError, Headers, MailAddress, MessageId, Outgoing, build};
use crate::mail::new_link::NewLink;
use crate::mail::reply_address::{self, ReplyKey};
use crate::mail::transcript::Transcript;
use crate::mail::words::Wall;
use crate::mail::{self, Answer, Language, Link, RenderError, Rendered};
use crate::service::prepare_mail::Material;
use crate::signed::{self, Purpose};
use crate::site::{Site, text_in};

/// The mails of a thread that a mail refers to: its first and its newest.
const REFERENCES: usize = 20;

/// What every mail of this installation has in common.
#[derive(Clone)]
pub struct Letterhead {
    /// Whom mails come from.
    pub from: MailAddress,
    /// The mailbox that answers are read from, where there is one.
    pub reply_to: Option<MailAddress>,
    /// The key of what is signed.
    pub key: [u8; 32],
    /// Our own public origin.
    pub public_url: String,
}

/// Why a mail cannot be made: a fault of ours.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// A template fails.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// It cannot be put into bytes.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The page that its link is to lead to has an address that no mail can hold.
    #[error("the address of the page for links is too long, or public_url is none")]
    Page,
    /// The address is none that mail can go to.
    #[error("the address is none that mail can go to")]
    Address,
}

/// A message as mails show it, with what it borrows from.
struct Shown<'a> {
    entry: &'a Entry,
    files: Vec<String>,
}

impl Shown<'_> {
    fn message(&self) -> mail::Message<'_> {
        let author = match &self.entry.author {
            Author::Visitor => mail::Author::Visitor,
            Author::Agent { name, .. } => mail::Author::Agent(name),
            Author::Automatic => mail::Author::Automatic,
        };
        let text = self.entry.body.text().unwrap_or_default();
        mail::Message { author, at: self.entry.at, text, files: &self.files }
    }
}

fn shown(entries: &[Entry]) -> Vec<Shown<'_>> {
    let files = |entry: &Entry| match &entry.body {
        Body::Mail(Mail { files, .. }) => files.iter().map(|file| file.name.clone()).collect(),
        _ => Vec::new(),
    };
    entries.iter().map(|entry| Shown { entry, files: files(entry) }).collect()
}

impl Letterhead {
    /// Whom mail comes from where nothing is configured: only the demo's, which leaves nothing.
    pub const UNCONFIGURED: &str = "chat@demo.example";

    /// Makes the mail of a job.
    ///
    /// # Errors
    /// See `ComposeError`.
    pub fn compose(&self, job: JobId, material: &Material) -> Result<Outgoing, ComposeError> {
        let rendered = self.render(material)?;
        let id = material.conversation.id;
        let to = MailAddress::parse(&material.to).map_err(|_| ComposeError::Address)?;
        let reply_to = self.reply_to(id);
        let stop = self.stop_link(id);
        let earlier: Vec<MessageId> =
            material.earlier.iter().map(|job| MessageId::of_job(job.0, &self.from)).collect();
        let newest = earlier.len().saturating_sub(REFERENCES - 1).max(1);
        let references: Vec<MessageId> =
            earlier.iter().take(1).chain(earlier.iter().skip(newest)).cloned().collect();
        let headers = Headers {
            from: &self.from,
            to: &to,
            reply_to: reply_to.as_ref(),
            at: material.at,
            message_id: &MessageId::of_job(job.0, &self.from),
            in_reply_to: earlier.last(),
            references: &references,
            unsubscribe: stop.as_ref(),
            kind: material.kind.as_str(),
        };
        Ok(build(&rendered, &headers)?)
    }

    /// Renders the mail without its envelope: what an agent sees before they send.
    ///
    /// # Errors
    /// See `ComposeError`.
    pub fn render(&self, material: &Material) -> Result<Rendered, ComposeError> {
        let Material { site, conversation, .. } = material;
        let settings = &site.settings;
        let locale =
            if settings.mail_locale.is_empty() { &conversation.locale } else { &settings.mail_locale };
        let language = Language::of(locale);
        let wall = Wall { language, offset_min: settings.utc_offset_minutes };
        let brand = Brand::of(site, &self.public_url)
            .with_logo(Link::parse(&settings.logo_url))
            .with_hours(Some(text_in(&settings.opening_hours, language.tag())));
        let resume = self.resume_link(site, material)?;
        let stop = self.stop_link(conversation.id);
        let (number, stop) = (conversation.number, stop.as_ref());
        let answer = if self.reply_to(conversation.id).is_some() { Answer::ByMail } else { Answer::ByLink };
        let shown = shown(&material.messages);
        let messages: Vec<mail::Message<'_>> = shown.iter().map(Shown::message).collect();
        let valid_days = u32::from(settings.resume_link_days);
        Ok(match material.kind {
            MailKind::FollowUp | MailKind::Invite | MailKind::Tell => {
                let occasion = match (material.kind, &material.agent) {
                    // What they wrote is among the replies.
                    (MailKind::Invite, Some(agent)) => Occasion::Invite { agent, text: "" },
                    (MailKind::Tell, _) => Occasion::Told,
                    _ => Occasion::Unseen,
                };
                let question = material
                    .question
                    .as_ref()
                    .map(|entry| Question { text: entry.body.text().unwrap_or_default(), at: entry.at });
                let replies = &messages;
                FollowUp { occasion, wall, number, question, replies, resume: &resume, answer, stop }
                    .render(&brand)?
            }
            MailKind::Transcript => {
                let (at, messages, resume) = (material.at, &messages[..], &resume);
                Transcript { wall, number, at, messages, resume, answer, stop }.render(&brand)?
            }
            MailKind::ConfirmCopy => {
                Confirm { language, number, link: &resume, valid_days, stop }.render(&brand)?
            }
            MailKind::NewLink => {
                NewLink { language, number, resume: &resume, valid_days, stop }.render(&brand)?
            }
        })
    }

    /// The conversation whose address for answers is among these.
    #[must_use]
    pub fn addressed(&self, recipients: &[String]) -> Option<ConversationId> {
        reply_address::find(&ReplyKey::from_bytes(self.key), recipients)
    }

    /// The job whose mail has this Message-ID, if it is one of ours.
    #[must_use]
    pub fn job_of(&self, message_id: &str) -> Option<JobId> {
        reply_address::job_of(message_id, self.from.as_lettre().domain()).map(JobId)
    }

    /// The page of the site, or that of its chat, with the secret in its fragment.
    fn resume_link(&self, site: &Site, material: &Material) -> Result<Link, ComposeError> {
        let page = site.home_url(&self.public_url);
        Link::parse(&format!("{page}#causette={}", material.token.expose())).ok_or(ComposeError::Page)
    }

    /// Where one click stops mail for a conversation.
    fn stop_link(&self, conversation: ConversationId) -> Option<Link> {
        let word = signed::make(&self.key, Purpose::StopMail, conversation);
        Link::parse(&format!("{}/mail/stop/{word}", self.public_url))
    }

    /// The address that answers to a conversation go to.
    fn reply_to(&self, conversation: ConversationId) -> Option<MailAddress> {
        let mailbox = self.reply_to.as_ref()?;
        let key = ReplyKey::from_bytes(self.key);
        let address = reply_address::make(&key, conversation, mailbox.as_str()).ok()?;
        MailAddress::parse(&address).ok()
    }
}
