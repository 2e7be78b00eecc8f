//! Vendors' answers: below a heading that says so, or known by their tone and their team's name.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::text::foreign::lines::Lines;
use crate::text::foreign::lines::words;

/// A heading with name and date is not longer.
const HEADING: usize = 90;
/// How far behind a heading the vendor's tone must be heard.
const TONE: usize = 220;
/// No answer is longer: what follows may be the next message.
const ANSWER: usize = 4_000;
/// Openings without a letter below them that one text may have before no more are looked at.
const TRIES: usize = 32;
/// How long the words before "thank you for reaching out" may be: "Hi Anna Svensson,".
const SALUTATION: usize = 60;

/// What vendors say to customers and customers hardly say to vendors.
const TONES: &[&str] = &[
    "thank you for|thanks for|we are sorry|we're sorry|we’re sorry|sorry to hear|sorry for the|sorry about|sorry that you",
    "we apologi|our apologies|apologies for|please contact|please reach out|reach out to us|get in touch with us|our team",
    "your feedback|your review|we appreciate|we regret|contact us|our support|we would love|we'd love|send us|customer care",
    "glad to hear|happy to hear|look into this|vielen dank für|danke für|tut uns leid|tut uns sehr leid|wir bedauern",
    "entschuldigen wir|ihr feedback|dein feedback|ihre bewertung|deine bewertung|wenden sie sich|wende dich",
    "kontaktieren sie uns|melden sie sich|melde dich|unser team|unser kundenservice|unserem kundenservice|tack för",
    "vi beklagar|tråkigt att höra|ledsna|kontakta oss|vår kundservice|hör av dig|ditt omdöme|din feedback|gracias por",
    "lamentamos|sentimos|disculpas|contáctanos|contacte con|contacta con|póngase en contacto|ponte en contacto",
    "nuestro equipo|sus comentarios|tus comentarios|merci pour|merci d'avoir|merci d’avoir|remercions|désolés",
    "nous regrettons|nos excuses|n'hésitez pas|n’hésitez pas|nous contacter|notre équipe|votre avis|votre retour|grazie per",
    "ringraziamo|ci dispiace|ci scusiamo|contattaci|ci contatti|nostro team|tua recensione|sua recensione|bedankt voor",
    "dank voor|het spijt ons|wat vervelend|vervelend om|onze excuses|neem contact|ons team|onze klantenservice|je feedback",
    "uw feedback|obrigado por|obrigada por|obrigado pel|obrigada pel|agradecemos|sentimos muito|pedimos desculpa",
    "desculpar pelo|entre em contato|entre em contacto|nossa equipe|inicialmente gostaríamos|lamentar o|colocamo-nos|nossa equipa|seu feedback|sua avaliação|seu comentário",
    "takk for|beklager|leit å høre|ta kontakt|kontakt oss|vår kundeservice|tilbakemelding|tak for|tak fordi|ked af at høre",
    "kontakt os|vores kundeservice|din anmeldelse|kiitos palaut|kiitos viesti|kiitos yhteyden|pahoittele|ota yhteyttä",
    "ottakaa yhteyttä|asiakaspalvelumme|dziękujemy|przepraszamy|przykro nam|prosimy o kontakt|nasz zespół|teşekkür ederiz",
    "özür dileriz|üzgünüz|geri bildirim|bizimle iletişim|iletişime geç|değerli müşterimiz|sayın müşterimiz",
    "müşteri hizmetlerimiz",
];

/// Who signs for a vendor.
const TEAMS: &[&str] = &[
    " team|team |-team|customer care|customer service|customer support|customer relations|guest relations|support team",
    "kundenservice|kundenbetreuung|kundendienst|kundservice|kundtjänst|kundsupport|atención al cliente|servicio al cliente",
    "equipo de|el equipo|service client|relation client|l'équipe|l’équipe|votre équipe|servizio clienti|assistenza clienti",
    "il team|klantenservice|klantenteam|equipe |equipa |atendimento|apoio ao cliente|kundeservice|kundesenter|kundesupport",
    "asiakaspalvelu|tiimi|obsługa klienta|obsługi klienta|zespół|müşteri hizmetleri|müşteri ilişkileri|ekibi",
];

