//! A contact with what hangs on it, as the desk shows it.

use causette_shared::id::ContactId;
use causette_shared::protocol::contacts::{
    CONTACTS_PER_PAGE, CONVERSATIONS_PER_CONTACT, ContactDetail, ContactPage, ContactRow,
};

use crate::service::UseCaseError;
use crate::store::contact::{self, StoredContact};
use crate::store::contact_list::{self, ContactCursor};
use crate::store::{StoreError, Tx, contact_merge};

/// How many merges are followed from a contact to the one that stands for it now.
const MERGES_FOLLOWED: usize = 20;

/// Reads what hangs on a contact.
///
/// # Errors
/// The store fails.
pub async fn detail(tx: &mut Tx, found: &StoredContact) -> Result<ContactDetail, UseCaseError> {
    let conversations = contact_list::list_conversations_of(tx, found.id, CONVERSATIONS_PER_CONTACT).await?;
    Ok(ContactDetail {
        contact: found.card(),
        conversations,
        conversations_total: contact_list::count_conversations_of(tx, found.id).await?,
        merges: contact_merge::list_merges_into(tx, found.id).await?,
    })
}

/// Returns a contact, or the one that it was merged into: an address that somebody kept leads to the same person.
///
/// # Errors
/// The store fails.
pub async fn find_detail(tx: &mut Tx, id: ContactId) -> Result<Option<ContactDetail>, UseCaseError> {
    let mut id = id;
    for _ in 0..MERGES_FOLLOWED {
        match contact::find_contact(tx, id).await? {
            Some(StoredContact { merged_into: Some(next), .. }) => id = next,
            Some(found) => return detail(tx, &found).await.map(Some),
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// Reads one page of the list.
///
/// # Errors
/// The store fails.
pub async fn page(
    tx: &mut Tx,
    search: &str,
    after: Option<ContactCursor>,
) -> Result<ContactPage, StoreError> {
    let mut listed = contact_list::list_contacts(tx, search, after, CONTACTS_PER_PAGE + 1).await?;
    let has_more = listed.len() > CONTACTS_PER_PAGE;
    listed.truncate(CONTACTS_PER_PAGE);
    let last = listed.last().map(|row| &row.contact).filter(|_| has_more);
    let next = last.map(|last| ContactCursor { updated_at: last.updated_at, id: last.id }.to_string());
    let row = |row: contact_list::Listed| ContactRow {
        contact: row.contact.card(),
        conversations: row.conversations,
    };
    Ok(ContactPage { contacts: listed.into_iter().map(row).collect(), next })
}
