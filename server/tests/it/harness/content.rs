//! All that a database holds, read past the store and without its list of tables; and rows with every kind of value.

use std::collections::BTreeMap;

use causette_server::store::dump::{Batch, Values, create_rows};
use causette_server::store::tables::{TABLES, Value, find_table};
use causette_server::store::{Store, Tx};
use sqlx::{AssertSqlSafe, Row as _};

/// Each table's columns and rows, both sorted, as text.
pub type Content = BTreeMap<String, (Vec<String>, Vec<Vec<Option<String>>>)>;

/// Reads all that a database holds, but how often it was put back.
pub async fn read_content(store: &Store) -> Content {
    const OF_SQLITE: &str = "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY 1, 2";
    const OF_POSTGRES: &str = "SELECT table_name::text, column_name::text FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%' ORDER BY 1, 2";
    let mut tx = store.begin_read().await.expect("the store reads");
    let columns: Vec<(String, String)> = match &mut tx {
        Tx::Sqlite(tx) => sqlx::query_as(OF_SQLITE).fetch_all(&mut *tx).await,
        Tx::Postgres(tx) => sqlx::query_as(OF_POSTGRES).fetch_all(&mut **tx).await,
    }
    .expect("the schema is read");
    let mut content = Content::new();
    for (table, column) in columns {
        content.entry(table).or_default().0.push(column);
    }
    for (table, (columns, rows)) in &mut content {
        let texts: Vec<String> = columns.iter().map(|name| format!("CAST(\"{name}\" AS TEXT)")).collect();
        let sql = format!("SELECT {} FROM \"{table}\"", texts.join(", "));
        *rows = match &mut tx {
            Tx::Sqlite(tx) => {
                let found = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *tx).await.expect("it is read");
                found.iter().map(|row| (0..columns.len()).map(|place| row.get(place)).collect()).collect()
            }
            Tx::Postgres(tx) => {
                let found = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut **tx).await.expect("it is read");
                found.iter().map(|row| (0..columns.len()).map(|place| row.get(place)).collect()).collect()
            }
        };
        let own = Some("restores".to_owned());
        rows.retain(|row: &Vec<Option<String>>| table != "counter" || !row.contains(&own));
        rows.sort();
    }
    content
}

/// Numbers that look random, the same in each run (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.next() as usize % from.len()].clone()
    }

    /// A text that something in between could take amiss, or one of any characters but NUL.
    fn text(&mut self) -> String {
        const AMISS: &[&str] = &[
            "",
            " ",
            "\r\n\t",
            "null",
            "\\N",
            "0",
            "-1",
            "1e400",
            "'; DROP TABLE entry; --",
            "\"\\\"",
            "\u{1}\u{7f}\u{85}",
            "\u{feff}\u{202e}abc",
            "Ünïcödé e\u{301}",
            "😀👩‍👩‍👧‍👦",
            "\u{fffd}\u{ffff}\u{10ffff}",
            "{\"a\":[1]}",
            "line\u{2028}",
        ];
        match self.next() % 3 {
            0 => self.pick(AMISS).to_owned(),
            _ => {
                let length = self.next() % 40;
                let any = |random: &mut Self| {
                    let bits = if random.next().is_multiple_of(2) { 0x7f } else { 0x1f_ffff };
                    char::from_u32((random.next() & bits) as u32).filter(|c| *c != '\0').unwrap_or('x')
                };
                (0..length).map(|_| any(self)).collect()
            }
        }
    }

    fn number(&mut self) -> i64 {
        let any = self.next() as i64;
        self.pick(&[i64::MIN, i64::MAX, 0, -1, 1, i64::from(i32::MAX) + 1, 1 << 53, (1 << 53) + 1, any])
    }

    fn maybe(&mut self, value: Value) -> Value {
        if self.next().is_multiple_of(3) { Value::Null } else { value }
    }
}

pub fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

/// The site "shop" as a row.
pub fn shop_row() -> Values {
    vec![text("shop"), text("The Shop"), text("[]"), text("{}"), Value::Integer(1), Value::Null]
}

/// A contact of whom nothing is known but perhaps a name, as a row.
pub fn contact_row(id: impl Into<String>, name: Value) -> Values {
    let table = find_table("contact").expect("it is listed");
    let value = |column: &&str| match *column {
        "created_at" | "updated_at" => Value::Integer(0),
        _ => Value::Null,
    };
    let mut row: Values = table.columns.iter().map(|(name, _)| value(name)).collect();
    row[0] = text(id);
    row[1] = name;
    row
}

