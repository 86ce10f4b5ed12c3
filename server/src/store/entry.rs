//! Table `entry`: the logs. Rows are added and read, never changed.

use causette_shared::entry::{Author, Body, Entry, Event, File, Mail, SenderCheck};
use causette_shared::id::{AgentId, ConversationId, EntryId, Seq, VisitorId};
use causette_shared::time::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::conversation::{Conversation, Writer};
use super::{StoreError, Tx, both, both_at_once, parse, parse_count, parse_json, to_json};

#[derive(FromRow)]
struct Row {
    conversation_id: String,
    seq: i64,
    id: String,
    at: i64,
    author: String,
    agent_id: Option<String>,
    agent_name: Option<String>,
    kind: String,
    body: String,
    mail: Option<String>,
}

/// What is stored of a mail beside the text of the message that it carried.
#[derive(Serialize, Deserialize)]
struct MailRow {
    from: String,
    sender: SenderCheck,
    is_cut: bool,
    files: Vec<File>,
}

impl Row {
    fn read(self) -> Result<(ConversationId, Entry), StoreError> {
        let author = match (self.author.as_str(), self.agent_id, self.agent_name) {
            ("visitor", ..) => Author::Visitor,
            ("automatic", ..) => Author::Automatic,
            ("agent", Some(id), Some(name)) => Author::Agent { id: parse(&id, "entry.agent_id")?, name },
            _ => return Err(StoreError::Corrupt { column: "entry.author" }),
        };
        let body = match (self.kind.as_str(), self.mail) {
            ("message", None) => Body::Message { text: self.body },
            ("message", Some(mail)) => {
                let MailRow { from, sender, is_cut, files } = parse_json(&mail, "entry.mail")?;
                Body::Mail(Mail { text: self.body, from, sender, is_cut, files })
            }
            _ => Body::Event(parse_json::<Event>(&self.body, "entry.body")?),
        };
        let entry = Entry {
            seq: parse_count(self.seq, "entry.seq")?,
            id: parse(&self.id, "entry.id")?,
            at: Timestamp(self.at),
            author,
            body,
        };
        Ok((parse(&self.conversation_id, "entry.conversation_id")?, entry))
    }
}

/// The columns that are not those of an `Entry` as they stand there.
struct Columns {
    author: &'static str,
    agent: Option<(String, String)>,
    kind: &'static str,
    body: String,
    mail: Option<String>,
}

impl Columns {
    fn of(entry: &Entry) -> Result<Self, StoreError> {
        let (author, agent) = match &entry.author {
            Author::Visitor => ("visitor", None),
            Author::Automatic => ("automatic", None),
            Author::Agent { id, name } => ("agent", Some((id.to_string(), name.clone()))),
        };
        let (kind, body, mail) = match &entry.body {
            Body::Message { text } => ("message", text.clone(), None),
            Body::Event(event) => ("event", to_json(event, "entry.body")?, None),
            Body::Mail(Mail { text, from, sender, is_cut, files }) => {
                let (from, files) = (from.clone(), files.clone());
                let mail = MailRow { from, sender: *sender, is_cut: *is_cut, files };
                ("message", text.clone(), Some(to_json(&mail, "entry.mail")?))
            }
        };
        Ok(Self { author, agent, kind, body, mail })
    }
}

/// Binds the arguments of `insert!`.
macro_rules! bind {
    ($query:expr, $conversation:expr, $entry:expr, $columns:expr) => {{
        let (agent_id, agent_name) = $columns.agent.clone().unzip();
        $query
            .bind($conversation.to_string())
            .bind(i64::from($entry.seq))
            .bind($entry.id.to_string())
            .bind($entry.at.0)
            .bind($columns.author)
            .bind(agent_id)
            .bind(agent_name)
            .bind($columns.kind)
            .bind($columns.body.clone())
            .bind($columns.mail.clone())
    }};
}

