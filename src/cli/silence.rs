//! `uproar silence`: planned quiet, with an end and a reason.

use std::io::Write as _;

use chrono::TimeDelta;
use chrono_tz::Tz;
use serde_json::json;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::names;
use crate::cli::open;
use crate::cli::table::Table;
use crate::cli::times;
use crate::config::kind::choice::Words;
use crate::domain::Timestamp;
use crate::domain::incident::Kind;
use crate::domain::incident::Level;
use crate::domain::matcher::Matcher;
use crate::domain::matcher::Silence;
use crate::engine::plan::Plan;
use crate::host::clock::Clock;
use crate::text::excerpt::one_line;

/// A longer silence is a watch that nobody wants.
const LONGEST: TimeDelta = TimeDelta::days(30);
/// Longest reason, in characters.
const LONGEST_COMMENT: usize = 200;

/// Hold back notices for a while
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  uproar silence add --watch evenings --for 2h --comment \"new lamps\"")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Hold back notices until a time
    ///
    /// Incidents go on as ever, and whoever was told that one opened is still told when it is over.
    /// What still stands when the silence ends is told then. In names `*` and `?` stand for anything
    /// and for one letter; all conditions must hold.
    #[command(
        after_help = "Examples:\n  uproar silence add --watch evenings --for 2h --comment \"new lamps\"\n  uproar silence add --theme 'refund*' --segment country=se --until 2026-11-30 --comment sale"
    )]
    Add(Box<New>),
    /// Show the silences that are not over
    #[command(after_help = "Example:\n  uproar silence list --all --json")]
    List {
        /// Also those that are over
        #[arg(long)]
        all: bool,
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
    /// End a silence early, by its number
    #[command(after_help = "Example:\n  uproar silence end 3")]
    End {
        /// Its number
        id: i64,
    },
}

/// A silence to be made.
#[derive(Debug, clap::Args)]
struct New {
    /// Notices of this watch
    #[arg(long, value_name = "NAME")]
    watch: Vec<String>,
    /// About this theme or measure
    #[arg(long, value_name = "NAME")]
    theme: Vec<String>,
    /// About this part of the messages: all, country=se
    #[arg(long, value_name = "PART")]
    segment: Option<String>,
    /// Of watches that count this source
    #[arg(long, value_name = "NAME")]
    source: Vec<String>,
    /// Of this kind: spike, slow_rise, drop, no_data, message
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Only up to this level: what is louder is told nevertheless
    #[arg(long, value_name = "LEVEL")]
    level: Option<String>,
    /// For how long: 30m, 2h, 3d; at most 30d
    #[arg(long = "for", value_name = "TIME", required_unless_present = "until", conflicts_with = "until")]
    length: Option<String>,
    /// Until when, with a zone or in `time_zone`
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// From when; now without it
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Why, in a few words
    #[arg(long, value_name = "TEXT")]
    comment: String,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let (zone, now) = (config.time_zone, Clock::real().now());
    let (mut store, plan) = open::store_and_plan(config)?;
    match &args.what {
        What::Add(new) => {
            let mut silence = silence(new, &plan, now)?;
            silence.id = store.add_silence(&silence, now)?;
            let (from, until) = (times::local(silence.from, zone), times::local(silence.until, zone));
            writeln!(console.out, "silence {}: {}\nfrom {from} until {until}", silence.id, described(&silence.matcher))?;
        }
        What::List { all, json } => {
            let silences = store.reader().silences((!all).then_some(now))?;
            list(&silences, *json, zone, now, console)?;
        }
        What::End { id } => {
            if !store.end_silence(*id, &names::who(), now)? {
                let why = match store.reader().silence(*id)? {
                    Some(silence) => format!("silence {id} is over since {}", times::local(silence.end(), zone)),
                    None => format!("there is no silence {id}; `uproar silence list` shows them"),
                };
                return Err(Failure::new(Code::Usage, why));
            }
            writeln!(console.out, "silence {id} is over; what still stands is told with the daemon's next look")?;
        }
    }
    Ok(Code::Done)
}

