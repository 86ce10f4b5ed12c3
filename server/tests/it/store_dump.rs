//! The list of tables that backups go by, beside the schema itself: a migration that adds a table or a column and leaves
//! the list as it is fails here.

use std::collections::BTreeSet;

use causette_server::store::tables::{Kind, TABLES, find_table};
use causette_server::store::{Tx, dump};

use crate::harness::content::shop_row;
use crate::harness::database::{number, on_both_databases};
use crate::harness::store::FreshStore;
use crate::harness::{Database, eventually, within};

on_both_databases!(
    every_table_and_column_is_listed,
    tables_come_after_those_they_refer_to,
    one_who_puts_back_is_alone_with_those_who_read,
);

/// Table, column, type, and its place in the primary key or 0.
async fn read_columns(tx: &mut Tx) -> BTreeSet<(String, String, String, i64)> {
    const OF_SQLITE: &str = "SELECT m.name, c.name, lower(c.type), c.pk FROM sqlite_schema m, pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\'";
    const OF_POSTGRES: &str = "SELECT c.table_name::text, c.column_name::text, c.data_type::text, \
         COALESCE((SELECT k.ordinal_position::bigint FROM information_schema.table_constraints t \
             JOIN information_schema.key_column_usage k ON k.constraint_name = t.constraint_name \
                 AND k.table_name = t.table_name \
             WHERE t.constraint_type = 'PRIMARY KEY' AND t.table_name = c.table_name \
                 AND k.column_name = c.column_name), 0) \
         FROM information_schema.columns c WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '\\_sqlx%'";
    let rows: Vec<(String, String, String, i64)> = match tx {
        Tx::Sqlite(tx) => sqlx::query_as(OF_SQLITE).fetch_all(&mut *tx).await,
        Tx::Postgres(tx) => sqlx::query_as(OF_POSTGRES).fetch_all(&mut **tx).await,
    }
    .expect("the schema is read");
    rows.into_iter().collect()
}

async fn every_table_and_column_is_listed(database: Database) {
    let fresh = FreshStore::open(database).await;
    let mut tx = fresh.store.begin_read().await.expect("the store reads");
    let mut listed = BTreeSet::new();
    for table in &TABLES {
        for (name, kind) in table.columns {
            let kind = match kind {
                Kind::Integer => "bigint",
                Kind::Text => "text",
            };
            let place =
                table.key.split(", ").position(|key| key == *name).map_or(0, |place| place as i64 + 1);
            listed.insert((table.name.to_owned(), (*name).to_owned(), kind.to_owned(), place));
        }
    }
    assert_eq!(read_columns(&mut tx).await, listed);
}

async fn tables_come_after_those_they_refer_to(database: Database) {
    const OF_SQLITE: &str = "SELECT m.name, f.\"table\" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f \
         WHERE m.type = 'table'";
    const OF_POSTGRES: &str =
        "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'";
    let fresh = FreshStore::open(database).await;
    let mut tx = fresh.store.begin_read().await.expect("the store reads");
    let references: Vec<(String, String)> = match &mut tx {
        Tx::Sqlite(tx) => sqlx::query_as(OF_SQLITE).fetch_all(&mut *tx).await,
        Tx::Postgres(tx) => sqlx::query_as(OF_POSTGRES).fetch_all(&mut **tx).await,
    }
    .expect("the schema is read");
    assert!(references.len() >= 8, "{references:?}");
    let place = |name: &str| TABLES.iter().position(|table| table.name == name).expect("it is listed");
    for (from, to) in references {
        assert!(place(&to) < place(&from), "{from} refers to {to}");
    }
}

async fn one_who_puts_back_is_alone_with_those_who_read(database: Database) {
    let fresh = FreshStore::with_shop(database).await;
    let mut tx = fresh.begin().await;
    within("the lock", dump::lock_all(&mut tx)).await.expect("nobody writes");
    let store = fresh.store.clone();
    let (locked, writing) = tokio::sync::oneshot::channel();
    let writer = tokio::spawn(async move {
        let mut tx = store.begin().await?;
        // Where two can have begun, the second waits at its first statement that writes.
        let visitor = crate::harness::store::add_visitor(&mut tx, "secret").await;
        let _ = locked.send(());
        tx.commit().await.map(|()| visitor)
    });
    let mut reader = fresh.store.begin_read().await.expect("the store reads");
    let [visitors, sites] = ["visitor", "site"].map(|name| find_table(name).expect("it is listed"));
    assert_eq!(within("the reader", dump::count_rows(&mut reader, visitors)).await.expect("it reads"), 0);
    drop(reader);
    dump::delete_all(&mut tx).await.expect("nobody is in the way");
    dump::create_rows(&mut tx, sites, sites.columns, vec![shop_row()]).await.expect("it is stored");
    if database == Database::Postgres {
        let waits = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND database = \
             (SELECT oid FROM pg_database WHERE datname = current_database())";
        eventually("a writer that waits", || async { number(&fresh.store, waits).await == 1 }).await;
    }
    assert!(!writer.is_finished());
    tx.commit().await.expect("it commits");
    within("the writer", writing).await.expect("it goes on");
    writer.await.expect("it does not panic").expect("it commits");
}
