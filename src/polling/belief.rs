//! Whether a page is what it always was. One that is suddenly empty, or another feed, is doubted for
//! a while; one whose ids are all new may be the same messages again, or a gap.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::item::Item;
use crate::domain::ports::TaggedItem;
use crate::domain::standing::Doubt;
use crate::domain::standing::Hints;
use crate::domain::standing::LastPage;
use crate::domain::standing::Standing;
use crate::domain::standing::Suspect;
use crate::polling::identity;
use crate::polling::identity::Apart;
use crate::text::hash;

/// Good polls in a row with something in them, after which nothing is odd.
const GOOD: u32 = 3;
/// Polls in a row after which an odd answer is believed.
const POLLS: u32 = 3;
/// Or the time after which it is.
const PATIENCE: TimeDelta = TimeDelta::hours(24);
/// So many items must have been known for "all are new" to say something.
const KNOWN: usize = 5;
/// So many that say the same under other ids are no chance.
const SAME: usize = 2;
/// Items at each end of a page that are remembered.
const AT_EACH_END: usize = 64;
/// Pages in a row with the same ids of a source's own, after which its ids are believed again.
const STEADY: u32 = 3;
/// For so long people are told that messages were probably missed.
const TOLD: TimeDelta = TimeDelta::hours(24);

/// What a page holds, as far as belief asks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outline {
    /// Hash of the whole answer.
    pub body: u64,
    /// Its own title.
    pub title: String,
    /// How many items it holds.
    pub items: u32,
    /// Hashes of the ids of all its items, in order.
    pub ids: Vec<u64>,
    /// Hashes of what the items say, where they say something.
    pub contents: Vec<u64>,
    /// Where ids are made of contents: the hash of what the source itself calls an item, by the hash
    /// of the id that it has here.
    pub own: BTreeMap<u64, u64>,
    /// Of those that are told apart by their dates, the hashes of the id and of what they say.
    pub dated: Vec<(u64, u64)>,
    /// Nothing says that it ends.
    pub unclosed: bool,
    /// How often it says that it is worth asking for.
    pub hints: Hints,
}

impl Outline {
    /// Of a page with these items.
    #[must_use]
    pub fn of(body: u64, title: Option<&str>, items: &[TaggedItem], hints: Hints) -> Self {
        Self {
            body,
            title: title.unwrap_or_default().trim().chars().take(200).collect(),
            items: u32::try_from(items.len()).unwrap_or(u32::MAX),
            ids: items.iter().map(|tagged| named(&tagged.item.id)).collect(),
            contents: items.iter().filter_map(|tagged| content(&tagged.item)).collect(),
            own: BTreeMap::new(),
            dated: Vec::new(),
            unclosed: false,
            hints,
        }
    }

    /// Of a page whose items get ids by what they say.
    #[must_use]
    pub fn by_content(body: u64, title: Option<&str>, items: &mut [TaggedItem], hints: Hints, apart: Apart) -> Self {
        let own: Vec<u64> = items.iter().map(|tagged| named(&tagged.item.id)).collect();
        identity::by_content(items, apart);
        let outline = Self::of(body, title, items, hints);
        let dated = items.iter().map(|tagged| &tagged.item).filter(|item| apart == Apart::ByDate && !identity::is_telling(item));
        let dated = dated.filter_map(|item| Some((named(&item.id), content(item)?))).collect();
        Self { own: outline.ids.iter().copied().zip(own).collect(), dated, ..outline }
    }
}

/// Hash of an id.
fn named(id: &str) -> u64 {
    small(hash::of_parts([id]))
}

/// What is remembered of a list: both ends, for some documents grow at their beginning and some at
/// their end.
fn ends(all: &[u64]) -> BTreeSet<u64> {
    let (first, last) = (all.iter().take(AT_EACH_END), all.iter().rev().take(AT_EACH_END));
    first.chain(last).copied().collect()
}

/// Hash of what an item says. Where it says nothing, it is like any other.
fn content(item: &Item) -> Option<u64> {
    let (title, text) = (item.title.trim(), item.text.trim());
    (title.len() + text.len() > 0).then(|| small(hash::of_parts([title, text])))
}

/// Half of a hash is enough to tell a few hundred items apart, and half as long where it is written.
fn small(hash: u64) -> u64 {
    hash & 0xffff_ffff
}

/// What to make of a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Belief {
    /// It is what it always was.
    Good,
    /// It is empty for good, as one has to believe by now.
    Emptied,
    /// It is, but nothing in it was on the page before, which was no longer: messages were missed.
    Gap,
    /// The same messages under other ids.
    IdsChange,
    /// Another feed, believed by now: what it brings is history.
    Another,
    /// Not believed yet.
    Doubted(Suspect),
}

