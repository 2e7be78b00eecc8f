//! The configuration: TOML text in, plain settings out, or every mistake at once with its place.
//!
//! Pure: files are read and secrets fetched by the caller; [`settings`] has what the other modules
//! get, none of which sees TOML. Start reading at [`parse`]: each document becomes a
//! [`tree`], the trees are [`merge`]d, the tables of [`shape`] read the tree, [`check`] makes
//! settings of it. To add an option, add it to its table in `shape/` and carry it over in `check/`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::config::effective::Effective;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::secrets::Secrets;
use crate::config::settings::Config;
use crate::config::shape::top::Top;
use crate::config::tree::Place;
use crate::config::tree::Table;
use crate::domain::Timestamp;

pub mod check;
pub mod effective;
pub mod former;
pub mod kind;
pub mod literal;
pub mod manual;
pub mod mask;
pub mod merge;
#[cfg(test)]
mod mistakes;
mod models;
pub mod presets;
pub mod print;
pub mod problem;
pub mod reader;
pub mod sample;
pub mod schema;
pub mod secrets;
pub mod settings;
pub mod shape;
pub mod suggest;
pub mod syntax;
mod templates;
pub mod themes;
pub mod tree;
pub mod units;
#[cfg(test)]
mod whole;

/// More mistakes than anybody reads at once; who has more has named another file.
const MOST: usize = 1000;

/// One file of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What to call it in messages: its path.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What a configuration comes to.
#[derive(Debug)]
pub struct Loaded {
    /// The settings; nothing when there is an error.
    pub config: Option<Config>,
    /// Errors and warnings in order of their places.
    pub problems: Vec<Problem>,
    /// What every option is set to, and where.
    pub effective: Effective,
    /// First days after pinned references, with their places.
    references: Vec<(Place, NaiveDate)>,
    /// Cron lines, with their places.
    lines: Vec<check::lines::Written>,
    /// The file of models, with its place.
    models: Option<(Place, PathBuf)>,
    /// The files with templates, with their keys and places.
    templates: Vec<(&'static str, Place, PathBuf)>,
    /// Former names of sources, each with its place and the present name.
    former: Vec<(Place, former::Pair)>,
    /// Names of sources with their places.
    names: Vec<(Place, String)>,
    /// Paths that are not whole, with their keys and places.
    relative: Vec<check::paths::Relative>,
    /// Where the themes stand, in the order of those of `config`.
    origins: Vec<Option<check::themes::Origin>>,
}

impl Loaded {
    /// The themes' own examples that do not come out as they say.
    #[must_use]
    pub fn failed_examples(&self) -> Vec<Problem> {
        self.config.as_ref().map(|config| check::themes::examples(&config.themes, &self.origins)).unwrap_or_default()
    }

    /// The same with what is odd at this time: a reference that is not over has nothing to say yet, a
    /// cron line whose years have passed nothing any more.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        let references = std::mem::take(&mut self.references);
        for (at, until) in references.iter().filter(|(_, until)| *until > now.date_naive()) {
            let warning = Problem::warning(Code::Ahead, at.clone(), "the reference is not over yet")
                .label(format!("until {until} no slow rise is found"))
                .help("name months that have been, or take the line out: then the year before is the reference");
            self.tell(warning);
        }
        self.references = references;
        let past: Vec<Problem> = self.lines.iter().filter_map(|line| line.past(now)).collect();
        for warning in past {
            self.tell(warning);
        }
        self
    }

    /// The same with what is odd when the configuration lies in another folder than the program was
    /// started in: paths that are not whole begin there.
    #[must_use]
    pub fn started_elsewhere(mut self) -> Self {
        for path in std::mem::take(&mut self.relative) {
            self.tell(path.warning());
        }
        self
    }

    /// Adds a problem in order of places.
    fn tell(&mut self, problem: Problem) {
        let place = self.problems.partition_point(|known| (known.file, known.span.start) <= (problem.file, problem.span.start));
        self.problems.insert(place, problem);
    }
}

