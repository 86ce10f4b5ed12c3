//! The binary as a person meets it: a mistake is one line and exit code 2, a failure of the machine one line and 1.

use std::collections::BTreeSet;

use crate::harness::agent::try_sign_in;
use crate::harness::process::{Running, command, one_line, run, run_with_input};

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("there is a temporary directory")
}

const ADD_SITE: [&str; 8] =
    ["site", "add", "--key", "shop", "--name", "The Shop", "--origin", "https://shop.example"];

#[test]
fn a_port_that_is_taken() {
    let directory = directory();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it is bound").to_string();
    let output =
        command(directory.path(), &["serve"]).env("CAUSETTE_LISTEN", &address).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let line = one_line(&output);
    assert!(line.contains(&address), "{line}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_configuration_that_is_wrong() {
    let directory = directory();
    let file = directory.path().join("causette.toml");
    for (toml, named) in [
        ("lisen = \"127.0.0.1:0\"", "lisen"),
        ("listen = ", "TOML"),
        ("[[[", "TOML"),
        ("desk_session_hours = \"many\"", "desk_session_hours"),
        ("public_url = \"chat.example.com\"", "public_url"),
        ("message_burst = 0", "message_burst"),
        ("trusted_proxies = [\"everyone\"]", "trusted_proxies"),
        ("log = \"=nonsense=\"", "log"),
        ("imap_url = \"pop://shop:hunter2@mail.example\"", "imap_url"),
        ("imap_url = \"imaps://mail.example\"", "imap_url"),
        ("imap_url = \"imaps://shop:hunter2@mail.example\"", "mail_reply_to"),
        ("imap_url = \"imaps://shop:hunter2@mail.example\"\nmail_from = \"shop\"", "mail_from"),
        (
            "imap_url = \"imaps://shop:hunter2@mail.example\"\nmail_reply_to = \"answers-to-all-our-mails@x.example\"",
            "mail_reply_to",
        ),
        ("imap_url = \"imaps://a:hunter2@mail.example?ca=/none\"\nmail_from = \"a@x.example\"", "/none"),
        ("database_url = \"mysql://user:hunter2@db/x\"", "postgres://"),
        ("database_url = \"postgres://user:hunter2@db/x?sslmode=require\"", "TLS"),
        ("database_url = \"postgres://user:hunter2@db:x/x\"", "postgres://"),
    ] {
        std::fs::write(&file, toml).expect("it is written");
        let mut command = command(directory.path(), &["--config", "causette.toml", "serve"]);
        let output = command.env_remove("CAUSETTE_LISTEN").output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{toml}");
        let line = one_line(&output);
        assert!(line.contains(named), "{toml}: {line}");
        assert!(!line.contains("hunter2"), "{line}");
    }
    let missing = run(directory.path(), &["--config", "missing.toml", "serve"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(one_line(&missing).contains("missing.toml"));
    let unknown = command(directory.path(), &["serve"]).env("CAUSETTE_LISEN", "x").output().expect("it runs");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(one_line(&unknown).to_lowercase().contains("lisen"));
}

#[test]
fn a_place_that_cannot_be_written() {
    let directory = directory();
    let file = directory.path().join("file");
    std::fs::write(&file, "").expect("it is written");
    let mut command = command(directory.path(), &["serve"]);
    let output = command.env("CAUSETTE_DATA_DIR", file.join("data")).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    one_line(&output);
}

#[test]
fn arguments_that_do_not_exist() {
    let directory = directory();
    for arguments in [&["serv"][..], &["serve", "--fast"], &["site"], &["site", "add"], &["routes"], &[]] {
        let output = run(directory.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
    }
    for arguments in [&["--help"][..], &["--version"], &["serve", "--help"], &["site", "add", "--help"]] {
        assert_eq!(run(directory.path(), arguments).status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn the_table_of_routes_is_json() {
    let directory = directory();
    let output = run(directory.path(), &["routes", "--json"]);
    assert!(output.status.success());
    let table: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let rows = table["routes"].as_array().expect("it has routes");
    let paths: BTreeSet<_> = rows.iter().filter_map(|row| row["path"].as_str()).collect();
    for path in
        ["/embed/{file}", "/widget/{site}", "/api/v1/visitor/socket", "/api/v1/desk/socket", "/readyz"]
    {
        assert!(paths.contains(path), "{path}");
    }
    let known = ["public", "own-origin", "agent", "agent-from-own-origin", "visitor"];
    for row in rows.iter().chain(table["frames"].as_array().expect("it has frames")) {
        assert!(row["access"].as_str().is_some_and(|access| known.contains(&access)), "{row}");
    }
    assert_eq!(std::fs::read_dir(directory.path()).expect("it is there").count(), 0, "it touches nothing");
}

#[test]
fn a_sites_snippet_is_printed_pinned_or_not() {
    let directory = directory();
    assert!(run(directory.path(), &ADD_SITE).status.success());
    let printed = |arguments: &[&str]| {
        let output = run(directory.path(), arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let current = printed(&["site", "snippet", "shop"]);
    assert!(
        current.starts_with("<script async src=\"http://") && current.ends_with("/embed/shop.js\"></script>")
    );
    let pinned = printed(&["site", "snippet", "shop", "--sri"]);
    assert!(pinned.contains("/embed/shop/") && pinned.contains("integrity=\"sha384-"), "{pinned}");
    assert!(pinned.ends_with(" crossorigin=\"anonymous\"></script>"), "{pinned}");
    assert_eq!(printed(&["site", "snippet", "shop", "--sri"]), pinned, "nothing has changed");
    for key in ["other", "Not A Key"] {
        let unknown = run(directory.path(), &["site", "snippet", key]);
        assert_eq!(unknown.status.code(), Some(2));
        assert!(one_line(&unknown).contains(key));
    }
}

#[test]
fn the_secret_for_identities_is_shown_once_and_replaced_when_asked() {
    let directory = directory();
    assert!(run(directory.path(), &ADD_SITE).status.success());
    let first = run(directory.path(), &["site", "identity", "shop"]);
    let secret = |output: &std::process::Output| String::from_utf8_lossy(&output.stdout).trim().to_owned();
    // 256 bits in base64url, alone on standard output.
    assert_eq!(secret(&first).len(), 43, "{}", String::from_utf8_lossy(&first.stderr));
    let again = run(directory.path(), &["site", "identity", "shop"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(again.stdout.is_empty() && one_line(&again).contains("--new"));
    let rotated = run(directory.path(), &["site", "identity", "shop", "--new"]);
    assert!(secret(&rotated).len() == 43 && secret(&rotated) != secret(&first));
    let told = |output: &std::process::Output| String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told(&rotated).contains("0 sessions that tokens had opened have ended."), "{}", told(&rotated));
    assert!(!told(&first).contains("ended"));
    let unknown = run(directory.path(), &["site", "identity", "other"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(unknown.stdout.is_empty() && one_line(&unknown).contains("other"));
}

#[test]
fn a_site_is_added_once_and_only_when_it_is_right() {
    let directory = directory();
    let added = run(directory.path(), &ADD_SITE);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let snippet = String::from_utf8_lossy(&added.stdout).into_owned();
    assert!(
        snippet.contains("<script async src=\"http://") && snippet.contains("/embed/shop.js\"></script>")
    );
    let again = run(directory.path(), &ADD_SITE);
    assert_eq!(again.status.code(), Some(2));
    assert!(one_line(&again).contains("key"));
    let with = |place: usize, value: &'static str| {
        let mut arguments = ADD_SITE.to_vec();
        arguments[3] = "other";
        arguments[place] = value;
        arguments
    };
    let mut colour = with(3, "other");
    colour.extend(["--color", "red;}"]);
    for (arguments, named) in [
        (with(3, "Not A Key"), "--key"),
        (with(5, "  "), "--name"),
        (with(7, "*"), "--origin"),
        (with(7, "https://a.example/path"), "--origin"),
        (with(7, "javascript:alert(1)"), "--origin"),
        (colour, "--color"),
    ] {
        let output = run(directory.path(), &arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(one_line(&output).contains(named), "{arguments:?}");
    }
    for (arguments, code) in [
        (&["site", "set", "shop", "--allow-apps", "true"][..], 0),
        (&["site", "set", "nobody", "--allow-apps", "true"], 2),
        (&["site", "set", "NO KEY", "--allow-apps", "true"], 2),
        (&["site", "set", "shop", "--allow-apps", "perhaps"], 2),
        (&["site", "set", "shop"], 2),
    ] {
        let output = run(directory.path(), arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    let list = run(directory.path(), &["site", "list"]);
    assert_eq!(String::from_utf8_lossy(&list.stdout), "shop\tThe Shop\thttps://shop.example\n");
}

#[test]
fn a_site_without_an_origin_is_told_the_address_of_its_chat() {
    let directory = directory();
    let add = ["site", "add", "--key", "app", "--name", "The App"];
    let mut command = command(directory.path(), &add);
    let added = command.env("CAUSETTE_PUBLIC_URL", "https://chat.example").output().expect("it runs");
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let told = String::from_utf8_lossy(&added.stdout).into_owned();
    assert!(told.ends_with("\n\nhttps://chat.example/chat/app\n") && !told.contains("<script"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_is_added_beside_a_running_server_and_can_sign_in() {
    const EMAIL: &str = "alice@desk.example";
    let directory = directory();
    let server = Running::serve(directory.path(), &[]);
    let add = ["agent", "add", "--email", EMAIL, "--name", "Alice"];
    let added = run(directory.path(), &add);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let told = String::from_utf8_lossy(&added.stdout).into_owned();
    let password =
        told.split("password ").nth(1).and_then(|rest| rest.split(' ').next()).expect("it is told");
    assert!(password.len() >= 20, "{told}");
    assert_eq!(try_sign_in(&server.authority, EMAIL, password).await.status(), 200);
    assert_eq!(try_sign_in(&server.authority, EMAIL, "another password").await.status(), 401);

    let again = run(directory.path(), &add);
    assert_eq!(again.status.code(), Some(2));
    assert!(one_line(&again).contains("address"));
    let bob = [
        "agent",
        "add",
        "--email",
        "bob@desk.example",
        "--name",
        "Bob",
        "--role",
        "admin",
        "--password-stdin",
    ];
    let short = run_with_input(directory.path(), &bob, "short\n");
    assert_eq!(short.status.code(), Some(2));
    assert!(one_line(&short).contains("password"));
    let added = run_with_input(directory.path(), &bob, "correct horse battery\r\nmore\n");
    assert!(added.status.success());
    assert!(
        !String::from_utf8_lossy(&added.stdout).contains("horse"),
        "a password that was given is not told"
    );
    let response = try_sign_in(&server.authority, "bob@desk.example", "correct horse battery").await;
    assert_eq!(response.status(), 200);
    assert!(response.text().await.expect("it is text").contains("\"admin\""));
    let nobody = run(directory.path(), &["agent", "add", "--email", "nobody", "--name", "N"]);
    assert_eq!(nobody.status.code(), Some(2));
    assert!(one_line(&nobody).contains("email"));
}
