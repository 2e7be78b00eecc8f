//! The history of a store as watches would have learnt of it: who counted when, by segment and theme.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;
use std::ops::Range;

use chrono::TimeDelta;

use crate::config::settings::Watch;
use crate::counting::MOST_MEMBERS;
use crate::counting::ratings::Score;
use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Segment;
use crate::domain::ports::Counters;
use crate::domain::ports::StoreError;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::domain::ruleset::Ruleset;
use crate::engine::backtest::calendar::Readings;
use crate::engine::backtest::segments::Segments;
use crate::engine::backtest::tags::Tagging;
use crate::engine::backtest::tags::Themes;
use crate::engine::backtest::tape::Entry;
use crate::engine::backtest::tape::Tape;
use crate::engine::backtest::voices::Count;
use crate::engine::backtest::voices::Tale;
use crate::engine::backtest::voices::moves;
use crate::engine::complete;
use crate::engine::complete::Awaited;
use crate::engine::complete::Wait;
use crate::engine::plan::Plan;
use crate::schedule::Schedule;
use crate::store::sqlite::history::Arrived;
use crate::store::sqlite::history::Life;
use crate::store::sqlite::history::Wanted;
use crate::store::sqlite::reports::Reader;

/// The number that stands for "all messages" where a theme's number is asked for.
const ALL_MESSAGES: i64 = 0;
/// Polls closer to each other than this are one, in milliseconds.
const POLL_GAP: i64 = 60_000;
/// Older history is left out: nothing that is usual today was learnt so long ago.
const LONGEST: TimeDelta = TimeDelta::days(3_660);

/// So many different ratings have places of their own; then each scale has the next number, at
/// least. All six scales together stay below 256.
const RATINGS: usize = 150;
const RATINGS_OF_SCALE: usize = 17;
/// After so many days without a message nobody judges.
const SILENCE: i64 = 60;
/// Quarters of a day.
const QUARTERS: i64 = 96;

/// How far the reading of history has come: messages read, messages in all.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// What is to be played.
pub struct Stage<'a> {
    /// Names, rules and zone.
    pub plan: &'a Plan,
    /// The watches.
    pub watches: Vec<&'a Watch>,
    /// Nothing that was seen then or later is known.
    pub until: Timestamp,
    /// Under which rules the stored tags were made, where they are not those of the plan.
    pub stored_by: Option<&'a Plan>,
}

/// History, ready to be played.
pub struct World {
    /// Names of segments, sources and themes; no counts.
    pub(super) names: Counters,
    /// Nothing that was seen then or later is known.
    pub(super) until: Timestamp,
    /// The first quarter that holds a message.
    pub(super) first: Option<Quarter>,
    /// Numbers of the sources by their places.
    pub(super) sources: Vec<i64>,
    /// How they were read, by the same places.
    pub(super) readings: Vec<Readings>,
    /// Messages whose first sight is not known, and messages in all.
    pub imported: u64,
    /// Messages of the watches' sources.
    pub messages: u64,
    /// Messages that would have been tagged again and have no text any more.
    pub without_text: u64,
    /// Messages that are too old to be played.
    pub too_old: u64,
    /// Days with messages of each source, by place.
    days: Vec<BTreeSet<i64>>,
    /// What was learnt of each stream.
    streams: Vec<(StreamKey, Stream)>,
    tapes: HashMap<(i64, i64), Tape>,
    /// Changes of ratings by segment, where a watch measures them, and the ratings by their places.
    rated: HashMap<i64, Tape>,
    pub(super) scores: Vec<Score>,
    nothing: Tape,
}

