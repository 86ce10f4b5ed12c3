//! Table `contact`: what we know of a person. Unverified addresses never join two contacts (DESIGN 3).

use causette_shared::form::Introduction;
use causette_shared::id::{ContactId, VisitorId};
use causette_shared::time::Timestamp;

use causette_shared::presence::UnreachableReason;

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
    const INSERT: &str = "INSERT INTO contact (id, name, email, email_folded, email_verified_at, phone, created_at, \
         updated_at) VALUES ($1, $2, $3, $6, NULL, $4, $5, $5)";
    const LINK: &str = "UPDATE visitor SET contact_id = $1 WHERE id = $2";
    both!(tx, conn => sqlx::query(INSERT)
        .bind(id.to_string())
        .bind(given.name.clone())
        .bind(given.email.clone())
        .bind(given.phone.clone())
        .bind(now.0)
        .bind(given.email.as_deref().map(fold))
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
         email_verified_at = CASE WHEN $2 IS NULL OR $6 = email_folded THEN email_verified_at ELSE NULL END, \
         unreachable = CASE WHEN $2 IS NULL OR $6 = email_folded THEN unreachable ELSE NULL END, \
         unreachable_detail = CASE WHEN $2 IS NULL OR $6 = email_folded THEN unreachable_detail ELSE NULL END, \
         unreachable_at = CASE WHEN $2 IS NULL OR $6 = email_folded THEN unreachable_at ELSE NULL END, \
         name = COALESCE($1, name), email = COALESCE($2, email), email_folded = COALESCE($6, email_folded), \
         phone = COALESCE($3, phone), updated_at = $4 WHERE id = $5";
    both!(tx, conn => sqlx::query(SQL)
        .bind(given.name.clone())
        .bind(given.email.clone())
        .bind(given.phone.clone())
        .bind(now.0)
        .bind(id.to_string())
        .bind(given.email.as_deref().map(fold))
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// The address as it is compared: people write capitals as they like, and no provider tells such addresses apart.
#[must_use]
pub fn fold(email: &str) -> String {
    email.to_lowercase()
}

/// Reads why mail does not reach a contact.
pub(super) fn parse_unreachable(text: &str) -> Result<UnreachableReason, StoreError> {
    match text {
        "bounced" => Ok(UnreachableReason::Bounced),
        "opted_out" => Ok(UnreachableReason::OptedOut),
        _ => Err(StoreError::Corrupt { column: "contact.unreachable" }),
    }
}

/// Notes why mail does not reach a contact; `detail` is what the server that refused it said.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact.set_unreachable", level = "debug", skip_all, fields(contact = %id), err(level = "debug"))]
pub async fn set_unreachable(
    tx: &mut Tx,
    id: ContactId,
    reason: UnreachableReason,
    detail: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE contact SET unreachable = $2, unreachable_detail = $3, unreachable_at = $4, \
         updated_at = $4 WHERE id = $1";
    let reason = match reason {
        // That is seen from the address.
        UnreachableReason::NoAddress => return Ok(()),
        UnreachableReason::Bounced => "bounced",
        UnreachableReason::OptedOut => "opted_out",
    };
    both!(tx, conn => sqlx::query(SQL)
        .bind(id.to_string())
        .bind(reason)
        .bind(detail.to_owned())
        .bind(now.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Notes that an address was shown to be a contact's, if it is the one they have.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact.verify", level = "debug", skip_all, fields(contact = %id), err(level = "debug"))]
pub async fn verify_email(tx: &mut Tx, id: ContactId, email: &str, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE contact SET email_verified_at = COALESCE(email_verified_at, $3), updated_at = $3 \
         WHERE id = $1 AND email_folded = $2";
    both!(tx, conn => sqlx::query(SQL)
        .bind(id.to_string())
        .bind(fold(email))
        .bind(now.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}
