//! Whole tables, out of one snapshot and into one transaction: what backup and restore do to the database.
//!
//! The statements are put together from the constants in `tables` alone; values are bound. Rows go through in batches,
//! so that memory does not grow with the database.

use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Row as _};
use tokio::sync::mpsc;

use super::tables::{Column, Kind, RESTORES, TABLES, Table, Value};
use super::{StoreError, Tx, both};

/// The values of one row.
pub type Values = Vec<Value>;
/// Some rows of one table.
pub type Batch = Vec<Values>;

/// Rows of a batch. Sixteen columns of two hundred rows stay far below the parameters that a statement may have: 32,766
/// on SQLite, 65,535 on PostgreSQL.
pub const BATCH_ROWS: usize = 200;
/// Bytes of text after which a batch ends, however few rows it has.
pub const BATCH_BYTES: usize = 1024 * 1024;

/// Counts the rows of a table.
///
/// # Errors
/// The database fails.
pub async fn count_rows(tx: &mut Tx, table: &Table) -> Result<u64, StoreError> {
    let sql = format!("SELECT COUNT(*) FROM {} WHERE {}", table.name, table.content);
    let count: i64 = both!(tx, conn => sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(conn).await)?;
    Ok(count.unsigned_abs())
}

/// Sends every row of a table, by its key, and waits where the receiver does. A receiver that has gone wants no more.
///
/// # Errors
/// The database fails, or holds what is neither text nor a number.
#[tracing::instrument(name = "store.dump.read", level = "debug", skip_all, fields(table = table.name), err(level = "debug"))]
pub async fn read_table(tx: &mut Tx, table: &Table, to: &mpsc::Sender<Batch>) -> Result<(), StoreError> {
    let Table { name, columns, key, content } = table;
    let names = join(columns.iter().map(|(name, _)| *name));
    let sql = format!("SELECT {names} FROM {name} WHERE {content} ORDER BY {key}");
    let corrupt = |_| StoreError::Corrupt { column: table.name };
    let (mut batch, mut bytes) = (Batch::new(), 0);
    both!(tx, conn => {
        let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(conn);
        while let Some(row) = rows.try_next().await? {
            let mut values = Values::with_capacity(columns.len());
            for (place, (_, kind)) in columns.iter().enumerate() {
                values.push(match kind {
                    Kind::Integer => row.try_get::<Option<i64>, _>(place).map_err(corrupt)?.map(Value::Integer),
                    Kind::Text => row.try_get::<Option<String>, _>(place).map_err(corrupt)?.map(Value::Text),
                }.unwrap_or(Value::Null));
            }
            bytes += weigh(&values);
            batch.push(values);
            if batch.len() >= BATCH_ROWS || bytes >= BATCH_BYTES {
                bytes = 0;
                if to.send(std::mem::take(&mut batch)).await.is_err() {
                    return Ok(());
                }
            }
        }
    });
    if !batch.is_empty() {
        let _ = to.send(batch).await;
    }
    Ok(())
}

/// The bytes of text in a row.
#[must_use]
pub fn weigh(values: &[Value]) -> usize {
    values.iter().map(|value| if let Value::Text(text) = value { text.len() } else { 8 }).sum()
}

