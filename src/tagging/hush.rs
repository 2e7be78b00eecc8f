//! Where a sentence says that all is well, or what somebody else said.
//!
//! "No problem with my refund" has every word of a complaint. Each language brings phrases that say
//! so; the clause that has one is not looked at. Clauses end at commas and at words with which a
//! sentence turns, so in "no problem with the refund, but nobody answers" the second half counts.
//! A match that lies wholly within quotation marks is what the writer heard, not what happened.

use crate::tagging::languages::Languages;
use crate::tagging::rules::Calm;
use crate::tagging::search::Postings;
use crate::tagging::search::Span;
use crate::tagging::search::Window;
use crate::text::normalise::Cut;

/// A text as rules see it.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) cut: &'a Cut,
    pub(super) postings: &'a Postings,
    /// Whether a sentence that is asked about may say that all is well; no is final.
    pub(super) may_be_calm: bool,
    /// Those that it may be written in.
    pub(super) languages: Languages,
}

/// The clauses that count, of each sentence that was asked for.
#[derive(Debug, Default)]
pub(super) struct Hush {
    loud: Vec<Option<Vec<Window>>>,
}

impl Hush {
    /// Forgets the last text.
    pub(super) fn clear(&mut self, sentences: usize) {
        self.loud.clear();
        self.loud.resize(sentences + 1, None);
    }

    /// The parts of a window that do not say that all is well; the whole of most. The window is a
    /// sentence by its number, or the title where there is none.
    pub(super) fn loud_clauses(&mut self, calms: &[Calm], said: Said<'_>, sentence: Option<u32>, window: Window) -> &[Window] {
        let Said { postings, cut, languages, .. } = said;
        let slot = sentence.map_or(0, |sentence| sentence as usize + 1);
        self.loud[slot].get_or_insert_with(|| {
            let mut hushed: Vec<Window> = Vec::new();
            for calm in calms.iter().filter(|calm| calm.languages.meet(languages)) {
                let places: Vec<Span> = calm.says.iter().flat_map(|says| postings.all_places(says, window)).collect();
                if places.is_empty() {
                    continue;
                }
                let turns = calm.turn.iter().flat_map(|turn| postings.all_places(turn, window));
                let breaks = cut.breaks.iter().copied().filter(|at| (window.from..window.to).contains(at));
                let ends: Vec<u32> = turns.map(|turn| turn.start).chain(breaks).collect();
                hushed.extend(places.into_iter().map(|place| Window {
                    from: ends.iter().copied().filter(|end| *end <= place.start).max().unwrap_or(window.from),
                    to: ends.iter().copied().filter(|end| *end >= place.end).min().unwrap_or(window.to),
                }));
            }
            rest(window, hushed)
        })
    }

    /// Whether all of it stands within one quotation.
    pub(super) fn is_quoted(cut: &Cut, words: &[Span]) -> bool {
        let inside = |span: &Span, quote: &std::ops::Range<u32>| span.start >= quote.start && span.end <= quote.end;
        !words.is_empty() && cut.quotes.iter().any(|quote| words.iter().all(|span| inside(span, quote)))
    }

    /// The parts of a window that are no quotation.
    pub(super) fn outside_quotes(cut: &Cut, window: Window) -> Vec<Window> {
        let inside = cut.quotes.iter().map(|quote| Window { from: quote.start.max(window.from), to: quote.end.min(window.to) });
        rest(window, inside.filter(|quote| quote.from < quote.to).collect())
    }
}

/// What of a window is left without some parts of it.
fn rest(window: Window, mut without: Vec<Window>) -> Vec<Window> {
    without.sort_unstable_by_key(|part| part.from);
    let mut left = Vec::new();
    let mut from = window.from;
    for part in without {
        if part.from > from {
            left.push(Window { from, to: part.from });
        }
        from = from.max(part.to);
    }
    if from < window.to {
        left.push(Window { from, to: window.to });
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_window_is_in_order() {
        let part = |from, to| Window { from, to };
        assert_eq!(rest(part(2, 9), vec![]), [part(2, 9)]);
        assert_eq!(rest(part(2, 9), vec![part(5, 6), part(2, 3)]), [part(3, 5), part(6, 9)]);
        assert_eq!(rest(part(2, 9), vec![part(4, 9), part(2, 5)]), []);
    }
}
