//! An agent's connection: the list, live, and the conversations that are open at this desk.
//!
//! As with visitors, the task knows how far the desk is in each watched conversation, and sends exactly what comes
//! after. It lives no longer than the session that opened it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::extract::ws::Message;
use causette_shared::entry::Entry;
use causette_shared::id::{ConversationId, Seq, VisitorId};
use causette_shared::limits::{CONVERSATIONS_PER_PAGE, ENTRIES_PER_WINDOW};
use causette_shared::presence::{self, UnreachableReason};
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::{Agent, ClientFrame, ConversationSummary, ListCursor, ServerFrame};

use super::hub::{Changed, Hub, Notice, Subscription};
use super::socket::{Connection, Gone};
use super::{read_after, read_window};
use crate::app::App;
use crate::secret::SecretHash;
use crate::service::UseCaseError;
use crate::service::mark_seen::{MarkSeen, Seer};
use crate::service::reply::Reply;
use crate::store::conversation::{self, Conversation, Writer};
use crate::store::{Tx, agent, entry, visitor_said};

/// Serves one connection until either side, or the session, ends it.
pub async fn serve(app: Arc<App>, mut connection: Connection, agent: Agent, session: SecretHash) {
    let mut draining = app.hub.draining();
    let (mut subscription, mut notices) = app.hub.connect();
    subscription.enter_desk();
    let mut desk = Desk {
        app,
        agent,
        session,
        subscription,
        watched: HashMap::new(),
        listed: HashMap::new(),
        out: Vec::new(),
    };
    let mut step = desk.welcome().await;
    loop {
        if flush(&mut connection, &mut desk.out).await.is_err() {
            break;
        }
        if let Step::Close = step {
            break;
        }
        step = tokio::select! {
            message = connection.receive() => match message {
                Ok(_) if connection.is_flooded() => desk.give_up(Problem::new(ProblemKind::RateLimited)),
                Ok(message) => desk.handle(&message).await,
                Err(Gone) => break,
            },
            notice = notices.recv() => match notice {
                Some(notice) => desk.pass_on(&notice).await,
                // The queue overflowed: cut, the desk comes back and resumes.
                None => break,
            },
            Ok(()) = draining.changed() => {
                desk.out.push(ServerFrame::Drain);
                Step::Close
            }
        };
    }
    connection.close().await;
}

