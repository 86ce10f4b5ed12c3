//! Both sides talk: the driver does what the panel and the desk do.

use std::collections::HashMap;

use causette_e2e::engine::{AgentClient, Event, Place, Reading, VisitorClient, sign_in};
use causette_e2e::harness::{ALICE, PASSWORD, Server, wait_for};
use causette_shared::id::{EntryId, Seq};
use tokio::sync::mpsc;

use crate::patience::{has_all, hold, place, visitor_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_and_an_agent_talk_and_both_hold_the_same() {
    let server = Server::start().await;
    let place = place(&server);
    let (told, mut seen_by_agent) = mpsc::unbounded_channel();
    let visitor = VisitorClient::start(&place, visitor_of(&place, None), Reading::Attentive, move |event| {
        if let Event::Seen { upto, .. } = event {
            let _ = told.send(upto);
        }
    });
    wait_for("an open panel", async || Ok(visitor.held().await.online.then_some(()))).await;
    // The first message begins the session, of which the server has to be told on the open connection.
    let question = visitor.say("Is anybody there?");
    let conversation =
        hold("the question in the log", &visitor, &[question]).await.conversation.expect("it has begun");

    let cookie = sign_in(&place, ALICE, PASSWORD).await.expect("she may come in");
    let (told, mut seen_by_visitor) = mpsc::unbounded_channel();
    let agent = AgentClient::start(&place, &cookie, Reading::Attentive, move |event| {
        if let Event::Seen { conversation, upto } = event {
            let _ = told.send((conversation, upto));
        }
    });
    agent.open(conversation);
    let answer = agent.say(conversation, "I am.");
    let held = hold("the answer at the visitor", &visitor, &[question, answer]).await;
    let desk = wait_for("the same log at the desk", async || {
        let desk = agent.held(conversation).await;
        Ok((desk.is_settled() && has_all(&desk, &[question, answer])).then_some(desk))
    })
    .await;
    assert_eq!(held.entries, desk.entries);

    let seq_of = |id: EntryId| held.entries.iter().find(|entry| entry.id == id).map_or(0, |entry| entry.seq);
    wait_to_hear("the agent has seen the question", &mut seen_by_agent, |upto: Seq| upto >= seq_of(question))
        .await;
    wait_to_hear("the visitor has seen the answer", &mut seen_by_visitor, |(of, upto)| {
        of == conversation && upto >= seq_of(answer)
    })
    .await;
    let left: HashMap<_, _> = agent.stop().await;
    assert!(left[&conversation].outgoing.is_empty());
    assert!(visitor.stop().await.outgoing.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_before_the_server_is_there_arrives() {
    let address = Server::free_address();
    let origin = format!("http://{address}");
    let place = Place::direct(&origin).expect("it is an address");
    let (told, mut lost) = mpsc::unbounded_channel();
    let visitor = VisitorClient::start(&place, visitor_of(&place, None), Reading::Away, move |event| {
        if let Event::Lost { attempts } = event {
            let _ = told.send(attempts);
        }
    });
    let ids = [visitor.say("one"), visitor.say("two"), visitor.say("three")];
    wait_to_hear("two attempts in vain", &mut lost, |attempts| attempts >= 2).await;
    let _server = Server::start_behind(address, &origin).await;
    let held = hold("what was written", &visitor, &ids).await;
    let order = held.entries.iter().map(|entry| entry.id).filter(|id| ids.contains(id));
    assert_eq!(order.collect::<Vec<_>>(), ids, "in the order of writing, each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_left_unsent_is_sent_by_the_next() {
    let mut server = Server::start().await;
    let place = place(&server);
    let secret = causette_e2e::harness::environment::session_secret();
    let start = || VisitorClient::start(&place, visitor_of(&place, Some(&secret)), Reading::Away, |_| {});
    let visitor = start();
    let first = visitor.say("written with a server");
    hold("the first message in the log", &visitor, &[first]).await;
    server.kill().await;
    let second = visitor.say("written without one");
    let left = visitor.stop().await.outgoing;
    assert_eq!(left.iter().map(|outgoing| outgoing.id).collect::<Vec<_>>(), [second]);
    server.restart().await;
    let next = start();
    for outgoing in left {
        next.compose(outgoing.id, outgoing.content);
    }
    let held = hold("both in the log", &next, &[first, second]).await;
    let copies = held.entries.iter().filter(|entry| entry.id == second).count();
    assert_eq!(copies, 1);
}

async fn wait_to_hear<T>(what: &str, heard: &mut mpsc::UnboundedReceiver<T>, is_it: impl Fn(T) -> bool) {
    let listening = async {
        while let Some(told) = heard.recv().await {
            if is_it(told) {
                return;
            }
        }
        panic!("the client ended before: {what}");
    };
    let patience = causette_e2e::harness::PATIENCE;
    assert!(tokio::time::timeout(patience, listening).await.is_ok(), "waited {patience:?} in vain: {what}");
}
