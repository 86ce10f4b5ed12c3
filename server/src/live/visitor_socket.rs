//! A visitor's connection: one task that answers frames and passes on what happens in their conversation.
//!
//! The task knows how far its client is (`cursor`). Whatever hint arrives, the client gets exactly the entries after
//! the cursor, in order, from the hint where it fits and from the store where it does not (G3, G4).

mod person;

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::ws::Message;
use causette_shared::contact::Contact;
use causette_shared::entry::{Content, Entry};
use causette_shared::id::{ConversationId, EntryId, Seq, SessionSecret, SiteKey, VisitorId};
use causette_shared::limits::ENTRIES_PER_WINDOW;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::visitor::{
    ClientFrame, ConversationState, Cursor, FrameError, Hello, ServerFrame, Welcome, decode, encode,
};
use tokio::sync::mpsc;

use super::hub::{Changed, Notice, Subscription};
use super::socket::{Connection, Gone};
use super::{read_after, read_window};
use crate::app::App;
use crate::secret::SecretHash;
use crate::service::UseCaseError;
use crate::service::mark_seen::{MarkSeen, Seer};
use crate::service::send_message::SendMessage;
use crate::service::visitor_view;
use crate::sighting::{self, Place};
use crate::site::supported_locale;
use crate::store::conversation::{self, Conversation};
use crate::store::{Tx, entry, site, visitor};

/// Serves one connection until either side ends it.
pub async fn serve(app: Arc<App>, mut connection: Connection, peer: IpAddr) {
    let mut available = app.hub.available();
    let mut draining = app.hub.draining();
    let (subscription, mut notices) = app.hub.connect();
    let step = if connection.is_over_http() { sighting::Step::Channel } else { sighting::Step::Socket };
    let mut client =
        Client { app, peer, step, subscription, identity: None, cursor: None, revision: 0, out: Vec::new() };
    let ended = loop {
        let step = tokio::select! {
            message = connection.receive() => match message {
                Ok(_) if connection.is_flooded() => client.give_up(Problem::new(ProblemKind::RateLimited)),
                Ok(message) => Box::pin(client.handle(message)).await,
                Err(Gone) => break Gone,
            },
            notice = next(&mut notices) => match notice {
                Ok(notice) => Box::pin(client.pass_on(&notice)).await,
                Err(Gone) => break Gone,
            },
            Ok(()) = available.changed() => {
                let available = *available.borrow_and_update();
                client.announce_availability(available);
                Step::GoOn
            }
            Ok(()) = draining.changed() => client.end_with(ServerFrame::Drain),
        };
        if let Err(Gone) = flush(&mut connection, &mut client.out).await {
            break Gone;
        }
        if let Step::Close = step {
            break Gone;
        }
    };
    let Gone = ended;
    connection.close().await;
}

/// A queue that was closed belongs to a reader that lagged: it is cut, and resumes.
async fn next(notices: &mut mpsc::Receiver<Arc<Notice>>) -> Result<Arc<Notice>, Gone> {
    notices.recv().await.ok_or(Gone)
}

async fn flush(connection: &mut Connection, out: &mut Vec<ServerFrame>) -> Result<(), Gone> {
    // Taken and not drained: an idle connection keeps no buffer.
    for frame in std::mem::take(out) {
        match encode(&frame) {
            Ok(bytes) => connection.send(Message::Binary(bytes.into())).await?,
            // Frames are made within the limit; one that is not would be skipped, and asked for again for ever.
            Err(error) => {
                tracing::error!(%error, "a frame for a visitor could not be encoded");
                return Err(Gone);
            }
        }
    }
    Ok(())
}

/// Whether the connection goes on.
enum Step {
    GoOn,
    Close,
}

/// Who is at the other end, once they have said hello.
struct Identity {
    site: SiteKey,
    session: Option<SecretHash>,
    locale: &'static str,
}

struct Client {
    app: Arc<App>,
    peer: IpAddr,
    /// What carries the frames, for those who install the chat.
    step: sighting::Step,
    subscription: Subscription,
    identity: Option<Identity>,
    /// The conversation that is followed, and the last entry that its client was sent.
    cursor: Option<Cursor>,
    /// The last revision of the conversation's state that the client was sent.
    revision: u32,
    out: Vec<ServerFrame>,
}

