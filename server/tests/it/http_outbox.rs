//! The outbox at the desk: what waits is told, and what was given up is sent again or dropped by an agent.

use std::sync::Arc;
use std::time::Duration;

use causette_server::mail::smtp::{Patience, Sender, SenderOptions};
use causette_server::mailer::Mailer;
use causette_shared::entry::{Content, MailKind};
use causette_shared::id::ConversationId;
use causette_shared::presence::{Presence, UnreachableReason};
use causette_shared::protocol::outbox::{DeadMail, Outbox, RetriedAll};
use causette_shared::protocol::visitor::ClientFrame;
use causette_shared::time::Timestamp;
use reqwest::{Client, Method, Response};
use serde_json::Value;

use crate::harness::actors::Outcome;
use crate::harness::app::NOW;
use crate::harness::builders::entry_id;
use crate::harness::database::{execute, number, on_both_databases};
use crate::harness::smtp::{How, Phase, SmtpServer};
use crate::harness::{AgentActor, Database, PATIENCE, TestServer, VisitorActor, eventually, within};

on_both_databases!(
    what_waits_is_told_before_and_after_it_fails,
    a_mail_that_was_given_up_is_sent_again_when_an_agent_asks,
    a_mail_that_may_have_arrived_is_sent_once_more_and_never_with_the_others,
    one_that_was_read_meanwhile_is_not_sent_after_all,
    a_follow_up_that_waits_takes_the_place_of_the_one_that_was_given_up,
    a_question_that_was_given_up_is_asked_once_a_day_all_the_same,
    a_mail_that_was_dropped_stays_so,
    what_is_not_given_up_is_left_alone,
);

/// The mail server's last word.
const REFUSAL: How = How::Reply("554 5.7.1 this message looks like spam");

/// A shop whose mail goes to a server that can fail, and an agent with a conversation whose visitor left an address.
struct Scene {
    smtp: Arc<SmtpServer>,
    server: TestServer,
    agent: AgentActor,
}

impl Scene {
    async fn open(database: Database) -> Self {
        let smtp = Arc::new(SmtpServer::start().await);
        // Gives up early, but not so early that a busy machine would be taken for a dead server.
        let brief = Duration::from_secs(3);
        let patience =
            Patience { connect: brief, command: brief, body: brief, answer: brief, total: PATIENCE };
        let url = smtp.url().parse().expect("it is an address");
        let options = SenderOptions { patience, ..SenderOptions::default() };
        let sender = Sender::new(&url, options).expect("there is what to trust");
        let server = TestServer::sending_on(database, Mailer::Smtp(Box::new(sender))).await;
        server.add_shop().await;
        let agent = AgentActor::arrive(&server).await;
        Self { smtp, server, agent }
    }

    /// A reply that its visitor has not seen; its mail is due after 61 seconds.
    async fn reply_to(&mut self, email: &str) -> (ConversationId, VisitorActor) {
        let mut visitor = VisitorActor::arrive(&self.server).await;
        visitor.say("Is the brass lamp in stock?").await;
        visitor.introduce(Some("Ada"), Some(email), None).await;
        visitor.sync().await;
        let conversation = visitor.conversation();
        self.agent.watch(conversation, None).await;
        self.agent.reply(conversation, "Yes, three are left.").await;
        (conversation, visitor)
    }

    /// A mail that the mail server refused for good, for what it says and not for its address.
    async fn give_up(&mut self, email: &str) -> (DeadMail, VisitorActor) {
        self.smtp.fail_at(Phase::Body, REFUSAL);
        let (_, visitor) = self.reply_to(email).await;
        self.server.advance(61);
        let outbox = self.until("it is given up", |outbox| outbox.dead_count == 1).await;
        self.smtp.heal();
        (outbox.dead[0].clone(), visitor)
    }

    async fn ask(&self, method: &str, path: &str) -> Response {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let url = self.server.url(&["/api/v1/desk/outbox", path].concat());
        let request = Client::new().request(method, url).header("cookie", &self.agent.cookie);
        let sent = request.header("origin", self.server.origin()).send();
        let response = within("the answer", sent).await.expect("the server answers");
        assert_eq!(response.headers()["cache-control"], "no-store", "{path}");
        response
    }

    async fn outbox(&self) -> Outbox {
        let response = self.ask("GET", "").await;
        assert_eq!(response.status(), 200);
        response.json().await.expect("it is an outbox")
    }

