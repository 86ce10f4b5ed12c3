//! Table `attachment`: files that came with messages. Their bytes are stored as base64, in the one type of text that both
//! databases and the backup share, under a random id: a name is for display alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use causette_shared::entry::File;
use causette_shared::id::{ConversationId, EntryId, FileId};
use causette_shared::time::Timestamp;
use sqlx::FromRow;

use super::{StoreError, Tx, both, parse, parse_count};

/// A file with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// What is told of it.
    pub file: File,
    /// The conversation that it came into.
    pub conversation: ConversationId,
    /// The entry that it came with.
    pub entry: EntryId,
    /// Its bytes.
    pub content: Vec<u8>,
}

#[derive(FromRow)]
struct Row {
    id: String,
    conversation_id: String,
    entry_id: String,
    name: String,
    media_type: String,
    size: i64,
    content: String,
}

/// Adds a file.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.attachment.create", level = "debug", skip_all, fields(file = %file.id, conversation = %conversation), err(level = "debug"))]
pub async fn create_attachment(
    tx: &mut Tx,
    conversation: ConversationId,
    entry: EntryId,
    file: &File,
    content: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO attachment (id, conversation_id, entry_id, name, media_type, size, content, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    both!(tx, conn => sqlx::query(SQL)
        .bind(file.id.to_string())
        .bind(conversation.to_string())
        .bind(entry.to_string())
        .bind(file.name.clone())
        .bind(file.media_type.clone())
        .bind(i64::from(file.size))
        .bind(BASE64.encode(content))
        .bind(now.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Returns a file.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.attachment.find", level = "debug", skip_all, fields(file = %id), err(level = "debug"))]
pub async fn find_attachment(tx: &mut Tx, id: FileId) -> Result<Option<Attachment>, StoreError> {
    const SQL: &str =
        "SELECT id, conversation_id, entry_id, name, media_type, size, content FROM attachment WHERE id = $1";
    let row: Option<Row> =
        both!(tx, conn => sqlx::query_as(SQL).bind(id.to_string()).fetch_optional(conn).await)?;
    let Some(row) = row else { return Ok(None) };
    let content = BASE64.decode(&row.content).ok();
    Ok(Some(Attachment {
        file: File {
            id: parse(&row.id, "attachment.id")?,
            name: row.name,
            media_type: row.media_type,
            size: parse_count(row.size, "attachment.size")?,
        },
        conversation: parse(&row.conversation_id, "attachment.conversation_id")?,
        entry: parse(&row.entry_id, "attachment.entry_id")?,
        content: content.ok_or(StoreError::Corrupt { column: "attachment.content" })?,
    }))
}

/// How many bytes of files came into a conversation since a time.
///
/// # Errors
/// The database fails.
pub async fn sum_since(
    tx: &mut Tx,
    conversation: ConversationId,
    since: Timestamp,
) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM attachment \
         WHERE conversation_id = $1 AND created_at > $2";
    let (sum,): (i64,) = both!(tx, conn => sqlx::query_as(SQL)
        .bind(conversation.to_string())
        .bind(since.0)
        .fetch_one(conn)
        .await)?;
    Ok(sum)
}
