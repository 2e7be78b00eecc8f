-- What people say beside the messages: annotations, missed troubles, false alarms. `at` is the moment
-- it is about, `subject` the watch or incident, `data` all of it as JSON.
CREATE TABLE act (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, data TEXT NOT NULL
) STRICT;
CREATE INDEX act_kind ON act (kind, at);
