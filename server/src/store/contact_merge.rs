//! Table `contact_merge`: what merges have done, so that they can be undone.

use causette_shared::id::{AgentId, ContactId, MergeId, VisitorId};
use causette_shared::protocol::contacts::ContactMerge;
use causette_shared::time::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::contact::StoredEmail;
use super::{StoreError, Tx, both, parse, parse_json, to_json};

/// A merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMerge {
    /// Which merge.
    pub id: MergeId,
    /// The contact that was kept.
    pub kept: ContactId,
    /// The one that went into it.
    pub merged: ContactId,
    /// What undoes it.
    pub before: Before,
    /// When it was done.
    pub created_at: Timestamp,
    /// When it was undone.
    pub undone_at: Option<Timestamp>,
}

/// What a merge has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The kept contact as it was.
    pub was: Known,
    /// The kept contact as it became: what differs from that when the merge is undone was changed since, and stays.
    pub became: Known,
    /// The visitors who came with the other one.
    pub visitors: Vec<VisitorId>,
}

/// What is known of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The name.
    pub name: Option<String>,
    /// The address, and all that is known of it.
    pub email: Option<StoredEmail>,
    /// The number.
    pub phone: Option<String>,
    /// The company.
    pub company: Option<String>,
}

/// Keeps what a merge has done. `by` is `None` where a proven address did it.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact_merge.create", level = "debug", skip_all, fields(merge = %merge.id), err(level = "debug"))]
pub async fn create_merge(tx: &mut Tx, merge: &StoredMerge, by: Option<AgentId>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO contact_merge (id, kept_id, merged_id, agent_id, before, created_at, undone_at) \
         VALUES ($1, $2, $3, $4, $5, $6, NULL)";
    let before = to_json(&merge.before, "contact_merge.before")?;
    both!(tx, conn => sqlx::query(SQL)
        .bind(merge.id.to_string())
        .bind(merge.kept.to_string())
        .bind(merge.merged.to_string())
        .bind(by.map(|agent| agent.to_string()))
        .bind(before)
        .bind(merge.created_at.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}

#[derive(FromRow)]
struct Row {
    id: String,
    kept_id: String,
    merged_id: String,
    before: String,
    created_at: i64,
    undone_at: Option<i64>,
}

/// Returns a merge.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact_merge.find", level = "debug", skip_all, fields(merge = %id), err(level = "debug"))]
pub async fn find_merge(tx: &mut Tx, id: MergeId) -> Result<Option<StoredMerge>, StoreError> {
    const SQL: &str =
        "SELECT id, kept_id, merged_id, before, created_at, undone_at FROM contact_merge WHERE id = $1";
    let row: Option<Row> =
        both!(tx, conn => sqlx::query_as(SQL).bind(id.to_string()).fetch_optional(conn).await)?;
    let merge = |row: Row| {
        Ok(StoredMerge {
            id: parse(&row.id, "contact_merge.id")?,
            kept: parse(&row.kept_id, "contact_merge.kept_id")?,
            merged: parse(&row.merged_id, "contact_merge.merged_id")?,
            before: parse_json(&row.before, "contact_merge.before")?,
            created_at: Timestamp(row.created_at),
            undone_at: row.undone_at.map(Timestamp),
        })
    };
    row.map(merge).transpose()
}

/// Notes that a merge was undone.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact_merge.mark_undone", level = "debug", skip_all, fields(merge = %id), err(level = "debug"))]
pub async fn mark_undone(tx: &mut Tx, id: MergeId, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE contact_merge SET undone_at = $2 WHERE id = $1";
    both!(tx, conn => sqlx::query(SQL).bind(id.to_string()).bind(now.0).execute(conn).await.map(drop))?;
    Ok(())
}

/// Lists the merges into a contact that were not undone, newest first.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact_merge.list", level = "debug", skip_all, fields(contact = %kept), err(level = "debug"))]
pub async fn list_merges_into(tx: &mut Tx, kept: ContactId) -> Result<Vec<ContactMerge>, StoreError> {
    const SQL: &str = "SELECT contact_merge.id, COALESCE(contact.name, contact.email) AS merged, agent.name AS by_name, \
         contact_merge.created_at FROM contact_merge JOIN contact ON contact.id = contact_merge.merged_id \
         LEFT JOIN agent ON agent.id = contact_merge.agent_id \
         WHERE contact_merge.kept_id = $1 AND contact_merge.undone_at IS NULL \
         ORDER BY contact_merge.created_at DESC, contact_merge.id DESC LIMIT 50";
    let rows: Vec<(String, Option<String>, Option<String>, i64)> =
        both!(tx, conn => sqlx::query_as(SQL).bind(kept.to_string()).fetch_all(conn).await)?;
    let merge = |(id, merged, by, at): (String, Option<String>, Option<String>, i64)| {
        Ok(ContactMerge { id: parse(&id, "contact_merge.id")?, merged, by, at: Timestamp(at) })
    };
    rows.into_iter().map(merge).collect()
}
