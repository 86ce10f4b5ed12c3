-- Where a site's snippet was seen: one row for each origin that its pages were served from, and none about a visitor.
CREATE TABLE sighting (
    site_key TEXT NOT NULL REFERENCES site (key),
    origin TEXT NOT NULL,
    -- The page that asked last, without what stands behind `?` and `#`, where its site lets us know.
    page TEXT,
    first_at BIGINT NOT NULL,
    -- When each was asked for last: the loader, a pinned one, its second half, the panel's frame, its connection over a
    -- WebSocket and over HTTP; and anything of these that was refused, because the origin was not one of the site's.
    loader_at BIGINT,
    pinned_at BIGINT,
    half_at BIGINT,
    frame_at BIGINT,
    socket_at BIGINT,
    channel_at BIGINT,
    refused_at BIGINT,
    PRIMARY KEY (site_key, origin)
);
