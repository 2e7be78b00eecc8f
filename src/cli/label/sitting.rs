//! A person at the terminal: message, answer, message. Each answer is stored before the next message.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::io::Read as _;
use std::io::Write as _;

use unicode_width::UnicodeWidthStr as _;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::label::card;
use crate::cli::label::card::Card;
use crate::cli::label::keys;
use crate::cli::label::keys::Answer;
use crate::cli::label::queue::Next;
use crate::cli::label::queue::Queue;
use crate::domain::review::Drawn;
use crate::domain::review::Review;
use crate::domain::review::Verdict;
use crate::engine::plan::Plan;
use crate::host::clock::Clock;
use crate::store::sqlite::Direct;

/// An answer is short; what is longer is no answer.
const LONGEST_LINE: u64 = 1_000;
/// Columns of a narrow terminal.
const WIDTH: usize = 76;
const KEYS: &str = "Enter: right as shown   numbers: change   s: skip   u: undo   q: quit > ";

/// One sitting.
pub(super) struct Sitting<'a> {
    plan: &'a Plan,
    store: &'a mut Direct,
    queue: Queue,
    who: &'a str,
    count: u32,
    /// Whether the answers are typed, so that a line ends where they do.
    terminal: bool,
    themes: Vec<&'a str>,
    /// What was stored, the last one last.
    stored: Vec<Stored>,
    skipped: u32,
    /// Messages that come before those of the queue.
    again: Vec<(Next, Option<BTreeSet<usize>>)>,
}

/// An answer that can be taken back.
struct Stored {
    next: Next,
    themes: BTreeSet<usize>,
    before: Option<Review>,
}

/// What became of a message.
enum Done {
    Label(BTreeSet<usize>),
    Skip,
    Undo,
    Quit,
}

impl<'a> Sitting<'a> {
    pub(super) fn new(plan: &'a Plan, store: &'a mut Direct, queue: Queue, who: &'a str, count: u32, terminal: bool) -> Self {
        let themes = plan.config.themes.iter().map(|theme| theme.name.as_str()).collect();
        Self { plan, store, queue, who, count, terminal, themes, stored: Vec::new(), skipped: 0, again: Vec::new() }
    }

    /// Asks until the count is reached, no message is left, or the person has enough.
    pub(super) fn run(mut self, mut input: impl BufRead, clock: Clock, console: &mut Console) -> Result<Code, Failure> {
        let mut has_more = true;
        while has_more && (self.stored.len() as u32) < self.count {
            let (next, themes) = match self.again.pop() {
                Some(waits) => waits,
                None => match self.queue.next(self.store)? {
                    Some(next) => (next, None),
                    None => break,
                },
            };
            let themes = themes.unwrap_or_else(|| self.given(&next));
            match self.ask(&next, themes, &mut input, console)? {
                Done::Label(themes) => self.label(next, themes, clock)?,
                Done::Skip => self.skipped += 1,
                Done::Undo => self.undo(next, console)?,
                Done::Quit => has_more = false,
            }
        }
        self.sum_up(has_more, console)
    }

    /// The themes that the message was given, by place.
    fn given(&self, next: &Next) -> BTreeSet<usize> {
        next.message.tags.iter().filter_map(|tag| self.themes.iter().position(|theme| *theme == tag.theme)).collect()
    }

    fn ask(&self, next: &Next, mut themes: BTreeSet<usize>, input: &mut impl BufRead, console: &mut Console) -> Result<Done, Failure> {
        self.show(next, &themes, console)?;
        let shown = themes.clone();
        loop {
            write!(console.out, "{KEYS}")?;
            console.out.flush()?;
            let mut line = Vec::new();
            let length = input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
            if length as u64 == LONGEST_LINE && line.last() != Some(&b'\n') {
                return Err(Failure::new(Code::Data, "an answer is longer than 1000 bytes; one line is one answer"));
            }
            if !self.terminal || length == 0 {
                writeln!(console.out)?;
            }
            if length == 0 {
                if themes != shown {
                    writeln!(console.err, "no empty line confirmed the change to the last message, so nothing is stored of it")?;
                }
                return Ok(Done::Quit);
            }
            match keys::answer(&String::from_utf8_lossy(&line), &self.themes) {
                Answer::Right => return Ok(Done::Label(themes)),
                Answer::Skip => return Ok(Done::Skip),
                Answer::Undo => return Ok(Done::Undo),
                Answer::Quit => return Ok(Done::Quit),
                Answer::Unknown(told) => writeln!(console.out, "{told}")?,
                Answer::Toggle(places) => {
                    themes = themes.symmetric_difference(&places).copied().collect();
                    let names: Vec<&str> = themes.iter().map(|place| self.themes[*place]).collect();
                    writeln!(console.out, "now: {}", if names.is_empty() { "no theme".to_owned() } else { names.join(", ") })?;
                }
            }
        }
    }

