//! Which stored message a person looks at next.

use rusqlite::OptionalExtension as _;
use rusqlite::Row;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::item::Rating;
use crate::domain::ports::StoreError;
use crate::domain::review::Among;
use crate::domain::theme::Tag;
use crate::store::sqlite::reports::Reader;
use crate::store::sqlite::values::moment;
use crate::tagging;

/// The messages from which some are drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pool {
    /// Names of their sources; all of them without it.
    pub sources: Option<Vec<String>>,
    /// Only those that have this theme.
    pub theme: Option<String>,
}

/// A message as it is put before a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its number.
    pub item: i64,
    /// Hash of its content.
    pub content: u64,
    /// Name of its source.
    pub source: String,
    /// When it is counted.
    pub at: Timestamp,
    /// Language.
    pub lang: Option<String>,
    /// Rating.
    pub rating: Option<Rating>,
    /// Headline.
    pub title: String,
    /// Words, not redacted.
    pub text: String,
    /// Its themes, with rule and words.
    pub tags: Vec<Tag>,
}

impl Pool {
    /// What a review has to say of it.
    #[must_use]
    pub fn among(&self) -> Among {
        match (&self.theme, &self.sources) {
            (Some(theme), _) => Among::Theme(theme.clone()),
            (None, Some(_)) => Among::Sources,
            (None, None) => Among::All,
        }
    }
}

impl Reader<'_> {
    /// Numbers of messages of the pool that still have words, drawn by chance, each once.
    ///
    /// Those that the person reviewed already for another reason are among them: whether chance picks a
    /// message must not depend on what else was done with it, or what is drawn would not stand for all.
    /// Left out are those that chance picked before, from this pool or a wider one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn draw_at_random(&self, who: &str, pool: &Pool, limit: u32) -> Result<Vec<i64>, StoreError> {
        let picked = match pool.among() {
            Among::All => "drawn = 'random' AND among = ''",
            Among::Sources => "drawn = 'random' AND among IN ('', 'sources')",
            Among::Theme(_) => "drawn = 'random'",
        };
        self.draw(who, pool, picked, limit)
    }

    /// Numbers of messages of the pool that still have words and that the person did not review, in an
    /// order of chance.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn draw_unseen(&self, who: &str, pool: &Pool, limit: u32) -> Result<Vec<i64>, StoreError> {
        self.draw(who, pool, "TRUE", limit)
    }

    /// `but` says which reviews of the person keep a message out. A review of other words keeps none out.
    fn draw(&self, who: &str, pool: &Pool, but: &str, limit: u32) -> Result<Vec<i64>, StoreError> {
        let sources = pool.sources.as_ref().map(serde_json::to_string).transpose()?;
        let mut find = self.connection().prepare_cached(&format!(
            "SELECT item.id FROM text CROSS JOIN item ON item.id = text.item
             WHERE deleted_at IS NULL AND (title <> '' OR body <> '')
               AND (?1 IS NULL OR source IN (SELECT id FROM source WHERE name IN (SELECT value FROM json_each(?1))))
               AND (?2 IS NULL OR EXISTS (SELECT 1 FROM tag WHERE item = item.id AND theme = (SELECT id FROM theme WHERE name = ?2)))
               AND NOT EXISTS (SELECT 1 FROM review WHERE item = item.id AND who = ?3 AND content = hash AND {but})
             ORDER BY random() LIMIT ?4"
        ))?;
        let drawn = find.query_map(params![sources, pool.theme, who, limit], |row| row.get(0))?;
        Ok(drawn.collect::<Result<_, _>>()?)
    }

    /// A message with its words; `None` where it or they are gone.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn message(&self, item: i64) -> Result<Option<Message>, StoreError> {
        let mut find = self.connection().prepare_cached(
            "SELECT item.id, hash, source.name, at, lang, rating, rating_max, title, body
             FROM item JOIN source ON source.id = item.source JOIN text ON text.item = item.id WHERE item.id = ?1 AND deleted_at IS NULL",
        )?;
        let Some(mut message) = find.query_row(params![item], message).optional()? else { return Ok(None) };
        for (theme, rule, spans) in self.tags(item)? {
            message.tags.push(Tag { theme, rule, spans: serde_json::from_str(&spans)? });
        }
        Ok(Some(message))
    }
}

