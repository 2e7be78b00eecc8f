//! Signs of life for others: an address that is asked for as long as everything works, and a line now
//! and then that all is well. Whoever misses them knows that Uproar itself is silent.
//!
//! Both live in real time, also while a recording is replayed.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::info;
use tracing::warn;

use crate::config::settings::Heartbeat;
use crate::domain::Timestamp;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::ports::NewRow;
use crate::domain::ports::StoreError;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::domain::secret::Secret;
use crate::domain::trouble::Trouble;
use crate::engine::Parts;
use crate::engine::plan::Plan;
use crate::engine::poller::Target;
use crate::engine::silence_of_source::cause::trouble_of;
use crate::host::clock::Clock;
use crate::incident::outbox::row_id;
use crate::render::Method;
use crate::render::Parcel;
use crate::render::Reply;
use crate::schedule::Schedule;
use crate::store::sqlite::reports::Reader;

/// A trouble that lasts is told this often.
const TOLD_EVERY: TimeDelta = TimeDelta::minutes(10);
/// A line that was due while the daemon was started again is made up for this long. Its id is that of
/// its time, so that nobody gets it twice.
const MADE_UP: TimeDelta = TimeDelta::minutes(10);
/// What the line sums up.
const WEEK: TimeDelta = TimeDelta::days(7);
/// The line's own sleep is no longer than this: the clock may be set meanwhile.
const NAP: Duration = Duration::from_secs(30);

/// Runs both until the stop.
pub async fn run(heartbeat: Heartbeat, plan: Arc<Plan>, parts: Parts, stop: CancellationToken) {
    let every = heartbeat.every.to_std().unwrap_or(Duration::from_mins(1));
    let pings = async {
        let Some(url) = &heartbeat.url else { return std::future::pending().await };
        let mut troubles = Troubles::default();
        let parcel = parcel(url);
        let ping = || async { trouble(parts.carrier.carry(&parcel).await) };
        let tell = |trouble| troubles.line(trouble, Clock::real().now()).into_iter().for_each(|line| warn!("{line}"));
        pings(every, || parts.beats.all_fresh(), ping, tell).await;
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = pings => {}
        () = lines(&heartbeat, &plan, &parts) => {}
    }
}

/// What is wrong with the answer to a ping; `None` when it was taken.
fn trouble(reply: Reply) -> Option<String> {
    match reply {
        Reply::Http { status: 200..=299, .. } => None,
        Reply::Http { status, .. } => Some(format!("answered {status}")),
        Reply::Nothing(why) | Reply::Unable(why) => Some(why),
        other => Some(format!("{other:?}")),
    }
}

fn parcel(url: &Secret) -> Parcel {
    let headers = vec![("user-agent".to_owned(), concat!("uproar/", env!("CARGO_PKG_VERSION")).to_owned())];
    Parcel::Post { method: Method::Get, url: url.clone(), headers, body: Vec::new() }
}

/// Pings for ever, but only while `alive`: a daemon that stands must be missed.
async fn pings<F: Future<Output = Option<String>>>(
    every: Duration,
    alive: impl Fn() -> bool,
    ping: impl Fn() -> F,
    mut tell: impl FnMut(Option<String>),
) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        tell(if alive() { ping().await } else { Some("a task stands still, so none is sent".to_owned()) });
    }
}

/// Tells of a trouble when it begins, then now and then, and of its end.
#[derive(Default)]
struct Troubles {
    told: Option<Timestamp>,
}

impl Troubles {
    fn line(&mut self, trouble: Option<String>, now: Timestamp) -> Option<String> {
        match (trouble, self.told) {
            (None, None) => None,
            (None, Some(_)) => {
                self.told = None;
                Some("heartbeat: taken again".to_owned())
            }
            (Some(_), Some(told)) if now >= told && now - told < TOLD_EVERY => None,
            (Some(why), _) => {
                self.told = Some(now);
                Some(format!("heartbeat: {why}"))
            }
        }
    }
}

/// Puts the line into the outbox whenever it is due.
async fn lines(heartbeat: &Heartbeat, plan: &Plan, parts: &Parts) {
    if heartbeat.well.is_empty() {
        return std::future::pending().await;
    }
    let mut after = Clock::real().now() - MADE_UP;
    loop {
        let Some(due) = last_due(&heartbeat.well_at, after, Clock::real().now()) else {
            let next = heartbeat.well_at.next(Some(after), after, 0);
            tokio::time::sleep(Clock::real().until(next).min(NAP)).await;
            continue;
        };
        after = due;
        if !parts.beats.all_fresh() {
            warn!("the line that all is well is not sent: a task stands still");
            continue;
        }
        match say_well(heartbeat, plan, parts, due).await {
            Ok(rows) => info!("that all is well goes to {rows} recipients"),
            Err(error) => warn!("the line that all is well could not be put into the outbox: {error}"),
        }
    }
}

