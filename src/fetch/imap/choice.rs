//! Which mails of a folder are wanted, by which commands they are asked for, and what a refusal says of them.
//! All of that is decided here, from what the server says, and without one.

use std::collections::BTreeSet;
use std::collections::HashMap;

use crate::domain::mails::Mail;

/// Mails that are asked for together, and how large each of them may be by the server's word. Larger ones are asked for alone.
pub(super) const TOGETHER: usize = 20;
const SMALL: usize = 128 * 1024;

/// Which mails are wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'a> {
    /// Numbers from this one on, but for those that are known.
    pub(super) from: u32,
    pub(super) known: &'a [u32],
    /// Numbers before the border only where they were delivered since then, in milliseconds since 1970.
    pub(super) border: u32,
    pub(super) since: i64,
    /// At most so many.
    pub(super) most: usize,
}

/// Mails that are wanted, and how far was looked for them.
#[derive(Debug)]
pub(super) struct Listed<'a> {
    wish: Wish<'a>,
    pub(super) wanted: Vec<(u32, Option<i64>)>,
    /// All numbers up to this one were looked at.
    pub(super) looked: u32,
    pub(super) more: bool,
}

impl<'a> Listed<'a> {
    pub(super) fn of(wish: Wish<'a>) -> Self {
        Self { wish, wanted: Vec::new(), looked: 0, more: false }
    }

    /// Looks at the next number; `false` where it is wanted and there is no room for it.
    pub(super) fn look_at(&mut self, number: u32, delivered: Option<i64>) -> bool {
        let Wish { from, known, border, since, most } = self.wish;
        let is_known = number < from || known.contains(&number);
        let is_old = number < border && delivered.is_some_and(|delivered| delivered < since);
        if !(is_known || is_old) {
            if self.wanted.len() >= most {
                self.more = true;
                return false;
            }
            self.wanted.push((number, delivered));
        }
        self.looked = number;
        true
    }
}

/// Mails that one command asks for.
#[derive(Debug, PartialEq)]
pub(super) struct Portion {
    pub(super) numbers: Vec<u32>,
    /// Of each so many bytes.
    pub(super) most: usize,
}

/// What is asked for by which command: small mails together, and each other one alone.
pub(super) fn portions(numbers: &[u32], sizes: &HashMap<u32, u64>, most: usize) -> Vec<Portion> {
    let mut portions: Vec<Portion> = Vec::new();
    let most_of_small = most.min(2 * SMALL);
    let mut goes_on = false;
    for number in numbers {
        let is_small = sizes.get(number).is_some_and(|size| *size <= SMALL as u64);
        match portions.last_mut() {
            Some(last) if is_small && goes_on && last.numbers.len() < TOGETHER => last.numbers.push(*number),
            _ => portions.push(Portion { numbers: vec![*number], most: if is_small { most_of_small } else { most } }),
        }
        goes_on = is_small;
    }
    portions
}

/// What a visit brings: mails that were handed out, and numbers that were refused.
#[derive(Debug, Default)]
pub(super) struct Haul {
    mails: Vec<Mail>,
    refused: BTreeSet<u32>,
    bytes: usize,
    in_a_row: usize,
}

impl Haul {
    pub(super) fn take(&mut self, mail: Mail) {
        self.in_a_row = 0;
        self.bytes += mail.bytes.len();
        self.mails.push(mail);
    }

    pub(super) fn refuse(&mut self, number: u32) {
        self.in_a_row += 1;
        self.refused.insert(number);
    }

    /// Whether nothing was handed out.
    pub(super) fn is_empty(&self) -> bool {
        self.mails.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many were refused since something was handed out.
    pub(super) fn refused_in_a_row(&self) -> usize {
        self.in_a_row
    }

    /// The mails in the order of their numbers, and the first number that is to be asked for once more.
    ///
    /// A refused mail before one that was handed out is one that the server does not have to give: it becomes a mail
    /// without bytes, so that it does not stand in the way of all others for ever. Behind the last one that was handed
    /// out the server may as well have had enough of us, and a refusal says nothing of a mail.
    pub(super) fn sorted_out(self) -> (Vec<Mail>, Option<u32>) {
        let Self { mut mails, refused, .. } = self;
        let last = mails.iter().map(|mail| mail.number).max().unwrap_or(0);
        let in_doubt = refused.iter().copied().find(|number| *number > last);
        mails.extend(refused.into_iter().filter(|number| *number < last).map(|number| Mail { number, ..Mail::default() }));
        // What was handed out stands before what was refused, also of one number.
        mails.sort_by_key(|mail| mail.number);
        mails.dedup_by_key(|mail| mail.number);
        (mails, in_doubt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(number: u32) -> Mail {
        Mail { number, bytes: b"m".to_vec(), ..Mail::default() }
    }

    #[test]
    fn mails_are_asked_for_in_portions() {
        let sizes: HashMap<u32, u64> = [(1, 10), (2, 10), (3, 5_000_000), (4, 10), (5, 10)].into();
        let numbers = [1, 2, 3, 4, 5, 6];
        let shown: Vec<(Vec<u32>, usize)> =
            portions(&numbers, &sizes, 1_000_000).into_iter().map(|portion| (portion.numbers, portion.most)).collect();
        let small = 2 * SMALL;
        assert_eq!(shown, [(vec![1, 2], small), (vec![3], 1_000_000), (vec![4, 5], small), (vec![6], 1_000_000)]);
        assert_eq!(portions(&numbers, &sizes, 9)[0].most, 9);
    }

    #[test]
    fn what_is_known_or_was_old_at_first_is_not_wanted() {
        let mut listed = Listed::of(Wish { from: 3, known: &[4], border: 7, since: 100, most: 3 });
        let looks = [(2, Some(200)), (4, Some(200)), (5, Some(99)), (6, None), (7, Some(1)), (8, Some(100)), (9, Some(99))];
        let taken: Vec<bool> = looks.into_iter().map(|(number, delivered)| listed.look_at(number, delivered)).collect();
        assert_eq!(taken, [true, true, true, true, true, true, false]);
        assert_eq!(listed.wanted, [(6, None), (7, Some(1)), (8, Some(100))]);
        assert_eq!((listed.looked, listed.more), (8, true), "the next look begins with the one that had no room");
    }

    #[test]
    fn a_refusal_is_believed_where_a_later_mail_was_handed_out() {
        let mut haul = Haul::default();
        for number in [3, 9] {
            haul.refuse(number);
        }
        haul.take(mail(5));
        haul.take(mail(4));
        assert_eq!(haul.refused_in_a_row(), 0);
        haul.refuse(7);
        assert_eq!((haul.refused_in_a_row(), haul.bytes(), haul.is_empty()), (1, 2, false));
        let (mails, in_doubt) = haul.sorted_out();
        let shown: Vec<(u32, usize)> = mails.iter().map(|mail| (mail.number, mail.bytes.len())).collect();
        assert_eq!((shown.as_slice(), in_doubt), ([(3, 0), (4, 1), (5, 1)].as_slice(), Some(7)));
    }
}
