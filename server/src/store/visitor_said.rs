//! Table `visitor_said`: what pages say of a visitor, and the identity in `visitor`, as agents see them together.

use causette_shared::id::VisitorId;
use causette_shared::said::Said;
use causette_shared::time::Timestamp;
use sqlx::FromRow;

use super::{StoreError, Tx, both, parse_json, to_json};

#[derive(FromRow)]
struct Row {
    identified_as: Option<String>,
    client_id: Option<String>,
    country: Option<String>,
    flow: Option<String>,
    attributes: Option<String>,
    pages: Option<String>,
}

impl TryFrom<Row> for Said {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let attributes =
            row.attributes.map(|text| parse_json(&text, "visitor_said.attributes")).transpose()?;
        let pages = row.pages.map(|text| parse_json(&text, "visitor_said.pages")).transpose()?;
        Ok(Self {
            identity: row.identified_as,
            client_id: row.client_id,
            country: row.country,
            flow: row.flow,
            attributes: attributes.unwrap_or_default(),
            pages: pages.unwrap_or_default(),
        })
    }
}

/// Returns what is known; nothing of a visitor who does not exist.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.visitor_said.find", level = "debug", skip_all, fields(visitor = %visitor), err(level = "debug"))]
pub async fn find_said(tx: &mut Tx, visitor: VisitorId) -> Result<Said, StoreError> {
    const SQL: &str = "SELECT visitor.identified_as, visitor_said.client_id, visitor_said.country, \
         visitor_said.flow, visitor_said.attributes, visitor_said.pages \
         FROM visitor LEFT JOIN visitor_said ON visitor_said.visitor_id = visitor.id WHERE visitor.id = $1";
    let row: Option<Row> =
        both!(tx, conn => sqlx::query_as(SQL).bind(visitor.to_string()).fetch_optional(conn).await)?;
    row.map_or_else(|| Ok(Said::default()), Said::try_from)
}

/// Writes what is known, but for the identity. The visitor is locked, and it was read before.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.visitor_said.write", level = "debug", skip_all, fields(visitor = %visitor), err(level = "debug"))]
pub async fn write_said(
    tx: &mut Tx,
    visitor: VisitorId,
    said: &Said,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO visitor_said (visitor_id, client_id, country, flow, attributes, pages, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (visitor_id) DO UPDATE SET client_id = $2, country = $3, \
         flow = $4, attributes = $5, pages = $6, updated_at = $7";
    let attributes = to_json(&said.attributes, "visitor_said.attributes")?;
    let pages = to_json(&said.pages, "visitor_said.pages")?;
    both!(tx, conn => sqlx::query(SQL)
        .bind(visitor.to_string())
        .bind(said.client_id.clone())
        .bind(said.country.clone())
        .bind(said.flow.clone())
        .bind(attributes)
        .bind(pages)
        .bind(now.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}
