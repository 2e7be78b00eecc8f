//! Finds secrets that stand in a file against all rules, so that no message shows them.
//!
//! Where the file could be read, the reader knows what a secret is. Here is the rest: keys that
//! nobody knows, text that is not TOML at all, and secrets inside of texts that are none: a header, a
//! parameter of an address, a body.

use std::ops::Range;

/// Parts of keys whose values are not shown.
const WORDS: [&str; 10] = ["pass", "pasw", "pwd", "secret", "token", "key", "credential", "value", "authorization", "cookie"];

/// Last words of names whose values are secrets: of headers, parameters and keys of JSON.
const NAMES: [&str; 13] =
    ["auth", "bearer", "cookie", "credentials", "jwt", "key", "pass", "pwd", "pw", "session", "sessionid", "sig", "signature"];

/// Ends of such words, also where several are written as one: `apikey`.
const ENDS: [&str; 9] = ["password", "pasword", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "authorization"];

/// Words before `key` and `token` that make them something else.
const HARMLESS: [&str; 12] =
    ["cache", "continuation", "cursor", "idempotency", "next", "page", "partition", "prev", "primary", "public", "sort", "sync"];

/// How the tokens of well-known services begin, whatever they are called.
const BEGINNINGS: [&str; 13] =
    ["whsec_", "sk-", "sk_live_", "sk_test_", "ghp_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "AKIA", "eyJ", "AIza", "dG9rOj"];

/// Letters of a token behind its beginning, at least.
const TOKEN: usize = 8;

/// Whether a key sounds like one of a secret.
#[must_use]
pub fn sounds_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    key == "auth" || WORDS.iter().any(|word| key.contains(word))
}

/// Whether what a header, a parameter or a key of this name carries is a secret: `X-Api-Key`,
/// `access_token`. Its last word says so.
#[must_use]
pub fn carries_secret(name: &str) -> bool {
    let words = words(name);
    let Some((last, before)) = words.split_last() else { return false };
    let last = last.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let harmless = |word: &str| HARMLESS.contains(&word);
    let joined = HARMLESS.iter().any(|word| last.strip_prefix(word).is_some_and(|rest| matches!(rest, "key" | "token")));
    let is_secret = NAMES.contains(&last) || ENDS.iter().any(|end| last.ends_with(end));
    is_secret && !joined && !before.last().is_some_and(|word| harmless(word))
}

/// The words of a name in small letters: `X-Api-Key`, `api_key` and `apiKey` have `key` as their last.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && was_small) {
            words.push(String::new());
        }
        was_small = letter.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.bytes().all(|byte| byte.is_ascii_digit()));
    words
}

/// Secrets that stand in a text which is not one: of a configuration, an address, a header or a body.
/// In order of their places, with their quotes where they have some.
#[must_use]
pub fn plain(text: &str) -> Vec<Range<usize>> {
    let mut found = named(text);
    found.extend(logins(text));
    found.extend(schemes(text));
    found.extend(tokens(text));
    found.sort_by_key(|range| (range.start, range.end));
    let mut whole: Vec<Range<usize>> = Vec::new();
    for range in found {
        match whole.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => whole.push(range),
        }
    }
    whole
}

/// A text without the secrets in it.
#[must_use]
pub fn covered(text: &str) -> String {
    let (mut shown, mut at) = (String::new(), 0);
    for range in plain(text) {
        shown.push_str(&text[at..range.start]);
        shown.push_str(cover(&text[range.clone()]));
        at = range.end;
    }
    shown + &text[at..]
}

/// What stands in for a secret: with quotes where it had some, or was more than a text.
#[must_use]
pub fn cover(secret: &str) -> &'static str {
    if secret.starts_with(['"', '\'', '[', '{']) { "\"[secret]\"" } else { "[secret]" }
}

/// Values of names that carry secrets: `name = "value"`, `"name": "value"`, `?name=value`.
fn named(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, separator) in text.match_indices(['=', ':']) {
        let name = last_name(&text[..at]);
        if found.last().is_some_and(|known| at < known.end) || !carries_secret(name) {
            continue;
        }
        let after = &text[at + 1..];
        let from = at + 1 + (after.len() - after.trim_start_matches([' ', '\t']).len());
        let length = length_of_plain(&text[from..]);
        let value = text[from..from + length].trim_matches(['"', '\'', '\\']);
        let is_quoted = text[from..].starts_with(['"', '\'', '\\']);
        // `key::x`, `a.token == b` and `token: .path` of programs, `{cursor}`, and switches.
        let is_code = value.starts_with(['=', ':', '{', '[', '|'])
            || is_path(value)
            || (separator == ":" && !is_quoted && is_variable(value))
            || (separator == ":" && value.len() < TOKEN / 2)
            || matches!(value, "true" | "false" | "null" | "none");
        if !value.is_empty() && (!is_code || (is_quoted && is_in_headers(&text[..at]))) {
            found.push(from..from + length);
        }
    }
    found
}

