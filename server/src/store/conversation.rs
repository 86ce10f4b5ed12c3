//! Tables `conversation` and `counter`: the numbered units of work and what lists show of them.

use causette_shared::contact::Contact;
use causette_shared::conversation::Status;
use causette_shared::id::{AgentId, ContactId, ConversationId, EntryId, Seq, SiteKey, VisitorId};
use causette_shared::presence::UnreachableReason;
use causette_shared::protocol::agent::{Agent, ListCursor};
use causette_shared::time::Timestamp;
use sqlx::FromRow;

use super::{StoreError, Tx, both, parse, parse_count};
use crate::secret::SecretHash;

/// A conversation with what stands beside it in lists: everything but its log and the visitor's presence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Which conversation.
    pub id: ConversationId,
    /// The number shown to both sides.
    pub number: u32,
    /// The site's key.
    pub site: SiteKey,
    /// The site's name.
    pub site_name: String,
    /// Whose it is.
    pub visitor: VisitorId,
    /// Where it stands.
    pub status: Status,
    /// Who has it.
    pub assignee: Option<Agent>,
    /// Under which contact, where the visitor has become one.
    pub contact_id: Option<ContactId>,
    /// What we know of the visitor.
    pub contact: Contact,
    /// Why mail does not reach that contact, where it has come back or is not wanted.
    pub contact_unreachable: Option<UnreachableReason>,
    /// The visitor's language.
    pub locale: String,
    /// Grows with every change.
    pub revision: u32,
    /// Its last entry.
    pub last_seq: Seq,
    /// The last entry that an agent has seen.
    pub agent_seen: Seq,
    /// The last entry that the visitor has seen.
    pub visitor_seen: Seq,
    /// The visitor's messages after `agent_seen`.
    pub unread: u32,
    /// The last message on one line.
    pub preview: String,
    /// Who wrote that message.
    pub preview_by: Writer,
    /// When it began.
    pub created_at: Timestamp,
    /// When its last message was written.
    pub last_message_at: Timestamp,
    /// Since when its visitor wants no more mail for it.
    pub mail_stopped_at: Option<Timestamp>,
    /// Since when its visitor waits to be told by mail that somebody has answered.
    pub tell_at: Option<Timestamp>,
    /// When the unseen replies will be e-mailed.
    pub follow_up_at: Option<Timestamp>,
}

impl Conversation {
    /// Why a mail would not reach its visitor; `None` where it would.
    #[must_use]
    pub fn unreachable(&self) -> Option<UnreachableReason> {
        match (&self.contact.email, self.contact_unreachable, self.mail_stopped_at) {
            (None, ..) => Some(UnreachableReason::NoAddress),
            (Some(_), Some(reason), _) => Some(reason),
            (Some(_), None, Some(_)) => Some(UnreachableReason::OptedOut),
            (Some(_), None, None) => None,
        }
    }
}

/// A conversation that something is to be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The conversation.
    pub conversation: Conversation,
    /// Whether the id of what is to be written is taken already.
    pub is_repeat: bool,
}

/// Who wrote a message that counts as the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// The visitor.
    Visitor,
    /// An agent.
    Agent,
}

#[derive(FromRow)]
struct Row {
    id: String,
    number: i64,
    site_key: String,
    site_name: String,
    visitor_id: String,
    status: String,
    locale: String,
    revision: i64,
    last_seq: i64,
    agent_seen: i64,
    visitor_seen: i64,
    unread: i64,
    preview: String,
    preview_by: String,
    created_at: i64,
    last_message_at: i64,
    mail_stopped_at: Option<i64>,
    tell_at: Option<i64>,
    follow_up_at: Option<i64>,
    contact_id: Option<String>,
    contact_unreachable: Option<String>,
    contact_name: Option<String>,
    contact_email: Option<String>,
    contact_email_verified_at: Option<i64>,
    contact_phone: Option<String>,
    assignee_id: Option<String>,
    assignee_email: Option<String>,
    assignee_name: Option<String>,
    assignee_role: Option<String>,
}

