//! What the server says: frames, entries and the conversation they belong to.

use causette_client::timer;
use causette_shared::contact::Contact;
use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Body, Entry, Event};
use causette_shared::id::{AgentId, ConversationId, EntryId, Seq};
use causette_shared::protocol::visitor::{ConversationState, ServerFrame, Welcome};

fn id(kind: u8, number: Seq) -> uuid::Uuid {
    uuid::Builder::from_unix_timestamp_millis(1_700_000_000_000 + u64::from(number), &[kind; 10]).into_uuid()
}

pub fn conversation() -> ConversationId {
    ConversationId(id(1, 0))
}

pub fn agent() -> AgentId {
    AgentId(id(2, 0))
}

pub fn alice() -> Author {
    Author::Agent { id: agent(), name: "Alice".to_owned() }
}

pub fn no_conversation() -> ServerFrame {
    ServerFrame::Welcome(Welcome { conversation: None, available: true })
}

pub fn about(contact: Contact, last_seq: Seq) -> ConversationState {
    ConversationState {
        id: conversation(),
        number: 42,
        status: Status::Open,
        last_seq,
        agent_seen: 0,
        visitor_seen: 0,
        contact,
        assignee: None,
    }
}

pub fn welcome(contact: Contact, last_seq: Seq) -> ServerFrame {
    ServerFrame::Welcome(Welcome { conversation: Some(about(contact, last_seq)), available: true })
}

pub fn entries(entries: Vec<Entry>) -> ServerFrame {
    ServerFrame::Entries { conversation: conversation(), entries }
}

fn entry(id: EntryId, seq: Seq, author: Author, body: Body) -> Entry {
    Entry { seq, id, at: timer::now(), author, body }
}

pub fn message(seq: Seq, author: Author, text: &str) -> Entry {
    message_with(EntryId(id(3, seq)), seq, author, text)
}

pub fn message_with(id: EntryId, seq: Seq, author: Author, text: &str) -> Entry {
    entry(id, seq, author, Body::Message { text: text.to_owned() })
}

pub fn event(seq: Seq, event: Event) -> Entry {
    entry(EntryId(id(3, seq)), seq, Author::Automatic, Body::Event(event))
}

/// A conversation that has just begun: a message and the automatic answer, after which the form comes.
pub fn opening() -> Vec<Entry> {
    vec![message(1, Author::Visitor, "Hello"), message(2, Author::Automatic, "We will be with you shortly.")]
}
