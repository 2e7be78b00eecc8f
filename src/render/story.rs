//! What a notice says, in the order in which people need it: text, HTML and later channels tell
//! the same story in their own shape.

use chrono::TimeDelta;
use serde::Serialize;

use crate::domain::incident::Kind;
use crate::domain::incident::Segment;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Quote;
use crate::domain::notice::RisenWord;
use crate::domain::notice::Role;
use crate::domain::notice::Row;
use crate::domain::notice::Share;
use crate::render::calibrated;
use crate::render::kinds;
use crate::render::origin;
use crate::render::shown::Shown;
use crate::render::wording;
use crate::render::wording::Clock;

/// Most quotes, characters of one, lines of the breakdown, words, words that rose and days off that
/// a notice shows.
const QUOTES: usize = 5;
const QUOTE: usize = 300;
const SHARES: usize = 10;
const WORDS: usize = 10;
const RISEN: usize = 6;
const HOLIDAYS: usize = 3;
/// From so many complaints on it says something that no part of them stands out.
const TELLING: u64 = 20;

/// A notice told in full. Every text in it is one line without markup.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Story {
    /// `OPENED - high - Sat 21 Nov 2026 14:05 CET`
    pub headline: String,
    /// What happened, in sentences; each is a paragraph.
    pub lead: Vec<String>,
    /// The first things to do.
    pub ways: Vec<Way>,
    /// `5 of 47, the most typical first`; of no meaning without quotes.
    pub quotes_note: String,
    /// Customers' words.
    pub quotes: Vec<Said>,
    /// Where the complaints come from.
    pub shares: Vec<From>,
    /// What is to be said of them all; may be empty.
    pub shares_note: &'static str,
    /// Words that rose.
    pub risen: Vec<From>,
    /// The series beside what was expected of it.
    pub chart: Option<Shown>,
    /// Complaints in steps of two hours, oldest first; empty where nothing is to be shown, and
    /// where there is a chart.
    pub recent: Vec<u32>,
    /// Why this fired, in sentences.
    pub why: Vec<String>,
    /// What the last block is called.
    pub tune_title: &'static str,
    /// Commands that change what happens next.
    pub tune: Vec<String>,
    /// The last line.
    pub next: String,
}

/// Something to do: a command to type or a page to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Way {
    /// `Acknowledge`
    pub label: &'static str,
    /// `uproar incident ack i-7f3k2`, or an address.
    pub how: String,
    /// `how` is an address.
    pub link: bool,
}

/// A customer's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Said {
    /// The words.
    pub words: String,
    /// `1 star, Google Play, DE, 5.2.0, 13:41`
    pub about: String,
    /// Where the original is.
    pub link: Option<String>,
}

/// One line of the breakdown, or of the words that rose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct From {
    /// `Google Play`, `country se`
    pub name: String,
    /// Complaints in the window.
    pub now: String,
    /// Usual ones.
    pub usual: String,
    /// `68 %` of the excess, or nothing.
    pub part: String,
    /// `driver`, `driver: new`, `same as country se` or nothing.
    pub note: String,
}

impl Story {
    /// Tells the facts of a row.
    pub(super) fn of(row: &Row) -> Self {
        let facts = &row.facts;
        if facts.event == Event::Test {
            return test(row);
        }
        let clock = Clock::of(&facts.zone, facts.at);
        let over = facts.event == Event::Resolved;
        let quotes: Vec<Said> =
            if over { Vec::new() } else { facts.quotes.iter().take(QUOTES).map(|quote| said(quote, facts, &clock)).collect() };
        // Points lost are no bars that anybody could read.
        let chart = Shown::of(facts, &clock).filter(|_| facts.numbers.mean.is_none());
        Self {
            headline: headline(facts, &clock),
            lead: lead(facts, &clock),
            ways: ways(facts),
            quotes_note: format!("{} of {}, the most typical first", quotes.len(), facts.quotes_of.max(quotes.len() as u64)),
            quotes,
            shares: facts.breakdown.iter().take(SHARES).map(|share| from(share, over)).collect(),
            shares_note: if over { "" } else { shares_note(facts) },
            risen: if over { Vec::new() } else { facts.risen.iter().take(RISEN).filter_map(risen).collect() },
            recent: if chart.is_some() || facts.kind != Kind::Spike { Vec::new() } else { facts.recent.iter().take(12).copied().collect() },
            chart,
            why: if over { Vec::new() } else { why(facts) },
            tune_title: if over { "NOT OVER, OR NEVER TRUE?" } else { "TOO MUCH, TOO LITTLE?" },
            tune: tune(facts),
            next: if over { "Next mail: if it comes back." } else { "Next mail: if it gets worse, or when it is over." }.to_owned(),
        }
    }
}

