//! The outbox over a real SMTP dialogue that goes wrong: nothing is lost, nothing goes out more often than it must.

use std::sync::Arc;
use std::time::Duration;

use causette_server::mail::smtp::{Patience, Sender, SenderOptions};
use causette_server::mailer::Mailer;
use causette_shared::entry::{Body, Event};
use causette_shared::id::ConversationId;
use causette_shared::presence::{Presence, UnreachableReason};
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::agent::ClientFrame;

use tokio::sync::Semaphore;

use crate::harness::builders::{entry_id, text};
use crate::harness::database::{connect, number};
use crate::harness::smtp::{How, Phase, SmtpServer};
use crate::harness::{AgentActor, PATIENCE, TestServer, VisitorActor, eventually};

const PENDING: &str =
    "SELECT COUNT(*) FROM outbox WHERE state = 'pending' AND attempts > 0 AND lease_until IS NULL";
const DEAD: &str = "SELECT COUNT(*) FROM outbox WHERE state = 'dead'";
const SENT: &str = "SELECT COUNT(*) FROM outbox WHERE state = 'sent'";

/// A mailer that gives up early, but not so early that a busy machine would be taken for a dead server.
fn hasty(smtp: &SmtpServer) -> Mailer {
    waiting(smtp, Duration::from_secs(3))
}

fn waiting(smtp: &SmtpServer, brief: Duration) -> Mailer {
    let patience = Patience { connect: brief, command: brief, body: brief, answer: brief, total: PATIENCE };
    let url = smtp.url().parse().expect("it is an address");
    let options = SenderOptions { patience, ..SenderOptions::default() };
    Mailer::Smtp(Box::new(Sender::new(&url, options).expect("there is what to trust")))
}

/// A reply that a visitor with an address has not seen, and whose mail is due.
async fn due(mailer: Mailer) -> (TestServer, ConversationId, AgentActor) {
    let server = TestServer::sending(mailer).await;
    server.add_shop().await;
    let mut desk = AgentActor::arrive(&server).await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Is the brass lamp in stock?").await;
    visitor.introduce(Some("Ada"), Some("ada@mail.example"), None).await;
    visitor.sync().await;
    let conversation = visitor.conversation();
    desk.watch(conversation, None).await;
    desk.reply(conversation, "Yes, three are left.").await;
    drop(visitor);
    (server, conversation, desk)
}

async fn until(server: &TestServer, sql: &'static str, wanted: i64) {
    eventually(sql, async || number(&server.app.store, sql).await == wanted).await;
}

