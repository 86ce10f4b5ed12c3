//! An agent ends the chat: the visitor reads an honest line, and the request is left in the status that the agent chooses.
//! What is unseen goes out at once.

use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Body, Event};
use causette_shared::id::ConversationId;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::Agent;

use crate::service::{Context, UseCase, UseCaseError};
use crate::store::{Tx, conversation, entry, outbox};

/// Ends the chat of a conversation.
pub struct EndChat {
    /// Who ends it.
    pub agent: Agent,
    /// Of which conversation.
    pub conversation: ConversationId,
    /// What is left: in progress (`Open`), waiting (`Pending`) or closed.
    pub status: Status,
}

impl UseCase for EndChat {
    type Output = ();

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<(), UseCaseError> {
        if !matches!(self.status, Status::Open | Status::Pending | Status::Closed) {
            let detail = "a chat leaves its conversation open, pending or closed";
            return Err(UseCaseError::Refused(Problem::field("status", detail)));
        }
        conversation::lock_conversation(tx, self.conversation).await?;
        let Some(found) = conversation::find_conversation(tx, self.conversation).await? else {
            return Err(UseCaseError::refused(ProblemKind::NotFound));
        };
        if found.status == Status::Closed {
            return Err(UseCaseError::refused(ProblemKind::WrongState));
        }
        // Ended twice, it has ended once; another status can be left behind.
        let has_ended = entry::has_ended(tx, found.id).await?;
        if has_ended && self.status == found.status {
            let detail = "the chat has ended already";
            return Err(UseCaseError::Refused(Problem::with_detail(ProblemKind::WrongState, detail)));
        }
        if !has_ended {
            let author = Author::Agent { id: self.agent.id, name: self.agent.name.clone() };
            let id = cx.mint_entry_id()?;
            cx.add_entry(tx, found.id, id, author, Body::Event(Event::ChatEnded)).await?;
        }
        if self.status != found.status {
            conversation::set_status(tx, found.id, self.status).await?;
            let id = cx.mint_entry_id()?;
            let event = Body::Event(Event::StatusChanged { status: self.status });
            cx.add_entry(tx, found.id, id, Author::Automatic, event).await?;
        }
        if found.follow_up_at.is_some() {
            outbox::hasten_follow_up(tx, found.id, cx.now).await?;
            cx.has_job = true;
            conversation::set_follow_up(tx, found.id, Some(cx.now)).await?;
            cx.touch(found.id);
        }
        Ok(())
    }
}
