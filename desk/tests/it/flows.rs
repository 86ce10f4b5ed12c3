//! Flows on the page "Install": what is written of them, refused, and saved.

use std::collections::BTreeMap;

use causette_shared::problem::Problem;
use causette_shared::protocol::agent::Role;
use causette_shared::protocol::install::Looks;
use leptos::prelude::document;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::answers::{Answer, asked_to};
use crate::install::{PUT_LOOKS, SAVE, line, looks, open};
use crate::stage::{Stage, focused};
use crate::told::MARKUP;

fn with_flows(flows: &[(&str, &str)]) -> Looks {
    let flow = |(name, english): &(&str, &str)| {
        ((*name).to_owned(), BTreeMap::from([("en".to_owned(), (*english).to_owned())]))
    };
    Looks { flows: flows.iter().map(flow).collect(), ..looks() }
}

/// Saves, and finds that a field lacks something: nothing is sent, and the field has the focus.
async fn assert_lacks(stage: &Stage, id: &str, text: &str) {
    stage.click(SAVE).await;
    let field = stage.one(&["#", id].concat());
    assert_eq!(field.get_attribute("aria-invalid").as_deref(), Some("true"), "{id}");
    let told = field.get_attribute("aria-describedby").expect("it is described");
    assert_eq!(stage.text(&["#", &told].concat()), [text]);
    assert_eq!(document().active_element().map(|element| element.id()).as_deref(), Some(id));
    assert!(asked_to("PUT").is_empty());
}

#[wasm_bindgen_test]
async fn flows_are_told_what_they_lack_and_nothing_that_was_typed_is_lost() {
    let saved = Answer::json(PUT_LOOKS, &with_flows(&[("sales", "May I help?")]));
    let stage = open(Role::Admin, &looks(), vec![saved]).await;
    stage.click(".flows > summary").await;
    stage.click(".flows__add").await;
    assert_lacks(&stage, "flow-0-name", "Please name this flow.").await;
    stage.write("#flow-0-name", " sales ").await;
    assert_lacks(&stage, "flow-0-en", "Please write its greeting in English.").await;
    stage.write("#flow-0-en", "May I\nhelp?").await;
    stage.click(".flows__add").await;
    stage.write("#flow-1-name", "sales").await;
    stage.write("#flow-1-en", "Or not?").await;
    // Put away, and found again.
    stage.click("#flow-1- > summary").await;
    stage.click(".flows > summary").await;
    assert_lacks(&stage, "flow-1-name", "Another flow has this name.").await;
    assert!(stage.value("#flow-0-name") == " sales " && stage.value("#flow-1-en") == "Or not?");
    stage.click("#flow-1- .flow__remove").await;
    assert_eq!(focused().as_deref(), Some("Flows1"), "the focus stays near");
    assert!(stage.says("Greetings that are not saved are not in it."));
    assert!(!stage.says("It carries the looks"), "the line is the site's own");

    stage.click(SAVE).await;
    let put = asked_to("PUT");
    assert!(put.len() == 1 && put[0].contains("\"flows\":{\"sales\":{\"en\":\"May I help?\"}}"), "{put:?}");
    assert_eq!(stage.value("#flow-0-name"), "sales", "as it is stored");
    assert!(!stage.says("not in it"));
}

#[wasm_bindgen_test]
async fn a_flow_has_a_line_for_its_pages_once_it_is_saved() {
    let renamed = Answer::json(PUT_LOOKS, &with_flows(&[("help", "Which one?")]));
    let stage = open(Role::Agent, &looks(), vec![]).await;
    assert!(stage.all("#snippet-flow").is_empty(), "there is no choice");
    let plain = line(&stage);
    drop(stage);
    let stage = open(Role::Admin, &with_flows(&[("help & \"care\"", "Which one?")]), vec![renamed]).await;
    assert_eq!(line(&stage), plain);
    stage.choose("#snippet-flow", "help & \"care\"").await;
    assert_eq!(line(&stage), plain.replacen("></", " data-flow=\"help &amp; &quot;care&quot;\"></", 1));
    stage.write("#flow-0-name", "help").await;
    assert!(line(&stage).contains("care"), "pages know the saved one");
    stage.click(SAVE).await;
    assert_eq!(line(&stage), plain, "the one that was chosen is gone");
    stage.choose("#snippet-flow", "help").await;
    assert_eq!(line(&stage), plain.replacen("></", " data-flow=\"help\"></", 1));
}

#[wasm_bindgen_test]
async fn a_refusal_of_the_flows_opens_them_and_a_thirteenth_is_not_offered() {
    let refused = Answer::refusal(PUT_LOOKS, &Problem::field("flows", "a greeting is one line of text"));
    let names: Vec<_> = (10..22).map(|n| format!("flow {n}")).collect();
    let full: Vec<_> = names.iter().map(|name| (name.as_str(), MARKUP)).collect();
    let stage = open(Role::Admin, &with_flows(&full), vec![refused]).await;
    assert!(stage.all(".flows__add").is_empty() && stage.says("A site has at most 12 flows."));
    assert!(stage.all(".flows[open]").is_empty());
    stage.click("[aria-label=Red]").await;
    stage.click(SAVE).await;
    assert!(!stage.all(".flows[open]").is_empty() && stage.says("A greeting is one line of text."));
    stage.click("#flow-11- > summary").await;
    stage.click("#flow-11- .flow__remove").await;
    assert!(!stage.all(".flows__add").is_empty());
    assert!(!stage.says("A greeting is one line of text."), "it is about what was");
    stage.click("form[aria-label=Looks] .looks__acts button[type=button]").await;
    assert_eq!(stage.value("#flow-11-en"), MARKUP, "discarding brings it back");
    stage.assert_plain();
}
