//! Ratings as people and tools write them, with the scale they are on.

use crate::sources::file::words;

/// A value, with the best one where the cell itself names it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Given {
    pub value: f64,
    pub max: Option<f64>,
}

/// Reads a cell as [`read`] does; words that the settings give a value have that one, on a scale up
/// to the best of them.
pub(super) fn read_with(cell: &str, decimal_comma: bool, words: &[(String, f64)]) -> Option<Given> {
    if words.is_empty() {
        return read(cell, decimal_comma);
    }
    let given = cell.trim().to_lowercase();
    match words.iter().find(|(word, _)| word.trim().to_lowercase() == given) {
        Some((_, value)) => {
            Some(Given { value: *value, max: words.iter().map(|(_, value)| *value).reduce(f64::max).filter(|max| *max > 0.0) })
        }
        None => read(cell, decimal_comma),
    }
}

/// Reads a cell: `4`, `4,5`, `3/5`, `★★★☆☆`, `4 - satisfied`, `Very satisfied`, `Good`.
pub(super) fn read(cell: &str, decimal_comma: bool) -> Option<Given> {
    let cell = cell.trim();
    if cell.is_empty() || cell.len() > 64 {
        return None;
    }
    if let Some(value) = number(cell, decimal_comma) {
        return (0.0..=100.0).contains(&value).then_some(Given { value, max: None });
    }
    let stars = cell.chars().filter(|letter| matches!(letter, '⭐' | '★')).count();
    if stars > 0 && cell.chars().all(|letter| matches!(letter, '⭐' | '★' | '☆' | '\u{fe0f}' | ' ')) {
        // Empty stars tell how many there could have been.
        let empty = cell.chars().filter(|letter| *letter == '☆').count();
        return Some(Given { value: stars as f64, max: (empty > 0).then_some((stars + empty) as f64) });
    }
    if let Some((value, max)) = cell.split_once('/') {
        let (value, max) = (number(value.trim(), decimal_comma)?, number(max.trim(), decimal_comma)?);
        return (max > 0.0 && (0.0..=max).contains(&value)).then_some(Given { value, max: Some(max) });
    }
    if let Some(given) = word(&cell.to_lowercase()) {
        return Some(given);
    }
    // `4 - satisfied`, `5 stars`
    let (value, rest) = cell.split_once([' ', '-', '–', ':', '='])?;
    let labelled = rest.trim_start_matches([' ', '-', '–', ':', '=']).starts_with(char::is_alphabetic);
    labelled
        .then(|| number(value, decimal_comma))
        .flatten()
        .filter(|value| (0.0..=10.0).contains(value))
        .map(|value| Given { value, max: None })
}

/// Whether a cell is meant as a number, so that a reader wonders where it does not count.
pub(super) fn is_meant(cell: &str) -> bool {
    cell.trim().trim_start_matches(['-', '+', '−']).starts_with(|letter: char| letter.is_ascii_digit())
}

/// From where to where ratings go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub least: f64,
    pub best: f64,
}

impl Scale {
    /// Whether a value lies on it.
    pub(super) fn holds(&self, value: f64) -> bool {
        (self.least..=self.best).contains(&value)
    }
}

/// Scale that a column's name tells: `(1-5)`, `0–10`, `out of 10`, `/5`, NPS.
pub(super) fn scale_in_name(name: &str, words: &[String]) -> Option<Scale> {
    let numbers = numbers_in(name);
    let range = numbers.windows(2).map(|pair| (pair[0], pair[1])).find(|(low, high)| matches!(*low, 0.0 | 1.0) && is_best(*high));
    if let Some((least, best)) = range {
        return Some(Scale { least, best });
    }
    let up_to = |best: f64| Scale { least: 0.0, best };
    let of = words
        .windows(2)
        .find(|pair| matches!(pair[0].as_str(), "of" | "von" | "av" | "sur" | "su" | "de" | "van") && pair[1].parse::<f64>().is_ok());
    if let Some(high) = of.and_then(|pair| pair[1].parse::<f64>().ok()) {
        return is_best(high).then(|| up_to(high));
    }
    // `24/7` and dates are no scales.
    if let Some((before, after)) = name.split_once('/')
        && !before.ends_with(|letter: char| letter.is_ascii_digit())
        && after.trim_start().starts_with(|letter: char| letter.is_ascii_digit())
        && let Some(high) = numbers_in(after).first().filter(|high| matches!(**high, 5.0 | 6.0 | 7.0 | 10.0 | 100.0))
    {
        return Some(up_to(*high));
    }
    let recommended = words::any(words, words::RECOMMEND) && words::any(words, words::LIKELY);
    (recommended || words::any(words, &["nps"])).then(|| up_to(10.0))
}

