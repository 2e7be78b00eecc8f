//! Sources that fare ill, as `status` shows them.

use super::*;
use crate::domain::item::Shard;
use crate::domain::standing::Gone;
use crate::domain::standing::Standing as Remembered;

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn row(source: &str, stream: Stream) -> Row {
    let key = StreamKey { source: source.to_owned(), shard: Shard::whole() };
    let stream = Stream { complete_to: Some(now() - TimeDelta::hours(1)), ..stream };
    Row {
        key,
        state: state_of(&stream),
        stream,
        silent: None,
        expected: Some(TimeDelta::hours(6)),
        next: Next::Open,
        refused: Vec::new(),
        rejects: Vec::new(),
    }
}

fn sources(rows: Vec<Row>) -> Sources {
    Sources { rows, blind: BTreeMap::new(), now: now() }
}

fn failing() -> Stream {
    Stream { errors: 4, error: Some("https://shop.example answered 403: it refuses access".to_owned()), ..Stream::default() }
}

#[test]
fn each_that_is_not_fine_has_a_sentence() {
    let gone = Gone { since: now(), confirmed: true, url: "https://old.example/f".to_owned() };
    let of = sources(vec![
        row("shop", failing()),
        row("forum", Stream::default()),
        row("old", Stream { standing: Remembered { gone: Some(Box::new(gone)), ..Remembered::default() }, ..Stream::default() }),
        row("rest", Stream { paused: Some(now()), ..Stream::default() }),
        Row { silent: Some(now()), ..row("quiet", Stream::default()) },
    ]);
    insta::assert_snapshot!(of.text(false, chrono_tz::UTC));
    assert!(of.any_needs_a_look());
}

#[test]
fn an_address_at_the_end_of_a_sentence_can_be_copied() {
    let error = Some("https://shop.example answered 404; did you mean https://shop.example/good.xml".to_owned());
    let of = sources(vec![row("shop", Stream { errors: 1, error, ..Stream::default() })]);
    assert!(of.text(false, chrono_tz::UTC).ends_with("https://shop.example/good.xml\n\n"));
}

#[test]
fn what_somebody_paused_needs_no_look() {
    let of = sources(vec![row("rest", Stream { paused: Some(now()), ..failing() })]);
    assert!(!of.any_needs_a_look());
    assert_eq!(of.json()[0]["state"], "paused");
}

#[test]
fn of_many_sources_only_those_that_are_not_fine_are_listed() {
    let mut rows: Vec<Row> = (0..100).map(|n| row(&format!("s{n}"), Stream::default())).collect();
    rows.push(row("shop", failing()));
    let of = sources(rows);
    let said = of.text(false, chrono_tz::UTC);
    assert!(said.starts_with("101 sources: 1 failing, 100 ok; `--all` lists them\n"), "{said}");
    assert!(said.contains("shop  ") && !said.contains("s17 "), "{said}");
    assert!(of.text(true, chrono_tz::UTC).contains("s17 "));
}

#[test]
fn a_machine_gets_state_since_why_and_what_is_expected() {
    let json = row("shop", failing()).json(now());
    assert_eq!((&json["state"], &json["trouble"]), (&"failing".into(), &"refused".into()));
    assert_eq!(json["expected_silence_seconds"], 21_600);
    assert!(json["why"].as_str().unwrap().contains("it refuses access"), "{json}");
}

#[test]
fn a_source_that_never_stored_anything_says_so() {
    let read = Stream { last_new: Some(now()), ..Stream::default() };
    let of = sources(vec![row("forum", Stream::default()), row("shop", read)]);
    let said = of.text(false, chrono_tz::UTC);
    assert!(said.contains("forum   ok, nothing stored yet  ") && said.contains("shop    ok  "), "{said}");
    assert!(!of.any_needs_a_look());
    let json = of.json();
    assert_eq!((&json[0]["state"], &json[0]["nothing_stored"], &json[1]["nothing_stored"]), (&"ok".into(), &true.into(), &false.into()));
    let failing = sources(vec![row("shop", failing())]).text(false, chrono_tz::UTC);
    assert!(!failing.contains("nothing stored"), "{failing}");
}

#[test]
fn files_that_cannot_be_read_are_named_with_why() {
    let why = "ambiguous dates: say `date_order`; seen with ann@mail.test".to_owned();
    let refused = |paths: &[&str]| paths.iter().map(|path| (PathBuf::from(path), why.clone())).collect::<Vec<_>>();
    let one = Row { refused: refused(&["/in/a.csv"]), ..row("csat", Stream::default()) };
    let two = Row { refused: refused(&["/in/a.csv", "/in/b.csv"]), silent: Some(now()), ..row("nps", Stream::default()) };
    let of = sources(vec![one, two, Row { refused: refused(&["/in/a.csv"]), ..row("shop", failing()) }]);
    let said = of.text(false, chrono_tz::UTC);
    assert!(said.contains("csat cannot read `a.csv`: ambiguous dates: say `date_order`; seen with [email]"), "{said}");
    assert!(said.contains("nps cannot read one more file and `a.csv`: ambiguous"), "{said}");
    assert!(said.contains("shop fails"), "what keeps it from being read at all comes first: {said}");
    assert!(of.any_needs_a_look());
    assert_eq!(of.json()[0]["state"], "files_refused");
    assert_eq!(of.json()[1]["refused_files"][1]["file"], "/in/b.csv");
}

#[test]
fn records_that_were_left_out_can_be_found() {
    let files = |names: &[&str]| names.iter().map(|name| PathBuf::from(format!("/state/rejects/csat/{name}"))).collect::<Vec<_>>();
    let read = Stream { last_new: Some(now()), ..Stream::default() };
    let one = sources(vec![Row { rejects: files(&["a.csv.rejects.csv"]), ..row("csat", read.clone()) }]);
    let said = one.text(false, chrono_tz::UTC);
    assert!(said.contains("csat left out records that cannot be read: they stand in /state/rejects/csat/a.csv.rejects.csv\n"), "{said}");
    assert!(!one.any_needs_a_look(), "it is read");
    assert_eq!(one.json()[0]["reject_files"][0], "/state/rejects/csat/a.csv.rejects.csv");
    let two = sources(vec![Row { rejects: files(&["b", "a"]), ..row("csat", read) }]).text(false, chrono_tz::UTC);
    assert!(two.contains("they stand in 2 files in /state/rejects/csat\n"), "{two}");
}
