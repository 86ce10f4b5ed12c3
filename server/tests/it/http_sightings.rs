//! Where the snippet was seen, as the desk is told of it: by what the pages' own requests say, and by nothing about visitors.

use causette_server::sighting::UNLISTED_MAX;
use causette_shared::protocol::agent::Role;
use causette_shared::protocol::install::{AdviceKind, SeenList, SeenOrigin, SeenState, SeenStep, SiteRow};
use causette_shared::protocol::visitor::Hello;
use reqwest::Method;
use serde_json::json;

use crate::harness::app::NOW;
use crate::harness::builders::SHOP;
use crate::harness::channel::Bridge;
use crate::harness::database::on_both_databases;
use crate::harness::{Database, TestServer, VisitorActor, eventually};
use crate::http_install::{Desk, get, problem};

on_both_databases!(
    a_chat_is_seen_from_the_snippet_to_its_connection,
    a_page_of_a_strange_origin_is_told_of_and_can_be_allowed,
    what_strangers_invent_stays_few,
    only_an_admin_says_which_pages_may,
);

const STRANGER: &str = "https://www.shop.example";

impl Desk<'_> {
    async fn seen(&self) -> Vec<SeenOrigin> {
        let list = self.ask(Method::GET, "sites/shop/seen").await.json::<SeenList>().await;
        list.expect("it is a list").origins
    }

    /// What is told of one origin.
    async fn seen_of(&self, origin: &str) -> SeenOrigin {
        let seen = self.seen().await;
        let found = seen.iter().find(|one| one.origin == origin).cloned();
        found.unwrap_or_else(|| panic!("{origin} is not told of: {seen:?}"))
    }

    async fn state_of(&self, origin: &str) -> (SeenState, Option<AdviceKind>) {
        let seen = self.seen_of(origin).await;
        (seen.state, seen.advice.map(|advice| advice.kind))
    }
}

async fn ask(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
    let response = get(&server.url(path), headers).await;
    assert_eq!(response.status(), 200, "{path}");
    response
}

async fn a_chat_is_seen_from_the_snippet_to_its_connection(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let desk = Desk::open(&server, Role::Agent).await;
    let unseen = desk.seen_of(SHOP).await;
    assert_eq!((unseen.state, unseen.is_listed, unseen.last), (SeenState::Unseen, true, None));

    let page = "https://shop.example/lamps/7?session=secret#top";
    ask(&server, "/embed/shop.js", &[("referer", page)]).await;
    let loaded = desk.seen_of(SHOP).await;
    assert_eq!((loaded.state, loaded.advice), (SeenState::Loaded, None));
    assert_eq!(loaded.page.as_deref(), Some("https://shop.example/lamps/7"));
    assert_eq!((loaded.first_at, loaded.last_at), (Some(NOW), Some(NOW)));
    assert_eq!(server.count("sighting").await, 0, "no request writes");

    // The browser asks for the second half, and its page's policy keeps the frame out.
    server.advance(60);
    ask(&server, "/embed/shop/panel.js", &[("origin", SHOP), ("referer", "https://shop.example/")]).await;
    assert_eq!(desk.state_of(SHOP).await, (SeenState::Opening, None));
    server.app.keep_sightings().await;
    assert_eq!(server.count("sighting").await, 1);
    server.advance(60);
    assert_eq!(desk.state_of(SHOP).await, (SeenState::Blocked, Some(AdviceKind::FrameBlocked)));
    let advice = desk.seen_of(SHOP).await.advice.expect("it is advised");
    assert_eq!(advice.line, Some(format!("frame-src {}", server.origin())));

    ask(&server, "/widget/shop?locale=en", &[("referer", "https://shop.example/")]).await;
    server.advance(60);
    assert_eq!(desk.state_of(SHOP).await, (SeenState::Blocked, Some(AdviceKind::NeverConnected)));
    assert_eq!(desk.seen_of(SHOP).await.last, Some(SeenStep::Panel));

    let bridge = Bridge::to(&server.address.to_string()).await;
    VisitorActor::connect_to(&bridge.authority).await.hello().await;
    assert_eq!(desk.state_of(SHOP).await, (SeenState::Works, Some(AdviceKind::WithoutSockets)));
    server.app.keep_sightings().await;
    server.advance(60);
    VisitorActor::arrive(&server).await;
    let works = desk.seen_of(SHOP).await;
    assert_eq!((works.state, works.last, works.advice), (SeenState::Works, Some(SeenStep::Connection), None));
    assert_eq!((works.first_at, works.page), (Some(NOW), Some("https://shop.example/lamps/7".to_owned())));

    // What is written down is all of it, once, and nothing was forgotten on the way.
    server.app.keep_sightings().await;
    let stored = desk.seen_of(SHOP).await;
    assert_eq!((stored.state, stored.first_at), (SeenState::Works, Some(NOW)));
    assert_eq!(server.count("sighting").await, 1);
}

