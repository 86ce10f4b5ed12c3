//! The conversation goes on by mail: what is unseen goes out, its link continues the conversation on another device, and
//! who wants no more mail gets none.

use causette_server::mailer::captured::CapturedMail;
use causette_server::site::Site;
use causette_shared::entry::{Body, Content, Event, MailKind};
use causette_shared::id::{ConversationId, SessionSecret};
use causette_shared::protocol::visitor::Hello;
use mail_parser::MessageParser;
use serde_json::json;

use crate::harness::actors::Outcome;
use crate::harness::builders::{entry_id, site};
use crate::harness::database::{number, on_both_databases};
use crate::harness::{AgentActor, Database, TestServer, VisitorActor, eventually};

const EMAIL: &str = "ada@mail.example";

/// A mail as its reader sees it.
struct Read {
    to: String,
    subject: String,
    text: String,
    raw: String,
}

fn read(mail: &CapturedMail) -> Read {
    let parsed = MessageParser::default().parse(&mail.raw).expect("it is a mail");
    let to = parsed.to().and_then(|to| to.first()).and_then(|to| to.address()).expect("it goes somewhere");
    Read {
        to: to.to_owned(),
        subject: parsed.subject().unwrap_or_default().to_owned(),
        text: parsed.body_text(0).unwrap_or_default().into_owned(),
        raw: String::from_utf8(mail.raw.clone()).expect("it is text"),
    }
}

/// The secret in a mail's link.
fn token(mail: &Read) -> String {
    let (_, rest) = mail.text.split_once("#causette=").expect("it has a link");
    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect()
}

fn secret(number: u8) -> SessionSecret {
    SessionSecret::from_bytes([number; 32])
}

async fn post(server: &TestServer, path: &str, body: serde_json::Value) -> u16 {
    let origin = format!("http://{}", server.address);
    let request = reqwest::Client::new().post(server.url(path)).header("origin", origin).json(&body);
    request.send().await.expect("it answers").status().as_u16()
}

async fn claim(server: &TestServer, token: &str, session: &SessionSecret) -> u16 {
    let body = json!({ "site": "shop", "token": token, "session": session.expose() });
    post(server, "/api/v1/visitor/resume", body).await
}

/// A visitor who asked, left their address, and closed the page; and the agent at the desk.
async fn who_left(server: &TestServer) -> (VisitorActor, ConversationId, AgentActor) {
    server.add_shop().await;
    let mut desk = AgentActor::arrive(server).await;
    let mut visitor = VisitorActor::arrive(server).await;
    visitor.say("Is the brass lamp in stock?").await;
    visitor.introduce(Some("Ada"), Some(EMAIL), None).await;
    visitor.sync().await;
    let conversation = visitor.conversation();
    desk.watch(conversation, None).await;
    (visitor, conversation, desk)
}

