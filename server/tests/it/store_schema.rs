//! The migrations come in pairs: what they make has to agree, read back from both databases.

use std::collections::BTreeSet;

use causette_server::store::Store;
use sqlx::{Connection as _, FromRow, PgConnection, SqliteConnection};

use crate::harness::Database;
use crate::harness::cluster;
use crate::harness::database::{connect, database_in};

/// A schema as sorted lines, so that a difference is told in words.
type Schema = BTreeSet<String>;

#[derive(FromRow)]
struct Index {
    name: String,
    is_unique: bool,
    /// `c` for one of its own, `u` and `pk` for those of a constraint.
    origin: String,
    columns: String,
    condition: Option<String>,
}

impl Index {
    fn line(&self, table: &str) -> String {
        let condition = self.condition.as_deref().map(|text| {
            // PostgreSQL puts more parentheses than were written.
            format!(" where {}", text.replace("::text", "").replace(['(', ')'], ""))
        });
        let columns = &self.columns;
        let unique = if self.is_unique { "unique " } else { "" };
        match self.origin.as_str() {
            "pk" => format!("{table}: primary key ({columns})"),
            "u" => format!("{table}: unique ({columns})"),
            _ => {
                let name = &self.name;
                format!("{table}: {unique}index {name} ({columns}){}", condition.unwrap_or_default())
            }
        }
    }
}

/// `column one of 'a' 'b'`, from either database's way to write it.
fn check_line(table: &str, column: &str, condition: &str) -> String {
    let values: Vec<&str> = condition.split('\'').skip(1).step_by(2).collect();
    assert!(!values.is_empty(), "{table}: a check that this test cannot read: {condition}");
    format!("{table}: {column} one of {}", values.join(" "))
}

async fn of_sqlite(connection: &mut SqliteConnection) -> Schema {
    const TABLES: &str = "SELECT name, sql FROM sqlite_schema WHERE type = 'table' \
         AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'";
    // A primary key cannot be null by the standard; SQLite does not tell so.
    const COLUMNS: &str = "SELECT name || ' ' || lower(type) || \
         CASE WHEN \"notnull\" OR pk > 0 THEN ' not null' ELSE '' END FROM pragma_table_info($1)";
    const KEYS: &str = "SELECT \"from\" || ' references ' || \"table\" || ' (' || \"to\" || ') ' || \
         lower(on_delete) FROM pragma_foreign_key_list($1)";
    const INDEXES: &str = "SELECT list.name, list.\"unique\" AS is_unique, list.origin, \
         (SELECT group_concat(part) FROM (SELECT info.name || CASE WHEN info.\"desc\" THEN ' desc' ELSE '' END AS part \
             FROM pragma_index_xinfo(list.name) AS info WHERE info.key ORDER BY info.seqno)) AS columns, \
         CASE WHEN list.partial THEN (SELECT substr(sql, instr(sql, ' WHERE ') + 7) FROM sqlite_schema \
             WHERE sqlite_schema.name = list.name) END AS condition \
         FROM pragma_index_list($1) AS list";
    let tables: Vec<(String, String)> =
        sqlx::query_as(TABLES).fetch_all(&mut *connection).await.expect("it reads");
    let mut schema = Schema::new();
    for (table, sql) in tables {
        for query in [COLUMNS, KEYS] {
            let lines: Vec<String> =
                sqlx::query_scalar(query).bind(&table).fetch_all(&mut *connection).await.expect("it reads");
            schema.extend(lines.into_iter().map(|line| format!("{table}: {line}")));
        }
        let indexes: Vec<Index> =
            sqlx::query_as(INDEXES).bind(&table).fetch_all(&mut *connection).await.expect("it reads");
        schema.extend(indexes.iter().map(|index| index.line(&table)));
        for check in sql.split("CHECK (").skip(1) {
            let condition = check.split("))").next().unwrap_or_default();
            let column = condition.split(' ').next().unwrap_or_default();
            schema.insert(check_line(&table, column, condition));
        }
    }
    schema
}

