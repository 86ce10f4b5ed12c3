//! What the visitor has seen, and that they are typing: both are said to the agent.

use super::Widget;
use super::connection::Link;
use crate::components::watch;
use causette_client::timer;
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
