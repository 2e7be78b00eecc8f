//! Reads the incidents that people know of: a CSV with a line for each.

use std::fmt::Write as _;
use std::path::Path;

use chrono_tz::Tz;

use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::names;
use crate::cli::times;
use crate::config::settings::Watch;
use crate::config::suggest;
use crate::domain::Timestamp;
use crate::domain::incident::Kind;
use crate::domain::incident::Segment;
use crate::engine::backtest::World;
use crate::engine::backtest::known::Known;
use crate::engine::plan::Plan;

/// The columns; those with `true` have to be there.
const COLUMNS: [(&str, bool); 7] =
    [("watch", true), ("theme", false), ("segment", false), ("from", true), ("to", true), ("note", false), ("kind", false)];
/// Values of a label that are named.
const VALUES: usize = 8;
/// Mistakes that are told one by one.
const SHOWN: usize = 20;

/// What a known incident may speak of.
pub(super) struct Setting<'a> {
    pub plan: &'a Plan,
    /// For times that are ages.
    pub now: Timestamp,
}

/// Reads a file of known incidents.
///
/// # Errors
///
/// [`Failure`] that names every line that can't be used, with the reason and the cure.
pub(super) fn read(path: &Path, setting: &Setting<'_>) -> Result<Vec<Known>, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::new(Code::Io, format!("{}: can't be read: {error}", path.display())))?;
    parse(&bytes, setting).map_err(|mistakes| Failure::new(Code::Data, told(path, &mistakes)))
}

fn told(path: &Path, mistakes: &[String]) -> String {
    let mut text = format!("{}: {} mistake{}", path.display(), mistakes.len(), if mistakes.len() == 1 { "" } else { "s" });
    for mistake in mistakes.iter().take(SHOWN) {
        // Writing into a string cannot fail.
        let _ = write!(text, "\n  {mistake}");
    }
    if mistakes.len() > SHOWN {
        let _ = write!(text, "\n  and {} more", mistakes.len() - SHOWN);
    }
    text
}

fn parse(bytes: &[u8], setting: &Setting<'_>) -> Result<Vec<Known>, Vec<String>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let head = reader.byte_headers().map_err(|error| vec![error.to_string()])?.clone();
    let head: Vec<String> = head.iter().map(|name| String::from_utf8_lossy(name).to_lowercase()).collect();
    let places = places(&head)?;
    let (mut known, mut mistakes) = (Vec::new(), Vec::new());
    for record in reader.byte_records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                mistakes.push(format!("the CSV can't be read: {error}"));
                break;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |name: usize| {
            let bytes = places[name].and_then(|place| record.get(place)).unwrap_or_default();
            String::from_utf8_lossy(bytes).into_owned()
        };
        match row(&cell, setting) {
            Ok(row) => known.push(Known { line, ..row }),
            Err(why) => mistakes.push(format!("line {line}: {why}")),
        }
    }
    if mistakes.is_empty() { Ok(known) } else { Err(mistakes) }
}

/// Refuses segments that no message has.
///
/// # Errors
///
/// [`Failure`] that names every such line, with some of the values that there are.
pub(super) fn check_segments(path: &Path, known: &[Known], world: &World) -> Result<(), Failure> {
    let mistake = |known: &Known| {
        let Some(Segment::Label { key, value }) = &known.segment else { return None };
        let mut there: Vec<&str> = world.segments_of(key).collect();
        there.sort_unstable();
        (!there.contains(&value.as_str())).then(|| format!("line {}: {}", known.line, strange(key, value, &there)))
    };
    let mistakes: Vec<String> = known.iter().filter_map(mistake).collect();
    if mistakes.is_empty() { Ok(()) } else { Err(Failure::new(Code::Data, told(path, &mistakes))) }
}

fn strange(key: &str, value: &str, there: &[&str]) -> String {
    let shown = there.iter().take(VALUES).map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    let cure = match there.len() {
        0 => "none has any".to_owned(),
        1..=VALUES => format!("there is {shown}"),
        more => format!("there is {shown} and {} more", more - VALUES),
    };
    format!("no message has {key} `{value}`; {cure}")
}

