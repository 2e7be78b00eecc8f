//! From a reply to messages, by the programs of the configuration.
//!
//! All programs of a reply run one after the other within one measure, away from everything else.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use chrono_tz::Tz;
use url::Url;

use crate::domain::Timestamp;
use crate::domain::item::Item;
use crate::domain::item::Rating;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::http_json::Map;
use crate::sources::http_json::Next;
use crate::sources::http_json::Settings;
use crate::sources::http_json::jq;
use crate::sources::http_json::jq::Program;
use crate::sources::http_json::jq::Value;
use crate::sources::http_json::jq::Wrong;
use crate::sources::refusal;
use crate::sources::times;
use crate::sources::times::Zone;

/// Warnings of one kind that are told one by one.
const TOLD: usize = 10;

/// Longest title, id and name of an author, in bytes.
const LONGEST_LINE: usize = 4096;

/// Longest text, in bytes.
const LONGEST_TEXT: usize = 256 * 1024;

/// The programs of a source, compiled.
#[derive(Debug)]
pub(super) struct Programs {
    ok: Option<Program>,
    items: Program,
    /// The lists that `items` takes records from, the outermost first, before it leaves any out.
    lists: Vec<Program>,
    /// All that `items` gives is the innermost one of them.
    gives_list: bool,
    next: Option<Program>,
    /// By the name of what they give: `text`, `fields.page`.
    fields: Vec<(String, Program)>,
}

/// What a reply holds.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub items: Vec<Item>,
    pub warnings: Vec<Warning>,
    /// Records that the reply has, also those that `items` leaves out and those that became no item.
    pub sent: Sent,
    /// What the program for the next page gave.
    pub next: Option<String>,
    /// The latest time of any record that is not in the future.
    pub newest: Option<Timestamp>,
}

/// How many records a reply has. Where lists stand within lists nobody says which of them the server counts.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sent {
    /// Of the shortest list that has any. Where there is none, there is nothing at all.
    pub fewest: usize,
    /// Of the innermost list.
    pub innermost: usize,
}

impl Sent {
    /// Of the lengths of lists, the outermost first.
    fn of(lengths: &[usize]) -> Self {
        let fewest = lengths.iter().copied().filter(|length| *length > 0).min().unwrap_or_default();
        Self { fewest, innermost: lengths.last().copied().unwrap_or_default() }
    }
}

/// What is said of the programs while they run, so that it is known which one used everything up.
const OUTSIDE: usize = usize::MAX;

impl Programs {
    /// Compiles all of them.
    pub(super) fn compile(settings: &Settings) -> Result<Self, (String, Wrong)> {
        let one = |name: &str, code: &str| Program::compile(code).map_err(|wrong| (name.to_owned(), wrong));
        let next = match &settings.next {
            Next::Cursor { program, .. } | Next::Url(program) => Some(one("next", program)?),
            _ => None,
        };
        let fields = named(&settings.map).map(|(name, code)| one(&name, code).map(|program| (name, program)));
        let (items, lists) = (settings.items.trim(), lists_of(&settings.items));
        Ok(Self {
            ok: settings.ok.as_deref().map(|code| one("ok", code)).transpose()?,
            items: one("items", items)?,
            gives_list: lists.last() == Some(&items),
            lists: lists.into_iter().filter(|list| *list != items).filter_map(|list| Program::compile(list).ok()).collect(),
            next,
            fields: fields.collect::<Result<_, _>>()?,
        })
    }

    /// Reads a reply.
    pub(super) fn read(&self, body: &[u8], now: Timestamp, zone: Tz) -> Result<Outcome, ReadError> {
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{feff}');
        let at = AtomicUsize::new(OUTSIDE);
        let run = || self.run(text, now, zone, &at);
        jq::within(jq::Limits::for_reply(body.len()), run).unwrap_or_else(|spent| {
            let name = match at.load(Ordering::Relaxed) {
                OUTSIDE => "the reply itself is too much".to_owned(),
                0 => "the program `items` was stopped".to_owned(),
                at => self
                    .fields
                    .get(at - 1)
                    .map_or_else(|| "a program was stopped".to_owned(), |(name, _)| format!("the program `map.{name}` was stopped")),
            };
            Err(ReadError::new(format!("{name}: {spent}"), "write it simpler, or ask for smaller pages"))
        })
    }

