//! The requests of a connection over HTTP: what is repeated counts once, and what should not come is told (G12).

use causette_server::config::Config;
use causette_shared::limits::FRAME_BYTES;
use causette_shared::presence::Activity;
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::visitor::{ClientFrame, Hello, PROTOCOL, ServerFrame, encode};

use crate::harness::agent::{cookie_of, try_sign_in};
use crate::harness::app::config;
use crate::harness::builders::{PASSWORD, SHOP, entry_id, session, text};
use crate::harness::channel::{HttpLine, VISITOR_CHANNEL, body, ping, refusal, told};
use crate::harness::{TestServer, VisitorActor, eventually, within};

const ALICE: &str = "alice@desk.example";

/// A server with a shop and Alice.
async fn start() -> TestServer {
    let server = TestServer::start().await;
    server.add_shop().await;
    server.add_agent(ALICE, "Alice").await;
    server
}

async fn cookie(server: &TestServer, email: &str) -> String {
    cookie_of(&try_sign_in(&server.address.to_string(), email, PASSWORD).await)
}

fn hello(secret: &str) -> Vec<u8> {
    let hello = Hello {
        site: "shop".to_owned(),
        session: Some(secret.to_owned()),
        host: SHOP.to_owned(),
        locale: "en".to_owned(),
        cursor: None,
        activity: Activity::Active,
    };
    encode(&ClientFrame::Hello(hello)).expect("it fits")
}

fn send(message: &str) -> Vec<u8> {
    encode(&ClientFrame::Send { id: entry_id(), content: text(message) }).expect("it fits")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_are_repeated_on_the_way_count_once() {
    let server = start().await;
    let mut line = HttpLine::of_visitor(&server).await;
    let frames = [hello(&session()), send("Hello")];
    line.send(&frames).await.expect("it is taken");
    line.send_as(1, &frames).await.expect("it was taken before, and is not again");
    let acknowledged = |frame| matches!(frame, ServerFrame::Acknowledged { .. }).then_some(());
    line.expect("the acknowledgement", acknowledged).await;
    assert_eq!(server.count("entry").await, 2, "the message and the automatic answer");

    // A ping behind them would be answered after all that they brought about.
    line.send(&[ping()]).await.expect("it is taken");
    let pong = |frame| matches!(frame, ServerFrame::Pong { .. }).then_some(());
    line.expect("the pong", pong).await;
    line.send(&[ping()]).await.expect("it is taken");
    let answer = line.receive().await.expect("there is one");
    let again = line.receive_as(line.received).await;
    assert_eq!(again, Ok(answer), "an answer that is lost on the way is given again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_out_of_turn_are_refused_and_change_nothing() {
    let server = start().await;
    let mut line = HttpLine::of_visitor(&server).await;
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
    let server = start().await;
    server.add_agent("bob@desk.example", "Bob").await;
    let (alice, bob) = (cookie(&server, ALICE).await, cookie(&server, "bob@desk.example").await);
    let visitor = HttpLine::of_visitor(&server).await;
    let desk = HttpLine::of_desk(&server, &alice).await;
    assert_eq!(visitor.token.len(), 43, "256 random bits");
    assert_ne!(visitor.token, HttpLine::of_visitor(&server).await.token);

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
    let server = start().await;
    let mut line = HttpLine::of_visitor(&server).await;
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
    line.expect("the pong", pong).await;

    let cookie = cookie(&server, ALICE).await;
    let desk = HttpLine::of_desk(&server, &cookie).await;
    assert_eq!(desk.send_as(1, &[vec![0xff]]).await, Err(told(400, "malformed")), "the desk speaks text");
    desk.send_as(1, &[b"\"ping\"".to_vec()]).await.expect("it is text");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_that_cannot_be_read_and_floods_end_the_connection_with_a_reason() {
    let server = start().await;
    let flood: Vec<_> = (0..1_000).map(|_| ping()).collect();
    for (frames, kind) in [
        (vec![vec![PROTOCOL]], ProblemKind::Malformed),
        (vec![Vec::new()], ProblemKind::Malformed),
        (vec![vec![9, 7]], ProblemKind::Outdated),
        (vec![send("Hello")], ProblemKind::Malformed),
        (flood, ProblemKind::RateLimited),
    ] {
        let mut line = HttpLine::of_visitor(&server).await;
        line.send(&frames).await.expect("it is a body");
        assert_eq!(line.expect_problem().await.kind, kind);
        assert_eq!(within("the end", line.receive()).await, Err(told(404, "not_found")), "{kind:?}");
        assert_eq!(line.send(&[ping()]).await, Err(told(404, "not_found")));
    }
    assert_eq!(VisitorActor::arrive(&server).await.say("Hello").await, 1, "the server goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_holds_only_so_many() {
    let server = TestServer::with(Config { channels_per_address: 2, ..config() }).await;
    let authority = server.address.to_string();
    let _held = [HttpLine::of_visitor(&server).await, HttpLine::of_visitor(&server).await];
    let third = HttpLine::try_open(&authority, VISITOR_CHANNEL, None).await;
    assert_eq!(third.err(), Some(told(429, "rate_limited")));
    server.add_shop().await;
    assert_eq!(VisitorActor::arrive(&server).await.say("Hello").await, 1, "sockets are not counted");
}
