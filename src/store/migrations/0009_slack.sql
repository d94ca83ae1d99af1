-- By how many days the day of an item may be off whose date was only told from the moment of reading ("2 days ago"); null: it was stated.
ALTER TABLE item ADD COLUMN slack INTEGER;
