//! Where WebSockets are blocked the same conversation runs over HTTP, with the same promises (G10).

use causette_server::config::Config;
use causette_shared::id::ConversationId;
use causette_shared::limits::FRAME_BYTES;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent;
use causette_shared::protocol::visitor::{ClientFrame, Hello, ServerFrame, decode, encode};
use reqwest::Client;

use crate::harness::agent::{SESSION, cookie_of, try_sign_in};
use crate::harness::app::config;
use crate::harness::builders::{PASSWORD, SHOP, entry_id, session, text};
use crate::harness::channel::{Bridge, DESK_CHANNEL, HttpLine, Refusal, VISITOR_CHANNEL, body, refusal};
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

async fn sign_in(server: &TestServer, email: &str) -> String {
    cookie_of(&try_sign_in(&server.address.to_string(), email, PASSWORD).await)
}

async fn open(server: &TestServer) -> HttpLine {
    HttpLine::open(&server.address.to_string(), VISITOR_CHANNEL, None).await
}

async fn open_desk(server: &TestServer, cookie: &str) -> HttpLine {
    HttpLine::open(&server.address.to_string(), DESK_CHANNEL, Some(cookie)).await
}

fn ping() -> Vec<u8> {
    encode(&ClientFrame::Ping).expect("it fits")
}

fn hello(secret: &str) -> Vec<u8> {
    let hello = Hello {
        site: "shop".to_owned(),
        session: Some(secret.to_owned()),
        host: SHOP.to_owned(),
        locale: "en".to_owned(),
        cursor: None,
        activity: causette_shared::presence::Activity::Active,
    };
    encode(&ClientFrame::Hello(hello)).expect("it fits")
}

fn send(message: &str) -> Vec<u8> {
    encode(&ClientFrame::Send { id: entry_id(), content: text(message) }).expect("it fits")
}

/// Reads frames until the wanted one.
async fn expect<T>(line: &mut HttpLine, what: &str, mut wanted: impl FnMut(ServerFrame) -> Option<T>) -> T {
    loop {
        let frames = within(what, line.receive()).await;
        let frames = frames.unwrap_or_else(|refusal| panic!("{refusal:?} came before {what}"));
        for frame in frames {
            if let Some(found) = wanted(decode(&frame).expect("it is a frame")) {
                return found;
            }
        }
    }
}

async fn expect_problem(line: &mut HttpLine) -> Problem {
    let problem = |frame| match frame {
        ServerFrame::Problem(problem) => Some(problem),
        _ => None,
    };
    expect(line, "a problem", problem).await
}

