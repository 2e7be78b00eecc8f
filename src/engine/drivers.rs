//! What stands behind an excess: who, where, in which words. From what the store found to what a
//! notice and `uproar explain` say.
//!
//! Pure. Texts are redacted here, before anything is made of them: neither a quote nor a word nor
//! a label leaves otherwise.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::detect::drivers;
use crate::detect::drivers::Origin;
use crate::detect::words;
use crate::detect::words::Message;
use crate::detect::words::Rise;
use crate::domain::incident::Segment;
use crate::domain::notice::Quote;
use crate::domain::notice::RisenWord;
use crate::domain::notice::Role;
use crate::domain::notice::Share;
use crate::domain::ports::Ask;
use crate::domain::ports::Complaint;
use crate::domain::ports::Evidence;
use crate::domain::ports::Wording;
use crate::tagging;
use crate::text::choose;
use crate::text::choose::Candidate;
use crate::text::excerpt;
use crate::text::redact::redact;
use crate::text::terms::Finder;

/// Quotes in a notice.
const QUOTES: (usize, usize) = (3, 5);
/// Characters of a quote.
const QUOTE_LENGTH: usize = 280;
/// Lines of "where it comes from", and those of one label.
const SHARES: usize = 8;
const SHARES_OF_A_KEY: usize = 4;
/// A value that brings less than this part of the excess is not worth a line.
const LEAST_PART: f64 = 0.05;
/// From this part on a value is as good as everything.
const ALL: f64 = 0.95;
/// Words that rose.
const WORDS: usize = 8;
/// Fewer earlier complaints are too few to compare words with: then all messages are.
const LEAST_USUAL: usize = 30;
/// Standard deviations that a driver's label is worth beside the words of a quote.
const WORTH_OF_A_LABEL: f64 = 2.0;

/// What stands behind an excess.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drivers {
    /// Where it comes from.
    pub shares: Vec<Share>,
    /// Which words rose.
    pub risen: Vec<RisenWord>,
    /// What people say.
    pub quotes: Vec<Quote>,
}

/// Works all of it out. `label_keys` are those that may stand behind a quote.
#[must_use]
pub fn of(ask: &Ask, evidence: &Evidence, label_keys: &BTreeSet<String>) -> Drivers {
    let origin = origin(evidence);
    let texts: Vec<String> = evidence.complaints.iter().map(|complaint| redact(&in_one_line(&complaint.title, &complaint.text))).collect();
    let (messages, rises) = rises(evidence, &texts);
    Drivers {
        shares: shares(&origin, ask),
        risen: rises.iter().take(WORDS).map(risen).collect(),
        quotes: quotes(evidence, &texts, &worths(evidence, &messages, &origin, &rises), label_keys, &ask.segment),
    }
}

/// Where the complaints come from, the largest excess first: lines for a notice or a terminal.
#[must_use]
pub fn breakdown(ask: &Ask, evidence: &Evidence) -> Vec<Share> {
    shares(&origin(evidence), ask)
}

fn origin(evidence: &Evidence) -> Origin {
    let labels: Vec<BTreeMap<String, String>> = evidence
        .complaints
        .iter()
        .map(|complaint| {
            let source = [("source".to_owned(), complaint.source.clone())];
            complaint.labels.iter().map(|(key, value)| (key.clone(), value.clone())).chain(source).collect()
        })
        .collect();
    drivers::origin(&evidence.slices, &labels)
}

