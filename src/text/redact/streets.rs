//! Streets with their numbers, and what follows them in an address: postal codes and towns.

use std::sync::LazyLock;

use crate::text::redact::Hit;
use crate::text::redact::cues::Heard;
use crate::text::redact::cues::Vocabulary;
use crate::text::redact::cues::vocabulary;
use crate::text::redact::letters::Letters;
use crate::text::redact::names::names;

/// Endings of the names of streets in languages that write them as one word.
const ENDINGS: &[&str] = &[
    "gatan", "vägen", "straße", "strasse", "straat", "gasse", "allee", "gade", "vej", "veien", "gata", "katu", "intie", "entie", "kuja",
    "laan", "plein", "kade", "gränd", "torget", "stigen", "bulvarı",
];

/// Words for streets behind the name. Those that are everyday words too count with a capital only.
const BEHIND: &[&str] = &["street", "road", "rd", "avenue", "ave", "boulevard", "blvd"];
const BEHIND_CAPITAL: &[&str] = &["st", "lane", "ln", "drive", "dr", "court", "ct", "close", "place", "way"];

/// Words for streets behind the name, with the number behind them.
static BEFORE_NUMBER: Vocabulary =
    LazyLock::new(|| vocabulary(&["gata|vei|veg|allé|plads|str|straße|strasse|platz|cad|cadde|caddesi|sok|sokak|sokağı|bulvarı|sk|cd"]));

/// Words for streets before the name, with the number before them and behind the name.
const NUMBER_FIRST: &[&str] = &["rue", "avenue", "boulevard", "chemin", "impasse", "allée"];
static NUMBER_LAST: Vocabulary =
    LazyLock::new(|| vocabulary(&["calle|via|ulica|ul|avenida|av|avda|rua|plaza|piazza|viale|corso|paseo|aleja|travessa|praça"]));

/// What is no street behind "via".
static NO_STREETS: Vocabulary =
    LazyLock::new(|| vocabulary(&["zoom|skype|teams|paypal|whatsapp|facebook|instagram|email|app|sms|chat|google|telegram"]));

/// Boxes at the post office.
const BOXES: &[&[&str]] = &[
    &["po", "box"],
    &["p", "o", "box"],
    &["postfach"],
    &["postboks"],
    &["postbox"],
    &["apartado"],
    &["postbus"],
    &["skrytka", "pocztowa"],
];

/// A street with its number, and the town behind it.
pub(super) fn address_at(letters: &Letters, at: usize, heard: &Heard) -> Option<Hit> {
    let to = street_at(letters, at).or_else(|| british_code(letters, at)).or_else(|| box_at(letters, at, heard))?;
    Some(Hit { from: at, to: town_end(letters, to), mark: "[address]" })
}

/// The first place after a street and its number.
fn street_at(letters: &Letters, at: usize) -> Option<usize> {
    let end = letters.word_end(at);
    if letters.digit(at).is_some() {
        let numbered = end - at <= 5 && letters.at(end) == ' ' && letters.starts_word(end + 1);
        return if numbered { named_street(letters, end + 1) } else { None };
    }
    let word = letters.lower(at, end);
    if NUMBER_LAST.contains(word.as_str()) || word == "c" && letters.at(end) == '/' {
        return street_before_number(letters, end);
    }
    if !letters.at(at).is_uppercase() {
        return None;
    }
    let dot = usize::from(letters.at(end) == '.');
    let named = ENDINGS.iter().any(|ending| word.ends_with(ending) && word.len() > ending.len())
        || dot == 1 && word.len() > 5 && word.ends_with("str");
    if named && letters.at(end + dot) == ' ' {
        return house_number(letters, end + dot + 1);
    }
    street_of_words(letters, at)
}

/// `Rosenkrantz' vei 5`, `Atatürk Cad. No: 12`: up to three words before the one that says street.
fn street_of_words(letters: &Letters, at: usize) -> Option<usize> {
    let mut end = letters.word_end(at);
    for _ in 0..2 {
        let next = end + 1;
        if letters.at(end) != ' ' || !letters.starts_word(next) {
            return None;
        }
        end = letters.word_end(next);
        if BEFORE_NUMBER.contains(letters.lower(next, end).as_str()) {
            let dot = usize::from(letters.at(end) == '.');
            let mut number = letters.run(end + dot, 1, |letter| letter == ' ');
            if letters.lower(number, number + 2) == "no" {
                number = letters.run(number + 2, 3, |letter| matches!(letter, '.' | ':' | ' '));
            }
            return if number > end + dot { house_number(letters, number) } else { None };
        }
        if !letters.at(next).is_uppercase() {
            return None;
        }
    }
    None
}

/// `ul. Długa 12`, `calle Mayor, 5`, `C/ Mayor, 5`.
fn street_before_number(letters: &Letters, end: usize) -> Option<usize> {
    let mark = usize::from(matches!(letters.at(end), '.' | '/'));
    if letters.at(end + mark) != ' ' {
        return None;
    }
    let from = end + mark + 1;
    let name = names(letters, from, 3, false)?;
    if NO_STREETS.contains(letters.lower(from, letters.word_end(from)).as_str()) {
        return None;
    }
    let comma = usize::from(letters.at(name.to) == ',');
    house_number(letters, name.to + comma + 1).filter(|_| letters.at(name.to + comma) == ' ')
}