impl TryFrom<Row> for Conversation {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let assignee = match (row.assignee_id, row.assignee_email, row.assignee_name, row.assignee_role) {
            (Some(id), Some(email), Some(name), Some(role)) => Some(Agent {
                id: parse(&id, "conversation.assignee_id")?,
                email,
                name,
                role: super::agent::parse_role(&role)?,
            }),
            _ => None,
        };
        Ok(Self {
            id: parse(&row.id, "conversation.id")?,
            number: parse_count(row.number, "conversation.number")?,
            site: parse(&row.site_key, "conversation.site_key")?,
            site_name: row.site_name,
            visitor: parse(&row.visitor_id, "conversation.visitor_id")?,
            status: parse(&row.status, "conversation.status")?,
            assignee,
            contact_id: row.contact_id.map(|id| parse(&id, "visitor.contact_id")).transpose()?,
            contact_unreachable: row
                .contact_unreachable
                .map(|reason| super::contact::parse_unreachable(&reason))
                .transpose()?,
            contact: Contact {
                name: row.contact_name,
                email: row.contact_email,
                email_verified: row.contact_email_verified_at.is_some(),
                phone: row.contact_phone,
            },
            locale: row.locale,
            revision: parse_count(row.revision, "conversation.revision")?,
            last_seq: parse_count(row.last_seq, "conversation.last_seq")?,
            agent_seen: parse_count(row.agent_seen, "conversation.agent_seen")?,
            visitor_seen: parse_count(row.visitor_seen, "conversation.visitor_seen")?,
            unread: parse_count(row.unread, "conversation.unread")?,
            preview: row.preview,
            preview_by: if row.preview_by == "visitor" { Writer::Visitor } else { Writer::Agent },
            created_at: Timestamp(row.created_at),
            last_message_at: Timestamp(row.last_message_at),
            mail_stopped_at: row.mail_stopped_at.map(Timestamp),
            tell_at: row.tell_at.map(Timestamp),
            follow_up_at: row.follow_up_at.map(Timestamp),
        })
    }
}

#[derive(FromRow)]
struct TargetRow {
    #[sqlx(flatten)]
    conversation: Row,
    is_repeat: bool,
}

impl TryFrom<TargetRow> for Target {
    type Error = StoreError;

    fn try_from(row: TargetRow) -> Result<Self, StoreError> {
        Ok(Self { conversation: row.conversation.try_into()?, is_repeat: row.is_repeat })
    }
}

/// Every query of a conversation selects the same columns, some with more in front.
macro_rules! select {
    ($rest:literal) => {
        select!("", $rest)
    };
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $more,
            "conversation.id, conversation.number, conversation.site_key, site.name AS site_name, ",
            "conversation.visitor_id, conversation.status, conversation.locale, conversation.revision, ",
            "conversation.last_seq, conversation.agent_seen, conversation.visitor_seen, conversation.unread, ",
            "conversation.preview, conversation.preview_by, conversation.created_at, conversation.last_message_at, ",
            "conversation.mail_stopped_at, conversation.tell_at, conversation.follow_up_at, ",
            "visitor.contact_id, contact.unreachable AS contact_unreachable, ",
            "contact.name AS contact_name, contact.email AS contact_email, ",
            "contact.email_verified_at AS contact_email_verified_at, contact.phone AS contact_phone, ",
            "agent.id AS assignee_id, agent.email AS assignee_email, agent.name AS assignee_name, ",
            "agent.role AS assignee_role ",
            "FROM conversation ",
            "JOIN site ON site.key = conversation.site_key ",
            "JOIN visitor ON visitor.id = conversation.visitor_id ",
            "LEFT JOIN contact ON contact.id = visitor.contact_id ",
            "LEFT JOIN agent ON agent.id = conversation.assignee_id ",
            $rest
        )
    };
}

