//! A network that knows WebSockets and does not like them: the conversation runs over HTTP there, and moves back when it
//! can. And connections that are half dead are noticed (G10).

use std::time::Duration;

use causette_e2e::harness::{
    ALICE, AgentSocket, Browser, Gate, Server, Sockets, wait_for_at_most, wait_until,
};
use causette_e2e::pages::{Desk, Panel, Shop, View};

/// What G10 promises.
const NOTICED_WITHIN: Duration = Duration::from_secs(45);

/// A server behind a gate.
async fn start(sockets: Sockets) -> (Server, Gate) {
    let address = Server::free_address();
    let gate = Gate::start(address, sockets).await;
    let server = Server::start_behind(address, &format!("http://{}", gate.address)).await;
    (server, gate)
}

/// The browser's word that the network has changed.
async fn say_that_the_network_has_changed(view: View<'_>) {
    let said = view.evaluate("window.dispatchEvent(new Event('online'))").await;
    said.unwrap_or_else(|error| panic!("the page cannot be told: {error}"));
}

/// How often visitors and agents have asked for their channels over HTTP since this was asked last.
fn requests_to_channels(gate: &Gate) -> [usize; 2] {
    let asked = gate.take_asked();
    ["/visitor/channel", "/desk/channel"]
        .map(|channel| asked.iter().filter(|path| path.contains(channel)).count())
}

#[tokio::test(flavor = "multi_thread")]
async fn visitor_and_agent_talk_where_websockets_are_refused() {
    let (server, gate) = start(Sockets::Refused).await;
    let (visitor, agent) = tokio::join!(Browser::open("visitor"), Browser::open("agent"));
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    let panel = Shop::visit(&visitor, &server.shop("")).await.open_chat().await;

    panel.say("Does the Aube lamp come in blue?").await;
    panel.wait_for_message("Automatic reply").await;
    panel.wait_until_sent().await;
    let number = panel.number().await;
    desk.wait_for_row(number, "the question, unread", |row| row.contains("unread")).await;
    desk.open(number).await;
    desk.wait_for_message("Does the Aube lamp come in blue?").await;
    panel.wait_until_seen_after("Does the Aube lamp come in blue?").await;

    desk.view.type_into("Reply", "It does").await;
    panel.view.wait_for_text("Alice Martin is typing…").await;
    desk.view.type_into("Reply", ", since spring\u{e007}").await;
    panel.wait_for_message("It does, since spring").await;
    panel.view.wait_until_text_gone("is typing…").await;
    desk.view.wait_for_log("that the visitor has seen it", |log| log.contains("Seen")).await;

    panel.view.type_into("Message", "Then").await;
    desk.view.wait_for_log("that the visitor types", |log| log.contains("is typing…")).await;
    panel.view.type_into("Message", " I take two\u{e007}").await;
    desk.wait_for_message("Then I take two").await;
    panel.wait_until_seen().await;

    visitor.reload().await;
    Shop::shown(&visitor).wait_until_open().await;
    panel.wait_for_message("Then I take two").await;
    assert_eq!(gate.passed(), 0, "no WebSocket was there to help");
    let requests = requests_to_channels(&gate);
    assert!(requests[0] > 0 && requests[1] > 0, "{requests:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_conversation_moves_back_by_itself_and_loses_nothing() {
    let (server, gate) = start(Sockets::Refused).await;
    let (visitor, agent) = tokio::join!(Browser::open("visitor"), Browser::open("agent"));
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    let panel = Shop::visit(&visitor, &server.shop("")).await.open_chat().await;
    panel.say("move-01").await;
    panel.wait_until_sent().await;
    desk.open(panel.number().await).await;
    desk.wait_for_message("move-01").await;
    assert_eq!(gate.passed(), 0);

    gate.set(Sockets::Pass);
    let mut said = vec!["move-01".to_owned()];
    // Two WebSockets each: the probe, and the connection that follows it. Both sides write all the while.
    while gate.passed() < 4 {
        assert!(said.len() < 99, "still over HTTP after {} messages", said.len());
        for view in [panel.view, desk.view] {
            say_that_the_network_has_changed(view).await;
        }
        let (question, answer) = (said.len() + 1, said.len() + 2);
        panel.say(&format!("move-{question:02}")).await;
        desk.wait_for_message(&format!("move-{question:02}")).await;
        desk.reply(&format!("move-{answer:02}")).await;
        panel.wait_for_message(&format!("move-{answer:02}")).await;
        said.extend([question, answer].map(|number| format!("move-{number:02}")));
    }
    panel.wait_until_sent().await;
    panel.wait_for_numbered("move-", &said).await;
    desk.wait_for_numbered("move-", &said).await;
    visitor.reload().await;
    Shop::shown(&visitor).wait_until_open().await;
    panel.wait_for_numbered("move-", &said).await;

    // Drained: what is requested from here on is counted.
    gate.take_asked();
    desk.reply("Better now?").await;
    panel.wait_for_message("Better now?").await;
    panel.say("Much").await;
    desk.wait_for_message("Much").await;
    assert_eq!(requests_to_channels(&gate), [0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn websockets_that_open_and_are_swallowed_are_given_up() {
    let (server, gate) = start(Sockets::Swallowed).await;
    let browser = Browser::open("visitor").await;
    let panel = Shop::visit(&browser, &server.shop("")).await.open_chat().await;
    panel.say("Is anybody there?").await;
    panel.view.wait_for_log("that it is on its way", |log| log.contains("Sending…")).await;
    panel.wait_until_sent().await;
    let mut agent = AgentSocket::sign_in_at(&server.direct(), &server.origin).await;
    let row = agent.follow_conversation_with("Is anybody there?").await;
    agent.reply(row.id, "Here I am").await;
    panel.wait_for_message("Here I am").await;
    assert_eq!(gate.passed(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn half_dead_connections_are_replaced_within_45_seconds() {
    let (server, gate) = start(Sockets::Pass).await;
    let (visitor, agent) = tokio::join!(Browser::open("visitor"), Browser::open("agent"));
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    let panel: Panel<'_> = Shop::visit(&visitor, &server.shop("")).await.open_chat().await;
    panel.say("Hello").await;
    panel.wait_until_sent().await;
    desk.open(panel.number().await).await;
    desk.wait_for_message("Hello").await;
    let passed = gate.passed();

    gate.deafen();
    // Neither side hears the other, nor that what it wrote has arrived.
    panel.say("Can you hear me?").await;
    desk.reply("Are you still there?").await;
    let heard = wait_for_at_most(NOTICED_WITHIN, "each to hear the other", async || {
        let (panel, desk) = (panel.view.log().await?, desk.view.log().await?);
        let is_heard = panel.contains("Are you still there?") && desk.contains("Can you hear me?");
        Ok(is_heard.then_some((panel, desk)))
    });
    let (shown, at_desk) = heard.await;
    for log in [&shown, &at_desk] {
        assert_eq!(log.matches("Can you hear me?").count(), 1, "{log}");
        assert_eq!(log.matches("Are you still there?").count(), 1, "{log}");
    }
    panel.wait_until_sent().await;
    assert!(gate.passed() >= passed + 2, "over connections that were made for it");
    assert_eq!(requests_to_channels(&gate), [0, 0], "a half-dead WebSocket is no sign of a block");
    wait_until("the banner to go", async || {
        Ok(!panel.view.text().await?.contains("Connection lost. Reconnecting…"))
    })
    .await;
}
