//! One example of every frame and of everything a log can hold, as it travels. `golden` pins them, `protocol_doc`
//! compares the document with them.
//!
//! Whoever adds a variant is led here: the `variants!` below do not compile without it, and `golden` fails until it
//! has an example.

use causette_shared::contact::Contact;
use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Body, Content, Entry, Event, File, Mail, MailKind, SenderCheck};
use causette_shared::form::Introduction;
use causette_shared::id::{AgentId, ContactId, ConversationId, EntryId, FileId};
use causette_shared::presence::{Activity, Presence, UnreachableReason};
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::{self, Agent, ConversationSummary, ListCursor, Role};
use causette_shared::protocol::visitor::{
    self, ConversationState, Cursor, Description, Hello, Standing, Welcome,
};
use causette_shared::said::{Attribute, Page, Said};
use causette_shared::time::Timestamp;

/// Names the variants of an enumeration in a `match` without a wildcard, and lists the names.
macro_rules! variants {
    ($(#[$doc:meta])* $function:ident, $all:ident: $type:ty { $($pattern:pat => $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        pub const fn $function(value: &$type) -> &'static str {
            match value { $($pattern => $name),+ }
        }

        /// Every name that the function above can return.
        pub const $all: &[&str] = &[$($name),+];
    };
}

variants! {
    /// The name of a frame from the widget.
    visitor_client, VISITOR_CLIENT: visitor::ClientFrame {
        visitor::ClientFrame::Hello(_) => "Hello",
        visitor::ClientFrame::Send { .. } => "Send",
        visitor::ClientFrame::Resume { .. } => "Resume",
        visitor::ClientFrame::Earlier { .. } => "Earlier",
        visitor::ClientFrame::Seen { .. } => "Seen",
        visitor::ClientFrame::Typing { .. } => "Typing",
        visitor::ClientFrame::Activity(_) => "Activity",
        visitor::ClientFrame::Ping => "Ping",
        visitor::ClientFrame::Identify { .. } => "Identify",
        visitor::ClientFrame::Describe(_) => "Describe",
        visitor::ClientFrame::Visited { .. } => "Visited",
        visitor::ClientFrame::ForgetPages => "ForgetPages",
    }
}

variants! {
    /// The name of a frame to the widget.
    visitor_server, VISITOR_SERVER: visitor::ServerFrame {
        visitor::ServerFrame::Welcome(_) => "Welcome",
        visitor::ServerFrame::Conversation(_) => "Conversation",
        visitor::ServerFrame::Entries { .. } => "Entries",
        visitor::ServerFrame::Acknowledged { .. } => "Acknowledged",
        visitor::ServerFrame::Refused { .. } => "Refused",
        visitor::ServerFrame::Reset { .. } => "Reset",
        visitor::ServerFrame::Typing { .. } => "Typing",
        visitor::ServerFrame::Availability { .. } => "Availability",
        visitor::ServerFrame::Problem(_) => "Problem",
        visitor::ServerFrame::Pong { .. } => "Pong",
        visitor::ServerFrame::Drain => "Drain",
        visitor::ServerFrame::Identified(_) => "Identified",
        visitor::ServerFrame::Declined(_) => "Declined",
    }
}

variants! {
    /// The name of a frame from the desk.
    agent_client, AGENT_CLIENT: agent::ClientFrame {
        agent::ClientFrame::Watch { .. } => "watch",
        agent::ClientFrame::Unwatch { .. } => "unwatch",
        agent::ClientFrame::Earlier { .. } => "earlier",
        agent::ClientFrame::Send { .. } => "send",
        agent::ClientFrame::Seen { .. } => "seen",
        agent::ClientFrame::Typing { .. } => "typing",
        agent::ClientFrame::List { .. } => "list",
        agent::ClientFrame::Ping => "ping",
    }
}

variants! {
    /// The name of a frame to the desk.
    agent_server, AGENT_SERVER: agent::ServerFrame {
        agent::ServerFrame::Welcome { .. } => "welcome",
        agent::ServerFrame::List { .. } => "list",
        agent::ServerFrame::Conversation(_) => "conversation",
        agent::ServerFrame::Entries { .. } => "entries",
        agent::ServerFrame::Acknowledged { .. } => "acknowledged",
        agent::ServerFrame::Refused { .. } => "refused",
        agent::ServerFrame::Reset { .. } => "reset",
        agent::ServerFrame::Typing { .. } => "typing",
        agent::ServerFrame::Presence { .. } => "presence",
        agent::ServerFrame::Problem(_) => "problem",
        agent::ServerFrame::Pong { .. } => "pong",
        agent::ServerFrame::Drain => "drain",
        agent::ServerFrame::Visitor { .. } => "visitor",
    }
}