fn shares(origin: &Origin, ask: &Ask) -> Vec<Share> {
    let told_already = |key: &str| matches!(&ask.segment, Segment::Label { key: of, .. } if of == key);
    let mut of_key: BTreeMap<&str, usize> = BTreeMap::new();
    let mut lines = Vec::new();
    // What drives comes before what is merely large.
    let ordinary = |value: &&drivers::Value| value.role == Role::Ordinary;
    let (large, marked): (Vec<_>, Vec<_>) = origin.values.iter().partition(ordinary);
    // The only source explains nothing, nor does what all messages have.
    let is_all = |value: &drivers::Value| value.expected >= ALL * origin.expected && value.now.complaints >= ALL * origin.complaints;
    let worth_a_line =
        |value: &&&drivers::Value| (value.key == "source" || value.part.is_none_or(|part| part >= LEAST_PART)) && !is_all(value);
    for value in marked.iter().chain(large.iter().filter(worth_a_line)) {
        let explains = !told_already(&value.key) && (value.key != "source" || ask.sources.len() > 1);
        let lines_of_key = of_key.entry(&value.key).or_default();
        if !explains || *lines_of_key >= SHARES_OF_A_KEY || lines.len() >= SHARES {
            continue;
        }
        *lines_of_key += 1;
        lines.push(share(value));
    }
    lines.sort_by(|a: &Share, b: &Share| (b.now as f64 - b.usual).total_cmp(&(a.now as f64 - a.usual)));
    lines
}

fn share(value: &drivers::Value) -> Share {
    Share {
        key: value.key.clone(),
        value: told(&value.key, &value.value),
        now: value.now.complaints.round() as u64,
        usual: value.expected,
        messages: Some(value.now.messages.round() as u64),
        part: value.part,
        role: match &value.role {
            Role::SameAs { key, value } => Role::SameAs { key: key.clone(), value: told(key, value) },
            role => role.clone(),
        },
    }
}

/// A label's value comes from outside and may hold anything; a source's name is the operator's.
fn told(key: &str, value: &str) -> String {
    if key == "source" { value.to_owned() } else { redact(value) }
}

fn risen(rise: &Rise) -> RisenWord {
    RisenWord { text: rise.shown.clone(), now: rise.now as u64, usual: rise.usual }
}

/// The terms of each complaint, and those that rose.
fn rises(evidence: &Evidence, texts: &[String]) -> (Vec<Message>, Vec<Rise>) {
    let mut finder = Finder::default();
    let few = evidence.usual.len() < LEAST_USUAL;
    let messages: Vec<String> = evidence.complaints.iter().map(|complaint| tagging::message(&complaint.title, &complaint.text)).collect();
    let spans = evidence.complaints.iter().zip(&messages).map(|(complaint, message)| (message.as_str(), &complaint.spans, &complaint.lang));
    let spans = spans.chain(evidence.usual.iter().map(|wording| (wording.message.as_str(), &wording.spans, &wording.lang)));
    let mut triggers: Vec<BTreeSet<String>> = Vec::new();
    for (message, spans, lang) in spans {
        triggers
            .push(spans.iter().filter_map(|span| message.get(span.clone())).flat_map(|word| finder.keys(word, lang.as_deref())).collect());
    }
    // Beside messages without the theme its own words stand out everywhere, also where another one
    // made the tagger give it.
    let all: BTreeSet<String> = if few { triggers.iter().flatten().cloned().collect() } else { BTreeSet::new() };
    let mut own = triggers.into_iter().map(|keys| if few { all.clone() } else { keys });
    let mut message = |redacted: &str, lang: Option<&str>, without: &BTreeSet<String>| Message {
        terms: finder.terms(redacted, lang, without),
        lang: lang.and_then(|lang| lang.split(['-', '_']).next()).unwrap_or_default().to_ascii_lowercase(),
    };
    let mut now: Vec<Message> = Vec::new();
    for (complaint, text) in evidence.complaints.iter().zip(texts) {
        now.push(message(text, complaint.lang.as_deref(), &own.next().unwrap_or_default()));
    }
    let mut of = |wording: &Wording, without: &BTreeSet<String>| message(&redact(&wording.message), wording.lang.as_deref(), without);
    let usual: Vec<Message> = evidence.usual.iter().map(|wording| of(wording, &own.next().unwrap_or_default())).collect();
    let others: Vec<Message> = evidence.others.iter().map(|wording| of(wording, &all)).collect();
    let rises = if few {
        let everything: Vec<Message> = usual.into_iter().chain(others).collect();
        words::rising(&now, &everything, &[])
    } else {
        words::rising(&now, &usual, &others)
    };
    (now, rises)
}

