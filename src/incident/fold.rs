//! Many notices into one: what a folded notice is made of, and its id.

use crate::domain::incident::Level;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Member;
use crate::incident::outbox::storm_id;

/// A notice that is folded into another: the id of its row, and what it says.
pub type Folded = (String, Facts);

/// The notice that stands for all of them, with its id. The same ones, in any order, give the same.
#[must_use]
pub fn storm(mut folded: Vec<Folded>) -> Option<Folded> {
    folded.sort_by(|a, b| b.1.level.cmp(&a.1.level).then_with(|| a.1.since.cmp(&b.1.since)).then_with(|| a.0.cmp(&b.0)));
    let ids: Vec<&str> = folded.iter().map(|(id, _)| id.as_str()).collect();
    let id = storm_id(&ids);
    let (_, first) = folded.first()?;
    let at = folded.iter().map(|(_, facts)| facts.at).max()?;
    let same = |of: &dyn Fn(&Facts) -> String| {
        let value = of(first);
        if folded.iter().all(|(_, facts)| of(facts) == value) { value } else { String::new() }
    };
    let facts = Facts {
        watch: same(&|facts| facts.watch.clone()),
        theme: same(&|facts| facts.theme.clone()),
        theme_title: same(&|facts| facts.theme_title.clone()),
        level: folded.iter().map(|(_, facts)| facts.level).max().unwrap_or(Level::Low),
        since: folded.iter().map(|(_, facts)| facts.since).min().unwrap_or(at),
        zone: first.zone.clone(),
        base_url: first.base_url.clone(),
        sent_to: first.sent_to.clone(),
        more: folded.iter().map(|(_, facts)| facts.more).sum(),
        instead_of: folded.iter().find_map(|(_, facts)| facts.instead_of.clone()),
        members: folded.iter().map(|(_, facts)| member(facts)).collect(),
        ..Facts::blank(Event::Storm, &format!("storm-{}", &id[..8]), at)
    };
    Some((id, facts))
}

fn member(facts: &Facts) -> Member {
    Member {
        incident: facts.incident.clone(),
        // What was over before anybody could hear of it is told as that.
        event: if facts.over.is_some() { Event::Resolved } else { facts.event },
        title: facts.theme_title.clone(),
        watch: facts.watch.clone(),
        segment: facts.segment.clone(),
        level: facts.level,
        count: facts.numbers.count,
        expected: facts.numbers.expected,
        since: facts.since,
        quote: facts.quotes.first().map(|quote| quote.text.clone()),
        ticket: facts.ticket.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::notice::Ending;

    fn facts(incident: &str, watch: &str, level: Level) -> Facts {
        let at: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        Facts { watch: watch.to_owned(), level, ..Facts::blank(Event::Opened, incident, at) }
    }

    #[test]
    fn everything_is_in_it_the_loudest_first_and_the_order_of_arrival_is_not() {
        let a = ("a".to_owned(), facts("i-1", "app", Level::Low));
        let b = ("b".to_owned(), facts("i-2", "shop", Level::High));
        let (id, told) = storm(vec![a.clone(), b.clone()]).unwrap();
        assert_eq!((id.clone(), told.clone()), storm(vec![b, a.clone()]).unwrap());
        assert_eq!(told.members.iter().map(|member| member.incident.as_str()).collect::<Vec<_>>(), ["i-2", "i-1"]);
        assert_eq!((told.event, told.level, told.watch.as_str()), (Event::Storm, Level::High, ""));
        assert!(told.incident.starts_with("storm-") && id.len() == 32);
        let other = storm(vec![a.clone(), ("c".to_owned(), facts("i-2", "app", Level::Low))]).unwrap();
        assert_ne!(other.0, id);
        assert_eq!(other.1.watch, "app", "what all have in common is told once");
        assert_eq!(storm(Vec::new()), None);
    }

    #[test]
    fn what_is_only_counted_is_counted_together() {
        let some = |id: &str, more| (id.to_owned(), Facts { more, ..facts(id, "app", Level::Low) });
        assert_eq!(storm(vec![some("a", 0), some("b", 4)]).unwrap().1.more, 4);
    }

    #[test]
    fn what_is_over_already_is_told_as_over() {
        let mut over = facts("i-1", "app", Level::Low);
        over.over = Some(Ending { at: over.at, cause: String::new() });
        let (_, told) = storm(vec![("a".to_owned(), over), ("b".to_owned(), facts("i-2", "app", Level::Low))]).unwrap();
        assert_eq!(told.members.iter().filter(|member| member.event == Event::Resolved).count(), 1);
    }
}
