//! "Introduce yourself": when it comes, what it says, and what the agent gets of it.

use std::time::Duration;

use causette_e2e::harness::{ALICE, AgentSocket, Browser, Server, environment};
use causette_e2e::pages::{Desk, Role, Shop};

/// The delay that sites have unless they set another.
const DELAY: Duration = Duration::from_secs(5);
/// The panel draws the automatic answer some time before a test reads it, so the test sees a shorter wait.
const READING: Duration = Duration::from_millis(1_500);

#[tokio::test(flavor = "multi_thread")]
async fn the_form_comes_after_the_automatic_answer_and_grows() {
    let server = Server::start().await;
    // Somebody is there: else it is contacts that are asked for.
    let _there = AgentSocket::sign_in(&server.origin).await;
    let (visitor, agent) = tokio::join!(Browser::open("visitor"), Browser::open("agent"));
    let panel = Shop::visit(&visitor, &server.shop("")).await.open_chat().await;
    panel.say("Do you repair old lamps?").await;
    panel.wait_for_message("Automatic reply").await;
    let answered = environment::stopwatch();
    assert!(!panel.view.has(Role::Form, "Introduce yourself").await, "the form gives time to read");
    panel.wait_for_form().await;
    assert!(answered.elapsed() + READING > DELAY, "the form came after {:?}", answered.elapsed());

    // The name alone, first.
    assert!(panel.view.has(Role::Field, "Name").await);
    assert!(!panel.view.has(Role::Field, "Email").await && !panel.view.has(Role::Field, "Phone").await);
    panel.view.press("Later").await;
    panel.view.wait_until_gone(Role::Form, "Introduce yourself").await;
    panel.view.press("Introduce yourself").await;
    panel.wait_for_form().await;
    panel.view.press("Continue").await;
    panel.view.wait_for_text("Please enter your name.").await;
    panel.view.type_into("Name", "Ada Lovelace").await;
    panel.view.wait_until_text_gone("Please enter your name.").await;
    panel.view.press("Continue").await;

    // Then how to reach the visitor, judged while they type, with nothing taken away.
    panel.view.wait_for_text("Nice to meet you, Ada Lovelace!").await;
    panel.view.type_into("Email", "ada@").await;
    assert!(
        !panel.view.text().await.unwrap_or_default().contains("look like an email"),
        "she is still typing"
    );
    panel.view.type_into("Phone", "call me").await;
    panel.view.wait_for_text("This doesn’t look like an email address").await;
    panel.view.type_into("Email", "analytical.example").await;
    panel.view.wait_until_text_gone("This doesn’t look like an email address").await;
    panel.view.wait_for_text("Please enter a phone number").await;
    assert_eq!(panel.view.value_of("Email").await, "ada@analytical.example");
    assert_eq!(panel.view.value_of("Phone").await, "call me");
    panel.view.empty("Phone").await;
    panel.view.type_into("Phone", "+44 20 7946 0958").await;
    panel.view.wait_until_text_gone("Please enter a phone number").await;
    panel.send_form().await;
    panel.view.wait_for_text("Thank you!").await;
    panel.view.wait_until_gone(Role::Form, "Introduce yourself").await;

    let number = panel.number().await;
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    desk.wait_for_row(number, "the visitor's name", |row| row.contains("Ada Lovelace")).await;
    desk.open(number).await;
    desk.wait_for_message("The visitor introduced themselves").await;
    desk.wait_for_message("ada@analytical.example").await;
    for known in ["Ada Lovelace", "ada@analytical.example", "Not verified", "+442079460958"] {
        desk.wait_for_details(known).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_knows_is_filled_in_and_what_was_put_off_stays_so() {
    let server = Server::start().await;
    // Somebody is there: else it is contacts that are asked for.
    let _there = AgentSocket::sign_in(&server.origin).await;
    let visitor = Browser::open("visitor").await;
    let shop = Shop::visit(&visitor, &server.shop("")).await;
    let script = "window.causette('prefill', { name: 'Grace Hopper', email: 'grace@navy.example' })";
    shop.launcher.wait_for(Role::Button, "Open chat").await;
    shop.page.evaluate(script).await.expect("the page may tell what it knows");
    let panel = shop.open_chat().await;
    panel.say("Is the workshop open on Saturdays?").await;
    panel.wait_for_form().await;
    assert_eq!(panel.view.value_of("Name").await, "Grace Hopper");
    panel.view.press("Later").await;
    panel.view.wait_for(Role::Button, "Introduce yourself").await;

    visitor.reload().await;
    shop.wait_until_open().await;
    panel.view.press("Introduce yourself").await;
    panel.wait_for_form().await;
}
