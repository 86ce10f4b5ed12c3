//! Connections over HTTP, for where WebSockets are blocked: one request after the other sends, and one that waits
//! receives (docs/protocol.md, "Over HTTP").
//!
//! Frames arrive whole, in order and once, or the connection is over: requests are numbered, so that one that a proxy or
//! a browser repeats is answered as the first was, and one that comes out of turn is refused. `Channels` holds the ends
//! that clients reach by their token, which is kept only as its hash; `Channel` is the end of the connection's task.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{Message, Utf8Bytes};
use causette_shared::id::SessionSecret;
use causette_shared::limits::{FRAME_BYTES, SILENCE_MAX};
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::channel::{self, RECEIVE_WITHIN, WORD, push_frame, split_frame, split_word};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::socket::Gone;
use crate::limiter::network_of;
use crate::secret::{self, SecretHash};

/// Bytes that wait to be fetched before the task waits for them to go; as much as a WebSocket may have on its way.
const QUEUE_BYTES: usize = 4 * FRAME_BYTES;
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

/// What both ends share.
pub struct Shared {
    owner: Owner,
    network: IpAddr,
    patience: Patience,
    state: Mutex<State>,
    /// Woken by every change of the state: there are three at most who wait.
    changed: Notify,
}

struct State {
    /// When the client counts as gone.
    silent_at: Instant,
    /// Frames that the task has not taken yet.
    inbound: Bytes,
    /// The number of the request that brought them.
    taken: u32,
    /// Frames that wait to be fetched, as the body that will carry them.
    outbound: Vec<u8>,
    /// The number of the request that was answered last, and the answer, until the next one shows that it arrived.
    answered: u32,
    answer: Option<Bytes>,
    /// Counts requests for frames: only the newest is answered.
    turn: u64,
    is_over: bool,
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
        Ok((token, Channel { channels: Arc::clone(self), hash, shared }))
    }

    /// Finds a channel by its token.
    ///
    /// # Errors
    /// There is none, or it is somebody else's: both are answered alike.
    pub fn find(&self, owner: Owner, token: &SecretHash) -> Result<Arc<Shared>, Problem> {
        let found = self.lock().by_token.get(token).cloned();
        found.filter(|found| found.owner == owner).ok_or_else(|| Problem::new(ProblemKind::NotFound))
    }

    fn forget(&self, token: &SecretHash) {
        let mut open = self.lock();
        let Some(gone) = open.by_token.remove(token) else {
            return;
        };
        if let Some(held) = open.by_network.get_mut(&gone.network) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                open.by_network.remove(&gone.network);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // No step between two changes of the maps can panic.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn new(owner: Owner, network: IpAddr, patience: Patience) -> Self {
        let state = State {
            silent_at: Instant::now() + patience.silence,
            inbound: Bytes::new(),
            taken: 0,
            outbound: Vec::new(),
            answered: 0,
            answer: None,
            turn: 0,
            is_over: false,
        };
        Self { owner, network, patience, state: Mutex::new(state), changed: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What a panic could leave here is a queue whose connection ends with its task.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the state until there is something to return, each time it has changed.
    async fn wait_for<T>(&self, mut look: impl FnMut(&mut State) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Before the look, so that no change after it is missed.
            changed.as_mut().enable();
            if let Some(found) = look(&mut self.lock()) {
                self.changed.notify_waiters();
                return found;
            }
            changed.await;
        }
    }

    /// Takes what a client sends: a number and frames. Waits until the task has taken what came before.
    ///
    /// # Errors
    /// It cannot be read, it is out of turn, or the connection is over. Nothing of it was taken.
    pub async fn put(&self, mut body: Bytes) -> Result<(), Problem> {
        let number = check(&body, self.owner).map_err(|_| Problem::new(ProblemKind::Malformed))?;
        let frames = body.split_off(WORD);
        self.wait_for(|state| {
            if state.is_over {
                return Some(Err(Problem::new(ProblemKind::NotFound)));
            }
            state.silent_at = Instant::now() + self.patience.silence;
            match number.checked_sub(state.taken) {
                // Repeated by someone on the way, because its answer was lost.
                Some(0) if number > 0 => Some(Ok(())),
                Some(1) if state.inbound.is_empty() => {
                    state.taken = number;
                    state.inbound = frames.clone();
                    Some(Ok(()))
                }
                Some(1) => None,
                _ => Some(Err(out_of_turn())),
            }
        })
        .await
    }

    /// Waits for frames and answers all there are; an empty body after a while without any. `body` is the request's
    /// number: the last answer is given again where it asks for that.
    ///
    /// # Errors
    /// It cannot be read, it is out of turn, a newer request took its place, or the connection is over.
    pub async fn fetch(&self, body: &[u8]) -> Result<Bytes, Problem> {
        let number = match split_word(body) {
            Ok((number, [])) => number,
            _ => return Err(Problem::new(ProblemKind::Malformed)),
        };
        let mut waiting = Waiting::begin(self, number)?;
        let turn = waiting.turn;
        let answer = self.wait_for(|state| {
            if state.turn != turn {
                return Some(Err(out_of_turn()));
            }
            match &state.answer {
                Some(answer) if state.answered == number => Some(Ok(answer.clone())),
                _ if !state.outbound.is_empty() => Some(Ok(state.answer(number))),
                _ if state.is_over => Some(Err(Problem::new(ProblemKind::NotFound))),
                _ => None,
            }
        });
        let answer = timeout_at(Instant::now() + self.patience.receive, answer).await;
        waiting.is_answered = true;
        answer.unwrap_or_else(|_| {
            let mut state = self.lock();
            if state.turn == turn { Ok(state.answer(number)) } else { Err(out_of_turn()) }
        })
    }
}

