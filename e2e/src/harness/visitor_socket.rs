//! A visitor without a browser: the frames themselves, for bursts heavier than a person types.

use std::collections::BTreeMap;
use std::time::Duration;

use causette_shared::entry::{Content, Entry};
use causette_shared::id::{EntryId, Seq, SessionSecret};
use causette_shared::presence::Activity;
use causette_shared::protocol::visitor::{
    ClientFrame, ConversationState, Cursor, Hello, ServerFrame, decode, encode,
};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::environment;

/// How long the server may take to answer.
const ANSWER: Duration = Duration::from_secs(20);

/// A visitor's connection.
pub struct VisitorSocket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The conversation as the welcome told it.
    pub conversation: Option<ConversationState>,
}

impl VisitorSocket {
    /// Connects as the panel on the demo's shop would, and is welcomed. `cursor` is what the visitor has already.
    ///
    /// # Panics
    /// The server cannot be reached or does not welcome.
    pub async fn connect(origin: &str, session: Option<&SessionSecret>, cursor: Option<Cursor>) -> Self {
        Self::connect_at(origin, origin, session, cursor).await
    }

    /// The same, over a proxy: the server is reached at `direct` and knows itself as `origin`.
    ///
    /// # Panics
    /// The server cannot be reached or does not welcome.
    pub async fn connect_at(
        direct: &str,
        origin: &str,
        session: Option<&SessionSecret>,
        cursor: Option<Cursor>,
    ) -> Self {
        let address = format!("{}/api/v1/visitor/socket", direct.replacen("http", "ws", 1));
        let mut request = address.into_client_request().expect("it is an address");
        request.headers_mut().insert("origin", origin.parse().expect("it is a header's value"));
        let (stream, _) = tokio_tungstenite::connect_async(request).await.expect("the server takes sockets");
        let mut socket = Self { stream, conversation: None };
        let hello = Hello {
            site: "demo".to_owned(),
            session: session.map(|secret| secret.expose().to_owned()),
            host: origin.to_owned(),
            locale: "en".to_owned(),
            cursor,
            activity: Activity::Active,
        };
        assert!(socket.send(&ClientFrame::Hello(hello)).await, "the connection went before the hello");
        loop {
            match socket.receive().await {
                Some(ServerFrame::Welcome(welcome)) => socket.conversation = welcome.conversation,
                Some(ServerFrame::Problem(problem)) => panic!("not welcome: {problem:?}"),
                Some(_) => continue,
                None => panic!("the connection went before the welcome"),
            }
            return socket;
        }
    }

    /// Sends a frame; false when the connection is gone.
    pub async fn send(&mut self, frame: &ClientFrame) -> bool {
        let bytes = encode(frame).expect("the frames of a test are small");
        self.stream.send(Message::Binary(bytes.into())).await.is_ok()
    }

    /// Sends a message under a fresh id; `None` when the connection is gone.
    pub async fn say(&mut self, text: &str) -> Option<EntryId> {
        let id = environment::entry_id();
        self.send(&ClientFrame::Send { id, content: Content::Message { text: text.to_owned() } })
            .await
            .then_some(id)
    }

    /// Waits for the next frame; `None` when the connection is gone.
    ///
    /// # Panics
    /// Nothing comes, or something that is not a frame.
    pub async fn receive(&mut self) -> Option<ServerFrame> {
        loop {
            let next = tokio::time::timeout(ANSWER, self.stream.next()).await;
            match next.expect("the server answers in time")? {
                Ok(Message::Binary(bytes)) => return Some(decode(&bytes).expect("the server sends frames")),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Reads on until the log is held up to `last`, from where the cursor stood.
    ///
    /// # Panics
    /// The connection goes before.
    pub async fn read_log(&mut self, last: Seq) -> Vec<Entry> {
        let mut log: Vec<Entry> = Vec::new();
        while log.last().is_none_or(|entry| entry.seq < last) {
            match self.receive().await {
                Some(ServerFrame::Entries { entries, .. }) => log.extend(entries),
                Some(_) => {}
                None => panic!(
                    "the connection went after entry {:?} of {last}",
                    log.last().map(|entry| entry.seq)
                ),
            }
        }
        log
    }
}

/// Messages that are sent as fast as the wire takes them, and what became of each.
pub struct Burst {
    messages: Vec<(EntryId, String)>,
    /// Where each acknowledged message stands in the log.
    pub acknowledged: BTreeMap<EntryId, Seq>,
}

impl Burst {
    /// Writes `count` messages, `burst-001` and so on.
    #[must_use]
    pub fn of(count: usize) -> Self {
        let messages =
            (1..=count).map(|number| (environment::entry_id(), format!("burst-{number:03}"))).collect();
        Self { messages, acknowledged: BTreeMap::new() }
    }

    /// The messages in the order of writing.
    pub fn messages(&self) -> impl Iterator<Item = &(EntryId, String)> {
        self.messages.iter()
    }

    /// Sends what is not acknowledged, in order, and notes acknowledgements until `is_enough` of them have come or the
    /// connection is gone.
    ///
    /// # Panics
    /// A message is refused, or acknowledged at two places.
    pub async fn send(&mut self, socket: &mut VisitorSocket, is_enough: impl Fn(usize) -> bool) {
        for (id, text) in self.messages.iter().filter(|(id, _)| !self.acknowledged.contains_key(id)) {
            let content = Content::Message { text: text.clone() };
            if !socket.send(&ClientFrame::Send { id: *id, content }).await {
                break;
            }
        }
        self.read_acknowledgements(socket, is_enough).await;
    }

    /// Notes acknowledgements until `is_enough` of them have come or the connection is gone.
    ///
    /// # Panics
    /// A message is refused, or acknowledged at two places.
    pub async fn read_acknowledgements(
        &mut self,
        socket: &mut VisitorSocket,
        is_enough: impl Fn(usize) -> bool,
    ) {
        while !is_enough(self.acknowledged.len()) {
            match socket.receive().await {
                Some(ServerFrame::Acknowledged { id, seq, .. }) => {
                    let before = self.acknowledged.insert(id, seq);
                    assert!(before.is_none_or(|before| before == seq), "{id} was acknowledged at two places");
                }
                Some(ServerFrame::Refused { problem, .. }) => panic!("a message was refused: {problem:?}"),
                Some(_) => {}
                None => return,
            }
        }
    }

    /// Whether every message is acknowledged.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.acknowledged.len() == self.messages.len()
    }
}
