-- Times are milliseconds since 1970 in UTC, quarters are numbers of quarter hours since 1970.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Names become small numbers once; they are never reused.
CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE theme (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE scope (id INTEGER PRIMARY KEY, key TEXT NOT NULL, value TEXT NOT NULL, UNIQUE (key, value)) STRICT;
INSERT INTO scope (id, key, value) VALUES (1, '', '');

-- One polled thing: a source's shard.
CREATE TABLE stream (
    source INTEGER NOT NULL REFERENCES source, shard TEXT NOT NULL,
    cursor TEXT, walk TEXT, validators TEXT, due INTEGER,
    history_done INTEGER NOT NULL DEFAULT 0, complete_to INTEGER, last_new INTEGER,
    errors INTEGER NOT NULL DEFAULT 0, error TEXT,
    PRIMARY KEY (source, shard)
) STRICT, WITHOUT ROWID;

CREATE TABLE item (
    id INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES source, external_id TEXT NOT NULL,
    rev INTEGER NOT NULL, hash INTEGER NOT NULL,
    published INTEGER, updated INTEGER, first_seen INTEGER NOT NULL,
    at INTEGER NOT NULL,            -- event time: set once, never later than first_seen
    late INTEGER NOT NULL,          -- history: counts, but can't alert
    author_hash TEXT, voice INTEGER NOT NULL, voice_key INTEGER,
    url TEXT, lang TEXT, rating REAL, rating_max REAL, fields TEXT NOT NULL,
    deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX item_key ON item (source, external_id);
CREATE INDEX item_at ON item (at);
CREATE INDEX item_voice_key ON item (voice_key) WHERE voice_key IS NOT NULL;
CREATE INDEX item_voice ON item (voice) WHERE voice <> id;

-- What an edit replaced.
CREATE TABLE revision (
    item INTEGER NOT NULL REFERENCES item, rev INTEGER NOT NULL, seen_at INTEGER NOT NULL, hash INTEGER NOT NULL, themes TEXT NOT NULL,
    PRIMARY KEY (item, rev)
) STRICT, WITHOUT ROWID;

-- Pruned first; the item, its tags and its counts stay.
CREATE TABLE text (item INTEGER PRIMARY KEY REFERENCES item, title TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE VIRTUAL TABLE search USING fts5 (title, body, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2');

CREATE TABLE item_label (item INTEGER NOT NULL REFERENCES item, scope INTEGER NOT NULL REFERENCES scope, PRIMARY KEY (item, scope))
    STRICT, WITHOUT ROWID;
CREATE TABLE tag (
    item INTEGER NOT NULL REFERENCES item, theme INTEGER NOT NULL REFERENCES theme, rule TEXT NOT NULL, spans TEXT NOT NULL,
    PRIMARY KEY (item, theme)
) STRICT, WITHOUT ROWID;

-- Counters by event time. They move only in the transaction that stores the item.
CREATE TABLE volume (
    quarter INTEGER NOT NULL, scope INTEGER NOT NULL, source INTEGER NOT NULL, voices INTEGER NOT NULL, late INTEGER NOT NULL,
    PRIMARY KEY (quarter, scope, source)
) STRICT, WITHOUT ROWID;
CREATE TABLE hits (
    quarter INTEGER NOT NULL, theme INTEGER NOT NULL, scope INTEGER NOT NULL, source INTEGER NOT NULL, voices INTEGER NOT NULL,
    late INTEGER NOT NULL,
    PRIMARY KEY (quarter, theme, scope, source)
) STRICT, WITHOUT ROWID;

-- What the detector learnt of a series up to a moment; several moments, so that a change in an
-- old quarter is replayed from the one before it.
CREATE TABLE state (series TEXT NOT NULL, as_of INTEGER NOT NULL, blob TEXT NOT NULL, PRIMARY KEY (series, as_of)) STRICT, WITHOUT ROWID;
-- Which quarters changed since the last look, by source.
CREATE TABLE touched (
    source INTEGER PRIMARY KEY REFERENCES source, from_quarter INTEGER NOT NULL, judge_from INTEGER, version INTEGER NOT NULL
) STRICT;

CREATE TABLE incident (
    id TEXT PRIMARY KEY, series TEXT NOT NULL, watch TEXT NOT NULL, theme TEXT NOT NULL, segment TEXT NOT NULL,
    state TEXT NOT NULL, version INTEGER NOT NULL, opened_at INTEGER NOT NULL, data TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- At most one incident of a series is not over.
CREATE UNIQUE INDEX incident_standing ON incident (series) WHERE state NOT IN ('closed');
CREATE INDEX incident_opened ON incident (opened_at);
CREATE TABLE incident_event (
    id INTEGER PRIMARY KEY, incident TEXT NOT NULL REFERENCES incident, at INTEGER NOT NULL, data TEXT NOT NULL
) STRICT;
CREATE INDEX incident_event_of ON incident_event (incident, id);

CREATE TABLE outbox (
    id TEXT PRIMARY KEY, incident TEXT NOT NULL, event TEXT NOT NULL, revision INTEGER NOT NULL,
    target TEXT NOT NULL, recipient TEXT NOT NULL, facts TEXT NOT NULL,
    state TEXT NOT NULL,            -- queued, leased, delivered, superseded, dead
    due INTEGER NOT NULL, lease_until INTEGER, lease_boot TEXT, attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT, receipt TEXT, created_at INTEGER NOT NULL, delivered_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (due) WHERE state IN ('queued', 'leased');
CREATE INDEX outbox_thread ON outbox (incident, target, recipient, revision);