impl State {
    /// Answers a request with all that waits, and keeps the answer in case it is lost.
    fn answer(&mut self, number: u32) -> Bytes {
        let answer = Bytes::from(std::mem::take(&mut self.outbound));
        self.answered = number;
        self.answer = Some(answer.clone());
        answer
    }

    /// Takes the next frame for the task.
    fn take_frame(&mut self) -> Option<Bytes> {
        // The body was checked when it came.
        let length = split_frame(&self.inbound).ok()??.0.len();
        let mut frame = self.inbound.split_to(WORD + length);
        Some(frame.split_off(WORD))
    }
}

/// A request for frames that is being held. One that is dropped before its answer tells that its client has gone away.
struct Waiting<'a> {
    shared: &'a Shared,
    turn: u64,
    is_answered: bool,
}

impl<'a> Waiting<'a> {
    fn begin(shared: &'a Shared, number: u32) -> Result<Self, Problem> {
        let turn = {
            let mut state = shared.lock();
            match number.checked_sub(state.answered) {
                // Repeated by someone on the way, because its answer was lost.
                Some(0) if state.answer.is_some() => {}
                // The last answer has arrived.
                Some(1) => state.answer = None,
                _ => return Err(out_of_turn()),
            }
            state.turn += 1;
            state.silent_at = Instant::now() + shared.patience.silence;
            state.turn
        };
        // Whoever waits still is told that this one took its place.
        shared.changed.notify_waiters();
        Ok(Self { shared, turn, is_answered: false })
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            let mut state = self.shared.lock();
            if state.turn == self.turn {
                state.silent_at = Instant::now() + self.shared.patience.abandoned;
                drop(state);
                self.shared.changed.notify_waiters();
            }
        }
    }
}

/// Reads a request's number and makes sure that frames, and nothing else, follow it.
fn check(body: &[u8], owner: Owner) -> Result<u32, channel::Malformed> {
    let (number, mut rest) = split_word(body)?;
    while let Some((frame, behind)) = split_frame(rest)? {
        if owner != Owner::Visitor && std::str::from_utf8(frame).is_err() {
            return Err(channel::Malformed);
        }
        rest = behind;
    }
    Ok(number)
}

fn out_of_turn() -> Problem {
    Problem::with_detail(ProblemKind::WrongState, "another request of this connection took its place")
}

/// The end of a channel that the connection's task holds. Dropping it ends the connection; what was sent before can be
/// fetched a while longer.
pub struct Channel {
    channels: Arc<Channels>,
    hash: SecretHash,
    shared: Arc<Shared>,
}

impl Channel {
    /// Waits for the next frame. Safe to be dropped while it waits.
    pub(super) async fn receive(&self) -> Result<Message, Gone> {
        loop {
            let silent_at = self.shared.lock().silent_at;
            let next = self.shared.wait_for(|state| match state.take_frame() {
                Some(frame) => Some(Some(frame)),
                // The client has been heard, or has gone away: the wait is another one now.
                None if state.silent_at != silent_at => Some(None),
                None => None,
            });
            match timeout_at(silent_at, next).await {
                Ok(Some(frame)) => return self.message(frame),
                Ok(None) => {}
                Err(_) if self.shared.lock().silent_at == silent_at => return Err(Gone),
                Err(_) => {}
            }
        }
    }

    fn message(&self, frame: Bytes) -> Result<Message, Gone> {
        match self.shared.owner {
            Owner::Visitor => Ok(Message::Binary(frame)),
            Owner::Desk(_) => Utf8Bytes::try_from(frame).map(Message::Text).map_err(|_| Gone),
        }
    }

    /// Queues a frame, as soon as there is room.
    pub(super) async fn send(&self, message: Message) -> Result<(), Gone> {
        let frame = match message {
            Message::Text(text) => Bytes::from(text),
            Message::Binary(bytes) => bytes,
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return Ok(()),
        };
        self.shared
            .wait_for(|state| {
                (state.outbound.len() < QUEUE_BYTES).then(|| push_frame(&mut state.outbound, &frame))
            })
            .await;
        Ok(())
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.changed.notify_waiters();
        let (channels, hash, linger) = (Arc::clone(&self.channels), self.hash, self.shared.patience.linger);
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(async move {
                    tokio::time::sleep(linger).await;
                    channels.forget(&hash);
                });
            }
            Err(_) => channels.forget(&hash),
        }
    }
}
