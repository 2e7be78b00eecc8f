//! Links, mail addresses and bare domains.

use crate::text::redact::Found;
use crate::text::redact::Hit;
use crate::text::redact::letters::Letters;

/// Longest local part and domain that are looked at (RFC 5321 4.5.3.1).
const LOCAL: usize = 64;
const DOMAIN: usize = 255;

/// Endings that are taken for a domain's without a path behind it. Those that are words in some
/// language (`it`, `me`, `so`) are not here: "it broke.so what" is a missing space.
const ENDINGS: &[&str] = &[
    "com", "net", "org", "info", "biz", "io", "dev", "app", "shop", "online", "site", "xyz", "top", "club", "eu", "uk", "de", "fr", "se",
    "dk", "fi", "nl", "pl", "cz", "ru", "ua", "br", "mx", "jp", "cn", "kr", "ca", "gov", "edu", "example",
];

/// Who keeps mailboxes: after the sign no ending is needed.
const PROVIDERS: &[&str] =
    &["gmail", "hotmail", "outlook", "yahoo", "icloud", "gmx", "proton", "protonmail", "googlemail", "live", "aol", "yandex"];

/// A link with a scheme, or one that begins with `www.`.
pub(super) fn link_at(letters: &Letters, at: usize) -> Option<Hit> {
    let scheme = letters.run(at, 20, |letter| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-'));
    let colon = letters.at(scheme) == ':' && scheme > at;
    let slashes = colon && letters.at(scheme + 1) == '/' && letters.at(scheme + 2) == '/' && in_link(letters.at(scheme + 3));
    let direct = colon && matches!(letters.lower(at, scheme).as_str(), "mailto" | "tel" | "sms") && in_link(letters.at(scheme + 1));
    let www = letters.lower(at, at + 4) == "www." && letters.at(at + 4).is_alphanumeric();
    (slashes || direct || www).then(|| Hit { from: at, to: link_end(letters, at), mark: "[link]" })
}

/// A mail address, also with `(at)` or blanks around the sign, and one that is spelled out:
/// `anna dot berg at example dot com`.
pub(super) fn mail_at(letters: &Letters, at: usize) -> Option<Hit> {
    let mut local = letters.run(at, LOCAL, in_local);
    for _ in 0..3 {
        let Some(next) = spelled_dot(letters, local) else { break };
        local = letters.run(next, LOCAL, in_local);
    }
    let hit = |to| Some(Hit { from: at, to, mark: "[email]" });
    let Some(host) = after_sign(letters, local) else {
        let host = after_word(letters, local)?;
        let (end, spelled) = spelled_end(letters, host)?;
        let comma = (host..end).any(|place| letters.at(place) == ',');
        return if spelled && !comma { hit(end) } else { None };
    };
    // With blanks about it the sign may also be the word: "met at noon @ MCO.Then we left".
    let close = host == local + 1 || letters.at(local) != ' ';
    if let Some((end, true)) = spelled_end(letters, host) {
        return hit(end);
    }
    if let Some(end) = domain_end(letters, host, true).filter(|&end| close || known_ending(letters, end)) {
        return hit(end);
    }
    let end = letters.word_end(host);
    let provider = PROVIDERS.contains(&letters.lower(host, end).as_str()) && letters.starts_word(host);
    if provider { hit(end) } else { None }
}

/// Where a domain ends whose last dot is spelled, `(dot)`, ` dot `, ` . ` or a comma by mistake, and
/// whether one is.
fn spelled_end(letters: &Letters, host: usize) -> Option<(usize, bool)> {
    let mut end = letters.run(host, DOMAIN, |letter| letter.is_alphanumeric() || letter == '-');
    let mut found = None;
    for _ in 0..4 {
        let dot = match letters.at(end) {
            '.' | ',' if letters.joins(end + 1) => Some((end + 1, letters.at(end) == ',')),
            _ => spelled_dot(letters, end).map(|next| (next, true)),
        };
        let Some((next, spelled)) = dot else { break };
        end = letters.word_end(next);
        if letters.starts_word(next) && known_ending(letters, end) {
            found = Some((end, spelled || found.is_some_and(|(_, spelled)| spelled)));
        }
    }
    found.filter(|_| end > host)
}

/// First place after a dot that is written as a word, or with blanks around it.
fn spelled_dot(letters: &Letters, at: usize) -> Option<usize> {
    const DOTS: &[&str] = &["dot", "punkt", "punto", "point", "ponto", "punt", "prick", "piste", "kropka", "nokta"];
    match letters.at(at) {
        '(' | '[' | '{' => {
            let end = letters.word_end(at + 1);
            (DOTS.contains(&letters.lower(at + 1, end).as_str()) && matches!(letters.at(end), ')' | ']' | '}')).then_some(end + 1)
        }
        ' ' if letters.at(at + 1) == '.' && letters.at(at + 2) == ' ' => Some(at + 3),
        ' ' if matches!(letters.at(at + 1), '(' | '[' | '{') => {
            let next = spelled_dot(letters, at + 1)?;
            Some(next + usize::from(letters.at(next) == ' '))
        }
        ' ' if matches!(letters.at(at + 1), 'd' | 'D' | 'p' | 'P' | 'k' | 'n') => {
            let end = letters.word_end(at + 1);
            (DOTS.contains(&letters.lower(at + 1, end).as_str()) && letters.at(end) == ' ').then_some(end + 1)
        }
        _ => None,
    }
}

/// First place after " at " in one of the languages.
fn after_word(letters: &Letters, at: usize) -> Option<usize> {
    const AT: &[&str] = &["at", "ät", "arroba", "chiocciola", "arobase", "snabel", "snabela", "małpa"];
    // Most words end the search with their first letter.
    if letters.at(at) != ' ' || !matches!(letters.at(at + 1), 'a' | 'A' | 'ä' | 'Ä' | 'c' | 's' | 'm') {
        return None;
    }
    let end = letters.word_end(at + 1);
    let word = letters.at(end) == ' ' && end - at <= 11;
    (word && AT.contains(&letters.lower(at + 1, end).as_str())).then_some(end + 1)
}

/// A domain that stands alone. With a path behind it, it is a link.
pub(super) fn domain_at(letters: &Letters, at: usize) -> Option<Found> {
    // A label within a domain that was looked at from its first label is no domain of its own.
    let before = letters.at(at.wrapping_sub(1));
    if matches!(before, '-' | '@' | '_') || before == '.' && letters.joins(at.wrapping_sub(2)) {
        return None;
    }
    let end = domain_end(letters, at, false)?;
    if letters.at(end) == '/' && letters.at(end + 1).is_alphanumeric() {
        return Some(Found::Gone(Hit { from: at, to: link_end(letters, end), mark: "[link]" }));
    }
    let dot = (at..end).rev().find(|&place| letters.at(place) == '.')?;
    let named = (at..dot).any(|place| letters.digit(place).is_none());
    (named && known_ending(letters, end)).then_some(Found::Dotted(end))
}

/// The domain that ends at `end` has a usual ending, and not one that begins a sentence: "it broke.Se".
fn known_ending(letters: &Letters, end: usize) -> bool {
    let from = (1..12).map(|back| end.saturating_sub(back)).find(|&at| !letters.at(at).is_alphabetic()).map_or(end, |at| at + 1);
    let sentence = letters.at(from).is_uppercase() && letters.at(end - 1).is_lowercase();
    !sentence && ENDINGS.contains(&letters.lower(from, end).as_str())
}

/// First place after a domain that [`write_defanged`] wrote.
pub(super) fn defanged_end(letters: &Letters, at: usize) -> Option<usize> {
    let mut end = letters.run(at, DOMAIN, |letter| letter.is_ascii_alphanumeric() || letter == '-');
    let mut found = None;
    while letters.lower(end, end + 3) == "[.]" && end < at + DOMAIN {
        end = letters.run(end + 3, DOMAIN, |letter| letter.is_ascii_alphanumeric() || letter == '-');
        found = Some(end);
    }
    found.filter(|_| end > at)
}

/// Writes a domain so that no program makes a link of it.
pub(super) fn write_defanged(letters: &Letters, from: usize, to: usize, out: &mut String) {
    for at in from..to {
        match letters.at(at) {
            '.' => out.push_str("[.]"),
            other => out.push(other),
        }
    }
}

/// First place after a sign that stands for `@`, with at most one blank on each side.
fn after_sign(letters: &Letters, at: usize) -> Option<usize> {
    let blank = usize::from(letters.at(at) == ' ');
    let sign = at + blank;
    let after = match letters.at(sign) {
        '@' | '＠' => sign + 1,
        '(' | '[' | '{' if letters.lower(sign + 1, sign + 3) == "at" && matches!(letters.at(sign + 3), ')' | ']' | '}') => sign + 4,
        _ => return None,
    };
    Some(after + usize::from(letters.at(after) == ' '))
}

/// First place after a domain: labels with dots between, the last one of two letters or more.
fn domain_end(letters: &Letters, at: usize, any_script: bool) -> Option<usize> {
    let in_label = |letter: char| letter == '-' || if any_script { letter.is_alphanumeric() } else { letter.is_ascii_alphanumeric() };
    let mut label = at;
    let mut end = None;
    while label < at + DOMAIN {
        let stop = letters.run(label, DOMAIN, in_label);
        if stop == label || letters.at(label) == '-' {
            break;
        }
        let top = stop - label >= 2 && (label..stop).all(|place| letters.at(place).is_alphabetic());
        if label > at && top && !letters.joins(stop) {
            end = Some(stop);
        }
        if letters.at(stop) != '.' {
            break;
        }
        label = stop + 1;
    }
    end
}

/// First place after a link; what ends the sentence is not of it.
fn link_end(letters: &Letters, at: usize) -> usize {
    let mut end = letters.run(at, usize::MAX, in_link);
    while end > at + 1 && matches!(letters.at(end - 1), '.' | ',' | ';' | ':' | '!' | '?' | ')' | ']' | '*' | '_') {
        end -= 1;
    }
    end
}

fn in_local(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '.' | '_' | '%' | '+' | '-' | '\'')
}

fn in_link(letter: char) -> bool {
    !letter.is_whitespace() && !letter.is_control() && !matches!(letter, '<' | '>' | '"' | '“' | '”' | '«' | '»' | '`' | '|')
}
