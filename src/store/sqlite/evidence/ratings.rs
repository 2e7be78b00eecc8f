//! What stands behind a measure that fell: the bad ratings, what those wrote who gave them, and
//! where they come from.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::params;

use crate::domain::measure::Measure;
use crate::domain::ports::Ask;
use crate::domain::ports::Evidence;
use crate::domain::ports::StoreError;
use crate::store::sqlite::evidence::Cells;
use crate::store::sqlite::evidence::QUARTERS;
use crate::store::sqlite::evidence::Search;
use crate::store::sqlite::evidence::TEXT;
use crate::store::sqlite::evidence::complaint;
use crate::store::sqlite::evidence::tally;
use crate::store::sqlite::names::WHOLE;
use crate::store::sqlite::values::millis;
use crate::store::sqlite::values::moment;

/// Looks everything up. Words are not compared: people say anything beside one star.
pub(super) fn gather(connection: &Connection, ask: &Ask, measure: Measure) -> Result<Evidence, StoreError> {
    let Some(search) = Search::of(connection, ask)? else { return Ok(Evidence::default()) };
    let bad = bad(measure);
    let items = |columns: &str, rest: &str| {
        format!(
            "SELECT {columns} FROM item INDEXED BY item_at {TEXT}
             WHERE at >= ?2 AND at < ?3 AND item.source IN (SELECT value FROM json_each(?1)) AND voice = item.id AND deleted_at IS NULL
               AND {bad}
               AND (?4 = {WHOLE} OR EXISTS (SELECT 1 FROM item_label AS has WHERE has.item = item.id AND has.scope = ?4))
             {rest}"
        )
    };
    let mut find = connection.prepare(&items(
        "item.id, coalesce(title, ''), coalesce(body, ''), source.name, item.url, item.rating, item.rating_max, item.fields, at, '[]',
         (SELECT json_group_object(scope.key, scope.value) FROM item_label JOIN scope ON scope.id = item_label.scope
          WHERE item_label.item = item.id), item.lang, item.author_hash",
        &format!("ORDER BY at DESC LIMIT {}", ask.limit),
    ))?;
    let complaints =
        find.query_map(params![search.sources, millis(ask.from), millis(ask.until), search.scope], complaint)?.collect::<Result<_, _>>()?;
    let mut find = connection.prepare(&items("at", "ORDER BY at"))?;
    let day = ask.until - chrono::TimeDelta::hours(24);
    let recent = find.query_map(params![search.sources, millis(day), millis(ask.until), search.scope], |row| Ok(moment(row.get(0)?)))?;
    let recent = recent.collect::<Result<_, _>>()?;
    let cells = cells(&search, measure)?;
    // What the series itself brought within the window.
    let own = cells.iter().filter(|(cell, _)| cell.0 == search.scope).map(|(_, times)| times[1].complaints);
    let voices = own.sum::<f64>() as u64;
    Ok(Evidence { complaints, voices, slices: search.named(cells)?, usual: Vec::new(), others: Vec::new(), recent })
}

/// Bad and all ratings by scope and source. Of a segment, only the segment itself: no counter knows
/// it beside another label.
fn cells(search: &Search<'_>, measure: Measure) -> Result<Cells, StoreError> {
    let mut cells: Cells = BTreeMap::new();
    let [usual, from, until] = search.quarters();
    let (low, scales) = match measure {
        Measure::Rating | Measure::OneStar => ("low", "scale = 5"),
        Measure::Csat => ("n - top", "scale IN (1, 4, 5, 6, 7)"),
        Measure::Nps => ("low", "scale = 10"),
    };
    let mut find = search.connection.prepare(&format!(
        "{QUARTERS} SELECT scope, source, quarter >= ?3, sum({low}), sum(n) FROM quarters CROSS JOIN rated USING (quarter)
         WHERE {scales} AND (?4 = {WHOLE} OR scope = ?4) AND source IN (SELECT value FROM json_each(?5)) GROUP BY 1, 2, 3"
    ))?;
    let mut rows = find.query(params![usual, until, from, search.scope, search.sources])?;
    while let Some(row) = rows.next()? {
        let found = tally(&mut cells, row)?;
        found.complaints += row.get::<_, i64>(3)? as f64;
        found.messages += row.get::<_, i64>(4)? as f64;
    }
    Ok(cells)
}

