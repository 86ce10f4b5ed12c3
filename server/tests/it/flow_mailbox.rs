//! The whole way round: a follow-up leaves by SMTP, its answer comes into a real mailbox, and the agent reads it. And the
//! worst moment to be killed in.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use causette_server::clock::SystemClock;
use causette_server::config::Config;
use causette_server::mail::reply_address::{self, ReplyKey};
use causette_server::mail::smtp::{Sender, SenderOptions};
use causette_server::mailer::Mailer;
use causette_server::service::mail_key::MailKey;
use causette_server::store::Store;
use causette_shared::id::ConversationId;
use causette_shared::presence::{Presence, UnreachableReason};

use crate::harness::database::{Database, connect, database_in, number};
use crate::harness::dovecot::Dovecot;
use crate::harness::imap::{Answer, ImapServer};
use crate::harness::incoming::{ADA, Letter, OurMail, RECEIVER, SHOP_ADDRESS, reading_from};
use crate::harness::process::{Running, run};
use crate::harness::smtp::SmtpServer;
use crate::harness::{AgentActor, TestServer, VisitorActor, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_follow_up_is_answered_through_real_mail_servers() {
    let (smtp, dovecot) = (SmtpServer::start().await, Dovecot::start());
    let url = smtp.url().parse().expect("it is an address");
    let sender = Sender::new(&url, SenderOptions::default()).expect("there is what to trust");
    let server = TestServer::sending_with(
        Database::Sqlite,
        Mailer::Smtp(Box::new(sender)),
        reading_from(&dovecot.url()),
    )
    .await;
    server.add_shop().await;
    let mut desk = AgentActor::arrive(&server).await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Is the brass lamp in stock?").await;
    visitor.introduce(Some("Ada"), Some(ADA), None).await;
    visitor.sync().await;
    let conversation = visitor.conversation();
    drop(visitor);
    desk.watch(conversation, None).await;
    let seq = desk.reply(conversation, "Yes, three are left.").await;
    server.advance(61);
    let mail = OurMail::read(&smtp.wait_for(1).await[0].raw);
    desk.await_seq(conversation, seq + 1).await;
    assert!(
        mail.reply_to.starts_with("chat+") && mail.reply_to.ends_with("@shop.example"),
        "{}",
        mail.reply_to
    );

    let answer = Letter::answering(&mail, ADA, "Please keep one for me.");
    let name = dovecot.deliver(&answer.raw());
    desk.await_seq(conversation, seq + 2).await;
    let text = desk.entries[&conversation].last().and_then(|entry| entry.body.text().map(str::to_owned));
    assert_eq!(text.as_deref(), Some("Please keep one for me."));
    dovecot.until_seen(&name).await;

    // Our own mail, and the same answer once more, change nothing.
    let before = server.log(conversation).await;
    let ours = dovecot.deliver(&mail.raw);
    let again = dovecot.deliver(&answer.raw());
    let broken = dovecot.deliver(b"this is no mail");
    for name in [&ours, &again, &broken] {
        dovecot.until_seen(name).await;
    }
    assert_eq!(server.log(conversation).await, before);
    let aside = "SELECT COUNT(*) FROM inbound_mail WHERE outcome = 'set_aside'";
    assert_eq!(number(&server.app.store, aside).await, 1);

    let report = format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.mail.example\r\nSubject: Undelivered\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.mail.example\r\n\r\n\
         Final-Recipient: rfc822; {ADA}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\n\
         Content-Type: message/rfc822\r\n\r\nMessage-ID: {}\r\n\r\nHello\r\n--b--\r\n",
        mail.message_id
    );
    dovecot.deliver(report.as_bytes());
    let bounced = Presence::Unreachable(UnreachableReason::Bounced);
    desk.await_summary("the bounce", |row| row.presence == bounced).await;
}

