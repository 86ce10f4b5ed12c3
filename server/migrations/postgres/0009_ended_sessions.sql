-- How a visitor came by a session: they began there, claimed a resume link, or their identity opened it on another device.
ALTER TABLE visitor_session ADD COLUMN opened_by TEXT NOT NULL DEFAULT 'visitor'
    CHECK (opened_by IN ('visitor', 'link', 'identity'));
UPDATE visitor_session SET opened_by = 'link' WHERE resume_link_id IS NOT NULL;
UPDATE visitor_session SET opened_by = 'identity' WHERE resume_link_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM visitor WHERE visitor.session_hash = visitor_session.session_hash);

-- The number, in the counter 'ended_sessions', of the last time that sessions of this visitor were ended: every server finds by
-- it whose connections it has to look at.
ALTER TABLE visitor ADD COLUMN sessions_ended BIGINT NOT NULL DEFAULT 0;
CREATE INDEX visitor_sessions_ended ON visitor (sessions_ended) WHERE sessions_ended > 0;