impl Client {
    fn end_with(&mut self, frame: ServerFrame) -> Step {
        self.out.push(frame);
        Step::Close
    }

    fn give_up(&mut self, problem: Problem) -> Step {
        self.end_with(ServerFrame::Problem(problem))
    }

    fn announce_availability(&mut self, available: bool) {
        if self.identity.is_some() {
            self.out.push(ServerFrame::Availability { available });
        }
    }

    async fn handle(&mut self, message: Message) -> Step {
        let Message::Binary(bytes) = message else {
            return self.give_up(Problem::with_detail(ProblemKind::Malformed, "frames here are binary"));
        };
        let frame = match decode::<ClientFrame>(&bytes) {
            Ok(frame) => frame,
            Err(FrameError::OtherVersion) => return self.give_up(Problem::new(ProblemKind::Outdated)),
            Err(FrameError::TooLarge) => return self.give_up(Problem::new(ProblemKind::TooLarge)),
            Err(FrameError::Malformed) => return self.give_up(Problem::new(ProblemKind::Malformed)),
        };
        match self.answer(frame).await {
            Ok(step) => step,
            // A request for something that is not there changes nothing and ends nothing.
            Err(UseCaseError::Refused(problem)) if problem.kind == ProblemKind::NotFound => {
                self.out.push(ServerFrame::Problem(problem));
                Step::GoOn
            }
            Err(error) => {
                error.log("a visitor's request");
                self.give_up(error.problem())
            }
        }
    }

    async fn answer(&mut self, frame: ClientFrame) -> Result<Step, UseCaseError> {
        match frame {
            ClientFrame::Hello(hello) => return self.welcome(hello).await,
            ClientFrame::Ping => {
                let last = self.catch_up().await?;
                self.out.push(ServerFrame::Pong { last });
            }
            _ if self.identity.is_none() => {
                return Ok(self.give_up(Problem::with_detail(ProblemKind::Malformed, "say hello first")));
            }
            ClientFrame::Send { id, content } => self.send(id, content).await,
            ClientFrame::Resume { conversation, after } => {
                let mut tx = self.app.store.begin_read().await?;
                let conversation = self.find_own(&mut tx, conversation).await?;
                self.resume(&mut tx, &conversation, after).await?;
            }
            ClientFrame::Earlier { conversation, before } => {
                let mut tx = self.app.store.begin_read().await?;
                let conversation = self.find_own(&mut tx, conversation).await?;
                let entries =
                    entry::list_entries_before(&mut tx, conversation.id, before, ENTRIES_PER_WINDOW).await?;
                self.push_entries(&conversation, entries);
            }
            ClientFrame::Seen { conversation, upto } => {
                if let Some(visitor) = self.subscription.visitor() {
                    let seen = MarkSeen { conversation, by: Seer::Visitor(visitor), upto };
                    self.app.perform(seen).await?;
                }
            }
            ClientFrame::Typing { active } => self.tell_typing(active),
            ClientFrame::Activity(activity) => self.subscription.set_activity(activity),
            ClientFrame::Identify { token } => self.identify(token).await?,
            ClientFrame::Describe(description) => self.describe(description).await?,
            ClientFrame::Visited { url, title, ago_s } => self.visited(&url, title, ago_s).await?,
            ClientFrame::ForgetPages => self.forget_pages().await?,
        }
        Ok(Step::GoOn)
    }