fn told(status: u16, kind: &str) -> Refusal {
    (status, kind.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visitor_and_agent_talk_both_over_http() {
    let (server, bridge) = start().await;
    let mut agent = AgentActor::open(&bridge.authority, sign_in(&server, ALICE).await).await;
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
async fn requests_that_are_repeated_on_the_way_count_once() {
    let (server, _bridge) = start().await;
    let mut line = open(&server).await;
    let frames = [hello(&session()), send("Hello")];
    line.send(&frames).await.expect("it is taken");
    line.send_as(1, &frames).await.expect("it was taken before, and is not again");
    let acknowledged = |frame| matches!(frame, ServerFrame::Acknowledged { .. }).then_some(());
    expect(&mut line, "the acknowledgement", acknowledged).await;
    assert_eq!(server.count("entry").await, 2, "the message and the automatic answer");

    // A ping behind them would be answered after all that they brought about.
    line.send(&[ping()]).await.expect("it is taken");
    let pong = |frame| matches!(frame, ServerFrame::Pong { .. }).then_some(());
    expect(&mut line, "the pong", pong).await;
    line.send(&[ping()]).await.expect("it is taken");
    let answer = line.receive().await.expect("there is one");
    let again = line.receive_as(line.received).await;
    assert_eq!(again, Ok(answer), "an answer that is lost on the way is given again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_out_of_turn_are_refused_and_change_nothing() {
    let (server, _bridge) = start().await;
    let mut line = open(&server).await;
    let out_of_turn = told(409, "wrong_state");
    for number in [0, 2, u32::MAX] {
        assert_eq!(line.send_as(number, &[ping()]).await, Err(out_of_turn.clone()), "{number}");
        assert_eq!(line.receive_as(number).await, Err(out_of_turn.clone()), "{number}");
    }
    // The newer of two that wait is answered: the other's client has mostly given up.
    let older = line.clone();
    let older = tokio::spawn(async move { older.receive_as(1).await });
    let newer = line.clone();
    let newer = async {
        eventually("the older request to wait", async || server.app.channels.waiting() == 1).await;
        newer.receive_as(1).await
    };
    let told_older = async { within("the refusal", older).await.expect("it does not panic") };
    let answering = async {
        assert_eq!(told_older.await, Err(out_of_turn.clone()));
        line.send(&[ping()]).await.expect("it is taken");
    };
    let (answer, ()) = tokio::join!(newer, answering);
    assert_eq!(answer.expect("it is the newest").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_does_not_hold_the_token_is_answered_as_if_there_were_no_channel() {
    let (server, _bridge) = start().await;
    server.add_agent("bob@desk.example", "Bob").await;
    let (alice, bob) = (sign_in(&server, ALICE).await, sign_in(&server, "bob@desk.example").await);
    let visitor = open(&server).await;
    let desk = open_desk(&server, &alice).await;
    assert_eq!(visitor.token.len(), 43, "256 random bits");
    assert_ne!(visitor.token, open(&server).await.token);

    let unknown = HttpLine { token: session(), ..visitor.clone() };
    let visitor_as_desk = HttpLine { token: visitor.token.clone(), ..desk.clone() };
    let desk_as_visitor = HttpLine { token: desk.token.clone(), ..visitor.clone() };
    let of_another_agent = HttpLine { cookie: Some(bob), ..desk.clone() };
    for line in [&unknown, &visitor_as_desk, &desk_as_visitor, &of_another_agent] {
        assert_eq!(line.send_as(1, &[ping()]).await, Err(told(404, "not_found")));
        assert_eq!(line.receive_as(1).await, Err(told(404, "not_found")));
    }
    let without = HttpLine { token: String::new(), ..visitor.clone() };
    assert_eq!(without.send_as(1, &[ping()]).await, Err(told(400, "malformed")));
    let signed_out = HttpLine { cookie: None, ..desk.clone() };
    assert_eq!(signed_out.receive_as(1).await, Err(told(401, "not_signed_in")));
    // The token is no address: a request that names it there is about nothing.
    let path = format!("{}?token={}", VISITOR_CHANNEL, visitor.token);
    let in_address = HttpLine::try_open(&server.address.to_string(), &path, None).await;
    assert_ne!(in_address.expect("it opens another").token, visitor.token);
    visitor.send_as(1, &[ping()]).await.expect("the channel was not harmed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_are_no_frames_are_told_and_nothing_of_them_is_taken() {
    let (server, _bridge) = start().await;
    let mut line = open(&server).await;
    let cut = {
        let mut cut = body(1, &[send("Hello"), ping()]);
        cut.pop();
        cut
    };
    for bad in [vec![], vec![0, 0, 1], cut, [body(1, &[]), vec![0xff; 4]].concat()] {
        let answer = line.post("/send", bad.clone()).await;
        assert_eq!(refusal(answer).await, told(400, "malformed"), "{bad:?}");
    }
    for bad in [vec![], vec![0, 0, 1], body(1, &[ping()])] {
        let answer = line.post("/receive", bad.clone()).await;
        assert_eq!(refusal(answer).await, told(400, "malformed"), "{bad:?}");
    }
    let answer = line.post("/send", vec![0; FRAME_BYTES + 1]).await;
    assert_eq!(refusal(answer).await, told(413, "too_large"));
    line.send(&[ping()]).await.expect("the number is still to come");
    let pong = |frame| matches!(frame, ServerFrame::Pong { .. }).then_some(());
    expect(&mut line, "the pong", pong).await;

    let cookie = sign_in(&server, ALICE).await;
    let desk = open_desk(&server, &cookie).await;
    assert_eq!(desk.send_as(1, &[vec![0xff]]).await, Err(told(400, "malformed")), "the desk speaks text");
    desk.send_as(1, &[b"\"ping\"".to_vec()]).await.expect("it is text");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_that_cannot_be_read_and_floods_end_the_connection_with_a_reason() {
    let (server, _bridge) = start().await;
    let flood: Vec<_> = (0..1_000).map(|_| ping()).collect();
    for (frames, kind) in [
        (vec![vec![1]], ProblemKind::Malformed),
        (vec![Vec::new()], ProblemKind::Malformed),
        (vec![vec![9, 7]], ProblemKind::Outdated),
        (vec![send("Hello")], ProblemKind::Malformed),
        (flood, ProblemKind::RateLimited),
    ] {
        let mut line = open(&server).await;
        line.send(&frames).await.expect("it is a body");
        assert_eq!(expect_problem(&mut line).await.kind, kind);
        assert_eq!(within("the end", line.receive()).await, Err(told(404, "not_found")), "{kind:?}");
        assert_eq!(line.send(&[ping()]).await, Err(told(404, "not_found")));
    }
    assert_eq!(arrive(&Bridge::to(&server.address.to_string()).await).await.say("Hello").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_tells_those_who_wait() {
    let (mut server, _bridge) = start().await;
    let mut line = open(&server).await;
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
    let (one, other) = (sign_in(&server, ALICE).await, sign_in(&server, ALICE).await);
    let mut ended = open_desk(&server, &one).await;
    let mut stays = open_desk(&server, &other).await;
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
async fn one_address_holds_only_so_many() {
    let server = TestServer::with(Config { channels_per_address: 2, ..config() }).await;
    let authority = server.address.to_string();
    let _held = [open(&server).await, open(&server).await];
    let third = HttpLine::try_open(&authority, VISITOR_CHANNEL, None).await;
    assert_eq!(third.err(), Some(told(429, "rate_limited")));
    server.add_shop().await;
    assert_eq!(VisitorActor::arrive(&server).await.say("Hello").await, 1, "sockets are not counted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_longer_than_the_queue_comes_whole() {
    let (server, bridge) = start().await;
    let shop = server.add_site(crate::harness::builders::site("long")).await;
    let secret = session();
    for _ in 0..40 {
        server.send_as(&shop, &secret, entry_id(), text(&"🙂".repeat(9_000))).await;
    }
    let mut visitor = VisitorActor::connect_to(&bridge.authority).await;
    visitor.site = "long".to_owned();
    visitor.secret = secret;
    visitor.hello().await;
    visitor.await_seq(41).await;
    let id: ConversationId = visitor.conversation();
    let log = server.log(id).await;
    assert_eq!(visitor.entries, log[log.len() - visitor.entries.len()..]);
    assert_eq!(visitor.entries.len(), 40, "the newest window, 1.4 MB of it");
}
