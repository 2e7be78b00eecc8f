//! Rows for tests, of an incident that never was.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::course::Bar;
use crate::domain::course::Mark;
use crate::domain::incident::Kind;
use crate::domain::incident::Level;
use crate::domain::incident::Mean;
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
use crate::domain::notice::SilentSource;
use crate::domain::remark::Calibration;
use crate::domain::trouble::Trouble;

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A spike of failing logins on a Saturday afternoon.
pub(super) fn opened() -> Row {
    row("k0q7v2m4hxopened", facts())
}

/// The same, four hours later.
pub(super) fn worse() -> Row {
    let mut facts = facts();
    facts.event = Event::Worse;
    facts.revision = 2;
    facts.level = Level::Critical;
    facts.told_level = Some(Level::High);
    facts.told_count = Some(47.0);
    facts.at = at("2026-11-21T17:00:00Z");
    facts.numbers.count = 112.0;
    facts.numbers.score = 9.0;
    facts.numbers.surprise = 31.2;
    facts.quotes_of = 112;
    facts.breakdown.iter_mut().for_each(|share| share.now *= 2);
    facts.root = Some("k0q7v2m4hxopened".to_owned());
    row("k0q7v2m4hxworse", facts)
}

/// The end of it.
pub(super) fn resolved() -> Row {
    let mut facts = facts();
    facts.event = Event::Resolved;
    facts.revision = 3;
    facts.told_level = Some(Level::Critical);
    facts.told_count = Some(112.0);
    facts.at = at("2026-11-21T22:20:00Z");
    facts.numbers.count = 4.0;
    facts.quotes_of = 214;
    facts.recent = vec![0, 0, 1, 0, 1, 2, 3, 9, 17, 19, 6, 1];
    facts.root = Some("k0q7v2m4hxopened".to_owned());
    row("k0q7v2m4hxresolved", facts)
}

/// Back after a night.
pub(super) fn reopened() -> Row {
    let mut facts = facts();
    facts.event = Event::Reopened;
    facts.revision = 4;
    facts.at = at("2026-11-22T07:00:00Z");
    facts.root = Some("k0q7v2m4hxopened".to_owned());
    row("k0q7v2m4hxreopened", facts)
}

/// What `uproar target test` sends.
pub(super) fn test() -> Row {
    let mut facts = facts();
    facts.event = Event::Test;
    facts.incident = "test".to_owned();
    facts.quotes.clear();
    row("k0q7v2m4hxtest", facts)
}

/// The spike with its chart, after a release and with labels on earlier alerts.
pub(super) fn charted() -> Row {
    let mut row = opened();
    let end = at("2026-11-21T13:00:00Z");
    let counts = |ago: i64| match ago {
        0..=5 => [19.0, 17.0, 9.0, 3.0, 2.0, 1.0][ago as usize],
        _ => ((ago * 7) % 3) as f64,
    };
    let bar = |ago: i64| Bar {
        start: end - TimeDelta::hours(ago),
        end: end - TimeDelta::hours(ago - 1),
        count: counts(ago),
        expected: 1.0,
        usual: (0.0, 3.0),
        firing: ago < 3,
    };
    row.facts.chart = (0..48).rev().map(bar).collect();
    row.facts.marks = vec![
        Mark { at: at("2026-11-20T08:30:00Z"), text: "refunds of orders from abroad need the consent of the second line".to_owned() },
        Mark { at: at("2026-11-21T06:00:00Z"), text: "5.2 released".to_owned() },
    ];
    row.facts.calibration = Calibration { factor: 0.65, false_alarms: 2, missed: 0 };
    row
}

/// Half a year of a little more each week.
pub(super) fn slow_rise() -> Row {
    let mut row = opened();
    let facts = &mut row.facts;
    facts.kind = Kind::SlowRise;
    facts.reference = "Jan-Mar 2026".to_owned();
    facts.level = Level::Medium;
    facts.numbers = Numbers {
        score: 3.4,
        surprise: 3.4,
        limit: 2.1,
        count: 312.0,
        expected: 126.0,
        usual: (80.0, 190.0),
        total: 6000.0,
        usual_share: 0.021,
        window_seconds: 28 * 86_400,
        ..Numbers::default()
    };
    facts.false_alarms_per_year = 1.0;
    row
}

