//! A visitor answers a mail by a mail: it lands in their conversation, once, and shows what it shows of its sender.

use causette_server::config::Config;
use causette_server::mail::inbound::sender::{Authenticator, Records};
use causette_server::mail::mailbox::{Content, Taken};
use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Body, Content as Sent, Entry, Mail, SenderCheck};
use causette_shared::id::ConversationId;
use mail_auth::hickory_resolver::config::{ResolverConfig, ResolverOpts};
use serde_json::{Value, json};

use crate::harness::builders::entry_id;
use crate::harness::database::{execute, number, on_both_databases};
use crate::harness::incoming::{ADA, Gone, Letter, NOWHERE, OurMail, PostOffice, Sender, reading_from};
use crate::harness::{AgentActor, Database, PATIENCE, TestServer, eventually, within};

const VERIFIED: &str = "SELECT COUNT(*) FROM contact WHERE email_verified_at IS NOT NULL";
const PENDING: &str = "SELECT COUNT(*) FROM outbox WHERE state = 'pending'";

fn mail_of(entry: &Entry) -> &Mail {
    match &entry.body {
        Body::Mail(mail) => mail,
        other => panic!("{other:?} did not come by mail"),
    }
}

async fn mails_in(server: &TestServer, conversation: ConversationId) -> Vec<Mail> {
    let log = server.log(conversation).await;
    let by_mail = log.iter().filter(|entry| matches!(entry.body, Body::Mail(_)));
    by_mail.map(|entry| mail_of(entry).clone()).collect()
}

async fn outcomes(server: &TestServer, outcome: &str) -> i64 {
    number(&server.app.store, &format!("SELECT COUNT(*) FROM inbound_mail WHERE outcome = '{outcome}'")).await
}

async fn get(server: &TestServer, desk: &AgentActor, path: &str) -> (u16, Value) {
    let request = reqwest::Client::new().get(server.url(path)).header("cookie", &desk.cookie);
    let response = within("the answer", request.send()).await.expect("it answers");
    assert_eq!(response.headers()["cache-control"], "no-store");
    (response.status().as_u16(), response.json().await.expect("it is JSON"))
}

async fn an_answer_is_a_message_for_both_sides(database: Database) {
    let post = PostOffice::on(database).await;
    let (mut desk, gone, mail) = post.who_was_mailed().await;
    assert_eq!(number(&post.server.app.store, VERIFIED).await, 0);
    let before = post.server.log(gone.conversation).await.len();
    let answer = Letter::answering(&mail, &format!("Ada <{ADA}>"), "Please keep one for me.");
    assert_eq!(post.take(&answer).await, Taken::Done);

    desk.await_seq(gone.conversation, u32::try_from(before).expect("it is small") + 1).await;
    let entry = desk.entries[&gone.conversation].last().expect("it came").clone();
    assert_eq!(entry.author, Author::Visitor);
    let told = mail_of(&entry);
    assert_eq!((told.text.as_str(), told.from.as_str()), ("Please keep one for me.", ADA));
    assert_eq!((told.sender, told.is_cut), (SenderCheck::Passed, true));
    let row = desk.await_summary("the message", |row| row.unread > 0).await;
    assert_eq!(row.preview, "Please keep one for me.");
    assert_eq!(number(&post.server.app.store, VERIFIED).await, 1, "answering has shown the address");
    let found = post.server.conversation(gone.conversation).await;
    assert_eq!(found.visitor_seen, 6, "they have read what they answer, and nothing behind it");

    // Their panel shows what they wrote, and whose address it was stays at the desk.
    let panel = gone.again(&post.server).await;
    let shown = mail_of(panel.entries.last().expect("there is a log"));
    assert_eq!((shown.text.as_str(), shown.from.as_str()), ("Please keep one for me.", ""));
    assert!(!format!("{:?}", panel.entries).contains("Mailed { kind: FollowUp, to: \"ada@"));

    let path = format!("/api/v1/desk/conversations/{}/mails/{}", gone.conversation, entry.id);
    let (status, whole) = get(&post.server, &desk, &path).await;
    assert_eq!(status, 200);
    assert_eq!(whole["subject"], "Re: The Shop answered you");
    assert_eq!(
        (&whole["from"], &whole["sender"], &whole["dmarc"]),
        (&json!(ADA), &json!("passed"), &json!("pass"))
    );
    assert_eq!(whole["date"], 1_790_071_810_000_i64);
    assert!(whole["text"].as_str().is_some_and(|text| text.contains("> Yes, three are left.")));
    assert!(answer.message_id.is_some_and(|id| id.contains(whole["message_id"].as_str().unwrap_or("-"))));
    let foreign = format!("/api/v1/desk/conversations/{}/mails/{}", gone.conversation, entry_id());
    assert_eq!(get(&post.server, &desk, &foreign).await.0, 404);
    // Nothing goes out about it.
    post.server.advance(3_600);
    assert_eq!(number(&post.server.app.store, PENDING).await, 0);
}

