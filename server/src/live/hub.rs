//! Rooms: who wants to know about what. Publishing never waits; a reader whose queue is full is cut, and resumes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use causette_shared::entry::Entry;
use causette_shared::id::{ConversationId, VisitorId};
use causette_shared::presence::Activity;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};

use super::presence::Connections;
use crate::secret::SecretHash;
use crate::service::Whereabouts;
use crate::store::conversation::Conversation;

/// Hints that a connection may have waiting. One that lags further is cut: reading from the store is cheaper. A desk that
/// waits for its own commit behind those of some hundred visitors is told of each of theirs meanwhile, and is no laggard:
/// this is some five seconds of 800 messages a second. Room that is not used costs nothing, and hints are shared.
pub const QUEUE: usize = 4096;

/// What a conversation has become, and what was added to it.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The conversation as of the commit.
    pub conversation: Conversation,
    /// The entries that the commit added, ascending.
    pub entries: Vec<Entry>,
}

/// What connections are told.
#[derive(Clone, Debug)]
pub enum Notice {
    /// A commit changed a conversation.
    Changed(Box<Changed>),
    /// Someone types, or has stopped.
    Typing {
        /// Where.
        conversation: ConversationId,
        /// The agent's name; `None` is the visitor.
        agent: Option<String>,
        /// The connection that said so, which is not told.
        from: ConnectionId,
        /// Whether they type.
        active: bool,
    },
    /// A visitor came, went, or fell idle.
    Presence {
        /// Who.
        visitor: VisitorId,
        /// What their connections say; `None` when there is none.
        connected: Option<Activity>,
    },
    /// Something is known of a visitor that was not before: what a page says of them.
    Said(VisitorId),
    /// A desk session has ended: its connections close.
    SessionEnded(SecretHash),
    /// Sessions of the visitor whose room this is have ended: each connection looks whether its own is one of them.
    SessionsEnded,
}

/// One connection of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(u64);

/// Shared, so that a waiting hint takes eight bytes and an idle queue next to none.
type Queue = mpsc::Sender<Arc<Notice>>;

#[derive(Default)]
struct Rooms {
    visitors: HashMap<VisitorId, Vec<(ConnectionId, Queue)>>,
    desk: Vec<(ConnectionId, Queue)>,
    presence: HashMap<VisitorId, Connections>,
}

impl Whereabouts for Hub {
    fn is_here(&self, visitor: VisitorId) -> bool {
        self.connected(visitor).is_some()
    }
}

/// Who is connected to this process.
pub struct Hub {
    next: AtomicU64,
    rooms: Mutex<Rooms>,
    /// Whether an agent is at the desk.
    available: watch::Sender<bool>,
    /// Set once the server is to stop. A change that leaves it unset lets go of those who are connected.
    draining: watch::Sender<bool>,
    /// How many connections there are.
    open: watch::Sender<usize>,
    /// Who hears of visitors that have left, once somebody does.
    departed: Mutex<Option<mpsc::UnboundedSender<VisitorId>>>,
    grace: Duration,
}

impl Hub {
    /// Makes an empty hub. A visitor without a connection counts as gone after `grace`.
    #[must_use]
    pub fn new(grace: Duration) -> Arc<Self> {
        Arc::new(Self {
            next: AtomicU64::new(1),
            rooms: Mutex::default(),
            available: watch::Sender::new(false),
            draining: watch::Sender::new(false),
            open: watch::Sender::new(0),
            departed: Mutex::default(),
            grace,
        })
    }

    /// Makes a connection known: its id, the queue of its hints and their receiver.
    pub fn connect(self: &Arc<Self>) -> (Subscription, mpsc::Receiver<Arc<Notice>>) {
        let (queue, notices) = mpsc::channel(QUEUE);
        let id = ConnectionId(self.next.fetch_add(1, Ordering::Relaxed));
        self.open.send_modify(|open| *open += 1);
        (
            Subscription { hub: Arc::clone(self), id, queue: Some(queue), visitor: None, at_desk: false },
            notices,
        )
    }

    /// Tells everyone concerned that a conversation has changed.
    pub fn publish(&self, changed: Changed) {
        let visitor = changed.conversation.visitor;
        self.publish_to_both(visitor, Notice::Changed(Box::new(changed)));
    }

    /// Tells the visitor and the desk something.
    pub fn publish_to_both(&self, visitor: VisitorId, notice: Notice) {
        let notice = Arc::new(notice);
        let mut rooms = self.rooms();
        if let Some(room) = rooms.visitors.get_mut(&visitor) {
            tell(room, &notice);
        }
        tell(&mut rooms.desk, &notice);
    }