/// A bad day in the stars.
pub(super) fn fallen() -> Row {
    let mut row = opened();
    let facts = &mut row.facts;
    facts.kind = Kind::Drop;
    (facts.theme, facts.theme_title) = ("rating".to_owned(), "mean rating".to_owned());
    facts.numbers = Numbers {
        score: 6.1,
        surprise: 6.1,
        limit: 2.9,
        count: 101.0,
        expected: 38.0,
        usual: (20.0, 58.0),
        total: 48.0,
        window_seconds: 86_400,
        mean: Some(Mean { value: 2.9, usual: 4.2, range: (3.8, 4.6) }),
        ..Numbers::default()
    };
    (facts.quotes, facts.quotes_of, facts.breakdown) = (Vec::new(), 0, Vec::new());
    (facts.recent, facts.words, facts.risen) = (Vec::new(), Vec::new(), Vec::new());
    row
}

/// Everything a stranger could put where a text is expected.
pub(super) fn hostile() -> Row {
    let nasty =
        "\"<script>alert(1)</script>\r\nBcc: v@evil.example\r\n\r\n=?utf-8?q?x?= \u{202e}\u{0}{{7*7}} &amp;lt;b&gt; https://evil.example/x";
    let mut row = opened();
    let facts = &mut row.facts;
    for text in [&mut facts.watch, &mut facts.theme, &mut facts.theme_title, &mut facts.cause] {
        nasty.clone_into(text);
    }
    facts.segment = Segment::Label { key: nasty.to_owned(), value: nasty.repeat(200) };
    facts.words = vec![nasty.repeat(500); 50];
    facts.numbers = Numbers {
        count: f64::NAN,
        expected: f64::INFINITY,
        usual: (-0.0, f64::NAN),
        score: f64::NAN,
        window_seconds: -5,
        ..Numbers::default()
    };
    facts.zone = nasty.to_owned();
    facts.recent = vec![u32::MAX; 40];
    let bar = Bar { start: facts.at, end: facts.at, count: f64::NAN, expected: f64::INFINITY, usual: (9.0, -1e300), firing: true };
    facts.chart = vec![bar; 500];
    facts.marks = vec![Mark { at: facts.at, text: nasty.repeat(50) }; 90];
    facts.calibration = Calibration { factor: f64::NAN, false_alarms: 7, missed: 3 };
    let quote = Quote {
        text: nasty.repeat(3000),
        source: nasty.to_owned(),
        url: Some(nasty.to_owned()),
        rating: Some(nasty.to_owned()),
        details: vec![nasty.to_owned(); 30],
        at: facts.at,
        item: None,
        ticket: None,
    };
    facts.quotes = vec![quote; 40];
    facts.breakdown = vec![
        Share {
            key: nasty.to_owned(),
            value: nasty.to_owned(),
            now: u64::MAX,
            usual: f64::NAN,
            messages: Some(u64::MAX),
            part: Some(f64::NAN),
            role: Role::SameAs { key: nasty.to_owned(), value: nasty.repeat(100) },
        };
        60
    ];
    facts.risen = vec![RisenWord { text: nasty.repeat(100), now: u64::MAX, usual: f64::INFINITY }; 60];
    facts.holidays = vec![nasty.repeat(100); 60];
    row
}

/// A day later nobody has done anything.
pub(super) fn reminder() -> Row {
    let mut facts = facts();
    facts.event = Event::Reminder;
    facts.revision = 2;
    facts.at = at("2026-11-22T13:05:00Z");
    facts.numbers.count = 39.0;
    facts.told_numbers = Some(self::facts().numbers);
    facts.told_at = Some(at("2026-11-21T13:05:00Z"));
    facts.told_drivers = vec!["source Play".to_owned(), "country us".to_owned()];
    facts.reminder = Some((1, 5));
    facts.next_reminder = Some(at("2026-11-24T01:05:00Z"));
    facts.root = Some("k0q7v2m4hxopened".to_owned());
    row("k0q7v2m4hxreminder", facts)
}

