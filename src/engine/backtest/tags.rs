//! The themes of stored messages: as stored, or given again where the rules are others.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;

use crate::domain::item::Rating;
use crate::domain::ports::Counters;
use crate::engine::backtest::world::Stage;
use crate::engine::cores::with_each;
use crate::engine::retag;
use crate::store::sqlite::history::Life;
use crate::tagging::Message;
use crate::tagging::Rules;

/// Messages that are tagged at once, and bytes of text that end a batch before.
const BATCH: usize = 4_096;
const BATCH_BYTES: usize = 16 << 20;

/// The themes of a message over time, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Themes {
    /// Its present ones.
    pub now: Vec<i64>,
    /// Those before each edit, and when that was seen, in milliseconds.
    pub earlier: Vec<(i64, Vec<i64>)>,
}

/// Gives messages their themes.
pub(super) struct Tagging<'a> {
    rules: &'a Rules,
    /// The stored tags are not from these rules.
    again: bool,
    /// Names of the sources.
    sources: BTreeMap<i64, String>,
    numbers: HashMap<String, i64>,
    /// Themes whose stored tags say nothing about these rules.
    changed: HashSet<i64>,
    waiting: Vec<Life>,
    bytes: usize,
    /// Messages that had to be tagged again and have no text any more.
    pub without_text: u64,
}

impl<'a> Tagging<'a> {
    /// `stored` is the fingerprint of the rules that the store's tags are from, where it is known.
    pub fn new(stage: &Stage<'a>, stored: Option<&str>, names: &Counters) -> Self {
        let mut numbers: HashMap<String, i64> = names.themes.iter().map(|(number, name)| (name.clone(), *number)).collect();
        let mut next = names.themes.keys().next_back().map_or(1, |last| last + 1);
        for theme in &stage.plan.config.themes {
            numbers.entry(theme.name.clone()).or_insert_with(|| {
                next += 1;
                next - 1
            });
        }
        let known = stage.stored_by.filter(|by| stored.is_none_or(|stored| stored == by.rules.fingerprint()));
        let present = retag::fingerprints(&stage.plan.config);
        let before = known.map(|by| retag::fingerprints(&by.config));
        let same = |name: &String| before.as_ref().is_some_and(|before| before.get(name) == present.get(name));
        let rules = &*stage.plan.rules;
        let stored = stored.map(str::to_owned).or_else(|| known.map(|by| by.rules.fingerprint().clone()));
        let again = stored.is_some_and(|stored| stored != rules.fingerprint());
        let changed = numbers.iter().filter(|(name, _)| again && !same(name)).map(|(_, number)| *number).collect();
        Self { rules, again, sources: names.sources.clone(), numbers, changed, waiting: Vec::new(), bytes: 0, without_text: 0 }
    }

    /// Numbers of all themes, of the store and of the plan.
    pub fn numbers(&self) -> &HashMap<String, i64> {
        &self.numbers
    }

    /// Whether messages are tagged again.
    pub fn needs_text(&self) -> bool {
        self.again
    }

    /// Takes a message, and hands on those whose themes are known by now, in the order in which they came.
    pub fn take(&mut self, life: &Life, each: impl FnMut(&Life, Themes)) {
        let mut each = each;
        if !self.again {
            each(life, self.themes(life, life.themes.clone()));
            return;
        }
        self.bytes += life.text.as_ref().map_or(0, |(title, text)| title.len() + text.len());
        self.waiting.push(life.clone());
        if self.waiting.len() >= BATCH || self.bytes >= BATCH_BYTES {
            self.finish(each);
        }
    }

    /// Hands on the rest.
    pub fn finish(&mut self, mut each: impl FnMut(&Life, Themes)) {
        let waiting = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        for (life, found) in waiting.iter().zip(tagged(self.rules, &self.sources, &waiting)) {
            let kept = life.themes.iter().filter(|theme| !self.changed.contains(theme)).copied();
            let now = if let Some(names) = found {
                names.iter().filter_map(|name| self.numbers.get(name)).copied().collect()
            } else {
                self.without_text += 1;
                kept.collect()
            };
            each(life, self.themes(life, now));
        }
    }

    /// What an edit replaced was tagged once, under the rules of its time; its text is gone. For a
    /// theme with other rules the present text stands in.
    fn themes(&self, life: &Life, now: Vec<i64>) -> Themes {
        let of = |names: &[String]| {
            let recorded = names.iter().filter_map(|name| self.numbers.get(name)).filter(|theme| !self.changed.contains(theme));
            recorded.chain(now.iter().filter(|theme| self.changed.contains(theme))).copied().collect()
        };
        let earlier = life.earlier.iter().map(|(until, names)| (until.timestamp_millis(), of(names))).collect();
        Themes { now, earlier }
    }
}

/// Names of the themes of each text, worked out on all cores; `None` where the text is gone.
fn tagged(rules: &Rules, sources: &BTreeMap<i64, String>, lives: &[Life]) -> Vec<Option<Vec<String>>> {
    with_each(lives, |life| {
        let (title, text) = life.text.as_ref()?;
        let rating = life.rating.map(|(value, max)| Rating { value, max });
        let source = sources.get(&life.source).map_or("", String::as_str);
        let message = Message { title, text, lang: life.lang.as_deref(), rating, source };
        Some(rules.tag(&message).into_iter().map(|tag| tag.theme).collect())
    })
}
