//! What three hundred made-up places publish in an hour, sixty times as fast as life: who writes what
//! when, what is changed afterwards, and in which form it is served. The same in every run.

use std::time::Duration;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use crate::house::feed::Post;
use crate::house::feed::calm_month;
use crate::house::feed::spike;
use crate::house::now;

/// Sources, one of which has trouble.
pub const SOURCES: usize = 300;
/// The hour.
pub const HOUR: Duration = Duration::from_mins(1);
/// The one that has trouble.
pub const TROUBLED: usize = 7;
/// Entries of a page of history.
const PAGE: usize = 10;

/// In which form a source serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Rss,
    Atom,
    Json,
}

/// How a source lets others ask whether it has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validator {
    Tag,
    Modified,
    /// Its 304 brings a new tag, which counts from then on.
    Renewed,
    /// A new tag with every answer.
    Restless,
    None,
}

/// Where a source is really.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Here,
    Temporary,
    Permanent,
}

/// How its entries are told from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    Own,
    /// No id, and a link that carries another number each time.
    Link,
    /// Another id each time.
    Churn,
}

/// One place.
#[derive(Debug, Clone)]
pub struct Source {
    pub number: usize,
    pub form: Form,
    pub validator: Validator,
    pub way: Way,
    pub identity: Identity,
    /// Pages with older entries behind the first.
    pub pages: usize,
    entries: Vec<Entry>,
}

/// Something that was written, and what became of it.
#[derive(Debug, Clone)]
struct Entry {
    post: Post,
    /// When it is there, after the beginning; `None` is history.
    appears: Option<Duration>,
    /// When it is changed.
    edited: Option<Duration>,
    /// While it is missing from the page.
    hidden: Option<(Duration, Duration)>,
}

/// All of it.
#[derive(Debug)]
pub struct World {
    began: DateTime<Utc>,
    pub sources: Vec<Source>,
}

impl World {
    /// The hour begins.
    pub fn begin() -> Self {
        let began = now();
        Self { began, sources: (0..SOURCES).map(|number| source(number, began)).collect() }
    }

    /// Time since it began.
    pub fn at(&self) -> Duration {
        (now() - self.began).to_std().unwrap_or_default()
    }

    /// Everything that is ever served of a source, in its last wording.
    pub fn all(&self, number: usize) -> Vec<Post> {
        self.sources[number].entries.iter().map(|entry| entry.worded(HOUR)).collect()
    }
}

impl Source {
    /// The name in the configuration.
    pub fn name(&self) -> String {
        format!("place-{:03}", self.number)
    }

    /// What the page says at a moment, newest first.
    pub fn page(&self, at: Duration) -> Vec<Post> {
        let hidden = |entry: &Entry| entry.hidden.is_some_and(|(from, until)| (from..until).contains(&at));
        let there = |entry: &&Entry| entry.appears.is_none_or(|appears| appears <= at) && !hidden(entry);
        let first = &self.entries[self.pages * PAGE..];
        first.iter().rev().filter(there).map(|entry| entry.worded(at)).collect()
    }

    /// What an older page says; they are numbered from 2.
    pub fn older(&self, page: usize) -> Vec<Post> {
        let from = (self.pages + 1 - page) * PAGE;
        self.entries[from..from + PAGE].iter().rev().map(|entry| entry.worded(Duration::ZERO)).collect()
    }
}

impl Entry {
    fn worded(&self, at: Duration) -> Post {
        let more = if self.edited.is_some_and(|edited| edited <= at) { ", as I said on the way home" } else { "" };
        Post { text: format!("{}{more}", self.post.text), ..self.post.clone() }
    }
}

fn source(number: usize, began: DateTime<Utc>) -> Source {
    let identity = match number % 25 {
        3 | 11 => Identity::Link,
        19 => Identity::Churn,
        _ => Identity::Own,
    };
    let form = [Form::Rss, Form::Atom, Form::Json][number % 3];
    // Followed on the first poll only.
    let pages = if form == Form::Atom && identity == Identity::Own && number.is_multiple_of(2) { 2 } else { 0 };
    let validator = [Validator::Tag, Validator::Modified, Validator::Renewed, Validator::Restless, Validator::None][number / 3 % 5];
    let way = match number % 10 {
        4 => Way::Temporary,
        8 => Way::Permanent,
        _ => Way::Here,
    };
    let entries = if number == TROUBLED { troubled() } else { calm(number, identity, (pages + 1) * PAGE) };
    let dated = entries.into_iter().map(|mut entry| {
        if let Some(appears) = entry.appears {
            entry.post.at = began + TimeDelta::from_std(appears).unwrap_or_default();
        }
        entry
    });
    Source { number, form, validator, way, identity, pages, entries: dated.collect() }
}

/// A month that nobody complains much about, and in the middle of the hour forty who do.
fn troubled() -> Vec<Entry> {
    let plain = |post, appears| Entry { post, appears, edited: None, hidden: None };
    let history = calm_month().into_iter().map(|post| plain(post, None));
    history.chain(spike(0, 40).into_iter().map(|post| plain(post, Some(HOUR / 2)))).collect()
}

/// Some old entries, and two to six in the hour.
fn calm(number: usize, identity: Identity, history: usize) -> Vec<Entry> {
    let mut dice = Dice::of(&[number as u64]);
    let new = 2 + dice.roll(5) as usize;
    let mut times: Vec<Duration> = (0..new).map(|_| dice.moment(HOUR)).collect();
    times.sort_unstable();
    let old = (0..history).map(|_| None);
    let entry = |(at, appears): (usize, Option<Duration>)| {
        let id = format!("place-{number:03}-{at:02}");
        let days = TimeDelta::minutes(20_000 - 600 * at as i64);
        let post =
            Post { text: format!("{}, visit {number} {at}", SAYINGS[dice.roll(SAYINGS.len() as u64) as usize]), at: now() - days, id };
        // Older pages are read once. Whoever changes ids at every poll cannot change words too: nothing would
        // be left to know them by.
        let first_page = at + PAGE >= history;
        let edited = (first_page && identity != Identity::Churn && dice.roll(5) == 0).then(|| dice.moment(HOUR));
        let hidden = (first_page && dice.roll(6) == 0).then(|| dice.moment(HOUR)).map(|from| (from, from + HOUR / 6));
        Entry { post, appears, edited, hidden }
    };
    old.chain(times.into_iter().map(Some)).enumerate().map(entry).collect()
}

const SAYINGS: [&str; 5] = [
    "The lemon cake at the counter was fresh",
    "A man with a dog showed us the way",
    "Clean towels and a view over the lake",
    "Tickets were printed without a queue",
    "Our guide knew every tree by its name",
];

/// Numbers that look random and are the same in every run.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall the same for the same numbers.
    pub fn of(numbers: &[u64]) -> Self {
        Self(numbers.iter().fold(0x9e37_79b9, |state, number| mix(state ^ number.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = mix(self.0.wrapping_add(0x9e37_79b9_7f4a_7c15));
        self.0 % sides
    }

    fn moment(&mut self, within: Duration) -> Duration {
        within * self.roll(1000) as u32 / 1000
    }
}

/// SplitMix64's finaliser.
fn mix(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
