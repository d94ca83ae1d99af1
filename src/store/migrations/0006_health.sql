-- How sources fare. `failures` and `error` stand there already; a source is fine, suspect or failing by their number.
ALTER TABLE source ADD COLUMN since INTEGER;    -- when the first of the failed polls in a row began
ALTER TABLE source ADD COLUMN kind TEXT;        -- of the last failure: fetch, page or own

UPDATE source SET since = polled, kind = 'fetch' WHERE failures > 0;

-- What a source's good pages were like. Not in its row, which every poll writes.
CREATE TABLE past (
    source INTEGER PRIMARY KEY REFERENCES source (id),
    pages  TEXT NOT NULL                        -- JSON, numbers only
) STRICT;

CREATE TABLE incident (
    id      INTEGER PRIMARY KEY,
    source  TEXT NOT NULL,                      -- its name
    kind    TEXT NOT NULL,
    reasons TEXT NOT NULL,                      -- JSON list of sentences of our own
    since   INTEGER NOT NULL,
    opened  INTEGER NOT NULL,
    closed  INTEGER
) STRICT;

CREATE INDEX incident_open ON incident (source) WHERE closed IS NULL;

-- What a webhook is still to be told.
CREATE TABLE delivery (
    id       INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL REFERENCES incident (id),
    event    TEXT NOT NULL,
    at       INTEGER NOT NULL,                  -- when it happened
    tries    INTEGER NOT NULL DEFAULT 0,
    due      INTEGER NOT NULL
) STRICT;

-- One row: the feed of incidents.
CREATE TABLE status (
    changed   INTEGER NOT NULL,                 -- when what it holds last changed
    revision  INTEGER NOT NULL,                 -- counts the changes
    published INTEGER,                          -- the revision that stands published
    config    BLOB                              -- stamp of the settings by which it was rendered
) STRICT;

INSERT INTO status VALUES (unixepoch(), 0, NULL, NULL);
