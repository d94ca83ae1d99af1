-- How many items a source and a term have, kept by the database itself: counting them at each publishing takes the longer the more there are.
ALTER TABLE source ADD COLUMN items INTEGER NOT NULL DEFAULT 0;
ALTER TABLE term ADD COLUMN items INTEGER NOT NULL DEFAULT 0;

UPDATE source SET items = (SELECT count(*) FROM item WHERE item.source = source.id);
UPDATE term SET items = (SELECT count(*) FROM item_term WHERE item_term.term = term.id);

CREATE TRIGGER item_came AFTER INSERT ON item BEGIN
    UPDATE source SET items = items + 1 WHERE id = NEW.source;
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