/// Best values that scales have.
fn is_best(high: f64) -> bool {
    matches!(high, 20.0 | 100.0) || ((2.0..=11.0).contains(&high) && high.fract() == 0.0)
}

/// Best value that the values themselves suggest, where nothing names it. A slip of the pen (a 55
/// among ones to fives) does not decide for the others.
pub(super) fn assumed_scale(values: &[f64]) -> f64 {
    let beyond = |best: f64| values.iter().filter(|value| **value > best).count();
    // Of those who may give up to 100 hardly anybody stays below 10, while many who may give 10 stay below 5.
    let is_slip = |beyond: usize, least: usize, share: usize| values.len() >= least && beyond <= (values.len() / share).max(1);
    let (beyond_five, beyond_ten) = (beyond(5.0), beyond(10.0));
    if beyond_ten > 0 && !is_slip(beyond_ten, 3, 5) {
        100.0
    } else if beyond_five > beyond_ten && !is_slip(beyond_five - beyond_ten, 10, 50) {
        10.0
    } else {
        5.0
    }
}

/// A number with a point, or with a comma and points between the thousands.
pub(super) fn number(text: &str, decimal_comma: bool) -> Option<f64> {
    if !text.starts_with(|letter: char| letter.is_ascii_digit() || matches!(letter, '-' | '+')) {
        return None;
    }
    if !decimal_comma {
        return text.parse().ok();
    }
    let whole = text.split(',').next().unwrap_or_default();
    if text.contains(',') || (whole.contains('.') && whole.rsplit('.').next().is_some_and(|last| last.len() == 3)) {
        text.replace('.', "").replace(',', ".").parse().ok()
    } else {
        text.parse().ok()
    }
}

fn word(cell: &str) -> Option<Given> {
    let (value, max) = match cell.trim_end_matches('.') {
        "good" | "thumbs up" | "👍" => (1.0, 1.0),
        "bad" | "thumbs down" | "👎" => (0.0, 1.0),
        "very dissatisfied"
        | "very unsatisfied"
        | "extremely dissatisfied"
        | "strongly disagree"
        | "sehr unzufrieden"
        | "mycket missnöjd" => (1.0, 5.0),
        "dissatisfied" | "unsatisfied" | "somewhat dissatisfied" | "disagree" | "unzufrieden" | "missnöjd" => (2.0, 5.0),
        "neutral" | "neither satisfied nor dissatisfied" | "neither agree nor disagree" | "teils/teils" | "varken eller" => (3.0, 5.0),
        "satisfied" | "somewhat satisfied" | "agree" | "zufrieden" | "nöjd" => (4.0, 5.0),
        "very satisfied" | "extremely satisfied" | "strongly agree" | "sehr zufrieden" | "mycket nöjd" => (5.0, 5.0),
        _ => return None,
    };
    Some(Given { value, max: Some(max) })
}

