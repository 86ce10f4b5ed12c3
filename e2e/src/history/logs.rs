//! Reading what is stored, past the clients: from the database itself, and from the server as a stranger to the test
//! reads it.

use std::collections::BTreeMap;
use std::path::Path;

use causette_shared::entry::{Author, Entry};
use causette_shared::id::{ConversationId, EntryId, Seq};
use causette_shared::protocol::agent::{ClientFrame, ServerFrame};
use serde::{Deserialize, Serialize};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use crate::harness::AgentSocket;

/// Every conversation's rows, in the order of their places.
pub type Logs = BTreeMap<ConversationId, Vec<Row>>;

/// One row of the log, as far as the rules speak of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its place.
    pub seq: Seq,
    /// Its id.
    pub id: EntryId,
    /// Who wrote it.
    pub by: By,
    /// What it says, where it is a message.
    pub text: Option<String>,
}

/// Who wrote a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum By {
    /// A visitor.
    Visitor,
    /// An agent.
    Agent,
    /// The server itself.
    Server,
}

impl From<&Entry> for Row {
    fn from(entry: &Entry) -> Self {
        let by = match entry.author {
            Author::Visitor => By::Visitor,
            Author::Agent { .. } => By::Agent,
            Author::Automatic => By::Server,
        };
        let text = entry.body.text().map(str::to_owned);
        Self { seq: entry.seq, id: entry.id, by, text }
    }
}

/// Reads the database at an address, `sqlite://…` or `postgres://…`, without the server's own code.
///
/// # Panics
/// It cannot be read.
pub async fn read_database(address: &str) -> Logs {
    const SQL: &str =
        "SELECT conversation_id, seq, id, author, kind, body FROM entry ORDER BY conversation_id, seq";
    let rows: Vec<(String, i64, String, String, String, String)> = if address.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(address).await.expect("the database opens");
        sqlx::query_as(SQL).fetch_all(&mut connection).await
    } else {
        let mut connection = PgConnection::connect(address).await.expect("the database opens");
        sqlx::query_as(SQL).fetch_all(&mut connection).await
    }
    .expect("the log is read");
    let mut logs = Logs::default();
    for (conversation, seq, id, author, kind, body) in rows {
        let by = match author.as_str() {
            "visitor" => By::Visitor,
            "agent" => By::Agent,
            _ => By::Server,
        };
        let row = Row {
            seq: Seq::try_from(seq).expect("places are small"),
            id: id.parse().expect("ids are ids"),
            by,
            text: (kind == "message").then_some(body),
        };
        logs.entry(conversation.parse().expect("ids are ids")).or_default().push(row);
    }
    logs
}

/// Reads the SQLite database in the data directory of a server that does not run. It reads a copy, so that the server
/// finds what its own death left, log of the last commits included.
///
/// # Panics
/// It cannot be read.
pub async fn read_sqlite_of(data: &Path) -> Logs {
    let copy = tempfile::tempdir().expect("a temporary directory can be made");
    for name in ["causette.db", "causette.db-wal"] {
        if data.join(name).exists() {
            std::fs::copy(data.join(name), copy.path().join(name)).expect("it can be copied");
        }
    }
    read_database(&format!("sqlite://{}", copy.path().join("causette.db").display())).await
}

/// Reads every conversation of the desk's list from its beginning, over a connection of its own.
///
/// # Panics
/// The server cannot be reached, or does not tell.
pub async fn read_server(direct: &str, origin: &str) -> Logs {
    let mut agent = AgentSocket::sign_in_at(direct, origin).await;
    let mut logs = Logs::default();
    for row in agent.conversations.clone() {
        agent.send(&ClientFrame::Watch { conversation: row.id, after: Some(0) }).await;
        let log = logs.entry(row.id).or_default();
        while log.last().is_none_or(|last: &Row| last.seq < row.last_seq) {
            let pick = |frame| match frame {
                ServerFrame::Entries { conversation, entries } if conversation == row.id => Some(entries),
                _ => None,
            };
            log.extend(agent.wait_for("the log", pick).await.iter().map(Row::from));
        }
        agent.send(&ClientFrame::Unwatch { conversation: row.id }).await;
    }
    logs
}
