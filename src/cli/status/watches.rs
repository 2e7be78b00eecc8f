//! What each watch counts now against what is usual, which have no data, and the last 28 days.

use std::io::Write as _;

use chrono::TimeDelta;
use serde_json::Value;
use serde_json::json;

use crate::cli::Console;
use crate::cli::exit::Failure;
use crate::cli::status::sources;
use crate::cli::status::sources::Sources;
use crate::cli::table::Table;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Call;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::Numbers;
use crate::domain::incident::SeriesKey;
use crate::engine::facts;
use crate::engine::judge;
use crate::engine::labels::Calibrations;
use crate::engine::plan::Plan;
use crate::engine::retag;
use crate::render::wording;
use crate::store::sqlite::reports::Reader;

/// All watches.
#[derive(Default)]
pub(super) struct Watches {
    now: Vec<Now>,
    each: Vec<Each>,
    slow: Vec<Slow>,
}

/// What a watch counts now.
pub(super) struct Now {
    watch: String,
    theme: String,
    count: f64,
    usual: f64,
    score: f64,
    limit: f64,
}

/// A watch that tells its messages one by one.
pub(super) struct Each {
    watch: String,
    themes: String,
    /// Messages told in the last day.
    told: usize,
}

/// How far the last 28 days of a theme are from the reference.
pub(super) struct Slow {
    watch: String,
    theme: String,
    reference: String,
    numbers: Numbers,
    loud: bool,
}

impl Slow {
    /// Complaints beside those that the reference expects.
    fn times(&self) -> Option<f64> {
        let known = self.numbers.expected > 0.0 && self.numbers.total > 0.0;
        known.then(|| self.numbers.count / self.numbers.expected)
    }

    /// `bots: looping_bot: usual 4.1 % of messages, 2.3 times the reference Jan-Mar 2026`
    fn line(&self) -> String {
        let Self { watch, theme, reference, numbers, .. } = self;
        let Some(times) = self.times() else {
            return format!("{watch}: {theme}: nothing to compare yet ({})", numbers.held_by);
        };
        let mark = if self.loud { "; a slow rise" } else { "" };
        let reference = if reference.starts_with(|letter: char| letter.is_lowercase()) {
            reference.clone()
        } else {
            format!("the reference {reference}")
        };
        let share = wording::share(numbers.count / numbers.total);
        format!("{watch}: {theme}: usual {share} of messages, {} times {reference}{mark}", wording::amount(times))
    }
}

impl Watches {
    /// The present of each theme in all messages, judged as the daemon does.
    pub(super) fn read(plan: &Plan, reader: &Reader<'_>, incidents: &[Incident], now: Timestamp) -> Result<Self, Failure> {
        let each = plan.config.watches.iter().filter(|watch| watch.each.is_some()).map(|watch| {
            let told = |incident: &&Incident| {
                incident.key.kind == Kind::Message && incident.key.watch == watch.name && now - incident.opened_at < TimeDelta::hours(24)
            };
            Each { watch: watch.name.clone(), themes: watch.themes.join(", "), told: incidents.iter().filter(told).count() }
        });
        let each = each.collect();
        let Some(first) = reader.first_quarter()? else { return Ok(Self { each, ..Self::default() }) };
        let counters = reader.counters(first..Quarter(Quarter::of(now).0 + 1))?;
        // The newest of a series comes last.
        let newest: Vec<&Incident> = incidents.iter().rev().collect();
        let calibrations = Calibrations::of(&plan.config.watches, &reader.labels()?, now);
        let (mut rows, mut slow) = (Vec::new(), Vec::new());
        let ruleset = reader.ruleset()?.unwrap_or_default();
        for watch in plan.config.watches.iter().filter(|watch| !retag::waits(watch, &ruleset)) {
            let calibration = calibrations.watch(&watch.name);
            for present in judge::present(plan, watch, calibration, &counters, first, now) {
                let numbers = &present.verdict.numbers;
                let (count, usual) = numbers.mean.map_or((numbers.count, numbers.expected), |mean| (mean.value, mean.usual));
                rows.push(Now {
                    watch: watch.name.clone(),
                    theme: present.key.theme.clone(),
                    count,
                    usual,
                    score: present.verdict.numbers.score,
                    limit: present.verdict.numbers.limit,
                });
            }
            let reference = facts::reference(watch);
            let accepted =
                |key: &SeriesKey| newest.iter().find(|incident| incident.key == *key).and_then(|incident| judge::accepted(incident));
            for present in judge::slow(plan, watch, &counters, &accepted, first, now) {
                let loud = matches!(present.verdict.call, Call::Firing(_));
                slow.push(Slow {
                    watch: watch.name.clone(),
                    theme: present.key.theme,
                    reference: reference.clone(),
                    numbers: present.verdict.numbers,
                    loud,
                });
            }
        }
        Ok(Self { now: rows, each, slow })
    }

