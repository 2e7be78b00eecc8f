//! Ratings as pages write them: `4,0`, `9 stars`, `3 of 5`, `★★★☆☆`, `80 %`.

use crate::domain::item::Rating;

/// Reads a rating. `max` is the best value where the page or the configuration names it; else the
/// text may, else it is 5.
pub(super) fn read(text: &str, max: Option<f64>) -> Option<Rating> {
    let text = text.trim();
    if text.is_empty() || text.len() > 200 {
        return None;
    }
    let full = text.chars().filter(|letter| matches!(letter, '★' | '⭐')).count();
    if full > 0 && !text.chars().any(|letter| letter.is_ascii_digit()) {
        let empty = text.chars().filter(|letter| *letter == '☆').count();
        let shown = (empty > 0).then_some((full + empty) as f64);
        return within(full as f64, shown.or(max).unwrap_or(5.0));
    }
    let (value, after) = number(text)?;
    let after = after.trim_start();
    if after.starts_with('%') {
        return within(value, 100.0);
    }
    within(value, max.or_else(|| best_after(after)).unwrap_or(5.0))
}

/// A number with a point or a decimal comma.
pub(super) fn plain(text: &str) -> Option<f64> {
    number(text).map(|(value, _)| value)
}

/// A value outside its scale is none.
fn within(value: f64, max: f64) -> Option<Rating> {
    (max > 0.0 && max <= 1000.0 && (0.0..=max).contains(&value)).then_some(Rating { value, max })
}

/// What stands behind `/`, `of`, `von` and the like.
fn best_after(after: &str) -> Option<f64> {
    const WORDS: &[&str] = &["out of", "of", "von", "av", "sur", "su", "de", "van", "af", "på", "/", "z", "из"];
    // `9 stars of 10`
    let rest = after.trim_start_matches(|letter: char| letter.is_alphabetic()).trim_start();
    let behind = [after, rest].into_iter().find_map(|after| {
        WORDS.iter().find_map(|word| {
            let end = after.get(..word.len()).filter(|start| start.eq_ignore_ascii_case(word)).map(str::len)?;
            let rest = &after[end..];
            (*word == "/" || rest.starts_with(' ')).then_some(rest)
        })
    })?;
    plain(behind).filter(|max| *max >= 2.0)
}

/// The first number of a text, and what stands behind it.
fn number(text: &str) -> Option<(f64, &str)> {
    let start = text.find(|letter: char| letter.is_ascii_digit())?;
    if text[..start].ends_with(['-', '−']) {
        return None;
    }
    let from = &text[start..];
    let whole = from.bytes().take_while(u8::is_ascii_digit).count();
    let mut end = whole;
    if let Some(fraction) = from[whole..].strip_prefix(['.', ',']) {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        end += if digits > 0 { 1 + digits } else { 0 };
    }
    let value = from[..end].replace(',', ".").parse().ok()?;
    Some((value, &from[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_are_read_with_the_scale_that_is_known() {
        for (text, max, value, best) in [
            ("4", None, 4.0, 5.0),
            ("4,5", None, 4.5, 5.0),
            ("9", Some(10.0), 9.0, 10.0),
            ("9 stars of 10", None, 9.0, 10.0),
            ("3 of 5", None, 3.0, 5.0),
            ("3/5", None, 3.0, 5.0),
            ("7.9 / 10", None, 7.9, 10.0),
            ("4 von 6 Punkten", None, 4.0, 6.0),
            ("Rated 2 out of 5", None, 2.0, 5.0),
            ("★★☆☆☆", None, 2.0, 5.0),
            ("★★★", Some(6.0), 3.0, 6.0),
            ("80 %", None, 80.0, 100.0),
            ("0", None, 0.0, 5.0),
        ] {
            assert_eq!(read(text, max), Some(Rating { value, max: best }), "{text}");
        }
    }

    #[test]
    fn what_is_no_rating_of_its_scale_is_none() {
        for (text, max) in [("", None), ("good", None), ("9", None), ("-1", None), ("11", Some(10.0)), ("3", Some(0.0))] {
            assert_eq!(read(text, max), None, "{text}");
        }
    }
}
