//! What comes into the mailbox and is no answer, or none that can be read: it has no effect, or as much as is safe, and
//! holds up nothing.

use causette_server::inbox::Inbox;
use causette_server::mail::inbound::{InboundMail, Unreadable, parse};
use causette_server::mail::mailbox::{Content, Taken};
use causette_shared::entry::{Body, Event};
use causette_shared::id::ConversationId;
use causette_shared::presence::{Presence, UnreachableReason};
use serde_json::Value;

use crate::harness::database::{execute, number, on_both_databases};
use crate::harness::incoming::{ADA, Letter, OurMail, PostOffice};
use crate::harness::{AgentActor, Database, TestServer, within};

const PENDING: &str = "SELECT COUNT(*) FROM outbox WHERE state = 'pending'";
const UNREACHABLE: &str = "SELECT COUNT(*) FROM contact WHERE unreachable = 'bounced'";

async fn outcomes(server: &TestServer, outcome: &str) -> i64 {
    number(&server.app.store, &format!("SELECT COUNT(*) FROM inbound_mail WHERE outcome = '{outcome}'")).await
}

async fn texts(server: &TestServer, conversation: ConversationId) -> Vec<String> {
    let log = server.log(conversation).await;
    let by_mail = log.iter().filter_map(|entry| match &entry.body {
        Body::Mail(mail) => Some(mail.text.clone()),
        _ => None,
    });
    by_mail.collect()
}

async fn failures(server: &TestServer, conversation: ConversationId) -> Vec<(String, String)> {
    let log = server.log(conversation).await;
    let failed = log.iter().filter_map(|entry| match &entry.body {
        Body::Event(Event::MailFailed { to, reason }) => Some((to.clone(), reason.clone())),
        _ => None,
    });
    failed.collect()
}

async fn get(server: &TestServer, desk: &AgentActor, path: &str) -> reqwest::Response {
    let request = reqwest::Client::new().get(server.url(path)).header("cookie", &desk.cookie);
    within("the answer", request.send()).await.expect("it answers")
}

async fn no_loop_is_possible(database: Database) {
    let post = PostOffice::on(database).await;
    let (_desk, gone, mail) = post.who_was_mailed().await;
    let before = post.server.log(gone.conversation).await;
    let jobs = post.server.count("outbox").await;
    // Our own mail, come back by a rule that forwards it.
    let ours = format!("Delivered-To: {}\r\n{}", mail.reply_to, String::from_utf8_lossy(&mail.raw));
    assert!(ours.contains("\r\nX-Causette: follow_up\r\n"), "{ours}");
    assert_eq!(post.take_raw(ours.into_bytes()).await, Taken::Done);
    for more in [
        "Auto-Submitted: auto-replied\n",
        "X-Causette: follow_up\n",
        "Precedence: bulk\n",
        "List-Id: <friends.example>\n",
        "Return-Path: <>\n",
    ] {
        let letter = Letter { more: more.to_owned(), ..Letter::answering(&mail, ADA, "I am away.") };
        assert_eq!(post.take(&letter).await, Taken::Done, "{more}");
    }
    let subject = "Automatic reply: Your question".to_owned();
    assert_eq!(post.take(&Letter { subject, ..Letter::answering(&mail, ADA, "Away.") }).await, Taken::Done);
    assert_eq!(post.take(&Letter::answering(&mail, ADA, "").emptied()).await, Taken::Done);
    assert_eq!(post.server.log(gone.conversation).await, before);
    assert_eq!(outcomes(&post.server, "ignored").await, 8);
    post.server.advance(3_600);
    assert_eq!(post.server.count("outbox").await, jobs);
    // A program that hides that it is one ends at the limit.
    for number in 0..30 {
        let letter = Letter::answering(&mail, ADA, &format!("Number {number}"));
        assert_eq!(post.take(&letter).await, Taken::Done);
    }
    assert_eq!(post.take(&Letter::answering(&mail, ADA, "Number 30")).await, Taken::PutAside);
    assert_eq!(texts(&post.server, gone.conversation).await.len(), 30);
    assert_eq!(outcomes(&post.server, "set_aside").await, 1);
    post.server.advance(3_601);
    assert_eq!(post.take(&Letter::answering(&mail, ADA, "An hour later")).await, Taken::Done);
}

