//! "Introduce yourself": what is given is an entry, is saved to the visitor's own contact, and shows at the desk.

use causette_shared::contact::Contact;
use causette_shared::entry::{Body, Event};
use causette_shared::problem::ProblemKind;

use crate::harness::actors::Outcome;
use crate::harness::database::{execute, on_both_databases};
use crate::harness::{AgentActor, Database, TestServer, VisitorActor};

on_both_databases!(
    what_is_given_is_saved_and_shown_to_the_agent,
    what_cannot_be_right_is_refused_by_field_and_changes_nothing,
    nobody_introduces_themselves_before_they_have_written,
    typing_somebodys_address_shows_nothing_of_theirs_and_merges_nothing,
);

async fn what_is_given_is_saved_and_shown_to_the_agent(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut agent = AgentActor::arrive(&server).await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    visitor.sync().await;
    let id = visitor.conversation();
    agent.watch(id, None).await;

    assert_eq!(visitor.introduce(Some("  Ana   Silva "), None, None).await, Outcome::Acknowledged(id, 3));
    let named = agent.await_summary("the name", |row| row.contact.name.is_some()).await;
    assert_eq!(named.contact.name.as_deref(), Some("Ana Silva"));
    visitor.introduce(None, Some("ana@Mail.Example"), Some("+33 1 23 45 67 89")).await;
    let row = agent.await_summary("the address", |row| row.contact.email.is_some()).await;
    let known = Contact {
        name: Some("Ana Silva".to_owned()),
        email: Some("ana@mail.example".to_owned()),
        email_verified: false,
        phone: Some("+33123456789".to_owned()),
    };
    assert_eq!(row.contact, known);
    agent.await_seq(id, 4).await;
    let forms = agent.entries[&id]
        .iter()
        .filter(|entry| matches!(entry.body, Body::Event(Event::FormSubmitted { .. })));
    assert_eq!(forms.count(), 2);
    visitor.sync().await;
    assert_eq!(visitor.state.clone().map(|state| state.contact), Some(told(&known)));
    let welcomed = visitor.again(&server).await.state.expect("there is a conversation");
    assert_eq!(welcomed.contact, told(&known));
    assert_eq!(row.unread, 1, "a form is no message");
    assert_eq!(row.preview, "Hello");
}

async fn what_cannot_be_right_is_refused_by_field_and_changes_nothing(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    let long = "x".repeat(101);
    for (field, given) in [
        ("name", (None, None, None)),
        ("name", (Some(" "), Some(""), None)),
        ("name", (Some(long.as_str()), None, None)),
        ("email", (Some("Ana"), Some("ana@mail"), None)),
        ("email", (None, Some("ana@mail.example\r\nBcc: x@y.example"), None)),
        ("phone", (None, None, Some("call me"))),
    ] {
        let Outcome::Refused(problem) = visitor.introduce(given.0, given.1, given.2).await else {
            panic!("{given:?} was accepted");
        };
        assert_eq!(
            (problem.kind, problem.field.as_deref()),
            (ProblemKind::Invalid, Some(field)),
            "{given:?}"
        );
    }
    assert_eq!(server.count("contact").await, 0);
    assert_eq!(server.count("entry").await, 2);
}

async fn nobody_introduces_themselves_before_they_have_written(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    let outcome = visitor.introduce(Some("Ana"), None, None).await;
    assert!(matches!(outcome, Outcome::Refused(problem) if problem.kind == ProblemKind::WrongState));
    assert_eq!(server.count("visitor").await, 0);
}

async fn typing_somebodys_address_shows_nothing_of_theirs_and_merges_nothing(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut owner = VisitorActor::arrive(&server).await;
    owner.say("My order number is 77").await;
    owner.introduce(Some("Owner"), Some("owner@mail.example"), Some("01 02 03 04 05")).await;
    // The owner has proven it since.
    execute(&server.app.store, "UPDATE contact SET email_verified_at = 1").await;

    let mut thief = VisitorActor::arrive(&server).await;
    thief.say("Hello").await;
    thief.introduce(None, Some("owner@mail.example"), None).await;
    thief.sync().await;
    let state = thief.state.clone().expect("there is a conversation");
    let typed = Contact { email: Some("owner@mail.example".to_owned()), ..Contact::default() };
    assert_eq!(state.contact, told(&typed));
    assert_ne!(Some(state.id), owner.state.as_ref().map(|state| state.id));
    assert_eq!(server.count("contact").await, 2);
    owner.sync().await;
    let kept = server.conversation(owner.conversation()).await.contact;
    assert!(kept.email_verified);
    assert_eq!(kept.name.as_deref(), Some("Owner"));

    // What is proven is not replaced by what is only typed.
    owner.introduce(Some("Owner Two"), Some("new@mail.example"), None).await;
    let kept = server.conversation(owner.conversation()).await.contact;
    assert_eq!(kept.email.as_deref(), Some("owner@mail.example"));
    assert_eq!(kept.name.as_deref(), Some("Owner Two"));
    assert!(kept.email_verified);
}

/// What the visitor's own panel is told: that something is known, and not what.
fn told(known: &Contact) -> Contact {
    let hidden = |given: &Option<String>| given.as_ref().map(|_| "…".to_owned());
    Contact { email: hidden(&known.email), phone: hidden(&known.phone), ..known.clone() }
}
