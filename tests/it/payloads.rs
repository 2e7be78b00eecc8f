//! What each channel sends, one file a notice below `target/payloads`, so that `tests/payloads` can hold
//! it against validators of the services' rules.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use uproar::domain::Timestamp;
use uproar::domain::incident::Level;
use uproar::domain::incident::Numbers;
use uproar::domain::incident::Segment;
use uproar::domain::notice::Event;
use uproar::domain::notice::Facts;
use uproar::domain::notice::Member;
use uproar::domain::notice::Quote;
use uproar::domain::notice::Row;
use uproar::domain::secret::Secret;
use uproar::render::Parcel;
use uproar::render::Settings;
use uproar::render::alertmanager;
use uproar::render::discord;
use uproar::render::google_chat;
use uproar::render::mattermost;
use uproar::render::ntfy;
use uproar::render::pagerduty;
use uproar::render::slack;
use uproar::render::slack_api;
use uproar::render::teams;

const EVENTS: [Event; 9] = [
    Event::Opened,
    Event::Worse,
    Event::Reminder,
    Event::Resolved,
    Event::Reopened,
    Event::Acked,
    Event::Storm,
    Event::Digest,
    Event::Test,
];

/// Everything that a chat could read as more than words.
const NASTY: &str = "<!channel> <@U123> @everyone @all @here <users/all> *b* _i_ ~s~ `c` [a](b) ![i](u) # h &amp; <b>x</b> \"'\\ 👩‍👩‍👧 \u{202e}\u{0}\u{301}\u{301} ";

#[test]
fn every_channel_shows_every_notice() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/payloads");
    let _ = fs::remove_dir_all(&folder);
    let mut written = 0;
    for (name, settings) in channels() {
        let channel = settings.build(&Arc::default());
        let folder = folder.join(name);
        fs::create_dir_all(&folder).unwrap();
        for (title, row) in rows().into_iter().filter(|(_, row)| channel.takes(row.facts.event)) {
            let parcels = [("", Some(channel.pack(&row, row.facts.at))), ("-after", channel.after(&row, "taken"))];
            for (suffix, parcel) in parcels {
                let Some(Parcel::Post { body, .. }) = parcel else { continue };
                // A question changes nothing and has nothing in it.
                if body.is_empty() || body == b"{}" {
                    continue;
                }
                serde_json::from_slice::<serde_json::Value>(&body).unwrap();
                fs::write(folder.join(format!("{title}{suffix}.json")), body).unwrap();
                written += 1;
            }
        }
    }
    assert!(written > 9 * 30, "{written}");
}

/// Each channel under the name that the validators have for it.
fn channels() -> Vec<(&'static str, Settings)> {
    let secret = |text: &str| Secret::new(text.to_owned());
    let url = secret("https://chat.example.com/api/webhooks/123/token?key=k&token=t");
    vec![
        ("slack", Settings::Slack(slack::Settings { webhook: url.clone() })),
        (
            "slack-api",
            Settings::SlackApi(slack_api::Settings {
                token: secret("xoxb-x"),
                channel: "#support".to_owned(),
                api: secret("https://chat.example.com/api/"),
            }),
        ),
        ("teams", Settings::Teams(teams::Settings { url: url.clone() })),
        ("googlechat", Settings::GoogleChat(google_chat::Settings { url: url.clone() })),
        ("discord", Settings::Discord(discord::Settings { url: url.clone() })),
        ("mattermost", Settings::Mattermost(mattermost::Settings { url: url.clone() })),
        ("pagerduty", Settings::PagerDuty(pagerduty::Settings { key: secret("0123456789abcdef0123456789abcdef"), url: url.clone() })),
        ("alertmanager", Settings::Alertmanager(alertmanager::Settings { url: url.clone() })),
        ("ntfy-json", Settings::Ntfy(ntfy::Settings { server: url, topic: "uproar".to_owned(), token: None })),
    ]
}

fn rows() -> Vec<(String, Row)> {
    let mut rows = Vec::new();
    for event in EVENTS {
        for (kind, facts) in [("plain", facts(event)), ("linked", linked(facts(event))), ("hostile", hostile(event))] {
            let row = row(event, facts);
            rows.push((format!("{event}-{kind}"), row.clone()));
            rows.push((format!("{event}-{kind}-short"), Row { short: true, ..row.clone() }));
            if let Some(thread) = row.root().map(|_| "C024BE91L/1700000000.123456") {
                rows.push((format!("{event}-{kind}-thread"), Row { thread: Some(thread.to_owned()), ..row.clone() }));
                rows.push((format!("{event}-{kind}-edit"), Row { thread: Some("1000000000000000001".to_owned()), ..row }));
            }
        }
    }
    rows
}

