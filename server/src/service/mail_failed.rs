//! A mail of ours did not arrive: the log says so, and a contact whose address takes none counts as unreachable. Told by
//! the mail server at once (`settle_mail`), or by a report later (`take_mail`).

use causette_shared::entry::{Author, Body, Event};
use causette_shared::id::ConversationId;
use causette_shared::presence::UnreachableReason;

use crate::service::{Context, UseCaseError};
use crate::store::{Tx, contact, conversation};

/// Whether other mails to the address would fare better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// No: the address takes no mail.
    Address,
    /// Perhaps: it is about this mail, or passes.
    Mail,
}

/// Notes that a mail of a conversation, which is locked before, did not reach `to`. A contact who has another address by
/// now keeps it untouched.
///
/// # Errors
/// The store fails.
pub async fn note_failure(
    tx: &mut Tx,
    cx: &mut Context,
    id: ConversationId,
    to: &str,
    reason: &str,
    blame: Blame,
) -> Result<(), UseCaseError> {
    if blame == Blame::Address
        && let Some(found) = conversation::find_conversation(tx, id).await?
        && let Some(contact) = found.contact_id
        && found.contact.email.as_deref().map(contact::fold) == Some(contact::fold(to))
    {
        contact::set_unreachable(tx, contact, UnreachableReason::Bounced, reason, cx.now).await?;
    }
    let event = Event::MailFailed { to: to.to_owned(), reason: reason.to_owned() };
    let entry = cx.mint_entry_id()?;
    cx.add_entry(tx, id, entry, Author::Automatic, Body::Event(event)).await?;
    Ok(())
}
