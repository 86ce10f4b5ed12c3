//! What the page says of its person: told when there is somebody to tell, once, and to nobody who has not been greeted.

use causette_shared::contact::Contact;
use causette_shared::entry::Author;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::visitor::{ClientFrame, Description, ServerFrame, Standing};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::stage::{self, Stage};

fn identify(token: &str) -> ClientFrame {
    ClientFrame::Identify { token: token.to_owned() }
}

fn declined(kind: ProblemKind) -> ServerFrame {
    ServerFrame::Declined(Problem::new(kind))
}

#[wasm_bindgen_test]
async fn a_token_waits_for_the_greeting_and_for_a_conversation() {
    let stage = Stage::new("en").await;
    stage.widget().take_identity(Some("token".to_owned()));
    assert_eq!(stage.sent(), [], "nobody has greeted yet");
    stage.receive(stage::no_conversation()).await;
    assert_eq!(stage.sent(), [identify("token")]);
    stage.receive(ServerFrame::Identified(Standing::Nowhere)).await;
    assert_eq!(stage.sent(), [], "no session is begun before the visitor writes");
    stage.type_message("Hello").await;
    stage.press("Enter", false).await;
    stage.receive(stage::no_conversation()).await;
    let sent = stage.sent();
    let order: Vec<_> = sent.iter().filter(|frame| !matches!(frame, ClientFrame::Hello(_))).collect();
    assert!(matches!(order[..], [ClientFrame::Identify { .. }, ClientFrame::Send { .. }]), "{sent:?}");
    stage.receive(ServerFrame::Conversation(stage::about(Contact::default(), 1))).await;
    assert_eq!(stage.sent(), [identify("token")], "now there is somebody to be");
    stage.receive(ServerFrame::Identified(Standing::Here)).await;
    stage.receive(stage::welcome(Contact::default(), 1)).await;
    assert!(!stage.sent().contains(&identify("token")), "and it is not said again");
}

#[wasm_bindgen_test]
async fn a_conversation_elsewhere_is_asked_for_with_a_session() {
    let stage = Stage::new("en").await;
    stage.receive(stage::no_conversation()).await;
    stage.widget().take_identity(Some("token".to_owned()));
    assert_eq!(stage.sent(), [identify("token")]);
    stage.receive(ServerFrame::Identified(Standing::Elsewhere)).await;
    let sent = stage.sent();
    assert!(matches!(&sent[..], [ClientFrame::Hello(hello)] if hello.session.is_some()), "{sent:?}");
    stage.receive(stage::no_conversation()).await;
    assert_eq!(stage.sent(), [identify("token")]);
    stage.receive(ServerFrame::Identified(Standing::Here)).await;
    assert!(matches!(&stage.sent()[..], [ClientFrame::Hello(_)]), "its conversation comes with the greeting");
    stage.receive(stage::welcome(Contact::default(), 1)).await;
    stage.receive(stage::entries(vec![stage::message(1, Author::Visitor, "From my laptop")])).await;
    assert!(stage.text().contains("From my laptop"));
}

#[wasm_bindgen_test]
async fn a_refused_token_is_not_said_again_and_the_chat_goes_on() {
    let stage = Stage::new("en").await;
    stage.receive(stage::no_conversation()).await;
    for token in ["expired", "also wrong"] {
        stage.widget().take_identity(Some(token.to_owned()));
        assert_eq!(stage.sent(), [identify(token)]);
        stage.receive(declined(ProblemKind::InvalidIdentity)).await;
        assert_eq!(stage.sent(), []);
    }
    stage.receive(stage::no_conversation()).await;
    assert_eq!(stage.sent(), []);
    stage.type_message("Hello").await;
    stage.press("Enter", false).await;
    stage.receive(stage::no_conversation()).await;
    assert_eq!(stage.sent_messages(), 1);
}

#[wasm_bindgen_test]
async fn what_is_merely_said_waits_for_a_conversation_too() {
    let stage = Stage::new("en").await;
    let plan = || vec![("plan".to_owned(), Some("pro".to_owned()))];
    stage.widget().take_description(Description { attributes: plan(), ..Description::default() });
    stage.widget().visit("https://shop.example/without".to_owned(), String::new());
    stage.widget().set_analytics(true);
    stage.widget().visit("https://shop.example/lamps".to_owned(), "Lamps".to_owned());
    stage.receive(stage::no_conversation()).await;
    assert_eq!(stage.sent(), []);
    stage.receive(ServerFrame::Conversation(stage::about(Contact::default(), 0))).await;
    let sent = stage.sent();
    assert!(
        matches!(&sent[..], [ClientFrame::Describe(said), ClientFrame::Visited { url, title, .. }]
            if said.attributes == plan() && url == "https://shop.example/lamps" && title == "Lamps"),
        "{sent:?}"
    );
    stage.widget().set_analytics(false);
    stage.widget().visit("https://shop.example/after".to_owned(), String::new());
    assert_eq!(stage.sent(), [ClientFrame::ForgetPages]);
    stage.receive(declined(ProblemKind::Invalid)).await;
    stage.receive(stage::welcome(Contact::default(), 0)).await;
    let again = stage.sent();
    assert!(!again.iter().any(|frame| matches!(frame, ClientFrame::Describe(_))), "{again:?}");
}