async fn of_postgres(connection: &mut PgConnection) -> Schema {
    const TABLES: &str = "SELECT relname::text FROM pg_class WHERE relkind = 'r' \
         AND relnamespace = 'public'::regnamespace AND relname NOT LIKE '\\_sqlx%'";
    const COLUMNS: &str = "SELECT column_name || ' ' || data_type || \
         CASE WHEN is_nullable = 'NO' THEN ' not null' ELSE '' END \
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1";
    const KEYS: &str = "SELECT here.attname || ' references ' || confrelid::regclass || ' (' || there.attname || ') ' || \
         CASE confdeltype WHEN 'a' THEN 'no action' ELSE confdeltype::text END FROM pg_constraint \
         JOIN pg_attribute here ON here.attrelid = conrelid AND here.attnum = conkey[1] \
         JOIN pg_attribute there ON there.attrelid = confrelid AND there.attnum = confkey[1] \
         WHERE contype = 'f' AND conrelid::regclass::text = $1";
    const INDEXES: &str = "SELECT indexrelid::regclass::text AS name, indisunique AS is_unique, \
         CASE WHEN indisprimary THEN 'pk' WHEN con.oid IS NOT NULL THEN 'u' ELSE 'c' END AS origin, \
         (SELECT string_agg(pg_get_indexdef(indexrelid, place, true) || \
             CASE WHEN indoption[place - 1] & 1 = 1 THEN ' desc' ELSE '' END, ',' ORDER BY place) \
             FROM generate_series(1, indnkeyatts::int) AS place) AS columns, \
         pg_get_expr(indpred, indrelid) AS condition \
         FROM pg_index LEFT JOIN pg_constraint con ON con.conindid = indexrelid AND con.contype IN ('p', 'u') \
         WHERE indrelid::regclass::text = $1";
    const CHECKS: &str = "SELECT attname::text, pg_get_constraintdef(pg_constraint.oid) FROM pg_constraint \
         JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1] \
         WHERE contype = 'c' AND conrelid::regclass::text = $1";
    let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut *connection).await.expect("it reads");
    let mut schema = Schema::new();
    for table in tables {
        for query in [COLUMNS, KEYS] {
            let lines: Vec<String> =
                sqlx::query_scalar(query).bind(&table).fetch_all(&mut *connection).await.expect("it reads");
            schema.extend(lines.into_iter().map(|line| format!("{table}: {line}")));
        }
        let indexes: Vec<Index> =
            sqlx::query_as(INDEXES).bind(&table).fetch_all(&mut *connection).await.expect("it reads");
        schema.extend(indexes.iter().map(|index| index.line(&table)));
        let checks: Vec<(String, String)> =
            sqlx::query_as(CHECKS).bind(&table).fetch_all(&mut *connection).await.expect("it reads");
        schema.extend(checks.iter().map(|(column, text)| check_line(&table, column, text)));
    }
    schema
}

/// Both as a first start makes them.
async fn read_both() -> (Schema, Schema) {
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let file = Database::Sqlite.create(directory.path()).await;
    let address = Database::Postgres.create(directory.path()).await;
    for address in [&file, &address] {
        Store::open(address).await.expect("it opens").close().await;
    }
    let mut file = connect(&database_in(directory.path())).await;
    let mut connection = cluster::connect(&address).await;
    let read = (of_sqlite(&mut file).await, of_postgres(&mut connection).await);
    connection.close().await.expect("it closes");
    read
}

#[tokio::test]
async fn both_schemas_agree() {
    let (sqlite, postgres) = read_both().await;
    let only = |one: &Schema, other: &Schema| one.difference(other).cloned().collect::<Vec<_>>().join("\n  ");
    assert!(
        sqlite == postgres,
        "only on SQLite:\n  {}\nonly on PostgreSQL:\n  {}",
        only(&sqlite, &postgres),
        only(&postgres, &sqlite)
    );
    // One of each kind, so that a reading that finds nothing does not pass.
    for line in [
        "agent: email text not null",
        "agent: unique (email)",
        "agent: role one of agent admin",
        "contact: email_verified_at bigint",
        "conversation: unique index conversation_one_per_visitor (visitor_id) where status <> 'closed'",
        "conversation: index conversation_newest (last_message_at desc,number desc)",
        "entry: primary key (conversation_id,seq)",
        "entry: conversation_id references conversation (id) no action",
    ] {
        assert!(sqlite.contains(line), "{line} is missing in {sqlite:#?}");
    }
}