/// Which ratings pull the measure down.
fn bad(measure: Measure) -> &'static str {
    match measure {
        Measure::Rating => "rating_max = 5 AND rating < 2.5",
        Measure::OneStar => "rating_max = 5 AND rating < 1.5",
        Measure::Csat => "((rating_max = 1 AND rating < 1) OR (rating_max IN (4, 5, 6, 7) AND rating < rating_max - 1.5))",
        Measure::Nps => "rating_max = 10 AND rating < 6.5",
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::incident::Segment;
    use crate::domain::item::Item;
    use crate::domain::item::Rating;
    use crate::domain::item::Shard;
    use crate::domain::ports::PageCommit;
    use crate::domain::ports::Progress;
    use crate::domain::ports::StreamKey;
    use crate::domain::ports::TaggedItem;
    use crate::store::sqlite::Direct;

    #[test]
    fn bad_ratings_are_quoted_and_counted_by_country() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Direct::open(&folder.path().join("u.db")).unwrap();
        let now: Timestamp = "2026-11-21T13:00:00Z".parse().unwrap();
        let item = |(n, (hours, value, max, country)): (usize, (i64, f64, f64, &str))| TaggedItem {
            item: Item {
                id: n.to_string(),
                text: format!("words of number {n}"),
                published: Some(now - TimeDelta::hours(hours)),
                rating: Some(Rating { value, max }),
                ..Item::default()
            },
            tags: Vec::new(),
            author_hash: None,
            voice_key: None,
            labels: [("country".to_owned(), country.to_owned())].into(),
            hash: n as u64,
        };
        let said = [(1, 1.0, 5.0, "se"), (2, 2.0, 5.0, "se"), (3, 5.0, 5.0, "de"), (4, 3.0, 10.0, "de"), (90, 1.0, 5.0, "de")];
        let commit = PageCommit {
            stream: StreamKey { source: "shop".to_owned(), shard: Shard::whole() },
            items: said.into_iter().enumerate().map(item).collect(),
            history: false,
            usual_delay: i64::MAX,
            progress: Progress::None,
            now,
        };
        store.commit_page(&commit).unwrap();
        let ask = |measure: Measure, segment: Segment| Ask {
            theme: measure.word().to_owned(),
            measure: Some(measure),
            segment,
            sources: vec!["shop".to_owned()],
            from: now - TimeDelta::hours(24),
            until: now,
            usual_from: now - TimeDelta::days(28),
            by: vec!["country".to_owned()],
            limit: 9,
        };
        let found = |measure, segment| store.reader().evidence(&ask(measure, segment)).unwrap();
        let texts = |found: &Evidence| found.complaints.iter().map(|complaint| complaint.text.clone()).collect::<Vec<_>>();
        let stars = found(Measure::Rating, Segment::All);
        assert_eq!(texts(&stars), ["words of number 0", "words of number 1"]);
        assert_eq!((stars.voices, stars.recent.len()), (1, 2));
        let sweden = stars.slices.iter().find(|slice| slice.value == "se").unwrap();
        assert_eq!((sweden.now.complaints, sweden.now.messages, sweden.usual.messages), (1.0, 2.0, 0.0));
        let recommended = found(Measure::Nps, Segment::Label { key: "country".to_owned(), value: "de".to_owned() });
        assert_eq!((texts(&recommended), recommended.voices), (vec!["words of number 3".to_owned()], 1));
        assert_eq!(texts(&found(Measure::Csat, Segment::All)), ["words of number 0", "words of number 1"]);
    }
}