/// What to make of a page after what is remembered.
#[must_use]
pub fn judge(standing: &Standing, outline: &Outline, now: Timestamp) -> Belief {
    let Some(last) = &standing.page else { return Belief::Good };
    if outline.items == 0 {
        let odd = last.items > 0 && last.good >= GOOD;
        return if odd { doubted(standing, Doubt::Empty, now).map_or(Belief::Emptied, Belief::Doubted) } else { Belief::Good };
    }
    if outline.ids.iter().any(|id| last.ids.contains(id)) {
        return Belief::Good;
    }
    let contents: BTreeSet<u64> = outline.contents.iter().copied().collect();
    let same = contents.intersection(&last.contents).count();
    if same >= SAME && same * 2 >= contents.len().min(last.contents.len()) {
        return Belief::IdsChange;
    }
    if last.ids.len() < KNOWN {
        return Belief::Good;
    }
    if same == 0 && !last.title.is_empty() && outline.title != last.title {
        return doubted(standing, Doubt::AnotherFeed, now).map_or(Belief::Another, Belief::Doubted);
    }
    if outline.items >= last.items { Belief::Gap } else { Belief::Good }
}

/// Whether the dates of a page whose items are known by their words change from poll to poll as well:
/// all that are told apart by their dates have other ones, and what they say has stayed.
#[must_use]
pub fn dates_change(last: &LastPage, outline: &Outline) -> bool {
    let is_known = |id: &u64| last.ids.contains(id);
    let moved = outline.dated.iter().filter(|(id, content)| !is_known(id) && last.contents.contains(content)).count();
    let vanished = last.ids.iter().filter(|id| !outline.ids.contains(id)).count();
    moved >= SAME && vanished >= moved && !outline.dated.iter().any(|(id, _)| is_known(id))
}

/// One more odd answer; `None` when it is believed by now.
fn doubted(standing: &Standing, why: Doubt, now: Timestamp) -> Option<Suspect> {
    let before = standing.suspect.as_ref().filter(|suspect| suspect.why == why);
    let (polls, since) = before.map_or((1, now), |before| (before.polls.saturating_add(1), before.since));
    (polls < POLLS && now - since < PATIENCE).then_some(Suspect { why, polls, since })
}

/// What is remembered of a page that is believed.
#[must_use]
pub fn remembered(last: Option<&LastPage>, outline: Outline) -> LastPage {
    let nothing = LastPage::default();
    let last = last.unwrap_or(&nothing);
    let fresh = fresh(last, &outline.ids);
    let overlaps = outline.ids.iter().any(|id| last.ids.contains(id));
    let appended = match (overlaps, fresh.iter().filter(|is_fresh| **is_fresh).count()) {
        (true, 0) => last.appended,
        (true, new) if fresh.iter().rev().take(new).all(|is_fresh| *is_fresh) => (last.appended + 1).min(3),
        _ => 0,
    };
    let fresh = fresh.into_iter().filter(|is_fresh| *is_fresh).count();
    LastPage {
        body: outline.body,
        title: outline.title,
        items: outline.items,
        most: last.most.max(outline.items),
        most_new: if overlaps { last.most_new.max(u32::try_from(fresh).unwrap_or(u32::MAX)) } else { last.most_new },
        good: if outline.items > 0 { (last.good + 1).min(GOOD) } else { 0 },
        first: outline.ids.first().copied().unwrap_or_default(),
        last: outline.ids.last().copied().unwrap_or_default(),
        ids: ends(&outline.ids),
        contents: ends(&outline.contents),
        steady: steady(last, &outline.own),
        own: {
            let kept = ends(&outline.ids);
            outline.own.into_iter().filter(|(id, _)| kept.contains(id)).collect()
        },
        unclosed: outline.unclosed,
        appended,
        hints: outline.hints,
    }
}

/// Which ids of a page are new. Of a page that was longer than what is remembered of it, new are
/// those before the first and behind the last that are known: nobody remembers its middle.
fn fresh(last: &LastPage, ids: &[u64]) -> Vec<bool> {
    let whole = last.ids.len() >= last.items as usize;
    let first_known = ids.iter().position(|id| last.ids.contains(id)).unwrap_or(ids.len());
    let end = ids.iter().position(|id| *id == last.last).unwrap_or(ids.len());
    let is_fresh = |(at, id): (usize, &u64)| !last.ids.contains(id) && (whole || at < first_known || at > end);
    ids.iter().enumerate().map(is_fresh).collect()
}

/// Pages in a row whose items the source calls as it did before.
fn steady(last: &LastPage, own: &BTreeMap<u64, u64>) -> u32 {
    let common = || own.iter().filter_map(|(id, name)| last.own.get(id).map(|before| before == name));
    let same = common().filter(|is_same| *is_same).count();
    if same >= SAME && same == common().count() { (last.steady + 1).min(STEADY) } else { 0 }
}