/// Adds rows to a table, every column given.
pub async fn add(tx: &mut Tx, table: &str, mut rows: Batch) {
    let table = find_table(table).expect("it is known");
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(100));
        create_rows(tx, table, table.columns, rows).await.expect("they are stored");
        rows = rest;
    }
}

/// Fills a new database: `size` conversations, every kind of value in every column that takes it.
pub async fn fill(store: &Store, seed: u64, size: usize) {
    let random = &mut Random(seed);
    let integer = |random: &mut Random| Value::Integer(random.number());
    let mut tx = store.begin().await.expect("the store is free");
    let counters = ["", "größer", "a\nb"].map(|name| vec![text(name), integer(random)]);
    add(&mut tx, "counter", counters.to_vec()).await;
    let site = |random: &mut Random, n: usize| -> Values {
        let secret = text(random.text());
        vec![
            text(format!("site {n}")),
            text(random.text()),
            text(random.text()),
            text(random.text()),
            integer(random),
            random.maybe(secret),
        ]
    };
    let sites = (0..3).map(|n| site(random, n)).collect();
    add(&mut tx, "site", sites).await;
    let mut agents = Batch::new();
    let mut sessions = Batch::new();
    for n in 0..4 {
        let role = random.pick(&["agent", "admin"]);
        let (email, name, hash) = (format!("{n}{}", random.text()), random.text(), random.text());
        agents.push(vec![
            text(format!("agent {n}")),
            text(email),
            text(name),
            text(role),
            text(hash),
            integer(random),
        ]);
        sessions.push(vec![
            text(format!("token {n}")),
            text(format!("agent {n}")),
            integer(random),
            integer(random),
        ]);
    }
    add(&mut tx, "agent", agents).await;
    add(&mut tx, "agent_session", sessions).await;
    let [mut contacts, mut visitors, mut visitor_sessions, mut conversations, mut entries] =
        [const { Batch::new() }; 5];
    let [mut identities, mut said] = [const { Batch::new() }; 2];
    let [mut merges, mut jobs, mut links, mut mails, mut files] = [const { Batch::new() }; 5];
    for n in 0..size {
        let optional = |random: &mut Random| {
            let value = text(random.text());
            random.maybe(value)
        };
        let maybe_integer = |random: &mut Random| {
            let value = integer(random);
            random.maybe(value)
        };
        let unreachable = text(random.pick(&["bounced", "opted_out"]));
        contacts.push(vec![
            text(format!("contact {n}")),
            optional(random),
            optional(random),
            maybe_integer(random),
            optional(random),
            integer(random),
            integer(random),
            optional(random),
            optional(random),
            random.maybe(unreachable),
            optional(random),
            maybe_integer(random),
            optional(random),
        ]);
        let contact = random.maybe(text(format!("contact {n}")));
        let site = text(format!("site {}", n % 3));
        visitors.push(vec![
            text(format!("visitor {n}")),
            site.clone(),
            text(format!("hash {n}")),
            contact,
            integer(random),
            optional(random),
            maybe_integer(random),
            integer(random),
        ]);
        identities.push(vec![
            site.clone(),
            text(format!("subject {n}")),
            text(format!("contact {n}")),
            integer(random),
        ]);
        said.push(vec![
            text(format!("visitor {n}")),
            optional(random),
            optional(random),
            optional(random),
            text(random.text()),
            text(random.text()),
            integer(random),
        ]);
        let agent = format!("agent {}", n % 4);
        let opened_by = random.pick(&["visitor", "link", "identity"]);
        visitor_sessions.push(vec![
            text(format!("hash {n}")),
            text(format!("visitor {n}")),
            optional(random),
            integer(random),
            text(opened_by),
        ]);
        merges.push(vec![
            text(format!("merge {n}")),
            text(format!("contact {n}")),
            text("contact 0"),
            random.maybe(text(&agent)),
            text(random.text()),
            integer(random),
            maybe_integer(random),
        ]);
        let state = random.pick(&["pending", "sent", "cancelled", "dead"]);
        let mut job = vec![text(format!("job {n}")), text(random.text())];
        job.extend([random.maybe(text(format!("conversation {n}"))), text(random.text()), text(state)]);
        job.extend([integer(random), maybe_integer(random), integer(random), integer(random)]);
        job.extend([optional(random), optional(random), integer(random), maybe_integer(random)]);
        job.extend([optional(random), random.maybe(site.clone()), maybe_integer(random)]);
        job.push(maybe_integer(random));
        jobs.push(job);
        links.push(vec![
            text(format!("link {n}")),
            text(format!("token {n}")),
            text(format!("conversation {n}")),
            text(random.text()),
            random.maybe(text(format!("job {n}"))),
            integer(random),
            integer(random),
            maybe_integer(random),
        ]);
        let outcome = random.pick(&["message", "bounce", "ignored", "unmatched", "set_aside"]);
        let mut mail = vec![text(format!("mail {n}")), text(random.text())];
        mail.extend([integer(random), Value::Integer(n as i64), random.maybe(text(format!("<{n}@mail>")))]);
        mail.extend([text(outcome), text(random.text()), random.maybe(text(format!("conversation {n}")))]);
        mail.extend([optional(random), optional(random), integer(random)]);
        mail.extend([optional(random), optional(random), maybe_integer(random), optional(random)]);
        mails.push(mail);
        let mut file = vec![text(format!("file {n}")), text(format!("conversation {n}"))];
        file.extend([text(random.text()), text(random.text()), text(random.text())]);
        file.extend([integer(random), text(random.text()), integer(random)]);
        files.push(file);
        let status = random.pick(&["new", "open", "pending", "on_hold", "solved", "closed"]);
        let by = random.pick(&["visitor", "agent"]);
        let mut row = vec![
            text(format!("conversation {n}")),
            Value::Integer(n as i64 - 5),
            site,
            text(format!("visitor {n}")),
        ];
        row.extend([random.maybe(text(&agent)), text(status), text(random.text())]);
        row.extend((0..5).map(|_| integer(random)));
        row.extend([text(random.text()), text(by), integer(random), integer(random)]);
        row.extend((0..3).map(|_| maybe_integer(random)));
        conversations.push(row);
        for seq in 0..random.next() % 6 {
            let author = random.pick(&["visitor", "agent", "automatic"]);
            let kind = random.pick(&["message", "event"]);
            // Longer than a batch may be, once; much longer than a page of either database, some times.
            let body = match (n, seq) {
                (1, 0) => "huge 😀 ".repeat(150_000),
                _ if seq == 3 => random.text().repeat(700),
                _ => random.text(),
            };
            let mut row = vec![
                text(format!("conversation {n}")),
                Value::Integer(seq as i64 + 1),
                text(format!("id {seq}")),
            ];
            row.extend([
                integer(random),
                text(author),
                random.maybe(text(&agent)),
                optional(random),
                text(kind),
                text(body),
                optional(random),
            ]);
            entries.push(row);
        }
    }
    let secrets = vec![vec![text("a secret"), text(random.text()), integer(random)]];
    let loader = |random: &mut Random, n: usize| {
        vec![text(format!("site {n}")), text(format!("hash {n}")), text(random.text()), integer(random)]
    };
    let loaders = (0..3).map(|n| loader(random, n)).collect();
    let sighting = |random: &mut Random, n: usize| {
        let page = text(random.text());
        let mut row = vec![text("site 0"), text(format!("origin {n}")), random.maybe(page), integer(random)];
        for _ in 0..7 {
            let at = integer(random);
            row.push(random.maybe(at));
        }
        row
    };
    let sightings = (0..3).map(|n| sighting(random, n)).collect();
    for (table, rows) in [
        ("contact", contacts),
        ("contact_merge", merges),
        ("visitor", visitors),
        ("contact_identity", identities),
        ("visitor_said", said),
        ("visitor_session", visitor_sessions),
        ("conversation", conversations),
        ("entry", entries),
        ("outbox", jobs),
        ("resume_link", links),
        ("inbound_mail", mails),
        ("attachment", files),
        ("secret", secrets),
        ("published_loader", loaders),
        ("sighting", sightings),
    ] {
        add(&mut tx, table, rows).await;
    }
    tx.commit().await.expect("it commits");
    assert_eq!(TABLES.len(), 19, "a table was added: fill it here");
}
