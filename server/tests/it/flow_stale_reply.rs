//! No answer is made on stale state: whoever answers after a colleague, without having read them, is told so.

use causette_server::service::UseCaseError;
use causette_server::service::reply::Reply;
use causette_shared::conversation::Status;
use causette_shared::id::{ConversationId, EntryId, Seq};
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::agent::ClientFrame;

use crate::harness::actors::text_of;
use crate::harness::builders::{entry_id, text};
use crate::harness::database::on_both_databases;
use crate::harness::{AgentActor, Database, TestServer, VisitorActor};

on_both_databases!(
    an_answer_after_a_colleagues_is_refused_until_it_has_been_read,
    what_the_visitor_or_the_same_agent_wrote_meanwhile_refuses_nothing,
    what_no_read_state_can_save_is_refused_as_before,
    of_answers_at_once_exactly_one_is_heard,
);

async fn begun(server: &TestServer) -> (VisitorActor, AgentActor, AgentActor) {
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(server).await;
    visitor.say("Hello").await;
    visitor.sync().await;
    let alice = AgentActor::arrive(server).await;
    server.add_agent("bob@desk.example", "Bob").await;
    let bob = AgentActor::sign_in(server, "bob@desk.example").await;
    (visitor, alice, bob)
}

fn send(conversation: ConversationId, id: EntryId, message: &str, after: Option<Seq>) -> ClientFrame {
    ClientFrame::Send { conversation, id, content: text(message), after }
}

async fn an_answer_after_a_colleagues_is_refused_until_it_has_been_read(database: Database) {
    let server = TestServer::on(database).await;
    let (visitor, mut alice, mut bob) = begun(&server).await;
    let conversation = visitor.conversation();
    let (first, stale) = (entry_id(), entry_id());
    bob.put(&send(conversation, first, "I have it", Some(2))).await;
    assert_eq!(bob.outcome(first).await, Ok(5));
    let (log, row) = (server.log(conversation).await, server.conversation(conversation).await);
    // Asked again in vain, while nothing has been read.
    for after in [0, 2, 4] {
        alice.put(&send(conversation, stale, "So have I", Some(after))).await;
        let problem = alice.outcome(stale).await.expect_err("it is refused");
        assert_eq!(problem.kind, ProblemKind::AnsweredMeanwhile);
        assert_eq!(problem.detail, "Bob has answered meanwhile");
    }
    assert_eq!(server.log(conversation).await, log);
    assert_eq!(server.conversation(conversation).await, row);
    alice.put(&send(conversation, stale, "So have I", Some(5))).await;
    assert_eq!(alice.outcome(stale).await, Ok(6));
    // A repeat is answered as the first time, whatever it had read.
    bob.put(&send(conversation, first, "I have it", Some(2))).await;
    assert_eq!(bob.outcome(first).await, Ok(5));
    alice.put(&send(conversation, stale, "So have I", Some(2))).await;
    assert_eq!(alice.outcome(stale).await, Ok(6));
    assert_eq!(server.log(conversation).await.len(), 6);
}

async fn what_the_visitor_or_the_same_agent_wrote_meanwhile_refuses_nothing(database: Database) {
    let server = TestServer::on(database).await;
    let (mut visitor, mut alice, mut bob) = begun(&server).await;
    let conversation = visitor.conversation();
    assert_eq!(alice.reply(conversation, "Hello").await, 5);
    visitor.say("One more thing").await;
    let mut other_tab = AgentActor::open(&server.address.to_string(), alice.cookie.clone()).await;
    let from = |after| (entry_id(), after);
    // From before her own answer and the visitor's question; from the end; from beyond the log of a store put back.
    for ((id, after), seq) in [(from(2), 7), (from(7), 8), (from(900), 9), (from(Seq::MAX), 10)] {
        other_tab.put(&send(conversation, id, "Yes?", Some(after))).await;
        assert_eq!(other_tab.outcome(id).await, Ok(seq));
    }
    // A desk that says nothing is not asked; and then it is Alice's turn to be told.
    assert_eq!(bob.reply(conversation, "Let me").await, 11);
    let id = entry_id();
    other_tab.put(&send(conversation, id, "Wait", Some(10))).await;
    assert_eq!(
        other_tab.outcome(id).await.map_err(|problem| problem.kind),
        Err(ProblemKind::AnsweredMeanwhile)
    );
}

async fn what_no_read_state_can_save_is_refused_as_before(database: Database) {
    let server = TestServer::on(database).await;
    let (visitor, mut alice, mut bob) = begun(&server).await;
    let conversation = visitor.conversation();
    assert_eq!(bob.reply(conversation, "Done").await, 5);
    server.set_status(conversation, Status::Closed).await;
    for after in [2, 5] {
        let id = entry_id();
        alice.put(&send(conversation, id, "Too late", Some(after))).await;
        let refused = alice.outcome(id).await.map_err(|problem| problem.kind);
        assert_eq!(refused, Err(ProblemKind::WrongState), "sending it anyway would not help");
    }
}

async fn of_answers_at_once_exactly_one_is_heard(database: Database) {
    const AGENTS: usize = 16;
    const ROUNDS: Seq = 5;
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    visitor.sync().await;
    let conversation = visitor.conversation();
    let mut agents = Vec::new();
    for number in 0..AGENTS {
        let (email, name) = (format!("agent{number}@desk.example"), format!("Agent {number}"));
        agents.push(server.add_agent(&email, &name).await);
    }
    // The first answer also assigns and opens; each of the later ones is an entry alone.
    for (round, last) in (0..ROUNDS).map(|round| (round, if round == 0 { 2 } else { 4 + round })) {
        let answers: Vec<_> = agents
            .iter()
            .map(|agent| {
                let (app, agent, content) = (server.app.clone(), agent.clone(), text(&agent.name));
                let reply = Reply { agent, conversation, id: entry_id(), content, after: Some(last) };
                tokio::spawn(async move { app.perform(reply).await })
            })
            .collect();
        let mut heard = Vec::new();
        let mut told = Vec::new();
        for answer in answers {
            match answer.await.expect("it does not panic") {
                Ok(seq) => heard.push(seq),
                Err(UseCaseError::Refused(problem)) => told.push(problem),
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(heard, [5 + round], "one is heard");
        let log = server.log(conversation).await;
        assert_eq!(log.len(), 5 + round as usize, "and nothing else is written");
        let detail = format!("{} has answered meanwhile", text_of(&log[log.len() - 1]));
        assert_eq!(told.len(), AGENTS - 1);
        for problem in told {
            assert_eq!((problem.kind, problem.detail), (ProblemKind::AnsweredMeanwhile, detail.clone()));
        }
    }
}
