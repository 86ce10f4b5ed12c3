//! A visitor has shown that an address is theirs.
//!
//! Only this joins two contacts without an agent (DESIGN 3). An address that is merely typed joins nothing, whoever else
//! has it, and nobody is told whether anybody does.

use causette_shared::id::{ContactId, VisitorId};

use super::merge::merge;
use super::{later, show};
use crate::clock;
use crate::service::{Context, UseCaseError};
use crate::store::contact::{self, StoredContact, StoredEmail, fold};
use crate::store::{Tx, visitor};

/// Notes that an address was shown to be a visitor's: their contact gets it, verified, and becomes one with the contact
/// that had shown so before, if there is one. That older contact is kept, its empty fields are filled, and the merge can
/// be undone at the desk like one by hand. Returns the contact that is theirs now.
///
/// An address that they had only typed gives way to the proven one; another proven one stays, and then nothing is joined.
/// The visitor, and their conversation, are locked before, or not at all.
///
/// # Errors
/// The store fails.
pub async fn adopt_verified(
    tx: &mut Tx,
    cx: &mut Context,
    visitor: VisitorId,
    email: &str,
) -> Result<ContactId, UseCaseError> {
    visitor::lock_visitor_by_id(tx, visitor).await?;
    contact::lock_address(tx, email).await?;
    let own = match visitor::find_contact_of(tx, visitor).await? {
        Some(id) => {
            contact::lock_contacts(tx, id, id).await?;
            contact::find_contact(tx, id).await?
        }
        None => None,
    };
    let Some(own) = own else {
        return become_contact(tx, cx, visitor, email).await;
    };
    let mut proven = own.clone();
    proven.email = match proven.email {
        Some(held) if fold(&held.address) == fold(email) => {
            Some(StoredEmail { verified_at: held.verified_at.or(Some(cx.now)), ..held })
        }
        Some(held) if held.verified_at.is_some() => return Ok(own.id),
        _ => Some(verified(cx, email)),
    };
    if proven != own {
        proven.updated_at = later(own.updated_at, cx.now);
        contact::write_contact(tx, &proven).await?;
        let shown = contact::revise_conversations(tx, own.id).await?;
        show(tx, cx, shown).await?;
    }
    match find_older(tx, email, own.id).await? {
        Some(older) => Ok(merge(tx, cx, older, own.id, None).await?.1.id),
        None => Ok(own.id),
    }
}

/// The contact that had proven an address before `own`, locked: one that an agent merges at the same moment is waited for,
/// and then it is the one that they merged it into, or none.
async fn find_older(tx: &mut Tx, email: &str, own: ContactId) -> Result<Option<ContactId>, UseCaseError> {
    while let Some(older) = contact::find_verified(tx, email, own).await? {
        contact::lock_contacts(tx, older.id, own).await?;
        let now = contact::find_contact(tx, older.id).await?;
        if now.is_some_and(|now| now.merged_into.is_none() && now.email == older.email) {
            return Ok(Some(older.id));
        }
    }
    Ok(None)
}

/// A visitor of whom nothing was known becomes the contact who has this address, else a new one.
async fn become_contact(
    tx: &mut Tx,
    cx: &mut Context,
    visitor: VisitorId,
    email: &str,
) -> Result<ContactId, UseCaseError> {
    let mut added = StoredContact::new(ContactId::mint(cx.now, clock::id_entropy()?), cx.now);
    let shown = visitor::revise_conversations(tx, visitor).await?;
    let id = match find_older(tx, email, added.id).await? {
        Some(known) => known,
        None => {
            added.email = Some(verified(cx, email));
            contact::insert_contact(tx, &added).await?;
            added.id
        }
    };
    visitor::set_contact(tx, visitor, Some(id)).await?;
    show(tx, cx, shown).await?;
    Ok(id)
}

fn verified(cx: &Context, email: &str) -> StoredEmail {
    StoredEmail { verified_at: Some(cx.now), ..StoredEmail::typed(email.to_owned()) }
}
