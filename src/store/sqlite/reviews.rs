//! What people said about the themes of messages: written, taken back, read again.
//!
//! Reviews outlive the texts they are about. Each stands with the hash of the content that was looked
//! at, so that an edited message is not held against what was said of it before. Content is title, text,
//! rating and all fields, for rules may ask for each of them: with another rating or field a message
//! counts as edited though its words are the same.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::Row;
use rusqlite::params;

use crate::domain::Timestamp;
use crate::domain::item::Rating;
use crate::domain::ports::StoreError;
use crate::domain::review::Among;
use crate::domain::review::Drawn;
use crate::domain::review::Review;
use crate::domain::review::ReviewedItem;
use crate::domain::review::Verdict;
use crate::store::sqlite::Direct;
use crate::store::sqlite::names::Names;
use crate::store::sqlite::reports::Reader;
use crate::store::sqlite::retag;
use crate::store::sqlite::values::millis;
use crate::store::sqlite::values::moment;

pub mod draw;

/// A review with the message that it is about, as that stands now.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredReview {
    /// What was said.
    pub review: Review,
    /// Name of the message's source.
    pub source: String,
    /// The vendor's id.
    pub external_id: String,
    /// When it is counted.
    pub at: Timestamp,
    /// Edited or taken back since: what was said is about other words, another rating or other fields.
    pub is_stale: bool,
    /// Headline and words; `None` where they were pruned.
    pub text: Option<(String, String)>,
    /// Language.
    pub lang: Option<String>,
    /// Rating.
    pub rating: Option<Rating>,
    /// Its themes now, with the rule of each.
    pub tags: BTreeMap<String, String>,
}

/// A message that somebody could review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reviewable {
    /// Its number.
    pub item: i64,
    /// Hash of its content.
    pub content: u64,
}

impl Direct {
    /// Writes reviews. See [`crate::domain::ports::Reviews::put_reviews`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails; nothing is written then.
    pub fn put_reviews(&mut self, reviews: &[Review]) -> Result<u64, StoreError> {
        self.write(|connection, names| put(connection, names, reviews))
    }

    /// Takes back what a person said of a message, and puts what they had said before in its place.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails; nothing is written then.
    pub fn take_back_review(&mut self, item: i64, who: &str, before: Option<&Review>) -> Result<(), StoreError> {
        self.write(|connection, names| {
            remove(connection, item, who)?;
            before.map_or(Ok(()), |before| insert(connection, names, before))
        })
    }
}

impl Reader<'_> {
    /// Every review with its message, by message, the newest of a message last.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn reviews(&self) -> Result<Vec<StoredReview>, StoreError> {
        let mut find = self.connection().prepare_cached(
            "SELECT review.id, item, who, review.at, drawn, among, content, source.name, external_id, item.at,
               deleted_at IS NOT NULL OR hash <> content, title, body, lang, rating, rating_max
             FROM review JOIN item ON item.id = review.item JOIN source ON source.id = item.source LEFT JOIN text USING (item)
             ORDER BY item, review.at, review.id",
        )?;
        let mut rows = find.query([])?;
        let mut reviews = Vec::new();
        while let Some(row) = rows.next()? {
            let verdicts = verdicts(self.connection(), row.get(0)?)?;
            let tags = self.tags(row.get(1)?)?.into_iter().map(|(theme, rule, _)| (theme, rule)).collect();
            reviews.push(stored_review(row, verdicts, tags)?);
        }
        Ok(reviews)
    }

    /// What a person said of a message.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn review(&self, item: i64, who: &str) -> Result<Option<Review>, StoreError> {
        find(self.connection(), item, who)
    }

    /// Messages that were reviewed, each once. See [`crate::domain::ports::Reviews::reviewed`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn reviewed(&self) -> Result<Vec<ReviewedItem>, StoreError> {
        Ok(merged(&self.reviews()?))
    }

    /// Whether all stored tags are from the rules with this fingerprint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn has_tags_of(&self, fingerprint: &str) -> Result<bool, StoreError> {
        Ok(retag::ruleset(self.connection())?.is_some_and(|ruleset| ruleset.finished && ruleset.rules == fingerprint))
    }

    /// The message that a source calls so, unless it was taken back.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn reviewable(&self, source: &str, external_id: &str) -> Result<Option<Reviewable>, StoreError> {
        let mut find = self.connection().prepare_cached(
            "SELECT item.id, hash FROM item JOIN source ON source.id = item.source
             WHERE source.name = ?1 AND external_id = ?2 AND deleted_at IS NULL",
        )?;
        let read = |row: &Row<'_>| Ok(Reviewable { item: row.get(0)?, content: row.get::<_, i64>(1)?.cast_unsigned() });
        Ok(find.query_row(params![source, external_id], read).optional()?)
    }
}

