//! Table `outbox`, as agents see it: what waits there, and the mails that were given up, which they send again or drop.
//! What the worker does with the table is in `outbox`.

use causette_shared::entry::MailKind;
use causette_shared::id::{ConversationId, JobId};
use causette_shared::protocol::outbox::DeadMail;
use causette_shared::time::Timestamp;
use sqlx::FromRow;

use super::outbox::State;
use super::{StoreError, Tx, both, parse, parse_count};

/// How many mails wait, and how it is with those that an attempt has failed of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// All that wait.
    pub count: u32,
    /// Those of which an attempt has failed.
    pub delayed: u32,
    /// What went wrong with the one of these that is tried again first.
    pub error: Option<String>,
}

/// A job, as far as it decides what an agent may do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settleable {
    /// Whether it was given up.
    pub is_dead: bool,
    /// What it sends.
    pub kind: MailKind,
    /// About which conversation.
    pub conversation: Option<ConversationId>,
}

#[derive(FromRow)]
struct Row {
    id: String,
    kind: String,
    conversation_id: Option<String>,
    number: Option<i64>,
    recipient: Option<String>,
    error: Option<String>,
    attempts: i64,
    uncertain: i64,
    created_at: i64,
    settled_at: Option<i64>,
}

impl TryFrom<Row> for DeadMail {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let conversation = row.conversation_id.map(|id| parse(&id, "outbox.conversation_id")).transpose()?;
        let number = row.number.map(|number| parse_count(number, "conversation.number")).transpose()?;
        Ok(Self {
            id: parse(&row.id, "outbox.id")?,
            kind: parse(&row.kind, "outbox.kind")?,
            conversation,
            number,
            recipient: row.recipient,
            error: row.error,
            attempts: parse_count(row.attempts, "outbox.attempts")?,
            may_have_arrived: row.uncertain > 0,
            created_at: Timestamp(row.created_at),
            given_up_at: row.settled_at.map(Timestamp),
        })
    }
}

/// Lists the mails that were given up, the last one first.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.dead_mail.list", level = "debug", skip_all, err(level = "debug"))]
pub async fn list_dead(tx: &mut Tx, limit: u32) -> Result<Vec<DeadMail>, StoreError> {
    const SQL: &str = "SELECT outbox.id, outbox.kind, outbox.conversation_id, conversation.number, outbox.recipient, \
         outbox.error, outbox.attempts, outbox.uncertain, outbox.created_at, outbox.settled_at \
         FROM outbox LEFT JOIN conversation ON conversation.id = outbox.conversation_id \
         WHERE outbox.state = 'dead' ORDER BY outbox.settled_at DESC, outbox.id DESC LIMIT $1";
    let rows: Vec<Row> = both!(tx, conn => sqlx::query_as(SQL).bind(i64::from(limit)).fetch_all(conn).await)?;
    rows.into_iter().map(DeadMail::try_from).collect()
}

/// How many mails were given up.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.dead_mail.count", level = "debug", skip_all, err(level = "debug"))]
pub async fn count_dead(tx: &mut Tx) -> Result<u32, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM outbox WHERE state = 'dead'";
    let (count,): (i64,) = both!(tx, conn => sqlx::query_as(SQL).fetch_one(conn).await)?;
    parse_count(count, "outbox.state")
}

/// Tells what waits.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.dead_mail.waiting", level = "debug", skip_all, err(level = "debug"))]
pub async fn find_waiting(tx: &mut Tx) -> Result<Waiting, StoreError> {
    // What a limit holds back has not failed.
    const COUNT: &str = "SELECT COUNT(*), COUNT(CASE WHEN limited_at IS NULL THEN error END) FROM outbox \
         WHERE state = 'pending'";
    const ERROR: &str = "SELECT error FROM outbox WHERE state = 'pending' AND error IS NOT NULL \
         AND limited_at IS NULL ORDER BY due_at, id LIMIT 1";
    let (count, delayed): (i64, i64) = both!(tx, conn => sqlx::query_as(COUNT).fetch_one(conn).await)?;
    let error: Option<(String,)> = both!(tx, conn => sqlx::query_as(ERROR).fetch_optional(conn).await)?;
    Ok(Waiting {
        count: parse_count(count, "outbox.state")?,
        delayed: parse_count(delayed, "outbox.error")?,
        error: error.map(|(error,)| error),
    })
}

