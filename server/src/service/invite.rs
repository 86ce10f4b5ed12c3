//! An agent invites a visitor back: what they write is a message of the conversation, and goes out by mail at once.

use causette_shared::entry::MailKind;
use causette_shared::id::{ConversationId, EntryId, JobId, Seq};
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::agent::Agent;

use crate::clock;
use crate::service::prepare_mail::Payload;
use crate::service::reply::Reply;
use crate::service::{Context, UseCase, UseCaseError, refuse_unreachable};
use crate::store::{Tx, conversation, outbox};

/// An agent invites.
pub struct Invite {
    /// Who.
    pub agent: Agent,
    /// To which conversation.
    pub conversation: ConversationId,
    /// The message's id, minted by the desk; a repeat carries the same.
    pub id: EntryId,
    /// What they write.
    pub text: String,
}

impl UseCase for Invite {
    type Output = Seq;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<Seq, UseCaseError> {
        conversation::lock_conversation(tx, self.conversation).await?;
        let Some(target) = conversation::find_target(tx, self.conversation, self.id).await? else {
            return Err(UseCaseError::refused(ProblemKind::NotFound));
        };
        // A repeat is answered as the first was, whatever has come between.
        if let (Some(reason), false) = (target.conversation.unreachable(), target.is_repeat) {
            return Err(refuse_unreachable(reason));
        }
        let reply = Reply {
            agent: self.agent.clone(),
            conversation: self.conversation,
            id: self.id,
            content: causette_shared::entry::Content::Message { text: self.text.clone() },
            after: None,
        };
        let seq = reply.run(tx, cx).await?;
        if target.is_repeat {
            return Ok(seq);
        }
        // The invite carries what the follow-up would have.
        if outbox::cancel_follow_up(tx, self.conversation, cx.now).await? {
            conversation::set_follow_up(tx, self.conversation, None).await?;
            cx.touch(self.conversation);
        }
        let payload = Payload { agent: Some(self.agent.name.clone()), asked: true, ..Payload::default() };
        let payload =
            serde_json::to_string(&payload).map_err(|_| UseCaseError::refused(ProblemKind::Internal))?;
        let job = JobId::mint(cx.now, clock::id_entropy()?);
        outbox::create_job(tx, job, MailKind::Invite, Some(self.conversation), payload, cx.now, cx.now)
            .await?;
        cx.has_job = true;
        Ok(seq)
    }
}
