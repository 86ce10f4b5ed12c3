//! The native driver of `sync::Link`, as `client::live` is the browser's: one WebSocket at a time, kept alive, replaced
//! when it dies.
//!
//! The link decides; this carries out. Nothing here waits for the other side to take something: what is sent lies in
//! the socket's buffer until the wire takes it, so that a wire that is dead is noticed by the pings and by nothing else.
//! What frames mean is left to the owner.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::sync::{Link, LinkEffect};
use causette_shared::time::Timestamp;
use futures_util::{Sink as _, SinkExt as _, Stream as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Place;
use crate::harness::environment;

/// What a read asks for at once. Ten thousand clients in one process have a buffer each.
const READ_BUFFER_BYTES: usize = 1024;

type Socket = WebSocketStream<TcpStream>;
type Attempt = Pin<Box<dyn Future<Output = Result<Socket, Error>> + Send>>;

/// What happened to the connection.
#[derive(Debug)]
pub enum LineEvent {
    /// Frames can be sent.
    Opened,
    /// A frame arrived.
    Frame(Message),
    /// The connection is gone, or an attempt failed; the next one comes by itself.
    Lost {
        /// Failed attempts in a row.
        attempts: u32,
    },
    /// The server answered the attempt with a refusal that another attempt does not change.
    Refused(Problem),
    /// The moment has come that the owner wanted to be woken at.
    Woken,
}

/// Where a line leads.
#[derive(Debug)]
struct Address {
    at: SocketAddr,
    url: String,
    origin: HeaderValue,
    cookie: Option<HeaderValue>,
}

enum Wire {
    Down,
    Opening(Attempt),
    Open(Box<Socket>),
}

enum Arrival {
    Opened(Box<Socket>),
    Frame(Message),
    Ended(Option<Error>),
}

/// A connection that comes back by itself.
pub struct Line {
    address: Address,
    ping: Message,
    link: Link,
    wire: Wire,
}

impl Line {
    /// Makes a line to `path` that does nothing until it is started. `ping` is what the server answers.
    ///
    /// # Panics
    /// The origin or the cookie cannot stand in a header.
    #[must_use]
    pub fn new(place: &Place, path: &str, cookie: Option<&str>, ping: Message) -> Self {
        let header = |text: &str| HeaderValue::from_str(text).expect("it can stand in a header");
        let address = Address {
            at: place.via,
            url: format!("ws://{}{path}", place.via),
            origin: header(&place.origin),
            cookie: cookie.map(header),
        };
        Self { address, ping, link: Link::new(), wire: Wire::Down }
    }

    /// Connects, and stays connected.
    pub fn start(&mut self) {
        self.link.start(environment::now());
        self.drive();
    }

    /// Closes, and stays closed until it is started again.
    pub fn stop(&mut self) {
        self.link.stop();
        self.drive();
    }

    /// Closes and comes back after `pause` and some jitter.
    pub fn postpone(&mut self, pause: Duration) {
        self.link.postpone(environment::now(), pause, environment::random_number());
        self.drive();
    }

    /// The network is said to be back: tries at once, and puts an open link that has been silent to the test.
    pub fn wake(&mut self) {
        self.link.wake(environment::now());
        self.drive();
    }

    /// Failed attempts in a row.
    #[must_use]
    pub const fn failed_attempts(&self) -> u32 {
        self.link.failed_attempts()
    }

    /// Sends a frame; false when the connection is not open.
    pub fn send(&mut self, frame: Message) -> bool {
        self.link.is_open() && self.put(frame)
    }

    /// Waits for what happens next, and no longer than until `wake`. Safe to be dropped while it waits.
    pub async fn next(&mut self, wake: Option<Timestamp>) -> LineEvent {
        loop {
            let until = [wake, self.link.next_timeout()].into_iter().flatten().min();
            let arrival = tokio::select! {
                // What has arrived counts before the time that has passed: where this process is late, a pong that lies
                // in the socket is no pong that stayed away.
                biased;
                arrival = std::future::poll_fn(|cx| self.wire.poll(cx)) => Some(arrival),
                () = sleep_until(until) => None,
            };
            let now = environment::now();
            match arrival {
                Some(Arrival::Opened(socket)) => {
                    self.wire = Wire::Open(socket);
                    self.link.opened(now);
                    return LineEvent::Opened;
                }
                Some(Arrival::Frame(message)) => {
                    self.link.heard(now);
                    if let Message::Text(_) | Message::Binary(_) = message {
                        return LineEvent::Frame(message);
                    }
                }
                Some(Arrival::Ended(error)) => {
                    self.wire = Wire::Down;
                    if let Some(problem) = error.as_ref().and_then(refusal) {
                        self.stop();
                        return LineEvent::Refused(problem);
                    }
                    self.link.closed(now, environment::random_number());
                    self.drive();
                    return LineEvent::Lost { attempts: self.link.failed_attempts() };
                }
                None => {
                    let was_up = !self.is_down();
                    self.link.timeout(now, environment::random_number());
                    self.drive();
                    if was_up && self.is_down() {
                        return LineEvent::Lost { attempts: self.link.failed_attempts() };
                    }
                    if wake.is_some_and(|at| now >= at) {
                        return LineEvent::Woken;
                    }
                }
            }
        }
    }

    /// Carries out what the link wants.
    fn drive(&mut self) {
        while let Some(effect) = self.link.poll_effect() {
            match effect {
                LinkEffect::Connect => self.wire = Wire::Opening(self.address.connect()),
                LinkEffect::Ping => {
                    self.put(self.ping.clone());
                }
                LinkEffect::Disconnect => {
                    // Said where the wire takes it; nobody waits for an answer.
                    self.put(Message::Close(None));
                    self.wire = Wire::Down;
                }
            }
        }
    }

    fn put(&mut self, frame: Message) -> bool {
        match &mut self.wire {
            // The socket takes every frame: what the wire does not take yet stays in its buffer.
            Wire::Open(socket) => socket.start_send_unpin(frame).is_ok(),
            Wire::Down | Wire::Opening(_) => false,
        }
    }

    const fn is_down(&self) -> bool {
        matches!(self.wire, Wire::Down)
    }
}

impl Wire {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Arrival> {
        match self {
            Self::Down => Poll::Pending,
            Self::Opening(attempt) => attempt.as_mut().poll(cx).map(|opened| match opened {
                Ok(socket) => Arrival::Opened(Box::new(socket)),
                Err(error) => Arrival::Ended(Some(error)),
            }),
            Self::Open(socket) => {
                // A failure to write shows itself to the reader too.
                let _ = Pin::new(&mut **socket).poll_flush(cx);
                Pin::new(&mut **socket).poll_next(cx).map(|arrived| match arrived {
                    Some(Ok(message)) => Arrival::Frame(message),
                    Some(Err(error)) => Arrival::Ended(Some(error)),
                    None => Arrival::Ended(None),
                })
            }
        }
    }
}

impl Address {
    fn connect(&self) -> Attempt {
        let (at, request) = (self.at, self.url.as_str().into_client_request());
        let (origin, cookie) = (self.origin.clone(), self.cookie.clone());
        Box::pin(async move {
            let mut request = request?;
            request.headers_mut().insert("origin", origin);
            if let Some(cookie) = cookie {
                request.headers_mut().insert("cookie", cookie);
            }
            let stream = TcpStream::connect(at).await?;
            stream.set_nodelay(true)?;
            let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES).write_buffer_size(0);
            let (socket, _) =
                tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
            Ok(socket)
        })
    }
}

/// A refusal that the same attempt meets again: the desk's session has ended.
fn refusal(error: &Error) -> Option<Problem> {
    match error {
        Error::Http(answer) if answer.status() == StatusCode::UNAUTHORIZED => {
            Some(Problem::new(ProblemKind::NotSignedIn))
        }
        _ => None,
    }
}

async fn sleep_until(at: Option<Timestamp>) {
    match at {
        Some(at) => tokio::time::sleep(at.since(environment::now())).await,
        None => std::future::pending().await,
    }
}