fn row(event: Event, facts: Facts) -> Row {
    Row {
        id: format!("0123456789abcdef{}", event.word()),
        target: "chat".to_owned(),
        recipient: String::new(),
        attempts: 0,
        created: facts.at,
        short: false,
        root: None,
        thread: None,
        facts,
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn facts(event: Event) -> Facts {
    let follows = !matches!(event, Event::Opened | Event::Storm | Event::Digest | Event::Test);
    let quote = Quote {
        text: "the parcel never came & nobody answers <3".to_owned(),
        source: "surveys".to_owned(),
        url: Some("https://reviews.example.com/1?a=b&c=d".to_owned()),
        rating: Some("1 of 5".to_owned()),
        details: vec!["se".to_owned()],
        at: time("2026-11-21T12:41:00Z"),
        item: Some(7),
        ticket: None,
    };
    Facts {
        watch: "shop complaints".to_owned(),
        theme: "late_delivery".to_owned(),
        theme_title: "late deliveries".to_owned(),
        segment: Segment::Label { key: "country".to_owned(), value: "se".to_owned() },
        level: Level::High,
        told_level: follows.then_some(Level::Medium),
        told_count: follows.then_some(20.0),
        since: time("2026-11-21T09:00:00Z"),
        zone: "Europe/Stockholm".to_owned(),
        numbers: Numbers {
            score: 5.9,
            limit: 3.6,
            surprise: 8.2,
            count: 47.0,
            expected: 6.0,
            usual: (2.0, 11.0),
            total: 152.0,
            window_seconds: 21_600,
            ..Numbers::default()
        },
        quotes: vec![quote; 5],
        quotes_of: 47,
        root: follows.then(|| "0123456789abcdefopened".to_owned()),
        acked_by: (event == Event::Acked).then(|| "anna".to_owned()),
        reminder: (event == Event::Reminder).then_some((1, 5)),
        members: if event == Event::Storm { (0..200).map(member).collect() } else { Vec::new() },
        lines: if event == Event::Digest { vec!["Uproar is well.".to_owned(); 40] } else { Vec::new() },
        ..Facts::blank(event, if event == Event::Storm { "storm-1" } else { "i-7f3k2" }, time("2026-11-21T13:05:00Z"))
    }
}

fn member(number: usize) -> Member {
    Member {
        incident: format!("i-{number:05}"),
        event: Event::Opened,
        title: "late deliveries".to_owned(),
        watch: "shop complaints".to_owned(),
        segment: Segment::Label { key: "country".to_owned(), value: format!("c{number}") },
        level: Level::High,
        count: 47.0,
        expected: 6.0,
        since: time("2026-11-21T09:00:00Z"),
        quote: Some(NASTY.to_owned()),
        ticket: None,
    }
}

fn linked(mut facts: Facts) -> Facts {
    facts.base_url = Some("https://uproar.example.com".to_owned());
    facts.ticket = Some("abcdefghijklmnopqrstuvwxyzabcdefghi".to_owned());
    facts
}

fn hostile(event: Event) -> Facts {
    let mut facts = linked(facts(event));
    let long = NASTY.repeat(60);
    (facts.watch, facts.theme_title, facts.cause) = (long.clone(), long.clone(), long.clone());
    (facts.acked_by, facts.escalated, facts.instead_of) = (Some(long.clone()), Some(long.clone()), Some(long.clone()));
    facts.segment = Segment::Label { key: long.clone(), value: long.clone() };
    facts.words = vec![long.clone(); 30];
    facts.holidays = vec![long.clone(); 30];
    facts.lines.iter_mut().for_each(|line| line.clone_from(&long));
    for quote in &mut facts.quotes {
        (quote.text, quote.source) = (long.clone(), long.clone());
        quote.url = Some("javascript:alert(1)".to_owned());
    }
    for member in &mut facts.members {
        (member.title, member.watch) = (long.clone(), long.clone());
        member.segment = facts.segment.clone();
    }
    facts
}
