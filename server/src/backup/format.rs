//! The lines of a backup: a header, then each row of each table as an array, in the order that the header names.
//!
//! ```text
//! {"causette_backup":1,"causette":"0.1.0","schema":1,"created_at":…,"tables":[{"name":"site","columns":["key",…],"rows":1},…]}
//! ["shop","The Shop",…]
//! ```

use std::io::{self, BufRead, Read as _};

use causette_shared::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::schema;
use crate::store::tables::{Column, TABLES, Table, find_table};

/// The shape of the file itself, told by the number in its first line.
pub const FORMAT: u32 = 1;

/// The oldest schema whose rows can be put back as they are: tables and columns that were added since are left empty or
/// get their defaults. A migration that changes what stored values mean raises this to its own number.
pub const OLDEST_SCHEMA: i64 = 1;

/// A header names a few dozen columns, and takes some kilobytes at most.
const HEADER_BYTES: u64 = 1024 * 1024;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// `FORMAT`. By its name a backup is known.
    pub causette_backup: u32,
    /// The version that made it.
    pub causette: String,
    /// The schema's version: the number of its last migration.
    pub schema: i64,
    /// When it was made: everything that was acknowledged before is in it.
    pub created_at: Timestamp,
    /// The tables, those that others refer to before those that do.
    pub tables: Vec<Section>,
}

/// One table's part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The table.
    pub name: String,
    /// What the values of its rows are, in order.
    pub columns: Vec<String>,
    /// How many rows follow.
    pub rows: u64,
}

/// Just enough to tell what made a file.
#[derive(Deserialize)]
struct Maker {
    causette_backup: u32,
    causette: String,
    #[serde(default)]
    schema: i64,
}

/// What a first line tells.
#[derive(Debug, PartialEq, Eq)]
pub enum FirstLine {
    /// A backup that can be read.
    Header(Header),
    /// One of a newer version, which is named.
    Newer(String),
    /// One of a version that is too old, which is named.
    TooOld(String),
    /// Something else.
    Foreign,
}

impl Header {
    /// Makes the header of a backup of these tables.
    #[must_use]
    pub fn new(created_at: Timestamp, tables: Vec<Section>) -> Self {
        let causette = env!("CARGO_PKG_VERSION").to_owned();
        Self { causette_backup: FORMAT, causette, schema: schema::current_version(), created_at, tables }
    }

    /// All rows of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().fold(0, |rows, section| rows.saturating_add(section.rows))
    }

    /// The rows of one table.
    #[must_use]
    pub fn rows_of(&self, table: &str) -> u64 {
        self.tables.iter().find(|section| section.name == table).map_or(0, |section| section.rows)
    }
}

impl Section {
    /// The part of a table with so many rows.
    #[must_use]
    pub fn of(table: &Table, rows: u64) -> Self {
        let columns = table.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        Self { name: table.name.to_owned(), columns, rows }
    }

    /// The table and the columns as this version has them; `None` where it has not.
    #[must_use]
    pub fn resolve(&self) -> Option<(&'static Table, Vec<Column>)> {
        let table = find_table(&self.name)?;
        let find = |name: &String| table.columns.iter().find(|(known, _)| known == name).copied();
        Some((table, self.columns.iter().map(find).collect::<Option<_>>()?))
    }
}

/// Reads the first line.
///
/// # Errors
/// It cannot be read; with `UnexpectedEof` and `InvalidData` where it is not what gzip has written.
pub fn read_first_line(lines: &mut impl BufRead) -> io::Result<FirstLine> {
    let mut line = Vec::new();
    lines.take(HEADER_BYTES).read_until(b'\n', &mut line)?;
    let Ok(maker) = serde_json::from_slice::<Maker>(&line) else {
        return Ok(FirstLine::Foreign);
    };
    if maker.causette_backup > FORMAT || maker.schema > schema::current_version() {
        return Ok(FirstLine::Newer(maker.causette));
    }
    if maker.schema < OLDEST_SCHEMA {
        return Ok(FirstLine::TooOld(maker.causette));
    }
    let known = |header: &Header| {
        let resolved: Option<Vec<_>> = header.tables.iter().map(Section::resolve).collect();
        // Each once, and in an order in which they can be put back.
        let places =
            resolved?.into_iter().map(|(table, _)| TABLES.iter().position(|known| known.name == table.name));
        Some(places.collect::<Vec<_>>().is_sorted_by(|one, next| one < next))
    };
    match serde_json::from_slice::<Header>(&line) {
        Ok(header) if known(&header) == Some(true) => Ok(FirstLine::Header(header)),
        _ => Ok(FirstLine::Foreign),
    }
}
