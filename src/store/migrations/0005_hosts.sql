-- What hosts want, and what was asked of them.

-- Hosts that asked to be left alone (Retry-After): until when, and when they asked. Seconds since 1970, as everywhere.
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
