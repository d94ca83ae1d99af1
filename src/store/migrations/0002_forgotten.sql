-- What `newsroomd forget` leaves of an item: its guid, which no other item is to have, and digests by which its rows are known again. No text.
CREATE TABLE forgotten (
    id      INTEGER PRIMARY KEY,
    origin  BLOB NOT NULL,                      -- the guid, with the counter: as in item
    counter INTEGER NOT NULL,
    at      INTEGER NOT NULL,                   -- when it was forgotten
    UNIQUE (origin, counter)
) STRICT;

-- What rows of it looked like, before and since.
CREATE TABLE trace (
    forgotten INTEGER NOT NULL REFERENCES forgotten (id),
    key       BLOB NOT NULL,
    title_key BLOB NOT NULL,
    day       INTEGER NOT NULL,
    link_id   BLOB
) STRICT;

CREATE INDEX trace_by_key ON trace (key);
CREATE INDEX trace_by_link ON trace (link_id) WHERE link_id IS NOT NULL;

-- Its name and slug stay taken, but it is no category and has no feed.
ALTER TABLE term ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;

-- Documents of forgotten feeds, until whoever publishes has removed them from the tree.
CREATE TABLE gone (
    document TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- A row: something was deleted, and copies of it may lie in free places of the database's files.
CREATE TABLE erasure (
    asked INTEGER NOT NULL
) STRICT;
