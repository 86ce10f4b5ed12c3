//! What the agent does with the open conversation and the list.

use causette_client::{http, random, timer};
use causette_shared::entry::Content;
use causette_shared::id::{AgentId, ConversationId, EntryId};
use causette_shared::limits::TYPING_EVERY;
use causette_shared::message;
use causette_shared::protocol::agent::ClientFrame;
use causette_shared::sync::Outgoing;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::conversations::Conversations;
use super::desk::Desk;
use super::kept::{self, Unsent};
use super::opened::Opened;

impl Desk {
    /// Sends a reply in the open conversation. Returns false where the text is no message.
    pub fn send(self, text: &str) -> bool {
        let (Some(id), Some(agent), Ok(text)) =
            (self.open.get_untracked(), self.my_id(), message::parse_text(text))
        else {
            return false;
        };
        let now = timer::now();
        let entry = EntryId::mint(now, random::bytes());
        self.with(|inner| {
            inner.kept.push((id, entry));
            inner.typing_told = None;
            let opened = inner.shelf.open(now, id);
            opened.unread_after = None;
            opened.replica.compose(now, entry, Content::Message { text });
            keep(agent, id, opened, entry);
        });
        self.settle(id);
        true
    }

    /// Sends a refused message again, under the same id: whoever does has read what stands above it.
    pub fn retry(self, entry: EntryId) {
        self.forget_refusal();
        let place = self.my_id().zip(self.open.get_untracked());
        self.with_open(|opened| {
            opened.replica.retry(timer::now(), entry);
            if let Some((agent, id)) = place {
                keep(agent, id, opened, entry);
            }
        });
    }

    /// Takes a refused message back, to be edited or dropped.
    pub fn take_back(self, entry: EntryId) -> Option<String> {
        self.forget_refusal();
        let taken: Option<Outgoing> = self.with_open(|opened| opened.replica.take_failed(entry)).flatten();
        match taken?.content {
            Content::Message { text } => Some(text),
            _ => None,
        }
    }

    /// Asks for earlier entries of the open conversation.
    pub fn load_earlier(self) {
        self.with_open(|opened| {
            opened.earlier_from = opened.replica.entries().front().map(|entry| entry.seq);
            opened.replica.ask_earlier();
        });
    }

    /// Asks for the next part of the list.
    pub fn load_more(self) {
        let end = self.list.with_untracked(Conversations::end);
        if let (Some(after), false, true) = (end, self.loading_more.get_untracked(), self.is_online()) {
            let asked = self.post(&ClientFrame::List { after });
            self.loading_more.set(asked);
        }
    }

    /// Says that everything in the open conversation has been seen: it stands on a visible page, scrolled to its end.
    pub fn mark_seen(self) {
        let Some(id) = self.open.get_untracked().filter(|_| self.is_online()) else { return };
        let seen = self.list.with_untracked(|list| list.find(id)).map_or(0, |row| row.agent_seen);
        let upto = self.with(|inner| {
            let opened = inner.shelf.find(id)?;
            let last = opened.replica.last_seq();
            (opened.loaded && last > seen.max(opened.seen_told)).then(|| {
                opened.seen_told = last;
                last
            })
        });
        if let Some(Some(upto)) = upto {
            self.post(&ClientFrame::Seen { conversation: id, upto });
        }
    }

    /// Says that the agent types in the open conversation, or has stopped; seldom enough.
    pub fn set_typing(self, active: bool) {
        let Some(id) = self.open.get_untracked().filter(|_| self.is_online()) else { return };
        let now = timer::now();
        let worth_telling = self.with(|inner| match (active, inner.typing_told) {
            (true, Some((told, at))) if told == id && now.since(at) < TYPING_EVERY => false,
            (false, None) => false,
            _ => {
                inner.typing_told = active.then_some((id, now));
                true
            }
        });
        if worth_telling == Some(true) {
            self.post(&ClientFrame::Typing { conversation: id, active });
        }
    }

    /// Finds out whether there is a demo shop: only `causette demo` has one.
    pub fn look_for_demo(self) {
        spawn_local(async move {
            let answer = http::request("GET", "/demo/", None).await;
            self.has_demo.try_set(answer.is_ok_and(|reply| reply.is_success()));
        });
    }

    /// What was said of a refusal no longer holds; said again, it has to be heard again.
    fn forget_refusal(self) {
        self.announcement.set(String::new());
    }

    fn with_open<R>(self, act: impl FnOnce(&mut Opened) -> R) -> Option<R> {
        let id = self.open.get_untracked()?;
        let result = self.with(|inner| inner.shelf.find(id).map(act)).flatten();
        self.settle(id);
        result
    }
}

/// Keeps a message in the browser as it stands in the queue, until its entry has come.
fn keep(agent: AgentId, conversation: ConversationId, opened: &Opened, entry: EntryId) {
    let found = opened.replica.outgoing().iter().find(|outgoing| outgoing.id == entry);
    if let Some(Outgoing { id, content: Content::Message { text }, composed_at, after, .. }) = found {
        let (id, composed_at, after, text) = (*id, *composed_at, *after, text.clone());
        kept::set_unsent(agent, &Unsent { conversation, id, composed_at, after, text });
    }
}