/// How much of what is special now each complaint says: the scores of its words and its drivers.
fn worths(evidence: &Evidence, messages: &[Message], origin: &Origin, rises: &[Rise]) -> Vec<f64> {
    let drivers: Vec<&drivers::Value> = origin.values.iter().filter(|value| value.is_driver()).collect();
    let worth = |(complaint, message): (&Complaint, &Message)| {
        let words: f64 = rises.iter().filter(|rise| message.terms.contains_key(&rise.key)).map(|rise| rise.score).sum();
        let is_of = |value: &&&drivers::Value| {
            complaint.labels.get(&value.key).is_some_and(|found| *found == value.value)
                || (value.key == "source" && value.value == complaint.source)
        };
        words + WORTH_OF_A_LABEL * drivers.iter().filter(is_of).count() as f64
    };
    let all: Vec<f64> = evidence.complaints.iter().zip(messages).map(worth).collect();
    // They come the newest first; the newest half has a little more to say of what goes on now.
    let half = all.len().div_ceil(2);
    all.into_iter().enumerate().map(|(at, worth)| if at < half { worth * 1.1 } else { worth }).collect()
}

fn quotes(evidence: &Evidence, texts: &[String], worths: &[f64], label_keys: &BTreeSet<String>, segment: &Segment) -> Vec<Quote> {
    let candidates: Vec<(usize, Candidate<'_>)> = evidence
        .complaints
        .iter()
        .enumerate()
        .filter(|(at, _)| !texts[*at].trim().is_empty())
        .map(|(at, complaint)| {
            let author = complaint.author.as_deref();
            (at, Candidate { text: &texts[at], worth: worths[at], origin: &complaint.source, author })
        })
        .collect();
    let chosen = choose::choose(&candidates.iter().map(|(_, candidate)| *candidate).collect::<Vec<_>>(), QUOTES.0, QUOTES.1);
    chosen.into_iter().map(|at| candidates[at].0).map(|at| quote(&evidence.complaints[at], &texts[at], label_keys, segment)).collect()
}

fn quote(complaint: &Complaint, text: &str, label_keys: &BTreeSet<String>, segment: &Segment) -> Quote {
    let told_already = |key: &str| matches!(segment, Segment::Label { key: of, .. } if of == key);
    Quote {
        text: excerpt::around(text, place_of_match(complaint, text), QUOTE_LENGTH),
        source: complaint.source.clone(),
        url: complaint.url.clone(),
        rating: complaint.rating.map(|(value, max)| stars(value, max)),
        details: complaint
            .fields
            .iter()
            .filter(|(key, _)| label_keys.contains(*key) && !told_already(key))
            .map(|(_, value)| excerpt::shorten(&redact(value), 24))
            .collect(),
        at: complaint.at,
        item: Some(complaint.item),
        ticket: None,
    }
}

/// Where in the redacted text stands what made the tagger give the theme. Redacting moves places a
/// little, so it is the same word nearest to where it was.
fn place_of_match(complaint: &Complaint, text: &str) -> usize {
    let message = tagging::message(&complaint.title, &complaint.text);
    let Some(span) = complaint.spans.iter().min_by_key(|span| span.start) else { return 0 };
    let Some(word) = message.get(span.clone()).filter(|word| !word.is_empty()) else { return 0 };
    text.match_indices(word).map(|(at, _)| at).min_by_key(|at| at.abs_diff(span.start)).unwrap_or(0)
}

/// A headline is no sentence; a colon tells it from what follows.
fn in_one_line(title: &str, text: &str) -> String {
    let title = title.trim();
    if title.is_empty() || text.trim_start().starts_with(title) {
        return text.to_owned();
    }
    let mark = if title.ends_with(['.', '!', '?', ':', ';', ',', '…']) { "" } else { ":" };
    format!("{title}{mark} {text}")
}

/// "1 star", "3 of 10".
fn stars(value: f64, max: f64) -> String {
    if (max - 5.0).abs() < f64::EPSILON {
        format!("{value} star{}", if (value - 1.0).abs() < f64::EPSILON { "" } else { "s" })
    } else {
        format!("{value} of {max}")
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::ports::Slice;
    use crate::domain::ports::Tally;

    fn ask() -> Ask {
        let until: Timestamp = "2026-11-21T13:00:00Z".parse().unwrap();
        let from = until - TimeDelta::hours(6);
        Ask {
            measure: None,
            theme: "login_fails".to_owned(),
            segment: Segment::All,
            sources: vec!["play".to_owned(), "shop".to_owned()],
            from,
            until,
            usual_from: from - TimeDelta::days(28),
            by: vec!["country".to_owned(), "version".to_owned()],
            limit: 200,
        }
    }

    fn complaint(at: usize, text: &str, source: &str, labels: &[(&str, &str)]) -> Complaint {
        let start = text.find("login").unwrap_or(0);
        let labels: BTreeMap<String, String> = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Complaint {
            item: at as i64,
            title: String::new(),
            text: text.to_owned(),
            source: source.to_owned(),
            url: None,
            rating: Some((1.0, 5.0)),
            fields: labels.clone(),
            at: ask().until - TimeDelta::minutes(at as i64),
            spans: std::iter::once(start..start + 5).collect(),
            labels,
            lang: Some("en".to_owned()),
            author: Some(format!("author {at}")),
        }
    }

    /// Twenty complaints: a new version shows a white page in place of the login.
    fn evidence() -> Evidence {
        const LOUD: [&str; 4] = [
            "Since the update I get a white page instead of the login, and I paid for this",
            "White page where the login was. My name is Anna Svensson, call me",
            "login is only a white page after the update of today",
            "I updated and the login has become a white page, order 123456 is waiting",
        ];
        const CALM: [&str; 3] = ["login is slow for me", "the login code comes late and I wait", "your login is the worst of all"];
        let loud = (0..14)
            .map(|at| complaint(at, &format!("{} {}", LOUD[at % 4], "so".repeat(at)), "play", &[("country", "de"), ("version", "5.2.0")]));
        let calm = (14..20)
            .map(|at| complaint(at, &format!("{} {}", CALM[at % 3], "oh".repeat(at)), "shop", &[("country", "se"), ("version", "5.1.0")]));
        let wording = |at: usize, text: &str| {
            let start = text.find("login").unwrap_or(0);
            let spans = if text.contains("login") { std::iter::once(start..start + 5).collect() } else { Vec::new() };
            Wording { message: format!("{text} {}", "eh".repeat(at % 9)), lang: Some("en".to_owned()), spans }
        };
        let slice = |key: &str, value: &str, source: &str, now: (u32, u32), usual: (u32, u32)| {
            let tally = |(messages, complaints): (u32, u32)| Tally { messages: messages.into(), complaints: complaints.into() };
            Slice { key: key.to_owned(), value: value.to_owned(), source: source.to_owned(), now: tally(now), usual: tally(usual) }
        };
        Evidence {
            complaints: loud.chain(calm).collect(),
            voices: 20,
            slices: vec![
                slice("", "", "play", (60, 14), (4000, 80)),
                slice("", "", "shop", (70, 6), (4000, 200)),
                slice("country", "de", "play", (40, 14), (2500, 50)),
                slice("country", "se", "shop", (70, 6), (4000, 200)),
                slice("version", "5.2.0", "play", (35, 14), (0, 0)),
                slice("version", "5.1.0", "shop", (60, 6), (4000, 200)),
            ],
            usual: (0..120).map(|at| wording(at, CALM[at % 3])).collect(),
            others: (0..60).map(|at| wording(at, "I like the colours and the update of the app")).collect(),
            recent: Vec::new(),
        }
    }

    fn lines(drivers: &Drivers) -> String {
        let shares = drivers.shares.iter().map(|share| {
            let part = share.part.map_or("-".to_owned(), |part| format!("{:.0} %", part * 100.0));
            format!("{} {}: {} of {:?} for {:.1}, {part}, {:?}", share.key, share.value, share.now, share.messages, share.usual, share.role)
        });
        let words = drivers.risen.iter().map(|word| format!("\"{}\" {} for {:.1}", word.text, word.now, word.usual));
        let quotes = drivers.quotes.iter().map(|quote| format!("{}: {}", quote.source, quote.text));
        shares.chain(words).chain(quotes).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_new_version_and_its_white_page_are_named() {
        let keys = ["country".to_owned(), "version".to_owned()].into();
        insta::assert_snapshot!(lines(&of(&ask(), &evidence(), &keys)), @r#"
        version 5.2.0: 14 of Some(35) for 0.7, 87 %, NewDriver
        country de: 14 of Some(40) for 0.8, 86 %, SameAs { key: "version", value: "5.2.0" }
        source play: 14 of Some(60) for 1.2, 84 %, SameAs { key: "version", value: "5.2.0" }
        version 5.1.0: 6 of Some(60) for 3.0, 20 %, Ordinary
        source shop: 6 of Some(70) for 3.5, 16 %, Ordinary
        country se: 6 of Some(70) for 3.5, 16 %, Ordinary
        "the update" 7 for 0.0
        "white page" 14 for 0.0
        "and the" 3 for 0.0
        play: Since the update I get a white page instead of the login, and I paid for this
        play: login is only a white page after the update of today soso
        play: I updated and the login has become a white page, order [number] is waiting sososo
        play: White page where the login was. My name is [name], call me so
        shop: the login code comes late and I wait ohohohohohohohohohohohohohohohoh
        "#);
    }

    #[test]
    fn few_earlier_complaints_are_replaced_by_all_messages() {
        let mut evidence = evidence();
        evidence.usual.truncate(5);
        let words: Vec<String> = of(&ask(), &evidence, &BTreeSet::new()).risen.into_iter().map(|word| word.text).collect();
        assert!(words.iter().any(|word| word == "white page"), "{words:?}");
        assert!(words.iter().all(|word| !word.contains("login")), "{words:?}");
    }

    #[test]
    fn nothing_found_says_nothing() {
        assert_eq!(of(&ask(), &Evidence::default(), &BTreeSet::new()), Drivers::default());
    }

    #[test]
    fn names_numbers_and_addresses_are_in_no_word_and_no_quote() {
        let mut evidence = evidence();
        for complaint in &mut evidence.complaints {
            complaint.text.push_str(" My name is Anna Svensson, anna@example.com, order 778899");
        }
        let told = lines(&of(&ask(), &evidence, &BTreeSet::new()));
        assert!(!told.contains("Svensson") && !told.contains("example.com") && !told.contains("778899"), "{told}");
    }

    #[test]
    fn a_long_text_is_shown_around_its_match() {
        let long =
            format!("{}The login fails every time. {}", "I have been here for years. ".repeat(12), "Nobody helps me with it. ".repeat(12));
        let complaint = complaint(0, &long, "shop", &[]);
        let shown = quote(&complaint, &redact(&long), &BTreeSet::new(), &Segment::All).text;
        assert!(shown.contains("The login fails every time.") && shown.starts_with('…') && shown.ends_with('…'), "{shown}");
    }

    #[test]
    fn ratings_read_like_speech() {
        assert_eq!(stars(1.0, 5.0), "1 star");
        assert_eq!(stars(2.0, 5.0), "2 stars");
        assert_eq!(stars(3.0, 10.0), "3 of 10");
    }

    #[test]
    fn a_label_tells_no_address_and_a_source_keeps_its_name() {
        assert_eq!(told("team", "anna@example.com"), "[email]");
        assert_eq!((told("country", "se"), told("source", "app-store")), ("se".to_owned(), "app-store".to_owned()));
    }
}