    fn run(&self, text: &str, now: Timestamp, zone: Tz, at: &AtomicUsize) -> Result<Outcome, ReadError> {
        let reply = jq::document(text).map_err(|broken| not_json(text, &broken))?;
        if let Some(ok) = &self.ok
            && !ok.first(reply.clone()).is_ok_and(|value| value.is_some_and(|value| value.is_true()))
        {
            let said = refusal::said(text).map(|said| format!(", it says \u{201c}{said}\u{201d}")).unwrap_or_default();
            return Err(ReadError::new(
                format!("the reply is no success by `ok`{said}"),
                "it is tried again later; check the login of the source if it stays",
            ));
        }
        at.store(0, Ordering::Relaxed);
        let (records, error) = self.items.run(reply.clone());
        if let Some(error) = error {
            let too_many = records.len() >= jq::MOST_VALUES;
            let cure = if too_many {
                "ask for smaller pages: none of this one is read"
            } else {
                "look at a reply of the server and write `items` anew"
            };
            return Err(ReadError::new(format!("`items` cannot be used on the reply: {error}"), cure));
        }
        let found = records.len();
        let mut outcome = Outcome { sent: self.sent(&reply, found), ..Outcome::default() };
        let mut reader = Reader { now, zone, warnings: Told::default(), newest: None, assumed: false };
        for (number, record) in records.into_iter().enumerate() {
            let item = self.record(&record, &format!("record {}", number + 1), &mut reader, at);
            outcome.items.extend(item);
        }
        at.store(OUTSIDE, Ordering::Relaxed);
        if found > 0 && outcome.items.is_empty() && reader.warnings.has("no_id") {
            let first = reader.warnings.first("no_id");
            return Err(ReadError::new(
                format!("`map.id` gives no id for any of {found} records{first}"),
                "look at a record with `uproar preview` and write `map.id` anew",
            ));
        }
        outcome.items = latest(outcome.items, &mut reader.warnings);
        outcome.next = match &self.next {
            Some(next) => {
                let given = next.first(reply).map_err(|error| {
                    ReadError::new(
                        format!("`next` cannot be used on the reply: {error}"),
                        "look at a reply of the server and write `next` anew",
                    )
                })?;
                given
                    .filter(Value::is_true)
                    .and_then(|value| value.scalar())
                    .filter(|next| !next.trim().is_empty() && next.len() <= LONGEST_LINE)
            }
            None => None,
        };
        outcome.newest = reader.newest;
        outcome.warnings = reader.warnings.all();
        Ok(outcome)
    }

    /// What the server sent, of which `items` found so many.
    fn sent(&self, reply: &Value, found: usize) -> Sent {
        let lists = self.lists.iter().map(|list| list.run(reply.clone())).filter(|(_, error)| error.is_none());
        let mut lengths: Vec<usize> = lists.map(|(list, _)| list.len()).collect();
        // Where no list can be counted, or none has what was found, what was found counts.
        if self.gives_list || lengths.iter().all(|length| *length == 0) {
            lengths.push(found);
        }
        Sent::of(&lengths)
    }

    fn record(&self, record: &Value, place: &str, reader: &mut Reader, at: &AtomicUsize) -> Option<Item> {
        let mut given: BTreeMap<&str, Value> = BTreeMap::new();
        let mut texts: Vec<String> = Vec::new();
        // What is gone says hardly more than that: nothing else is asked of it, and nothing is missed.
        let deleted = self.fields.iter().find(|(name, _)| name == "deleted").map(|(_, program)| program);
        let gone =
            deleted.is_some_and(|deleted| deleted.first(record.clone()).is_ok_and(|value| value.is_some_and(|value| value.is_true())));
        for (number, (name, program)) in self.fields.iter().enumerate() {
            at.store(number + 1, Ordering::Relaxed);
            if gone && !matches!(name.as_str(), "id" | "deleted" | "published" | "updated") {
                continue;
            }
            let (values, error) = if name == "text" {
                program.run(record.clone())
            } else {
                match program.first(record.clone()) {
                    Ok(value) => (value.into_iter().collect(), None),
                    Err(error) => (Vec::new(), Some(error)),
                }
            };
            if let Some(error) = error.filter(|_| !gone || name == "id") {
                reader.warnings.add(Warning::new("map_error", place, format!("`map.{name}` cannot be used: {error}")));
            }
            if name == "text" {
                let lines = values.iter().filter_map(|value| reader.line(value, "text", place));
                texts.extend(lines.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()));
            } else if let Some(value) = values.into_iter().next() {
                given.insert(name, value);
            }
        }
        reader.item(&given, &texts.join("\n\n"), place)
    }
}

