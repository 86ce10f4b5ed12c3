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
pub const TABLES: [Table; 19] = [
    Table {
        name: "counter",
        columns: &[text("name"), integer("value")],
        key: "name",
        content: "name <> 'restores'",
    },
    Table {
        name: "site",
        columns: &[
            text("key"),
            text("name"),
            text("origins"),
            text("settings"),
            integer("created_at"),
            text("identity_secret"),
        ],
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
            text("company"),
            text("email_folded"),
            text("unreachable"),
            text("unreachable_detail"),
            integer("unreachable_at"),
            text("merged_into"),
        ],
        key: "id",
        content: "TRUE",
    },
    Table {
        name: "contact_merge",
        columns: &[
            text("id"),
            text("kept_id"),
            text("merged_id"),
            text("agent_id"),
            text("before"),
            integer("created_at"),
            integer("undone_at"),
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
            text("identified_as"),
            integer("identified_at"),
            integer("sessions_ended"),
        ],
        key: "id",
        content: "TRUE",
    },
    Table {
        name: "contact_identity",
        columns: &[text("site_key"), text("subject"), text("contact_id"), integer("created_at")],
        key: "site_key, subject",
        content: "TRUE",
    },
    Table {
        name: "visitor_said",
        columns: &[
            text("visitor_id"),
            text("client_id"),
            text("country"),
            text("flow"),
            text("attributes"),
            text("pages"),
            integer("updated_at"),
        ],
        key: "visitor_id",
        content: "TRUE",
    },
    Table {
        name: "visitor_session",
        columns: &[
            text("session_hash"),
            text("visitor_id"),
            text("resume_link_id"),
            integer("created_at"),
            text("opened_by"),
        ],
        key: "session_hash",
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
            integer("mail_stopped_at"),
            integer("tell_at"),
            integer("follow_up_at"),
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
            text("mail"),
        ],
        key: "conversation_id, seq",
        content: "TRUE",
    },
    Table {
        name: "outbox",
        columns: &[
            text("id"),
            text("kind"),
            text("conversation_id"),
            text("payload"),
            text("state"),
            integer("due_at"),
            integer("lease_until"),
            integer("attempts"),
            integer("uncertain"),
            text("recipient"),
            text("error"),
            integer("created_at"),
            integer("settled_at"),
            text("recipient_domain"),
            text("site_key"),
            integer("limited_at"),
            integer("upto"),
        ],
        key: "id",
        content: "TRUE",
    },
    Table {
        name: "resume_link",
        columns: &[
            text("id"),
            text("token_hash"),
            text("conversation_id"),
            text("email"),
            text("job_id"),
            integer("created_at"),
            integer("expires_at"),
            integer("revoked_at"),
        ],
        key: "id",
        content: "TRUE",
    },
    Table {
        name: "inbound_mail",
        columns: &[
            text("id"),
            text("mailbox"),
            integer("uid_validity"),
            integer("uid"),
            text("message_id"),
            text("outcome"),
            text("detail"),
            text("conversation_id"),
            text("entry_id"),
            text("original"),
            integer("received_at"),
            text("subject"),
            text("from_address"),
            integer("sent_at"),
            text("verdict"),
        ],
        key: "id",
        content: "TRUE",
    },
    Table {
        name: "attachment",
        columns: &[
            text("id"),
            text("conversation_id"),
            text("entry_id"),
            text("name"),
            text("media_type"),
            integer("size"),
            text("content"),
            integer("created_at"),
        ],
        key: "id",
        content: "TRUE",
    },
    Table {
        name: "secret",
        columns: &[text("name"), text("value"), integer("created_at")],
        key: "name",
        content: "TRUE",
    },
    Table {
        name: "published_loader",
        columns: &[text("site_key"), text("sha384"), text("script"), integer("created_at")],
        key: "site_key, sha384",
        content: "TRUE",
    },
    Table {
        name: "sighting",
        columns: &[
            text("site_key"),
            text("origin"),
            text("page"),
            integer("first_at"),
            integer("loader_at"),
            integer("pinned_at"),
            integer("half_at"),
            integer("frame_at"),
            integer("socket_at"),
            integer("channel_at"),
            integer("refused_at"),
        ],
        key: "site_key, origin",
        content: "TRUE",
    },
];

/// Returns the table with a name.
#[must_use]
pub fn find_table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}
