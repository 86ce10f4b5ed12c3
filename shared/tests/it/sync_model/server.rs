//! The server of the model: what docs/protocol.md promises, with windows and pages so small that every edge is met.

use std::collections::HashSet;

use causette_shared::contact::Contact;
use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Body, Content, Entry};
use causette_shared::form::Introduction;
use causette_shared::id::{ConversationId, EntryId, Seq};
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::visitor::{
    ClientFrame, ConversationState, Cursor, Hello, ServerFrame, Welcome,
};
use causette_shared::sync::Follow;
use causette_shared::time::Timestamp;

use super::Hint;

/// Newest entries sent to a client that has none.
const WINDOW: usize = 6;
/// Entries in one frame.
const PAGE: usize = 4;
/// A text that is refused for good.
pub const BAD: &str = "bad";

/// One conversation of the visitor.
pub struct Conversation {
    pub id: ConversationId,
    pub log: Vec<Entry>,
    pub closed: bool,
}

impl Conversation {
    pub fn last_seq(&self) -> Seq {
        self.log.len() as Seq
    }
}

/// What the server has, and whom it talks to.
pub struct Server {
    /// In the order they began; the last is the visitor's current one.
    pub conversations: Vec<Conversation>,
    /// Whether the connection is told of what is new: from the first answer on, never before (G5).
    follows: bool,
    /// Whether it has the conversation's entries, or will ask for them.
    follow: Follow,
    refusals: Vec<ProblemKind>,
    ids: HashSet<EntryId>,
    minted: u64,
}

impl Server {
    /// A server; for an agent the conversation exists, for a visitor it does not.
    pub fn new(follow: Follow) -> Self {
        let mut server = Self {
            conversations: Vec::new(),
            follows: false,
            follow,
            refusals: Vec::new(),
            ids: HashSet::new(),
            minted: 0,
        };
        if follow == Follow::OnRequest {
            server.begin();
            server.append(None, Author::Visitor, "first".to_owned());
        }
        server
    }

    pub fn current(&self) -> Option<&Conversation> {
        self.conversations.last()
    }

