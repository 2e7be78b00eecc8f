//! `uproar label --import`: labels from JSON lines. A bad line costs itself and no other one.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write as _;
use std::path::Path;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::label::line;
use crate::cli::label::line::Line;
use crate::config::suggest;
use crate::domain::Timestamp;
use crate::domain::review::Review;
use crate::domain::review::Verdict;
use crate::engine::plan::Plan;
use crate::host::clock::Clock;
use crate::store::sqlite::Direct;

/// A longer line is no label. An export with the longest text that is stored stays below, and so does
/// what `uproar train` reads.
const LONGEST_LINE: u64 = 16 << 20;
/// Labels of one transaction.
const BATCH: usize = 500;
/// Lines told one by one.
const SHOWN: u64 = 20;

/// What became of the lines.
#[derive(Debug, Default)]
struct Count {
    new: u64,
    known: u64,
    bad: u64,
    strangers: u64,
    told: u64,
}

/// A file on its way in.
struct Import<'a> {
    name: String,
    who: &'a str,
    themes: Vec<&'a str>,
    now: Timestamp,
    waiting: Vec<Review>,
    count: Count,
    /// Themes that no configuration has, told once each.
    unknown: BTreeSet<String>,
}

pub(super) fn import(file: &Path, who: &str, plan: &Plan, store: &mut Direct, console: &mut Console) -> Result<Code, Failure> {
    let (name, input): (String, Box<dyn Read>) = if file == Path::new("-") {
        ("standard input".to_owned(), Box::new(io::stdin().lock()))
    } else {
        let opened = File::open(file).map_err(|error| Failure::new(Code::Io, format!("cannot read {}: {error}", file.display())));
        (file.display().to_string(), Box::new(opened?))
    };
    let themes = plan.config.themes.iter().map(|theme| theme.name.as_str()).collect();
    let now = Clock::real().now();
    let import = Import { name, who, themes, now, waiting: Vec::new(), count: Count::default(), unknown: BTreeSet::new() };
    import.run(BufReader::new(input), store, console)
}