/// The story of `uproar target test`.
fn test(row: &Row) -> Story {
    let clock = Clock::of(&row.facts.zone, row.facts.at);
    let target = wording::name(&row.target);
    Story {
        headline: format!("TEST - {}", clock.full(row.facts.at)),
        lead: vec![
            format!("This is a test of the target \"{target}\". Nothing is wrong."),
            "If you can read this, alerts for this target reach you. Somebody asked for it with the command below.".to_owned(),
        ],
        ways: vec![Way { label: "Asked for by", how: format!("uproar target test {target}"), link: false }],
        quotes_note: String::new(),
        quotes: Vec::new(),
        shares: Vec::new(),
        shares_note: "",
        risen: Vec::new(),
        chart: None,
        recent: Vec::new(),
        why: Vec::new(),
        tune_title: "",
        tune: Vec::new(),
        next: "An alert has the same sender, and a subject that begins the same.".to_owned(),
    }
}

fn headline(facts: &Facts, clock: &Clock) -> String {
    let time = clock.full(facts.at);
    let level = facts.level;
    match facts.event {
        Event::Worse => match facts.told_level.filter(|&told| told != level) {
            Some(told) => format!("WORSE - {level} (was {told}) - {time}"),
            None => format!("WORSE - {level} - {time}"),
        },
        Event::Resolved => {
            let end = facts.window.map_or(facts.at, |(_, until)| until);
            format!("RESOLVED after {} - {time}", wording::lasting(end - facts.since))
        }
        Event::Opened if facts.kind == Kind::SlowRise => format!("SLOW RISE - {level} - {time}"),
        event => format!("{} - {level} - {time}", event.word().to_uppercase()),
    }
}

/// What happened, what is usual, how much of everything that is.
fn lead(facts: &Facts, clock: &Clock) -> Vec<String> {
    let numbers = &facts.numbers;
    let theme = wording::name(&facts.theme_title);
    let count = wording::amount(numbers.count);
    let complaints = wording::plural(&count, "complaint");
    let when = when(facts, clock);
    let part = part(&facts.segment);
    let what = kinds::what(facts, &part).unwrap_or_else(|| format!("{complaints} about \"{theme}\"{part} {when}"));
    let cause = wording::name(&facts.cause);
    let mut lead = match facts.event {
        Event::Worse => {
            let told = facts.told_count.map(|told| format!("; you were told of {}", wording::amount(told))).unwrap_or_default();
            vec![format!("It got worse: {what}{told}.")]
        }
        Event::Reopened => vec![format!("It is back: {what}.")],
        Event::Resolved => return resolved(facts, &what, &cause),
        _ => vec![format!("{}.", capitalised(&what))],
    };
    lead.push(kinds::usual(facts).unwrap_or_else(|| usual(facts, clock)));
    if facts.kind == Kind::Spike && numbers.total > 0.0 && numbers.count.is_finite() {
        let now = wording::share(numbers.count / numbers.total);
        lead.push(format!("Share of all messages: {now} (usual {}).", wording::share(numbers.usual_share)));
    }
    lead.extend(facts.holidays.iter().take(HOLIDAYS).map(|day| format!("{}.", wording::name(day))));
    if !cause.is_empty() {
        lead.push(format!("{}.", capitalised(&cause)));
    }
    lead
}

/// `in the last 6 hours`, or the days where they are long over: `on Tue 3 Nov`.
fn when(facts: &Facts, clock: &Clock) -> String {
    match facts.window {
        Some((from, until)) => clock.days(from, until),
        None => format!("in the last {}", wording::window(facts.numbers.window_seconds)),
    }
}

fn resolved(facts: &Facts, what: &str, cause: &str) -> Vec<String> {
    let theme = wording::name(&facts.theme_title);
    let numbers = &facts.numbers;
    let first = match cause {
        "" => match kinds::measure(facts) {
            Some(measure) => kinds::calm(measure, &part(&facts.segment)),
            None => format!("Complaints about \"{theme}\"{} are as usual again.", part(&facts.segment)),
        },
        _ if cause.starts_with("by ") => format!("Resolved {cause}."),
        _ => format!("Resolved: {cause}."),
    };
    if facts.kind != Kind::Spike {
        let still = if cause.is_empty() && kinds::still_bad(facts) { ", with what came before it calmed down" } else { "" };
        return vec![first, format!("{}{still}.", capitalised(what))];
    }
    let window = wording::window(numbers.window_seconds);
    // The window still holds the loud hours when the calm ones after them end it.
    let still = if cause.is_empty() && numbers.count > numbers.usual.1 { ", from before it calmed down" } else { "" };
    let all = wording::plural(&facts.quotes_of.to_string(), "complaint");
    vec![
        first,
        format!("{}{still}, where {} are usual {}.", capitalised(what), wording::amount(numbers.expected), range(facts)),
        format!("Since it began: {all}; at the peak {} in a window of {window}.", wording::amount(facts.peak)),
    ]
}

