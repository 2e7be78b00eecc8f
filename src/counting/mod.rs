//! What messages add to which counter. One pure function, so that a recount is its sum.
//!
//! A *voice* is one person's complaint, however often it is copied. Its messages are counted
//! together: once, in the quarter of the earliest of them, with the themes of all. The store
//! applies `contribution(after) - contribution(before)` in the transaction that stores a change;
//! a new message, an edit, a deletion and new tags are all that one call.

pub mod delay;
pub mod lent;
pub mod rated;
pub mod ratings;
pub mod series;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::counting::ratings::Score;
use crate::domain::count::Quarter;

/// Messages of a voice that are looked at: the first ones that arrived. A thousandth copy adds
/// nothing but work; even its themes are those of the others.
pub const MOST_MEMBERS: usize = 64;

/// What counting has to know of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Number of the message: settles which of two at the same moment is the earlier.
    pub id: i64,
    /// Number of its source.
    pub source: i64,
    /// Quarter of its event time.
    pub quarter: Quarter,
    /// It came as history.
    pub late: bool,
    /// The source took it back.
    pub gone: bool,
    /// Numbers of the scopes it belongs to, the whole included.
    pub scopes: Vec<i64>,
    /// Numbers of its themes.
    pub themes: Vec<i64>,
    /// Its rating.
    pub rating: Option<Score>,
}

/// One counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellKey {
    /// When.
    pub quarter: Quarter,
    /// Number of the scope.
    pub scope: i64,
    /// Number of the source.
    pub source: i64,
    /// Number of the theme; `None` counts all messages.
    pub theme: Option<i64>,
}

/// What a counter holds, or by how much it moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Voices.
    pub voices: i64,
    /// Voices among them that came as history.
    pub late: i64,
}

/// What the messages of one voice add to the counters: the [`MOST_MEMBERS`] that arrived first.
#[must_use]
pub fn contribution(voice: &[Member]) -> BTreeMap<CellKey, Tally> {
    let mut cells = BTreeMap::new();
    let Some(first) = first(voice) else { return cells };
    let themes: BTreeSet<i64> = standing(voice).flat_map(|member| member.themes.iter().copied()).collect();
    let tally = Tally { voices: 1, late: i64::from(first.late) };
    for &scope in &first.scopes {
        for theme in std::iter::once(None).chain(themes.iter().copied().map(Some)) {
            cells.insert(CellKey { quarter: first.quarter, scope, source: first.source, theme }, tally);
        }
    }
    cells
}

/// The message in whose quarter a voice counts: the earliest that stands.
pub(crate) fn first(voice: &[Member]) -> Option<&Member> {
    standing(voice).min_by_key(|member| (member.quarter, member.id))
}

/// The messages of a voice that are looked at and were not taken back.
fn standing(voice: &[Member]) -> impl Iterator<Item = &Member> {
    let last = last_of_the_first(voice);
    voice.iter().filter(move |member| !member.gone && member.id <= last)
}

/// Number of the last message that is looked at.
fn last_of_the_first(voice: &[Member]) -> i64 {
    if voice.len() <= MOST_MEMBERS {
        return i64::MAX;
    }
    let mut ids: Vec<i64> = voice.iter().map(|member| member.id).collect();
    *ids.select_nth_unstable(MOST_MEMBERS - 1).1
}

/// What has to be added so that `before` becomes `after`. Counters that stay are left out.
#[must_use]
pub fn difference(before: &[Member], after: &[Member]) -> BTreeMap<CellKey, Tally> {
    let mut moves = contribution(after);
    for (key, tally) in contribution(before) {
        let cell = moves.entry(key).or_default();
        cell.voices -= tally.voices;
        cell.late -= tally.late;
    }
    moves.retain(|_, tally| *tally != Tally::default());
    moves
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn member(id: i64, quarter: i64, themes: &[i64]) -> Member {
        Member {
            id,
            source: 7,
            quarter: Quarter(quarter),
            late: false,
            gone: false,
            scopes: vec![1, 2],
            themes: themes.to_vec(),
            rating: None,
        }
    }

    fn voices(cells: &BTreeMap<CellKey, Tally>, theme: Option<i64>) -> Vec<(i64, i64)> {
        cells.iter().filter(|(key, _)| key.theme == theme && key.scope == 1).map(|(key, tally)| (key.quarter.0, tally.voices)).collect()
    }

    #[test]
    fn a_copied_complaint_counts_once_in_the_quarter_of_the_earliest_with_the_themes_of_all() {
        let cells = contribution(&[member(1, 50, &[3]), member(2, 40, &[4])]);
        assert_eq!(voices(&cells, None), [(40, 1)]);
        assert_eq!(voices(&cells, Some(3)), [(40, 1)]);
        assert_eq!(voices(&cells, Some(4)), [(40, 1)]);
    }

    #[test]
    fn an_edit_gives_back_the_lost_theme_and_nothing_else() {
        let moves = difference(&[member(1, 50, &[3, 5])], &[member(1, 50, &[5])]);
        assert_eq!(moves.len(), 2, "one theme in two scopes: {moves:?}");
        assert_eq!(voices(&moves, Some(3)), [(50, -1)]);
    }

    #[test]
    fn a_deletion_gives_all_back() {
        let gone = Member { gone: true, ..member(1, 50, &[3]) };
        let moves = difference(&[member(1, 50, &[3])], std::slice::from_ref(&gone));
        assert!(moves.values().all(|tally| tally.voices == -1));
        assert_eq!(contribution(&[gone]), BTreeMap::new());
    }

    /// A history of a voice: each step replaces one of its messages.
    fn history() -> impl Strategy<Value = Vec<Member>> {
        let one = (0..4_i64, 0..5_i64, any::<bool>(), any::<bool>(), vec(1..4_i64, 0..3), vec(1..4_i64, 1..3));
        vec(one, 0..20).prop_map(|steps| {
            steps
                .into_iter()
                .map(|(id, quarter, late, gone, themes, scopes)| Member {
                    id,
                    source: 1 + id % 2,
                    quarter: Quarter(quarter),
                    late,
                    gone,
                    scopes,
                    themes,
                    rating: None,
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn the_moves_of_any_history_add_up_to_a_recount(steps in history()) {
            let mut now: BTreeMap<i64, Member> = BTreeMap::new();
            let mut counters: BTreeMap<CellKey, Tally> = BTreeMap::new();
            for step in steps {
                let before: Vec<Member> = now.values().cloned().collect();
                now.insert(step.id, step);
                let after: Vec<Member> = now.values().cloned().collect();
                for (key, tally) in difference(&before, &after) {
                    let cell = counters.entry(key).or_default();
                    cell.voices += tally.voices;
                    cell.late += tally.late;
                }
            }
            counters.retain(|_, tally| *tally != Tally::default());
            let recount = contribution(&now.into_values().collect::<Vec<_>>());
            prop_assert_eq!(counters, recount);
        }
    }
}
