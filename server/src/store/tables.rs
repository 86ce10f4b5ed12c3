//! Every table with its columns, for those who copy all of them: backup and restore.
//!
//! A test compares this list with the schema of both databases, so that a migration cannot add a table or a column that
//! backups would leave out.

use serde::{Deserialize, Serialize};

/// One value of a row, as both databases and the backup's JSON know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// `NULL`.
    Null,
    /// A `BIGINT`.
    Integer(i64),
    /// A `TEXT`.
    Text(String),
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `BIGINT`.
    Integer,
    /// `TEXT`.
    Text,
}

/// A column's name and what it holds.
pub type Column = (&'static str, Kind);

/// One table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, in the schema's order.
    pub columns: &'static [Column],
    /// Its primary key: the order in which rows are read.
    pub key: &'static str,
    /// Which of its rows belong to what the store holds, as a condition.
    pub content: &'static str,
}

/// The row of `counter` that counts how often the database was put back. It belongs to the database and not to what it
/// holds: it is in no backup, and no restore takes it away.
pub(super) const RESTORES: &str = "restores";

const fn text(name: &'static str) -> Column {
    (name, Kind::Text)
}

const fn integer(name: &'static str) -> Column {
    (name, Kind::Integer)
}

/// Every table, those that others refer to before those that do.
pub const TABLES: [Table; 8] = [
    Table {
        name: "counter",
        columns: &[text("name"), integer("value")],
        key: "name",
        content: "name <> 'restores'",
    },
    Table {
        name: "site",
        columns: &[text("key"), text("name"), text("origins"), text("settings"), integer("created_at")],
        key: "key",
        content: "TRUE",
    },
    Table {
        name: "agent",
        columns: &[
            text("id"),
            text("email"),
            text("name"),
            text("role"),
            text("password_hash"),
            integer("created_at"),
        ],
        key: "id",
        content: "TRUE",
    },
    Table {
        name: "agent_session",
        columns: &[text("token_hash"), text("agent_id"), integer("created_at"), integer("expires_at")],
        key: "token_hash",
        content: "TRUE",
    },
    Table {
        name: "contact",
        columns: &[
            text("id"),
            text("name"),
            text("email"),
            integer("email_verified_at"),
            text("phone"),
            integer("created_at"),
            integer("updated_at"),
        ],
        key: "id",
        content: "TRUE",
    },
    Table {
        name: "visitor",
        columns: &[
            text("id"),
            text("site_key"),
            text("session_hash"),
            text("contact_id"),
            integer("created_at"),
        ],
        key: "id",
        content: "TRUE",
    },
    Table {
        name: "conversation",
        columns: &[
            text("id"),
            integer("number"),
            text("site_key"),
            text("visitor_id"),
            text("assignee_id"),
            text("status"),
            text("locale"),
            integer("revision"),
            integer("last_seq"),
            integer("agent_seen"),
            integer("visitor_seen"),
            integer("unread"),
            text("preview"),
            text("preview_by"),
            integer("created_at"),
            integer("last_message_at"),
        ],
        key: "id",
        content: "TRUE",
    },
    Table {
        name: "entry",
        columns: &[
            text("conversation_id"),
            integer("seq"),
            text("id"),
            integer("at"),
            text("author"),
            text("agent_id"),
            text("agent_name"),
            text("kind"),
            text("body"),
        ],
        key: "conversation_id, seq",
        content: "TRUE",
    },
];

/// Returns the table with a name.
#[must_use]
pub fn find_table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}
