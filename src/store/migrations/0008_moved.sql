-- Where a source's page has moved for good, by redirects that say so, and the configured page for which that holds.
ALTER TABLE source ADD COLUMN moved_from TEXT;
ALTER TABLE source ADD COLUMN moved TEXT;
-- The address that gave the validators; null: the one that was asked for.
ALTER TABLE source ADD COLUMN validated TEXT;
