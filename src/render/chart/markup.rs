//! Text and numbers as they may stand in markup.

use std::fmt::Write as _;

/// `text` with what markup gives a meaning taken from it, and without letters that no document may hold.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}

/// A coordinate: one decimal is finer than any screen.
pub(super) fn coordinate(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// A bar from `(x, bottom)` up to `top` as a piece of a path.
pub(super) fn bar(path: &mut String, x: f64, width: f64, top: f64, bottom: f64) {
    let (x, width, top, bottom) = (coordinate(x), coordinate(width), coordinate(top), coordinate(bottom));
    // Writing into a string cannot fail.
    let _ = write!(path, "M{x} {bottom}V{top}h{width}V{bottom}z");
}

/// A line through points as a piece of a path.
pub(super) fn line(path: &mut String, points: impl Iterator<Item = (f64, f64)>) {
    for (at, (x, y)) in points.enumerate() {
        let _ = write!(path, "{}{} {}", if at == 0 { 'M' } else { 'L' }, coordinate(x), coordinate(y));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Fails unless `text` is one well-formed element: tags that match, quoted attributes, and no
    /// bare mark between them.
    pub fn well_formed(text: &str) -> Result<(), String> {
        let mut open: Vec<String> = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('<') {
            if before.contains('>')
                || before
                    .replace("&amp;", "")
                    .replace("&lt;", "")
                    .replace("&gt;", "")
                    .replace("&quot;", "")
                    .replace("&#39;", "")
                    .contains('&')
            {
                return Err(format!("bare mark in {before:?}"));
            }
            let (tag, after) = behind.split_once('>').ok_or("a tag without an end")?;
            if tag.matches('"').count() % 2 != 0 {
                return Err(format!("quotes in <{tag}>"));
            }
            if let Some(name) = tag.strip_prefix('/') {
                if open.pop().as_deref() != Some(name) {
                    return Err(format!("</{name}> closes nothing"));
                }
            } else if !tag.ends_with('/') {
                open.push(tag.split_whitespace().next().unwrap_or_default().to_owned());
            }
            rest = after;
        }
        if open.is_empty() { Ok(()) } else { Err(format!("left open: {open:?}")) }
    }

    #[test]
    fn markup_in_text_is_text() {
        assert_eq!(escaped("<b a='1'>\u{0}&\"\u{1b}"), "&lt;b a=&#39;1&#39;&gt; &amp;&quot; ");
        assert_eq!([1.0, 1.25, -0.04].map(coordinate), ["1", "1.2", "-0"]);
    }

    #[test]
    fn what_is_not_well_formed_is_seen() {
        assert_eq!(well_formed("<a b=\"c\"><d/>x &amp; y</a>"), Ok(()));
        for text in ["<a>", "<a></b>", "<a b=\"c></a>", "<a> > </a>", "<a>&</a>"] {
            assert!(well_formed(text).is_err(), "{text}");
        }
    }
}