/// `.data.token` of a program.
fn is_path(value: &str) -> bool {
    value.starts_with('.') && is_name(&value[1..])
}

/// `$token` of a program.
fn is_variable(value: &str) -> bool {
    value.starts_with('$') && is_name(&value[1..])
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.' | b'[' | b']'))
}

/// Whether what follows a text is in a table of headers: what they carry is never code.
fn is_in_headers(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
    let table = || before.lines().rev().find(|line| line.starts_with('[')).unwrap_or_default();
    line.starts_with("headers") || table().trim_end_matches([']', ' ']).ends_with(".headers")
}

/// The name of the value that begins at a byte; empty where it has none.
#[must_use]
pub fn name_before(text: &str, at: usize) -> &str {
    let before = text.get(..at).unwrap_or_default().trim_end_matches(['"', '\'', '\\', ' ']);
    before.strip_suffix(['=', ':']).map_or("", last_name)
}

/// The name that a text ends with, in quotes or without.
fn last_name(text: &str) -> &str {
    let text = text.trim_end_matches([' ', '\t']).trim_end_matches(['"', '\'', '\\']);
    let before = text.rfind(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | '-'));
    &text[before.map_or(0, |at| at + letter_at(text, at))..]
}

/// Length of the letter that begins at a byte.
fn letter_at(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(1, char::len_utf8)
}

/// How long a value is: to its closing quotes, or to what ends one in an address, a list or a line.
fn length_of_plain(value: &str) -> usize {
    if let Some(rest) = value.strip_prefix("\\\"") {
        return rest.find("\\\"").map_or(value.len().min(length_of_line(value)), |at| at + 4);
    }
    if value.starts_with(['"', '\'']) {
        return length_of_value(value);
    }
    value.find(|letter: char| letter.is_whitespace() || "&\"'\\,;#}])".contains(letter)).unwrap_or(value.len())
}

fn length_of_line(value: &str) -> usize {
    value.find('\n').unwrap_or(value.len())
}

/// What stands before the `@` of an address.
fn logins(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices("://").filter_map(|(at, mark)| {
        let from = at + mark.len();
        let end =
            text[from..].find(|letter: char| letter.is_whitespace() || "/?#\"'<>".contains(letter)).map_or(text.len(), |end| from + end);
        let login = from..from + text[from..end].rfind('@')?;
        (!login.is_empty()).then_some(login)
    })
}

/// What follows `Bearer` or `Basic`.
fn schemes(text: &str) -> impl Iterator<Item = Range<usize>> {
    ["Bearer ", "bearer ", "Basic ", "basic "].into_iter().flat_map(move |word| {
        text.match_indices(word).filter_map(move |(at, word)| {
            let from = at + word.len();
            let length = length_of_token(&text[from..]);
            // `Bearer tokens are` is a sentence: a token has more than small letters.
            let is_token = length >= TOKEN && text[from..from + length].bytes().any(|byte| !byte.is_ascii_lowercase());
            is_token.then_some(from..from + length)
        })
    })
}

/// Tokens that are known by how they begin.
fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> {
    BEGINNINGS.into_iter().flat_map(move |begin| {
        text.match_indices(begin).filter_map(move |(at, begin)| {
            let is_start = !text[..at].ends_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_'));
            let length = length_of_token(&text[at..]);
            (is_start && length >= begin.len() + TOKEN).then_some(at..at + length)
        })
    })
}

