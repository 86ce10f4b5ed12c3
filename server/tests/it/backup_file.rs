//! Files that are not whole, not ours, or not what was written: refused before anything is changed.

use std::io::Write as _;
use std::path::Path;

use causette_server::backup::format::Section;
use causette_server::backup::seal::SealingWriter;
use causette_server::backup::{BackupError, Existing, Meter, Saved};
use causette_server::store::schema;
use flate2::write::GzEncoder;
use serde_json::{Value as Json, json};

use crate::backup_round_trip::{back_up, place, put_back};
use crate::harness::Database;
use crate::harness::content::{Random, fill, read_content};
use crate::harness::database::{number, on_both_databases};
use crate::harness::store::FreshStore;

on_both_databases!(
    rows_that_do_not_fit_change_nothing,
    an_older_backup_is_brought_up_to_date,
    mails_of_an_older_backup_count,
    sessions_of_an_older_backup_tell_how_they_were_opened,
);

fn open(path: &Path) -> Result<Saved, BackupError> {
    Saved::open(path, &Meter::default())
}

async fn a_backup() -> (tempfile::TempDir, std::path::PathBuf, Vec<u8>) {
    let (directory, path) = place();
    let from = FreshStore::open(Database::Sqlite).await;
    fill(&from.store, 3, 20).await;
    back_up(&from.store, &path).await;
    let bytes = std::fs::read(&path).expect("it is read");
    (directory, path, bytes)
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_refused() {
    let (_directory, path, bytes) = a_backup().await;
    let near_the_ends = (0..400).chain(bytes.len() - 400..bytes.len());
    let all = near_the_ends.chain((0..bytes.len()).step_by(bytes.len() / 200));
    for end in all {
        std::fs::write(&path, &bytes[..end]).expect("it is written");
        let refused = open(&path).expect_err("its end is missing");
        match end {
            0 => assert!(matches!(refused, BackupError::NotABackup(_)), "{refused}"),
            _ => assert!(matches!(refused, BackupError::Truncated(_)), "cut at {end}: {refused}"),
        }
    }
    std::fs::write(&path, &bytes).expect("it is written");
    open(&path).expect("it is whole");
}

#[tokio::test]
async fn a_file_with_one_altered_byte_is_refused() {
    let (_directory, path, bytes) = a_backup().await;
    let random = &mut Random(5);
    let sampled: Vec<usize> = (0..300).map(|_| random.next() as usize % bytes.len()).collect();
    for place in (0..40).chain(bytes.len() - 120..bytes.len()).chain(sampled) {
        let mut altered = bytes.clone();
        altered[place] ^= (random.next() % 255 + 1) as u8;
        std::fs::write(&path, &altered).expect("it is written");
        assert!(open(&path).is_err(), "byte {place}");
    }
    for more in [&b"\n"[..], &bytes] {
        std::fs::write(&path, [&bytes[..], more].concat()).expect("it is written");
        assert!(open(&path).is_err(), "something was added");
    }
}

#[tokio::test]
async fn a_file_that_changes_after_it_was_looked_at_is_refused() {
    let (_directory, path, bytes) = a_backup().await;
    let to = FreshStore::with_shop(Database::Sqlite).await;
    let before = read_content(&to.store).await;
    for place in [bytes.len() / 2, bytes.len() - 10] {
        std::fs::write(&path, &bytes).expect("it is written");
        let saved = open(&path).expect("it is whole");
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        // Written into the file that is open, not put in its place.
        std::fs::write(&path, &altered).expect("it is written");
        let refused = saved.restore(&to.store, Existing::Replace, &Default::default()).await;
        // Where the altered byte is of an id, the database may say so first.
        let is_refused = matches!(refused, Err(BackupError::Altered(_) | BackupError::Rows { .. }));
        assert!(is_refused, "{refused:?}");
        assert_eq!(read_content(&to.store).await, before);
    }
}

/// A sealed file of these lines.
fn write_sealed(path: &Path, lines: &[Json]) {
    let mut text = GzEncoder::new(SealingWriter::new(Vec::new()), flate2::Compression::fast());
    for line in lines {
        serde_json::to_writer(&mut text, line).expect("memory takes it");
        text.write_all(b"\n").expect("memory takes it");
    }
    let bytes = text.finish().and_then(SealingWriter::seal).expect("memory takes it");
    std::fs::write(path, bytes).expect("it is written");
}

fn header(tables: Json) -> Json {
    json!({"causette_backup": 1, "causette": "0.0.9", "schema": 1, "created_at": 5, "tables": tables})
}

fn with(mut header: Json, key: &str, value: Json) -> Json {
    header[key] = value;
    header
}

#[test]
fn a_file_that_is_something_else_is_refused() {
    let (_directory, path) = place();
    assert!(matches!(open(&path), Err(BackupError::Missing(_))));
    for text in ["", "a shopping list\n", "\x1f", "SQLite format 3\0", &"long ".repeat(10_000)] {
        std::fs::write(&path, text).expect("it is written");
        let refused = open(&path).expect_err("it is none");
        let expected = matches!(refused, BackupError::NotABackup(_))
            || (text == "\x1f" && matches!(refused, BackupError::Truncated(_)));
        assert!(expected && refused.to_string().lines().count() == 1, "{text:.20}: {refused}");
    }
    let empty = || header(json!([]));
    let section = |name: &str| json!({"name": name, "columns": ["id"], "rows": 0});
    for first in [
        json!("a backup"),
        json!({}),
        json!({"causette_backup": "1", "causette": "1"}),
        with(empty(), "tables", json!([section("unknown")])),
        with(empty(), "tables", json!([{"name": "site", "columns": ["unknown"], "rows": 0}])),
        with(empty(), "tables", json!([section("visitor"), section("contact")])),
        with(empty(), "tables", json!([section("contact"), section("contact")])),
        with(empty(), "tables", json!([{"name": "site", "columns": ["key"], "rows": -1}])),
    ] {
        write_sealed(&path, std::slice::from_ref(&first));
        assert!(matches!(open(&path), Err(BackupError::NotABackup(_))), "{first}");
    }
    assert!(open(path.parent().expect("it has one")).is_err(), "a directory");
}

#[test]
fn another_version_is_named() {
    let (_directory, path) = place();
    let empty = || header(json!([]));
    for newer in [
        with(empty(), "causette_backup", json!(2)),
        with(empty(), "schema", json!(schema::current_version() + 1)),
        // Whatever else a later one may say.
        json!({"causette_backup": 9, "causette": "0.0.9", "seal": "another"}),
    ] {
        write_sealed(&path, &[newer]);
        let refused = open(&path).expect_err("it is newer");
        assert!(
            matches!(refused, BackupError::Newer { .. }) && refused.to_string().contains("0.0.9"),
            "{refused}"
        );
    }
    write_sealed(&path, &[with(empty(), "schema", json!(0))]);
    assert!(matches!(open(&path), Err(BackupError::TooOld { .. })));
    write_sealed(&path, &[empty()]);
    assert_eq!(open(&path).expect("it is ours").header().rows(), 0);
}

const SITE: [&str; 5] = ["key", "name", "origins", "settings", "created_at"];

fn sites(rows: u64) -> Json {
    json!({"name": "site", "columns": SITE, "rows": rows})
}

async fn rows_that_do_not_fit_change_nothing(database: Database) {
    let (_directory, path) = place();
    let to = FreshStore::open(database).await;
    fill(&to.store, 4, 10).await;
    let before = read_content(&to.store).await;
    let shop = || json!(["shop", "Shop", "[]", "{}", 1]);
    let visitor =
        json!({"name": "visitor", "columns": ["id", "site_key", "session_hash", "created_at"], "rows": 1});
    let cases = [
        ("too few rows", vec![header(json!([sites(2)])), shop()]),
        ("too many rows", vec![header(json!([sites(0)])), shop()]),
        ("too few values", vec![header(json!([sites(1)])), json!(["shop"])]),
        ("a number for a text", vec![header(json!([sites(1)])), json!([1, "Shop", "[]", "{}", 1])]),
        ("a text for a number", vec![header(json!([sites(1)])), json!(["shop", "Shop", "[]", "{}", "1"])]),
        ("a number with a point", vec![header(json!([sites(1)])), json!(["shop", "Shop", "[]", "{}", 1.5])]),
        ("a number too large", vec![header(json!([sites(1)])), json!(["shop", "S", "[]", "{}", u64::MAX])]),
        ("no row", vec![header(json!([sites(1)])), json!({"key": "shop"})]),
        (
            "null where there must be something",
            vec![header(json!([sites(1)])), json!(["shop", null, "[]", "{}", 1])],
        ),
        ("the same key twice", vec![header(json!([sites(2)])), shop(), shop()]),
        (
            "a reference to nothing",
            vec![header(json!([sites(1), visitor])), shop(), json!(["v", "elsewhere", "hash", 1])],
        ),
    ];
    for (what, lines) in cases {
        write_sealed(&path, &lines);
        let refused = put_back(&to.store, &path, Existing::Replace).await;
        assert!(
            matches!(refused, Err(BackupError::Altered(_) | BackupError::Rows { .. })),
            "{what}: {refused:?}"
        );
        assert_eq!(read_content(&to.store).await, before, "{what}");
    }
    write_sealed(&path, &[header(json!([sites(1)])), shop()]);
    put_back(&to.store, &path, Existing::Replace).await.expect("this one fits");
    assert_eq!(number(&to.store, "SELECT COUNT(*) FROM site").await, 1);
}

/// One that was made before a table and some columns came.
async fn an_older_backup_is_brought_up_to_date(database: Database) {
    let (_directory, path) = place();
    let to = FreshStore::open(database).await;
    let contact =
        json!({"name": "contact", "columns": ["created_at", "updated_at", "id", "name"], "rows": 2});
    let rows = [json!([1, 2, "a", "Ada"]), json!([3, 4, "b", null])];
    write_sealed(&path, &[&[header(json!([contact]))][..], &rows].concat());
    put_back(&to.store, &path, Existing::Keep).await.expect("it is empty");
    assert_eq!(
        number(&to.store, "SELECT COUNT(*) FROM contact WHERE phone IS NULL AND email IS NULL").await,
        2
    );
    assert_eq!(number(&to.store, "SELECT updated_at FROM contact WHERE name = 'Ada'").await, 2);
    assert_eq!(number(&to.store, "SELECT created_at FROM contact WHERE name IS NULL").await, 3);
    assert_eq!(number(&to.store, "SELECT COUNT(*) FROM agent").await, 0);
}

/// What the limits of mails count by is filled in for mails that were sent before it was kept.
async fn mails_of_an_older_backup_count(database: Database) {
    let (_directory, path) = place();
    let to = FreshStore::open(database).await;
    let table =
        |name: &str, columns: &[&str], rows: u64| json!({"name": name, "columns": columns, "rows": rows});
    let jobs = ["id", "kind", "conversation_id", "payload", "state", "due_at", "attempts", "uncertain"];
    let jobs = [&jobs[..], &["recipient", "created_at", "settled_at"]].concat();
    let conversation = ["id", "number", "site_key", "visitor_id", "status", "locale", "revision", "last_seq"];
    let conversation = [
        &conversation[..],
        &["agent_seen", "visitor_seen", "unread", "preview", "preview_by", "created_at", "last_message_at"],
    ]
    .concat();
    let tables = json!([
        sites(1),
        table("visitor", &["id", "site_key", "session_hash", "created_at"], 1),
        table("conversation", &conversation, 1),
        table("outbox", &jobs, 3),
    ]);
    let job = |id: &str, conversation: Json, recipient: Json| {
        json!([id, "tell", conversation, "{}", "sent", 1, 1, 1, recipient, 1, 5])
    };
    let lines = [
        with(header(tables), "schema", json!(2)),
        json!(["shop", "Shop", "[]", "{}", 1]),
        json!(["v", "shop", "hash", 1]),
        json!(["c", 1001, "shop", "v", "open", "en", 1, 1, 0, 0, 0, "", "visitor", 1, 1]),
        job("1", json!("c"), json!("ada@mail.example")),
        job("2", json!(null), json!("\"odd@one\"@xn--kln-sna.example")),
        job("3", json!(null), json!(null)),
    ];
    write_sealed(&path, &lines);
    put_back(&to.store, &path, Existing::Keep).await.expect("it is empty");
    for (condition, count) in [
        ("recipient_domain = 'mail.example' AND site_key = 'shop'", 1),
        ("recipient_domain = 'xn--kln-sna.example' AND site_key IS NULL", 1),
        ("recipient_domain IS NULL AND site_key IS NULL", 1),
    ] {
        let sql = format!("SELECT COUNT(*) FROM outbox WHERE {condition}");
        assert_eq!(number(&to.store, &sql).await, count, "{condition}");
    }
}

/// Those that an identity has opened can be ended, and no others.
async fn sessions_of_an_older_backup_tell_how_they_were_opened(database: Database) {
    let (_directory, path) = place();
    let to = FreshStore::open(database).await;
    let table =
        |name: &str, columns: &[&str], rows: u64| json!({"name": name, "columns": columns, "rows": rows});
    let tables = json!([
        sites(1),
        table("visitor", &["id", "site_key", "session_hash", "created_at"], 1),
        table("visitor_session", &["session_hash", "visitor_id", "resume_link_id", "created_at"], 3),
    ]);
    let lines = [
        with(header(tables), "schema", json!(6)),
        json!(["shop", "Shop", "[]", "{}", 1]),
        json!(["v", "shop", "first", 1]),
        json!(["first", "v", null, 1]),
        json!(["mailed", "v", "link", 2]),
        json!(["phone", "v", null, 3]),
    ];
    write_sealed(&path, &lines);
    put_back(&to.store, &path, Existing::Keep).await.expect("it is empty");
    for (session, opened_by) in [("first", "visitor"), ("mailed", "link"), ("phone", "identity")] {
        let sql = format!(
            "SELECT COUNT(*) FROM visitor_session WHERE session_hash = '{session}' AND opened_by = '{opened_by}'"
        );
        assert_eq!(number(&to.store, &sql).await, 1, "{session}");
    }
}

#[test]
fn a_header_names_what_each_value_is() {
    let section: Section = serde_json::from_value(sites(3)).expect("it is one");
    let (table, columns) = section.resolve().expect("it is known");
    assert_eq!((table.name, columns.len(), section.rows), ("site", 5, 3));
}
