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
