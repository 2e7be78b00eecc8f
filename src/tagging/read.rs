//! A message cut into words, and which of them satisfy what: the half of tagging that does not depend
//! on how the words stand to each other.

use crate::tagging::Message;
use crate::tagging::languages::Language;
use crate::tagging::languages::Languages;
use crate::tagging::lexicon::Lexicon;
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
    /// Choices that the words satisfy, word after word.
    pub(super) satisfied: Vec<Choice>,
    /// Where the choices of each word end.
    pub(super) ends: Vec<u32>,
}

impl Read {
    /// Reads a message in place of the last one.
    pub(super) fn take(&mut self, message: &Message<'_>, lexicon: &Lexicon, memos: &mut Memos) {
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
        self.satisfied.clear();
        let memo = memos.of(self.lang.unwrap_or(Languages::ALL));
        self.ends.clear();
        for word in &self.cut.words {
            self.satisfied.extend(memo.choices(lexicon, &self.text[word.clone()]));
            self.ends.push(self.satisfied.len() as u32);
        }
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
