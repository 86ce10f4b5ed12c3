//! The wire fails in every way that wires fail. What was typed is shown at once, kept, and sent once (G7, G2).

use causette_e2e::harness::{AgentSocket, Browser, Proxy, Server, Wire};
use causette_e2e::pages::{Panel, Role, Shop};
use causette_shared::entry::{Body, Entry};
use causette_shared::limits::MESSAGE_CHARS;
use causette_shared::protocol::agent::{ClientFrame, ServerFrame};

/// A server behind a wire. The agent sits at the server's own side of it.
pub(crate) async fn start() -> (Server, Proxy) {
    let address = Server::free_address();
    let proxy = Proxy::start(address).await;
    let server = Server::start_behind(address, &format!("http://{}", proxy.address)).await;
    (server, proxy)
}

/// The ids under which the panel keeps what has not arrived, read from where it keeps it.
pub(crate) async fn unsent(panel: Panel<'_>) -> Vec<String> {
    let script = "return Object.keys(localStorage).concat(Object.keys(sessionStorage)).join(' ')";
    let keys = panel.view.evaluate(script).await.expect("the panel is there");
    let id = |key: &str| key.split_once(".unsent.").map(|(_, id)| id.to_owned());
    keys.as_str().unwrap_or_default().split(' ').filter_map(id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_waits_for_the_connection_and_is_sent_once() {
    let (server, proxy) = start().await;
    let visitor = Browser::open("visitor").await;
    let panel = Shop::visit(&visitor, &server.shop("")).await.open_chat().await;
    panel.say("The line is good").await;
    panel.wait_for_message("Automatic reply").await;
    panel.wait_until_sent().await;

    proxy.set(Wire::Cut);
    panel.view.wait_for_text("Connection lost. Reconnecting…").await;
    panel.say("The line is dead").await;
    panel.view.wait_for_log("that it is on its way", |log| log.contains("Sending…")).await;
    let kept = unsent(panel).await;
    assert_eq!(kept.len(), 1, "what waits is kept");

    proxy.set(Wire::Passes);
    panel.wait_until_sent().await;
    panel.view.wait_until_text_gone("Connection lost. Reconnecting…").await;
    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let log = read_log(&mut agent, "The line is dead").await;
    assert_eq!(
        ids_of(&log, "The line is dead"),
        kept,
        "it arrived once, under the id that it was written with"
    );
    assert_eq!(unsent(panel).await, Vec::<String>::new(), "what has arrived is kept no longer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_acknowledgement_is_lost_is_there_once() {
    let (server, proxy) = start().await;
    let visitor = Browser::open("visitor").await;
    let panel = Shop::visit(&visitor, &server.shop("")).await.open_chat().await;
    panel.say("Hello").await;
    panel.wait_for_message("Automatic reply").await;
    panel.wait_until_sent().await;
    let mut agent = AgentSocket::sign_in_at(&server.direct(), &server.origin).await;
    let row = agent.follow_conversation_with("Hello").await;

    proxy.set(Wire::SwallowsAnswers);
    panel.say("Do you hear me?").await;
    agent.wait_for_message("Do you hear me?").await;
    panel.view.wait_for_log("that it is on its way", |log| log.contains("Sending…")).await;
    proxy.set(Wire::Cut);
    proxy.set(Wire::Passes);
    panel.wait_until_sent().await;
    agent.reply(row.id, "Loud and clear").await;
    panel.wait_for_message("Loud and clear").await;
    let shown = panel.view.log().await.expect("the log is there");
    assert_eq!(shown.matches("Do you hear me?").count(), 1, "{shown}");
    let mut later = AgentSocket::sign_in_at(&server.direct(), &server.origin).await;
    let log = read_log(&mut later, "Loud and clear").await;
    assert_eq!(ids_of(&log, "Do you hear me?").len(), 1, "it is in the log once");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_away_while_the_visitor_reloads() {
    let (mut server, _proxy) = start().await;
    let visitor = Browser::open("visitor").await;
    let shop = Shop::visit(&visitor, &server.shop("")).await;
    let panel = shop.open_chat().await;
    panel.say("First").await;
    panel.wait_for_message("Automatic reply").await;
    panel.wait_until_sent().await;
    server.kill().await;
    panel.say("Written while you were away").await;
    panel.view.wait_for_log("that it is on its way", |log| log.contains("Sending…")).await;
    server.restart().await;
    // The page is loaded again before the panel has found the server: what waits comes from the browser's storage.
    visitor.reload().await;
    shop.wait_until_open().await;
    panel.wait_for_message("Written while you were away").await;
    panel.wait_until_sent().await;
    let mut agent = AgentSocket::sign_in(&server.origin).await;
    let log = read_log(&mut agent, "Written while you were away").await;
    assert_eq!(ids_of(&log, "Written while you were away").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_too_long_is_explained_and_kept() {
    let server = Server::start().await;
    let visitor = Browser::open("visitor").await;
    let panel = Shop::visit(&visitor, &server.shop("")).await.open_chat().await;
    let text = format!("{}end", "long ".repeat((MESSAGE_CHARS - 3) / 5 + 1));
    let excess = text.len() - MESSAGE_CHARS;
    panel.view.paste_into("Message", &text).await;
    panel.view.wait_for_text(&format!("Too long to send. Characters over the limit: {excess}")).await;
    panel.view.type_into("Message", "\u{e007}").await;
    panel.view.press("Send").await;
    assert_eq!(panel.view.value_of("Message").await, text, "nothing is cut off or cleared");
    assert!(!panel.view.text().await.unwrap_or_default().contains("Conversation #"), "nothing was sent");

    panel.view.type_into("Message", &"\u{e003}".repeat(excess)).await;
    panel.view.wait_until_text_gone("Too long to send.").await;
    panel.view.press("Send").await;
    panel.wait_for_message("Automatic reply").await;
    panel.wait_until_sent().await;
    assert_eq!(panel.view.value_of("Message").await, "");
    assert!(panel.view.has(Role::Log, "Conversation").await);
}

/// Reads the newest window of the conversation whose last message contains `text`.
pub(crate) async fn read_log(agent: &mut AgentSocket, text: &str) -> Vec<Entry> {
    let row = agent.follow_conversation_with(text).await;
    agent.send(&ClientFrame::Watch { conversation: row.id, after: Some(0) }).await;
    let mut log: Vec<Entry> = Vec::new();
    while log.last().is_none_or(|entry| entry.seq < row.last_seq) {
        let pick = |frame| match frame {
            ServerFrame::Entries { entries, .. } => Some(entries),
            _ => None,
        };
        for entry in agent.wait_for("the log", pick).await {
            if log.last().is_none_or(|last| last.seq < entry.seq) {
                log.push(entry);
            }
        }
    }
    log
}

/// The ids of the messages that say exactly this.
pub(crate) fn ids_of(log: &[Entry], text: &str) -> Vec<String> {
    let says = |entry: &&Entry| matches!(&entry.body, Body::Message { text: said } if said == text);
    log.iter().filter(says).map(|entry| entry.id.to_string()).collect()
}
