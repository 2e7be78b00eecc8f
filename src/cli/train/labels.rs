//! Labelled texts: from a file, or from what people said of stored messages.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::btree_map::Entry;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::config::settings::Config;
use crate::config::suggest;
use crate::domain::Timestamp;
use crate::domain::item::Rating;
use crate::domain::review::Among;
use crate::domain::review::Drawn;
use crate::domain::review::ReviewedItem;
use crate::tagging::model::corpus::Labelled;

/// A longer line is not a message.
const LONGEST_LINE: u64 = 16 << 20;
/// More texts than people label.
const MOST_TEXTS: usize = 200_000;

/// A labelled text as it stands in a file. Where `right`, `wrong`, `missing` or `absent` is there, the
/// line is one of `uproar label --export`, whose `labels` are what the rules gave.
#[derive(Debug, Deserialize)]
struct Line {
    text: Option<String>,
    title: Option<String>,
    lang: Option<String>,
    rating: Option<f64>,
    rating_max: Option<f64>,
    source: Option<String>,
    labels: Option<BTreeSet<String>>,
    right: Option<BTreeSet<String>>,
    wrong: Option<BTreeSet<String>>,
    missing: Option<BTreeSet<String>>,
    absent: Option<BTreeSet<String>>,
    drawn: Option<String>,
    among: Option<String>,
    /// Text or number; what is neither names nothing.
    id: Option<Value>,
    /// A moment; what is none is older than all that are.
    at: Option<Value>,
    /// Said of earlier words of the message.
    #[serde(default)]
    stale: bool,
}

/// Reads a file of labelled texts.
///
/// # Errors
///
/// [`Failure`] with the first line that is none, for a model from half of the labels is another one.
pub(super) fn read(file: &Path, config: &Config, console: &mut Console) -> Result<Vec<Labelled>, Failure> {
    let shown = file.display();
    let opened = fs::File::open(file).map_err(|error| Failure::new(Code::Io, format!("cannot read {shown}: {error}")))?;
    let themes: Vec<&str> = config.themes.iter().map(|theme| theme.name.as_str()).collect();
    let Lines { labelled, strangers, stale, older } =
        lines(BufReader::new(opened), &themes)?.map_err(|why| Failure::new(Code::Data, format!("{shown}: {why}")))?;
    let labels = |count: u64| if count == 1 { "1 label is".to_owned() } else { format!("{count} labels are") };
    if stale > 0 {
        writeln!(console.err, "{shown}: {} of earlier versions of their messages, and left out", labels(stale))?;
    }
    if older > 0 {
        writeln!(console.err, "{shown}: {} older than another one of the same message, and set aside", labels(older))?;
    }
    for stranger in &strangers {
        let guess = suggest::question(stranger, themes.iter().copied());
        writeln!(console.err, "{shown}: `{}` is no theme of the configuration; {guess}", stranger.replace(char::is_control, " "))?;
    }
    Ok(labelled)
}

/// What a file comes to.
#[derive(Debug, Default)]
struct Lines {
    labelled: Vec<Labelled>,
    /// Names that are no themes.
    strangers: BTreeSet<String>,
    /// How many lines are about earlier words.
    stale: u64,
    /// How many are older than another line about the same message.
    older: u64,
}

/// The newest label of a message that is about its words: where it stands among all, and from when it is.
struct Newest {
    place: usize,
    at: Option<Timestamp>,
}

/// The texts; or why a line is none.
fn lines(mut input: impl BufRead, themes: &[&str]) -> Result<Result<Lines, String>, std::io::Error> {
    let (mut read, mut newest) = (Lines::default(), BTreeMap::new());
    let mut bytes = Vec::new();
    for number in 1_u64.. {
        bytes.clear();
        if input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        if read.labelled.len() >= MOST_TEXTS {
            return Ok(Err(format!("it has more than {MOST_TEXTS} texts; leave some out")));
        }
        match parse(&bytes) {
            Ok(line) => read.take(line, themes, &mut newest),
            Err(why) => return Ok(Err(format!("line {number}: {why}"))),
        }
    }
    Ok(Ok(read))
}