/// Lists mails that were given up and surely did not arrive, those given up first before.
///
/// # Errors
/// The database fails.
#[tracing::instrument(
    name = "store.dead_mail.list_undelivered",
    level = "debug",
    skip_all,
    err(level = "debug")
)]
pub async fn list_undelivered(tx: &mut Tx, limit: u32) -> Result<Vec<JobId>, StoreError> {
    const SQL: &str = "SELECT id FROM outbox WHERE state = 'dead' AND uncertain = 0 \
         ORDER BY settled_at, id LIMIT $1";
    let rows: Vec<(String,)> =
        both!(tx, conn => sqlx::query_as(SQL).bind(i64::from(limit)).fetch_all(conn).await)?;
    rows.into_iter().map(|(id,)| parse(&id, "outbox.id")).collect()
}

/// Finds a job.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.dead_mail.find", level = "debug", skip_all, fields(job = %id), err(level = "debug"))]
pub async fn find_job(tx: &mut Tx, id: JobId) -> Result<Option<Settleable>, StoreError> {
    const SQL: &str = "SELECT state, kind, conversation_id FROM outbox WHERE id = $1";
    let row: Option<(String, String, Option<String>)> =
        both!(tx, conn => sqlx::query_as(SQL).bind(id.to_string()).fetch_optional(conn).await)?;
    let Some((state, kind, conversation)) = row else {
        return Ok(None);
    };
    Ok(Some(Settleable {
        is_dead: state == State::Dead.as_str(),
        kind: parse(&kind, "outbox.kind")?,
        conversation: conversation.map(|id| parse(&id, "outbox.conversation_id")).transpose()?,
    }))
}

/// Makes a mail that was given up due now, with all its attempts before it again. Of one that may have arrived there is
/// exactly one more: it counts as if one attempt had been uncertain. False where it was not given up.
///
/// # Errors
/// It is a follow-up and another one waits, or the database fails.
#[tracing::instrument(name = "store.dead_mail.revive", level = "debug", skip_all, fields(job = %id), err(level = "debug"))]
pub async fn revive_job(tx: &mut Tx, id: JobId, now: Timestamp) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE outbox SET state = 'pending', due_at = $2, lease_until = NULL, attempts = 0, \
         uncertain = CASE WHEN uncertain > 1 THEN 1 ELSE uncertain END, error = NULL, settled_at = NULL, \
         limited_at = NULL, upto = NULL \
         WHERE id = $1 AND state = 'dead'";
    let revived = both!(tx, conn => sqlx::query(SQL)
        .bind(id.to_string())
        .bind(now.0)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(revived == 1)
}

/// Ends a mail that was given up, as another one carries what it would have. False where it was not.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.dead_mail.supersede", level = "debug", skip_all, fields(job = %id), err(level = "debug"))]
pub async fn supersede_job(tx: &mut Tx, id: JobId, now: Timestamp) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE outbox SET state = 'cancelled', settled_at = $2, upto = NULL WHERE id = $1 AND state = 'dead'";
    let ended = both!(tx, conn => sqlx::query(SQL)
        .bind(id.to_string())
        .bind(now.0)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(ended == 1)
}

/// Drops a mail that was given up: what it would have carried is no reason for another one. False where it was not.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.dead_mail.discard", level = "debug", skip_all, fields(job = %id), err(level = "debug"))]
pub async fn discard_job(tx: &mut Tx, id: JobId, now: Timestamp) -> Result<bool, StoreError> {
    const SQL: &str =
        "UPDATE outbox SET state = 'cancelled', settled_at = $2 WHERE id = $1 AND state = 'dead'";
    let discarded = both!(tx, conn => sqlx::query(SQL)
        .bind(id.to_string())
        .bind(now.0)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(discarded == 1)
}

/// Whether a follow-up of a conversation waits. The conversation is locked before, so that this stays true.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.dead_mail.has_follow_up", level = "debug", skip_all, fields(conversation = %conversation), err(level = "debug"))]
pub async fn has_follow_up(tx: &mut Tx, conversation: ConversationId) -> Result<bool, StoreError> {
    const SQL: &str =
        "SELECT COUNT(*) FROM outbox WHERE conversation_id = $1 AND kind = 'follow_up' AND state = 'pending'";
    let (count,): (i64,) =
        both!(tx, conn => sqlx::query_as(SQL).bind(conversation.to_string()).fetch_one(conn).await)?;
    Ok(count > 0)
}
