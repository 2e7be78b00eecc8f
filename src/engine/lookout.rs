//! Judges every live series by the clock, and turns verdicts into incidents and notices.
//!
//! Woken by a nudge or its timer, it reads what changed, takes each series through the buckets
//! that closed, looks at the open one, and writes everything that follows in one transaction. A
//! change in a bucket that was judged before is replayed from the snapshot before it; only what
//! arrived as news may alert.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use chrono::TimeDelta;

use crate::calendar::bucket::Width;
use crate::config::settings::Watch;
use crate::counting::series::Grid;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::State;
use crate::domain::incident::Verdict;
use crate::domain::matcher::Silence;
use crate::domain::notice::Ending;
use crate::domain::ports::Counters;
use crate::domain::ports::Incidents;
use crate::domain::ports::Ingest;
use crate::domain::ports::Judged;
use crate::domain::ports::StoreError;
use crate::domain::ports::Touched;
use crate::domain::remark::Calibration;
use crate::domain::ruleset::Ruleset;
use crate::engine::complete::complete_to;
use crate::engine::hearing::hear;
use crate::engine::hearing::known_from;
use crate::engine::hearing::one_notice;
use crate::engine::hearing::waits_from;
use crate::engine::judge;
use crate::engine::judge::Judge;
use crate::engine::judge::Series;
use crate::engine::judge::series_of;
use crate::engine::judge::sources_of;
use crate::engine::labels::Calibrations;
use crate::engine::lookout::memory::Known;
use crate::engine::lookout::memory::is_outdated;
use crate::engine::lookout::standings::Counted;
use crate::engine::lookout::standings::Standing;
use crate::engine::lookout::standings::Standings;
use crate::engine::plan::Plan;
use crate::engine::release::release;
use crate::engine::retag;
use crate::engine::silence_of_source::Ailing;
use crate::host::beats::Beats;
use crate::host::beats::Loop;
use crate::host::clock::Clock;
use crate::incident::route::delays;
use crate::incident::step::Policy;
use crate::incident::step::Step;
use crate::incident::storm::whole_of;
use crate::web::board;
use crate::web::board::Board;

mod memory;
mod passing;
mod standings;
mod telling;

pub use crate::engine::lookout::memory::stamp;
pub use crate::engine::lookout::memory::state_name;

/// Judges.
pub struct Lookout<S> {
    store: S,
    plan: Arc<Plan>,
    clock: Clock,
    board: Board,
    beats: Beats,
    known: HashMap<SeriesKey, Known>,
    /// Something is pending, and the next look decides.
    in_doubt: bool,
    /// Quiet that people asked for, as it was at the last look.
    silences: Vec<Silence>,
    /// The sources of each watch, in their order.
    counted: Vec<Counted>,
    /// Where the streams stood when they were last read.
    standings: Standings,
}

/// One look at one watch.
struct Look<'a> {
    watch: &'a Watch,
    judge: Judge,
    /// What people's labels make of its budget.
    calibration: Calibration,
    series: Vec<Series>,
    /// Up to this moment everything was read.
    complete: Timestamp,
    /// First changed moment among the watch's sources.
    changed: Option<Timestamp>,
    /// First moment in which news arrived.
    news: Option<Timestamp>,
    fresh: (u32, u32),
    /// Stands for everything but rules that the learnt states of the watch depend on: with other
    /// sources, buckets or days they are learnt anew from the beginning.
    stamp: String,
}

impl Look<'_> {
    /// Buckets of a kind that begin before this moment are complete.
    fn closed(&self, kind: Kind) -> Timestamp {
        self.judge.buckets_of(kind).start(self.complete)
    }

    /// The name under which the store keeps what a series remembers.
    fn state_name(&self, key: &SeriesKey) -> String {
        state_name(key, &self.stamp)
    }
}

impl<S: Ingest + Incidents> Lookout<S> {
    /// A lookout over a plan's watches.
    pub fn new(store: S, plan: Arc<Plan>, clock: Clock, board: Board, beats: Beats) -> Self {
        board.add(board::UNCONFIRMED, &[], 0.0);
        let counted = plan.config.watches.iter().map(|watch| Counted::of(watch, &plan)).collect();
        let standings = Standings::default();
        Self { store, plan, clock, board, beats, known: HashMap::new(), silences: Vec::new(), in_doubt: false, counted, standings }
    }

    /// Whether something is pending that another look would decide.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// Judges everything once. Returns how many notices were put into the outbox.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; nothing was written then and the next look does it again.
    #[allow(clippy::disallowed_methods, reason = "it measures work in real time, also while the daemon's clock runs faster")]
    pub async fn look(&mut self) -> Result<usize, StoreError> {
        let (now, began) = (self.clock.now(), Instant::now());
        // First what waited: from then on somebody may answer, and only then somebody is late.
        let outcome = match release(&self.store, &self.plan.config, Clock::real().now(), now).await {
            Ok(released) => self.look_at(now).await.map(|notices| notices + released),
            failed => failed,
        };
        self.board.set(board::EVALUATION_SECONDS, &[], began.elapsed().as_secs_f64());
        if outcome.is_err() {
            // What is remembered may be ahead of what was written.
            self.known.clear();
        }
        outcome
    }