/// A report about a mail of ours, as hosts write it.
fn report(about: &OurMail, address: &str, action: &str, status: &str) -> Letter {
    let body = format!(
        "--b\nContent-Type: text/plain\n\nIt did not work.\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.mail.example\n\nFinal-Recipient: rfc822; {address}\nAction: {action}\n\
         Status: {status}\nDiagnostic-Code: smtp; 550 {status} no such user here\n\n--b\n\
         Content-Type: text/rfc822-headers\n\nMessage-ID: {}\nTo: {ADA}\n\n--b--\n",
        about.message_id
    );
    Letter {
        more: "Return-Path: <>\nAuto-Submitted: auto-replied\n".to_owned(),
        content_type: "multipart/report; report-type=delivery-status; boundary=b".to_owned(),
        subject: "Undelivered Mail Returned to Sender".to_owned(),
        ..Letter::new("MAILER-DAEMON@mx.mail.example", "chat@shop.example", &body)
    }
}

async fn a_report_counts_if_it_names_our_mail_and_whom_it_went_to(database: Database) {
    let post = PostOffice::on(database).await;
    let (mut desk, gone, mail) = post.who_was_mailed().await;
    let none = OurMail { message_id: "<5.causette@shop.example>".to_owned(), ..mail.clone() };
    let other = "<00000000000000000000000000000005.causette@shop.example>".to_owned();
    let other = OurMail { message_id: other, ..mail.clone() };
    for forged in [
        report(&none, ADA, "failed", "5.1.1"),
        report(&other, ADA, "failed", "5.1.1"),
        report(&mail, "somebody@else.example", "failed", "5.1.1"),
    ] {
        assert_eq!(post.take(&forged).await, Taken::PutAside);
    }
    assert_eq!(outcomes(&post.server, "unmatched").await, 3);
    for harmless in [report(&mail, ADA, "delayed", "4.4.1"), report(&mail, ADA, "delivered", "2.1.5")] {
        assert_eq!(post.take(&harmless).await, Taken::Done);
    }
    assert_eq!(failures(&post.server, gone.conversation).await, []);
    assert_eq!(number(&post.server.app.store, UNREACHABLE).await, 0);

    assert_eq!(post.take(&report(&mail, ADA, "failed", "4.2.2")).await, Taken::Done);
    assert_eq!(failures(&post.server, gone.conversation).await.len(), 1);
    assert_eq!(number(&post.server.app.store, PENDING).await, 0, "what was given up is not sent again");
    desk.reply(gone.conversation, "Are you there?").await;
    assert_eq!(number(&post.server.app.store, PENDING).await, 1);
    // Given up for a reason that passes: agents know, and the next mail is sent.
    assert_eq!(post.take(&report(&mail, ADA, "failed", "4.2.2")).await, Taken::Done);
    assert_eq!(failures(&post.server, gone.conversation).await.len(), 2);
    assert_eq!(number(&post.server.app.store, PENDING).await, 1);
    let gone_for_good = report(&mail, "ADA@mail.example", "failed", "5.1.1");
    assert_eq!(post.take(&gone_for_good).await, Taken::Done);
    assert_eq!(post.take(&gone_for_good).await, Taken::Done, "delivered once more");
    let told = failures(&post.server, gone.conversation).await;
    assert_eq!(told.len(), 3);
    assert!(told[2].1.contains("no such user here"), "{told:?}");
    let bounced = Presence::Unreachable(UnreachableReason::Bounced);
    desk.await_summary("the reason", |row| row.presence == bounced).await;
    assert_eq!(number(&post.server.app.store, PENDING).await, 0, "the follow-up is cancelled");
    let panel = gone.again(&post.server).await;
    assert!(!format!("{:?}", panel.entries).contains("no such user"), "the panel is not told addresses");
    drop(panel);
    // It takes mail after all: they write from there.
    assert_eq!(post.take(&Letter::answering(&mail, ADA, "Here I am.")).await, Taken::Done);
    assert_eq!(number(&post.server.app.store, UNREACHABLE).await, 0);
}

async fn a_report_about_an_address_they_have_left_blames_nobody(database: Database) {
    let post = PostOffice::on(database).await;
    let (_desk, gone, mail) = post.who_was_mailed().await;
    let mut panel = gone.again(&post.server).await;
    panel.introduce(None, Some("ada@new.example"), None).await;
    assert_eq!(post.take(&report(&mail, ADA, "failed", "5.1.1")).await, Taken::Done);
    assert_eq!(number(&post.server.app.store, UNREACHABLE).await, 0);
    assert_eq!(failures(&post.server, gone.conversation).await.len(), 1);
}

/// Panics at what a test says, as a defect of the reading would.
fn fragile(raw: &[u8]) -> Result<InboundMail, Unreadable> {
    let holds = |word: &[u8]| raw.windows(word.len()).any(|window| window == word);
    assert!(!holds(b"poison in the text") && !holds(b"poison in the header"), "a defect");
    parse(raw)
}