async fn a_mail_has_its_effect_once(database: Database) {
    let post = PostOffice::on(database).await;
    let (_desk, gone, mail) = post.who_was_mailed().await;
    let answer = Letter::answering(&mail, ADA, "Please keep one for me.");
    let offer = async |uid_validity, uid| {
        let content = Content::Whole(answer.raw());
        assert_eq!(post.take_at(uid_validity, uid, content).await, Taken::Done);
        mails_in(&post.server, gone.conversation).await.len()
    };
    assert_eq!(offer(1, 7).await, 1);
    assert_eq!(offer(1, 7).await, 1, "the mark was lost");
    assert_eq!(post.server.count("inbound_mail").await, 1);
    assert_eq!(offer(1, 8).await, 1, "it was delivered twice");
    assert_eq!(offer(2, 7).await, 1, "the mailbox was numbered anew");
    assert_eq!(outcomes(&post.server, "ignored").await, 2);
    let nameless = Letter { message_id: None, ..Letter::answering(&mail, ADA, "And a shade.") };
    for _ in 0..2 {
        assert_eq!(post.take(&nameless).await, Taken::Done);
    }
    let texts: Vec<String> =
        mails_in(&post.server, gone.conversation).await.into_iter().map(|mail| mail.text).collect();
    assert_eq!(
        texts,
        ["Please keep one for me.", "And a shade.", "And a shade."],
        "nothing tells these apart"
    );
}

async fn two_who_read_the_same_mailbox_take_a_mail_once(database: Database) {
    let post = PostOffice::on(database).await;
    let (_desk, gone, mail) = post.who_was_mailed().await;
    let answer = Letter::answering(&mail, ADA, "Please keep one for me.").raw();
    let offer = |uid| post.take_at(1, uid, Content::Whole(answer.clone()));
    let (one, other, third) = tokio::join!(offer(7), offer(7), offer(8));
    assert_eq!([one, other, third], [Taken::Done; 3]);
    assert_eq!(mails_in(&post.server, gone.conversation).await.len(), 1);
}

