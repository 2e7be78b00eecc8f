-- What people say about the themes of messages. It measures the rules; tags and counters do not move.
-- One review of an item by each person, by its newest word.
CREATE TABLE review (
    id INTEGER PRIMARY KEY,
    item INTEGER NOT NULL REFERENCES item, who TEXT NOT NULL, at INTEGER NOT NULL,
    drawn TEXT NOT NULL,            -- random, unsure, import
    among TEXT NOT NULL,            -- what it was drawn from: '' all messages, 'sources', 'theme NAME'
    content INTEGER NOT NULL        -- item.hash of what was looked at
) STRICT;
CREATE UNIQUE INDEX review_key ON review (item, who);
-- Every theme that was asked about.
CREATE TABLE verdict (
    review INTEGER NOT NULL REFERENCES review, theme INTEGER NOT NULL REFERENCES theme,
    verdict TEXT NOT NULL,          -- right, wrong, missing, absent
    rule TEXT,                      -- that gave the theme then: with right and wrong
    PRIMARY KEY (review, theme)
) STRICT, WITHOUT ROWID;
