//! What is missing from an answer that was asked for messages by their ids.
//!
//! Services that tell of no deletion leave out what is gone. An answer without any of many messages may
//! just as well be a fault of theirs: it is believed when it comes again and again for hours.

use std::collections::HashSet;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use crate::domain::item::Item;
use crate::sources::ReadError;

/// So many messages are not all deleted at once, as a rule.
const MANY: usize = 5;
/// As often in a row an answer without any of them has to come, once a poll.
const TIMES: u32 = 12;

/// How often in a row an answer held nothing of what was asked for.
#[derive(Debug, Default)]
pub(super) struct Absence {
    empty: AtomicU32,
}

impl Absence {
    /// Those of `asked` that are not among `found`, as items that say that they are gone.
    ///
    /// # Errors
    ///
    /// [`ReadError`] while an answer without any of them is not believed.
    pub(super) fn gone(&self, asked: &[String], found: &[Item], service: &str) -> Result<Vec<Item>, ReadError> {
        let found: HashSet<&str> = found.iter().map(|item| item.id.as_str()).collect();
        let missing: Vec<Item> = asked.iter().filter(|id| !found.contains(id.as_str())).map(Item::gone).collect();
        if missing.len() < asked.len() || asked.len() < MANY {
            self.empty.store(0, Ordering::Relaxed);
            return Ok(missing);
        }
        let times = self.empty.fetch_add(1, Ordering::Relaxed) + 1;
        if times < TIMES {
            let what = format!("{service} knows none of {} stored messages any more, and that at once", asked.len());
            return Err(ReadError::new(what, "they are kept until it has said so a dozen times"));
        }
        // The next ones are another matter.
        self.empty.store(0, Ordering::Relaxed);
        Ok(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_gone_and_all_at_once_only_the_twelfth_time() {
        let asked: Vec<String> = (0..8).map(|number| number.to_string()).collect();
        let found: Vec<Item> = ["1", "2"].into_iter().map(|id| Item { id: id.to_owned(), ..Item::default() }).collect();
        let absence = Absence::default();
        assert!(absence.gone(&asked, &[], "Desk").is_err());
        assert_eq!(absence.gone(&asked, &found, "Desk").unwrap().len(), 6);
        insta::assert_snapshot!(absence.gone(&asked, &[], "Desk").unwrap_err(), @"Desk knows none of 8 stored messages any more, and that at once; they are kept until it has said so a dozen times");
        assert!((2..TIMES).all(|_| absence.gone(&asked, &[], "Desk").is_err()));
        assert!(absence.gone(&asked, &[], "Desk").unwrap().iter().all(|item| item.gone && item.text.is_empty()));
        assert!(absence.gone(&asked, &[], "Desk").is_err(), "those that are asked for next are not believed with them");
        assert_eq!(absence.gone(&asked[..2], &[], "Desk").unwrap().len(), 2, "two may well be gone");
    }
}
