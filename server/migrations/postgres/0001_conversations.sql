-- Ids and enumerations are TEXT, times BIGINT milliseconds UTC, JSON is TEXT: the subset that SQLite and PostgreSQL share.
-- A test compares this schema with its pair for SQLite.

CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
-- The first conversation of an installation is #1001.
INSERT INTO counter (name, value) VALUES ('conversation_number', 1000);

CREATE TABLE site (
    -- Sites are listed by their key, in the order of its bytes whatever the database's language.
    key TEXT COLLATE "C" PRIMARY KEY,
    name TEXT NOT NULL,
    origins TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE agent (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL CONSTRAINT agent_email_unique UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('agent', 'admin')),
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE agent_session (
    token_hash TEXT PRIMARY KEY,
    agent_id TEXT NOT NULL REFERENCES agent (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX agent_session_agent_id ON agent_session (agent_id);

CREATE TABLE contact (
    id TEXT PRIMARY KEY,
    name TEXT,
    email TEXT,
    email_verified_at BIGINT,
    phone TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE visitor (
    id TEXT PRIMARY KEY,
    site_key TEXT NOT NULL REFERENCES site (key),
    session_hash TEXT NOT NULL CONSTRAINT visitor_session_unique UNIQUE,
    contact_id TEXT REFERENCES contact (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX visitor_site_key ON visitor (site_key);
CREATE INDEX visitor_contact_id ON visitor (contact_id);

CREATE TABLE conversation (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL CONSTRAINT conversation_number_unique UNIQUE,
    site_key TEXT NOT NULL REFERENCES site (key),
    visitor_id TEXT NOT NULL REFERENCES visitor (id),
    assignee_id TEXT REFERENCES agent (id),
    status TEXT NOT NULL CHECK (status IN ('new', 'open', 'pending', 'on_hold', 'solved', 'closed')),
    locale TEXT NOT NULL,
    revision BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    agent_seen BIGINT NOT NULL,
    visitor_seen BIGINT NOT NULL,
    unread BIGINT NOT NULL,
    preview TEXT NOT NULL,
    preview_by TEXT NOT NULL CHECK (preview_by IN ('visitor', 'agent')),
    created_at BIGINT NOT NULL,
    last_message_at BIGINT NOT NULL
);
-- A visitor has one conversation that is not closed, by constraint and not by check-then-act.
CREATE UNIQUE INDEX conversation_one_per_visitor ON conversation (visitor_id) WHERE status <> 'closed';
CREATE INDEX conversation_visitor_id ON conversation (visitor_id);
CREATE INDEX conversation_site_key ON conversation (site_key);
CREATE INDEX conversation_assignee_id ON conversation (assignee_id);
CREATE INDEX conversation_newest ON conversation (last_message_at DESC, number DESC);

CREATE TABLE entry (
    conversation_id TEXT NOT NULL REFERENCES conversation (id),
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    author TEXT NOT NULL CHECK (author IN ('visitor', 'agent', 'automatic')),
    agent_id TEXT REFERENCES agent (id),
    agent_name TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('message', 'event')),
    body TEXT NOT NULL,
    PRIMARY KEY (conversation_id, seq),
    CONSTRAINT entry_id_unique UNIQUE (conversation_id, id)
);
CREATE INDEX entry_agent_id ON entry (agent_id);
