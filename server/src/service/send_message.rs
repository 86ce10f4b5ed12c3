//! A visitor writes, or answers a form. The first message makes the visitor and the conversation, and gets the
//! automatic answer; nothing exists before it.

use causette_shared::contact::Contact;
use causette_shared::entry::{Author, Body, Content, Event};
use causette_shared::form::{Introduction, parse_required_email};
use causette_shared::id::{ContactId, ConversationId, EntryId, Seq, SiteKey, VisitorId};
use causette_shared::message::{InvalidText, parse_text};
use causette_shared::problem::{Problem, ProblemKind};

use crate::clock;
use crate::secret::SecretHash;
use crate::service::contact::fields::normalise_phone;
use crate::service::visitor_message::{AutomaticAnswer, VisitorMessage};
use crate::service::{Context, UseCase, UseCaseError, copy, follow_up};
use crate::store::conversation::{self, Conversation, Target};
use crate::store::visitor::{self, Visitor};
use crate::store::{Tx, contact, entry};

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
        let (visitor, target) = match self.find_target(tx).await? {
            Some(target) => (target.conversation.visitor, Some(target)),
            None => self.find_or_create_visitor(tx, cx).await?,
        };
        let newest = match target {
            Some(target) if target.is_repeat => return self.find_first(tx, cx, visitor, &body).await,
            target => target.map(|target| target.conversation),
        };
        match body {
            Body::Message { text } => self.add_message(tx, cx, visitor, newest, text).await,
            Body::Event(event) => self.add_answers(tx, cx, newest, event).await,
            Body::Mail(_) => Err(UseCaseError::refused(ProblemKind::Malformed)),
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
        Content::Contacts(given) => {
            let answers = given.parse_contacts().map_err(UseCaseError::Refused)?;
            Ok(Body::Event(Event::ContactsLeft { answers }))
        }
        Content::Copy { email } => {
            let email = parse_required_email(email).map_err(UseCaseError::Refused)?;
            Ok(Body::Event(Event::CopyRequested { email }))
        }
    }
}

impl SendMessage {
    /// Finds where to write. All that a visitor sends is put in order here: visitor first, then conversation, then what
    /// hangs on it.
    async fn find_target(&self, tx: &mut Tx) -> Result<Option<Target>, UseCaseError> {
        visitor::lock_visitor(tx, &self.session).await?;
        conversation::lock_newest_of_session(tx, &self.session).await?;
        Ok(conversation::find_newest_of_session(tx, &self.site, &self.session, self.id).await?)
    }

    /// The visitor of a session that has no conversation yet.
    async fn find_or_create_visitor(
        &self,
        tx: &mut Tx,
        cx: &Context,
    ) -> Result<(VisitorId, Option<Target>), UseCaseError> {
        let id = VisitorId::mint(cx.now, clock::id_entropy()?);
        if visitor::create_visitor(tx, id, &self.site, &self.session, cx.now).await? {
            return Ok((id, None));
        }
        // Another tab's first message came between, and is waited for.
        let target = self.find_target(tx).await?;
        match visitor::find_visitor(tx, &self.site, &self.session).await? {
            Some(visitor) => Ok((visitor.id, target)),
            // The secret is in use on another site: it is no session here, and never becomes one.
            None => Err(UseCaseError::refused(ProblemKind::NotFound)),
        }
    }

    /// Answers a repeat with what came of the first.
    async fn find_first(
        &self,
        tx: &mut Tx,
        cx: &mut Context,
        visitor: VisitorId,
        body: &Body,
    ) -> Result<Sent, UseCaseError> {
        match entry::find_entry_of(tx, visitor, self.id).await? {
            Some((conversation, first)) if first.author == Author::Visitor && first.body == *body => {
                // Whether it was published is not known here: the first attempt may have lost its connection as it committed.
                cx.touch(conversation);
                Ok(Sent { visitor, conversation, seq: first.seq })
            }
            _ => Err(UseCaseError::refused(ProblemKind::IdReused)),
        }
    }

    async fn add_message(
        &self,
        tx: &mut Tx,
        cx: &mut Context,
        visitor: VisitorId,
        newest: Option<Conversation>,
        text: String,
    ) -> Result<Sent, UseCaseError> {
        let answer = match self.available {
            true => AutomaticAnswer::Available,
            false => AutomaticAnswer::Away,
        };
        let (site, locale, body) = (&self.site, self.locale.as_str(), Body::Message { text });
        let message = VisitorMessage { site, visitor, locale, id: self.id, body, answer };
        let (id, message) = message.add(tx, cx, newest).await?;
        Ok(Sent { visitor, conversation: id, seq: message.seq })
    }

    async fn add_answers(
        &self,
        tx: &mut Tx,
        cx: &mut Context,
        newest: Option<Conversation>,
        event: Event,
    ) -> Result<Sent, UseCaseError> {
        let found = visitor::find_visitor(tx, &self.site, &self.session).await?;
        let (Some(visitor), Some(conversation)) = (found, newest) else {
            return Err(UseCaseError::refused(ProblemKind::WrongState));
        };
        let id = conversation.id;
        let given = match &event {
            Event::FormSubmitted { answers } | Event::ContactsLeft { answers } => answers.clone(),
            // The address of a copy is not taken for theirs where we have another.
            Event::CopyRequested { email } if conversation.contact.email.is_none() => {
                Introduction { email: Some(email.clone()), ..Introduction::default() }
            }
            _ => Introduction::default(),
        };
        if given != Introduction::default() {
            let phone = given.phone.map(|phone| normalise_phone(&phone, Some(&conversation.locale)));
            let given = Introduction { phone, ..given };
            save_contact(tx, cx, visitor, &conversation.contact, &given).await?;
        }
        let entry = cx.add_entry(tx, id, self.id, Author::Visitor, Body::Event(event.clone())).await?;
        match &event {
            Event::CopyRequested { email } => copy::request(tx, cx, id, email).await?,
            Event::ContactsLeft { .. } if conversation.assignee.is_none() => {
                conversation::set_tell(tx, id, Some(cx.now)).await?;
            }
            _ => {}
        }
        // Who has given an address can be written to from now on.
        follow_up::reconsider(tx, cx, id).await?;
        Ok(Sent { visitor: visitor.id, conversation: id, seq: entry.seq })
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
