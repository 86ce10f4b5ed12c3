//! Many at once: every reader gets the same log without a hole, in commit order (G3), however slow they are.

use std::sync::Arc;

use causette_server::live::hub::{Notice, QUEUE};
use causette_server::service::reply::Reply;
use causette_shared::id::Seq;
use causette_shared::protocol::{agent, visitor};
use tokio::net::TcpSocket;

use crate::harness::actors::text_of;
use crate::harness::builders::{entry_id, text};
use crate::harness::database::on_both_databases;
use crate::harness::{AgentActor, Database, TestServer, VisitorActor, within};

on_both_databases!(
    two_tabs_and_an_agent_who_write_at_once_read_the_same,
    what_is_written_while_someone_says_hello_is_seen_once,
    the_last_message_reaches_who_says_hello_while_it_is_written,
    a_reader_that_lags_is_cut_and_goes_on_from_where_it_was,
);

async fn two_tabs_and_an_agent_who_write_at_once_read_the_same(database: Database) {
    const EACH: usize = 25;
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut one = VisitorActor::arrive(&server).await;
    one.say("Hello").await;
    one.sync().await;
    let id = one.conversation();
    let two = one.again(&server).await;
    let mut silent = one.again(&server).await;
    let mut desk = AgentActor::arrive(&server).await;
    desk.watch(id, None).await;
    // Hello and its answer, the assignment and the opening, and what the three write.
    let last = (4 + 3 * EACH) as Seq;
    let write = |name: &'static str, mut tab: VisitorActor| {
        tokio::spawn(async move {
            for number in 0..EACH {
                tab.post(&format!("{name} {number}")).await;
            }
            tab.await_seq(last).await;
            tab
        })
    };
    let (first, second) = (write("one", one), write("two", two));
    for number in 0..EACH {
        let content = text(&format!("agent {number}"));
        desk.put(&agent::ClientFrame::Send { conversation: id, id: entry_id(), content, after: None }).await;
    }
    desk.await_seq(id, last).await;
    let (one, other) = (within("the first tab", first).await, within("the second tab", second).await);
    let log = server.log(id).await;
    assert_eq!(log.len(), last as usize);
    assert_eq!(one.expect("it does not panic").entries, log);
    assert_eq!(other.expect("it does not panic").entries, log);
    assert_eq!(desk.entries[&id], log);
    silent.await_seq(last).await;
    assert_eq!(silent.entries, log);
    for name in ["one", "two", "agent"] {
        let own =
            log.iter().filter(|entry| matches!(entry.body, causette_shared::entry::Body::Message { .. }));
        let own: Vec<_> = own.map(text_of).filter(|text| text.starts_with(name)).collect();
        let wanted: Vec<_> = (0..EACH).map(|number| format!("{name} {number}")).collect();
        assert_eq!(own, wanted, "a sender's own order is kept");
    }
}

async fn what_is_written_while_someone_says_hello_is_seen_once(database: Database) {
    const MESSAGES: Seq = 150;
    let server = TestServer::on(database).await;
    let shop = server.add_shop().await;
    let owner = VisitorActor::connect(&server).await;
    let sent = server.send_as(&shop, &owner.secret, entry_id(), text("Hello")).await;
    let alice = server.add_agent("alice@desk.example", "Alice").await;
    let last = 2 + 2 + MESSAGES;
    let (app, conversation) = (Arc::clone(&server.app), sent.conversation);
    let writer = tokio::spawn(async move {
        for number in 0..MESSAGES {
            let (agent, content) = (alice.clone(), text(&number.to_string()));
            let reply = Reply { agent, conversation, id: entry_id(), content, after: None };
            app.perform(reply).await.expect("it is accepted");
        }
    });
    let mut readers = Vec::new();
    while !writer.is_finished() {
        let mut reader = VisitorActor::connect(&server).await;
        reader.secret.clone_from(&owner.secret);
        reader.hello().await;
        readers.push(reader);
    }
    writer.await.expect("it does not panic");
    let log = server.log(conversation).await;
    assert_eq!(log.len(), last as usize);
    assert!(readers.len() > 3, "too few said hello meanwhile");
    for mut reader in readers {
        reader.await_seq(last).await;
        let from = reader.entries[0].seq as usize - 1;
        assert_eq!(reader.entries, log[from..]);
    }
}

