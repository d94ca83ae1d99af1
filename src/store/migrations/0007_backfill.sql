-- How far the walk along a source's whole pager came: written with the items of each part of it, so that a process that dies repeats a part at most.
CREATE TABLE backfill (
    source   INTEGER PRIMARY KEY REFERENCES source (id),
    page     TEXT NOT NULL,                     -- the config's page at which it began
    rules    BLOB NOT NULL,                     -- stamp of the rules by which it reads
    next     TEXT,                              -- the page where it goes on; null: it came to the pager's end
    pages    INTEGER NOT NULL,                  -- pages read: the number of that page, from 0
    looks    INTEGER NOT NULL,                  -- the same with those that were looked at again: what is read later has a greater number
    before   TEXT,                              -- JSON: the page before that one, as it was last seen
    repeated INTEGER NOT NULL,                  -- pages in a row that showed nothing but rows read before
    since    INTEGER,                           -- all rows of the page before are older than this day (days since 1970-01-01)
    oldest   INTEGER,                           -- the oldest day seen
    rows     INTEGER NOT NULL,
    new      INTEGER NOT NULL,
    edited   INTEGER NOT NULL,
    touched  INTEGER NOT NULL,
    known    INTEGER NOT NULL,
    started  INTEGER NOT NULL,
    stored   INTEGER NOT NULL,                  -- when this was written
    finished INTEGER                            -- when it came to the pager's end
) STRICT;

-- The rows that it has read, until it is finished: one that comes again is no edit, and a link that comes with another story is no identity.
CREATE TABLE backfill_row (
    source INTEGER NOT NULL REFERENCES source (id),
    link   BLOB NOT NULL,                       -- empty: a row without one
    origin BLOB NOT NULL,
    PRIMARY KEY (source, link, origin)
) STRICT, WITHOUT ROWID;
