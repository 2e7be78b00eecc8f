//! A notice in few words, for chats, pagers and programs: as much of it as a place takes.

use crate::domain::incident::Kind;
use crate::domain::incident::Level;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Row;
use crate::render::kinds;
use crate::render::storm;
use crate::render::story::Story;
use crate::render::story::lead;
use crate::render::wording;
use crate::render::wording::Clock;

/// Most incidents of a storm that are named.
const STORM: usize = 8;

/// How much of a notice there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// Quotes.
    pub quotes: usize,
    /// Characters of one.
    pub quote: usize,
    /// Lines of where it comes from.
    pub shares: usize,
}

impl Size {
    /// From all that is worth telling down to nothing but the facts. A channel takes the first that
    /// fits; a row that was called too long begins at the fourth.
    pub(super) const STEPS: [Self; 5] =
        [Self::of(5, 280, 8), Self::of(3, 280, 8), Self::of(3, 200, 8), Self::of(1, 200, 4), Self::of(0, 0, 0)];

    const fn of(quotes: usize, quote: usize, shares: usize) -> Self {
        Self { quotes, quote, shares }
    }

    /// The steps that a row may take.
    pub(super) fn steps(row: &Row) -> &'static [Self] {
        if row.short { &Self::STEPS[3..] } else { &Self::STEPS }
    }
}

/// A notice in few words. Nothing in it is markup of any kind: every text is one line as customers
/// and operators wrote it, tamed but not escaped.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Brief {
    /// What it is about: `login fails - app reviews`.
    pub title: String,
    /// What happened, in a sentence or two.
    pub summary: String,
    /// Names and values: level, begin, part of the messages.
    pub facts: Vec<(String, String)>,
    /// Customers' words, each with where they are from.
    pub quotes: Vec<String>,
    /// What is left out, and where it is; `None` where nothing is.
    pub more: Option<String>,
    /// Why this fired.
    pub why: String,
    /// Labels and addresses; without pages of our own there are none.
    pub links: Vec<(&'static str, String)>,
    /// How loud.
    pub level: Level,
    /// What is told.
    pub event: Event,
}

/// A row in few words.
pub(super) fn brief(row: &Row, size: Size) -> Brief {
    let facts = &row.facts;
    let story = Story::of(row);
    let clock = Clock::of(&facts.zone, facts.at);
    let shown = facts.quotes.len().min(size.quotes);
    Brief {
        title: title(row),
        summary: summary(&story, &lead::aside(facts, &clock)),
        facts: told(facts, &clock),
        quotes: facts.quotes.iter().take(shown).map(|quote| quoted(&quote.text, &quote.source, size.quote)).collect(),
        more: more(&story, facts, shown),
        why: story.why.join(" "),
        links: story.ways.into_iter().chain(story.tune.ways).filter(|way| way.link).map(|way| (way.label, way.how)).collect(),
        level: if facts.event == Event::Storm { storm::level(facts) } else { facts.level },
        event: facts.event,
    }
}

/// What happened, what is new, what is usual; of news about Uproar itself, all lines.
fn summary(story: &Story, aside: &[String]) -> String {
    let (first, rest) = story.lead.split_at(story.lead.len().min(1));
    let rest = if story.why.is_empty() { rest } else { &rest[..rest.len().min(1)] };
    let said = first.iter().chain(&story.changed).chain(rest);
    let aside = aside.iter().filter(|line| !first.contains(line) && !story.changed.contains(line) && !rest.contains(line));
    said.chain(aside).map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// What a chat has no room for.
fn more(story: &Story, facts: &Facts, shown: usize) -> Option<String> {
    let listed: usize = story.groups.iter().map(|group| group.lines.len()).sum();
    if listed > 0 {
        return Some(format!("{} in all: `uproar incident list`", wording::plural(&facts.members.len().to_string(), "incident")));
    }
    let left = facts.quotes_of.saturating_sub(shown as u64);
    let page = story.ways.iter().find(|way| way.link && way.label == "All of them");
    let at = page.map(|way| format!(" at {}", way.how)).unwrap_or_default();
    (left > 0 && shown > 0).then(|| format!("{left} more{at}"))
}

fn title(row: &Row) -> String {
    match row.facts.event {
        Event::Test => format!("Test of {}", wording::name(&row.target)),
        Event::Storm => wording::name(&storm::subject(&row.facts)),
        Event::Digest => "Uproar itself".to_owned(),
        _ if row.facts.kind == Kind::NoData => wording::name(&kinds::subject(&row.facts)),
        _ => format!("{} - {}", wording::name(&kinds::subject(&row.facts)), wording::name(&row.facts.watch)),
    }
}

fn told(facts: &Facts, clock: &Clock) -> Vec<(String, String)> {
    match facts.event {
        Event::Test | Event::Digest => return Vec::new(),
        Event::Storm => return parts(facts),
        _ => {}
    }
    let pairs = [
        ("Level", facts.level.word().to_owned()),
        ("Since", clock.full(facts.since)),
        ("Part", wording::name(&facts.segment.to_string())),
        ("Incident", wording::name(&facts.incident)),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The loudest parts of a storm.
fn parts(facts: &Facts) -> Vec<(String, String)> {
    let lines = storm::groups(facts).into_iter().flat_map(|group| group.lines.into_iter().map(move |line| (group.title.clone(), line)));
    lines
        .take(STORM)
        .map(|(title, line)| {
            let name = format!("{title}, {}", line.name);
            (name, format!("{} (usual {}), {}, {}", line.now, line.usual, line.level, line.incident))
        })
        .collect()
}

fn quoted(text: &str, source: &str, most: usize) -> String {
    format!("\"{}\" ({})", wording::quote(text, most).replace('"', "'"), wording::name(source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    impl Brief {
        /// All of it as lines of plain text.
        fn text(&self) -> String {
            let mut lines = vec![format!("{}: {}", self.event.word().to_uppercase(), self.title), self.summary.clone()];
            lines.extend(self.facts.iter().map(|(name, value)| format!("{name}: {value}")));
            lines.extend(self.quotes.iter().map(|quote| format!("- {quote}")));
            lines.extend(self.more.clone());
            lines.extend(self.links.iter().map(|(label, address)| format!("{label}: {address}")));
            lines.retain(|line| !line.is_empty());
            lines.join("\n")
        }
    }

    #[test]
    fn a_notice_in_few_words_says_what_happened() {
        insta::assert_snapshot!(brief(&sample::opened(), Size::STEPS[3]).text(), @r#"
        OPENED: login fails - app reviews
        47 complaints about "login fails" in the last 6 hours. Usual at this time on a Saturday: 6 (range 2-11). That is 7.8 times the usual, 41 more than expected.
        Level: high
        Since: Sat 21 Nov 2026 10:00 CET
        Part: all
        Incident: i-7f3k2
        - "Since the update I get a white page instead of the login, and support answered [email] with a form letter" (Play)
        46 more
        "#);
    }

    #[test]
    fn each_step_says_less() {
        let lengths = Size::STEPS.map(|size| brief(&sample::hostile(), size).text().len());
        assert!(lengths.is_sorted_by(|a, b| a >= b) && lengths[4] < 2_000, "{lengths:?}");
    }

    #[test]
    fn a_row_that_was_too_long_begins_with_less() {
        let row = Row { short: true, ..sample::opened() };
        assert_eq!(Size::steps(&row)[0], Size::of(1, 200, 4));
    }
}
