//! Connections over HTTP: the requests themselves, and a bridge by which every actor runs over them.

use std::collections::VecDeque;

use causette_shared::problem::Problem;
use causette_shared::protocol::channel::{push_frame, push_word, split_frame};
use causette_shared::protocol::visitor::{ClientFrame, ServerFrame, decode, encode};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Client, Response};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response as Accepted};

use super::{TestServer, within};

/// The path of the visitor's channel.
pub const VISITOR_CHANNEL: &str = "/api/v1/visitor/channel";
/// The path of the desk's channel.
pub const DESK_CHANNEL: &str = "/api/v1/desk/channel";

/// A refusal: status and kind.
pub type Refusal = (u16, String);

/// The client's end of a channel. Clones share the server's end and count for themselves.
#[derive(Clone)]
pub struct HttpLine {
    pub client: Client,
    pub authority: String,
    pub path: String,
    pub cookie: Option<String>,
    pub token: String,
    /// The number of the last request that sent.
    pub sent: u32,
    /// The number of the last request that received.
    pub received: u32,
}

impl HttpLine {
    /// Opens a channel; the refusal where it does not open.
    pub async fn try_open(authority: &str, path: &str, cookie: Option<&str>) -> Result<Self, Refusal> {
        let mut line = Self {
            // A connection of its own for each request: the server closes one whose body it has refused to read, and what
            // is sent on it at that moment is lost, which a browser would repeat.
            client: Client::builder().pool_max_idle_per_host(0).build().expect("there is a client"),
            authority: authority.to_owned(),
            path: path.to_owned(),
            cookie: cookie.map(str::to_owned),
            token: String::new(),
            sent: 0,
            received: 0,
        };
        let answer = line.post("", Vec::new()).await;
        if answer.status() != 200 {
            return Err(refusal(answer).await);
        }
        line.token = answer.text().await.expect("the token is text");
        Ok(line)
    }

    /// Opens a channel.
    pub async fn open(authority: &str, path: &str, cookie: Option<&str>) -> Self {
        Self::try_open(authority, path, cookie).await.expect("the channel opens")
    }

    /// Opens a visitor's channel.
    pub async fn of_visitor(server: &TestServer) -> Self {
        Self::open(&server.address.to_string(), VISITOR_CHANNEL, None).await
    }

    /// Opens a desk's channel with the cookie of a session.
    pub async fn of_desk(server: &TestServer, cookie: &str) -> Self {
        Self::open(&server.address.to_string(), DESK_CHANNEL, Some(cookie)).await
    }

    /// Makes a request to the channel with this body.
    pub async fn post(&self, verb: &str, body: Vec<u8>) -> Response {
        let url = format!("http://{}{}{verb}", self.authority, self.path);
        let origin = format!("http://{}", self.authority);
        let mut request = self.client.post(url).header("origin", origin).body(body);
        if !self.token.is_empty() {
            request = request.header("causette-channel", &self.token);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let answered = tokio::time::timeout(super::PATIENCE * 2, request.send()).await;
        answered.expect("the request is answered").expect("the server answers")
    }

    /// Sends frames under the next number.
    pub async fn send(&mut self, frames: &[Vec<u8>]) -> Result<(), Refusal> {
        self.sent += 1;
        self.send_as(self.sent, frames).await
    }

    /// Sends frames under a number.
    pub async fn send_as(&self, number: u32, frames: &[Vec<u8>]) -> Result<(), Refusal> {
        let answer = self.post("/send", body(number, frames)).await;
        if answer.status() == 204 { Ok(()) } else { Err(refusal(answer).await) }
    }

    /// Asks for frames under the next number.
    pub async fn receive(&mut self) -> Result<VecDeque<Vec<u8>>, Refusal> {
        self.received += 1;
        self.receive_as(self.received).await
    }

    /// Asks for frames under a number.
    pub async fn receive_as(&self, number: u32) -> Result<VecDeque<Vec<u8>>, Refusal> {
        let answer = self.post("/receive", body(number, &[])).await;
        if answer.status() != 200 {
            return Err(refusal(answer).await);
        }
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let bytes = answer.bytes().await.expect("the answer is whole");
        let (mut frames, mut rest) = (VecDeque::new(), &bytes[..]);
        while let Some((frame, behind)) = split_frame(rest).expect("the answer is made of frames") {
            frames.push_back(frame.to_vec());
            rest = behind;
        }
        Ok(frames)
    }
}

impl HttpLine {
    /// Reads a visitor's frames until the wanted one.
    pub async fn expect<T>(&mut self, what: &str, mut wanted: impl FnMut(ServerFrame) -> Option<T>) -> T {
        loop {
            let frames = within(what, self.receive()).await;
            let frames = frames.unwrap_or_else(|refusal| panic!("{refusal:?} came before {what}"));
            for frame in frames {
                if let Some(found) = wanted(decode(&frame).expect("it is a frame")) {
                    return found;
                }
            }
        }
    }

