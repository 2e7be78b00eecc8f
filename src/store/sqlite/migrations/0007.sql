-- What people want of a source, and what is remembered of it from poll to poll.
ALTER TABLE stream ADD COLUMN paused INTEGER;
ALTER TABLE stream ADD COLUMN asked INTEGER;
ALTER TABLE stream ADD COLUMN standing TEXT;
CREATE INDEX stream_asked ON stream (asked) WHERE asked IS NOT NULL;
CREATE INDEX stream_paused ON stream (paused) WHERE paused IS NOT NULL;
