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

INSERT INTO story_state VALUES (0, 0, NULL);

-- How many of a list's items are another one's story, kept by the database itself.
ALTER TABLE list ADD COLUMN doubles INTEGER NOT NULL DEFAULT 0;
ALTER TABLE list ADD COLUMN translations INTEGER NOT NULL DEFAULT 0; -- the same across languages

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

-- A story's rows are there as long as the lists still need them.
DROP TRIGGER item_goes_unlisted;
CREATE TRIGGER item_goes_unlisted BEFORE DELETE ON item BEGIN
    DELETE FROM list_item WHERE item = OLD.id;
    DELETE FROM unasked WHERE item = OLD.id;
    DELETE FROM story_mark WHERE item = OLD.id;
    DELETE FROM story WHERE item = OLD.id;
END;
-- The next item may get the number.
CREATE TRIGGER item_number_went AFTER DELETE ON item BEGIN
    UPDATE story_state SET through = min(through, (SELECT coalesce(max(id), 0) FROM item)), across = min(across, (SELECT coalesce(max(id), 0) FROM item))
        WHERE through > (SELECT coalesce(max(id), 0) FROM item);
END;
