-- What agents are shown of a mail that came in: kept here, since the mailbox may be emptied.
ALTER TABLE inbound_mail ADD COLUMN subject TEXT;
-- The address in From. It identifies nobody.
ALTER TABLE inbound_mail ADD COLUMN from_address TEXT;
-- When the mail says it was written.
ALTER TABLE inbound_mail ADD COLUMN sent_at BIGINT;
-- What SPF, DKIM and DMARC said of the sender, as JSON; NULL where nobody asked.
ALTER TABLE inbound_mail ADD COLUMN verdict TEXT;
-- A mail is known again by its Message-ID, whatever became of it the first time.
CREATE INDEX inbound_mail_any_message_id ON inbound_mail (message_id);
CREATE INDEX inbound_mail_listed ON inbound_mail (outcome, received_at DESC, id DESC);