/// The beginnings of a program up to each list that it goes through: of `.rows[] | select(.open)` it is
/// `.rows[]`, which counts what the server sent and not what is wanted of it, and of `.days[] | .rows[]` it is
/// `.days[]` and all of it. Of `.pinned[], .rows[]` and `.rows[] // .items[]` there is none: they are several.
fn lists_of(items: &str) -> Vec<&str> {
    let items = items.trim();
    let mut lists = Vec::new();
    for step in steps_of(items) {
        if step.is_mixed && !step.lists.is_empty() {
            // Behind lists it is one more of them, which only all that is taken counts.
            let behind = !lists.is_empty();
            lists.extend(behind.then_some(items));
            break;
        }
        lists.extend(step.lists.into_iter().map(|end| &items[..end]));
    }
    lists
}

/// What stands between two `|` of a program.
#[derive(Debug, Default)]
struct Step {
    /// Where its lists end.
    lists: Vec<usize>,
    /// It is more than a path: something is added, chosen, compared.
    is_mixed: bool,
}

fn steps_of(items: &str) -> Vec<Step> {
    let (mut steps, mut step) = (Vec::new(), Step::default());
    let (mut depth, mut quoted, mut remark, mut before) = (0_usize, false, false, ' ');
    for (at, letter) in items.char_indices() {
        match letter {
            '\n' if remark => remark = false,
            _ if remark => {}
            '"' if before != '\\' => quoted = !quoted,
            _ if quoted => {}
            '#' => remark = true,
            ']' if depth == 1 && before == '[' => {
                depth = 0;
                step.lists.push(at + 1);
            }
            '[' | '(' | '{' => depth += 1,
            ']' | ')' | '}' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            // It belongs to its list: there may be none.
            '?' => {
                if let Some(end) = step.lists.last_mut().filter(|end| **end == at) {
                    *end += 1;
                }
            }
            '|' if !items[at + 1..].starts_with('=') => steps.push(std::mem::take(&mut step)),
            '|' | ',' | '/' | '+' | '-' | '*' | '%' | '=' | '<' | '>' | '!' => step.is_mixed = true,
            _ => {}
        }
        before = letter;
    }
    steps.push(step);
    steps
}

/// The programs of a map with their names.
fn named(map: &Map) -> impl Iterator<Item = (String, &str)> {
    let plain = [
        ("id", Some(&map.id)),
        ("text", map.text.as_ref()),
        ("title", map.title.as_ref()),
        ("rating", map.rating.as_ref()),
        ("rating_max", map.rating_max.as_ref()),
        ("published", map.published.as_ref()),
        ("updated", map.updated.as_ref()),
        ("url", map.url.as_ref()),
        ("author", map.author.as_ref()),
        ("lang", map.lang.as_ref()),
        ("deleted", map.deleted.as_ref()),
    ];
    let plain = plain.into_iter().filter_map(|(name, code)| Some((name.to_owned(), code?.as_str())));
    plain.chain(map.fields.iter().map(|(name, code)| (format!("fields.{name}"), code.as_str())))
}

/// Makes items of what the programs gave.
struct Reader {
    now: Timestamp,
    zone: Tz,
    warnings: Told,
    newest: Option<Timestamp>,
    /// It was told that the scale of ratings is assumed.
    assumed: bool,
}

