//! A page proves who its person is: before the first message and later, on one device and on another; and what is not
//! believed opens nothing.

use causette_server::config::Config;
use causette_server::service::identity_secret::{HeldSecret, SetIdentitySecret};
use causette_shared::conversation::Status;
use causette_shared::entry::{Author, Body, Event};
use causette_shared::id::ConversationId;
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::visitor::{Hello, Standing};
use serde_json::json;

use crate::harness::app::{NOW, config};
use crate::harness::builders::{session, site};
use crate::harness::database::on_both_databases;
use crate::harness::identity::{token, token_signed_with};
use crate::harness::{Database, TestServer, VisitorActor};

on_both_databases!(
    nothing_is_created_before_the_first_message,
    a_person_sees_their_open_conversation_on_another_device,
    an_attached_contact_opens_nothing,
    a_session_stays_with_whom_it_was_proven_to_be,
    what_is_not_believed_changes_nothing,
    a_closed_conversation_is_not_brought_to_another_device,
    one_person_at_once_on_two_devices_is_one_contact,
);

async fn shop(database: Database) -> TestServer {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    server.sign_identities().await;
    server
}

/// The events of a conversation that say who the visitor is.
async fn identified(server: &TestServer, id: ConversationId) -> usize {
    let log = server.log(id).await;
    let is_it = |body: &Body| *body == Body::Event(Event::Identified);
    log.iter().filter(|entry| is_it(&entry.body) && entry.author == Author::Visitor).count()
}

/// A visitor who has written, and whose page has proven who they are.
async fn known(server: &TestServer, subject: &str) -> VisitorActor {
    let mut visitor = VisitorActor::arrive(server).await;
    visitor.say(&format!("{subject} asks")).await;
    assert_eq!(visitor.identify(&token(subject, json!({}))).await, Ok(Standing::Here));
    visitor.sync().await;
    visitor
}

async fn nothing_is_created_before_the_first_message(database: Database) {
    let server = shop(database).await;
    let mut visitor = VisitorActor::connect(&server).await;
    let before = Hello { session: None, ..visitor.greeting() };
    visitor.greet(before).await;
    let token = token("42", json!({ "name": "Ada" }));
    assert_eq!(visitor.identify(&token).await, Ok(Standing::Nowhere));
    visitor.hello().await;
    assert_eq!(visitor.identify(&token).await, Ok(Standing::Nowhere), "nor with a session that nobody knows");
    for table in ["visitor", "visitor_session", "contact", "contact_identity", "visitor_said"] {
        assert_eq!(server.count(table).await, 0, "{table}");
    }
    visitor.say("Hello").await;
    assert_eq!(visitor.identify(&token).await, Ok(Standing::Here));
    visitor.sync().await;
    let id = visitor.conversation();
    assert_eq!(server.conversation(id).await.contact.name.as_deref(), Some("Ada"));
    assert_eq!(identified(&server, id).await, 1);
    assert!(
        visitor.entries.iter().any(|entry| entry.body == Body::Event(Event::Identified)),
        "it is an entry"
    );
    // Said again, on each page that they open, it is no news.
    assert_eq!(visitor.identify(&token).await, Ok(Standing::Here));
    assert_eq!((identified(&server, id).await, server.count("contact").await), (1, 1));
}

async fn a_person_sees_their_open_conversation_on_another_device(database: Database) {
    let server = shop(database).await;
    let first = known(&server, "42").await;
    let mut other = VisitorActor::connect(&server).await;
    let before = Hello { session: None, ..other.greeting() };
    assert_eq!(other.greet(before).await.conversation, None);
    assert_eq!(other.identify(&token("42", json!({}))).await, Ok(Standing::Elsewhere));
    assert_eq!(server.count("visitor_session").await, 1, "a session is asked for with one");
    assert_eq!(other.hello().await.conversation, None);
    assert_eq!(other.identify(&token("42", json!({}))).await, Ok(Standing::Here));
    let state = other.hello().await.conversation.expect("it is theirs");
    assert_eq!(state.id, first.conversation());
    other.sync().await;
    assert!(other.texts().contains(&"42 asks"), "{:?}", other.texts());
    assert_eq!(identified(&server, state.id).await, 2, "the agent sees each device");
    other.say("From my phone").await;
    assert_eq!(server.count("visitor").await, 1);
    // Somebody else gets nothing of it.
    let mut stranger = VisitorActor::arrive(&server).await;
    assert_eq!(stranger.identify(&token("43", json!({}))).await, Ok(Standing::Nowhere));
    assert_eq!(stranger.hello().await.conversation, None);
}

async fn an_attached_contact_opens_nothing(database: Database) {
    use causette_server::service::contact::attach::AttachContact;

    let server = shop(database).await;
    let first = known(&server, "42").await;
    let mut anonymous = VisitorActor::arrive(&server).await;
    anonymous.say("Somebody else asks").await;
    anonymous.sync().await;
    // An agent takes them for the person that they are not.
    let contact = server.conversation(first.conversation()).await.contact_id;
    let conversation = anonymous.conversation();
    server.app.perform(AttachContact { conversation, contact }).await.expect("it is attached");
    let mut other = VisitorActor::arrive(&server).await;
    assert_eq!(other.identify(&token("42", json!({}))).await, Ok(Standing::Here));
    let state = other.hello().await.conversation.expect("their own");
    assert_eq!(state.id, first.conversation(), "although the other one is newer");
}

