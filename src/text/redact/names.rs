//! Names of people and streets, where the words around them announce one.

use crate::text::redact::Hit;
use crate::text::redact::cues::Heard;
use crate::text::redact::letters::Letters;

/// Behind these a name follows, also in small letters.
const INTRODUCTIONS: &[&[&str]] = &[
    &["my", "name", "is"],
    &["mitt", "namn", "är"],
    &["jag", "heter"],
    &["mein", "name", "ist"],
    &["ich", "heiße"],
    &["ich", "heisse"],
    &["je", "m", "appelle"],
    &["mon", "nom", "est"],
    &["me", "llamo"],
    &["mi", "nombre", "es"],
    &["mi", "chiamo"],
    &["nazywam", "się"],
    &["mam", "na", "imię"],
    &["meu", "nome", "é"],
    &["me", "chamo"],
    &["mijn", "naam", "is"],
    &["ik", "heet"],
    &["mit", "navn", "er"],
    &["jeg", "hedder"],
    &["jeg", "heter"],
    &["nimeni", "on"],
    &["меня", "зовут"],
    &["benim", "adım"],
];

/// Behind these a capitalised word is a person.
const PERSONS: &[&[&str]] =
    &[&["spoke", "to"], &["spoke", "with"], &["talked", "to"], &["talked", "with"], &["agent", "named"], &["someone", "named"]];

/// Words that go before a surname.
const TITLES: &[&str] = &[
    "mr", "mrs", "ms", "miss", "dr", "prof", "herr", "frau", "monsieur", "madame", "mme", "mlle", "señor", "señora", "sr", "sra", "signor",
    "signora", "sig", "pani", "dhr", "mevr", "mevrouw", "meneer", "fru",
];

/// Words that begin a message to somebody.
const GREETINGS: &[&str] = &[
    "hi",
    "hello",
    "hey",
    "dear",
    "hej",
    "hejsan",
    "hallo",
    "hei",
    "moi",
    "bonjour",
    "salut",
    "cher",
    "chère",
    "hola",
    "estimado",
    "estimada",
    "ciao",
    "gentile",
    "olá",
    "prezado",
    "cześć",
    "szanowny",
    "szanowna",
    "beste",
    "geachte",
    "liebe",
    "lieber",
    "kära",
    "käre",
    "kære",
    "привет",
    "здравствуйте",
    "уважаемый",
    "merhaba",
    "sayın",
];

/// Words that end a message, before the writer's name.
const FAREWELLS: &[&str] = &[
    "regards",
    "sincerely",
    "cheers",
    "mvh",
    "hälsningar",
    "hälsning",
    "mfg",
    "grüße",
    "grüßen",
    "gruß",
    "gruss",
    "cordialement",
    "saludos",
    "atentamente",
    "saluti",
    "pozdrawiam",
    "groeten",
    "groet",
    "hilsen",
    "terveisin",
    "уважением",
    "thanks",
    "thx",
    "tack",
    "danke",
    "merci",
    "gracias",
    "grazie",
    "dziękuję",
    "obrigado",
    "obrigada",
];

/// Words that begin with a capital and are nobody's name.
const NOBODY: &[&str] = &[
    "i",
    "my",
    "the",
    "we",
    "you",
    "this",
    "that",
    "it",
    "its",
    "please",
    "can",
    "why",
    "how",
    "what",
    "when",
    "where",
    "is",
    "are",
    "do",
    "did",
    "so",
    "just",
    "not",
    "no",
    "yes",
    "all",
    "team",
    "everyone",
    "everybody",
    "there",
    "support",
    "customer",
    "service",
    "services",
    "sir",
    "madam",
    "guys",
    "folks",
    "company",
    "app",
    "a",
    "an",
    "and",
    "again",
    "after",
    "since",
    "for",
    "from",
    "in",
    "on",
    "but",
    "if",
    "ich",
    "wir",
    "sie",
    "es",
    "das",
    "der",
    "die",
    "ein",
    "eine",
    "mein",
    "meine",
    "warum",
    "wie",
    "leider",
    "zusammen",
    "liebes",
    "damen",
    "herren",
    "jag",
    "vi",
    "det",
    "den",
    "min",
    "mitt",
    "mina",
    "varför",
    "alla",
    "je",
    "nous",
    "le",
    "la",
    "les",
    "mon",
    "ma",
    "pourquoi",
    "yo",
    "mi",
    "el",
    "los",
    "por",
    "io",
    "il",
    "mio",
    "inte",
    "nicht",
    "pas",
    "well",
    "great",
    "good",
    "very",
    "now",
    "to",
    "er",
    "и",
    "я",
    "мой",
    "у",
];

/// Endings of the names of streets in languages that write them as one word.
const STREET_ENDINGS: &[&str] =
    &["gatan", "vägen", "straße", "strasse", "straat", "gasse", "allee", "gade", "vej", "veien", "gata", "katu"];

/// Words for streets behind the name. Those that are everyday words too count with a capital only.
const STREETS_BEHIND: &[&str] = &["street", "road", "rd", "avenue", "ave", "boulevard", "blvd"];
const STREETS_BEHIND_CAPITAL: &[&str] = &["st", "lane", "ln", "drive", "dr", "court", "ct", "close", "place", "way"];

/// Words for streets before the name, with the number before them and behind the name.
const STREETS_NUMBER_FIRST: &[&str] = &["rue", "avenue", "boulevard", "chemin", "impasse", "allée"];
const STREETS_NUMBER_LAST: &[&str] = &["calle", "via", "ulica", "ul", "avenida", "rua", "plaza", "piazza"];

