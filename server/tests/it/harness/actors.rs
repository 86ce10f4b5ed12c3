//! A visitor at a raw socket.
//!
//! It keeps what a panel keeps, the entries without a hole and the conversation's state, and fails the test when a frame
//! breaks the order that the protocol promises.

use causette_shared::entry::{Body, Content, Entry};
use causette_shared::form::Introduction;
use causette_shared::id::{ConversationId, EntryId, Seq};
use causette_shared::presence::Activity;
use causette_shared::problem::Problem;
use causette_shared::protocol::visitor::{
    ClientFrame, ConversationState, Cursor, Hello, ServerFrame, Welcome, decode, encode,
};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::builders::{SHOP, entry_id, session, text};
use super::{TestServer, within};

/// The path of the visitor's socket.
pub const SOCKET: &str = "/api/v1/visitor/socket";

/// What became of something sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Acknowledged(ConversationId, Seq),
    Refused(Problem),
}

/// A visitor's panel.
pub struct VisitorActor {
    pub socket: WebSocketStream<TcpStream>,
    /// The secret that the panel minted.
    pub secret: String,
    pub site: String,
    pub locale: String,
    /// The entries received, without a hole.
    pub entries: Vec<Entry>,
    /// The conversation's state as told last.
    pub state: Option<ConversationState>,
}

impl VisitorActor {
    /// Opens a connection and says nothing yet.
    pub async fn connect(server: &TestServer) -> Self {
        Self::connect_to(&server.address.to_string()).await
    }

    /// The same for a server that is known by its host and port only.
    pub async fn connect_to(authority: &str) -> Self {
        let stream = TcpStream::connect(authority).await.expect("the server listens");
        Self::over(stream, authority).await
    }

    /// The same over a connection that the test has made.
    pub async fn over(stream: TcpStream, authority: &str) -> Self {
        let mut request = format!("ws://{authority}{SOCKET}").into_client_request().expect("an address");
        let origin = format!("http://{authority}").parse().expect("a header value");
        request.headers_mut().insert("origin", origin);
        let shaken = within("the handshake", tokio_tungstenite::client_async(request, stream)).await;
        let (socket, _) = shaken.expect("the socket opens");
        Self {
            socket,
            secret: session(),
            site: "shop".to_owned(),
            locale: "en".to_owned(),
            entries: Vec::new(),
            state: None,
        }
    }

    /// Opens a connection and says hello with a new session.
    pub async fn arrive(server: &TestServer) -> Self {
        let mut visitor = Self::connect(server).await;
        visitor.hello().await;
        visitor
    }

    /// Another tab or a later visit of the same visitor, with nothing in hand.
    pub async fn again(&self, server: &TestServer) -> Self {
        let mut visitor = Self::connect(server).await;
        visitor.secret.clone_from(&self.secret);
        visitor.hello().await;
        visitor
    }

    /// The first frame as a panel would send it.
    pub fn greeting(&self) -> Hello {
        let cursor = |state: &ConversationState| {
            let seq = self.entries.last()?.seq;
            Some(Cursor { conversation: state.id, seq })
        };
        Hello {
            site: self.site.clone(),
            session: Some(self.secret.clone()),
            host: SHOP.to_owned(),
            locale: self.locale.clone(),
            cursor: self.state.as_ref().and_then(cursor),
            activity: Activity::Active,
        }
    }

    /// Says hello and takes the answer.
    pub async fn hello(&mut self) -> Welcome {
        let greeting = self.greeting();
        self.greet(greeting).await
    }

    /// Says this hello and takes the answer.
    pub async fn greet(&mut self, hello: Hello) -> Welcome {
        self.put(&ClientFrame::Hello(hello)).await;
        let welcome = |frame| match frame {
            ServerFrame::Welcome(welcome) => Some(welcome),
            _ => None,
        };
        self.expect("the welcome", welcome).await
    }

    /// Sends a frame.
    pub async fn put(&mut self, frame: &ClientFrame) {
        let bytes = encode(frame).expect("it fits");
        self.socket.send(Message::Binary(bytes.into())).await.expect("the connection stands");
    }

    /// Sends a message and does not wait. Returns its id.
    pub async fn post(&mut self, message: &str) -> EntryId {
        let id = entry_id();
        self.put(&ClientFrame::Send { id, content: text(message) }).await;
        id
    }

    /// Sends a message and waits for its acknowledgement.
    pub async fn say(&mut self, message: &str) -> Seq {
        let id = self.post(message).await;
        self.expect_ack(id).await.1
    }