variants! {
    /// The name of a kind of author.
    author, AUTHOR: Author {
        Author::Visitor => "visitor",
        Author::Agent { .. } => "agent",
        Author::Automatic => "automatic",
    }
}

variants! {
    /// The name of what an entry says.
    body, BODY: Body {
        Body::Message { .. } => "message",
        Body::Event(Event::FormSubmitted { .. }) => "form_submitted",
        Body::Event(Event::Assigned { .. }) => "assigned",
        Body::Event(Event::StatusChanged { .. }) => "status_changed",
        Body::Event(Event::ContactsLeft { .. }) => "contacts_left",
        Body::Event(Event::CopyRequested { .. }) => "copy_requested",
        Body::Event(Event::ChatEnded) => "chat_ended",
        Body::Event(Event::Mailed { .. }) => "mailed",
        Body::Event(Event::MailFailed { .. }) => "mail_failed",
        Body::Event(Event::MailStopped) => "mail_stopped",
        Body::Event(Event::Resumed { .. }) => "resumed",
        Body::Event(Event::LinksRevoked) => "links_revoked",
        Body::Event(Event::Identified) => "identified",
        Body::Mail(_) => "mail",
    }
}

variants! {
    /// The name of what a client asks to be added.
    content, CONTENT: Content {
        Content::Message { .. } => "message",
        Content::Introduction(_) => "introduction",
        Content::Contacts(_) => "contacts",
        Content::Copy { .. } => "copy",
    }
}

variants! {
    /// The name of a kind of problem.
    problem_kind, PROBLEM_KIND: ProblemKind {
        ProblemKind::Malformed => "malformed",
        ProblemKind::TooLarge => "too_large",
        ProblemKind::Invalid => "invalid",
        ProblemKind::UnknownSite => "unknown_site",
        ProblemKind::WrongOrigin => "wrong_origin",
        ProblemKind::NotFound => "not_found",
        ProblemKind::NotSignedIn => "not_signed_in",
        ProblemKind::WrongCredentials => "wrong_credentials",
        ProblemKind::Forbidden => "forbidden",
        ProblemKind::IdReused => "id_reused",
        ProblemKind::WrongState => "wrong_state",
        ProblemKind::MethodNotAllowed => "method_not_allowed",
        ProblemKind::RateLimited => "rate_limited",
        ProblemKind::Outdated => "outdated",
        ProblemKind::Unavailable => "unavailable",
        ProblemKind::Internal => "internal",
        ProblemKind::AnsweredMeanwhile => "answered_meanwhile",
        ProblemKind::LinkSpent => "link_spent",
        ProblemKind::InvalidIdentity => "invalid_identity",
        ProblemKind::AnotherPerson => "another_person",
    }
}

variants! {
    /// The name of a presence.
    presence, PRESENCE: Presence {
        Presence::Active => "active",
        Presence::Idle => "idle",
        Presence::Reachable => "reachable",
        Presence::Unreachable(UnreachableReason::NoAddress) => "no_address",
        Presence::Unreachable(UnreachableReason::Bounced) => "bounced",
        Presence::Unreachable(UnreachableReason::OptedOut) => "opted_out",
    }
}

variants! {
    /// The name of an activity.
    activity, ACTIVITY: Activity {
        Activity::Active => "active",
        Activity::Idle => "idle",
    }
}

variants! {
    /// The name of a role.
    role, ROLE: Role {
        Role::Agent => "agent",
        Role::Admin => "admin",
    }
}

/// Every kind of problem, in the order of the wire.
pub const PROBLEM_KINDS: [ProblemKind; 20] = [
    ProblemKind::Malformed,
    ProblemKind::TooLarge,
    ProblemKind::Invalid,
    ProblemKind::UnknownSite,
    ProblemKind::WrongOrigin,
    ProblemKind::NotFound,
    ProblemKind::NotSignedIn,
    ProblemKind::WrongCredentials,
    ProblemKind::Forbidden,
    ProblemKind::IdReused,
    ProblemKind::WrongState,
    ProblemKind::MethodNotAllowed,
    ProblemKind::RateLimited,
    ProblemKind::Outdated,
    ProblemKind::Unavailable,
    ProblemKind::Internal,
    ProblemKind::AnsweredMeanwhile,
    ProblemKind::LinkSpent,
    ProblemKind::InvalidIdentity,
    ProblemKind::AnotherPerson,
];
/// Every presence, in the order of the wire.
pub const PRESENCES: [Presence; 6] = [
    Presence::Active,
    Presence::Idle,
    Presence::Reachable,
    Presence::Unreachable(UnreachableReason::NoAddress),
    Presence::Unreachable(UnreachableReason::Bounced),
    Presence::Unreachable(UnreachableReason::OptedOut),
];
/// Every activity, in the order of the wire.
pub const ACTIVITIES: [Activity; 2] = [Activity::Active, Activity::Idle];
/// Every role.
pub const ROLES: [Role; 2] = [Role::Agent, Role::Admin];

