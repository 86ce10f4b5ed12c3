//! Visitors and agents without a browser: the synchronisation engine of `shared::sync` over real sockets.
//!
//! A client here is one task that drives the same `Link` and `Replica` as the widget (`widget/src/state/engine.rs`) and the
//! desk (`desk/src/state/drive.rs`), in the same way: the same greeting with the same cursor, the same pauses after
//! `Drain` and a refusal, one message on its way at a time. So whatever a story, a load or a fault shows of it holds for
//! them. It comes back by itself until it is stopped, and what was composed stays with it until its entry has arrived.
//!
//! A client is told what to do through its handle, which never waits, and tells what happens through a closure, which is
//! called on its task and must not block. Dropping the handle ends the client; `stop` ends it and returns what it held.

mod agent;
mod socket;
mod visitor;

pub use agent::{AgentClient, SignInError, sign_in};
pub use visitor::{Identity, VisitorClient};

use std::net::SocketAddr;
use std::time::Duration;

use causette_shared::entry::Entry;
use causette_shared::id::{ConversationId, EntryId, Seq};
use causette_shared::problem::Problem;
use causette_shared::protocol::agent::ConversationSummary;
use causette_shared::sync::{Outgoing, Replica};

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The address that is dialled: the server's, or that of a proxy in front of it.
    pub via: SocketAddr,
    /// The origin that the server knows as its own.
    pub origin: String,
}

impl Place {
    /// A server that is reached directly, at its origin `http://127.0.0.1:…`. `None` where that names no address.
    #[must_use]
    pub fn direct(origin: &str) -> Option<Self> {
        let via = origin.strip_prefix("http://")?.parse().ok()?;
        Some(Self { via, origin: origin.to_owned() })
    }

    /// The same server behind a proxy that listens at `via`.
    #[must_use]
    pub fn past(&self, via: SocketAddr) -> Self {
        Self { via, ..self.clone() }
    }
}

/// Whether a client says *seen* of what it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It looks at its open conversation: everything that arrives there is seen at once.
    Attentive,
    /// Nobody looks.
    Away,
}

/// What happens to a client, as it happens.
#[derive(Debug)]
pub enum Event<'a> {
    /// The server has greeted it: frames go both ways.
    Welcomed,
    /// The connection is gone, or an attempt failed; the next one comes by itself.
    Lost {
        /// Failed attempts in a row.
        attempts: u32,
    },
    /// A message goes out, for the first time or again.
    Sent {
        /// Its id.
        id: EntryId,
    },
    /// A message is committed.
    Acknowledged {
        /// Its id.
        id: EntryId,
        /// Where it went.
        conversation: ConversationId,
        /// Its place there.
        seq: Seq,
    },
    /// A message was refused, for now or for good as the problem's kind says.
    Refused {
        /// Its id.
        id: EntryId,
        /// Why.
        problem: &'a Problem,
    },
    /// Entries arrived, as the frame brought them: what of them is new is the replica's to say.
    Received {
        /// Where.
        conversation: ConversationId,
        /// The entries.
        entries: &'a [Entry],
    },
    /// The server cannot go on from what the client has.
    Reset {
        /// Where.
        conversation: ConversationId,
    },
    /// The other side has seen everything up to here.
    Seen {
        /// Where.
        conversation: ConversationId,
        /// The last entry seen.
        upto: Seq,
    },
    /// A row of the desk's list; only agents are told.
    Listed(&'a ConversationSummary),
    /// The server complains about the connection, which comes back by itself.
    Trouble(&'a Problem),
    /// The client has given up: another attempt would end alike.
    GaveUp(&'a Problem),
}

/// Where a client tells what happens.
type Tell = Box<dyn FnMut(Event<'_>) + Send>;

/// What a client holds of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Which conversation, once it exists.
    pub conversation: Option<ConversationId>,
    /// Its entries, ascending and without a hole.
    pub entries: Vec<Entry>,
    /// What was composed and is not among them.
    pub outgoing: Vec<Outgoing>,
    /// Whether the server has greeted this connection.
    pub online: bool,
    /// Whether everything that the server is known to have is held.
    pub current: bool,
}

impl Held {
    fn of(replica: &Replica, online: bool) -> Self {
        Self {
            conversation: replica.conversation(),
            entries: replica.entries().iter().cloned().collect(),
            outgoing: replica.outgoing().to_vec(),
            online,
            current: replica.is_current(),
        }
    }

    /// Whether nothing is on its way in either direction, as far as the client can know.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.online && self.current && self.outgoing.is_empty()
    }
}

/// How long a refusal asks to stay away; `otherwise` where it does not say.
fn pause_of(problem: &Problem, otherwise: Duration) -> Duration {
    problem.retry_after_ms.map_or(otherwise, |millis| Duration::from_millis(millis.into()))
}
