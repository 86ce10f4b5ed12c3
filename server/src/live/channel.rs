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
    /// Whether the newest is being held.
    is_waiting: bool,
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

    /// How many requests for frames are being held.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let open = self.lock();
        open.by_token.values().filter(|shared| shared.lock().is_waiting).count()
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
            is_waiting: false,
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
    pub(super) async fn send(&self, message: Message) {
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

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(600);
    const SHORT: Duration = Duration::from_millis(30);
    const PATIENT: Patience = Patience { silence: LONG, abandoned: LONG, receive: LONG, linger: LONG };

    fn open(patience: Patience) -> (Arc<Channels>, SecretHash, Arc<Shared>, Channel) {
        let channels = Channels::new(2, patience);
        let peer = IpAddr::from([192, 0, 2, 1]);
        let (token, end) = channels.open(Owner::Visitor, peer).expect("there is room");
        let token = SecretHash::of(token.expose());
        let shared = channels.find(Owner::Visitor, &token).expect("it is open");
        (channels, token, shared, end)
    }

    fn number(number: u32) -> [u8; WORD] {
        number.to_be_bytes()
    }

    fn frame(text: &'static str) -> Message {
        Message::Binary(Bytes::from_static(text.as_bytes()))
    }

    fn body(frames: &[&str]) -> Bytes {
        let mut body = Vec::new();
        frames.iter().for_each(|frame| push_frame(&mut body, frame.as_bytes()));
        body.into()
    }

    #[tokio::test]
    async fn a_client_that_is_silent_is_given_up() {
        let (_channels, _token, _shared, end) = open(Patience { silence: SHORT, ..PATIENT });
        assert!(end.receive().await.is_err());
    }

    #[tokio::test]
    async fn each_request_puts_the_end_off() {
        let (_channels, _token, shared, end) = open(PATIENT);
        let silent_at = || shared.lock().silent_at;
        let before = silent_at();
        shared.put([&number(1)[..], &body(&["a"])].concat().into()).await.expect("it is taken");
        let sent = silent_at();
        assert!(sent > before);
        end.send(frame("b")).await;
        shared.fetch(&number(1)).await.expect("there is a frame");
        assert!(silent_at() > sent);
        assert!(shared.fetch(&number(7)).await.is_err());
        let after = silent_at();
        assert!(shared.put(number(7).to_vec().into()).await.is_err());
        assert!(shared.put(Bytes::new()).await.is_err());
        assert_eq!(silent_at(), after, "what cannot be read is no sign of life");
    }

    #[tokio::test]
    async fn one_whose_request_breaks_off_is_given_up_soon() {
        let (_channels, _token, shared, end) = open(Patience { abandoned: SHORT, ..PATIENT });
        let ended = tokio::spawn(async move { end.receive().await.is_err() });
        let body = number(1);
        // Begins to wait, and is dropped as a server drops a request whose connection has gone.
        assert!(timeout_at(Instant::now() + SHORT, shared.fetch(&body)).await.is_err());
        assert!(ended.await.expect("it does not panic"), "well before it has been silent for long");
    }

    #[tokio::test]
    async fn a_request_for_nothing_is_answered_with_nothing() {
        let (_channels, _token, shared, _end) = open(Patience { receive: SHORT, ..PATIENT });
        assert_eq!(shared.fetch(&number(1)).await, Ok(Bytes::new()));
        assert_eq!(shared.fetch(&number(1)).await, Ok(Bytes::new()), "and again, if that was lost");
        assert_eq!(shared.fetch(&number(2)).await, Ok(Bytes::new()));
        assert!(shared.fetch(&number(1)).await.is_err(), "it has arrived, as the second has shown");
    }

    #[tokio::test]
    async fn what_is_sent_waits_for_room_and_keeps_its_order() {
        let (_channels, _token, shared, end) = open(PATIENT);
        let long = "x".repeat(QUEUE_BYTES);
        end.send(Message::Binary(long.clone().into())).await;
        {
            let waits = end.send(frame("behind"));
            tokio::pin!(waits);
            assert!(timeout_at(Instant::now(), &mut waits).await.is_err(), "the queue is full");
            assert_eq!(shared.fetch(&number(1)).await, Ok(body(&[&long])));
            waits.await;
        }
        end.send(frame("last")).await;
        assert_eq!(shared.fetch(&number(2)).await, Ok(body(&["behind", "last"])));
    }

    #[tokio::test]
    async fn what_is_put_waits_until_the_task_has_taken_what_came_before() {
        let (_channels, _token, shared, end) = open(PATIENT);
        let request = |of: u32, frames: &[&str]| Bytes::from([&number(of)[..], &body(frames)].concat());
        shared.put(request(1, &["a", "b"])).await.expect("it is taken");
        let second = shared.put(request(2, &["c"]));
        tokio::pin!(second);
        assert!(timeout_at(Instant::now(), &mut second).await.is_err(), "the task is not that far");
        for expected in ["a", "b"] {
            assert_eq!(end.receive().await.ok(), Some(frame(expected)));
        }
        second.await.expect("there is room");
        assert_eq!(end.receive().await.ok(), Some(frame("c")));
    }

    #[tokio::test]
    async fn the_last_words_can_be_fetched_and_then_the_place_is_free() {
        let (channels, token, shared, end) = open(Patience { linger: SHORT, ..PATIENT });
        let peer = IpAddr::from([192, 0, 2, 1]);
        let (_, other) = channels.open(Owner::Visitor, peer).expect("there is room for two");
        let refused = channels.open(Owner::Visitor, peer).err().expect("but not for three");
        assert_eq!(refused.kind, ProblemKind::RateLimited);
        end.send(frame("goodbye")).await;
        drop(end);
        assert_eq!(shared.fetch(&number(1)).await, Ok(body(&["goodbye"])));
        let gone = |problem: Problem| problem.kind == ProblemKind::NotFound;
        assert!(shared.fetch(&number(2)).await.is_err_and(gone));
        assert!(shared.put(number(1).to_vec().into()).await.is_err_and(gone));
        while channels.find(Owner::Visitor, &token).is_ok() {
            tokio::time::sleep(SHORT).await;
        }
        channels.open(Owner::Visitor, peer).expect("its place is free");
        drop(other);
    }
}
