//! Table `visitor_session`: the sessions that an identity has opened, and how they end.
//!
//! Those by which visitors began are made with the visitor (`visitor`), those of a resume link with its claim
//! (`resume_link`). Whoever ends sessions notes it in the same transaction; every server looks for such notes, and lets go
//! of the connections that stood on them (`live::ended_sessions`).

use causette_shared::id::{SiteKey, VisitorId};
use causette_shared::time::Timestamp;

use super::{StoreError, Tx, both, parse};
use crate::secret::SecretHash;

/// Gives a visitor a further session, which their identity has opened; false when it is in use already, on whichever site.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.visitor_session.create", level = "debug", skip_all, fields(visitor = %visitor), err(level = "debug"))]
pub async fn create_by_identity(
    tx: &mut Tx,
    visitor: VisitorId,
    session: &SecretHash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO visitor_session (session_hash, visitor_id, resume_link_id, created_at, opened_by) \
         VALUES ($1, $2, NULL, $3, 'identity') ON CONFLICT DO NOTHING";
    let added = both!(tx, conn => sqlx::query(SQL)
        .bind(session.to_hex())
        .bind(visitor.to_string())
        .bind(now.0)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(added == 1)
}

/// Ends the sessions that an identity has opened for a visitor, but the newest `kept`. The visitor is locked before. Returns
/// how many ended.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.visitor_session.end_oldest", level = "debug", skip_all, fields(visitor = %visitor), err(level = "debug"))]
pub async fn end_oldest(tx: &mut Tx, visitor: VisitorId, kept: u32) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM visitor_session WHERE visitor_id = $1 AND opened_by = 'identity' \
         AND session_hash NOT IN (SELECT session_hash FROM visitor_session \
             WHERE visitor_id = $1 AND opened_by = 'identity' \
             ORDER BY created_at DESC, session_hash LIMIT $2)";
    let ended = both!(tx, conn => sqlx::query(SQL)
        .bind(visitor.to_string())
        .bind(i64::from(kept))
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    if ended > 0 {
        note_end(tx, visitor).await?;
    }
    Ok(ended)
}

/// Notes that sessions of a visitor have ended: every server looks at their connections. The visitor is locked before.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.visitor_session.note_end", level = "debug", skip_all, fields(visitor = %visitor), err(level = "debug"))]
pub async fn note_end(tx: &mut Tx, visitor: VisitorId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE visitor SET sessions_ended = $1 WHERE id = $2";
    let number = next_number(tx).await?;
    both!(tx, conn => sqlx::query(SQL)
        .bind(number)
        .bind(visitor.to_string())
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Ends every session that an identity has opened on a site, as whoever had its secret could have opened it. Whom it has proven
/// anybody to be is no longer believed of them, until it is proven anew: nobody is led into a conversation that a stranger
/// has begun in their name. Returns how many sessions ended.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.visitor_session.end_all", level = "debug", skip_all, fields(site = %site), err(level = "debug"))]
pub async fn end_all_by_identity(tx: &mut Tx, site: &SiteKey) -> Result<u64, StoreError> {
    // Whom an identity has opened one for is somebody.
    const NOTE: &str = "UPDATE visitor SET sessions_ended = $1 WHERE site_key = $2 AND identified_as IS NOT NULL \
         AND EXISTS (SELECT 1 FROM visitor_session \
             WHERE visitor_session.visitor_id = visitor.id AND visitor_session.opened_by = 'identity')";
    const SQL: &str = "DELETE FROM visitor_session WHERE opened_by = 'identity' AND visitor_id IN \
         (SELECT id FROM visitor WHERE site_key = $1 AND identified_as IS NOT NULL)";
    const DOUBT: &str =
        "UPDATE visitor SET identified_at = NULL WHERE site_key = $1 AND identified_as IS NOT NULL";
    both!(tx, conn => sqlx::query(DOUBT)
        .bind(site.as_str().to_owned())
        .execute(conn).await.map(drop))?;
    let number = next_number(tx).await?;
    both!(tx, conn => sqlx::query(NOTE)
        .bind(number)
        .bind(site.as_str().to_owned())
        .execute(conn).await.map(drop))?;
    let ended = both!(tx, conn => sqlx::query(SQL)
        .bind(site.as_str().to_owned())
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(ended)
}

/// Counts the ends. The row stays locked until the commit, so that numbers come into sight in their order.
async fn next_number(tx: &mut Tx) -> Result<i64, StoreError> {
    const SQL: &str = "INSERT INTO counter (name, value) VALUES ('ended_sessions', 1) \
         ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value";
    let (number,): (i64,) = both!(tx, conn => sqlx::query_as(SQL).fetch_one(conn).await)?;
    Ok(number)
}

/// The number of the last time that sessions were ended; 0 where none ever was.
///
/// # Errors
/// The database fails.
pub async fn find_last_end(tx: &mut Tx) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT value FROM counter WHERE name = 'ended_sessions'";
    let found: Option<i64> = both!(tx, conn => sqlx::query_scalar(SQL).fetch_optional(conn).await)?;
    Ok(found.unwrap_or(0))
}

/// The visitors of whom sessions were ended after that number.
///
/// # Errors
/// The database fails.
#[tracing::instrument(
    name = "store.visitor_session.list_ended",
    level = "debug",
    skip_all,
    err(level = "debug")
)]
pub async fn list_visitors_ended_after(tx: &mut Tx, number: i64) -> Result<Vec<VisitorId>, StoreError> {
    const SQL: &str = "SELECT id FROM visitor WHERE sessions_ended > 0 AND sessions_ended > $1";
    let rows: Vec<(String,)> = both!(tx, conn => sqlx::query_as(SQL).bind(number).fetch_all(conn).await)?;
    rows.iter().map(|(id,)| parse(id, "visitor.id")).collect()
}
