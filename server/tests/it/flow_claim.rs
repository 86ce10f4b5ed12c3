//! A link is opened: the address is proven, and whoever had proven it before is the same person to the agents. To those who
//! hold sessions nothing opens but what their own session is for.

use causette_server::mailer::captured::CapturedMail;
use causette_server::service::contact::read;
use causette_shared::entry::Content;
use causette_shared::id::{ConversationId, SessionSecret};
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::contacts::ContactDetail;
use causette_shared::protocol::visitor::ClientFrame;
use mail_parser::MessageParser;
use serde_json::json;

use crate::harness::builders::entry_id;
use crate::harness::database::{number, on_both_databases};
use crate::harness::{AgentActor, Database, TestServer, VisitorActor, eventually};

on_both_databases!(
    a_claim_completes_the_contact_that_had_proven_the_address,
    what_joins_the_contacts_opens_nobody_elses_conversation,
    an_address_that_nobody_proves_joins_nothing,
    a_copy_for_another_address_proves_nothing_of_the_contact,
    what_was_mailed_is_not_mailed_again_because_the_contact_changed,
);

const EMAIL: &str = "ada@mail.example";

/// The secret in a mail's link.
fn token(mail: &CapturedMail) -> String {
    let parsed = MessageParser::default().parse(&mail.raw).expect("it is a mail");
    let text = parsed.body_text(0).expect("it has text");
    let (_, rest) = text.split_once("#causette=").expect("it has a link");
    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect()
}

async fn claim(server: &TestServer, token: &str, device: u8) -> (u16, String) {
    let session = SessionSecret::from_bytes([device; 32]).expose().to_owned();
    let body = json!({ "site": "shop", "token": token, "session": session });
    let request = reqwest::Client::new().post(server.url("/api/v1/visitor/resume")).json(&body);
    let sent = request.header("origin", server.origin()).send().await.expect("it answers");
    (sent.status().as_u16(), session)
}

/// A visitor who has written and said who they are.
async fn introduced(server: &TestServer, name: &str, email: &str, phone: Option<&str>) -> VisitorActor {
    let mut visitor = VisitorActor::arrive(server).await;
    visitor.say(&format!("{name} asks")).await;
    visitor.introduce(Some(name), Some(email), phone).await;
    visitor.sync().await;
    visitor
}

/// The link of the mail that carries a reply; `mails` is how many there are with it.
async fn mailed(server: &TestServer, desk: &mut AgentActor, visitor: &VisitorActor, mails: usize) -> String {
    desk.reply(visitor.conversation(), "Yes, three are left.").await;
    server.advance(61);
    let link = token(&server.await_mails(mails).await[0]);
    eventually("the mail to be settled", async || {
        number(&server.app.store, "SELECT COUNT(*) FROM outbox WHERE state = 'sent'").await == mails as i64
    })
    .await;
    link
}

async fn detail(server: &TestServer, conversation: ConversationId) -> ContactDetail {
    let id = server.conversation(conversation).await.contact_id.expect("they are a contact");
    let mut tx = server.app.store.begin_read().await.expect("the store reads");
    read::find_detail(&mut tx, id).await.expect("the store reads").expect("the contact is there")
}

/// Two visitors of one address: the first has proven it, the second has typed it and holds a link.
async fn two(server: &TestServer) -> (VisitorActor, VisitorActor, String) {
    server.add_shop().await;
    let mut desk = AgentActor::arrive(server).await;
    let first = introduced(server, "Ada", EMAIL, None).await;
    let link = mailed(server, &mut desk, &first, 1).await;
    assert_eq!(claim(server, &link, 1).await.0, 204);
    let second = introduced(server, "Countess", "Ada@Mail.example", Some("+33 1 23 45 67 89")).await;
    let link = mailed(server, &mut desk, &second, 2).await;
    (first, second, link)
}

async fn a_claim_completes_the_contact_that_had_proven_the_address(database: Database) {
    let server = TestServer::with_mail(database).await;
    let (first, second, link) = two(&server).await;
    let known = detail(&server, first.conversation()).await.contact;
    let typed = detail(&server, second.conversation()).await.contact;
    assert!(known.email_verified && !typed.email_verified);
    assert_ne!(known.id, typed.id, "typing joins nothing");
    assert_eq!(claim(&server, &link, 2).await.0, 204);
    assert_eq!(claim(&server, &link, 2).await.0, 204, "a repeat is the same claim");
    let joined = detail(&server, second.conversation()).await;
    assert_eq!(joined.contact.id, known.id, "the older one is kept");
    assert_eq!(joined.contact.name.as_deref(), Some("Ada"), "what was known stays");
    assert_eq!(joined.contact.phone.as_deref(), Some("+33123456789"), "what was empty is filled");
    assert_eq!(joined.conversations_total, 2);
    assert_eq!((joined.merges.len(), &joined.merges[0].by), (1, &None), "an agent can take it back");
    assert_eq!(claim(&server, &link, 3).await.0, 204, "and another device changes nothing more");
    assert_eq!(server.count("contact_merge").await, 1);
}