const AT: Timestamp = Timestamp(1_767_225_600_000);

fn conversation_id() -> ConversationId {
    ConversationId::mint(AT, [1; 10])
}

fn entry_id(number: u8) -> EntryId {
    EntryId::mint(AT, [number; 10])
}

fn agent_id() -> AgentId {
    AgentId::mint(AT, [3; 10])
}

fn contact() -> Contact {
    Contact {
        name: Some("Ada".to_owned()),
        email: Some("ada@mail.example".to_owned()),
        email_verified: false,
        phone: Some("+33 1 23 45 67 89".to_owned()),
    }
}

fn introduction() -> Introduction {
    let Contact { name, email, phone, .. } = contact();
    Introduction { name, email, phone }
}

fn alice() -> Agent {
    Agent {
        id: agent_id(),
        name: "Alice".to_owned(),
        email: "alice@demo.example".to_owned(),
        role: Role::Admin,
    }
}

fn contents() -> [Content; 4] {
    [
        Content::Message { text: "Hello, is it in stock?".to_owned() },
        Content::Introduction(introduction()),
        Content::Contacts(introduction()),
        Content::Copy { email: "ada@mail.example".to_owned() },
    ]
}

/// A message that came by mail.
fn mail() -> Body {
    let file = File {
        id: FileId::mint(AT, [8; 10]),
        name: "lamp.jpg".to_owned(),
        media_type: "image/jpeg".to_owned(),
        size: 48_213,
    };
    Body::Mail(Mail {
        text: "Thanks, I take two.".to_owned(),
        from: "ada@mail.example".to_owned(),
        sender: SenderCheck::Passed,
        is_cut: true,
        files: vec![file],
    })
}

/// One log with every kind of author and everything an entry can say.
fn entries() -> Vec<Entry> {
    let by_alice = Author::Agent { id: agent_id(), name: "Alice".to_owned() };
    let to = || "ada@mail.example".to_owned();
    let mailed = Event::Mailed { kind: MailKind::FollowUp, to: to(), upto: 6 };
    let failed = Event::MailFailed { to: to(), reason: "550 no such user".to_owned() };
    let said = |text: &str| Body::Message { text: text.to_owned() };
    let log = [
        (Author::Visitor, said("Hello, is it in stock?")),
        (Author::Automatic, said("Thanks, we answer in a moment.")),
        (Author::Visitor, Body::Event(Event::FormSubmitted { answers: introduction() })),
        (by_alice.clone(), Body::Event(Event::Assigned { agent: agent_id(), name: "Alice".to_owned() })),
        (Author::Automatic, Body::Event(Event::StatusChanged { status: Status::Open })),
        (by_alice, said("Yes — 3 left.")),
        (Author::Visitor, Body::Event(Event::ContactsLeft { answers: introduction() })),
        (Author::Visitor, Body::Event(Event::CopyRequested { email: "ada@mail.example".to_owned() })),
        (Author::Automatic, Body::Event(mailed)),
        (Author::Automatic, Body::Event(failed)),
        (Author::Visitor, Body::Event(Event::MailStopped)),
        (Author::Visitor, Body::Event(Event::Resumed { devices: 1 })),
        (Author::Automatic, Body::Event(Event::LinksRevoked)),
        (Author::Visitor, mail()),
        (Author::Automatic, Body::Event(Event::ChatEnded)),
        (Author::Visitor, Body::Event(Event::Identified)),
    ];
    (1..)
        .zip(log)
        .map(|(seq, (author, body))| Entry { seq, id: entry_id(seq as u8), at: AT, author, body })
        .collect()
}

fn state() -> ConversationState {
    ConversationState {
        id: conversation_id(),
        number: 1042,
        status: Status::Open,
        last_seq: 6,
        agent_seen: 6,
        visitor_seen: 5,
        contact: contact(),
        assignee: Some("Alice".to_owned()),
    }
}

fn summary() -> ConversationSummary {
    ConversationSummary {
        id: conversation_id(),
        number: 1042,
        revision: 9,
        site: "Demo shop".to_owned(),
        status: Status::Open,
        assignee: Some(alice()),
        contact_id: Some(ContactId::mint(AT, [4; 10])),
        contact: contact(),
        follow_up_at: Some(AT),
        mail_stopped: false,
        locale: "en".to_owned(),
        presence: Presence::Unreachable(UnreachableReason::NoAddress),
        last_seq: 6,
        agent_seen: 6,
        visitor_seen: 5,
        unread: 0,
        preview: "Yes — 3 left.".to_owned(),
        preview_by_visitor: false,
        created_at: AT,
        last_message_at: AT,
    }
}

