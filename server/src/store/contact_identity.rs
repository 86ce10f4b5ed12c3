//! Table `contact_identity`: the one contact of each person that a site has named.
//!
//! A merge leaves it as it is: a contact that was merged leads to the one that it was merged into, so that undoing the
//! merge puts the person back.

use causette_shared::id::{ContactId, SiteKey};
use causette_shared::time::Timestamp;

use super::{StoreError, Tx, both, contact, parse};

/// How many merges are followed from the contact that was named to the one that stands for it now.
const MERGES_FOLLOWED: usize = 20;

/// Makes others who name the same person wait: two who do so at once must not both find nobody. On SQLite it is alone
/// already.
///
/// # Errors
/// The database is busy or fails.
#[tracing::instrument(name = "store.contact_identity.lock", level = "debug", skip_all, err(level = "debug"))]
pub async fn lock_person(tx: &mut Tx, site: &SiteKey, subject: &str) -> Result<(), StoreError> {
    const SQL: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 1))";
    if let Tx::Postgres(tx) = tx {
        // No site's key has a space, so that no two pairs are the same text.
        sqlx::query(SQL).bind(format!("{site} {subject}")).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Returns the contact of a person, or the one that it was merged into.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact_identity.find", level = "debug", skip_all, fields(site = %site), err(level = "debug"))]
pub async fn find_contact_of(
    tx: &mut Tx,
    site: &SiteKey,
    subject: &str,
) -> Result<Option<ContactId>, StoreError> {
    const SQL: &str = "SELECT contact_id FROM contact_identity WHERE site_key = $1 AND subject = $2";
    let row: Option<(String,)> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(site.as_str().to_owned())
        .bind(subject.to_owned())
        .fetch_optional(conn)
        .await)?;
    let Some((id,)) = row else {
        return Ok(None);
    };
    let mut id: ContactId = parse(&id, "contact_identity.contact_id")?;
    for _ in 0..MERGES_FOLLOWED {
        match contact::find_contact(tx, id).await?.and_then(|found| found.merged_into) {
            Some(next) => id = next,
            None => return Ok(Some(id)),
        }
    }
    Err(StoreError::Corrupt { column: "contact.merged_into" })
}

/// Whether a site has named a contact, or one that was merged into it, as whichever person.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact_identity.is_named", level = "debug", skip_all, fields(contact = %contact), err(level = "debug"))]
pub async fn is_named(tx: &mut Tx, contact: ContactId) -> Result<bool, StoreError> {
    const SQL: &str = "WITH RECURSIVE held (id) AS (SELECT CAST($1 AS TEXT) UNION \
         SELECT contact.id FROM contact JOIN held ON contact.merged_into = held.id) \
         SELECT COUNT(*) FROM contact_identity WHERE contact_id IN (SELECT id FROM held)";
    let (count,): (i64,) =
        both!(tx, conn => sqlx::query_as(SQL).bind(contact.to_string()).fetch_one(conn).await)?;
    Ok(count > 0)
}

/// Names the contact of a person who has none.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact_identity.create", level = "debug", skip_all, fields(site = %site, contact = %contact), err(level = "debug"))]
pub async fn create(
    tx: &mut Tx,
    site: &SiteKey,
    subject: &str,
    contact: ContactId,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str =
        "INSERT INTO contact_identity (site_key, subject, contact_id, created_at) VALUES ($1, $2, $3, $4)";
    both!(tx, conn => sqlx::query(SQL)
        .bind(site.as_str().to_owned())
        .bind(subject.to_owned())
        .bind(contact.to_string())
        .bind(now.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}