/// Reads documents, the first one first; later ones add to it and win over it.
#[must_use]
pub fn parse(documents: &[Document], secrets: &dyn Secrets) -> Loaded {
    let (table, later, mut problems) = merged(documents);
    let torn = problems.iter().any(|problem| problem.code == Code::Syntax);
    let mut reader = Reader::new(documents, secrets, torn);
    let mut top = Top::read_table(&table, &Place::default(), &mut reader);
    drop(table);
    for at in &later {
        let text = documents.get(at.file()).map_or("", |document| document.text.as_str());
        top.source.append(&mut reader.each(Top::DEFINITION, syntax::MANY.0, &syntax::tables(at, text)));
    }
    top.source.sort_by(|one, other| one.at.cmp(&other.at));
    // In a torn file, names may be missing that are there: only what was read is judged.
    let mut origins = Vec::new();
    let config = (!torn).then(|| {
        let (mut config, found) = check::settings(&top, &mut reader);
        origins = found;
        check::themes::compile(&config.themes, &origins, &mut reader);
        config.fingerprint = effective::fingerprint(&top, &config.themes);
        config
    });
    problems.append(&mut reader.problems);
    let config = config.filter(|_| !problems.iter().any(Problem::is_error));
    let problems = tidy(problems, &reader.hidden, documents);
    let periods = top.watch.iter().filter_map(|watch| watch.reference.as_ref());
    let references = periods.map(|period| (period.at.clone().unwrap_or_default(), period.value.until)).collect();
    let models = top.tagging.models.as_ref().map(|models| (models.at.clone().unwrap_or_default(), models.value.0.clone()));
    let templates = check::templates::files(&top);
    let (former, names) = (check::sources::former(&top), check::sources::named(&top));
    let lines = check::lines::lines(&top);
    let relative = check::paths::relative(&top);
    Loaded { config, problems, effective: Effective::of(top), references, lines, models, templates, former, names, relative, origins }
}

/// All documents in one table, and the places of what is read after it.
fn merged(documents: &[Document]) -> (Table, Vec<Place>, Vec<Problem>) {
    let (mut table, mut later, mut problems) = (Table::default(), Vec::new(), Vec::new());
    for (file, document) in documents.iter().enumerate() {
        let mut read = syntax::read(file, &document.text);
        problems.append(&mut read.problems);
        later.append(&mut read.later);
        merge::merge(&mut table, read.table, &mut problems);
    }
    (table, later, problems)
}

/// In order of places, each once, not too many, and with what they may not show.
fn tidy(mut problems: Vec<Problem>, hidden: &[Place], documents: &[Document]) -> Vec<Problem> {
    problems.sort_by_key(|problem| (problem.file, problem.span.start, problem.severity, problem.code));
    problems.dedup();
    if problems.len() > MOST {
        let more = format!("there are {} mistakes; the first {MOST} are told", problems.len());
        problems.truncate(MOST);
        problems.push(Problem::error(Code::More, Place::default(), more).help("is this the right file?"));
    }
    let line = |problem: &Problem| {
        let text = documents.get(problem.file).map_or("", |document| document.text.as_str());
        (problem.file, print::line_of(text, problem.span.start))
    };
    // What the parser made of a broken line is no mistake of its own.
    let torn: BTreeSet<(usize, usize)> = problems.iter().filter(|problem| problem.code == Code::Syntax).map(line).collect();
    problems.retain(|problem| problem.code == Code::Syntax || problem.code == Code::More || !torn.contains(&line(problem)));
    let mut hidden: Vec<Place> = hidden.to_vec();
    for file in problems.iter().flat_map(Problem::files).collect::<BTreeSet<usize>>() {
        let text = documents.get(file).map_or("", |document| document.text.as_str());
        hidden.extend(mask::plain(text).into_iter().map(|span| Place::new(file, span)));
    }
    for file in torn.iter().map(|(file, _)| *file).collect::<BTreeSet<usize>>() {
        let text = documents.get(file).map_or("", |document| document.text.as_str());
        hidden.extend(mask::suspicious(text).into_iter().map(|span| Place::new(file, span)));
    }
    let hidden: Arc<[Place]> = hidden.into();
    for problem in &mut problems {
        problem.hidden = Arc::clone(&hidden);
    }
    problems
}
