//! An agent answers. The first answer takes the conversation up: it is assigned and opened, each as an entry.
//!
//! No answer is made on stale state: where another agent has written after what this one had read, the answer is
//! refused, and whoever wrote it decides again. What the visitor wrote meanwhile does not refuse it: in a live chat
//! they write all the time, and an answer that crosses a question is no second opinion. Nor does what the same agent
//! wrote in another tab or on another device: they know it.

use causette_shared::entry::{Author, Body, Content, Event};
use causette_shared::id::{ConversationId, EntryId, Seq};
use causette_shared::message::parse_text;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::Agent;

use crate::service::{Context, UseCase, UseCaseError, follow_up};
use crate::store::conversation::{self, Conversation};
use crate::store::{Tx, entry};

/// An agent writes in a conversation.
pub struct Reply {
    /// Who answers.
    pub agent: Agent,
    /// Where.
    pub conversation: ConversationId,
    /// Minted by the desk; a repeat carries the same.
    pub id: EntryId,
    /// What to add.
    pub content: Content,
    /// The last entry that the agent had read when they sent it; `None` does not ask whether anyone answered since. One
    /// beyond the log, of a store that was put back, has nothing after it.
    pub after: Option<Seq>,
}

impl UseCase for Reply {
    type Output = Seq;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<Seq, UseCaseError> {
        let Content::Message { text } = &self.content else {
            return Err(UseCaseError::Refused(Problem::with_detail(
                ProblemKind::Forbidden,
                "only visitors introduce themselves",
            )));
        };
        let text = parse_text(text)
            .map_err(|error| UseCaseError::Refused(Problem::field("text", &error.to_string())))?;
        conversation::lock_conversation(tx, self.conversation).await?;
        let Some(target) = conversation::find_target(tx, self.conversation, self.id).await? else {
            return Err(UseCaseError::refused(ProblemKind::NotFound));
        };
        let found = target.conversation;
        if target.is_repeat
            && let Some(first) = entry::find_entry(tx, found.id, self.id).await?
        {
            let by_me = matches!(&first.author, Author::Agent { id, .. } if *id == self.agent.id);
            if !by_me || first.body != (Body::Message { text }) {
                return Err(UseCaseError::refused(ProblemKind::IdReused));
            }
            // Whether it was published is not known here: the first attempt may have lost its connection as it committed.
            cx.touch(found.id);
            return Ok(first.seq);
        }
        let found = self.take_up(tx, cx, found).await?;
        let author = Author::Agent { id: self.agent.id, name: self.agent.name.clone() };
        let seq = cx.add_message(tx, &found, self.id, author, Body::Message { text }).await?.seq;
        if found.unreachable().is_none() {
            follow_up::reconsider_found(tx, cx, &found).await?;
        }
        Ok(seq)
    }
}

impl Reply {
    /// Assigns and opens a conversation that nobody has answered yet, and returns what it has become.
    async fn take_up(
        &self,
        tx: &mut Tx,
        cx: &mut Context,
        found: Conversation,
    ) -> Result<Conversation, UseCaseError> {
        let status = found.status.taken_up().map_err(|error| {
            UseCaseError::Refused(Problem::with_detail(ProblemKind::WrongState, &error.to_string()))
        })?;
        if let Some(after) = self.after
            && after < found.last_seq
            && let Some(name) = entry::find_colleague_after(tx, found.id, after, self.agent.id).await?
        {
            let detail = format!("{name} has answered meanwhile");
            return Err(UseCaseError::Refused(Problem::with_detail(ProblemKind::AnsweredMeanwhile, &detail)));
        }
        if found.assignee.is_some() && status == found.status {
            return Ok(found);
        }
        if found.assignee.is_none() {
            conversation::set_assignee(tx, found.id, self.agent.id).await?;
            let event = Event::Assigned { agent: self.agent.id, name: self.agent.name.clone() };
            let id = cx.mint_entry_id()?;
            cx.add_entry(tx, found.id, id, Author::Automatic, Body::Event(event)).await?;
        }
        if status != found.status {
            conversation::set_status(tx, found.id, status).await?;
            let id = cx.mint_entry_id()?;
            let event = Body::Event(Event::StatusChanged { status });
            cx.add_entry(tx, found.id, id, Author::Automatic, event).await?;
        }
        let changed = conversation::find_conversation(tx, found.id).await?;
        changed.ok_or_else(|| UseCaseError::refused(ProblemKind::NotFound))
    }
}
