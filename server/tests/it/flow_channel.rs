//! Where WebSockets are blocked the same conversation runs over HTTP, with the same promises (G10).

use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent;
use causette_shared::protocol::visitor::{ClientFrame, ServerFrame, decode};
use reqwest::Client;

use crate::harness::agent::{SESSION, cookie_of, try_sign_in};
use crate::harness::builders::{PASSWORD, entry_id, session, site, text};
use crate::harness::channel::{Bridge, HttpLine, told};
use crate::harness::{AgentActor, TestServer, VisitorActor, eventually, within};

const ALICE: &str = "alice@desk.example";

/// A server with a shop and Alice, and a bridge to it.
async fn start() -> (TestServer, Bridge) {
    let server = TestServer::start().await;
    server.add_shop().await;
    server.add_agent(ALICE, "Alice").await;
    let bridge = Bridge::to(&server.address.to_string()).await;
    (server, bridge)
}

async fn arrive(bridge: &Bridge) -> VisitorActor {
    let mut visitor = VisitorActor::connect_to(&bridge.authority).await;
    visitor.hello().await;
    visitor
}

async fn cookie(server: &TestServer, email: &str) -> String {
    cookie_of(&try_sign_in(&server.address.to_string(), email, PASSWORD).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visitor_and_agent_talk_both_over_http() {
    let (server, bridge) = start().await;
    let mut agent = AgentActor::open(&bridge.authority, cookie(&server, ALICE).await).await;
    let mut visitor = arrive(&bridge).await;
    assert_eq!(visitor.say("Is it in stock?").await, 1);
    visitor.await_seq(2).await;
    let id = visitor.conversation();
    agent.await_summary("the question", |row| row.id == id && row.unread == 1).await;
    agent.watch(id, None).await;

    agent.put(&agent::ClientFrame::Typing { conversation: id, active: true }).await;
    let types = |frame| matches!(frame, ServerFrame::Typing { active: true, .. }).then_some(());
    visitor.expect("that Alice types", types).await;
    agent.put(&agent::ClientFrame::Seen { conversation: id, upto: 2 }).await;
    let last = agent.reply(id, "Three left").await;
    visitor.await_seq(last).await;
    let seen = |frame: ServerFrame| match frame {
        ServerFrame::Conversation(state) if state.agent_seen >= 2 => Some(()),
        _ => None,
    };
    if visitor.state.as_ref().is_some_and(|state| state.agent_seen < 2) {
        visitor.expect("that it was seen", seen).await;
    }
    visitor.put(&ClientFrame::Seen { conversation: id, upto: last }).await;
    agent.await_summary("that the visitor has seen it", |row| row.visitor_seen == last).await;
    assert_eq!(visitor.say("Then I take two").await, last + 1);
    agent.await_seq(id, last + 1).await;
    let log = server.log(id).await;
    assert_eq!(visitor.entries, log[..visitor.entries.len()]);
    visitor.await_seq(last + 1).await;
    assert_eq!(visitor.entries, log);
    assert_eq!(agent.entries[&id], log);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_of_one_visitor_agree_whatever_carries_them() {
    let (server, bridge) = start().await;
    let mut socket = VisitorActor::arrive(&server).await;
    socket.say("Hello").await;
    let mut http = VisitorActor::connect_to(&bridge.authority).await;
    http.secret.clone_from(&socket.secret);
    http.hello().await;
    let mut last = 0;
    for round in 0..15 {
        // Both at once, so that their order is the server's.
        let (one, two) = (format!("socket {round}"), format!("http {round}"));
        let (one, two) = tokio::join!(socket.say(&one), http.say(&two));
        assert_ne!(one, two);
        last = last.max(one).max(two);
    }
    socket.await_seq(last).await;
    http.await_seq(last).await;
    let log = server.log(socket.conversation()).await;
    assert_eq!(log.len(), 32, "what was said, and the automatic answer");
    assert_eq!(socket.entries, log);
    assert_eq!(http.entries, log);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_comes_back_gets_exactly_what_it_lacks() {
    let (server, bridge) = start().await;
    let mut agent = AgentActor::sign_in(&server, ALICE).await;
    let mut before = arrive(&bridge).await;
    before.say("Hello").await;
    before.await_seq(2).await;
    let id = before.conversation();
    let mut after = VisitorActor::connect_to(&bridge.authority).await;
    after.secret.clone_from(&before.secret);
    after.entries.clone_from(&before.entries);
    after.state.clone_from(&before.state);
    drop(before);
    for answer in ["One", "Two", "Three"] {
        agent.reply(id, answer).await;
    }
    let first = after.entries.len();
    after.hello().await;
    after.await_seq(7).await;
    assert_eq!(after.entries, server.log(id).await);
    assert_eq!(after.entries.len() - first, 5, "the answers, and what the first one brought about");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_tells_those_who_wait() {
    let (mut server, _bridge) = start().await;
    let mut line = HttpLine::of_visitor(&server).await;
    let waits = tokio::spawn(async move { line.receive().await });
    eventually("the request to wait", async || server.app.channels.waiting() == 1).await;
    server.begin_stop();
    let frames = within("the drain", waits).await.expect("it does not panic").expect("it is answered");
    let frames: Vec<_> = frames.iter().map(|frame| decode::<ServerFrame>(frame)).collect();
    assert_eq!(frames, [Ok(ServerFrame::Drain)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_ends_the_desks_channels_and_no_others() {
    let (server, _bridge) = start().await;
    let (one, other) = (cookie(&server, ALICE).await, cookie(&server, ALICE).await);
    let mut ended = HttpLine::of_desk(&server, &one).await;
    let mut stays = HttpLine::of_desk(&server, &other).await;
    assert_eq!(ended.receive().await.expect("the welcome").len(), 1);
    assert_eq!(stays.receive().await.expect("the welcome").len(), 1);
    let waits = {
        let mut line = ended.clone();
        tokio::spawn(async move { line.receive().await })
    };
    eventually("the request to wait", async || server.app.channels.waiting() == 1).await;
    let sign_out = Client::new().delete(server.url(SESSION)).header("origin", server.origin());
    let answer = sign_out.header("cookie", &one).send().await.expect("it answers");
    assert_eq!(answer.status(), 204);
    let frames = within("the problem", waits).await.expect("it does not panic").expect("it is answered");
    let frame = serde_json::from_slice::<agent::ServerFrame>(&frames[0]).expect("it is a frame");
    assert_eq!(frame, agent::ServerFrame::Problem(Problem::new(ProblemKind::NotSignedIn)));
    assert_eq!(ended.send(&[b"\"ping\"".to_vec()]).await, Err(told(401, "not_signed_in")));
    stays.send(&[b"\"ping\"".to_vec()]).await.expect("it stands");
    assert_eq!(stays.receive().await.expect("the pong").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_closed_is_noticed_before_it_has_been_silent_for_long() {
    let (server, bridge) = start().await;
    let mut visitor = arrive(&bridge).await;
    visitor.say("Hello").await;
    visitor.await_seq(2).await;
    let id = server.conversation(visitor.conversation()).await.visitor;
    eventually("the visitor to wait", async || server.app.channels.waiting() == 1).await;
    assert!(server.app.hub.connected(id).is_some());
    drop(visitor);
    // Well before the 45 s after which a silent one is given up.
    eventually("the visitor to be gone", async || server.app.hub.connected(id).is_none()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_longer_than_the_queue_comes_whole() {
    let (server, bridge) = start().await;
    let shop = server.add_site(site("long")).await;
    let secret = session();
    for _ in 0..40 {
        server.send_as(&shop, &secret, entry_id(), text(&"🙂".repeat(9_000))).await;
    }
    let mut visitor = VisitorActor::connect_to(&bridge.authority).await;
    visitor.site = "long".to_owned();
    visitor.secret = secret;
    visitor.hello().await;
    visitor.await_seq(41).await;
    let id = visitor.conversation();
    let log = server.log(id).await;
    assert_eq!(visitor.entries, log[log.len() - visitor.entries.len()..]);
    assert_eq!(visitor.entries.len(), 40, "the newest window, 1.4 MB of it");
}
