-- What feeds ask of every item: those of the config's own, and the pairs of two facets of a source.
CREATE TABLE question (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,               -- the feed's address; of pairs: source/facet/facet
    stamp   BLOB NOT NULL,                      -- of what is asked
    through INTEGER,                            -- the items up to this number have been asked; null: all
    left    INTEGER NOT NULL DEFAULT 0          -- 1: some pairs have no feed, since there are too many; 2: that was told
) STRICT;

-- What a question chose for one feed. A pair's stays when it is no longer asked for, without items: its address is never given to another.
CREATE TABLE list (
    id       INTEGER PRIMARY KEY,
    address  TEXT NOT NULL UNIQUE,              -- of the feed
    question INTEGER REFERENCES question (id),
    first    INTEGER REFERENCES term (id),      -- null: a feed that the config defines
    second   INTEGER REFERENCES term (id),
    items    INTEGER NOT NULL DEFAULT 0         -- how many it has, kept by the database itself
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

ALTER TABLE channel ADD COLUMN list INTEGER REFERENCES list (id); -- of a pair

CREATE TRIGGER list_item_came AFTER INSERT ON list_item BEGIN
    UPDATE list SET items = items + 1 WHERE id = NEW.list;
END;
CREATE TRIGGER list_item_went AFTER DELETE ON list_item BEGIN
    UPDATE list SET items = items - 1 WHERE id = OLD.list;
END;

CREATE TRIGGER item_came_unasked AFTER INSERT ON item WHEN EXISTS (SELECT 1 FROM question) BEGIN
    INSERT INTO unasked VALUES (NEW.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER item_changed_unasked AFTER UPDATE ON item WHEN EXISTS (SELECT 1 FROM question) BEGIN
    INSERT INTO unasked VALUES (NEW.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER item_goes_unlisted BEFORE DELETE ON item BEGIN
    DELETE FROM list_item WHERE item = OLD.id;
    DELETE FROM unasked WHERE item = OLD.id;
END;
-- Pairs of a term that has no feed have none.
CREATE TRIGGER term_released AFTER UPDATE OF held ON term WHEN NEW.held < OLD.held BEGIN
    INSERT INTO unasked SELECT item FROM item_term WHERE term = NEW.id ON CONFLICT DO NOTHING;
END;
