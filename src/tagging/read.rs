//! A message cut into words, and which of them satisfy what: the half of tagging that does not depend
//! on how the words stand to each other.

use std::ops::Range;

use crate::tagging::Message;
use crate::tagging::asking::Triggers;
use crate::tagging::asking::Woken;
use crate::tagging::languages::Language;
use crate::tagging::languages::Languages;
use crate::tagging::lexicon::Lexicon;
use crate::tagging::lexicon::Memo;
use crate::tagging::lexicon::Memos;
use crate::tagging::plan::Choice;
use crate::text::foreign::foreign;
use crate::text::normalise::Cut;
use crate::text::normalise::cut;

/// A message that was read: its words, and which of them satisfy what.
#[derive(Debug, Default)]
pub struct Read {
    /// Title and text.
    pub(super) text: String,
    /// Bytes of the title.
    pub(super) title: usize,
    pub(super) lang: Option<Languages>,
    pub(super) stars: Option<f64>,
    pub(super) source: String,
    pub(super) cut: Cut,
    /// Choices that the words satisfy, word after word, and where those of each word end.
    satisfied: Vec<Choice>,
    ends: Vec<u32>,
    /// Alternatives that look at a sentence and are woken by its words, sentence after sentence, and
    /// where those of each sentence end.
    woken: Vec<Woken>,
    woken_ends: Vec<u32>,
    /// Alternatives that look further, each with the sentence in which a word wakes it.
    pub(super) woken_far: Vec<(Woken, u32)>,
}

impl Read {
    /// Reads a message in place of the last one.
    pub(super) fn take(&mut self, message: &Message<'_>, lexicon: &Lexicon, triggers: &Triggers, memos: &mut Memos) {
        self.text.clear();
        if !message.title.is_empty() {
            self.text.extend([message.title, "\n"]);
        }
        self.text.push_str(message.text);
        self.title = message.title.len();
        self.lang = message.lang.and_then(Language::of).map(Languages::from);
        self.stars = message.rating.map(|rating| rating.stars());
        self.source.clear();
        self.source.push_str(message.source);
        self.cut_own_words();
        self.look_up(lexicon, triggers, memos.of(self.lang.unwrap_or(Languages::ALL)));
    }

    fn look_up(&mut self, lexicon: &Lexicon, triggers: &Triggers, memo: &mut Memo) {
        self.satisfied.clear();
        self.ends.clear();
        self.woken.clear();
        self.woken_ends.clear();
        self.woken_far.clear();
        for (number, words) in (0..).zip(&self.cut.sentences) {
            for word in &self.cut.words[words.clone()] {
                let found = memo.meaning(lexicon, triggers, &self.text, word.clone());
                self.satisfied.extend_from_slice(found.choices);
                self.ends.push(self.satisfied.len() as u32);
                self.woken.extend_from_slice(found.near);
                self.woken_far.extend(found.far.iter().map(|alternative| (*alternative, number)));
            }
            self.woken_ends.push(self.woken.len() as u32);
        }
    }

    #[cfg(test)]
    pub(super) fn of_choices<'c>(words: impl Iterator<Item = &'c [Choice]>) -> Self {
        let mut read = Self::default();
        for choices in words {
            read.satisfied.extend_from_slice(choices);
            read.ends.push(read.satisfied.len() as u32);
        }
        read
    }

    /// The choices that a word satisfies.
    pub(super) fn choices(&self, word: usize) -> &[Choice] {
        part(&self.satisfied, &self.ends, word)
    }

    /// The choices that some words satisfy, word after word.
    pub(super) fn choices_of(&self, words: Range<usize>) -> &[Choice] {
        let end = |words: usize| words.checked_sub(1).map_or(0, |last| self.ends[last] as usize);
        &self.satisfied[end(words.start)..end(words.end)]
    }

    /// The alternatives that the words of a sentence wake.
    pub(super) fn woken_in(&self, sentence: u32) -> &[Woken] {
        part(&self.woken, &self.woken_ends, sentence as usize)
    }

    /// Quoted mails, signatures and the vendor's answers are no words of the customer; a captcha or an
    /// advertisement has none.
    fn cut_own_words(&mut self) {
        let foreign = foreign(&self.text);
        if foreign.whole.is_some() {
            self.cut.clear();
            return;
        }
        cut(&self.text, &mut self.cut);
        if !foreign.parts.is_empty() {
            let parts: Vec<_> = foreign.parts.into_iter().map(|(part, _)| part).collect();
            self.cut.leave_out(&parts);
        }
    }
}

/// A part of what stands one after the other, by where each ends.
fn part<'l, T>(all: &'l [T], ends: &[u32], number: usize) -> &'l [T] {
    let from = number.checked_sub(1).map_or(0, |before| ends[before]);
    &all[from as usize..ends[number] as usize]
}
