//! One conversation as a client holds it: its entries without a hole, and what is still on its way to the server.
//!
//! Invariants: `entries` is a run of consecutive sequence numbers; what was composed is in `outgoing` until its entry is
//! in `entries`, whatever happens to the link; at most one message is on its way at a time, so that a refusal cannot
//! let a later message overtake an earlier one (G3).

use std::collections::VecDeque;
use std::time::Duration;

use crate::entry::{Content, Entry};
use crate::id::{ConversationId, EntryId, Seq};
use crate::limits::{ACKNOWLEDGE_WITHIN, ENTRY_WITHIN};
use crate::problem::Problem;
use crate::time::Timestamp;

/// The wait after a temporary refusal that names none.
const HOLD: Duration = Duration::from_secs(2);

/// What the driver has to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send this, or send it again under the same id.
    Send {
        /// The id it keeps.
        id: EntryId,
        /// What to send.
        content: Content,
        /// `Outgoing::after`.
        after: Seq,
    },
    /// Ask for everything after `after`, or for the newest window.
    Resume {
        /// Which conversation.
        conversation: ConversationId,
        /// `Replica::cursor`.
        after: Option<Seq>,
    },
    /// Ask for a window of earlier entries.
    Earlier {
        /// Which conversation.
        conversation: ConversationId,
        /// The first entry held.
        before: Seq,
    },
}

/// Whether the server sends what is missing by itself once the link is up, or has to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// The greeting carried the cursor: entries follow unasked.
    Unasked,
    /// A `Resume` has to be sent.
    OnRequest,
}

/// Something composed here that is not in the log yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Minted when it was composed.
    pub id: EntryId,
    /// What to send.
    pub content: Content,
    /// When it was composed.
    pub composed_at: Timestamp,
    /// The last entry that the person had before them when they sent it: what lies after it they had not read.
    pub after: Seq,
    /// How far it has come.
    pub state: OutgoingState,
}

/// How far something composed has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutgoingState {
    /// Waits for the link, its turn, or the acknowledgement.
    Sending,
    /// Committed at this place; its entry has not arrived yet.
    Acknowledged(Seq),
    /// Refused for good; the visitor decides.
    Failed(Problem),
}

/// One conversation as this client holds it.
#[derive(Debug, Default)]
pub struct Replica {
    conversation: Option<ConversationId>,
    entries: VecDeque<Entry>,
    outgoing: Vec<Outgoing>,
    online: bool,
    in_flight: Option<(EntryId, Timestamp)>,
    hold_until: Option<Timestamp>,
    /// The last entry that the server is known to have.
    announced: Seq,
    /// When to ask for what was announced and has not come.
    ask_at: Option<Timestamp>,
    /// Whether the answer to a `Resume` is under way: entries that show the same hole again do not ask again.
    asked: bool,
    earlier_asked: bool,
    effects: VecDeque<Effect>,
}

impl Replica {
    /// Makes a replica of a conversation that is known, or that does not exist yet.
    #[must_use]
    pub fn new(conversation: Option<ConversationId>) -> Self {
        Self { conversation, ..Self::default() }
    }

    /// The conversation, once it exists.
    #[must_use]
    pub const fn conversation(&self) -> Option<ConversationId> {
        self.conversation
    }

    /// The entries held, ascending and without a hole.
    #[must_use]
    pub const fn entries(&self) -> &VecDeque<Entry> {
        &self.entries
    }

    /// What is not in the log yet, in the order it was composed.
    #[must_use]
    pub fn outgoing(&self) -> &[Outgoing] {
        &self.outgoing
    }

    /// The last entry held, 0 where there is none.
    #[must_use]
    pub fn last_seq(&self) -> Seq {
        self.entries.back().map_or(0, |entry| entry.seq)
    }

    /// Where to go on from: the last entry but one, `None` where none is held. So the last is told again, and a store
    /// that was put back to an older state and has grown since is found out (`diverges`). For the first frame of a
    /// connection; `Effect::Resume` carries the same.
    #[must_use]
    pub fn cursor(&self) -> Option<Seq> {
        self.entries.back().map(|entry| entry.seq.saturating_sub(1))
    }

