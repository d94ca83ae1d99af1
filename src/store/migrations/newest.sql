-- The newest layout, whole, with which a new database begins. Older ones come to it by the numbered files beside this one, and a test holds that
-- they do (layout.rs). Times are seconds since 1970.
PRAGMA application_id = 1314018116; -- "NRSD"

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
    error         TEXT,                         -- of the last poll, if it failed
    items         INTEGER NOT NULL DEFAULT 0,   -- how many it has
    since         INTEGER,                      -- when the first of the failed polls in a row began
    kind          TEXT,                         -- of the last failure: fetch, page or own
    moved_from    TEXT,                         -- the configured page for which the next column holds
    moved         TEXT,                         -- where the page has moved for good, by redirects that say so
    validated     TEXT,                         -- the address that gave the validators; null: the one that was asked for
    tried         BLOB                          -- stamp of the rules by which it was last polled in vain
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
    slack       INTEGER,                        -- by how many days the day may be off, if it was only told from the moment of reading
    image       TEXT,                           -- the address of its image, where its row has one
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
    forgotten INTEGER NOT NULL DEFAULT 0,       -- its name and slug stay taken, but it is no category and has no feed
    items   INTEGER NOT NULL DEFAULT 0,         -- how many it has, kept by the database itself
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
    stale   INTEGER,                            -- since when it waits to be rendered
    revision INTEGER NOT NULL DEFAULT 0,        -- counts the times it was marked so
    list    INTEGER REFERENCES list (id)        -- of a pair
) STRICT, WITHOUT ROWID;
CREATE INDEX channel_stale ON channel (stale) WHERE stale IS NOT NULL;

-- One row, written to when all before must be on the disk.
CREATE TABLE flush (
    times INTEGER NOT NULL
) STRICT;

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