async fn the_address_tells_the_conversation_then_the_mail_that_is_named_and_never_the_sender(
    database: Database,
) {
    let post = PostOffice::on(database).await;
    let (desk, gone, mail) = post.who_was_mailed().await;
    // A program that answers to From.
    let to_from = Letter { to: "chat@shop.example".to_owned(), ..Letter::answering(&mail, ADA, "One.") };
    assert_eq!(post.take(&to_from).await, Taken::Done);
    // One that names what it answers among others only.
    let threaded = Letter {
        in_reply_to: Some("<other@mail.example>".to_owned()),
        more: format!("References: <first@mail.example> {}\n", mail.message_id),
        ..to_from.clone()
    };
    let threaded = Letter { message_id: Some("<two@mail.example>".to_owned()), ..threaded };
    assert_eq!(post.take(&threaded).await, Taken::Done);
    assert_eq!(mails_in(&post.server, gone.conversation).await.len(), 2);

    let mut forged = mail.reply_to.clone();
    forged.replace_range(5..9, if forged[5..9] == *"abcd" { "efgh" } else { "abcd" });
    for to in ["chat@shop.example", "chat+secret@shop.example", &forged] {
        assert_eq!(post.take(&Letter::new(ADA, to, "It is me!")).await, Taken::PutAside, "{to}");
    }
    let foreign = Some("<00000000000000000000000000000005.causette@shop.example>".to_owned());
    let foreign = Letter { in_reply_to: foreign, ..Letter::new(ADA, "chat@shop.example", "It is me!") };
    assert_eq!(post.take(&foreign).await, Taken::PutAside);
    assert_eq!(mails_in(&post.server, gone.conversation).await.len(), 2);
    assert_eq!(outcomes(&post.server, "unmatched").await, 4);
    let (_, left) = get(&post.server, &desk, "/api/v1/desk/inbound").await;
    let left = left.as_array().expect("a list");
    assert_eq!(left.len(), 4);
    assert_eq!((&left[0]["outcome"], &left[0]["from"]), (&json!("unmatched"), &json!(ADA)));
    assert_eq!(left[0]["subject"], "Re: The Shop answered you");
    assert!(left[0]["id"].is_string() && left[0]["received_at"].is_i64() && left[0]["detail"].is_string());
}

async fn a_mail_reopens_what_is_solved_and_begins_anew_what_is_closed(database: Database) {
    let post = PostOffice::on(database).await;
    let (mut desk, gone, mail) = post.who_was_mailed().await;
    post.server.set_status(gone.conversation, Status::Solved).await;
    post.take(&Letter::answering(&mail, ADA, "It does not shine.")).await;
    assert_eq!(post.server.conversation(gone.conversation).await.status, Status::Open);
    post.server.set_status(gone.conversation, Status::Closed).await;
    assert_eq!(post.take(&Letter::answering(&mail, ADA, "It broke.")).await, Taken::Done);
    let new = desk.await_summary("the new one", |row| row.preview == "It broke.").await;
    assert_ne!(new.id, gone.conversation);
    assert_eq!((new.status, new.contact.email.as_deref()), (Status::New, Some(ADA)));
    let log = post.server.log(new.id).await;
    assert_eq!(log.len(), 1, "a mail is not answered by itself: {log:?}");
    assert_eq!(mails_in(&post.server, gone.conversation).await.len(), 1);
    // A further answer to the old mail goes where the visitor is now.
    post.take(&Letter::answering(&mail, ADA, "Are you there?")).await;
    assert_eq!(mails_in(&post.server, new.id).await.len(), 2);
    // So it does for one who stopped mail: they may still write.
    execute(&post.server.app.store, "UPDATE conversation SET mail_stopped_at = 1").await;
    post.take(&Letter::answering(&mail, ADA, "Hello?")).await;
    assert_eq!(mails_in(&post.server, new.id).await.len(), 3);
}

