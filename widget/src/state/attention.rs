//! What the visitor has seen, which is where the log opens, and that they are typing: both are said to the agent.

use super::Widget;
use super::connection::Link;
use crate::components::watch;
use causette_client::timer;
use causette_shared::entry::{Author, Entry};
use causette_shared::id::Seq;
use causette_shared::limits;
use causette_shared::protocol::visitor::ClientFrame;

impl Widget {
    /// Says what has been seen, whenever there is something new and the visitor has it before their eyes.
    pub fn watch_seen(self) {
        watch(move || {
            let upto = self.thread.foreign_seq.get();
            let up = self.connection.link.get() == Link::Up;
            if self.panel.is_attentive() && up {
                self.mark_seen(upto);
            }
            self.tell_unread();
        });
    }

    /// The last entry that is known to have been seen.
    pub(super) fn seen_seq(self) -> Seq {
        let about =
            self.thread.about.peek(|about| about.as_ref().map(|about| (about.id, about.visitor_seen)));
        let Some((conversation, told)) = about else {
            return 0;
        };
        let said = self.presence.seen_said.get().filter(|(of, _)| *of == conversation);
        said.map_or(told, |(_, said)| said.max(told))
    }

    /// The loader shows the panel: it opens at the first message that the visitor has not seen, else at its end.
    pub fn open(self) {
        let panel = &self.panel;
        panel.opened.set(None);
        panel.new_after.set(None);
        self.show();
        if panel.new_after.get().is_none() {
            panel.follow_end();
        }
    }

    /// Decides where the log opens, once for each conversation and opening, as soon as all of its end is here.
    pub(super) fn open_at_new(self) {
        let panel = &self.panel;
        let conversation = self.with_current(|replica| {
            let is_here = replica.is_current() && !replica.entries().is_empty();
            replica.conversation().filter(|_| is_here)
        });
        if conversation.is_none() || panel.opened.get() == conversation {
            return;
        }
        panel.opened.set(conversation);
        let seen = self.seen_seq();
        let is_new = |entry: &Entry| entry.seq > seen && is_reply(entry);
        if panel.shown.now() && self.with_current(|replica| replica.entries().iter().any(is_new)) {
            panel.new_after.set(Some(seen));
            panel.at_end.set(false);
            panel.to_new.bump();
        }
    }

    fn mark_seen(self, upto: Seq) {
        let conversation = self.engine.replica.borrow().conversation();
        if let Some(conversation) = conversation
            && upto > self.seen_seq()
            && self.send(&ClientFrame::Seen { conversation, upto })
        {
            self.presence.seen_said.set(Some((conversation, upto)));
        }
    }

    /// Says that the visitor types, at most every few seconds, or has stopped.
    pub(super) fn say_typing(self, typing: bool) {
        if self.thread.about.peek(Option::is_none) {
            return;
        }
        let now = timer::now();
        let said_at = self.presence.typing_said.get();
        let due = said_at.is_none_or(|at| now.since(at) >= limits::TYPING_EVERY);
        if typing && due && self.send(&ClientFrame::Typing { active: true }) {
            self.presence.typing_said.set(Some(now));
        } else if !typing && said_at.is_some() {
            self.presence.typing_said.set(None);
            self.send(&ClientFrame::Typing { active: false });
        }
    }
}

/// Whether somebody at the desk wrote it.
pub(super) fn is_reply(entry: &Entry) -> bool {
    matches!(entry.author, Author::Agent { .. }) && entry.body.text().is_some()
}
