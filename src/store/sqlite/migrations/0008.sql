-- What is pushed to us: deliveries that were taken, so that one that comes again stores nothing, and the
-- vendor's time of the newest event of each message, so that an older one that comes late changes nothing.
CREATE TABLE delivery (
    source INTEGER NOT NULL REFERENCES source (id),
    id TEXT NOT NULL,
    taken_at INTEGER NOT NULL,
    PRIMARY KEY (source, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_taken ON delivery (taken_at);

CREATE TABLE event (
    source INTEGER NOT NULL REFERENCES source (id),
    external_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    taken_at INTEGER NOT NULL,
    PRIMARY KEY (source, external_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_taken ON event (taken_at);
