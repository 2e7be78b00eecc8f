-- The id by its content under which a message was stored before its own was filled in: who reads it
-- again without its own knows it by this one.
ALTER TABLE item ADD COLUMN formerly TEXT;
CREATE INDEX item_formerly ON item (source, formerly) WHERE formerly IS NOT NULL;
