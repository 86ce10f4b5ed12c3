//! An agent writes down a person, or corrects what is known of one.

use causette_shared::id::ContactId;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::contacts::{ContactDetail, EditContact, NewContact};

use super::fields::{self, Change};
use super::{find, later, read, show};
use crate::clock;
use crate::service::{Context, UseCase, UseCaseError};
use crate::store::Tx;
use crate::store::contact::{self, StoredContact, StoredEmail};

/// An agent adds a contact.
pub struct CreateContact(pub NewContact);

impl UseCase for CreateContact {
    type Output = ContactDetail;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<ContactDetail, UseCaseError> {
        let Self(given) = self;
        let mut added = StoredContact::new(ContactId::mint(cx.now, clock::id_entropy()?), cx.now);
        added.name = fields::name(given.name.as_deref())?.apply(None);
        added.email = fields::email(given.email.as_deref())?.apply(None).map(StoredEmail::typed);
        added.phone = fields::phone(given.phone.as_deref(), None)?.apply(None);
        added.company = fields::company(given.company.as_deref())?.apply(None);
        refuse_empty(&added)?;
        contact::insert_contact(tx, &added).await?;
        read::detail(tx, &added).await
    }
}

/// An agent changes a contact.
pub struct ChangeContact {
    /// Which contact.
    pub id: ContactId,
    /// What is to change.
    pub edit: EditContact,
}

impl UseCase for ChangeContact {
    type Output = ContactDetail;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<ContactDetail, UseCaseError> {
        contact::lock_contacts(tx, self.id, self.id).await?;
        let held = find(tx, self.id).await?;
        if held.updated_at != self.edit.updated_at {
            let detail = "this contact was changed meanwhile";
            return Err(UseCaseError::Refused(Problem::with_detail(ProblemKind::WrongState, detail)));
        }
        let locale = contact::find_locale(tx, self.id).await?;
        let mut edited = held.clone();
        edited.name = fields::name(self.edit.name.as_deref())?.apply(edited.name);
        edited.email = change_email(fields::email(self.edit.email.as_deref())?, edited.email);
        edited.company = fields::company(self.edit.company.as_deref())?.apply(edited.company);
        // A number that nobody has touched is not read again, in whatever language.
        if self.edit.phone != held.phone {
            edited.phone = fields::phone(self.edit.phone.as_deref(), locale.as_deref())?.apply(edited.phone);
        }
        refuse_empty(&edited)?;
        if edited != held {
            edited.updated_at = later(held.updated_at, cx.now);
            contact::write_contact(tx, &edited).await?;
            let shown = contact::revise_conversations(tx, self.id).await?;
            show(tx, cx, shown).await?;
        }
        read::detail(tx, &edited).await
    }
}

/// Another address is one that nobody has proven and that no mail has come back from. The same one, in whatever capitals,
/// keeps what is known of it.
fn change_email(change: Change, held: Option<StoredEmail>) -> Option<StoredEmail> {
    let Change::Set(address) = change else {
        return if change == Change::Clear { None } else { held };
    };
    match held {
        Some(held) if contact::fold(&held.address) == contact::fold(&address) => {
            Some(StoredEmail { address, ..held })
        }
        _ => Some(StoredEmail::typed(address)),
    }
}

fn refuse_empty(contact: &StoredContact) -> Result<(), UseCaseError> {
    let is_empty = contact.name.is_none()
        && contact.email.is_none()
        && contact.phone.is_none()
        && contact.company.is_none();
    if is_empty {
        return Err(UseCaseError::Refused(Problem::field("name", "something must be known of a contact")));
    }
    Ok(())
}
