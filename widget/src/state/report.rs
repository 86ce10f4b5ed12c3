//! What the page around the panel is told: what was sent, what came, and how much of it is unread. Never any text but the
//! preview of an unread message, which the loader draws and does not pass on.

use std::collections::VecDeque;

use causette_shared::entry::{Author, Body, Entry, Event};
use causette_shared::id::{EntryId, Seq};
use causette_shared::message;
use causette_shared::protocol::host::to_loader;
use causette_shared::sync::{Outgoing, OutgoingState};
use wasm_bindgen::JsValue;

use super::Widget;
use super::engine::Kind;
use crate::words::decimal;

impl Widget {
    /// Forgets what has arrived, and tells the page what was sent and what failed.
    pub(super) fn confirm(self) {
        let states = self.with_current(|replica| {
            let state = |one: &Outgoing| (one.id, one.state.clone());
            replica.outgoing().iter().map(state).collect::<Vec<_>>()
        });
        let state_of = |id: EntryId| states.iter().find(|(other, _)| *other == id).map(|(_, state)| state);
        self.engine.kept.borrow_mut().retain(|id| {
            let is_needed = state_of(*id).is_some();
            if !is_needed {
                self.keep.borrow().remove_unsent(*id);
            }
            is_needed
        });
        let mut told = Vec::new();
        self.engine.unconfirmed.borrow_mut().retain(|(id, kind)| {
            let name = match (state_of(*id), kind) {
                (Some(OutgoingState::Sending), _) => return true,
                (Some(OutgoingState::Failed(_)), Kind::Message) => "message:failed",
                (Some(OutgoingState::Failed(_)), Kind::Form(_)) => return false,
                (_, Kind::Message) => "message:sent",
                (_, Kind::Form(_)) => "form:submitted",
            };
            told.push((name, *id, *kind));
            false
        });
        for (name, id, kind) in told {
            match kind {
                Kind::Message => self.tell_id(name, id),
                Kind::Form(form) => {
                    self.with_host(|host| host.event(name, &[("form", form.into())]));
                }
            }
        }
    }

    fn tell_id(self, name: &str, id: EntryId) {
        let mut buffer = [0; 36];
        let id: JsValue = (&*id.0.as_hyphenated().encode_lower(&mut buffer)).into();
        self.with_host(|host| host.event(name, &[("id", id)]));
    }

    /// Tells the page what agents have written and done since the log was opened.
    pub(super) fn tell_received(self) {
        let (conversation, received, happened, last) = self.with_current(|replica| {
            let heard = self.engine.heard.get();
            let heard =
                heard.filter(|(heard, _)| Some(*heard) == replica.conversation()).map_or(0, |(_, seq)| seq);
            let news = replica.entries().iter().filter(|entry| entry.seq > heard);
            let by_agent = news.filter(|entry| {
                matches!((&entry.author, &entry.body), (Author::Agent { .. }, Body::Message { .. }))
            });
            let received = by_agent.map(|entry| entry.id).collect::<Vec<_>>();
            let happened = happened(replica.entries(), heard);
            (replica.conversation(), received, happened, replica.last_seq().max(heard))
        });
        self.engine.heard.set(conversation.map(|conversation| (conversation, last)));
        if !received.is_empty() {
            self.thread.typing.set(None);
        }
        for id in received {
            self.tell_id("message:received", id);
        }
        for name in happened {
            self.tell_numbered(name);
        }
    }

    /// Tells the loader how many of the agents' messages the visitor has not seen.
    pub(super) fn tell_unread(self) {
        let seen = if self.panel.is_attentive_now() { Seq::MAX } else { self.seen_seq() };
        let (count, preview) = self.with_current(|replica| {
            let mut count = 0;
            let mut preview = String::new();
            for entry in replica.entries().iter().filter(|entry| entry.seq > seen) {
                if let (Author::Agent { .. }, Body::Message { text }) = (&entry.author, &entry.body) {
                    count += 1;
                    preview = message::preview(text);
                }
            }
            (count, preview)
        });
        if self.engine.unread_told.replace(count) == count {
            return;
        }
        self.with_host(|host| {
            let count = JsValue::from_f64(count as f64);
            host.post_with(to_loader::UNREAD, &[("count", count), ("preview", preview.into())]);
        });
        if self.setup.full_page
            && let Some(document) = web_sys::window().and_then(|window| window.document())
        {
            let name = &self.setup.name;
            let title = if count == 0 { name.clone() } else { ["(", &decimal(count), ") ", name].concat() };
            document.set_title(&title);
        }
    }
}

/// What has happened in the log after `heard` that the page may know of. Whoever has had the conversation before gives it away
/// where it is assigned.
fn happened(entries: &VecDeque<Entry>, heard: Seq) -> Vec<&'static str> {
    let mut was_assigned = false;
    let mut told = Vec::new();
    for entry in entries {
        let name = match &entry.body {
            Body::Event(Event::Assigned { .. }) if was_assigned => "conversation:transferred",
            Body::Event(Event::Assigned { .. }) => "conversation:assigned",
            Body::Event(Event::ChatEnded) => "conversation:ended",
            _ => continue,
        };
        was_assigned |= matches!(entry.body, Body::Event(Event::Assigned { .. }));
        if entry.seq > heard {
            told.push(name);
        }
    }
    told
}
