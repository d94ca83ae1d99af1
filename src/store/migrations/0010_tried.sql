-- Stamp of the rules by which a source was last polled in vain: other rules need not wait for what failed by these.
ALTER TABLE source ADD COLUMN tried BLOB;
