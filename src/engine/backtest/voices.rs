//! Messages with a story: copies of one another, edits, deletions. What their counts were at each
//! moment follows from what was known then.

use std::collections::BTreeMap;

use crate::counting::Member;
use crate::counting::Tally;
use crate::counting::difference;
use crate::counting::ratings;
use crate::counting::ratings::Score;
use crate::domain::count::Quarter;

/// A message over time. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tale {
    /// Its number.
    pub id: i64,
    /// Place of its source.
    pub source: u16,
    /// The quarter it is counted in.
    pub quarter: i64,
    /// It came too late to alert.
    pub late: bool,
    /// When it was seen.
    pub seen: i64,
    /// `seen` is its own time, for it was imported.
    pub imported: bool,
    /// When the source took it back.
    pub gone_at: Option<i64>,
    /// Numbers of its segments, the whole included.
    pub segments: Vec<i64>,
    /// Numbers of its themes before each edit, and when that was.
    pub earlier: Vec<(i64, Vec<i64>)>,
    /// Numbers of its present themes.
    pub themes: Vec<i64>,
    /// Its present rating: what it was before an edit nobody kept.
    pub rating: Option<Score>,
}

/// A change of one count by one voice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Move {
    /// When it was seen.
    pub seen: i64,
    /// What is counted.
    pub of: Count,
    /// When, in which segment, and the place of the source.
    pub quarter: Quarter,
    pub segment: i64,
    pub source: u16,
    /// By how much.
    pub tally: Tally,
    /// A message came in its time.
    pub news: bool,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Count {
    /// All messages.
    All,
    /// Those with a theme.
    Theme(i64),
    /// Those with a rating.
    Rating(Score),
}

enum Happened {
    Seen,
    Edited(Vec<i64>),
    Gone,
}

/// What the messages of one voice did to the counters, in the order in which it was seen.
pub(super) fn moves(tales: &[Tale]) -> Vec<Move> {
    let mut events: Vec<(i64, usize, Happened)> = Vec::new();
    for (at, tale) in tales.iter().enumerate() {
        events.push((tale.seen, at, Happened::Seen));
        let after = tale.earlier.iter().skip(1).map(|(_, themes)| themes).chain([&tale.themes]);
        events.extend(
            tale.earlier.iter().zip(after).map(|((until, _), themes)| ((*until).max(tale.seen), at, Happened::Edited(themes.clone()))),
        );
        events.extend(tale.gone_at.map(|gone| (gone.max(tale.seen), at, Happened::Gone)));
    }
    events.sort_by_key(|(seen, at, _)| (*seen, *at));
    let mut members: BTreeMap<usize, Member> = BTreeMap::new();
    let mut moves = Vec::new();
    for (seen, at, happened) in events {
        let before: Vec<Member> = members.values().cloned().collect();
        let news = matches!(happened, Happened::Seen) && !tales[at].late;
        match happened {
            Happened::Seen => {
                members.insert(at, first(&tales[at]));
            }
            Happened::Edited(themes) => {
                members.entry(at).and_modify(|member| member.themes = themes);
            }
            Happened::Gone => {
                members.entry(at).and_modify(|member| member.gone = true);
            }
        }
        let after: Vec<Member> = members.values().cloned().collect();
        let counted = difference(&before, &after).into_iter().map(|(key, tally)| Move {
            seen,
            of: key.theme.map_or(Count::All, Count::Theme),
            quarter: key.quarter,
            segment: key.scope,
            source: key.source as u16,
            tally,
            news,
        });
        moves.extend(counted);
        moves.extend(rated(&before, -1).chain(rated(&after, 1)).map(|of| Move { seen, news, ..of }));
    }
    moves
}

/// What the rating of a voice adds, so many times. What is taken back and added again in one moment
/// leaves what was there.
fn rated(members: &[Member], times: i64) -> impl Iterator<Item = Move> + use<> {
    ratings::contribution(members).into_iter().map(move |(key, rated)| Move {
        seen: 0,
        of: Count::Rating(Score { hundredths: rated.sum, scale: key.scale }),
        quarter: key.quarter,
        segment: key.scope,
        source: key.source as u16,
        tally: Tally { voices: times, late: if key.late { times } else { 0 } },
        news: false,
    })
}