impl Reader {
    fn item(&mut self, given: &BTreeMap<&str, Value>, text: &str, place: &str) -> Option<Item> {
        let mut line =
            |name: &str| given.get(name).and_then(|value| self.line(value, name, place)).map(|text| cut(text.trim(), LONGEST_LINE));
        let id = line("id").filter(|id| !id.is_empty());
        let (title, url, author, lang) = (line("title"), line("url"), line("author"), line("lang"));
        let fields = given.iter().filter_map(|(name, value)| Some((name.strip_prefix("fields.")?, value)));
        let fields: BTreeMap<String, String> = fields
            .filter_map(|(name, value)| Some((name.to_owned(), cut(&joined(value)?, LONGEST_LINE))))
            .filter(|(_, text)| !text.is_empty())
            .collect();
        let Some(id) = id else {
            self.warnings.add(Warning::new("no_id", place, "`map.id` gives nothing: left out"));
            return None;
        };
        let gone = given.get("deleted").is_some_and(Value::is_true);
        let (published, updated) = (self.time(given, "published", place), self.time(given, "updated", place));
        let rating = self.rating(given, place);
        // One from tomorrow would hide all that comes until then.
        let latest = [published, updated].into_iter().flatten().filter(|time| *time <= self.now).max();
        self.newest = self.newest.max(latest);
        let title = title.unwrap_or_default();
        if !gone && text.is_empty() && title.is_empty() && rating.is_none() {
            self.warnings.add(Warning::new("empty_record", place, "neither text nor title nor rating: left out"));
            return None;
        }
        let web = |url: &String| Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        Some(Item {
            id,
            title,
            text: cut(text, LONGEST_TEXT),
            author: author.filter(|author| !author.is_empty()),
            url: url.filter(web),
            published,
            updated: updated.filter(|updated| published.is_none_or(|published| *updated > published)),
            rating,
            lang: lang.filter(|lang| !lang.is_empty() && lang.len() < 36),
            fields,
            formerly: None,
            gone,
        })
    }

    /// One value as text; a list or an object is none.
    fn line(&mut self, value: &Value, name: &str, place: &str) -> Option<String> {
        if matches!(value, Value::List(_) | Value::Object(_)) {
            self.warnings.add(Warning::new("map_error", place, format!("`map.{name}` gives a list or an object instead of a text")));
        }
        value.scalar()
    }

    fn time(&mut self, given: &BTreeMap<&str, Value>, name: &str, place: &str) -> Option<Timestamp> {
        let text = self.line(given.get(name)?, name, place)?;
        if text.trim().is_empty() {
            return None;
        }
        let time = times::certain(&text).map(|written| written.moment(Zone::Place(self.zone))).filter(|time| times::believable(*time));
        if time.is_none() {
            let shown: String = text.chars().take(40).collect();
            self.warnings.add(Warning::new(
                "unread_date",
                place,
                format!("`map.{name}` gives `{shown}`, which is no time that can be read one way only"),
            ));
        }
        time
    }

    fn rating(&mut self, given: &BTreeMap<&str, Value>, place: &str) -> Option<Rating> {
        let value = given.get("rating").filter(|value| !matches!(value, Value::Null))?;
        let number = value.as_number();
        let best = given.get("rating_max").and_then(Value::as_number);
        if best.is_none() && !self.assumed {
            self.assumed = true;
            self.warnings.add(Warning::new(
                "scale_assumed",
                "",
                "there is no `map.rating_max`: ratings up to 5 are taken as of 5, up to 10 as of 10",
            ));
        }
        let rating = number.and_then(|value| {
            let max = best.unwrap_or(if value <= 5.0 {
                5.0
            } else if value <= 10.0 {
                10.0
            } else {
                100.0
            });
            (max > 0.0 && max <= 1000.0 && (0.0..=max).contains(&value)).then_some(Rating { value, max })
        });
        if rating.is_none() {
            self.warnings.add(Warning::new("unread_rating", place, "`map.rating` gives no number of its scale"));
        }
        rating
    }
}