/// The numbers of a name that are not the name's own (`Q1`) and not the question's (`1. How ...`).
fn numbers_in(text: &str) -> Vec<f64> {
    let mut numbers = Vec::new();
    let mut before = None;
    let mut rest = text.trim_start();
    let is_digit = |letter: char| letter.is_ascii_digit();
    let is_first = |rest: &str| rest.len() == text.trim_start().len();
    while let Some(letter) = rest.chars().next() {
        let end = rest.find(|letter: char| !is_digit(letter) && !matches!(letter, ',' | '.')).unwrap_or(rest.len());
        if !is_digit(letter) {
            (before, rest) = (Some(letter), &rest[letter.len_utf8()..]);
            continue;
        }
        let number = rest[..end].trim_end_matches([',', '.']);
        let behind = &rest[number.len()..];
        let counts = is_first(rest) && behind.starts_with(['.', ')', ':']);
        if !counts && !before.is_some_and(char::is_alphabetic) {
            numbers.extend(number.replace(',', ".").parse::<f64>());
        }
        (before, rest) = (Some('0'), &rest[end..]);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read() {
        for (cell, comma, value, max) in [
            ("4", false, 4.0, None),
            ("0", false, 0.0, None),
            ("4,5", true, 4.5, None),
            ("3/5", false, 3.0, Some(5.0)),
            ("★★★☆☆", false, 3.0, Some(5.0)),
            ("⭐⭐", false, 2.0, None),
            ("4 - satisfied", false, 4.0, None),
            ("Very satisfied", false, 5.0, Some(5.0)),
            ("Bad", false, 0.0, Some(1.0)),
        ] {
            assert_eq!(read(cell, comma), Some(Given { value, max }), "{cell}");
        }
        for cell in ["", "N/A", "Offered", "Detractor", "#REF!", "1.234", "-1", "4 2"] {
            assert!(read(cell, true).is_none_or(|given| given.value > 100.0), "{cell}");
        }
    }

    #[test]
    fn a_name_may_tell_its_scale() {
        for (name, max) in [
            ("rating (1-5)", Some(5.0)),
            ("Gesamtnote (1,0–5,0)", Some(5.0)),
            ("Wie zufrieden? [1 = gar nicht, 7 = sehr]", Some(7.0)),
            ("csat_1_5", Some(5.0)),
            ("Grade out of 10", Some(10.0)),
            ("Stars (of 5)", Some(5.0)),
            ("NPS Score", Some(10.0)),
            ("How likely are you to recommend us?", Some(10.0)),
            ("Score", None),
            ("1. How satisfied are you with our 24/7 support?", None),
            ("Q1 Rate us from 0 to 10", Some(10.0)),
            ("3) Rating 1-7", Some(7.0)),
            ("Note /5", Some(5.0)),
            ("Rate the 10 rooms and/or 5 halls", None),
        ] {
            let scale = scale_in_name(name, &words::of(name));
            assert_eq!(scale.map(|scale| scale.best), max, "{name}");
        }
    }

    #[test]
    fn commas_and_points_in_numbers_depend_on_the_file() {
        assert_eq!(number("1.234,56", true), Some(1234.56));
        assert_eq!(number("12.000", true), Some(12000.0));
        assert_eq!(number("4.5", true), Some(4.5));
        assert_eq!(number("4.5", false), Some(4.5));
        assert_eq!(number("4,5", false), None);
    }

    #[test]
    fn one_value_decides_no_scale() {
        let some = |ordinary: &[f64], times: usize, odd: &[f64]| {
            let ordinary = ordinary.iter().copied().cycle().take(ordinary.len() * times);
            assumed_scale(&ordinary.chain(odd.iter().copied()).collect::<Vec<_>>())
        };
        for (ordinary, times, odd, best) in [
            (&[1.0, 2.0, 5.0][..], 1, &[][..], 5.0),
            (&[1.0, 5.0, 3.0], 1, &[55.0], 5.0),
            (&[1.0, 5.0, 3.0, 4.0], 5, &[8.0], 5.0),
            (&[1.0, 9.0, 3.0, 10.0], 5, &[11.0], 10.0),
            (&[1.0, 5.0, 3.0], 1, &[8.0], 10.0),
            (&[1.0, 5.0, 3.0, 2.0], 5, &[8.0, 9.0], 10.0),
            (&[4.0], 1, &[80.0], 100.0),
            (&[4.0, 70.0, 95.0], 9, &[], 100.0),
            (&[1.0, 5.0, 3.0, 4.0], 100, &[55.0, 44.0, 7.0], 5.0),
        ] {
            assert!((some(ordinary, times, odd) - best).abs() < 1e-9, "{ordinary:?} {odd:?}");
        }
    }
}
