//! `uproar quality`: the tags held against what people said of them.

use std::io::Write as _;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::names;
use crate::cli::open;
use crate::cli::times;
use crate::config::suggest;
use crate::engine::plan::Plan;
use crate::host::clock::Clock;
use crate::quality;

mod account;
mod basis;
mod json;

use self::basis::Basis;
use self::basis::Choice;

/// Show how good the themes are, by people's labels
///
/// Holds the tags that messages have now against what `uproar label` stored, so that a changed theme
/// shows its effect at once. Precision is the share of a theme's tags that are right, recall the share
/// of the messages about it that have the tag, each with the interval that holds the true value 95
/// times in 100.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  uproar quality\n  uproar quality --theme looping_bot --since 90d --json")]
pub struct Args {
    /// Only this theme
    #[arg(long, value_name = "THEME")]
    theme: Option<String>,
    /// Only the themes and sources of this watch
    #[arg(long, value_name = "NAME")]
    watch: Option<String>,
    /// Only messages from then on: a date, a time, or an age as in 90d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// The tags as they stood when they were labelled
    #[arg(long)]
    then: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load_without_secrets(console)?;
    let since = args.since.as_deref().map(|text| times::parse(text, config.time_zone, Clock::real().now())).transpose()?;
    let (store, plan) = open::store_and_plan(config)?;
    let watch = args.watch.as_deref().map(|name| names::watch(&plan, name)).transpose()?;
    let themes = themes(args, &plan)?;
    let choice = Choice { sources: watch.map(|watch| watch.sources.as_slice()), since, then: args.then };
    let basis = Basis::gather(&store, &plan, &choice)?;
    let found = quality::measure(&basis.labelled, &themes);
    if args.json {
        writeln!(console.out, "{}", json::object(&found, &basis))?;
    } else {
        account::print(&found, &basis, themes.len() == plan.config.themes.len(), console)?;
    }
    Ok(Code::Done)
}

/// The themes that were asked for, in the order of the configuration.
fn themes<'a>(args: &'a Args, plan: &'a Plan) -> Result<Vec<&'a str>, Failure> {
    let mut themes: Vec<&str> = plan.config.themes.iter().map(|theme| theme.name.as_str()).collect();
    if let Some(name) = &args.watch {
        let watch = names::watch(plan, name)?;
        themes.retain(|theme| watch.themes.iter().any(|wanted| wanted == theme));
    }
    let Some(theme) = &args.theme else { return Ok(themes) };
    if !themes.contains(&theme.as_str()) {
        return Err(Failure::new(Code::Usage, format!("there is no theme `{theme}` here; {}", suggest::question(theme, themes))));
    }
    Ok(vec![theme])
}
