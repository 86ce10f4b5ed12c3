//! Table `outbox`: effects to perform after their commit, one row each (G8).
//!
//! A job is claimed under a lease, so that of several workers one performs it, and another goes on where one has died.
//! Before a mail goes out it is noted as uncertain, and that is taken back where it surely did not: of one whose
//! outcome nobody knows there is at most one more.

use causette_shared::entry::MailKind;
use causette_shared::id::{ConversationId, JobId, Seq};
use causette_shared::time::Timestamp;
use sqlx::FromRow;

use super::{StoreError, Tx, both, parse, parse_count};

/// A job that waits, or is being performed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Which job; the Message-ID of its mail is made from it.
    pub id: JobId,
    /// What to send.
    pub kind: MailKind,
    /// About which conversation.
    pub conversation: Option<ConversationId>,
    /// What the kind needs to know, as JSON.
    pub payload: String,
    /// How often it was claimed, this time included.
    pub attempts: u32,
    /// Attempts of which nobody knows whether the mail was taken.
    pub uncertain: u32,
    /// When it is due.
    pub due_at: Timestamp,
    /// Since when a limit of mails holds it back.
    pub limited_at: Option<Timestamp>,
}

/// A job as the desk sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The job.
    pub job: Job,
    /// How far it is.
    pub state: State,
    /// To whom it goes, where that was decided.
    pub recipient: Option<String>,
    /// What went wrong last.
    pub error: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ended.
    pub settled_at: Option<Timestamp>,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits, for its time or for another attempt.
    Pending,
    /// The mail was taken by the mail server.
    Sent,
    /// There was no need any more.
    Cancelled,
    /// It was given up.
    Dead,
}

impl State {
    /// The word under which it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Cancelled => "cancelled",
            Self::Dead => "dead",
        }
    }
}

#[derive(FromRow)]
struct Row {
    id: String,
    kind: String,
    conversation_id: Option<String>,
    payload: String,
    attempts: i64,
    uncertain: i64,
    due_at: i64,
    limited_at: Option<i64>,
}

impl TryFrom<Row> for Job {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: parse(&row.id, "outbox.id")?,
            kind: parse(&row.kind, "outbox.kind")?,
            conversation: row.conversation_id.map(|id| parse(&id, "outbox.conversation_id")).transpose()?,
            payload: row.payload,
            attempts: parse_count(row.attempts, "outbox.attempts")?,
            uncertain: parse_count(row.uncertain, "outbox.uncertain")?,
            due_at: Timestamp(row.due_at),
            limited_at: row.limited_at.map(Timestamp),
        })
    }
}

#[derive(FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    job: Row,
    state: String,
    recipient: Option<String>,
    error: Option<String>,
    created_at: i64,
    settled_at: Option<i64>,
}

impl TryFrom<ListedRow> for Listed {
    type Error = StoreError;

    fn try_from(row: ListedRow) -> Result<Self, StoreError> {
        let states = [State::Pending, State::Sent, State::Cancelled, State::Dead];
        let state = states.into_iter().find(|state| state.as_str() == row.state);
        Ok(Self {
            job: row.job.try_into()?,
            state: state.ok_or(StoreError::Corrupt { column: "outbox.state" })?,
            recipient: row.recipient,
            error: row.error,
            created_at: Timestamp(row.created_at),
            settled_at: row.settled_at.map(Timestamp),
        })
    }
}