    async fn welcome(&mut self, hello: Hello) -> Result<Step, UseCaseError> {
        let mut tx = self.app.store.begin_read().await?;
        let site = match hello.site.parse::<SiteKey>() {
            Ok(key) => site::find_site(&mut tx, &key).await?,
            Err(_) => None,
        };
        let Some(site) = site else {
            return Ok(self.give_up(Problem::new(ProblemKind::UnknownSite)));
        };
        let own = &self.app.own_origins;
        let place = Place::of_origin(&hello.host);
        self.app.sightings.note(&site, own, place, self.step, self.app.clock.now());
        if !own.contains(&hello.host) && !site.allows(&hello.host, own) {
            return Ok(self.give_up(Problem::new(ProblemKind::WrongOrigin)));
        }
        let session = match hello.session.as_deref().map(str::parse::<SessionSecret>) {
            Some(Err(error)) => {
                return Ok(self.give_up(Problem::with_detail(ProblemKind::Malformed, &error.to_string())));
            }
            Some(Ok(secret)) => Some(SecretHash::of(secret.expose())),
            None => None,
        };
        let known = match &session {
            Some(session) => visitor::find_visitor(&mut tx, &site.key, session).await?,
            None => None,
        };
        let locale = supported_locale(&hello.locale);
        self.identity = Some(Identity { site: site.key, session, locale });
        drop(tx);
        let mut newest = None;
        self.cursor = None;
        self.revision = 0;
        if known.as_ref().map(|visitor| visitor.id) != self.subscription.visitor() {
            self.subscription.leave_visitor();
        }
        if let Some(visitor) = known {
            // Subscribed before read (G5): the snapshot that is read below is begun after this.
            self.subscription.enter_as_visitor(visitor.id, hello.activity);
            self.subscription.set_activity(hello.activity);
            let mut tx = self.app.store.begin_read().await?;
            // A session that has ended since the first look may have been told of before this connection could hear it.
            if self.holds_session(&mut tx).await? {
                newest = conversation::find_newest_of(&mut tx, visitor.id).await?.map(|found| (tx, found));
            } else {
                self.subscription.leave_visitor();
            }
        }
        let available = *self.app.hub.available().borrow();
        let state = newest.as_ref().map(|(_, conversation)| state_of(conversation));
        self.out.push(ServerFrame::Welcome(Welcome { conversation: state, available }));
        if let Some((mut tx, conversation)) = newest {
            self.revision = conversation.revision;
            let held = hello.cursor.filter(|cursor| cursor.conversation == conversation.id);
            self.follow(&mut tx, &conversation, held.map(|cursor| cursor.seq)).await?;
        }
        Ok(Step::GoOn)
    }

    /// Whether the session is still one of the visitor in whose room this connection is.
    async fn holds_session(&self, tx: &mut Tx) -> Result<bool, UseCaseError> {
        let Some(Identity { site, session: Some(session), .. }) = &self.identity else {
            return Ok(false);
        };
        let found = visitor::find_visitor(tx, site, session).await?;
        Ok(found.map(|visitor| visitor.id) == self.subscription.visitor())
    }

    async fn find_own(&self, tx: &mut Tx, id: ConversationId) -> Result<Conversation, UseCaseError> {
        let found = conversation::find_conversation(tx, id).await?;
        let own = |found: &Conversation| Some(found.visitor) == self.subscription.visitor();
        // A foreign conversation is answered exactly like an unknown one.
        found.filter(own).ok_or_else(|| UseCaseError::refused(ProblemKind::NotFound))
    }

    /// Sends what comes after `after`, or the newest window, and follows the conversation from there.
    async fn follow(
        &mut self,
        tx: &mut Tx,
        conversation: &Conversation,
        after: Option<Seq>,
    ) -> Result<(), UseCaseError> {
        self.cursor = Some(Cursor { conversation: conversation.id, seq: conversation.last_seq });
        self.resume(tx, conversation, after).await
    }

    async fn resume(
        &mut self,
        tx: &mut Tx,
        conversation: &Conversation,
        after: Option<Seq>,
    ) -> Result<(), UseCaseError> {
        let after = match after {
            Some(after) if after > conversation.last_seq => {
                self.out.push(ServerFrame::Reset { conversation: conversation.id });
                None
            }
            other => other,
        };
        match after {
            // A client that has everything is told so: it would ask again.
            Some(after) if after == conversation.last_seq => {
                self.out.push(ServerFrame::Entries { conversation: conversation.id, entries: Vec::new() });
            }
            None => {
                let window = read_window(tx, conversation.id, conversation.last_seq).await?;
                self.push_entries(conversation, window);
            }
            Some(after) => {
                let entries = read_after(tx, conversation.id, after, conversation.last_seq).await?;
                self.push_entries(conversation, entries);
            }
        }
        Ok(())
    }

