//! Apps: who may allow them for a site, what then differs, and that an app's own origins open nothing.

use causette_server::service::add_agent::AddAgent;
use causette_server::service::change_site::{Change, ChangeSite};
use causette_server::store::site::find_site;
use causette_shared::protocol::agent::Role;
use causette_shared::protocol::install::{SiteChange, SiteList, SiteRow};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::harness::agent::{cookie_of, try_sign_in};
use crate::harness::builders::{PASSWORD, site};
use crate::harness::database::on_both_databases;
use crate::harness::{Database, TestServer, within};

on_both_databases!(only_an_admin_allows_apps, a_change_leaves_the_rest_of_a_site_alone);

const BRIDGE: &str = "<script src=\"/widget/assets/bridge-";
const PATH: &str = "/api/v1/desk/sites/shop";

async fn allow(server: &TestServer, allow_apps: bool) {
    let change = SiteChange { allow_apps: Some(allow_apps) };
    let site = "shop".parse().expect("a key");
    server
        .app
        .perform(ChangeSite { site, change: Change::Settings(change) })
        .await
        .expect("the site is there");
}

async fn get(server: &TestServer, path: &str) -> Response {
    within("the answer", reqwest::get(server.url(path))).await.expect("the server answers")
}

async fn sign_in(server: &TestServer, email: &str, role: Role) -> String {
    let add = AddAgent::new(email, "Ann", role, PASSWORD).expect("it is accepted");
    server.app.perform(add).await.expect("the agent is new");
    cookie_of(&try_sign_in(&server.address.to_string(), email, PASSWORD).await)
}

async fn change(server: &TestServer, path: &str, cookie: &str, origin: &str, body: &str) -> Response {
    let request = Client::new().patch(server.url(path)).header("cookie", cookie).header("origin", origin);
    let request = request.header("content-type", "application/json").body(body.to_owned());
    within("the answer", request.send()).await.expect("the server answers")
}

async fn problem(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let problem: Value = response.json().await.expect("a problem is JSON");
    (status, problem["kind"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bridge_is_in_the_page_of_a_site_that_allows_apps_and_nowhere_else() {
    let server = TestServer::start().await;
    server.add_shop().await;
    server.add_site(site("other")).await;
    let page = async |path: &str| get(&server, path).await.text().await.expect("it is text");
    assert!(!page("/chat/shop").await.contains("bridge-"), "apps are not allowed by themselves");
    allow(&server, true).await;
    let document = page("/chat/shop").await;
    let (before, after) = document.split_once(BRIDGE).expect("the page has the bridge");
    assert!(!before.contains("<script") && after.contains("/widget/assets/boot-"), "it comes first");
    for path in ["/widget/shop", "/chat/other"] {
        assert!(!page(path).await.contains("bridge-"), "{path}");
    }
    let response = get(&server, "/chat/shop").await;
    let policy = response.headers()["content-security-policy"].to_str().expect("it is ASCII");
    assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval'; "), "{policy}");
    assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
    let name = after.split('"').next().unwrap_or_default();
    let script = get(&server, &format!("/widget/assets/bridge-{name}")).await;
    assert_eq!(script.status(), 200);
    assert_eq!(script.headers()["content-type"], "text/javascript; charset=utf-8");
    assert!(script.text().await.expect("it is text").contains("causetteApp"));
    allow(&server, false).await;
    assert!(!page("/chat/shop").await.contains("bridge-"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_an_app_made_itself_opens_no_connection() {
    let server = TestServer::start().await;
    server.add_shop().await;
    allow(&server, true).await;
    let own = server.origin();
    // What webviews send for pages from a file, from a text, or from a scheme of the app's.
    let of_apps = ["null", "file://", "capacitor://localhost", "ionic://localhost", "http://localhost"];
    let open = async |method: Method, path: &str, origin: Option<&str>| {
        let mut request = Client::new().request(method, server.url(path));
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        within("the answer", request.send()).await.expect("the server answers")
    };
    for (method, path) in [(Method::GET, "/api/v1/visitor/socket"), (Method::POST, "/api/v1/visitor/channel")]
    {
        for origin in of_apps.map(Some).into_iter().chain([None]) {
            let refused = problem(open(method.clone(), path, origin).await).await;
            assert_eq!(refused, (403, "wrong_origin".to_owned()), "{path} {origin:?}");
        }
        // The webview that has loaded our page sends our origin, as any browser does.
        let status = open(method, path, Some(&own)).await.status();
        assert_ne!(status, StatusCode::FORBIDDEN, "{path}");
    }
}

async fn only_an_admin_allows_apps(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let own = server.origin();
    let agent = sign_in(&server, "bob@desk.example", Role::Agent).await;
    let admin = sign_in(&server, "ann@desk.example", Role::Admin).await;
    let body = r#"{"allow_apps":true}"#;
    for (cookie, origin, path, body, wanted) in [
        (agent.as_str(), own.as_str(), PATH, body, (403, "forbidden")),
        ("", &own, PATH, body, (401, "not_signed_in")),
        (&admin, "https://evil.example", PATH, body, (403, "wrong_origin")),
        (&admin, "null", PATH, body, (403, "wrong_origin")),
        (&admin, &own, "/api/v1/desk/sites/nobody", body, (404, "unknown_site")),
        (&admin, &own, "/api/v1/desk/sites/SHOP", body, (404, "unknown_site")),
        (&admin, &own, PATH, r#"{"allow_apps":"yes"}"#, (400, "malformed")),
        (&admin, &own, PATH, r#"{"allow_apps":true,"key":"mine"}"#, (400, "malformed")),
        (&admin, &own, PATH, "allow", (400, "malformed")),
    ] {
        let (status, kind) = problem(change(&server, path, cookie, origin, body).await).await;
        assert_eq!((status, kind.as_str()), wanted, "{path} {body} {origin}");
    }
    let rows = async || {
        let request = Client::new().get(server.url("/api/v1/desk/sites")).header("cookie", &agent);
        let answer = within("the answer", request.send()).await.expect("the server answers");
        answer.json::<SiteList>().await.expect("it is a list").sites
    };
    assert!(!rows().await[0].allow_apps, "nothing that was refused has happened");
    let answer = change(&server, PATH, &admin, &own, body).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let row: SiteRow = answer.json().await.expect("it is a site's row");
    assert!(row.allow_apps && row.key.as_str() == "shop");
    assert_eq!(rows().await, [row]);
}

async fn a_change_leaves_the_rest_of_a_site_alone(database: Database) {
    let server = TestServer::on(database).await;
    let mut shop = site("shop");
    shop.settings.color = "#0a7d33".to_owned();
    shop.settings.greeting.insert("de".to_owned(), "Moin".to_owned());
    let shop = server.add_site(shop).await;
    let other = server.add_site(site("other")).await;
    let admin = sign_in(&server, "ann@desk.example", Role::Admin).await;
    let nothing = change(&server, PATH, &admin, &server.origin(), "{}").await;
    let row: Value = nothing.json().await.expect("it is JSON");
    assert_eq!(row["allow_apps"], json!(false));
    allow(&server, true).await;
    let mut tx = server.app.store.begin_read().await.expect("the database is there");
    let found = find_site(&mut tx, &shop.key).await.expect("it can be read").expect("it is there");
    let mut wanted = shop.clone();
    wanted.settings.allow_apps = true;
    assert_eq!(found, wanted);
    let untouched = find_site(&mut tx, &other.key).await.expect("it can be read");
    assert_eq!(untouched, Some(other));
}