/// Adds a job that is due at `due_at`.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.outbox.create", level = "debug", skip_all, fields(job = %id, kind = kind.as_str()), err(level = "debug"))]
pub async fn create_job(
    tx: &mut Tx,
    id: JobId,
    kind: MailKind,
    conversation: Option<ConversationId>,
    payload: String,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO outbox (id, kind, conversation_id, payload, state, due_at, attempts, uncertain, \
         created_at, site_key) VALUES ($1, $2, $3, $4, 'pending', $5, 0, 0, $6, \
         (SELECT site_key FROM conversation WHERE id = $3))";
    both!(tx, conn => sqlx::query(SQL)
        .bind(id.to_string())
        .bind(kind.as_str())
        .bind(conversation.map(|id| id.to_string()))
        .bind(payload)
        .bind(due_at.0)
        .bind(now.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Makes the one follow-up of a conversation due at `due_at`: adds it, or moves the one that waits and is not being sent.
/// Returns when it is due: one that was tried before keeps its time.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.outbox.schedule_follow_up", level = "debug", skip_all, fields(conversation = %conversation), err(level = "debug"))]
pub async fn schedule_follow_up(
    tx: &mut Tx,
    id: JobId,
    conversation: ConversationId,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    const SQL: &str = "INSERT INTO outbox (id, kind, conversation_id, payload, state, due_at, attempts, uncertain, \
         created_at, site_key) VALUES ($1, 'follow_up', $2, '{}', 'pending', $3, 0, 0, $4, \
         (SELECT site_key FROM conversation WHERE id = $2)) \
         ON CONFLICT (conversation_id) WHERE kind = 'follow_up' AND state = 'pending' \
         DO UPDATE SET due_at = CASE WHEN outbox.attempts = 0 THEN excluded.due_at ELSE outbox.due_at END \
         RETURNING due_at";
    let (due_at,): (i64,) = both!(tx, conn => sqlx::query_as(SQL)
        .bind(id.to_string())
        .bind(conversation.to_string())
        .bind(due_at.0)
        .bind(now.0)
        .fetch_one(conn)
        .await)?;
    Ok(Timestamp(due_at))
}

/// Cancels the mails of a conversation that wait because somebody asked for them: copies, questions, new links.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.outbox.cancel_asked", level = "debug", skip_all, fields(conversation = %conversation), err(level = "debug"))]
pub async fn cancel_asked(
    tx: &mut Tx,
    conversation: ConversationId,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE outbox SET state = 'cancelled', settled_at = $2 \
         WHERE conversation_id = $1 AND state = 'pending' AND kind IN ('transcript', 'confirm_copy', 'new_link') \
         AND (lease_until IS NULL OR lease_until <= $2)";
    both!(tx, conn => sqlx::query(SQL)
        .bind(conversation.to_string())
        .bind(now.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Makes the follow-up that waits due now, an attempt that failed before included.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.outbox.hasten_follow_up", level = "debug", skip_all, fields(conversation = %conversation), err(level = "debug"))]
pub async fn hasten_follow_up(
    tx: &mut Tx,
    conversation: ConversationId,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE outbox SET due_at = $2, payload = '{\"asked\":true}' \
         WHERE conversation_id = $1 AND kind = 'follow_up' AND state = 'pending'";
    both!(tx, conn => sqlx::query(SQL)
        .bind(conversation.to_string())
        .bind(now.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Cancels the follow-up that waits for a conversation; false where none does, or one is just being sent.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.outbox.cancel_follow_up", level = "debug", skip_all, fields(conversation = %conversation), err(level = "debug"))]
pub async fn cancel_follow_up(
    tx: &mut Tx,
    conversation: ConversationId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    end_follow_up(tx, conversation, None, now).await
}

/// Cancels it because an agent does not want it: the replies up to `upto` are no reason for another one. `false` where none
/// waits that nobody has claimed.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.outbox.decline_follow_up", level = "debug", skip_all, fields(conversation = %conversation), err(level = "debug"))]
pub async fn decline_follow_up(
    tx: &mut Tx,
    conversation: ConversationId,
    upto: Seq,
    now: Timestamp,
) -> Result<bool, StoreError> {
    end_follow_up(tx, conversation, Some(upto), now).await
}

async fn end_follow_up(
    tx: &mut Tx,
    conversation: ConversationId,
    upto: Option<Seq>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE outbox SET state = 'cancelled', settled_at = $2, upto = $3 \
         WHERE conversation_id = $1 AND kind = 'follow_up' AND state = 'pending' \
         AND (lease_until IS NULL OR lease_until <= $2)";
    let cancelled = both!(tx, conn => sqlx::query(SQL)
        .bind(conversation.to_string())
        .bind(now.0)
        .bind(upto.map(i64::from))
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(cancelled > 0)
}

/// Claims jobs that are due, until `lease_until`. The condition stands outside the sub-select too: without it two workers
/// on PostgreSQL claim the same ones.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.outbox.claim", level = "debug", skip_all, err(level = "debug"))]
pub async fn claim_jobs(
    tx: &mut Tx,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
) -> Result<Vec<Job>, StoreError> {
    const SQL: &str = "UPDATE outbox SET lease_until = $1, attempts = attempts + 1 \
         WHERE id IN (SELECT id FROM outbox WHERE state = 'pending' AND due_at <= $2 \
             AND (lease_until IS NULL OR lease_until <= $2) ORDER BY due_at, id LIMIT $3) \
         AND state = 'pending' AND (lease_until IS NULL OR lease_until <= $2) \
         RETURNING id, kind, conversation_id, payload, attempts, uncertain, due_at, limited_at";
    let rows: Vec<Row> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(lease_until.0)
        .bind(now.0)
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(Job::try_from).collect()
}

/// When the next job is due, or its lease ends; `None` where none waits.
///
/// # Errors
/// The database fails.
pub async fn next_due(tx: &mut Tx) -> Result<Option<Timestamp>, StoreError> {
    const SQL: &str = "SELECT MIN(CASE WHEN lease_until IS NOT NULL AND lease_until > due_at THEN lease_until \
         ELSE due_at END) FROM outbox WHERE state = 'pending'";
    let (due,): (Option<i64>,) = both!(tx, conn => sqlx::query_as(SQL).fetch_one(conn).await)?;
    Ok(due.map(Timestamp))
}

/// Notes that a mail is about to go out to an address, with what there is up to an entry. False where the job is no longer this worker's: its lease is over
/// and another has it, or it ended.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.outbox.begin_attempt", level = "debug", skip_all, fields(job = %job.id), err(level = "debug"))]
pub async fn begin_attempt(
    tx: &mut Tx,
    job: &Job,
    recipient: &str,
    upto: Seq,
    lease_until: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE outbox SET uncertain = uncertain + 1, recipient = $3, recipient_domain = $4, \
         lease_until = $5, upto = $6, limited_at = NULL WHERE id = $1 AND attempts = $2 AND state = 'pending'";
    let begun = both!(tx, conn => sqlx::query(SQL)
        .bind(job.id.to_string())
        .bind(i64::from(job.attempts))
        .bind(recipient.to_owned())
        .bind(domain_of(recipient).to_owned())
        .bind(lease_until.0)
        .bind(i64::from(upto))
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(begun == 1)
}

/// How an attempt has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The mail server took it.
    Sent,
    /// It surely was not taken: again at that time.
    Retry(Timestamp, String),
    /// Nobody knows whether it was taken: once more at that time.
    Uncertain(Timestamp, String),
    /// It is not tried again. The last attempt surely failed.
    Dead(String),
    /// There was no need any more; nothing was sent.
    Cancelled,
    /// It was not its time yet: then.
    Postponed(Timestamp),
    /// A limit of mails holds it back until then, and why. No attempt was made.
    Limited(Timestamp, String),
}

/// Ends an attempt. False where the job is no longer this worker's.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.outbox.settle", level = "debug", skip_all, fields(job = %job.id), err(level = "debug"))]
pub async fn settle(tx: &mut Tx, job: &Job, settled: &Settled, now: Timestamp) -> Result<bool, StoreError> {
    const ENDED: &str = "UPDATE outbox SET state = $3, settled_at = $4, error = $5, lease_until = NULL, \
         uncertain = CASE WHEN $6 = 1 THEN $7 ELSE uncertain END, upto = CASE WHEN $8 = 1 THEN NULL ELSE upto END \
         WHERE id = $1 AND attempts = $2 AND state = 'pending'";
    const AGAIN: &str = "UPDATE outbox SET due_at = $3, error = $4, lease_until = NULL, \
         uncertain = CASE WHEN $5 = 1 THEN $6 ELSE uncertain END \
         WHERE id = $1 AND attempts = $2 AND state = 'pending'";
    const POSTPONED: &str = "UPDATE outbox SET due_at = $3, lease_until = NULL, attempts = attempts - 1 \
         WHERE id = $1 AND attempts = $2 AND state = 'pending'";
    const LIMITED: &str = "UPDATE outbox SET due_at = $3, error = $4, limited_at = COALESCE(limited_at, $5), \
         lease_until = NULL, attempts = attempts - 1 WHERE id = $1 AND attempts = $2 AND state = 'pending'";
    let (id, attempts) = (job.id.to_string(), i64::from(job.attempts));
    let changed = match settled {
        Settled::Sent | Settled::Dead(_) | Settled::Cancelled => {
            let (state, error) = match settled {
                Settled::Sent => (State::Sent, None),
                Settled::Dead(error) => (State::Dead, Some(error.clone())),
                _ => (State::Cancelled, None),
            };
            both!(tx, conn => sqlx::query(ENDED)
                .bind(id)
                .bind(attempts)
                .bind(state.as_str())
                .bind(now.0)
                .bind(error)
                // Given up means that this attempt surely failed: only earlier ones may have arrived.
                .bind(i64::from(state == State::Dead))
                .bind(i64::from(job.uncertain))
                // There was no reason for it: that is nobody's decision about its replies.
                .bind(i64::from(state == State::Cancelled))
                .execute(conn)
                .await
                .map(|done| done.rows_affected()))?
        }
        Settled::Retry(due, error) | Settled::Uncertain(due, error) => {
            let surely_not = i64::from(matches!(settled, Settled::Retry(..)));
            both!(tx, conn => sqlx::query(AGAIN)
                .bind(id)
                .bind(attempts)
                .bind(due.0)
                .bind(error.clone())
                .bind(surely_not)
                .bind(i64::from(job.uncertain))
                .execute(conn)
                .await
                .map(|done| done.rows_affected()))?
        }
        Settled::Postponed(due) => both!(tx, conn => sqlx::query(POSTPONED)
            .bind(id)
            .bind(attempts)
            .bind(due.0)
            .execute(conn)
            .await
            .map(|done| done.rows_affected()))?,
        Settled::Limited(due, why) => both!(tx, conn => sqlx::query(LIMITED)
            .bind(id)
            .bind(attempts)
            .bind(due.0)
            .bind(why.clone())
            .bind(now.0)
            .execute(conn)
            .await
            .map(|done| done.rows_affected()))?,
    };
    Ok(changed == 1)
}

/// What was mailed of a conversation's replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mailed {
    /// When the last mail with replies was sent.
    pub at: Option<Timestamp>,
    /// The last entry that any of them could carry, or that an agent did not want to be mailed.
    pub upto: Seq,
}

/// Returns what was mailed of a conversation's replies, or is not to be by an agent's decision.
///
/// # Errors
/// The database fails.
pub async fn find_mailed(tx: &mut Tx, conversation: ConversationId) -> Result<Mailed, StoreError> {
    const SQL: &str = "SELECT MAX(CASE WHEN state = 'sent' THEN settled_at END), COALESCE(MAX(upto), 0) FROM outbox \
         WHERE conversation_id = $1 AND state IN ('sent', 'cancelled') AND kind IN ('follow_up', 'invite', 'tell')";
    let (at, upto): (Option<i64>, i64) =
        both!(tx, conn => sqlx::query_as(SQL).bind(conversation.to_string()).fetch_one(conn).await)?;
    Ok(Mailed { at: at.map(Timestamp), upto: parse_count(upto, "outbox.upto")? })
}

/// The jobs of a conversation whose mail was sent to an address, oldest first: what the next mail to it refers to. Those of
/// mails to others stay theirs: whoever answers to one shows by that that they got it (`service::take_mail`).
///
/// # Errors
/// The database fails.
pub async fn list_sent(
    tx: &mut Tx,
    conversation: ConversationId,
    recipient: &str,
) -> Result<Vec<JobId>, StoreError> {
    const SQL: &str = "SELECT id FROM outbox WHERE conversation_id = $1 AND recipient = $2 AND state = 'sent' \
         ORDER BY settled_at, id";
    let rows: Vec<(String,)> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(conversation.to_string())
        .bind(recipient.to_owned())
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(|(id,)| parse(&id, "outbox.id")).collect()
}

/// What stands behind the `@` of an address.
fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

/// Names the address of a job beforehand, so that it counts.
///
/// # Errors
/// The database fails.
pub async fn set_recipient(tx: &mut Tx, id: JobId, recipient: &str) -> Result<(), StoreError> {
    const SQL: &str =
        "UPDATE outbox SET recipient = $2, recipient_domain = $3 WHERE id = $1 AND state = 'pending'";
    both!(tx, conn => sqlx::query(SQL)
        .bind(id.to_string())
        .bind(recipient.to_owned())
        .bind(domain_of(recipient).to_owned())
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// When the last mail of a conversation to an address was sent.
///
/// # Errors
/// The database fails.
pub async fn last_sent_to(
    tx: &mut Tx,
    conversation: ConversationId,
    recipient: &str,
) -> Result<Option<Timestamp>, StoreError> {
    const SQL: &str = "SELECT MAX(settled_at) FROM outbox \
         WHERE conversation_id = $1 AND recipient = $2 AND state = 'sent'";
    let (at,): (Option<i64>,) = both!(tx, conn => sqlx::query_as(SQL)
        .bind(conversation.to_string())
        .bind(recipient.to_owned())
        .fetch_one(conn)
        .await)?;
    Ok(at.map(Timestamp))
}

/// Returns a job.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.outbox.find", level = "debug", skip_all, fields(job = %id), err(level = "debug"))]
pub async fn find_job(tx: &mut Tx, id: JobId) -> Result<Option<Listed>, StoreError> {
    const SQL: &str = "SELECT id, kind, conversation_id, payload, attempts, uncertain, due_at, limited_at, state, recipient, \
         error, created_at, settled_at FROM outbox WHERE id = $1";
    let row: Option<ListedRow> =
        both!(tx, conn => sqlx::query_as(SQL).bind(id.to_string()).fetch_optional(conn).await)?;
    row.map(Listed::try_from).transpose()
}

/// Ends a job that nobody has claimed.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.outbox.cancel", level = "debug", skip_all, fields(job = %id), err(level = "debug"))]
pub async fn cancel_job(tx: &mut Tx, id: JobId, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE outbox SET state = 'cancelled', settled_at = $2 \
         WHERE id = $1 AND state = 'pending' AND lease_until IS NULL";
    both!(tx, conn => sqlx::query(SQL).bind(id.to_string()).bind(now.0).execute(conn).await.map(drop))?;
    Ok(())
}

/// What waits and what was given up, in a few numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Jobs that wait, for their time or for another attempt.
    pub waiting: u32,
    /// When the first of them is, or was, due.
    pub first_due_at: Option<Timestamp>,
    /// Those of them that a limit holds back.
    pub limited: u32,
    /// Jobs that were given up.
    pub dead: u32,
    /// When the newest of them was.
    pub last_dead_at: Option<Timestamp>,
}

/// Sums the outbox up.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.outbox.summarise", level = "debug", skip_all, err(level = "debug"))]
pub async fn summarise(tx: &mut Tx) -> Result<Summary, StoreError> {
    const WAITING: &str =
        "SELECT COUNT(*), MIN(due_at), COUNT(limited_at) FROM outbox WHERE state = 'pending'";
    const DEAD: &str = "SELECT COUNT(*), MAX(settled_at) FROM outbox WHERE state = 'dead'";
    let (waiting, first, limited): (i64, Option<i64>, i64) =
        both!(tx, conn => sqlx::query_as(WAITING).fetch_one(conn).await)?;
    let (dead, last): (i64, Option<i64>) = both!(tx, conn => sqlx::query_as(DEAD).fetch_one(conn).await)?;
    Ok(Summary {
        waiting: parse_count(waiting, "outbox.state")?,
        first_due_at: first.map(Timestamp),
        limited: parse_count(limited, "outbox.limited_at")?,
        dead: parse_count(dead, "outbox.state")?,
        last_dead_at: last.map(Timestamp),
    })
}

/// Lists jobs in a state, newest first.
///
/// # Errors
/// The database fails.
pub async fn list_jobs(tx: &mut Tx, state: State, limit: u32) -> Result<Vec<Listed>, StoreError> {
    const SQL: &str = "SELECT id, kind, conversation_id, payload, attempts, uncertain, due_at, limited_at, \
         state, recipient, error, created_at, settled_at FROM outbox WHERE state = $1 ORDER BY created_at DESC, id DESC LIMIT $2";
    let rows: Vec<ListedRow> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(state.as_str())
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(Listed::try_from).collect()
}
