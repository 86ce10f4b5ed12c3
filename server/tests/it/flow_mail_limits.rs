//! How much mail goes where: what is above a limit waits for its turn and says why, and what a visitor asks for is counted.

use std::time::Duration;

use causette_server::config::Config;
use causette_server::store::outbox::{self, Listed, State};
use causette_shared::entry::{Body, Content, Event};
use causette_shared::id::ConversationId;
use causette_shared::problem::ProblemKind;
use causette_shared::time::Timestamp;
use mail_parser::MessageParser;
use serde_json::json;

use crate::harness::actors::Outcome;
use crate::harness::app::{NOW, config};
use crate::harness::builders::{entry_id, site};
use crate::harness::database::{execute, number, on_both_databases};
use crate::harness::{AgentActor, Database, TestServer, VisitorActor, eventually};

on_both_databases!(
    mails_to_one_address_wait_for_the_next_day,
    mails_to_one_domain_wait_in_their_order,
    mails_of_one_site_wait_and_those_of_another_go,
    what_is_asked_for_holds_up_nothing_that_agents_write,
    what_would_wait_too_long_is_given_up_and_told,
    a_visitor_names_so_many_addresses_a_day,
    a_visitor_asks_for_so_many_mails_a_day,
);

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
const LIMITED: &str =
    "SELECT COUNT(*) FROM outbox WHERE state = 'pending' AND limited_at IS NOT NULL AND lease_until IS NULL";