    pub(super) async fn look_at(&mut self, now: Timestamp) -> Result<usize, StoreError> {
        let plan = Arc::clone(&self.plan);
        self.silences = self.store.silences(Clock::real().now()).await?;
        // Read first: what ends in the meantime is taken for unfinished, and never the other way round.
        let ruleset = self.store.ruleset().await?.unwrap_or_default();
        self.known.retain(|key, known| !is_outdated(key, known, &ruleset));
        let touched = self.store.touched().await?;
        // Where there are very many, they are not read anew at every look: a bucket is complete a
        // little later then, and a silence noticed.
        let ailing = if self.standings.are_old() { Some(self.read_streams(now).await?) } else { None };
        let Some(first) = self.store.first_quarter().await? else { return self.look_at_sources(ailing.as_deref(), &ruleset, now).await };
        let names = self.store.counters(Quarter(0)..Quarter(0)).await?;
        let calibrations = Calibrations::of(&plan.config.watches, &self.store.labels().await?, now);
        let mut looks: Vec<Look<'_>> = Vec::new();
        for (watch, counted) in plan.config.watches.iter().zip(&self.counted).filter(|(watch, _)| !retag::waits(watch, &ruleset)) {
            let calibration = calibrations.watch(&watch.name);
            looks.extend(look(&plan, watch, calibration, &names, counted, &self.standings, &touched, now));
        }
        self.recall(&looks, first, now).await?;
        let from = looks.iter().flat_map(|look| look.series.iter().map(|series| self.known[&series.key].as_of)).min();
        // Where nothing is judged, as where every watch tells single messages, time passes all the same.
        let counters = match from {
            Some(from) => &self.store.counters(Quarter::of(from)..Quarter(Quarter::of(now).0 + 1)).await?,
            None => &names,
        };
        if self.store.ruleset().await?.is_some_and(|later| later.moving != ruleset.moving) {
            // Something began to move, or ended, between the readings: the next look has it whole.
            self.standings.next = None;
            return Ok(0);
        }
        let mut newest = self.newest(now).await?;
        let mut judged = Judged { done: seen_by_all(&plan, &looks, &self.counted, touched), ..Judged::default() };
        let mut told = BTreeSet::new();
        self.board.clear(board::COUNT);
        self.board.clear(board::EXPECTED);
        self.board.clear(board::SCORE);
        for look in &looks {
            let grid = Grid::of(counters, &sources_of(look.watch, counters));
            for series in &look.series {
                self.beats.beat(Loop::Judge);
                let accepted = newest.get(&series.key).and_then(judge::accepted);
                let series = &Series { accepted, ..series.clone() };
                let verdicts = self.advance(look, series, &grid, now, &mut judged);
                let before = newest.get(&series.key).cloned();
                let (steps, ending) = steps(&plan, &series.key, &mut newest, &verdicts, look, now);
                let mut known = None;
                for step in steps {
                    let mut change = self.change(look, before.as_ref(), step, now).await?;
                    known = known_from(&change.rows, now, Clock::real().now()).or(known);
                    if let Some(known) = known {
                        waits_from(before.as_ref(), &mut change.incident, known);
                    }
                    newest.insert(series.key.clone(), change.incident.clone());
                    for row in &mut change.rows {
                        row.facts.over.clone_from(&ending);
                    }
                    told.extend((!change.rows.is_empty()).then(|| series.key.clone()));
                    judged.changes.push(change);
                }
            }
        }
        judged.changes.extend(self.rest(&looks, &mut newest, &told, &ruleset, now).await?);
        if let Some(ailing) = &ailing {
            judged.changes.extend(self.listen(ailing, &mut newest, now).await?);
        }
        let notices = judged.changes.iter().map(|change| change.rows.len()).sum();
        let stillborn = judged.changes.iter().filter(|change| change.incident.stillborn).count();
        self.in_doubt = newest.values().any(|incident| incident.state == State::Pending);
        if judged != Judged::default() {
            judged.moved = ruleset.moved;
            self.store.apply(judged).await?;
        }
        self.board.add(board::UNCONFIRMED, &[], stillborn as f64);
        self.board.add(board::EVALUATIONS, &[], 1.0);
        Ok(notices)
    }

    /// Before the first message there is nothing to judge, and sources may be out of order all the same.
    async fn look_at_sources(&self, ailing: Option<&[Ailing]>, ruleset: &Ruleset, now: Timestamp) -> Result<usize, StoreError> {
        let mut newest = self.newest(now).await?;
        let mut changes = self.rest(&[], &mut newest, &BTreeSet::new(), ruleset, now).await?;
        if let Some(ailing) = ailing {
            changes.extend(self.listen(ailing, &mut newest, now).await?);
        }
        let notices = changes.iter().map(|change| change.rows.len()).sum();
        if !changes.is_empty() {
            self.store.apply(Judged { changes, moved: ruleset.moved.clone(), ..Judged::default() }).await?;
        }
        Ok(notices)
    }

