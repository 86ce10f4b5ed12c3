//! What comes back from a backup is what was there: every row and column, on and between both databases.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use causette_server::backup::format::Header;
use causette_server::backup::{BackupError, Existing, Meter, Overwrite, Partial, Saved, save};
use causette_server::store::Store;
use causette_server::store::tables::Value;

use crate::harness::Database;
use crate::harness::app::NOW;
use crate::harness::content::{Content, add, contact_row, fill, read_content, shop_row, text};
use crate::harness::database::{number, on_both_databases};
use crate::harness::store::FreshStore;

on_both_databases!(
    what_comes_back_is_equal,
    a_backup_takes_the_place_of_what_is_there,
    an_empty_database_comes_back_empty,
);

/// A directory for files, and a path in it.
pub fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let path = directory.path().join("shop.backup");
    (directory, path)
}

/// Makes a backup as the command does.
pub async fn back_up(store: &Store, path: &Path) -> Header {
    let partial = Partial::create(path, Overwrite::Never).expect("nothing is there");
    let meter = Arc::new(Meter::default());
    let header = save(store, partial.file().expect("a copy"), NOW, &meter).await.expect("it is made");
    partial.commit().expect("it is given its name");
    assert_eq!((meter.total(), meter.done()), (header.rows(), header.rows()));
    assert_eq!(meter.bytes(), std::fs::metadata(path).expect("it is there").len());
    header
}

/// Puts it back as the command does.
pub async fn put_back(store: &Store, path: &Path, existing: Existing) -> Result<Header, BackupError> {
    let meter = Arc::new(Meter::default());
    let saved = Saved::open(path, &meter)?;
    assert_eq!(meter.done(), meter.total(), "all of it was looked at");
    saved.restore(store, existing, &Arc::new(Meter::default())).await
}

fn assert_equal(found: &Content, wanted: &Content) {
    assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
    for (table, (columns, rows)) in wanted {
        assert_eq!(columns, &found[table].0, "{table}");
        assert_eq!(rows.len(), found[table].1.len(), "{table}");
        for (row, other) in rows.iter().zip(&found[table].1) {
            assert_eq!(row, other, "{table}");
        }
    }
}

async fn what_comes_back_is_equal(database: Database) {
    for seed in 0..2 {
        let (directory, path) = place();
        let from = FreshStore::open(database).await;
        fill(&from.store, seed, 300).await;
        let content = read_content(&from.store).await;
        assert!(
            content["entry"].1.len() > 400 && content["contact"].1.len() == 300,
            "there is something to compare"
        );
        let header = back_up(&from.store, &path).await;
        assert_eq!(header.rows(), content.values().map(|(_, rows)| rows.len() as u64).sum::<u64>());
        let to = FreshStore::open(database).await;
        let restored = put_back(&to.store, &path, Existing::Keep).await.expect("it is empty");
        assert_eq!(restored, header);
        assert_equal(&read_content(&to.store).await, &content);
        // The same rows in the same order make the same file.
        let again = directory.path().join("again");
        back_up(&to.store, &again).await;
        assert!(std::fs::read(&path).expect("it is read") == std::fs::read(&again).expect("it is read"));
        assert_equal(&read_content(&from.store).await, &content);
    }
}

async fn an_empty_database_comes_back_empty(database: Database) {
    let (_directory, path) = place();
    let from = FreshStore::open(database).await;
    let content = read_content(&from.store).await;
    assert_eq!(back_up(&from.store, &path).await.rows(), 1, "the counter of conversations");
    let to = FreshStore::with_shop(database).await;
    put_back(&to.store, &path, Existing::Replace).await.expect("it may");
    assert_equal(&read_content(&to.store).await, &content);
}