/// A source that cannot be read.
pub(super) fn silent() -> Row {
    let silent = SilentSource {
        last_success: Some(at("2026-11-21T08:10:00Z")),
        last_new: Some(at("2026-11-21T07:40:00Z")),
        error: Some("HTTP 503 Service Unavailable".to_owned()),
        fails: true,
        watches: vec!["app reviews".to_owned(), "evenings".to_owned()],
        trouble: Some(Trouble::Busy),
        came_late: 0,
        per_day: 41.3,
    };
    let facts = Facts {
        watch: "source:Play".to_owned(),
        theme: "no_data".to_owned(),
        theme_title: "no data".to_owned(),
        kind: Kind::NoData,
        level: Level::Medium,
        since: at("2026-11-21T08:10:00Z"),
        zone: "Europe/Stockholm".to_owned(),
        silent: Some(silent),
        ..Facts::blank(Event::Opened, "i-5ilen7", at("2026-11-21T13:05:00Z"))
    };
    row("k0q7v2m4hxsilent", facts)
}

/// A message that is told by itself.
pub(super) fn message() -> Row {
    let mut row = opened();
    let facts = &mut row.facts;
    facts.kind = Kind::Message;
    facts.level = Level::Medium;
    (facts.theme, facts.theme_title) = ("regulator".to_owned(), "threat with a regulator".to_owned());
    facts.segment = Segment::Label { key: "message".to_owned(), value: "918".to_owned() };
    facts.numbers = Numbers { count: 1.0, ..Numbers::default() };
    facts.quotes.truncate(1);
    (facts.quotes_of, facts.more) = (1, 2);
    (facts.breakdown, facts.recent, facts.risen) = (Vec::new(), Vec::new(), Vec::new());
    row
}

/// So many incidents at once, of two themes in as many countries.
pub(super) fn storm(many: u32) -> Row {
    let member = |at_: u32| Member {
        incident: format!("i-{:08x}", at_.wrapping_mul(2_654_435_761)),
        event: if at_ % 9 == 8 { Event::Reopened } else { Event::Opened },
        title: ["login fails", "refund is late"][at_ as usize % 2].to_owned(),
        watch: "app reviews".to_owned(),
        segment: Segment::Label { key: "country".to_owned(), value: format!("c{at_}") },
        level: if at_ == 0 { Level::Critical } else { Level::High },
        count: f64::from(400 - at_.min(399)),
        expected: 6.5,
        since: at("2026-11-21T11:00:00Z"),
        quote: Some("the code never comes".to_owned()),
        ticket: None,
    };
    let facts = Facts {
        zone: "Europe/Stockholm".to_owned(),
        members: (0..many).map(member).collect(),
        ..Facts::blank(Event::Storm, "storm-0a1b2c", at("2026-11-21T13:05:00Z"))
    };
    row("k0q7v2m4hxstorm", facts)
}

/// News of Uproar itself.
pub(super) fn digest() -> Row {
    let lines = ["3 notices for \"ops\" were not taken: HTTP 410 Gone.", "Look at them with `uproar outbox list --dead`."];
    let facts = Facts {
        zone: "Europe/Stockholm".to_owned(),
        lines: lines.map(str::to_owned).to_vec(),
        ..Facts::blank(Event::Digest, "digest-2026-47", at("2026-11-21T13:05:00Z"))
    };
    row("k0q7v2m4hxdigest", facts)
}