async fn what_others_send_there_is_for_agents_alone(database: Database) {
    let post = PostOffice::on(database).await;
    let (mut desk, gone, mail) = post.who_was_mailed().await;
    // The ticket trick: the visitor gives the address away, and a service sends its secret there.
    let trick = Letter::new("login@service.example", &mail.reply_to, "Your code is 271828.");
    assert_eq!(post.take(&trick).await, Taken::Done);
    let forged = Letter { sender: Sender::Forged, ..Letter::answering(&mail, ADA, "I am Ada, refund me.") };
    assert_eq!(post.take(&forged).await, Taken::Done);
    assert_eq!(number(&post.server.app.store, VERIFIED).await, 0);
    assert_eq!(post.server.conversation(gone.conversation).await.visitor_seen, 0);
    let stored = mails_in(&post.server, gone.conversation).await;
    assert_eq!(stored[0].text, "Your code is 271828.");
    assert_eq!((stored[0].from.as_str(), stored[1].sender), ("login@service.example", SenderCheck::Failed));

    let told = async || {
        let panel = gone.again(&post.server).await;
        let log = format!("{:?}", panel.entries);
        assert!(
            !log.contains("271828") && !log.contains("refund") && !log.contains("service.example"),
            "{log}"
        );
        assert_eq!(log.matches("Only the team can read it").count(), 2);
    };
    told().await;
    // Nor does a typed address make it theirs, nor an answer that quotes it.
    let mut panel = gone.again(&post.server).await;
    panel.introduce(None, Some("login@service.example"), None).await;
    drop(panel);
    let again = Letter::new("login@service.example", &mail.reply_to, "Your code is 271828!");
    post.take(&again).await;
    assert_eq!(number(&post.server.app.store, VERIFIED).await, 0, "nobody answered a mail that went there");
    let named = Letter { in_reply_to: Some(mail.message_id.clone()), ..again };
    post.take(&Letter { message_id: Some("<named@service.example>".to_owned()), ..named }).await;
    assert_eq!(number(&post.server.app.store, VERIFIED).await, 0, "that mail went elsewhere");
    let answered = post.mail_reply(&mut desk, gone.conversation, "What do you mean?").await;
    assert!(!answered.text.contains("271828") && answered.text.contains("brass lamp"), "{}", answered.text);
    let earlier = mail.message_id.trim_matches(['<', '>']).to_owned();
    assert_eq!(answered.to, "login@service.example");
    assert!(!String::from_utf8_lossy(&answered.raw).contains(&earlier), "it is not told of mails to others");
}

async fn of_a_sender_of_whom_nothing_is_known_the_mail_that_they_answer_speaks(database: Database) {
    let post = PostOffice::on(database).await;
    let (_desk, gone, mail) = post.who_was_mailed().await;
    let unknown = |letter| Letter { sender: Sender::Unknown, ..letter };
    // The address alone, which a mail that was forwarded holds as well, shows nothing.
    post.take(&unknown(Letter::new(ADA, &mail.reply_to, "One."))).await;
    assert_eq!(number(&post.server.app.store, VERIFIED).await, 0);
    post.take(&unknown(Letter::answering(&mail, "bob@mail.example", "Ada forwarded this to me."))).await;
    assert_eq!(number(&post.server.app.store, VERIFIED).await, 0);
    post.take(&unknown(Letter::answering(&mail, "ADA@Mail.example", "Two."))).await;
    assert_eq!(number(&post.server.app.store, VERIFIED).await, 1);
    let senders: Vec<_> =
        mails_in(&post.server, gone.conversation).await.into_iter().map(|mail| mail.sender).collect();
    assert_eq!(senders, [SenderCheck::Unknown; 3]);
}