/// Messages that were reviewed, each once, from all reviews in their order.
pub(super) fn merged(reviews: &[StoredReview]) -> Vec<ReviewedItem> {
    reviews.chunk_by(|one, next| one.review.item == next.review.item).filter_map(reviewed_item).collect()
}

/// Writes reviews that are newer than what stands, and returns how many were.
pub(super) fn put(connection: &Connection, names: &mut Names, reviews: &[Review]) -> Result<u64, StoreError> {
    let mut changed = 0;
    for review in reviews {
        match find(connection, review.item, &review.who)? {
            Some(known) if known.at > review.at || known == *review => continue,
            Some(_) => remove(connection, review.item, &review.who)?,
            None => {}
        }
        insert(connection, names, review)?;
        changed += 1;
    }
    Ok(changed)
}

fn insert(connection: &Connection, names: &mut Names, review: &Review) -> Result<(), StoreError> {
    connection.prepare_cached("INSERT INTO review (item, who, at, drawn, among, content) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?.execute(
        params![review.item, review.who, millis(review.at), review.drawn.word(), review.among.word(), review.content.cast_signed()],
    )?;
    let id = connection.last_insert_rowid();
    for (theme, verdict) in &review.verdicts {
        let theme = names.theme(connection, theme)?;
        connection.prepare_cached("INSERT INTO verdict (review, theme, verdict, rule) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
            id,
            theme,
            verdict.word(),
            verdict.rule()
        ])?;
    }
    Ok(())
}

fn remove(connection: &Connection, item: i64, who: &str) -> Result<(), StoreError> {
    for statement in [
        "DELETE FROM verdict WHERE review IN (SELECT id FROM review WHERE item = ?1 AND who = ?2)",
        "DELETE FROM review WHERE item = ?1 AND who = ?2",
    ] {
        connection.prepare_cached(statement)?.execute(params![item, who])?;
    }
    Ok(())
}

fn find(connection: &Connection, item: i64, who: &str) -> Result<Option<Review>, StoreError> {
    let mut find = connection.prepare_cached("SELECT id, item, who, at, drawn, among, content FROM review WHERE item = ?1 AND who = ?2")?;
    let mut rows = find.query(params![item, who])?;
    rows.next()?.map_or(Ok(None), |row| Ok(Some(review(row, verdicts(connection, row.get(0)?)?)?)))
}

/// The first columns of every query for reviews.
fn review(row: &Row<'_>, verdicts: BTreeMap<String, Verdict>) -> rusqlite::Result<Review> {
    Ok(Review {
        item: row.get(1)?,
        who: row.get(2)?,
        at: moment(row.get(3)?),
        // A word of a later release says nothing that this one could use.
        drawn: Drawn::of_word(&row.get::<_, String>(4)?).unwrap_or(Drawn::Import),
        among: Among::of_word(&row.get::<_, String>(5)?).unwrap_or(Among::Sources),
        content: row.get::<_, i64>(6)?.cast_unsigned(),
        verdicts,
    })
}

