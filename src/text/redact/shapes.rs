//! Numbers that are known by their shape alone: of persons, companies and machines.

use crate::text::redact::Hit;
use crate::text::redact::cues::Heard;
use crate::text::redact::letters::Letters;

/// `d` a digit, `a` a capital, `x` either, anything else itself.
///
/// In order: CPF and CNPJ (Brazil), henkilötunnus (Finland), NINO (United Kingdom), numéro de
/// sécurité sociale (France) with and without its key, Steuer-ID (Germany), codice fiscale (Italy),
/// S10 of the Universal Postal Union with blanks.
const SHAPES: &[&str] = &[
    "ddd.ddd.ddd-dd",
    "dd.ddd.ddd/dddd-dd",
    "dddddd-dddx",
    "dddddd+dddx",
    "aa dd dd dd a",
    "d dd dd dd ddd ddd dd",
    "d dd dd dd ddd ddd",
    "dd ddd ddd ddd",
    "aaaaaaddaddaddda",
    "aa ddd ddd ddd aa",
    "aa dddd dddd d aa",
];

/// A number of one of the shapes.
pub(super) fn shape_at(letters: &Letters, at: usize) -> Option<Hit> {
    let digit = letters.at(at).is_ascii_digit();
    if !digit && !letters.at(at).is_ascii_uppercase() {
        return None;
    }
    let to = SHAPES.iter().filter(|shape| shape.starts_with('d') == digit).find_map(|shape| fits(letters, at, shape))?;
    Some(Hit { from: at, to, mark: "[number]" })
}

/// Where the shape ends, when it is there and nothing joins it.
fn fits(letters: &Letters, at: usize, shape: &str) -> Option<usize> {
    let there = shape.bytes().enumerate().all(|(place, is)| {
        let letter = letters.at(at + place);
        match is {
            b'd' => letter.is_ascii_digit(),
            b'a' => letter.is_ascii_uppercase(),
            b'x' => letter.is_ascii_digit() || letter.is_ascii_uppercase(),
            literal => letter == char::from(literal),
        }
    });
    let to = at + shape.len();
    (there && !letters.joins(to) && !(matches!(letters.at(to), '.' | '-' | '/') && letters.joins(to + 1))).then_some(to)
}

/// A car's plate behind the word for one: up to three groups of capitals and digits.
pub(super) fn plate_at(letters: &Letters, at: usize, heard: &Heard) -> Option<Hit> {
    const PLATES: &[&str] = &[
        "plate",
        "plates",
        "kennzeichen",
        "registration",
        "reg",
        "regnr",
        "matrícula",
        "immatriculation",
        "targa",
        "kenteken",
        "placa",
        "plaka",
        "rejestracja",
        "rejestracyjny",
        "skyltnummer",
        "registreringsnummer",
        "nummerplade",
        "skilt",
        "rekisterinumero",
        "numberplate",
    ];
    let announced = PLATES.contains(&heard.last()) && heard.gap().chars().all(|letter| matches!(letter, ' ' | ':' | '.'));
    if !announced {
        return None;
    }
    let mut to = at;
    let mut next = at;
    for _ in 0..3 {
        let end = letters.run(next, 7, |letter| letter.is_ascii_uppercase() || letter.is_ascii_digit());
        if end == next || letters.joins(end) {
            break;
        }
        to = end;
        next = end + usize::from(matches!(letters.at(end), ' ' | '-'));
    }
    let digits = (at..to).filter(|&place| letters.at(place).is_ascii_digit()).count();
    (digits >= 1 && to - at >= 4).then_some(Hit { from: at, to, mark: "[number]" })
}

/// An address on the internet. Four small numbers with points are a version as well: without the
/// word "IP" only what no version looks like goes, and what leads to one household.
pub(super) fn internet_at(letters: &Letters, at: usize, heard: &Heard) -> Option<Hit> {
    four_at(letters, at, heard).or_else(|| colons_at(letters, at))
}

fn four_at(letters: &Letters, at: usize, heard: &Heard) -> Option<Hit> {
    const VERSIONS: &[&str] = &["version", "v", "build", "chrome", "firefox", "android", "ios", "firmware", "windows", "update", "app"];
    let mut octets = [0; 4];
    let mut place = at;
    for (which, octet) in octets.iter_mut().enumerate() {
        let end = letters.run(place, 4, |letter| letter.is_ascii_digit());
        let last = which == 3;
        if !(1..=3).contains(&(end - place)) || !last && letters.at(end) != '.' {
            return None;
        }
        *octet = (place..end).fold(0, |value, at| value * 10 + letters.digit(at).unwrap_or(0));
        place = if last { end } else { end + 1 };
    }
    let ends = !letters.joins(place) && (letters.at(place) != '.' || !letters.joins(place + 1));
    let told = matches!(heard.last(), "ip" | "adress" | "address" | "adresse") && heard.gap().chars().count() <= 2;
    let private = matches!(octets, [10 | 127, ..] | [192, 168, ..] | [172, 16..=31, ..]);
    let public = octets[0] >= 20 && !private && !VERSIONS.contains(&heard.last());
    let valid = octets.iter().all(|octet| *octet <= 255);
    (ends && valid && (told || public)).then_some(Hit { from: at, to: place, mark: "[ip]" })
}

/// Groups of hexadecimal digits with colons: IPv6, or the address of a network card.
fn colons_at(letters: &Letters, at: usize) -> Option<Hit> {
    let first = letters.run(at, 5, |letter| letter.is_ascii_hexdigit());
    if first - at > 4 || letters.at(first) != ':' {
        return None;
    }
    let mut to = letters.run(at, 45, |letter| letter.is_ascii_hexdigit() || letter == ':');
    while to > at && letters.at(to - 1) == ':' {
        to -= 1;
    }
    let colons = (at..to).filter(|&place| letters.at(place) == ':').count();
    let gap = (at..to).any(|place| letters.at(place) == ':' && letters.at(place + 1) == ':');
    let card = colons == 5 && to - at == 17;
    let groups = (gap && colons >= 3 || colons == 7) && !letters.joins(to);
    (groups || card).then_some(Hit { from: at, to, mark: "[ip]" })
}