/// `Usual at this time on a Saturday: 6 (range 2-11). That is 7.8 times the usual, 41 more than expected.`
fn usual(facts: &Facts, clock: &Clock) -> String {
    let numbers = &facts.numbers;
    let last = facts.window.map_or(facts.at, |(_, until)| until - TimeDelta::seconds(1));
    let when = match numbers.window_seconds {
        ..86_400 => format!("at this time on a {}", clock.weekday(last)),
        86_400 => format!("for a {}", clock.weekday(last)),
        _ => "for so long a time".to_owned(),
    };
    let more = numbers.count - numbers.expected;
    // A multiple of next to nothing impresses and says nothing.
    let times = numbers.count / numbers.expected;
    let times =
        if numbers.expected >= 1.0 && times.is_finite() { format!("{} times the usual, ", wording::amount(times)) } else { String::new() };
    let more = if more > 0.0 { format!(" That is {times}{} more than expected.", wording::amount(more)) } else { String::new() };
    format!("Usual {when}: {} {}.{more}", wording::amount(numbers.expected), range(facts))
}

/// `(range 2-11)`
fn range(facts: &Facts) -> String {
    let (low, high) = facts.numbers.usual;
    format!("(range {}-{})", wording::amount(low), wording::amount(high))
}

fn ways(facts: &Facts) -> Vec<Way> {
    let id = command_word(&facts.incident);
    let mut ways = Vec::new();
    if facts.event != Event::Resolved {
        ways.push(Way { label: "Acknowledge", how: format!("uproar incident ack {id}"), link: false });
    }
    ways.push(Way { label: "All of them", how: format!("uproar incident show {id}"), link: false });
    if let Some(base) = facts.base_url.as_deref().and_then(shown_link) {
        let ticket = facts.ticket.as_ref().map(|ticket| format!("?k={ticket}")).unwrap_or_default();
        ways.push(Way { label: "On the web", how: format!("{}/i/{id}{ticket}", base.trim_end_matches('/')), link: true });
    }
    ways
}

fn tune(facts: &Facts) -> Vec<String> {
    let id = command_word(&facts.incident);
    if facts.kind == Kind::SlowRise && facts.event != Event::Resolved {
        return vec![
            format!("uproar incident snooze {id} 7d"),
            format!("uproar incident resolve {id} --reason other"),
            format!("uproar explain {id}"),
        ];
    }
    let first =
        if facts.event == Event::Resolved { format!("uproar incident reopen {id}") } else { format!("uproar incident snooze {id} 2h") };
    vec![first, format!("uproar incident resolve {id} --reason false-alarm"), format!("uproar explain {id}")]
}

fn said(quote: &Quote, facts: &Facts, clock: &Clock) -> Said {
    let details = quote.details.iter().take(4).map(|detail| wording::quote(detail, 40));
    let about = quote.rating.iter().map(|rating| wording::quote(rating, 20)).chain([wording::name(&quote.source)]).chain(details);
    let about: Vec<String> = about.filter(|part| !part.is_empty()).chain([clock.short(quote.at)]).collect();
    // With pages of our own, all links go there; the page shows the original's.
    let link = if facts.base_url.is_some() { None } else { quote.url.as_deref().and_then(shown_link) };
    Said { words: wording::quote(&quote.text, QUOTE), about: about.join(", "), link }
}

/// What is over has no drivers any more.
fn from(share: &Share, over: bool) -> From {
    From {
        name: origin::name(&share.key, &share.value),
        now: wording::amount(share.now as f64),
        usual: wording::amount(share.usual),
        part: if over { String::new() } else { origin::part(share) },
        note: if over { String::new() } else { origin::note(&share.role) },
    }
}

fn shares_note(facts: &Facts) -> &'static str {
    let judged = facts.breakdown.iter().any(|share| share.part.is_some());
    let stands_out = facts.breakdown.iter().any(|share| share.role != Role::Ordinary);
    if judged && !stands_out && facts.quotes_of >= TELLING {
        "No part stands out: each complains as much as its share of all messages."
    } else {
        ""
    }
}