fn said() -> Said {
    Said {
        identity: Some("42".to_owned()),
        client_id: Some("42".to_owned()),
        country: Some("FR".to_owned()),
        flow: Some("sales".to_owned()),
        attributes: vec![Attribute { name: "plan".to_owned(), value: "pro".to_owned() }],
        pages: vec![Page { url: "https://shop.example/lamps".to_owned(), title: "Lamps".to_owned(), at: AT }],
    }
}

/// Examples of the frames from the widget.
pub fn visitor_client_frames() -> Vec<visitor::ClientFrame> {
    use visitor::ClientFrame as F;
    let conversation = conversation_id();
    let hello = Hello {
        site: "demo".to_owned(),
        session: Some("A".repeat(43)),
        host: "https://shop.example".to_owned(),
        locale: "en".to_owned(),
        cursor: Some(Cursor { conversation, seq: 5 }),
        activity: Activity::Active,
    };
    let [message, introduction, contacts, copy] = contents();
    let description = Description {
        client_id: Some("42".to_owned()),
        country: Some("FR".to_owned()),
        flow: Some("sales".to_owned()),
        attributes: vec![("plan".to_owned(), Some("pro".to_owned())), ("trial".to_owned(), None)],
    };
    vec![
        F::Hello(hello),
        F::Send { id: entry_id(1), content: message },
        F::Send { id: entry_id(3), content: introduction },
        F::Send { id: entry_id(7), content: contacts },
        F::Send { id: entry_id(8), content: copy },
        F::Resume { conversation, after: Some(5) },
        F::Earlier { conversation, before: 41 },
        F::Seen { conversation, upto: 6 },
        F::Typing { active: true },
        F::Activity(Activity::Idle),
        F::Ping,
        F::Identify { token: "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl".to_owned() },
        F::Describe(description),
        F::Visited { url: "https://shop.example/lamps".to_owned(), title: "Lamps".to_owned(), ago_s: 4 },
        F::ForgetPages,
    ]
}

/// Examples of the frames to the widget.
pub fn visitor_server_frames() -> Vec<visitor::ServerFrame> {
    use visitor::ServerFrame as F;
    let conversation = conversation_id();
    let refused = Problem::new(ProblemKind::RateLimited).retry_after_ms(5_000);
    let one_by_one = entries().into_iter().map(|entry| F::Entries { conversation, entries: vec![entry] });
    let mut frames = vec![
        F::Welcome(Welcome { conversation: Some(state()), available: true }),
        F::Conversation(state()),
        F::Acknowledged { id: entry_id(1), conversation, seq: 1 },
        F::Refused { id: entry_id(1), problem: refused },
        F::Reset { conversation },
        F::Typing { name: "Alice".to_owned(), active: true },
        F::Availability { available: false },
        F::Problem(Problem::new(ProblemKind::UnknownSite)),
        F::Pong { last: Some(Cursor { conversation, seq: 6 }) },
        F::Drain,
        F::Identified(Standing::Here),
        F::Declined(Problem::new(ProblemKind::InvalidIdentity)),
    ];
    frames.extend(one_by_one);
    frames
}

/// Examples of the frames from the desk.
pub fn agent_client_frames() -> Vec<agent::ClientFrame> {
    use agent::ClientFrame as F;
    let conversation = conversation_id();
    let [message, introduction, ..] = contents();
    vec![
        F::Watch { conversation, after: None },
        F::Unwatch { conversation },
        F::Earlier { conversation, before: 41 },
        F::Send { conversation, id: entry_id(6), content: message, after: Some(5) },
        F::Send { conversation, id: entry_id(7), content: introduction, after: None },
        F::Seen { conversation, upto: 6 },
        F::Typing { conversation, active: true },
        F::List { after: ListCursor { last_message_at: AT, number: 1042 } },
        F::Ping,
    ]
}

/// Examples of the frames to the desk.
pub fn agent_server_frames() -> Vec<agent::ServerFrame> {
    use agent::ServerFrame as F;
    let conversation = conversation_id();
    let one_by_one = entries().into_iter().map(|entry| F::Entries { conversation, entries: vec![entry] });
    let mut frames = vec![
        F::Welcome { agent: alice(), conversations: vec![summary()], more: true, now: AT },
        F::List { conversations: vec![], more: false },
        F::Conversation(summary()),
        F::Acknowledged { id: entry_id(6), conversation, seq: 6 },
        F::Refused { id: entry_id(6), conversation, problem: Problem::field("text", "the message is empty") },
        F::Reset { conversation },
        F::Typing { conversation, name: None, active: true },
        F::Presence { conversation, presence: Presence::Active },
        F::Problem(Problem::new(ProblemKind::NotSignedIn)),
        F::Pong { last: vec![(conversation, 6)] },
        F::Drain,
        F::Visitor { conversation, said: said() },
    ];
    frames.extend(one_by_one);
    frames
}