/// Makes others who write to a conversation wait until this transaction ends, so that what it reads of it from here on
/// stays true. On SQLite it is alone already.
///
/// # Errors
/// The database is busy or fails.
#[tracing::instrument(name = "store.conversation.lock", level = "debug", skip_all, fields(conversation = %id), err(level = "debug"))]
pub async fn lock_conversation(tx: &mut Tx, id: ConversationId) -> Result<(), StoreError> {
    const SQL: &str = "SELECT id FROM conversation WHERE id = $1 FOR NO KEY UPDATE";
    if let Tx::Postgres(tx) = tx {
        sqlx::query(SQL).bind(id.to_string()).execute(&mut **tx).await?;
    }
    Ok(())
}

/// The same for the newest conversation of the visitor with this session. The visitor is locked before, so that it stays
/// the newest one.
///
/// # Errors
/// The database is busy or fails.
#[tracing::instrument(
    name = "store.conversation.lock_newest",
    level = "debug",
    skip_all,
    err(level = "debug")
)]
pub async fn lock_newest_of_session(tx: &mut Tx, session: &SecretHash) -> Result<(), StoreError> {
    const SQL: &str = "SELECT id FROM conversation WHERE id = (SELECT conversation.id FROM conversation \
         JOIN visitor_session ON visitor_session.visitor_id = conversation.visitor_id \
         WHERE visitor_session.session_hash = $1 ORDER BY conversation.number DESC LIMIT 1) FOR NO KEY UPDATE";
    if let Tx::Postgres(tx) = tx {
        sqlx::query(SQL).bind(session.to_hex()).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Returns a conversation.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.conversation.find", level = "debug", skip_all, fields(conversation = %id), err(level = "debug"))]
pub async fn find_conversation(tx: &mut Tx, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
    const SQL: &str = select!("WHERE conversation.id = $1");
    let row: Option<Row> =
        both!(tx, conn => sqlx::query_as(SQL).bind(id.to_string()).fetch_optional(conn).await)?;
    row.map(Conversation::try_from).transpose()
}

/// Returns a visitor's newest conversation, closed or not.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.conversation.find_newest", level = "debug", skip_all, fields(visitor = %visitor), err(level = "debug"))]
pub async fn find_newest_of(tx: &mut Tx, visitor: VisitorId) -> Result<Option<Conversation>, StoreError> {
    const SQL: &str = select!("WHERE conversation.visitor_id = $1 ORDER BY conversation.number DESC LIMIT 1");
    let row: Option<Row> =
        both!(tx, conn => sqlx::query_as(SQL).bind(visitor.to_string()).fetch_optional(conn).await)?;
    row.map(Conversation::try_from).transpose()
}

/// Returns the newest conversation, closed or not, of the visitor who holds this session on this site, and whether any of
/// theirs has an entry with this id: one look for all that writing to it has to know.
///
/// # Errors
/// The database fails.
#[tracing::instrument(
    name = "store.conversation.find_newest_of_session",
    level = "debug",
    skip_all,
    err(level = "debug")
)]
pub async fn find_newest_of_session(
    tx: &mut Tx,
    site: &SiteKey,
    session: &SecretHash,
    entry: EntryId,
) -> Result<Option<Target>, StoreError> {
    const SQL: &str = select!(
        "EXISTS (SELECT 1 FROM entry JOIN conversation AS own ON own.id = entry.conversation_id \
         WHERE own.visitor_id = visitor.id AND entry.id = $3) AS is_repeat, ",
        "JOIN visitor_session ON visitor_session.visitor_id = visitor.id \
         WHERE visitor_session.session_hash = $1 AND visitor.site_key = $2 ORDER BY conversation.number DESC LIMIT 1"
    );
    let row: Option<TargetRow> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(session.to_hex())
        .bind(site.as_str().to_owned())
        .bind(entry.to_string())
        .fetch_optional(conn)
        .await)?;
    row.map(Target::try_from).transpose()
}

