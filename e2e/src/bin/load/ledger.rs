//! What was written, when, and when the other side had it. All clients write into one ledger.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use causette_e2e::harness::environment;
use causette_shared::id::{ConversationId, EntryId};
use tokio::sync::watch;

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From a visitor to the desk.
    Question,
    /// From an agent to the visitor.
    Answer,
}

/// One message that was written.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// Which way it goes.
    pub way: Way,
    /// Where it goes.
    pub conversation: ConversationId,
    /// When it was to be written: a generator that is late does not flatter the server.
    pub at: Instant,
    /// When the other side had it.
    pub seen: Option<Instant>,
}

/// What every client tells.
#[derive(Default)]
pub struct Ledger {
    written: Mutex<HashMap<EntryId, Written>>,
    unseen: AtomicUsize,
    arrived: Mutex<HashMap<usize, Instant>>,
    here: watch::Sender<usize>,
    acknowledged: watch::Sender<usize>,
    refused: AtomicU64,
    lost: AtomicU64,
}

/// What has gone wrong so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Troubles {
    /// Messages that were refused, most of them for a while.
    pub refused: u64,
    /// Connections that were lost, and attempts that failed.
    pub lost: u64,
}

impl Ledger {
    /// Notes a message before it goes out.
    pub fn write(&self, id: EntryId, way: Way, conversation: ConversationId, at: Instant) {
        self.unseen.fetch_add(1, Ordering::Relaxed);
        lock(&self.written).insert(id, Written { way, conversation, at, seen: None });
    }

    /// Notes that the other side has a message; true the first time.
    pub fn see(&self, id: EntryId, way: Way) -> bool {
        let mut written = lock(&self.written);
        match written.get_mut(&id).filter(|written| written.way == way && written.seen.is_none()) {
            Some(written) => {
                written.seen = Some(environment::stopwatch());
                self.unseen.fetch_sub(1, Ordering::Relaxed);
                true
            }
            None => false,
        }
    }

    /// How many messages the other side does not have yet.
    pub fn unseen(&self) -> usize {
        self.unseen.load(Ordering::Relaxed)
    }

    /// Everything that was written.
    pub fn all(&self) -> Vec<(EntryId, Written)> {
        lock(&self.written).iter().map(|(id, written)| (*id, *written)).collect()
    }

    /// A client was welcomed.
    pub fn arrive(&self, client: usize) {
        let mut arrived = lock(&self.arrived);
        arrived.entry(client).or_insert_with(environment::stopwatch);
        self.here.send_replace(arrived.len());
    }

    /// A client has lost its connection, or an attempt of it failed.
    pub fn lose(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    /// A message was refused.
    pub fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// A message of a client was acknowledged.
    pub fn acknowledge(&self) {
        self.acknowledged.send_modify(|count| *count += 1);
    }

    /// How many clients have been welcomed since `forget_arrivals`, now and as it changes.
    pub fn here(&self) -> watch::Receiver<usize> {
        self.here.subscribe()
    }

    /// How many acknowledgements have come, now and as it changes.
    pub fn acknowledged(&self) -> watch::Receiver<usize> {
        self.acknowledged.subscribe()
    }

    /// When each client was welcomed first since `forget_arrivals`.
    pub fn arrivals(&self) -> Vec<Instant> {
        lock(&self.arrived).values().copied().collect()
    }

    /// Waits for everybody anew.
    pub fn forget_arrivals(&self) {
        lock(&self.arrived).clear();
        self.here.send_replace(0);
    }

    /// What has gone wrong so far.
    pub fn troubles(&self) -> Troubles {
        Troubles { refused: self.refused.load(Ordering::Relaxed), lost: self.lost.load(Ordering::Relaxed) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