/// A name that was announced.
pub(super) fn name_at(letters: &Letters, at: usize, heard: &Heard) -> Option<Hit> {
    let gap = heard.gap();
    if gap.chars().count() > 3 || gap.is_empty() {
        return None;
    }
    let plain = gap == " " || gap == "\u{a0}";
    let introduced = (plain || gap.starts_with(':')) && INTRODUCTIONS.iter().any(|phrase| heard.ends_with(phrase));
    let field = matches!(heard.last(), "name" | "namn" | "nom" | "nombre" | "nome" | "imię" | "naam" | "имя") && gap.contains(':');
    if introduced || field {
        return names(letters, at, 3, true);
    }
    let titled = heard.capital() && TITLES.contains(&heard.last()) && (plain || gap == ". " || gap == ".");
    if titled || (plain && PERSONS.iter().any(|phrase| heard.ends_with(phrase))) {
        return names(letters, at, 3, false);
    }
    if plain && heard.fresh() && GREETINGS.contains(&heard.last()) && !TITLES.contains(&word_at(letters, at).as_str()) {
        return names(letters, at, 2, false);
    }
    if FAREWELLS.contains(&heard.last()) && gap.chars().all(|letter| ", .!\n\r".contains(letter)) {
        return names(letters, at, 3, false).filter(|hit| letters.line_ends(hit.to));
    }
    None
}

/// `/Åsa` at the end of a line, as Swedes sign.
pub(super) fn slash_name_at(letters: &Letters, at: usize) -> Option<Hit> {
    let alone = at == 0 || letters.at(at - 1).is_whitespace();
    let hit = names(letters, at + 1, 2, false).filter(|_| alone && letters.starts_word(at + 1))?;
    letters.line_ends(hit.to).then_some(hit)
}

/// A street with its number.
pub(super) fn address_at(letters: &Letters, at: usize) -> Option<Hit> {
    let end = letters.word_end(at);
    let word = letters.lower(at, end);
    let to = if letters.digit(at).is_some() {
        let numbered = end - at <= 5 && letters.at(end) == ' ' && letters.starts_word(end + 1);
        if numbered { street(letters, end + 1) } else { None }
    } else if STREETS_NUMBER_LAST.contains(&word.as_str()) {
        let dot = usize::from(letters.at(end) == '.');
        names(letters, end + dot + 1, 3, false).filter(|_| letters.at(end + dot) == ' ').and_then(|name| {
            let comma = usize::from(letters.at(name.to) == ',');
            house_number(letters, name.to + comma + 1).filter(|_| letters.at(name.to + comma) == ' ')
        })
    } else {
        let street = letters.at(at).is_uppercase() && letters.at(end) == ' ';
        let named = STREET_ENDINGS.iter().any(|ending| word.ends_with(ending) && word.len() > ending.len());
        if street && named { house_number(letters, end + 1) } else { None }
    };
    to.map(|to| Hit { from: at, to, mark: "[address]" })
}

/// `Baker Street`, `rue de la Paix`: the first place after it.
fn street(letters: &Letters, at: usize) -> Option<usize> {
    let mut from = at;
    let mut end = letters.word_end(at);
    let number_first = STREETS_NUMBER_FIRST.contains(&letters.lower(at, end).as_str());
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
        } else if STREETS_BEHIND.contains(&word.as_str()) || (here && STREETS_BEHIND_CAPITAL.contains(&word.as_str())) {
            return Some(end);
        }
    }
    None
}

/// `12`, `5a`, `12 B`: the first place after it.
fn house_number(letters: &Letters, at: usize) -> Option<usize> {
    let digits = letters.run(at, 5, |letter| letter.is_ascii_digit());
    let end = letters.word_end(at);
    if digits == at || end > digits + 1 {
        return None;
    }
    let stair = letters.at(end) == ' ' && letters.at(end + 1).is_ascii_uppercase() && !letters.joins(end + 2);
    Some(if stair { end + 2 } else { end })
}

/// Up to `most` words of a name from `at` on. `weak` lets the first be written small.
fn names(letters: &Letters, at: usize, most: usize, weak: bool) -> Option<Hit> {
    let mut to = None;
    let mut from = at;
    for place in 0..most {
        let end = name_end(letters, from);
        let capital = letters.at(from).is_uppercase() && (end - from > 1 || letters.at(end) == '.');
        // Of "I've" and "It's" the part before the apostrophe is what the lists hold.
        let word = letters.lower(from, letters.word_end(from).min(end));
        let known = NOBODY.contains(&word.as_str()) || GREETINGS.contains(&word.as_str());
        let letters_only = (from..end).all(|at| letters.digit(at).is_none());
        if known || !letters_only || end == from || !(capital || (weak && place == 0 && end - from > 1)) {
            break;
        }
        to = Some(end);
        let initial = usize::from(end - from == 1 && letters.at(end) == '.');
        if letters.at(end + initial) != ' ' || !letters.starts_word(end + initial + 1) {
            break;
        }
        from = end + initial + 1;
    }
    to.map(|to| Hit { from: at, to, mark: "[name]" })
}

/// First place after a word of a name, which may hold dashes and apostrophes.
fn name_end(letters: &Letters, at: usize) -> usize {
    let mut end = if letters.starts_word(at) { letters.word_end(at) } else { at };
    while end > at && end - at < 40 && matches!(letters.at(end), '-' | '\'' | '’') && letters.joins(end + 1) {
        end = letters.word_end(end + 1);
    }
    end
}

fn word_at(letters: &Letters, at: usize) -> String {
    letters.lower(at, letters.word_end(at))
}