impl World {
    /// Reads the history that the watches of a stage count.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub fn read(reader: &Reader<'_>, stage: &Stage<'_>, progress: Progress<'_>) -> Result<Self, StoreError> {
        let names = reader.counters(Quarter(0)..Quarter(0))?;
        // What is half old and half new is by no rules that anybody knows.
        let by = |ruleset: Ruleset| if ruleset.finished { ruleset.rules } else { String::new() };
        let stored_by = reader.ruleset()?.map(by);
        let mut tagging = Tagging::new(stage, stored_by.as_deref(), &names);
        let mut scribe = Scribe::new(stage, names, tagging.numbers());
        let wanted = Wanted { segments: scribe.segments.are_wanted(), fields: scribe.segments.need_fields(), text: tagging.needs_text() };
        let (all, mut read) = (reader.stored()?, 0);
        reader.lives(wanted, |life| {
            read += 1;
            if scribe.places.contains_key(&life.source) {
                tagging.take(life, |life, themes| scribe.take(life, &themes));
            }
            if read % 4096 == 0 {
                progress(read, all);
            }
            Ok::<_, StoreError>(())
        })?;
        tagging.finish(|life, themes| scribe.take(life, &themes));
        progress(all, all);
        let without_text = tagging.without_text;
        Ok(World { without_text, streams: reader.streams()?, ..scribe.finish() })
    }

    /// How late messages of each source are seen first, the middle of those for which it is known.
    pub fn delays(&self) -> impl Iterator<Item = (&str, TimeDelta)> {
        let name = |number: &i64| self.names.sources.get(number).map_or("", String::as_str);
        self.sources.iter().zip(&self.readings).map(move |(number, of)| (name(number), TimeDelta::milliseconds(of.delay)))
    }

    /// The changes of a segment's count of a theme, or of all its messages.
    pub(super) fn tape(&self, segment: i64, theme: Option<i64>) -> &Tape {
        self.tapes.get(&(segment, theme.unwrap_or(ALL_MESSAGES))).unwrap_or(&self.nothing)
    }

    /// The changes of all messages, and of those with a theme.
    pub(super) fn all_messages(&self, theme: i64) -> (&Tape, &Tape) {
        let whole = self.names.segments.iter().find(|(_, segment)| **segment == Segment::All);
        whole.map_or((&self.nothing, &self.nothing), |(&whole, _)| (self.tape(whole, None), self.tape(whole, Some(theme))))
    }

    /// The changes of a segment's ratings.
    pub(super) fn ratings(&self, segment: i64) -> &Tape {
        self.rated.get(&segment).unwrap_or(&self.nothing)
    }

    /// Nothing.
    pub(super) fn nothing(&self) -> &Tape {
        &self.nothing
    }

    /// History before then is not played.
    #[must_use]
    pub fn earliest(&self) -> Timestamp {
        Quarter::of(self.until - LONGEST).start()
    }

    /// Segments of a key, as far as there are any.
    pub fn segments_of<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.names.segments.values().filter_map(move |segment| match segment {
            Segment::Label { key: of, value } if of == key => Some(value.as_str()),
            _ => None,
        })
    }

    /// How much of a time a watch had messages to judge: from the first to the last, without long
    /// stretches that have none.
    pub(super) fn heard(&self, watch: &Watch, of: &Range<Timestamp>) -> TimeDelta {
        let days: BTreeSet<i64> = self.places(watch).into_iter().flat_map(|place| &self.days[usize::from(place)]).copied().collect();
        let start = |day: i64| Quarter(day * QUARTERS).start();
        let (mut heard, mut last) = (TimeDelta::zero(), None);
        for day in days.into_iter().filter(|day| start(day + 1) > of.start && start(*day) < of.end) {
            let from = last.filter(|last| day - last <= SILENCE).map_or(day, |last| last + 1);
            heard += start(day + 1).min(of.end) - start(from).max(of.start);
            last = Some(day);
        }
        heard
    }

    /// How the sources of a watch keep its buckets waiting, by their places.
    pub(super) fn waits(&self, plan: &Plan, watch: &Watch) -> BTreeMap<u16, Wait> {
        let settings = |name: &str| plan.config.sources.iter().find(|source| source.name == name);
        let mine = self.streams.iter().filter(|(key, stream)| watch.sources.contains(&key.source) && stream.history_done);
        let known: Vec<_> = mine.filter_map(|(key, stream)| Some((key, Awaited::of(settings(&key.source)?, stream, self.until)))).collect();
        let awaited: Vec<Awaited> = known.iter().map(|(_, awaited)| awaited.clone()).collect();
        let mut waits: BTreeMap<u16, Wait> = self.places(watch).into_iter().map(|place| (place, Wait::default())).collect();
        for ((key, _), wait) in known.iter().zip(complete::waits(&awaited)) {
            let place = self.sources.iter().position(|number| self.names.sources.get(number) == Some(&key.source));
            // Messages know their source and not its part: the part that keeps waiting longest decides.
            if let Some(of) = place.and_then(|place| waits.get_mut(&(place as u16))) {
                *of = Wait { delay: of.delay.max(wait.delay), drops: of.drops || wait.drops };
            }
        }
        waits
    }

    /// Places of the sources that a watch counts.
    pub(super) fn places(&self, watch: &Watch) -> BTreeSet<u16> {
        let mine = |number: &i64| self.names.sources.get(number).is_some_and(|name| watch.sources.contains(name));
        self.sources.iter().enumerate().filter(|(_, number)| mine(number)).map(|(place, _)| place as u16).collect()
    }
}

