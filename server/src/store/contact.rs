//! Table `contact`: what we know of a person. Unverified addresses never join two contacts (DESIGN 3).

use causette_shared::form::Introduction;
use causette_shared::id::{ContactId, VisitorId};
use causette_shared::time::Timestamp;

use super::{StoreError, Tx, both};

/// Makes the visitor a contact with what they gave.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact.create", level = "debug", skip_all, fields(visitor = %visitor, contact = %id), err(level = "debug"))]
pub async fn create_contact(
    tx: &mut Tx,
    id: ContactId,
    visitor: VisitorId,
    given: &Introduction,
    now: Timestamp,
) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO contact (id, name, email, email_verified_at, phone, created_at, updated_at) \
         VALUES ($1, $2, $3, NULL, $4, $5, $5)";
    const LINK: &str = "UPDATE visitor SET contact_id = $1 WHERE id = $2";
    both!(tx, conn => sqlx::query(INSERT)
        .bind(id.to_string())
        .bind(given.name.clone())
        .bind(given.email.clone())
        .bind(given.phone.clone())
        .bind(now.0)
        .execute(conn).await.map(drop))?;
    both!(tx, conn => sqlx::query(LINK).bind(id.to_string()).bind(visitor.to_string()).execute(conn).await.map(drop))?;
    Ok(())
}

/// Adds what the person gave. A field that was given replaces the one we had; another address is unverified again.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact.update", level = "debug", skip_all, fields(contact = %id), err(level = "debug"))]
pub async fn update_contact(
    tx: &mut Tx,
    id: ContactId,
    given: &Introduction,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE contact SET \
         email_verified_at = CASE WHEN $2 IS NULL OR $2 = email THEN email_verified_at ELSE NULL END, \
         name = COALESCE($1, name), email = COALESCE($2, email), phone = COALESCE($3, phone), updated_at = $4 \
         WHERE id = $5";
    both!(tx, conn => sqlx::query(SQL)
        .bind(given.name.clone())
        .bind(given.email.clone())
        .bind(given.phone.clone())
        .bind(now.0)
        .bind(id.to_string())
        .execute(conn).await.map(drop))?;
    Ok(())
}