impl Import<'_> {
    fn run(mut self, mut input: impl BufRead, store: &mut Direct, console: &mut Console) -> Result<Code, Failure> {
        let mut bytes = Vec::new();
        for number in 1_u64.. {
            bytes.clear();
            if input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes)? == 0 {
                break;
            }
            let is_cut = bytes.len() as u64 == LONGEST_LINE && bytes.last() != Some(&b'\n');
            if is_cut {
                skip_line(&mut input)?;
            }
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            match parse(&bytes, is_cut, number == 1).and_then(|line| line.read(self.now)) {
                Ok(read) => self.take(number, read, store, console)?,
                Err(why) => {
                    self.count.bad += 1;
                    self.tell(number, &why, console)?;
                }
            }
            if self.waiting.len() >= BATCH {
                self.flush(store)?;
            }
        }
        self.flush(store)?;
        self.sum_up(console)
    }

    fn take(&mut self, number: u64, read: line::Read, store: &Direct, console: &mut Console) -> Result<(), Failure> {
        let reader = store.reader();
        let Some(message) = reader.reviewable(&read.source, &read.id)? else {
            self.count.strangers += 1;
            let why = format!("source `{}` has no message `{}` in the store; import or poll it first", read.source, read.id);
            return self.tell(number, &why, console);
        };
        self.tell_unknown(&read.verdicts, number, console)?;
        let mut verdicts = read.verdicts;
        if read.rest_is_absent {
            for theme in &self.themes {
                verdicts.entry((*theme).to_owned()).or_insert(Verdict::Absent);
            }
        }
        let tags: BTreeMap<String, String> = reader.tags(message.item)?.into_iter().map(|(theme, rule, _)| (theme, rule)).collect();
        for (theme, verdict) in &mut verdicts {
            // A line that does not name the rule means the one of today.
            if let Verdict::Right(rule) | Verdict::Wrong(rule) = verdict
                && rule.is_empty()
            {
                rule.clone_from(tags.get(theme).unwrap_or(&String::new()));
            }
        }
        let (drawn, among) = (read.drawn, read.among);
        let (who, content) = (read.who.unwrap_or_else(|| self.who.to_owned()), read.content.unwrap_or(message.content));
        let mut review = Review { item: message.item, at: read.at.unwrap_or(self.now), who, drawn, among, content, verdicts };
        if let (None, Some(known)) = (read.at, reader.review(review.item, &review.who)?) {
            // A line without a time says nothing new when it says the same.
            let same = Review { at: known.at, ..review.clone() };
            review = if same == known { known } else { review };
        }
        self.waiting.push(review);
        Ok(())
    }

    fn tell_unknown(&mut self, verdicts: &BTreeMap<String, Verdict>, number: u64, console: &mut Console) -> Result<(), Failure> {
        for theme in verdicts.keys().filter(|theme| !self.themes.contains(&theme.as_str())) {
            if self.unknown.len() < 1_000 && self.unknown.insert(theme.clone()) {
                let guess = suggest::question(theme, self.themes.iter().copied());
                writeln!(
                    console.err,
                    "{}: line {number}: theme `{theme}` is not configured; {guess} What is said of it is kept",
                    self.name
                )?;
            }
        }
        Ok(())
    }

    fn flush(&mut self, store: &mut Direct) -> Result<(), Failure> {
        let changed = store.put_reviews(&self.waiting)?;
        self.count.new += changed;
        self.count.known += self.waiting.len() as u64 - changed;
        self.waiting.clear();
        Ok(())
    }

    fn tell(&mut self, number: u64, why: &str, console: &mut Console) -> Result<(), Failure> {
        self.count.told += 1;
        if self.count.told <= SHOWN {
            let why = why.replace(char::is_control, " ");
            writeln!(console.err, "{}: line {number}: {why}", self.name)?;
        }
        Ok(())
    }

    fn sum_up(&self, console: &mut Console) -> Result<Code, Failure> {
        let Count { new, known, bad, strangers, told } = self.count;
        if told > SHOWN {
            writeln!(console.err, "{}: {} more lines like these", self.name, told - SHOWN)?;
        }
        let lines = if bad == 1 { "bad line" } else { "bad lines" };
        let messages = if strangers == 1 { "message" } else { "messages" };
        writeln!(console.out, "{}: {new} taken over, {known} already known, {bad} {lines}, {strangers} {messages} not stored", self.name)?;
        Ok(match (bad, strangers) {
            (0, 0) => Code::Done,
            (0, _) => Code::Found,
            _ => Code::Data,
        })
    }
}

fn parse(bytes: &[u8], is_cut: bool, is_first: bool) -> Result<Line, String> {
    if is_cut {
        return Err(format!("the line is longer than {} MB; a line is one label", LONGEST_LINE >> 20));
    }
    // Editors of some systems put a mark before the first line.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").filter(|_| is_first).unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        let text = text.split(" at line ").next().unwrap_or(&text);
        format!(
            "{text} at column {}; a line is {{\"source\": ..., \"id\": ..., \"right\": [...], \"wrong\": [...], \"missing\": [...]}}",
            error.column()
        )
    })
}

/// Passes over the rest of a line that is too long to be kept.
fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_line_with_a_long_text_is_a_label_too() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Direct::open(&folder.path().join("u.db")).unwrap();
        let mut console = Console { config: PathBuf::new(), out: Box::new(Vec::new()), err: Box::new(Vec::new()), colours: false };
        let mut code = |length: usize| {
            let (name, now, count) = ("file".to_owned(), Clock::real().now(), Count::default());
            let import = Import { name, who: "anna", themes: vec![], now, waiting: vec![], count, unknown: BTreeSet::new() };
            let line = format!("{{\"source\":\"s\",\"id\":\"1\",\"right\":[],\"text\":\"{}\"}}\n", "x".repeat(length));
            import.run(line.as_bytes(), &mut store, &mut console).unwrap()
        };
        assert_eq!(code(2 << 20), Code::Found, "its message is not stored, and nothing else is amiss");
        assert_eq!(code(16 << 20), Code::Data, "too long");
    }
}
