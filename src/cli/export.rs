//! `uproar export`: stored messages as JSON lines or CSV, redacted.

use std::io::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::open;
use crate::cli::times;
use crate::config::settings::Config;
use crate::domain::Timestamp;
use crate::host::clock::Clock;
use crate::store::sqlite::Direct;
use crate::store::sqlite::reports::Choice;
use crate::store::sqlite::reports::StoredItem;
use crate::text::redact::redact;

/// Print stored messages with their themes
///
/// E-mail addresses, phone, card and order numbers are redacted; --raw leaves them in.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  uproar export --since 7d --theme looping_bot --format csv > loops.csv")]
pub struct Args {
    /// Only messages from then on: a date, a time, or an age as in 7d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only messages of this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only messages with this theme
    #[arg(long, value_name = "THEME")]
    theme: Option<String>,
    /// Only messages with all of these words
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
    /// Form of the output
    #[arg(long, value_enum, default_value = "jsonl")]
    format: Format,
    /// Do not redact
    #[arg(long)]
    raw: bool,
}

/// Form of the output.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// One JSON object a line
    Jsonl,
    /// A table with a header
    Csv,
}

const COLUMNS: [&str; 14] = [
    "id",
    "source",
    "external_id",
    "url",
    "published",
    "first_seen",
    "updated",
    "rating",
    "rating_max",
    "title",
    "text",
    "lang",
    "labels",
    "fields",
];

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let now = Clock::real().now();
    let since = args.since.as_deref().map(|text| times::parse(text, config.time_zone, now)).transpose()?;
    let store = Direct::open(&config.store.path).map_err(open::refused)?;
    let choice = Choice { since, source: args.source.clone(), theme: args.theme.clone(), words: args.search.clone(), ..Choice::default() };
    let clean = |text: &str| if args.raw { text.to_owned() } else { redact(text) };
    let mut printed = 0_u64;
    match args.format {
        Format::Jsonl => store.reader().export(&choice, |item| {
            printed += 1;
            writeln!(console.out, "{}", row(&item, &clean))?;
            Ok::<_, Failure>(())
        })?,
        Format::Csv => {
            let mut table = csv::Writer::from_writer(&mut console.out);
            table.write_record(COLUMNS).map_err(broken)?;
            store.reader().export(&choice, |item| {
                printed += 1;
                let row = row(&item, &clean);
                table.write_record(COLUMNS.map(|column| cell(&row[column]))).map_err(broken)
            })?;
            table.flush()?;
        }
    }
    if printed == 0 { stranger(args, &config).map_or(Ok(Code::Done), Err) } else { Ok(Code::Done) }
}

/// Why nothing was found, where a name that the configuration does not have is the reason. Messages
/// of a source that is configured no more are still there, so this is asked only of an empty answer.
fn stranger(args: &Args, config: &Config) -> Option<Failure> {
    let unknown = |kind: &str, name: &Option<String>, known: Vec<&str>| {
        let name = name.as_deref().filter(|name| !known.contains(name))?;
        Some(Failure::new(Code::Usage, format!("there is no {kind} `{name}`; the configuration has {}", known.join(", "))))
    };
    let sources = config.sources.iter().map(|source| source.name.as_str()).collect();
    let themes = config.themes.iter().map(|theme| theme.name.as_str()).collect();
    unknown("source", &args.source, sources).or_else(|| unknown("theme", &args.theme, themes))
}

/// An item as every tool may read it. The author's hash stays in the store.
fn row(item: &StoredItem, clean: &impl Fn(&str) -> String) -> Value {
    let time = |at: Option<Timestamp>| at.map(times::stamp);
    let fields: serde_json::Map<String, Value> = item.fields.iter().map(|(key, value)| (key.clone(), json!(clean(value)))).collect();
    json!({
        "id": item.id,
        "source": item.source,
        "external_id": item.external_id,
        "url": item.url,
        "published": time(item.published),
        "first_seen": times::stamp(item.first_seen),
        "updated": time(item.updated),
        "rating": item.rating.map(|(value, _)| value),
        "rating_max": item.rating.map(|(_, max)| max),
        "title": clean(&item.title),
        "text": clean(&item.text),
        "lang": item.lang,
        "labels": item.labels,
        "fields": fields,
    })
}

/// A cell that a spreadsheet takes for text, whatever a customer wrote.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    if matches!(value, Value::String(_)) && text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

fn broken(error: csv::Error) -> Failure {
    Failure::from(std::io::Error::other(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_becomes_text() {
        assert_eq!(cell(&json!("=HYPERLINK(1)")), "'=HYPERLINK(1)");
        assert_eq!(cell(&json!(-1.0)), "-1.0");
        assert_eq!(cell(&json!(["a", "b"])), "a b");
    }
}