impl Lines {
    /// Several people may have labelled a message: the newest word counts, as it does for what is
    /// stored, and chance counts wherever it had a hand.
    fn take(&mut self, line: Line, themes: &[&str], newest: &mut BTreeMap<(String, String), Newest>) {
        if line.stale {
            self.stale += 1;
            return;
        }
        let (name, at) = (line.name(), line.moment());
        let labelled = line.labelled(themes, &mut self.strangers);
        if let Some(name) = name {
            match newest.entry(name) {
                Entry::Occupied(mut known) => {
                    self.older += 1;
                    let known = known.get_mut();
                    let stands = &mut self.labelled[known.place];
                    let by_chance = stands.by_chance || labelled.by_chance;
                    if at >= known.at {
                        (*stands, known.at) = (labelled, at);
                    }
                    stands.by_chance = by_chance;
                    return;
                }
                Entry::Vacant(vacant) => vacant.insert(Newest { place: self.labelled.len(), at }),
            };
        }
        self.labelled.push(labelled);
    }
}

fn parse(bytes: &[u8]) -> Result<Line, String> {
    if bytes.len() as u64 == LONGEST_LINE && bytes.last() != Some(&b'\n') {
        return Err(format!("the line is longer than {} MB; a line is one text", LONGEST_LINE >> 20));
    }
    let line: Line = serde_json::from_slice(bytes).map_err(|error| {
        // One line is all that the reader of JSON has seen: its "line 1" would mislead.
        let text = error.to_string();
        let text = text.split(" at line ").next().unwrap_or(&text);
        format!("{text} at column {}; each line is {{\"text\": ..., \"labels\": [...]}}", error.column())
    })?;
    if line.text.is_none() && !line.stale {
        return Err("it has no `text`; each line is {\"text\": ..., \"labels\": [...]}, or one of `label --export --with-text`".to_owned());
    }
    if line.labels.is_none() && !line.is_exported() {
        return Err("it has no `labels`; write [] where the text has no theme".to_owned());
    }
    Ok(line)
}

impl Line {
    fn is_exported(&self) -> bool {
        [&self.right, &self.wrong, &self.missing, &self.absent].iter().any(|list| list.is_some())
    }

    /// What the message is called, where the line says so.
    fn name(&self) -> Option<(String, String)> {
        let id = match self.id.as_ref()? {
            Value::String(id) => id.clone(),
            Value::Number(id) => id.to_string(),
            _ => return None,
        };
        Some((self.source.clone()?, id))
    }

    fn moment(&self) -> Option<Timestamp> {
        self.at.as_ref()?.as_str()?.parse().ok()
    }

    fn labelled(self, themes: &[&str], strangers: &mut BTreeSet<String>) -> Labelled {
        let is_exported = self.is_exported();
        let by_chance = self.drawn.as_deref() == Some(Drawn::Random.word()) && self.among.is_none_or(|among| among.is_empty());
        let of = |lists: [Option<BTreeSet<String>>; 2]| -> BTreeSet<String> { lists.into_iter().flatten().flatten().collect() };
        let (is, is_not) = if is_exported {
            (of([self.right, self.missing]), of([self.wrong, self.absent]))
        } else {
            (self.labels.unwrap_or_default(), themes.iter().map(|theme| (*theme).to_owned()).collect())
        };
        // As many as anybody reads.
        strangers.extend(is.iter().filter(|name| !themes.contains(&name.as_str())).take(20).cloned());
        let rating = self.rating.map(|value| Rating { value, max: self.rating_max.unwrap_or(5.0) });
        Labelled {
            title: self.title.unwrap_or_default(),
            text: self.text.unwrap_or_default(),
            lang: self.lang.filter(|lang| !lang.is_empty()),
            rating,
            source: self.source.unwrap_or_default(),
            open: open(themes, &is, &is_not),
            themes: is,
            by_chance,
        }
    }
}