-- Documents of forgotten feeds, until whoever publishes has removed them from the tree.
CREATE TABLE gone (
    document TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- A row: something was deleted, and copies of it may lie in free places of the database's files.
CREATE TABLE erasure (
    asked INTEGER NOT NULL
) STRICT;

CREATE TRIGGER channel_marked AFTER UPDATE OF stale ON channel WHEN NEW.stale IS NOT NULL BEGIN
    UPDATE channel SET revision = revision + 1 WHERE address = NEW.address;
END;
CREATE TRIGGER item_went AFTER DELETE ON item BEGIN
    UPDATE source SET items = items - 1 WHERE id = OLD.source;
END;
CREATE TRIGGER item_term_came AFTER INSERT ON item_term BEGIN
    UPDATE term SET items = items + 1 WHERE id = NEW.term;
END;
CREATE TRIGGER item_term_went AFTER DELETE ON item_term BEGIN
    UPDATE term SET items = items - 1 WHERE id = OLD.term;
END;

-- Hosts that asked to be left alone (Retry-After): until when, and when they asked.
CREATE TABLE host_wait (
    host TEXT PRIMARY KEY,
    asked INTEGER NOT NULL,
    until INTEGER NOT NULL,
    status INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- robots.txt of a scheme, host and port. A text of NULL with a time in `answered`: there is none, which allows everything.
CREATE TABLE robots (
    authority TEXT PRIMARY KEY,
    text TEXT,
    answered INTEGER,
    unreachable INTEGER,
    failures INTEGER NOT NULL DEFAULT 0,
    again INTEGER,
    error TEXT
) STRICT;

-- Requests by host and day (days since 1970, UTC), added to now and then, not at each request.
CREATE TABLE host_day (
    host TEXT NOT NULL,
    day INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    robots INTEGER NOT NULL,
    success INTEGER NOT NULL,
    not_modified INTEGER NOT NULL,
    redirects INTEGER NOT NULL,
    client_errors INTEGER NOT NULL,
    server_errors INTEGER NOT NULL,
    unanswered INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    turns INTEGER NOT NULL,
    turns_ms INTEGER NOT NULL,
    waits INTEGER NOT NULL,
    waits_ms INTEGER NOT NULL,
    put_off INTEGER NOT NULL,
    least_gap_ms INTEGER,
    PRIMARY KEY (host, day)
) STRICT, WITHOUT ROWID;

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

-- A row at most: where documents are published to, and how the lists of feeds stand there.
CREATE TABLE tree (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    folder TEXT NOT NULL,                       -- empty: none
    lists  BLOB                                 -- stamp of all that they say; null: they may say something else
) STRICT;

-- How far the walk along a source's whole pager came: written with the items of each part of it.
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

-- What feeds ask of every item: those of the config's own, and the pairs of two facets of a source.
CREATE TABLE question (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,               -- the feed's address; of pairs: source/facet/facet
    stamp   BLOB NOT NULL,                      -- of what is asked
    through INTEGER,                            -- the items up to this number have been asked; null: all
    left    INTEGER NOT NULL DEFAULT 0          -- 1: some pairs have no feed, since there are too many; 2: that was told
) STRICT;

-- What a question chose for one feed.
CREATE TABLE list (
    id       INTEGER PRIMARY KEY,
    address  TEXT NOT NULL UNIQUE,              -- of the feed
    question INTEGER REFERENCES question (id),
    first    INTEGER REFERENCES term (id),      -- null: a feed that the config defines
    second   INTEGER REFERENCES term (id),
    items    INTEGER NOT NULL DEFAULT 0,        -- how many it has, kept by the database itself
    doubles  INTEGER NOT NULL DEFAULT 0,        -- how many of them are another one's story
    translations INTEGER NOT NULL DEFAULT 0     -- the same across languages
) STRICT;
CREATE INDEX list_by_question ON list (question);
CREATE UNIQUE INDEX list_by_pair ON list (first, second) WHERE first IS NOT NULL;
CREATE INDEX list_by_second ON list (second) WHERE second IS NOT NULL;

-- Newest first over all sources, as feeds are read.
CREATE TABLE list_item (
    list      INTEGER NOT NULL REFERENCES list (id),
    published INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    item      INTEGER NOT NULL REFERENCES item (id),
    PRIMARY KEY (list, published DESC, position, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX list_item_by_item ON list_item (item);

-- Items that came or changed since they were asked last.
CREATE TABLE unasked (
    item INTEGER PRIMARY KEY
) STRICT;

CREATE TRIGGER list_item_came AFTER INSERT ON list_item BEGIN
    UPDATE list SET items = items + 1 WHERE id = NEW.list;
END;
CREATE TRIGGER list_item_went AFTER DELETE ON list_item BEGIN
    UPDATE list SET items = items - 1 WHERE id = OLD.list;
END;
CREATE TRIGGER item_changed_unasked AFTER UPDATE ON item WHEN EXISTS (SELECT 1 FROM question) BEGIN
    INSERT INTO unasked VALUES (NEW.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER term_released AFTER UPDATE OF held ON term WHEN NEW.held < OLD.held BEGIN
    INSERT INTO unasked SELECT item FROM item_term WHERE term = NEW.id ON CONFLICT DO NOTHING;
END;

-- What items' own pages say, of sources that ask for it.
CREATE TABLE article (
    item     INTEGER PRIMARY KEY REFERENCES item (id) ON DELETE CASCADE,
    due      INTEGER,                        -- when it is to be asked for; null: not again
    attempts INTEGER NOT NULL DEFAULT 0,     -- since it was last wanted, the one under way among them
    rules    BLOB,                           -- stamp of the rules by which it was last asked for
    error    TEXT,                           -- why the last attempt failed, if it did
    had      TEXT                            -- what it says, as JSON; null: never read
) STRICT;
CREATE INDEX article_due ON article (due) WHERE due IS NOT NULL;

-- Which items of different sources are one story, as was found when they were first published. Never changed but for `across`.
CREATE TABLE story (
    item   INTEGER PRIMARY KEY REFERENCES item (id),
    story  INTEGER NOT NULL,                    -- the same number: one story
    across INTEGER                              -- the same for all its languages; null: not looked for yet
) STRICT;
CREATE INDEX story_by_story ON story (story, item);
CREATE INDEX story_by_across ON story (across, item) WHERE across IS NOT NULL;

-- What items are found by among those of other sources.
CREATE TABLE story_mark (
    digest  BLOB NOT NULL,
    day     INTEGER NOT NULL,                   -- of the item: as in item
    item    INTEGER NOT NULL REFERENCES item (id),
    source  INTEGER NOT NULL REFERENCES source (id),
    edition INTEGER NOT NULL,                   -- 1: among language editions
    PRIMARY KEY (digest, day, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX story_mark_by_item ON story_mark (item);

-- One row.
CREATE TABLE story_state (
    through  INTEGER NOT NULL,                  -- the story of items up to this number was looked for
    across   INTEGER NOT NULL,                  -- the same across languages
    editions BLOB                               -- stamp of what the language editions were then
) STRICT;

CREATE TRIGGER list_item_came_doubled AFTER INSERT ON list_item BEGIN
    UPDATE list SET
        doubles = doubles + EXISTS (SELECT 1 FROM story s CROSS JOIN story o INDEXED BY story_by_story ON o.story = s.story AND o.item <> s.item
            CROSS JOIN list_item p INDEXED BY list_item_by_item ON p.item = o.item AND p.list = NEW.list WHERE s.item = NEW.item),
        translations = translations + EXISTS (SELECT 1 FROM story s CROSS JOIN story o ON o.across = s.across AND o.item <> s.item
            CROSS JOIN list_item p INDEXED BY list_item_by_item ON p.item = o.item AND p.list = NEW.list WHERE s.item = NEW.item)
    WHERE id = NEW.list AND EXISTS (SELECT 1 FROM story WHERE item = NEW.item);
END;
CREATE TRIGGER list_item_went_doubled AFTER DELETE ON list_item BEGIN
    UPDATE list SET
        doubles = doubles - EXISTS (SELECT 1 FROM story s CROSS JOIN story o INDEXED BY story_by_story ON o.story = s.story AND o.item <> s.item
            CROSS JOIN list_item p INDEXED BY list_item_by_item ON p.item = o.item AND p.list = OLD.list WHERE s.item = OLD.item),
        translations = translations - EXISTS (SELECT 1 FROM story s CROSS JOIN story o ON o.across = s.across AND o.item <> s.item
            CROSS JOIN list_item p INDEXED BY list_item_by_item ON p.item = o.item AND p.list = OLD.list WHERE s.item = OLD.item)
    WHERE id = OLD.list AND EXISTS (SELECT 1 FROM story WHERE item = OLD.item);
END;
CREATE TRIGGER story_came AFTER INSERT ON story BEGIN
    UPDATE list SET doubles = doubles + 1 WHERE id IN (SELECT p.list FROM list_item p WHERE p.item = NEW.item AND EXISTS (
        SELECT 1 FROM story o INDEXED BY story_by_story CROSS JOIN list_item q INDEXED BY list_item_by_item ON q.item = o.item AND q.list = p.list
        WHERE o.story = NEW.story AND o.item <> NEW.item));
END;
CREATE TRIGGER story_across AFTER UPDATE OF across ON story WHEN NEW.across IS NOT OLD.across BEGIN
    UPDATE list SET translations = translations - 1 WHERE id IN (SELECT p.list FROM list_item p WHERE p.item = NEW.item AND EXISTS (
        SELECT 1 FROM story o CROSS JOIN list_item q INDEXED BY list_item_by_item ON q.item = o.item AND q.list = p.list
        WHERE o.across = OLD.across AND o.item <> NEW.item));
    UPDATE list SET translations = translations + 1 WHERE id IN (SELECT p.list FROM list_item p WHERE p.item = NEW.item AND EXISTS (
        SELECT 1 FROM story o CROSS JOIN list_item q INDEXED BY list_item_by_item ON q.item = o.item AND q.list = p.list
        WHERE o.across = NEW.across AND o.item <> NEW.item));
END;
CREATE TRIGGER item_goes_unlisted BEFORE DELETE ON item BEGIN
    DELETE FROM list_item WHERE item = OLD.id;
    DELETE FROM unasked WHERE item = OLD.id;
    DELETE FROM story_mark WHERE item = OLD.id;
    DELETE FROM story WHERE item = OLD.id;
END;
CREATE TRIGGER item_number_went AFTER DELETE ON item BEGIN
    UPDATE story_state SET through = min(through, (SELECT coalesce(max(id), 0) FROM item)), across = min(across, (SELECT coalesce(max(id), 0) FROM item))
        WHERE through > (SELECT coalesce(max(id), 0) FROM item);
END;

INSERT INTO flush VALUES (0);
INSERT INTO status VALUES (unixepoch(), 0, NULL, NULL);
INSERT INTO story_state VALUES (0, 0, NULL);
