-- What the limits of mail count by, so that a look costs what it finds and not what was ever sent.
ALTER TABLE outbox ADD COLUMN recipient_domain TEXT;
ALTER TABLE outbox ADD COLUMN site_key TEXT REFERENCES site (key);
-- Since when a limit holds the mail back; NULL where none does.
ALTER TABLE outbox ADD COLUMN limited_at BIGINT;
-- The last entry that the mail could carry: what came up to there is not the reason for another one.
ALTER TABLE outbox ADD COLUMN upto BIGINT;
-- What stands behind the last @: the rest is taken away up to a character that is none.
UPDATE outbox SET recipient_domain =
    SUBSTR(recipient, LENGTH(RTRIM(recipient, REPLACE(recipient, '@', ''))) + 1)
WHERE recipient LIKE '%@%';
UPDATE outbox SET site_key =
    (SELECT conversation.site_key FROM conversation WHERE conversation.id = outbox.conversation_id);
UPDATE outbox SET upto =
    (SELECT MAX(entry.seq) FROM entry WHERE entry.conversation_id = outbox.conversation_id AND entry.at <= outbox.settled_at)
WHERE state = 'sent' AND kind IN ('follow_up', 'invite', 'tell');
CREATE INDEX outbox_recipient_domain ON outbox (recipient_domain, settled_at);
CREATE INDEX outbox_site_key ON outbox (site_key, settled_at);
