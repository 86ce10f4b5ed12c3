//! `causette doctor` as a person runs it: what it says of configuration, database, sites, outbox and public address, and how
//! it ends.

use std::path::Path;
use std::process::Output;

use causette_server::site::{Site, SiteOrigin, SiteSettings};
use causette_server::store::outbox::Settled;
use causette_server::store::{Store, outbox, site};
use causette_shared::entry::MailKind;
use causette_shared::id::JobId;
use causette_shared::time::Timestamp;
use serde_json::Value;
use sqlx::Connection as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::harness::burst::Shop;
use crate::harness::database::{Database, connect, database_in, on_both_databases};
use crate::harness::process::{Running, command, one_line};
use crate::harness::store::entropy;

on_both_databases!(
    beside_a_running_server_everything_is_looked_at,
    without_a_server_what_is_there_is_told,
    sites_and_outbox_are_summed_up,
);

/// Runs it, off the threads that serve the test.
pub async fn doctor(directory: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let arguments = [&["doctor"], arguments].concat();
    let mut command = command(directory, &arguments);
    command.envs(environment.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output.expect("it is waited for").expect("the binary runs");
    let all =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!all.contains("panicked") && !all.contains("backtrace"), "{all}");
    output
}

/// The findings of one check, as `level: found`, from the JSON.
pub fn findings(output: &Output, check: &str) -> Vec<String> {
    let report: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let all = report["findings"].as_array().expect("it has findings");
    assert_eq!(report["ok"].as_bool(), Some(output.status.code() == Some(0)));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let of_check = all.iter().filter(|finding| text(finding, "check") == check);
    of_check.map(|finding| format!("{}: {}", text(finding, "level"), text(finding, "found"))).collect()
}

fn one(output: &Output, check: &str) -> String {
    let all = findings(output, check);
    assert_eq!(all.len(), 1, "{check}: {all:?}\n{}", String::from_utf8_lossy(&output.stdout));
    all[0].clone()
}

async fn beside_a_running_server_everything_is_looked_at(database: Database) {
    let shop = Shop::on(database).await;
    let server = shop.serve();
    let url = format!("http://{}", server.authority);
    let environment =
        [("CAUSETTE_DATABASE_URL", shop.address.as_str()), ("CAUSETTE_PUBLIC_URL", url.as_str())];
    let output = doctor(shop.path(), &["--json"], &environment).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(one(&output, "configuration").starts_with("ok: listens on 127.0.0.1:0"));
    assert!(one(&output, "database").starts_with("ok: opens, schema"));
    assert!(one(&output, "writing").starts_with("ok: takes messages"));
    assert_eq!(one(&output, "public URL"), format!("ok: a Causette answers at {url}"));
    assert_eq!(one(&output, "sites"), "ok: 1, links in mails lead to their pages");
    assert_eq!(one(&output, "outbox"), "ok: 0 waiting");
    assert!(one(&output, "mail server").starts_with("warning: none is configured: mails wait in the outbox"));
    assert!(one(&output, "mailbox").starts_with("skipped: none is configured (imap_url)"));
    assert!(one(&output, "round trip").starts_with("skipped"));
    match database {
        Database::Sqlite => {
            assert_eq!(one(&output, "integrity"), "ok: the database is whole");
            assert!(one(&output, "data directory").starts_with("ok: "));
            assert_eq!(findings(&output, "disk").len(), 1);
        }
        Database::Postgres => assert!(one(&output, "data directory").starts_with("skipped")),
    }
    let text = doctor(shop.path(), &[], &environment).await;
    assert_eq!(text.status.code(), Some(0));
    let lines = String::from_utf8(text.stdout).expect("it is text");
    assert!(
        lines.lines().any(|line| line.starts_with("warning  mail server     none is configured")),
        "{lines}"
    );
    assert!(lines.ends_with("to look at.\n"), "{lines}");
    // The server has not been disturbed.
    assert!(!server.log().contains("ERROR"), "{}", server.log());
}