/// What people said of a stored message.
pub(super) fn of_review(item: ReviewedItem, themes: &[&str]) -> Labelled {
    Labelled {
        by_chance: item.drawn == Drawn::Random && item.among == Among::All,
        open: open(themes, &item.themes, &item.rejected),
        title: item.title,
        text: item.text,
        lang: item.lang,
        rating: item.rating,
        source: item.source,
        themes: item.themes,
    }
}

/// Themes of which nobody spoke.
fn open(themes: &[&str], is: &BTreeSet<String>, is_not: &BTreeSet<String>) -> BTreeSet<String> {
    themes.iter().filter(|theme| !is.contains(**theme) && !is_not.contains(**theme)).map(|theme| (*theme).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Lines, String> {
        lines(text.as_bytes(), &["late", "rude"]).unwrap()
    }

    fn names(of: &BTreeSet<String>) -> Vec<&str> {
        of.iter().map(String::as_str).collect()
    }

    #[test]
    fn a_line_has_all_its_themes_and_no_others() {
        let Lines { labelled, strangers, .. } =
            read("{\"id\":7,\"text\":\"No parcel\",\"title\":\"Oh\",\"labels\":[\"late\",\"lat\"]}\n\n{\"text\":\"\",\"labels\":[]}")
                .unwrap();
        assert_eq!((labelled.len(), labelled[0].message().whole().as_str(), names(&labelled[0].open)), (2, "Oh\nNo parcel", vec![]));
        assert_eq!((names(&labelled[0].themes), names(&strangers)), (vec!["lat", "late"], vec!["lat"]));
        assert!(!labelled[0].by_chance);
    }

    #[test]
    fn an_exported_line_says_what_is_right_and_what_nobody_spoke_of() {
        let Lines { labelled, .. } =
            read("{\"source\":\"s\",\"id\":\"1\",\"text\":\"x\",\"labels\":[\"late\"],\"wrong\":[\"late\"],\"drawn\":\"random\"}").unwrap();
        assert_eq!((names(&labelled[0].themes), names(&labelled[0].open)), (vec![], vec!["rude"]));
        assert!(labelled[0].by_chance);
        let Lines { labelled, .. } = read("{\"text\":\"x\",\"missing\":[\"rude\"],\"drawn\":\"random\",\"among\":\"theme late\"}").unwrap();
        assert_eq!((names(&labelled[0].themes), labelled[0].by_chance), (vec!["rude"], false));
    }

    #[test]
    fn of_a_message_the_newest_line_counts_and_one_of_earlier_words_does_not() {
        let line = |id: &str, at: &str, rest: &str| format!("{{\"source\":\"s\",\"id\":{id},\"at\":\"{at}\",{rest}}}\n");
        let text = line("7", "2026-05-02T00:00:00Z", "\"text\":\"x\",\"missing\":[\"late\"]")
            + &line("\"7\"", "2026-05-01T00:00:00Z", "\"text\":\"x\",\"absent\":[\"late\"],\"drawn\":\"random\"")
            + &line("8", "2026-05-01T00:00:00Z", "\"stale\":true,\"missing\":[\"late\"]")
            + "{\"text\":\"x\",\"labels\":[]}\n{\"text\":\"x\",\"labels\":[]}\n";
        let read = read(&text).unwrap();
        assert_eq!(read.labelled.len(), 3, "one message, and two texts without a name");
        assert_eq!((names(&read.labelled[0].themes), read.labelled[0].by_chance), (vec!["late"], true), "chance had a hand in it");
        assert_eq!((read.stale, read.older), (1, 1));
    }

    #[test]
    fn a_line_that_is_none_is_told_with_its_number() {
        for (bad, why) in [
            ("{\"text\":\"x\"}", "line 2: it has no `labels`; write [] where the text has no theme"),
            ("{\"labels\":[]}", "line 2: it has no `text`; each line is {\"text\": ..., \"labels\": [...]}, or one of"),
            ("[]]", "line 2: invalid length 0"),
        ] {
            let told = read(&format!("{{\"text\":\"\",\"labels\":[]}}\n{bad}\n")).unwrap_err();
            assert!(told.starts_with(why), "{told}");
        }
    }
}
