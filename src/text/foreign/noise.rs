//! Whole texts that no customer wrote: pages for robots, automatic mails, advertisements.
//!
//! Customers complain of captchas, of automatic answers and of swindlers, with the same words. What
//! tells them apart: they speak of themselves, and they do not end with a number to call.

use std::ops::Range;

use crate::text::foreign::Noise;
use crate::text::foreign::answers;
use crate::text::foreign::cues::Cue;
use crate::text::foreign::lines::Lines;
use crate::text::foreign::lines::has_word;
use crate::text::foreign::lines::words;

/// A page for robots, and an automatic mail, are not longer.
const PAGE: usize = 3_000;
/// An automatic mail says so within this many bytes.
const TITLE: usize = 160;
/// Words beside the sentence that gives a code.
const BESIDE: usize = 12;
/// Places of one cue that are remembered.
const MOST: usize = 4;

/// What of this was met, with the places of the first ones.
#[derive(Debug, Default)]
pub(super) struct Signs {
    robots: Seen,
    automatic: Seen,
    away: Seen,
    adverts: Seen,
    contacts: Seen,
    codes: Seen,
    links: usize,
}

/// The first places of a cue.
#[derive(Debug, Default)]
struct Seen {
    places: [(usize, usize); MOST],
    count: usize,
}

impl Seen {
    fn note(&mut self, place: &Range<usize>) {
        if self.count < MOST {
            self.places[self.count] = (place.start, place.end);
            self.count += 1;
        }
    }

    fn places(&self) -> impl Iterator<Item = Range<usize>> {
        self.places[..self.count].iter().map(|(from, to)| *from..*to)
    }

    /// Different words among those met, case aside.
    fn different(&self, text: &str) -> usize {
        let known =
            |at: usize| self.places().take(at).any(|other| text[other].eq_ignore_ascii_case(&text[self.places[at].0..self.places[at].1]));
        (0..self.count).filter(|&at| !known(at)).count()
    }
}

impl Signs {
    pub(super) fn note(&mut self, cue: Cue, place: &Range<usize>) {
        match cue {
            Cue::Robot => self.robots.note(place),
            Cue::Automatic => self.automatic.note(place),
            Cue::Away => self.away.note(place),
            Cue::Advert => self.adverts.note(place),
            Cue::Contact => self.contacts.note(place),
            Cue::Code => self.codes.note(place),
            Cue::Link => self.links += 1,
            _ => {}
        }
    }

    /// What the text as a whole is, if not a message.
    pub(super) fn verdict(&self, text: &str) -> Option<Noise> {
        if self.robots.count > 0 && self.is_page(text) {
            return Some(Noise::Captcha);
        }
        if (self.automatic.count > 0 || self.away.count > 0) && self.is_automatic(text) {
            return Some(Noise::Automatic);
        }
        let advertises = self.contacts.count > 0 && self.is_advert(text) || self.codes.count > 0 && self.is_code(text);
        (advertises || self.links >= 3 && is_farm(text, self.links)).then_some(Noise::Spam)
    }

    /// Nobody speaks for himself, and either two phrases of such pages are there or one is all there is.
    fn is_page(&self, text: &str) -> bool {
        if text.len() > PAGE || answers::speaks_for_himself(text) {
            return false;
        }
        let opens = self.robots.places().next().is_some_and(|first| first.start <= TITLE);
        let alone = self.robots.places().next().is_some_and(|place| words(&text[..place.start]) <= 5 && words(&text[place.end..]) <= 5);
        let told = text.contains("!!") || text.contains("??") || has_word(&text.to_lowercase(), TOLD);
        !told && (alone || opens && self.robots.different(text) >= 2)
    }

    fn is_automatic(&self, text: &str) -> bool {
        if text.len() > PAGE {
            return false;
        }
        let lines = Lines(text);
        let titled = |place: &Range<usize>| place.start <= TITLE && lines.opens_sentence(place.start);
        // "Automatic reply:" as a mail's subject; "This is an automated message" with nobody who speaks.
        let subject = self.automatic.places().any(|place| place.start < 8 && text[place].ends_with(':'));
        let receipt = self.automatic.places().any(|place| titled(&place)) && !answers::speaks_for_himself(text);
        let away = self.away.places().any(|place| place.start <= TITLE && is_away(lines, &place)) && is_note(text);
        subject || receipt || away
    }