/// A list of texts on one line.
fn joined(value: &Value) -> Option<String> {
    match value {
        Value::List(_) => {
            let values = value.clone().into_values().ok()?;
            let texts: Vec<String> = values.iter().filter_map(Value::scalar).collect();
            Some(texts.join(", "))
        }
        other => other.scalar(),
    }
}

fn cut(text: &str, longest: usize) -> String {
    text[..text.floor_char_boundary(longest)].to_owned()
}

/// A record that comes twice counts once: the later one by its time of change, else the last.
fn latest(items: Vec<Item>, warnings: &mut Told) -> Vec<Item> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<Item> = Vec::with_capacity(items.len());
    for item in items {
        if let Some(at) = places.get(&item.id) {
            warnings.add(Warning::new("duplicate_id", "", "an id comes twice in one reply: the later change counts"));
            let old = &mut kept[*at];
            if old.updated.is_none() || item.updated >= old.updated {
                *old = item;
            }
        } else {
            places.insert(item.id.clone(), kept.len());
            kept.push(item);
        }
    }
    kept
}

fn not_json(text: &str, broken: &jq::Broken) -> ReadError {
    match text.trim_start().chars().next() {
        None => ReadError::new("an empty answer instead of JSON", "it is tried again later"),
        Some('<') => {
            ReadError::new("a page for people instead of JSON, perhaps a login or a wall", "check the address and the login of the source")
        }
        Some('{' | '[') => ReadError::new(
            format!("JSON that cannot be read: {broken}"),
            "it is tried again later; if it stays, tell those who run the server",
        ),
        Some(_) => ReadError::new("plain text instead of JSON", "check the address of the source"),
    }
}

/// Warnings, of each code the first few.
#[derive(Debug, Default)]
struct Told {
    told: Vec<Warning>,
    counts: BTreeMap<String, usize>,
}

impl Told {
    fn add(&mut self, warning: Warning) {
        let count = self.counts.entry(warning.code.clone()).or_default();
        *count += 1;
        if *count <= TOLD {
            self.told.push(warning);
        }
    }

    fn has(&self, code: &str) -> bool {
        self.counts.contains_key(code)
    }

    /// What the first error of a program was, as the end of a sentence.
    fn first(&self, _code: &str) -> String {
        self.told.iter().find(|warning| warning.code == "map_error").map(|warning| format!(" ({})", warning.message)).unwrap_or_default()
    }

    fn all(mut self) -> Vec<Warning> {
        for (code, count) in self.counts {
            if count > TOLD {
                self.told.push(Warning::new(&code, "", format!("and {} more of these", count - TOLD)));
            }
        }
        self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_of_a_program_are_what_stands_before_each_choice() {
        for (items, lists) in [
            (".rows[] | select(.open)", vec![".rows[]"]),
            (".rows[] | select(.tags[] == \"a\")", vec![".rows[]"]),
            (".data | .rows[] | .node", vec![".data | .rows[]"]),
            (".rows[].answers[]", vec![".rows[]", ".rows[].answers[]"]),
            (".days[] | .rows[]? | select(.open)", vec![".days[]", ".days[] | .rows[]?"]),
            (".days[] as $day | $day.rows[]", vec![".days[]", ".days[] as $day | $day.rows[]"]),
            (".\"a[]b\" | .rows[]? | .x", vec![".\"a[]b\" | .rows[]?"]),
            ("(.rows // .items)[] | .x", vec!["(.rows // .items)[]"]),
            (".rows[] | .a, .b", vec![".rows[]"]),
            (".rows[] # all[]\n | .x", vec![".rows[]"]),
            (".days[] | .old[], .new[]", vec![".days[]", ".days[] | .old[], .new[]"]),
            (".rows[] ", vec![".rows[]"]),
            // What several lists give together is no list of the server's.
            (".pinned[], .reviews[]", vec![]),
            (".pinned[].x, .reviews[] | .x", vec![]),
            (".rows[] // .items[]", vec![]),
            (".rows[] |= 1", vec![]),
            ("[.rows[] | select(.open)] | .[]", vec!["[.rows[] | select(.open)] | .[]"]),
            (".", vec![]),
            ("]", vec![]),
        ] {
            assert_eq!(lists_of(items), lists, "{items}");
        }
    }
}
