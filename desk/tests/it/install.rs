//! The page "Install": looks, ways to install, where the chat was seen.

use std::collections::BTreeMap;

use causette_desk::pages::InstallPage;
use causette_desk::router::Route;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::Role;
use causette_shared::protocol::install::{
    Advice, AdviceKind, Looks, SeenList, SeenOrigin, SeenState, SeenStep, SiteList, SiteRow, Snippet,
    SnippetPolicy,
};
use causette_shared::time::Timestamp;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlInputElement;

use crate::answers::{Answer, answer, answer_otherwise, asked_to};
use crate::stage::{Stage, settle};
use crate::told::{MARKUP, agent};

/// Presses this to save.
pub const SAVE: &str = "form[aria-label=Looks] button[type=submit]";
/// What is asked to save.
pub const PUT_LOOKS: &str = "PUT /api/v1/desk/sites/shop/looks";
const CHANGE: &str = "PATCH /api/v1/desk/sites/shop";
/// The line to paste while nothing was changed.
const PLAIN: &str = "<script async src=\"https://chat.example/embed/shop.js\"></script>";

/// How the site looks.
pub fn looks() -> Looks {
    Looks {
        color: "#4338ca".to_owned(),
        theme: "auto".to_owned(),
        position: "bottom-right".to_owned(),
        offset_x: 20,
        offset_y: 20,
        state: "welcome".to_owned(),
        minimizable: true,
        consent: 0,
        greeting: BTreeMap::from([("en".to_owned(), "Hello".to_owned())]),
        flows: BTreeMap::new(),
        greeting_delay_s: 1,
        close_delay_s: 15,
    }
}

fn site(allow_apps: bool) -> SiteRow {
    SiteRow {
        key: "shop".parse().expect("it is a key"),
        name: MARKUP.to_owned(),
        origins: vec!["https://shop.example".to_owned()],
        allow_apps,
    }
}

fn snippet() -> Snippet {
    let chat = "https://chat.example".to_owned();
    Snippet {
        html: PLAIN.to_owned(),
        csp: SnippetPolicy { script_src: chat.clone(), frame_src: chat },
        gtm_url: "https://chat.example/embed/shop/gtm.tpl".to_owned(),
    }
}

fn blocked() -> SeenList {
    let advice = Advice {
        kind: AdviceKind::NotListed,
        sentence: MARKUP.to_owned(),
        cure: "Allow it.".to_owned(),
        line: None,
    };
    let origin = SeenOrigin {
        origin: "https://www.shop.example".to_owned(),
        is_listed: false,
        state: SeenState::Blocked,
        page: Some(MARKUP.to_owned()),
        first_at: Some(Timestamp(1)),
        last_at: Some(Timestamp(1)),
        last: Some(SeenStep::Loader),
        advice: Some(advice),
    };
    SeenList { origins: vec![origin] }
}

/// The page as somebody of a role sees it, of a site with such looks. What they ask beyond it is answered by `more`.
pub async fn open(role: Role, looks: &Looks, more: Vec<Answer>) -> Stage {
    let of = |what: &str| ["GET /api/v1/desk/sites", what].concat();
    let mut answers = vec![
        Answer::json(&of(""), &SiteList { sites: vec![site(false)] }),
        Answer::json(&of("/shop/looks"), looks),
        Answer::json(&of("/shop/snippet"), &snippet()),
        Answer::json(&of("/shop/seen"), &blocked()),
    ];
    answers.extend(more);
    answer(&answers);
    let stage = Stage::new(Some(agent(role)), Route::Install, |desk, router| {
        view! { <InstallPage desk router/> }.into_any()
    });
    settle().await;
    settle().await;
    stage
}

/// The line to paste, as it stands there.
pub fn line(stage: &Stage) -> String {
    stage.value("[aria-label=Snippet]")
}

async fn choose_way(stage: &Stage, name: &str) {
    let ways = stage.all(".snippet .segments__option");
    let way = ways.iter().find(|way| way.text_content().as_deref() == Some(name));
    way.expect("there is such a way").click();
    settle().await;
}

