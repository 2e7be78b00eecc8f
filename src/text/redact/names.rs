//! Names of people, where the words around them announce one.

use std::sync::LazyLock;

use crate::text::redact::Hit;
use crate::text::redact::cues::Heard;
use crate::text::redact::cues::Vocabulary;
use crate::text::redact::cues::vocabulary;
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
const PERSONS: &[&[&str]] = &[
    &["spoke", "to"],
    &["spoke", "with"],
    &["talked", "to"],
    &["talked", "with"],
    &["agent", "named"],
    &["agent", "called"],
    &["someone", "named"],
    &["someone", "called"],
    &["somebody", "called"],
    &["named"],
    &["agent"],
    &["supervisor"],
    &["adım"],
    &["soy"],
    &["kollegin"],
    &["mitarbeiterin"],
];

/// Words that go before a surname.
static TITLES: Vocabulary = LazyLock::new(|| {
    vocabulary(&[
        "mr|mrs|ms|miss|dr|prof|herr|herrn|frau|monsieur|madame|mme|mlle|señor|señora|señorita|sr|sra|signor|signora|sig|senhor|senhora",
        "pani|pan|panie|panu|dhr|mevr|mevrouw|meneer|fru|fröken|rouva|sayın",
    ])
});

/// Of those, what is a title in small letters too.
static SMALL_TITLES: Vocabulary = LazyLock::new(|| {
    vocabulary(&[
        "mr|mrs|herr|herrn|frau|monsieur|madame|señor|señora|sr|sra|signor|signora|senhor|senhora|mevrouw|meneer|fru|panie|rouva|sayın",
    ])
});

/// Words that begin a message to somebody.
static GREETINGS: Vocabulary = LazyLock::new(|| {
    vocabulary(&[
        "hi|hello|hey|dear|hej|hejsan|hallå|tjena|hallo|hei|heisann|moi|hyvä|terve|heippa|bonjour|bonsoir|salut|cher|chère|hola|estimado|estimada",
        "ciao|gentile|buongiorno|buonasera|olá|oi|prezado|prezada|cześć|szanowny|szanowna|drogi|droga|beste|geachte|hoi|goedendag|goedemorgen",
        "goedemiddag|goedenavond|liebe|lieber|geehrter|geehrte|servus|moin|kära|käre|kjære|kære|godmorgon|привет|здравствуйте|уважаемый",
        "merhaba|selam|sayın|sevgili",
    ])
});

/// Two words that do.
const LONG_GREETINGS: &[&[&str]] = &[
    &["guten", "tag"],
    &["guten", "morgen"],
    &["guten", "abend"],
    &["grüß", "gott"],
    &["god", "dag"],
    &["god", "morgen"],
    &["buenos", "días"],
    &["buenas", "tardes"],
    &["buenas", "noches"],
    &["bom", "dia"],
    &["boa", "tarde"],
    &["boa", "noite"],
    &["good", "morning"],
    &["good", "afternoon"],
    &["good", "evening"],
    &["dzień", "dobry"],
    &["dobry", "wieczór"],
    &["iyi", "günler"],
    &["hyvää", "päivää"],
];

/// Words that end a message, before the writer's name.
static FAREWELLS: Vocabulary = LazyLock::new(|| {
    vocabulary(&[
        "regards|sincerely|respectfully|faithfully|cheers|mvh|hälsningar|hälsning|mfg|lg|vg|grüße|grüßen|gruß|gruss|grüsse|grüssen|hochachtungsvoll",
        "cordialement|salutations|saludos|saludo|atentamente|cordialmente|saluti|pozdrawiam|pozdrowienia|poważaniem|szacunkiem|groeten|groet|groetjes",
        "atenciosamente|cumprimentos|hilsen|hilsner|terveisin|yst|saygılarımla|saygılarımızla|saygılar|уважением",
        "thanks|thx|tack|danke|merci|gracias|grazie|dziękuję|obrigado|obrigada|takk|tak|kiitos|teşekkürler",
    ])
});