async fn without_a_server_what_is_there_is_told(database: Database) {
    let shop = Shop::on(database).await;
    let environment = [("CAUSETTE_DATABASE_URL", shop.address.as_str())];
    let files = |directory: &Path| {
        let mut names: Vec<_> = std::fs::read_dir(directory)
            .expect("it is there")
            .map(|file| file.expect("it is there").file_name())
            .collect();
        names.sort();
        names
    };
    let before = files(shop.path());
    let output = doctor(shop.path(), &["--json"], &environment).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(files(shop.path()), before, "nothing is left behind");
    assert!(one(&output, "public URL").starts_with("warning: is not set"));
    let nobody = [environment[0], ("CAUSETTE_PUBLIC_URL", "http://127.0.0.1:9")];
    let output = doctor(shop.path(), &["--json"], &nobody).await;
    assert!(one(&output, "public URL").starts_with("warning: http://127.0.0.1:9 does not answer"));
    assert_eq!(output.status.code(), Some(0), "a server that is not started yet is no failure");
    let bare = [environment[0], ("CAUSETTE_PUBLIC_URL", "http://chat.invalid")];
    let output = doctor(shop.path(), &["--json"], &bare).await;
    assert!(findings(&output, "public URL")[0].contains("is not encrypted"));
    // The schema of a version before and after.
    let store = Store::open(&shop.address).await.expect("it opens");
    crate::harness::database::execute(
        &store,
        "DELETE FROM _sqlx_migrations WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)",
    )
    .await;
    let output = doctor(shop.path(), &["--json"], &environment).await;
    assert!(one(&output, "database").starts_with("warning: has schema"), "{}", one(&output, "database"));
    crate::harness::database::execute(&store, "UPDATE _sqlx_migrations SET version = 9000 WHERE version = 2")
        .await;
    let output = doctor(shop.path(), &["--json"], &environment).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(one(&output, "database").starts_with("failed: has schema 9000"));
    store.close().await;
}

