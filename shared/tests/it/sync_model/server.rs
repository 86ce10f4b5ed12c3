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
    closed: bool,
}

impl Conversation {
    fn last_seq(&self) -> Seq {
        self.log.len() as Seq
    }
}

/// What the server has, and whom it talks to.
pub struct Server {
    /// In the order they began; the last is the visitor's current one.
    conversations: Vec<Conversation>,
    /// Whether the connection is told of what is new: from the first answer on, never before (G5).
    follows: bool,
    /// Whether it has the conversation's entries, or will ask for them.
    follow: Follow,
    refusals: Vec<ProblemKind>,
    /// Entries that the connection will not be told of.
    lost_hints: usize,
    /// Whether the next place that a client names is one that it cannot go on from.
    cannot_resume: bool,
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
            lost_hints: 0,
            cannot_resume: false,
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

    /// The log of a conversation that is there.
    pub fn log(&self, id: ConversationId) -> Option<&[Entry]> {
        self.conversations.iter().find(|conversation| conversation.id == id).map(|found| &found.log[..])
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

    pub fn lose_hints(&mut self, entries: usize) {
        self.lost_hints = entries;
    }

    /// Ends all refusing and losing.
    pub fn heal(&mut self) {
        self.refusals.clear();
        self.lost_hints = 0;
        self.cannot_resume = false;
    }

    /// Takes back the newest entries of the current conversation, and the conversation if none is left. Returns the
    /// ids of what is gone.
    pub fn put_back(&mut self, entries: usize) -> HashSet<EntryId> {
        let least = if self.follow == Follow::OnRequest { 1 } else { 0 };
        let Some(conversation) = self.conversations.last_mut() else { return HashSet::new() };
        let kept = conversation.log.len().saturating_sub(entries).max(least);
        let gone: HashSet<EntryId> = conversation.log.drain(kept..).map(|entry| entry.id).collect();
        self.ids.retain(|id| !gone.contains(id));
        if conversation.log.is_empty() {
            self.conversations.pop();
        }
        gone
    }

    /// Closes the current conversation, if it is open.
    pub fn close(&mut self) -> bool {
        let open = self.conversations.last_mut().filter(|conversation| !conversation.closed);
        open.map(|conversation| conversation.closed = true).is_some()
    }

    /// Says at once, or when next asked, that it cannot go on.
    pub fn reset(&mut self) -> Vec<ServerFrame> {
        match self.current().filter(|_| self.follows) {
            Some(current) => newest(current, true),
            None => {
                self.cannot_resume = true;
                Vec::new()
            }
        }
    }

    /// Others write into the current conversation, or begin one.
    pub fn others_write(&mut self, entries: usize) -> Vec<ServerFrame> {
        let mut out = Vec::new();
        for _ in 0..entries {
            if self.current().is_none_or(|current| current.closed) {
                self.begin();
            }
            let entry = self.append(None, Author::Visitor, "from elsewhere".to_owned());
            out.extend(self.push(entry));
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
            ClientFrame::Seen { .. }
            | ClientFrame::Typing { .. }
            | ClientFrame::Activity(_)
            | ClientFrame::Identify { .. }
            | ClientFrame::Describe(_)
            | ClientFrame::Visited { .. }
            | ClientFrame::ForgetPages => Vec::new(),
        }
    }

    /// Takes a frame of a connection that is gone: its answer reaches nobody, what it changed is told to who is there.
    pub fn take_late(&mut self, frame: ClientFrame) -> Vec<ServerFrame> {
        let ClientFrame::Send { id, content } = frame else { return Vec::new() };
        let mut out = self.take_sent(id, content);
        out.retain(|frame| {
            self.follows && matches!(frame, ServerFrame::Conversation(_) | ServerFrame::Entries { .. })
        });
        out
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
            Content::Introduction(Introduction { name, .. })
            | Content::Contacts(Introduction { name, .. }) => name.unwrap_or_default(),
            Content::Copy { email } => email,
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

    fn resume(&mut self, id: ConversationId, after: Option<Seq>) -> Vec<ServerFrame> {
        let Some(conversation) = self.conversations.iter().find(|conversation| conversation.id == id) else {
            return vec![ServerFrame::Problem(Problem::new(ProblemKind::NotFound))];
        };
        let forgotten = after.is_some() && std::mem::take(&mut self.cannot_resume);
        match after.map(|after| after as usize) {
            Some(after) if after <= conversation.log.len() && !forgotten => pages(conversation, after),
            after => newest(conversation, after.is_some()),
        }
    }

    fn earlier(&self, id: ConversationId, before: Seq) -> Vec<ServerFrame> {
        let Some(log) = self.log(id) else { return Vec::new() };
        let to = (before as usize).saturating_sub(1).min(log.len());
        let entries = log[to.saturating_sub(PAGE)..to].to_vec();
        vec![ServerFrame::Entries { conversation: id, entries }]
    }

    fn last(&self) -> Option<Cursor> {
        self.current().map(|current| Cursor { conversation: current.id, seq: current.last_seq() })
    }

    /// What the connection is told of a new entry: the state first, where a conversation begins with it.
    fn push(&mut self, entry: Entry) -> Vec<ServerFrame> {
        let Some(current) = self.conversations.last().filter(|_| self.follows) else { return Vec::new() };
        if self.lost_hints > 0 {
            self.lost_hints -= 1;
            return Vec::new();
        }
        let begins = (entry.seq == 1).then(|| ServerFrame::Conversation(state(current)));
        let entries = ServerFrame::Entries { conversation: current.id, entries: vec![entry] };
        begins.into_iter().chain([entries]).collect()
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

/// Everything from a place on. One frame even when there is nothing: the client has to learn that.
fn pages(conversation: &Conversation, from: usize) -> Vec<ServerFrame> {
    let entries = conversation.log[from..].chunks(PAGE).map(<[Entry]>::to_vec);
    let entries = entries.chain((from == conversation.log.len()).then(Vec::new));
    entries.map(|entries| ServerFrame::Entries { conversation: conversation.id, entries }).collect()
}

/// The newest window, after a reset where the place that was named is none to go on from.
fn newest(conversation: &Conversation, reset: bool) -> Vec<ServerFrame> {
    let reset = reset.then_some(ServerFrame::Reset { conversation: conversation.id });
    let window = pages(conversation, conversation.log.len().saturating_sub(WINDOW));
    reset.into_iter().chain(window).collect()
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
