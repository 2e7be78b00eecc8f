//! From a byte of a text to the byte of the file that wrote it: TOML's quotes and escapes.

use std::ops::Range;

use crate::config::Document;
use crate::config::tree::Place;

/// A stretch of the value at `at` as a stretch of its document.
#[must_use]
pub fn place(at: &Place, span: Range<usize>, documents: &[Document]) -> Place {
    let written = documents.get(at.file()).and_then(|document| document.text.get(at.span())).unwrap_or_default();
    let inside = written_range(written, span);
    Place::new(at.file(), at.start() + inside.start..at.start() + inside.end)
}

/// Where `span` of the value stands in `written`, the text with its quotes as in the file.
/// Anything past the end is the end.
#[must_use]
pub fn written_range(written: &str, span: Range<usize>) -> Range<usize> {
    let (open, literal) = opening(written);
    let quotes = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| written.starts_with(quotes)).unwrap_or_default();
    let close = written[open..].strip_suffix(quotes).map_or(written.len(), |inner| open + inner.len());
    let mut starts = Vec::new();
    let mut at = open;
    while at < close {
        let (length, value) = if literal { plain(&written[at..]) } else { piece(&written[at..close]) };
        starts.extend(std::iter::repeat_n(at, value));
        at += length.max(1);
    }
    let find = |byte: usize| starts.get(byte).copied().unwrap_or(close);
    let start = find(span.start);
    let end = if span.end > span.start { after(written, find(span.end - 1), close, literal) } else { start };
    start..end.max(start)
}

/// Length of the opening quotes with a line break that belongs to them, and whether escapes are off.
fn opening(written: &str) -> (usize, bool) {
    let quotes =
        if written.starts_with("\"\"\"") || written.starts_with("'''") { 3 } else { usize::from(written.starts_with(['"', '\''])) };
    let rest = &written[quotes..];
    let newline = if quotes < 3 {
        0
    } else if rest.starts_with("\r\n") {
        2
    } else {
        usize::from(rest.starts_with('\n'))
    };
    (quotes + newline, written.starts_with('\''))
}

fn after(written: &str, at: usize, close: usize, literal: bool) -> usize {
    if at >= close {
        return close;
    }
    at + if literal { plain(&written[at..]).0 } else { piece(&written[at..close]).0 }
}

/// Bytes written and bytes meant by one character without escapes.
fn plain(rest: &str) -> (usize, usize) {
    let length = rest.chars().next().map_or(0, char::len_utf8);
    (length, length)
}

/// Bytes written and bytes meant by one character or escape.
fn piece(rest: &str) -> (usize, usize) {
    let Some(escape) = rest.strip_prefix('\\') else { return plain(rest) };
    let digits = match escape.bytes().next() {
        Some(b'x') => 2,
        Some(b'u') => 4,
        Some(b'U') => 8,
        Some(b' ' | b'\t' | b'\r' | b'\n') => {
            let blank = escape.len() - escape.trim_start_matches([' ', '\t', '\r', '\n']).len();
            return (1 + blank, 0);
        }
        _ => return (1 + escape.chars().next().map_or(0, char::len_utf8), 1),
    };
    // Broken escapes never reach a value; they only must not break anything here.
    let code = escape.get(1..=digits).and_then(|code| u32::from_str_radix(code, 16).ok());
    code.and_then(char::from_u32).map_or((2, 1), |letter| (2 + digits, letter.len_utf8()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The written form of the part of a value that equals `part`.
    fn written<'a>(source: &'a str, part: &str) -> &'a str {
        let value: toml::Table = toml::from_str(&format!("v = {source}")).unwrap();
        let value = value["v"].as_str().unwrap();
        let from = value.find(part).unwrap();
        &source[written_range(source, from..from + part.len())]
    }

    #[test]
    fn escapes_and_quotes_are_found_again() {
        for (source, part, expected) in [
            (r#""pay* NEAR/3""#, "NEAR", "NEAR"),
            (r#""say \"no\" now""#, "\"no\"", r#"\"no\""#),
            (r#""\u00e5 pay""#, "å", r"\u00e5"),
            (r#""\u00e5 pay""#, "pay", "pay"),
            (r#""\xe5\tpay""#, "pay", "pay"),
            (r"'a \b c'", r"\b", r"\b"),
            ("\"\"\"\nfirst\nsecond\"\"\"", "second", "second"),
            ("\"\"\"one \\\n   two\"\"\"", "two", "two"),
            ("'''\r\nfirst\r\nsecond'''", "second", "second"),
            ("'åäö pay'", "pay", "pay"),
        ] {
            assert_eq!(written(source, part), expected, "{source}");
        }
    }

    proptest! {
        #[test]
        fn any_range_is_inside_and_on_letters(source in ".{0,20}", from in 0_usize..30, length in 0_usize..30) {
            for text in [source.clone(), format!("\"{source}"), format!("'''{source}"), format!("\"\"\"{source}\"\"\"")] {
                let range = written_range(&text, from..from + length);
                prop_assert!(text.get(range).is_some(), "{text:?}");
            }
        }
    }
}