/// The same with pages of our own, and tickets for them.
pub(super) fn linked(mut row: Row) -> Row {
    let facts = &mut row.facts;
    facts.base_url = Some("https://uproar.example.com".to_owned());
    facts.ticket = Some("AAcqMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM".to_owned());
    facts.sent_to = "leads@example.com".to_owned();
    for (quote, item) in facts.quotes.iter_mut().zip(910..) {
        quote.item = Some(item);
        quote.ticket = Some("AAcqQm9vLWFuZC1hLXRpY2tldC1mb3ItcXVvdGU".to_owned());
    }
    facts.members.iter_mut().for_each(|member| member.ticket = Some("AAcqMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM".to_owned()));
    row
}

fn row(id: &str, facts: Facts) -> Row {
    Row {
        id: id.to_owned(),
        target: "leads".to_owned(),
        recipient: "leads@example.com".to_owned(),
        created: facts.at,
        attempts: 0,
        short: false,
        root: None,
        thread: None,
        facts,
    }
}

fn facts() -> Facts {
    Facts {
        watch: "app reviews".to_owned(),
        theme: "login_fails".to_owned(),
        theme_title: "login fails".to_owned(),
        level: Level::High,
        since: at("2026-11-21T09:00:00Z"),
        zone: "Europe/Stockholm".to_owned(),
        numbers: Numbers {
            score: 5.9,
            limit: 3.6,
            surprise: 8.2,
            count: 47.0,
            expected: 6.0,
            usual: (2.0, 11.0),
            total: 152.0,
            usual_share: 0.041,
            window_seconds: 21_600,
            ..Numbers::default()
        },
        false_alarms_per_year: 4.0,
        min_complaints: 5,
        peak: 61.0,
        quotes: quotes(),
        quotes_of: 47,
        breakdown: vec![
            share("source", "Play", 31, 3.0, 0.68, Role::Driver),
            share("source", "Shop", 16, 3.0, 0.32, Role::Ordinary),
            share("country", "de", 31, 1.2, 0.73, Role::SameAs { key: "source".to_owned(), value: "Play".to_owned() }),
            share("version", "5.2.0", 38, 0.0, 0.93, Role::NewDriver),
        ],
        recent: vec![0, 1, 0, 0, 1, 0, 1, 2, 3, 9, 17, 19],
        risen: vec![
            RisenWord { text: "white page".to_owned(), now: 19, usual: 0.4 },
            RisenWord { text: "update".to_owned(), now: 12, usual: 1.1 },
        ],
        words: ["log in", "login", "sign in"].map(str::to_owned).to_vec(),
        fresh_sources: (3, 3),
        ..Facts::blank(Event::Opened, "i-7f3k2", at("2026-11-21T13:05:00Z"))
    }
}

fn quotes() -> Vec<Quote> {
    let quote = |text: &str, source: &str, url: Option<&str>, rating: Option<&str>, details: &[&str], time: &str| Quote {
        text: text.to_owned(),
        source: source.to_owned(),
        url: url.map(str::to_owned),
        rating: rating.map(str::to_owned),
        details: details.iter().map(|&detail| detail.to_owned()).collect(),
        at: at(time),
        item: None,
        ticket: None,
    };
    vec![
        quote(
            "Since the update I get a white page instead of the login, and support answered [email] with a form letter",
            "Play",
            Some("https://play.example/app?id=shop&review=91a"),
            Some("1 star"),
            &["de", "5.2.0"],
            "2026-11-21T12:41:00Z",
        ),
        quote(
            "can't sign in, the code never comes <3 & \"help\"",
            "Shop",
            Some("https://shop.example/reviews/918"),
            Some("2 of 5"),
            &["us"],
            "2026-11-21T12:20:00Z",
        ),
        quote("Kann mich nicht anmelden, Bestellung [number] hängt fest 😡", "Play", None, None, &[], "2026-11-20T22:58:00Z"),
    ]
}

fn share(key: &str, value: &str, now: u64, usual: f64, part: f64, role: Role) -> Share {
    Share { key: key.to_owned(), value: value.to_owned(), now, usual, messages: Some(2 * now), part: Some(part), role }
}
