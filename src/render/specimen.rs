//! Made-up notices of every kind: what templates of operators are tried on before they are used.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::course::Bar;
use crate::domain::course::Mark;
use crate::domain::incident::Kind;
use crate::domain::incident::Level;
use crate::domain::incident::Numbers;
use crate::domain::incident::Segment;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Member;
use crate::domain::notice::Quote;
use crate::domain::notice::RisenWord;
use crate::domain::notice::Role;
use crate::domain::notice::Row;
use crate::domain::notice::Share;

/// One of each.
pub(super) fn all() -> Vec<Row> {
    let mut rows: Vec<Row> =
        [Event::Opened, Event::Worse, Event::Reminder, Event::Resolved, Event::Reopened, Event::Test].into_iter().map(row).collect();
    rows.extend(
        [(Event::Storm, "storm-1"), (Event::Digest, "digest-1")].map(|(event, id)| of(Facts { incident: id.to_owned(), ..facts(event) })),
    );
    rows.push(of(Facts {
        base_url: Some("https://uproar.example.com".to_owned()),
        ticket: Some("ticket".to_owned()),
        ..facts(Event::Opened)
    }));
    rows.extend([Kind::SlowRise, Kind::NoData, Kind::Message].map(|kind| of(Facts { kind, ..facts(Event::Opened) })));
    // The least that a notice can say.
    rows.push(of(Facts::blank(Event::Opened, "i-5pec1men", noon())));
    rows
}

/// A spike.
pub(super) fn opened() -> Row {
    row(Event::Opened)
}

fn row(event: Event) -> Row {
    of(facts(event))
}

fn of(facts: Facts) -> Row {
    Row {
        id: "5pec1men".to_owned(),
        target: "desk".to_owned(),
        recipient: "desk@example.com".to_owned(),
        created: facts.at,
        attempts: 0,
        short: false,
        root: None,
        thread: None,
        facts,
    }
}

/// 21 November 2026, 12:00 UTC.
fn noon() -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::seconds(1_795_262_400)
}

fn facts(event: Event) -> Facts {
    let at = noon();
    let quote = |text: &str| Quote {
        text: text.to_owned(),
        source: "Play".to_owned(),
        url: Some("https://shop.example/r/1".to_owned()),
        rating: Some("1 star".to_owned()),
        details: vec!["de".to_owned()],
        at,
        item: Some(1),
        ticket: Some("ticket".to_owned()),
    };
    let numbers =
        Numbers { score: 5.9, count: 47.0, expected: 6.0, usual: (2.0, 11.0), total: 152.0, window_seconds: 21_600, ..Numbers::default() };
    Facts {
        watch: "app reviews".to_owned(),
        theme: "login_fails".to_owned(),
        theme_title: "login fails".to_owned(),
        level: Level::High,
        since: at - TimeDelta::hours(4),
        false_alarms_per_year: 4.0,
        min_complaints: 5,
        quotes: ["the login shows a white page", "no code comes"].map(quote).to_vec(),
        quotes_of: 47,
        breakdown: vec![share()],
        chart: (0..48).map(|hour| bar(at - TimeDelta::hours(48 - hour))).collect(),
        marks: vec![Mark { at: at - TimeDelta::hours(5), text: "5.2 released".to_owned() }],
        risen: vec![RisenWord { text: "white page".to_owned(), now: 19, usual: 0.4 }],
        words: vec!["login".to_owned()],
        fresh_sources: (3, 3),
        told_at: Some(at - TimeDelta::hours(1)),
        told_numbers: Some(Numbers { count: 31.0, ..numbers.clone() }),
        reminder: (event == Event::Reminder).then_some((1, 5)),
        members: if event == Event::Storm { vec![member(1), member(2)] } else { Vec::new() },
        lines: if event == Event::Digest { vec!["All is well.".to_owned()] } else { Vec::new() },
        sent_to: "desk@example.com".to_owned(),
        numbers,
        ..Facts::blank(event, "i-5pec1men", at)
    }
}

fn share() -> Share {
    let role = Role::Driver;
    Share { key: "country".to_owned(), value: "de".to_owned(), now: 31, usual: 1.2, messages: Some(60), part: Some(0.7), role }
}

fn bar(start: Timestamp) -> Bar {
    Bar { start, end: start + TimeDelta::hours(1), count: 2.0, expected: 1.0, usual: (0.0, 3.0), firing: false }
}

fn member(number: u32) -> Member {
    Member {
        incident: format!("i-5pec1men{number}"),
        event: Event::Opened,
        title: "login fails".to_owned(),
        watch: "app reviews".to_owned(),
        segment: Segment::Label { key: "country".to_owned(), value: "de".to_owned() },
        level: Level::High,
        count: 47.0,
        expected: 6.0,
        since: noon(),
        quote: Some("no code comes".to_owned()),
        ticket: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::story::Story;

    #[test]
    fn the_made_up_notices_have_everything_somewhere() {
        let stories: Vec<Story> = all().iter().map(Story::of).collect();
        let some = |has: fn(&Story) -> bool| stories.iter().any(has);
        assert!(some(|story| !story.groups.is_empty()) && some(|story| !story.changed.is_empty()) && some(|story| story.chart.is_some()));
        assert!(some(|story| story.chart.is_none()) && some(|story| story.ways.iter().any(|way| way.link)));
        assert_eq!(noon().to_rfc3339(), "2026-11-21T12:00:00+00:00");
    }
}
