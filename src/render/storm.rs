//! Many things at once, told in one notice: each with its numbers, those of one theme together.

use serde::Serialize;

use crate::domain::incident::Level;
use crate::domain::incident::Segment;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Member;
use crate::render::pages::Pages;
use crate::render::pages::command_word;
use crate::render::pages::shown_link;
use crate::render::story::Story;
use crate::render::story::Way;
use crate::render::story::lead;
use crate::render::wording;
use crate::render::wording::Clock;

/// Most incidents that are listed, that have a link, and that have a quote: what fits into a mail.
const LISTED: usize = 300;
const LINKED: usize = 60;
const QUOTED: usize = 10;
/// Most themes that a subject names.
const NAMED: usize = 3;

/// What happened at once with one theme of one watch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Group {
    /// `login fails - app reviews`
    pub title: String,
    /// The loudest first.
    pub lines: Vec<Line>,
}

/// One incident of a storm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Line {
    /// `country se`, `all messages`
    pub name: String,
    /// `high`, with the event where it did not simply open: `high, reopened`.
    pub level: String,
    /// Complaints.
    pub now: String,
    /// Usual ones.
    pub usual: String,
    /// Its id.
    pub incident: String,
    /// Its page.
    pub link: Option<String>,
    /// Words of a customer.
    pub quote: Option<String>,
}

/// What a storm is about, for a subject: `23 incidents: login fails, refunds`.
pub(super) fn subject(facts: &Facts) -> String {
    let mut titles: Vec<&str> = Vec::new();
    for member in loudest_first(facts) {
        if !titles.contains(&member.title.as_str()) {
            titles.push(&member.title);
        }
    }
    let more = if titles.len() > NAMED { ", …" } else { "" };
    titles.truncate(NAMED);
    format!("{}: {}{more}", wording::plural(&facts.members.len().to_string(), "incident"), titles.join(", "))
}

/// How loud it is: as loud as the loudest.
pub(super) fn level(facts: &Facts) -> Level {
    facts.members.iter().map(|member| member.level).max().unwrap_or(facts.level).max(facts.level)
}

/// The story of a storm.
pub(super) fn story(facts: &Facts) -> Story {
    let clock = Clock::of(&facts.zone, facts.at);
    let members = loudest_first(facts);
    let all = wording::plural(&members.len().to_string(), "incident");
    let level = level(facts);
    Story {
        headline: format!("STORM - {all}, up to {level} - {}", clock.full(facts.at)),
        lead: lead(facts, &members, &clock),
        ways: ways(facts),
        groups: groups(facts),
        next: "Next mails: one for each incident, when it gets worse or is over, as replies to this one.".to_owned(),
        ..Story::default()
    }
}

fn lead(facts: &Facts, members: &[&Member], clock: &Clock) -> Vec<String> {
    let Some(loudest) = members.first() else { return vec!["Nothing is known of it.".to_owned()] };
    let one_theme = members.iter().all(|member| member.title == loudest.title);
    let title = wording::name(&loudest.title);
    let all = members.len();
    let what = if one_theme { format!("\"{title}\" in {all} parts") } else { format!("{all} incidents") };
    let began = members.iter().map(|member| member.since).min().unwrap_or(facts.at);
    let mut lead = vec![
        format!("{what} at about the same time, the earliest since {}; this tells of all of them.", clock.short(began)),
        "What opens together often has one cause: look at what they have in common first.".to_owned(),
    ];
    if loudest.count > 0.0 {
        let (count, usual) = (wording::plural(&wording::amount(loudest.count), "complaint"), wording::amount(loudest.expected));
        lead.insert(1, format!("The loudest: {count} about \"{title}\", {}; usual are {usual}.", part(&loudest.segment)));
    }
    if all > LISTED {
        lead.push(format!("The {LISTED} loudest are listed below; the commands tell of all."));
    }
    lead.extend(lead::more(facts));
    if let Some(instead) = &facts.instead_of {
        lead.push(format!("It comes this way instead of another: {}.", wording::quote(instead, 200)));
    }
    lead
}

fn ways(facts: &Facts) -> Vec<Way> {
    let linked = facts.members.iter().any(|member| page(member, facts.base_url.as_deref()).is_some());
    let one = if linked { "uproar incident ack ID" } else { "uproar incident show ID" };
    vec![
        Way::command("All of them", "uproar incident list".to_owned()),
        Way::command(if linked { "Acknowledge" } else { "One of them" }, one.to_owned()),
    ]
}

fn loudest_first(facts: &Facts) -> Vec<&Member> {
    let mut members: Vec<&Member> = facts.members.iter().collect();
    let excess = |member: &Member| member.count - member.expected;
    members.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| excess(b).total_cmp(&excess(a))).then_with(|| a.incident.cmp(&b.incident)));
    members
}

/// What happened, theme by theme.
pub(super) fn groups(facts: &Facts) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (at, member) in loudest_first(facts).into_iter().take(LISTED).enumerate() {
        let title = format!("{} - {}", wording::name(&member.title), wording::name(&member.watch));
        let line = line(member, at, facts.base_url.as_deref());
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.lines.push(line),
            None => groups.push(Group { title, lines: vec![line] }),
        }
    }
    groups
}

fn line(member: &Member, at: usize, base: Option<&str>) -> Line {
    let event = if member.event == Event::Opened { String::new() } else { format!(", {}", member.event) };
    let quote = member.quote.as_deref().filter(|_| at < QUOTED).map(|quote| wording::quote(quote, 160)).filter(|quote| !quote.is_empty());
    Line {
        name: part(&member.segment),
        level: format!("{}{event}", member.level),
        now: wording::amount(member.count),
        usual: wording::amount(member.expected),
        incident: command_word(&member.incident),
        link: page(member, base).filter(|_| at < LINKED),
        quote,
    }
}

fn page(member: &Member, base: Option<&str>) -> Option<String> {
    let base = base.and_then(shown_link)?;
    Pages::at(&base, &member.incident, member.ticket.as_deref()?).map(|pages| pages.incident())
}

fn part(segment: &Segment) -> String {
    match segment {
        Segment::All => "all messages".to_owned(),
        Segment::Label { key, value } => format!("{} {}", wording::name(key), wording::name(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn a_storm_lists_every_incident_by_its_theme_with_the_loudest_first() {
        let row = sample::storm(23);
        let story = Story::of(&row);
        assert_eq!(story.headline, "STORM - 23 incidents, up to critical - Sat 21 Nov 2026 14:05 CET");
        let groups: Vec<(&str, usize)> = story.groups.iter().map(|group| (group.title.as_str(), group.lines.len())).collect();
        assert_eq!(groups, [("login fails - app reviews", 12), ("refund is late - app reviews", 11)]);
        assert_eq!(subject(&row.facts), "23 incidents: login fails, refund is late");
        let listed: usize = story.groups.iter().map(|group| group.lines.len()).sum();
        assert_eq!(listed, 23);
    }

    #[test]
    fn two_hundred_are_all_there() {
        let story = Story::of(&sample::linked(sample::storm(200)));
        let ids: std::collections::BTreeSet<&str> =
            story.groups.iter().flat_map(|group| &group.lines).map(|line| line.incident.as_str()).collect();
        assert_eq!(ids.len(), 200);
    }

    #[test]
    fn a_storm_of_one_theme_says_so() {
        let mut row = sample::storm(4);
        row.facts.members.iter_mut().for_each(|member| member.title = "login fails".to_owned());
        assert!(Story::of(&row).lead[0].starts_with("\"login fails\" in 4 parts at about the same time"));
        row.facts.members.clear();
        assert_eq!(Story::of(&row).groups, []);
    }
}
