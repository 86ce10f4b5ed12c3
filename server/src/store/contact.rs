//! Table `contact`: what we know of a person. Unverified addresses never join two contacts (DESIGN 3).
//!
//! `updated_at` grows with every change, also with two in one millisecond, so that it tells whether there was one.
//! `contact_list` reads lists of them, `contact_merge` keeps what merges have done.

use causette_shared::form::Introduction;
use causette_shared::id::{ContactId, ConversationId, VisitorId};
use causette_shared::presence::UnreachableReason;
use causette_shared::protocol::contacts::ContactCard;
use causette_shared::time::Timestamp;
use sqlx::FromRow;

use super::{StoreError, Tx, both, parse};

/// A contact as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredContact {
    /// Which contact.
    pub id: ContactId,
    /// The name.
    pub name: Option<String>,
    /// The address, and all that is known of it.
    pub email: Option<StoredEmail>,
    /// The number.
    pub phone: Option<String>,
    /// The company.
    pub company: Option<String>,
    /// The contact that it was merged into: it is in no list any more.
    pub merged_into: Option<ContactId>,
    /// When we first knew of them.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// An address of a contact, and whether mail reaches them there.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StoredEmail {
    /// The address as it was given.
    pub address: String,
    /// When it was shown to be theirs.
    pub verified_at: Option<Timestamp>,
    /// Why mail does not reach them.
    pub unreachable: Option<UnreachableReason>,
    /// What the server that refused it said.
    pub detail: Option<String>,
    /// Since when.
    pub unreachable_at: Option<Timestamp>,
}

impl StoredEmail {
    /// An address that somebody has typed.
    #[must_use]
    pub const fn typed(address: String) -> Self {
        Self { address, verified_at: None, unreachable: None, detail: None, unreachable_at: None }
    }
}

