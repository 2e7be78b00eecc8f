//! Which message comes next: by chance and by doubt in turns.

use std::collections::BTreeSet;
use std::collections::VecDeque;

use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::domain::review::Among;
use crate::domain::review::Drawn;
use crate::domain::review::Review;
use crate::engine::doubt::Doubt;
use crate::engine::doubt::Doubts;
use crate::engine::plan::Plan;
use crate::store::sqlite::Direct;
use crate::store::sqlite::reviews::draw::Message;
use crate::store::sqlite::reviews::draw::Pool;

/// Messages drawn at once. A draw looks at all stored texts.
const BATCH: u32 = 100;
/// Messages among which unsure ones are looked for at once, and how often before that is given up.
const LOOKED_AT: u32 = 2_000;
const LOOKS: u32 = 5;
/// The kinds of doubt, so that the commonest does not hide the others.
const KINDS: [Doubt; 3] = [Doubt::HeldBack, Doubt::OneRule, Doubt::Unexplained];

/// A message that waits for a person's word.
#[derive(Debug, Clone)]
pub(super) struct Next {
    pub(super) message: Message,
    pub(super) drawn: Drawn,
    pub(super) among: Among,
}

/// Messages for one person, in one sitting.
pub(super) struct Queue {
    who: String,
    pool: Pool,
    doubts: Doubts,
    only_unsure: bool,
    by_chance: VecDeque<i64>,
    unsure: [VecDeque<i64>; KINDS.len()],
    turn: usize,
    /// What was shown in this sitting: it does not come again by itself.
    seen: BTreeSet<i64>,
    /// Looked at, and in no doubt.
    sure: BTreeSet<i64>,
    /// So many were looked at in vain that more would not help.
    no_more_doubts: bool,
}

impl Queue {
    /// `doubted` are the names of the themes whose doubts count.
    pub(super) fn new(plan: &Plan, doubted: &[&str], pool: Pool, who: &str, only_unsure: bool) -> Result<Self, Failure> {
        let themes = plan.config.themes.iter().filter(|theme| doubted.contains(&theme.name.as_str()));
        let doubts = Doubts::of(themes).map_err(|errors| {
            let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Failure::new(Code::Bug, format!("the rules cannot be taken apart: {}", told.join("; ")))
        })?;
        Ok(Self {
            who: who.to_owned(),
            pool,
            doubts,
            only_unsure,
            by_chance: VecDeque::new(),
            unsure: Default::default(),
            turn: 0,
            seen: BTreeSet::new(),
            sure: BTreeSet::new(),
            no_more_doubts: false,
        })
    }

    /// The next message; `None` when there is none left.
    pub(super) fn next(&mut self, store: &mut Direct) -> Result<Option<Next>, Failure> {
        self.turn += 1;
        let next = if self.only_unsure {
            self.unsure(store)?
        } else if self.turn % 2 == 1 {
            self.by_chance(store)?.map_or_else(|| self.unsure(store), |next| Ok(Some(next)))?
        } else {
            self.unsure(store)?.map_or_else(|| self.by_chance(store), |next| Ok(Some(next)))?
        };
        if let Some(next) = &next {
            self.seen.insert(next.message.item);
        }
        Ok(next)
    }

    fn by_chance(&mut self, store: &mut Direct) -> Result<Option<Next>, Failure> {
        loop {
            let Some(item) = self.by_chance.pop_front() else {
                let limit = BATCH + self.seen.len() as u32;
                let drawn = store.reader().draw_at_random(&self.who, &self.pool, limit)?;
                for item in drawn {
                    // What was skipped stays skipped; what was labelled here as unsure may be picked still.
                    if !self.seen.contains(&item) || store.reader().review(item, &self.who)?.is_some() {
                        self.by_chance.push_back(item);
                    }
                }
                if self.by_chance.is_empty() {
                    return Ok(None);
                }
                continue;
            };
            let Some(message) = store.reader().message(item)? else { continue };
            let (drawn, among) = (Drawn::Random, self.pool.among());
            match store.reader().review(item, &self.who)?.filter(|review| review.content == message.content) {
                // Chance picked what was labelled for another reason: nothing is to be asked again.
                Some(review) => drop(store.put_reviews(&[Review { drawn, among, ..review }])?),
                None if self.seen.contains(&item) => {}
                None => return Ok(Some(Next { message, drawn, among })),
            }
        }
    }

    fn unsure(&mut self, store: &Direct) -> Result<Option<Next>, Failure> {
        let pool = Pool { theme: None, ..self.pool.clone() };
        for _ in 0..=LOOKS {
            for step in 0..KINDS.len() {
                let kind = (self.turn / 2 + step) % KINDS.len();
                while let Some(item) = self.unsure[kind].pop_front() {
                    let reader = store.reader();
                    let Some(message) = reader.message(item)?.filter(|_| !self.seen.contains(&item)) else { continue };
                    // Chance may have picked it since it was looked at.
                    if reader.review(item, &self.who)?.is_none_or(|review| review.content != message.content) {
                        return Ok(Some(Next { message, drawn: Drawn::Unsure, among: pool.among() }));
                    }
                }
            }
            if self.no_more_doubts || !self.look(store, &pool)? {
                break;
            }
        }
        self.no_more_doubts = true;
        Ok(None)
    }

    /// Looks for unsure ones among messages drawn by chance. Whether there was anything new to look at.
    fn look(&mut self, store: &Direct, pool: &Pool) -> Result<bool, Failure> {
        let reader = store.reader();
        let limit = LOOKED_AT + (self.seen.len() + self.sure.len()) as u32;
        let mut is_new = false;
        for item in reader.draw_unseen(&self.who, pool, limit)? {
            if self.seen.contains(&item) || self.sure.contains(&item) {
                continue;
            }
            let Some(message) = reader.message(item)? else { continue };
            is_new = true;
            let doubt = self.doubts.about(&message.as_rules_see_it(), !message.tags.is_empty());
            match doubt.and_then(|doubt| KINDS.iter().position(|kind| *kind == doubt)) {
                Some(kind) => self.unsure[kind].push_back(item),
                None => drop(self.sure.insert(item)),
            }
        }
        Ok(is_new)
    }
}