    /// Whether the conversation has entries before those held.
    #[must_use]
    pub fn has_earlier(&self) -> bool {
        self.entries.front().is_some_and(|entry| entry.seq > 1)
    }

    /// Whether everything that the server is known to have is held.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.last_seq() >= self.announced
    }

    /// Adds something to be sent. It is shown at once and kept until its entry arrives.
    pub fn compose(&mut self, now: Timestamp, id: EntryId, content: Content) {
        self.compose_after(now, id, content, self.last_seq());
    }

    /// Adds something that was composed earlier, when `after` was the last entry held: before the page was loaded again,
    /// for instance.
    pub fn compose_after(&mut self, now: Timestamp, id: EntryId, content: Content, after: Seq) {
        if self.outgoing.iter().any(|outgoing| outgoing.id == id) || self.holds(id) {
            return;
        }
        let state = OutgoingState::Sending;
        self.outgoing.push(Outgoing { id, content, composed_at: now, after, state });
        self.pump(now);
    }

    /// Sends something that failed again, under the same id, after all that waits. The person has what came meanwhile
    /// before them, and sends it all the same.
    pub fn retry(&mut self, now: Timestamp, id: EntryId) {
        let failed =
            |outgoing: &Outgoing| outgoing.id == id && matches!(outgoing.state, OutgoingState::Failed(_));
        if let Some(place) = self.outgoing.iter().position(failed) {
            let mut outgoing = self.outgoing.remove(place);
            outgoing.state = OutgoingState::Sending;
            outgoing.after = self.last_seq();
            self.outgoing.push(outgoing);
            self.pump(now);
        }
    }

    /// Takes something that failed out of the queue, to edit or to drop it.
    pub fn take_failed(&mut self, id: EntryId) -> Option<Outgoing> {
        let failed =
            |outgoing: &Outgoing| outgoing.id == id && matches!(outgoing.state, OutgoingState::Failed(_));
        self.outgoing.iter().position(failed).map(|place| self.outgoing.remove(place))
    }

    /// The link is up and the server knows who this is. `known` is the conversation and its last entry.
    pub fn online(&mut self, now: Timestamp, known: Option<(ConversationId, Seq)>, follow: Follow) {
        self.online = true;
        self.in_flight = None;
        self.hold_until = None;
        self.earlier_asked = false;
        self.ask_at = None;
        self.asked = false;
        match known {
            Some((conversation, last)) => {
                if self.conversation != Some(conversation) {
                    self.switch(conversation);
                }
                self.announced = last;
                // Fewer than we hold: the store was put back to an older state, and ours is not what the server has.
                let put_back = last < self.last_seq();
                if put_back {
                    self.entries.clear();
                }
                if put_back || follow == Follow::OnRequest {
                    self.ask(now);
                } else {
                    self.ask_at = (!self.is_current()).then(|| now.after(ACKNOWLEDGE_WITHIN));
                }
            }
            None if follow == Follow::OnRequest => {
                self.announced = self.last_seq();
                self.ask(now);
            }
            None => {
                self.conversation = None;
                self.entries.clear();
                self.announced = 0;
            }
        }
        self.send_acknowledged_again();
        self.pump(now);
    }

    /// The link is down. Nothing is lost: what was on its way is sent again under the same id.
    pub fn offline(&mut self) {
        self.online = false;
        self.in_flight = None;
        self.hold_until = None;
        self.ask_at = None;
        self.asked = false;
        self.earlier_asked = false;
        self.effects.clear();
    }

    /// The server has the conversation up to `last`: what does not arrive shortly is asked for.
    pub fn announce(&mut self, now: Timestamp, conversation: ConversationId, last: Seq) {
        self.note_last(now, conversation, last);
        // What another conversation makes unsent again goes out now, and not with whatever comes next.
        self.pump(now);
    }

    fn note_last(&mut self, now: Timestamp, conversation: ConversationId, last: Seq) {
        if self.conversation != Some(conversation) {
            self.switch(conversation);
        }
        self.announced = self.announced.max(last);
        if !self.is_current() && self.ask_at.is_none() {
            self.ask_at = Some(now.after(ENTRY_WITHIN));
        }
    }

    /// Entries arrived: appended where they go on, put in front where they come before, ignored where they are held.
    pub fn receive(&mut self, now: Timestamp, conversation: ConversationId, batch: Vec<Entry>) {
        let (Some(first), Some(last)) =
            (batch.first().map(|entry| entry.seq), batch.last().map(|entry| entry.seq))
        else {
            if self.conversation == Some(conversation) {
                self.receive_nothing(now, conversation);
            }
            return;
        };
        let consecutive = batch.windows(2).all(|pair| pair[0].seq.checked_add(1) == Some(pair[1].seq));
        if self.conversation != Some(conversation) || first == 0 || !consecutive {
            return;
        }
        self.announced = self.announced.max(last);
        if self.entries.is_empty() {
            self.entries = batch.into();
        } else if first > self.last_seq().saturating_add(1) {
            if !self.asked {
                self.ask(now);
            }
            return;
        } else if self.diverges(&batch) {
            self.reset(now, conversation);
            self.ask(now);
            return;
        } else {
            self.earlier_asked = false;
            let held_from = self.entries.front().map_or(0, |entry| entry.seq);
            let held_to = self.last_seq();
            if last.saturating_add(1) >= held_from {
                for entry in batch.iter().rev().filter(|entry| entry.seq < held_from) {
                    self.entries.push_front(entry.clone());
                }
            }
            self.entries.extend(batch.into_iter().filter(|entry| entry.seq > held_to));
        }
        self.asked = false;
        if self.is_current() {
            self.ask_at = None;
        }
        self.settle();
        self.pump(now);
    }

    /// The server says that nothing follows. Asked from `cursor`, it should have told the last entry again: it no longer
    /// has it. What was announced meanwhile is asked for again in time.
    fn receive_nothing(&mut self, now: Timestamp, conversation: ConversationId) {
        if self.asked && !self.entries.is_empty() {
            self.reset(now, conversation);
            self.ask(now);
        } else {
            self.asked = false;
            if self.is_current() {
                self.ask_at = None;
            }
        }
    }

    /// What was sent is committed.
    pub fn acknowledged(&mut self, now: Timestamp, id: EntryId, conversation: ConversationId, seq: Seq) {
        if self.in_flight.is_some_and(|(sent, _)| sent == id) {
            self.in_flight = None;
        }
        if self.conversation.is_some_and(|followed| conversation < followed) {
            // A repeat of what an earlier conversation has. Ids sort by time: ours is the newer, and stays.
            self.outgoing.retain(|outgoing| outgoing.id != id);
        } else {
            self.note_last(now, conversation, seq);
            if let Some(outgoing) = self.outgoing.iter_mut().find(|outgoing| outgoing.id == id) {
                outgoing.state = OutgoingState::Acknowledged(seq);
            }
        }
        self.settle();
        self.pump(now);
    }

    /// What was sent was refused. A temporary refusal is tried again by itself; any other waits for the person.
    pub fn refused(&mut self, now: Timestamp, id: EntryId, problem: Problem) {
        if self.in_flight.is_some_and(|(sent, _)| sent == id) {
            self.in_flight = None;
        }
        if problem.kind.is_temporary() {
            let pause = problem.retry_after_ms.map_or(HOLD, |millis| Duration::from_millis(millis.into()));
            self.hold_until = Some(now.after(pause));
        } else if let Some(outgoing) = self.outgoing.iter_mut().find(|outgoing| outgoing.id == id)
            && outgoing.state == OutgoingState::Sending
        {
            outgoing.state = OutgoingState::Failed(problem);
        }
        self.pump(now);
    }

    /// The server cannot go on from what is held: the entries are forgotten and those that follow are taken. What the
    /// server had acknowledged, and may have lost with them, is sent again: the same id cannot be stored twice.
    pub fn reset(&mut self, now: Timestamp, conversation: ConversationId) {
        if self.conversation == Some(conversation) {
            self.entries.clear();
            self.earlier_asked = false;
            self.announced = 0;
            self.asked = false;
            self.ask_at = Some(now.after(ACKNOWLEDGE_WITHIN));
            self.send_acknowledged_again();
            self.pump(now);
        }
    }

    /// Asks for earlier entries, if there are any and none are under way.
    pub fn ask_earlier(&mut self) {
        if let (true, Some(conversation), Some(first)) =
            (self.online, self.conversation, self.entries.front())
            && first.seq > 1
            && !self.earlier_asked
        {
            self.earlier_asked = true;
            self.effects.push_back(Effect::Earlier { conversation, before: first.seq });
        }
    }

    /// To be called when `next_timeout` has come; calling it early or late does no harm.
    pub fn timeout(&mut self, now: Timestamp) {
        if self.ask_at.is_some_and(|at| now >= at) {
            self.ask(now);
        }
        if self.in_flight.is_some_and(|(_, until)| now >= until) {
            self.in_flight = None;
        }
        if self.hold_until.is_some_and(|until| now >= until) {
            self.hold_until = None;
        }
        self.pump(now);
    }

    /// When `timeout` has to be called, unless something happens before.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Timestamp> {
        let in_flight = self.in_flight.map(|(_, until)| until);
        [self.ask_at, in_flight, self.hold_until].into_iter().flatten().min()
    }

    /// The next thing to send.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn holds(&self, id: EntryId) -> bool {
        self.entries.iter().any(|entry| entry.id == id)
    }

    /// Whether the log held and the log told differ where they overlap.
    fn diverges(&self, batch: &[Entry]) -> bool {
        let held_from = self.entries.front().map_or(0, |entry| entry.seq);
        batch.iter().any(|told| {
            let place = told.seq.checked_sub(held_from).map(|place| place as usize);
            place.and_then(|place| self.entries.get(place)).is_some_and(|held| held.id != told.id)
        })
    }

    /// Follows another conversation from now on. What was acknowledged and not seen is in the log of the one before, or
    /// lost with it: the answer to a repeat tells.
    fn switch(&mut self, conversation: ConversationId) {
        self.conversation = Some(conversation);
        self.entries.clear();
        self.send_acknowledged_again();
        self.announced = 0;
        self.ask_at = None;
        self.asked = false;
        self.earlier_asked = false;
    }

    /// What was acknowledged and has not been seen in the log goes out again: the server may have been put back to an
    /// older state, and a repeat of what it still has is only acknowledged again (G2).
    fn send_acknowledged_again(&mut self) {
        for outgoing in &mut self.outgoing {
            if matches!(outgoing.state, OutgoingState::Acknowledged(_)) {
                outgoing.state = OutgoingState::Sending;
            }
        }
    }

    fn ask(&mut self, now: Timestamp) {
        if let (true, Some(conversation)) = (self.online, self.conversation) {
            let ask = Effect::Resume { conversation, after: self.cursor() };
            if !self.effects.contains(&ask) {
                self.effects.push_back(ask);
            }
            self.asked = true;
            self.ask_at = Some(now.after(ACKNOWLEDGE_WITHIN));
        } else {
            // `online` asks; a timer left standing would ring without end.
            self.ask_at = None;
        }
    }

    /// Lets go of what has reached the log: its entry is held, or lies before those held and comes when the person
    /// scrolls up.
    fn settle(&mut self) {
        let entries = &self.entries;
        let held_from = entries.front().map_or(0, |entry| entry.seq);
        self.outgoing.retain(|outgoing| match outgoing.state {
            OutgoingState::Acknowledged(seq) if seq < held_from => false,
            _ => !entries.iter().rev().any(|entry| entry.id == outgoing.id),
        });
        if self.in_flight.is_some_and(|(id, _)| !self.outgoing.iter().any(|outgoing| outgoing.id == id)) {
            self.in_flight = None;
        }
    }

    fn pump(&mut self, now: Timestamp) {
        if !self.online || self.in_flight.is_some() || self.hold_until.is_some() {
            return;
        }
        if let Some(next) = self.outgoing.iter().find(|outgoing| outgoing.state == OutgoingState::Sending) {
            self.in_flight = Some((next.id, now.after(ACKNOWLEDGE_WITHIN)));
            let (id, after) = (next.id, next.after);
            self.effects.push_back(Effect::Send { id, content: next.content.clone(), after });
        }
    }
}
