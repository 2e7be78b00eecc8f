//! Who is told besides those whom a watch names, and when a target is left in peace.

use chrono::TimeDelta;

use crate::calendar::hours::Hours;
use crate::domain::matcher::Matcher;
use crate::incident::step::ESCALATIONS;

/// `[[route]]`: further targets for some of the incidents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// For which incidents; one that asks for nothing is for all.
    pub when: Matcher,
    /// Only at these times.
    pub hours: Option<Hours>,
    /// Names of the targets that are told.
    pub to: Vec<String>,
    /// Only when nobody has acknowledged it for so long.
    pub after: Option<TimeDelta>,
}

/// The delays after which routes tell further targets, each once, the shortest first; the n-th is
/// the n-th step of escalation, from 1. Those beyond the last step are never taken.
#[must_use]
pub fn delays(routes: &[Route]) -> [Option<TimeDelta>; ESCALATIONS] {
    let mut all: Vec<TimeDelta> = routes.iter().filter_map(|route| route.after).collect();
    all.sort_unstable();
    all.dedup();
    std::array::from_fn(|at| all.get(at).copied())
}

/// A length for people: `15 min`, `1 h 30 min`, `7 d`.
#[must_use]
pub fn span(length: TimeDelta) -> String {
    let minutes = length.num_minutes();
    match (minutes / 60, minutes % 60) {
        (hours, 0) if hours >= 48 && hours % 24 == 0 => format!("{} d", hours / 24),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_in_hours_and_minutes() {
        assert_eq!([15, 60, 90, 10_080].map(|minutes| span(TimeDelta::minutes(minutes))), ["15 min", "1 h", "1 h 30 min", "7 d"]);
    }

    #[test]
    fn delays_are_told_apart_and_come_in_order() {
        let route = |minutes: Option<i64>| Route {
            when: Matcher::default(),
            hours: None,
            to: vec!["on-call".to_owned()],
            after: minutes.map(TimeDelta::minutes),
        };
        let found = delays(&[route(Some(60)), route(None), route(Some(15)), route(Some(60))]);
        assert_eq!(found[..3], [Some(TimeDelta::minutes(15)), Some(TimeDelta::minutes(60)), None]);
        let many: Vec<Route> = (1..20).map(|minutes| route(Some(minutes))).collect();
        assert_eq!(delays(&many)[ESCALATIONS - 1], Some(TimeDelta::minutes(ESCALATIONS as i64)));
    }
}
