-- Notices that are folded into others, held back, shortened or sent elsewhere; whether targets take
-- anything; silences; and how far messages were told one by one.
ALTER TABLE outbox ADD COLUMN short INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN folded_into TEXT;    -- state 'folded': id of the row that carries it
ALTER TABLE outbox ADD COLUMN superseded_by TEXT;
ALTER TABLE outbox ADD COLUMN held_by TEXT;        -- state 'suppressed': number of the silence
ALTER TABLE outbox ADD COLUMN copy_of TEXT;        -- sent to another target because that of this row takes nothing
ALTER TABLE outbox ADD COLUMN told_dead INTEGER;   -- when somebody else was told that it is dead
CREATE INDEX outbox_told ON outbox (target, recipient, delivered_at) WHERE state = 'delivered';
CREATE INDEX outbox_state ON outbox (state, target, event, created_at, last_error);

CREATE TABLE target (
    name TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    open_since INTEGER,
    probe_at INTEGER,
    probes INTEGER NOT NULL,
    hold_until INTEGER,
    why TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE silence (
    id INTEGER PRIMARY KEY,
    matcher TEXT NOT NULL,
    from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    who TEXT NOT NULL,
    comment TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    ended_at INTEGER,
    ended_by TEXT
) STRICT;

CREATE TABLE each_mark (
    watch TEXT PRIMARY KEY,
    item INTEGER NOT NULL,          -- messages up to this one were looked at
    window_from INTEGER NOT NULL,
    told INTEGER NOT NULL,
    more INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
