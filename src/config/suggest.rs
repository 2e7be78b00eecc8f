//! "Did you mean": the nearest of the words that would have been right.

/// The candidate nearest to `word`: two letters off at the most, or one where the word is short.
/// Two neighbours swapped count as one.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    // A word of three letters is two letters off from most others.
    let length = word.chars().count();
    let most = if length <= 3 { 1 } else { 2 };
    // Among a hundred thousand names most are ruled out by their length alone. A letter may grow to
    // three when it is made small.
    let close = |candidate: &&str| candidate.len() + most >= length && candidate.len() <= (length + most) * 4;
    candidates
        .into_iter()
        .filter(close)
        .map(|candidate| (strsim::osa_distance(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The same as a question, or else the list of what is there.
#[must_use]
pub fn question<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    nearest(word, candidates.clone()).map_or_else(|| list(candidates), |near| format!("did you mean `{near}`?"))
}

/// What is there, but not more than people read.
#[must_use]
pub fn list<'a>(candidates: impl IntoIterator<Item = &'a str>) -> String {
    let all: Vec<String> = candidates.into_iter().map(|candidate| format!("`{candidate}`")).collect();
    match all.len() {
        0 => "there is none".to_owned(),
        1..=12 => format!("there is {}", all.join(", ")),
        more => format!("there is {} and {} more", all[..12].join(", "), more - 12),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found() {
        for (word, near) in [
            ("remind_evry", Some("remind_every")),
            ("ot", Some("to")),
            ("Eevry", Some("every")),
            ("xyz", None),
            ("completely_different", None),
        ] {
            assert_eq!(nearest(word, ["remind_every", "every", "to", "from"]), near, "{word}");
        }
    }

    #[test]
    fn without_a_near_word_what_is_there_is_listed() {
        assert_eq!(question("alpha", ["shop", "desk"]), "there is `shop`, `desk`");
        assert_eq!(question("alpha", []), "there is none");
    }
}
