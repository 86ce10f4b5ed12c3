//! Logs carry ids and nothing of what people say or are (DESIGN 6), also at the most talkative level that we name.

use causette_shared::entry::Content;
use causette_shared::form::Introduction;
use reqwest::Client;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::VisitorActor;
use crate::harness::agent::{AgentActor, SESSION, cookie_of, try_sign_in};
use crate::harness::builders::{entry_id, text};
use crate::harness::channel::{HttpLine, VISITOR_CHANNEL};
use crate::harness::process::{Running, run, run_with_input};

const EMAIL: &str = "zealous.agent@desk.example";
const PASSWORD: &str = "quixotic password";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_logs_of_a_whole_conversation_name_nobody_and_quote_nothing() {
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let origin = "https://shop.example";
    let added =
        run(directory.path(), &["site", "add", "--key", "shop", "--name", "Shop", "--origin", origin]);
    assert!(added.status.success());
    let add = ["agent", "add", "--email", EMAIL, "--name", "Zenobia Quill", "--password-stdin"];
    assert!(run_with_input(directory.path(), &add, PASSWORD).status.success());
    // An address that is none of the server's own.
    let environment = [("CAUSETTE_LOG", "debug"), ("CAUSETTE_TRUSTED_PROXIES", "[\"127.0.0.0/8\"]")];
    let mut server = Running::serve(directory.path(), &environment);
    let authority = server.authority.clone();

    assert_eq!(try_sign_in(&authority, EMAIL, "mistyped password").await.status(), 401);
    let signed_in = try_sign_in(&authority, EMAIL, PASSWORD).await;
    let cookie = cookie_of(&signed_in);
    let mut agent = AgentActor::open(&authority, cookie.clone()).await;
    let mut visitor = VisitorActor::connect_to(&authority).await;
    visitor.hello().await;
    visitor.say("Is the wisteria lamp in stock?").await;
    visitor.sync().await;
    let id = visitor.conversation();
    let given = Introduction {
        name: Some("Xanthippe Yarrow".to_owned()),
        email: Some("xanthippe@mail.example".to_owned()),
        phone: Some("+33 6 98 76 54 32".to_owned()),
    };
    visitor.send(entry_id(), Content::Introduction(given)).await;
    agent.watch(id, None).await;
    agent.reply(id, "The persimmon one is").await;
    // What fails is logged with its cause, and must be as discreet.
    visitor.send(entry_id(), text(&"kumquat ".repeat(2_000))).await;
    let bad = Introduction { email: Some("rutabaga@".to_owned()), ..Introduction::default() };
    visitor.send(entry_id(), Content::Introduction(bad)).await;
    futures_util::SinkExt::send(&mut visitor.socket, Message::Text("celeriac".into()))
        .await
        .expect("it stands");
    visitor.expect_end().await;
    let mut over_http = HttpLine::open(&authority, VISITOR_CHANNEL, None).await;
    over_http.send(&[b"topinambour".to_vec()]).await.expect("it is a frame, whatever it holds");
    over_http.receive().await.expect("the problem");
    let client = Client::new();
    for path in ["/widget/shop?locale=tamarind", "/nothing/salsify", "/embed/shop.js?x=salsify"] {
        let request =
            client.get(format!("http://{authority}{path}")).header("x-forwarded-for", "203.0.113.77");
        request
            .header("user-agent", "marzipan/1")
            .header("referer", "https://shop.example/okra")
            .send()
            .await
            .expect("it answers");
    }
    let sign_out = client.delete(format!("http://{authority}{SESSION}")).header("cookie", &cookie);
    sign_out.header("origin", format!("http://{authority}")).send().await.expect("it answers");
    agent.expect_end().await;
    server.terminate();
    server.expect_clean_end(std::time::Duration::from_secs(10)).await;

    let log = server.log();
    assert!(log.contains("signed in") && log.contains("DEBUG") && log.lines().count() > 20, "{log}");
    let token = cookie.split('=').nth(1).unwrap_or_default();
    let secrets = [
        "wisteria",
        "persimmon",
        "kumquat",
        "Xanthippe",
        "Yarrow",
        "xanthippe@",
        "98 76 54",
        "rutabaga",
        "celeriac",
        "topinambour",
        "zealous",
        "Zenobia",
        "Quill",
        PASSWORD,
        "mistyped",
        "tamarind",
        "salsify",
        "marzipan",
        "okra",
        "203.0.113",
        "127.0.0.1",
        token,
        visitor.secret.as_str(),
        over_http.token.as_str(),
    ];
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret:?} stands in the log: {line:?}");
    }
}
