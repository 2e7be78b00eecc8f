-- By which words and authors the copies of a message are found. Only the first message of a voice
-- stands here, and only for some weeks: old periods are removed.
CREATE TABLE alike (
    period INTEGER NOT NULL,        -- eight weeks each, by event time
    key INTEGER NOT NULL, hour INTEGER NOT NULL, item INTEGER NOT NULL,
    PRIMARY KEY (period, key, hour, item)
) STRICT, WITHOUT ROWID;

-- How late the messages of a stream come: a faded histogram, as JSON.
CREATE TABLE delay (source INTEGER NOT NULL, shard TEXT NOT NULL, histogram TEXT NOT NULL, PRIMARY KEY (source, shard)) STRICT, WITHOUT ROWID;
