//! Seen and typing, both ways, and what counts as unread.

use causette_shared::protocol::{agent, visitor};

use crate::harness::database::on_both_databases;
use crate::harness::{AgentActor, Database, TestServer, VisitorActor};

on_both_databases!(
    what_the_agent_has_seen_is_told_to_the_visitor_and_no_longer_unread,
    what_the_visitor_has_seen_is_told_to_the_desk_and_to_the_other_tab,
    typing_is_told_to_the_other_side_and_stored_nowhere,
    typing_is_told_to_nobody_else,
);

async fn begun(server: &TestServer) -> (VisitorActor, AgentActor) {
    server.add_shop().await;
    let mut agent = AgentActor::arrive(server).await;
    let mut visitor = VisitorActor::arrive(server).await;
    visitor.say("Hello").await;
    visitor.say("Anybody?").await;
    visitor.sync().await;
    agent.watch(visitor.conversation(), None).await;
    (visitor, agent)
}

async fn what_the_agent_has_seen_is_told_to_the_visitor_and_no_longer_unread(database: Database) {
    let server = TestServer::on(database).await;
    let (mut visitor, mut agent) = begun(&server).await;
    let conversation = visitor.conversation();
    let row = agent.await_summary("the messages", |row| row.last_seq == 3).await;
    assert_eq!((row.unread, row.agent_seen, row.preview.as_str()), (2, 0, "Anybody?"));
    agent.put(&agent::ClientFrame::Seen { conversation, upto: 2 }).await;
    let row = agent.await_summary("the mark", |row| row.agent_seen == 2).await;
    assert_eq!(row.unread, 1);
    visitor
        .expect("the mark", |frame| match frame {
            visitor::ServerFrame::Conversation(state) if state.agent_seen == 2 => Some(()),
            _ => None,
        })
        .await;
    // A late one moves nothing back.
    agent.put(&agent::ClientFrame::Seen { conversation, upto: 1 }).await;
    agent.put(&agent::ClientFrame::Seen { conversation, upto: 99 }).await;
    agent.sync().await;
    assert_eq!(server.conversation(conversation).await.agent_seen, 2);
}

async fn what_the_visitor_has_seen_is_told_to_the_desk_and_to_the_other_tab(database: Database) {
    let server = TestServer::on(database).await;
    let (mut visitor, mut agent) = begun(&server).await;
    let conversation = visitor.conversation();
    let mut tab = visitor.again(&server).await;
    let upto = agent.reply(conversation, "Yes").await;
    visitor.await_seq(upto).await;
    visitor.put(&visitor::ClientFrame::Seen { conversation, upto }).await;
    agent.await_summary("the mark", |row| row.visitor_seen == upto).await;
    tab.expect("the mark", |frame| match frame {
        visitor::ServerFrame::Conversation(state) if state.visitor_seen == upto => Some(()),
        _ => None,
    })
    .await;
}

async fn typing_is_told_to_the_other_side_and_stored_nowhere(database: Database) {
    let server = TestServer::on(database).await;
    let (mut visitor, mut agent) = begun(&server).await;
    let conversation = visitor.conversation();
    let before = server.conversation(conversation).await;
    for active in [true, false] {
        visitor.put(&visitor::ClientFrame::Typing { active }).await;
        let told = agent
            .expect("typing", |frame| match frame {
                agent::ServerFrame::Typing { conversation, name, active } => {
                    Some((conversation, name, active))
                }
                _ => None,
            })
            .await;
        assert_eq!(told, (conversation, None, active));
        agent.put(&agent::ClientFrame::Typing { conversation, active }).await;
        let told = visitor
            .expect("typing", |frame| match frame {
                visitor::ServerFrame::Typing { name, active } => Some((name, active)),
                _ => None,
            })
            .await;
        assert_eq!(told, ("Alice".to_owned(), active));
    }
    assert_eq!(server.conversation(conversation).await, before);
}

async fn typing_is_told_to_nobody_else(database: Database) {
    let server = TestServer::on(database).await;
    let (mut visitor, mut agent) = begun(&server).await;
    let conversation = visitor.conversation();
    let mut stranger = VisitorActor::arrive(&server).await;
    stranger.say("Hello").await;
    stranger.sync().await;
    agent.put(&agent::ClientFrame::Typing { conversation, active: true }).await;
    agent.sync().await;
    let typed = |frame: &visitor::ServerFrame| matches!(frame, visitor::ServerFrame::Typing { .. });
    visitor.expect("typing", |frame| if typed(&frame) { Some(()) } else { None }).await;
    stranger.put(&visitor::ClientFrame::Ping).await;
    loop {
        match stranger.next().await.expect("the connection stands") {
            visitor::ServerFrame::Pong { .. } => break,
            frame => assert!(!typed(&frame), "a stranger was told"),
        }
    }
}
