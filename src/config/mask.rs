//! Finds secrets that stand in a file against all rules, so that no message shows them.
//!
//! Where the file could be read, the reader knows what a secret is. Here is the rest: keys that
//! nobody knows, and text that is not TOML at all.

use std::ops::Range;

/// Parts of keys whose values are not shown.
const WORDS: [&str; 8] = ["pass", "pasw", "pwd", "secret", "token", "key", "credential", "value"];

/// Whether a key sounds like one of a secret.
#[must_use]
pub fn sounds_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    WORDS.iter().any(|word| key.contains(word))
}

/// Values in a text that nobody understood that look like secrets, by their key or their form.
#[must_use]
pub fn suspicious(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for (at, letter) in text.match_indices(['\n', '=']) {
        if letter == "\n" {
            start = at + 1;
            continue;
        }
        if found.last().is_some_and(|known| at < known.end) {
            continue;
        }
        let line = &text[start..at];
        let key = line.trim_end().trim_end_matches(['"', '\'']);
        let key = key.rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap_or_default();
        let value = &text[at + 1..];
        let from = at + 1 + (value.len() - value.trim_start_matches([' ', '\t']).len());
        if sounds_secret(key) && !is_table(&text[from..]) {
            found.push(from..from + length_of_value(&text[from..]));
        }
    }
    for (at, _) in text.match_indices("whsec_") {
        let end = text[at..].find(|letter: char| !letter.is_ascii_alphanumeric() && !"_+/=".contains(letter));
        found.push(at..end.map_or(text.len(), |end| at + end));
    }
    found
}

/// Whether a value is `{ credential = ... }` or a list of such; what stands inside has a key of its
/// own.
fn is_table(value: &str) -> bool {
    value.trim_start_matches(['[', ' ']).starts_with('{')
}

/// How long a value is: to its closing quotes or bracket, or else to the end of the line; a text
/// over several lines that never ends takes the rest of the file.
fn length_of_value(value: &str) -> usize {
    for quotes in ["\"\"\"", "'''"] {
        if let Some(inner) = value.strip_prefix(quotes) {
            return inner.find(quotes).map_or(value.len(), |at| at + 6);
        }
    }
    let line = value.split('\n').next().unwrap_or_default().trim_end();
    if line.starts_with('[') {
        // A list may go on over lines; without its end the rest of the file is kept back.
        return value.find(']').map_or(value.len(), |at| line.rfind(']').map_or(at, |last| last.max(at)) + 1);
    }
    let Some(quote) = line.chars().next().filter(|letter| matches!(letter, '"' | '\'')) else { return line.len() };
    let mut escaped = false;
    for (at, letter) in line.char_indices().skip(1) {
        if letter == quote && !escaped {
            return at + 1;
        }
        escaped = letter == '\\' && !escaped && quote == '"';
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_found() {
        for (text, secret) in [
            ("password = \"x y\" # z", "\"x y\""),
            ("password = \"a\\\"b\" # z", "\"a\\\"b\""),
            ("Password=x", "x"),
            ("target.email.password = \"x", "\"x"),
            ("\"key\" = \"\"\"\nx\ny\"\"\"\nz", "\"\"\"\nx\ny\"\"\""),
            ("key = \"\"\"\nx\nz", "\"\"\"\nx\nz"),
            ("keys = [\"x\", \"y\"] # z", "[\"x\", \"y\"]"),
            ("keys = [\n  \"x\",\n]\nz = 1", "[\n  \"x\",\n]"),
            ("x = whsec_abc+/=", "whsec_abc+/="),
            ("key = { value = \"X\" }", "\"X\""),
        ] {
            let found: Vec<&str> = suspicious(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, [secret], "{text}");
        }
    }

    #[test]
    fn what_does_not_is_left_alone() {
        for text in ["key = { env = \"X\" }", "keys = [{ env = \"X\" }]", "url = \"https://example.com\"", "name = \"password\""] {
            assert_eq!(suspicious(text), [] as [Range<usize>; 0], "{text}");
        }
    }
}
