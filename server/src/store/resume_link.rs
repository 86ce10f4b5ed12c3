//! Tables `resume_link` and `visitor_session`: links in mails that reopen a conversation, and the devices that claimed
//! them. Of a link's token only the hash is stored.

use causette_shared::id::{ConversationId, JobId, LinkId, VisitorId};
use causette_shared::time::Timestamp;
use sqlx::FromRow;

use super::{StoreError, Tx, both, parse, parse_count};
use crate::secret::SecretHash;

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which link.
    pub id: LinkId,
    /// The conversation that it reopens.
    pub conversation: ConversationId,
    /// The address that it was sent to, which opening it proves.
    pub email: String,
    /// Until when it can be claimed.
    pub expires_at: Timestamp,
    /// Since when it leads nowhere.
    pub revoked_at: Option<Timestamp>,
    /// Devices that have claimed it.
    pub claims: u32,
}

#[derive(FromRow)]
struct Row {
    id: String,
    conversation_id: String,
    email: String,
    expires_at: i64,
    revoked_at: Option<i64>,
    claims: i64,
}

impl TryFrom<Row> for Link {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: parse(&row.id, "resume_link.id")?,
            conversation: parse(&row.conversation_id, "resume_link.conversation_id")?,
            email: row.email,
            expires_at: Timestamp(row.expires_at),
            revoked_at: row.revoked_at.map(Timestamp),
            claims: parse_count(row.claims, "resume_link.claims")?,
        })
    }
}

/// Adds a link.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.resume_link.create", level = "debug", skip_all, fields(link = %link.id), err(level = "debug"))]
pub async fn create_link(
    tx: &mut Tx,
    link: &Link,
    token: &SecretHash,
    job: Option<JobId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO resume_link (id, token_hash, conversation_id, email, job_id, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    both!(tx, conn => sqlx::query(SQL)
        .bind(link.id.to_string())
        .bind(token.to_hex())
        .bind(link.conversation.to_string())
        .bind(link.email.clone())
        .bind(job.map(|job| job.to_string()))
        .bind(now.0)
        .bind(link.expires_at.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Returns the link with a token.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.resume_link.find", level = "debug", skip_all, err(level = "debug"))]
pub async fn find_link(tx: &mut Tx, token: &SecretHash) -> Result<Option<Link>, StoreError> {
    const SQL: &str = "SELECT id, conversation_id, email, expires_at, revoked_at, \
         (SELECT COUNT(*) FROM visitor_session WHERE visitor_session.resume_link_id = resume_link.id) AS claims \
         FROM resume_link WHERE token_hash = $1";
    let row: Option<Row> =
        both!(tx, conn => sqlx::query_as(SQL).bind(token.to_hex()).fetch_optional(conn).await)?;
    row.map(Link::try_from).transpose()
}

/// Returns the link with a token, and makes others who claim it wait until this transaction ends. On SQLite it is alone
/// already.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.resume_link.lock", level = "debug", skip_all, err(level = "debug"))]
pub async fn lock_link(tx: &mut Tx, token: &SecretHash) -> Result<Option<Link>, StoreError> {
    const LOCK: &str = "SELECT id FROM resume_link WHERE token_hash = $1 FOR NO KEY UPDATE";
    if let Tx::Postgres(tx) = tx {
        sqlx::query(LOCK).bind(token.to_hex()).execute(&mut **tx).await?;
    }
    find_link(tx, token).await
}

/// Gives a visitor a further session, got through a link; false when the session is in use already.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.resume_link.claim", level = "debug", skip_all, fields(link = %link, visitor = %visitor), err(level = "debug"))]
pub async fn create_session(
    tx: &mut Tx,
    session: &SecretHash,
    visitor: VisitorId,
    link: LinkId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO visitor_session (session_hash, visitor_id, resume_link_id, created_at, opened_by) \
         VALUES ($1, $2, $3, $4, 'link') ON CONFLICT DO NOTHING";
    let added = both!(tx, conn => sqlx::query(SQL)
        .bind(session.to_hex())
        .bind(visitor.to_string())
        .bind(link.to_string())
        .bind(now.0)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(added == 1)
}

/// Whose session this is, and through which link they got it.
///
/// # Errors
/// The database fails.
pub async fn find_session(
    tx: &mut Tx,
    session: &SecretHash,
) -> Result<Option<(VisitorId, Option<LinkId>)>, StoreError> {
    const SQL: &str = "SELECT visitor_id, resume_link_id FROM visitor_session WHERE session_hash = $1";
    let row: Option<(String, Option<String>)> =
        both!(tx, conn => sqlx::query_as(SQL).bind(session.to_hex()).fetch_optional(conn).await)?;
    let Some((visitor, link)) = row else {
        return Ok(None);
    };
    let link = link.map(|id| parse(&id, "visitor_session.resume_link_id")).transpose()?;
    Ok(Some((parse(&visitor, "visitor_session.visitor_id")?, link)))
}

/// Takes every link of a conversation back, and the sessions that were got through them; false where there was none.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.resume_link.revoke", level = "debug", skip_all, fields(conversation = %conversation), err(level = "debug"))]
pub async fn revoke_links(
    tx: &mut Tx,
    conversation: ConversationId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const LINKS: &str =
        "UPDATE resume_link SET revoked_at = $2 WHERE conversation_id = $1 AND revoked_at IS NULL";
    const SESSIONS: &str = "DELETE FROM visitor_session WHERE resume_link_id IN \
         (SELECT id FROM resume_link WHERE conversation_id = $1)";
    let links = both!(tx, conn => sqlx::query(LINKS)
        .bind(conversation.to_string())
        .bind(now.0)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    let ended = both!(tx, conn => sqlx::query(SESSIONS)
        .bind(conversation.to_string())
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(links + ended > 0)
}