/// Where more is written later, a lost hint is made good by the next one; here nothing comes after.
async fn the_last_message_reaches_who_says_hello_while_it_is_written(database: Database) {
    const ROUNDS: usize = 40;
    let server = TestServer::on(database).await;
    let shop = server.add_shop().await;
    let owner = VisitorActor::connect(&server).await;
    for round in 0..ROUNDS {
        let mut readers = Vec::new();
        for place in 0..6 {
            let mut reader = VisitorActor::connect(&server).await;
            reader.secret.clone_from(&owner.secret);
            readers.push(tokio::spawn(async move {
                // Each says hello at another moment of the write: after some answers to something else.
                for _ in 0..place * 2 {
                    reader.sync().await;
                }
                reader.hello().await;
                reader
            }));
        }
        let sent = server.send_as(&shop, &owner.secret, entry_id(), text("Hello")).await;
        for reader in readers {
            let mut reader = reader.await.expect("it does not panic");
            if round > 0 {
                reader.await_seq(sent.seq).await;
            }
        }
    }
}

async fn a_reader_that_lags_is_cut_and_goes_on_from_where_it_was(database: Database) {
    // More than the network between the two takes.
    const MESSAGES: usize = 150;
    let server = TestServer::on(database).await;
    let shop = server.add_shop().await;
    let socket = TcpSocket::new_v4().expect("there are sockets");
    socket.set_recv_buffer_size(4096).expect("it can be set");
    let stream = socket.connect(server.address).await.expect("the server listens");
    let mut slow = VisitorActor::over(stream, &server.address.to_string()).await;
    slow.hello().await;
    slow.say("Hello").await;
    slow.sync().await;
    let id = slow.conversation();
    let mut quick = AgentActor::arrive(&server).await;
    quick.watch(id, None).await;
    let long = "🙂".repeat(10_000);
    let mut visitor = None;
    for _ in 0..MESSAGES {
        let sent = server.send_as(&shop, &slow.secret, entry_id(), text(&long)).await;
        visitor = Some(sent.visitor);
        quick.await_seq(id, sent.seq).await;
    }
    // And more than the queue of hints holds, while the other reads on.
    let (teller, _notices) = server.app.hub.connect();
    for number in 0..QUEUE + 100 {
        let (agent, from) = (Some("Alice".to_owned()), teller.id());
        let notice = Notice::Typing { conversation: id, agent, from, active: true };
        server.app.hub.publish_to_both(visitor.expect("something was sent"), notice);
        if number % 200 == 0 {
            quick.sync().await;
        }
    }
    quick.sync().await;
    drop(teller);
    let missed = server.send_as(&shop, &slow.secret, entry_id(), text("Did you get all this?")).await;
    quick.await_seq(id, missed.seq).await;
    slow.expect_end().await;
    let had = slow.last_seq();
    let last = missed.seq;
    assert!(had < last, "it was not cut");
    let log = server.log(id).await;
    assert_eq!(slow.entries, log[..had as usize]);
    let mut back = VisitorActor::connect(&server).await;
    back.secret.clone_from(&slow.secret);
    back.state.clone_from(&slow.state);
    back.entries.clone_from(&slow.entries);
    back.hello().await;
    back.await_seq(last).await;
    assert!(back.entries == log, "it has the whole log");
    assert_eq!(quick.last_seq(id), last, "the others were not held up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_stopped_and_others_are_served() {
    let server = TestServer::start().await;
    server.add_shop().await;
    let mut other = VisitorActor::arrive(&server).await;
    let mut flood = VisitorActor::arrive(&server).await;
    // Each waits for the answer to the one before: a close while more is under way may swallow the problem on its way.
    let problem = loop {
        flood.put(&visitor::ClientFrame::Ping).await;
        match flood.next().await.expect("it is told before it is closed") {
            visitor::ServerFrame::Problem(problem) => break problem,
            frame => assert_eq!(frame, visitor::ServerFrame::Pong { last: None }),
        }
    };
    assert_eq!(problem.kind, causette_shared::problem::ProblemKind::RateLimited);
    flood.expect_end().await;
    assert_eq!(other.say("Hello").await, 1);
}
