//! Former names of sources, held against what is stored.

use crate::config::Loaded;
use crate::config::problem::Code;
use crate::config::problem::Problem;

/// A former name of a source, and its present one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// What it was called.
    pub was: String,
    /// What it is called now.
    pub now: String,
}

/// What the store says of a former name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// What there was is moved.
    Done,
    /// Messages under both names.
    Both,
    /// Nothing to tell: it will be moved, or there is nothing.
    Fine,
}

impl Loaded {
    /// Former names of sources, in the order of the files.
    #[must_use]
    pub fn former(&self) -> Vec<Pair> {
        self.former.iter().map(|(_, pair)| pair.clone()).collect()
    }

    /// The same with pairs that are probably a source's former and present name, of which nobody said so.
    #[must_use]
    pub fn with_probable(mut self, pairs: &[Pair]) -> Self {
        for Pair { was, now } in pairs {
            let at = self.names.iter().find(|(_, name)| name == now).map(|(at, _)| at.clone()).unwrap_or_default();
            self.tell(
                Problem::warning(Code::FormerNameMissing, at, format!("what is stored under `{was}` is read by nobody"))
                    .label("a new name at its address")
                    .help(format!("if `{now}` is its new name, write `was = \"{was}\"` below it before the next start or reload")),
            );
        }
        self
    }

    /// The same with what the store says of each former name, in the order of [`Loaded::former`].
    #[must_use]
    pub fn with_stored(mut self, stored: &[Stored]) -> Self {
        let former = std::mem::take(&mut self.former);
        for ((at, Pair { was, now }), stored) in former.iter().zip(stored) {
            match stored {
                Stored::Fine => {}
                Stored::Done => self.tell(
                    Problem::warning(Code::FormerNameDone, at.clone(), format!("nothing is stored under `{was}` any more"))
                        .label("done")
                        .help("the name can go"),
                ),
                Stored::Both => {
                    self.tell(
                        Problem::error(Code::StoredTwice, at.clone(), format!("messages are stored under `{was}` and under `{now}`"))
                            .label("they are two sources by now, and are not joined")
                            .help("take this name out of `was`; what is stored under it stays, and counts no more"),
                    );
                    self.config = None;
                }
            }
        }
        self.former = former;
        self
    }
}