    /// Queues entries in frames that stay within the limit: a window of the longest messages takes several.
    fn push_entries(&mut self, conversation: &Conversation, entries: Vec<Entry>) {
        let told = entries.into_iter().map(|entry| visitor_view::told(entry, conversation)).collect();
        for entries in super::in_frames(told) {
            self.out.push(ServerFrame::Entries { conversation: conversation.id, entries });
        }
    }

    async fn send(&mut self, id: EntryId, content: Content) {
        match self.try_send(id, content).await {
            Ok(()) => {}
            Err(error) => {
                error.log("a visitor's request");
                self.out.push(ServerFrame::Refused { id, problem: error.problem() });
            }
        }
    }

    async fn try_send(&mut self, id: EntryId, content: Content) -> Result<(), UseCaseError> {
        let Some(Identity { site, session: Some(session), locale }) = &self.identity else {
            let problem = Problem::with_detail(ProblemKind::NotSignedIn, "say hello with a session first");
            return Err(UseCaseError::Refused(problem));
        };
        self.app.limiters.count_message(*session).map_err(UseCaseError::Refused)?;
        if self.subscription.visitor().is_none() {
            self.app.limiters.count_beginning(self.peer).map_err(UseCaseError::Refused)?;
        }
        let use_case = SendMessage {
            site: site.clone(),
            session: *session,
            locale: (*locale).to_owned(),
            id,
            content,
            available: *self.app.hub.available().borrow(),
        };
        let sent = self.app.perform(use_case).await?;
        self.out.push(ServerFrame::Acknowledged { id, conversation: sent.conversation, seq: sent.seq });
        if self.subscription.visitor().is_none() {
            self.subscription.enter_as_visitor(sent.visitor, causette_shared::presence::Activity::Active);
            // What is committed is acknowledged, whatever becomes of reading it back: the next ping brings it.
            if let Err(error) = self.catch_up().await {
                error.log("a visitor's request");
            }
        }
        Ok(())
    }

    /// Compares with the store, sends what the client lacks, and tells the conversation's last entry.
    async fn catch_up(&mut self) -> Result<Option<Cursor>, UseCaseError> {
        let Some(visitor) = self.find_visitor().await? else {
            return Ok(None);
        };
        let mut tx = self.app.store.begin_read().await?;
        let Some(conversation) = conversation::find_newest_of(&mut tx, visitor).await? else {
            return Ok(None);
        };
        let last = Cursor { conversation: conversation.id, seq: conversation.last_seq };
        drop(tx);
        self.deliver(&Changed { conversation, entries: Vec::new() }).await?;
        Ok(Some(last))
    }

    /// The visitor, who may have come into being through another tab since the hello.
    async fn find_visitor(&mut self) -> Result<Option<VisitorId>, UseCaseError> {
        if let Some(visitor) = self.subscription.visitor() {
            return Ok(Some(visitor));
        }
        let Some(Identity { site, session: Some(session), .. }) = &self.identity else {
            return Ok(None);
        };
        let mut tx = self.app.store.begin_read().await?;
        let found = visitor::find_visitor(&mut tx, site, session).await?;
        drop(tx);
        let Some(visitor) = found else {
            return Ok(None);
        };
        self.subscription.enter_as_visitor(visitor.id, causette_shared::presence::Activity::Active);
        // As in the welcome: a session that has ended since.
        let mut tx = self.app.store.begin_read().await?;
        if !self.holds_session(&mut tx).await? {
            self.subscription.leave_visitor();
            return Ok(None);
        }
        Ok(Some(visitor.id))
    }

    fn tell_typing(&self, active: bool) {
        if let (Some(visitor), Some(cursor)) = (self.subscription.visitor(), self.cursor) {
            let from = self.subscription.id();
            let notice = Notice::Typing { conversation: cursor.conversation, agent: None, from, active };
            self.app.hub.publish_to_both(visitor, notice);
        }
    }