impl StoredContact {
    /// A contact of whom nothing is known yet.
    #[must_use]
    pub const fn new(id: ContactId, now: Timestamp) -> Self {
        Self {
            id,
            name: None,
            email: None,
            phone: None,
            company: None,
            merged_into: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// What agents see of it.
    #[must_use]
    pub fn card(&self) -> ContactCard {
        let email = self.email.as_ref();
        ContactCard {
            id: self.id,
            name: self.name.clone(),
            email: email.map(|email| email.address.clone()),
            email_verified: email.is_some_and(|email| email.verified_at.is_some()),
            phone: self.phone.clone(),
            company: self.company.clone(),
            unreachable: email.and_then(|email| email.unreachable),
            unreachable_detail: email.and_then(|email| email.detail.clone()),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

#[derive(FromRow)]
pub(super) struct Row {
    id: String,
    name: Option<String>,
    email: Option<String>,
    email_verified_at: Option<i64>,
    phone: Option<String>,
    company: Option<String>,
    unreachable: Option<String>,
    unreachable_detail: Option<String>,
    unreachable_at: Option<i64>,
    merged_into: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<Row> for StoredContact {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let unreachable = row.unreachable.map(|reason| parse_unreachable(&reason)).transpose()?;
        let email = row.email.map(|address| StoredEmail {
            address,
            verified_at: row.email_verified_at.map(Timestamp),
            unreachable,
            detail: row.unreachable_detail,
            unreachable_at: row.unreachable_at.map(Timestamp),
        });
        Ok(Self {
            id: parse(&row.id, "contact.id")?,
            name: row.name,
            email,
            phone: row.phone,
            company: row.company,
            merged_into: row.merged_into.map(|id| parse(&id, "contact.merged_into")).transpose()?,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}

/// Every query of a contact selects the same columns, some with more behind, or from what adds to the table.
macro_rules! select_contact {
    ($rest:literal) => {
        $crate::store::contact::select_contact!("", "contact", $rest)
    };
    ($more:literal, $from:literal, $rest:literal) => {
        concat!(
            "SELECT contact.id, contact.name, contact.email, contact.email_verified_at, contact.phone, contact.company, ",
            "contact.unreachable, contact.unreachable_detail, contact.unreachable_at, contact.merged_into, ",
            "contact.created_at, contact.updated_at",
            $more,
            " FROM ",
            $from,
            " ",
            $rest
        )
    };
}
pub(super) use select_contact;

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
         phone = COALESCE($3, phone), \
         updated_at = CASE WHEN updated_at < $4 THEN $4 ELSE updated_at + 1 END WHERE id = $5";
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

/// The name that is stored; `None` for what is seen from the address itself.
const fn unreachable_name(reason: UnreachableReason) -> Option<&'static str> {
    match reason {
        UnreachableReason::NoAddress => None,
        UnreachableReason::Bounced => Some("bounced"),
        UnreachableReason::OptedOut => Some("opted_out"),
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
         updated_at = CASE WHEN updated_at < $4 THEN $4 ELSE updated_at + 1 END WHERE id = $1";
    let Some(reason) = unreachable_name(reason) else { return Ok(()) };
    both!(tx, conn => sqlx::query(SQL)
        .bind(id.to_string())
        .bind(reason)
        .bind(detail.to_owned())
        .bind(now.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Takes back that mail comes back from a contact's address, if it is the one they have: they have just written from it.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact.clear_bounced", level = "debug", skip_all, fields(contact = %id), err(level = "debug"))]
pub async fn clear_bounced(
    tx: &mut Tx,
    id: ContactId,
    email: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE contact SET unreachable = NULL, unreachable_detail = NULL, unreachable_at = NULL, \
         updated_at = CASE WHEN updated_at < $3 THEN $3 ELSE updated_at + 1 END \
         WHERE id = $1 AND email_folded = $2 AND unreachable = 'bounced'";
    both!(tx, conn => sqlx::query(SQL)
        .bind(id.to_string())
        .bind(fold(email))
        .bind(now.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Makes others who change what hangs on these contacts wait until this transaction ends: their visitors, the visitors'
/// conversations, then they themselves, each in the order of their ids. On SQLite it is alone already.
///
/// A visitor who is attached between the first and the last of these locks is not locked. Whoever moves them all the same
/// takes that lock out of order, and where that ends in a deadlock, the database ends it and the use case is done again.
///
/// # Errors
/// The database is busy or fails.
#[tracing::instrument(name = "store.contact.lock", level = "debug", skip_all, err(level = "debug"))]
pub async fn lock_contacts(tx: &mut Tx, one: ContactId, other: ContactId) -> Result<(), StoreError> {
    const VISITORS: &str =
        "SELECT id FROM visitor WHERE contact_id IN ($1, $2) ORDER BY id FOR NO KEY UPDATE";
    const CONVERSATIONS: &str = "SELECT id FROM conversation WHERE visitor_id IN \
         (SELECT id FROM visitor WHERE contact_id IN ($1, $2)) ORDER BY id FOR NO KEY UPDATE";
    const CONTACTS: &str = "SELECT id FROM contact WHERE id IN ($1, $2) ORDER BY id FOR NO KEY UPDATE";
    if let Tx::Postgres(tx) = tx {
        for sql in [VISITORS, CONVERSATIONS, CONTACTS] {
            sqlx::query(sql).bind(one.to_string()).bind(other.to_string()).execute(&mut **tx).await?;
        }
    }
    Ok(())
}

/// Makes others who prove the same address wait: two who do so at once must not both find nobody.
///
/// # Errors
/// The database is busy or fails.
#[tracing::instrument(name = "store.contact.lock_address", level = "debug", skip_all, err(level = "debug"))]
pub async fn lock_address(tx: &mut Tx, email: &str) -> Result<(), StoreError> {
    const SQL: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    if let Tx::Postgres(tx) = tx {
        sqlx::query(SQL).bind(fold(email)).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Returns a contact, merged or not.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact.find", level = "debug", skip_all, fields(contact = %id), err(level = "debug"))]
pub async fn find_contact(tx: &mut Tx, id: ContactId) -> Result<Option<StoredContact>, StoreError> {
    const SQL: &str = select_contact!("WHERE id = $1");
    let row: Option<Row> =
        both!(tx, conn => sqlx::query_as(SQL).bind(id.to_string()).fetch_optional(conn).await)?;
    row.map(StoredContact::try_from).transpose()
}

/// Returns the oldest contact but `but` who has shown that this address is theirs.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact.find_verified", level = "debug", skip_all, err(level = "debug"))]
pub async fn find_verified(
    tx: &mut Tx,
    email: &str,
    but: ContactId,
) -> Result<Option<StoredContact>, StoreError> {
    const SQL: &str = select_contact!(
        "WHERE email_folded = $1 AND email_verified_at IS NOT NULL AND merged_into IS NULL AND id <> $2 \
         ORDER BY created_at, id LIMIT 1"
    );
    let row: Option<Row> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(fold(email))
        .bind(but.to_string())
        .fetch_optional(conn)
        .await)?;
    row.map(StoredContact::try_from).transpose()
}

/// Adds a contact that no visitor is yet.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact.insert", level = "debug", skip_all, fields(contact = %contact.id), err(level = "debug"))]
pub async fn insert_contact(tx: &mut Tx, contact: &StoredContact) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO contact (id, created_at, updated_at) VALUES ($1, $2, $3)";
    both!(tx, conn => sqlx::query(SQL)
        .bind(contact.id.to_string())
        .bind(contact.created_at.0)
        .bind(contact.updated_at.0)
        .execute(conn).await.map(drop))?;
    write_contact(tx, contact).await
}

/// Writes all that can change of a contact. It is locked and was read before.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact.write", level = "debug", skip_all, fields(contact = %contact.id), err(level = "debug"))]
pub async fn write_contact(tx: &mut Tx, contact: &StoredContact) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE contact SET name = $2, email = $3, email_folded = $4, email_verified_at = $5, phone = $6, \
         company = $7, unreachable = $8, unreachable_detail = $9, unreachable_at = $10, merged_into = $11, \
         updated_at = $12 WHERE id = $1";
    let email = contact.email.as_ref();
    let unreachable = email.and_then(|email| email.unreachable).and_then(unreachable_name);
    both!(tx, conn => sqlx::query(SQL)
        .bind(contact.id.to_string())
        .bind(contact.name.clone())
        .bind(email.map(|email| email.address.clone()))
        .bind(email.map(|email| fold(&email.address)))
        .bind(email.and_then(|email| email.verified_at).map(|at| at.0))
        .bind(contact.phone.clone())
        .bind(contact.company.clone())
        .bind(unreachable)
        .bind(email.and_then(|email| email.detail.clone()))
        .bind(email.and_then(|email| email.unreachable_at).map(|at| at.0))
        .bind(contact.merged_into.map(|id| id.to_string()))
        .bind(contact.updated_at.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Gives all visitors of one contact to another. Returns them.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact.move_visitors", level = "debug", skip_all, fields(from = %from, to = %to), err(level = "debug"))]
pub async fn move_visitors(
    tx: &mut Tx,
    from: ContactId,
    to: ContactId,
) -> Result<Vec<VisitorId>, StoreError> {
    const SQL: &str = "UPDATE visitor SET contact_id = $2 WHERE contact_id = $1 RETURNING id";
    let rows: Vec<(String,)> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(from.to_string())
        .bind(to.to_string())
        .fetch_all(conn)
        .await)?;
    rows.iter().map(|(id,)| parse(id, "visitor.id")).collect()
}

/// Gives one visitor from one contact to another, where they still are the first one's.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact.move_visitor", level = "debug", skip_all, fields(visitor = %id), err(level = "debug"))]
pub async fn move_visitor(
    tx: &mut Tx,
    id: VisitorId,
    from: ContactId,
    to: ContactId,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE visitor SET contact_id = $3 WHERE id = $1 AND contact_id = $2";
    both!(tx, conn => sqlx::query(SQL)
        .bind(id.to_string())
        .bind(from.to_string())
        .bind(to.to_string())
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Notes that the conversations of a contact show something new. Returns them.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact.revise_conversations", level = "debug", skip_all, fields(contact = %id), err(level = "debug"))]
pub async fn revise_conversations(tx: &mut Tx, id: ContactId) -> Result<Vec<ConversationId>, StoreError> {
    const SQL: &str = "UPDATE conversation SET revision = revision + 1 \
         WHERE visitor_id IN (SELECT id FROM visitor WHERE contact_id = $1) RETURNING id";
    let rows: Vec<(String,)> =
        both!(tx, conn => sqlx::query_as(SQL).bind(id.to_string()).fetch_all(conn).await)?;
    rows.iter().map(|(id,)| parse(id, "conversation.id")).collect()
}

/// The language of a contact's newest conversation.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact.find_locale", level = "debug", skip_all, fields(contact = %id), err(level = "debug"))]
pub async fn find_locale(tx: &mut Tx, id: ContactId) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT conversation.locale FROM conversation \
         JOIN visitor ON visitor.id = conversation.visitor_id \
         WHERE visitor.contact_id = $1 ORDER BY conversation.number DESC LIMIT 1";
    let row: Option<(String,)> =
        both!(tx, conn => sqlx::query_as(SQL).bind(id.to_string()).fetch_optional(conn).await)?;
    Ok(row.map(|(locale,)| locale))
}

/// Makes others who change or merge this contact wait. What hangs on it is locked before, where it is to change.
///
/// # Errors
/// The database is busy or fails.
#[tracing::instrument(name = "store.contact.lock_only", level = "debug", skip_all, fields(contact = %id), err(level = "debug"))]
pub async fn lock_contact_only(tx: &mut Tx, id: ContactId) -> Result<(), StoreError> {
    const SQL: &str = "SELECT id FROM contact WHERE id = $1 FOR NO KEY UPDATE";
    if let Tx::Postgres(tx) = tx {
        sqlx::query(SQL).bind(id.to_string()).execute(&mut **tx).await?;
    }
    Ok(())
}
