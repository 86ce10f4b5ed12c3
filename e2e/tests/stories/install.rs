//! A site's owner installs the chat: looks, snippet, and whether it is there.

use causette_e2e::harness::{ALICE, Browser, HostSite, Policy, Server, wait_until};
use causette_e2e::pages::{Desk, HostPage, Install, Role};

/// The site's colour as it comes, and the one that is chosen.
const INDIGO: &str = "rgb(67, 56, 202)";
const RED: &str = "rgb(180, 35, 44)";

#[tokio::test(flavor = "multi_thread")]
async fn looks_are_chosen_the_snippet_is_pasted_and_what_blocks_it_is_cured() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let (agent, visitor) = tokio::join!(Browser::open("agent"), Browser::open("visitor"));
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    let conversations = desk.numbers().await;
    let install = Install::enter(desk, "shop").await;
    install.wait_for_origin(&site.origin, &["Not seen yet"]).await;
    install.wait_for_preview_color(INDIGO).await;
    install.wait_for_preview_bubble("Hello! Any questions?").await;
    install.view.press("Red").await;
    install.wait_for_preview_color(RED).await;

    // Not saved, so the snippet carries it; and the page that gets it shows it.
    let snippet = install.snippet().await;
    assert!(snippet.contains("data-color=\"#b4232c\""), "{snippet}");
    install.view.press("Copy Snippet").await;
    wait_until("that it is copied, or can be", async || {
        let said = install.view.texts(Role::Status, None).await?;
        Ok(said.iter().any(|said| said.starts_with("Copied") || said.starts_with("Selected")))
    })
    .await;
    site.pin(&snippet);
    let page = HostPage::visit(&visitor, &site, "pinned").await;
    page.wait_for("drawn(looks(launcher).backgroundColor)", RED).await;
    install.wait_for_origin(&site.origin, &["Snippet found", "Open the chat there once"]).await;
    page.shop().open_chat().await.view.wait_for(Role::Field, "Message").await;
    install.wait_for_origin(&site.origin, &["Works", "Connected"]).await;

    // The same pages under a name that is not listed.
    let strange = site.origin_under("127.0.0.1");
    visitor.goto(&format!("{strange}/pinned.html")).await;
    page.wait_for("shown(launcher)", true).await;
    page.act("launcher.click()").await;
    page.shop().launcher.wait_for_text("Chat is unavailable").await;
    install.wait_for_origin(&strange, &["Blocked", "their origin is not one of this site’s"]).await;
    install.view.press("Allow this origin").await;
    install.wait_for_origin(&strange, &["Snippet found"]).await;
    visitor.reload().await;
    page.wait_for("shown(launcher)", true).await;
    page.shop().open_chat().await.view.wait_for(Role::Field, "Message").await;
    install.wait_for_origin(&strange, &["Works"]).await;
    assert_eq!(agent.console_errors().await, Vec::<String>::new());

    // Whoever only looks begins no conversation.
    agent.goto(&format!("{}/desk/", server.origin)).await;
    wait_until("the list to be as it was", async || Ok(desk.numbers().await == conversations)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_are_allowed_where_their_address_stands() {
    let server = Server::start().await;
    server.add_site("shop", &["https://shop.example"]).await;
    let (agent, app) = tokio::join!(Browser::open("agent"), Browser::open("app"));
    let install = Install::enter(Desk::sign_in(&agent, &server, ALICE).await, "shop").await;
    install.choose_way("App").await;
    let address = install.view.value_of("Address for apps").await;
    assert_eq!(address, format!("{}/chat/shop", server.origin));
    // What speaks with an app is a script of its own, which no other page loads. A page that was fetched before may come from
    // a cache for a minute, so that each question has an address of its own.
    let speaks = async |times: u32| {
        app.goto(&format!("{address}?{times}")).await;
        let script = "return [...document.scripts].some((script) => script.src.includes('bridge'))";
        app.run(script, vec![]).await.expect("the page is there")
    };
    assert_eq!(speaks(1).await, false);
    for (times, allowed) in [(2, true), (3, false)] {
        let switch = install.view.wait_for(Role::Field, "Apps may speak with this chat").await;
        switch.click().await.expect("it can be pressed");
        wait_until(&format!("apps to be allowed: {allowed}"), async || {
            let script = "const apps = document.querySelector('[role=switch]'); \
                          return apps.getAttribute('aria-busy') == 'false' && apps.checked";
            Ok(install.view.evaluate(script).await? == allowed)
        })
        .await;
        assert_eq!(speaks(times).await, allowed);
    }
    assert_eq!(agent.console_errors().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn saved_looks_are_the_sites_own_and_bad_ones_name_their_field() {
    let server = Server::start().await;
    let site = HostSite::open(&server, Policy::Open).await;
    let (agent, visitor) = tokio::join!(Browser::open("agent"), Browser::open("visitor"));
    let desk = Desk::sign_in(&agent, &server, ALICE).await;
    let install = Install::enter(desk, "shop").await;
    let plain = install.snippet().await;
    install.view.empty("Colour").await;
    install.view.type_into("Colour", "no colour").await;
    install.view.press("Save as the site’s looks").await;
    install.view.wait_for_text("The colour must be like #4338ca").await;
    install.view.empty("Colour").await;
    install.view.type_into("Colour", "rgb(180 35 44)").await;
    install.wait_for_preview_color(RED).await;
    install.view.empty("Greeting in English").await;
    install.view.type_into("Greeting in English", "<b>May I help?</b>").await;
    install.wait_for_preview_bubble("<b>May I help?</b>").await;
    install.view.press("Save as the site’s looks").await;
    install.view.wait_for_text("Saved. Pages show it within five minutes.").await;
    assert_eq!(install.view.value_of("Colour").await, "#b4232c");
    assert_eq!(install.snippet().await, plain, "the site knows it, so the snippet need not say it");
    assert_eq!(plain, format!("<script async src=\"{}/embed/shop.js\"></script>", server.origin));
    // A page with that line and nothing else.
    let page = HostPage::visit(&visitor, &site, "plain").await;
    page.wait_for("drawn(looks(launcher).backgroundColor)", RED).await;
    page.shop().launcher.wait_for_text("<b>May I help?</b>").await;
}
