//! What is wrong with each source: those that cannot be read, those that are read and not believed,
//! and those that bring nothing new where they used to.
//!
//! A trouble blinds the watches that count the source as soon as it is there; it is told as an
//! incident of its own when it lasts. What a person has to mend is told after three polls in a row,
//! what may mend itself after three and some hours, what is certain at once; a host that asks for
//! patience gets a day.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Kind;
use crate::domain::incident::NoData;
use crate::domain::incident::Segment;
use crate::domain::incident::SeriesKey;
use crate::domain::notice::SilentSource;
use crate::domain::ports::Incidents;
use crate::domain::ports::StoreError;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::domain::trouble::Trouble;
use crate::engine::plan::Plan;
use crate::engine::plan::ReadySource;
use crate::polling::state::State;
use crate::polling::state::state_of;
use crate::sources::Settings;

pub mod cause;
pub mod rhythm;

use self::cause::trouble_of;
use self::rhythm::MISSED;
use self::rhythm::POLLS;
use self::rhythm::Rhythm;

/// Errors in a row that are more than a hiccup.
const ERRORS: u32 = POLLS.unsigned_abs();
/// A source that cannot be read is told of after so long, however few messages it brings. Buckets
/// wait four times as long for it, so that nothing was called calm for want of it before.
const FAILED: TimeDelta = TimeDelta::hours(6);
/// The same where its host asks for patience: that alone is no alarm.
const PATIENT: TimeDelta = TimeDelta::hours(24);
/// Polls in a row that show another feed. It is believed at the third, and somebody should know before.
const ANOTHER: u32 = 2;
/// What came late is counted for so long a time at most.
const COUNTED: TimeDelta = TimeDelta::days(31);
/// The theme of the incident, which no theme file may name so.
const THEME: &str = "no_data";

/// A source that something is wrong with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ailing {
    /// What is shown beside the incidents of its watches.
    pub no_data: NoData,
    /// It has lasted: people are told.
    pub told: bool,
}

impl Ailing {
    /// The series of its own incident.
    #[must_use]
    pub fn key(&self) -> SeriesKey {
        SeriesKey { watch: format!("source:{}", self.no_data.source), theme: THEME.to_owned(), segment: Segment::All, kind: Kind::NoData }
    }

    /// Whether the watches that count it have no data from it.
    #[must_use]
    pub fn blinds(&self) -> bool {
        self.no_data.trouble().blinds()
    }
}

/// The name of the source whose trouble a series is about.
#[must_use]
pub fn source_of(key: &SeriesKey) -> Option<&str> {
    key.watch.strip_prefix("source:").filter(|_| key.kind == Kind::NoData)
}

/// Those of some sources that something is wrong with now.
///
/// # Errors
///
/// [`StoreError`] when the usual cannot be read.
#[allow(clippy::implicit_hasher, reason = "the lookout has these")]
pub async fn ailing<S: Incidents>(
    store: &S,
    sources: &[Arc<ReadySource>],
    streams: &HashMap<StreamKey, Stream>,
    now: Timestamp,
) -> Result<Vec<Ailing>, StoreError> {
    let mut found = Vec::new();
    for source in sources {
        // A recording ends; nobody waits for more of it.
        if !matches!(source.settings.kind, Settings::Replay(_)) {
            found.extend(examine(store, source, &of(source, streams), now).await?);
        }
    }
    Ok(found)
}

/// What is known of a source, for a notice. None where it is configured no more.
#[must_use]
#[allow(clippy::implicit_hasher, reason = "the lookout has these")]
pub fn known_of(plan: &Plan, no_data: &NoData, streams: &HashMap<StreamKey, Stream>) -> Option<SilentSource> {
    let ready = plan.sources.iter().find(|ready| ready.settings.name == no_data.source)?;
    let mine = of(ready, streams);
    Some(SilentSource {
        last_success: mine.iter().filter_map(|stream| stream.complete_to).max(),
        last_new: mine.iter().filter_map(|stream| stream.last_new).max(),
        per_day: per_day(&mine),
        ..bare_of(plan, no_data)
    })
}

/// The same without what its streams know.
#[must_use]
pub fn bare_of(plan: &Plan, no_data: &NoData) -> SilentSource {
    let watches = plan.config.watches.iter().filter(|watch| watch.sources.contains(&no_data.source));
    SilentSource {
        error: no_data.error.clone(),
        fails: no_data.fails,
        watches: watches.map(|watch| watch.name.clone()).collect(),
        trouble: Some(no_data.trouble()),
        ..SilentSource::default()
    }
}

