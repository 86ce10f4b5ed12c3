-- The secret with which the site's own server signs who its person is (HMAC, so it cannot be kept as a hash); NULL until asked for.
ALTER TABLE site ADD COLUMN identity_secret TEXT;

-- Whom a page has proven the visitor to be: the site's own id of the person. Never taken back, never another's.
ALTER TABLE visitor ADD COLUMN identified_as TEXT;
ALTER TABLE visitor ADD COLUMN identified_at BIGINT;
CREATE INDEX visitor_identified ON visitor (site_key, identified_as);

-- The one contact of each person that a site has named. One that was merged since leads to the contact it was merged into.
CREATE TABLE contact_identity (
    site_key TEXT NOT NULL REFERENCES site (key),
    subject TEXT NOT NULL,
    contact_id TEXT NOT NULL REFERENCES contact (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (site_key, subject)
);
CREATE INDEX contact_identity_contact_id ON contact_identity (contact_id);

-- What the page says of a visitor, unproven; attributes and pages as JSON, bounded by what is taken.
CREATE TABLE visitor_said (
    visitor_id TEXT PRIMARY KEY REFERENCES visitor (id),
    client_id TEXT,
    country TEXT,
    attributes TEXT NOT NULL,
    pages TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
