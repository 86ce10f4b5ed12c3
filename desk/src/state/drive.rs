//! Drives the replicas: carries out what they want, wakes them, keeps the browser's storage in step, draws.

use causette_client::timer::{self, Timer};
use causette_shared::entry::Content;
use causette_shared::id::{AgentId, ConversationId};
use causette_shared::protocol::agent::ClientFrame;
use causette_shared::sync::{Effect, OutgoingState};
use leptos::prelude::*;

use super::calendar::Local;
use super::desk::{Desk, Inner, Log};
use super::kept;
use super::timeline::{Source, Timeline};
use super::typing::Typists;

impl Desk {
    /// Brings back what was written before the page was loaded, and follows what is open or has something to send.
    pub(super) fn resume(self, agent: AgentId) {
        let now = timer::now();
        let open = self.open.get_untracked();
        let ids = self.with(|inner| {
            if inner.greeted != Some(agent) {
                if inner.greeted.is_some() {
                    inner.shelf.clear();
                    inner.kept.clear();
                }
                inner.greeted = Some(agent);
                for unsent in kept::list_unsent(agent) {
                    inner.kept.push((unsent.conversation, unsent.id));
                    let opened = inner.shelf.open(now, unsent.conversation);
                    let content = Content::Message { text: unsent.text };
                    opened.replica.compose_after(unsent.composed_at, unsent.id, content, unsent.after);
                }
            }
            if let Some(id) = open {
                inner.shelf.open(now, id);
            }
            let mut ids = Vec::new();
            for (id, opened) in inner.shelf.iter_mut() {
                if open == Some(id) || opened.is_sending() {
                    let last = self.list.with_untracked(|list| list.find(id)).map_or(0, |row| row.last_seq);
                    opened.follow(now, id, last);
                    ids.push(id);
                } else {
                    opened.watched = false;
                }
            }
            ids
        });
        for id in ids.unwrap_or_default() {
            self.settle(id);
        }
    }

    /// Carries out what a replica wants, keeps the storage in step, and draws it if it is open.
    pub(super) fn settle(self, id: ConversationId) {
        let agent = self.my_id();
        let is_open = self.open.get_untracked() == Some(id);
        let online = self.is_online();
        let frames = self.with(|inner| {
            let Inner { shelf, kept, .. } = inner;
            let Some(opened) = shelf.find(id) else { return Vec::new() };
            let mut frames = Vec::new();
            while let Some(effect) = opened.replica.poll_effect() {
                frames.push(frame_of(id, effect));
            }
            kept.retain(|(conversation, entry)| {
                let gone = *conversation == id
                    && !opened.replica.outgoing().iter().any(|outgoing| outgoing.id == *entry);
                if let (true, Some(agent)) = (gone, agent) {
                    kept::remove_unsent(agent, *entry);
                }
                !gone
            });
            if !is_open && opened.watched && !opened.is_sending() {
                opened.rest();
                if online {
                    frames.push(ClientFrame::Unwatch { conversation: id });
                }
            }
            frames
        });
        for frame in frames.unwrap_or_default() {
            self.post(&frame);
        }
        self.mark_failed(id);
        if is_open {
            self.draw();
        }
        self.arm();
    }

    /// Draws the open conversation.
    pub(super) fn draw(self) {
        let Some((id, me)) = self.open.get_untracked().zip(self.my_id()) else {
            self.timeline.set(Timeline::default());
            self.log.set(Log::default());
            return;
        };
        let known = self.list.with_untracked(|list| list.find(id));
        let drawn = self.with(|inner| {
            let opened = inner.shelf.find(id)?;
            let entries = opened.replica.entries();
            let first = entries.front().map(|entry| entry.seq);
            let log = Log {
                loaded: opened.loaded,
                has_earlier: opened.replica.has_earlier(),
                loading_earlier: opened.earlier_from.is_some() && opened.earlier_from == first,
                last_seq: opened.replica.last_seq(),
            };
            let timeline = Timeline::build(&Source {
                entries,
                outgoing: opened.replica.outgoing(),
                me,
                visitor_seen: known.map_or(0, |row| row.visitor_seen),
                unread_after: opened.unread_after,
                day_of: |at| Local::of(at).day_number(),
            });
            Some((timeline, log))
        });
        let (timeline, log) = drawn.flatten().unwrap_or_default();
        if self.timeline.with_untracked(|held| *held != timeline) {
            self.timeline.set(timeline);
        }
        if self.log.get_untracked() != log {
            self.log.set(log);
        }
    }

    pub(super) fn arm(self) {
        let replicas = self.with(|inner| inner.shelf.next_timeout()).flatten();
        let typists = self.typists.with_untracked(Typists::next_expiry);
        let next = [replicas, typists].into_iter().flatten().min();
        let timer = next.map(|at| Timer::after(at.since(timer::now()), move || self.wake()));
        self.with(|inner| inner.timer = timer);
    }

    fn wake(self) {
        let now = timer::now();
        let ids = self.with(|inner| {
            let due = inner.shelf.iter_mut().filter(|(_, opened)| opened.watched);
            due.map(|(id, opened)| {
                opened.replica.timeout(now);
                id
            })
            .collect::<Vec<_>>()
        });
        if self.typists.with_untracked(|typists| typists.next_expiry().is_some_and(|at| at <= now)) {
            self.typists.update(|typists| {
                typists.expire(now);
            });
        }
        for id in ids.unwrap_or_default() {
            self.settle(id);
        }
        self.arm();
    }

    fn mark_failed(self, id: ConversationId) {
        let fails = self.with(|inner| {
            let outgoing = inner.shelf.find(id).map(|opened| opened.replica.outgoing().to_vec());
            outgoing
                .unwrap_or_default()
                .iter()
                .any(|outgoing| matches!(outgoing.state, OutgoingState::Failed(_)))
        });
        let fails = fails == Some(true);
        if self.failed.with_untracked(|failed| failed.contains(&id)) != fails {
            self.failed.update(|failed| {
                failed.retain(|held| *held != id);
                if fails {
                    failed.push(id);
                }
            });
        }
    }
}

fn frame_of(conversation: ConversationId, effect: Effect) -> ClientFrame {
    match effect {
        Effect::Send { id, content, after } => {
            ClientFrame::Send { conversation, id, content, after: Some(after) }
        }
        Effect::Resume { conversation, after } => ClientFrame::Watch { conversation, after },
        Effect::Earlier { conversation, before } => ClientFrame::Earlier { conversation, before },
    }
}