/// How a source fares as a whole: as the part of it that fares worst. A gap of days ago is over.
#[must_use]
pub fn state_of_all(mine: &[&Stream], now: Timestamp) -> State {
    let state = |stream: &&Stream| match state_of(stream) {
        State::Gap { .. } | State::IdsChange { .. } if trouble_of(stream, now).is_none() => State::Ok,
        state => state,
    };
    let badness = |state: &State| State::WORDS.iter().position(|word| *word == state.word());
    // The words stand from the best to the worst, but that what waits for its first poll is not fine yet.
    mine.iter().map(state).max_by_key(badness).unwrap_or(State::Waiting)
}

/// What blinds a source's watches now, as far as its polls tell; that it is silent is not among it.
#[must_use]
pub fn blindness(mine: &[&Stream], now: Timestamp) -> Option<Trouble> {
    let Found { trouble, errors, .. } = Found::of(mine, now)?;
    let lasts = trouble == Trouble::Gone || !trouble.is_failure() || errors >= ERRORS;
    (trouble.blinds() && lasts).then_some(trouble)
}

/// Messages of a source that are dated since a moment: what came late, now that it is back.
///
/// # Errors
///
/// [`StoreError`] when they cannot be counted.
pub async fn came_late<S: Incidents>(store: &S, no_data: &NoData, now: Timestamp) -> Result<u64, StoreError> {
    if !no_data.trouble().blinds() {
        return Ok(0);
    }
    let since = no_data.since.max(now - COUNTED);
    let mut arrived = Rhythm::default();
    arrived.add_all(&store.counters(Quarter::of(since)..Quarter(Quarter::of(now).0 + 1)).await?, &no_data.source);
    Ok(arrived.sum().unsigned_abs())
}

/// How long nothing may come from a source, as [`ailing`] sees it. `None` where too little is known.
#[must_use]
pub fn expected_silence(source: &ReadySource, mine: &[&Stream], rhythm: &Rhythm, now: Timestamp) -> Option<TimeDelta> {
    let last_new = mine.iter().filter_map(|stream| stream.last_new).max()?;
    let wait = rhythm.patience(last_new, per_day(mine))?;
    Some(wait.max(gap_of_polls(source, now) * POLLS) + delay_of(mine))
}

/// The streams of a source that were ever read.
#[must_use]
#[allow(clippy::implicit_hasher, reason = "the lookout has these")]
pub fn of<'a>(source: &ReadySource, streams: &'a HashMap<StreamKey, Stream>) -> Vec<&'a Stream> {
    let key = |shard| StreamKey { source: source.settings.name.clone(), shard };
    source.source.shards().into_iter().filter_map(|shard| streams.get(&key(shard))).collect()
}

async fn examine<S: Incidents>(store: &S, source: &ReadySource, mine: &[&Stream], now: Timestamp) -> Result<Option<Ailing>, StoreError> {
    let found = Found::of(mine, now);
    let name = &source.settings.name;
    match found {
        Some(Found { trouble, since, errors, error }) if trouble == Trouble::Gone || trouble.is_failure() && errors >= ERRORS => {
            let read_to = mine.iter().filter(|stream| stream.history_done).filter_map(|stream| stream.complete_to).max();
            let Some(since) = read_to.or(since) else { return Ok(None) };
            let no_data = NoData { source: name.clone(), since, fails: true, error, trouble: Some(trouble) };
            let most = if trouble == Trouble::Busy { PATIENT } else { FAILED };
            let told = trouble.needs_a_person()
                || now - since >= most
                || Quiet { source, mine, stretch: since..(now - delay_of(mine)).max(since), now }.is_long(store).await?;
            Ok(Some(Ailing { no_data, told }))
        }
        Some(Found { trouble, since: Some(since), .. }) if trouble.blinds() && !trouble.is_failure() => {
            let polls = mine.iter().filter_map(|stream| stream.standing.suspect.as_ref()).map(|suspect| suspect.polls).min();
            let told = trouble == Trouble::AnotherFeed && polls.is_some_and(|polls| polls >= ANOTHER);
            Ok(Some(Ailing { no_data: NoData { source: name.clone(), since, fails: false, error: None, trouble: Some(trouble) }, told }))
        }
        odd => {
            let silence = silence(store, source, mine, now).await?;
            // A poll or two that fail hide what is odd about the others, and do not end it.
            let odd = if odd.as_ref().is_some_and(|odd| odd.trouble.is_failure()) { beneath(mine, now) } else { odd };
            let odd = odd.filter(|odd| !odd.trouble.blinds()).and_then(|odd| Some((odd.trouble, odd.since?)));
            let of = |(trouble, since)| NoData { source: name.clone(), since, fails: false, error: None, trouble: Some(trouble) };
            Ok(silence.map(|since| (Trouble::Silent, since)).or(odd).map(|found| Ailing { no_data: of(found), told: true }))
        }
    }
}

