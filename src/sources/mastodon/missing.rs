//! Stored posts of which an instance says, one at a time, that it knows them no more.
//!
//! One such answer may be a deletion, or an instance that is out of order for a while. A few in a row are
//! believed as soon as it knows another post; more of them when it says so once more at the next look.

use std::collections::HashSet;
use std::mem;

use crate::domain::item::Item;
use crate::sources::ReadError;
use crate::sources::absence::Absence;
use crate::sources::mastodon::SERVICE;

/// So many posts in a row are not all deleted, as a rule.
const MANY: usize = 5;
/// More are not remembered: they are asked for again at the next look.
const MOST: usize = 5000;

/// What is said to be missing, and not believed yet.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// Those since the instance last knew a post.
    in_row: Vec<String>,
    /// Those of rows that were too long.
    doubted: HashSet<String>,
    /// Of a look in which it knew none at all.
    absence: Absence,
}

impl Missing {
    /// The instance knows a post: what is believed to be gone now.
    pub(super) fn knows(&mut self, id: &str) -> Vec<Item> {
        self.doubted.remove(id);
        let in_row = mem::take(&mut self.in_row);
        if in_row.len() < MANY {
            return in_row.into_iter().map(Item::gone).collect();
        }
        if self.doubted.len() < MOST {
            self.doubted.extend(in_row);
        }
        Vec::new()
    }

    /// The instance does not know a post: what is believed to be gone now.
    ///
    /// # Errors
    ///
    /// [`ReadError`] while it knew none of many in a whole look, and that is not believed.
    pub(super) fn knows_no(&mut self, id: &str) -> Result<Vec<Item>, ReadError> {
        if self.doubted.remove(id) {
            return Ok(vec![Item::gone(id)]);
        }
        if !self.in_row.iter().any(|other| other == id) {
            if self.in_row.len() < MOST {
                self.in_row.push(id.to_owned());
            }
            return Ok(Vec::new());
        }
        // It was in the look before, and no post was known since.
        let gone = self.absence.gone(&self.in_row, &[], SERVICE)?;
        self.in_row.clear();
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(items: &[Item]) -> Vec<&str> {
        assert!(items.iter().all(|item| item.gone));
        items.iter().map(|item| item.id.as_str()).collect()
    }

    #[test]
    fn a_few_are_gone_when_the_instance_knows_another() {
        let mut missing = Missing::default();
        assert_eq!(missing.knows_no("1").unwrap(), []);
        assert_eq!(missing.knows_no("2").unwrap(), []);
        assert_eq!(ids(&missing.knows("3")), ["1", "2"]);
        assert_eq!(missing.knows("4"), []);
    }

    #[test]
    fn an_instance_that_is_out_of_order_for_a_while_deletes_nothing() {
        let mut missing = Missing::default();
        assert!((0..9).all(|id| missing.knows_no(&id.to_string()).unwrap().is_empty()));
        assert_eq!(missing.knows("9"), []);
        // At the next look it has them again, but for one.
        assert_eq!(missing.knows("0"), []);
        assert_eq!(ids(&missing.knows_no("1").unwrap()), ["1"]);
        assert_eq!(missing.knows("2"), []);
    }

    #[test]
    fn a_look_without_any_post_is_believed_after_a_dozen_times() {
        let mut missing = Missing::default();
        assert!((0..9).all(|id| missing.knows_no(&id.to_string()).unwrap().is_empty()));
        assert!((1..12).all(|_| missing.knows_no("0").is_err()));
        assert_eq!(missing.knows_no("0").unwrap().len(), 9);
        // The only one that is stored: two looks say so.
        assert_eq!(missing.knows_no("7").unwrap(), []);
        assert_eq!(ids(&missing.knows_no("7").unwrap()), ["7"]);
    }
}
