//! Deletions that nobody tells: what is stored and is missing from a list that was read to its end.
//!
//! Absence is a proof only where a walk listed everything from its first page to its last, in one
//! process, without a page in between that was not seen. A list may shift under a walk, so that what
//! is missing from one walk has to be missing from the next one too, unless the source is certain. Other
//! settings may list less: what was first seen before they changed is never proven to be gone.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::PoisonError;

use chrono::TimeDelta;
use tracing::warn;

use crate::domain::Timestamp;
use crate::domain::http::Request;
use crate::domain::item::Listed;
use crate::domain::ports::Ingest;
use crate::domain::ports::StoreError;
use crate::domain::ports::StreamKey;
use crate::domain::ports::WantedIds;
use crate::engine::poller::Poller;
use crate::engine::poller::walk::Walk;
use crate::text::hash;

/// More than this, and more than half of what is stored, at once: that is not believed ...
const MANY: usize = 20;
/// ... before so many walks in a row have said so ...
const MANY_WALKS: u32 = 3;
/// ... over so long a time.
const MANY_FOR: TimeDelta = TimeDelta::days(1);
/// Stored ids that are read at once.
const BATCH: usize = 10_000;

/// What the walks of all streams have listed so far. Only memory: after a restart nothing is proven.
#[derive(Debug, Default)]
pub(super) struct Listings {
    walks: Mutex<HashMap<StreamKey, Listing>>,
    /// Lists that have lost most of what is stored.
    emptied: Mutex<HashMap<StreamKey, Emptied>>,
}

/// A list that has lost most of what is stored.
#[derive(Debug)]
struct Emptied {
    /// How far back it goes: another one that ends before says nothing of it.
    reach: Option<Timestamp>,
    /// The first walk that said so.
    since: Timestamp,
    /// Walks in a row.
    walks: u32,
}

/// What one walk has listed.
#[derive(Debug, Default)]
struct Listing {
    ids: HashSet<u64>,
    /// What it has to ask for next; another request means that a page was missed.
    next: Option<Request>,
    /// What a first walk did not list.
    missing: HashSet<String>,
}

/// What the end of a list says.
#[derive(Debug, PartialEq)]
pub(super) enum Proof {
    /// Nothing is missing, or nothing is proven.
    None,
    /// These are gone.
    Gone(Vec<String>),
    /// A second walk has to tell.
    Again,
}

impl Listings {
    /// A walk begins, or goes on with `request`.
    pub(super) fn begin(&self, key: &StreamKey, request: &Request, resumed: bool) {
        let mut walks = self.walks.lock().unwrap_or_else(PoisonError::into_inner);
        if !resumed {
            let missing = walks.remove(key).filter(|listing| listing.next.is_none()).map(|listing| listing.missing).unwrap_or_default();
            walks.insert(key.clone(), Listing { missing, ..Listing::default() });
        } else if walks.get(key).is_some_and(|listing| listing.next.as_ref() != Some(request)) {
            walks.remove(key);
        }
    }

    /// A page of the walk was read.
    pub(super) fn note<'a>(&self, key: &StreamKey, ids: impl Iterator<Item = &'a str>, next: Option<&Request>) {
        let mut walks = self.walks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listing) = walks.get_mut(key) {
            listing.ids.extend(ids.map(|id| hash::of_parts([id])));
            listing.next = next.cloned();
        }
    }

    /// The walk has ended and listed all of this, of which so much is `stored`.
    fn end(&self, key: &StreamKey, listed: &Listed, stored: Vec<String>, now: Timestamp) -> Proof {
        let mut walks = self.walks.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(listing) = walks.remove(key) else { return Proof::None };
        if listing.ids.is_empty() {
            // An empty answer may be a fault of the service, or a right that was taken away.
            return Proof::None;
        }
        let all = stored.len();
        let missing: Vec<String> = stored.into_iter().filter(|id| !listing.ids.contains(&hash::of_parts([id.as_str()]))).collect();
        let is_most = missing.len() > MANY && missing.len() * 2 > all;
        if !self.is_believed(key, listed, is_most.then_some((missing.len(), all)), now) || missing.is_empty() {
            return Proof::None;
        }
        if listed.certain {
            return Proof::Gone(missing);
        }
        let twice: Vec<String> = missing.iter().filter(|id| listing.missing.contains(*id)).cloned().collect();
        if listing.missing.is_empty() {
            walks.insert(key.clone(), Listing { missing: missing.into_iter().collect(), ..Listing::default() });
            return Proof::Again;
        }
        if twice.is_empty() { Proof::None } else { Proof::Gone(twice) }
    }

    /// Whether it is believed that so many of all are missing, if they are most.
    fn is_believed(&self, key: &StreamKey, listed: &Listed, most: Option<(usize, usize)>, now: Timestamp) -> bool {
        let mut emptied = self.emptied.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((missing, all)) = most else {
            if emptied.get(key).is_some_and(|emptied| listed.since <= emptied.reach) {
                emptied.remove(key);
            }
            return true;
        };
        let emptied = emptied.entry(key.clone()).or_insert(Emptied { reach: listed.since, since: now, walks: 0 });
        emptied.walks += 1;
        if emptied.walks >= MANY_WALKS && now - emptied.since >= MANY_FOR {
            return true;
        }
        if emptied.walks == 1 {
            warn!(
                source = key.source,
                "source `{}` lists {missing} of {all} stored messages no more, and that at once; they are kept until its lists have said so \
                 three times and for a day",
                key.source
            );
        }
        false
    }

    /// A walk has ended and proves nothing.
    pub(super) fn forget(&self, key: &StreamKey) {
        self.walks.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// Whether a walk is complete so far.
    fn is_known(&self, key: &StreamKey) -> bool {
        self.walks.lock().unwrap_or_else(PoisonError::into_inner).contains_key(key)
    }
}