/// Words that do so only with a comma or a new line behind them.
static WEAK_FAREWELLS: Vocabulary = LazyLock::new(|| {
    vocabulary(&[
        "best|love|yours|wishes|truly|att|atte|vous|abraço|abraços|abrazo|bisous|baci|kram|kramar|klem|knus|kh|sevgiler|xx|xoxo|hoogachtend|vriendelijks",
    ])
});

/// Words that begin with a capital and are nobody's name.
static NOBODY: Vocabulary = LazyLock::new(|| {
    vocabulary(&[
        "i|my|the|we|you|this|that|it|its|please|can|why|how|what|when|where|is|are|do|did|so|just|not|no|yes|all|team|everyone|everybody|there",
        "support|customer|customers|service|services|sir|madam|guys|folks|company|app|a|an|and|again|after|since|for|from|in|on|but|if",
        "ich|wir|sie|es|das|der|die|ein|eine|mein|meine|warum|wie|leider|zusammen|liebes|damen|herren|kunde|kundin|kunden|kundenservice",
        "jag|vi|det|den|min|mitt|mina|varför|alla|kundtjänst|kund|je|nous|le|la|les|mon|ma|pourquoi|yo|mi|el|los|por|io|il|mio|cliente|client",
        "inte|nicht|pas|well|great|good|very|now|to|er|и|я|мой|у",
        "lord|god|jesus|bank|airline|hotel|shop|store|management|manager|owner|staff|developer|developers|admin|seller|kitty|world|universe|fellow",
        "google|apple|amazon|microsoft|uber|paypal|facebook|netflix|spotify|ebay|booking|airbnb|klarna|revolut",
        "supervisor|agent|someone|somebody|nobody|anyone|hi|hello|best",
        "müşteri|yetkili|klient|kliencie|państwo|asiakas|klant|equipe|equipo|équipe|ekip",
    ])
});

/// Small words within names: "Jan de Vries".
static PARTICLES: Vocabulary =
    LazyLock::new(|| vocabulary(&["de|van|von|vom|zu|den|der|da|do|dos|das|di|del|della|la|le|af|av|ter|ten|el|bin"]));

/// Words behind a first name in Turkish.
static HONORIFICS: Vocabulary = LazyLock::new(|| vocabulary(&["bey|hanım|beyin|hanımın|beye|hanıma|bey'e|hanım'a"]));

/// What stands before a name in a form, with a colon.
const FIELDS: &[&str] = &["name", "namn", "nom", "nombre", "nome", "imię", "naam", "имя", "navn", "nimi", "isim"];

/// Every word behind which a name may stand. Most words are asked for nothing else.
static ANNOUNCERS: Vocabulary = LazyLock::new(|| {
    let phrases = [INTRODUCTIONS, PERSONS, LONG_GREETINGS].into_iter().flatten().filter_map(|phrase| phrase.last().copied());
    let words = [&TITLES, &SMALL_TITLES, &GREETINGS, &FAREWELLS, &WEAK_FAREWELLS].into_iter().flat_map(|words| words.iter().copied());
    phrases.chain(words).chain(FIELDS.iter().copied()).chain(["ra"]).collect()
});

