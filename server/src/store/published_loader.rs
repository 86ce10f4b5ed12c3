//! Table `published_loader`: the loaders that pages pin by their hash. A row is added and never changed.

use causette_shared::id::SiteKey;
use causette_shared::time::Timestamp;

use super::{StoreError, Tx, both};

/// Keeps a script under its hash. The same script again is the same version: the first stays.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.published_loader.keep", level = "debug", skip_all, fields(site = %site), err(level = "debug"))]
pub async fn keep_loader(
    tx: &mut Tx,
    site: &SiteKey,
    sha384: &str,
    script: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO published_loader (site_key, sha384, script, created_at) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (site_key, sha384) DO NOTHING";
    both!(tx, conn => sqlx::query(SQL)
        .bind(site.as_str().to_owned())
        .bind(sha384.to_owned())
        .bind(script.to_owned())
        .bind(now.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Returns the script that was published under a hash.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.published_loader.find", level = "debug", skip_all, fields(site = %site), err(level = "debug"))]
pub async fn find_loader(tx: &mut Tx, site: &SiteKey, sha384: &str) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT script FROM published_loader WHERE site_key = $1 AND sha384 = $2";
    let row: Option<(String,)> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(site.as_str().to_owned())
        .bind(sha384.to_owned())
        .fetch_optional(conn).await)?;
    Ok(row.map(|(script,)| script))
}