    /// Every entry, of all conversations.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.conversations.iter().flat_map(|conversation| &conversation.log)
    }

    /// Whether an entry of this id is in any log.
    pub fn holds(&self, id: EntryId) -> bool {
        self.ids.contains(&id)
    }

    pub fn disconnected(&mut self) {
        self.follows = false;
    }

    pub fn refuse(&mut self, kind: ProblemKind, times: usize) {
        self.refusals = vec![kind; times];
    }

    /// Takes back the newest entries of the current conversation, and the conversation if none is left. Returns the
    /// ids of what is gone.
    pub fn restore(&mut self, lose: usize) -> HashSet<EntryId> {
        self.follows = false;
        let least = if self.follow == Follow::OnRequest { 1 } else { 0 };
        let Some(conversation) = self.conversations.last_mut() else { return HashSet::new() };
        let kept = conversation.log.len().saturating_sub(lose).max(least);
        let gone: HashSet<EntryId> = conversation.log.drain(kept..).map(|entry| entry.id).collect();
        self.ids.retain(|id| !gone.contains(id));
        if conversation.log.is_empty() {
            self.conversations.pop();
        }
        gone
    }

    pub fn close(&mut self) {
        if self.follow == Follow::Unasked
            && let Some(conversation) = self.conversations.last_mut()
        {
            conversation.closed = true;
        }
    }

    /// Others write into the current conversation.
    pub fn others_write(&mut self, entries: usize, hint: Hint) -> Vec<ServerFrame> {
        let mut out = Vec::new();
        for _ in 0..entries {
            if self.current().is_some() {
                let author = Author::Automatic;
                let entry = self.append(None, author, "from elsewhere".to_owned());
                out.extend(self.push(entry).filter(|_| hint == Hint::Given));
            }
        }
        out
    }

    /// Answers a frame.
    pub fn take(&mut self, frame: ClientFrame) -> Vec<ServerFrame> {
        match frame {
            ClientFrame::Hello(hello) => self.greet(&hello),
            ClientFrame::Send { id, content } => self.take_sent(id, content),
            ClientFrame::Resume { conversation, after } => {
                self.follows = true;
                self.resume(conversation, after)
            }
            ClientFrame::Earlier { conversation, before } => self.earlier(conversation, before),
            ClientFrame::Ping => vec![ServerFrame::Pong { last: self.last() }],
            ClientFrame::Seen { .. } | ClientFrame::Typing { .. } | ClientFrame::Activity(_) => Vec::new(),
        }
    }

    fn greet(&mut self, hello: &Hello) -> Vec<ServerFrame> {
        self.follows = self.follow == Follow::Unasked;
        let state = self.current().map(state);
        let mut out = vec![ServerFrame::Welcome(Welcome { conversation: state, available: true })];
        if let (Follow::Unasked, Some(current)) = (self.follow, self.current()) {
            let id = current.id;
            let after = hello.cursor.filter(|cursor| cursor.conversation == id).map(|cursor| cursor.seq);
            out.extend(self.resume(id, after));
        }
        out
    }

    fn take_sent(&mut self, id: EntryId, content: Content) -> Vec<ServerFrame> {
        let text = match content {
            Content::Message { text } => text,
            Content::Introduction(Introduction { name, .. }) => name.unwrap_or_default(),
        };
        for conversation in &self.conversations {
            if let Some(entry) = conversation.log.iter().find(|entry| entry.id == id) {
                let same = entry.body == Body::Message { text };
                return vec![if same {
                    ServerFrame::Acknowledged { id, conversation: conversation.id, seq: entry.seq }
                } else {
                    ServerFrame::Refused { id, problem: Problem::new(ProblemKind::IdReused) }
                }];
            }
        }
        if let Some(kind) = self.refusals.pop() {
            let problem = Problem::new(kind);
            let problem =
                if kind == ProblemKind::RateLimited { problem.retry_after_ms(700) } else { problem };
            return vec![ServerFrame::Refused { id, problem }];
        }
        if text == BAD {
            return vec![ServerFrame::Refused { id, problem: Problem::field("text", "bad") }];
        }
        let mut out = Vec::new();
        if self.current().is_none_or(|current| current.closed) {
            self.begin();
        }
        let entry = self.append(Some(id), Author::Visitor, text);
        let conversation = self.conversations.last().expect("it has just begun or was there");
        if entry.seq == 1 {
            out.push(ServerFrame::Conversation(state(conversation)));
        }
        let acknowledged = ServerFrame::Acknowledged { id, conversation: conversation.id, seq: entry.seq };
        let push = self.push(entry);
        // Whether the hint or the answer is first is not promised.
        if self.minted.is_multiple_of(2) {
            out.extend([acknowledged].into_iter().chain(push));
        } else {
            out.extend(push.into_iter().chain([acknowledged]));
        }
        out
    }

    fn resume(&self, id: ConversationId, after: Option<Seq>) -> Vec<ServerFrame> {
        let Some(conversation) = self.conversations.iter().find(|conversation| conversation.id == id) else {
            return vec![ServerFrame::Problem(Problem::new(ProblemKind::NotFound))];
        };
        let len = conversation.log.len();
        let newest = len.saturating_sub(WINDOW);
        let (mut out, from) = match after {
            None => (Vec::new(), newest),
            Some(after) if after as usize <= len => (Vec::new(), after as usize),
            Some(_) => (vec![ServerFrame::Reset { conversation: id }], newest),
        };
        // One frame even when there is nothing: the client has to learn that.
        let frames = conversation.log[from..].chunks(PAGE).map(<[Entry]>::to_vec);
        let frames = frames.chain((from == len).then(Vec::new));
        out.extend(frames.map(|entries| ServerFrame::Entries { conversation: id, entries }));
        out
    }

    fn earlier(&self, id: ConversationId, before: Seq) -> Vec<ServerFrame> {
        let Some(conversation) = self.conversations.iter().find(|conversation| conversation.id == id) else {
            return Vec::new();
        };
        let to = (before as usize).saturating_sub(1).min(conversation.log.len());
        let entries = conversation.log[to.saturating_sub(PAGE)..to].to_vec();
        vec![ServerFrame::Entries { conversation: id, entries }]
    }

    fn last(&self) -> Option<Cursor> {
        self.current().map(|current| Cursor { conversation: current.id, seq: current.last_seq() })
    }

    fn push(&self, entry: Entry) -> Option<ServerFrame> {
        let conversation = self.current().filter(|_| self.follows)?.id;
        Some(ServerFrame::Entries { conversation, entries: vec![entry] })
    }

    fn begin(&mut self) {
        let id = ConversationId(self.mint());
        self.conversations.push(Conversation { id, log: Vec::new(), closed: false });
    }

    fn append(&mut self, id: Option<EntryId>, author: Author, text: String) -> Entry {
        let id = id.unwrap_or(EntryId(self.mint()));
        self.ids.insert(id);
        let log = &mut self.conversations.last_mut().expect("the caller has looked").log;
        let seq = log.len() as Seq + 1;
        let entry = Entry { seq, id, at: Timestamp(0), author, body: Body::Message { text } };
        log.push(entry.clone());
        entry
    }

    /// The server's ids are odd, the client's even.
    fn mint(&mut self) -> uuid::Uuid {
        self.minted += 1;
        uuid::Uuid::from_u128(u128::from(self.minted) * 2 + 1)
    }
}

fn state(conversation: &Conversation) -> ConversationState {
    ConversationState {
        id: conversation.id,
        number: 1,
        status: if conversation.closed { Status::Closed } else { Status::Open },
        last_seq: conversation.last_seq(),
        agent_seen: 0,
        visitor_seen: 0,
        contact: Contact::default(),
        assignee: None,
    }
}