fn message_id(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    text.lines().find(|line| line.starts_with("Message-ID:")).expect("it has one").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_surely_not_taken_is_sent_later_under_the_same_name() {
    let smtp = Arc::new(SmtpServer::start().await);
    let (server, conversation, _desk) = due(hasty(&smtp)).await;
    smtp.fail_at(Phase::Rcpt, How::Reply("451 4.7.1 greylisted, come back later"));
    server.advance(61);
    until(&server, PENDING, 1).await;
    server.advance(120);
    eventually("the second attempt", async || {
        number(&server.app.store, "SELECT MAX(attempts) FROM outbox WHERE lease_until IS NULL").await == 2
    })
    .await;
    assert_eq!(smtp.mails().len(), 0);
    assert_eq!(number(&server.app.store, "SELECT MAX(uncertain) FROM outbox").await, 0);
    smtp.heal();
    server.advance(3_600);
    let mails = smtp.wait_for(1).await;
    until(&server, SENT, 1).await;
    server.advance(3_600);
    assert_eq!(smtp.mails().len(), 1);
    assert_eq!(mails[0].to, ["ada@mail.example"]);
    let job = number(&server.app.store, "SELECT COUNT(*) FROM outbox").await;
    assert_eq!(job, 1, "one job, one name: {}", message_id(&mails[0].raw));
    let log = server.log(conversation).await;
    assert!(log.iter().any(|entry| matches!(entry.body, Body::Event(Event::Mailed { .. }))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_never_comes_is_followed_by_one_more() {
    let smtp = Arc::new(SmtpServer::start().await);
    let (server, _, _desk) = due(hasty(&smtp)).await;
    // The server has it, and its answer is lost: each time.
    smtp.fail_at(Phase::Accepted, How::Close);
    server.advance(61);
    smtp.wait_for(1).await;
    until(&server, PENDING, 1).await;
    server.advance(120);
    let mails = smtp.wait_for(2).await;
    assert_eq!(message_id(&mails[0].raw), message_id(&mails[1].raw), "whoever has both sees one");
    until(&server, PENDING, 1).await;
    server.advance(3_600);
    until(&server, DEAD, 1).await;
    server.advance(36 * 3_600);
    assert_eq!(smtp.mails().len(), 2, "at most one more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_while_a_mail_is_under_way_goes_out_with_the_next() {
    let smtp = Arc::new(SmtpServer::start().await);
    let (server, conversation, mut desk) = due(waiting(&smtp, PATIENCE)).await;
    let permits = Arc::new(Semaphore::new(0));
    smtp.fail_at(Phase::Accepted, How::Hold(Arc::clone(&permits)));
    server.advance(61);
    smtp.wait_for(1).await;
    desk.reply(conversation, "There is a shade for it, too.").await;
    permits.add_permits(100);
    until(&server, SENT, 1).await;
    const NEXT: &str = "SELECT COUNT(*) FROM outbox WHERE state = 'pending' AND attempts = 0";
    until(&server, NEXT, 1).await;
    assert!(server.conversation(conversation).await.follow_up_at.is_some(), "the desk counts down");
    // Not within ten minutes of the last.
    server.advance(700);
    let mails = smtp.wait_for(2).await;
    let has_shade = |raw: &[u8]| String::from_utf8_lossy(raw).contains("There is a shade for it");
    assert_eq!([has_shade(&mails[0].raw), has_shade(&mails[1].raw)], [false, true]);
    until(&server, SENT, 2).await;
}

/// That it was taken cannot be written down for a while: when it can be, it is, and nobody sends the mail again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_mail_that_was_taken_while_the_database_was_held_is_not_sent_again() {
    let smtp = Arc::new(SmtpServer::start().await);
    let (server, conversation, mut desk) = due(waiting(&smtp, PATIENCE)).await;
    let permits = Arc::new(Semaphore::new(0));
    smtp.fail_at(Phase::Accepted, How::Hold(Arc::clone(&permits)));
    server.advance(61);
    smtp.wait_for(1).await;
    let mut holder = connect(&server.database()).await;
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut holder).await.expect("nobody writes");
    permits.add_permits(100);
    smtp.until_answered("250 2.0.0 ok: queued").await;
    // Behind the worker in the line for the database: when it is refused, so is the worker.
    for _ in 0..2 {
        let id = entry_id();
        let content = text("Are you there?");
        desk.put(&ClientFrame::Send { conversation, id, content, after: None }).await;
        assert_eq!(desk.outcome(id).await.map_err(|problem| problem.kind), Err(ProblemKind::Unavailable));
    }
    sqlx::query("ROLLBACK").execute(&mut holder).await.expect("it was begun");
    until(&server, SENT, 1).await;
    server.advance(3_600);
    eventually("a look at the outbox", async || number(&server.app.store, PENDING).await == 0).await;
    assert_eq!(smtp.mails().len(), 1);
    assert_eq!(number(&server.app.store, "SELECT MAX(attempts) FROM outbox").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_refused_makes_its_contact_unreachable_and_says_why() {
    let smtp = Arc::new(SmtpServer::start().await);
    let (server, conversation, mut desk) = due(hasty(&smtp)).await;
    smtp.fail_at(Phase::Rcpt, How::Reply("550 5.1.1 no such user here"));
    server.advance(61);
    until(&server, DEAD, 1).await;
    let row = desk
        .await_summary("the reason", |row| row.presence == Presence::Unreachable(UnreachableReason::Bounced));
    assert_eq!(row.await.id, conversation);
    let told = |body: &Body| match body {
        Body::Event(Event::MailFailed { reason, .. }) => reason.contains("no such user here"),
        _ => false,
    };
    assert!(server.log(conversation).await.iter().any(|entry| told(&entry.body)));
    // The next reply schedules nothing.
    desk.reply(conversation, "Are you there?").await;
    assert_eq!(number(&server.app.store, "SELECT COUNT(*) FROM outbox WHERE state = 'pending'").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_is_refused_blames_nobody_else() {
    let smtp = Arc::new(SmtpServer::start().await);
    let (server, _, _desk) = due(hasty(&smtp)).await;
    smtp.fail_at(Phase::Auth, How::Reply("535 5.7.8 wrong password"));
    server.advance(61);
    until(&server, PENDING, 1).await;
    assert_eq!(
        number(&server.app.store, "SELECT COUNT(*) FROM contact WHERE unreachable IS NOT NULL").await,
        0
    );
    smtp.heal();
    server.advance(3_600);
    smtp.wait_for(1).await;
    until(&server, SENT, 1).await;
}
