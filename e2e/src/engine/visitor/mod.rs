//! A visitor on the engine.

mod task;

use causette_shared::entry::Content;
use causette_shared::id::{EntryId, SessionSecret};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::{Event, Held, Place, Reading};
use crate::harness::environment;

/// Who a visitor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The site's key.
    pub site: String,
    /// The session. Without one it is minted at the first message, as in a panel that is opened for the first time.
    pub session: Option<SessionSecret>,
    /// The origin of the page that embeds the panel.
    pub host: String,
}

/// A visitor who comes back until stopped.
pub struct VisitorClient {
    commands: mpsc::UnboundedSender<Command>,
    task: JoinHandle<Held>,
}

enum Command {
    Compose(Box<(EntryId, Content)>),
    Retry(EntryId),
    Earlier,
    Wake,
    Tell(oneshot::Sender<Held>),
    Stop,
}

impl VisitorClient {
    /// Starts a visitor who connects at once.
    pub fn start(
        place: &Place,
        who: Identity,
        reading: Reading,
        tell: impl FnMut(Event<'_>) + Send + 'static,
    ) -> Self {
        let (commands, orders) = mpsc::unbounded_channel();
        let visitor = task::Visitor::new(place, who, reading, Box::new(tell));
        Self { commands, task: tokio::spawn(visitor.run(orders)) }
    }

    /// Sends a message, now or as soon as there is a connection, and returns its id.
    pub fn say(&self, text: &str) -> EntryId {
        let id = environment::entry_id();
        self.compose(id, Content::Message { text: text.to_owned() });
        id
    }

    /// Sends something under an id that was minted before: what an earlier client of the same visitor left unsent.
    pub fn compose(&self, id: EntryId, content: Content) {
        self.order(Command::Compose(Box::new((id, content))));
    }

    /// Sends something that failed again.
    pub fn retry(&self, id: EntryId) {
        self.order(Command::Retry(id));
    }

    /// Asks for the window of entries before those held.
    pub fn ask_earlier(&self) {
        self.order(Command::Earlier);
    }

    /// Says that the network is back.
    pub fn wake(&self) {
        self.order(Command::Wake);
    }

    /// What the visitor holds now; nothing where the client has ended.
    pub async fn held(&self) -> Held {
        let (answer, held) = oneshot::channel();
        self.order(Command::Tell(answer));
        held.await.unwrap_or_default()
    }

    /// Ends the client, and returns what it held, the unsent included.
    ///
    /// # Panics
    /// Its task has panicked, as a closure that it tells things may.
    pub async fn stop(self) -> Held {
        self.order(Command::Stop);
        self.task.await.expect("the client's task ends by itself")
    }

    fn order(&self, command: Command) {
        // A task that has ended takes no orders; `stop` tells why it has.
        let _ = self.commands.send(command);
    }
}
