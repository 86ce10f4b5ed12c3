//! An agent at the desk: signs in over HTTP, works over the JSON socket.

use std::collections::HashMap;

use causette_shared::entry::Entry;
use causette_shared::id::{ConversationId, EntryId, Seq};
use causette_shared::problem::Problem;
use causette_shared::protocol::agent::{Agent, ClientFrame, ConversationSummary, ServerFrame, SignIn};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Client, Response};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::builders::{PASSWORD, entry_id, text};
use super::{TestServer, within};

/// The path of the desk's socket.
pub const SOCKET: &str = "/api/v1/desk/socket";
/// The path of the desk's session.
pub const SESSION: &str = "/api/v1/desk/session";

/// Tries to sign in, as the desk does.
pub async fn try_sign_in(authority: &str, email: &str, password: &str) -> Response {
    let body = SignIn { email: email.to_owned(), password: password.to_owned() };
    let request = Client::new().post(format!("http://{authority}{SESSION}")).json(&body);
    let sent = request.header("origin", format!("http://{authority}")).send();
    within("the answer to a sign-in", sent).await.expect("the server answers")
}

/// The session cookie that an answer sets, as `name=value`.
pub fn cookie_of(response: &Response) -> String {
    let cookie = response.headers().get("set-cookie").expect("a cookie is set");
    let cookie = cookie.to_str().expect("it is ASCII");
    cookie.split(';').next().unwrap_or_default().to_owned()
}

/// An agent's desk.
pub struct AgentActor {
    pub socket: WebSocketStream<TcpStream>,
    /// Who is signed in, as the welcome told.
    pub agent: Agent,
    /// The session's cookie, `name=value`.
    pub cookie: String,
    /// The list as told last, newest state of each.
    pub list: HashMap<ConversationId, ConversationSummary>,
    /// The entries of watched conversations, without a hole.
    pub entries: HashMap<ConversationId, Vec<Entry>>,
}

impl AgentActor {
    /// Adds an agent, signs in and opens the desk.
    pub async fn arrive(server: &TestServer) -> Self {
        server.add_agent("alice@desk.example", "Alice").await;
        Self::sign_in(server, "alice@desk.example").await
    }

    /// Signs in and opens the desk.
    pub async fn sign_in(server: &TestServer, email: &str) -> Self {
        let authority = server.address.to_string();
        let response = try_sign_in(&authority, email, PASSWORD).await;
        assert_eq!(response.status(), 200);
        Self::open(&authority, cookie_of(&response)).await
    }

    /// Opens the desk with the cookie of a session.
    pub async fn open(authority: &str, cookie: String) -> Self {
        let mut socket = open_socket(authority, &cookie).await.expect("the socket opens");
        let first = within("the welcome", receive(&mut socket)).await;
        let Some(ServerFrame::Welcome { agent, conversations, .. }) = first else {
            panic!("the first frame is the welcome, not {first:?}");
        };
        let list = conversations.into_iter().map(|summary| (summary.id, summary)).collect();
        Self { socket, agent, cookie, list, entries: HashMap::new() }
    }

    /// Sends a frame.
    pub async fn put(&mut self, frame: &ClientFrame) {
        let text = serde_json::to_string(frame).expect("it can be written");
        self.socket.send(Message::Text(text.into())).await.expect("the connection stands");
    }

    /// Opens a conversation.
    pub async fn watch(&mut self, conversation: ConversationId, after: Option<Seq>) {
        self.put(&ClientFrame::Watch { conversation, after }).await;
        self.entries.entry(conversation).or_default();
        self.sync().await;
    }

    /// Answers and waits for the acknowledgement.
    pub async fn reply(&mut self, conversation: ConversationId, answer: &str) -> Seq {
        let id = entry_id();
        self.put(&ClientFrame::Send { conversation, id, content: text(answer), after: None }).await;
        self.outcome(id).await.expect("it is accepted")
    }

    /// Waits for what became of something sent.
    pub async fn outcome(&mut self, wanted: EntryId) -> Result<Seq, Problem> {
        self.expect("an outcome", |frame| match frame {
            ServerFrame::Acknowledged { id, seq, .. } if id == wanted => Some(Ok(seq)),
            ServerFrame::Refused { id, problem, .. } if id == wanted => Some(Err(problem)),
            _ => None,
        })
        .await
    }

