//! Signing in.

use causette_desk::pages::SignInPage;
use causette_desk::router::Route;
use causette_desk::state::session::{SessionError, sign_in_message};
use causette_shared::problem::{Problem, ProblemKind};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{HtmlFormElement, HtmlInputElement};

use crate::stage::{Stage, settle};

#[wasm_bindgen_test]
async fn signing_in_asks_for_what_is_missing_and_keeps_the_address() {
    let stage =
        Stage::new(None, Route::Inbox, |desk, _| view! { <SignInPage desk expired=false/> }.into_any());
    settle().await;
    let form = stage.one("form[aria-label='Sign in']");
    let email: HtmlInputElement = stage.one("input[name=email]").unchecked_into();
    let submit =
        || form.clone().unchecked_into::<HtmlFormElement>().request_submit().expect("a form submits");
    submit();
    settle().await;
    assert_eq!(stage.text("[role=alert]"), ["Please enter your e-mail address."]);
    email.set_value("alice@demo.example");
    submit();
    settle().await;
    assert_eq!(stage.text("[role=alert]"), ["Please enter your password."]);
    assert_eq!(email.value(), "alice@demo.example");
    assert_eq!(stage.text("button[type=submit]"), ["Sign in"]);
}

#[wasm_bindgen_test]
fn every_refusal_of_a_sign_in_is_told_apart() {
    let limited = Problem::new(ProblemKind::RateLimited).retry_after_ms(42_000);
    assert!(sign_in_message(&SessionError::Refused(limited)).contains("42 seconds"));
    let wrong = SessionError::Refused(Problem::new(ProblemKind::WrongCredentials));
    assert_ne!(sign_in_message(&wrong), sign_in_message(&SessionError::Unreachable));
}
