//! What a notice says, in the order in which people need it: text, HTML and later channels tell
//! the same story in their own shape.

use serde::Serialize;

use crate::domain::incident::Kind;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Quote;
use crate::domain::notice::RisenWord;
use crate::domain::notice::Role;
use crate::domain::notice::Row;
use crate::domain::notice::Share;
use crate::render::digest;
use crate::render::origin;
use crate::render::pages;
use crate::render::shown::Shown;
use crate::render::storm;
use crate::render::storm::Group;
use crate::render::wording;
use crate::render::wording::Clock;

mod changed;
pub(super) mod lead;
pub(super) mod silent;
mod ways;
mod why;

/// Most quotes, characters of one, lines of the breakdown and words that rose that a notice shows.
const QUOTES: usize = 5;
const QUOTE: usize = 300;
const SHARES: usize = 10;
const RISEN: usize = 6;
/// From so many complaints on it says something that no part of them stands out.
const TELLING: u64 = 20;

/// A notice told in full. Every text in it is one line without markup.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Story {
    /// `OPENED - high - Sat 21 Nov 2026 14:05 CET`
    pub headline: String,
    /// What happened, in sentences; each is a paragraph.
    pub lead: Vec<String>,
    /// What is new since people were last told. It belongs behind the first sentence of `lead`.
    pub changed: Vec<String>,
    /// The first things to do.
    pub ways: Vec<Way>,
    /// Of a storm: what happened at once.
    pub groups: Vec<Group>,
    /// `WHAT PEOPLE SAY`
    pub quotes_title: &'static str,
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
    /// How to change what happens next.
    pub tune: Tune,
    /// The last line.
    pub next: String,
}

/// Something to do: a command to type or a page to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Way {
    /// `Acknowledge`; empty where the command says it.
    pub label: &'static str,
    /// `uproar incident ack i-7f3k2`, or an address.
    pub how: String,
    /// `how` is an address.
    pub link: bool,
}

impl Way {
    /// A command to type.
    pub(super) fn command(label: &'static str, how: String) -> Self {
        Self { label, how, link: false }
    }

    /// A page to open.
    pub(super) fn link(label: &'static str, how: String) -> Self {
        Self { label, how, link: true }
    }
}

/// How people hear less of it, or more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tune {
    /// What the block is called.
    pub title: &'static str,
    /// Before the ways; may be empty.
    pub note: &'static str,
    /// What to do now.
    pub ways: Vec<Way>,
    /// What to change in the configuration; may be empty.
    pub settings: String,
}

/// A customer's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Said {
    /// The words.
    pub words: String,
    /// `1 star, Google Play, DE, 5.2.0, 13:41`
    pub about: String,
    /// Where the whole of it is.
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
        match row.facts.event {
            Event::Test => test(row),
            Event::Storm => storm::story(&row.facts),
            Event::Digest => digest::story(&row.facts),
            _ => incident(&row.facts),
        }
    }
}

/// The story of a notice about one incident.
fn incident(facts: &Facts) -> Story {
    let clock = Clock::of(&facts.zone, facts.at);
    let over = facts.event == Event::Resolved;
    // Points lost are no bars that anybody could read, and what is silent has none.
    let judged = facts.kind.is_judged();
    let chart = Shown::of(facts, &clock).filter(|_| facts.numbers.mean.is_none() && judged);
    let quotes = if over { Vec::new() } else { quotes(facts, &clock) };
    let silent = facts.kind == Kind::NoData;
    Story {
        headline: lead::headline(facts, &clock),
        lead: lead::lead(facts, &clock),
        changed: changed::changed(facts, &clock),
        ways: ways::ways(facts),
        groups: Vec::new(),
        quotes_title: if silent { "WHAT THE SOURCE SAID" } else { "WHAT PEOPLE SAY" },
        quotes_note: if silent { "its own words".to_owned() } else { quotes_note(quotes.len(), facts.quotes_of) },
        quotes,
        shares: facts.breakdown.iter().take(SHARES).map(|share| from(share, over)).collect(),
        shares_note: if over { "" } else { shares_note(facts) },
        risen: if over { Vec::new() } else { facts.risen.iter().take(RISEN).filter_map(risen).collect() },
        recent: if chart.is_some() || facts.kind != Kind::Spike { Vec::new() } else { facts.recent.iter().take(12).copied().collect() },
        chart,
        why: if over { Vec::new() } else { why::why(facts) },
        tune: ways::tune(facts),
        next: ways::next(facts, &clock),
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
        ways: vec![Way::command("Asked for by", format!("uproar target test {target}"))],
        next: "An alert has the same sender, and a subject that begins the same.".to_owned(),
        ..Story::default()
    }
}

fn quotes(facts: &Facts, clock: &Clock) -> Vec<Said> {
    if facts.kind == Kind::NoData {
        return silent::said(facts, clock);
    }
    facts.quotes.iter().take(QUOTES).map(|quote| said(quote, facts, clock)).collect()
}

fn quotes_note(shown: usize, of: u64) -> String {
    format!("{shown} of {}, the most typical first", of.max(shown as u64))
}

fn said(quote: &Quote, facts: &Facts, clock: &Clock) -> Said {
    let details = quote.details.iter().take(4).map(|detail| wording::quote(detail, 40));
    let about = quote.rating.iter().map(|rating| wording::quote(rating, 20)).chain([wording::name(&quote.source)]).chain(details);
    let about: Vec<String> = about.filter(|part| !part.is_empty()).chain([clock.short(quote.at)]).collect();
    Said { words: wording::quote(&quote.text, QUOTE), about: about.join(", "), link: pages::of_quote(quote, facts) }
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