fn at(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

/// A visitor with an address, who has left, and what they asked.
async fn who_left(server: &TestServer, site: &str, email: &str) -> ConversationId {
    let mut visitor = VisitorActor::connect(server).await;
    site.clone_into(&mut visitor.site);
    visitor.hello().await;
    visitor.say("Is the brass lamp in stock?").await;
    visitor.introduce(Some("Ada"), Some(email), None).await;
    visitor.sync().await;
    visitor.conversation()
}

async fn list(server: &TestServer, state: State) -> Vec<Listed> {
    let mut tx = server.app.store.begin_read().await.expect("the store reads");
    let mut jobs = outbox::list_jobs(&mut tx, state, 100).await.expect("the store reads");
    jobs.sort_by_key(|listed| (listed.job.due_at, listed.job.id));
    jobs
}

async fn until_limited(server: &TestServer, count: i64) {
    eventually("the mails that are held back", async || number(&server.app.store, LIMITED).await == count)
        .await;
}

/// Who got the mails so far, sorted.
async fn recipients(server: &TestServer, count: usize) -> Vec<String> {
    let mails = server.await_mails(count).await;
    assert_eq!(mails.len(), count);
    let to = |raw: &[u8]| {
        let parsed = MessageParser::default().parse(raw).expect("it is a mail");
        let to = parsed.to().and_then(|to| to.first()).and_then(|to| to.address());
        to.expect("it goes somewhere").to_owned()
    };
    let mut all: Vec<String> = mails.iter().map(|mail| to(&mail.raw)).collect();
    all.sort();
    all
}

async fn mails_to_one_address_wait_for_the_next_day(database: Database) {
    let config = Config { mails_per_address_per_day: 2, ..config() };
    let server = TestServer::with_mail_and(database, config).await;
    server.add_shop().await;
    let mut desk = AgentActor::arrive(&server).await;
    let conversation = who_left(&server, "shop", "Ada@mail.example").await;
    desk.reply(conversation, "Yes, three are left.").await;
    server.advance(61);
    server.await_mails(1).await;
    until_sent(&server, 1).await;
    desk.reply(conversation, "Shall I keep one?").await;
    server.advance(700);
    server.await_mails(2).await;
    until_sent(&server, 2).await;
    desk.reply(conversation, "Until Friday?").await;
    server.advance(700);
    until_limited(&server, 1).await;
    let held = list(&server, State::Pending).await.remove(0);
    assert_eq!(held.error.as_deref(), Some("the limit of mails to one address in a day is reached"));
    assert_eq!(held.recipient.as_deref(), Some("ada@mail.example"));
    // The first of the two leaves the window a day after it was sent.
    assert_eq!(held.job.due_at, at(61 + DAY));
    assert_eq!((held.job.attempts, held.job.uncertain), (0, 0), "it was no attempt");
    assert_eq!(
        server.conversation(conversation).await.follow_up_at,
        Some(at(61 + DAY)),
        "the desk sees when"
    );
    // Another address is not concerned.
    let other = who_left(&server, "shop", "bob@mail.example").await;
    desk.reply(other, "Hello Bob").await;
    server.advance(61);
    server.await_mails(3).await;

    server.advance(DAY - 61 - 2 * 700 - 1);
    eventually("the worker", async || number(&server.app.store, LIMITED).await == 1).await;
    assert_eq!(server.await_mails(3).await.len(), 3);
    server.advance(62);
    server.await_mails(4).await;
    until_sent(&server, 4).await;
    let sent = list(&server, State::Sent).await;
    assert!(sent.iter().all(|listed| listed.error.is_none() && listed.job.limited_at.is_none()));
    let failed = |body: &Body| matches!(body, Body::Event(Event::MailFailed { .. }));
    assert!(!server.log(conversation).await.iter().any(|entry| failed(&entry.body)));
}

async fn until_sent(server: &TestServer, count: i64) {
    const SENT: &str = "SELECT COUNT(*) FROM outbox WHERE state = 'sent'";
    eventually("the mails that were sent", async || number(&server.app.store, SENT).await == count).await;
}

async fn mails_to_one_domain_wait_in_their_order(database: Database) {
    let config = Config { mails_per_domain_per_hour: 2, ..config() };
    let server = TestServer::with_mail_and(database, config).await;
    server.add_shop().await;
    let mut desk = AgentActor::arrive(&server).await;
    for email in ["a@one.example", "b@ONE.example", "c@one.example", "d@one.example", "e@one.example"] {
        let conversation = who_left(&server, "shop", email).await;
        desk.reply(conversation, "Hello").await;
    }
    for email in ["a@not-one.example", "b@sub.one.example"] {
        let conversation = who_left(&server, "shop", email).await;
        desk.reply(conversation, "Hello").await;
    }
    server.advance(61);
    until_sent(&server, 4).await;
    until_limited(&server, 3).await;
    let waiting = list(&server, State::Pending).await;
    let turns: Vec<_> = waiting.iter().map(|listed| listed.job.due_at).collect();
    assert_eq!(turns, [at(61 + HOUR), at(61 + HOUR), at(61 + 2 * HOUR)], "each has a turn of its own");
    let why = "the limit of mails to one domain in an hour is reached";
    assert!(waiting.iter().all(|listed| listed.error.as_deref() == Some(why)));
    let others = ["a@not-one.example", "b@sub.one.example"];
    let first = recipients(&server, 4).await;
    assert!(others.iter().all(|other| first.iter().any(|to| to == other)), "{first:?}");

    server.advance(HOUR);
    until_sent(&server, 6).await;
    until_limited(&server, 1).await;
    server.advance(HOUR);
    until_sent(&server, 7).await;
    let mut all = recipients(&server, 7).await;
    all.dedup();
    assert_eq!(all.len(), 7, "everybody got theirs");
}

async fn mails_of_one_site_wait_and_those_of_another_go(database: Database) {
    let config = Config { mails_per_site_per_hour: 1, ..config() };
    let server = TestServer::with_mail_and(database, config).await;
    server.add_shop().await;
    server.add_site(site("garden")).await;
    let mut desk = AgentActor::arrive(&server).await;
    for (site, email) in [("shop", "a@one.example"), ("shop", "b@two.example"), ("garden", "c@three.example")]
    {
        let conversation = who_left(&server, site, email).await;
        desk.reply(conversation, "Hello").await;
    }
    server.advance(61);
    until_sent(&server, 2).await;
    until_limited(&server, 1).await;
    assert!(recipients(&server, 2).await.contains(&"c@three.example".to_owned()));
    let held = list(&server, State::Pending).await.remove(0);
    assert_eq!(held.error.as_deref(), Some("the limit of mails of one site in an hour is reached"));
    assert_eq!(held.job.due_at, at(61 + HOUR));
    server.advance(HOUR);
    until_sent(&server, 3).await;
}

async fn what_is_asked_for_holds_up_nothing_that_agents_write(database: Database) {
    let config = Config { mails_per_site_per_hour: 8, ..config() };
    let server = TestServer::with_mail_and(database, config).await;
    server.add_shop().await;
    let mut desk = AgentActor::arrive(&server).await;
    let wanted = who_left(&server, "shop", "ada@mail.example").await;
    for email in ["a@one.example", "b@two.example", "c@three.example", "d@four.example"] {
        let mut visitor = VisitorActor::arrive(&server).await;
        visitor.say("Hello").await;
        assert_eq!(ask(&mut visitor, email).await, Ok(()));
    }
    until_sent(&server, 2).await;
    until_limited(&server, 2).await;
    let why = "the limit of mails that are asked for in an hour is reached";
    let held = list(&server, State::Pending).await;
    assert!(held.iter().all(|listed| listed.error.as_deref() == Some(why)), "{held:?}");
    desk.reply(wanted, "Yes, three are left.").await;
    server.advance(61);
    until_sent(&server, 3).await;
    assert!(recipients(&server, 3).await.contains(&"ada@mail.example".to_owned()));
    until_limited(&server, 2).await;
    server.advance(HOUR);
    until_sent(&server, 5).await;
}

async fn what_would_wait_too_long_is_given_up_and_told(database: Database) {
    let config = Config { mails_per_site_per_hour: 1, ..config() };
    let server = TestServer::with_mail_and(database, config).await;
    server.add_shop().await;
    let mut desk = AgentActor::arrive(&server).await;
    for email in ["a@one.example", "b@two.example"] {
        let conversation = who_left(&server, "shop", email).await;
        desk.reply(conversation, "Hello").await;
    }
    server.advance(61);
    until_sent(&server, 1).await;
    until_limited(&server, 1).await;
    // It has waited a day already: its next turn still comes in time.
    execute(
        &server.app.store,
        "UPDATE outbox SET limited_at = limited_at - 86400000, due_at = 0 WHERE state = 'pending'",
    )
    .await;
    server.app.jobs.notify_one();
    eventually("the second look", async || {
        list(&server, State::Pending).await[0].job.due_at == at(61 + HOUR)
    })
    .await;
    // And a day and a half: it does not.
    execute(
        &server.app.store,
        "UPDATE outbox SET limited_at = limited_at - 43200000, due_at = 0 WHERE state = 'pending'",
    )
    .await;
    server.app.jobs.notify_one();
    eventually("the end", async || list(&server, State::Dead).await.len() == 1).await;
    let dead = list(&server, State::Dead).await.remove(0);
    assert_eq!(dead.error.as_deref(), Some("the limit of mails of one site in an hour is reached"));
    let conversation = dead.job.conversation.expect("it has one");
    let recipient = dead.recipient.expect("it has one");
    let told = |body: &Body| match body {
        Body::Event(Event::MailFailed { to, reason }) => {
            *to == recipient && reason.contains("the limit of mails")
        }
        _ => false,
    };
    let log = server.log(conversation).await;
    assert_eq!(log.iter().filter(|entry| told(&entry.body)).count(), 1);
    assert_eq!(server.conversation(conversation).await.follow_up_at, None);
}

async fn ask(visitor: &mut VisitorActor, email: &str) -> Result<(), (ProblemKind, String)> {
    match visitor.send(entry_id(), Content::Copy { email: email.to_owned() }).await {
        Outcome::Acknowledged(..) => Ok(()),
        Outcome::Refused(problem) => Err((problem.kind, problem.detail)),
    }
}

async fn a_visitor_names_so_many_addresses_a_day(database: Database) {
    let config = Config { unverified_addresses_per_visitor_per_day: 2, ..config() };
    let server = TestServer::with_mail_and(database, config).await;
    server.add_shop().await;
    let mut other = VisitorActor::arrive(&server).await;
    other.say("Hello").await;
    assert_eq!(ask(&mut other, "b@mail.example").await, Ok(()));
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    visitor.introduce(Some("Ada"), Some("ada@mail.example"), None).await;
    assert_eq!(ask(&mut visitor, "a@mail.example").await, Ok(()));
    assert_eq!(ask(&mut visitor, "A@mail.example").await, Ok(()), "the same one is not another");
    // It was named by somebody else today: the answer is the same, and it counts like any other.
    assert_eq!(ask(&mut visitor, "b@mail.example").await, Ok(()));
    visitor.sync().await;
    let requests = async |visitor: &VisitorActor| {
        let log = server.log(visitor.conversation()).await;
        log.iter().filter(|entry| matches!(entry.body, Body::Event(Event::CopyRequested { .. }))).count()
    };
    assert_eq!(requests(&visitor).await, 3);
    let (kind, detail) = ask(&mut visitor, "c@mail.example").await.expect_err("it is the third");
    // Not `RateLimited`: the panel would hold back whatever else the visitor writes.
    assert_eq!((kind, kind.is_temporary()), (ProblemKind::WrongState, false));
    assert!(detail.contains("tomorrow"), "{detail}");
    assert_eq!(requests(&visitor).await, 3, "nothing is left of it");
    visitor.say("And now?").await;
    assert_eq!(ask(&mut other, "c@mail.example").await, Ok(()), "others are not concerned");
    assert_eq!(recipients(&server, 3).await, ["a@mail.example", "b@mail.example", "c@mail.example"]);
    server.advance(DAY + 1);
    assert_eq!(ask(&mut visitor, "d@mail.example").await, Ok(()));
    server.await_mails(4).await;
}

async fn a_visitor_asks_for_so_many_mails_a_day(database: Database) {
    let config = Config { requested_mails_per_visitor_per_day: 3, ..config() };
    let server = TestServer::with_mail_and(database, config).await;
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    assert_eq!(ask(&mut visitor, "a@mail.example").await, Ok(()));
    let raw = server.await_mails(1).await.remove(0).raw;
    let parsed = MessageParser::default().parse(&raw).expect("it is a mail");
    let text = parsed.body_text(0).expect("it has text");
    let (_, rest) = text.split_once("#causette=").expect("it has a link");
    let token: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    let renew = async || {
        let body = json!({ "site": "shop", "token": token });
        let request = reqwest::Client::new().post(server.url("/api/v1/visitor/resume/renew"));
        request
            .header("origin", server.origin())
            .json(&body)
            .send()
            .await
            .expect("it answers")
            .status()
            .as_u16()
    };
    for count in [2, 3] {
        assert_eq!(renew().await, 202);
        server.await_mails(count).await;
        // What the clock jumps over before it is settled would be taken for lost.
        eventually("the mail to be settled", async || {
            number(&server.app.store, "SELECT COUNT(*) FROM outbox WHERE state = 'sent'").await
                == count as i64
        })
        .await;
        server.advance(601);
    }
    assert_eq!(renew().await, 429, "three were asked for");
    let (kind, _) = ask(&mut visitor, "b@mail.example").await.expect_err("copies count alike");
    assert_eq!(kind, ProblemKind::WrongState);
    server.advance(DAY);
    assert_eq!(renew().await, 202);
    server.await_mails(4).await;
}
