//! A walk over a folder: which files are new or changed, one after the other, piece by piece.
//!
//! What has been read is remembered by path, size and time of change. A file that can't be read is
//! remembered too, with the reason and the settings it was tried with, told once a day, and
//! tried again when it or the settings change; it does not hold up the others.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::http::Bytes;
use crate::domain::http::Entry;
use crate::domain::http::Rejected;
use crate::domain::http::Request;
use crate::domain::http::Retired;
use crate::domain::http::Watched;
use crate::domain::item::Cursor;
use crate::domain::item::Page;
use crate::domain::item::Warning;
use crate::sources::file::After;
use crate::sources::file::Settings;
use crate::sources::file::ids;
use crate::sources::file::reader;
use crate::sources::file::reader::State;
use crate::sources::file::rejects;
use crate::text::hash;

/// Files that one walk reads; the others wait for the next, which comes at once.
const FILES_A_WALK: usize = 100;

/// Why a file stays of which not all is kept, and what to do.
const TOO_MUCH: &str = "records of it that cannot be read are too long or too many to be kept apart; \
    mend them and save the file, or take it away yourself";

/// A file that cannot be read is told of so often.
const AGAIN: TimeDelta = TimeDelta::days(1);

/// Files that are remembered. The oldest are forgotten first: read again, their rows are known.
const REMEMBERED: usize = 10_000;

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    size: u64,
    modified: i64,
    /// Why it could not be read, and a hash of the settings then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<(String, String)>,
    /// When that was last told, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "is_zero")]
    told: i64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(told: &i64) -> bool {
    *told == 0
}

/// What is stored between polls.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Memory {
    files: BTreeMap<PathBuf, Known>,
    /// Columns that were taken for ids.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    ids: BTreeSet<String>,
}

/// What travels with the request for a piece.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Walk {
    /// Files still to be read, the one in hand first.
    todo: Vec<(PathBuf, Known)>,
    /// Files that are done.
    done: Vec<(PathBuf, Known)>,
    /// Files that could not be read and are not there any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gone: Vec<PathBuf>,
    /// Columns that were taken for ids, in what this walk and those before it read.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    ids: BTreeSet<String>,
    /// More files are waiting for the next walk.
    more: bool,
    /// When the next of those that still change will have settled, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settles: Option<i64>,
    /// What is known of the file in hand.
    state: State,
    /// Records of the file in hand that could not be read, and are kept apart.
    #[serde(default)]
    rejected: u64,
    /// Not all of those are, or not to their ends.
    #[serde(default)]
    cut: bool,
}

impl Walk {
    /// The file in hand is done with.
    fn pass(&mut self) {
        if !self.todo.is_empty() {
            self.done.push(self.todo.remove(0));
        }
        (self.state, self.rejected, self.cut) = (State::default(), 0, false);
    }
}

/// What a poll looks through.
pub(super) fn place(settings: &Settings) -> Watched {
    let except = if let After::Move(to) = &settings.after { Some(to.clone()) } else { None };
    let settle = settings.settle.map(|settle| settle.num_seconds().unsigned_abs());
    Watched { path: settings.folder.clone(), recursive: settings.recursive, settle, except }
}

/// Looks through a folder.
pub(super) fn begin(settings: &Settings, cursor: &Cursor, entries: &[Entry], now: Timestamp) -> Page {
    let memory = remembered(cursor);
    let fingerprint = fingerprint(settings);
    let mut page = Page { format: "folder", ..Page::default() };
    let (mut todo, mut done) = (Vec::new(), Vec::new());
    let mut refused: BTreeSet<&PathBuf> = memory.files.iter().filter(|(_, known)| known.refused.is_some()).map(|(path, _)| path).collect();
    let mut settles: Option<Timestamp> = None;
    for entry in entries {
        let name = name_of(&entry.path);
        if !wanted(&name, settings) {
            continue;
        }
        refused.remove(&entry.path);
        let found = Known { size: entry.size, modified: entry.modified.timestamp_millis(), refused: None, told: 0 };
        let same = |known: &&Known| known.size == found.size && known.modified == found.modified;
        if !entry.settled {
            // What is known and has not changed needs no second look, whatever the folder's own memory says.
            if !memory.files.get(&entry.path).is_some_and(|known| same(&known)) {
                settles = settles.into_iter().chain([entry.settles]).min();
            }
            continue;
        }
        match memory.files.get(&entry.path) {
            Some(known) if known.size == found.size && known.modified == found.modified => match &known.refused {
                Some((why, with)) if *with == fingerprint && now.timestamp_millis() - known.told >= AGAIN.num_milliseconds() => {
                    page.warnings.push(refusal(&name, why));
                    done.push((entry.path.clone(), Known { told: now.timestamp_millis(), ..known.clone() }));
                }
                Some((_, with)) if *with == fingerprint => {}
                Some(_) => todo.push((entry.path.clone(), found)),
                None => {}
            },
            _ => todo.push((entry.path.clone(), found)),
        }
    }
    let more = todo.len() > FILES_A_WALK;
    todo.truncate(FILES_A_WALK);
    let settles = settles.map(|at| at.timestamp_millis());
    let gone = refused.into_iter().cloned().collect();
    on_to_next(settings, cursor, Walk { todo, done, gone, ids: memory.ids, more, settles, ..Walk::default() }, &mut page, now);
    page
}