async fn what_cannot_be_read_is_put_aside_and_the_next_ones_flow(database: Database) {
    let post = PostOffice::with(database, |inbox: Inbox| inbox.reading(fragile)).await;
    let (desk, gone, mail) = post.who_was_mailed().await;
    let aside = |raw: &str| post.take_raw(raw.as_bytes().to_vec());
    assert_eq!(aside("no header at all").await, Taken::PutAside);
    assert_eq!(aside("").await, Taken::PutAside);
    assert_eq!(aside("Subject: poison in the header\u{0}\r\n\r\nText").await, Taken::PutAside);
    assert_eq!(post.take_content(Content::Unreadable).await, Taken::PutAside);
    // Of a conversation that is known, agents see that something came.
    let poison = Letter::answering(&mail, ADA, "poison in the text");
    assert_eq!(post.take(&poison).await, Taken::PutAside);
    let encrypted = Letter {
        content_type: "multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b".to_owned(),
        body: "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\n\
               Content-Type: application/octet-stream; name=secret.asc\n\n-----BEGIN PGP MESSAGE-----\n--b--\n"
            .to_owned(),
        ..Letter::answering(&mail, ADA, "")
    };
    assert_eq!(post.take(&encrypted).await, Taken::PutAside);
    let headers = Letter::answering(&mail, ADA, "").raw();
    let huge = Content::TooLarge { headers: headers.clone(), size: 31 * 1024 * 1024 };
    assert_eq!(post.take_content(huge.clone()).await, Taken::PutAside);
    assert_eq!(post.take_content(huge).await, Taken::Done, "the same mail, delivered once more");
    let nobodys = Letter::new("bob@mail.example", "chat@shop.example", "").raw();
    let nobodys = Content::TooLarge { headers: nobodys, size: 31 * 1024 * 1024 };
    assert_eq!(post.take_content(nobodys).await, Taken::PutAside);
    assert_eq!(
        texts(&post.server, gone.conversation).await,
        [
            "[A mail came, and could not be read.]",
            "[An encrypted mail came: it cannot be read here.]",
            "[A mail of 31 MB came: it is too large to be read here.]",
        ]
    );
    assert_eq!(post.server.count("attachment").await, 1, "who has the key can read it");
    assert_eq!(outcomes(&post.server, "set_aside").await, 8);
    let left: Value =
        get(&post.server, &desk, "/api/v1/desk/inbound").await.json().await.expect("it is JSON");
    let details: Vec<&str> =
        left.as_array().expect("a list").iter().filter_map(|mail| mail["detail"].as_str()).collect();
    assert!(details.iter().all(|detail| !detail.is_empty()), "{details:?}");
    assert!(details.contains(&"encrypted") && details.contains(&"larger than mails may be"), "{details:?}");
    assert!(left.to_string().contains("\"from\":\"bob@mail.example\""), "{left}");
    assert_eq!(
        number(&post.server.app.store, "SELECT COUNT(*) FROM inbound_mail WHERE original LIKE 'Auth%From:%'")
            .await,
        4,
        "their headers are kept"
    );
    assert_eq!(post.take(&Letter::answering(&mail, ADA, "Still here")).await, Taken::Done);
}

async fn a_store_that_is_away_is_waited_for(database: Database) {
    let post = PostOffice::on(database).await;
    let (_desk, _gone, mail) = post.who_was_mailed().await;
    post.server.app.store.close().await;
    for _ in 0..4 {
        let content = Content::Whole(Letter::answering(&mail, ADA, "Hello").raw());
        assert_eq!(post.take_at(1, 1, content).await, Taken::Later);
    }
}

async fn what_the_store_never_takes_is_put_aside_after_three_tries(database: Database) {
    let post = PostOffice::on(database).await;
    let (_desk, gone, mail) = post.who_was_mailed().await;
    // A defect that only messages meet.
    execute(&post.server.app.store, "DROP TABLE attachment").await;
    let letter = Letter {
        content_type: "multipart/mixed; boundary=b".to_owned(),
        body: "--b\n\nSee the file\n--b\nContent-Disposition: attachment; filename=a.txt\n\nabc\n--b--\n"
            .to_owned(),
        ..Letter::answering(&mail, ADA, "")
    };
    for expected in [Taken::Later, Taken::Later, Taken::PutAside] {
        assert_eq!(post.take_at(1, 9, Content::Whole(letter.raw())).await, expected);
    }
    assert_eq!(texts(&post.server, gone.conversation).await, Vec::<String>::new());
    assert_eq!(outcomes(&post.server, "set_aside").await, 1);
    assert_eq!(post.take(&Letter::answering(&mail, ADA, "Next")).await, Taken::Done);
}

