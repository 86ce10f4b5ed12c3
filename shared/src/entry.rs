//! The items of a conversation's log. All that changes a conversation is one of these (G6), so that changes are
//! resumed and ordered like messages.

use serde::{Deserialize, Serialize};

use crate::contact::Contact;
use crate::conversation::Status;
use crate::form::Introduction;
use crate::id::{AgentId, EntryId, FileId, Seq};
use crate::time::Timestamp;

/// One item of the log. Never changed once written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place: 1 … n without a hole.
    pub seq: Seq,
    /// Minted by whoever wrote it; unique in the conversation for ever (G2).
    pub id: EntryId,
    /// When the server committed it.
    pub at: Timestamp,
    /// Who caused it.
    pub author: Author,
    /// What it says.
    pub body: Body,
}

/// Who caused an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The visitor.
    Visitor,
    /// An agent, under the name shown to the visitor at the time.
    Agent {
        /// Which agent.
        id: AgentId,
        /// Their name.
        name: String,
    },
    /// The site itself: automatic answers and what happens by rule.
    Automatic,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Something written to the other side.
    Message {
        /// The text, as `message::parse_text` returns it.
        text: String,
    },
    /// Something that happened.
    Event(Event),
    /// A message that came by e-mail.
    Mail(Mail),
}

impl Body {
    /// What was written to the other side, through the chat or by e-mail.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Message { text } | Self::Mail(Mail { text, .. }) => Some(text),
            Self::Event(_) => None,
        }
    }
}

/// A message that came by e-mail, and what is known of that mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// What was written, without what it quotes.
    pub text: String,
    /// The address in `From`: it identifies nobody.
    pub from: String,
    /// Whether the sender's domain vouches for it.
    pub sender: SenderCheck,
    /// Whether the mail holds more than `text`: quotations, a signature.
    pub is_cut: bool,
    /// What was attached.
    pub files: Vec<File>,
}

impl Mail {
    /// Whether the person behind a contact wrote it, as far as can be known: it names their address, which was shown to be
    /// theirs, and its domain does not disown it. What anybody else sends to a conversation's address is for agents alone:
    /// whoever began the conversation could have it sent there to read it (the ticket trick).
    #[must_use]
    pub fn is_by(&self, contact: &Contact) -> bool {
        let same = |address: &String| address.to_lowercase() == self.from.to_lowercase();
        contact.email_verified
            && self.sender != SenderCheck::Failed
            && contact.email.as_ref().is_some_and(same)
    }
}

/// What SPF, DKIM and DMARC say of a mail's sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderCheck {
    /// The domain vouches for it.
    Passed,
    /// The domain disowns it.
    Failed,
    /// The domain says nothing, or could not be asked.
    Unknown,
}

/// A file that came with a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Under which it is fetched.
    pub id: FileId,
    /// For display only.
    pub name: String,
    /// What it is, as far as its first bytes tell.
    pub media_type: String,
    /// In bytes.
    pub size: u32,
}

/// What can happen in a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The visitor answered a form.
    FormSubmitted {
        /// The answers.
        answers: Introduction,
    },
    /// The conversation has an agent now.
    Assigned {
        /// Which agent.
        agent: AgentId,
        /// Their name, as the visitor sees it.
        name: String,
    },
    /// The status changed.
    StatusChanged {
        /// The status from now on.
        status: Status,
    },
    /// The visitor left their contacts, because nobody could answer.
    ContactsLeft {
        /// What they gave.
        answers: Introduction,
    },
    /// The visitor asked for a copy of the conversation.
    CopyRequested {
        /// Where to.
        email: String,
    },
    /// The chat was ended; the request may go on.
    ChatEnded,
    /// A mail was sent.
    Mailed {
        /// Which.
        kind: MailKind,
        /// To which address.
        to: String,
        /// The last entry that it carries; 0 where it carries none.
        upto: Seq,
    },
    /// A mail could not be delivered.
    MailFailed {
        /// To which address.
        to: String,
        /// Why, in the words of the server that refused it.
        reason: String,
    },
    /// The visitor wants no more mail for this conversation.
    MailStopped,
    /// The link in a mail was opened, on a device that is now part of the conversation.
    Resumed {
        /// How many devices have claimed that link by now.
        devices: u32,
    },
    /// The links of earlier mails lead nowhere any more.
    LinksRevoked,
    /// The page has proven who the visitor is; again on each further device that this has brought here.
    Identified,
}

/// What a mail is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// Carries replies that the visitor has not seen, by rule.
    FollowUp,
    /// The same, written and confirmed by an agent.
    Invite,
    /// Tells somebody who left their contacts that they were answered.
    Tell,
    /// A copy of the conversation.
    Transcript,
    /// Asks whoever holds an address to confirm that they want a copy.
    ConfirmCopy,
    /// A new link in place of one that is spent or too old.
    NewLink,
}

impl MailKind {
    /// The word under which it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FollowUp => "follow_up",
            Self::Invite => "invite",
            Self::Tell => "tell",
            Self::Transcript => "transcript",
            Self::ConfirmCopy => "confirm_copy",
            Self::NewLink => "new_link",
        }
    }
}

impl std::str::FromStr for MailKind {
    type Err = UnknownMailKind;

    fn from_str(text: &str) -> Result<Self, UnknownMailKind> {
        [Self::FollowUp, Self::Invite, Self::Tell, Self::Transcript, Self::ConfirmCopy, Self::NewLink]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownMailKind)
    }
}

/// The text names no kind of mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no kind of mail")]
pub struct UnknownMailKind;

/// What a client asks to be added to the log; the server makes it an `Entry`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A message.
    Message {
        /// What was typed.
        text: String,
    },
    /// Answers to "Introduce yourself"; only visitors send it.
    Introduction(Introduction),
    /// Answers to "Leave your contacts"; only visitors send it.
    Contacts(Introduction),
    /// Asks for a copy of the conversation; only visitors send it.
    Copy {
        /// Where to.
        email: String,
    },
}