/// The last moment after `after`, up to now, at which a line was due. What was missed is one line.
fn last_due(schedule: &Schedule, after: Timestamp, now: Timestamp) -> Option<Timestamp> {
    // Where the clock was set far ahead, nobody wants to hear of the time between.
    let mut due = None;
    let mut next = schedule.next(Some(after), after.max(now - MADE_UP), 0);
    while next <= now {
        due = Some(next);
        next = schedule.next(Some(next), next, 0);
    }
    due
}

async fn say_well(heartbeat: &Heartbeat, plan: &Plan, parts: &Parts, due: Timestamp) -> Result<usize, StoreError> {
    let keys: HashSet<StreamKey> = Target::all(plan).into_iter().map(|target| target.key).collect();
    let mut health = parts.store.read(move |reader| Health::read(reader, &keys, due)).await?;
    let blind = |sources: &[String]| sources.iter().any(|source| health.failing.iter().any(|(failing, _)| failing == source));
    health.blind = plan.config.watches.iter().filter(|watch| blind(&watch.sources)).map(|watch| watch.name.clone()).collect();
    let rows = rows(heartbeat, plan, &health, due);
    for row in &rows {
        parts.store.enqueue(row.clone()).await?;
    }
    Ok(rows.len())
}

fn rows(heartbeat: &Heartbeat, plan: &Plan, health: &Health, due: Timestamp) -> Vec<NewRow> {
    let id = format!("digest-well-{}", due.format("%Y-%m-%dT%H%M"));
    let facts = Facts {
        watch: "Uproar".to_owned(),
        theme: "heartbeat".to_owned(),
        theme_title: health.title(),
        zone: plan.config.time_zone.name().to_owned(),
        base_url: plan.config.base_url.clone(),
        lines: health.lines(),
        ..Facts::blank(Event::Digest, &id, due)
    };
    let mut rows = Vec::new();
    for target in &heartbeat.well {
        let Some(channel) = plan.channels.get(target).filter(|channel| channel.takes(Event::Digest)) else { continue };
        for recipient in channel.recipients() {
            rows.push(NewRow {
                id: row_id(&plan.instance, &id, Event::Digest, 1, target, &recipient),
                target: target.clone(),
                facts: Facts { sent_to: if recipient.is_empty() { target.clone() } else { recipient.clone() }, ..facts.clone() },
                due,
                held: None,
                recipient,
            });
        }
    }
    rows
}

/// What the line sums up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Health {
    sources: usize,
    /// Names of sources that something is wrong with, and what.
    failing: Vec<(String, String)>,
    /// Watches that count one of these: no complaints from there say nothing.
    blind: Vec<String>,
    messages: u64,
    opened: usize,
    standing: usize,
    delivered: u64,
    waiting: u64,
    dead: u64,
}

impl Health {
    fn read(reader: &Reader<'_>, keys: &HashSet<StreamKey>, now: Timestamp) -> Result<Self, StoreError> {
        let mut streams = reader.streams()?;
        // Of sources that are configured no more nobody wants to hear.
        streams.retain(|(key, _)| keys.contains(key));
        let incidents = reader.incidents(true)?;
        let (outbox, size) = (reader.outbox()?, reader.size()?);
        let rows = |states: &[&str]| outbox.iter().filter(|count| states.contains(&count.state.as_str())).map(|count| count.rows).sum();
        // Whoever paused a source knows.
        let wrong = |stream: &Stream| trouble_of(stream, now).filter(|(trouble, _)| trouble.blinds() && *trouble != Trouble::Paused);
        let failing = streams.iter().filter_map(|(key, stream)| {
            let says = wrong(stream)?.0.says();
            let why = stream.error.as_ref().filter(|_| stream.errors > 0).map(|why| format!(": {why}"));
            Some((key.source.clone(), format!("{says}{}", why.unwrap_or_default())))
        });
        Ok(Self {
            sources: keys.len(),
            failing: failing.collect(),
            blind: Vec::new(),
            messages: size.items,
            opened: incidents.iter().filter_map(crate::domain::incident::Incident::opened).filter(|opened| now - *opened < WEEK).count(),
            standing: reader.incidents(false)?.iter().filter(|incident| incident.opened().is_some()).count(),
            delivered: rows(&["delivered"]),
            waiting: rows(&["queued", "leased"]),
            dead: rows(&["dead"]),
        })
    }

    fn is_well(&self) -> bool {
        self.failing.is_empty() && self.dead == 0
    }

    fn title(&self) -> String {
        if self.is_well() { "I am well".to_owned() } else { "I am here, but not all is well".to_owned() }
    }