/// The message as it was when it came.
fn first(tale: &Tale) -> Member {
    let themes = tale.earlier.first().map_or(&tale.themes, |(_, themes)| themes);
    Member {
        id: tale.id,
        source: i64::from(tale.source),
        quarter: Quarter(tale.quarter),
        late: tale.late,
        gone: false,
        scopes: tale.segments.clone(),
        themes: themes.clone(),
        rating: tale.rating,
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::counting::contribution;

    fn tale(id: i64, seen: i64, themes: &[i64]) -> Tale {
        Tale {
            id,
            source: 0,
            quarter: 10,
            late: false,
            seen,
            imported: false,
            gone_at: None,
            segments: vec![1],
            earlier: Vec::new(),
            themes: themes.to_vec(),
            rating: None,
        }
    }

    /// Time, theme (0 for all messages), change and whether it is news, of the whole.
    fn told(tales: &[Tale]) -> Vec<(i64, i64, i64, bool)> {
        let theme = |of: Count| if let Count::Theme(theme) = of { theme } else { 0 };
        moves(tales).into_iter().map(|of| (of.seen, theme(of.of), of.tally.voices, of.news)).collect()
    }

    #[test]
    fn an_edit_changes_themes_when_it_was_seen_and_is_no_news() {
        let edited = Tale { earlier: vec![(50, vec![3]), (70, vec![3, 4])], ..tale(1, 20, &[4]) };
        assert_eq!(told(&[edited]), [(20, 0, 1, true), (20, 3, 1, true), (50, 4, 1, false), (70, 3, -1, false)]);
    }

    #[test]
    fn a_deletion_takes_back_when_it_was_seen() {
        let gone = Tale { gone_at: Some(90), ..tale(1, 20, &[3]) };
        assert_eq!(told(&[gone]), [(20, 0, 1, true), (20, 3, 1, true), (90, 0, -1, false), (90, 3, -1, false)]);
    }

    #[test]
    fn a_copy_adds_its_themes_and_no_voice() {
        assert_eq!(told(&[tale(1, 20, &[3]), tale(2, 30, &[3, 5])]), [(20, 0, 1, true), (20, 3, 1, true), (30, 5, 1, true)]);
    }

    fn tales() -> impl Strategy<Value = Vec<Tale>> {
        let themes = || vec(1..4_i64, 0..3);
        let edits = vec((0..150_i64, themes()), 0..3);
        let one = (0..3_i64, 0..100_i64, proptest::option::of(0..150_i64), edits, themes(), any::<bool>());
        let one = one.prop_map(|(quarter, seen, gone_at, mut earlier, themes, late)| {
            earlier.sort();
            Tale {
                quarter,
                late,
                gone_at,
                earlier,
                rating: Score::of(quarter as f64 + 1.0, 5.0).filter(|_| seen % 3 > 0),
                ..tale(0, seen, &themes)
            }
        });
        let numbered = |tales: Vec<Tale>| (1..).zip(tales).map(|(id, tale)| Tale { id, ..tale }).collect();
        vec(one, 1..5).prop_map(numbered)
    }

    proptest! {
        #[test]
        fn in_the_end_all_is_counted_as_a_recount_gives(tales in tales()) {
            let mut counters: BTreeMap<(Quarter, i64, u16, Count), Tally> = BTreeMap::new();
            let mut last = i64::MIN;
            for of in moves(&tales) {
                prop_assert!(last <= of.seen);
                last = of.seen;
                let cell = counters.entry((of.quarter, of.segment, of.source, of.of)).or_default();
                cell.voices += of.tally.voices;
                cell.late += of.tally.late;
            }
            counters.retain(|_, tally| *tally != Tally::default());
            let now = |tale: &Tale| Member { gone: tale.gone_at.is_some(), themes: tale.themes.clone(), ..first(tale) };
            let members: Vec<Member> = tales.iter().map(now).collect();
            let of_theme = contribution(&members).into_iter().map(|(key, tally)| {
                ((key.quarter, key.scope, key.source as u16, key.theme.map_or(Count::All, Count::Theme)), tally)
            });
            let of_rating = rated(&members, 1).map(|of| ((of.quarter, of.segment, of.source, of.of), of.tally));
            prop_assert_eq!(counters, of_theme.chain(of_rating).collect());
        }
    }
}
