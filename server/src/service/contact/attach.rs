//! An agent says who the visitor of a conversation is, or takes that back. It holds for all their conversations.

use causette_shared::id::{ContactId, ConversationId};
use causette_shared::problem::ProblemKind;

use super::{find, show};
use crate::service::{Context, UseCase, UseCaseError};
use crate::store::{Tx, contact, conversation, visitor};

/// An agent attaches a contact to a conversation's visitor, or detaches the one they have.
pub struct AttachContact {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Which contact; `None` detaches.
    pub contact: Option<ContactId>,
}

impl UseCase for AttachContact {
    type Output = ();

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<(), UseCaseError> {
        let Some(found) = conversation::find_conversation(tx, self.conversation).await? else {
            return Err(UseCaseError::refused(ProblemKind::NotFound));
        };
        visitor::lock_visitor_by_id(tx, found.visitor).await?;
        let shown = visitor::revise_conversations(tx, found.visitor).await?;
        if let Some(id) = self.contact {
            contact::lock_contact_only(tx, id).await?;
            find(tx, id).await?;
        }
        visitor::set_contact(tx, found.visitor, self.contact).await?;
        show(tx, cx, shown).await
    }
}
