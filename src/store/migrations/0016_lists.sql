-- A row at most: the lists of feeds as they stand published.
CREATE TABLE lists (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    stamp BLOB NOT NULL                         -- of all that they say, and of where they stand
) STRICT;