    /// Tells a visitor's connections something.
    pub fn publish_to_visitor(&self, visitor: VisitorId, notice: Notice) {
        if let Some(room) = self.rooms().visitors.get_mut(&visitor) {
            tell(room, &Arc::new(notice));
        }
    }

    /// Tells the desk something.
    pub fn publish_to_desk(&self, notice: Notice) {
        tell(&mut self.rooms().desk, &Arc::new(notice));
    }

    /// What a visitor's connections say; `None` when there is none, and has been none for the grace.
    #[must_use]
    pub fn connected(&self, visitor: VisitorId) -> Option<Activity> {
        self.rooms().presence.get(&visitor).and_then(Connections::activity)
    }

    /// Whether an agent is at the desk, now and as it changes.
    #[must_use]
    pub fn available(&self) -> watch::Receiver<bool> {
        self.available.subscribe()
    }

    /// Whether the server is to stop, now and as it changes. At each change a connection says `Drain` and ends, whatever
    /// the value is: see `let_go`.
    #[must_use]
    pub fn draining(&self) -> watch::Receiver<bool> {
        let mut draining = self.draining.subscribe();
        // Who connects while it stops has to hear of it too.
        if *draining.borrow() {
            draining.mark_changed();
        }
        draining
    }

    /// Tells every connection that the server is about to stop.
    pub fn drain(&self) {
        self.draining.send_replace(true);
    }

    /// Tells every connection to come back, while the server goes on: what its client was sent is no longer what is
    /// stored. Who connects from now on is not concerned.
    pub fn let_go(&self) {
        // Those who wait are woken also by a change to the same value.
        self.draining.send_modify(|_| {});
    }

    /// Waits until no connection is left.
    pub async fn all_gone(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.open.subscribe().wait_for(|open| *open == 0).await;
    }

    /// Hears of every visitor who leaves from now on. Whoever heard of them before does no longer.
    #[must_use]
    pub fn departures(&self) -> mpsc::UnboundedReceiver<VisitorId> {
        let (sender, departures) = mpsc::unbounded_channel();
        *self.departed.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        departures
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        // A panic while the lock is held leaves rooms that are at worst too full: queues of closed connections.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes a visitor's connections and tells the desk if that changes their presence.
    fn update_presence(&self, visitor: VisitorId, change: impl FnOnce(&mut Connections)) {
        let mut rooms = self.rooms();
        let connections = rooms.presence.entry(visitor).or_default();
        let before = connections.activity();
        change(connections);
        let connected = connections.activity();
        if connections.is_gone() {
            rooms.presence.remove(&visitor);
        }
        if connected.is_none()
            && before.is_some()
            && let Some(departed) = &*self.departed.lock().unwrap_or_else(PoisonError::into_inner)
        {
            // Who heard of it has gone with the server.
            let _ = departed.send(visitor);
        }
        if before != connected {
            tell(&mut rooms.desk, &Arc::new(Notice::Presence { visitor, connected }));
        }
    }

    fn update_availability(&self) {
        // Told under the lock, so that of two changes the later one is told last.
        let rooms = self.rooms();
        let at_desk = !rooms.desk.is_empty();
        self.available.send_if_modified(|available| std::mem::replace(available, at_desk) != at_desk);
    }
}

/// Queues a notice for everyone in a room, and puts out who cannot take it: its channel closes, its connection ends.
fn tell(room: &mut Vec<(ConnectionId, Queue)>, notice: &Arc<Notice>) {
    room.retain(|(id, queue)| match queue.try_send(Arc::clone(notice)) {
        Ok(()) => true,
        Err(TrySendError::Full(_)) => {
            tracing::warn!(connection = id.0, "a reader lags behind and is cut: it comes back and resumes");
            false
        }
        // It has ended by itself.
        Err(TrySendError::Closed(_)) => false,
    });
}

/// A connection's place in the hub. Dropping it leaves every room.
pub struct Subscription {
    hub: Arc<Hub>,
    id: ConnectionId,
    /// The one sender of this connection's hints. It is in the room while the connection is in one, so that being put
    /// out of it closes the channel.
    queue: Option<Queue>,
    visitor: Option<VisitorId>,
    at_desk: bool,
}

impl Subscription {
    /// This connection.
    #[must_use]
    pub const fn id(&self) -> ConnectionId {
        self.id
    }

    /// The visitor whose room this connection is in.
    #[must_use]
    pub const fn visitor(&self) -> Option<VisitorId> {
        self.visitor
    }