/// Makes everyone else who writes wait until this transaction ends; who reads goes on. On SQLite it is alone already.
///
/// # Errors
/// Others have written for longer than we wait, or the database fails.
#[tracing::instrument(name = "store.dump.lock", level = "debug", skip_all, err(level = "debug"))]
pub async fn lock_all(tx: &mut Tx) -> Result<(), StoreError> {
    if let Tx::Postgres(tx) = tx {
        // First what use cases lock first: where they wait for us, they hold nothing that we need.
        let names =
            join(["visitor", "conversation"].into_iter().chain(TABLES.iter().map(|table| table.name)));
        let sql = format!("LOCK TABLE {names} IN EXCLUSIVE MODE");
        sqlx::query(AssertSqlSafe(sql)).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Deletes all that the store holds.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.dump.delete", level = "debug", skip_all, err(level = "debug"))]
pub async fn delete_all(tx: &mut Tx) -> Result<(), StoreError> {
    for table in TABLES.iter().rev() {
        let sql = format!("DELETE FROM {} WHERE {}", table.name, table.content);
        both!(tx, conn => sqlx::query(AssertSqlSafe(sql)).execute(conn).await.map(drop))?;
    }
    Ok(())
}

/// Adds rows to a table, at most `BATCH_ROWS`; each has one value for each of `columns`. A column that is not named gets
/// its default.
///
/// # Errors
/// A row breaks a rule of the schema, or the database fails.
pub async fn create_rows(
    tx: &mut Tx,
    table: &Table,
    columns: &[Column],
    rows: Batch,
) -> Result<(), StoreError> {
    let names = join(columns.iter().map(|(name, _)| *name));
    let one = |row: usize| {
        let first = row * columns.len();
        format!("({})", join((1..=columns.len()).map(|place| format!("${}", first + place))))
    };
    let places = join((0..rows.len()).map(one));
    let sql = format!("INSERT INTO {} ({names}) VALUES {places}", table.name);
    let wanted = rows.len() as u64;
    let added = both!(tx, conn => {
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for values in rows {
            for (value, (_, kind)) in values.into_iter().zip(columns) {
                query = match (value, kind) {
                    (Value::Integer(number), _) => query.bind(number),
                    (Value::Text(text), _) => query.bind(text),
                    (Value::Null, Kind::Integer) => query.bind(None::<i64>),
                    (Value::Null, Kind::Text) => query.bind(None::<String>),
                };
            }
        }
        query.execute(conn).await.map(|done| done.rows_affected())
    })?;
    if added == wanted { Ok(()) } else { Err(StoreError::Corrupt { column: table.name }) }
}

/// How often this database was put back. Who sees another number than before holds what may no longer be stored.
///
/// # Errors
/// The database fails.
pub async fn count_restores(tx: &mut Tx) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT value FROM counter WHERE name = $1";
    let found: Option<i64> =
        both!(tx, conn => sqlx::query_scalar(SQL).bind(RESTORES).fetch_optional(conn).await)?;
    Ok(found.unwrap_or(0))
}

/// Notes that this transaction puts the database back.
///
/// # Errors
/// The database fails.
pub async fn count_restore(tx: &mut Tx) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO counter (name, value) VALUES ($1, 1) \
         ON CONFLICT (name) DO UPDATE SET value = counter.value + 1";
    both!(tx, conn => sqlx::query(SQL).bind(RESTORES).execute(conn).await.map(drop))?;
    Ok(())
}

/// Fills what later migrations made from rows that were there, for a backup of an older schema.
///
/// # Errors
/// The database fails.
pub async fn complete_rows(tx: &mut Tx, schema: i64) -> Result<(), StoreError> {
    const MAIL: i64 = 2;
    const LIMITS: i64 = 3;
    const ENDED_SESSIONS: i64 = 9;
    const SESSIONS: &str = "INSERT INTO visitor_session (session_hash, visitor_id, resume_link_id, created_at) \
         SELECT session_hash, id, NULL, created_at FROM visitor \
         WHERE NOT EXISTS (SELECT 1 FROM visitor_session WHERE visitor_session.visitor_id = visitor.id)";
    const ADDRESSES: &str =
        "UPDATE contact SET email_folded = LOWER(email) WHERE email_folded IS NULL AND email IS NOT NULL";
    // See the migration `mail_limits`.
    const DOMAINS: &str = "UPDATE outbox SET recipient_domain = \
         SUBSTR(recipient, LENGTH(RTRIM(recipient, REPLACE(recipient, '@', ''))) + 1) WHERE recipient LIKE '%@%'";
    const SITES: &str = "UPDATE outbox SET site_key = \
         (SELECT conversation.site_key FROM conversation WHERE conversation.id = outbox.conversation_id)";
    const CARRIED: &str = "UPDATE outbox SET upto = (SELECT MAX(entry.seq) FROM entry \
         WHERE entry.conversation_id = outbox.conversation_id AND entry.at <= outbox.settled_at) \
         WHERE state = 'sent' AND kind IN ('follow_up', 'invite', 'tell')";
    // See the migration `ended_sessions`.
    const BY_LINK: &str = "UPDATE visitor_session SET opened_by = 'link' WHERE resume_link_id IS NOT NULL";
    const BY_IDENTITY: &str = "UPDATE visitor_session SET opened_by = 'identity' WHERE resume_link_id IS NULL \
         AND NOT EXISTS (SELECT 1 FROM visitor WHERE visitor.session_hash = visitor_session.session_hash)";
    let steps = [
        (MAIL, SESSIONS),
        (MAIL, ADDRESSES),
        (LIMITS, DOMAINS),
        (LIMITS, SITES),
        (LIMITS, CARRIED),
        (ENDED_SESSIONS, BY_LINK),
        (ENDED_SESSIONS, BY_IDENTITY),
    ];
    for (since, sql) in steps {
        if schema < since {
            both!(tx, conn => sqlx::query(sql).execute(conn).await.map(drop))?;
        }
    }
    Ok(())
}

fn join<T: AsRef<str>>(parts: impl Iterator<Item = T>) -> String {
    let mut joined = String::new();
    for part in parts {
        if !joined.is_empty() {
            joined.push_str(", ");
        }
        joined.push_str(part.as_ref());
    }
    joined
}
