//! Table `site`: the embedded places.

use causette_shared::id::SiteKey;
use causette_shared::time::Timestamp;
use sqlx::FromRow;

use super::{StoreError, Tx, Unique, both, parse, parse_json, to_json};
use crate::site::{Site, SiteOrigin, SiteSettings};

#[derive(FromRow)]
struct Row {
    key: String,
    name: String,
    origins: String,
    settings: String,
}

impl TryFrom<Row> for Site {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let origins: Vec<SiteOrigin> = parse_json(&row.origins, "site.origins")?;
        let settings: SiteSettings = parse_json(&row.settings, "site.settings")?;
        Ok(Self { key: parse(&row.key, "site.key")?, name: row.name, origins, settings })
    }
}

/// Returns a site.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.site.find", level = "debug", skip_all, fields(site = %key), err(level = "debug"))]
pub async fn find_site(tx: &mut Tx, key: &SiteKey) -> Result<Option<Site>, StoreError> {
    const SQL: &str = "SELECT key, name, origins, settings FROM site WHERE key = $1";
    let row: Option<Row> =
        both!(tx, conn => sqlx::query_as(SQL).bind(key.as_str().to_owned()).fetch_optional(conn).await)?;
    row.map(Site::try_from).transpose()
}

/// Lists every site by its key.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.site.list", level = "debug", skip_all, err(level = "debug"))]
pub async fn list_sites(tx: &mut Tx) -> Result<Vec<Site>, StoreError> {
    const SQL: &str = "SELECT key, name, origins, settings FROM site ORDER BY key";
    let rows: Vec<Row> = both!(tx, conn => sqlx::query_as(SQL).fetch_all(conn).await)?;
    rows.into_iter().map(Site::try_from).collect()
}

/// Makes others who change a site wait until this transaction ends. On SQLite it is alone already.
///
/// # Errors
/// The database is busy or fails.
#[tracing::instrument(name = "store.site.lock", level = "debug", skip_all, fields(site = %key), err(level = "debug"))]
pub async fn lock_site(tx: &mut Tx, key: &SiteKey) -> Result<(), StoreError> {
    const SQL: &str = "SELECT key FROM site WHERE key = $1 FOR NO KEY UPDATE";
    if let Tx::Postgres(tx) = tx {
        sqlx::query(SQL).bind(key.as_str().to_owned()).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Keeps others from changing a site until this transaction ends; those who only want that do not wait for each other.
/// On SQLite it is alone already.
///
/// # Errors
/// The database is busy or fails.
#[tracing::instrument(name = "store.site.hold", level = "debug", skip_all, fields(site = %key), err(level = "debug"))]
pub async fn hold_site(tx: &mut Tx, key: &SiteKey) -> Result<(), StoreError> {
    const SQL: &str = "SELECT key FROM site WHERE key = $1 FOR SHARE";
    if let Tx::Postgres(tx) = tx {
        sqlx::query(SQL).bind(key.as_str().to_owned()).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Adds a site.
///
/// # Errors
/// The key is taken, or the database fails.
#[tracing::instrument(name = "store.site.create", level = "debug", skip_all, fields(site = %site.key), err(level = "debug"))]
pub async fn create_site(tx: &mut Tx, site: &Site, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str =
        "INSERT INTO site (key, name, origins, settings, created_at) VALUES ($1, $2, $3, $4, $5)";
    let origins = to_json(&site.origins, "site.origins")?;
    let settings = to_json(&site.settings, "site.settings")?;
    both!(tx, conn => sqlx::query(SQL)
        .bind(site.key.as_str().to_owned())
        .bind(site.name.clone())
        .bind(origins)
        .bind(settings)
        .bind(now.0)
        .execute(conn).await.map(drop))
    .map_err(|error| StoreError::or_taken(error, Unique::SiteKey))?;
    Ok(())
}

/// Changes what its owner has set of a site: origins and settings. It is locked, or two changes could undo one another.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.site.change", level = "debug", skip_all, fields(site = %site.key), err(level = "debug"))]
pub async fn change_site(tx: &mut Tx, site: &Site) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE site SET origins = $1, settings = $2 WHERE key = $3";
    let origins = to_json(&site.origins, "site.origins")?;
    let settings = to_json(&site.settings, "site.settings")?;
    both!(tx, conn => sqlx::query(SQL)
        .bind(origins)
        .bind(settings)
        .bind(site.key.as_str().to_owned())
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Returns the secret with which a site's own server signs who its person is; `None` where it was never asked for, or
/// there is no such site. It is in no `Site`, so that no answer can carry it by mistake.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.site.find_identity_secret", level = "debug", skip_all, fields(site = %key), err(level = "debug"))]
pub async fn find_identity_secret(tx: &mut Tx, key: &SiteKey) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT identity_secret FROM site WHERE key = $1";
    let row: Option<(Option<String>,)> =
        both!(tx, conn => sqlx::query_as(SQL).bind(key.as_str().to_owned()).fetch_optional(conn).await)?;
    Ok(row.and_then(|(secret,)| secret))
}

/// Sets that secret. What was signed with the one before is worth nothing from then on.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.site.set_identity_secret", level = "debug", skip_all, fields(site = %key), err(level = "debug"))]
pub async fn set_identity_secret(tx: &mut Tx, key: &SiteKey, secret: &str) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE site SET identity_secret = $2 WHERE key = $1";
    both!(tx, conn => sqlx::query(SQL)
        .bind(key.as_str().to_owned())
        .bind(secret.to_owned())
        .execute(conn).await.map(drop))?;
    Ok(())
}
