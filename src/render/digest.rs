//! What Uproar has to say about itself: notices that nobody took, and that it is well.

use crate::domain::notice::Facts;
use crate::render::story::Story;
use crate::render::story::Way;
use crate::render::wording;
use crate::render::wording::Clock;

/// Most lines that are told, and characters of one.
const LINES: usize = 40;
const LINE: usize = 300;

/// What it is about, for a subject: its first line.
pub(super) fn subject(facts: &Facts) -> String {
    facts.lines.first().map_or_else(|| "news of Uproar itself".to_owned(), |line| wording::quote(line, LINE))
}

/// The story of a digest.
pub(super) fn story(facts: &Facts) -> Story {
    let clock = Clock::of(&facts.zone, facts.at);
    let mut lead: Vec<String> =
        facts.lines.iter().take(LINES).map(|line| wording::quote(line, LINE)).filter(|line| !line.is_empty()).collect();
    if facts.lines.len() > LINES {
        lead.push(format!("And {} more lines; the command below has them all.", facts.lines.len() - LINES));
    }
    if lead.is_empty() {
        lead.push("There is nothing to tell.".to_owned());
    }
    Story {
        headline: format!("DIGEST - Uproar itself - {}", clock.full(facts.at)),
        lead,
        ways: vec![Way::command("How it is now", "uproar status".to_owned())],
        next: "This tells of Uproar itself; no complaint is behind it.".to_owned(),
        ..Story::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn a_digest_tells_its_lines() {
        let story = Story::of(&sample::digest());
        assert_eq!(story.headline, "DIGEST - Uproar itself - Sat 21 Nov 2026 14:05 CET");
        assert_eq!(story.lead[0], "3 notices for \"ops\" were not taken: HTTP 410 Gone.");
        assert_eq!(subject(&sample::digest().facts), "3 notices for \"ops\" were not taken: HTTP 410 Gone.");
    }

    #[test]
    fn a_digest_of_very_many_lines_is_cut() {
        let mut row = sample::digest();
        row.facts.lines = vec!["x".repeat(5_000); 5_000];
        let story = Story::of(&row);
        assert_eq!(story.lead.len(), LINES + 1);
        assert!(story.lead.iter().map(String::len).sum::<usize>() < 20_000);
        row.facts.lines.clear();
        assert_eq!(Story::of(&row).lead, ["There is nothing to tell."]);
    }
}
