//! What a page says of its visitor without proving it, and the pages they were on: agents see it beside the conversation, as
//! it changes; the visitor never does, and nothing comes of it.

use causette_server::config::Config;
use causette_shared::id::ConversationId;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::ServerFrame;
use causette_shared::protocol::visitor::{ClientFrame, Description, ServerFrame as ToVisitor, Standing};
use causette_shared::said::Said;
use serde_json::json;

use crate::harness::app::{NOW, config};
use crate::harness::builders::session;
use crate::harness::database::on_both_databases;
use crate::harness::identity::token;
use crate::harness::{AgentActor, Database, TestServer, VisitorActor};

on_both_databases!(
    agents_see_what_a_page_says_and_each_change,
    too_much_is_declined_and_changes_nothing,
    pages_are_told_until_the_consent_is_taken_back,
    a_stranger_says_nothing_of_anybody,
);

fn attributes(said: &[(&str, Option<&str>)]) -> ClientFrame {
    let owned = |(name, value): &(&str, Option<&str>)| ((*name).to_owned(), value.map(str::to_owned));
    let attributes = said.iter().map(owned).collect();
    ClientFrame::Describe(Description { attributes, ..Description::default() })
}

fn visited(url: &str, ago_s: u32) -> ClientFrame {
    ClientFrame::Visited { url: url.to_owned(), title: "A page".to_owned(), ago_s }
}

async fn begin(database: Database) -> (TestServer, VisitorActor, AgentActor) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    server.sign_identities().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    visitor.sync().await;
    let mut desk = AgentActor::arrive(&server).await;
    desk.put(&causette_shared::protocol::agent::ClientFrame::Watch {
        conversation: visitor.conversation(),
        after: None,
    })
    .await;
    (server, visitor, desk)
}

/// Waits until the desk was told something of the visitor.
async fn told(desk: &mut AgentActor, wanted: ConversationId, holds: impl Fn(&Said) -> bool) -> Said {
    desk.expect("what is known of the visitor", |frame| match frame {
        ServerFrame::Visitor { conversation, said } if conversation == wanted && holds(&said) => Some(said),
        _ => None,
    })
    .await
}

async fn declined(visitor: &mut VisitorActor) -> Problem {
    visitor
        .expect("a refusal", |frame| match frame {
            ToVisitor::Declined(problem) => Some(problem),
            _ => None,
        })
        .await
}

async fn agents_see_what_a_page_says_and_each_change(database: Database) {
    let (server, mut visitor, mut desk) = begin(database).await;
    let id = visitor.conversation();
    assert_eq!(told(&mut desk, id, |_| true).await, Said::default(), "as it is opened");
    let said = Description {
        client_id: Some("42".to_owned()),
        country: Some("fr".to_owned()),
        flow: Some(" sales ".to_owned()),
        attributes: vec![("plan".to_owned(), Some("<b>pro</b>".to_owned()))],
    };
    visitor.put(&ClientFrame::Describe(said)).await;
    let known = told(&mut desk, id, |said| said.client_id.is_some()).await;
    assert_eq!((known.identity, known.client_id.as_deref()), (None, Some("42")), "said is not proven");
    assert_eq!((known.country.as_deref(), known.flow.as_deref()), (Some("FR"), Some("sales")));
    assert_eq!(known.attributes[0].value, "<b>pro</b>", "text is text");
    visitor.put(&attributes(&[("plan", Some("team")), ("seats", Some("3"))])).await;
    let known = told(&mut desk, id, |said| said.attributes.len() == 2).await;
    assert_eq!((known.attributes[0].value.as_str(), known.client_id.as_deref()), ("team", Some("42")));
    assert_eq!(visitor.identify(&token("77", json!({}))).await, Ok(Standing::Here));
    let known = told(&mut desk, id, |said| said.identity.is_some()).await;
    assert_eq!((known.identity.as_deref(), known.client_id.as_deref()), (Some("77"), Some("42")));
    // What was merely said has made nobody a contact; what was proven has made one.
    assert_eq!(server.count("contact").await, 1);
    // To a desk that opens it later the same is told.
    let mut later = AgentActor::sign_in(&server, "alice@desk.example").await;
    let watch = causette_shared::protocol::agent::ClientFrame::Watch { conversation: id, after: None };
    later.put(&watch).await;
    assert_eq!(told(&mut later, id, |_| true).await, known);
}