fn risen(word: &RisenWord) -> Option<From> {
    let name = wording::quote(&word.text, 40);
    let (now, usual) = (wording::amount(word.now as f64), wording::amount(word.usual));
    (!name.is_empty()).then_some(From { name, now, usual, part: String::new(), note: String::new() })
}

/// Why this fired: the watch, the chance, the budget, what was read.
fn why(facts: &Facts) -> Vec<String> {
    let numbers = &facts.numbers;
    let messages = match &facts.segment {
        Segment::All => "all messages".to_owned(),
        Segment::Label { .. } => format!("messages{}", part(&facts.segment)),
    };
    let by_chance = if numbers.surprise > 0.0 {
        let (count, expected) = (wording::amount(numbers.count), wording::amount(numbers.expected));
        format!("The chance of {count} or more where {expected} are usual is {}. ", wording::chance(numbers.surprise))
    } else {
        String::new()
    };
    let of_what = if facts.kind == Kind::Drop { "measure" } else { "theme" };
    let mut why = vec![
        format!("Watch \"{}\", {of_what} \"{}\", {messages}.", wording::name(&facts.watch), wording::name(&facts.theme)),
        kinds::chance(facts).unwrap_or_else(|| format!(
            "{by_chance}The odds of an outbreak are {} (score {}); the budget of {} a year asks for {} (score {}), and for at least {}.",
            wording::odds(numbers.score),
            wording::amount(numbers.score),
            wording::plural(&wording::amount(facts.false_alarms_per_year), "false alarm"),
            wording::odds(numbers.limit),
            wording::amount(numbers.limit),
            wording::plural(&facts.min_complaints.to_string(), "complaint"),
        )),
    ];
    if numbers.borrowed {
        why.push(wording::BORROWED.to_owned());
    }
    if !facts.calibration.is_even() && facts.kind != Kind::SlowRise {
        why.extend(calibrated::sentence(&facts.calibration, facts.false_alarms_per_year));
    }
    let words: Vec<String> = facts.words.iter().take(WORDS).map(|word| wording::quote(word, 30)).filter(|word| !word.is_empty()).collect();
    let words = if words.is_empty() { String::new() } else { format!(" Words: {}.", words.join(", ")) };
    why.push(format!("Sources read in time: {} of {}.{words}", facts.fresh_sources.0, facts.fresh_sources.1));
    why
}

/// ` with country se`, or nothing for all messages.
fn part(segment: &Segment) -> String {
    match segment {
        Segment::All => String::new(),
        Segment::Label { key, value } => format!(" with {} {}", wording::name(key), wording::name(value)),
    }
}

/// An id as a command takes it; ours are letters, digits and dashes.
fn command_word(id: &str) -> String {
    id.chars().filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')).take(64).collect()
}