/// A name that was announced.
pub(super) fn name_at(letters: &Letters, at: usize, heard: &Heard) -> Option<Hit> {
    let gap = heard.gap();
    if let Some(hit) = honoured_at(letters, at) {
        return Some(hit);
    }
    if gap.is_empty() || !ANNOUNCERS.contains(heard.last()) || gap.chars().count() > 3 {
        return None;
    }
    let plain = gap == " " || gap == "\u{a0}";
    let introduced = (plain || gap.starts_with(':')) && INTRODUCTIONS.iter().any(|phrase| heard.ends_with(phrase));
    let field = FIELDS.contains(&heard.last()) && gap.contains(':');
    if introduced || field {
        return names(letters, at, 3, true);
    }
    let next = word_at(letters, at);
    let title = (heard.capital() && TITLES.contains(heard.last())) || SMALL_TITLES.contains(heard.last());
    if TITLES.contains(next.as_str()) && letters.at(letters.word_end(at)) != '-' {
        return None;
    }
    let titled = title && (plain || gap == ". " || gap == "." || heard.last() == "ra");
    if titled || (plain && PERSONS.iter().any(|phrase| heard.ends_with(phrase))) {
        return surname(letters, at, titled);
    }
    // "Gentile Sig.ra Bianchi"
    if plain && heard.ends_with(&["sig", "ra"]) {
        return surname(letters, at, true);
    }
    let greeted = heard.fresh() && GREETINGS.contains(heard.last()) || LONG_GREETINGS.iter().any(|phrase| heard.ends_with(phrase));
    if plain && greeted {
        return names(letters, at, 2, false);
    }
    let weak = WEAK_FAREWELLS.contains(heard.last()) && gap.contains([',', '\n', '.']) && (heard.last() == "att" || !gap.contains('.'));
    if (weak || FAREWELLS.contains(heard.last())) && gap.chars().all(|letter| ", .!\n\r".contains(letter)) {
        return names(letters, at, 3, false).filter(|hit| letters.line_ends(hit.to));
    }
    None
}

/// A surname, which may begin with a particle behind a title: "meneer de Vries".
fn surname(letters: &Letters, at: usize, titled: bool) -> Option<Hit> {
    let end = letters.word_end(at);
    if titled && PARTICLES.contains(word_at(letters, at).as_str()) && letters.at(end) == ' ' {
        return names(letters, end + 1, 3, false).map(|hit| Hit { from: at, ..hit });
    }
    names(letters, at, 3, false)
}

/// "Mehmet Bey": the name before the word.
fn honoured_at(letters: &Letters, at: usize) -> Option<Hit> {
    let end = letters.word_end(at);
    let next = end + 1;
    if !letters.at(at).is_uppercase() || letters.at(end) != ' ' || !matches!(letters.at(next), 'B' | 'H' | 'b' | 'h') {
        return None;
    }
    let honoured = HONORIFICS.contains(word_at(letters, next).as_str());
    names(letters, at, 1, false).filter(|hit| honoured && hit.to == end)
}

/// `/Åsa` at the end of a line, as Swedes sign.
pub(super) fn slash_name_at(letters: &Letters, at: usize) -> Option<Hit> {
    let alone = at == 0 || letters.at(at - 1).is_whitespace();
    let hit = names(letters, at + 1, 2, false).filter(|_| alone && letters.starts_word(at + 1))?;
    letters.line_ends(hit.to).then_some(hit)
}

/// Up to `most` words of a name from `at` on. `weak` lets the first be written small.
pub(super) fn names(letters: &Letters, at: usize, most: usize, weak: bool) -> Option<Hit> {
    let mut to = None;
    let mut from = at;
    let mut place = 0;
    while place < most {
        let end = name_end(letters, from);
        let capital = letters.at(from).is_uppercase() && (end - from > 1 || letters.at(end) == '.');
        // Of "I've" and "It's" the part before the apostrophe is what the lists hold.
        let word = letters.lower(from, letters.word_end(from).min(end));
        let known = NOBODY.contains(word.as_str()) || GREETINGS.contains(word.as_str()) || HONORIFICS.contains(word.as_str());
        let particle = to.is_some() && PARTICLES.contains(word.as_str()) && letters.at(end) == ' ' && letters.at(end + 1).is_uppercase();
        let letters_only = (from..end).all(|at| letters.digit(at).is_none());
        let starts = capital || (weak && place == 0 && end - from > 1);
        if (!particle && (known || !starts)) || !letters_only || end == from {
            break;
        }
        if !particle {
            to = Some(end);
            place += 1;
        }
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