/// Returns a conversation, and whether it has an entry with this id.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.conversation.find_target", level = "debug", skip_all, fields(conversation = %id), err(level = "debug"))]
pub async fn find_target(
    tx: &mut Tx,
    id: ConversationId,
    entry: EntryId,
) -> Result<Option<Target>, StoreError> {
    const SQL: &str = select!(
        "EXISTS (SELECT 1 FROM entry WHERE entry.conversation_id = conversation.id AND entry.id = $2) AS is_repeat, ",
        "WHERE conversation.id = $1"
    );
    let row: Option<TargetRow> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(id.to_string())
        .bind(entry.to_string())
        .fetch_optional(conn)
        .await)?;
    row.map(Target::try_from).transpose()
}

/// Lists conversations, newest message first, those after `after` where it is given.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.conversation.list", level = "debug", skip_all, err(level = "debug"))]
pub async fn list_conversations(
    tx: &mut Tx,
    after: Option<ListCursor>,
    limit: usize,
) -> Result<Vec<Conversation>, StoreError> {
    const SQL: &str = select!(
        "WHERE conversation.last_message_at < $1 OR (conversation.last_message_at = $1 AND conversation.number < $2) \
         ORDER BY conversation.last_message_at DESC, conversation.number DESC LIMIT $3"
    );
    let after =
        after.map_or((i64::MAX, i64::MAX), |cursor| (cursor.last_message_at.0, i64::from(cursor.number)));
    let rows: Vec<Row> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(after.0)
        .bind(after.1)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(Conversation::try_from).collect()
}

/// Adds an empty conversation under the installation's next number.
///
/// # Errors
/// The visitor has one that is not closed, or the database fails.
#[tracing::instrument(name = "store.conversation.create", level = "debug", skip_all, fields(conversation = %id), err(level = "debug"))]
pub async fn create_conversation(
    tx: &mut Tx,
    id: ConversationId,
    site: &SiteKey,
    visitor: VisitorId,
    locale: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    const NEXT: &str =
        "UPDATE counter SET value = value + 1 WHERE name = 'conversation_number' RETURNING value";
    const SQL: &str = "INSERT INTO conversation (id, number, site_key, visitor_id, status, locale, revision, last_seq, \
         agent_seen, visitor_seen, unread, preview, preview_by, created_at, last_message_at) \
         VALUES ($1, $2, $3, $4, 'new', $5, 0, 0, 0, 0, 0, '', 'visitor', $6, $6)";
    let (number,): (i64,) = both!(tx, conn => sqlx::query_as(NEXT).fetch_one(conn).await)?;
    both!(tx, conn => sqlx::query(SQL)
        .bind(id.to_string())
        .bind(number)
        .bind(site.as_str().to_owned())
        .bind(visitor.to_string())
        .bind(locale.to_owned())
        .bind(now.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Writes to the disk and changes nothing: the counter goes one up and one down again. Set to what it is, SQLite would not
/// write it.
///
/// # Errors
/// The store fails.
pub async fn write_without_change(tx: &mut Tx) -> Result<(), StoreError> {
    const UP: &str = "UPDATE counter SET value = value + 1 WHERE name = 'conversation_number'";
    const DOWN: &str = "UPDATE counter SET value = value - 1 WHERE name = 'conversation_number'";
    for sql in [UP, DOWN] {
        both!(tx, conn => sqlx::query(sql).execute(conn).await.map(drop))?;
    }
    Ok(())
}

/// Takes the next place in the log from the conversation's own counter row, which orders all who write to it (G3).
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.conversation.next_seq", level = "debug", skip_all, fields(conversation = %id), err(level = "debug"))]
pub async fn next_seq(tx: &mut Tx, id: ConversationId) -> Result<Seq, StoreError> {
    const SQL: &str = "UPDATE conversation SET last_seq = last_seq + 1, revision = revision + 1 WHERE id = $1 RETURNING last_seq";
    let (seq,): (i64,) = both!(tx, conn => sqlx::query_as(SQL).bind(id.to_string()).fetch_one(conn).await)?;
    parse_count(seq, "conversation.last_seq")
}

/// Sets the status.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.conversation.set_status", level = "debug", skip_all, fields(conversation = %id), err(level = "debug"))]
pub async fn set_status(tx: &mut Tx, id: ConversationId, status: Status) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE conversation SET status = $2, revision = revision + 1 WHERE id = $1";
    both!(tx, conn => sqlx::query(SQL).bind(id.to_string()).bind(status.as_str()).execute(conn).await.map(drop))?;
    Ok(())
}

/// Gives the conversation to an agent.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.conversation.set_assignee", level = "debug", skip_all, fields(conversation = %id), err(level = "debug"))]
pub async fn set_assignee(tx: &mut Tx, id: ConversationId, agent: AgentId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE conversation SET assignee_id = $2, revision = revision + 1 WHERE id = $1";
    both!(tx, conn => sqlx::query(SQL).bind(id.to_string()).bind(agent.to_string()).execute(conn).await.map(drop))?;
    Ok(())
}

/// Notes when the unseen replies will be e-mailed, `None` where nothing waits any more.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.conversation.set_follow_up", level = "debug", skip_all, fields(conversation = %id), err(level = "debug"))]
pub async fn set_follow_up(tx: &mut Tx, id: ConversationId, at: Option<Timestamp>) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE conversation SET follow_up_at = $2, revision = revision + 1 WHERE id = $1";
    let at = at.map(|at| at.0);
    both!(tx, conn => sqlx::query(SQL).bind(id.to_string()).bind(at).execute(conn).await.map(drop))?;
    Ok(())
}

/// Notes that the visitor waits to be told by mail that somebody has answered, or no longer does.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.conversation.set_tell", level = "debug", skip_all, fields(conversation = %id), err(level = "debug"))]
pub async fn set_tell(tx: &mut Tx, id: ConversationId, at: Option<Timestamp>) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE conversation SET tell_at = $2, revision = revision + 1 WHERE id = $1";
    let at = at.map(|at| at.0);
    both!(tx, conn => sqlx::query(SQL).bind(id.to_string()).bind(at).execute(conn).await.map(drop))?;
    Ok(())
}