fn stored_review(row: &Row<'_>, verdicts: BTreeMap<String, Verdict>, tags: BTreeMap<String, String>) -> rusqlite::Result<StoredReview> {
    let rating = row.get::<_, Option<f64>>(14)?.zip(row.get(15)?);
    Ok(StoredReview {
        review: review(row, verdicts)?,
        source: row.get(7)?,
        external_id: row.get(8)?,
        at: moment(row.get(9)?),
        is_stale: row.get(10)?,
        text: row.get::<_, Option<String>>(11)?.zip(row.get(12)?),
        lang: row.get(13)?,
        rating: rating.map(|(value, max)| Rating { value, max }),
        tags,
    })
}

fn verdicts(connection: &Connection, review: i64) -> rusqlite::Result<BTreeMap<String, Verdict>> {
    let mut find = connection
        .prepare_cached("SELECT name, verdict, coalesce(rule, '') FROM verdict JOIN theme ON theme.id = theme WHERE review = ?1")?;
    let mut rows = find.query(params![review])?;
    let mut verdicts = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let verdict = match row.get::<_, String>(1)?.as_str() {
            "right" => Verdict::Right(row.get(2)?),
            "wrong" => Verdict::Wrong(row.get(2)?),
            "missing" => Verdict::Missing,
            _ => Verdict::Absent,
        };
        verdicts.insert(row.get(0)?, verdict);
    }
    Ok(verdicts)
}

