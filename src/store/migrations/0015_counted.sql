-- New items are written in batches of thousands: what is counted and noted of them is so by a statement for all (rows.rs), not by one for each row.
DROP TRIGGER item_came;
DROP TRIGGER item_came_unasked;
