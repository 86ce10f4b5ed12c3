//! A visitor wants no more mail for a conversation: one click in a mail, without a session (RFC 8058).

use causette_shared::entry::{Author, Body, Event};
use causette_shared::id::ConversationId;
use causette_shared::problem::ProblemKind;

use crate::service::{Context, UseCase, UseCaseError, follow_up};
use crate::store::{Tx, conversation};

/// Stops mail for a conversation. A repeat changes nothing.
pub struct StopMail {
    /// Which conversation.
    pub conversation: ConversationId,
}

impl UseCase for StopMail {
    type Output = ();

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<(), UseCaseError> {
        conversation::lock_conversation(tx, self.conversation).await?;
        let Some(found) = conversation::find_conversation(tx, self.conversation).await? else {
            return Err(UseCaseError::refused(ProblemKind::NotFound));
        };
        if found.mail_stopped_at.is_some() {
            return Ok(());
        }
        conversation::stop_mail(tx, found.id, cx.now).await?;
        let id = cx.mint_entry_id()?;
        cx.add_entry(tx, found.id, id, Author::Visitor, Body::Event(Event::MailStopped)).await?;
        follow_up::reconsider(tx, cx, found.id).await
    }
}
