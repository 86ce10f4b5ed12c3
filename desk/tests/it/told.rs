//! What the desk is told in these tests: who is who, rows, entries.

use causette_shared::contact::Contact;
use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Body, Entry};
use causette_shared::id::{AgentId, ConversationId, EntryId, Seq};
use causette_shared::presence::Presence;
use causette_shared::protocol::agent::{Agent, ConversationSummary, Role, ServerFrame};
use causette_shared::time::Timestamp;
use uuid::Uuid;

/// Markup that would run if anything parsed it.
pub const MARKUP: &str = "<img src=x onerror=\"window.hit=1\"><b>bold</b>";

/// Whoever is at the desk.
pub fn me() -> Agent {
    agent(Role::Admin)
}

/// The same, as somebody of a role.
pub fn agent(role: Role) -> Agent {
    let (name, email) = ("Alice Martin".to_owned(), "alice@demo.example".to_owned());
    Agent { id: AgentId(Uuid::from_u128(1)), name, email, role }
}

/// A colleague.
pub fn bob() -> Author {
    Author::Agent { id: AgentId(Uuid::from_u128(2)), name: "Bob".to_owned() }
}

/// The id of the conversation of a number.
pub fn conversation(number: u32) -> ConversationId {
    ConversationId(Uuid::from_u128(number.into()))
}

/// An open conversation of somebody who is there.
pub fn row(number: u32, at: i64) -> ConversationSummary {
    ConversationSummary {
        contact_id: None,
        follow_up_at: None,
        mail_stopped: false,
        id: conversation(number),
        number,
        revision: 1,
        site: "Demo".to_owned(),
        status: Status::Open,
        assignee: None,
        contact: Contact { name: Some(format!("Person {number}")), ..Contact::default() },
        locale: "en".to_owned(),
        presence: Presence::Active,
        last_seq: 1,
        agent_seen: 1,
        visitor_seen: 1,
        unread: 0,
        preview: format!("line {number}"),
        preview_by_visitor: true,
        created_at: Timestamp(at),
        last_message_at: Timestamp(at),
    }
}

/// The conversation of somebody who has left, and has a verified address.
pub fn of_ada() -> ConversationSummary {
    let email = Some("ada@x.example".to_owned());
    let contact = Contact { name: Some("Ada".to_owned()), email, email_verified: true, ..Contact::default() };
    ConversationSummary { contact, presence: Presence::Reachable, preview: String::new(), ..row(1, 1) }
}

/// The greeting of the server, with a list.
pub fn welcome(conversations: Vec<ConversationSummary>) -> ServerFrame {
    ServerFrame::Welcome { agent: me(), conversations, more: false, now: causette_client::timer::now() }
}

/// An entry of the log.
pub fn entry(seq: Seq, author: Author, body: Body) -> Entry {
    let id = EntryId(Uuid::from_u128(1_000 + u128::from(seq)));
    Entry { seq, id, at: Timestamp(i64::from(seq)), author, body }
}

/// A message through the chat.
pub fn message(text: &str) -> Body {
    Body::Message { text: text.to_owned() }
}

/// Entries of the conversation of a number.
pub fn entries(number: u32, entries: Vec<Entry>) -> ServerFrame {
    ServerFrame::Entries { conversation: conversation(number), entries }
}
