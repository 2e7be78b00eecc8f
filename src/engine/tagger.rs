//! Holds messages against the rules: the one place that does, for what arrives, for history that is
//! tagged again, and for a backtest under other rules.

use crate::domain::item::Rating;
use crate::domain::theme::Tag;
use crate::engine::cores::on_all;
use crate::tagging;
use crate::tagging::Rules;

/// Messages that a core takes at once.
const SLICE: usize = 256;

/// A message with all that rules may ask for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Said<'a> {
    /// Headline, empty where the source has none.
    pub title: &'a str,
    /// What the customer wrote.
    pub text: &'a str,
    /// Stars or the like.
    pub rating: Option<Rating>,
    /// Name of the source.
    pub source: &'a str,
    /// Language, where the source knows it.
    pub lang: Option<&'a str>,
}

/// The themes of a message, each with the rule and the words that give it.
#[must_use]
pub fn tags(rules: &Rules, said: &Said<'_>) -> Vec<Tag> {
    rules.tag(&tagging::message(said.title, said.text))
}

/// Does something with each of many messages, on all cores. Results come in the order of the messages.
pub(super) fn of_all<M: Sync, T: Send>(messages: &[M], work: impl Fn(&M) -> T + Sync) -> Vec<T> {
    let slices: Vec<&[M]> = messages.chunks(SLICE).collect();
    on_all(slices.len(), |at| slices[at].iter().map(&work).collect::<Vec<T>>(), |_| {}).into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::theme::RuleText;
    use crate::domain::theme::ThemeText;

    #[test]
    fn the_headline_is_tagged_with_the_words() {
        let rule = RuleText { when: "\"late tram\"".to_owned(), ..RuleText::default() };
        let rules = tagging::compile(&[ThemeText { name: "late".to_owned(), rules: vec![rule], ..ThemeText::default() }]).unwrap();
        let said = Said { title: "A late tram", text: "once more", ..Said::default() };
        assert_eq!(tags(&rules, &said)[0].theme, "late");
        assert_eq!(tags(&rules, &Said { title: "", ..said }), []);
    }

    #[test]
    fn results_come_in_the_order_of_the_messages() {
        let messages: Vec<usize> = (0..=3 * SLICE).collect();
        assert_eq!(of_all(&messages, |message| message * 2), messages.iter().map(|message| message * 2).collect::<Vec<_>>());
    }
}
