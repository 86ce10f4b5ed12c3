//! Contacts: what agents do with them, and what a proven address does.
//!
//! Whatever changes what is known of a person tells the desks through their conversations (`show`), and looks again
//! whether a mail can reach them.

pub mod adopt;
pub mod attach;
pub mod edit;
pub mod fields;
pub mod merge;
pub mod person;
pub mod read;

pub use adopt::adopt_verified;
pub use person::become_person;

use causette_shared::conversation::Status;
use causette_shared::id::{ContactId, ConversationId};
use causette_shared::problem::ProblemKind;
use causette_shared::time::Timestamp;

use crate::service::{Context, UseCaseError, follow_up};
use crate::store::contact::{self, StoredContact};
use crate::store::{Tx, conversation};

/// Returns a contact that exists and was not merged into another.
async fn find(tx: &mut Tx, id: ContactId) -> Result<StoredContact, UseCaseError> {
    let found = contact::find_contact(tx, id).await?;
    found
        .filter(|found| found.merged_into.is_none())
        .ok_or_else(|| UseCaseError::refused(ProblemKind::NotFound))
}

/// The time of a change that is later than that of the last one.
fn later(held: Timestamp, now: Timestamp) -> Timestamp {
    now.max(Timestamp(held.0.saturating_add(1)))
}

/// Tells the desks that conversations show something new, and lets a follow-up begin or end with the address. What is
/// closed gets no mail because somebody tidied up.
async fn show(tx: &mut Tx, cx: &mut Context, shown: Vec<ConversationId>) -> Result<(), UseCaseError> {
    for id in shown {
        cx.touch(id);
        let Some(found) = conversation::find_conversation(tx, id).await? else { continue };
        if found.status != Status::Closed || found.follow_up_at.is_some() {
            follow_up::reconsider_found(tx, cx, &found).await?;
        }
    }
    Ok(())
}
