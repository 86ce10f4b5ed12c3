//! Connections over HTTP, for where WebSockets are blocked: one request after the other sends, and one that waits
//! receives (docs/protocol.md, "Over HTTP").
//!
//! Frames arrive whole, in order and once, or the connection is over: requests are numbered, so that one that a proxy or
//! a browser repeats is answered as the first was, and one that comes out of turn is refused (`exchange`). `Channels`
//! holds the ends that clients reach by their token, which is kept only as its hash; `Channel` is the end of the
//! connection's task.

mod exchange;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use causette_shared::id::SessionSecret;
use causette_shared::limits::SILENCE_MAX;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::channel::RECEIVE_WITHIN;

pub use self::exchange::{Channel, Shared};
use crate::limiter::network_of;
use crate::secret::{self, SecretHash};

/// Channels that the process holds, as many as it could hold sockets. Unlike those they take no file of their own.
const CHANNELS_MAX: usize = 10_000;

/// How long each side waits for the other.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// A client that asks for nothing this long is gone.
    pub silence: Duration,
    /// One whose waiting request broke off has mostly closed the page; it may also repeat the request.
    pub abandoned: Duration,
    /// A request for frames is answered after this long, also without any.
    pub receive: Duration,
    /// What was sent last can be fetched this long after the end.
    pub linger: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            silence: SILENCE_MAX,
            abandoned: Duration::from_secs(5),
            receive: RECEIVE_WITHIN,
            linger: Duration::from_secs(10),
        }
    }
}

/// Who opened a channel; nobody else can use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A visitor, known by what they say over it. Frames are binary.
    Visitor,
    /// An agent with this session. Frames are text.
    Desk(SecretHash),
}

/// Every channel of this process.
pub struct Channels {
    per_address: u32,
    patience: Patience,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    by_token: HashMap<SecretHash, Arc<Shared>>,
    by_network: HashMap<IpAddr, u32>,
}

impl Channels {
    /// Makes room for channels, `per_address` from each address.
    #[must_use]
    pub fn new(per_address: u32, patience: Patience) -> Arc<Self> {
        Arc::new(Self { per_address, patience, open: Mutex::default() })
    }

    /// Opens a channel: the token for the client, and the end for the connection's task.
    ///
    /// # Errors
    /// There are too many, or no randomness.
    pub fn open(self: &Arc<Self>, owner: Owner, peer: IpAddr) -> Result<(SessionSecret, Channel), Problem> {
        let token = secret::mint().map_err(|_| Problem::new(ProblemKind::Internal))?;
        let hash = SecretHash::of(token.expose());
        let network = network_of(peer);
        let mut open = self.lock();
        if open.by_token.len() >= CHANNELS_MAX {
            return Err(Problem::new(ProblemKind::Unavailable));
        }
        let held = open.by_network.entry(network).or_default();
        if *held >= self.per_address {
            let wait = u32::try_from(self.patience.linger.as_millis()).unwrap_or(u32::MAX);
            return Err(Problem::new(ProblemKind::RateLimited).retry_after_ms(wait));
        }
        *held += 1;
        let shared = Arc::new(Shared::new(owner, network, self.patience));
        open.by_token.insert(hash, Arc::clone(&shared));
        Ok((token, Channel::new(Arc::clone(self), hash, shared)))
    }

    /// Finds a channel by its token.
    ///
    /// # Errors
    /// There is none, or it is somebody else's: both are answered alike.
    pub fn find(&self, owner: Owner, token: &SecretHash) -> Result<Arc<Shared>, Problem> {
        let found = self.lock().by_token.get(token).cloned();
        found.filter(|found| found.owner() == owner).ok_or_else(|| Problem::new(ProblemKind::NotFound))
    }

    /// How many requests for frames are being held.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let open = self.lock();
        open.by_token.values().filter(|shared| shared.is_waiting()).count()
    }

    fn forget(&self, token: &SecretHash) {
        let mut open = self.lock();
        let Some(gone) = open.by_token.remove(token) else {
            return;
        };
        if let Some(held) = open.by_network.get_mut(&gone.network()) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                open.by_network.remove(&gone.network());
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // No step between two changes of the maps can panic.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
