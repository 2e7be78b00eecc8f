//! Every trouble as it is told: what is wrong, since when, who is blind, what to do.

use super::*;
use crate::domain::incident::Level;
use crate::domain::notice::Event;
use crate::domain::notice::Row;
use crate::render::brief::Size;
use crate::render::brief::brief;
use crate::render::html;
use crate::render::sample;
use crate::render::story::Story;

const ALL: [Trouble; 15] = [
    Trouble::Paused,
    Trouble::Unreachable,
    Trouble::Missing,
    Trouble::Refused,
    Trouble::Login,
    Trouble::Captcha,
    Trouble::Unreadable,
    Trouble::Busy,
    Trouble::Robots,
    Trouble::Gone,
    Trouble::Empty,
    Trouble::AnotherFeed,
    Trouble::IdsChange,
    Trouble::Gap,
    Trouble::Silent,
];

fn row(trouble: Trouble) -> Row {
    let mut row = sample::silent();
    row.facts.level = trouble.level();
    let silent = row.facts.silent.as_mut().unwrap();
    (silent.trouble, silent.fails) = (Some(trouble), trouble.is_failure());
    if !trouble.is_failure() {
        silent.error = None;
    }
    row
}

#[test]
fn the_first_lines_of_each_trouble_say_what_is_wrong_since_when_who_is_blind_and_what_to_do() {
    let told = |trouble| {
        let brief = brief(&row(trouble), Size::STEPS[4]);
        format!("{}\n  {}", brief.title, brief.summary)
    };
    insta::assert_snapshot!(ALL.map(told).join("\n"));
}

#[test]
fn the_end_of_each_trouble_says_what_came_late() {
    let told = |trouble| {
        let mut facts = row(trouble).facts;
        facts.event = Event::Resolved;
        facts.silent.as_mut().unwrap().came_late = if trouble.blinds() { 41 } else { 0 };
        let clock = Clock::of(&facts.zone, facts.at);
        [vec![over(&facts)], lasted(&facts, &clock)].concat().join(" ")
    };
    insta::assert_snapshot!(ALL.map(told).join("\n"));
}

#[test]
fn what_did_not_come_is_said_and_one_is_no_plural() {
    let mut facts = row(Trouble::Login).facts;
    let clock = Clock::of(&facts.zone, facts.at);
    assert_eq!(lasted(&facts, &clock)[1], "No message of that time has come.");
    facts.silent.as_mut().unwrap().came_late = 1;
    assert_eq!(lasted(&facts, &clock)[1], "1 message of that time came late; it is counted under its own date.");
}

#[test]
fn a_row_of_an_older_release_tells_failure_and_silence_apart() {
    let mut facts = sample::silent().facts;
    facts.silent.as_mut().unwrap().trouble = None;
    assert_eq!(subject(&facts), "Play cannot be read");
    facts.silent.as_mut().unwrap().fails = false;
    assert_eq!(subject(&facts), "Play brings nothing new");
    facts.silent = None;
    assert_eq!(subject(&facts), "Play brings nothing new");
}

#[test]
fn what_a_server_said_is_quoted_redacted_and_no_link() {
    let mut row = row(Trouble::Unreachable);
    let said_so = "<b>down</b>, see https://evil.example/x?u=1 or write anna@example.com\u{202e}\n--boundary";
    row.facts.silent.as_mut().unwrap().error = Some(said_so.to_owned());
    row.facts.watch = "source:Play `rm -rf` 'x'".to_owned();
    let clock = Clock::of(&row.facts.zone, row.facts.at);
    let said = said(&row.facts, &clock).remove(0);
    assert!(!said.words.contains("anna@") && !said.words.contains(['\n', '\u{202e}']) && said.link.is_none(), "{}", said.words);
    let frame = html::Frame { tone: html::tone(&row.facts), picture: "", intro: "", outro: "" };
    let html = html::part(&Story::of(&row), &frame);
    assert!(!html.contains("<b>down") && !html.contains("href=\"https://evil"), "{html}");
    assert!(usual(&row.facts).ends_with("`uproar preview 'Play rm -rf x'` tries it now."), "{}", usual(&row.facts));
    assert_eq!(row.facts.level, Level::Medium);
}
