//! What browsers load: the loader, the panel's document and the desk's, with the policies they carry.

use causette_server::config::Config;
use causette_server::site::SiteOrigin;
use reqwest::{Client, Response};

use crate::harness::app::config;
use crate::harness::builders::site;
use crate::harness::{TestServer, within};

async fn get(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Client::new().get(server.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    within("the answer", request.send()).await.expect("the server answers")
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().expect("it is ASCII"))
}

/// A server whose site has an owner who tries things.
async fn with_site() -> TestServer {
    let public_url = Some("https://chat.example.com".to_owned());
    let server = TestServer::with(Config { public_url, ..config() }).await;
    let mut shop = site("shop");
    shop.origins.push(SiteOrigin::Exact("https://m.shop.example:8443".to_owned()));
    shop.name = "Bob's <b>\"Shop\"</b> & Co".to_owned();
    shop.settings.color = "\"><script>alert(1)</script>".to_owned();
    shop.settings.greeting.insert("en".to_owned(), "Hi \" onload=\"x</html>".to_owned());
    server.add_site(shop).await;
    let mut closed = site("closed");
    closed.origins.clear();
    server.add_site(closed).await;
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_panels_policy_is_exact_and_names_who_may_embed_it() {
    let server = with_site().await;
    let policy = |ancestors: &str| {
        format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self' \
             wss://chat.example.com; img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; \
             frame-ancestors {ancestors}"
        )
    };
    for (path, ancestors) in [
        ("/widget/shop", "https://shop.example https://m.shop.example:8443"),
        ("/widget/closed", "'none'"),
        ("/chat/shop", "'none'"),
    ] {
        let response = get(&server, path, &[]).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(header(&response, "content-security-policy"), policy(ancestors), "{path}");
        assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
        assert_eq!(header(&response, "cross-origin-resource-policy"), "cross-origin");
        assert_eq!(header(&response, "cross-origin-embedder-policy"), "require-corp");
        assert_eq!(header(&response, "referrer-policy"), "no-referrer");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert!(header(&response, "permissions-policy").contains("camera=()"));
        assert!(!response.headers().contains_key("set-cookie"), "nothing is stored before the first click");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_site_says_of_itself_stays_text() {
    let server = with_site().await;
    let document = get(&server, "/widget/shop?locale=en", &[]).await.text().await.expect("it is text");
    assert!(
        document.contains("data-name=\"Bob's &lt;b&gt;&quot;Shop&quot;&lt;/b&gt; &amp; Co\""),
        "{document}"
    );
    assert!(document.contains("data-color=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\""));
    assert!(document.contains("data-greeting=\"Hi &quot; onload=&quot;x&lt;/html&gt;\""));
    assert!(!document.contains("<script>"), "no inline script");
    assert!(!document.contains("<style") && !document.contains("style="), "no inline style");
    assert!(document.contains("data-available=\"false\""));
    let nonsense = get(&server, "/widget/shop?locale=%22%3E%3Cscript%3E", &[]).await;
    assert!(nonsense.text().await.expect("it is text").contains("<html lang=\"en\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_panel_speaks_what_the_page_or_the_browser_asks_for() {
    let server = with_site().await;
    let mut fixed = site("fixed");
    fixed.settings.locale = "fr".to_owned();
    server.add_site(fixed).await;
    for (path, accept, wanted) in [
        ("/widget/shop?locale=fr-CA", "en", "fr"),
        ("/widget/shop?locale=FR", "en", "fr"),
        ("/widget/shop?locale=de", "fr", "fr"),
        ("/widget/shop?locale=de", "it", "en"),
        ("/widget/shop", "fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("/widget/shop?locale=", "fr", "fr"),
        ("/widget/shop", "de", "en"),
        ("/widget/shop", "", "en"),
        // The site's own language comes last: key, page, browser, site.
        ("/widget/fixed?locale=en", "fr", "en"),
        ("/widget/fixed", "en", "en"),
        ("/widget/fixed", "de", "fr"),
    ] {
        let document = get(&server, path, &[("accept-language", accept)]).await;
        assert!(
            header(&document, "vary").contains("accept")
                || document.headers().get_all("vary").iter().count() > 1
        );
        let document = document.text().await.expect("it is text");
        assert!(document.contains(&format!("<html lang=\"{wanted}\" dir=\"ltr\"")), "{path}, {accept}");
        let spoken = ["Send", "Envoyer"].map(|word| document.contains(&format!("\n{word}\n")));
        assert_eq!(spoken, [wanted == "en", wanted == "fr"], "one language travels: {path}, {accept}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_loader_carries_the_sites_settings_and_is_not_sent_twice() {
    let server = with_site().await;
    let loader = get(&server, "/embed/shop.js", &[]).await;
    assert_eq!(loader.status(), 200);
    assert_eq!(header(&loader, "content-type"), "text/javascript; charset=utf-8");
    assert_eq!(header(&loader, "cross-origin-resource-policy"), "cross-origin");
    assert_eq!(header(&loader, "cache-control"), "public, max-age=300, stale-while-revalidate=86400");
    let tag = header(&loader, "etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10, "{tag}");
    let script = loader.text().await.expect("it is text");
    assert!(script.contains("\"site\":\"shop\"") && script.contains("\"closeDelay\":15"));
    assert!(!script.contains("__CAUSETTE_SETTINGS__"));
    assert!(!script.contains("Thank you, your message"), "what only the server needs is not published");

    let again = get(&server, "/embed/shop.js", &[("if-none-match", &tag)]).await;
    assert_eq!((again.status().as_u16(), header(&again, "etag")), (304, tag.as_str()));
    assert_eq!(header(&again, "cross-origin-resource-policy"), "cross-origin");
    assert!(again.bytes().await.expect("it ends").is_empty());
    assert_eq!(get(&server, "/embed/shop.js", &[("if-none-match", "\"other\"")]).await.status(), 200);
    let other = get(&server, "/embed/closed.js", &[("if-none-match", &tag)]).await;
    assert_eq!(other.status(), 200, "other settings, another tag");
    for (accept, wanted) in [("br, gzip", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("identity", "")]
    {
        let packed = get(&server, "/embed/shop.js", &[("accept-encoding", accept)]).await;
        assert_eq!(header(&packed, "content-encoding"), wanted, "{accept}");
        assert!(header(&packed, "vary").contains("accept-encoding"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_desk_is_framed_by_nobody_at_each_of_its_addresses() {
    let server = with_site().await;
    for path in ["/desk/", "/desk/conversations/1001"] {
        let response = get(&server, path, &[]).await;
        assert_eq!(response.status(), 200, "{path}");
        let policy = header(&response, "content-security-policy");
        assert!(
            policy.ends_with("frame-ancestors 'none'") && policy.starts_with("default-src 'none'; "),
            "{policy}"
        );
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        assert_eq!(header(&response, "cross-origin-opener-policy"), "same-origin");
        assert_eq!(header(&response, "cache-control"), "no-cache");
    }
    for path in ["/", "/desk"] {
        assert!(get(&server, path, &[]).await.url().path() == "/desk/", "{path} leads to the desk");
    }
}
