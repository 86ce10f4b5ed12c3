//! The sign-in page.

use causette_shared::protocol::agent::SignIn;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::icon::{Icon, icon, mark};
use crate::state::desk::Desk;
use crate::state::session::{self, SessionError};

/// Draws the page.
#[component]
pub fn SignInPage(
    /// The store.
    desk: Desk,
    /// Whether a session has just ended by itself.
    expired: bool,
) -> impl IntoView {
    let failure = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let email_field = NodeRef::<html::Input>::new();
    let password_field = NodeRef::<html::Input>::new();
    document().set_title("Sign in · Causette");
    Effect::new(move |_| {
        if let Some(field) = email_field.get() {
            let _ = field.focus();
        }
    });

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        // What stands in the fields counts: a password manager may fill them without an event.
        let read = |field: NodeRef<html::Input>| field.get_untracked().map(|field| field.value());
        let sign_in = SignIn {
            email: read(email_field).unwrap_or_default().trim().to_owned(),
            password: read(password_field).unwrap_or_default(),
        };
        let missing = match (sign_in.email.is_empty(), sign_in.password.is_empty()) {
            (true, _) => Some(("Please enter your e-mail address.", email_field)),
            (false, true) => Some(("Please enter your password.", password_field)),
            _ => None,
        };
        if let Some((text, field)) = missing {
            failure.set(Some(text.to_owned()));
            focus(field);
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match session::create(&sign_in).await {
                Ok(agent) => desk.sign_in(agent),
                Err(error) => {
                    busy.set(false);
                    failure.set(Some(session::sign_in_message(&error)));
                    if let (true, Some(field)) = (is_wrong(&error), password_field.get_untracked()) {
                        field.set_value("");
                    }
                    focus(password_field);
                }
            }
        });
    };
    let described = move || failure.with(Option::is_some).then_some("sign-in-failure");
    view! {
        <main class="sign-in">
            <form class="sign-in__card" aria-label="Sign in" novalidate on:submit=submit>
                <div class="sign-in__brand">{mark()}<span>"Causette"</span></div>
                <h1 class="sign-in__title">"Sign in to your desk"</h1>
                {expired.then(|| view! {
                    <p class="sign-in__expired" role="status">
                        "Your session has ended. Sign in again: what you wrote is kept."
                    </p>
                })}
                <div role="alert" class="sign-in__alert">
                    {move || failure.get().map(|text| view! {
                        <p class="sign-in__failure" id="sign-in-failure">{icon(Icon::Alert)}<span>{text}</span></p>
                    })}
                </div>
                <label class="field">
                    <span class="field__label">"Email"</span>
                    <input
                        class="field__input"
                        type="email"
                        name="email"
                        autocomplete="username"
                        autocapitalize="none"
                        spellcheck="false"
                        required
                        aria-describedby=described
                        node_ref=email_field
                    />
                </label>
                <label class="field">
                    <span class="field__label">"Password"</span>
                    <input
                        class="field__input"
                        type="password"
                        name="password"
                        autocomplete="current-password"
                        required
                        aria-describedby=described
                        node_ref=password_field
                    />
                </label>
                <button
                    class="button button--primary sign-in__submit"
                    type="submit"
                    aria-busy=move || if busy.get() { "true" } else { "false" }
                    aria-disabled=move || busy.get().then_some("true")
                >
                    {move || busy.get().then(|| view! { <span class="spinner" aria-hidden="true"></span> })}
                    "Sign in"
                </button>
            </form>
        </main>
    }
}

fn is_wrong(error: &SessionError) -> bool {
    use causette_shared::problem::ProblemKind::{NotSignedIn, WrongCredentials};
    match error {
        SessionError::Refused(problem) => matches!(problem.kind, WrongCredentials | NotSignedIn),
        SessionError::Unexpected(status) => *status == 401,
        SessionError::Unreachable => false,
    }
}

fn focus(field: NodeRef<html::Input>) {
    if let Some(field) = field.get_untracked() {
        let _ = field.focus();
    }
}
