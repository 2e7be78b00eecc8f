//! `uproar train`: models from what people said of messages, where they beat the rules.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::open;
use crate::cli::progress::Progress;
use crate::config::settings::Config;
use crate::config::suggest;
use crate::engine::cores::on_all;
use crate::host::clock::Clock;
use crate::store::sqlite::Direct;
use crate::tagging;
use crate::tagging::model::corpus::Corpus;
use crate::tagging::model::corpus::Labelled;
use crate::tagging::model::file::File;
use crate::tagging::model::train;
use crate::tagging::model::train::Outcome;

mod labels;
mod report;
mod written;

/// Train models from labelled messages
///
/// For each theme with enough labels a linear model is trained (weights of words, of pairs of words, of
/// the theme's rules and of other themes) and held against the rules on texts that it has not seen. Only
/// where it is better by more than chance is it written to the file, which a person can read; elsewhere
/// the rules stay. Nothing changes until the configuration names the file.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  uproar train --dry-run\n  uproar train --labels labels.jsonl --out models.json")]
pub struct Args {
    /// Train from this file in place of the labels in the database
    ///
    /// JSON lines with `text`, `labels` (the themes that the text has, all others it has not) and, where
    /// there is one, `title`; or as `uproar label --export --with-text` writes them. Of several lines with the
    /// same `source` and `id` the newest by `at` counts; lines with `stale` are left out.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Where to write models; `models.json` beside the configuration without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Only this theme; may be given many times. The file then holds no model of others
    #[arg(long = "theme", value_name = "THEME")]
    themes: Vec<String>,
    /// Train and compare, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_models(console)?;
    let themes = wanted(&args.themes, &config)?;
    let out = args.out.clone().unwrap_or_else(|| beside(&console.config, Path::new("models.json")));
    if !args.dry_run {
        written::may_be_written(&out)?;
    }
    let labelled = match &args.labels {
        Some(file) => labels::read(file, &config, console)?,
        None => stored(&config)?,
    };
    if labelled.is_empty() {
        let none = "nobody has labelled a message yet; `uproar label` asks for labels, `--labels FILE` reads them from a file";
        return Err(Failure::new(Code::Data, none));
    }
    let rules = tagging::compile(&config.themes).map_err(|_| Failure::new(Code::Bug, "rules that passed the check do not compile"))?;
    let mut progress = Progress::start();
    progress.tell(&mut console.err, "reading labels", 0, 1);
    let corpus = Corpus::new(&rules, labelled);
    let outcomes = trained(&corpus, &themes, &mut progress, console);
    let models: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.model.clone()).collect();
    let file = (!models.is_empty() && !args.dry_run).then(|| File::new(models, &config.themes, corpus.texts(), Clock::real().now()));
    if let Some(file) = &file {
        written::write(&out, &file.text())?;
    }
    let report =
        report::Report { corpus: &corpus, outcomes: &outcomes, file: file.is_some().then_some(out.as_path()), dry_run: args.dry_run };
    if args.json {
        writeln!(console.out, "{:#}", report.json())?;
    } else {
        write!(console.out, "{}", report.text())?;
        tell_what_is_next(&report, &out, &config, console)?;
    }
    Ok(Code::Done)
}

/// The themes that were asked for; all of them without `--theme`.
fn wanted(asked: &[String], config: &Config) -> Result<Vec<String>, Failure> {
    let known: Vec<&str> = config.themes.iter().map(|theme| theme.name.as_str()).collect();
    if let Some(stranger) = asked.iter().find(|theme| !known.contains(&theme.as_str())) {
        let guess = suggest::question(stranger, known);
        return Err(Failure::new(Code::Usage, format!("there is no theme `{stranger}`; {guess}")));
    }
    let all = known.into_iter().filter(|theme| asked.is_empty() || asked.iter().any(|asked| asked == theme));
    Ok(all.map(str::to_owned).collect())
}

/// What people said of stored messages.
fn stored(config: &Config) -> Result<Vec<Labelled>, Failure> {
    let store = Direct::open(&config.store.path).map_err(open::refused)?;
    let themes: Vec<&str> = config.themes.iter().map(|theme| theme.name.as_str()).collect();
    Ok(store.reader().reviewed()?.into_iter().map(|item| labels::of_review(item, &themes)).collect())
}

fn trained(corpus: &Corpus, themes: &[String], progress: &mut Progress, console: &mut Console) -> Vec<Outcome> {
    let mut done = 0;
    let outcomes = on_all(
        themes.len(),
        |at| train::train(&corpus.view(&themes[at])),
        |more| {
            done += more;
            progress.tell(&mut console.err, "training", done, themes.len() as u64);
        },
    );
    progress.end(&mut console.err);
    outcomes
}

/// The line for the configuration, or what is the case with the file that it names.
fn tell_what_is_next(report: &report::Report<'_>, out: &Path, config: &Config, console: &mut Console) -> Result<(), io::Error> {
    let named = config.models.file.as_ref().map(|file| beside(&console.config, file));
    let shown = out.display();
    let Some(file) = report.file else {
        if named.is_some_and(|named| named == *out) && !report.dry_run {
            writeln!(
                console.out,
                "\nNothing was written: {shown} holds what it held. Without the line in the configuration the rules decide alone."
            )?;
        }
        return Ok(());
    };
    writeln!(console.out, "\nwrote {shown}")?;
    if named.is_some_and(|named| named == *out) {
        return writeln!(
            console.out,
            "The configuration names it: a reload or a restart of the daemon takes it up, and tags stored messages again."
        );
    }
    let folder = console.config.parent().unwrap_or(Path::new(""));
    let short = file.strip_prefix(folder).map_or_else(|_| whole(file), Path::to_owned);
    let line = toml_text(&short.to_string_lossy());
    writeln!(console.out, "It is not used yet. To use it, add to the configuration:\n\n[tagging]\nmodels = {line}")
}

/// A path as the configuration means it.
fn beside(config: &Path, path: &Path) -> PathBuf {
    config.parent().unwrap_or(Path::new("")).join(path)
}

fn whole(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// In quotes; JSON's are TOML's.
fn toml_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