    /// The tables.
    pub(super) fn print(&self, plan: &Plan, of: &Sources, console: &mut Console) -> Result<(), Failure> {
        let blind = |watch: &str| plan.watch(watch).map(|watch| of.blind_of(&watch.sources)).unwrap_or_default();
        let any = plan.config.watches.iter().any(|watch| !of.blind_of(&watch.sources).is_empty());
        let mut heading = vec!["WATCH", "THEME", "NOW", "USUAL", "SCORE", "LIMIT"];
        heading.extend(any.then_some("NO DATA FROM"));
        let mut table = Table::new(&heading);
        let mut row = |watch: &str, theme: &str, mut cells: Vec<String>| {
            cells.splice(0..0, [watch.to_owned(), theme.to_owned()]);
            cells.extend(any.then(|| sources::names(&blind(watch))));
            table.row(&cells);
        };
        let number = |value: f64| format!("{value:.1}");
        for Now { watch, theme, count, usual, score, limit } in &self.now {
            let count = format!("{}", (count * 100.0).round() / 100.0);
            row(watch, theme, vec![count, number(*usual), number(*score), number(*limit)]);
        }
        for Each { watch, themes, told } in &self.each {
            row(watch, themes, vec![format!("{told} told today"), "each is told".to_owned(), "-".to_owned(), "-".to_owned()]);
        }
        writeln!(console.out, "{table}")?;
        if !self.slow.is_empty() {
            writeln!(console.out, "LAST 28 DAYS")?;
            for slow in &self.slow {
                writeln!(console.out, "{}", slow.line())?;
            }
            writeln!(console.out)?;
        }
        Ok(())
    }

    /// For machines.
    pub(super) fn json(&self, plan: &Plan, of: &Sources) -> Vec<Value> {
        let blind = |watch: &str| plan.watch(watch).map(|watch| of.blind_of(&watch.sources)).unwrap_or_default();
        let now = self.now.iter().map(|now| {
            json!({
                "watch": now.watch, "theme": now.theme, "count": now.count, "usual": now.usual, "score": now.score, "limit": now.limit,
                "no_data": blind(&now.watch),
            })
        });
        let each = self.each.iter().map(|each| {
            json!({ "watch": each.watch, "theme": each.themes, "each": true, "told_in_24_h": each.told, "no_data": blind(&each.watch) })
        });
        now.chain(each).collect()
    }

    /// The last 28 days for machines.
    pub(super) fn slow_json(&self) -> Vec<Value> {
        let of = |slow: &Slow| {
            json!({
                "watch": slow.watch, "theme": slow.theme, "reference": slow.reference, "count": slow.numbers.count,
                "expected": slow.numbers.expected, "total": slow.numbers.total, "times": slow.times(), "score": slow.numbers.score,
                "limit": slow.numbers.limit, "loud": slow.loud, "held_by": slow.numbers.held_by,
            })
        };
        self.slow.iter().map(of).collect()
    }
}
