//! What each frame of the server does to the desk.

use std::time::Duration;

use causette_client::timer;
use causette_shared::entry::{Author, Body, Entry};
use causette_shared::id::ConversationId;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::{Agent, ClientFrame, ConversationSummary, ServerFrame};

use super::conversations::Conversations;
use super::desk::{Connection, Desk};
use super::opened::Opened;
use super::words;
use leptos::prelude::*;

/// How long to stay away from a server that is about to stop: a restart takes about as long.
const DRAIN_PAUSE: Duration = Duration::from_secs(1);
/// How long to stay away where a refusal names no wait.
const REFUSED_PAUSE: Duration = Duration::from_secs(5);

impl Desk {
    /// Takes a frame.
    pub fn handle(self, frame: ServerFrame) {
        let now = timer::now();
        match frame {
            ServerFrame::Welcome { agent, conversations, more, now: theirs } => {
                self.skew.set(theirs.0.saturating_sub(now.0));
                self.welcomed(agent, conversations, more);
            }
            ServerFrame::List { conversations, more } => {
                let kept: Vec<ConversationId> = self.open.get_untracked().into_iter().collect();
                self.list.update(|list| list.extend(conversations, more, &kept));
                self.ask_untold();
            }
            ServerFrame::Conversation(row) => self.conversation_changed(row),
            ServerFrame::Entries { conversation, entries } => self.entries_came(conversation, entries),
            ServerFrame::Acknowledged { id, conversation, seq } => {
                self.on_replica(conversation, |opened| {
                    opened.replica.acknowledged(now, id, conversation, seq);
                });
            }
            ServerFrame::Refused { id, conversation, problem } => {
                let told = (!problem.kind.is_temporary()).then(|| words::refusal(&problem));
                self.on_replica(conversation, |opened| opened.replica.refused(now, id, problem));
                if let Some(why) = told {
                    self.tell_refused(conversation, &why);
                }
            }
            ServerFrame::Reset { conversation } => {
                self.on_replica(conversation, |opened| opened.replica.reset(now, conversation));
            }
            ServerFrame::Typing { conversation, name, active } => {
                self.typists.update(|typists| typists.hear(now, conversation, name, active));
                self.arm();
            }
            ServerFrame::Presence { conversation, presence } => {
                self.list.update(|list| list.set_presence(conversation, presence));
            }
            ServerFrame::Visitor { conversation, said } => {
                self.said.update(|all| {
                    all.insert(conversation, said);
                });
            }
            ServerFrame::Problem(problem) => self.troubled(&problem),
            ServerFrame::Pong { last } => {
                for (conversation, seq) in last {
                    self.on_replica(conversation, |opened| opened.replica.announce(now, conversation, seq));
                }
            }
            ServerFrame::Drain => self.on_line(|line| line.postpone(DRAIN_PAUSE)),
        }
    }

    fn welcomed(self, agent: Agent, conversations: Vec<ConversationSummary>, more: bool) {
        let id = agent.id;
        let kept: Vec<ConversationId> = self.open.get_untracked().into_iter().collect();
        self.me.set(Some(agent));
        self.list.update(|list| list.replace(conversations, more, &kept));
        self.list_loaded.set(true);
        self.connection.set(Connection::Open);
        self.ask_untold();
        self.resume(id);
    }

    /// Asks for the next part of what was loaded before an interruption, and has not been told since.
    fn ask_untold(self) {
        let untold = self.list.with_untracked(Conversations::untold);
        self.loading_more.set(untold.is_some_and(|after| self.post(&ClientFrame::List { after })));
    }

    fn conversation_changed(self, row: ConversationSummary) {
        let id = row.id;
        let held = self.list.with_untracked(|list| list.find(id));
        if held.is_some_and(|held| row.revision < held.revision || *held == row) {
            return;
        }
        self.list.update(|list| {
            list.apply(row);
        });
        if self.open.get_untracked() == Some(id) {
            self.draw();
        }
    }

    fn entries_came(self, conversation: ConversationId, entries: Vec<Entry>) {
        let now = timer::now();
        let last = entries.last().cloned();
        let came_live = self.with(|inner| {
            let opened = inner.shelf.find(conversation)?;
            let before = opened.replica.last_seq();
            let was_loaded = opened.loaded;
            opened.replica.receive(now, conversation, entries);
            opened.loaded = true;
            (was_loaded && opened.replica.last_seq() > before).then_some(())
        });
        // What the other side has written is no longer being typed.
        let author = last.as_ref().map(|entry| &entry.author);
        match author {
            Some(Author::Visitor) => self.stop_typist(conversation, None),
            Some(Author::Agent { name, .. }) => self.stop_typist(conversation, Some(name.clone())),
            _ => {}
        }
        if came_live.flatten().is_some() && self.open.get_untracked() == Some(conversation) {
            self.announce(conversation, last);
        }
        self.settle(conversation);
    }

    fn stop_typist(self, conversation: ConversationId, name: Option<String>) {
        let typing = self.typists.with_untracked(|typists| match &name {
            None => typists.is_visitor_typing(conversation),
            Some(name) => typists.agents(conversation).contains(name),
        });
        if typing {
            self.typists.update(|typists| typists.hear(timer::now(), conversation, name, false));
        }
    }

    /// Lets a screen reader say a visitor's message as it comes; the history is not read out.
    fn announce(self, conversation: ConversationId, entry: Option<Entry>) {
        if let Some(Entry { author: Author::Visitor, body: Body::Message { text }, .. }) = entry {
            let row = self.list.with_untracked(|list| list.find(conversation));
            let name = row.map_or_else(|| "Visitor".to_owned(), |row| words::person(&row.contact));
            self.announcement.set(format!("{name}: {text}"));
        }
    }

    /// Says that a reply was not sent: where it stands if that is open, else wherever the agent is.
    fn tell_refused(self, conversation: ConversationId, why: &str) {
        if self.open.get_untracked() == Some(conversation) {
            self.announcement.set(format!("Not sent. {why}"));
        } else {
            let row = self.list.with_untracked(|list| list.find(conversation));
            let place = row.map(|row| format!(" to #{}", row.number)).unwrap_or_default();
            self.tell(format!("Your reply{place} was not sent. {why}"));
        }
    }

    fn troubled(self, problem: &Problem) {
        let wait = |pause: Duration| {
            problem.retry_after_ms.map_or(pause, |millis| Duration::from_millis(millis.into()))
        };
        match problem.kind {
            ProblemKind::NotSignedIn => self.sign_out(true),
            ProblemKind::Outdated => {
                self.connection.set(Connection::Outdated);
                self.on_line(|line| line.stop());
            }
            ProblemKind::Unavailable | ProblemKind::RateLimited => {
                self.on_line(|line| line.postpone(wait(REFUSED_PAUSE)));
            }
            kind => {
                self.loading_more.set(false);
                self.tell(kind.title().to_owned());
            }
        }
    }

    fn on_replica(self, conversation: ConversationId, act: impl FnOnce(&mut Opened)) {
        self.with(|inner| inner.shelf.find(conversation).map(act));
        self.settle(conversation);
    }
}
