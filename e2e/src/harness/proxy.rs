//! A wire that fails as wires fail: a TCP proxy in front of a server. Unlike a browser's own offline switch it acts on
//! every frame and on sockets that are already open, and the same in every engine (FIELD-NOTES, "Going offline").
//!
//! It knows where WebSocket frames begin and end, so that it can break inside of one, or lose one kind of them and no
//! other. What it does by chance comes from a seed.

mod lane;
mod pieces;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::lane::Lane;
use super::chance::Chance;

/// What the wire does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Everything passes.
    Passes,
    /// Open connections are reset, and new ones are closed at once.
    Cut,
    /// One way is dead: what is sent arrives, and no answer comes back.
    SwallowsAnswers,
    /// The other way is dead: what the server says arrives, and nothing that is sent does.
    SwallowsRequests,
    /// What is sent arrives and is answered, but that it was committed is never told.
    SwallowsAcknowledgements,
    /// Everything arrives late, and in order.
    Delays {
        /// What is sent.
        to_server: Delay,
        /// What is answered.
        to_client: Delay,
    },
    /// Connections break off inside a frame, in either direction, at a byte that chance chooses.
    CutsInsideFrames {
        /// How many frames pass for each that does not, on average.
        once_in: usize,
    },
    /// A connection ends when this many bytes of it have passed, counted from its first, that of the HTTP exchange.
    ClosesAfter {
        /// In which direction they are counted.
        way: Way,
        /// The last byte that passes.
        bytes: u64,
    },
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// What clients send.
    ToServer,
    /// What the server sends.
    ToClient,
}

/// How late something arrives: at least the one, at most both together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delay {
    /// What everything waits.
    pub at_least: Duration,
    /// What chance adds to that, at most.
    pub jitter: Duration,
}

/// What a wire has done so far: a test that wants a fault sees here that it has had it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Connections that came.
    pub connections: usize,
    /// Acknowledgements that were lost.
    pub acknowledgements: usize,
    /// Connections that broke off inside a frame.
    pub cut_frames: usize,
    /// Connections that ended at their last byte.
    pub closed: usize,
    /// Times that a dead way held something back.
    pub held: usize,
}

/// What the wire does, and how often it was cut: a cut that is over at once is one too.
#[derive(Clone, Copy, Debug)]
struct State {
    wire: Wire,
    cuts: usize,
}

/// A proxy. Dropping it closes it.
pub struct Proxy {
    state: watch::Sender<State>,
    damage: Arc<watch::Sender<Damage>>,
    accepting: JoinHandle<()>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Proxy {
    /// Starts a proxy in front of `target`, which need not be there yet.
    ///
    /// # Panics
    /// No port is free.
    pub async fn start(target: SocketAddr) -> Self {
        Self::start_by_chance(target, &Chance::new(0)).await
    }

    /// The same; what it does by chance hangs on `chance`.
    ///
    /// # Panics
    /// No port is free.
    pub async fn start_by_chance(target: SocketAddr, chance: &Chance) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (state, watched) = watch::channel(State { wire: Wire::Passes, cuts: 0 });
        let damage = Arc::new(watch::channel(Damage::default()).0);
        let (seen, chance) = (damage.clone(), chance.clone());
        let accepting = tokio::spawn(async move {
            let mut number = 0;
            while let Ok((near, _)) = listener.accept().await {
                seen.send_modify(|damage| damage.connections += 1);
                let lane = |way: Way| {
                    Lane::new(way, watched.clone(), seen.clone(), chance.fork(number + way as u64))
                };
                tokio::spawn(connect(
                    near,
                    target,
                    lane(Way::ToServer),
                    lane(Way::ToClient),
                    watched.clone(),
                ));
                number += 2;
            }
        });
        Self { state, damage, accepting, address }
    }

    /// Changes what the wire does.
    pub fn set(&self, wire: Wire) {
        self.state.send_modify(|state| {
            state.wire = wire;
            state.cuts += usize::from(wire == Wire::Cut);
        });
    }

    /// The address that clients connect to: `http://127.0.0.1:…`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it has done so far.
    #[must_use]
    pub fn damage(&self) -> Damage {
        *self.damage.borrow()
    }

    /// Waits until it has done enough.
    pub async fn wait_for_damage(&self, is_enough: impl FnMut(&Damage) -> bool) -> Damage {
        *self.damage.subscribe().wait_for(is_enough).await.expect("the sender is here")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.set(Wire::Cut);
    }
}

async fn connect(
    near: TcpStream,
    target: SocketAddr,
    to_server: Lane,
    to_client: Lane,
    mut state: watch::Receiver<State>,
) {
    let State { wire, cuts } = *state.borrow();
    if wire == Wire::Cut {
        return;
    }
    let Ok(far) = TcpStream::connect(target).await else { return };
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    tokio::select! {
        biased;
        // Before what a way that comes to life at the same moment would still let through.
        _ = state.wait_for(|state| state.cuts != cuts) => {}
        () = to_server.carry(near_read, far_write) => {}
        () = to_client.carry(far_read, near_write) => {}
    }
}
