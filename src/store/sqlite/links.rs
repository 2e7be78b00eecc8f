//! What the pages behind links read that nobody else does: one message with what is known of it.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension as _;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::ports::StoreError;
use crate::store::sqlite::reports::Reader;
use crate::store::sqlite::values::moment;

/// A message, for one reader.
#[derive(Debug, Clone, PartialEq)]
pub struct Letter {
    /// Name of its source.
    pub source: String,
    /// Link to the original.
    pub url: Option<String>,
    /// When it is counted.
    pub at: Timestamp,
    /// Value and best value.
    pub rating: Option<(f64, f64)>,
    /// Headline; empty where it was pruned.
    pub title: String,
    /// Words; empty where they were pruned.
    pub text: String,
    /// Language.
    pub lang: Option<String>,
    /// Names of its themes.
    pub themes: Vec<String>,
    /// What it can be split by: `country` and `se`.
    pub labels: BTreeMap<String, String>,
}

impl Reader<'_> {
    /// A message by its number; none where it was deleted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn letter(&self, item: i64) -> Result<Option<Letter>, StoreError> {
        let mut find = self.connection().prepare_cached(
            "SELECT source.name, url, at, rating, rating_max, coalesce(title, ''), coalesce(body, ''), lang
             FROM item JOIN source ON source.id = item.source LEFT JOIN text ON text.item = item.id
             WHERE item.id = ?1 AND deleted_at IS NULL",
        )?;
        let found = find
            .query_row(params![item], |row| {
                Ok(Letter {
                    source: row.get(0)?,
                    url: row.get(1)?,
                    at: moment(row.get(2)?),
                    rating: row.get::<_, Option<f64>>(3)?.zip(row.get(4)?),
                    title: row.get(5)?,
                    text: row.get(6)?,
                    lang: row.get(7)?,
                    themes: Vec::new(),
                    labels: BTreeMap::new(),
                })
            })
            .optional()?;
        let Some(letter) = found else { return Ok(None) };
        let themes = self.tags(item)?.into_iter().map(|(theme, ..)| theme).collect();
        let mut find = self
            .connection()
            .prepare_cached("SELECT key, value FROM item_label JOIN scope ON scope.id = item_label.scope WHERE item_label.item = ?1")?;
        let labels = find.query_map(params![item], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        Ok(Some(Letter { themes, labels, ..letter }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::item::Item;
    use crate::domain::item::Shard;
    use crate::domain::ports::PageCommit;
    use crate::domain::ports::Progress;
    use crate::domain::ports::StreamKey;
    use crate::domain::ports::TaggedItem;
    use crate::store::sqlite::Direct;

    #[test]
    fn a_message_is_found_by_its_number_and_not_by_its_vendors() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Direct::open(&folder.path().join("u.db")).unwrap();
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let item = |id: &str, text: &str| TaggedItem {
            item: Item {
                id: id.to_owned(),
                title: "Evening".to_owned(),
                text: text.to_owned(),
                url: Some("https://shop.example/2".to_owned()),
                published: Some(now),
                ..Item::default()
            },
            tags: Vec::new(),
            author_hash: None,
            voice_key: None,
            labels: [("country".to_owned(), "se".to_owned())].into(),
            hash: 1,
        };
        let stream = StreamKey { source: "shop".to_owned(), shard: Shard(String::new()) };
        let items = vec![item("2", "first"), item("1", "second")];
        let progress = Progress::Ended { cursor: None, validators: None, due: now, polled_at: now, standing: None };
        store.commit_page(&PageCommit { stream, items, history: false, usual_delay: 3600, progress, now }).unwrap();
        let letter = store.reader().letter(2).unwrap().unwrap();
        assert_eq!((letter.text.as_str(), letter.source.as_str(), &letter.labels["country"][..]), ("second", "shop", "se"));
        assert_eq!(letter.url.as_deref(), Some("https://shop.example/2"));
        assert_eq!(store.reader().letter(3).unwrap(), None);
    }
}