    async fn until(&self, what: &str, holds: impl Fn(&Outbox) -> bool) -> Outbox {
        eventually(what, async || holds(&self.outbox().await)).await;
        self.outbox().await
    }

    async fn retry(&self, mail: &DeadMail) -> u16 {
        self.ask("POST", &format!("/{}/retry", mail.id)).await.status().as_u16()
    }

    async fn count(&self, sql: &str) -> i64 {
        number(&self.server.app.store, sql).await
    }

    async fn until_settled(&self, state: &str) {
        let sql = format!("SELECT COUNT(*) FROM outbox WHERE state = '{state}'");
        eventually(state, async || self.count(&sql).await == 1).await;
    }
}

async fn refusal(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let problem: Value = response.json().await.expect("a problem is JSON");
    (status, problem["kind"].as_str().expect("it has a kind").to_owned())
}

fn message_id(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    text.lines().find(|line| line.starts_with("Message-ID:")).expect("it has one").to_owned()
}

async fn what_waits_is_told_before_and_after_it_fails(database: Database) {
    let mut scene = Scene::open(database).await;
    let nothing = Outbox {
        is_configured: true,
        has_mailbox: false,
        waiting: 0,
        next_due_at: None,
        delayed: 0,
        delay_error: None,
        dead_count: 0,
        dead: vec![],
    };
    assert_eq!(scene.outbox().await, nothing);
    scene.smtp.fail_at(Phase::Rcpt, How::Reply("451 4.7.1 come back later"));
    let _held = scene.reply_to("ada@mail.example").await;
    let due = Timestamp(NOW.0 + 60_000);
    assert_eq!(scene.outbox().await, Outbox { waiting: 1, next_due_at: Some(due), ..nothing });
    scene.server.advance(61);
    let failed = scene.until("the failure", |outbox| outbox.delayed == 1).await;
    assert_eq!((failed.waiting, failed.dead_count), (1, 0));
    assert!(failed.delay_error.is_some_and(|error| error.contains("come back later")));
    assert!(failed.next_due_at.is_some_and(|at| at > due));
}

async fn a_mail_that_was_given_up_is_sent_again_when_an_agent_asks(database: Database) {
    let mut scene = Scene::open(database).await;
    let (dead, _visitor) = scene.give_up("ada@mail.example").await;
    assert_eq!((dead.kind, dead.number, dead.attempts), (MailKind::FollowUp, Some(1_001), 1));
    assert_eq!(dead.recipient.as_deref(), Some("ada@mail.example"));
    assert!(dead.error.as_deref().is_some_and(|error| error.contains("looks like spam")));
    assert!(!dead.may_have_arrived, "it was surely refused");
    assert_eq!((dead.created_at, dead.given_up_at), (NOW, Some(Timestamp(NOW.0 + 61_000))));

    assert_eq!(scene.retry(&dead).await, 204);
    let mails = scene.smtp.wait_for(1).await;
    assert_eq!(mails[0].to, ["ada@mail.example"]);
    scene.until_settled("sent").await;
    let after = scene.outbox().await;
    assert_eq!((after.waiting, after.dead_count), (0, 0));
    let name = message_id(&mails[0].raw);
    assert!(name.contains(&dead.id.to_string().replace('-', "")), "under its own name: {name}");
    let again = refusal(scene.ask("POST", &format!("/{}/retry", dead.id)).await).await;
    assert_eq!(again, (409, "wrong_state".to_owned()));
    scene.server.advance(3_600);
    assert_eq!(scene.outbox().await.waiting, 0);
    assert_eq!(scene.smtp.mails().len(), 1);
}