#[wasm_bindgen_test]
async fn looks_that_are_saved_leave_the_snippet() {
    let saved = Looks { color: "#b4232c".to_owned(), ..looks() };
    let stage = open(Role::Admin, &looks(), vec![Answer::json(PUT_LOOKS, &saved)]).await;
    assert_eq!(line(&stage), PLAIN);
    stage.click("[aria-label=Red]").await;
    assert_eq!(line(&stage), PLAIN.replacen("></", " data-color=\"#b4232c\"></", 1));
    assert!(stage.says("It carries the looks that are not saved"));
    stage.click(SAVE).await;
    assert_eq!(line(&stage), PLAIN);
    let put = asked_to(PUT_LOOKS);
    assert!(put.len() == 1 && put[0].contains("\"color\":\"#b4232c\""), "{put:?}");
    assert!(stage.says("Saved."));
}

#[wasm_bindgen_test]
async fn a_refusal_stands_at_its_field() {
    let refused = Problem::field("color", "the colour must be one");
    let stage = open(Role::Admin, &looks(), vec![Answer::refusal(PUT_LOOKS, &refused)]).await;
    stage.click("[aria-label=Red]").await;
    stage.click(SAVE).await;
    let field = stage.one("input[type=text][aria-label=Colour]");
    assert_eq!(field.get_attribute("aria-invalid").as_deref(), Some("true"));
    let told = field.get_attribute("aria-describedby").expect("it is described");
    assert_eq!(stage.text(&["#", &told].concat()), ["The colour must be one."]);
    assert!(line(&stage).contains("#b4232c"), "what was chosen stays");
}

#[wasm_bindgen_test]
async fn an_origin_that_is_blocked_is_allowed_beside_the_others() {
    let put = "PUT /api/v1/desk/sites/shop/origins";
    let stage = open(Role::Admin, &looks(), vec![Answer::json(put, &site(false))]).await;
    assert!(stage.says(MARKUP), "what others wrote is text");
    stage.click(".seen__advice button").await;
    let asked = asked_to(put);
    assert!(
        asked.len() == 1 && asked[0].ends_with("[\"https://shop.example\",\"https://www.shop.example\"]}"),
        "{asked:?}"
    );
    assert!(stage.says("Allowed."));
    stage.assert_plain();
}

#[wasm_bindgen_test]
async fn who_is_no_admin_changes_nothing_for_others() {
    let stage = open(Role::Agent, &looks(), vec![]).await;
    assert!(stage.says("An admin can save these."));
    for css in [SAVE, ".seen__advice button", ".seen__add"] {
        assert!(stage.all(css).is_empty(), "{css}");
    }
    stage.click("[aria-label=Red]").await;
    assert!(line(&stage).contains("data-color"), "the snippet is theirs to paste");
}

#[wasm_bindgen_test]
async fn apps_are_allowed_at_once_and_a_refusal_turns_the_switch_back() {
    let stage = open(Role::Admin, &looks(), vec![Answer::json(CHANGE, &site(true))]).await;
    choose_way(&stage, "App").await;
    assert_eq!(stage.value("[aria-label='Address for apps']"), "https://chat.example/chat/shop");
    let is_on = || stage.one("[role=switch]").unchecked_into::<HtmlInputElement>().checked();
    assert!(!is_on());
    stage.click("[role=switch]").await;
    assert!(is_on());
    assert_eq!(asked_to(CHANGE), [[CHANGE, " {\"allow_apps\":true}"].concat()]);
    // What is told of a site stays when the way is left.
    choose_way(&stage, "HTML").await;
    choose_way(&stage, "App").await;
    assert!(is_on());

    let full = Problem::with_detail(ProblemKind::Unavailable, "the disk is full");
    answer_otherwise(Answer::refusal(CHANGE, &full));
    stage.click("[role=switch]").await;
    assert!(is_on(), "it is as it was");
    assert_eq!(asked_to(CHANGE).len(), 2);
    assert!(stage.says("The disk is full."));
    answer_otherwise(Answer::json(CHANGE, &site(false)));
    stage.click("[role=switch]").await;
    assert!(!is_on() && !stage.says("The disk is full."));
}

#[wasm_bindgen_test]
async fn whether_apps_are_allowed_is_shown_to_everybody_and_changed_by_admins() {
    let stage = open(Role::Agent, &looks(), vec![]).await;
    choose_way(&stage, "App").await;
    stage.click("[role=switch]").await;
    assert!(asked_to("PATCH").is_empty());
    assert!(stage.says("An admin can change this."));
}