async fn sites_and_outbox_are_summed_up(database: Database) {
    let shop = Shop::on(database).await;
    let store = Store::open(&shop.address).await.expect("it opens");
    let mut tx = store.begin().await.expect("the store is free");
    let now = Timestamp(1_700_000_000_000);
    let add = |key: &str, origins: Vec<SiteOrigin>, home_url: &str| Site {
        key: key.parse().expect("it is a key"),
        name: key.to_owned(),
        origins,
        settings: SiteSettings { home_url: home_url.to_owned(), ..SiteSettings::default() },
    };
    let exact = |origin: &str| vec![SiteOrigin::Exact(origin.to_owned())];
    for added in [
        add("app", Vec::new(), ""),
        add("strayed", exact("https://a.example"), "https://b.example/chat"),
        add("fine", exact("https://a.example"), "https://a.example/chat"),
    ] {
        site::create_site(&mut tx, &added, now).await.expect("it is added");
    }
    // Due for years, and given up.
    for state in [None, Some(Settled::Dead("550 no such user".to_owned()))] {
        let id = JobId::mint(now, entropy());
        outbox::create_job(&mut tx, id, MailKind::Tell, None, "{}".to_owned(), now, now)
            .await
            .expect("added");
        if let Some(settled) = state {
            let jobs = outbox::claim_jobs(&mut tx, now, now, 9).await.expect("it is claimed");
            let job = jobs.iter().find(|job| job.id == id).expect("it is due");
            assert!(outbox::settle(&mut tx, job, &settled, now).await.expect("it is settled"));
        }
    }
    tx.commit().await.expect("it commits");
    store.close().await;
    let output = doctor(shop.path(), &["--json"], &[("CAUSETTE_DATABASE_URL", shop.address.as_str())]).await;
    assert_eq!(output.status.code(), Some(0), "warnings are no failure");
    let sites = findings(&output, "sites");
    assert_eq!(sites, ["warning: homeUrl is on none of the origins of strayed"]);
    let waiting = one(&output, "outbox");
    assert!(
        waiting.starts_with("warning: 1 waiting, the oldest for ") && waiting.ends_with(" days"),
        "{waiting}"
    );
    assert!(one(&output, "given up").starts_with("warning: 1 mails could not be delivered"));
    assert!(!String::from_utf8_lossy(&output.stdout).contains("no such user"), "the desk has the reasons");
    let store = Store::open(&shop.address).await.expect("it opens");
    crate::harness::database::execute(&store, "DELETE FROM site WHERE key = 'strayed'").await;
    store.close().await;
    let output = doctor(shop.path(), &["--json"], &[("CAUSETTE_DATABASE_URL", shop.address.as_str())]).await;
    let lead = "ok: 3, links in mails lead to their pages; for app that is the page of the chat itself";
    assert_eq!(one(&output, "sites"), lead);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_missing_or_damaged_fails_in_words() {
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let output = doctor(directory.path(), &["--json"], &[]).await;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(one(&output, "database"), "failed: there is none yet");
    let nowhere = directory.path().join("nowhere").display().to_string();
    let output = doctor(directory.path(), &["--json"], &[("CAUSETTE_DATA_DIR", &nowhere)]).await;
    assert!(one(&output, "data directory").ends_with("does not exist"));
    assert!(!directory.path().join("nowhere").exists() && !database_in(directory.path()).exists());

    let file = database_in(directory.path());
    std::fs::write(&file, "This is no database, but a text of some length.".repeat(100)).expect("written");
    let output = doctor(directory.path(), &["--json"], &[]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(one(&output, "database").contains("file is not a database"), "{}", one(&output, "database"));

    // Ours once, with a hole in the middle.
    let shop = Shop::on(Database::Sqlite).await;
    let file = database_in(shop.path());
    let mut bytes = std::fs::read(&file).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[8_192..middle].fill(0xa5);
    std::fs::write(&file, bytes).expect("it is written");
    let output = doctor(shop.path(), &["--json"], &[]).await;
    assert_eq!(output.status.code(), Some(1));
    let told = [findings(&output, "integrity"), findings(&output, "database")].concat().join("; ");
    assert!(told.contains("damaged") || told.contains("malformed"), "{told}");

    let empty = tempfile::tempdir().expect("there is a temporary directory");
    std::fs::write(database_in(empty.path()), "").expect("it is written");
    let output = doctor(empty.path(), &["--json"], &[]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(one(&output, "database").ends_with("holds nothing of Causette"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_another_program_holds_takes_no_messages() {
    let shop = Shop::on(Database::Sqlite).await;
    let mut holder = connect(&database_in(shop.path())).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut holder).await.expect("nobody writes");
    let output = doctor(shop.path(), &["--json"], &[]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(one(&output, "writing").starts_with("failed: takes no messages"), "{}", one(&output, "writing"));
    assert!(one(&output, "sites").starts_with("ok"), "what can be read is read");
    sqlx::query("ROLLBACK").execute(&mut holder).await.expect("it was begun");
    holder.close().await.expect("it closes");
    let output = doctor(shop.path(), &["--json"], &[]).await;
    assert_eq!(output.status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_out_of_reach_is_told_without_its_password() {
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let address = "postgres://me:hunter2@127.0.0.1:9/chat";
    let output = doctor(directory.path(), &["--json"], &[("CAUSETTE_DATABASE_URL", address)]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(one(&output, "database").contains("127.0.0.1:9"));
    assert!(!String::from_utf8_lossy(&output.stdout).contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_program_at_the_public_address_is_not_taken_for_ours() {
    let shop = Shop::on(Database::Sqlite).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nok").await;
        }
    });
    let output = doctor(shop.path(), &["--json"], &[("CAUSETTE_PUBLIC_URL", &url)]).await;
    let told = one(&output, "public URL");
    assert!(told.contains("answers, but not as a Causette does: the desk says 200"), "{told}");
    serving.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mistakes_of_the_caller_end_with_two() {
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    for arguments in
        [&["--fast"][..], &["--wait-s", "5"], &["--mail", "--wait-s", "0"], &["--mail", "--wait-s", "x"]]
    {
        let output = doctor(directory.path(), arguments, &[]).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
    }
    let output = doctor(directory.path(), &[], &[("CAUSETTE_PUBLIC_URL", "chat")]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(one_line(&output).contains("public_url"));
    assert_eq!(doctor(directory.path(), &["--help"], &[]).await.status.code(), Some(0));
}

/// A server that has only just been started is found as well: both use the same files.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looks_do_not_disturb_who_writes() {
    let shop = Shop::on(Database::Sqlite).await;
    let mut server = Running::serve(shop.path(), &shop.environment());
    let authority = server.authority.clone();
    let looking = async {
        for _ in 0..3 {
            let output = doctor(shop.path(), &["--json"], &[]).await;
            assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
        }
    };
    let writing = crate::harness::burst::burst(&authority, 2, 40, async || {});
    let (told, ()) = tokio::join!(writing, looking);
    server.terminate();
    server.expect_clean_end(std::time::Duration::from_secs(10)).await;
    assert!(shop.assert_kept(&told).await >= 40);
    assert!(!server.log().contains("ERROR"), "{}", server.log());
}