/// Writes down what is read.
struct Scribe {
    world: World,
    segments: Segments,
    places: HashMap<i64, u16>,
    /// Numbers of the themes that are watched.
    themes: HashSet<i64>,
    /// Seconds from publication to first sight, by source.
    delays: Vec<Vec<u32>>,
    tales: HashMap<i64, Vec<Tale>>,
    earliest: Quarter,
    /// A watch measures ratings.
    measures: bool,
}

impl Scribe {
    fn new(stage: &Stage<'_>, mut names: Counters, themes: &HashMap<String, i64>) -> Self {
        let counted = |name: &String| stage.watches.iter().any(|watch| watch.sources.contains(name));
        let sources: Vec<i64> =
            names.sources.iter().filter(|(_, name)| counted(name)).map(|(number, _)| *number).take(usize::from(u16::MAX)).collect();
        let reading = |number: &i64| Readings { interval: interval(stage, &names.sources[number]), ..Readings::default() };
        let readings = sources.iter().map(reading).collect();
        let watched = |name: &str| stage.watches.iter().any(|watch| watch.themes.iter().any(|theme| theme == name));
        names.themes = themes.iter().map(|(name, number)| (*number, name.clone())).collect();
        let world = World {
            until: stage.until,
            first: None,
            readings,
            imported: 0,
            messages: 0,
            without_text: 0,
            too_old: 0,
            days: vec![BTreeSet::new(); sources.len()],
            streams: Vec::new(),
            tapes: HashMap::new(),
            rated: HashMap::new(),
            scores: Vec::new(),
            nothing: Tape::default(),
            sources: sources.clone(),
            names: Counters::default(),
        };
        Self {
            segments: Segments::new(stage, &names),
            places: sources.iter().enumerate().map(|(place, number)| (*number, place as u16)).collect(),
            themes: themes.iter().filter(|(name, _)| watched(name)).map(|(_, number)| *number).collect(),
            delays: vec![Vec::new(); sources.len()],
            tales: HashMap::new(),
            earliest: Quarter::of(stage.until - LONGEST),
            measures: stage.watches.iter().any(|watch| !watch.measures.is_empty()),
            world: World { names, ..world },
        }
    }

    fn take(&mut self, life: &Life, themes: &Themes) {
        let Some(&source) = self.places.get(&life.source) else { return };
        let quarter = Quarter::of(life.at);
        if life.at >= self.world.until {
            return;
        }
        if quarter < self.earliest {
            self.world.too_old += 1;
            return;
        }
        self.world.days[usize::from(source)].insert(quarter.0.div_euclid(QUARTERS));
        self.world.messages += 1;
        self.world.first = Some(self.world.first.map_or(quarter, |first| first.min(quarter)));
        let imported = life.arrived == Arrived::History;
        let seen = if imported { life.at } else { life.first_seen }.timestamp_millis();
        self.note(source, life);
        let segments = self.segments.of(life, &mut self.world.names);
        let watched = |themes: &[i64]| themes.iter().copied().filter(|theme| self.themes.contains(theme)).collect::<Vec<i64>>();
        let late = life.arrived == Arrived::BackFill;
        let rating = life.rating.filter(|_| self.measures).and_then(|(value, max)| Score::of(value, max));
        if life.shares_voice || life.gone_at.is_some() || !life.earlier.is_empty() {
            let tale = Tale {
                id: life.id,
                source,
                quarter: quarter.0,
                late,
                seen,
                imported,
                gone_at: life.gone_at.map(|at| at.timestamp_millis()),
                segments,
                earlier: themes.earlier.iter().map(|(at, themes)| (*at, watched(themes))).collect(),
                themes: watched(&themes.now),
                rating,
            };
            self.tales.entry(life.voice).or_default().push(tale);
            return;
        }
        let mut entry = Entry::new(seen, quarter.0, source, 1, i64::from(late));
        if !late {
            entry = entry.as_news();
        }
        if imported {
            entry = entry.as_imported();
        }
        for &segment in &segments {
            for &theme in [ALL_MESSAGES].iter().chain(themes.now.iter().filter(|theme| self.themes.contains(theme))) {
                self.world.tapes.entry((segment, theme)).or_default().push(entry);
            }
            if let Some(score) = rating {
                self.rate(segment, score, entry);
            }
        }
    }