/// Where an answer ends because the customer speaks again.
const AGAIN: &[&str] = &[
    "\nedit:|\nedit |\nedited|\nupdate:|\nupdate |\nupdated|\nmy reply|\nmy response|\nreply to |\n----|\nnachtrag",
    "\nbearbeitet|\nuppdatering|\nredigerat|\nactualización|\nactualizacion|\neditado|\nmise à jour|\naggiornamento",
    "\nbijgewerkt|\natualização|réplica do consumidor|consideração final|\noppdatering|\nopdatering|\npäivitys|\nmuokattu",
    "\naktualizacja|\nedycja|\ngüncelleme|\ndüzenleme",
];

struct Phrases {
    tones: AhoCorasick,
    teams: AhoCorasick,
    again: AhoCorasick,
}

/// Built when the first cue of an answer is met.
static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    let of = |words: &[&str]| {
        let built = AhoCorasick::builder().ascii_case_insensitive(true).build(words.iter().flat_map(|row| row.split('|')));
        built.expect("a few dozen short phrases are far below every limit of the automaton")
    };
    Phrases { tones: of(TONES), teams: of(TEAMS), again: of(AGAIN) }
});

/// The vendor's part with its heading. `sure` is a heading that needs no tone below it.
pub(super) fn below_heading(lines: Lines<'_>, heading: Range<usize>, sure: bool) -> Option<Range<usize>> {
    let opens = lines.opens_line(heading.start);
    let start = opens.or_else(|| (sure && lines.opens_sentence(heading.start)).then_some(heading.start))?;
    let line = lines.after(heading.end, HEADING);
    let body = match line.find('\n') {
        Some(end) if opens.is_some() && is_heading(&line[..end], sure) => {
            let body = lines.next_line(heading.end + end)?.start;
            (sure || tones(lines.after(body, TONE)) > 0).then_some(body)
        }
        // Without line feeds only the tone tells the heading from "the response from the owner was rude".
        _ => dated(line).filter(|_| tones(lines.after(heading.end, TONE)) > 0).map(|end| heading.end + end),
    }?;
    Some(start..end_of_answer(lines, body))
}

/// What may stand behind the words of a heading: a name, a date, a colon.
fn is_heading(rest: &str, sure: bool) -> bool {
    let rest = rest.trim();
    let sentence = rest.trim_end_matches("ago").ends_with(['.', '!', '?', ',', ';']) && !rest.ends_with("Inc.");
    words(rest) <= if sure { 8 } else { 6 } && !sentence
}

/// Where the heading ends within its line: behind a colon or a date. A customer's sentence goes on
/// with small letters.
fn dated(line: &str) -> Option<usize> {
    let rest = line.trim_start();
    let blank = line.len() - rest.len();
    if let Some(body) = rest.strip_prefix([':', '|', '-', '–']) {
        // "Response from the owner: 'pay or leave'" is told by the customer.
        return (!body.trim_start().starts_with(['"', '\'', '“', '‘', '„', '«'])).then_some(blank + 1);
    }
    let first = rest.chars().next()?;
    (first.is_ascii_digit() || first.is_uppercase() || first == '(').then_some(blank)
}

/// The end of the text, or where the customer speaks again.
fn end_of_answer(lines: Lines<'_>, body: usize) -> usize {
    let answer = lines.after(body, ANSWER);
    let again = PHRASES.again.find(answer).map_or(answer.len(), |hit| {
        let feed = usize::from(answer.as_bytes()[hit.start()] == b'\n');
        hit.start() + feed
    });
    body + initialled(&answer[..again]).unwrap_or(again)
}