/// A visitor's conversation in a data directory, and the address that answers to it are sent to.
async fn conversation_in(directory: &std::path::Path) -> (ConversationId, String) {
    let origin = "https://shop.example";
    assert!(
        run(directory, &["site", "add", "--key", "shop", "--name", "Shop", "--origin", origin])
            .status
            .success()
    );
    let mut server = Running::serve(directory, &[]);
    let mut visitor = VisitorActor::connect_to(&server.authority).await;
    visitor.hello().await;
    visitor.say("Is the brass lamp in stock?").await;
    visitor.sync().await;
    let conversation = visitor.conversation();
    drop(visitor);
    server.terminate();
    server.expect_clean_end(Duration::from_secs(10)).await;
    let address = format!("sqlite://{}", database_in(directory).display());
    let store = Store::open(&address).await.expect("it opens");
    let config = Config::default();
    let app = causette_server::wire(config.clone(), store, Arc::new(SystemClock), config.listen);
    let key = ReplyKey::from_bytes(app.perform(MailKey).await.expect("there is one"));
    app.store.close().await;
    (conversation, reply_address::make(&key, conversation, SHOP_ADDRESS).expect("it fits"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_between_commit_and_mark_a_mail_has_its_effect_once() {
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let (_, reply_to) = conversation_in(directory.path()).await;
    let letter = Letter::new(ADA, &reply_to, "Please keep the persimmon lamp.");
    let raw = String::from_utf8(letter.raw()).expect("it is text");
    // The mark is never answered until the second life.
    let is_deaf = Arc::new(Mutex::new(true));
    let (deaf, text) = (Arc::clone(&is_deaf), raw.clone());
    let imap = ImapServer::start(move |_, command| match command {
        "SEARCH" => Answer::Says("* SEARCH 7\r\n".to_owned()),
        "FETCH 7 BODY" => {
            Answer::Says(format!("* 7 FETCH (UID 7 BODY[]<0> {{{}}}\r\n{text})\r\n", text.len()))
        }
        "STORE 7" if *deaf.lock().expect("nobody panicked") => Answer::Silence,
        _ => Answer::Usual,
    })
    .await;
    let url = imap.url();
    let environment = [
        ("CAUSETTE_IMAP_URL", url.as_str()),
        ("CAUSETTE_MAIL_FROM", SHOP_ADDRESS),
        ("CAUSETTE_MAIL_RESULTS_OF", RECEIVER),
        ("CAUSETTE_LOG", "debug"),
    ];
    let mut first = Running::serve(directory.path(), &environment);
    // It is marked after its commit alone.
    eventually("the mark", async || imap.count("STORE 7") == 1).await;
    first.kill();
    for secret in ["persimmon", ADA, &reply_to] {
        assert!(!first.log().contains(secret), "{secret} is in the log: {}", first.log());
    }
    assert!(first.log().contains("a mail was taken"), "{}", first.log());
    *is_deaf.lock().expect("nobody panicked") = false;
    let mut second = Running::serve(directory.path(), &environment);
    eventually("the second mark", async || imap.count("STORE 7") == 2).await;
    second.terminate();
    second.expect_clean_end(Duration::from_secs(10)).await;
    assert!(imap.count("FETCH 7 BODY") >= 2, "it was offered again");
    let mut database = connect(&database_in(directory.path())).await;
    for sql in ["SELECT COUNT(*) FROM entry WHERE mail IS NOT NULL", "SELECT COUNT(*) FROM inbound_mail"] {
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut database).await.expect("it reads");
        assert_eq!(count, 1, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_reads_a_mailbox_stops_in_good_order() {
    let dovecot = Dovecot::start();
    let server = TestServer::with(reading_from(&dovecot.url())).await;
    server.add_shop().await;
    let name = dovecot.deliver(&Letter::new(ADA, SHOP_ADDRESS, &"Hello ".repeat(1_000)).raw());
    dovecot.until_seen(&name).await;
    // Whoever writes to the address itself is none of a conversation, and is not lost.
    let unmatched =
        "SELECT COUNT(*) FROM inbound_mail WHERE outcome = 'unmatched' AND LENGTH(original) = 2000";
    assert_eq!(number(&server.app.store, unmatched).await, 1);
    let entries = "SELECT COUNT(*) FROM entry";
    assert_eq!(number(&server.app.store, entries).await, 0);
    // Dropping the server waits for its end, in IDLE as it is.
}