/// The statement that adds an entry.
macro_rules! insert {
    () => {
        "INSERT INTO entry (conversation_id, seq, id, at, author, agent_id, agent_name, kind, body, mail) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    };
}

/// Adds an entry at its place, which `conversation::next_seq` gave.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.entry.insert", level = "debug", skip_all, fields(conversation = %conversation, seq = entry.seq), err(level = "debug"))]
pub async fn create_entry(
    tx: &mut Tx,
    conversation: ConversationId,
    entry: &Entry,
) -> Result<(), StoreError> {
    let columns = Columns::of(entry)?;
    both!(tx, conn => bind!(sqlx::query(insert!()), conversation, entry, columns).execute(conn).await.map(drop))?;
    Ok(())
}

/// Adds a message at the next place of a conversation, notes it there as the last one, and returns what the conversation
/// has become: `before` was read in this transaction, under its lock, and nothing has changed it since. A visitor's message
/// is unread; an agent who writes has seen all before it.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.entry.insert_message", level = "debug", skip_all, fields(conversation = %before.id), err(level = "debug"))]
pub async fn create_message(
    tx: &mut Tx,
    before: &Conversation,
    message: &Entry,
    preview: &str,
) -> Result<Conversation, StoreError> {
    let by_visitor = message.author == Author::Visitor;
    let became = Conversation {
        last_seq: message.seq,
        revision: before.revision + 1,
        unread: if by_visitor { before.unread + 1 } else { 0 },
        agent_seen: if by_visitor { before.agent_seen } else { message.seq },
        preview: preview.to_owned(),
        preview_by: if by_visitor { Writer::Visitor } else { Writer::Agent },
        last_message_at: message.at,
        ..before.clone()
    };
    let columns = Columns::of(message)?;
    let by = if by_visitor { "visitor" } else { "agent" };
    both_at_once!(
        tx,
        [
            insert!(),
            "UPDATE conversation SET last_seq = $2, last_message_at = $4, revision = $11, unread = $12, \
             agent_seen = $13, preview = $14, preview_by = $15 WHERE id = $1"
        ],
        query => bind!(query, before.id, message, columns)
            .bind(i64::from(became.revision))
            .bind(i64::from(became.unread))
            .bind(i64::from(became.agent_seen))
            .bind(preview.to_owned())
            .bind(by)
    )?;
    Ok(became)
}

/// The replies that a visitor has not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// When the first of them was written.
    pub first_at: Timestamp,
    /// When the last of them was written.
    pub last_at: Timestamp,
    /// The place of the last.
    pub last_seq: Seq,
}

/// Finds the agents' messages after what the visitor has seen; `None` where there is none.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.entry.find_unseen", level = "debug", skip_all, fields(conversation = %conversation), err(level = "debug"))]
pub async fn find_unseen_replies(
    tx: &mut Tx,
    conversation: ConversationId,
    seen: Seq,
) -> Result<Option<Unseen>, StoreError> {
    const SQL: &str = "SELECT MIN(at), MAX(at), MAX(seq) FROM entry \
         WHERE conversation_id = $1 AND seq > $2 AND author = 'agent' AND kind = 'message'";
    let row: (Option<i64>, Option<i64>, Option<i64>) = both!(tx, conn => sqlx::query_as(SQL)
        .bind(conversation.to_string())
        .bind(i64::from(seen))
        .fetch_one(conn)
        .await)?;
    let (Some(first), Some(last), Some(seq)) = row else {
        return Ok(None);
    };
    let last_seq = parse_count(seq, "entry.seq")?;
    Ok(Some(Unseen { first_at: Timestamp(first), last_at: Timestamp(last), last_seq }))
}

/// Returns the entry with this id in one conversation.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.entry.find", level = "debug", skip_all, fields(conversation = %conversation, entry = %id), err(level = "debug"))]
pub async fn find_entry(
    tx: &mut Tx,
    conversation: ConversationId,
    id: EntryId,
) -> Result<Option<Entry>, StoreError> {
    const SQL: &str = "SELECT conversation_id, seq, id, at, author, agent_id, agent_name, kind, body, mail FROM entry \
         WHERE conversation_id = $1 AND id = $2";
    let row: Option<Row> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(conversation.to_string())
        .bind(id.to_string())
        .fetch_optional(conn)
        .await)?;
    Ok(row.map(Row::read).transpose()?.map(|(_, entry)| entry))
}

/// Returns the entry with this id in any of a visitor's conversations: a repeat may come after the conversation that
/// took the first one was closed.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.entry.find_of_visitor", level = "debug", skip_all, fields(visitor = %visitor, entry = %id), err(level = "debug"))]
pub async fn find_entry_of(
    tx: &mut Tx,
    visitor: VisitorId,
    id: EntryId,
) -> Result<Option<(ConversationId, Entry)>, StoreError> {
    const SQL: &str = "SELECT entry.conversation_id, entry.seq, entry.id, entry.at, entry.author, entry.agent_id, \
         entry.agent_name, entry.kind, entry.body, entry.mail \
         FROM entry JOIN conversation ON conversation.id = entry.conversation_id \
         WHERE conversation.visitor_id = $1 AND entry.id = $2";
    let row: Option<Row> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(visitor.to_string())
        .bind(id.to_string())
        .fetch_optional(conn)
        .await)?;
    row.map(Row::read).transpose()
}

