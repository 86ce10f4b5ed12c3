//! An agent on the engine. One here may have any number of conversations open, where a person has one.

mod opened;
mod task;

use std::collections::HashMap;

use causette_shared::entry::Content;
use causette_shared::id::{ConversationId, EntryId};
use causette_shared::protocol::agent::SignIn;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::{Event, Held, Place, Reading};
use crate::harness::environment;

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The server could not be asked.
    #[error("the server could not be asked")]
    Http(#[from] reqwest::Error),
    /// It refused.
    #[error("the server refused with {0}")]
    Refused(reqwest::StatusCode),
}

/// Signs an agent in over HTTP, and returns the session's cookie. It outlives the server's process.
///
/// # Errors
/// The server does not answer, or refuses.
pub async fn sign_in(place: &Place, email: &str, password: &str) -> Result<String, SignInError> {
    let sign_in = SignIn { email: email.to_owned(), password: password.to_owned() };
    let request = reqwest::Client::new().post(format!("http://{}/api/v1/desk/session", place.via));
    let answer = request.header("origin", &place.origin).json(&sign_in).send().await?;
    if !answer.status().is_success() {
        return Err(SignInError::Refused(answer.status()));
    }
    let cookie = answer.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok());
    Ok(cookie.unwrap_or_default().split(';').next().unwrap_or_default().to_owned())
}

/// An agent who comes back until stopped.
pub struct AgentClient {
    commands: mpsc::UnboundedSender<Command>,
    task: JoinHandle<HashMap<ConversationId, Held>>,
}

enum Command {
    Open(ConversationId),
    Close(ConversationId),
    Compose(ConversationId, Box<(EntryId, Content)>),
    Retry(ConversationId, EntryId),
    Wake,
    Tell(ConversationId, oneshot::Sender<Held>),
    Stop,
}

impl AgentClient {
    /// Starts an agent with the session that `sign_in` returned; they connect at once.
    pub fn start(
        place: &Place,
        cookie: &str,
        reading: Reading,
        tell: impl FnMut(Event<'_>) + Send + 'static,
    ) -> Self {
        let (commands, orders) = mpsc::unbounded_channel();
        let agent = task::Agent::new(place, cookie, reading, Box::new(tell));
        Self { commands, task: tokio::spawn(agent.run(orders)) }
    }

    /// Opens a conversation: its entries come, and every new one.
    pub fn open(&self, conversation: ConversationId) {
        self.order(Command::Open(conversation));
    }

    /// Closes it again.
    pub fn close(&self, conversation: ConversationId) {
        self.order(Command::Close(conversation));
    }

    /// Answers, now or as soon as there is a connection, and returns the message's id.
    pub fn say(&self, conversation: ConversationId, text: &str) -> EntryId {
        let id = environment::entry_id();
        self.compose(conversation, id, Content::Message { text: text.to_owned() });
        id
    }

    /// Sends something under an id that was minted before: what an earlier client of the same agent left unsent.
    pub fn compose(&self, conversation: ConversationId, id: EntryId, content: Content) {
        self.order(Command::Compose(conversation, Box::new((id, content))));
    }

    /// Sends something that failed again.
    pub fn retry(&self, conversation: ConversationId, id: EntryId) {
        self.order(Command::Retry(conversation, id));
    }

    /// Says that the network is back.
    pub fn wake(&self) {
        self.order(Command::Wake);
    }

    /// What the agent holds of a conversation now; nothing where it was never open, or the client has ended.
    pub async fn held(&self, conversation: ConversationId) -> Held {
        let (answer, held) = oneshot::channel();
        self.order(Command::Tell(conversation, answer));
        held.await.unwrap_or_default()
    }

    /// Ends the client, and returns what it held of each conversation that was open, the unsent included.
    ///
    /// # Panics
    /// Its task has panicked, as a closure that it tells things may.
    pub async fn stop(self) -> HashMap<ConversationId, Held> {
        self.order(Command::Stop);
        self.task.await.expect("the client's task ends by itself")
    }

    fn order(&self, command: Command) {
        // A task that has ended takes no orders; `stop` tells why it has.
        let _ = self.commands.send(command);
    }
}