    /// The newest incident of each series.
    async fn newest(&self, now: Timestamp) -> Result<BTreeMap<SeriesKey, Incident>, StoreError> {
        let found = self.store.newest().await?;
        Ok(found.into_iter().map(|incident| (incident.key.clone(), in_the_present(incident, now))).collect())
    }
}

/// Feeds verdicts to the incident of a series, in order. People hear of one step at most; how it
/// ended goes with it where they have not heard that it began.
fn steps(
    plan: &Plan,
    key: &SeriesKey,
    newest: &mut BTreeMap<SeriesKey, Incident>,
    verdicts: &[Verdict],
    look: &Look<'_>,
    now: Timestamp,
) -> (Vec<Step>, Option<Ending>) {
    let before = newest.get(key).cloned();
    let mut steps: Vec<Step> = Vec::new();
    let mut spoken = None;
    for verdict in verdicts {
        let whole = whole_of(key).and_then(|whole| newest.get(&whole));
        let Some(mut step) = hear(&plan.instance, key, newest.get(key), whole, verdict, policy(look.watch, plan), now) else { continue };
        if step.event.is_some() {
            // One look, one notice: the first names the thread, whatever is told in the end.
            step.incident.revision = *spoken.get_or_insert(step.incident.revision);
        }
        newest.insert(key.clone(), step.incident.clone());
        steps.push(step);
    }
    let ending = one_notice(before.as_ref(), &mut steps);
    (steps, ending)
}

/// How patient the incidents of a watch are. Days are long: two calm ones are enough.
#[must_use]
pub fn policy(watch: &Watch, plan: &Plan) -> Policy {
    let delivery = &plan.config.delivery;
    let usual =
        Policy { confirm: delivery.confirm, remind: delivery.remind, escalations: delays(&plan.config.routes), ..Policy::default() };
    match watch.bucket {
        Width::Hour => usual,
        Width::Day => Policy { resolve_after: 2, resolve_returned: 7, reopen_window: TimeDelta::days(3), ..usual },
    }
}

/// The same by the series, of which the configuration may know the watch no more.
#[must_use]
pub fn policy_of(plan: &Plan, key: &SeriesKey) -> Policy {
    let any = || Policy { remind: plan.config.delivery.remind, escalations: delays(&plan.config.routes), ..Policy::default() };
    plan.watch(&key.watch).map_or_else(any, |watch| policy(watch, plan))
}

/// Where a watch stands. `None` while one of its sources has not been read for the first time.
#[allow(clippy::too_many_arguments, reason = "all of it was read at the beginning of a look")]
fn look<'a>(
    plan: &Plan,
    watch: &'a Watch,
    calibration: Calibration,
    names: &Counters,
    counted: &Counted,
    standings: &Standings,
    touched: &[Touched],
    now: Timestamp,
) -> Option<Look<'a>> {
    let mut awaited = Vec::new();
    let mut fresh = (0, 0);
    for source in &counted.sources {
        for standing in standings.sources.get(*source)? {
            fresh.1 += 1;
            match standing {
                Standing::Read(stream, works) => {
                    fresh.0 += u32::from(*works);
                    awaited.push(stream.clone());
                }
                // A source that is not to be read must not blind the watch to the others.
                Standing::Fails => {}
                Standing::Unread => return None,
            }
        }
    }
    let series = series_of(watch, names);
    let judge = Judge::new(watch, plan.buckets(watch), series.len(), calibration);
    let mine = || touched.iter().filter(|mark| counted.names.contains(&mark.source));
    Some(Look {
        watch,
        complete: complete_to(&awaited, now),
        changed: mine().map(|mark| mark.from.start()).min(),
        news: mine().filter_map(|mark| mark.judge_from).map(Quarter::start).min(),
        judge,
        calibration,
        series,
        fresh,
        stamp: counted.stamp.clone(),
    })
}

/// Marks of changes that every watch which counts their source has looked at. The others stay for
/// the watch that still waits for one of its sources.
fn seen_by_all(plan: &Plan, looks: &[Look<'_>], counted: &[Counted], touched: Vec<Touched>) -> Vec<Touched> {
    let waits = |(watch, _): &(&Watch, &Counted)| !looks.iter().any(|look| look.watch.name == watch.name);
    let waiting: Vec<&Counted> = plan.config.watches.iter().zip(counted).filter(waits).map(|(_, counted)| counted).collect();
    touched.into_iter().filter(|mark| !waiting.iter().any(|counted| counted.names.contains(&mark.source))).collect()
}

/// A clock that was wrong must not keep an incident from hearing what comes.
fn in_the_present(incident: Incident, now: Timestamp) -> Incident {
    Incident { judged_to: incident.judged_to.min(now), ..incident }
}

#[cfg(test)]
mod life;
#[cfg(test)]
mod moved;
#[cfg(test)]
mod tests;
