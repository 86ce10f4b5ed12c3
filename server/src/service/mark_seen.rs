//! One side has seen the log up to a place. The mark only goes forward, so repeats and late ones do no harm.

use causette_shared::id::{ConversationId, Seq, VisitorId};
use causette_shared::problem::ProblemKind;

use crate::service::{Context, UseCase, UseCaseError, follow_up};
use crate::store::Tx;
use crate::store::conversation::{self, Writer};

/// Marks entries as seen.
pub struct MarkSeen {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Who has seen them.
    pub by: Seer,
    /// The last entry seen.
    pub upto: Seq,
}

/// Who has seen something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seer {
    /// A visitor; only of their own conversation.
    Visitor(VisitorId),
    /// An agent.
    Agent,
}

impl UseCase for MarkSeen {
    type Output = ();

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<(), UseCaseError> {
        conversation::lock_conversation(tx, self.conversation).await?;
        let found = conversation::find_conversation(tx, self.conversation).await?;
        let has_follow_up = found.as_ref().is_some_and(|found| found.follow_up_at.is_some());
        let writer = match (self.by, found) {
            (Seer::Agent, Some(_)) => Writer::Agent,
            (Seer::Visitor(visitor), Some(found)) if found.visitor == visitor => Writer::Visitor,
            // A foreign conversation is answered exactly like an unknown one.
            _ => return Err(UseCaseError::refused(ProblemKind::NotFound)),
        };
        if conversation::mark_seen(tx, self.conversation, writer, self.upto).await? {
            cx.touch(self.conversation);
            if has_follow_up && writer == Writer::Visitor {
                follow_up::reconsider(tx, cx, self.conversation).await?;
            }
        }
        Ok(())
    }
}
