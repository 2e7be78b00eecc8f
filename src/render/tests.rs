//! Mails of every kind, written to `target/mails` for programs that judge mails, in both ways: with
//! pages behind the links, and with commands instead. What they can judge is held here too.

use std::fs;
use std::path::Path;

use crate::domain::notice::Event;
use crate::domain::notice::Row;
use crate::render::mail;
use crate::render::sample;
use crate::render::template::Look;
use crate::render::template::Texts;

/// A name for each file.
fn all() -> Vec<(&'static str, Row)> {
    let of = |incident: &str, mut row: Row| {
        row.id = format!("{}{incident}", row.id);
        row.facts.incident = incident.to_owned();
        row
    };
    let mut escalated = sample::opened();
    escalated.facts.escalated = Some("nobody acknowledged it within 15 min".to_owned());
    let mut over = sample::charted();
    over.facts.over = Some(crate::domain::notice::Ending { at: sample::at("2026-11-21T12:00:00Z"), cause: String::new() });
    let mut fallen = sample::fallen();
    fallen.facts.quotes = sample::opened().facts.quotes;
    let mut told = sample::worse();
    told.facts.told_numbers = Some(sample::opened().facts.numbers);
    told.facts.told_at = Some(sample::opened().facts.at);
    told.facts.told_drivers = vec!["source Play".to_owned(), "country se".to_owned()];
    told.facts.chart = sample::charted().facts.chart;
    vec![
        ("1-opened", Row { id: sample::opened().id, ..sample::charted() }),
        ("2-worse", told),
        ("3-reminder", sample::reminder()),
        ("4-resolved", sample::resolved()),
        ("5-reopened", sample::reopened()),
        ("slow-rise", of("i-510w", sample::slow_rise())),
        ("drop", of("i-d70b", fallen)),
        ("no-data", sample::silent()),
        ("message", of("i-m355", sample::message())),
        ("escalated", of("i-e5ca", escalated)),
        ("over", of("i-0e7", over)),
        ("hostile", of("i-40571", sample::hostile())),
        ("storm", sample::storm(23)),
        ("storm-of-200", Row { id: "storm200".to_owned(), ..sample::storm(200) }),
        ("digest", sample::digest()),
        ("test", sample::test()),
    ]
}

fn look() -> Look {
    let texts = Texts {
        intro: Some("Dear desk, this is about {{ title }}.".to_owned()),
        outro: Some("What to do is in the handbook, under {{ theme }}.".to_owned()),
        ..Texts::default()
    };
    Look::compile(&texts).unwrap()
}

fn mail(row: &Row) -> String {
    let look = if row.facts.event == Event::Reminder { look() } else { Look::default() };
    String::from_utf8(mail::message(row, "Uproar <uproar@example.com>", &row.recipient, &look)).unwrap()
}

fn write(folder: &str, linked: impl Fn(Row) -> Row) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/mails").join(folder);
    fs::create_dir_all(&folder).unwrap();
    for (name, row) in all() {
        let mail = mail(&linked(row));
        assert!(mail.len() < 100_000, "{name}: {} bytes", mail.len());
        fs::write(folder.join(format!("{name}.eml")), mail).unwrap();
    }
}

#[test]
fn mails_of_every_kind_are_written_with_pages_and_with_commands() {
    write("pages", sample::linked);
    write("commands", |row| row);
}

#[test]
fn a_mail_with_a_chart_carries_it_once_and_shows_it() {
    let (_, row) = all().swap_remove(0);
    let mail = mail(&row);
    assert_eq!(mail.matches("Content-ID: <chart-k0q7v2m4hxopened@example.com>").count(), 1, "{mail}");
    assert!(mail.contains("Content-Disposition: inline") && mail.contains("Content-Type: image/png"));
    assert!(mail.contains("multipart/related; boundary=\"uproar-k0q7v2m4hxopened-related\""), "{mail}");
    let unfolded = mail.replace("=\r\n", "");
    assert!(unfolded.contains("src=3D\"cid:chart-k0q7v2m4hxopened@example.com\""), "{unfolded}");
    assert!((20_000..60_000).contains(&mail.len()), "{}", mail.len());
}

#[test]
fn a_mail_that_would_be_too_large_goes_without_its_picture_and_at_last_in_our_own_words() {
    let (_, row) = all().swap_remove(0);
    let html =
        "<img src=\"cid:{{ picture }}\" alt=\"x\">{% for a in range(11) %}{% for b in range(999) %}{{ level }}{% endfor %}{% endfor %}";
    let texts = Texts { html: Some(html.to_owned()), text: Some(html.to_owned()), ..Texts::default() };
    let look = Look::compile(&texts).unwrap();
    let mail = mail::message(&row, "uproar@example.com", "leads@example.com", &look);
    let mail = String::from_utf8(mail).unwrap();
    assert!(mail.len() < 95_000 && !mail.contains("image/png"), "{}", mail.len());
}
