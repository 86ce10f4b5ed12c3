//! An agent without a browser: signed in over HTTP, speaking the desk's frames. For stories in which it matters that
//! somebody answers and not how the desk looks meanwhile.

use std::time::Duration;

use causette_shared::conversation::Status;
use causette_shared::entry::{Body, Content, Entry};
use causette_shared::id::ConversationId;
use causette_shared::protocol::agent::{ClientFrame, ConversationSummary, ServerFrame, SignIn};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::environment;
use super::server::{ALICE, PASSWORD};

/// How long the server may take to tell what is waited for.
const ANSWER: Duration = Duration::from_secs(20);

/// An agent's connection.
pub struct AgentSocket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Where it is reached, what it knows itself as, and the session's cookie, for requests beside the socket.
    desk: [String; 3],
    /// The conversations as the list told them at first.
    pub conversations: Vec<ConversationSummary>,
}

impl AgentSocket {
    /// Signs Alice in and connects.
    ///
    /// # Panics
    /// The server cannot be reached or does not let her in.
    pub async fn sign_in(origin: &str) -> Self {
        Self::sign_in_at(origin, origin).await
    }

    /// The same, past a proxy: the server is reached at `direct` and knows itself as `origin`.
    ///
    /// # Panics
    /// The server cannot be reached or does not let her in.
    pub async fn sign_in_at(direct: &str, origin: &str) -> Self {
        Self::sign_in_as(ALICE, direct, origin).await
    }

    /// The same, as another agent of the demo.
    ///
    /// # Panics
    /// The server cannot be reached or does not let them in.
    pub async fn sign_in_as(email: &str, direct: &str, origin: &str) -> Self {
        let sign_in = SignIn { email: email.to_owned(), password: PASSWORD.to_owned() };
        let answer = reqwest::Client::new()
            .post(format!("{direct}/api/v1/desk/session"))
            .header("origin", origin)
            .json(&sign_in)
            .send()
            .await
            .expect("the server answers");
        assert!(answer.status().is_success(), "sign-in: {}", answer.status());
        let cookie =
            answer.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok()).unwrap_or_default();
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let address = format!("{}/api/v1/desk/socket", direct.replacen("http", "ws", 1));
        let mut request = address.into_client_request().expect("it is an address");
        request.headers_mut().insert("origin", origin.parse().expect("it is a header's value"));
        request.headers_mut().insert("cookie", cookie.parse().expect("it is a header's value"));
        let desk = [direct.to_owned(), origin.to_owned(), cookie];
        let (stream, _) = tokio_tungstenite::connect_async(request).await.expect("the server takes sockets");
        let mut agent = Self { stream, desk, conversations: Vec::new() };
        let welcomed = agent
            .wait_for("the welcome", |frame| match frame {
                ServerFrame::Welcome { conversations, .. } => Some(conversations),
                _ => None,
            })
            .await;
        agent.conversations = welcomed;
        agent
    }

    /// Waits for a conversation whose last message contains `text`, and follows it.
    pub async fn follow_conversation_with(&mut self, text: &str) -> ConversationSummary {
        let found = self.conversations.iter().find(|row| row.preview.contains(text)).cloned();
        let row = match found {
            Some(row) => row,
            None => {
                let what = format!("a conversation with “{text}”");
                let pick = |frame| match frame {
                    ServerFrame::Conversation(row) if row.preview.contains(text) => Some(row),
                    _ => None,
                };
                self.wait_for(&what, pick).await
            }
        };
        self.send(&ClientFrame::Watch { conversation: row.id, after: None }).await;
        row
    }

    /// Waits until an entry with this text comes.
    pub async fn wait_for_message(&mut self, text: &str) {
        let is_it = |entry: &Entry| matches!(&entry.body, Body::Message { text: said } if said == text);
        let pick = |frame| match frame {
            ServerFrame::Entries { entries, .. } => entries.iter().any(is_it).then_some(()),
            _ => None,
        };
        self.wait_for(&format!("the message “{text}”"), pick).await;
    }

    /// Answers, and waits until the answer is committed.
    pub async fn reply(&mut self, conversation: ConversationId, text: &str) {
        let id = environment::entry_id();
        self.send(&ClientFrame::Send {
            conversation,
            id,
            content: Content::Message { text: text.to_owned() },
            after: None,
        })
        .await;
        let pick = |frame| match frame {
            ServerFrame::Acknowledged { id: acknowledged, .. } => (acknowledged == id).then_some(()),
            ServerFrame::Refused { problem, .. } => panic!("the answer was refused: {problem:?}"),
            _ => None,
        };
        self.wait_for("the acknowledgement", pick).await;
    }

    /// Ends the chat and leaves a status behind.
    ///
    /// # Panics
    /// The server refuses.
    pub async fn end_chat(&self, conversation: ConversationId, status: Status) {
        let [direct, origin, cookie] = &self.desk;
        let answer = reqwest::Client::new()
            .post(format!("{direct}/api/v1/desk/conversations/{}/end", conversation.0))
            .header("origin", origin)
            .header("cookie", cookie)
            .json(&serde_json::json!({ "status": status }))
            .send()
            .await
            .expect("the server answers");
        assert!(answer.status().is_success(), "the end of the chat: {}", answer.status());
    }

    /// Sends a frame.
    ///
    /// # Panics
    /// The connection is gone.
    pub async fn send(&mut self, frame: &ClientFrame) {
        let text = serde_json::to_string(frame).expect("frames are JSON");
        self.stream.send(Message::Text(text.into())).await.expect("the connection is open");
    }

    /// Waits for a frame that `pick` takes something from.
    ///
    /// # Panics
    /// It does not come.
    pub async fn wait_for<T>(&mut self, what: &str, pick: impl Fn(ServerFrame) -> Option<T>) -> T {
        let reading = async {
            while let Some(Ok(message)) = self.stream.next().await {
                if let Message::Text(text) = message
                    && let Some(picked) = pick(serde_json::from_str(&text).expect("the server sends frames"))
                {
                    return Some(picked);
                }
            }
            None
        };
        match tokio::time::timeout(ANSWER, reading).await {
            Ok(Some(picked)) => picked,
            Ok(None) => panic!("the connection went before {what} came"),
            Err(_) => panic!("waited {ANSWER:?} in vain: {what}"),
        }
    }
}
