//! Table `sighting`: where the snippets of sites were seen.

use causette_shared::id::SiteKey;
use causette_shared::time::Timestamp;
use sqlx::FromRow;

use super::{StoreError, Tx, both};
use crate::sighting::{Sighting, Steps};

#[derive(FromRow)]
struct Row {
    origin: String,
    page: Option<String>,
    first_at: i64,
    loader_at: Option<i64>,
    pinned_at: Option<i64>,
    half_at: Option<i64>,
    frame_at: Option<i64>,
    socket_at: Option<i64>,
    channel_at: Option<i64>,
    refused_at: Option<i64>,
}

impl From<Row> for Sighting {
    fn from(row: Row) -> Self {
        let steps = Steps {
            loader: row.loader_at.map(Timestamp),
            pinned: row.pinned_at.map(Timestamp),
            half: row.half_at.map(Timestamp),
            frame: row.frame_at.map(Timestamp),
            socket: row.socket_at.map(Timestamp),
            channel: row.channel_at.map(Timestamp),
            refused: row.refused_at.map(Timestamp),
        };
        Self { origin: row.origin, page: row.page, first_at: Timestamp(row.first_at), steps }
    }
}

/// Lists what is known of a site, by origin: of those that it lists, and of few others.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.sighting.list", level = "debug", skip_all, fields(site = %site), err(level = "debug"))]
pub async fn list_sightings(tx: &mut Tx, site: &SiteKey) -> Result<Vec<Sighting>, StoreError> {
    const SQL: &str = "SELECT origin, page, first_at, loader_at, pinned_at, half_at, frame_at, socket_at, channel_at, \
         refused_at FROM sighting WHERE site_key = $1 ORDER BY origin";
    let rows: Vec<Row> =
        both!(tx, conn => sqlx::query_as(SQL).bind(site.as_str().to_owned()).fetch_all(conn).await)?;
    Ok(rows.into_iter().map(Sighting::from).collect())
}

/// Keeps what is known of an origin, in the place of what was known before. Where two servers write at once the later one
/// stays: the other's times are a minute older at most, and come again.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.sighting.keep", level = "debug", skip_all, fields(site = %site), err(level = "debug"))]
pub async fn keep_sighting(tx: &mut Tx, site: &SiteKey, sighting: &Sighting) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO sighting (site_key, origin, page, first_at, loader_at, pinned_at, half_at, frame_at, \
         socket_at, channel_at, refused_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (site_key, origin) DO UPDATE SET page = EXCLUDED.page, first_at = EXCLUDED.first_at, \
         loader_at = EXCLUDED.loader_at, pinned_at = EXCLUDED.pinned_at, half_at = EXCLUDED.half_at, \
         frame_at = EXCLUDED.frame_at, socket_at = EXCLUDED.socket_at, channel_at = EXCLUDED.channel_at, \
         refused_at = EXCLUDED.refused_at";
    let millis = |at: Option<Timestamp>| at.map(|at| at.0);
    let Steps { loader, pinned, half, frame, socket, channel, refused } = sighting.steps;
    both!(tx, conn => sqlx::query(SQL)
        .bind(site.as_str().to_owned())
        .bind(sighting.origin.clone())
        .bind(sighting.page.clone())
        .bind(sighting.first_at.0)
        .bind(millis(loader))
        .bind(millis(pinned))
        .bind(millis(half))
        .bind(millis(frame))
        .bind(millis(socket))
        .bind(millis(channel))
        .bind(millis(refused))
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Forgets an origin.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.sighting.delete", level = "debug", skip_all, fields(site = %site), err(level = "debug"))]
pub async fn delete_sighting(tx: &mut Tx, site: &SiteKey, origin: &str) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM sighting WHERE site_key = $1 AND origin = $2";
    both!(tx, conn => sqlx::query(SQL)
        .bind(site.as_str().to_owned())
        .bind(origin.to_owned())
        .execute(conn).await.map(drop))?;
    Ok(())
}
