//! What the store has in the end, compared with what was written.

use std::collections::{BTreeMap, HashMap};

use causette_e2e::harness::{AgentSocket, Server};
use causette_shared::entry::Entry;
use causette_shared::id::{ConversationId, EntryId, Seq};
use causette_shared::protocol::agent::{ClientFrame, ServerFrame};
use serde_json::{Value, json};

use super::talk::Talk;

/// Logs that one connection asks for: below what the server takes as a flood.
const LOGS_PER_CONNECTION: usize = 100;

/// The comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Messages that were written.
    pub written: usize,
    /// Those that are not in the store.
    pub lost: usize,
    /// Those that are there more than once.
    pub doubled: usize,
    /// Places that are missing from a log, or taken twice.
    pub holes: usize,
}

impl Stored {
    /// Whether the store has exactly what was written, each in its place.
    pub const fn is_whole(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.holes == 0
    }

    /// The figures for programs.
    pub fn to_json(self) -> Value {
        json!({ "written": self.written, "lost": self.lost, "doubled": self.doubled, "misplaced": self.holes })
    }
}

/// Reads the log of every conversation in which something was written, from its first entry.
pub async fn compare(talk: &Talk, server: &Server) -> Stored {
    let mut written: BTreeMap<ConversationId, Vec<EntryId>> = BTreeMap::new();
    for (id, message) in talk.crowd.ledger.all() {
        written.entry(message.conversation).or_default().push(id);
    }
    let mut stored = Stored::default();
    for some in written.into_iter().collect::<Vec<_>>().chunks(LOGS_PER_CONNECTION) {
        let mut agent = AgentSocket::sign_in(&server.origin).await;
        for (conversation, ids) in some {
            let log = read_log(&mut agent, *conversation).await;
            let mut copies: HashMap<EntryId, usize> = HashMap::new();
            for entry in &log {
                *copies.entry(entry.id).or_default() += 1;
            }
            let count = |id: &EntryId| copies.get(id).copied().unwrap_or_default();
            stored.written += ids.len();
            stored.lost += ids.iter().filter(|id| count(id) == 0).count();
            stored.doubled += ids.iter().filter(|id| count(id) > 1).count();
            let is_misplaced = |(place, entry): (usize, &Entry)| entry.seq as usize != place + 1;
            stored.holes += log.iter().enumerate().filter(|pair| is_misplaced(*pair)).count();
        }
    }
    stored
}

async fn read_log(agent: &mut AgentSocket, conversation: ConversationId) -> Vec<Entry> {
    agent.send(&ClientFrame::Watch { conversation, after: Some(0) }).await;
    let last: Seq = agent
        .wait_for("the conversation", |frame| match frame {
            ServerFrame::Conversation(row) => (row.id == conversation).then_some(row.last_seq),
            _ => None,
        })
        .await;
    let mut log: Vec<Entry> = Vec::new();
    while log.last().is_none_or(|entry| entry.seq < last) {
        let more = agent.wait_for("its log", |frame| match frame {
            ServerFrame::Entries { conversation: of, entries } => (of == conversation).then_some(entries),
            _ => None,
        });
        log.extend(more.await);
    }
    log
}
