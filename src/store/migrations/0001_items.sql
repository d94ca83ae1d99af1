-- Tells our databases from other programs' ("NRSD").
PRAGMA application_id = 1314018116;

CREATE TABLE source (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    rules         BLOB,                         -- stamp of the rules by which it was last read
    etag          TEXT,                         -- validators of page 1, verbatim; only of a complete walk
    last_modified TEXT,
    complete      INTEGER NOT NULL DEFAULT 0,   -- the last walk was complete
    walked        INTEGER NOT NULL DEFAULT 0,   -- some walk was complete: from then on what is new is news
    polled        INTEGER,                      -- when the last poll began (unix seconds, as all times here)
    due           INTEGER,                      -- when the next one is to begin
    failures      INTEGER NOT NULL DEFAULT 0,   -- failed polls in a row
    error         TEXT                          -- of the last poll, if it failed
) STRICT;

CREATE TABLE item (
    id          INTEGER PRIMARY KEY,            -- grows in order of first sight
    source      INTEGER NOT NULL REFERENCES source (id),
    origin      BLOB NOT NULL,                  -- source, folded title and day at first sight: the guid, with the counter
    counter     INTEGER NOT NULL,
    key         BLOB NOT NULL,                  -- present key
    title_key   BLOB NOT NULL,
    version     BLOB NOT NULL,                  -- stamp of title, date, summary
    previous    BLOB,                           -- the same before the last change
    day         INTEGER NOT NULL,               -- days since 1970-01-01 in the source's zone, as the page states it
    position    INTEGER NOT NULL,               -- order within the day
    title       TEXT NOT NULL,
    link        TEXT,
    link_id     BLOB,
    related     TEXT NOT NULL,                  -- JSON list of further links
    summary     TEXT,
    published   INTEGER NOT NULL,
    zone        INTEGER NOT NULL,               -- offset in which published is written, seconds east of UTC
    updated     INTEGER NOT NULL,
    first_seen  INTEGER NOT NULL,
    regular     INTEGER NOT NULL,               -- first seen by a regular poll: not by a source's first walk, not by a backfill
    terms       TEXT NOT NULL,                  -- JSON list of term ids, united over its sightings, after renaming
    UNIQUE (origin, counter)
) STRICT;

CREATE INDEX item_by_key ON item (key);
CREATE INDEX item_by_day ON item (source, day, position);
CREATE INDEX item_newest ON item (source, published DESC, position, id);
CREATE INDEX item_fresh ON item (source, first_seen) WHERE regular = 1;

CREATE TABLE sighting (
    id      INTEGER PRIMARY KEY,
    item    INTEGER NOT NULL REFERENCES item (id),
    link_id BLOB,
    link    TEXT,
    key     BLOB NOT NULL,
    exact   BLOB NOT NULL,                      -- stamp of all that the row said when last read
    rules   BLOB NOT NULL,                      -- stamp of the rules by which it was read
    terms   TEXT NOT NULL                       -- JSON list of term ids as named there
) STRICT;

CREATE INDEX sighting_by_link ON sighting (link_id);
CREATE INDEX sighting_by_item ON sighting (item);

-- Links seen with two stories at a time.
CREATE TABLE shared_link (
    link_id BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE term (
    id      INTEGER PRIMARY KEY,
    source  INTEGER NOT NULL REFERENCES source (id),
    facet   TEXT NOT NULL,
    folded  TEXT NOT NULL,
    name    TEXT NOT NULL,                      -- as first spelt
    slug    TEXT NOT NULL,                      -- fixed when first seen, never reused
    target  INTEGER REFERENCES term (id),       -- the term that it was renamed to
    held    INTEGER NOT NULL DEFAULT 0,         -- one of too many: has no feed until the operator allows it
    UNIQUE (source, facet, folded),
    UNIQUE (source, facet, slug)
) STRICT;

-- Which items hold a term, newest first: a copy of item.terms that feeds are read from.
CREATE TABLE item_term (
    term      INTEGER NOT NULL REFERENCES term (id),
    published INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    item      INTEGER NOT NULL REFERENCES item (id),
    PRIMARY KEY (term, published DESC, position, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE channel (
    address TEXT PRIMARY KEY,
    source  INTEGER REFERENCES source (id),     -- null: a feed that the config defines
    term    INTEGER REFERENCES term (id),       -- null: all of the source
    items   INTEGER NOT NULL DEFAULT 0,         -- how many are stored for it
    shown   INTEGER NOT NULL DEFAULT 0,         -- how many its document holds
    changed INTEGER,                            -- when what it holds last changed
    content BLOB,                               -- stamp of what it held then
    config  BLOB,                               -- stamp of the settings by which it was rendered
    stale   INTEGER                             -- since when it waits to be rendered
) STRICT, WITHOUT ROWID;

CREATE INDEX channel_stale ON channel (stale) WHERE stale IS NOT NULL;

-- One row, written to when all before must be on the disk.
CREATE TABLE flush (
    times INTEGER NOT NULL
) STRICT;

INSERT INTO flush VALUES (0);
