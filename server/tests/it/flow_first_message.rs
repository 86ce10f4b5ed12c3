//! The first message makes the visitor, the conversation and its number, and gets the automatic answer. Nothing exists
//! before it, and repeats change nothing (G2).

use causette_server::site::SiteSettings;
use causette_shared::conversation::Status;
use causette_shared::entry::Author;
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::visitor::ServerFrame;

use crate::harness::actors::{Outcome, text_of};
use crate::harness::builders::{entry_id, site, text};
use crate::harness::database::on_both_databases;
use crate::harness::{AgentActor, Database, TestServer, VisitorActor};

on_both_databases!(
    nothing_is_stored_before_the_first_message,
    the_first_message_gets_a_number_and_an_answer,
    the_state_comes_before_the_entries_and_after_the_acknowledgement,
    the_answer_speaks_the_visitors_language_and_knows_who_is_there,
    a_site_that_wants_no_automatic_answer_gives_none,
    a_repeat_is_acknowledged_alike_and_adds_nothing,
    the_same_id_with_another_text_is_refused_and_changes_nothing,
    two_first_messages_at_once_make_one_conversation,
    a_session_of_another_site_is_no_session_here,
);

async fn nothing_is_stored_before_the_first_message(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut visitor = VisitorActor::connect(&server).await;
    let welcome = visitor.hello().await;
    assert_eq!(welcome.conversation, None);
    assert!(!welcome.available);
    assert_eq!(visitor.sync().await, None);
    for table in ["visitor", "contact", "conversation", "entry"] {
        assert_eq!(server.count(table).await, 0, "{table}");
    }
}

async fn the_first_message_gets_a_number_and_an_answer(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    assert_eq!(visitor.say("  Do you deliver to Lyon?\r\n").await, 1);
    visitor.await_seq(2).await;
    let state = visitor.state.clone().expect("there is a conversation");
    assert_eq!((state.number, state.status, state.last_seq), (1001, Status::New, 2));
    assert_eq!(visitor.entries[0].author, Author::Visitor);
    assert_eq!(text_of(&visitor.entries[0]), "Do you deliver to Lyon?");
    assert_eq!(visitor.entries[1].author, Author::Automatic);
    for (table, rows) in [("visitor", 1), ("contact", 0), ("conversation", 1), ("entry", 2)] {
        assert_eq!(server.count(table).await, rows, "{table}");
    }
    let mut other = VisitorActor::arrive(&server).await;
    other.say("Hello").await;
    other.sync().await;
    assert_eq!(other.state.map(|state| state.number), Some(1002));
}

async fn the_state_comes_before_the_entries_and_after_the_acknowledgement(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.post("Hello").await;
    let mut names = Vec::new();
    while visitor.last_seq() < 2 {
        names.push(match visitor.next().await.expect("the connection stands") {
            ServerFrame::Acknowledged { .. } => "acknowledged",
            ServerFrame::Conversation(_) => "conversation",
            ServerFrame::Entries { .. } => "entries",
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(names[..3], ["acknowledged", "conversation", "entries"]);
}

async fn the_answer_speaks_the_visitors_language_and_knows_who_is_there(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let settings = SiteSettings::default();
    let answer = async |locale: &str| {
        let mut visitor = VisitorActor::connect(&server).await;
        locale.clone_into(&mut visitor.locale);
        visitor.hello().await;
        visitor.say("Bonjour").await;
        visitor.await_seq(2).await;
        text_of(&visitor.entries[1]).to_owned()
    };
    assert_eq!(answer("en-GB").await, settings.automatic_answer_away["en"]);
    assert_eq!(answer("fr-CA").await, settings.automatic_answer_away["fr"]);
    assert_eq!(answer("de").await, settings.automatic_answer_away["en"]);
    let _agent = AgentActor::arrive(&server).await;
    assert_eq!(answer("en").await, settings.automatic_answer["en"]);
    assert_eq!(answer("fr").await, settings.automatic_answer["fr"]);
}

async fn a_site_that_wants_no_automatic_answer_gives_none(database: Database) {
    let server = TestServer::on(database).await;
    let mut quiet = site("shop");
    quiet.settings.automatic_answer_away.clear();
    server.add_site(quiet).await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    visitor.sync().await;
    assert_eq!(visitor.texts(), ["Hello"]);
}

async fn a_repeat_is_acknowledged_alike_and_adds_nothing(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    let id = entry_id();
    let first = visitor.send(id, text("Hello")).await;
    assert_eq!(visitor.send(id, text("Hello")).await, first);
    // The line went down before the acknowledgement: the same from a new connection, which knows nothing.
    let mut again = visitor.again(&server).await;
    assert_eq!(again.send(id, text(" Hello ")).await, first);
    again.sync().await;
    assert_eq!(again.last_seq(), 2);
    assert_eq!(server.count("entry").await, 2);
}

async fn the_same_id_with_another_text_is_refused_and_changes_nothing(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    let id = entry_id();
    visitor.send(id, text("Hello")).await;
    let Outcome::Refused(problem) = visitor.send(id, text("Something else")).await else {
        panic!("it was accepted");
    };
    assert_eq!(problem.kind, ProblemKind::IdReused);
    assert_eq!(server.count("entry").await, 2);
    // Another visitor's id is no business of this one.
    let mut other = VisitorActor::arrive(&server).await;
    assert!(matches!(other.send(id, text("Mine")).await, Outcome::Acknowledged(_, 1)));
}

async fn two_first_messages_at_once_make_one_conversation(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut one = VisitorActor::arrive(&server).await;
    let mut two = one.again(&server).await;
    let (first, second) = tokio::join!(one.post("one"), two.post("two"));
    let (first, second) = (one.expect_ack(first).await, two.expect_ack(second).await);
    assert_eq!(first.0, second.0);
    assert_eq!(server.count("conversation").await, 1);
    assert_eq!(server.count("visitor").await, 1);
    for visitor in [&mut one, &mut two] {
        visitor.sync().await;
        assert_eq!(visitor.entries, server.log(first.0).await);
    }
}

async fn a_session_of_another_site_is_no_session_here(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    server.add_site(site("other")).await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    let mut elsewhere = VisitorActor::connect(&server).await;
    elsewhere.secret.clone_from(&visitor.secret);
    "other".clone_into(&mut elsewhere.site);
    assert_eq!(elsewhere.hello().await.conversation, None);
    let outcome = elsewhere.send(entry_id(), text("Hello")).await;
    assert!(matches!(outcome, Outcome::Refused(problem) if problem.kind == ProblemKind::NotFound));
}
