//! How a message is put before a person: redacted, with the words marked that gave its themes.

use std::fmt::Write as _;
use std::ops::Range;

use chrono_tz::Tz;

use crate::cli::times;
use crate::domain::review::Drawn;
use crate::store::sqlite::reviews::draw::Message;
use crate::tagging;
use crate::text::excerpt::one_line;
use crate::text::redact::redact;

/// Nobody reads more of a message, in bytes.
const LONGEST: usize = 6_000;

/// A message as it is shown.
#[derive(Debug)]
pub(super) struct Card {
    /// Its words, redacted, line by line.
    shown: String,
    /// For each of its tags, where the words that gave it stand in `shown`; words that were redacted
    /// stand nowhere.
    marks: Vec<Vec<Range<usize>>>,
}

impl Card {
    pub(super) fn of(message: &Message) -> Self {
        let text = tagging::message(&message.title, &message.text);
        let plain = clean(&text);
        let mut shown = redact(&plain);
        if shown.len() > LONGEST {
            let cut = shown.floor_char_boundary(LONGEST);
            shown.truncate(cut);
            shown.push_str(" […]");
        }
        let place = |span: &Range<usize>| place(&text, &plain, &shown, span);
        let marks = message.tags.iter().map(|tag| tag.spans.iter().filter_map(place).collect()).collect();
        Self { shown, marks }
    }

    /// The message with the words of its tags marked, each line indented.
    pub(super) fn text(&self, colours: bool) -> String {
        let (on, off) = if colours { ("\x1b[1;4m", "\x1b[0m") } else { ("*", "*") };
        let mut marks: Vec<Range<usize>> = self.marks.iter().flatten().cloned().collect();
        marks.sort_by_key(|mark| (mark.start, mark.end));
        let (mut text, mut at) = (String::new(), 0);
        for mark in marks {
            // Words of two themes overlap: the longer stretch is marked once.
            let start = mark.start.max(at);
            if mark.end > start {
                let _ = write!(text, "{}{on}{}{off}", &self.shown[at..start], &self.shown[start..mark.end]);
                at = mark.end;
            }
        }
        text.push_str(&self.shown[at..]);
        text.lines().fold(String::new(), |indented, line| indented + "  " + line + "\n")
    }

    /// The words that gave a tag, by its place among the message's tags.
    pub(super) fn words(&self, tag: usize) -> String {
        let words = self.marks.get(tag).map_or(&[][..], Vec::as_slice).iter().map(|mark| format!("\"{}\"", &self.shown[mark.clone()]));
        words.collect::<Vec<_>>().join(", ")
    }
}

/// Where a message comes from, in a line.
pub(super) fn origin(message: &Message, drawn: Drawn, zone: Tz) -> String {
    let mut parts = vec![one_line(&message.source), times::local(message.at, zone)];
    parts.extend(message.rating.map(|rating| format!("{} of {}", rating.value, rating.max)));
    parts.extend(message.lang.as_deref().map(one_line));
    parts.push(if drawn == Drawn::Unsure { "the rules are unsure" } else { "drawn at random" }.to_owned());
    parts.join(" · ")
}

/// `text` without what could move a terminal, its lines as they are; empty ones go.
fn clean(text: &str) -> String {
    text.lines().map(one_line).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Where a span of the original stands in what is shown: the word's n-th place there, when it has as
/// many as in the original. Nowhere when one of them was redacted or cut away.
fn place(text: &str, plain: &str, shown: &str, span: &Range<usize>) -> Option<Range<usize>> {
    let word = one_line(text.get(span.clone())?);
    if word.is_empty() || plain.matches(&word).count() != shown.matches(&word).count() {
        return None;
    }
    let before = clean(&text[..span.start]).matches(&word).count();
    let (at, _) = shown.match_indices(&word).nth(before)?;
    Some(at..at + word.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::item::Rating;
    use crate::domain::theme::Tag;

    fn message(title: &str, text: &str, words: &[&str]) -> Message {
        let whole = tagging::message(title, text);
        let tag = |word: &&str| Tag {
            theme: "late".to_owned(),
            rule: "r".to_owned(),
            spans: whole.rmatch_indices(*word).take(1).map(|(at, _)| at..at + word.len()).collect(),
        };
        Message {
            item: 1,
            content: 1,
            source: "forum".to_owned(),
            at: "2026-11-20T14:00:00Z".parse::<Timestamp>().unwrap(),
            lang: Some("en".to_owned()),
            rating: Some(Rating { value: 2.0, max: 5.0 }),
            title: title.to_owned(),
            text: text.to_owned(),
            tags: words.iter().map(tag).collect(),
        }
    }

    #[test]
    fn the_words_that_gave_a_theme_are_marked_with_and_without_colours() {
        let message = message("The bot", "Useless bot,\n\n\u{1b}[2Jasks anna@shop.example again", &["bot", "Useless bot", "again"]);
        let card = Card::of(&message);
        insta::assert_snapshot!(card.text(false), @r"
          The bot
          *Useless bot*,
          [2Jasks [email] *again*
        ");
        assert!(card.text(true).contains("\u{1b}[1;4mUseless bot\u{1b}[0m,"));
        assert_eq!((card.words(0), card.words(2), card.words(7)), ("\"bot\"".into(), "\"again\"".into(), String::new()));
        insta::assert_snapshot!(
            origin(&message, Drawn::Unsure, chrono_tz::Europe::Stockholm),
            @"forum · 2026-11-20 15:00 CET · 2 of 5 · en · the rules are unsure"
        );
    }

    #[test]
    fn a_word_that_was_redacted_is_not_told_beside_the_theme() {
        let card = Card::of(&message("", "mail anna@shop.example now", &["anna@shop.example", "anna"]));
        assert_eq!((card.words(0), card.words(1)), (String::new(), String::new()));
        assert_eq!(card.text(false), "  mail [email] now\n");
    }

    #[test]
    fn a_book_is_cut() {
        let card = Card::of(&message("", &"ää bot ".repeat(5_000), &["bot"]));
        assert!(card.text(false).len() < LONGEST + 20 && card.text(false).ends_with(" […]\n"));
        assert_eq!(card.words(0), "", "the last one is not shown");
    }

    proptest! {
        #[test]
        fn any_text_and_any_spans_are_shown(text in "\\PC{0,60}", from in 0..80_usize, long in 0..20_usize) {
            let mut message = message("", &text, &[]);
            message.tags.push(Tag { theme: "late".to_owned(), rule: "r".to_owned(), spans: vec![from..from + long, long..from] });
            let card = Card::of(&message);
            let is_harmless = !card.text(false).contains('\u{1b}');
            prop_assert!(is_harmless);
            let _ = card.words(0);
        }
    }
}