async fn flush(connection: &mut Connection, out: &mut Vec<ServerFrame>) -> Result<(), Gone> {
    for frame in out.drain(..) {
        match serde_json::to_string(&frame) {
            Ok(text) => connection.send(Message::Text(text.into())).await?,
            Err(error) => {
                tracing::error!(%error, "a frame for a desk could not be encoded");
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

/// A conversation that is open at this desk.
#[derive(Clone, Copy)]
struct Watched {
    visitor: VisitorId,
    /// The last entry that the desk was sent.
    sent: Seq,
}

struct Desk {
    app: Arc<App>,
    agent: Agent,
    session: SecretHash,
    subscription: Subscription,
    watched: HashMap<ConversationId, Watched>,
    /// The conversations that this desk was told of, by visitor, and why a mail would not reach them: what presence needs.
    listed: HashMap<VisitorId, BTreeMap<ConversationId, Option<UnreachableReason>>>,
    out: Vec<ServerFrame>,
}

impl Desk {
    fn give_up(&mut self, problem: Problem) -> Step {
        self.out.push(ServerFrame::Problem(problem));
        Step::Close
    }

    fn settle(&mut self, result: Result<(), UseCaseError>) -> Step {
        match result {
            Ok(()) => Step::GoOn,
            Err(UseCaseError::Refused(problem)) if problem.kind == ProblemKind::NotSignedIn => {
                self.give_up(problem)
            }
            // A request for something that is not there changes nothing and ends nothing.
            Err(UseCaseError::Refused(problem)) => {
                self.out.push(ServerFrame::Problem(problem));
                Step::GoOn
            }
            Err(error) => {
                error.log("a desk's request");
                self.give_up(error.problem())
            }
        }
    }

    async fn welcome(&mut self) -> Step {
        let result = self.try_welcome().await;
        self.settle(result)
    }

    async fn try_welcome(&mut self) -> Result<(), UseCaseError> {
        // A sign-out between the request and the entry into the room was told to nobody here.
        let mut tx = self.app.store.begin_read().await?;
        self.check_session(&mut tx).await?;
        drop(tx);
        let (conversations, more) = self.list(None).await?;
        let (agent, now) = (self.agent.clone(), self.app.clock.now());
        self.out.push(ServerFrame::Welcome { agent, conversations, more, now });
        Ok(())
    }

    async fn check_session(&self, tx: &mut Tx) -> Result<(), UseCaseError> {
        let found = agent::find_agent_by_session(tx, &self.session, self.app.clock.now()).await?;
        found.map(drop).ok_or_else(|| UseCaseError::refused(ProblemKind::NotSignedIn))
    }

    async fn list(
        &mut self,
        after: Option<ListCursor>,
    ) -> Result<(Vec<ConversationSummary>, bool), UseCaseError> {
        let mut tx = self.app.store.begin_read().await?;
        let mut page = conversation::list_conversations(&mut tx, after, CONVERSATIONS_PER_PAGE + 1).await?;
        let more = page.len() > CONVERSATIONS_PER_PAGE;
        page.truncate(CONVERSATIONS_PER_PAGE);
        Ok((page.iter().map(|conversation| self.summarise(conversation)).collect(), more))
    }

    fn summarise(&mut self, conversation: &Conversation) -> ConversationSummary {
        let reason = conversation.unreachable();
        self.listed.entry(conversation.visitor).or_default().insert(conversation.id, reason);
        summary_of(conversation, &self.app.hub)
    }

    async fn handle(&mut self, message: &Message) -> Step {
        let Message::Text(text) = message else {
            return self.give_up(Problem::with_detail(ProblemKind::Malformed, "frames here are text"));
        };
        match serde_json::from_str(text) {
            Ok(frame) => {
                let result = self.answer(frame).await;
                self.settle(result)
            }
            Err(_) => self.give_up(Problem::new(ProblemKind::Malformed)),
        }
    }

    async fn answer(&mut self, frame: ClientFrame) -> Result<(), UseCaseError> {
        match frame {
            ClientFrame::Watch { conversation, after } => self.watch(conversation, after).await,
            ClientFrame::Unwatch { conversation } => {
                self.watched.remove(&conversation);
                Ok(())
            }
            ClientFrame::Earlier { conversation, before } => {
                let mut tx = self.app.store.begin_read().await?;
                let entries =
                    entry::list_entries_before(&mut tx, conversation, before, ENTRIES_PER_WINDOW).await?;
                self.push_entries(conversation, entries);
                Ok(())
            }
            ClientFrame::Send { conversation, id, content, after } => {
                let reply = Reply { agent: self.agent.clone(), conversation, id, content, after };
                self.out.push(match self.app.perform(reply).await {
                    Ok(seq) => ServerFrame::Acknowledged { id, conversation, seq },
                    Err(error) => {
                        error.log("a desk's request");
                        ServerFrame::Refused { id, conversation, problem: error.problem() }
                    }
                });
                Ok(())
            }
            ClientFrame::Seen { conversation, upto } => {
                self.app.perform(MarkSeen { conversation, by: Seer::Agent, upto }).await
            }
            ClientFrame::Typing { conversation, active } => {
                if let Some(watched) = self.watched.get(&conversation) {
                    let (agent, from) = (Some(self.agent.name.clone()), self.subscription.id());
                    let notice = Notice::Typing { conversation, agent, from, active };
                    self.app.hub.publish_to_both(watched.visitor, notice);
                }
                Ok(())
            }
            ClientFrame::List { after } => {
                let (conversations, more) = self.list(Some(after)).await?;
                self.out.push(ServerFrame::List { conversations, more });
                Ok(())
            }
            ClientFrame::Ping => self.pong().await,
        }
    }

    async fn watch(&mut self, id: ConversationId, after: Option<Seq>) -> Result<(), UseCaseError> {
        let mut tx = self.app.store.begin_read().await?;
        let Some(conversation) = conversation::find_conversation(&mut tx, id).await? else {
            return Err(UseCaseError::refused(ProblemKind::NotFound));
        };
        let last = conversation.last_seq;
        self.watched.insert(id, Watched { visitor: conversation.visitor, sent: last });
        let summary = self.summarise(&conversation);
        self.out.push(ServerFrame::Conversation(summary));
        match after {
            // A desk that has everything is told so: it would ask again.
            Some(after) if after == last => {
                self.out.push(ServerFrame::Entries { conversation: id, entries: Vec::new() });
            }
            Some(after) if after < last => {
                let entries = read_after(&mut tx, id, after, last).await?;
                self.push_entries(id, entries);
            }
            other => {
                if other.is_some() {
                    self.out.push(ServerFrame::Reset { conversation: id });
                }
                let window = read_window(&mut tx, id, last).await?;
                self.push_entries(id, window);
            }
        }
        let said = visitor_said::find_said(&mut tx, conversation.visitor).await?;
        self.out.push(ServerFrame::Visitor { conversation: id, said });
        Ok(())
    }

    /// Tells what is known of a visitor, where one of their conversations is open at this desk.
    async fn tell_said(&mut self, visitor: VisitorId) -> Result<(), UseCaseError> {
        let watched: Vec<ConversationId> = self
            .watched
            .iter()
            .filter(|(_, watched)| watched.visitor == visitor)
            .map(|(id, _)| *id)
            .collect();
        if watched.is_empty() {
            return Ok(());
        }
        let mut tx = self.app.store.begin_read().await?;
        let said = visitor_said::find_said(&mut tx, visitor).await?;
        for conversation in watched {
            self.out.push(ServerFrame::Visitor { conversation, said: said.clone() });
        }
        Ok(())
    }

    fn push_entries(&mut self, conversation: ConversationId, entries: Vec<Entry>) {
        for entries in super::in_frames(entries) {
            self.out.push(ServerFrame::Entries { conversation, entries });
        }
    }

    /// Answers a ping: the session is still good, and this is how far each watched conversation has come.
    async fn pong(&mut self) -> Result<(), UseCaseError> {
        let mut tx = self.app.store.begin_read().await?;
        self.check_session(&mut tx).await?;
        let mut last = Vec::with_capacity(self.watched.len());
        for id in self.watched.keys() {
            if let Some(conversation) = conversation::find_conversation(&mut tx, *id).await? {
                last.push((*id, conversation.last_seq));
            }
        }
        self.out.push(ServerFrame::Pong { last });
        Ok(())
    }

    async fn pass_on(&mut self, notice: &Notice) -> Step {
        match notice {
            Notice::Changed(changed) => {
                let result = self.deliver(changed).await;
                return self.settle(result);
            }
            Notice::Typing { conversation, agent, from, active } => {
                if *from != self.subscription.id() && self.watched.contains_key(conversation) {
                    let (conversation, name, active) = (*conversation, agent.clone(), *active);
                    self.out.push(ServerFrame::Typing { conversation, name, active });
                }
            }
            Notice::Presence { visitor, connected } => {
                for (conversation, unreachable) in self.listed.get(visitor).into_iter().flatten() {
                    let presence = presence::derive(*connected, *unreachable);
                    self.out.push(ServerFrame::Presence { conversation: *conversation, presence });
                }
            }
            Notice::Said(visitor) => {
                let result = self.tell_said(*visitor).await;
                return self.settle(result);
            }
            Notice::SessionEnded(session) if *session == self.session => {
                return self.give_up(Problem::new(ProblemKind::NotSignedIn));
            }
            Notice::SessionEnded(_) | Notice::SessionsEnded => {}
        }
        Step::GoOn
    }

    /// Brings the desk from where it is to what the conversation has become.
    async fn deliver(&mut self, changed: &Changed) -> Result<(), UseCaseError> {
        let Changed { conversation, entries } = changed;
        if let Some(watched) = self.watched.get(&conversation.id).copied()
            && conversation.last_seq > watched.sent
        {
            let fits = entries.first().is_some_and(|first| first.seq == watched.sent + 1)
                && entries.last().is_some_and(|last| last.seq == conversation.last_seq);
            if fits {
                self.push_entries(conversation.id, entries.clone());
            } else {
                let mut tx = self.app.store.begin_read().await?;
                let (after, last) = (watched.sent, conversation.last_seq);
                let entries = read_after(&mut tx, conversation.id, after, last).await?;
                self.push_entries(conversation.id, entries);
            }
            self.watched.insert(conversation.id, Watched { sent: conversation.last_seq, ..watched });
        }
        let summary = self.summarise(conversation);
        self.out.push(ServerFrame::Conversation(summary));
        Ok(())
    }
}

/// Returns a conversation as the desk's list shows it, presence included.
pub fn summary_of(conversation: &Conversation, hub: &Hub) -> ConversationSummary {
    let connected = hub.connected(conversation.visitor);
    ConversationSummary {
        id: conversation.id,
        number: conversation.number,
        revision: conversation.revision,
        site: conversation.site_name.clone(),
        status: conversation.status,
        assignee: conversation.assignee.clone(),
        contact_id: conversation.contact_id,
        contact: conversation.contact.clone(),
        follow_up_at: conversation.follow_up_at,
        mail_stopped: conversation.mail_stopped_at.is_some(),
        locale: conversation.locale.clone(),
        presence: presence::derive(connected, conversation.unreachable()),
        last_seq: conversation.last_seq,
        agent_seen: conversation.agent_seen,
        visitor_seen: conversation.visitor_seen,
        unread: conversation.unread,
        preview: conversation.preview.clone(),
        preview_by_visitor: conversation.preview_by == Writer::Visitor,
        created_at: conversation.created_at,
        last_message_at: conversation.last_message_at,
    }
}