/// Takes it back that ids change where they have not done so for some pages. Returns whether.
pub fn trusts_ids_again(standing: &mut Standing) -> bool {
    let Some(page) = standing.page.as_mut().filter(|page| page.steady >= STEADY) else { return false };
    // From now on the page is compared by the source's own ids.
    let own = std::mem::take(&mut page.own);
    let of = |id: &u64| own.get(id).copied().unwrap_or(*id);
    (page.first, page.last, page.steady) = (of(&page.first), of(&page.last), 0);
    page.ids = page.ids.iter().map(of).collect();
    standing.dates_change = false;
    standing.ids_change.take().is_some()
}

/// A poll said "unchanged", or brought the same bytes. Returns whether that was worth noting.
pub fn unchanged(standing: &mut Standing, now: Timestamp) -> bool {
    let believed = standing.suspect.take().is_some();
    let forgotten = standing.gap.take_if(|at| now - *at >= TOLD).is_some();
    let counted = standing.page.as_mut().is_some_and(|page| {
        let counts = page.items > 0 && page.good < GOOD;
        page.good += u32::from(counts);
        counts
    });
    believed || forgotten || counted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(hour: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + hour * 3600, 0).unwrap()
    }

    /// A page with these ids and contents.
    fn outline(title: &str, ids: std::ops::Range<u64>, contents: std::ops::Range<u64>) -> Outline {
        let items = u32::try_from(ids.clone().count()).unwrap();
        Outline { body: 1, title: title.to_owned(), items, ids: ids.collect(), contents: contents.collect(), ..Outline::default() }
    }

    fn standing(good: u32) -> Standing {
        let page = LastPage { good, ..remembered(None, outline("Reviews", 0..20, 0..20)) };
        Standing { page: Some(Box::new(page)), ..Standing::default() }
    }

    #[test]
    fn a_page_is_what_it_always_was_or_odd() {
        for (name, good, title, ids, contents, expected) in [
            ("the same", 3, "Reviews", 0..20, 0..20, "good"),
            ("some new ones", 3, "Reviews", 5..25, 5..25, "good"),
            ("empty after three", 3, "Reviews", 0..0, 0..0, "empty"),
            ("empty after two", 2, "Reviews", 0..0, 0..0, "good"),
            ("other ids", 3, "Reviews", 50..70, 0..20, "ids"),
            ("other ids and some news", 3, "Reviews", 50..70, 3..23, "ids"),
            ("other ids and another title", 3, "All reviews", 50..70, 0..20, "ids"),
            ("another feed", 3, "Sports", 50..70, 50..70, "another"),
            ("all is new", 3, "Reviews", 50..70, 50..70, "gap"),
            ("all is new on a shorter page", 3, "Reviews", 50..60, 50..60, "good"),
            ("texts that tell nothing", 3, "Reviews", 50..70, 0..0, "gap"),
        ] {
            let word = match judge(&standing(good), &outline(title, ids, contents), hour(0)) {
                Belief::Good => "good",
                Belief::Emptied => "emptied",
                Belief::Gap => "gap",
                Belief::IdsChange => "ids",
                Belief::Another => "believed",
                Belief::Doubted(Suspect { why: Doubt::Empty, .. }) => "empty",
                Belief::Doubted(_) => "another",
            };
            assert_eq!(word, expected, "{name}");
        }
    }

    #[test]
    fn few_items_that_are_all_new_say_nothing() {
        let page = remembered(None, outline("Reviews", 0..4, 0..4));
        let standing = Standing { page: Some(Box::new(page)), ..Standing::default() };
        assert_eq!(judge(&standing, &outline("Sports", 50..54, 50..54), hour(0)), Belief::Good);
        assert_eq!(judge(&standing, &outline("Reviews", 50..54, 1..5), hour(0)), Belief::IdsChange, "but for the same words");
        assert_eq!(judge(&standing, &outline("Reviews", 50..54, 3..7), hour(0)), Belief::Good, "one that says the same is chance");
        assert_eq!(judge(&Standing::default(), &outline("Sports", 50..54, 50..54), hour(0)), Belief::Good, "nothing is known");
    }

    #[test]
    fn an_odd_answer_is_believed_after_three_polls_or_a_day() {
        for (name, hours, believed_at) in [("each hour", 1, 2), ("twice a day", 12, 24), ("every two days", 48, 48)] {
            let mut standing = standing(3);
            let at = (0..).step_by(hours).find(|at| match judge(&standing, &outline("Reviews", 0..0, 0..0), hour(*at)) {
                Belief::Doubted(suspect) => {
                    standing.suspect = Some(suspect);
                    false
                }
                _ => true,
            });
            assert_eq!(at, Some(believed_at), "{name}");
        }
        let mut standing = standing(3);
        standing.suspect = Some(Suspect { why: Doubt::AnotherFeed, polls: 2, since: hour(0) });
        assert_eq!(judge(&standing, &outline("Sports", 50..70, 50..70), hour(1)), Belief::Another);
        assert!(unchanged(&mut standing, hour(1)) && standing.suspect.is_none(), "the old page is back");
        standing.suspect = Some(Suspect { why: Doubt::Empty, polls: 2, since: hour(0) });
        assert_eq!(judge(&standing, &outline("Reviews", 0..0, 0..0), hour(1)), Belief::Emptied, "which people are told");
    }

    #[test]
    fn many_new_ones_on_a_long_page_are_no_gap() {
        for (name, title, new, ids) in [
            ("on top", "Reviews", 330, (1000..1330).chain(0..460).collect::<Vec<u64>>()),
            ("on top, under another title", "Reviews!", 450, (1000..1450).chain(0..50).collect()),
            ("at the end", "Reviews", 330, (0..460).chain(1000..1330).collect()),
            ("at the end of what is cut on top", "Reviews", 400, (400..460).chain(1000..1400).collect()),
        ] {
            let page = LastPage { good: 3, ..remembered(None, outline("Reviews", 0..460, 0..460)) };
            assert_eq!(page.ids.len(), 128);
            let standing = Standing { page: Some(Box::new(page)), ..Standing::default() };
            let now = Outline { items: 790, ids: ids.clone(), contents: ids, ..outline(title, 0..0, 0..0) };
            assert_eq!(judge(&standing, &now, hour(0)), Belief::Good, "{name}");
            let after = remembered(standing.page.as_deref(), now);
            assert_eq!((after.most_new, after.appended), (new, u32::from(name.starts_with("at the end"))), "{name}");
        }
    }

    #[test]
    fn a_long_document_that_grows_at_its_end_is_known_for_it() {
        let mut page = remembered(None, outline("Export", 0..500, 0..500));
        for end in [503, 510, 511] {
            page = remembered(Some(&page), outline("Export", 0..end, 0..end));
        }
        assert_eq!((page.appended, page.most_new), (3, 7));
    }

    #[test]
    fn ids_that_change_no_more_are_believed_again() {
        let under = |first: u64, names: u64| {
            let plain = outline("Reviews", first..first + 20, first..first + 20);
            Outline { own: plain.ids.iter().map(|id| (*id, id + names)).collect(), ..plain }
        };
        for (name, polls, expected) in [
            ("changed once", vec![(0, 1000), (1, 1000), (2, 1000), (3, 1000)], true),
            ("two more pages say nothing yet", vec![(0, 1000), (1, 1000), (2, 1000)], false),
            ("with every poll", vec![(0, 1000), (1, 2000), (2, 3000), (3, 4000)], false),
            ("again in between", vec![(0, 1000), (1, 1000), (2, 3000), (3, 3000), (4, 3000)], false),
        ] {
            let mut standing = Standing { ids_change: Some(hour(0)), ..standing(3) };
            for (first, names) in polls {
                standing.page = Some(Box::new(remembered(standing.page.as_deref(), under(first, names))));
            }
            assert_eq!(trusts_ids_again(&mut standing), expected, "{name}");
            assert_eq!(standing.ids_change.is_none(), expected, "{name}");
            if expected {
                let own = outline("Reviews", 1004..1024, 4..24);
                assert_eq!(judge(&standing, &own, hour(9)), Belief::Good, "known by its own ids");
            }
        }
    }

    #[test]
    fn a_page_remembers_how_it_grows() {
        let first = remembered(None, outline("Reviews", 10..20, 0..0));
        assert_eq!((first.most_new, first.good, first.first), (0, 1, 10));
        let mut grown = first.clone();
        for end in 22..26 {
            grown = remembered(Some(&grown), outline("Reviews", 10..end, 0..0));
        }
        assert_eq!((grown.appended, grown.most_new, grown.most, grown.good), (3, 2, 15, 3));
        let on_top: Vec<u64> = std::iter::once(99).chain(10..25).collect();
        let turned = remembered(Some(&grown), Outline { ids: on_top, ..outline("Reviews", 10..26, 0..0) });
        assert_eq!(turned.appended, 0);
    }

    #[test]
    fn what_was_missed_is_told_for_a_day() {
        let mut standing = Standing { gap: Some(hour(0)), ..standing(3) };
        assert!(!unchanged(&mut standing, hour(23)));
        assert!(unchanged(&mut standing, hour(24)) && standing.gap.is_none());
    }
}