fn length_of_token(text: &str) -> usize {
    text.find(|letter: char| !letter.is_ascii_alphanumeric() && !"-._~+/=".contains(letter)).unwrap_or(text.len())
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
    use proptest::prelude::*;

    use super::*;
    use crate::config::shape::Definition;
    use crate::config::shape::Shape;
    use crate::config::shape::top::Top;

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
    fn names_that_carry_secrets_are_known_by_their_last_word() {
        for name in [
            "X-Api-Key",
            "x-api-key",
            "apiKey",
            "apikey",
            "api_key",
            "API_KEY_2",
            "Authorization",
            "X-Auth-Token",
            "access_token",
            "Ocp-Apim-Subscription-Key",
            "Cookie",
            "password",
            "client_secret",
            "auth",
            "Private-Token",
            "sig",
            "key",
        ] {
            assert!(carries_secret(name), "{name}");
        }
        for name in [
            "",
            "-",
            "author",
            "Accept",
            "token_url",
            "page_token",
            "nextPageToken",
            "pagetoken",
            "Idempotency-Key",
            "keywords",
            "monkey",
            "client_id",
            "X-Api-Key-Id",
            "sort_key",
            "design",
            "passes",
        ] {
            assert!(!carries_secret(name), "{name}");
        }
    }

    #[test]
    fn secrets_in_texts_are_found() {
        for (text, secrets) in [
            ("auth = \"Bearer sk-hunter2hunter2\"", vec!["\"Bearer sk-hunter2hunter2\""]),
            ("note = 'Bearer sk-hunter2hunter2'", vec!["sk-hunter2hunter2"]),
            ("headers = { Accept = \"a\", X-Api-Key = \"hunter2\" }", vec!["\"hunter2\""]),
            ("headers = { \"X-Api-Key\" = 'hunter2' }", vec!["'hunter2'"]),
            ("url = \"https://a.example/f?page=2&api_key=hunter2&x=1\"", vec!["hunter2"]),
            ("url = \"https://ann:hunter2@a.example/?token=hunter2\"", vec!["ann:hunter2", "hunter2"]),
            ("body = '{\"a\": 1, \"apiKey\": \"hunter2\"}'", vec!["\"hunter2\""]),
            ("body = \"{\\\"token\\\": \\\"hunter2\\\", \\\"b\\\": 1}\"", vec!["\\\"hunter2\\\""]),
            ("body = \"user=u&password=hunter2\"", vec!["hunter2"]),
            ("headers = [\"X-Api-Key: hunter2\"]", vec!["hunter2"]),
            ("# password = hunter2", vec!["hunter2"]),
            // They begin as programs do.
            ("headers = { X-Api-Key = \"/8Fhunter2\", Accept = \"/\" }", vec!["\"/8Fhunter2\""]),
            ("headers = { X-Api-Key = \".hunter\", Cookie = \"{hunter2}\" }", vec!["\".hunter\"", "\"{hunter2}\""]),
            ("[source.http_json.headers]\na = 1\nX-Api-Key = \".hunter\"", vec!["\".hunter\""]),
            ("body = \"password=$hunter\"", vec!["$hunter"]),
            ("body = \"password=$hunter2&token=.hunter2&key=/hunter\"", vec!["$hunter2", ".hunter2", "/hunter"]),
            ("body = '{\"token\": \"$hunter\"}'", vec!["\"$hunter\""]),
            ("x = \"ghp_hunter2hunter2\"", vec!["ghp_hunter2hunter2"]),
        ] {
            let found: Vec<&str> = plain(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, secrets, "{text}");
            assert!(!covered(text).contains("hunter2"), "{}", covered(text));
        }
        assert_eq!(covered("url = \"https://a.example/?key=hunter2&b=1\""), "url = \"https://a.example/?key=[secret]&b=1\"");
    }

    #[test]
    fn texts_without_secrets_are_shown_as_they_are() {
        for text in [
            "token = { credential = \"feedback\" }",
            "keys = [{ env = \"X\" }]",
            "token_url = \"https://login.example.com/oauth/token\"",
            "url = \"https://a.example/?page_token={cursor}&key={since}\"",
            "items = \".data.token == \\\"x\\\"\"",
            "fields = { key = \".attrs.key\" }",
            "text = '{token: .x, key: $key, secret: .rows[].secret_name}'",
            "to = [\"a@example.com\"]",
            "url = \"https://a.example/@ann\"",
            "author = \".user.id\"",
            "# a task-force: sk-1; Bearer tokens are kept elsewhere",
        ] {
            assert_eq!(covered(text), text);
        }
    }

    #[test]
    fn no_option_whose_value_is_no_secret_is_taken_for_one() {
        fn look(definition: &Definition, found: &mut Vec<String>) {
            for option in definition.options {
                match option.shape {
                    Shape::Value(_) if carries_secret(option.key) => found.push(format!("{} {}", definition.header, option.key)),
                    Shape::Table(inner) | Shape::Tables(inner) => look(inner, found),
                    _ => {}
                }
            }
        }
        let mut found = Vec::new();
        look(Top::DEFINITION, &mut found);
        assert_eq!(found, [] as [String; 0]);
    }

    proptest! {
        #[test]
        fn any_text_can_be_covered(text in "([a-z\"'=:?&@ {}\\[\\]\\\\\n#é]|key=|token: |://|Bearer |sk-){0,40}") {
            let _ = covered(&text);
        }
    }

    #[test]
    fn what_does_not_is_left_alone() {
        for text in ["key = { env = \"X\" }", "keys = [{ env = \"X\" }]", "url = \"https://example.com\"", "name = \"password\""] {
            assert_eq!(suspicious(text), [] as [Range<usize>; 0], "{text}");
        }
    }
}