async fn a_page_of_a_strange_origin_is_told_of_and_can_be_allowed(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let desk = Desk::open(&server, Role::Admin).await;
    // None of these is a page of the web, or of another site's than ours.
    for referer in ["", "null", "data:,x", "android-app://com.example/", &server.url("/desk/preview/shop")] {
        ask(&server, "/embed/shop.js", &[("referer", referer)]).await;
    }
    assert_eq!(desk.seen().await.len(), 1, "the shop alone, which is listed");

    let published = causette_server::service::publish_loader::PublishLoader {
        site: "shop".parse().expect("a key"),
        script: "1".to_owned(),
    };
    let hash = server.app.perform(published).await.expect("it is published");
    // With its hash checked a script is fetched with CORS, and names its page's origin.
    ask(&server, &format!("/embed/shop/{}.js", hash.as_str()), &[("origin", STRANGER)]).await;
    let blocked = desk.seen_of(STRANGER).await;
    assert!(!blocked.is_listed);
    assert_eq!(desk.state_of(STRANGER).await, (SeenState::Blocked, Some(AdviceKind::NotListed)));
    assert!(blocked.advice.expect("it is advised").sentence.contains(STRANGER));

    let referer = format!("{STRANGER}/");
    let refused = ask(&server, "/embed/shop/panel.js", &[("origin", STRANGER)]).await;
    assert_eq!(refused.headers()["cache-control"], "no-store", "a refusal may not outlive its reason");
    let frame = ask(&server, "/widget/shop", &[("referer", &referer)]).await;
    assert_eq!(frame.headers()["cache-control"], "no-store");
    let mut visitor = VisitorActor::connect(&server).await;
    let hello = Hello { host: STRANGER.to_owned(), ..visitor.greeting() };
    visitor.put(&causette_shared::protocol::visitor::ClientFrame::Hello(hello)).await;
    assert_eq!(visitor.expect_problem().await.kind, causette_shared::problem::ProblemKind::WrongOrigin);
    server.advance(600);
    assert_eq!(desk.state_of(STRANGER).await, (SeenState::Blocked, Some(AdviceKind::NotListed)));

    let origins = json!({ "origins": [SHOP, " https://WWW.shop.example/ ", STRANGER] });
    let allowed = desk.put("sites/shop/origins", &origins).await;
    assert_eq!(allowed.status(), 200);
    let row: SiteRow = allowed.json().await.expect("it is a site");
    assert_eq!(row.origins, [SHOP, STRANGER], "each is told once, as browsers write it");
    // What it was refused before is no reason to call it blocked now.
    assert_eq!(desk.state_of(STRANGER).await, (SeenState::Loaded, None));
    let frame = ask(&server, "/widget/shop", &[("referer", &referer)]).await;
    assert_eq!(frame.headers()["cache-control"], "public, max-age=60");
    let policy = frame.headers()["content-security-policy"].to_str().expect("it is ASCII").to_owned();
    assert!(policy.ends_with(&format!("frame-ancestors {SHOP} {STRANGER}")), "{policy}");
    let mut visitor = VisitorActor::connect(&server).await;
    let hello = Hello { host: STRANGER.to_owned(), ..visitor.greeting() };
    visitor.greet(hello).await;
    assert_eq!(desk.state_of(STRANGER).await, (SeenState::Works, None));
}