impl Message {
    /// The message for tagging.
    #[must_use]
    pub fn as_rules_see_it(&self) -> tagging::Message<'_> {
        tagging::Message { title: &self.title, text: &self.text, lang: self.lang.as_deref(), rating: self.rating, source: &self.source }
    }
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let rating = row.get::<_, Option<f64>>(5)?.zip(row.get(6)?);
    Ok(Message {
        item: row.get(0)?,
        content: row.get::<_, i64>(1)?.cast_unsigned(),
        source: row.get(2)?,
        at: moment(row.get(3)?),
        lang: row.get(4)?,
        rating: rating.map(|(value, max)| Rating { value, max }),
        title: row.get(7)?,
        text: row.get(8)?,
        tags: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::review::Drawn;
    use crate::domain::review::Review;
    use crate::domain::review::Verdict;
    use crate::store::sqlite::Direct;
    use crate::store::sqlite::reviews::tests::said;
    use crate::store::sqlite::reviews::tests::two_messages;

    fn drawn(store: &Direct, pool: &Pool, random: bool) -> Vec<i64> {
        let reader = store.reader();
        let mut drawn = if random { reader.draw_at_random("anna", pool, 9) } else { reader.draw_unseen("anna", pool, 9) }.unwrap();
        drawn.sort_unstable();
        drawn
    }

    #[test]
    fn chance_picks_each_message_once_whatever_else_was_said_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = two_messages(folder.path());
        let all = Pool::default();
        let theme = Pool { theme: Some("late".to_owned()), ..Pool::default() };
        let unsure = said(1, "anna", 1, Verdict::Missing);
        store.put_reviews(std::slice::from_ref(&unsure)).unwrap();
        assert_eq!(drawn(&store, &all, true), [1, 2], "what was reviewed for another reason may be picked");
        assert_eq!(drawn(&store, &all, false), [2]);

        let among = |among| Review { drawn: Drawn::Random, among, ..unsure.clone() };
        store.put_reviews(&[among(theme.among())]).unwrap();
        assert_eq!((drawn(&store, &all, true), drawn(&store, &theme, true)), (vec![1, 2], vec![]));
        store.put_reviews(&[among(Among::All)]).unwrap();
        assert_eq!(drawn(&store, &all, true), [2]);
        assert_eq!(store.reader().draw_at_random("bo", &all, 9).unwrap().len(), 2, "others have their own chance");
    }

    #[test]
    fn a_pool_holds_the_sources_and_the_theme_that_were_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let store = two_messages(folder.path());
        let of = |source: &str| Pool { sources: Some(vec![source.to_owned()]), ..Pool::default() };
        assert_eq!((drawn(&store, &of("s"), true), drawn(&store, &of("t"), true)), (vec![1, 2], vec![]));
        assert_eq!(drawn(&store, &Pool { theme: Some("late".to_owned()), ..Pool::default() }, false), [1]);
        assert_eq!((of("s").among(), Pool::default().among()), (Among::Sources, Among::All));
    }

    #[test]
    fn a_message_comes_with_its_words_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = two_messages(folder.path());
        let message = store.reader().message(1).unwrap().unwrap();
        assert_eq!((message.text.as_str(), message.tags[0].rule.as_str(), message.source.as_str()), ("late", "r1", "s"));
        store.prune(Timestamp::MAX_UTC, u64::MAX).unwrap();
        assert_eq!(store.reader().message(1).unwrap(), None);
        assert_eq!(drawn(&store, &Pool::default(), true), [0_i64; 0]);
    }
}
