//! A message cut into words, and which of them satisfy what: the half of tagging that does not depend
//! on how the words stand to each other.

use crate::tagging::Message;
use crate::tagging::asking::Triggers;
use crate::tagging::asking::Woken;
use crate::tagging::languages::Language;
use crate::tagging::languages::Languages;
use crate::tagging::lexicon::Lexicon;
use crate::tagging::lexicon::Meaning;
use crate::tagging::lexicon::Memo;
use crate::tagging::lexicon::Memos;
use crate::tagging::plan::Choice;
use crate::text::foreign::foreign;
use crate::text::normalise::Cut;
use crate::text::normalise::cut;

/// A message that was read: its words, and which of them satisfy what.
#[derive(Debug, Default, Clone)]
pub struct Read {
    /// Title and text.
    pub(super) text: String,
    /// Bytes of the title.
    pub(super) title: usize,
    pub(super) lang: Option<Languages>,
    pub(super) stars: Option<f64>,
    pub(super) source: String,
    pub(super) cut: Cut,
    /// What each word means, and the era of the memory that says so.
    meanings: Vec<Meaning>,
    era: u64,
    /// Alternatives that look further than a sentence, each with the sentence in which a word wakes it.
    pub(super) woken_far: Vec<(Woken, u32)>,
}

/// A message together with what its words mean.
#[derive(Clone, Copy)]
pub(super) struct Known<'m> {
    pub(super) message: &'m Read,
    memo: &'m Memo,
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
        self.look_up(lexicon, triggers, memos);
    }

    /// Finds out what each word means.
    pub(super) fn look_up(&mut self, lexicon: &Lexicon, triggers: &Triggers, memos: &mut Memos) {
        let memo = memos.begin_text(self.languages());
        self.era = memo.era();
        self.meanings.clear();
        self.woken_far.clear();
        for (number, words) in (0..).zip(&self.cut.sentences) {
            for word in &self.cut.words[words.clone()] {
                let meaning = memo.meaning(lexicon, triggers, &self.text, word.clone());
                self.meanings.push(meaning);
                self.woken_far.extend(memo.far(meaning).iter().map(|woken| (*woken, number)));
            }
        }
    }

    /// With what its words mean, where that is not forgotten.
    pub(super) fn known<'m>(&'m self, memos: &'m Memos) -> Option<Known<'m>> {
        memos.of(self.languages(), self.era).map(|memo| Known { message: self, memo })
    }

    /// Those that it may be written in.
    fn languages(&self) -> Languages {
        self.lang.unwrap_or(Languages::ALL)
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

impl<'m> Known<'m> {
    /// The choices that a word satisfies.
    pub(super) fn choices(self, word: usize) -> &'m [Choice] {
        self.memo.choices(self.message.meanings[word])
    }

    /// The alternatives that a word wakes and that look at its sentence.
    pub(super) fn woken(self, word: usize) -> &'m [Woken] {
        self.memo.near(self.message.meanings[word])
    }
}