/// What is wrong with a source but for polls that fail.
fn beneath(mine: &[&Stream], now: Timestamp) -> Option<Found> {
    let read: Vec<Stream> = mine.iter().map(|stream| Stream { errors: 0, ..(*stream).clone() }).collect();
    Found::of(&read.iter().collect::<Vec<_>>(), now)
}

/// Since when a source that is read well has brought nothing, where that is a wonder.
async fn silence<S: Incidents>(store: &S, source: &ReadySource, mine: &[&Stream], now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let read_to = mine.iter().filter(|stream| stream.history_done).filter_map(|stream| stream.complete_to).max();
    let last_new = mine.iter().filter_map(|stream| stream.last_new).max();
    let (Some(read_to), Some(since)) = (read_to, last_new) else { return Ok(None) };
    let stretch = since..(read_to - delay_of(mine)).max(since);
    Ok(Quiet { source, mine, stretch, now }.is_long(store).await?.then_some(since))
}

/// What is wrong with a source as a whole.
struct Found {
    trouble: Trouble,
    since: Option<Timestamp>,
    /// Errors in a row, of the part that has the fewest.
    errors: u32,
    error: Option<String>,
}

impl Found {
    /// What all of its parts suffer from, the worst named, or else what is odd about one of them. A
    /// part that cannot be read is shown by `status`; the source is there.
    fn of(mine: &[&Stream], now: Timestamp) -> Option<Self> {
        let troubles: Vec<_> = mine.iter().map(|stream| trouble_of(stream, now)).collect();
        let blind = |found: &Option<(Trouble, Option<Timestamp>)>| found.is_some_and(|(trouble, _)| trouble.blinds());
        let all_blind = !troubles.is_empty() && troubles.iter().all(blind);
        let known = troubles.iter().copied().flatten().filter(|(trouble, _)| trouble.blinds() == all_blind);
        // A person's wish comes first, then what a person has to mend.
        let (trouble, since) = known.max_by_key(|(trouble, _)| (*trouble == Trouble::Paused, trouble.needs_a_person()))?;
        let error = || mine.iter().filter(|stream| stream.errors > 0).find_map(|stream| stream.error.clone());
        Some(Self {
            trouble,
            since,
            errors: mine.iter().map(|stream| stream.errors).min().unwrap_or(0),
            error: if trouble.is_failure() { error() } else { None },
        })
    }
}

/// A source that has brought nothing for a while, long or not.
struct Quiet<'a> {
    source: &'a ReadySource,
    mine: &'a [&'a Stream],
    /// The time in which messages would have been published that could be here now.
    stretch: Range<Timestamp>,
    now: Timestamp,
}

impl Quiet<'_> {
    /// Whether so many messages would have come that none is a wonder. Nothing is read where even the
    /// mean makes it none.
    async fn is_long<S: Incidents>(&self, store: &S) -> Result<bool, StoreError> {
        let per_day = per_day(self.mine);
        let length = self.stretch.end - self.stretch.start;
        let by_the_mean = per_day * length.as_seconds_f64() / 86_400.0;
        // The mean of a source that is new here is far too low; it only spares readings.
        if length < gap_of_polls(self.source, self.now) * POLLS || by_the_mean < 1.0 {
            return Ok(false);
        }
        let mut rhythm = Rhythm::default();
        if length <= TimeDelta::days(7) {
            for range in Rhythm::ranges(&self.stretch) {
                rhythm.add_all(&store.counters(range).await?, &self.source.settings.name);
            }
        }
        Ok(rhythm.least(&self.stretch, per_day) >= MISSED)
    }
}

/// Messages a day of all parts.
fn per_day(mine: &[&Stream]) -> f64 {
    mine.iter().map(|stream| stream.news_per_day).sum()
}

/// How late messages come, of the slowest part.
fn delay_of(mine: &[&Stream]) -> TimeDelta {
    mine.iter().map(|stream| stream.usual_delay.max(stream.longest_delay).unwrap_or_default()).max().unwrap_or_default()
}

/// Time between two polls.
fn gap_of_polls(source: &ReadySource, now: Timestamp) -> TimeDelta {
    let next = |at| source.settings.schedule.next(Some(at), at, 0);
    next(next(now)) - next(now)
}