    /// Writes down a rating.
    fn rate(&mut self, segment: i64, score: Score, entry: Entry) {
        let place = place_of(&mut self.world.scores, score);
        if let Ok(place) = u8::try_from(place) {
            self.world.rated.entry(segment).or_default().push(entry.of_score(place));
        }
    }

    fn note(&mut self, source: u16, life: &Life) {
        let place = usize::from(source);
        match life.arrived {
            Arrived::News => {
                let delay = (life.first_seen - life.at).num_seconds().clamp(0, i64::from(u32::MAX)) as u32;
                self.delays[place].push(delay);
                let (seen, at) = (life.first_seen.timestamp_millis(), life.at.timestamp_millis());
                let readings = &mut self.world.readings[place].seen;
                match readings.last_mut() {
                    Some((last, newest)) if (*last..*last + POLL_GAP).contains(&seen) => *newest = at.max(*newest),
                    _ => readings.push((seen, at)),
                }
            }
            Arrived::History => self.world.imported += 1,
            Arrived::BackFill => {}
        }
    }

    fn finish(mut self) -> World {
        for (readings, delays) in self.world.readings.iter_mut().zip(&mut self.delays) {
            readings.seen.sort_unstable();
            let mut newest = i64::MIN;
            for (_, at) in &mut readings.seen {
                newest = newest.max(*at);
                *at = newest;
            }
            readings.delay = 1000 * median(delays);
        }
        let delays: Vec<i64> = self.world.readings.iter().map(|readings| readings.delay).collect();
        for mut tales in std::mem::take(&mut self.tales).into_values() {
            tales.truncate(MOST_MEMBERS);
            for tale in tales.iter_mut().filter(|tale| tale.imported) {
                tale.seen = tale.seen.saturating_add(delays[usize::from(tale.source)]);
            }
            for of in moves(&tales) {
                let entry = Entry::new(of.seen, of.quarter.0, of.source, of.tally.voices, of.tally.late);
                let entry = if of.news { entry.as_news() } else { entry };
                let theme = match of.of {
                    Count::All => ALL_MESSAGES,
                    Count::Theme(theme) => theme,
                    Count::Rating(score) => {
                        self.rate(of.segment, score, entry);
                        continue;
                    }
                };
                self.world.tapes.entry((of.segment, theme)).or_default().push(entry);
            }
        }
        let until = self.world.until.timestamp_millis();
        for tape in self.world.tapes.values_mut().chain(self.world.rated.values_mut()) {
            tape.settle(&delays, until);
        }
        self.world
    }
}

/// The place of a rating. There are some thirty different ones; where there are too many of a scale,
/// the nearest one stands for it.
pub(super) fn place_of(scores: &mut Vec<Score>, score: Score) -> usize {
    let known = scores.iter().position(|known| *known == score);
    known.or_else(|| nearest(scores, score)).unwrap_or_else(|| {
        scores.push(score);
        scores.len() - 1
    })
}

fn nearest(scores: &[Score], score: Score) -> Option<usize> {
    let like = || scores.iter().enumerate().filter(|(_, known)| known.scale == score.scale);
    let full = scores.len() >= RATINGS && like().count() >= RATINGS_OF_SCALE;
    let nearest = like().min_by_key(|(_, known)| (known.hundredths - score.hundredths).abs());
    nearest.filter(|_| full).map(|(place, _)| place)
}

/// The middle one.
fn median(delays: &mut [u32]) -> i64 {
    let middle = delays.len() / 2;
    if delays.is_empty() { 0 } else { i64::from(*delays.select_nth_unstable(middle).1) }
}

/// Time from poll to poll of a source, as far as the plan knows it.
fn interval(stage: &Stage<'_>, name: &str) -> TimeDelta {
    let source = stage.plan.config.sources.iter().find(|source| source.name == name);
    source.map_or(TimeDelta::zero(), |source| match &source.schedule {
        Schedule::Every(interval) => *interval,
        schedule @ Schedule::Cron(..) => schedule.next(Some(stage.until), stage.until, 0) - stage.until,
    })
}
