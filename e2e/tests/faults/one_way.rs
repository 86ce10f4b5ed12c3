//! A connection that is dead one way and stays open: pings both ways notice it (G10).

use std::time::Duration;

use causette_e2e::engine::{AgentClient, Event, Place, Reading, sign_in};
use causette_e2e::harness::{ALICE, PASSWORD, Wire, environment};
use tokio::sync::mpsc;

use crate::wire::{Bench, ids_of, settled};

/// The 45 s of G10, and what a busy machine adds.
const NOTICED_WITHIN: Duration = Duration::from_secs(75);

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_do_not_come_are_noticed_by_the_client() {
    dies(Wire::SwallowsAnswers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_do_not_arrive_are_noticed_although_the_server_goes_on_talking() {
    dies(Wire::SwallowsRequests).await;
}

/// One way dies while an agent goes on writing, the visitor writes, and the connection has to be given up by somebody.
async fn dies(wire: Wire) {
    let bench = Bench::start().await;
    let session = environment::session_secret();
    let (tell, mut lost) = mpsc::unbounded_channel();
    let visitor = bench.visitor(&session, move |event| {
        if let Event::Lost { .. } = event {
            let _ = tell.send(());
        }
    });
    visitor.say("Hello");
    let conversation = settled("the hello", &visitor, |_| true).await.conversation.expect("it has begun");
    let direct = Place::direct(&bench.server.origin).expect("it listens on an address");
    let cookie = sign_in(&direct, ALICE, PASSWORD).await.expect("she may come in");
    let agent = AgentClient::start(&direct, &cookie, Reading::Attentive, |_| {});
    agent.open(conversation);

    bench.proxy.set(wire);
    let question = visitor.say("Do you hear me?");
    let mut answers = Vec::new();
    let noticing = async {
        loop {
            answers.push(agent.say(conversation, &format!("answer {}", answers.len())));
            // Often enough that no silence makes the client ask.
            if tokio::time::timeout(Duration::from_secs(3), lost.recv()).await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(NOTICED_WITHIN, noticing).await.expect("somebody notices");
    assert!(bench.proxy.damage().held > 0, "the way was dead");

    bench.proxy.set(Wire::Passes);
    let last = *answers.last().expect("there was one");
    let is_there =
        |id| move |held: &causette_e2e::engine::Held| held.entries.iter().any(|entry| entry.id == id);
    settled("the question", &visitor, is_there(question)).await;
    settled("the last answer", &visitor, is_there(last)).await;
    let log = bench.log(&session).await;
    assert_eq!(ids_of(&log, "Do you hear me?"), [question], "it is stored once");
    for (number, id) in answers.into_iter().enumerate() {
        assert_eq!(ids_of(&log, &format!("answer {number}")), [id]);
    }
}