    /// Waits for a problem about a visitor's connection.
    pub async fn expect_problem(&mut self) -> Problem {
        let problem = |frame| match frame {
            ServerFrame::Problem(problem) => Some(problem),
            _ => None,
        };
        self.expect("a problem", problem).await
    }
}

/// The visitor's shortest frame.
pub fn ping() -> Vec<u8> {
    encode(&ClientFrame::Ping).expect("it fits")
}

/// A request's body.
pub fn body(number: u32, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    push_word(&mut body, number);
    for frame in frames {
        push_frame(&mut body, frame);
    }
    body
}

/// A refusal that is expected.
pub fn told(status: u16, kind: &str) -> Refusal {
    (status, kind.to_owned())
}

/// What a request was refused with.
pub async fn refusal(answer: Response) -> Refusal {
    let status = answer.status().as_u16();
    let problem: Value = answer.json().await.expect("a problem is JSON");
    (status, problem["kind"].as_str().expect("a problem has a kind").to_owned())
}

/// Takes WebSockets and carries what they say over HTTP, as a client does whose WebSockets are blocked. What it cannot
/// carry on ends the WebSocket.
pub struct Bridge {
    /// Where actors connect to.
    pub authority: String,
    accepting: JoinHandle<()>,
}

impl Bridge {
    /// Starts a bridge to the server at `authority`.
    pub async fn to(authority: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let here = listener.local_addr().expect("it is bound").to_string();
        let server = authority.to_owned();
        let accepting = tokio::spawn(async move {
            let mut carried = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                carried.spawn(carry(stream, server.clone()));
            }
        });
        Self { authority: here, accepting }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

#[expect(clippy::result_large_err, reason = "the handshake's callback is typed by its library")]
async fn carry(stream: TcpStream, server: String) {
    let (mut path, mut cookie) = (String::new(), None);
    let note = |request: &Request, response: Accepted| {
        path = request.uri().path().replace("/socket", "/channel");
        let header = request.headers().get("cookie").and_then(|value| value.to_str().ok());
        cookie = header.map(str::to_owned);
        Ok(response)
    };
    let shaken = within("the handshake", tokio_tungstenite::accept_hdr_async(stream, note)).await;
    let (mut to_actor, mut from_actor) = shaken.expect("an actor connects").split();
    let mut up = HttpLine::open(&server, &path, cookie.as_deref()).await;
    let mut down = up.clone();
    let is_text = path == DESK_CHANNEL;
    let receiving = async {
        while let Ok(frames) = down.receive().await {
            for frame in frames {
                let message = match String::from_utf8(frame) {
                    Ok(text) if is_text => Message::Text(text.into()),
                    Ok(binary) => Message::Binary(binary.into_bytes().into()),
                    Err(binary) => Message::Binary(binary.into_bytes().into()),
                };
                if to_actor.send(message).await.is_err() {
                    return;
                }
            }
        }
        let _ = to_actor.close().await;
    };
    let sending = async {
        while let Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) = from_actor.next().await {
            if up.send(&[message.into_data().to_vec()]).await.is_err() {
                // What the server said last is still to be fetched.
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = receiving => {}
        () = sending => {}
    }
}