    fn lines(&self) -> Vec<String> {
        let Self { sources, messages, opened, standing, delivered, waiting, dead, .. } = self;
        let read = sources - self.failing.len().min(*sources);
        let mut lines =
            vec![format!("Uproar runs; {read} of {sources} sources were read without an error, and {messages} messages are stored.")];
        lines.extend(self.failing.iter().map(|(source, why)| format!("Source {source} {why}")));
        if !self.blind.is_empty() {
            lines.push(format!("No data for these watches from there, which is not calm: {}.", self.blind.join(", ")));
        }
        lines.push(format!("Incidents: {opened} opened in the last 7 days, {standing} not over."));
        lines.push(format!("Notices: {delivered} delivered, {waiting} waiting, {dead} given up."));
        if *dead > 0 {
            lines.push("`uproar status` shows what was given up, and why.".to_owned());
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::AtomicU32;
    use std::sync::atomic::Ordering;

    use super::*;

    /// Lets `minutes` pass for pings, the loops alive or not, and counts what was sent and told.
    async fn beat(minutes: u64, alive: &AtomicBool, answer: Option<&str>) -> (u32, Vec<Option<String>>) {
        let sent = AtomicU32::new(0);
        let mut told = Vec::new();
        let ping = || {
            sent.fetch_add(1, Ordering::Relaxed);
            std::future::ready(answer.map(str::to_owned))
        };
        let _ = tokio::time::timeout(
            Duration::from_secs(minutes * 60 - 1),
            pings(Duration::from_mins(1), || alive.load(Ordering::Relaxed), ping, |trouble| told.push(trouble)),
        )
        .await;
        (sent.load(Ordering::Relaxed), told)
    }

    #[tokio::test(start_paused = true)]
    async fn it_beats_while_the_loops_go_round_and_stops_when_one_stands() {
        let alive = AtomicBool::new(true);
        assert_eq!(beat(5, &alive, None).await, (5, vec![None; 5]));
        alive.store(false, Ordering::Relaxed);
        let (sent, told) = beat(3, &alive, None).await;
        assert_eq!((sent, told.len()), (0, 3));
        assert!(told.iter().flatten().all(|why| why.contains("stands still")), "{told:?}");
    }

    #[test]
    fn a_trouble_that_lasts_is_told_now_and_then() {
        let at = |minutes: i64| "2026-11-23T08:00:00Z".parse::<Timestamp>().unwrap() + TimeDelta::minutes(minutes);
        let mut troubles = Troubles::default();
        let mut told: Vec<(i64, String)> = Vec::new();
        for minutes in 0..25 {
            let trouble = (3..23).contains(&minutes).then(|| "answered 503".to_owned());
            told.extend(troubles.line(trouble, at(minutes)).map(|line| (minutes, line)));
        }
        let expected = [(3, "heartbeat: answered 503"), (13, "heartbeat: answered 503"), (23, "heartbeat: taken again")];
        assert_eq!(told, expected.map(|(minutes, line)| (minutes, line.to_owned())));
    }

    #[test]
    fn a_line_that_was_missed_by_little_is_made_up_once() {
        let at = |text: &str| format!("2026-11-23T{text}:00Z").parse::<Timestamp>().unwrap();
        let schedule = |line: &str| Schedule::Cron(crate::schedule::cron::Line::parse(line).unwrap(), chrono_tz::UTC);
        let due = |line: &str, after: &str, now: &str| last_due(&schedule(line), at(after), at(now));
        assert_eq!(due("0 8 * * Mon", "07:50", "07:59"), None);
        assert_eq!(due("0 8 * * Mon", "07:50", "08:00"), Some(at("08:00")));
        assert_eq!(due("0 8 * * Mon", "08:00", "08:09"), None, "told once");
        assert_eq!(due("0 8 * * Mon", "01:00", "09:00"), None, "an hour late is missed by those who wait for it");
        assert_eq!(due("* * * * *", "08:00", "08:05"), Some(at("08:05")), "one line and not five");
    }

    #[test]
    fn only_a_good_answer_is_one() {
        let said = |status| trouble(Reply::Http { status, retry_after: None, body: "hush".to_owned() });
        assert_eq!((said(200), said(204)), (None, None));
        assert_eq!(said(302).as_deref(), Some("answered 302"));
        assert_eq!(trouble(Reply::Nothing("no answer in time".to_owned())).as_deref(), Some("no answer in time"));
    }

    #[test]
    fn the_line_says_how_it_is_and_not_that_it_is_well_when_it_is_not() {
        let health = Health { sources: 3, messages: 1204, opened: 2, standing: 1, delivered: 9, ..Health::default() };
        assert_eq!(health.title(), "I am well");
        insta::assert_snapshot!(health.lines().join("\n"), @r"
        Uproar runs; 3 of 3 sources were read without an error, and 1204 messages are stored.
        Incidents: 2 opened in the last 7 days, 1 not over.
        Notices: 9 delivered, 0 waiting, 0 given up.
        ");
        let ill = Health {
            failing: vec![("shop".to_owned(), "cannot be read: answered 503".to_owned())],
            blind: vec!["orders".to_owned()],
            dead: 1,
            ..health
        };
        assert_eq!(ill.title(), "I am here, but not all is well");
        insta::assert_snapshot!(ill.lines().join("\n"), @r"
        Uproar runs; 2 of 3 sources were read without an error, and 1204 messages are stored.
        Source shop cannot be read: answered 503
        No data for these watches from there, which is not calm: orders.
        Incidents: 2 opened in the last 7 days, 1 not over.
        Notices: 9 delivered, 0 waiting, 1 given up.
        `uproar status` shows what was given up, and why.
        ");
    }
}