    /// Enters a visitor's room as that visitor. To be done before the log is read (G5).
    pub fn enter_as_visitor(&mut self, visitor: VisitorId, activity: Activity) {
        if self.visitor == Some(visitor) {
            return;
        }
        self.leave_visitor();
        self.visitor = Some(visitor);
        if let Some(queue) = self.queue.take() {
            self.hub.rooms().visitors.entry(visitor).or_default().push((self.id, queue));
        }
        self.hub.update_presence(visitor, |connections| connections.set(self.id, activity));
    }

    /// Notes what the visitor does.
    pub fn set_activity(&self, activity: Activity) {
        if let Some(visitor) = self.visitor {
            self.hub.update_presence(visitor, |connections| connections.set(self.id, activity));
        }
    }

    /// Enters the desk's room: an agent is there now.
    pub fn enter_desk(&mut self) {
        self.at_desk = true;
        if let Some(queue) = self.queue.take() {
            self.hub.rooms().desk.push((self.id, queue));
        }
        self.hub.update_availability();
    }

    /// Leaves the visitor's room, where it is in one.
    pub fn leave_visitor(&mut self) {
        let Some(visitor) = self.visitor.take() else {
            return;
        };
        {
            let mut rooms = self.hub.rooms();
            if let Some(room) = rooms.visitors.get_mut(&visitor) {
                let place = room.iter().position(|(id, _)| *id == self.id);
                self.queue = place.map(|place| room.swap_remove(place).1);
                if room.is_empty() {
                    rooms.visitors.remove(&visitor);
                }
            }
        }
        let mut generation = None;
        self.hub.update_presence(visitor, |connections| generation = connections.leave(self.id));
        if let (Some(generation), Ok(runtime)) = (generation, tokio::runtime::Handle::try_current()) {
            // The last connection has gone. A page change brings the next one within the grace.
            let hub = Arc::clone(&self.hub);
            runtime.spawn(async move {
                tokio::time::sleep(hub.grace).await;
                hub.update_presence(visitor, |connections| connections.expire(generation));
            });
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.leave_visitor();
        if self.at_desk {
            self.hub.rooms().desk.retain(|(id, _)| *id != self.id);
            self.hub.update_availability();
        }
        self.hub.open.send_modify(|open| *open = open.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor() -> VisitorId {
        VisitorId::mint(causette_shared::time::Timestamp(1), [7; 10])
    }

    #[tokio::test]
    async fn a_reader_that_lags_is_cut_and_others_are_not() {
        let hub = Hub::new(Duration::ZERO);
        let (mut slow, mut slow_notices) = hub.connect();
        let (mut quick, mut quick_notices) = hub.connect();
        slow.enter_desk();
        quick.enter_desk();
        for _ in 0..=QUEUE {
            hub.publish_to_desk(Notice::Presence { visitor: visitor(), connected: None });
            assert!(quick_notices.recv().await.is_some());
        }
        let mut waiting = 0;
        while slow_notices.recv().await.is_some() {
            waiting += 1;
        }
        assert_eq!(waiting, QUEUE, "what was queued, and then the end, although the connection still stands");
    }

    #[tokio::test]
    async fn a_change_of_page_is_not_a_departure() {
        let other = VisitorId::mint(causette_shared::time::Timestamp(1), [8; 10]);
        let hub = Hub::new(Duration::from_millis(20));
        let (mut desk, mut notices) = hub.connect();
        desk.enter_desk();
        let mut told = async || match notices.recv().await.as_deref() {
            Some(Notice::Presence { visitor, connected }) => (*visitor, *connected),
            other => panic!("{other:?}"),
        };
        let arrive = |visitor| {
            let (mut page, notices) = hub.connect();
            page.enter_as_visitor(visitor, Activity::Active);
            (page, notices)
        };
        let page = arrive(visitor());
        assert_eq!(told().await, (visitor(), Some(Activity::Active)));
        drop(page);
        let next = arrive(visitor());
        // The other one comes and leaves for good: when that is told, the grace of the first departure is over too.
        drop(arrive(other));
        assert_eq!(told().await, (other, Some(Activity::Active)));
        assert_eq!(told().await, (other, None));
        assert_eq!(hub.connected(visitor()), Some(Activity::Active));
        drop(next);
        assert_eq!(hub.connected(visitor()), Some(Activity::Active), "within the grace");
        assert_eq!(told().await, (visitor(), None));
        assert_eq!(hub.connected(visitor()), None);
    }

    #[tokio::test]
    async fn somebody_is_available_while_a_desk_is_open() {
        let hub = Hub::new(Duration::ZERO);
        let available = hub.available();
        let (mut desk, _notices) = hub.connect();
        assert!(!*available.borrow());
        desk.enter_desk();
        assert!(*available.borrow());
        drop(desk);
        assert!(!*available.borrow());
    }
}