async fn a_session_stays_with_whom_it_was_proven_to_be(database: Database) {
    let server = shop(database).await;
    let mut visitor = known(&server, "42").await;
    let refused =
        visitor.identify(&token("43", json!({ "name": "Eve" }))).await.expect_err("it is another's");
    assert_eq!(refused.kind, ProblemKind::AnotherPerson);
    visitor.sync().await;
    let id = visitor.conversation();
    assert_eq!(server.conversation(id).await.contact.name, None, "nothing of it was taken");
    assert_eq!((identified(&server, id).await, server.count("contact_identity").await), (1, 1));
    visitor.say("The connection goes on").await;
    // After signing out the browser has another session.
    visitor.secret = session();
    visitor.state = None;
    visitor.hello().await;
    visitor.say("I am Eve").await;
    assert_eq!(visitor.identify(&token("43", json!({ "name": "Eve" }))).await, Ok(Standing::Here));
    assert_eq!(server.count("contact").await, 2);
}

async fn what_is_not_believed_changes_nothing(database: Database) {
    let server = shop(database).await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    let past = NOW.0 / 1_000 - 3_600;
    for wrong in [
        "".to_owned(),
        "no token".to_owned(),
        token_signed_with("another secret", "42", json!({})),
        token("42", json!({ "aud": "blog" })),
        token("42", json!({ "exp": past })),
        token("42", json!({ "exp": NOW.0 / 1_000 + 7_200 })),
    ] {
        let refused = visitor.identify(&wrong).await.expect_err("it is not believed");
        assert_eq!(refused.kind, ProblemKind::InvalidIdentity, "{wrong}: {refused:?}");
    }
    let good = token("42", json!({}));
    let rotate = SetIdentitySecret {
        site: site("shop").key,
        secret: "a new secret".to_owned(),
        held: HeldSecret::Replace,
    };
    server.app.perform(rotate).await.expect("it is replaced");
    assert!(visitor.identify(&good).await.is_err(), "what the old secret has signed is worth nothing");
    visitor.say("And the connection goes on").await;
    let id = visitor.conversation();
    assert_eq!(server.conversation(id).await.contact_id, None);
    assert_eq!((identified(&server, id).await, server.count("contact_identity").await), (0, 0));
    assert_eq!(
        visitor.identify(&token_signed_with("a new secret", "42", json!({}))).await,
        Ok(Standing::Here)
    );
    // It has gone off by the time that it is given again.
    server.advance(361);
    let late = token_signed_with("a new secret", "42", json!({}));
    assert_eq!(visitor.identify(&late).await.expect_err("it has expired").detail, "the token has expired");
    // A site without a secret believes nothing, and its secret is kept where it was shown.
    server.add_site(site("blog")).await;
    let keep = |held| SetIdentitySecret { site: site("shop").key, secret: "x".to_owned(), held };
    assert!(server.app.perform(keep(HeldSecret::Keep)).await.is_err());
    let mut reader = VisitorActor::connect(&server).await;
    reader.site = "blog".to_owned();
    reader.hello().await;
    let blog = token("42", json!({ "aud": "blog", "exp": NOW.0 / 1_000 + 600 }));
    assert_eq!(
        reader.identify(&blog).await.expect_err("it has no secret").kind,
        ProblemKind::InvalidIdentity
    );
}

async fn a_closed_conversation_is_not_brought_to_another_device(database: Database) {
    let server = shop(database).await;
    let first = known(&server, "42").await;
    server.set_status(first.conversation(), Status::Closed).await;
    let mut other = VisitorActor::arrive(&server).await;
    assert_eq!(other.identify(&token("42", json!({}))).await, Ok(Standing::Nowhere));
    other.say("Something new").await;
    assert_eq!(other.identify(&token("42", json!({}))).await, Ok(Standing::Here));
    assert_eq!(
        (server.count("visitor").await, server.count("contact").await),
        (2, 1),
        "two devices of one person"
    );
    let mut back = first.again(&server).await;
    assert_eq!(back.identify(&token("42", json!({}))).await, Ok(Standing::Here));
    assert_eq!(identified(&server, first.conversation()).await, 1, "nothing is added to what is closed");
    assert_eq!(back.conversation(), first.conversation(), "and a browser keeps what it has");
}

async fn one_person_at_once_on_two_devices_is_one_contact(database: Database) {
    let server = shop(database).await;
    let mut visitors = Vec::new();
    for number in 0..4 {
        let mut visitor = VisitorActor::arrive(&server).await;
        visitor.say(&format!("Device {number}")).await;
        visitors.push(visitor);
    }
    let identified = visitors.iter_mut().map(|visitor| async {
        let token = token("42", json!({ "name": "Ada", "email": "ada@x.example", "email_verified": true }));
        visitor.identify(&token).await
    });
    for standing in futures_util::future::join_all(identified).await {
        assert_eq!(standing, Ok(Standing::Here));
    }
    let mut contacts = Vec::new();
    for visitor in &mut visitors {
        visitor.sync().await;
        contacts.push(server.conversation(visitor.conversation()).await.contact_id);
    }
    contacts.dedup();
    assert_eq!(contacts.len(), 1, "{contacts:?}");
    assert_eq!(server.count("contact").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identities_from_one_address_have_a_limit() {
    let server = TestServer::with(Config { identities_per_minute: 2, ..config() }).await;
    server.add_shop().await;
    server.sign_identities().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    for _ in 0..2 {
        assert_eq!(visitor.identify(&token("42", json!({}))).await, Ok(Standing::Nowhere));
    }
    let refused = visitor.identify(&token("42", json!({}))).await.expect_err("it is too much");
    assert_eq!(refused.kind, ProblemKind::RateLimited);
    assert!(refused.retry_after_ms.is_some());
    visitor.say("And the chat goes on").await;
}
