-- Counts the times a channel was marked as stale: two marks of one second differ by it, so that a publishing under way clears only its own.
ALTER TABLE channel ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER channel_marked AFTER UPDATE OF stale ON channel WHEN NEW.stale IS NOT NULL BEGIN
    UPDATE channel SET revision = revision + 1 WHERE address = NEW.address;
END;