async fn what_strangers_invent_stays_few(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let desk = Desk::open(&server, Role::Agent).await;
    let invent = async |numbers: std::ops::Range<usize>| {
        for number in numbers {
            server.advance(1);
            let referer = format!("https://s{number}.example/");
            ask(&server, "/embed/shop.js", &[("referer", &referer)]).await;
        }
    };
    ask(&server, "/embed/shop.js", &[("referer", "https://shop.example/")]).await;
    invent(0..30).await;
    server.app.keep_sightings().await;
    invent(30..UNLISTED_MAX + 10).await;
    server.app.keep_sightings().await;
    assert_eq!(server.count("sighting").await, UNLISTED_MAX as i64 + 1);
    let seen = desk.seen().await;
    let has = |origin: &str| seen.iter().any(|one| one.origin == origin);
    assert!(has(SHOP) && has("https://s59.example") && !has("https://s9.example"), "the oldest strangers go");
    // An unknown site has no place to write to, and a server that cannot write keeps what it has for later.
    assert_eq!(
        get(&server.url("/embed/nobody.js"), &[("referer", "https://a.example/")]).await.status(),
        404
    );
    eventually("nothing to be left", async || server.app.sightings.take().is_empty()).await;
}

async fn only_an_admin_says_which_pages_may(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let agent = Desk::open(&server, Role::Agent).await;
    let body = json!({ "origins": ["https://evil.example"] });
    let refused = agent.put("sites/shop/origins", &body).await;
    assert_eq!(problem(refused).await, (403, "forbidden".to_owned()));
    drop(agent);
    let unchanged = async |server: &TestServer| {
        let key = "shop".parse().expect("a key");
        let mut tx = server.app.store.begin_read().await.expect("it reads");
        let site = causette_server::store::site::find_site(&mut tx, &key).await.expect("it reads");
        site.is_some_and(|site| site.allows(SHOP, &[]) && site.origins.len() == 1)
    };
    assert!(unchanged(&server).await);
    let promote = "UPDATE agent SET role = 'admin'";
    crate::harness::database::execute(&server.app.store, promote).await;
    let cookie = crate::harness::agent::cookie_of(
        &crate::harness::agent::try_sign_in(
            &server.address.to_string(),
            "ann@desk.example",
            crate::harness::builders::PASSWORD,
        )
        .await,
    );
    let admin = Desk { server: &server, cookie };
    for bad in ["*", "shop.example", "https://shop.example/path", "https://a.example;sandbox", "null", ""] {
        let refused = admin.put("sites/shop/origins", &json!({ "origins": [SHOP, bad] })).await;
        let status = refused.status();
        let told: serde_json::Value = refused.json().await.expect("a problem is JSON");
        assert_eq!((status.as_u16(), &told["field"]), (422, &json!("origins")), "{bad}");
    }
    let many: Vec<String> = (0..101).map(|number| format!("https://s{number}.example")).collect();
    let refused = admin.put("sites/shop/origins", &json!({ "origins": many })).await;
    assert_eq!(problem(refused).await, (422, "invalid".to_owned()));
    assert!(unchanged(&server).await);
    let refused = admin.put("sites/nobody/origins", &json!({ "origins": [SHOP] })).await;
    assert_eq!(problem(refused).await, (404, "unknown_site".to_owned()));
    // Closed for everybody, which is a choice.
    assert_eq!(admin.put("sites/shop/origins", &json!({ "origins": [] })).await.status(), 200);
    assert!(!unchanged(&server).await);
}
