//! How a site is installed: what the desk is told, and the loaders that are published for pages that pin them.

use causette_server::service::add_agent::AddAgent;
use causette_server::service::publish_loader::LoaderHash;
use causette_server::site::SiteOrigin;
use causette_shared::protocol::agent::Role;
use causette_shared::protocol::install::{PublishedSnippet, SiteList, Snippet};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

use crate::harness::agent::{cookie_of, try_sign_in};
use crate::harness::builders::{PASSWORD, site};
use crate::harness::database::{execute, on_both_databases};
use crate::harness::{Database, TestServer, within};

on_both_databases!(
    the_desk_is_told_of_every_site_and_how_to_install_it,
    a_published_loader_stays_what_it_was,
    only_an_admin_publishes,
);

/// Someone at the desk.
pub struct Desk<'a> {
    pub server: &'a TestServer,
    pub cookie: String,
}

impl<'a> Desk<'a> {
    pub async fn open(server: &'a TestServer, role: Role) -> Self {
        let email = "ann@desk.example";
        let add = AddAgent::new(email, "Ann", role, PASSWORD).expect("it is accepted");
        server.app.perform(add).await.expect("the agent is new");
        let cookie = cookie_of(&try_sign_in(&server.address.to_string(), email, PASSWORD).await);
        Self { server, cookie }
    }

    pub async fn ask(&self, method: Method, path: &str) -> Response {
        self.send(self.request(method, path), path).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Response {
        self.send(self.request(Method::PUT, path).json(body), path).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = self.server.url(&["/api/v1/desk/", path].concat());
        let request = Client::new().request(method, url).header("cookie", &self.cookie);
        request.header("origin", self.server.origin())
    }

    async fn send(&self, request: RequestBuilder, path: &str) -> Response {
        let response = within("the answer", request.send()).await.expect("the server answers");
        assert_eq!(response.headers()["cache-control"], "no-store", "{path}");
        response
    }

    async fn publish(&self) -> PublishedSnippet {
        let response = self.ask(Method::POST, "sites/shop/snippet/publish").await;
        assert_eq!(response.status(), 200);
        response.json().await.expect("it is a snippet")
    }
}

pub async fn problem(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let problem: Value = response.json().await.expect("a problem is JSON");
    (status, problem["kind"].as_str().unwrap_or_default().to_owned())
}

pub async fn get(url: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Client::new().get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    within("the answer", request.send()).await.expect("the server answers")
}

async fn the_desk_is_told_of_every_site_and_how_to_install_it(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let mut other = site("atelier");
    other.origins.push(SiteOrigin::Own);
    server.add_site(other).await;
    let desk = Desk::open(&server, Role::Agent).await;
    let list: SiteList = desk.ask(Method::GET, "sites").await.json().await.expect("it is a list");
    let told: Vec<_> = list
        .sites
        .iter()
        .map(|site| (site.key.as_str(), site.name.as_str(), site.origins.join(" ")))
        .collect();
    assert_eq!(
        told,
        [
            ("atelier", "The Shop", "https://shop.example self".to_owned()),
            ("shop", "The Shop", "https://shop.example".to_owned())
        ]
    );
    let snippet: Snippet =
        desk.ask(Method::GET, "sites/shop/snippet").await.json().await.expect("it is a snippet");
    let origin = server.origin();
    assert_eq!(snippet.html, format!("<script async src=\"{origin}/embed/shop.js\"></script>"));
    assert_eq!((&snippet.csp.script_src, &snippet.csp.frame_src), (&origin, &origin));
    assert_eq!(get(&snippet.gtm_url, &[]).await.status(), 200);
    for path in ["sites/nobody/snippet", "sites/SHOP/snippet", "sites/%22/snippet"] {
        let response = get(&server.url(&["/api/v1/desk/", path].concat()), &[("cookie", &desk.cookie)]).await;
        assert_eq!(problem(response).await, (404, "unknown_site".to_owned()), "{path}");
    }
}

async fn a_published_loader_stays_what_it_was(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    server.add_site(site("other")).await;
    let desk = Desk::open(&server, Role::Admin).await;
    let first = desk.publish().await;
    assert_eq!(
        first.html,
        format!(
            "<script async src=\"{}\" integrity=\"{}\" crossorigin=\"anonymous\"></script>",
            first.url, first.integrity
        )
    );
    let address = format!("{}/embed/shop/", server.origin());
    let hash =
        first.url.strip_prefix(&address).and_then(|file| file.strip_suffix(".js")).expect("its address");
    assert!(hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{hash}");

    let answer = get(&first.url, &[("origin", "https://shop.example")]).await;
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().expect("it is ASCII").to_owned();
    assert_eq!(header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(header("access-control-allow-origin"), "*");
    assert_eq!(header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(header("x-content-type-options"), "nosniff");
    let script = answer.text().await.expect("it is text");
    assert_eq!(LoaderHash::of(&script).integrity(), first.integrity);
    assert!(script.contains("\"site\":\"shop\"") && !script.contains("__CAUSETTE_"));
    assert!(!script.contains("import("), "nothing that is not checked is fetched later");
    let packed = get(&first.url, &[("accept-encoding", "br")]).await;
    assert_eq!(packed.headers()["content-encoding"], "br");

    assert_eq!(desk.publish().await, first, "the same content is the same version");
    assert_eq!(server.count("published_loader").await, 1);
    let recolour = "UPDATE site SET settings = '{\"color\":\"#123456\"}' WHERE key = 'shop'";
    execute(&server.app.store, recolour).await;
    let second = desk.publish().await;
    assert_ne!(second, first);
    assert_eq!(server.count("published_loader").await, 2);
    assert_eq!(get(&first.url, &[]).await.text().await.expect("it is text"), script);
    assert!(get(&second.url, &[]).await.text().await.expect("it is text").contains("#123456"));

    for (path, kind) in [
        (format!("/embed/shop/{}.js", "A".repeat(64)), "not_found"),
        (format!("/embed/shop/{hash}"), "not_found"),
        (format!("/embed/shop/{}.js", hash.to_lowercase()), "not_found"),
        (format!("/embed/other/{hash}.js"), "not_found"),
        (format!("/embed/nobody/{hash}.js"), "unknown_site"),
        ("/embed/shop/%00.js".to_owned(), "not_found"),
    ] {
        assert_eq!(problem(get(&server.url(&path), &[]).await).await, (404, kind.to_owned()), "{path}");
    }
}

async fn only_an_admin_publishes(database: Database) {
    let server = TestServer::on(database).await;
    server.add_shop().await;
    let agent = Desk::open(&server, Role::Agent).await;
    let path = "/api/v1/desk/sites/shop/snippet/publish";
    let ask = async |cookie: &str, origin: &str| {
        let request = Client::new().post(server.url(path)).header("cookie", cookie).header("origin", origin);
        within("the answer", request.send()).await.expect("the server answers")
    };
    let own = server.origin();
    assert_eq!(problem(ask(&agent.cookie, &own).await).await, (403, "forbidden".to_owned()));
    assert_eq!(
        problem(ask(&agent.cookie, "https://evil.example").await).await,
        (403, "wrong_origin".to_owned())
    );
    assert_eq!(problem(ask("", &own).await).await, (401, "not_signed_in".to_owned()));
    assert_eq!(server.count("published_loader").await, 0);
}
