-- A row at most: where documents are published to, and how the lists of feeds stand there.
CREATE TABLE tree (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    folder TEXT NOT NULL,                       -- empty: none
    lists  BLOB                                 -- stamp of all that they say; null: they may say something else
) STRICT;