/// The place of each column of [`COLUMNS`].
fn places(head: &[String]) -> Result<[Option<usize>; 7], Vec<String>> {
    let known = || COLUMNS.iter().map(|(name, _)| *name);
    let strange = head.iter().filter(|name| !known().any(|column| column == name.as_str()));
    let mut mistakes: Vec<String> =
        strange.map(|name| format!("line 1: there is no column `{name}`; {}", suggest::question(name, known()))).collect();
    let places = COLUMNS.map(|(column, _)| head.iter().position(|name| name == column));
    let missing = COLUMNS.iter().zip(places).filter(|((_, needed), place)| *needed && place.is_none()).map(|((name, _), _)| *name);
    let missing: Vec<&str> = missing.collect();
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
        mistakes.push(format!("line 1: no column {}; begin the file with watch,theme,segment,from,to,note", names.join(" and ")));
    }
    if mistakes.is_empty() { Ok(places) } else { Err(mistakes) }
}

/// `cell` gives the text of a column by its place in [`COLUMNS`].
fn row(cell: &impl Fn(usize) -> String, setting: &Setting<'_>) -> Result<Known, String> {
    let zone = setting.plan.config.time_zone;
    let why = |failure: Failure| failure.message;
    let name = cell(0);
    if name.is_empty() {
        return Err("no watch; name the one that should have found it".to_owned());
    }
    let watch = names::watch(setting.plan, &name).map_err(why)?;
    let theme = Some(cell(1)).filter(|theme| !theme.is_empty());
    if let Some(theme) = &theme {
        names::theme(watch, theme).map_err(why)?;
    }
    let from = time("from", &cell(3), zone, setting.now)?;
    let until = time("to", &cell(4), zone, setting.now)?;
    if until <= from {
        return Err(format!("`to` {} is not after `from` {}; a date alone is its first moment", cell(4), cell(3)));
    }
    Ok(Known { watch: name, theme, segment: segment(&cell(2), watch)?, kind: kind(&cell(6))?, from, until, note: cell(5), line: 0 })
}

fn time(column: &str, text: &str, zone: Tz, now: Timestamp) -> Result<Timestamp, String> {
    if text.is_empty() {
        return Err(format!("`{column}` is empty; write a time as in 2026-11-22T14:00"));
    }
    times::parse(text, zone, now).map_err(|failure| format!("`{column}`: {}", failure.message))
}

fn kind(text: &str) -> Result<Option<Kind>, String> {
    let kinds = [Kind::Spike, Kind::SlowRise, Kind::Drop];
    match kinds.into_iter().find(|kind| kind.word() == text.replace('_', " ")) {
        None if !text.is_empty() => Err(format!("there is no kind `{text}`; {}", suggest::question(text, kinds.map(Kind::word)))),
        kind => Ok(kind),
    }
}

