//! A mail from the mailbox has its effect, once (G9): it becomes a message of the conversation that it answers, or tells of
//! a mail of ours that did not arrive, or is noted for agents to see.
//!
//! Which conversation it belongs to is decided by the signed address that it came to, else by the Message-ID of ours that
//! it names. Both were told only to whom we wrote. Who it says it is from decides nothing of that.

mod bounce;
mod matching;
mod message;
mod words;

use causette_shared::entry::SenderCheck;
use causette_shared::id::{ConversationId, EntryId, InboundId, JobId};
use causette_shared::time::Timestamp;

use crate::clock;
use crate::service::{Context, UseCase, UseCaseError};
use crate::store::inbound_mail::{self, InboundMail, Outcome, Place};
use crate::store::{StoreError, Tx};

/// Characters that are kept of a mail that belongs to no conversation.
const UNMATCHED_CHARS: usize = 2_000;

/// Takes a mail.
pub struct TakeMail {
    /// Where it lies.
    pub place: Place,
    /// What it is, as far as it could be understood.
    pub mail: Arrived,
}

/// A mail as it was understood, before anything was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Its own identifier.
    pub message_id: Option<String>,
    /// One line.
    pub subject: String,
    /// The address in `From`; empty if there is none.
    pub from: String,
    /// When it says it was written.
    pub sent_at: Option<Timestamp>,
    /// Its text as it came; of one that could not be read, its headers.
    pub original: String,
    /// The conversation whose signed address it came to.
    pub addressed: Option<ConversationId>,
    /// The mails of ours that it names as those it answers, the nearest first.
    pub answers: Vec<JobId>,
    /// What it says.
    pub content: Content,
}

/// What a mail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Something that a person wrote.
    Message(Written),
    /// Something that cannot be shown, and that agents should know of.
    Notice(Notice, Vec<NewFile>),
    /// What became of a mail of ours.
    Bounce {
        /// That mail, if it is one.
        job: Option<JobId>,
        /// What became of it, for each address that is named.
        reports: Vec<Report>,
    },
    /// Nothing for people, and why.
    Ignored(String),
    /// Nothing that could be understood, and why.
    SetAside(String),
}

/// What a person wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The text, as a message may be.
    pub text: String,
    /// Whether the mail holds more than the text.
    pub is_cut: bool,
    /// What was attached.
    pub files: Vec<NewFile>,
    /// Files beyond the limits.
    pub left_out: usize,
    /// Whether the sender is who the mail says.
    pub sender: SenderCheck,
    /// The whole of that, as JSON for agents.
    pub verdict: Option<String>,
}

/// Why a mail cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It has so many bytes, more than are read.
    TooLarge(u32),
    /// It cannot be read without a key.
    Encrypted,
    /// Our reading of it failed.
    Unreadable,
}

impl Notice {
    const fn detail(self) -> &'static str {
        match self {
            Self::TooLarge(_) => "larger than mails may be",
            Self::Encrypted => "encrypted",
            Self::Unreadable => "could not be read",
        }
    }
}

/// A file that came with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// For display only.
    pub name: String,
    /// What it is, as far as its bytes tell.
    pub media_type: String,
    /// Its content.
    pub content: Vec<u8>,
}

/// What became of a mail of ours, for one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The address.
    pub address: String,
    /// What became of it.
    pub fate: Fate,
    /// Why, in the words of the server that says so.
    pub reason: String,
}

/// What becomes of a mail on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is delivered, or may still be.
    OnItsWay,
    /// It was given up, for a reason that may pass.
    GivenUp,
    /// The address takes no mail.
    Refused,
}

/// What came of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// How it is noted.
    pub outcome: Outcome,
    /// Whether it was noted before, and nothing was done now.
    pub is_repeat: bool,
    /// The conversation that it belongs to.
    pub conversation: Option<ConversationId>,
}

/// How a mail is noted, and why.
struct Noted {
    outcome: Outcome,
    detail: String,
    conversation: Option<ConversationId>,
    entry: Option<EntryId>,
}

impl Noted {
    fn new(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self { outcome, detail: detail.into(), conversation: None, entry: None }
    }

    fn of(self, conversation: ConversationId) -> Self {
        Self { conversation: Some(conversation), ..self }
    }
}

impl UseCase for TakeMail {
    type Output = Effect;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<Effect, UseCaseError> {
        if let Some(first) = inbound_mail::find_at(tx, &self.place).await? {
            // Whether it was published is not known here: the first attempt may have lost its connection as it committed.
            if let Some(conversation) = first.conversation.filter(|_| first.entry.is_some()) {
                cx.touch(conversation);
            }
            let (outcome, conversation) = (first.outcome, first.conversation);
            return Ok(Effect { outcome, is_repeat: true, conversation });
        }
        let noted = match self.find_same(tx).await? {
            Some(conversation) => {
                let same = Noted::new(Outcome::Ignored, "the same mail had come before");
                Noted { conversation, ..same }
            }
            None => self.take(tx, cx).await?,
        };
        self.note(tx, cx, &noted).await?;
        let Noted { outcome, conversation, .. } = noted;
        Ok(Effect { outcome, is_repeat: false, conversation })
    }
}

impl TakeMail {
    /// The conversation of the same mail, where it had its effect under another number; the inner `None` of a report that
    /// is about none.
    async fn find_same(&self, tx: &mut Tx) -> Result<Option<Option<ConversationId>>, StoreError> {
        let Some(id) = &self.mail.message_id else { return Ok(None) };
        Ok(inbound_mail::find_effective(tx, id).await?.map(|first| first.conversation))
    }

    async fn take(&self, tx: &mut Tx, cx: &mut Context) -> Result<Noted, UseCaseError> {
        match &self.mail.content {
            Content::Message(written) => {
                message::take(tx, cx, &self.mail, message::Said::Text(written)).await
            }
            Content::Notice(notice, files) => {
                message::take(tx, cx, &self.mail, message::Said::Nothing(*notice, files)).await
            }
            Content::Bounce { job, reports } => bounce::take(tx, cx, *job, reports).await,
            Content::Ignored(why) => Ok(Noted::new(Outcome::Ignored, why)),
            Content::SetAside(why) => Ok(Noted::new(Outcome::SetAside, why)),
        }
    }

    async fn note(&self, tx: &mut Tx, cx: &Context, noted: &Noted) -> Result<(), UseCaseError> {
        let mail = &self.mail;
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let sender = match &mail.content {
            Content::Message(written) => written.verdict.clone(),
            _ => None,
        };
        // What no person wrote, or was there before, is not kept: the mailbox has it. Of what belongs nowhere, most of which is
        // nobody's, the beginning tells whether somebody should look there.
        let is_kept = !matches!(noted.outcome, Outcome::Ignored);
        let chars = if noted.entry.is_none() { UNMATCHED_CHARS } else { usize::MAX };
        let original: String = mail.original.chars().take(chars).collect();
        let row = InboundMail {
            id: InboundId::mint(cx.now, clock::id_entropy()?),
            place: self.place.clone(),
            message_id: mail.message_id.clone(),
            outcome: noted.outcome,
            detail: noted.detail.clone(),
            conversation: noted.conversation,
            entry: noted.entry,
            original: some(&original).filter(|_| is_kept),
            subject: some(&mail.subject).filter(|_| is_kept),
            from: some(&mail.from).filter(|_| is_kept),
            sent_at: mail.sent_at,
            verdict: sender,
            received_at: cx.now,
        };
        inbound_mail::create_mail(tx, &row).await?;
        Ok(())
    }
}