async fn senders_are_verified_by_us_where_no_host_is_believed(database: Database) {
    let records = Records::default()
        .with("_dmarc.mail.example", "v=DMARC1; p=reject")
        .with("mail.example", "v=spf1 ip4:203.0.113.9 -all");
    let servers = ResolverConfig::from_parts(None, Vec::new(), Vec::new());
    let authenticator = Authenticator::new(servers, ResolverOpts::default(), PATIENCE);
    let authenticator = authenticator.expect("it can be made").knowing(records);
    let config = Config {
        mail_results_of: None,
        mail_receiving_host: Some("mx.shop.example".to_owned()),
        ..reading_from(NOWHERE)
    };
    let post = PostOffice::configured(database, config, |inbox| inbox.asking(authenticator)).await;
    let (desk, gone, mail) = post.who_was_mailed().await;
    // Each says by itself that it is genuine.
    for ip in ["198.51.100.1", "203.0.113.9"] {
        let more = format!(
            "Return-Path: <{ADA}>\nReceived: from out.mail.example (out.mail.example [{ip}])\n\tby mx.shop.example \
             (Postfix) with ESMTPS id 1\n\tfor <chat@shop.example>; Tue, 22 Sep 2026 10:12:00 +0000\n"
        );
        let letter = Letter { more, ..Letter::answering(&mail, ADA, "Please keep one for me.") };
        assert_eq!(post.take(&letter).await, Taken::Done);
    }
    let stored = mails_in(&post.server, gone.conversation).await;
    let senders: Vec<SenderCheck> = stored.iter().map(|mail| mail.sender).collect();
    assert_eq!(senders, [SenderCheck::Failed, SenderCheck::Passed]);
    let log = post.server.log(gone.conversation).await;
    let entry = log.last().expect("it is there").id;
    let path = format!("/api/v1/desk/conversations/{}/mails/{entry}", gone.conversation);
    let (_, whole) = get(&post.server, &desk, &path).await;
    assert_eq!([&whole["spf"], &whole["dkim"], &whole["dmarc"]], ["pass", "none", "pass"]);
}

async fn a_copy_holds_nothing_that_others_sent(database: Database) {
    let post = PostOffice::on(database).await;
    let (_desk, gone, mail) = post.who_was_mailed().await;
    post.take(&Letter::answering(&mail, ADA, "Please keep one for me.")).await;
    post.take(&Letter::new("login@service.example", &mail.reply_to, "Your code is 271828.")).await;
    let mut panel = gone.again(&post.server).await;
    let mails = post.server.await_mails(0).await.len();
    panel.send(entry_id(), Sent::Copy { email: ADA.to_owned() }).await;
    let copy = OurMail::from(&post.server.await_mails(mails + 1).await[0]);
    assert!(copy.text.contains("Please keep one for me."), "{}", copy.text);
    assert!(!copy.text.contains("271828"), "{}", copy.text);
}

async fn what_was_not_mailed_yet_still_goes_out(database: Database) {
    let post = PostOffice::on(database).await;
    let (mut desk, gone, mail): (_, Gone, _) = post.who_was_mailed().await;
    desk.reply(gone.conversation, "There is a shade, too.").await;
    assert_eq!(number(&post.server.app.store, PENDING).await, 1);
    let before = post.server.await_mails(0).await.len();
    post.take(&Letter::answering(&mail, ADA, "Please keep one for me.")).await;
    assert_eq!(number(&post.server.app.store, PENDING).await, 1, "this one they have not read");
    post.server.advance(1_200);
    let next = OurMail::from(&post.server.await_mails(before + 1).await[0]);
    assert!(next.text.contains("There is a shade, too.") && !next.text.contains("Yes, three are left."));
    let settled = async || number(&post.server.app.store, PENDING).await == 0;
    eventually("the settlement", settled).await;
    // A host that names our mails anew: the last that went to them is the one that they answer.
    let renamed = Letter { in_reply_to: None, ..Letter::answering(&next, ADA, "And the shade.") };
    post.take(&renamed).await;
    let found = post.server.conversation(gone.conversation).await;
    assert!(found.visitor_seen > 6, "{}", found.visitor_seen);
    post.server.advance(3_600);
    assert_eq!(number(&post.server.app.store, PENDING).await, 0);
}

on_both_databases! {
    an_answer_is_a_message_for_both_sides,
    a_mail_has_its_effect_once,
    two_who_read_the_same_mailbox_take_a_mail_once,
    the_address_tells_the_conversation_then_the_mail_that_is_named_and_never_the_sender,
    a_mail_reopens_what_is_solved_and_begins_anew_what_is_closed,
    what_others_send_there_is_for_agents_alone,
    of_a_sender_of_whom_nothing_is_known_the_mail_that_they_answer_speaks,
    senders_are_verified_by_us_where_no_host_is_believed,
    a_copy_holds_nothing_that_others_sent,
    what_was_not_mailed_yet_still_goes_out,
}
