//! Numbers of cards and bank accounts, which are known by their check digits.

use crate::text::redact::Hit;
use crate::text::redact::cues::Heard;
use crate::text::redact::letters::Letters;
use crate::text::redact::letters::digit;

/// Lengths of account numbers by country (the IBAN registry, release 99). Without the length, a
/// flight's number and the words behind it pass the check once in 97 times.
const IBAN_LENGTHS: &[(usize, &str)] = &[
    (15, "NO"),
    (16, "BE"),
    (18, "DK FI FO GL NL SD"),
    (19, "MK SI"),
    (20, "AT BA EE KZ LT LU XK"),
    (21, "CH HR LI LV"),
    (22, "BG DE GB GE IE ME RS"),
    (23, "AE GI IL IQ OM TL"),
    (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
    (25, "LY PT ST"),
    (26, "IS TR"),
    (27, "FR GR IT MC SM"),
    (28, "AL AZ BY CY DO GT HU LB NI PL SV"),
    (29, "BR EG PS QA UA"),
    (30, "JO KW MU YE"),
    (31, "MT SC"),
];

/// An account number by ISO 13616: country, two check digits, letters and digits to the country's length.
pub(super) fn iban_at(letters: &Letters, at: usize) -> Option<Hit> {
    let country = (at..at + 2).all(|place| letters.at(place).is_ascii_alphabetic());
    let first = at + 2 + usize::from(matches!(letters.at(at + 2), ' ' | '-'));
    let checks = (first..first + 2).all(|place| letters.at(place).is_ascii_digit());
    if !country || !checks {
        return None;
    }
    let code = letters.lower(at, at + 2).to_uppercase();
    let length = IBAN_LENGTHS.iter().find(|(_, countries)| countries.contains(&code))?.0;
    let mut account = String::new();
    let mut place = at;
    while account.len() < length {
        let letter = letters.at(place);
        if letter.is_ascii_alphanumeric() {
            account.push(letter.to_ascii_uppercase());
            place += 1;
        } else if is_between(letter) && letters.at(place + 1).is_ascii_alphanumeric() {
            place += 1;
        } else if is_between(letter) && is_between(letters.at(place + 1)) && letters.at(place + 2).is_ascii_alphanumeric() {
            place += 2;
        } else {
            break;
        }
    }
    if account.len() != length || letters.joins(place) {
        return None;
    }
    // A digit was mistyped: nobody writes so many of them that is no account's.
    let digits = account.bytes().filter(u8::is_ascii_digit).count();
    let dense = digits + 6 >= length;
    // Words and a number pass the check once in 97 times.
    let account_like = dense || first == at + 2 && digits * 2 >= length;
    let mark = if is_iban(&account) { "[iban]" } else { "[number]" };
    (dense || mark == "[iban]" && account_like).then_some(Hit { from: at, to: place, mark })
}

/// What people put between the groups of cards and accounts.
fn is_between(letter: char) -> bool {
    matches!(letter, ' ' | '-' | '.' | '_' | '\u{a0}' | '\u{202f}' | '\u{2011}' | '\u{2013}')
}

/// A payment card by its check digit, whatever stands between its groups: up to three characters.
///
/// Groups of one or two digits are lists of numbers unless there is nothing else.
pub(super) fn card_at(letters: &Letters, at: usize) -> Option<Hit> {
    let mut digits: Vec<u32> = Vec::new();
    let mut place = at;
    let mut best = None;
    let mut short = 0;
    while digits.len() <= 19 {
        let end = letters.run(place, 20, |letter| digit(letter).is_some());
        digits.extend((place..end).filter_map(|at| letters.digit(at)));
        short += usize::from(end - place < 3);
        let next = letters.run(end, 3, is_between);
        let ends = !letters.joins(end) && letters.digit(next).is_none_or(|_| next > end);
        let even = short <= 1 || short == digits.len();
        if (13..=19).contains(&digits.len()) && ends && even && is_luhn(&digits) {
            best = Some(end);
        }
        if end == place || next == end || letters.digit(next).is_none() {
            break;
        }
        place = next;
    }
    best.map(|to| Hit { from: at, to, mark: "[card]" })
}

/// The check digit is right (ISO/IEC 7812-1, annex B).
fn is_luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, value)| {
            let value = value << (place % 2);
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The last digits of a card whose others are stars: "**** **** **** 1234".
pub(super) fn masked_at(letters: &Letters, at: usize, heard: &Heard) -> Option<Hit> {
    let is_mask = |letter: char| matches!(letter, '*' | '•' | '●' | 'x' | 'X' | '#' | '…');
    if !is_mask(letters.at(at)) {
        return None;
    }
    let end = letters.run(at, 24, |letter| is_mask(letter) || is_between(letter));
    let masks = (at..end).filter(|&place| is_mask(letters.at(place))).count();
    let to = letters.run(end, 5, |letter| digit(letter).is_some());
    let card = matches!(
        heard.last(),
        "card"
            | "karte"
            | "kort"
            | "tarjeta"
            | "carte"
            | "carta"
            | "kaart"
            | "cartão"
            | "kortti"
            | "karta"
            | "kart"
            | "visa"
            | "mastercard"
    );
    let least = if card { 3 } else { 8 };
    (masks >= least && to == end + 4 && !letters.joins(to)).then_some(Hit { from: at, to, mark: "[card]" })
}

/// Remainder 1 of the division by 97, with the first four characters moved to the end.
fn is_iban(account: &str) -> bool {
    let moved = account[4..].chars().chain(account[..4].chars());
    let remainder = moved.fold(0, |sum, letter| {
        let value = letter.to_digit(36).unwrap_or(0);
        (sum * if value > 9 { 100 } else { 10 } + value) % 97
    });
    remainder == 1
}