/// Notes that the visitor wants no more mail for a conversation; what was noted before stays.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.conversation.stop_mail", level = "debug", skip_all, fields(conversation = %id), err(level = "debug"))]
pub async fn stop_mail(tx: &mut Tx, id: ConversationId, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE conversation SET mail_stopped_at = COALESCE(mail_stopped_at, $2), revision = revision + 1 \
         WHERE id = $1";
    both!(tx, conn => sqlx::query(SQL).bind(id.to_string()).bind(now.0).execute(conn).await.map(drop))?;
    Ok(())
}

/// Marks entries as seen by one side; false when that side had seen as much already. The mark never goes back and
/// never past the last entry. The conversation is locked before: a statement that had to wait for its row would count
/// the unread entries as they were before that wait.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.conversation.mark_seen", level = "debug", skip_all, fields(conversation = %id), err(level = "debug"))]
pub async fn mark_seen(tx: &mut Tx, id: ConversationId, by: Writer, upto: Seq) -> Result<bool, StoreError> {
    const VISITOR: &str = "UPDATE conversation SET visitor_seen = $2, revision = revision + 1 \
         WHERE id = $1 AND visitor_seen < $2 AND $2 <= last_seq";
    const AGENT: &str = "UPDATE conversation SET agent_seen = $2, revision = revision + 1, \
         unread = (SELECT COUNT(*) FROM entry WHERE entry.conversation_id = $1 AND entry.seq > $2 \
             AND entry.author = 'visitor' AND entry.kind = 'message') \
         WHERE id = $1 AND agent_seen < $2 AND $2 <= last_seq";
    let sql = match by {
        Writer::Visitor => VISITOR,
        Writer::Agent => AGENT,
    };
    let changed = both!(tx, conn => sqlx::query(sql)
        .bind(id.to_string())
        .bind(i64::from(upto))
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(changed == 1)
}
