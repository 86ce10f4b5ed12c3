//! The server dies in the middle of everything: what was acknowledged is there, once, in order (G1–G4, G7).

use causette_e2e::harness::{ALICE, AgentSocket, Browser, Burst, Server, VisitorSocket, environment};
use causette_e2e::pages::{Desk, Role, Shop};
use causette_shared::entry::{Author, Body};
use causette_shared::id::SessionSecret;
use causette_shared::protocol::visitor::Cursor;
use futures_util::future::join_all;

/// As much as a test writes, without being told to slow down.
const UNLIMITED: &[(&str, &str)] = &[("MESSAGE_BURST", "100000"), ("MESSAGES_PER_SECOND", "100000")];
/// Visitors who write at the same time, and messages of each: below what makes a connection count as flooding.
const WRITERS: usize = 4;
const EACH: usize = 120;
/// How many messages of each must be acknowledged before the server is killed.
const BEFORE_THE_KILL: usize = 25;
/// Messages of the typed burst.
const TYPED: usize = 30;

/// One of several visitors who write at the same time.
struct Writer {
    secret: SessionSecret,
    burst: Burst,
    socket: VisitorSocket,
}

impl Writer {
    async fn begin(server: &Server) -> Self {
        let secret = environment::session_secret();
        let socket = VisitorSocket::connect(&server.origin, Some(&secret), None).await;
        Self { secret, burst: Burst::of(EACH), socket }
    }

    /// Asserts that the log of the conversation, read from its start, is what was written and acknowledged. Returns
    /// the conversation's number.
    async fn assert_log(&self, server: &Server) -> u32 {
        let newest = VisitorSocket::connect(&server.origin, Some(&self.secret), None).await;
        let conversation = newest.conversation.expect("the visitor has a conversation");
        let start = Cursor { conversation: conversation.id, seq: 0 };
        let mut reader = VisitorSocket::connect(&server.origin, Some(&self.secret), Some(start)).await;
        let log = reader.read_log(conversation.last_seq).await;
        let places: Vec<u32> = log.iter().map(|entry| entry.seq).collect();
        assert_eq!(places, (1..=conversation.last_seq).collect::<Vec<_>>(), "the log has no hole");
        let mut written = Vec::new();
        for entry in log.iter().filter(|entry| entry.author == Author::Visitor) {
            let Body::Message { text } = &entry.body else { continue };
            written.push((entry.id, text.clone()));
            let acknowledged = self.burst.acknowledged.get(&entry.id);
            assert_eq!(acknowledged, Some(&entry.seq), "{text} stands where it was acknowledged");
        }
        assert_eq!(
            written,
            self.burst.messages().cloned().collect::<Vec<_>>(),
            "each once, in the order of writing"
        );
        conversation.number
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heavy_burst_survives_the_kill_of_the_server() {
    let mut server = Server::start_with(UNLIMITED).await;
    let mut writers = join_all((0..WRITERS).map(|_| Writer::begin(&server))).await;
    let enough = |acknowledged| acknowledged >= BEFORE_THE_KILL;
    join_all(writers.iter_mut().map(|writer| writer.burst.send(&mut writer.socket, enough))).await;
    server.kill().await;
    // What it had acknowledged until then is still on the wire, and counts.
    join_all(
        writers.iter_mut().map(|writer| writer.burst.read_acknowledgements(&mut writer.socket, |_| false)),
    )
    .await;
    let before: Vec<_> = writers.iter().map(|writer| writer.burst.acknowledged.clone()).collect();
    assert!(before.iter().all(|acknowledged| acknowledged.len() >= BEFORE_THE_KILL));
    assert!(
        before.iter().any(|acknowledged| acknowledged.len() < EACH),
        "the kill came too late to show anything"
    );

    server.restart().await;
    for writer in &mut writers {
        writer.socket = VisitorSocket::connect(&server.origin, Some(&writer.secret), None).await;
    }
    let all = |acknowledged| acknowledged == EACH;
    join_all(writers.iter_mut().map(|writer| writer.burst.send(&mut writer.socket, all))).await;
    let mut number = 0;
    for (writer, before) in writers.iter().zip(&before) {
        assert!(writer.burst.is_done(), "everything is acknowledged in the end");
        for (id, seq) in before {
            assert_eq!(writer.burst.acknowledged.get(id), Some(seq), "an acknowledged message has moved");
        }
        number = writer.assert_log(&server).await;
    }

    // A fresh desk shows the same.
    let agent = Browser::open("agent").await;
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    desk.open(number).await;
    desk.load_everything().await;
    let texts: Vec<String> = writers[WRITERS - 1].burst.messages().map(|(_, text)| text.clone()).collect();
    desk.wait_for_numbered("burst-", &texts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_typed_into_the_panel_survives_the_kill_of_the_server() {
    let mut server = Server::start_with(UNLIMITED).await;
    let (visitor, agent) = tokio::join!(Browser::open("visitor"), Browser::open("agent"));
    let shop = Shop::visit(&visitor, &server.shop("")).await;
    let panel = shop.open_chat().await;
    panel.say("Ready?").await;
    panel.wait_for_message("Automatic reply").await;
    let number = panel.number().await;
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    desk.open(number).await;

    let mut watcher = AgentSocket::sign_in(&server.origin).await;
    watcher.follow_conversation_with("Ready?").await;
    let texts: Vec<String> = (1..=TYPED).map(|number| format!("typed-{number:02}")).collect();
    let kill = async {
        watcher.wait_for_message(&texts[3]).await;
        server.kill().await;
    };
    // Each by itself: keys that are given together may come without a pause that no keyboard is without.
    let field = panel.view.wait_for(Role::Field, "Message").await;
    field.click().await.expect("the field can be entered");
    let typing = async {
        for text in &texts {
            field.send_keys(&format!("{text}\u{e007}")).await.expect("the field takes keys");
        }
    };
    tokio::join!(typing, kill);
    panel.wait_for_numbered("typed-", &texts).await;
    panel.view.wait_for_log("that something waits", |log| log.contains("Sending…")).await;

    server.restart().await;
    panel.wait_until_sent().await;
    panel.wait_for_numbered("typed-", &texts).await;
    desk.wait_for_numbered("typed-", &texts).await;

    // What the server holds is what both show.
    visitor.reload().await;
    panel.wait_for_message("Ready?").await;
    panel.wait_for_numbered("typed-", &texts).await;
    agent.reload().await;
    desk.wait_for_numbered("typed-", &texts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_to_stop_comes_back_unnoticed() {
    let mut server = Server::start().await;
    let visitor = Browser::open("visitor").await;
    let shop = Shop::visit(&visitor, &server.shop("")).await;
    let panel = shop.open_chat().await;
    panel.say("Before the stop").await;
    panel.wait_for_message("Automatic reply").await;
    panel.wait_until_sent().await;
    server.stop().await;
    panel.say("In between").await;
    panel.view.wait_for_log("that it is on its way", |log| log.contains("Sending…")).await;
    server.restart().await;
    panel.wait_until_sent().await;
    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let row = agent.follow_conversation_with("In between").await;
    agent.reply(row.id, "After the restart").await;
    panel.wait_for_message("After the restart").await;
}
