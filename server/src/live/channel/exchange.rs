//! One connection over HTTP: what its requests bring and fetch, and the end of its task.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::ws::{Message, Utf8Bytes};
use causette_shared::limits::FRAME_BYTES;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::channel::{Malformed, WORD, push_frame, split_frame, split_word};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::{Channels, Owner, Patience};
use crate::live::socket::Gone;
use crate::secret::SecretHash;

/// Bytes that wait to be fetched before the task waits for them to go; as much as a WebSocket may have on its way.
pub(super) const QUEUE_BYTES: usize = 4 * FRAME_BYTES;
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
    /// Whether the newest is being held.
    is_waiting: bool,
    is_over: bool,
}

impl Shared {
    pub(super) fn new(owner: Owner, network: IpAddr, patience: Patience) -> Self {
        let state = State {
            silent_at: Instant::now() + patience.silence,
            inbound: Bytes::new(),
            taken: 0,
            outbound: Vec::new(),
            answered: 0,
            answer: None,
            turn: 0,
            is_waiting: false,
            is_over: false,
        };
        Self { owner, network, patience, state: Mutex::new(state), changed: Notify::new() }
    }

    /// Who opened it.
    pub(super) const fn owner(&self) -> Owner {
        self.owner
    }

    /// The network that it is counted for.
    pub(super) const fn network(&self) -> IpAddr {
        self.network
    }

    /// Whether a request for frames is being held.
    pub(super) fn is_waiting(&self) -> bool {
        self.lock().is_waiting
    }

    /// When the client counts as gone, unless it is heard before.
    pub(super) fn silent_at(&self) -> Instant {
        self.lock().silent_at
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
            match number.checked_sub(state.taken) {
                // Repeated by someone on the way, because its answer was lost.
                Some(0) if number > 0 => Some(Ok(())),
                Some(1) => {
                    state.silent_at = Instant::now() + self.patience.silence;
                    state.inbound.is_empty().then(|| {
                        state.taken = number;
                        state.inbound = frames.clone();
                        Ok(())
                    })
                }
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
            state.is_waiting = true;
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
        let mut state = self.shared.lock();
        if state.turn != self.turn {
            return;
        }
        state.is_waiting = false;
        if !self.is_answered {
            state.silent_at = Instant::now() + self.shared.patience.abandoned;
            drop(state);
            self.shared.changed.notify_waiters();
        }
    }
}

/// Reads a request's number and makes sure that frames, and nothing else, follow it.
fn check(body: &[u8], owner: Owner) -> Result<u32, Malformed> {
    let (number, mut rest) = split_word(body)?;
    while let Some((frame, behind)) = split_frame(rest)? {
        if owner != Owner::Visitor && std::str::from_utf8(frame).is_err() {
            return Err(Malformed);
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
    pub(super) const fn new(channels: Arc<Channels>, hash: SecretHash, shared: Arc<Shared>) -> Self {
        Self { channels, hash, shared }
    }

    /// Waits for the next frame. Safe to be dropped while it waits.
    pub(in crate::live) async fn receive(&self) -> Result<Message, Gone> {
        loop {
            let silent_at = self.shared.silent_at();
            let next = self.shared.wait_for(|state| match state.take_frame() {
                Some(frame) => Some(Some(frame)),
                // The client has been heard, or has gone away: the wait is another one now.
                None if state.silent_at != silent_at => Some(None),
                None => None,
            });
            match timeout_at(silent_at, next).await {
                Ok(Some(frame)) => return self.message(frame),
                Ok(None) => {}
                Err(_) if self.shared.silent_at() == silent_at => return Err(Gone),
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
    pub(in crate::live) async fn send(&self, message: Message) {
        let frame = match message {
            Message::Text(text) => Bytes::from(text),
            Message::Binary(bytes) => bytes,
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return,
        };
        self.shared
            .wait_for(|state| {
                (state.outbound.len() < QUEUE_BYTES).then(|| push_frame(&mut state.outbound, &frame))
            })
            .await;
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