async fn a_backup_takes_the_place_of_what_is_there(database: Database) {
    const RESTORES: &str =
        "SELECT COUNT(*) * 10 + COALESCE(MAX(value), 0) FROM counter WHERE name = 'restores'";
    let (_directory, path) = place();
    let from = FreshStore::open(database).await;
    fill(&from.store, 7, 40).await;
    let content = read_content(&from.store).await;
    back_up(&from.store, &path).await;
    let to = FreshStore::open(database).await;
    fill(&to.store, 8, 90).await;
    let before = read_content(&to.store).await;
    let refused = put_back(&to.store, &path, Existing::Keep).await.expect_err("it is not empty");
    let told = refused.to_string();
    assert!(
        told.contains("90 conversations") && told.contains("--replace") && refused.is_mistake(),
        "{told}"
    );
    assert_equal(&read_content(&to.store).await, &before);
    assert_eq!(number(&to.store, RESTORES).await, 0, "that was none");
    for times in 1..=2 {
        put_back(&to.store, &path, Existing::Replace).await.expect("it may");
        assert_equal(&read_content(&to.store).await, &content);
        assert_eq!(number(&to.store, RESTORES).await, 10 + times, "one row counts");
    }
    // How often it was put back belongs to that database alone.
    let (_other, path) = place();
    back_up(&to.store, &path).await;
    put_back(&from.store, &path, Existing::Replace).await.expect("it may");
    assert_eq!(number(&from.store, RESTORES).await, 11);
    assert_equal(&read_content(&from.store).await, &content);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn from_sqlite_to_postgres_and_back() {
    let (directory, path) = place();
    let first = FreshStore::open(Database::Sqlite).await;
    fill(&first.store, 11, 200).await;
    let content = read_content(&first.store).await;
    back_up(&first.store, &path).await;
    let second = FreshStore::open(Database::Postgres).await;
    put_back(&second.store, &path, Existing::Keep).await.expect("it is empty");
    assert_equal(&read_content(&second.store).await, &content);
    let path = directory.path().join("second");
    back_up(&second.store, &path).await;
    let third = FreshStore::open(Database::Sqlite).await;
    put_back(&third.store, &path, Existing::Keep).await.expect("it is empty");
    assert_equal(&read_content(&third.store).await, &content);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_nul_character_comes_back_where_it_can_and_is_refused_where_it_cannot() {
    let (_directory, path) = place();
    let from = FreshStore::open(Database::Sqlite).await;
    let mut tx = from.begin().await;
    let mut row = shop_row();
    row[1] = text("a\0b");
    add(&mut tx, "site", vec![row]).await;
    tx.commit().await.expect("it commits");
    back_up(&from.store, &path).await;
    let to = FreshStore::open(Database::Sqlite).await;
    put_back(&to.store, &path, Existing::Keep).await.expect("it is empty");
    assert_eq!(number(&to.store, "SELECT COUNT(*) FROM site WHERE hex(name) = '610062'").await, 1);
    let to = FreshStore::with_shop(Database::Postgres).await;
    let before = read_content(&to.store).await;
    let refused = put_back(&to.store, &path, Existing::Replace).await.expect_err("it cannot be stored");
    assert!(matches!(refused, BackupError::Unstorable { table: "site" }), "{refused:?}");
    assert_equal(&read_content(&to.store).await, &before);
}

#[tokio::test]
async fn values_are_told_apart() {
    // The comparison itself: null, empty, and a number beside its text are four things.
    let fresh = FreshStore::open(Database::Sqlite).await;
    let mut tx = fresh.begin().await;
    let contacts = [("a", Value::Null), ("b", text("")), ("c", text("0"))];
    add(&mut tx, "contact", contacts.map(|(id, name)| contact_row(id, name)).to_vec()).await;
    tx.commit().await.expect("it commits");
    let content = read_content(&fresh.store).await;
    let (columns, rows) = &content["contact"];
    let name = columns.iter().position(|column| column == "name").expect("it is a column");
    let mut names: Vec<_> = rows.iter().map(|row| row[name].as_deref()).collect();
    names.sort();
    assert_eq!(names, [None, Some(""), Some("0")]);
}