async fn too_much_is_declined_and_changes_nothing(database: Database) {
    let (_server, mut visitor, mut desk) = begin(database).await;
    let id = visitor.conversation();
    visitor.put(&attributes(&[("plan", Some("pro"))])).await;
    let before = told(&mut desk, id, |said| !said.attributes.is_empty()).await;
    let names: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), Some("x"))).collect();
    visitor.put(&attributes(&many)).await;
    let problem = declined(&mut visitor).await;
    assert_eq!((problem.kind, problem.field.as_deref()), (ProblemKind::Invalid, Some("attributes")));
    let country = Description { country: Some("France".to_owned()), ..Description::default() };
    visitor.put(&ClientFrame::Describe(country)).await;
    assert_eq!(declined(&mut visitor).await.field.as_deref(), Some("country"));
    // The connection goes on, and what was known is as it was.
    visitor.put(&attributes(&[("seats", Some("3"))])).await;
    let known = told(&mut desk, id, |said| said.attributes.len() == 2).await;
    assert_eq!(known.attributes[0], before.attributes[0]);
}

async fn pages_are_told_until_the_consent_is_taken_back(database: Database) {
    let (_server, mut visitor, mut desk) = begin(database).await;
    let id = visitor.conversation();
    visitor.put(&visited("https://shop.example/lamps?session=secret#x", 90)).await;
    let known = told(&mut desk, id, |said| !said.pages.is_empty()).await;
    assert_eq!(known.pages[0].url, "https://shop.example/lamps");
    assert_eq!(known.pages[0].at.0, NOW.0 - 90_000);
    // What is no page of the web is not told, and is no reason to complain either.
    visitor.put(&visited("javascript:alert(1)", 0)).await;
    for number in 0..25 {
        visitor.put(&visited(&format!("https://shop.example/{number}"), 25 - number)).await;
    }
    let known = told(&mut desk, id, |said| said.pages[0].url.ends_with("/24")).await;
    assert_eq!((known.pages.len(), known.pages[19].url.as_str()), (20, "https://shop.example/5"));
    visitor.put(&ClientFrame::ForgetPages).await;
    let known = told(&mut desk, id, |said| said.pages.is_empty()).await;
    assert_eq!(known, Said::default());
    // Of all this the visitor's own side was told nothing.
    visitor.sync().await;
    assert_eq!(visitor.entries.len(), 2, "the message and its answer: {:?}", visitor.entries);
}

async fn a_stranger_says_nothing_of_anybody(database: Database) {
    let (server, visitor, _desk) = begin(database).await;
    let mut stranger = VisitorActor::connect(&server).await;
    stranger.secret = session();
    stranger.hello().await;
    for frame in
        [attributes(&[("plan", Some("pro"))]), visited("https://shop.example/", 0), ClientFrame::ForgetPages]
    {
        stranger.put(&frame).await;
    }
    assert_eq!(stranger.sync().await, None);
    assert_eq!((server.count("visitor_said").await, server.count("visitor").await), (0, 1));
    drop(visitor);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_says_too_much_takes_nobodys_word_away() {
    let few = Config { message_burst: 3, messages_per_second: 1, ..config() };
    let server = TestServer::with(few).await;
    server.add_shop().await;
    let mut visitor = VisitorActor::arrive(&server).await;
    visitor.say("Hello").await;
    for number in 0..6 {
        visitor.put(&attributes(&[("number", Some(&number.to_string()))])).await;
    }
    let problem = declined(&mut visitor).await;
    assert_eq!(problem.kind, ProblemKind::RateLimited);
    assert!(problem.retry_after_ms.is_some());
    visitor.say("I can still write").await;
}