async fn a_mail_that_may_have_arrived_is_sent_once_more_and_never_with_the_others(database: Database) {
    let mut scene = Scene::open(database).await;
    // The server has it, and its answer is lost: each time.
    scene.smtp.fail_at(Phase::Accepted, How::Close);
    let _held = scene.reply_to("ada@mail.example").await;
    scene.server.advance(61);
    scene.smtp.wait_for(1).await;
    scene.until("the first failure", |outbox| outbox.delayed == 1).await;
    scene.server.advance(120);
    scene.smtp.wait_for(2).await;
    eventually("the second failure", async || {
        scene.count("SELECT COUNT(*) FROM outbox WHERE attempts = 2 AND lease_until IS NULL").await == 1
    })
    .await;
    scene.server.advance(3_600);
    let outbox = scene.until("it is given up", |outbox| outbox.dead_count == 1).await;
    assert!(outbox.dead[0].may_have_arrived);

    let all = scene.ask("POST", "/retry-all").await;
    let all: RetriedAll = all.json().await.expect("it is an answer");
    assert_eq!(all, RetriedAll { retried: 0, left: 1 }, "each of these is a decision");
    assert_eq!(scene.retry(&outbox.dead[0]).await, 204);
    let mails = scene.smtp.wait_for(3).await;
    assert_eq!(message_id(&mails[0].raw), message_id(&mails[2].raw), "whoever has all sees one");
    eventually("the third failure", async || {
        scene.count("SELECT COUNT(*) FROM outbox WHERE uncertain = 2 AND lease_until IS NULL").await == 1
    })
    .await;
    scene.server.advance(3_600);
    scene.until("it is given up again", |outbox| outbox.dead_count == 1).await;
    scene.server.advance(36 * 3_600);
    assert_eq!(scene.outbox().await.waiting, 0);
    assert_eq!(scene.smtp.mails().len(), 3, "exactly one more for each time that an agent asked");
}

async fn one_that_was_read_meanwhile_is_not_sent_after_all(database: Database) {
    let mut scene = Scene::open(database).await;
    let (dead, mut visitor) = scene.give_up("ada@mail.example").await;
    let conversation = visitor.conversation();
    visitor.sync().await;
    let upto = visitor.last_seq();
    visitor.put(&ClientFrame::Seen { conversation, upto }).await;
    scene.agent.await_summary("it is seen", |row| row.visitor_seen == upto).await;
    assert_eq!(scene.retry(&dead).await, 204);
    scene.until_settled("cancelled").await;
    assert_eq!(scene.smtp.mails().len(), 0);
    let sql = "SELECT COUNT(*) FROM conversation WHERE follow_up_at IS NOT NULL";
    eventually("no countdown is left", async || scene.count(sql).await == 0).await;
}

async fn a_follow_up_that_waits_takes_the_place_of_the_one_that_was_given_up(database: Database) {
    let mut scene = Scene::open(database).await;
    let (dead, visitor) = scene.give_up("ada@mail.example").await;
    scene.smtp.fail_at(Phase::Rcpt, How::Reply("451 4.7.1 come back later"));
    scene.agent.reply(visitor.conversation(), "And one more came in today.").await;
    scene.until("the next one waits", |outbox| outbox.delayed == 1).await;
    scene.smtp.heal();
    assert_eq!(scene.retry(&dead).await, 204);
    let mails = scene.smtp.wait_for(1).await;
    scene.until_settled("sent").await;
    assert_eq!((mails.len(), scene.count("SELECT COUNT(*) FROM outbox").await), (1, 2));
    assert_eq!(scene.count("SELECT COUNT(*) FROM outbox WHERE state = 'cancelled'").await, 1);
    let raw = String::from_utf8_lossy(&mails[0].raw).into_owned();
    assert!(raw.contains("three are left") && raw.contains("one more came in"), "it carries both: {raw}");
}

async fn a_question_that_was_given_up_is_asked_once_a_day_all_the_same(database: Database) {
    const TO: &str = "ada@mail.example";
    let scene = Scene::open(database).await;
    let mut visitor = VisitorActor::arrive(&scene.server).await;
    visitor.say("Is the brass lamp in stock?").await;
    let ask = async |visitor: &mut VisitorActor| {
        let copy = Content::Copy { email: TO.to_owned() };
        assert!(matches!(visitor.send(entry_id(), copy).await, Outcome::Acknowledged(..)));
    };
    scene.smtp.fail_at(Phase::Body, REFUSAL);
    ask(&mut visitor).await;
    let first = scene.until("it is given up", |outbox| outbox.dead_count == 1).await.dead[0].clone();
    assert_eq!(first.kind, MailKind::ConfirmCopy);
    scene.smtp.heal();
    // What was not sent does not count: the next one is.
    ask(&mut visitor).await;
    scene.smtp.wait_for(1).await;
    scene.until_settled("sent").await;
    assert_eq!(scene.retry(&first).await, 204);
    scene.until_settled("cancelled").await;
    assert_eq!(scene.smtp.mails().len(), 1, "whoever holds the address is asked once");

    // A day later one that is given up, and tried again, is the only one.
    scene.server.advance(24 * 3_600 + 1);
    scene.smtp.fail_at(Phase::Body, REFUSAL);
    ask(&mut visitor).await;
    let later = scene.until("it is given up too", |outbox| outbox.dead_count == 1).await.dead[0].clone();
    scene.smtp.heal();
    assert_eq!(scene.retry(&later).await, 204);
    assert_eq!(scene.smtp.wait_for(2).await[1].to, [TO]);
}