async fn what_is_unseen_goes_out_and_its_link_continues_elsewhere(database: Database) {
    let server = TestServer::with_mail(database).await;
    let (visitor, conversation, mut desk) = who_left(&server).await;
    let before = visitor.texts().len();
    drop(visitor);
    eventually("the departure", async || {
        number(&server.app.store, "SELECT COUNT(*) FROM visitor").await == 1
    })
    .await;
    desk.reply(conversation, "Yes, three are left.").await;
    desk.reply(conversation, "Shall I keep one for you?").await;
    server.advance(61);
    let mail = read(&server.await_mails(1).await[0]);
    assert_eq!(mail.to, EMAIL);
    for part in ["Is the brass lamp in stock?", "Yes, three are left.", "Shall I keep one for you?"] {
        assert!(mail.text.contains(part), "{part} is not in {}", mail.text);
    }
    assert!(mail.raw.contains("Auto-Submitted: auto-generated"));
    assert!(mail.subject.contains("1001") || mail.text.contains("1001"));
    let sent =
        |event: &Event| matches!(event, Event::Mailed { kind: MailKind::FollowUp, to, .. } if to == EMAIL);
    eventually("the entry", async || {
        let log = server.log(conversation).await;
        log.iter().any(|entry| matches!(&entry.body, Body::Event(event) if sent(event)))
    })
    .await;
    // Nothing goes out twice.
    server.advance(3_600);
    assert_eq!(server.await_mails(1).await.len(), 1);

    let token = token(&mail);
    // A scanner's look spends nothing, nor does a guess.
    let seen = reqwest::get(server.url("/api/v1/visitor/resume")).await.expect("it answers");
    assert_eq!(seen.status(), 405);
    assert_eq!(claim(&server, &"x".repeat(43), &secret(9)).await, 404);
    for device in 1..=3 {
        assert_eq!(claim(&server, &token, &secret(device)).await, 204);
        assert_eq!(claim(&server, &token, &secret(device)).await, 204, "a repeat is the same claim");
    }
    assert_eq!(claim(&server, &token, &secret(4)).await, 410, "three devices are enough");
    let mut elsewhere = VisitorActor::connect(&server).await;
    elsewhere.secret = secret(2).expose().to_owned();
    let welcome = elsewhere.hello().await;
    assert_eq!(welcome.conversation.expect("it goes on").id, conversation);
    elsewhere.sync().await;
    assert_eq!(elsewhere.texts().len(), before + 2);
    elsewhere.say("Yes please!").await;
    const VERIFIED: &str = "SELECT COUNT(*) FROM contact WHERE email_verified_at IS NOT NULL";
    assert_eq!(number(&server.app.store, VERIFIED).await, 1, "whoever opened it has shown the address");
    // Who comes late gets another, at the same address.
    let body = json!({ "site": "shop", "token": token });
    assert_eq!(post(&server, "/api/v1/visitor/resume/renew", body.clone()).await, 202);
    let renewed = read(&server.await_mails(2).await[0]);
    assert_eq!(renewed.to, EMAIL);
    assert!(!renewed.text.contains("brass lamp"));
    assert_eq!(post(&server, "/api/v1/visitor/resume/renew", body).await, 429);
    assert_eq!(claim(&server, &self::token(&renewed), &secret(4)).await, 204);
}

/// As for an app: nobody embeds the chat.
async fn without_pages_of_the_site_the_link_leads_to_the_chat_itself(database: Database) {
    let server = TestServer::with_mail(database).await;
    server.add_site(Site { origins: Vec::new(), ..site("shop") }).await;
    let mut desk = AgentActor::arrive(&server).await;
    let mut visitor = VisitorActor::connect(&server).await;
    let hello = Hello { host: server.origin(), ..visitor.greeting() };
    visitor.greet(hello).await;
    visitor.say("Where is my parcel?").await;
    visitor.introduce(Some("Ada"), Some(EMAIL), None).await;
    visitor.sync().await;
    let conversation = visitor.conversation();
    drop(visitor);
    desk.reply(conversation, "At the harbour.").await;
    server.advance(61);
    let mail = read(&server.await_mails(1).await[0]);
    let page = format!("{}/chat/shop", server.origin());
    assert!(mail.text.contains(&format!("{page}#causette=")), "{}", mail.text);
    assert_eq!(reqwest::get(page).await.expect("it answers").status(), 200);
    assert_eq!(claim(&server, &token(&mail), &secret(1)).await, 204);
    let mut elsewhere = VisitorActor::connect(&server).await;
    elsewhere.secret = secret(1).expose().to_owned();
    let hello = Hello { host: server.origin(), ..elsewhere.greeting() };
    assert_eq!(elsewhere.greet(hello).await.conversation.map(|state| state.id), Some(conversation));
}

