//! Another process holds the database: what cannot be written is refused for now, and nothing is half done.

use causette_shared::problem::ProblemKind;
use reqwest::Client;

use crate::harness::actors::Outcome;
use crate::harness::agent::{AgentActor, try_sign_in};

use crate::harness::builders::{PASSWORD, entry_id, text};
use crate::harness::database::connect;
use crate::harness::{TestServer, VisitorActor, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_locked_database_refuses_for_now_and_takes_the_repeat_later() {
    let server = TestServer::start().await;
    server.add_shop().await;
    let mut known = VisitorActor::arrive(&server).await;
    known.say("Hello").await;
    known.sync().await;
    let mut newcomer = VisitorActor::arrive(&server).await;
    let mut agent = AgentActor::arrive(&server).await;
    let before = server.conversation(known.conversation()).await;

    let mut holder = connect(&server.database()).await;
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut holder).await.expect("nobody writes");
    // All wait at once, so that the wait of the busy timeout is waited for once or twice, not five times.
    let (first, second, third) = (entry_id(), entry_id(), entry_id());
    let conversation = known.conversation();
    let reply = async {
        let content = text("At your service");
        let send = causette_shared::protocol::agent::ClientFrame::Send {
            conversation,
            id: third,
            content,
            after: None,
        };
        agent.put(&send).await;
        agent.outcome(third).await
    };
    let (of_known, of_newcomer, of_agent, sign_in) = tokio::join!(
        known.send(first, text("One more")),
        newcomer.send(second, text("Anybody?")),
        reply,
        try_sign_in_as_alice(&server),
    );
    for outcome in [of_known, of_newcomer] {
        let Outcome::Refused(problem) = outcome else {
            panic!("it was acknowledged without being written");
        };
        assert_eq!(problem.kind, ProblemKind::Unavailable);
        assert!(problem.retry_after_ms.is_some());
    }
    assert_eq!(of_agent.map_err(|problem| problem.kind), Err(ProblemKind::Unavailable));
    assert_eq!(sign_in, (503, "unavailable".to_owned()));
    // Readers are not held up.
    let mut reader = known.again(&server).await;
    reader.sync().await;
    assert_eq!(reader.last_seq(), 2);
    let ready = within("the answer", Client::new().get(server.url("/readyz")).send()).await;
    assert_eq!(ready.expect("it answers").status(), 200);

    sqlx::query("ROLLBACK").execute(&mut holder).await.expect("it was begun");
    assert_eq!(server.conversation(conversation).await, before, "nothing is half done");
    assert_eq!(server.count("visitor").await, 1);
    assert_eq!(known.send(first, text("One more")).await, Outcome::Acknowledged(conversation, 3));
    assert!(matches!(newcomer.send(second, text("Anybody?")).await, Outcome::Acknowledged(_, 1)));
    assert_eq!(agent.reply(conversation, "At your service").await, 6);
    assert_eq!(known.send(first, text("One more")).await, Outcome::Acknowledged(conversation, 3));
}

async fn try_sign_in_as_alice(server: &TestServer) -> (u16, String) {
    let response = try_sign_in(&server.address.to_string(), "alice@desk.example", PASSWORD).await;
    let status = response.status().as_u16();
    let problem: serde_json::Value = response.json().await.expect("it is JSON");
    (status, problem["kind"].as_str().unwrap_or_default().to_owned())
}
