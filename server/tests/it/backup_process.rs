//! `causette backup` and `causette restore` as a person, a timer or a supervisor runs them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output};

use causette_server::store::Store;
use flate2::read::MultiGzDecoder;

use crate::harness::actors::VisitorActor;
use crate::harness::cluster::{connect, shared};
use crate::harness::content::{fill, read_content};
use crate::harness::database::database_in;
use crate::harness::process::{Running, command, one_line, run};
use crate::harness::{eventually, within};

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("there is a temporary directory")
}

fn with_shop() -> tempfile::TempDir {
    let directory = directory();
    let added = ["site", "add", "--key", "shop", "--name", "Shop", "--origin", "https://shop.example"];
    succeeds(&run(directory.path(), &added));
    directory
}

fn succeeds(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("it is text")
}

/// One line that names what is wrong, and the code of a mistake (2) or a failure (1).
fn fails(output: &Output, code: i32, named: &str) {
    let line = one_line(output);
    assert_eq!(output.status.code(), Some(code), "{line}");
    assert!(line.contains(named), "{named}: {line}");
}

fn address(directory: &Path) -> String {
    format!("sqlite://{}", database_in(directory).display())
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("it is there");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("it is read").file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !name.starts_with("causette.db"));
    names.sort();
    names
}

fn signal(child: &Child, name: &str) {
    let sent =
        Command::new("sh").args(["-c", "kill -s \"$1\" \"$0\"", &child.id().to_string(), name]).status();
    assert!(sent.is_ok_and(|status| status.success()), "the signal was not sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_running_server() {
    let directory = with_shop();
    let server = Running::serve(directory.path(), &[]);
    let mut visitor = VisitorActor::connect_to(&server.authority).await;
    visitor.hello().await;
    visitor.say("One").await;
    visitor.await_seq(2).await;
    let told = succeeds(&run(directory.path(), &["backup", "shop.backup"]));
    assert!(told.contains("shop.backup: 1 conversation, 7 rows"), "{told}");
    let mode =
        std::fs::metadata(directory.path().join("shop.backup")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(names(directory.path()), ["shop.backup"]);
    visitor.say("Two").await;
    visitor.await_seq(3).await;

    fails(
        &run(directory.path(), &["restore", "shop.backup"]),
        2,
        "it holds 1 site, 1 visitor, 1 conversation;",
    );
    let told = succeeds(&run(directory.path(), &["restore", "--replace", "shop.backup"]));
    assert_eq!(told, "restored: 1 conversation, 7 rows\n");
    visitor.expect_end().await;
    let mut again = VisitorActor::connect_to(&server.authority).await;
    again.secret.clone_from(&visitor.secret);
    let welcome = again.hello().await;
    assert_eq!(welcome.conversation.expect("it is there").last_seq, 2);
    assert_eq!(again.say("Three").await, 3);
    again.await_seq(3).await;
    assert_eq!(again.texts()[0], "One");
    assert!(server.log().contains("was put back") && !server.log().contains("ERROR"), "{}", server.log());
}

#[test]
fn mistakes_are_one_line() {
    let directory = with_shop();
    let here = directory.path();
    let path = |name: &str| here.join(name);
    let empty = self::directory();
    let run = |arguments: &[&str]| run(here, arguments);
    fails(&crate::harness::process::run(empty.path(), &["backup", "b"]), 2, "no database");
    assert!(std::fs::read_dir(empty.path()).expect("it is there").next().is_none(), "nothing was made there");
    fails(&run(&["restore", "missing"]), 2, "no file missing");
    fails(&run(&["backup", "missing/b"]), 1, "missing/b");
    fails(&run(&["backup", "."]), 1, ".");
    succeeds(&run(&["backup", "b"]));
    let first = std::fs::read(path("b")).expect("it is read");
    fails(&run(&["backup", "b"]), 2, "b exists");
    assert!(std::fs::read(path("b")).expect("it is read") == first);
    succeeds(&run(&["backup", "--force", "b"]));
    std::fs::write(path("text"), "a shopping list").expect("it is written");
    fails(&run(&["restore", "text"]), 2, "not a backup");
    std::fs::write(path("half"), &first[..first.len() / 2]).expect("it is written");
    fails(&run(&["restore", "--replace", "half"]), 1, "not complete");
    let mut altered = first.clone();
    altered[first.len() / 2] ^= 1;
    std::fs::write(path("altered"), altered).expect("it is written");
    fails(&run(&["restore", "--replace", "altered"]), 1, "damaged");
    fails(&run(&["restore", "b"]), 2, "not empty");
    let mut unreachable = command(here, &["restore", "b"]);
    unreachable.env("CAUSETTE_DATABASE_URL", "postgres://me:hunter2@127.0.0.1:1/x");
    fails(&unreachable.output().expect("it runs"), 1, "cannot be reached");
    unreachable = command(here, &["backup", "c"]);
    unreachable.env("CAUSETTE_DATABASE_URL", "postgres://me:hunter2@127.0.0.1:1/x");
    let output = unreachable.output().expect("it runs");
    fails(&output, 1, "cannot be reached");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("hunter2"));
    let full = command(here, &["backup", "-"])
        .stdout(std::fs::File::create("/dev/full").expect("it is there"))
        .output();
    fails(&full.expect("it runs"), 1, "No space left");
    assert_eq!(names(here), ["altered", "b", "half", "text"]);
}

#[tokio::test]
async fn a_database_of_another_version_is_not_touched() {
    let directory = with_shop();
    let mut connection = crate::harness::database::connect(&database_in(directory.path())).await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (999, 'later', 1, x'00', 0)";
    sqlx::query(newer).execute(&mut connection).await.expect("it is written");
    fails(&run(directory.path(), &["backup", "b"]), 2, "version 999");
    assert!(names(directory.path()).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_one_database_to_the_other_through_a_pipe() {
    let directory = with_shop();
    let output = run(directory.path(), &["backup", "-"]);
    assert!(output.status.success() && one_line(&output).contains("0 conversations, 2 rows"));
    let lines = std::io::read_to_string(MultiGzDecoder::new(&output.stdout[..])).expect("it is gzip");
    assert!(lines.starts_with("{\"causette_backup\":1,") && lines.ends_with("\"}\n"), "{lines}");
    assert_eq!(lines.lines().count(), 4);
    std::fs::write(directory.path().join("b"), &output.stdout).expect("it is written");
    let postgres = shared().create_database().await;
    let restore = || {
        let mut command = command(directory.path(), &["restore", "b"]);
        command.env("CAUSETTE_DATABASE_URL", &postgres).output().expect("it runs")
    };
    succeeds(&restore());
    fails(&restore(), 2, "it holds 1 site;");
    let mut list = command(directory.path(), &["site", "list"]);
    let list = list.env("CAUSETTE_DATABASE_URL", &postgres).output().expect("it runs");
    assert_eq!(succeeds(&list), "shop\tShop\thttps://shop.example\n");
}

/// A backup that is stopped in the middle: the database lets it wait for a table.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_stopped_leaves_no_file() {
    let directory = directory();
    let postgres = shared().create_database().await;
    let store = Store::open(&postgres).await.expect("it opens");
    fill(&store, 1, 10).await;
    store.close().await;
    let start = || {
        let mut command = command(directory.path(), &["backup", "b"]);
        command.env("CAUSETTE_DATABASE_URL", &postgres).spawn().expect("it runs")
    };
    for (name, code) in [("INT", Some(1)), ("TERM", Some(1)), ("KILL", None)] {
        let mut holder = connect(&postgres).await;
        for sql in ["BEGIN", "LOCK TABLE entry IN ACCESS EXCLUSIVE MODE"] {
            sqlx::query(sql).execute(&mut holder).await.expect("nobody is there");
        }
        let child = start();
        let waits = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'entry'::regclass";
        let waits = || async {
            let mut looker = connect(&postgres).await;
            sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut looker).await.expect("it answers") == 1
        };
        eventually("the backup in the middle", waits).await;
        assert_eq!(names(directory.path()), [".b.partial"]);
        signal(&child, name);
        let ended = within("its end", tokio::task::spawn_blocking(|| child.wait_with_output())).await;
        let output = ended.expect("it does not panic").expect("it ends");
        assert_eq!(output.status.code(), code);
        assert!(!directory.path().join("b").exists(), "{name}");
        if code.is_some() {
            assert!(one_line(&output).contains("no file was left"), "{name}");
            assert!(names(directory.path()).is_empty(), "{name}");
        }
        sqlx::query("ROLLBACK").execute(&mut holder).await.expect("it holds it");
    }
    // SIGKILL leaves the unfinished file under its other name; the next backup takes it away.
    assert_eq!(names(directory.path()), [".b.partial"]);
    succeeds(&start().wait_with_output().expect("it ends"));
    assert_eq!(names(directory.path()), ["b"]);
}

/// A restore that is killed in the middle: all of it or nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_is_killed_changes_nothing() {
    let directory = directory();
    let store = Store::open(&address(directory.path())).await.expect("it opens");
    fill(&store, 1, 3_000).await;
    store.close().await;
    succeeds(&run(directory.path(), &["backup", "large"]));
    let other = self::directory();
    let store = Store::open(&address(other.path())).await.expect("it opens");
    fill(&store, 2, 30).await;
    let before = read_content(&store).await;
    let log = other.path().join("causette.db-wal");
    let large = directory.path().join("large").display().to_string();
    let mut killed = 0;
    for _ in 0..5 {
        // The log of changes grows as soon as it has begun to store; half of it would be some megabytes.
        let size = || std::fs::metadata(&log).map_or(0, |log| log.len());
        let grown = size().max(1024 * 1024) + 512 * 1024;
        let mut child = command(other.path(), &["restore", "--replace", &large]).spawn().expect("it runs");
        while size() < grown && child.try_wait().expect("it is our child").is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        if child.try_wait().expect("it is our child").is_some() {
            break;
        }
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        killed += 1;
        assert_eq!(read_content(&store).await, before);
    }
    assert!(killed > 0, "it was never in the middle");
    store.close().await;
    succeeds(&run(other.path(), &["restore", "--replace", &large]));
    assert_eq!(names(other.path()), Vec::<String>::new());
}
