//! The desk's session: signing in, the cookie, signing out, and how long it lasts.

use causette_server::config::Config;
use causette_shared::problem::ProblemKind;
use reqwest::{Client, Response};
use serde_json::Value;

use crate::harness::agent::{AgentActor, SESSION, cookie_of, open_socket, try_sign_in};
use crate::harness::app::config;
use crate::harness::builders::PASSWORD;
use crate::harness::{TestServer, within};

const EMAIL: &str = "alice@desk.example";

fn set_cookie(response: &Response) -> &str {
    response.headers()["set-cookie"].to_str().expect("it is ASCII")
}

/// Asks who is signed in: 200 with the agent, or 204 where nobody is.
async fn who(server: &TestServer, cookie: &str) -> Response {
    let request = Client::new().get(server.url(SESSION)).header("cookie", cookie);
    within("the answer", request.send()).await.expect("the server answers")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_in_opens_a_session_in_a_guarded_cookie() {
    let server = TestServer::start().await;
    let alice = server.add_agent(EMAIL, "Alice").await;
    let authority = server.address.to_string();
    let response = try_sign_in(&authority, " Alice@DESK.example ", PASSWORD).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let cookie = set_cookie(&response).to_owned();
    let (pair, flags) = cookie.split_once("; ").expect("there are attributes");
    assert_eq!(flags, "Path=/; HttpOnly; SameSite=Lax; Max-Age=1209600");
    let token = pair.strip_prefix("causette_desk=").expect("its name");
    assert_eq!(token.len(), 43);
    let told: Value = response.json().await.expect("it is JSON");
    assert_eq!(told, serde_json::to_value(&alice).expect("it can be written"));
    assert!(!told.to_string().contains("argon2"));

    let answer = who(&server, pair).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["cache-control"]),
        (200, &"no-store".parse().expect("ASCII"))
    );
    let mut connection = crate::harness::database::connect(&server.database()).await;
    let kept: String = sqlx::query_scalar("SELECT token_hash FROM agent_session")
        .fetch_one(&mut connection)
        .await
        .expect("one row");
    assert!(!kept.contains(token), "only its hash is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_and_an_unknown_account_are_answered_alike() {
    let server = TestServer::start().await;
    server.add_agent(EMAIL, "Alice").await;
    let authority = server.address.to_string();
    let mut answers = Vec::new();
    for (email, password) in
        [(EMAIL, "wrong password"), ("nobody@desk.example", PASSWORD), ("no address", PASSWORD), ("", "")]
    {
        let response = try_sign_in(&authority, email, password).await;
        assert_eq!(response.status(), 401, "{email}");
        assert!(!response.headers().contains_key("set-cookie"));
        let headers: Vec<String> = response.headers().keys().map(ToString::to_string).collect();
        answers.push((headers, response.text().await.expect("it is text")));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert!(answers[0].1.contains("wrong_credentials"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_tries_are_told_to_wait_whoever_is_tried() {
    let server = TestServer::with(Config { sign_ins_per_five_minutes: 2, ..config() }).await;
    server.add_agent(EMAIL, "Alice").await;
    let authority = server.address.to_string();
    for _ in 0..2 {
        assert_eq!(try_sign_in(&authority, EMAIL, "wrong password").await.status(), 401);
    }
    for email in [EMAIL, "nobody@desk.example"] {
        let response = try_sign_in(&authority, email, PASSWORD).await;
        assert_eq!(response.status(), 429, "also with the right password");
        let wait: u64 = response.headers()["retry-after"].to_str().expect("ASCII").parse().expect("a number");
        assert!((1..=150).contains(&wait), "{wait}");
        let problem: Value = response.json().await.expect("it is JSON");
        assert_eq!(problem["kind"], "rate_limited");
        assert!(problem["retry_after_ms"].as_u64().is_some_and(|millis| millis.div_ceil(1000) == wait));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_https_the_cookie_is_bound_to_it() {
    let server =
        TestServer::with(Config { public_url: Some("https://chat.example.com".to_owned()), ..config() })
            .await;
    server.add_agent(EMAIL, "Alice").await;
    let sign_in = |origin: &str| {
        let body = serde_json::json!({ "email": EMAIL, "password": PASSWORD });
        Client::new().post(server.url(SESSION)).header("origin", origin).json(&body).send()
    };
    let refused = sign_in(&format!("http://{}", server.address)).await.expect("it answers");
    assert_eq!(refused.status(), 403, "the public origin alone is ours");
    let response = sign_in("https://chat.example.com").await.expect("it answers");
    let cookie = set_cookie(&response);
    assert!(cookie.starts_with("__Host-causette_desk="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=1209600; Secure"), "{cookie}");
    let pair = cookie_of(&response);
    assert_eq!(who(&server, &pair).await.status(), 200);
    assert_eq!(
        who(&server, pair.trim_start_matches("__Host-")).await.status(),
        204,
        "without its prefix it is none"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_that_are_none_of_ours_sign_nobody_in() {
    let server = TestServer::start().await;
    server.add_agent(EMAIL, "Alice").await;
    let good = cookie_of(&try_sign_in(&server.address.to_string(), EMAIL, PASSWORD).await);
    let shorter = &good[..good.len() - 1];
    let other = good.replace("causette_desk", "causette_desks");
    let nobody = who(&server, "").await;
    assert_eq!(nobody.headers()["cache-control"], "no-store");
    assert_eq!(nobody.text().await.expect("it is text"), "");
    for bad in [
        "",
        ";;;",
        "causette_desk",
        "causette_desk=",
        "causette_desk=x",
        "=",
        shorter,
        &other,
        &good.to_lowercase(),
    ] {
        assert_eq!(who(&server, bad).await.status(), 204, "{bad}");
        let opened = open_socket(&server.address.to_string(), bad).await;
        assert_eq!(opened.err(), Some(401), "{bad}");
    }
    let raw = reqwest::header::HeaderValue::from_bytes(b"causette_desk=\xff\xfe").expect("it is opaque");
    let request = Client::new().get(server.url(SESSION)).header("cookie", raw);
    assert_eq!(within("the answer", request.send()).await.expect("it answers").status(), 204);
    assert_eq!(who(&server, &format!("a=b; {good} ; c=d")).await.status(), 200, "beside others it is found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_ends_the_session_and_its_connections_at_once() {
    let server = TestServer::start().await;
    let mut agent = AgentActor::arrive(&server).await;
    let mut same = AgentActor::open(&server.address.to_string(), agent.cookie.clone()).await;
    let mut elsewhere = AgentActor::sign_in(&server, EMAIL).await;
    let sign_out = || {
        let request = Client::new().delete(server.url(SESSION)).header("cookie", &agent.cookie);
        request.header("origin", server.origin()).send()
    };
    let response = sign_out().await.expect("it answers");
    assert_eq!(response.status(), 204);
    assert!(
        set_cookie(&response).contains("causette_desk=; ") && set_cookie(&response).contains("Max-Age=0")
    );
    assert_eq!(sign_out().await.expect("it answers").status(), 204, "twice does no harm");
    let at_once = std::time::Duration::from_secs(5);
    for desk in [&mut agent, &mut same] {
        let told = tokio::time::timeout(at_once, async {
            let problem = desk.expect_problem().await;
            desk.expect_end().await;
            problem
        });
        assert_eq!(told.await.expect("within five seconds").kind, ProblemKind::NotSignedIn);
    }
    assert_eq!(who(&server, &agent.cookie).await.status(), 204);
    elsewhere.sync().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_session_is_refused_and_its_connection_ends_with_the_next_ping() {
    let server = TestServer::with(Config { desk_session_hours: 1, ..config() }).await;
    let mut agent = AgentActor::arrive(&server).await;
    server.advance(3_599);
    agent.sync().await;
    assert_eq!(who(&server, &agent.cookie).await.status(), 200);
    server.advance(1);
    assert_eq!(who(&server, &agent.cookie).await.status(), 204);
    assert_eq!(open_socket(&server.address.to_string(), &agent.cookie).await.err(), Some(401));
    agent.put(&causette_shared::protocol::agent::ClientFrame::Ping).await;
    assert_eq!(agent.expect_problem().await.kind, ProblemKind::NotSignedIn);
    agent.expect_end().await;
}