/// Where the line ends that an agent signs with initials: "Have a nice day. - PF", "^JH".
fn initialled(answer: &str) -> Option<usize> {
    let mut end = 0;
    answer.split_inclusive('\n').find_map(|line| {
        end += line.len();
        let (_, initials) = line.trim_end().trim_end_matches('.').rsplit_once(['-', '–', '^', '~', '/'])?;
        let initials = initials.trim_start();
        ((1..=3).contains(&initials.len()) && initials.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(end)
    })
}

/// Letters of the vendor without a heading. Each look for an end reads thousands of bytes, and a
/// text with many openings that begin no letter is given up.
#[derive(Debug, Default)]
pub(super) struct Letters {
    failed: usize,
}

impl Letters {
    /// A vendor's letter, from its salutation to the team that signs it. A text that is nothing else
    /// needs no signature.
    pub(super) fn letter(&mut self, lines: Lines<'_>, opening: Range<usize>) -> Option<Range<usize>> {
        let start = salutation(lines, opening.start).filter(|_| self.failed < TRIES)?;
        let letter = letter_at(lines, start);
        self.failed += usize::from(letter.is_none());
        letter
    }
}

/// The letter whose salutation stands at `start`.
fn letter_at(lines: Lines<'_>, start: usize) -> Option<Range<usize>> {
    let body = lines.after(start, ANSWER);
    if let Some(end) = signed(body).filter(|end| tones(&body[..*end]) >= 2) {
        return Some(start..start + end);
    }
    (start == 0 && body.len() == lines.len() && tones(body) >= 3 && !speaks_for_himself(body)).then_some(0..lines.len())
}

/// Where the letter begins: the line of its opening, when no more than a greeting stands before it.
/// Quotation marks before it make it the customer's quotation.
fn salutation(lines: Lines<'_>, opening: usize) -> Option<usize> {
    let start = lines.start(opening).filter(|start| opening - start <= SALUTATION)?;
    let before = lines.0[start..opening].trim_end();
    let greeting = before.is_empty() || before.ends_with([',', '!', '.', ':', '-', '–', '—']) && words(before) <= 6;
    let quoted = before.contains(['"', '“', '„', '«', '‘', '?']) || before.starts_with('\'');
    (greeting && !quoted).then(|| if before.is_empty() { greeted(lines, start) } else { start })
}

/// The line above, where it is a greeting: "Hi Anna,".
fn greeted(lines: Lines<'_>, start: usize) -> usize {
    let above = lines.before(start, SALUTATION).trim_end();
    let line = above.rsplit('\n').next().unwrap_or_default();
    let whole = above.len() > line.len() || start <= SALUTATION;
    let greeting = whole && line.ends_with([',', '!']) && words(line) <= 4;
    if greeting { lines.start(start - (lines.before(start, SALUTATION).len() - above.len()) - line.len()).unwrap_or(start) } else { start }
}

/// Where the line ends that a team signs.
fn signed(body: &str) -> Option<usize> {
    PHRASES.teams.find_iter(body).take(12).find_map(|hit| {
        let from = body[..hit.start()].rfind(['\n', '.', '!', ',']).map_or(0, |at| at + 1);
        let line = body[from..].split('\n').next().unwrap_or_default().trim_end();
        // "Your support team" signs; "our support team will look into it" does not.
        let alone = words(line) <= 6 && !line.ends_with(['.', '!', '?']) && line.chars().any(char::is_uppercase);
        (alone && from > 0).then_some(from + line.len())
    })
}

/// Different phrases of vendors in a piece of text.
pub(super) fn tones(text: &str) -> usize {
    let mut seen = [usize::MAX; 4];
    let mut count = 0;
    for hit in PHRASES.tones.find_iter(text) {
        let phrase = hit.pattern().as_usize();
        if count < seen.len() && !seen[..count].contains(&phrase) {
            seen[count] = phrase;
            count += 1;
        }
    }
    count
}

/// Words by which one person speaks of himself, in the languages of the cues. Agents say "we".
pub(super) fn speaks_for_himself(text: &str) -> bool {
    const MYSELF: &[&str] = &[
        "i", "i'm", "i’m", "i've", "i’ve", "i'd", "i’d", "my", "me", "mine", "ich", "mein", "meine", "meinen", "meinem", "meiner", "mir",
        "mich", "jag", "mitt", "mina", "mig", "yo", "mi", "mis", "je", "j'ai", "j’ai", "mon", "mes", "moi", "io", "mio", "mia", "miei",
        "ik", "mijn", "mij", "eu", "meu", "minha", "meus", "minhas", "jeg", "mitt", "mine", "min", "meg", "minä", "minun", "minulle",
        "mój", "moja", "moje", "mnie", "mam", "ben", "benim", "bana", "beni",
    ];
    crate::text::foreign::lines::has_word(&text.to_lowercase(), MYSELF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_without_letters_are_looked_at_a_bounded_number_of_times() {
        const LETTER: &str = "Dear customer, thank you for your message. We are sorry.\nThe support team\n";
        let look = |openings: usize| {
            let text = format!("{}{LETTER}", "Dear customer, no.\n".repeat(openings) + &"x\n".repeat(2 * ANSWER));
            let mut letters = Letters::default();
            let found =
                text.match_indices("Dear customer").filter(|(at, word)| letters.letter(Lines(&text), *at..at + word.len()).is_some());
            (found.count(), letters.failed)
        };
        assert_eq!(look(TRIES - 1), (1, TRIES - 1));
        assert_eq!(look(TRIES), (0, TRIES));
        assert_eq!(look(10 * TRIES), (0, TRIES));
    }
}
