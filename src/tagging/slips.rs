//! What a word was meant to be that no rule knows as it stands: stretched ("refuuund"), written with
//! digits or stars for letters ("b0t", "sh*t"), or mistyped ("refudn", "anwser", "adress").
//!
//! Only slips that hardly ever make another word are undone: letters stretched to three and more,
//! two neighbours changed over, a letter doubled or not doubled. A letter left out or taken for
//! another would make "contact" of "contract" and "charged" of "changed".

/// Shorter words turn into each other: "form" and "from".
const SHORTEST_MISTYPED: usize = 6;

/// Longer words are no words.
const LONGEST: usize = 32;

/// Calls `is_known` with what a word in plain form may have been meant to be, the likeliest first,
/// until it says yes.
pub(super) fn meant(plain: &str, mut is_known: impl FnMut(&str) -> bool) -> bool {
    let letters: Vec<char> = plain.chars().take(LONGEST + 1).collect();
    if letters.len() > LONGEST || letters.len() < 2 {
        return false;
    }
    let mut candidate = String::with_capacity(plain.len() + 4);
    let mut is_known = |letters: &mut dyn Iterator<Item = char>| {
        candidate.clear();
        candidate.extend(letters);
        candidate != plain && is_known(&candidate)
    };
    if is_stretched(plain) {
        return [2, 1].into_iter().any(|most| is_known(&mut squeezed(&letters, most).into_iter()));
    }
    if letters.iter().any(char::is_ascii_digit) {
        return unmasked(&letters).is_some_and(|letters| is_known(&mut letters.into_iter()));
    }
    if letters.len() < SHORTEST_MISTYPED {
        return false;
    }
    let last = letters.len() - 1;
    let swapped = |at: usize| {
        (0..=last).map(move |place| {
            if place == at {
                at + 1
            } else if place == at + 1 {
                at
            } else {
                place
            }
        })
    };
    // The first letter is nearly always right.
    (1..last).any(|at| letters[at] != letters[at + 1] && is_known(&mut swapped(at).map(|place| letters[place])))
        || (1..=last).any(|at| letters[at] == letters[at - 1] && is_known(&mut without(&letters, at)))
        || (1..=last).any(|at| letters[at] != letters[at - 1] && is_known(&mut doubled(&letters, at)))
}

/// Whether a letter comes three times in a row.
pub(super) fn is_stretched(plain: &str) -> bool {
    let (mut last, mut run) = ('\0', 0);
    plain.chars().any(|c| {
        run = if c == last { run + 1 } else { 1 };
        last = c;
        run > 2
    })
}

/// Runs of more than two letters, cut to `most`.
fn squeezed(letters: &[char], most: usize) -> Vec<char> {
    let mut kept: Vec<char> = Vec::with_capacity(letters.len());
    for run in letters.chunk_by(|a, b| a == b) {
        kept.extend(run.iter().take(if run.len() > 2 { most } else { run.len() }));
    }
    kept
}

/// Letters for the digits that stand for them; `None` where a digit is a number.
fn unmasked(letters: &[char]) -> Option<Vec<char>> {
    let is_word =
        letters.iter().filter(|c| c.is_alphabetic()).count() * 2 > letters.len() && letters.last().is_some_and(|c| c.is_alphabetic());
    let letter = |c: &char| match c {
        '0' => Some('o'),
        '1' => Some('i'),
        '3' => Some('e'),
        '4' => Some('a'),
        '5' => Some('s'),
        '7' => Some('t'),
        c if c.is_ascii_digit() => None,
        c => Some(*c),
    };
    is_word.then(|| letters.iter().map(letter).collect::<Option<Vec<_>>>()).flatten()
}

fn without(letters: &[char], at: usize) -> impl Iterator<Item = char> {
    letters.iter().enumerate().filter(move |(place, _)| *place != at).map(|(_, c)| *c)
}

fn doubled(letters: &[char], at: usize) -> impl Iterator<Item = char> {
    letters.iter().enumerate().flat_map(move |(place, c)| std::iter::repeat_n(*c, if place == at { 2 } else { 1 }))
}

/// Whether a word with stars for letters may be this one.
pub(super) fn may_be(starred: &str, word: &str) -> bool {
    let mut letters = word.chars();
    starred.chars().all(|c| letters.next().is_some_and(|letter| c == '*' || c == letter)) && letters.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, known: &[&str], expected: Option<&str>) {
        let mut found = None;
        meant(word, |candidate| {
            found = known.contains(&candidate).then(|| candidate.to_owned());
            found.is_some()
        });
        assert_eq!(found.as_deref(), expected, "{word}");
    }

    #[test]
    fn slips_of_the_hand_are_undone() {
        check("refudn", &["refund"], Some("refund"));
        check("adress", &["address"], Some("address"));
        check("repllied", &["replied"], Some("replied"));
        check("refuuuund", &["refund"], Some("refund"));
        check("stilll", &["still"], Some("still"));
        check("b0t", &["bot"], Some("bot"));
        check("5cam", &["scam"], Some("scam"));
    }

    #[test]
    fn other_words_stay_what_they_are() {
        check("contract", &["contact"], None);
        check("changed", &["charged"], None);
        check("form", &["from"], None);
        check("iphone15", &["iphoneis"], None);
        check("a", &["aa"], None);
        check("erfund", &["refund"], None);
    }

    #[test]
    fn stars_stand_for_any_letter() {
        assert!(may_be("sh*t", "shit") && may_be("f**k", "fuck"));
        assert!(!may_be("sh*t", "shirt") && !may_be("sh*t", "shi"));
    }
}
