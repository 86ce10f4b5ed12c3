//! The desk's door.

use causette_e2e::harness::{ALICE, BOB, Browser, PASSWORD, Server};
use causette_e2e::pages::{Desk, Role};

#[tokio::test(flavor = "multi_thread")]
async fn the_door_opens_for_the_right_password_only_and_closes_again() {
    let server = Server::start().await;
    let browser = Browser::open("agent").await;
    let desk = Desk::visit(&browser, &server).await;
    desk.view.wait_for(Role::Form, "Sign in").await;
    assert_eq!(browser.console_errors().await, Vec::<String>::new(), "that nobody is signed in is no error");
    desk.try_to_sign_in(ALICE, "not the password").await;
    desk.view.wait_for_text("The e-mail address or the password is wrong.").await;
    assert_eq!(desk.view.value_of("Email").await, ALICE, "the address need not be typed again");
    assert!(!desk.view.has(Role::List, "Conversations").await);
    desk.try_to_sign_in("nobody@demo.example", PASSWORD).await;
    desk.view.wait_for_text("The e-mail address or the password is wrong.").await;

    desk.try_to_sign_in(ALICE, PASSWORD).await;
    desk.view.wait_for(Role::List, "Conversations").await;
    desk.view.wait_for_text("Alice Martin").await;
    browser.reload().await;
    desk.view.wait_for(Role::List, "Conversations").await;

    desk.view.press("Sign out").await;
    desk.view.wait_for(Role::Form, "Sign in").await;
    browser.reload().await;
    desk.view.wait_for(Role::Form, "Sign in").await;
    assert!(!desk.view.has(Role::List, "Conversations").await);
    desk.try_to_sign_in(BOB, PASSWORD).await;
    desk.view.wait_for_text("Bob Keller").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_in_one_tab_closes_the_others() {
    let server = Server::start().await;
    let browser = Browser::open("agent").await;
    let desk = Desk::sign_in(&browser, &server, ALICE).await;
    let first = browser.window().await;
    browser.open_tab().await;
    let second = Desk::visit(&browser, &server).await;
    second.view.wait_for(Role::List, "Conversations").await;
    second.view.press("Sign out").await;
    second.view.wait_for(Role::Form, "Sign in").await;
    browser.look_at(&first).await;
    desk.view.wait_for(Role::Form, "Sign in").await;
}
