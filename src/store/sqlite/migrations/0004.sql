-- Ratings by event time: stars, survey answers, recommendations. They move as the counters do.
CREATE TABLE rated (
    quarter INTEGER NOT NULL, scope INTEGER NOT NULL, source INTEGER NOT NULL,
    scale INTEGER NOT NULL,         -- best value: 5 stars, 10 of a recommendation, 1 for good or bad
    late INTEGER NOT NULL,          -- 1: came as history
    n INTEGER NOT NULL, sum INTEGER NOT NULL, square INTEGER NOT NULL,  -- hundredths, ten-thousandths
    low INTEGER NOT NULL, top INTEGER NOT NULL,
    PRIMARY KEY (quarter, scope, source, scale, late)
) STRICT, WITHOUT ROWID;

-- What is stored already is counted once: the rating of the earliest message of each voice.
INSERT INTO rated (quarter, scope, source, scale, late, n, sum, square, low, top)
SELECT quarter, label.scope, source, scale, late, count(*), sum(points), sum(points * points),
    sum(points < CASE scale WHEN 1 THEN 100 WHEN 10 THEN 650 ELSE 150 END),
    sum(points >= CASE scale WHEN 1 THEN 100 WHEN 10 THEN 850 ELSE 100 * scale - 150 END)
FROM (
    SELECT id, source, late, (at - ((at % 900000) + 900000) % 900000) / 900000 AS quarter, CAST(rating_max AS INTEGER) AS scale,
        CAST(round(rating * 100) AS INTEGER) AS points, rating, rating_max,
        row_number() OVER (PARTITION BY voice ORDER BY (at - ((at % 900000) + 900000) % 900000), id) AS place
    FROM item WHERE deleted_at IS NULL
) AS first
JOIN (SELECT item, scope FROM item_label UNION ALL SELECT id, 1 FROM item) AS label ON label.item = first.id
WHERE place = 1 AND rating_max IN (1, 4, 5, 6, 7, 10) AND rating >= 0 AND rating <= rating_max
GROUP BY 1, 2, 3, 4, 5;
