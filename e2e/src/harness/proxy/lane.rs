//! One direction of one connection.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::pieces::{Piece, Pieces};
use super::{Damage, Delay, State, Way, Wire};
use crate::harness::chance::Chance;

/// How many pieces are on their way at most; a sender is held up by more, as TCP would hold it.
const ON_THE_WAY: usize = 256;

/// Carries what goes one way.
pub struct Lane {
    way: Way,
    state: watch::Receiver<State>,
    damage: Arc<watch::Sender<Damage>>,
    chance: Chance,
    /// Bytes that have arrived.
    passed: u64,
}

impl Lane {
    pub fn new(
        way: Way,
        state: watch::Receiver<State>,
        damage: Arc<watch::Sender<Damage>>,
        chance: Chance,
    ) -> Self {
        Self { way, state, damage, chance, passed: 0 }
    }

    /// Carries until either end closes, or the wire ends it.
    pub async fn carry(self, from: OwnedReadHalf, to: OwnedWriteHalf) {
        let (queue, queued) = mpsc::channel(ON_THE_WAY);
        let load = load(self.way, from, queue, self.state.clone(), self.chance.fork(0));
        tokio::select! {
            () = self.deliver(queued, to) => {}
            // What was loaded before the end is still delivered.
            () = async { load.await; std::future::pending().await } => {}
        }
    }

    async fn deliver(mut self, mut queued: mpsc::Receiver<(Instant, Piece)>, mut to: OwnedWriteHalf) {
        while let Some((due, piece)) = queued.recv().await {
            tokio::time::sleep_until(due).await;
            if self.pass(&piece, &mut to).await.is_break() {
                // The end comes after the last byte, and not in its stead.
                let _ = to.shutdown().await;
                return;
            }
        }
    }

    /// Passes a piece on, or does with it what the wire does. Breaks when the connection is over.
    async fn pass(&mut self, piece: &Piece, to: &mut OwnedWriteHalf) -> ControlFlow<()> {
        let wire = self.wait_for_life().await?;
        let bytes = piece.bytes();
        let whole = bytes.len();
        let (passing, is_last) = match wire {
            Wire::SwallowsAcknowledgements if piece.is_acknowledgement() => {
                self.damage.send_modify(|damage| damage.acknowledgements += 1);
                (0, false)
            }
            Wire::CutsInsideFrames { once_in }
                if matches!(piece, Piece::Frame { .. }) && self.chance.once_in(once_in) =>
            {
                self.damage.send_modify(|damage| damage.cut_frames += 1);
                // The shortest frame is its header, of two bytes: there is always an inside.
                (1 + self.chance.below(whole - 1), true)
            }
            Wire::ClosesAfter { way, bytes: last }
                if way == self.way && self.passed + whole as u64 >= last =>
            {
                self.damage.send_modify(|damage| damage.closed += 1);
                (usize::try_from(last.saturating_sub(self.passed)).unwrap_or(whole), true)
            }
            _ => (whole, false),
        };
        self.passed += passing as u64;
        match to.write_all(&bytes[..passing]).await {
            Ok(()) if !is_last => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    }

    /// Waits while this way is dead. What comes meanwhile is held back, as TCP would hold it, and lost when the
    /// connection ends.
    async fn wait_for_life(&mut self) -> ControlFlow<(), Wire> {
        let is_dead = |state: &State| match self.way {
            Way::ToServer => state.wire == Wire::SwallowsRequests,
            Way::ToClient => state.wire == Wire::SwallowsAnswers,
        };
        if is_dead(&self.state.borrow()) {
            self.damage.send_modify(|damage| damage.held += 1);
        }
        match self.state.wait_for(|state| !is_dead(state)).await {
            Ok(state) => ControlFlow::Continue(state.wire),
            Err(_) => ControlFlow::Break(()),
        }
    }
}

/// Reads, and says of each piece when it is due.
async fn load(
    way: Way,
    mut from: OwnedReadHalf,
    queue: mpsc::Sender<(Instant, Piece)>,
    state: watch::Receiver<State>,
    mut chance: Chance,
) {
    let mut buffer = vec![0; 16 * 1024];
    let mut pieces = Pieces::new(way);
    let mut due = Instant::now();
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        for piece in pieces.push(&buffer[..count]) {
            let Delay { at_least, jitter } = match state.borrow().wire {
                Wire::Delays { to_server, to_client } => match way {
                    Way::ToServer => to_server,
                    Way::ToClient => to_client,
                },
                _ => Delay::default(),
            };
            let jitter = u64::try_from(jitter.as_millis()).unwrap_or(u64::MAX);
            let late: Duration = at_least + chance.millis(0..=jitter);
            // Never before what was sent before it.
            due = due.max(Instant::now() + late);
            if queue.send((due, piece)).await.is_err() {
                return;
            }
        }
    }
}
