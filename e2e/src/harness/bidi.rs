//! A connection of WebDriver BiDi (W3C Working Draft): commands and their answers, and events that come by themselves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

use super::wait::{PATIENCE, Problem};

/// A connection to a browser. Dropping it closes it.
pub struct Bidi {
    sending: mpsc::UnboundedSender<String>,
    shared: Shared,
    carrying: JoinHandle<()>,
}

type Shared = Arc<Mutex<State>>;

#[derive(Default)]
struct State {
    last: u64,
    waiting: HashMap<u64, oneshot::Sender<Value>>,
    events: Vec<Value>,
}

impl Bidi {
    /// Connects to the address that the driver has given for the session.
    ///
    /// # Panics
    /// Nobody answers there.
    pub async fn connect(address: &str) -> Self {
        let (stream, _) = tokio_tungstenite::connect_async(address).await.expect("the driver takes sockets");
        let (mut write, mut read) = stream.split();
        let (sending, mut outgoing) = mpsc::unbounded_channel::<String>();
        let shared = Shared::default();
        let incoming = Arc::clone(&shared);
        let carrying = tokio::spawn(async move {
            loop {
                tokio::select! {
                    Some(text) = outgoing.recv() => {
                        if write.send(Message::text(text)).await.is_err() { break }
                    }
                    Some(Ok(message)) = read.next() => {
                        if let Ok(text) = message.to_text() { take(&incoming, text) }
                    }
                    else => break,
                }
            }
            // Whoever still waits is told that no answer comes.
            lock(&incoming).waiting.clear();
        });
        Self { sending, shared, carrying }
    }

    /// Has the browser do something.
    ///
    /// # Errors
    /// It refuses, or does not answer.
    pub async fn call(&self, method: &str, parameters: Value) -> Result<Value, Problem> {
        let (sender, answer) = oneshot::channel();
        let id = {
            let mut state = lock(&self.shared);
            state.last += 1;
            let id = state.last;
            state.waiting.insert(id, sender);
            id
        };
        self.sending.send(json!({ "id": id, "method": method, "params": parameters }).to_string())?;
        let mut answer = tokio::time::timeout(PATIENCE, answer).await??;
        match answer["type"].as_str() {
            Some("success") => Ok(answer["result"].take()),
            _ => Err(format!("{method}: {} {}", answer["error"], answer["message"]).into()),
        }
    }

    /// What the events of this name have said since this was asked last.
    pub fn take_events(&self, name: &str) -> Vec<Value> {
        let mut state = lock(&self.shared);
        let (wanted, others) = state.events.drain(..).partition(|event| event["method"] == name);
        state.events = others;
        let wanted: Vec<Value> = wanted;
        wanted.into_iter().map(|mut event| event["params"].take()).collect()
    }
}

impl Drop for Bidi {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take(shared: &Shared, text: &str) {
    let Ok(message) = serde_json::from_str::<Value>(text) else { return };
    let mut state = lock(shared);
    match message["id"].as_u64() {
        Some(id) => {
            if let Some(sender) = state.waiting.remove(&id) {
                // Nobody waits any more where patience has ended.
                let _ = sender.send(message);
            }
        }
        None => state.events.push(message),
    }
}
