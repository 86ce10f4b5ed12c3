//! The desk's socket (JSON text frames) and the desk's HTTP answers.
//!
//! The session cookie authenticates the connection as it opens; there is no hello. Enumerations are externally tagged:
//! `{"send": {…}}`, `"ping"`.

use serde::{Deserialize, Serialize};

use crate::contact::Contact;
use crate::conversation::Status;
use crate::entry::{Content, Entry};
use crate::id::{AgentId, ContactId, ConversationId, EntryId, Seq};
use crate::presence::Presence;
use crate::problem::Problem;
use crate::said::Said;
use crate::time::Timestamp;

/// From the desk to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientFrame {
    /// Follows a conversation: its entries come, then every new one. Asked again to fill a gap.
    Watch {
        /// Which conversation.
        conversation: ConversationId,
        /// The entry after which to go on, as `Replica::cursor` tells it; `None` asks for the newest window.
        after: Option<Seq>,
    },
    /// Follows it no longer.
    Unwatch {
        /// Which conversation.
        conversation: ConversationId,
    },
    /// Asks for a window of entries before `before`; answered by `Entries`.
    Earlier {
        /// Which conversation.
        conversation: ConversationId,
        /// The first entry that the desk has.
        before: Seq,
    },
    /// Asks that a message be added to the log. Answered by `Acknowledged` or `Refused`.
    Send {
        /// Which conversation.
        conversation: ConversationId,
        /// Minted by the desk, kept through every repeat.
        id: EntryId,
        /// What to add.
        content: Content,
        /// The last entry that the agent had read when they sent it: where another agent has written after it, the message
        /// is refused with `ProblemKind::AnsweredMeanwhile`. `None`, as desks loaded before this field existed say, does
        /// not ask for that.
        after: Option<Seq>,
    },
    /// This agent has seen everything up to `upto`.
    Seen {
        /// Which conversation.
        conversation: ConversationId,
        /// The last entry seen.
        upto: Seq,
    },
    /// This agent types, or has stopped.
    Typing {
        /// Which conversation.
        conversation: ConversationId,
        /// Whether they type.
        active: bool,
    },
    /// Asks for the part of the list after `after`; answered by `List`.
    List {
        /// Where the part that the desk has ends.
        after: ListCursor,
    },
    /// Answered by `Pong`.
    Ping,
}

/// From the server to the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerFrame {
    /// The first frame: who this is, and the newest part of the list, which replaces what the desk had.
    Welcome {
        /// Who is signed in.
        agent: Agent,
        /// The newest conversations, newest first.
        conversations: Vec<ConversationSummary>,
        /// Whether older ones exist.
        more: bool,
        /// The server's clock, by which what it tells of the future is counted down: the desk's own may be wrong.
        now: Timestamp,
    },
    /// The next part of the list.
    List {
        /// Conversations, newest first.
        conversations: Vec<ConversationSummary>,
        /// Whether older ones exist.
        more: bool,
    },
    /// A conversation began or changed. One with a lower `revision` than the desk has is older news.
    Conversation(ConversationSummary),
    /// Entries of a watched conversation, ascending and without a hole.
    Entries {
        /// Which conversation.
        conversation: ConversationId,
        /// The entries.
        entries: Vec<Entry>,
    },
    /// What the desk sent is committed.
    Acknowledged {
        /// The id that the desk minted.
        id: EntryId,
        /// Which conversation.
        conversation: ConversationId,
        /// Its place there.
        seq: Seq,
    },
    /// What the desk sent changed nothing.
    Refused {
        /// The id that the desk minted.
        id: EntryId,
        /// Which conversation.
        conversation: ConversationId,
        /// Why.
        problem: Problem,
    },
    /// The server cannot go on from what the desk has: forget the entries and take those that follow.
    Reset {
        /// Which conversation.
        conversation: ConversationId,
    },
    /// Somebody on the other side, or another agent, types or has stopped.
    Typing {
        /// Which conversation.
        conversation: ConversationId,
        /// The agent's name; `None` is the visitor.
        name: Option<String>,
        /// Whether they type.
        active: bool,
    },
    /// The visitor of a conversation came, went, or fell idle.
    Presence {
        /// Which conversation.
        conversation: ConversationId,
        /// Where the visitor is.
        presence: Presence,
    },
    /// About the connection or about a frame without an id. Kinds that end the session are followed by a close.
    Problem(Problem),
    /// Answers `Ping`, with the last entry of every watched conversation, so that a lost hint is noticed.
    Pong {
        /// Conversation and last entry.
        last: Vec<(ConversationId, Seq)>,
    },
    /// The server is about to stop: connect again in a moment.
    Drain,
    /// What the page says of the visitor of a watched conversation: as it is opened, and as it changes.
    Visitor {
        /// Which conversation.
        conversation: ConversationId,
        /// All that is known, in place of what was.
        said: Said,
    },
}

/// What an agent may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Answers conversations.
    Agent,
    /// Answers, and changes the installation.
    Admin,
}

/// An agent, as colleagues see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Which agent.
    pub id: AgentId,
    /// Their name, as visitors see it too.
    pub name: String,
    /// Their address, with which they sign in.
    pub email: String,
    /// What they may do.
    pub role: Role,
}

/// One row of the list, and what stands beside an open conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationSummary {
    /// Which conversation.
    pub id: ConversationId,
    /// The number shown to both sides.
    pub number: u32,
    /// Grows with every change of this row; of two summaries the one with the higher revision is right.
    pub revision: u32,
    /// The site's name.
    pub site: String,
    /// Where it stands.
    pub status: Status,
    /// Who has it.
    pub assignee: Option<Agent>,
    /// Under which contact, where the visitor has become one.
    pub contact_id: Option<ContactId>,
    /// What we know of the visitor.
    pub contact: Contact,
    /// When the unseen replies will be e-mailed; `None` where nothing waits.
    pub follow_up_at: Option<Timestamp>,
    /// Whether the visitor wants no more mail for this conversation.
    pub mail_stopped: bool,
    /// The visitor's language, BCP 47.
    pub locale: String,
    /// Where the visitor is.
    pub presence: Presence,
    /// Its last entry.
    pub last_seq: Seq,
    /// The last entry that an agent has seen: what lies after it is unread.
    pub agent_seen: Seq,
    /// The last entry that the visitor has seen.
    pub visitor_seen: Seq,
    /// The visitor's messages after `agent_seen`.
    pub unread: u32,
    /// The last message, on one short line.
    pub preview: String,
    /// Whether the last message is the visitor's.
    pub preview_by_visitor: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// When its last message was written; the list is sorted by it.
    pub last_message_at: Timestamp,
}

/// A place in the list: the last row of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListCursor {
    /// That row's `last_message_at`.
    pub last_message_at: Timestamp,
    /// That row's number, which decides between equal times.
    pub number: u32,
}

/// Body of the sign-in request.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The agent's address.
    pub email: String,
    /// The agent's password.
    pub password: String,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignIn(redacted)")
    }
}
