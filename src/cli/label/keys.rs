//! What a person can answer.

use std::collections::BTreeSet;

/// An answer to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is as shown.
    Right,
    /// These themes, by place, are the other way round.
    Toggle(BTreeSet<usize>),
    /// Not this one.
    Skip,
    /// Takes the last answer back.
    Undo,
    /// That was all.
    Quit,
    /// None that is known; a sentence says what is.
    Unknown(String),
}

/// Reads a line. Numbers count from 1; while there are nine themes at most they may stand together.
pub(super) fn answer(line: &str, themes: &[&str]) -> Answer {
    match line.trim().to_lowercase().as_str() {
        "" => return Answer::Right,
        "s" => return Answer::Skip,
        "u" => return Answer::Undo,
        "q" => return Answer::Quit,
        _ => {}
    }
    let mut places = BTreeSet::new();
    for word in line.split([' ', ',', '\t', '\n', '\r']).filter(|word| !word.is_empty()) {
        match numbers(word, themes) {
            // Said twice it is as before.
            Some(said) => said.into_iter().for_each(|place| {
                if !places.remove(&place) {
                    places.insert(place);
                }
            }),
            None => return Answer::Unknown(unknown(word, themes.len())),
        }
    }
    Answer::Toggle(places)
}

/// The places that a word names: a number, digits in a row, or the name of a theme.
fn numbers(word: &str, themes: &[&str]) -> Option<Vec<usize>> {
    if let Some(place) = themes.iter().position(|theme| *theme == word) {
        return Some(vec![place]);
    }
    let place = |number: usize| number.checked_sub(1).filter(|place| *place < themes.len());
    if themes.len() > 9 {
        return Some(vec![place(word.parse().ok()?)?]);
    }
    word.chars().map(|digit| place(digit.to_digit(10)? as usize)).collect()
}

fn unknown(word: &str, themes: usize) -> String {
    let shown: String = word.chars().filter(|letter| !letter.is_control()).take(20).collect();
    match themes {
        0 => format!("`{shown}` is no answer; Enter, s, u and q are"),
        1 => format!("`{shown}` is no answer; Enter, 1, s, u and q are"),
        _ => format!("`{shown}` is no answer; Enter, numbers from 1 to {themes}, s, u and q are"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const THREE: [&str; 3] = ["late", "rude", "lost"];

    fn toggle(places: &[usize]) -> Answer {
        Answer::Toggle(places.iter().copied().collect())
    }

    #[test]
    fn a_line_is_read_as_a_person_means_it() {
        for (line, read) in [
            ("\n", Answer::Right),
            (" S \r\n", Answer::Skip),
            ("u", Answer::Undo),
            ("Q", Answer::Quit),
            ("13", toggle(&[0, 2])),
            ("1, 3", toggle(&[0, 2])),
            ("rude 1", toggle(&[0, 1])),
            ("11", toggle(&[])),
        ] {
            assert_eq!(answer(line, &THREE), read, "{line:?}");
        }
    }

    #[test]
    fn an_answer_that_is_none_is_said_to_be() {
        for line in ["4", "0", "x", "1x", "-1", "²"] {
            let Answer::Unknown(said) = answer(line, &THREE) else { panic!("{line}") };
            assert_eq!(said, format!("`{line}` is no answer; Enter, numbers from 1 to 3, s, u and q are"));
        }
        assert!(matches!(answer("1", &[]), Answer::Unknown(_)));
    }

    #[test]
    fn of_many_themes_each_number_stands_alone() {
        let many = ["t"; 12];
        assert_eq!(answer("12 1", &many), toggle(&[0, 11]));
        assert!(matches!(answer("13", &many), Answer::Unknown(_)));
    }

    proptest! {
        #[test]
        fn any_line_is_some_answer_and_names_no_place_that_is_none(line in ".*", themes in 0..15_usize) {
            if let Answer::Toggle(places) = answer(&line, &vec!["t"; themes]) {
                prop_assert!(places.iter().all(|place| *place < themes));
            }
        }
    }
}
