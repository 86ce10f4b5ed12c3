//! A visitor writes, or answers a form. The first message makes the visitor and the conversation, and gets the
//! automatic answer; nothing exists before it.

use causette_shared::contact::Contact;
use causette_shared::entry::{Author, Body, Content, Event};
use causette_shared::form::Introduction;
use causette_shared::id::{ContactId, ConversationId, EntryId, Seq, SiteKey, VisitorId};
use causette_shared::message::{InvalidText, parse_text, preview};
use causette_shared::problem::{Problem, ProblemKind};

use crate::clock;
use crate::secret::SecretHash;
use crate::service::{Context, UseCase, UseCaseError};
use crate::site::text_in;
use crate::store::conversation::{self, Conversation, Writer};
use crate::store::visitor::{self, Visitor};
use crate::store::{Tx, contact, entry, site};

/// A visitor adds something to their conversation.
pub struct SendMessage {
    /// The site.
    pub site: SiteKey,
    /// The visitor's session.
    pub session: SecretHash,
    /// The panel's language.
    pub locale: String,
    /// Minted by the client; a repeat carries the same.
    pub id: EntryId,
    /// What to add.
    pub content: Content,
    /// Whether an agent is at the desk.
    pub available: bool,
}

/// What was committed, now or when the same id came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Whose it is.
    pub visitor: VisitorId,
    /// The conversation it went into.
    pub conversation: ConversationId,
    /// Its place there.
    pub seq: Seq,
}

impl UseCase for SendMessage {
    type Output = Sent;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<Sent, UseCaseError> {
        let body = parse(&self.content)?;
        let visitor = match self.find_visitor(tx).await? {
            Some(visitor) => visitor,
            None => self.create_visitor(tx, cx).await?,
        };
        if let Some((conversation, first)) = entry::find_entry_of(tx, visitor.id, self.id).await? {
            if first.author != Author::Visitor || first.body != body {
                return Err(UseCaseError::refused(ProblemKind::IdReused));
            }
            // Whether it was published is not known here: the first attempt may have lost its connection as it committed.
            cx.touch(conversation);
            return Ok(Sent { visitor: visitor.id, conversation, seq: first.seq });
        }
        conversation::lock_newest_of(tx, visitor.id).await?;
        let newest = conversation::find_newest_of(tx, visitor.id).await?;
        match body {
            Body::Message { text } => self.add_message(tx, cx, visitor, newest, text).await,
            Body::Event(event) => self.add_answers(tx, cx, visitor, newest, event).await,
        }
    }
}

fn parse(content: &Content) -> Result<Body, UseCaseError> {
    match content {
        Content::Message { text } => match parse_text(text) {
            Ok(text) => Ok(Body::Message { text }),
            Err(error @ (InvalidText::Empty | InvalidText::TooLong)) => {
                Err(UseCaseError::Refused(Problem::field("text", &error.to_string())))
            }
        },
        Content::Introduction(given) => {
            let answers = given.parse().map_err(UseCaseError::Refused)?;
            Ok(Body::Event(Event::FormSubmitted { answers }))
        }
    }
}

impl SendMessage {
    /// All that a visitor sends is put in order here: visitor first, then conversation, then what hangs on it.
    async fn find_visitor(&self, tx: &mut Tx) -> Result<Option<Visitor>, UseCaseError> {
        visitor::lock_visitor(tx, &self.session).await?;
        Ok(visitor::find_visitor(tx, &self.site, &self.session).await?)
    }

    async fn create_visitor(&self, tx: &mut Tx, cx: &Context) -> Result<Visitor, UseCaseError> {
        let id = VisitorId::mint(cx.now, clock::id_entropy()?);
        if visitor::create_visitor(tx, id, &self.site, &self.session, cx.now).await? {
            Ok(Visitor { id, contact: None })
        } else {
            // Another tab's first message came between, and is waited for. Or the secret is in use on another site: it is
            // no session here, and never becomes one.
            self.find_visitor(tx).await?.ok_or_else(|| UseCaseError::refused(ProblemKind::NotFound))
        }
    }