async fn what_joins_the_contacts_opens_nobody_elses_conversation(database: Database) {
    let server = TestServer::with_mail(database).await;
    let (first, second, link) = two(&server).await;
    let (status, device) = claim(&server, &link, 2).await;
    assert_eq!(status, 204);
    // The browser where the address was only typed, the device that opened the link, and the one who had proven it before.
    let sessions = [
        (second.secret.clone(), second.conversation(), first.conversation(), "Countess asks"),
        (device, second.conversation(), first.conversation(), "Countess asks"),
        (first.secret.clone(), first.conversation(), second.conversation(), "Ada asks"),
    ];
    for (secret, own, foreign, asked) in sessions {
        let mut visitor = VisitorActor::connect(&server).await;
        visitor.secret = secret;
        let state = visitor.hello().await.conversation.expect("there is a conversation");
        assert_eq!(state.id, own);
        let told = [state.contact.name, state.contact.email, state.contact.phone];
        assert!(told.iter().flatten().all(|told| told == "…"), "{told:?}");
        visitor.sync().await;
        let questions: Vec<_> = visitor.texts().into_iter().filter(|text| text.ends_with("asks")).collect();
        assert_eq!(questions, [asked], "its own log and no other");
        for frame in [
            ClientFrame::Resume { conversation: foreign, after: Some(0) },
            ClientFrame::Earlier { conversation: foreign, before: 10 },
            ClientFrame::Seen { conversation: foreign, upto: 1 },
        ] {
            visitor.put(&frame).await;
            assert_eq!(visitor.expect_problem().await.kind, ProblemKind::NotFound);
        }
    }
}

async fn an_address_that_nobody_proves_joins_nothing(database: Database) {
    let server = TestServer::with_mail(database).await;
    let (first, second, _) = two(&server).await;
    let third = introduced(&server, "Mallory", EMAIL, None).await;
    // Neither a link that nobody opens, nor a look at it.
    assert_eq!(reqwest::get(server.url("/api/v1/visitor/resume")).await.expect("it answers").status(), 405);
    let mut contacts = Vec::new();
    for visitor in [&first, &second, &third] {
        contacts.push(detail(&server, visitor.conversation()).await.contact);
    }
    assert_eq!(
        contacts.iter().map(|contact| contact.email_verified).collect::<Vec<_>>(),
        [true, false, false]
    );
    assert!(contacts[0].id != contacts[1].id && contacts[1].id != contacts[2].id);
    assert_eq!(server.count("contact_merge").await, 0);
}

async fn a_copy_for_another_address_proves_nothing_of_the_contact(database: Database) {
    let server = TestServer::with_mail(database).await;
    let (first, _, _) = two(&server).await;
    // Mallory, whose own address we have, names Ada's for a copy, and Ada opens the link.
    server.advance(1);
    let mut mallory = introduced(&server, "Mallory", "mallory@mail.example", None).await;
    mallory.send(entry_id(), Content::Copy { email: EMAIL.to_owned() }).await;
    let mails = server.await_mails(3).await;
    assert_eq!(claim(&server, &token(&mails[0]), 9).await.0, 204);
    let contact = detail(&server, mallory.conversation()).await.contact;
    assert_eq!((contact.email.as_deref(), contact.email_verified), (Some("mallory@mail.example"), false));
    assert_ne!(contact.id, detail(&server, first.conversation()).await.contact.id);
    assert_eq!(server.count("contact_merge").await, 0);

    // Who has told us nothing else is whoever opens the link.
    server.advance(1);
    let mut nobody = VisitorActor::arrive(&server).await;
    nobody.say("Hello").await;
    nobody.send(entry_id(), Content::Copy { email: "new@mail.example".to_owned() }).await;
    nobody.sync().await;
    let mails = server.await_mails(4).await;
    assert_eq!(claim(&server, &token(&mails[0]), 10).await.0, 204);
    let contact = detail(&server, nobody.conversation()).await.contact;
    assert_eq!((contact.email.as_deref(), contact.email_verified), (Some("new@mail.example"), true));
}

/// A claim touches the contact, and so do agents who tidy up; a reply that was mailed is no reason for another mail.
async fn what_was_mailed_is_not_mailed_again_because_the_contact_changed(database: Database) {
    const WAITING: &str = "SELECT COUNT(*) FROM outbox WHERE state = 'pending'";
    let server = TestServer::with_mail(database).await;
    let (first, mut second, link) = two(&server).await;
    assert_eq!(claim(&server, &link, 2).await.0, 204);
    second.introduce(Some("Augusta"), None, None).await;
    assert_eq!(number(&server.app.store, WAITING).await, 0);
    server.advance(3_600);
    assert_eq!(server.await_mails(2).await.len(), 2);
    // A new reply is one, and what is unseen goes along.
    let mut desk = AgentActor::sign_in(&server, "alice@desk.example").await;
    desk.reply(first.conversation(), "One is left now.").await;
    assert_eq!(number(&server.app.store, WAITING).await, 1);
    server.advance(61);
    let mails = server.await_mails(3).await;
    let parsed = MessageParser::default().parse(&mails[0].raw).expect("it is a mail");
    let text = parsed.body_text(0).expect("it has text");
    assert!(text.contains("three are left") && text.contains("One is left now."), "{text}");
}