/// Lists what happened in a conversation at an instant, ascending.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.entry.list_events_at", level = "debug", skip_all, fields(conversation = %conversation), err(level = "debug"))]
pub async fn list_events_at(
    tx: &mut Tx,
    conversation: ConversationId,
    at: Timestamp,
) -> Result<Vec<Event>, StoreError> {
    const SQL: &str = "SELECT conversation_id, seq, id, at, author, agent_id, agent_name, kind, body, mail FROM entry \
         WHERE conversation_id = $1 AND at = $2 AND kind = 'event' ORDER BY seq";
    let rows: Vec<Row> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(conversation.to_string())
        .bind(at.0)
        .fetch_all(conn)
        .await)?;
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        if let (_, Entry { body: Body::Event(event), .. }) = row.read()? {
            events.push(event);
        }
    }
    Ok(events)
}

/// Returns the name of the agent other than `agent` who wrote the last message after `after`, if one did.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.entry.find_colleague_after", level = "debug", skip_all, fields(conversation = %conversation, after), err(level = "debug"))]
pub async fn find_colleague_after(
    tx: &mut Tx,
    conversation: ConversationId,
    after: Seq,
    agent: AgentId,
) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT agent_name FROM entry WHERE conversation_id = $1 AND seq > $2 \
         AND author = 'agent' AND kind = 'message' AND agent_id <> $3 ORDER BY seq DESC LIMIT 1";
    let name: Option<(String,)> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(conversation.to_string())
        .bind(i64::from(after))
        .bind(agent.to_string())
        .fetch_optional(conn)
        .await)?;
    Ok(name.map(|(name,)| name))
}

/// Whether the chat of a conversation has ended, and nobody has written since.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.entry.has_ended", level = "debug", skip_all, fields(conversation = %conversation), err(level = "debug"))]
pub async fn has_ended(tx: &mut Tx, conversation: ConversationId) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM entry WHERE conversation_id = $1 AND kind = 'event' AND body = $2 \
         AND seq > (SELECT COALESCE(MAX(seq), 0) FROM entry WHERE conversation_id = $1 AND kind = 'message')";
    let ended = to_json(&Event::ChatEnded, "entry.body")?;
    let (count,): (i64,) = both!(tx, conn => sqlx::query_as(SQL)
        .bind(conversation.to_string())
        .bind(ended.clone())
        .fetch_one(conn)
        .await)?;
    Ok(count > 0)
}

/// Lists the entries after `after`, ascending, at most `limit`.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.entry.list_after", level = "debug", skip_all, fields(conversation = %conversation, after), err(level = "debug"))]
pub async fn list_entries_after(
    tx: &mut Tx,
    conversation: ConversationId,
    after: Seq,
    limit: usize,
) -> Result<Vec<Entry>, StoreError> {
    const SQL: &str = "SELECT conversation_id, seq, id, at, author, agent_id, agent_name, kind, body, mail FROM entry \
         WHERE conversation_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    let rows: Vec<Row> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(conversation.to_string())
        .bind(i64::from(after))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(|row| row.read().map(|(_, entry)| entry)).collect()
}

/// Lists the last `limit` entries before `before`, ascending. `before` of `Seq::MAX` gives the newest.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.entry.list_before", level = "debug", skip_all, fields(conversation = %conversation, before), err(level = "debug"))]
pub async fn list_entries_before(
    tx: &mut Tx,
    conversation: ConversationId,
    before: Seq,
    limit: usize,
) -> Result<Vec<Entry>, StoreError> {
    const SQL: &str = "SELECT conversation_id, seq, id, at, author, agent_id, agent_name, kind, body, mail FROM entry \
         WHERE conversation_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3";
    let rows: Vec<Row> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(conversation.to_string())
        .bind(i64::from(before))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(conn)
        .await)?;
    rows.into_iter().rev().map(|row| row.read().map(|(_, entry)| entry)).collect()
}