    async fn add_message(
        &self,
        tx: &mut Tx,
        cx: &mut Context,
        visitor: Visitor,
        newest: Option<Conversation>,
        text: String,
    ) -> Result<Sent, UseCaseError> {
        let reopened =
            newest.and_then(|conversation| Some((conversation.status.written_to().ok()?, conversation)));
        let (id, is_first) = match &reopened {
            Some((_, conversation)) => (conversation.id, false),
            None => (self.create_conversation(tx, cx, visitor).await?, true),
        };
        let line = preview(&text);
        let message = cx.add_entry(tx, id, self.id, Author::Visitor, Body::Message { text }).await?;
        conversation::note_message(tx, id, Writer::Visitor, &line, cx.now).await?;
        if let Some((status, conversation)) = reopened
            && status != conversation.status
        {
            conversation::set_status(tx, id, status).await?;
            let event = Body::Event(Event::StatusChanged { status });
            let event_id = cx.mint_entry_id()?;
            cx.add_entry(tx, id, event_id, Author::Automatic, event).await?;
        }
        if is_first {
            self.add_automatic_answer(tx, cx, id).await?;
        }
        Ok(Sent { visitor: visitor.id, conversation: id, seq: message.seq })
    }

    async fn create_conversation(
        &self,
        tx: &mut Tx,
        cx: &Context,
        visitor: Visitor,
    ) -> Result<ConversationId, UseCaseError> {
        let id = ConversationId::mint(cx.now, clock::id_entropy()?);
        conversation::create_conversation(tx, id, &self.site, visitor.id, &self.locale, cx.now).await?;
        Ok(id)
    }

    async fn add_automatic_answer(
        &self,
        tx: &mut Tx,
        cx: &mut Context,
        conversation: ConversationId,
    ) -> Result<(), UseCaseError> {
        let Some(site) = site::find_site(tx, &self.site).await? else {
            return Err(UseCaseError::refused(ProblemKind::UnknownSite));
        };
        let settings = &site.settings;
        let answers =
            if self.available { &settings.automatic_answer } else { &settings.automatic_answer_away };
        let text = text_in(answers, &self.locale).to_owned();
        // A site that has emptied the text wants no automatic answer.
        if !text.is_empty() {
            let id = cx.mint_entry_id()?;
            cx.add_entry(tx, conversation, id, Author::Automatic, Body::Message { text }).await?;
        }
        Ok(())
    }

    async fn add_answers(
        &self,
        tx: &mut Tx,
        cx: &mut Context,
        visitor: Visitor,
        newest: Option<Conversation>,
        event: Event,
    ) -> Result<Sent, UseCaseError> {
        let Some(conversation) = newest else {
            return Err(UseCaseError::refused(ProblemKind::WrongState));
        };
        let Event::FormSubmitted { answers } = &event else {
            return Err(UseCaseError::refused(ProblemKind::Malformed));
        };
        save_contact(tx, cx, visitor, &conversation.contact, answers).await?;
        let entry = cx.add_entry(tx, conversation.id, self.id, Author::Visitor, Body::Event(event)).await?;
        Ok(Sent { visitor: visitor.id, conversation: conversation.id, seq: entry.seq })
    }
}

/// Saves what was given to the visitor's own contact. It never touches another contact with the same address: nobody
/// has shown yet that the address is theirs.
async fn save_contact(
    tx: &mut Tx,
    cx: &Context,
    visitor: Visitor,
    known: &Contact,
    given: &Introduction,
) -> Result<(), UseCaseError> {
    match visitor.contact {
        None => {
            let id = ContactId::mint(cx.now, clock::id_entropy()?);
            contact::create_contact(tx, id, visitor.id, given, cx.now).await?;
        }
        Some(id) => {
            let mut given = given.clone();
            if known.email_verified {
                // A proven address is not replaced by one that is only typed.
                given.email = None;
            }
            contact::update_contact(tx, id, &given, cx.now).await?;
        }
    }
    Ok(())
}