    /// Waits for a problem that is about no message.
    pub async fn expect_problem(&mut self) -> Problem {
        self.expect("a problem", |frame| match frame {
            ServerFrame::Problem(problem) => Some(problem),
            _ => None,
        })
        .await
    }

    /// Waits until the list shows a conversation in a way.
    pub async fn await_summary(
        &mut self,
        what: &str,
        holds: impl Fn(&ConversationSummary) -> bool,
    ) -> ConversationSummary {
        loop {
            if let Some(found) = self.list.values().find(|summary| holds(summary)) {
                return found.clone();
            }
            let next = within(what, self.next()).await;
            assert!(next.is_some(), "the connection ended before {what}");
        }
    }

    /// Waits until a watched log has come up to `seq`.
    pub async fn await_seq(&mut self, conversation: ConversationId, seq: Seq) {
        while self.last_seq(conversation) < seq {
            self.next().await.expect("the connection stands");
        }
    }

    /// The last entry of a watched conversation.
    pub fn last_seq(&self, conversation: ConversationId) -> Seq {
        self.entries.get(&conversation).and_then(|log| log.last()).map_or(0, |entry| entry.seq)
    }

    /// Sends a ping, and takes everything that was sent before its answer.
    pub async fn sync(&mut self) -> Vec<(ConversationId, Seq)> {
        self.put(&ClientFrame::Ping).await;
        self.expect("the pong", |frame| match frame {
            ServerFrame::Pong { last } => Some(last),
            _ => None,
        })
        .await
    }

    /// Waits for a frame, taking note of those before it.
    pub async fn expect<T>(&mut self, what: &str, mut wanted: impl FnMut(ServerFrame) -> Option<T>) -> T {
        loop {
            let frame = within(what, self.next()).await;
            let frame = frame.unwrap_or_else(|| panic!("the connection ended before {what}"));
            if let Some(found) = wanted(frame) {
                return found;
            }
        }
    }

    /// Waits until the server has closed the connection.
    pub async fn expect_end(&mut self) {
        while within("the end of the connection", self.next()).await.is_some() {}
    }

    /// The next frame; `None` once the connection has ended.
    pub async fn next(&mut self) -> Option<ServerFrame> {
        let frame = within("a frame", receive(&mut self.socket)).await?;
        match &frame {
            ServerFrame::Conversation(summary) => self.keep(summary),
            ServerFrame::List { conversations, .. } => conversations.iter().for_each(|row| self.keep(row)),
            ServerFrame::Presence { conversation, presence } => {
                if let Some(row) = self.list.get_mut(conversation) {
                    row.presence = *presence;
                }
            }
            ServerFrame::Entries { conversation, entries } => {
                let log = self.entries.entry(*conversation).or_default();
                for entry in entries {
                    let next = log.last().map_or(entry.seq, |last| last.seq + 1);
                    assert!(entry.seq <= next, "entry {} came before {next}", entry.seq);
                    if entry.seq == next {
                        log.push(entry.clone());
                    }
                }
            }
            ServerFrame::Reset { conversation } => {
                self.entries.insert(*conversation, Vec::new());
            }
            _ => {}
        }
        Some(frame)
    }

    fn keep(&mut self, summary: &ConversationSummary) {
        let older = |held: &ConversationSummary| held.revision <= summary.revision;
        if self.list.get(&summary.id).is_none_or(older) {
            self.list.insert(summary.id, summary.clone());
        }
    }
}

/// Opens the desk's socket; the answer where it does not open.
pub async fn open_socket(authority: &str, cookie: &str) -> Result<WebSocketStream<TcpStream>, u16> {
    let mut request = format!("ws://{authority}{SOCKET}").into_client_request().expect("an address");
    let headers = request.headers_mut();
    headers.insert("origin", format!("http://{authority}").parse().expect("a header value"));
    headers.insert("cookie", cookie.parse().expect("a header value"));
    let stream = TcpStream::connect(authority).await.expect("the server listens");
    match within("the handshake", tokio_tungstenite::client_async(request, stream)).await {
        Ok((socket, _)) => Ok(socket),
        Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("the handshake failed: {error}"),
    }
}

async fn receive(socket: &mut WebSocketStream<TcpStream>) -> Option<ServerFrame> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => {
                return Some(serde_json::from_str(&text).expect("the server speaks the protocol"));
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => panic!("frames here are text"),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
        }
    }
}