    fn show(&self, next: &Next, themes: &BTreeSet<usize>, console: &mut Console) -> Result<(), Failure> {
        let Next { message, drawn, .. } = next;
        let card = Card::of(message);
        let (zone, number) = (self.plan.config.time_zone, self.stored.len() + 1);
        writeln!(console.out, "\n{number} of {} · {}", self.count, card::origin(message, *drawn, zone))?;
        write!(console.out, "\n{}\n", card.text(console.colours))?;
        let mut others = Vec::new();
        for (place, theme) in self.themes.iter().enumerate() {
            let tag = message.tags.iter().position(|tag| tag.theme == *theme);
            if tag.is_none() && !themes.contains(&place) {
                others.push(format!("{} {theme}", place + 1));
                continue;
            }
            let why = tag.map_or_else(String::new, |tag| {
                let (rule, words) = (&message.tags[tag].rule, card.words(tag));
                format!("  rule \"{rule}\"{}{words}", if words.is_empty() { "" } else { ": " })
            });
            let mark = if themes.contains(&place) { "x" } else { " " };
            writeln!(console.out, "  [{mark}] {} {theme}{why}", place + 1)?;
        }
        write!(console.out, "{}", flow(&others))?;
        Ok(())
    }

    fn label(&mut self, next: Next, themes: BTreeSet<usize>, clock: Clock) -> Result<(), Failure> {
        let verdict = |place: usize, theme: &str| {
            let rule = next.message.tags.iter().find(|tag| tag.theme == theme).map(|tag| tag.rule.as_str());
            (theme.to_owned(), Verdict::of(rule, themes.contains(&place)))
        };
        let review = Review {
            item: next.message.item,
            who: self.who.to_owned(),
            at: clock.now(),
            drawn: next.drawn,
            among: next.among.clone(),
            content: next.message.content,
            verdicts: self.themes.iter().enumerate().map(|(place, theme)| verdict(place, theme)).collect(),
        };
        let before = self.store.reader().review(review.item, self.who)?;
        if self.store.put_reviews(std::slice::from_ref(&review))? == 0 {
            let said = "a label of yours for this message is newer than the clock; check the machine's time";
            return Err(Failure::new(Code::Data, said));
        }
        self.stored.push(Stored { next, themes, before });
        Ok(())
    }

    /// Takes the last label back; its message comes again, then the one that is asked about now.
    fn undo(&mut self, now: Next, console: &mut Console) -> Result<(), Failure> {
        self.again.push((now, None));
        let Some(Stored { next, themes, before }) = self.stored.pop() else {
            writeln!(console.out, "there is no label of this sitting to take back")?;
            return Ok(());
        };
        self.store.take_back_review(next.message.item, self.who, before.as_ref())?;
        writeln!(console.out, "taken back:")?;
        self.again.push((next, Some(themes)));
        Ok(())
    }

    fn sum_up(&self, ran_out: bool, console: &mut Console) -> Result<Code, Failure> {
        let labelled = self.stored.len() as u32;
        if ran_out && labelled < self.count {
            writeln!(console.out, "there is no further message to label")?;
        }
        if labelled == 0 {
            return Ok(Code::Done);
        }
        let unsure = self.stored.iter().filter(|stored| stored.next.drawn == Drawn::Unsure).count() as u32;
        writeln!(
            console.out,
            "{labelled} labelled ({} at random, {unsure} unsure), {} skipped; `uproar quality` shows what they say",
            labelled - unsure,
            self.skipped
        )?;
        Ok(Code::Done)
    }
}

/// Words beside each other, in as many lines as it takes.
fn flow(words: &[String]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.width() + 3 + word.width() <= WIDTH => {
                line.push_str("   ");
                line.push_str(word);
            }
            _ => lines.push(format!("      {word}")),
        }
    }
    lines.iter().fold(String::new(), |flow, line| flow + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn themes_that_a_message_does_not_have_take_little_room() {
        let names = ["1 looping_bot", "2 refund_failed", "3 no_human", "4 wrong_answer", "5 dispute_unresolved"];
        insta::assert_snapshot!(flow(&names.map(str::to_owned)), @r"
        1 looping_bot   2 refund_failed   3 no_human   4 wrong_answer
        5 dispute_unresolved
        ");
        assert_eq!(flow(&[]), "");
    }
}