/// Reads a piece of the file in hand.
pub(super) fn go_on(settings: &Settings, cursor: &Cursor, bytes: &Bytes, now: Timestamp) -> Page {
    let mut walk: Walk = serde_json::from_str(&bytes.request.context).unwrap_or_default();
    let path = &bytes.request.path;
    let name = name_of(path);
    let mut page = Page::default();
    match reader::read(bytes, std::mem::take(&mut walk.state), &ids::with(settings, &walk.ids)) {
        Ok(piece) => {
            ids::remember(&mut walk.ids, piece.form.as_ref());
            page.format = piece.format;
            page.items = piece.items;
            page.warnings = piece.warnings.into_iter().map(|warning| in_file(&name, warning)).collect();
            walk.rejected += piece.rejects.kept();
            walk.cut |= piece.rejects.cut;
            page.rejects = rejects::of_piece(settings, path, bytes, piece.rejects.rows);
            if let Some(next) = piece.next {
                walk.state = next.state;
                page.next = Some(ask(settings, path, next.from, next.limit, &walk));
                return page;
            }
            // Who still writes the end of it would write it for nobody.
            let is_whole = !page.warnings.iter().any(|warning| warning.code == "incomplete_last_record");
            if let Some(retired) = retire(settings, &walk).filter(|_| is_whole) {
                if !walk.cut {
                    page.next = Some(Request::Retire(retired));
                    return page;
                }
                page.warnings.push(stays(&name, TOO_MUCH));
            }
        }
        Err(error) => {
            page.format = "folder";
            page.warnings.push(refusal(&name, &error.to_string()));
            if let Some((_, known)) = walk.todo.first_mut() {
                known.refused = Some((error.to_string(), fingerprint(settings)));
                known.told = now.timestamp_millis();
            }
        }
    }
    walk.pass();
    on_to_next(settings, cursor, walk, &mut page, now);
    page
}

/// What is to become of the file in hand, now that all of it is stored. Its rows are: the step that
/// asks for this is written with the last of them.
fn retire(settings: &Settings, walk: &Walk) -> Option<Retired> {
    let (path, known) = walk.todo.first()?;
    let to = match &settings.after {
        After::Keep => return None,
        After::Move(to) => Some(to.clone()),
        After::Delete => None,
    };
    let context = serde_json::to_string(walk).unwrap_or_default();
    // What it holds beyond what is stored stands in the file of its rejects, or it may not go.
    let rejects = (walk.rejected > 0).then(|| {
        let (folder, source, file) = (settings.rejects.clone(), settings.source.clone(), rejects::name(settings, path));
        Box::new(Rejected { folder, source, file, records: walk.rejected })
    });
    Some(Retired { path: path.clone(), size: known.size, modified: known.modified, to, rejects, context })
}

fn stays(name: &str, why: &str) -> Warning {
    Warning::new("file_not_moved", name, format!("it was read and is still in its folder: {why}"))
}

/// Goes on behind a file that has left the folder, or should have.
pub(super) fn retired(settings: &Settings, cursor: &Cursor, retired: &Retired, still_there: Option<&str>, now: Timestamp) -> Page {
    let mut walk: Walk = serde_json::from_str(&retired.context).unwrap_or_default();
    let mut page = Page { format: "folder", ..Page::default() };
    if let Some(why) = still_there {
        page.warnings.push(stays(&name_of(&retired.path), why));
    }
    walk.pass();
    on_to_next(settings, cursor, walk, &mut page, now);
    page
}