    async fn pass_on(&mut self, notice: &Notice) -> Step {
        match notice {
            Notice::Changed(changed) => {
                if let Err(error) = self.deliver(changed).await {
                    error.log("a visitor's request");
                    return self.give_up(error.problem());
                }
            }
            Notice::Typing { conversation, agent: Some(name), active, .. } => {
                if self.cursor.is_some_and(|cursor| cursor.conversation == *conversation) {
                    self.out.push(ServerFrame::Typing { name: name.clone(), active: *active });
                }
            }
            Notice::SessionsEnded => return self.leave_if_ended().await,
            Notice::Typing { .. } | Notice::Presence { .. } | Notice::SessionEnded(_) | Notice::Said(_) => {}
        }
        Step::GoOn
    }

    /// Ends the connection where its session has ended: its client comes back, and is nobody.
    async fn leave_if_ended(&mut self) -> Step {
        let holds = async {
            let mut tx = self.app.store.begin_read().await?;
            self.holds_session(&mut tx).await
        };
        match holds.await {
            Ok(true) => Step::GoOn,
            Ok(false) => self.end_with(ServerFrame::Drain),
            // Whoever cannot be asked about is let go: they come back when the database does.
            Err(error) => {
                error.log("a visitor's session");
                self.end_with(ServerFrame::Drain)
            }
        }
    }

    /// Brings the client from its cursor to what the conversation has become.
    async fn deliver(&mut self, changed: &Changed) -> Result<(), UseCaseError> {
        let Changed { conversation, entries } = changed;
        // News of an earlier conversation, which an agent has looked at: the visitor follows the newer one. Ids sort by
        // time.
        if self.cursor.is_some_and(|cursor| conversation.id < cursor.conversation) {
            return Ok(());
        }
        let followed = self.cursor.filter(|cursor| cursor.conversation == conversation.id);
        let sent = match followed {
            Some(cursor) => cursor.seq,
            None => {
                // The visitor's conversation has just begun: its state comes first, so that its entries are expected.
                self.revision = conversation.revision;
                self.out.push(ServerFrame::Conversation(state_of(conversation)));
                0
            }
        };
        if conversation.last_seq > sent {
            let fits = entries.first().is_some_and(|first| first.seq == sent + 1)
                && entries.last().is_some_and(|last| last.seq == conversation.last_seq);
            if fits {
                self.push_entries(conversation, entries.clone());
            } else {
                let mut tx = self.app.store.begin_read().await?;
                let entries = read_after(&mut tx, conversation.id, sent, conversation.last_seq).await?;
                self.push_entries(conversation, entries);
            }
            self.cursor = Some(Cursor { conversation: conversation.id, seq: conversation.last_seq });
        }
        if conversation.revision > self.revision {
            self.revision = conversation.revision;
            self.out.push(ServerFrame::Conversation(state_of(conversation)));
        }
        Ok(())
    }
}

/// What is told of the contact: that an address or a number is known, and not which. An agent may have attached the
/// conversation to somebody who is not in front of this browser, or somebody else may have opened the link of a mail to
/// an address that was typed here; what was typed here stands in the log. A name is told while the address is only typed:
/// the panel sends it again with the address, and nobody was joined by it.
fn told(contact: &Contact) -> Contact {
    let is_known = |given: &Option<String>| given.as_ref().map(|_| "…".to_owned());
    Contact {
        name: if contact.email_verified { is_known(&contact.name) } else { contact.name.clone() },
        email: is_known(&contact.email),
        email_verified: contact.email_verified,
        phone: is_known(&contact.phone),
    }
}

fn state_of(conversation: &Conversation) -> ConversationState {
    ConversationState {
        id: conversation.id,
        number: conversation.number,
        status: conversation.status,
        last_seq: conversation.last_seq,
        agent_seen: conversation.agent_seen,
        visitor_seen: conversation.visitor_seen,
        contact: told(&conversation.contact),
        assignee: conversation.assignee.as_ref().map(|agent| agent.name.clone()),
    }
}
