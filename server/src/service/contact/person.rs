//! A site has proven who its visitor is: they are the one contact of that person from then on.
//!
//! The site speaks for its own id of the person, and for an address where it says so. What the visitor has typed before is
//! theirs; what a contact has that is known as somebody else stays with it.

use causette_shared::contact::{parse_name, parse_phone};
use causette_shared::id::{ContactId, SiteKey, VisitorId};

use super::fields::{normalise_phone, parse_address};
use super::merge::merge;
use super::{adopt_verified, later, show};
use crate::clock;
use crate::identity::Person;
use crate::service::{Context, UseCaseError};
use crate::store::contact::{self, StoredContact, StoredEmail, fold};
use crate::store::{Tx, contact_identity, visitor};

/// Makes a visitor the contact of a person, and fills what is empty there. The visitor, and their conversation, are locked
/// before.
///
/// # Errors
/// The store fails.
pub async fn become_person(
    tx: &mut Tx,
    cx: &mut Context,
    site: &SiteKey,
    visitor: VisitorId,
    person: &Person,
) -> Result<(), UseCaseError> {
    contact_identity::lock_person(tx, site, &person.subject).await?;
    let own = match visitor::find_contact_of(tx, visitor).await? {
        Some(id) => {
            contact::lock_contacts(tx, id, id).await?;
            contact::find_contact(tx, id).await?
        }
        None => None,
    };
    let given = Given::read(person);
    let id = match contact_identity::find_contact_of(tx, site, &person.subject).await? {
        Some(id) => {
            join(tx, cx, visitor, own, id).await?;
            id
        }
        None => {
            let id = match own {
                Some(own) if may_become(tx, &own, &given).await? => own.id,
                _ => begin(tx, cx, visitor).await?,
            };
            contact_identity::create(tx, site, &person.subject, id, cx.now).await?;
            id
        }
    };
    fill(tx, cx, id, &given).await?;
    if let Some(email) = given.email.filter(|_| person.email_verified) {
        adopt_verified(tx, cx, visitor, &email).await?;
    }
    Ok(())
}

/// What a site says of a person, as far as it keeps the rules of contacts. The rest is left out: a name that is too long is
/// no reason to turn somebody away.
struct Given {
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

impl Given {
    fn read(person: &Person) -> Self {
        let phone = person.phone.as_deref().and_then(|phone| parse_phone(phone).ok());
        Self {
            name: person.name.as_deref().and_then(|name| parse_name(name).ok()),
            email: person.email.as_deref().and_then(|email| parse_address(email).ok()),
            phone: phone.map(|phone| normalise_phone(&phone, None)),
        }
    }
}

/// Whether what is known of a visitor becomes that of the person: nobody else is known by it, neither to a site nor by an
/// address that was proven.
async fn may_become(tx: &mut Tx, own: &StoredContact, given: &Given) -> Result<bool, UseCaseError> {
    let is_anothers = own.email.as_ref().is_some_and(|held| {
        let same = given.email.as_deref().is_none_or(|email| fold(email) == fold(&held.address));
        held.verified_at.is_some() && !same
    });
    Ok(!is_anothers && !contact_identity::is_named(tx, own.id).await?)
}

/// A contact of whom nothing is known yet.
async fn begin(tx: &mut Tx, cx: &mut Context, visitor: VisitorId) -> Result<ContactId, UseCaseError> {
    let shown = visitor::revise_conversations(tx, visitor).await?;
    let added = StoredContact::new(ContactId::mint(cx.now, clock::id_entropy()?), cx.now);
    contact::insert_contact(tx, &added).await?;
    visitor::set_contact(tx, visitor, Some(added.id)).await?;
    show(tx, cx, shown).await?;
    Ok(added.id)
}

/// Gives a visitor to the contact of the person. What only this visitor has typed goes along; it can be taken back like a
/// merge by hand.
async fn join(
    tx: &mut Tx,
    cx: &mut Context,
    visitor: VisitorId,
    own: Option<StoredContact>,
    person: ContactId,
) -> Result<(), UseCaseError> {
    if own.as_ref().is_some_and(|own| own.id == person) {
        return Ok(());
    }
    if let Some(own) = own
        && own.email.as_ref().is_none_or(|email| email.verified_at.is_none())
        && visitor::count_of(tx, own.id).await? == 1
        && !contact_identity::is_named(tx, own.id).await?
    {
        merge(tx, cx, person, own.id, None).await?;
        return Ok(());
    }
    let shown = visitor::revise_conversations(tx, visitor).await?;
    contact::lock_contact_only(tx, person).await?;
    visitor::set_contact(tx, visitor, Some(person)).await?;
    show(tx, cx, shown).await
}

async fn fill(tx: &mut Tx, cx: &mut Context, id: ContactId, given: &Given) -> Result<(), UseCaseError> {
    contact::lock_contacts(tx, id, id).await?;
    let held = super::find(tx, id).await?;
    let mut filled = held.clone();
    filled.name = filled.name.or_else(|| given.name.clone());
    filled.phone = filled.phone.or_else(|| given.phone.clone());
    filled.email = filled.email.or_else(|| given.email.clone().map(StoredEmail::typed));
    if filled != held {
        filled.updated_at = later(held.updated_at, cx.now);
        contact::write_contact(tx, &filled).await?;
        let shown = contact::revise_conversations(tx, id).await?;
        show(tx, cx, shown).await?;
    }
    Ok(())
}