/// `Baker Street`, `rue de la Paix`: the first place after it.
fn named_street(letters: &Letters, at: usize) -> Option<usize> {
    let mut from = at;
    let mut end = letters.word_end(at);
    let number_first = NUMBER_FIRST.contains(&letters.lower(at, end).as_str());
    for _ in 0..3 {
        if letters.at(end) != ' ' || !letters.starts_word(end + 1) {
            return None;
        }
        let capital = letters.at(from).is_uppercase();
        from = end + 1;
        end = letters.word_end(from);
        let word = letters.lower(from, end);
        let here = letters.at(from).is_uppercase();
        if number_first {
            if here {
                return Some(end);
            } else if end - from > 3 {
                return None;
            }
        } else if !capital {
            return None;
        } else if BEHIND.contains(&word.as_str()) || (here && BEHIND_CAPITAL.contains(&word.as_str())) {
            return Some(end);
        }
    }
    None
}

/// `12`, `5a`, `12 B`, `12/4`, `12 A 5`: the first place after it.
fn house_number(letters: &Letters, at: usize) -> Option<usize> {
    let digits = letters.run(at, 5, |letter| letter.is_ascii_digit());
    let end = letters.word_end(at);
    if digits == at || end > digits + 1 {
        return None;
    }
    if letters.at(end) == '/' && letters.at(end + 1).is_ascii_digit() {
        return Some(letters.word_end(end + 1));
    }
    let stair = letters.at(end) == ' ' && letters.at(end + 1).is_ascii_uppercase() && !letters.joins(end + 2);
    if !stair {
        return Some(end);
    }
    let flat = letters.run(end + 3, 3, |letter| letter.is_ascii_digit());
    Some(if letters.at(end + 2) == ' ' && flat > end + 3 && !letters.joins(flat) { flat } else { end + 2 })
}

/// `PO Box 1234`.
fn box_at(letters: &Letters, at: usize, heard: &Heard) -> Option<usize> {
    let boxed = heard.gap() == " " && letters.at(at).is_ascii_digit() && BOXES.iter().any(|phrase| heard.ends_with(phrase));
    let end = letters.run(at, 12, |letter| letter.is_ascii_digit() || letter == ' ');
    let last = (at..end).rev().find(|&place| letters.at(place) != ' ')?;
    boxed.then_some(last + 1).filter(|&to| !letters.joins(to))
}

/// Where the town ends that follows a street: postal codes with capitalised words around them.
fn town_end(letters: &Letters, street: usize) -> usize {
    let mut to = street;
    let mut at = street;
    let mut coded = false;
    for _ in 0..5 {
        let next = letters.run(at, 3, |letter| matches!(letter, ',' | ' ' | '\n'));
        if next == at {
            break;
        }
        // A sentence that follows the address is none of it.
        if let Some(end) = postal_code(letters, next).or_else(|| british_code(letters, next)) {
            (at, to, coded) = (end, end, true);
        } else if letters.at(next).is_uppercase() && letters.starts_word(next) && !letters.at(next - 1).eq(&'\n') {
            at = letters.word_end(next);
            if coded && next == to + 1 {
                to = at;
                break;
            }
        } else {
            break;
        }
    }
    to
}

/// Four to six digits in the ways of the countries: `10115`, `111 43`, `1017 GL`, `00-238`.
fn postal_code(letters: &Letters, at: usize) -> Option<usize> {
    let digits = letters.run(at, 7, |letter| letter.is_ascii_digit());
    let more = letters.run(digits + 1, 4, |letter| letter.is_ascii_digit());
    let (count, rest) = (digits - at, more.saturating_sub(digits + 1));
    let end = match (count, letters.at(digits), rest) {
        (3, ' ', 2) | (2 | 4, '-', 3) | (5, '-', 4) => more,
        (4, ' ', 0) if (1..3).all(|step| letters.at(digits + step).is_ascii_uppercase()) && !letters.joins(digits + 3) => digits + 3,
        (4..=6, ..) => digits,
        _ => return None,
    };
    (!letters.joins(end)).then_some(end)
}

/// `SW1A 1AA`.
fn british_code(letters: &Letters, at: usize) -> Option<usize> {
    let stem = letters.run(at, 3, |letter| letter.is_ascii_uppercase());
    let end = letters.word_end(at);
    let outward = (1..=2).contains(&(stem - at)) && letters.at(stem).is_ascii_digit() && (2..=4).contains(&(end - at));
    let rest = (at..end).all(|place| letters.at(place).is_ascii_uppercase() || letters.at(place).is_ascii_digit());
    let inward = letters.at(end) == ' '
        && letters.at(end + 1).is_ascii_digit()
        && (2..4).all(|step| letters.at(end + step).is_ascii_uppercase())
        && letters.at(end + 3) != 'B' // `MP4 8GB`; few codes are lost
        && !letters.joins(end + 4);
    (outward && rest && inward).then_some(end + 4)
}
