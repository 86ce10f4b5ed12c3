//! Where the visitor is, as the desk sees it, and whether anybody is at the desk, as the visitor sees it.

use causette_server::config::Config;
use causette_shared::conversation::Status;
use causette_shared::presence::{Activity, Presence, UnreachableReason};
use causette_shared::protocol::visitor::{ClientFrame, ServerFrame};

use crate::harness::app::config;
use crate::harness::{AgentActor, TestServer, VisitorActor};

const GONE: Presence = Presence::Unreachable(UnreachableReason::NoAddress);

async fn await_presence(agent: &mut AgentActor, visitor: &VisitorActor, presence: Presence) {
    let id = visitor.conversation();
    agent.await_summary("the presence", |row| row.id == id && row.presence == presence).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_is_active_idle_and_gone() {
    let server = TestServer::start().await;
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    visitor.sync().await;
    let mut agent = AgentActor::arrive(&server).await;
    await_presence(&mut agent, &visitor, Presence::Active).await;
    visitor.put(&ClientFrame::Activity(Activity::Idle)).await;
    await_presence(&mut agent, &visitor, Presence::Idle).await;
    // Active in one tab is active.
    let tab = visitor.again(&server).await;
    await_presence(&mut agent, &visitor, Presence::Active).await;
    drop(tab);
    await_presence(&mut agent, &visitor, Presence::Idle).await;
    let secret = visitor.secret.clone();
    visitor.introduce(None, Some("ana@mail.example"), None).await;
    visitor.sync().await;
    visitor.socket.close(None).await.expect("it closes");
    await_presence(&mut agent, &visitor, Presence::Reachable).await;
    let mut later = VisitorActor::connect(&server).await;
    later.secret = secret;
    later.hello().await;
    await_presence(&mut agent, &later, Presence::Active).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_page_within_the_grace_is_not_a_departure() {
    let server = TestServer::with(Config { presence_grace_s: 1, ..config() }).await;
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    visitor.sync().await;
    let mut agent = AgentActor::arrive(&server).await;
    visitor.socket.close(None).await.expect("it closes");
    let next = visitor.again(&server).await;
    agent.sync().await;
    await_presence(&mut agent, &next, Presence::Active).await;
    drop(next);
    // The first news after both is that they are gone: the change of page was none.
    let told = agent
        .expect("a presence", |frame| match frame {
            causette_shared::protocol::agent::ServerFrame::Presence { presence, .. } => Some(presence),
            _ => None,
        })
        .await;
    assert_eq!(told, GONE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presence_is_told_of_every_conversation_of_the_visitor() {
    let server = TestServer::start().await;
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    visitor.sync().await;
    let old = visitor.conversation();
    server.set_status(old, Status::Closed).await;
    server.advance(60);
    visitor.say("I am back").await;
    visitor.sync().await;
    // The desk lists both, the newer one first.
    let mut agent = AgentActor::arrive(&server).await;
    visitor.put(&ClientFrame::Activity(Activity::Idle)).await;
    await_presence(&mut agent, &visitor, Presence::Idle).await;
    agent
        .await_summary("the old one's presence", |row| row.id == old && row.presence == Presence::Idle)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_visitor_is_told_when_the_desk_is_manned_and_left() {
    let server = TestServer::start().await;
    server.add_shop().await;
    let mut visitor = VisitorActor::connect(&server).await;
    assert!(!visitor.hello().await.available);
    let availability = |frame| match frame {
        ServerFrame::Availability { available } => Some(available),
        _ => None,
    };
    let alice = AgentActor::arrive(&server).await;
    assert!(visitor.expect("the availability", availability).await);
    server.add_agent("bob@desk.example", "Bob").await;
    let bob = AgentActor::sign_in(&server, "bob@desk.example").await;
    assert!(VisitorActor::connect(&server).await.hello().await.available);
    drop(alice);
    drop(bob);
    assert!(!visitor.expect("the availability", availability).await, "told once, when the last one leaves");
}