    /// Sends under a given id and waits for what becomes of it.
    pub async fn send(&mut self, id: EntryId, content: Content) -> Outcome {
        self.put(&ClientFrame::Send { id, content }).await;
        self.outcome(id).await
    }

    /// Sends the form "Introduce yourself".
    pub async fn introduce(
        &mut self,
        name: Option<&str>,
        email: Option<&str>,
        phone: Option<&str>,
    ) -> Outcome {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let given = Introduction { name: owned(name), email: owned(email), phone: owned(phone) };
        self.send(entry_id(), Content::Introduction(given)).await
    }

    /// Waits for what became of something sent.
    pub async fn outcome(&mut self, wanted: EntryId) -> Outcome {
        self.expect("an outcome", |frame| match frame {
            ServerFrame::Acknowledged { id, conversation, seq } if id == wanted => {
                Some(Outcome::Acknowledged(conversation, seq))
            }
            ServerFrame::Refused { id, problem } if id == wanted => Some(Outcome::Refused(problem)),
            _ => None,
        })
        .await
    }

    /// Waits for the acknowledgement of something sent.
    pub async fn expect_ack(&mut self, id: EntryId) -> (ConversationId, Seq) {
        match self.outcome(id).await {
            Outcome::Acknowledged(conversation, seq) => (conversation, seq),
            Outcome::Refused(problem) => panic!("it was refused: {problem:?}"),
        }
    }

    /// Waits for a problem about the connection.
    pub async fn expect_problem(&mut self) -> Problem {
        self.expect("a problem", |frame| match frame {
            ServerFrame::Problem(problem) => Some(problem),
            _ => None,
        })
        .await
    }

    /// Waits until the log has come up to `seq`.
    pub async fn await_seq(&mut self, seq: Seq) {
        while self.last_seq() < seq {
            self.next().await.expect("the connection stands");
        }
    }

    /// Sends a ping, and takes everything that was sent before its answer.
    pub async fn sync(&mut self) -> Option<Cursor> {
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

    /// Waits until the server has closed the connection; frames before that are taken note of.
    pub async fn expect_end(&mut self) {
        while within("the end of the connection", self.next()).await.is_some() {}
    }

    /// The next frame; `None` once the connection has ended.
    pub async fn next(&mut self) -> Option<ServerFrame> {
        loop {
            match within("a frame", self.socket.next()).await {
                Some(Ok(Message::Binary(bytes))) => {
                    let frame = decode::<ServerFrame>(&bytes).expect("the server speaks the protocol");
                    self.note(&frame);
                    return Some(frame);
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Text(_) | Message::Frame(_))) => panic!("frames here are binary"),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            }
        }
    }

    fn note(&mut self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Welcome(welcome) => self.follow(welcome.conversation.as_ref()),
            ServerFrame::Conversation(state) => self.follow(Some(state)),
            ServerFrame::Reset { .. } => self.entries.clear(),
            ServerFrame::Entries { conversation, entries } => {
                let followed = self.state.as_ref().map(|state| state.id);
                if followed == Some(*conversation) {
                    self.append(entries);
                }
            }
            _ => {}
        }
    }

    fn follow(&mut self, state: Option<&ConversationState>) {
        let id = |state: &ConversationState| state.id;
        if self.state.as_ref().map(id) != state.map(id) {
            self.entries.clear();
        }
        self.state = state.cloned();
    }

    fn append(&mut self, entries: &[Entry]) {
        assert!(entries.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq), "a frame with a hole");
        let Some(first) = entries.first() else {
            return;
        };
        let next = self.last_seq() + 1;
        assert!(self.entries.is_empty() || first.seq <= next, "entry {} came before {next}", first.seq);
        self.entries.extend(entries.iter().filter(|entry| entry.seq >= next).cloned());
    }

    /// The last entry received.
    pub fn last_seq(&self) -> Seq {
        self.entries.last().map_or(0, |entry| entry.seq)
    }

    /// The conversation that is followed.
    pub fn conversation(&self) -> ConversationId {
        self.state.as_ref().expect("there is a conversation").id
    }

    /// The messages received, in order.
    pub fn texts(&self) -> Vec<&str> {
        let text = |entry: &'_ Entry| matches!(entry.body, Body::Message { .. });
        self.entries.iter().filter(|entry| text(entry)).map(text_of).collect()
    }
}

/// The text of a message.
pub fn text_of(entry: &Entry) -> &str {
    entry.body.text().unwrap_or_else(|| panic!("{:?} is no message", entry.body))
}