impl<S: Ingest> Poller<S> {
    /// What a walk that ended here proves to be gone.
    pub(super) async fn proof(&self, walk: &Walk<'_>, listed: &Listed) -> Result<Proof, StoreError> {
        let key = &walk.target.key;
        if !self.listings.is_known(key) {
            return Ok(Proof::None);
        }
        let mut wanted = WantedIds {
            source: key.source.clone(),
            since: listed.since,
            seen_since: walk.stream.standing.read_as.as_ref().and_then(|read| read.since),
            prefix: listed.prefix.clone(),
            limit: BATCH,
            ..WantedIds::default()
        };
        let mut stored = Vec::new();
        loop {
            let some = self.store.stored_ids(wanted.clone()).await?;
            let more = some.len() == BATCH;
            wanted.after = some.last().cloned().unwrap_or_default();
            stored.extend(some);
            if !more {
                return Ok(self.listings.end(key, listed, stored, walk.started));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::http::Call;
    use crate::domain::item::Shard;

    fn key() -> StreamKey {
        StreamKey { source: "s".to_owned(), shard: Shard::whole() }
    }

    /// One walk over one page with these ids, after which these are stored.
    fn walk(listings: &Listings, ids: &[&str], stored: &[&str], certain: bool) -> Proof {
        listings.begin(&key(), &Request::Nothing, false);
        listings.note(&key(), ids.iter().copied(), None);
        let listed = Listed { certain, ..Listed::default() };
        listings.end(&key(), &listed, stored.iter().map(|id| (*id).to_owned()).collect(), at(0))
    }

    fn at(hours: i64) -> Timestamp {
        Timestamp::default() + TimeDelta::hours(hours)
    }

    #[test]
    fn what_is_missing_twice_is_gone() {
        let listings = Listings::default();
        assert_eq!(walk(&listings, &["a", "b", "c"], &["a", "b", "c"], false), Proof::None);
        assert_eq!(walk(&listings, &["a"], &["a", "b", "c"], false), Proof::Again);
        assert_eq!(walk(&listings, &["a", "c"], &["a", "b", "c"], false), Proof::Gone(vec!["b".to_owned()]), "c had only shifted");
        assert_eq!(walk(&listings, &["a"], &["a", "c"], true), Proof::Gone(vec!["c".to_owned()]), "a list that cannot shift");
    }

    #[test]
    fn a_walk_with_a_page_that_was_not_seen_proves_nothing() {
        let (listings, listed) = (Listings::default(), Listed { certain: true, ..Listed::default() });
        let page = |number: u32| Request::Call(Call { url: number.to_string(), ..Call::default() });
        listings.begin(&key(), &page(1), false);
        listings.note(&key(), ["a"].into_iter(), Some(&page(2)));
        listings.begin(&key(), &page(3), true);
        assert_eq!(listings.end(&key(), &listed, vec!["b".to_owned()], at(0)), Proof::None);
        assert!(!listings.is_known(&key()));
        // One that goes on where it stopped does.
        listings.begin(&key(), &page(1), false);
        listings.note(&key(), ["a"].into_iter(), Some(&page(2)));
        listings.begin(&key(), &page(2), true);
        listings.note(&key(), ["c"].into_iter(), None);
        let stored = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(listings.end(&key(), &listed, stored, at(0)), Proof::Gone(vec!["b".to_owned()]));
    }

    #[test]
    fn a_list_that_is_suddenly_empty_is_not_believed() {
        let ids: Vec<String> = (0..30).map(|number| number.to_string()).collect();
        let stored: Vec<&str> = ids.iter().map(String::as_str).collect();
        assert_eq!(walk(&Listings::default(), &[], &stored, true), Proof::None);
        assert_eq!(walk(&Listings::default(), &stored[15..], &stored, true), Proof::Gone(ids[..15].to_vec()));
    }

    #[test]
    fn a_list_that_has_lost_most_is_believed_after_a_day() {
        let ids: Vec<String> = (0..30).map(|number| number.to_string()).collect();
        let listed = Listed { certain: true, ..Listed::default() };
        let listings = Listings::default();
        let walk = |hours: i64, listed_ids: &[String]| {
            listings.begin(&key(), &Request::Nothing, false);
            listings.note(&key(), listed_ids.iter().map(String::as_str), None);
            listings.end(&key(), &listed, ids.clone(), at(hours))
        };
        assert!([0, 6, 12].into_iter().all(|hours| walk(hours, &ids[29..]) == Proof::None));
        assert_eq!(walk(18, &ids), Proof::None, "all are back");
        assert!([20, 26, 32, 38].into_iter().all(|hours| walk(hours, &ids[29..]) == Proof::None), "a day begins anew");
        assert_eq!(walk(44, &ids[29..]), Proof::Gone(ids[..29].to_vec()));
    }
}