/// A link that may be shown: https (or http on this machine), without anybody's address in it, with
/// nothing in it where a mail program would end it.
fn shown_link(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    let own = matches!(url.host_str(), Some("127.0.0.1" | "localhost"));
    let fits = (url.scheme() == "https" || (url.scheme() == "http" && own)) && url.username().is_empty() && url.password().is_none();
    let text = String::from(url);
    let personal = text.contains('@') || text.contains("%40");
    if !fits || personal || text.len() > 500 || text.contains("://[") {
        return None;
    }
    let mut link = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\'' => link.push_str("%27"),
            '(' => link.push_str("%28"),
            ')' => link.push_str("%29"),
            '[' => link.push_str("%5B"),
            ']' => link.push_str("%5D"),
            other => link.push(other),
        }
    }
    // What ends a sentence is not taken for a part of a link.
    Some(link.trim_end_matches(['.', ',', ';', ':']).to_owned())
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    fn notes(row: &Row) -> Vec<String> {
        Story::of(row).shares.iter().map(|share| format!("{} | {} | {}", share.name, share.part, share.note)).collect()
    }

    #[test]
    fn a_driver_is_marked_while_it_lasts() {
        let opened = sample::opened();
        assert_eq!(
            notes(&opened),
            ["Play | 68 % | driver", "Shop | 32 % | ", "country de | 73 % | same as Play", "version 5.2.0 | 93 % | driver: new"]
        );
        let mut over = opened;
        over.facts.event = Event::Resolved;
        assert_eq!(notes(&over), ["Play |  | ", "Shop |  | ", "country de |  | ", "version 5.2.0 |  | "]);
    }

    #[test]
    fn where_nothing_stands_out_that_is_said() {
        let mut row = sample::opened();
        assert_eq!(Story::of(&row).shares_note, "");
        row.facts.breakdown.iter_mut().for_each(|share| share.role = Role::Ordinary);
        assert_eq!(Story::of(&row).shares_note, "No part stands out: each complains as much as its share of all messages.");
        row.facts.quotes_of = 7;
        assert_eq!(Story::of(&row).shares_note, "", "seven complaints say nothing");
    }

    #[test]
    fn a_row_of_an_earlier_release_is_read_without_marks() {
        let mut facts = serde_json::to_value(&sample::opened().facts).unwrap();
        let object = facts.as_object_mut().unwrap();
        object.remove("risen");
        object.remove("holidays");
        for share in object["breakdown"].as_array_mut().unwrap() {
            let share = share.as_object_mut().unwrap();
            share.retain(|key, _| !["messages", "part", "role"].contains(&key.as_str()));
        }
        let row = Row { facts: serde_json::from_value(facts).unwrap(), ..sample::opened() };
        assert_eq!(notes(&row)[0], "Play |  | ");
        assert!(Story::of(&row).risen.is_empty());
    }

    #[test]
    fn a_day_off_is_told_with_the_usual() {
        let mut row = sample::opened();
        row.facts.holidays = vec!["Sat 21 Nov is a day off in Sweden (Snow Day)".to_owned()];
        assert_eq!(Story::of(&row).lead.last().unwrap(), "Sat 21 Nov is a day off in Sweden (Snow Day).");
    }

    #[test]
    fn only_links_that_are_safe_to_show_are_shown() {
        for (url, shown) in [
            ("https://shop.example/r/1", Some("https://shop.example/r/1")),
            ("https://shop.example/r(1)['x']", Some("https://shop.example/r%281%29%5B%27x%27%5D")),
            ("http://127.0.0.1:8900/x", Some("http://127.0.0.1:8900/x")),
            ("http://shop.example/r/1", None),
            ("https://anna:pw@shop.example/", None),
            ("https://shop.example/?mail=anna%40example.com", None),
            ("javascript:alert(1)", None),
            ("/r/1", None),
        ] {
            assert_eq!(shown_link(url).as_deref(), shown, "{url}");
        }
    }

    #[test]
    fn a_window_that_still_holds_the_loud_hours_does_not_gainsay_that_it_is_over() {
        let mut row = sample::resolved();
        row.facts.numbers.count = 45.0;
        let said = "45 complaints about \"login fails\" in the last 6 hours, from before it calmed down, where 6 are usual (range 2-11).";
        assert_eq!(Story::of(&row).lead[1], said);
    }

    #[test]
    fn a_measure_that_is_as_usual_again_is_not_told_as_if_it_were_still_bad() {
        let mut row = sample::fallen();
        (row.facts.event, row.facts.cause) = (Event::Resolved, String::new());
        let said = "Mean rating 2.9 over the last 24 hours, usually 4.2 (n = 48), with what came before it calmed down.";
        assert_eq!(Story::of(&row).lead, ["The mean rating is as usual again.", said]);
        row.facts.theme = "one_star".to_owned();
        (row.facts.numbers.mean, row.facts.numbers.count, row.facts.numbers.usual) = (None, 9.0, (5.0, 12.0));
        (row.facts.numbers.total, row.facts.numbers.usual_share) = (48.0, 0.19);
        let said = "19 % of ratings with 1 star over the last 24 hours, usually 19 % (n = 48).";
        assert_eq!(Story::of(&row).lead, ["1-star ratings are as usual again.", said]);
        row.facts.numbers.count = 36.0;
        assert!(Story::of(&row).lead[1].ends_with("(n = 48), with what came before it calmed down."));
    }

    #[test]
    fn a_person_who_resolved_it_is_named_with_the_reason() {
        let mut row = sample::resolved();
        row.facts.cause = "by anna: fixed".to_owned();
        assert_eq!(Story::of(&row).lead[0], "Resolved by anna: fixed.");
        row.facts.cause = "watch removed".to_owned();
        assert_eq!(Story::of(&row).lead[0], "Resolved: watch removed.");
    }

    #[test]
    fn a_multiple_of_nearly_nothing_is_not_told() {
        let mut row = sample::opened();
        row.facts.numbers.expected = 0.2;
        assert_eq!(Story::of(&row).lead[1], "Usual at this time on a Saturday: 0.2 (range 2-11). That is 47 more than expected.");
    }
}
