//! Table `visitor`: browsers and apps that hold a session on a site.

use causette_shared::id::{ContactId, ConversationId, SiteKey, VisitorId};
use causette_shared::time::Timestamp;
use sqlx::FromRow;

use super::{StoreError, Tx, both, parse};
use crate::secret::SecretHash;

/// A visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// Which visitor.
    pub id: VisitorId,
    /// The contact that they have become.
    pub contact: Option<ContactId>,
}

#[derive(FromRow)]
struct Row {
    id: String,
    contact_id: Option<String>,
}

/// Makes others who write for the visitor with this session wait until this transaction ends, so that what it reads of
/// them from here on stays true. On SQLite it is alone already.
///
/// # Errors
/// The database is busy or fails.
#[tracing::instrument(name = "store.visitor.lock", level = "debug", skip_all, err(level = "debug"))]
pub async fn lock_visitor(tx: &mut Tx, session: &SecretHash) -> Result<(), StoreError> {
    const SQL: &str = "SELECT id FROM visitor \
         WHERE id = (SELECT visitor_id FROM visitor_session WHERE session_hash = $1) FOR NO KEY UPDATE";
    if let Tx::Postgres(tx) = tx {
        sqlx::query(SQL).bind(session.to_hex()).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Returns the visitor who holds this session on this site. A session of another site is no session here.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.visitor.find", level = "debug", skip_all, fields(site = %site), err(level = "debug"))]
pub async fn find_visitor(
    tx: &mut Tx,
    site: &SiteKey,
    session: &SecretHash,
) -> Result<Option<Visitor>, StoreError> {
    const SQL: &str = "SELECT visitor.id, visitor.contact_id FROM visitor_session \
         JOIN visitor ON visitor.id = visitor_session.visitor_id \
         WHERE visitor_session.session_hash = $1 AND visitor.site_key = $2";
    let row: Option<Row> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(session.to_hex())
        .bind(site.as_str().to_owned())
        .fetch_optional(conn)
        .await)?;
    let Some(row) = row else {
        return Ok(None);
    };
    let contact = row.contact_id.map(|id| parse(&id, "visitor.contact_id")).transpose()?;
    Ok(Some(Visitor { id: parse(&row.id, "visitor.id")?, contact }))
}

/// Adds a visitor; false when the session belongs to one already, on whichever site. Another transaction that adds the
/// same one is waited for.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.visitor.create", level = "debug", skip_all, fields(site = %site, visitor = %id), err(level = "debug"))]
pub async fn create_visitor(
    tx: &mut Tx,
    id: VisitorId,
    site: &SiteKey,
    session: &SecretHash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const SESSION: &str = "INSERT INTO visitor_session (session_hash, visitor_id, resume_link_id, created_at) \
         VALUES ($1, $2, NULL, $3)";
    const SQL: &str = "INSERT INTO visitor (id, site_key, session_hash, contact_id, created_at) \
         SELECT $1, $2, $3, NULL, $4 WHERE NOT EXISTS (SELECT 1 FROM visitor_session WHERE session_hash = $3) \
         ON CONFLICT DO NOTHING";
    let inserted = both!(tx, conn => sqlx::query(SQL)
        .bind(id.to_string())
        .bind(site.as_str().to_owned())
        .bind(session.to_hex())
        .bind(now.0)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    if inserted != 1 {
        return Ok(false);
    }
    both!(tx, conn => sqlx::query(SESSION)
        .bind(session.to_hex())
        .bind(id.to_string())
        .bind(now.0)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(true)
}

/// Makes others who write for this visitor wait until this transaction ends. On SQLite it is alone already.
///
/// # Errors
/// The database is busy or fails.
#[tracing::instrument(name = "store.visitor.lock_by_id", level = "debug", skip_all, fields(visitor = %id), err(level = "debug"))]
pub async fn lock_visitor_by_id(tx: &mut Tx, id: VisitorId) -> Result<(), StoreError> {
    const SQL: &str = "SELECT id FROM visitor WHERE id = $1 FOR NO KEY UPDATE";
    if let Tx::Postgres(tx) = tx {
        sqlx::query(SQL).bind(id.to_string()).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Returns the contact that a visitor has become.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.visitor.find_contact", level = "debug", skip_all, fields(visitor = %id), err(level = "debug"))]
pub async fn find_contact_of(tx: &mut Tx, id: VisitorId) -> Result<Option<ContactId>, StoreError> {
    const SQL: &str = "SELECT contact_id FROM visitor WHERE id = $1";
    let row: Option<(Option<String>,)> =
        both!(tx, conn => sqlx::query_as(SQL).bind(id.to_string()).fetch_optional(conn).await)?;
    row.and_then(|(contact,)| contact).map(|contact| parse(&contact, "visitor.contact_id")).transpose()
}

/// Makes a visitor a contact, or none.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.visitor.set_contact", level = "debug", skip_all, fields(visitor = %id), err(level = "debug"))]
pub async fn set_contact(tx: &mut Tx, id: VisitorId, contact: Option<ContactId>) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE visitor SET contact_id = $2 WHERE id = $1";
    both!(tx, conn => sqlx::query(SQL)
        .bind(id.to_string())
        .bind(contact.map(|contact| contact.to_string()))
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Notes that a visitor's conversations show something new. Returns them.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.visitor.revise_conversations", level = "debug", skip_all, fields(visitor = %id), err(level = "debug"))]
pub async fn revise_conversations(tx: &mut Tx, id: VisitorId) -> Result<Vec<ConversationId>, StoreError> {
    const LOCK: &str = "SELECT id FROM conversation WHERE visitor_id = $1 ORDER BY id FOR NO KEY UPDATE";
    const SQL: &str = "UPDATE conversation SET revision = revision + 1 WHERE visitor_id = $1 RETURNING id";
    if let Tx::Postgres(tx) = tx {
        sqlx::query(LOCK).bind(id.to_string()).execute(&mut **tx).await?;
    }
    let rows: Vec<(String,)> =
        both!(tx, conn => sqlx::query_as(SQL).bind(id.to_string()).fetch_all(conn).await)?;
    rows.iter().map(|(id,)| parse(id, "conversation.id")).collect()
}

/// Returns whom a page has proven a visitor to be.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.visitor.find_identity", level = "debug", skip_all, fields(visitor = %id), err(level = "debug"))]
pub async fn find_identity(tx: &mut Tx, id: VisitorId) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT identified_as FROM visitor WHERE id = $1";
    let row: Option<(Option<String>,)> =
        both!(tx, conn => sqlx::query_as(SQL).bind(id.to_string()).fetch_optional(conn).await)?;
    Ok(row.and_then(|(subject,)| subject))
}

/// Notes whom a page has proven a visitor to be, and that this was now. The visitor is locked before, and nobody's or theirs.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.visitor.set_identity", level = "debug", skip_all, fields(visitor = %id), err(level = "debug"))]
pub async fn set_identity(
    tx: &mut Tx,
    id: VisitorId,
    subject: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE visitor SET identified_as = $2, identified_at = $3 WHERE id = $1 AND (identified_as IS NULL OR identified_as = $2)";
    both!(tx, conn => sqlx::query(SQL)
        .bind(id.to_string())
        .bind(subject.to_owned())
        .bind(now.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Returns the visitor with the newest open conversation of those that a site has proven to be this person, with the secret that
/// it has now. A contact that an agent has attached does not count: it opens nothing.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.visitor.find_open_of_person", level = "debug", skip_all, fields(site = %site), err(level = "debug"))]
pub async fn find_open_of_person(
    tx: &mut Tx,
    site: &SiteKey,
    subject: &str,
) -> Result<Option<VisitorId>, StoreError> {
    const SQL: &str = "SELECT visitor.id FROM visitor JOIN conversation ON conversation.visitor_id = visitor.id \
         WHERE visitor.site_key = $1 AND visitor.identified_as = $2 AND visitor.identified_at IS NOT NULL \
         AND conversation.status <> 'closed' \
         ORDER BY conversation.number DESC LIMIT 1";
    let row: Option<(String,)> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(site.as_str().to_owned())
        .bind(subject.to_owned())
        .fetch_optional(conn)
        .await)?;
    row.map(|(id,)| parse(&id, "visitor.id")).transpose()
}

/// How many visitors a contact is.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.visitor.count_of", level = "debug", skip_all, fields(contact = %contact), err(level = "debug"))]
pub async fn count_of(tx: &mut Tx, contact: ContactId) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM visitor WHERE contact_id = $1";
    let (count,): (i64,) =
        both!(tx, conn => sqlx::query_as(SQL).bind(contact.to_string()).fetch_one(conn).await)?;
    Ok(count)
}