async fn files_are_handed_out_to_agents_and_never_shown(database: Database) {
    let post = PostOffice::on(database).await;
    let (mut desk, gone, mail) = post.who_was_mailed().await;
    let png =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let letter = Letter {
        content_type: "multipart/mixed; boundary=b".to_owned(),
        body: format!(
            "--b\nContent-Type: image/png\nContent-Disposition: attachment;\n filename*=UTF-8''lampe%20%C3%A9t%C3%A9.png\n\
             Content-Transfer-Encoding: base64\n\n{png}\n--b\nContent-Type: text/html\n\
             Content-Disposition: attachment; filename=\"../evil\\\"; x=.html\"\n\n<script>alert(1)</script>\n--b--\n"
        ),
        ..Letter::answering(&mail, ADA, "")
    };
    assert_eq!(post.take(&letter).await, Taken::Done);
    let log = post.server.log(gone.conversation).await;
    let Some(Body::Mail(stored)) = log.last().map(|entry| &entry.body) else { panic!("it is there") };
    assert_eq!(stored.files.len(), 2);
    assert!(stored.text.contains("lampe \u{e9}t\u{e9}.png"), "a mail of files says which: {}", stored.text);
    desk.await_seq(gone.conversation, log.last().expect("it is there").seq).await;

    let picture = get(&post.server, &desk, &format!("/api/v1/desk/files/{}", stored.files[0].id)).await;
    assert_eq!(picture.status(), 200);
    let headers = picture.headers().clone();
    for (name, value) in [
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
        (
            "content-disposition",
            "attachment; filename=\"lampe _t_.png\"; filename*=UTF-8''lampe%20%C3%A9t%C3%A9.png",
        ),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    let bytes = picture.bytes().await.expect("they come");
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert_eq!(bytes.len(), stored.files[0].size as usize);
    let page = get(&post.server, &desk, &format!("/api/v1/desk/files/{}", stored.files[1].id)).await;
    assert_eq!(page.headers()["content-type"], "application/octet-stream");
    assert!(page.headers()["content-disposition"].to_str().is_ok_and(|told| told.starts_with("attachment")));
    for unknown in ["nonsense", &gone.conversation.to_string()] {
        assert_eq!(get(&post.server, &desk, &format!("/api/v1/desk/files/{unknown}")).await.status(), 404);
    }
    // A conversation takes so many bytes in a day; what is beyond is told.
    execute(&post.server.app.store, "UPDATE attachment SET size = 104857600").await;
    post.take(&Letter { message_id: None, ..letter }).await;
    let texts = texts(&post.server, gone.conversation).await;
    assert!(texts[1].ends_with("[2 attached files could not be taken.]"), "{texts:?}");
    assert_eq!(post.server.count("attachment").await, 2);
}

async fn a_long_mail_is_shown_from_its_beginning(database: Database) {
    let post = PostOffice::on(database).await;
    let (desk, gone, mail) = post.who_was_mailed().await;
    let long = "All work and no play makes a long mail.\n".repeat(1_000);
    assert_eq!(post.take(&Letter::new(ADA, &mail.reply_to, &long)).await, Taken::Done);
    // Only what we wrote, and nothing above it: better too much than nothing.
    assert_eq!(post.take(&Letter::new(ADA, &mail.reply_to, "> Yes, three are left.\n")).await, Taken::Done);
    let texts = texts(&post.server, gone.conversation).await;
    assert!(texts[0].chars().count() <= 10_000 && texts[0].ends_with('\u{2026}'), "{}", texts[0].len());
    assert_eq!(texts[1], "> Yes, three are left.");
    let log = post.server.log(gone.conversation).await;
    let first = log.iter().find(|entry| matches!(entry.body, Body::Mail(_))).expect("it is there").id;
    let path = format!("/api/v1/desk/conversations/{}/mails/{first}", gone.conversation);
    let whole: Value = get(&post.server, &desk, &path).await.json().await.expect("it is JSON");
    assert_eq!(whole["text"].as_str().map(|text| text.trim().len()), Some(long.trim().len()));
}

on_both_databases! {
    no_loop_is_possible,
    a_report_counts_if_it_names_our_mail_and_whom_it_went_to,
    a_report_about_an_address_they_have_left_blames_nobody,
    what_cannot_be_read_is_put_aside_and_the_next_ones_flow,
    a_store_that_is_away_is_waited_for,
    what_the_store_never_takes_is_put_aside_after_three_tries,
    files_are_handed_out_to_agents_and_never_shown,
    a_long_mail_is_shown_from_its_beginning,
}