fn segment(text: &str, watch: &Watch) -> Result<Option<Segment>, String> {
    match text.split_once('=') {
        None if text.is_empty() => Ok(None),
        None if text == "all" => Ok(Some(Segment::All)),
        None => Err(format!("`{text}` is no segment; write it as country=se, or all")),
        Some((key, _)) if !watch.by.iter().any(|by| by == key) => {
            let split = if watch.by.is_empty() { "by nothing".to_owned() } else { format!("by {}", watch.by.join(", ")) };
            Err(format!("watch `{}` is not split by `{key}` but {split}; leave the segment empty, or add `{key}` to its `by`", watch.name))
        }
        Some((key, value)) => Ok(Some(Segment::Label { key: key.to_owned(), value: value.to_owned() })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;
    use crate::host::credentials::Credentials;

    fn plan() -> Plan {
        let text = r#"
            time_zone = "Europe/Stockholm"
            [[source]]
            name = "shop"
            every = "1h"
            file = { folder = "a" }
            [[watch]]
            name = "support bot"
            themes = ["looping_bot", "no_human"]
            by = ["country"]
            measures = ["csat"]
        "#;
        let documents = [Document { name: "u".to_owned(), text: text.to_owned() }];
        Plan::build(crate::config::parse(&documents, &Credentials::of_this_process()).config.unwrap(), &[7; 32]).unwrap()
    }

    fn parsed(text: &str) -> Result<Vec<Known>, Vec<String>> {
        parse(text.as_bytes(), &Setting { plan: &plan(), now: "2026-11-22T12:00:00Z".parse().unwrap() })
    }

    #[test]
    fn a_line_names_a_watch_and_a_time_and_what_else_is_known() {
        let text = "\u{feff}Watch,from,to,segment,note,theme\nsupport bot,2026-03-02,2026-03-03T12:00Z,,,\n\
                    support bot, 2026-03-05T10:00:00Z , 1d ,country=se,\"down, all day\",no_human\n";
        let known = parsed(text).unwrap_err();
        assert_eq!(known.len(), 1, "{known:?}");
        let known = parsed(&text.replace("T12:00Z", "T12:00")).unwrap();
        assert_eq!((known[0].theme.as_deref(), &known[0].segment), (None, &None));
        assert_eq!(times::stamp(known[0].from), "2026-03-01T23:00:00Z");
        assert_eq!(times::stamp(known[0].until), "2026-03-03T11:00:00Z");
        assert_eq!((known[1].theme.as_deref(), known[1].note.as_str()), (Some("no_human"), "down, all day"));
        assert_eq!(known[1].segment.as_ref().unwrap().to_string(), "country=se");
        assert_eq!(times::stamp(known[1].until), "2026-11-21T12:00:00Z");
    }

    #[test]
    fn every_mistake_is_told_with_its_line_and_its_cure() {
        let text = "watch,theme,segment,from,to,note\n\
                    suport bot,,,2026-03-02,2026-03-03,\n\
                    support bot,loopy_bot,,2026-03-02,2026-03-03,\n\
                    ,,,2026-03-02,2026-03-03,\n\
                    support bot,,,2026-03-02,2026-03-02,\n\
                    support bot,,,soon,2026-03-02,\n\
                    support bot,,,2026-03-02\n\
                    support bot,,se,2026-03-02,2026-03-03,\n\
                    support bot,,version=5,2026-03-02,2026-03-03,\n\
                    support bot,no_human,all,2026-03-02,2026-03-03,this one is right\n";
        insta::assert_snapshot!(told(Path::new("known.csv"), &parsed(text).unwrap_err()), @r"
        known.csv: 8 mistakes
          line 2: there is no watch `suport bot`; did you mean `support bot`?
          line 3: watch `support bot` has no theme or measure `loopy_bot`; there is `looping_bot`, `no_human`, `csat`
          line 4: no watch; name the one that should have found it
          line 5: `to` 2026-03-02 is not after `from` 2026-03-02; a date alone is its first moment
          line 6: `from`: `soon` is no time; write 2026-11-22, 2026-11-22T14:00, 2026-11-22T14:00:00Z, or an age as in 36h or 7d
          line 7: `to` is empty; write a time as in 2026-11-22T14:00
          line 8: `se` is no segment; write it as country=se, or all
          line 9: watch `support bot` is not split by `version` but by country; leave the segment empty, or add `version` to its `by`
        ");
    }

    #[test]
    fn a_line_may_name_a_measure_and_a_kind() {
        let head = "watch,theme,kind,from,to\n";
        let known =
            parsed(&format!("{head}support bot,csat,,2026-03-02,2026-03-03\nsupport bot,,slow rise,2026-03-02,2026-03-03\n")).unwrap();
        assert_eq!((known[0].theme.as_deref(), known[0].kind, known[0].line), (Some("csat"), None, 2));
        assert_eq!((known[1].kind, known[1].line), (Some(Kind::SlowRise), 3));
        assert!(parsed(&format!("{head}support bot,,slow,2026-03-02,2026-03-03\n")).unwrap_err()[0].contains("no kind `slow`"));
    }

    #[test]
    fn a_value_that_no_message_has_is_told_with_those_that_there_are() {
        assert_eq!(strange("country", "xx", &["no", "se"]), "no message has country `xx`; there is `no`, `se`");
        assert_eq!(strange("country", "xx", &[]), "no message has country `xx`; none has any");
        assert!(strange("country", "xx", &["a"; 11]).ends_with("`a` and 3 more"));
    }

    #[test]
    fn other_columns_are_named() {
        insta::assert_snapshot!(told(Path::new("known.csv"), &parsed("watch,start,to\n").unwrap_err()), @r"
        known.csv: 2 mistakes
          line 1: there is no column `start`; there is `watch`, `theme`, `segment`, `from`, `to`, `note`, `kind`
          line 1: no column `from`; begin the file with watch,theme,segment,from,to,note
        ");
    }

    #[test]
    fn what_is_no_text_is_no_panic() {
        assert!(parsed("").is_err());
        assert_eq!(parsed("watch,from,to\n").unwrap(), []);
        assert!(parse(b"watch,from,to\n\xff\xfe,\"a,b\n", &Setting { plan: &plan(), now: Timestamp::UNIX_EPOCH }).is_err());
    }
}
