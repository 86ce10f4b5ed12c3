//! What clients should not send: each gets a clear problem, changes nothing, and harms nobody else (G12).

use causette_server::config::Config;
use causette_server::site::SiteOrigin;
use causette_shared::entry::Content;
use causette_shared::limits::FRAME_BYTES;
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::visitor::{ClientFrame, Hello, PROTOCOL, ServerFrame, encode};
use futures_util::SinkExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::actors::{Outcome, SOCKET};
use crate::harness::app::config;
use crate::harness::builders::{entry_id, site, text};
use crate::harness::{AgentActor, TestServer, VisitorActor, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_is_no_message_is_refused_by_field() {
    let server = TestServer::start().await;
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    for bad in ["", " \n\t ", "\u{0}\u{7}", &"é".repeat(10_001)] {
        let Outcome::Refused(problem) = visitor.send(entry_id(), text(bad)).await else {
            panic!("{} characters were accepted", bad.chars().count());
        };
        assert_eq!((problem.kind, problem.field.as_deref()), (ProblemKind::Invalid, Some("text")));
    }
    assert_eq!(server.count("visitor").await, 0, "nothing was made for it");
    assert_eq!(visitor.say(&"🙂".repeat(10_000)).await, 1, "the longest text of the widest characters fits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_frame_is_told_and_ends_the_connection() {
    let server = TestServer::start().await;
    server.add_shop().await;
    let mut hello = encode(&ClientFrame::Ping).expect("it fits");
    let mut longer = hello.clone();
    longer.push(0);
    hello[0] = 9;
    for (message, kind) in [
        (Message::Binary(Vec::new().into()), ProblemKind::Malformed),
        (Message::Binary(vec![PROTOCOL].into()), ProblemKind::Malformed),
        (Message::Binary(vec![PROTOCOL, 250].into()), ProblemKind::Malformed),
        (Message::Binary(vec![PROTOCOL, 1, 16, 0xff].into()), ProblemKind::Malformed),
        (Message::Binary(longer.into()), ProblemKind::Malformed),
        (Message::Binary(hello.into()), ProblemKind::Outdated),
        (Message::Text("{\"hello\":{}}".into()), ProblemKind::Malformed),
    ] {
        let mut visitor = VisitorActor::connect(&server).await;
        visitor.socket.send(message.clone()).await.expect("the connection stands");
        assert_eq!(visitor.expect_problem().await.kind, kind, "{message:?}");
        visitor.expect_end().await;
    }
    assert_eq!(VisitorActor::arrive(&server).await.say("Hello").await, 1, "the server goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_over_the_limit_ends_the_connection() {
    let server = TestServer::start().await;
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    // The server may close while it is still being sent.
    let _ = visitor.socket.send(Message::Binary(vec![PROTOCOL; FRAME_BYTES + 1].into())).await;
    visitor.expect_end().await;
    assert_eq!(VisitorActor::arrive(&server).await.say("Hello").await, 1, "the server goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_done_before_the_hello_and_nothing_sent_without_a_session() {
    let server = TestServer::start().await;
    server.add_shop().await;
    let mut visitor = VisitorActor::connect(&server).await;
    assert_eq!(visitor.sync().await, None, "a ping needs no hello");
    visitor.post("Hello").await;
    assert_eq!(visitor.expect_problem().await.kind, ProblemKind::Malformed);
    visitor.expect_end().await;
    let mut visitor = VisitorActor::connect(&server).await;
    let greeting = Hello { session: None, ..visitor.greeting() };
    visitor.greet(greeting).await;
    let outcome = visitor.send(entry_id(), text("Hello")).await;
    assert!(matches!(outcome, Outcome::Refused(problem) if problem.kind == ProblemKind::NotSignedIn));
    // The panel mints one then, and says hello again on the same connection.
    visitor.hello().await;
    assert_eq!(visitor.say("Hello").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hello_from_elsewhere_is_turned_away() {
    let server = TestServer::start().await;
    let mut shop = site("shop");
    shop.origins.push(SiteOrigin::Exact("https://m.shop.example".to_owned()));
    server.add_site(shop).await;
    let greeting = VisitorActor::connect(&server).await.greeting();
    let to = |site: &str| Hello { site: site.to_owned(), ..greeting.clone() };
    let from = |host: &str| Hello { host: host.to_owned(), ..greeting.clone() };
    let with = |secret: &str| Hello { session: Some(secret.to_owned()), ..greeting.clone() };
    for (hello, kind) in [
        (to("unknown"), ProblemKind::UnknownSite),
        (to(""), ProblemKind::UnknownSite),
        (to("shop'; --"), ProblemKind::UnknownSite),
        (to(&"x".repeat(10_000)), ProblemKind::UnknownSite),
        (from("https://evil.example"), ProblemKind::WrongOrigin),
        (from("https://shop.example.evil.example"), ProblemKind::WrongOrigin),
        (from("http://shop.example"), ProblemKind::WrongOrigin),
        (from("https://shop.example:8443"), ProblemKind::WrongOrigin),
        (from("null"), ProblemKind::WrongOrigin),
        (from(""), ProblemKind::WrongOrigin),
        (with("short"), ProblemKind::Malformed),
        (with(&"é".repeat(43)), ProblemKind::Malformed),
        (with(""), ProblemKind::Malformed),
    ] {
        let mut visitor = VisitorActor::connect(&server).await;
        visitor.put(&ClientFrame::Hello(hello.clone())).await;
        let problem = visitor.expect_problem().await;
        assert_eq!(problem.kind, kind, "{hello:?}");
        visitor.expect_end().await;
    }
    let own = server.origin();
    for host in ["https://shop.example", "https://m.shop.example", own.as_str()] {
        VisitorActor::connect(&server).await.greet(from(host)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_dies_in_the_middle_of_a_frame_harms_nobody() {
    let server = TestServer::start().await;
    server.add_shop().await;
    for half in [1, 2, 6, 8, 40] {
        let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
        let request = format!(
            "GET {SOCKET} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            server.address
        );
        stream.write_all(request.as_bytes()).await.expect("it is taken");
        let mut answer = [0; 12];
        within("the answer", stream.read_exact(&mut answer)).await.expect("it answers");
        assert_eq!(&answer, b"HTTP/1.1 101");
        // A masked binary frame of 100 bytes, of which `half` are sent.
        let mut frame = vec![0x82, 0x80 | 100, 1, 2, 3, 4];
        frame.extend([7; 100]);
        stream.write_all(&frame[..half]).await.expect("it is taken");
        drop(stream);
    }
    assert_eq!(VisitorActor::arrive(&server).await.say("Hello").await, 1, "the server goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_messages_and_too_many_beginnings_are_told_to_wait() {
    let few = Config { message_burst: 3, messages_per_second: 1, conversations_per_minute: 2, ..config() };
    let server = TestServer::with(few).await;
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    for _ in 0..3 {
        visitor.say("Hello").await;
    }
    let Outcome::Refused(problem) = visitor.send(entry_id(), text("Hello")).await else {
        panic!("a fourth was accepted");
    };
    assert_eq!(problem.kind, ProblemKind::RateLimited);
    assert!(problem.retry_after_ms.is_some_and(|wait| (100..=1_000).contains(&wait)), "{problem:?}");
    VisitorActor::arrive(&server).await.say("Hello").await;
    let outcome = VisitorActor::arrive(&server).await.send(entry_id(), text("Hello")).await;
    assert!(matches!(outcome, Outcome::Refused(problem) if problem.kind == ProblemKind::RateLimited));
    assert_eq!(server.count("conversation").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_desk_should_not_send_is_told_too() {
    let server = TestServer::start().await;
    server.add_agent("alice@desk.example", "Alice").await;
    for bad in [
        Message::Binary(vec![PROTOCOL].into()),
        Message::Text("".into()),
        Message::Text("{".into()),
        Message::Text("\"pang\"".into()),
        Message::Text("{\"watch\":{\"conversation\":\"x\",\"after\":null}}".into()),
        Message::Text(
            "{\"unwatch\":{\"conversation\":\"00000000-0000-0000-0000-000000000000\",\"more\":1}}".into(),
        ),
    ] {
        let mut agent = AgentActor::sign_in(&server, "alice@desk.example").await;
        agent.socket.send(bad.clone()).await.expect("the connection stands");
        assert_eq!(agent.expect_problem().await.kind, ProblemKind::Malformed, "{bad:?}");
        agent.expect_end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_that_looks_like_code_comes_back_as_it_was_written() {
    let server = TestServer::start().await;
    server.add_shop().await;
    let mut agent = AgentActor::arrive(&server).await;
    let mut visitor = VisitorActor::arrive(&server).await;
    let code = "<img src=x onerror=alert(1)> {{7*7}} '); DROP TABLE entry; -- \u{202e}abc";
    visitor.say(code).await;
    visitor.await_seq(2).await;
    assert_eq!(visitor.texts()[0], code);
    let form =
        causette_shared::form::Introduction { name: Some("<b>Ana</b>".to_owned()), ..Default::default() };
    visitor.send(entry_id(), Content::Introduction(form)).await;
    let row = agent.await_summary("the name", |row| row.contact.name.is_some()).await;
    assert_eq!((row.preview.as_str(), row.contact.name.as_deref()), (code, Some("<b>Ana</b>")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_connects_while_the_server_stops_is_told_to_come_back() {
    let mut server = TestServer::start().await;
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    server.begin_stop();
    let drain = |frame| if frame == ServerFrame::Drain { Some(()) } else { None };
    visitor.expect("the drain", drain).await;
    visitor.expect_end().await;
    let (subscription, _notices) = server.app.hub.connect();
    let mut late = server.app.hub.draining();
    within("the news", late.changed()).await.expect("the hub is there");
    drop(subscription);
}