async fn a_mail_that_was_dropped_stays_so(database: Database) {
    let mut scene = Scene::open(database).await;
    let (dead, _visitor) = scene.give_up("ada@mail.example").await;
    let path = format!("/{}/discard", dead.id);
    assert_eq!(scene.ask("POST", &path).await.status(), 204);
    assert_eq!(scene.outbox().await.dead_count, 0);
    for path in [path, format!("/{}/retry", dead.id)] {
        let again = refusal(scene.ask("POST", &path).await).await;
        assert_eq!(again, (409, "wrong_state".to_owned()), "{path}");
    }
    let all: RetriedAll = scene.ask("POST", "/retry-all").await.json().await.expect("it is an answer");
    assert_eq!(all, RetriedAll { retried: 0, left: 0 });
    scene.server.advance(3_600);
    assert_eq!(scene.outbox().await.waiting, 0);
    assert_eq!(scene.smtp.mails().len(), 0);
}

async fn what_is_not_given_up_is_left_alone(database: Database) {
    let mut scene = Scene::open(database).await;
    let _held = scene.reply_to("ada@mail.example").await;
    execute(&scene.server.app.store, "UPDATE outbox SET id = '0198b8a0-0000-7000-8000-000000000001'").await;
    for verb in ["retry", "discard"] {
        let waits = format!("/0198b8a0-0000-7000-8000-000000000001/{verb}");
        assert_eq!(refusal(scene.ask("POST", &waits).await).await, (409, "wrong_state".to_owned()));
        for unknown in ["0198b8a0-0000-7000-8000-000000000002", "x", "%00"] {
            let answer = refusal(scene.ask("POST", &format!("/{unknown}/{verb}")).await).await;
            assert_eq!(answer, (404, "not_found".to_owned()), "{unknown}");
        }
    }
    assert_eq!(scene.outbox().await.waiting, 1, "it waits for its time as before");
    assert_eq!(scene.count("SELECT COUNT(*) FROM outbox WHERE attempts = 0 AND payload = '{}'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_surely_failed_go_together_and_an_address_that_mail_does_not_reach_is_not_tried() {
    let mut scene = Scene::open(Database::Sqlite).await;
    scene.smtp.fail_at(Phase::Rcpt, How::Reply("550 5.1.1 no such user here"));
    let ada = scene.reply_to("ada@mail.example").await;
    drop(ada);
    scene.server.advance(61);
    scene.until("Ada's is given up", |outbox| outbox.dead_count == 1).await;
    let bounced = Presence::Unreachable(UnreachableReason::Bounced);
    scene.agent.await_summary("the reason", |row| row.presence == bounced).await;
    scene.smtp.heal();
    scene.smtp.fail_at(Phase::Body, REFUSAL);
    for (count, email) in [(2, "bob@mail.example"), (3, "cy@mail.example")] {
        let _held = scene.reply_to(email).await;
        scene.server.advance(61);
        scene.until("the next is given up", |outbox| outbox.dead_count == count).await;
    }
    let dead = scene.outbox().await.dead;
    assert_eq!(
        dead.iter().map(|mail| mail.number).collect::<Vec<_>>(),
        [Some(1_003), Some(1_002), Some(1_001)]
    );
    scene.smtp.heal();
    let all: RetriedAll = scene.ask("POST", "/retry-all").await.json().await.expect("it is an answer");
    assert_eq!(all, RetriedAll { retried: 3, left: 0 });
    let mut to: Vec<_> = scene.smtp.wait_for(2).await.into_iter().flat_map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, ["bob@mail.example", "cy@mail.example"]);
    scene.until_settled("cancelled").await;
    assert_eq!(scene.smtp.mails().len(), 2);
}
