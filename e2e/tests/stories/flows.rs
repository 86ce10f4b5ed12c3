//! A site's owner names flows, and their pages have greetings of their own.

use causette_e2e::harness::{ALICE, Browser, HostSite, Policy, Server};
use causette_e2e::pages::{Desk, HostPage, Install};
use serde_json::{Value, json};

/// What the bubble says.
const BUBBLE: &str = "shown(bubble) && inside('.text').textContent";

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_is_named_at_the_desk_greets_on_its_pages_in_their_language() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let (agent, visitor) = tokio::join!(Browser::open("agent"), Browser::open("visitor"));
    let install = Install::enter(Desk::sign_in(&agent, &server, ALICE).await, "shop").await;
    let plain = install.snippet().await;
    install.open_flows().await;
    let view = install.view;
    view.press("Add a flow").await;
    view.press("Save as the site’s looks").await;
    view.wait_for_text("Please name this flow.").await;
    view.type_into("Name of the flow", "sales").await;
    view.type_into("Its greeting in English", "<b>Thinking of buying?</b>").await;
    install.wait_for_preview_bubble("<b>Thinking of buying?</b>").await;
    view.wait_for_text("The greeting is that of the flow sales.").await;
    view.type_into("Its greeting in French", "Une question avant d’acheter ?").await;
    view.press("Show the site’s").await;
    install.wait_for_preview_bubble("Hello! Any questions?").await;
    assert_eq!(install.snippet().await, plain, "pages do not choose what is not saved");
    view.press("Save as the site’s looks").await;
    view.wait_for_text("Saved. Pages show it within five minutes.").await;
    install.choose_flow("sales").await;
    let snippet = plain.replacen("></", " data-flow=\"sales\"></", 1);
    assert_eq!(install.snippet().await, snippet);
    assert_eq!(agent.console_errors().await, Vec::<String>::new());

    // The line as it was copied, on a page that has a greeting of its own until it takes it back.
    site.pin(&snippet);
    let page = HostPage::visit(&visitor, &site, "pinned").await;
    page.wait_for(BUBBLE, "Pinned").await;
    page.act("causette('update', { greeting: null })").await;
    page.wait_for(BUBBLE, "<b>Thinking of buying?</b>").await;
    let loader = format!("{}/embed/shop.js", server.origin);
    let greets = async |sources: Value, wanted: &str| {
        let page = HostPage::visit(&visitor, &site, "bare").await;
        assert!(page.add_snippet(&loader, sources).await, "the loader comes");
        page.wait_for(BUBBLE, wanted).await;
        page
    };
    greets(json!({ "lang": "fr", "data": { "flow": "sales" } }), "Une question avant d’acheter ?").await;
    // A flow that nobody has named is none, and what the page itself says goes before.
    greets(json!({ "lang": "fr", "data": { "flow": "Sales" } }), "Bonjour ! Une question ?").await;
    greets(json!({ "data": { "flow": "sales", "greeting": "Of this page" } }), "Of this page").await;
    // A page that changes without being loaded comes into a flow, and leaves it.
    let page = greets(json!({ "lang": "en" }), "Hello! Any questions?").await;
    page.act("causette('update', { flow: 'sales' })").await;
    page.wait_for(BUBBLE, "<b>Thinking of buying?</b>").await;
    page.act("causette('update', { flow: null })").await;
    page.wait_for(BUBBLE, "Hello! Any questions?").await;
    page.assert_unharmed().await;
}
