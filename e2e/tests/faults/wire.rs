//! One fault of the wire at a time, and what becomes of what was written meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use causette_e2e::engine::{AgentClient, Event, Held, Identity, Place, Reading, VisitorClient, sign_in};
use causette_e2e::harness::{
    ALICE, Delay, PASSWORD, Proxy, Server, VisitorSocket, Wire, environment, wait_for_at_most,
};
use causette_shared::entry::{Body, Content, Entry};
use causette_shared::id::{EntryId, SessionSecret};
use causette_shared::protocol::visitor::{ClientFrame, ServerFrame};

/// How long the engine may take over what its longest waits allow, all in a row.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A server, and a wire to it.
pub struct Bench {
    pub server: Server,
    pub proxy: Proxy,
    pub place: Place,
}

impl Bench {
    pub async fn start() -> Self {
        let server = Server::start().await;
        let proxy = Proxy::start(server.address()).await;
        let direct = Place::direct(&server.origin).expect("it listens on an address");
        let place = direct.past(proxy.address);
        Self { server, proxy, place }
    }

    /// A visitor with a session, at the end of the wire.
    pub fn visitor(
        &self,
        session: &SessionSecret,
        tell: impl FnMut(Event<'_>) + Send + 'static,
    ) -> VisitorClient {
        let (site, host) = ("demo".to_owned(), self.place.origin.clone());
        let who = Identity { site, session: Some(session.clone()), host };
        VisitorClient::start(&self.place, who, Reading::Attentive, tell)
    }

    /// The whole log of a visitor, read past the wire by somebody else.
    pub async fn log(&self, session: &SessionSecret) -> Vec<Entry> {
        let who = Identity {
            site: "demo".to_owned(),
            session: Some(session.clone()),
            host: self.server.origin.clone(),
        };
        let direct = Place::direct(&self.server.origin).expect("it listens on an address");
        let reader = VisitorClient::start(&direct, who, Reading::Away, |_| {});
        settled("the log", &reader, |held| held.entries.first().is_some_and(|entry| entry.seq == 1))
            .await
            .entries
    }
}

/// Waits, always awake, until nothing is on its way and more.
pub async fn settled(what: &str, client: &VisitorClient, more: impl Fn(&Held) -> bool) -> Held {
    wait_for_at_most(PATIENCE, what, async || {
        client.wake();
        let held = client.held().await;
        Ok((held.is_settled() && !held.entries.is_empty() && more(&held)).then_some(held))
    })
    .await
}

/// The ids under which a text is stored.
pub fn ids_of(log: &[Entry], wanted: &str) -> Vec<EntryId> {
    let says = |entry: &&Entry| matches!(&entry.body, Body::Message { text } if text == wanted);
    log.iter().filter(says).map(|entry| entry.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_acknowledgement_alone_is_lost_counts_as_sent_by_its_entry() {
    let bench = Bench::start().await;
    let session = environment::session_secret();
    let told = Arc::new(AtomicUsize::new(0));
    let count = |told: &Arc<AtomicUsize>| {
        let told = told.clone();
        move |event: Event<'_>| {
            if let Event::Acknowledged { .. } = event {
                told.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    bench.proxy.set(Wire::SwallowsAcknowledgements);
    let visitor = bench.visitor(&session, count(&told));
    let question = visitor.say("Is anybody there?");
    let held = settled("the question in the log", &visitor, |_| true).await;
    assert_eq!(ids_of(&held.entries, "Is anybody there?"), [question]);
    let conversation = held.conversation.expect("it has begun");

    let direct = Place::direct(&bench.server.origin).expect("it listens on an address");
    let cookie = sign_in(&direct, ALICE, PASSWORD).await.expect("she may come in");
    let agent = AgentClient::start(&bench.place, &cookie, Reading::Attentive, count(&told));
    agent.open(conversation);
    let answer = agent.say(conversation, "Here I am");
    settled("the answer", &visitor, |held| ids_of(&held.entries, "Here I am") == [answer]).await;
    wait_for_at_most(PATIENCE, "the answer at the desk", async || {
        let held = agent.held(conversation).await;
        Ok((held.is_settled() && ids_of(&held.entries, "Here I am") == [answer]).then_some(()))
    })
    .await;
    assert_eq!(told.load(Ordering::Relaxed), 0, "no acknowledgement came through");
    assert_eq!(bench.proxy.damage().acknowledgements, 2, "both were lost");

    bench.proxy.set(Wire::Passes);
    visitor.say("Good");
    settled("the last word", &visitor, |held| ids_of(&held.entries, "Good").len() == 1).await;
    assert_eq!(told.load(Ordering::Relaxed), 1, "now they come through");
    let log = bench.log(&session).await;
    for text in ["Is anybody there?", "Here I am", "Good"] {
        assert_eq!(ids_of(&log, text).len(), 1, "{text} is stored once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_after_a_lost_acknowledgement_is_told_the_first_place() {
    let bench = Bench::start().await;
    let session = environment::session_secret();
    let origin = format!("http://{}", bench.proxy.address);
    bench.proxy.set(Wire::SwallowsAcknowledgements);
    let id = environment::entry_id();
    let send = ClientFrame::Send { id, content: Content::Message { text: "Once".to_owned() } };
    let mut socket = VisitorSocket::connect_at(&origin, &bench.server.origin, Some(&session), None).await;
    for lost in 1..=3 {
        assert!(socket.send(&send).await, "the connection stays");
        bench.proxy.wait_for_damage(|damage| damage.acknowledgements == lost).await;
    }
    bench.proxy.set(Wire::Passes);
    assert!(socket.send(&send).await, "the connection stays");
    let seq = loop {
        match socket.receive().await.expect("the connection stays") {
            ServerFrame::Acknowledged { id: told, seq, .. } => {
                assert_eq!(told, id);
                break seq;
            }
            ServerFrame::Refused { problem, .. } => panic!("a repeat was refused: {problem:?}"),
            _ => {}
        }
    };
    let log = bench.log(&session).await;
    assert_eq!(ids_of(&log, "Once"), [id], "it is stored once");
    assert_eq!(log.iter().find(|entry| entry.id == id).map(|entry| entry.seq), Some(seq));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_answers_are_lost_goes_out_again_and_is_stored_once() {
    let bench = Bench::start().await;
    let session = environment::session_secret();
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let visitor = bench.visitor(&session, move |event| {
        if let Event::Sent { .. } = event {
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    let hello = visitor.say("Hello");
    settled("the hello", &visitor, |_| true).await;
    assert_eq!(sent.load(Ordering::Relaxed), 1);
    bench.proxy.set(Wire::SwallowsAnswers);
    let question = visitor.say("Do you hear me?");
    // The answers are on the dead way: the message is committed.
    bench.proxy.wait_for_damage(|damage| damage.held > 0).await;
    assert_eq!(visitor.held().await.outgoing.len(), 1, "nothing is taken for sent");
    bench.proxy.set(Wire::Cut);
    bench.proxy.set(Wire::Passes);
    settled("the question", &visitor, |held| ids_of(&held.entries, "Do you hear me?") == [question]).await;
    // A machine that is slow to answer is asked once more than needed.
    assert!(sent.load(Ordering::Relaxed) >= 3, "it went out again");
    let log = bench.log(&session).await;
    assert_eq!(ids_of(&log, "Hello"), [hello]);
    assert_eq!(ids_of(&log, "Do you hear me?"), [question]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_off_inside_frames_loses_and_doubles_nothing() {
    let bench = Bench::start().await;
    let session = environment::session_secret();
    let visitor = bench.visitor(&session, |_| {});
    bench.proxy.set(Wire::CutsInsideFrames { once_in: 3 });
    let mut written = Vec::new();
    wait_for_at_most(PATIENCE, "twenty frames that broke off", async || {
        visitor.wake();
        if visitor.held().await.outgoing.len() < 4 {
            written.push(visitor.say(&format!("message {}", written.len())));
        }
        Ok((bench.proxy.damage().cut_frames >= 20).then_some(()))
    })
    .await;
    bench.proxy.set(Wire::Passes);
    settled("all that was written", &visitor, |_| true).await;
    let log = bench.log(&session).await;
    let stored: Vec<EntryId> = log.iter().map(|entry| entry.id).filter(|id| written.contains(id)).collect();
    assert_eq!(stored, written, "each once, in the order of writing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_and_uneven_wire_keeps_the_order() {
    let bench = Bench::start().await;
    let session = environment::session_secret();
    let delay = Delay { at_least: Duration::from_millis(60), jitter: Duration::from_millis(60) };
    bench.proxy.set(Wire::Delays { to_server: delay, to_client: delay });
    let visitor = bench.visitor(&session, |_| {});
    let began = environment::stopwatch();
    let written: Vec<EntryId> = (0..8).map(|number| visitor.say(&format!("message {number}"))).collect();
    let all = |held: &Held| written.iter().all(|id| held.entries.iter().any(|entry| entry.id == *id));
    settled("all that was written", &visitor, all).await;
    // One message at a time, there and back.
    assert!(began.elapsed() >= delay.at_least * 16, "the wire was not slow");
    let log = bench.log(&session).await;
    let stored: Vec<EntryId> = log.iter().map(|entry| entry.id).filter(|id| written.contains(id)).collect();
    assert_eq!(stored, written, "each once, in the order of writing");
}
