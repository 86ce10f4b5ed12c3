-- A visitor's sessions: the browser where they began, and the devices that claimed a resume link.
CREATE TABLE visitor_session (
    session_hash TEXT PRIMARY KEY,
    visitor_id TEXT NOT NULL REFERENCES visitor (id),
    resume_link_id TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX visitor_session_visitor_id ON visitor_session (visitor_id);
CREATE INDEX visitor_session_resume_link_id ON visitor_session (resume_link_id);
INSERT INTO visitor_session (session_hash, visitor_id, resume_link_id, created_at)
SELECT session_hash, id, NULL, created_at FROM visitor;

ALTER TABLE contact ADD COLUMN company TEXT;
-- The address as it is compared: in lower case.
ALTER TABLE contact ADD COLUMN email_folded TEXT;
-- Why mail does not reach them; NULL where it may.
ALTER TABLE contact ADD COLUMN unreachable TEXT CHECK (unreachable IN ('bounced', 'opted_out'));
ALTER TABLE contact ADD COLUMN unreachable_detail TEXT;
ALTER TABLE contact ADD COLUMN unreachable_at BIGINT;
-- The contact that this one was merged into; what hung on it hangs there now. Not a reference: rows are put back in any order.
ALTER TABLE contact ADD COLUMN merged_into TEXT;
UPDATE contact SET email_folded = LOWER(email);
CREATE INDEX contact_email_folded ON contact (email_folded);
CREATE INDEX contact_merged_into ON contact (merged_into);
CREATE INDEX contact_updated ON contact (updated_at DESC, id DESC);

-- What a merge by hand has done, to undo it.
CREATE TABLE contact_merge (
    id TEXT PRIMARY KEY,
    kept_id TEXT NOT NULL REFERENCES contact (id),
    merged_id TEXT NOT NULL REFERENCES contact (id),
    agent_id TEXT REFERENCES agent (id),
    before TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    undone_at BIGINT
);
CREATE INDEX contact_merge_kept_id ON contact_merge (kept_id);
CREATE INDEX contact_merge_merged_id ON contact_merge (merged_id);
CREATE INDEX contact_merge_agent_id ON contact_merge (agent_id);

-- No mail for this conversation any more: its visitor said so.
ALTER TABLE conversation ADD COLUMN mail_stopped_at BIGINT;
-- When the visitor left contacts because nobody could answer; NULL once somebody has answered.
ALTER TABLE conversation ADD COLUMN tell_at BIGINT;
-- When the follow-up that waits is due; NULL where none does. For lists; the row of the outbox is what counts.
ALTER TABLE conversation ADD COLUMN follow_up_at BIGINT;

-- A message that came by e-mail: what is known of that mail, as JSON.
ALTER TABLE entry ADD COLUMN mail TEXT;

-- Effects to perform after their commit, one row each (G8).
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    conversation_id TEXT REFERENCES conversation (id),
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'cancelled', 'dead')),
    due_at BIGINT NOT NULL,
    lease_until BIGINT,
    attempts BIGINT NOT NULL,
    -- Attempts of which nobody knows whether the mail was taken: at most one is followed by another.
    uncertain BIGINT NOT NULL,
    recipient TEXT,
    error TEXT,
    created_at BIGINT NOT NULL,
    settled_at BIGINT
);
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE state = 'pending';
CREATE INDEX outbox_conversation_id ON outbox (conversation_id);
CREATE INDEX outbox_recipient ON outbox (recipient, settled_at);
CREATE INDEX outbox_settled ON outbox (settled_at);
CREATE INDEX outbox_state ON outbox (state, created_at);
-- One follow-up waits per conversation.
CREATE UNIQUE INDEX outbox_one_follow_up ON outbox (conversation_id) WHERE kind = 'follow_up' AND state = 'pending';

-- Links in mails that reopen a conversation on any device.
CREATE TABLE resume_link (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL CONSTRAINT resume_link_token_unique UNIQUE,
    conversation_id TEXT NOT NULL REFERENCES conversation (id),
    email TEXT NOT NULL,
    job_id TEXT REFERENCES outbox (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX resume_link_conversation_id ON resume_link (conversation_id);
CREATE INDEX resume_link_job_id ON resume_link (job_id);

-- What the mailbox held, each mail once (G9).
CREATE TABLE inbound_mail (
    id TEXT PRIMARY KEY,
    mailbox TEXT NOT NULL,
    uid_validity BIGINT NOT NULL,
    uid BIGINT NOT NULL,
    message_id TEXT,
    outcome TEXT NOT NULL CHECK (outcome IN ('message', 'bounce', 'ignored', 'unmatched', 'set_aside')),
    detail TEXT NOT NULL,
    conversation_id TEXT REFERENCES conversation (id),
    entry_id TEXT,
    -- The text as it came, quotations included.
    original TEXT,
    received_at BIGINT NOT NULL,
    CONSTRAINT inbound_mail_uid_unique UNIQUE (mailbox, uid_validity, uid)
);
CREATE UNIQUE INDEX inbound_mail_message_id ON inbound_mail (message_id) WHERE outcome = 'message';
CREATE INDEX inbound_mail_conversation_id ON inbound_mail (conversation_id);

-- Files that came with messages, their bytes as base64.
CREATE TABLE attachment (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversation (id),
    entry_id TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    content TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX attachment_conversation_id ON attachment (conversation_id);

-- What this installation has made for itself once: the key of its signed addresses.
CREATE TABLE secret (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
