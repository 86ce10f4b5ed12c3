//! Table `secret`: what this installation has made for itself once, the same on every node.

use causette_shared::time::Timestamp;

use super::{StoreError, Tx, both};

/// Returns the value under a name, and keeps `fresh` there where there was none.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.secret.find_or_create", level = "debug", skip_all, err(level = "debug"))]
pub async fn find_or_create(
    tx: &mut Tx,
    name: &'static str,
    fresh: &str,
    now: Timestamp,
) -> Result<String, StoreError> {
    const INSERT: &str =
        "INSERT INTO secret (name, value, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
    const SELECT: &str = "SELECT value FROM secret WHERE name = $1";
    both!(tx, conn => sqlx::query(INSERT)
        .bind(name)
        .bind(fresh.to_owned())
        .bind(now.0)
        .execute(conn).await.map(drop))?;
    let (value,): (String,) = both!(tx, conn => sqlx::query_as(SELECT).bind(name).fetch_one(conn).await)?;
    Ok(value)
}