/// What all reviews of one message come to; `None` when they are about another content than there is.
fn reviewed_item(reviews: &[StoredReview]) -> Option<ReviewedItem> {
    let newest = reviews.last()?;
    let (title, text) = newest.text.clone().filter(|_| !newest.is_stale)?;
    // `Random` is the least, and `All`: chance counts wherever it had a hand.
    let (drawn, among) = reviews.iter().map(|stored| (stored.review.drawn, stored.review.among.clone())).min()?;
    let said = |wanted: bool| {
        let themes = newest.review.verdicts.iter().filter(move |(_, verdict)| verdict.is_true() == wanted);
        themes.map(|(theme, _)| theme.clone()).collect()
    };
    Some(ReviewedItem {
        item: newest.review.item,
        title,
        text,
        lang: newest.lang.clone(),
        rating: newest.rating,
        source: newest.source.clone(),
        themes: said(true),
        rejected: said(false),
        drawn,
        among,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::Path;

    use super::*;
    use crate::domain::item::Item;
    use crate::domain::item::Shard;
    use crate::domain::ports::PageCommit;
    use crate::domain::ports::Progress;
    use crate::domain::ports::StreamKey;
    use crate::domain::ports::TaggedItem;
    use crate::domain::theme::Tag;

    fn day(n: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + n * 86_400, 0).unwrap()
    }

    fn commit(store: &mut Direct, id: &str, text: &str, theme: &str) {
        let item = Item { id: id.to_owned(), text: text.to_owned(), published: Some(day(0)), ..Item::default() };
        let tags = Some(theme).filter(|theme| !theme.is_empty()).into_iter();
        let tags = tags.map(|theme| Tag { theme: theme.to_owned(), rule: "r1".to_owned(), spans: Vec::new() }).collect();
        let hash = text.len() as u64;
        let item = TaggedItem { item, tags, author_hash: None, voice_key: None, labels: BTreeMap::new(), hash };
        let page = PageCommit {
            stream: StreamKey { source: "s".to_owned(), shard: Shard::whole() },
            items: vec![item],
            history: true,
            usual_delay: 0,
            progress: Progress::None,
            now: day(1),
        };
        store.commit_page(&page).unwrap();
    }

    /// A store with the messages 1, which is late, and 2, which is nothing.
    pub fn two_messages(folder: &Path) -> Direct {
        let mut store = Direct::open(&folder.join("u.db")).unwrap();
        commit(&mut store, "a", "late", "late");
        commit(&mut store, "b", "fine", "");
        store
    }

    pub fn said(item: i64, who: &str, at: i64, verdict: Verdict) -> Review {
        let verdicts = BTreeMap::from([("late".to_owned(), verdict), ("rude".to_owned(), Verdict::Absent)]);
        Review { item, who: who.to_owned(), at: day(at), drawn: Drawn::Unsure, among: Among::All, content: 4, verdicts }
    }

    #[test]
    fn a_review_comes_back_as_it_was_given_and_an_older_one_does_not_replace_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = two_messages(folder.path());
        let first = said(1, "anna", 2, Verdict::Right("r1".to_owned()));
        assert_eq!(store.put_reviews(std::slice::from_ref(&first)).unwrap(), 1);
        assert_eq!(store.put_reviews(std::slice::from_ref(&first)).unwrap(), 0, "a second time changes nothing");
        let later = said(1, "anna", 3, Verdict::Wrong("r1".to_owned()));
        assert_eq!(store.put_reviews(&[later.clone(), first.clone(), said(1, "bo", 1, Verdict::Missing)]).unwrap(), 2);
        assert_eq!(store.reader().review(1, "anna").unwrap(), Some(later.clone()));
        let whole = store.reader().reviews().unwrap();
        assert_eq!(whole.iter().map(|stored| stored.review.who.as_str()).collect::<Vec<_>>(), ["bo", "anna"], "the newest last");
        assert_eq!(whole[0].tags, BTreeMap::from([("late".to_owned(), "r1".to_owned())]));

        store.take_back_review(1, "anna", Some(&first)).unwrap();
        assert_eq!(store.reader().review(1, "anna").unwrap(), Some(first));
        store.take_back_review(1, "anna", None).unwrap();
        assert_eq!(store.reader().review(1, "anna").unwrap(), None);
        let verdicts: i64 = store.connection.query_row("SELECT count(*) FROM verdict", [], |row| row.get(0)).unwrap();
        assert_eq!(verdicts, 2, "those of bo");
        assert_eq!(store.reader().recount().unwrap(), [], "labels move no counter");
    }

    #[test]
    fn the_newest_word_decides_and_chance_counts_wherever_it_had_a_hand() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = two_messages(folder.path());
        let by_chance = Review { drawn: Drawn::Random, ..said(1, "anna", 1, Verdict::Wrong("r1".to_owned())) };
        store.put_reviews(&[by_chance, said(1, "bo", 2, Verdict::Right("r1".to_owned()))]).unwrap();
        let reviewed = store.reader().reviewed().unwrap();
        assert_eq!(reviewed.len(), 1);
        assert_eq!((reviewed[0].drawn, reviewed[0].text.as_str(), reviewed[0].source.as_str()), (Drawn::Random, "late", "s"));
        let names = |names: &std::collections::BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!((names(&reviewed[0].themes), names(&reviewed[0].rejected)), ("late".to_owned(), "rude".to_owned()));
    }

    #[test]
    fn labels_outlive_the_text_and_an_edit_makes_them_stale() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = two_messages(folder.path());
        store.put_reviews(&[said(1, "anna", 2, Verdict::Missing), said(2, "anna", 2, Verdict::Missing)]).unwrap();
        commit(&mut store, "b", "edited", "");
        let stale: Vec<bool> = store.reader().reviews().unwrap().iter().map(|stored| stored.is_stale).collect();
        assert_eq!(stale, [false, true]);
        assert_eq!(store.reader().reviewed().unwrap().iter().map(|item| item.item).collect::<Vec<_>>(), [1]);

        assert_eq!(store.prune(day(9), u64::MAX).unwrap(), 2);
        let kept = store.reader().reviews().unwrap();
        assert_eq!((kept.len(), &kept[0].text, kept[0].tags.len()), (2, &None, 1));
        assert_eq!(store.reader().reviewed().unwrap(), []);
    }

    #[test]
    fn a_message_is_found_by_what_its_source_calls_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = two_messages(folder.path());
        let reader = store.reader();
        assert_eq!(reader.reviewable("s", "b").unwrap(), Some(Reviewable { item: 2, content: 4 }));
        assert_eq!((reader.reviewable("s", "c").unwrap(), reader.reviewable("t", "b").unwrap()), (None, None));
    }
}