async fn what_is_read_in_time_is_not_mailed(database: Database) {
    let server = TestServer::with_mail(database).await;
    let (mut visitor, conversation, mut desk) = who_left(&server).await;
    let seq = desk.reply(conversation, "Yes, three are left.").await;
    visitor.await_seq(seq).await;
    const WAITING: &str = "SELECT COUNT(*) FROM outbox WHERE state = 'pending'";
    assert_eq!(number(&server.app.store, WAITING).await, 1);
    server.advance(59);
    visitor.put(&causette_shared::protocol::visitor::ClientFrame::Seen { conversation, upto: seq }).await;
    visitor.sync().await;
    assert_eq!(number(&server.app.store, WAITING).await, 0);
    server.advance(3_600);
    server.app.check().await.expect("it works");
    assert_eq!(server.await_mails(0).await.len(), 0);
}

async fn one_click_stops_mail(database: Database) {
    let server = TestServer::with_mail(database).await;
    let (visitor, conversation, mut desk) = who_left(&server).await;
    drop(visitor);
    desk.reply(conversation, "Yes, three are left.").await;
    server.advance(61);
    let mail = read(&server.await_mails(1).await[0]);
    let (_, rest) = mail.text.split_once("/mail/stop/").expect("it says how to stop");
    let word: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    let path = format!("/mail/stop/{word}");
    const STOPPED: &str = "SELECT COUNT(*) FROM conversation WHERE mail_stopped_at IS NOT NULL";
    let asked = reqwest::get(server.url(&path)).await.expect("it answers");
    assert_eq!(asked.status(), 200);
    let policy = asked.headers()["content-security-policy"].to_str().expect("it is text").to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    let page = asked.text().await.expect("it is text");
    for part in ["<title>No more e-mails?</title>", "conversation #1", "<form method=\"post\"><button>"] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    assert_eq!(number(&server.app.store, STOPPED).await, 0, "a look stops nothing");
    for _ in 0..2 {
        let click = reqwest::Client::new().post(server.url(&path)).body("List-Unsubscribe=One-Click");
        assert_eq!(click.send().await.expect("it answers").status(), 200);
    }
    assert_eq!(number(&server.app.store, STOPPED).await, 1);
    let forged = format!("/mail/stop/{}", word.replace(|c: char| c.is_ascii_digit(), "a"));
    let click = reqwest::Client::new().post(server.url(&forged)).send().await.expect("it answers");
    assert_eq!(click.status(), 404);
    assert!(click.text().await.is_ok_and(|page| page.contains("<h1>Nothing here</h1>")), "a person reads it");
    desk.reply(conversation, "One more thing.").await;
    server.advance(3_600);
    assert_eq!(number(&server.app.store, "SELECT COUNT(*) FROM outbox WHERE state = 'pending'").await, 0);
    assert_eq!(server.await_mails(1).await.len(), 1);
}

async fn a_copy_for_an_unverified_address_is_a_question_without_a_word_of_theirs(database: Database) {
    let server = TestServer::with_mail(database).await;
    let (mut visitor, _, _desk) = who_left(&server).await;
    let ask = |email: &str| Content::Copy { email: email.to_owned() };
    for _ in 0..2 {
        let asked = visitor.send(entry_id(), ask("victim@elsewhere.example")).await;
        assert!(matches!(asked, Outcome::Acknowledged(..)), "{asked:?}");
    }
    let mails = server.await_mails(1).await;
    let mail = read(&mails[0]);
    assert_eq!(mail.to, "victim@elsewhere.example");
    assert!(!mail.raw.contains("brass") && !mail.text.contains("Ada"), "{}", mail.text);
    assert_eq!(mails.len(), 1, "at most once a day");
    // Whoever confirms reads.
    assert_eq!(claim(&server, &token(&mail), &secret(1)).await, 204);
    let refused = visitor.send(entry_id(), ask("no address")).await;
    assert!(matches!(refused, Outcome::Refused(problem) if problem.field.as_deref() == Some("email")));
}

on_both_databases! {
    what_is_unseen_goes_out_and_its_link_continues_elsewhere,
    without_pages_of_the_site_the_link_leads_to_the_chat_itself,
    what_is_read_in_time_is_not_mailed,
    one_click_stops_mail,
    a_copy_for_an_unverified_address_is_a_question_without_a_word_of_theirs,
}