/// Asks for the next file, or ends the walk with what is known then.
fn on_to_next(settings: &Settings, cursor: &Cursor, walk: Walk, page: &mut Page, now: Timestamp) {
    if let Some((path, _)) = walk.todo.first() {
        page.next = Some(ask(settings, path, 0, reader::PIECE, &walk));
        return;
    }
    let settles = walk.settles.and_then(Timestamp::from_timestamp_millis).map(|at| at.max(now));
    page.due = if walk.more { Some(now) } else { settles };
    if walk.done.is_empty() && walk.gone.is_empty() {
        return;
    }
    let mut memory = remembered(cursor);
    memory.files.retain(|path, _| !walk.gone.contains(path));
    memory.files.extend(walk.done);
    memory.ids = walk.ids;
    while memory.files.len() > REMEMBERED {
        let oldest = memory.files.iter().min_by_key(|(_, known)| known.modified).map(|(path, _)| path.clone());
        oldest.map(|path| memory.files.remove(&path));
    }
    page.cursor = Some(Cursor(serde_json::to_string(&memory).ok()));
}

fn ask(settings: &Settings, path: &Path, from: u64, limit: u64, walk: &Walk) -> Request {
    Request::Slice(super::slice(settings, path, from, limit, walk.state.part, serde_json::to_string(walk).unwrap_or_default()))
}

fn remembered(cursor: &Cursor) -> Memory {
    cursor.0.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// Files of the folder that could not be read, each with why and what to do.
pub(super) fn refused(cursor: &Cursor) -> Vec<(PathBuf, String)> {
    let files = remembered(cursor).files.into_iter();
    files.filter_map(|(path, known)| Some((path, known.refused?.0))).collect()
}

fn refusal(name: &str, why: &str) -> Warning {
    Warning::new("file_refused", name, why)
}

fn in_file(name: &str, warning: Warning) -> Warning {
    let place = if warning.place.is_empty() { name.to_owned() } else { format!("{name} {}", warning.place) };
    Warning { place, ..warning }
}

/// What of the settings decides how a file is read.
fn fingerprint(settings: &Settings) -> String {
    let Settings { time_zone, date_order, columns, limits, encoding, delimiter, decimal_comma, header_row, sheet, .. } = settings;
    let all =
        format!("{time_zone:?} {date_order:?} {columns:?} {limits:?} {encoding:?} {delimiter:?} {decimal_comma:?} {header_row:?} {sheet}");
    format!("{:016x}", hash::of_parts([all.as_str()]))
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Whether a file is to be read, by its name: no lock, no download in progress, and the pattern.
fn wanted(name: &str, settings: &Settings) -> bool {
    let lower = name.to_lowercase();
    let ends = |ends: &[&str]| ends.iter().any(|end| lower.ends_with(end));
    if name.starts_with('.') || name.starts_with("~$") || ends(&[".part", ".tmp", ".crdownload", ".partial", ".download", ".filepart", "~"])
    {
        return false;
    }
    if !settings.pattern.is_empty() {
        return settings.pattern.iter().any(|pattern| matches(pattern, name));
    }
    ends(&[".csv", ".tsv", ".tab", ".txt", ".jsonl", ".ndjson", ".json", ".xlsx", ".ods", ".zip", ".gz"])
}

/// `*` stands for any letters, `?` for one. Linear in the name for every star.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.chars().collect::<Vec<_>>(), name.chars().collect::<Vec<_>>());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(letter) if *letter == '?' || *letter == name[n] => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, n) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, is) in [
            ("*.csv", "a.csv", true),
            ("*.csv", "a.csv.bak", false),
            ("nps-??.csv", "nps-07.csv", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbY", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, name), is, "{pattern} {name}");
        }
    }

    #[test]
    fn names_in_progress_and_foreign_ones_are_left_alone() {
        let settings = Settings::default();
        let names = ["a.csv", "~$a.csv", ".a.csv", "a.csv.part", "a.tmp", "a.crdownload", "a.xlsx", "a.exe", "b.jsonl", "C.TXT"];
        let all = names.iter().filter(|name| wanted(name, &settings)).collect::<Vec<_>>();
        assert_eq!(all, [&"a.csv", &"a.xlsx", &"b.jsonl", &"C.TXT"]);
        let settings = Settings { pattern: vec!["*.exe".to_owned(), "a.*".to_owned()], ..settings };
        let some = names.iter().filter(|name| wanted(name, &settings)).collect::<Vec<_>>();
        assert_eq!(some, [&"a.csv", &"a.xlsx", &"a.exe"]);
    }
}
