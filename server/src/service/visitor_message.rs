//! A message of a visitor goes into their conversation, whichever way it came: a new one begins where there is none or the
//! last was closed, and one that was pending, on hold or solved is open again.

use causette_shared::entry::{Author, Body, Entry, Event};
use causette_shared::id::{ConversationId, EntryId, SiteKey, VisitorId};
use causette_shared::problem::ProblemKind;

use crate::clock;
use crate::service::{Context, UseCaseError};
use crate::site::text_in;
use crate::store::conversation::{self, Conversation};
use crate::store::{Tx, site};

/// What the first message of a conversation is answered with by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutomaticAnswer {
    /// That somebody will answer soon.
    Available,
    /// That nobody is there just now.
    Away,
    /// Nothing: a mail is not answered by itself (RFC 3834 §2).
    None,
}

/// A message of a visitor.
pub struct VisitorMessage<'a> {
    /// The site.
    pub site: &'a SiteKey,
    /// Who writes; locked before, so that their newest conversation stays it.
    pub visitor: VisitorId,
    /// The language of a conversation that begins.
    pub locale: &'a str,
    /// The entry's id.
    pub id: EntryId,
    /// What they write.
    pub body: Body,
    /// What a first message is answered with.
    pub answer: AutomaticAnswer,
}

impl VisitorMessage<'_> {
    /// Adds it to `newest`, the visitor's newest conversation as it is under lock, or to one that begins.
    ///
    /// # Errors
    /// The site is unknown, or the store fails.
    pub async fn add(
        self,
        tx: &mut Tx,
        cx: &mut Context,
        newest: Option<Conversation>,
    ) -> Result<(ConversationId, Entry), UseCaseError> {
        let reopened =
            newest.and_then(|conversation| Some((conversation.status.written_to().ok()?, conversation)));
        let is_first = reopened.is_none();
        let (status, conversation) = match reopened {
            Some(reopened) => reopened,
            None => {
                let begun = self.create_conversation(tx, cx).await?;
                (begun.status, begun)
            }
        };
        let id = conversation.id;
        let message = cx.add_message(tx, &conversation, self.id, Author::Visitor, self.body.clone()).await?;
        if status != conversation.status {
            conversation::set_status(tx, id, status).await?;
            let event = Body::Event(Event::StatusChanged { status });
            let event_id = cx.mint_entry_id()?;
            cx.add_entry(tx, id, event_id, Author::Automatic, event).await?;
        }
        if is_first {
            self.add_automatic_answer(tx, cx, id).await?;
        }
        Ok((id, message))
    }

    async fn create_conversation(&self, tx: &mut Tx, cx: &Context) -> Result<Conversation, UseCaseError> {
        let id = ConversationId::mint(cx.now, clock::id_entropy()?);
        conversation::create_conversation(tx, id, self.site, self.visitor, self.locale, cx.now).await?;
        let begun = conversation::find_conversation(tx, id).await?;
        begun.ok_or_else(|| UseCaseError::refused(ProblemKind::NotFound))
    }

    async fn add_automatic_answer(
        &self,
        tx: &mut Tx,
        cx: &mut Context,
        conversation: ConversationId,
    ) -> Result<(), UseCaseError> {
        if self.answer == AutomaticAnswer::None {
            return Ok(());
        }
        let Some(site) = site::find_site(tx, self.site).await? else {
            return Err(UseCaseError::refused(ProblemKind::UnknownSite));
        };
        let answers = match self.answer {
            AutomaticAnswer::Away => &site.settings.automatic_answer_away,
            AutomaticAnswer::Available | AutomaticAnswer::None => &site.settings.automatic_answer,
        };
        let text = text_in(answers, self.locale).to_owned();
        // A site that has emptied the text wants no automatic answer.
        if !text.is_empty() {
            let id = cx.mint_entry_id()?;
            cx.add_entry(tx, conversation, id, Author::Automatic, Body::Message { text }).await?;
        }
        Ok(())
    }
}
