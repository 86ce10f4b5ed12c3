-- Loaders that pages pin by their hash (SRI): each stays as it was published, for ever.
CREATE TABLE published_loader (
    site_key TEXT NOT NULL REFERENCES site (key),
    -- SHA-384 of the script as 64 characters of base64url: the file's name, and in the other alphabet its integrity.
    sha384 TEXT NOT NULL,
    script TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (site_key, sha384)
);
