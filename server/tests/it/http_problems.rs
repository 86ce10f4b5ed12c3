//! Whatever fails over HTTP is a problem document (RFC 9457) that nobody keeps, and shows nothing of our inside.

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::agent::SESSION;
use crate::harness::{TestServer, within};

async fn answer(request: RequestBuilder) -> Response {
    within("the answer", request.send()).await.expect("the server answers")
}

/// Checks that an answer is a whole problem document of a kind.
async fn assert_problem(response: Response, status: u16, kind: &str, what: &str) -> Value {
    assert_eq!(response.status().as_u16(), status, "{what}");
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    assert_eq!(header("content-type"), Some("application/problem+json"), "{what}");
    assert_eq!(header("cache-control"), Some("no-store"), "{what}");
    assert_eq!(header("x-content-type-options"), Some("nosniff"), "{what}");
    assert_eq!(header("referrer-policy"), Some("no-referrer"), "{what}");
    let problem: Value = response.json().await.expect("it is JSON");
    assert_eq!(problem["status"], status, "{what}");
    assert_eq!(problem["kind"], kind, "{what}");
    assert_eq!(problem["type"], format!("urn:causette:problem:{kind}"), "{what}");
    for field in ["title", "detail"] {
        assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{what}: {field}");
    }
    problem
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_and_what_is_asked_wrongly() {
    let server = TestServer::start().await;
    server.add_shop().await;
    let client = Client::new();
    for path in
        ["/nothing", "/api/v1/nothing", "/widget/assets/none.js", "/desk/assets/%2e%2e%2fmanifest.json"]
    {
        assert_problem(answer(client.get(server.url(path))).await, 404, "not_found", path).await;
    }
    for path in
        ["/embed/unknown.js", "/embed/shop", "/embed/.js", "/embed/SHOP.js", "/widget/unknown", "/chat/-"]
    {
        assert_problem(answer(client.get(server.url(path))).await, 404, "unknown_site", path).await;
    }
    for (method, path) in
        [("POST", "/healthz"), ("PUT", SESSION), ("DELETE", "/desk/"), ("POST", "/widget/shop")]
    {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let response = answer(client.request(method, server.url(path))).await;
        assert_problem(response, 405, "method_not_allowed", path).await;
    }
    for path in ["/widget/shop?locale=a&locale=b", "/widget/%ff"] {
        assert_problem(answer(client.get(server.url(path))).await, 400, "malformed", path).await;
    }
    for path in ["/api/v1/visitor/socket"] {
        let request = client.get(server.url(path)).header("origin", server.origin());
        assert_problem(answer(request).await, 400, "malformed", path).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_cannot_be_read() {
    let server = TestServer::start().await;
    let post = |kind: &str, body: String| {
        let request = Client::new().post(server.url(SESSION)).header("origin", server.origin());
        request.header("content-type", kind).body(body)
    };
    let good = "{\"email\":\"a@b.example\",\"password\":\"x\"}";
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        assert_problem(answer(post(kind, good.to_owned())).await, 400, "malformed", kind).await;
    }
    let owner = "{\"email\":\"a@b.example\",\"password\":\"x\",\"role\":\"admin\"}";
    for body in
        ["", "{", "[]", "null", "{\"email\":1,\"password\":\"x\"}", "{\"email\":\"a\"}", owner, "\u{0}"]
    {
        let response = answer(post("application/json", body.to_owned())).await;
        let problem = assert_problem(response, 400, "malformed", body).await;
        assert!(!problem.to_string().contains("admin"), "what was sent is not told back");
    }
    let huge = format!("{{\"email\":\"a@b.example\",\"password\":\"{}\"}}", "x".repeat(70_000));
    assert_problem(answer(post("application/json", huge.clone())).await, 413, "too_large", "long").await;
    let chunked = send_chunked(&server, &huge).await;
    assert!(
        chunked.starts_with("HTTP/1.1 413 ") && chunked.contains("application/problem+json"),
        "{chunked}"
    );
    // A good one is read, with its parameter and all.
    let response = answer(post("application/json; charset=utf-8", good.to_owned())).await;
    assert_problem(response, 401, "wrong_credentials", "good").await;
}

/// Sends a sign-in whose length is not told before its end, and returns the answer as it stands on the wire.
async fn send_chunked(server: &TestServer, body: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
    let request = format!(
        "POST {SESSION} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{1:x}\r\n{body}\r\n0\r\n\r\n",
        server.address,
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("it is taken");
    let mut answer = Vec::new();
    // The server may close while we still send: what it has said by then is its answer.
    let _ = within("the answer", stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_and_readiness_also_while_it_stops() {
    let mut server = TestServer::start().await;
    let health = answer(Client::new().get(server.url("/healthz"))).await;
    assert_eq!((health.status().as_u16(), health.text().await.expect("it is text").as_str()), (200, "ok\n"));
    let ready = answer(Client::new().get(server.url("/readyz"))).await;
    assert_eq!((ready.status().as_u16(), ready.text().await.expect("it is text").as_str()), (200, "ready\n"));
    // The hub is told before the listener closes, so that a balancer that still reaches us is told as well.
    server.app.hub.drain();
    let ready = answer(Client::new().get(server.url("/readyz"))).await;
    assert_problem(ready, 503, "unavailable", "draining").await;
    assert_eq!(answer(Client::new().get(server.url("/healthz"))).await.status(), 200);
    server.begin_stop();
}
