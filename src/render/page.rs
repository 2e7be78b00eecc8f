//! What a page says about an incident: the story of its notices, at the time of reading.

use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Row;
use crate::render::chart::Chart;
use crate::render::chart::Mark;
use crate::render::chart::Point;
use crate::render::chart::Span;
use crate::render::chart::svg;
use crate::render::story::Story;
use crate::render::wording;
use crate::render::wording::Clock;

/// Longest link in characters.
const LINK: usize = 500;

/// An incident told for a page. Every text is one line without markup but the chart, which is all
/// markup and has no script in it.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Account {
    /// What happens, in sentences.
    pub lead: Vec<String>,
    /// Why it fired, in sentences.
    pub why: Vec<String>,
    /// `5 of 47, the most typical first`; of no meaning without quotes.
    pub quotes_note: String,
    /// Customers' words.
    pub quotes: Vec<Said>,
    /// Where the complaints come from.
    pub shares: Vec<Line>,
    /// Words that rose.
    pub risen: Vec<Line>,
    /// The series beside what was expected of it: one `<svg>` element.
    pub chart: Option<String>,
}

/// A customer's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The words.
    pub words: String,
    /// `1 star, Google Play, DE, 5.2.0, 13:41`
    pub about: String,
    /// Number of the message.
    pub item: Option<i64>,
}

/// One line of a breakdown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `Google Play`, `country se`
    pub name: String,
    /// Complaints in the window.
    pub now: String,
    /// Usual ones.
    pub usual: String,
    /// `68 %` of the excess, or nothing.
    pub part: String,
    /// `driver`, or nothing.
    pub note: String,
}

/// Tells the facts. `until` is when it was over, if it is.
#[must_use]
pub fn account(facts: &Facts, until: Option<Timestamp>) -> Account {
    let row = Row {
        id: String::new(),
        target: String::new(),
        recipient: String::new(),
        facts: facts.clone(),
        attempts: 0,
        created: facts.at,
        short: false,
        root: None,
        thread: None,
    };
    let story = Story::of(&row);
    // What is over has quotes too, on a page that people come to for the whole.
    let said = Story::of(&Row { facts: Facts { event: Event::Opened, ..facts.clone() }, ..row });
    let quotes = said.quotes.into_iter().zip(&facts.quotes);
    Account {
        quotes: quotes.map(|(said, quote)| Said { words: said.words, about: said.about, item: quote.item }).collect(),
        quotes_note: said.quotes_note,
        lead: story.lead,
        why: said.why,
        shares: story.shares.into_iter().map(line).collect(),
        risen: story.risen.into_iter().map(line).collect(),
        // Points lost are no bars that anybody could read.
        chart: (!facts.chart.is_empty() && facts.numbers.mean.is_none()).then(|| svg(&chart(facts, until))),
    }
}

/// Customers' words for a page: redacted, one line, nothing in them a link or markup.
#[must_use]
pub fn words(text: &str, most: usize) -> String {
    wording::quote(text, most)
}

/// A customer's link as a page may have it: to the web, with no login and nobody's address in it.
#[must_use]
pub fn link(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    let open = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    let text = String::from(url);
    (open && !text.contains('@') && !text.contains("%40") && text.len() <= LINK).then_some(text)
}

fn line(from: crate::render::story::From) -> Line {
    let crate::render::story::From { name, now, usual, part, note } = from;
    Line { name, now, usual, part, note }
}

fn chart(facts: &Facts, until: Option<Timestamp>) -> Chart {
    let point = |bar: &crate::domain::course::Bar| Point {
        start: bar.start,
        end: bar.end,
        count: bar.count,
        expected: bar.expected,
        usual: bar.usual,
        firing: bar.firing,
    };
    Chart {
        title: facts.theme_title.clone(),
        zone: Clock::of(&facts.zone, facts.at).zone(),
        points: facts.chart.iter().map(point).collect(),
        marks: facts.marks.iter().map(|mark| Mark { at: mark.at, text: mark.text.clone() }).collect(),
        spans: vec![Span { from: facts.since, until: until.unwrap_or(facts.at), text: facts.incident.clone() }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn a_page_tells_what_the_mail_told_and_knows_which_message_says_what() {
        let mut facts = sample::charted().facts;
        facts.quotes[0].item = Some(91);
        let account = account(&facts, None);
        assert!(account.lead[0].starts_with("47 complaints about"), "{:?}", account.lead);
        assert_eq!(account.quotes[0].item, Some(91));
        assert!(account.chart.as_ref().unwrap().starts_with("<svg") && !account.chart.unwrap().contains("<script"));
        assert!(!account.shares.is_empty() && !account.why.is_empty());
    }

    #[test]
    fn what_is_over_is_told_as_over_and_still_has_its_quotes() {
        let account = account(&sample::resolved().facts, Some(sample::at("2026-11-21T22:20:00Z")));
        assert!(account.lead[0].contains("usual again"), "{:?}", account.lead);
        assert!(!account.quotes.is_empty() && account.chart.is_none());
    }

    #[test]
    fn a_link_leads_to_the_web_and_names_nobody() {
        assert_eq!(link("https://shop.example/reviews/918").as_deref(), Some("https://shop.example/reviews/918"));
        for bad in
            ["javascript:alert(1)", "data:text/html,x", "https://a:b@shop.example/", "https://shop.example/?to=anna@example.com", "x"]
        {
            assert_eq!(link(bad), None, "{bad}");
        }
    }

    #[test]
    fn nothing_hostile_becomes_a_drawing() {
        let mut facts = sample::charted().facts;
        let hostile = sample::hostile().facts;
        facts.theme_title = hostile.theme_title.clone();
        facts.quotes = hostile.quotes;
        let chart = account(&facts, None).chart.unwrap();
        assert!(!chart.contains("<script") && !chart.contains("{{7*7}}<"), "{chart}");
    }
}