    /// Somebody who brings money, and where to reach him. Victims tell; advertisers ask to write.
    fn is_advert(&self, text: &str) -> bool {
        let lines = Lines(text);
        let called = self.contacts.places().any(|place| {
            let before = lines.before(place.start, 70).to_lowercase();
            let after = lines.after(place.end, 40);
            let address = text[place.clone()].starts_with('@') || text[place].ends_with('/');
            let digits = after.bytes().filter(u8::is_ascii_digit).count() >= 7;
            let handle = after.trim_start_matches([' ', ':', '-', '.', ')', '(']).starts_with('@');
            (address || digits || handle) && has_word(&before, CALLS)
        });
        called && (self.adverts.different(text) >= 2 || self.adverts.count > 0 && has_word(&text.to_lowercase(), PRAISE))
    }

    /// A text that asks to use a code, gives it, and has next to nothing else: a review with a code
    /// at its end is a review.
    fn is_code(&self, text: &str) -> bool {
        let lines = Lines(text);
        let given = |place: &Range<usize>| lines.after(place.end, 60).split(|c: char| !c.is_ascii_alphanumeric()).any(is_code_word);
        let Some(place) = self.codes.places().find(given) else { return false };
        let ends = ['.', '!', '?', '\n'];
        let before = text[..place.start].rfind(ends).map_or(0, |end| words(&text[..end]));
        let after = text[place.end..].find(ends).map_or(0, |end| words(&text[place.end + end..]));
        before + after <= BESIDE && text.len() <= 300 && !has_word(&text.to_lowercase(), COMPLAINS)
    }
}

/// Who tells of a page: "again", "every time".
const TOLD: &[&str] = &["again|keeps|every|always|constantly|annoying|immer|ständig|toujours|siempre|sempre|hela|sürekli"];

/// Imperatives that lead to an advertiser's address.
const CALLS: &[&str] = &[
    "contact|reach|text|write|email|mail|message|dm|hit|via|on|through|at|kontakt|kontaktieren|schreib|contacta|escribe",
    "contactez|écrivez|contatta|scrivi|neem|contate|chame|kontakta|skriv|ota|napisz|iletişim|yaz|ulaşın|join",
];

/// Words of people who are paid to be grateful.
const PRAISE: &[&str] =
    &["recommend", "grateful", "legit", "legitimate", "trusted", "trustworthy", "genius", "reliable", "testimony", "thanks", "guaranteed"];

/// Words that no advertisement of a code has.
const COMPLAINS: &[&str] = &[
    "not|no|never|didn't|didn’t|doesn't|doesn’t|don't|don’t|can't|can’t|cannot|won't|nothing|error|fail|failed|invalid",
    "wrong|scam|nicht|kein|keine|nie|falsch|inte|inget|aldrig|nunca|error|pas|jamais|aucun|non|mai|niet|geen|nooit|não|nada",
    "ikke|ingen|aldri|ei|nie|nigdy|değil|yok|problem|why|when|how",
];

/// A word of letters and digits, or of capitals only, as codes are.
fn is_code_word(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let capitals = word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    (5..=16).contains(&word.len()) && digits < word.len() && (digits >= 2 || capitals)
}

/// "I am" stands before it and a day of return after it.
fn is_away(lines: Lines<'_>, place: &Range<usize>) -> bool {
    const AM: &[&str] = &[
        "am|i'm|i’m|be|bin|befinde|är|kommer|estoy|estaré|encuentro|suis|serai|sono|sarò|ben|estou|estarei|er|vil|olen|en|jestem|będę|przebywam",
        "ofis|yıllık|izindeyim|izinde",
    ];
    const BACK: &[&str] = &[
        "until|till|return|returning|back|bis|zurück|wieder|tills|åter|tillbaka|hasta|vuelvo|regreso|jusqu'au|jusqu’au|retour|fino|rientro",
        "tot|terug|até|retorno|til|tilbage|tilbake|asti|saakka|palaan|do|wracam|wrócę|kadar|dek|döneceğim",
    ];
    let before = lines.before(place.end, place.len() + 30).to_lowercase();
    let after = lines.after(place.start, 200).to_lowercase();
    has_word(&before, AM) && has_word(&after, BACK)
}

/// The note of who is away speaks of nothing else: no money, no case, no waiting.
fn is_note(text: &str) -> bool {
    const AFFAIRS: &[&str] = &[
        "refund|claim|order|paid|waiting|told|said|called|still|again|money|customer|geld|bestellung|wartet|gesagt|pengar",
        "väntat|dinero|pedido|argent|commande|soldi|ordine|bestelling|dinheiro|penger|penge|rahat|tilaus|pieniądze",
        "zamówienie|para|sipariş|sagte|they|he|she",
    ];
    text.len() <= 900 && !has_word(&text.to_lowercase(), AFFAIRS)
}

/// Links with hardly a word between them. Who writes to somebody by name shows what is wrong.
fn is_farm(text: &str, links: usize) -> bool {
    let own = text.split_whitespace().filter(|word| !word.contains("://") && !word.starts_with("www.")).count();
    links >= 4 && own <= links && !text.contains('@')
}
