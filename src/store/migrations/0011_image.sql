-- The address of an item's image, where its row has one.
ALTER TABLE item ADD COLUMN image TEXT;