fn silence(new: &New, plan: &Plan, now: Timestamp) -> Result<Silence, Failure> {
    let usage = |why: String| Failure::new(Code::Usage, why);
    let zone = plan.config.time_zone;
    let matcher = matcher(new, plan)?;
    if matcher == (Matcher { level: matcher.level, ..Matcher::default() }) {
        let what = "say what to hold back: --watch, --theme, --segment, --source or --kind; `--watch '*'` is everything";
        return Err(usage(what.to_owned()));
    }
    let from = new.from.as_deref().map(|text| times::parse(text, zone, now)).transpose()?.unwrap_or(now);
    let until = match (&new.until, &new.length) {
        (Some(until), _) => times::parse(until, zone, now)?,
        (None, length) => {
            let text = length.as_deref().unwrap_or_default();
            from + times::duration(text).ok_or_else(|| usage(format!("`{text}` is no length; write 30m, 2h or 3d")))?
        }
    };
    if until <= now || until <= from {
        return Err(usage(format!("the silence would be over at {}; let it end later, as in --for 2h", times::local(until, zone))));
    }
    if until - from > LONGEST {
        return Err(usage("a silence lasts 30d at most; whoever wants more takes the watch out, or names nobody in `notify`".to_owned()));
    }
    let comment = one_line(&new.comment);
    if comment.is_empty() || comment.chars().count() > LONGEST_COMMENT {
        return Err(usage(format!("--comment has 1 to {LONGEST_COMMENT} characters: others will want to know why it is quiet")));
    }
    Ok(Silence { id: 0, matcher, from, until, who: names::who(), comment, ended: None })
}

fn matcher(new: &New, plan: &Plan) -> Result<Matcher, Failure> {
    if let Some(segment) = &new.segment {
        names::segment_pattern(segment)?;
    }
    names::watches(plan, &new.watch)?;
    names::themes(plan, &new.theme)?;
    names::sources(plan, &new.source)?;
    Ok(Matcher {
        level: new.level.as_deref().map(|word| names::word::<Level>("level", word)).transpose()?,
        watches: new.watch.clone(),
        themes: new.theme.clone(),
        segment: new.segment.clone(),
        sources: new.source.clone(),
        kinds: new.kind.iter().map(|word| names::word::<Kind>("kind", word)).collect::<Result<_, _>>()?,
        ..Matcher::default()
    })
}

/// `watch evenings, theme refund* or late, up to high`
pub(super) fn described(matcher: &Matcher) -> String {
    let mut parts = Vec::new();
    for (what, names) in [("watch", &matcher.watches), ("theme", &matcher.themes), ("source", &matcher.sources)] {
        if !names.is_empty() {
            parts.push(format!("{what} {}", names.join(" or ")));
        }
    }
    parts.extend(matcher.segment.as_ref().map(|segment| format!("segment {segment}")));
    parts.extend(matcher.labels.iter().map(|(key, value)| format!("{key} {value}")));
    if !matcher.kinds.is_empty() {
        let kinds = matcher.kinds.iter().map(|kind| Kind::WORDS.iter().find(|(_, known)| known == kind).map_or("", |(word, _)| word));
        parts.push(format!("kind {}", kinds.collect::<Vec<_>>().join(" or ")));
    }
    parts.extend(matcher.level.map(|level| format!("up to {level}")));
    parts.join(", ")
}

fn list(silences: &[Silence], as_json: bool, zone: Tz, now: Timestamp, console: &mut Console) -> Result<(), Failure> {
    if as_json {
        let rows: Vec<_> = silences.iter().map(row).collect();
        writeln!(console.out, "{}", serde_json::Value::Array(rows))?;
        return Ok(());
    }
    if silences.is_empty() {
        writeln!(console.out, "there is no silence; `uproar silence add` makes one")?;
        return Ok(());
    }
    let mut table = Table::new(&["ID", "STATE", "FROM", "UNTIL", "BY", "WHAT", "WHY"]);
    for silence in silences {
        let state = match (silence.holds(now), silence.from > now && silence.ended.is_none()) {
            (true, _) => "holds",
            (false, true) => "ahead",
            (false, false) => "over",
        };
        table.row(&[
            silence.id.to_string(),
            state.to_owned(),
            times::local(silence.from, zone),
            times::local(silence.end(), zone),
            silence.who.clone(),
            described(&silence.matcher),
            silence.comment.clone(),
        ]);
    }
    write!(console.out, "{table}")?;
    Ok(())
}

fn row(silence: &Silence) -> serde_json::Value {
    json!({
        "id": silence.id,
        "from": times::stamp(silence.from),
        "until": times::stamp(silence.until),
        "by": silence.who,
        "comment": silence.comment,
        "what": described(&silence.matcher),
        "ended_at": silence.ended.as_ref().map(|(at, _)| times::stamp(*at)),
        "ended_by": silence.ended.as_ref().map(|(_, who)| who),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_silence_is_about_is_said_in_words() {
        let matcher = Matcher {
            watches: vec!["evenings".to_owned()],
            themes: vec!["refund*".to_owned(), "late".to_owned()],
            segment: Some("country=se".to_owned()),
            level: Some(Level::High),
            kinds: vec![Kind::Spike, Kind::NoData],
            ..Matcher::default()
        };
        let said = "watch evenings, theme refund* or late, segment country=se, kind spike or no_data, up to high";
        assert_eq!(described(&matcher), said);
    }
}
