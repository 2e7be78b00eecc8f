//! Watches of which every single message matters: one incident a message, so many in a time, and
//! of the rest the number.
//!
//! What is told is decided by the numbers of messages alone: those after the mark, which is written
//! with the incidents. So nothing is told twice, and nothing that was there before the watch.

use chrono::TimeDelta;

use crate::config::settings::AtMost;
use crate::config::settings::Watch;
use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::incident::Kind;
use crate::domain::incident::Level;
use crate::domain::incident::Numbers;
use crate::domain::incident::Segment;
use crate::domain::incident::SeriesKey;
use crate::domain::incident::State;
use crate::domain::incident::Transition;
use crate::domain::matcher::Silence;
use crate::domain::notice::Event;
use crate::domain::ports::Change;
use crate::domain::ports::Incidents as _;
use crate::domain::ports::Judged;
use crate::domain::ports::StoreError;
use crate::engine::facts;
use crate::engine::facts::Case;
use crate::engine::picture::Picture;
use crate::engine::plan::Plan;
use crate::host::clock::Clock;
use crate::incident::outbox::incident_id;
use crate::incident::step::Audience;
use crate::incident::step::Step;
use crate::store::sqlite::Sqlite;
use crate::store::sqlite::each::Found;
use crate::store::sqlite::each::Mark;

/// Label key of the segment that is one message.
const MESSAGE: &str = "message";
/// An incident of a message is over by itself after so long: nothing more will come of it.
const STANDS: TimeDelta = TimeDelta::days(7);

/// Tells what came since the last look. Returns how many notices were put into the outbox.
///
/// # Errors
///
/// [`StoreError`]; nothing was written then and the next look does it again.
pub async fn tell(store: &Sqlite, plan: &Plan, now: Timestamp) -> Result<usize, StoreError> {
    let found = look(store, plan, now).await?;
    let mut judged = Judged { changes: found.old.iter().map(|incident| closed(incident, plan, now)).collect(), ..Judged::default() };
    for told in &found.told {
        judged.changes.push(opened(store, plan, told, &found.silences, now).await?);
    }
    let notices = judged.changes.iter().map(|change| change.rows.len()).sum();
    if judged != Judged::default() || !found.marks.is_empty() || !found.gone.is_empty() {
        store.tell_each(judged, found.marks, found.gone).await?;
    }
    Ok(notices)
}

/// A message that is told.
struct Told {
    watch: Watch,
    found: Found,
    /// Further ones of which only the number is.
    more: u64,
}

/// What there is to do.
#[derive(Default)]
struct Work {
    told: Vec<Told>,
    marks: Vec<Mark>,
    /// Watches that tell nothing one by one any more. When they do again, it is from then on.
    gone: Vec<String>,
    old: Vec<Incident>,
    /// Quiet that people asked for, in real time.
    silences: Vec<Silence>,
}

/// Reads all of it at one moment.
async fn look(store: &Sqlite, plan: &Plan, now: Timestamp) -> Result<Work, StoreError> {
    let watches: Vec<(Watch, AtMost)> =
        plan.config.watches.iter().filter_map(|watch| watch.each.map(|most| (watch.clone(), most))).collect();
    let read = move |reader: &crate::store::sqlite::reports::Reader<'_>| {
        let (marks, newest) = (reader.each_marks()?, reader.newest_item()?);
        let mut work = Work {
            old: reader.messages_standing_since(now - STANDS)?,
            silences: reader.silences(Some(Clock::real().now()))?,
            ..Work::default()
        };
        for (watch, most) in &watches {
            let mark = marks.iter().find(|mark| mark.watch == watch.name);
            let fresh = match mark {
                Some(mark) if mark.item < newest => reader.messages_between(mark.item, newest, &watch.themes, &watch.sources)?,
                _ => Vec::new(),
            };
            let Some(decided) = decide(mark, most, &fresh, newest, now, &watch.name) else { continue };
            let late = if decided.leftover { reader.untold_message(newest, &watch.themes, &watch.sources, &watch.name)? } else { None };
            let mut told: Vec<Found> = fresh.into_iter().take(decided.told).collect();
            told.extend(late);
            let last = told.len();
            let of = |(at, found)| Told { watch: watch.clone(), found, more: if at + 1 == last { decided.more } else { 0 } };
            work.told.extend(told.into_iter().enumerate().map(of));
            work.marks.push(decided.mark);
        }
        work.gone = marks.into_iter().map(|mark| mark.watch).filter(|name| !watches.iter().any(|(watch, _)| watch.name == *name)).collect();
        Ok(work)
    };
    store.read(read).await
}

/// What becomes of new messages.
#[derive(Debug, PartialEq, Eq)]
struct Decided {
    mark: Mark,
    /// So many of them are told, the first ones.
    told: usize,
    /// Nothing new came, but in the time that is over some were only counted: one of them is told now.
    leftover: bool,
    /// The last of those told brings this number of others.
    more: u64,
}

/// `None` where nothing changes.
fn decide(mark: Option<&Mark>, most: &AtMost, fresh: &[Found], newest: i64, now: Timestamp, watch: &str) -> Option<Decided> {
    let Some(mark) = mark else {
        // What is there when a watch begins is history.
        let mark = Mark { watch: watch.to_owned(), item: newest, window_from: now, told: 0, more: 0 };
        return Some(Decided { mark, told: 0, leftover: false, more: 0 });
    };
    // A clock that was ahead must not stop everything until the time that it showed.
    let over = now - mark.window_from >= most.per || mark.window_from > now;
    let leftover = over && mark.more > 0 && fresh.is_empty();
    if mark.item == newest && !leftover {
        return None;
    }
    let before = if over { 0 } else { mark.told };
    let told = fresh.len().min(most.number.saturating_sub(before) as usize);
    let rest = mark.more + (fresh.len() - told) as u64;
    let tells = told > 0 || leftover;
    let mark = Mark {
        item: newest,
        window_from: if before == 0 && tells { now } else { mark.window_from },
        told: if tells { before + told as u32 + u32::from(leftover) } else { mark.told },
        more: if tells { 0 } else { rest },
        watch: mark.watch.clone(),
    };
    Some(Decided { mark, told, leftover, more: if tells { rest - u64::from(leftover) } else { 0 } })
}

async fn opened(store: &Sqlite, plan: &Plan, told: &Told, silences: &[Silence], now: Timestamp) -> Result<Change, StoreError> {
    let Told { watch, found, more } = told;
    let segment = Segment::Label { key: MESSAGE.to_owned(), value: found.item.to_string() };
    let key = SeriesKey { watch: watch.name.clone(), theme: found.theme.clone(), segment, kind: Kind::Message };
    let numbers = Numbers { count: 1.0, total: 1.0, ..Numbers::default() };
    let incident = Incident {
        since: found.at,
        level: Level::Medium,
        told_level: Level::Medium,
        told_count: 1.0,
        peak: 1.0,
        numbers: numbers.clone(),
        told_numbers: Some(numbers),
        ..Incident::new(incident_id(&plan.instance, &key, now), key, now)
    };
    let ask = facts::ask(watch, &incident, now);
    let evidence = store.evidence(ask.clone()).await?;
    let step = Step {
        transition: transition(None, &incident, "message", "detector", plan, now),
        seen: None,
        event: Some(Event::Opened),
        audience: Audience::Everybody,
        incident,
    };
    let (picture, due) = (Picture::default(), Clock::real().now());
    let case = Case {
        plan,
        watch,
        before: None,
        step: &step,
        ask: &ask,
        evidence: &evidence,
        picture: &picture,
        fresh: (0, 0),
        now,
        silences,
        due,
    };
    let mut rows = case.rows();
    for row in &mut rows {
        row.facts.more = *more;
    }
    tracing::warn!(
        incident = step.incident.id,
        watch = watch.name,
        "incident {} opened: a message with `{}`",
        step.incident.id,
        found.theme
    );
    Ok(Change { seen: None, incident: step.incident, transition: step.transition, rows })
}

/// Nobody is told: there was never anything to get calm.
fn closed(incident: &Incident, plan: &Plan, now: Timestamp) -> Change {
    let seen = Some(incident.version);
    let after = Incident { state: State::Closed, version: incident.version + 1, ..incident.clone() };
    let transition = transition(Some(incident.state), &after, "over", "clock", plan, now);
    Change { seen, incident: after, transition, rows: Vec::new() }
}

fn transition(from: Option<State>, after: &Incident, why: &str, who: &str, plan: &Plan, at: Timestamp) -> Transition {
    Transition {
        at,
        from,
        to: after.state,
        why: why.to_owned(),
        who: who.to_owned(),
        numbers: after.numbers.clone(),
        config: plan.config.fingerprint.clone(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(minutes: i64) -> Timestamp {
        "2026-11-22T12:00:00Z".parse::<Timestamp>().unwrap() + TimeDelta::minutes(minutes)
    }

    fn most(number: u32) -> AtMost {
        AtMost { number, per: TimeDelta::days(1) }
    }

    fn fresh(items: std::ops::RangeInclusive<i64>) -> Vec<Found> {
        items.map(|item| Found { item, theme: "legal".to_owned(), at: at(0) }).collect()
    }

    fn mark(item: i64, told: u32, more: u64) -> Mark {
        Mark { watch: "threats".to_owned(), item, window_from: at(0), told, more }
    }

    #[test]
    fn what_is_there_when_a_watch_begins_is_history() {
        let decided = decide(None, &most(10), &[], 500, at(0), "threats").unwrap();
        assert_eq!(decided, Decided { mark: mark(500, 0, 0), told: 0, leftover: false, more: 0 });
    }

    #[test]
    fn of_twelve_at_once_ten_are_told_and_the_last_says_and_2_more() {
        let decided = decide(Some(&mark(500, 0, 0)), &most(10), &fresh(501..=512), 512, at(0), "threats").unwrap();
        assert_eq!(decided, Decided { mark: mark(512, 10, 0), told: 10, leftover: false, more: 2 });
    }

    #[test]
    fn what_comes_when_the_time_is_full_is_counted_and_told_in_the_next() {
        let full = decide(Some(&mark(512, 10, 0)), &most(10), &fresh(513..=515), 515, at(60), "threats").unwrap();
        assert_eq!(full, Decided { mark: mark(515, 10, 3), told: 0, leftover: false, more: 0 });
        assert_eq!(decide(Some(&full.mark), &most(10), &[], 515, at(61), "threats"), None);
        let day = 24 * 60;
        let alone = decide(Some(&full.mark), &most(10), &[], 515, at(day), "threats").unwrap();
        let begun = Mark { window_from: at(day), ..mark(515, 1, 0) };
        assert_eq!(alone, Decided { mark: begun.clone(), told: 0, leftover: true, more: 2 }, "one of the three, and 2 more");
        let beside = decide(Some(&full.mark), &most(10), &fresh(516..=516), 516, at(day), "threats").unwrap();
        assert_eq!(beside, Decided { mark: Mark { item: 516, ..begun }, told: 1, leftover: false, more: 3 });
    }

    #[test]
    fn a_clock_that_was_ahead_stops_nothing() {
        let ahead = Mark { window_from: at(60 * 24 * 30), ..mark(1, 10, 0) };
        assert_eq!(decide(Some(&ahead), &most(10), &fresh(2..=2), 2, at(0), "threats").unwrap().told, 1);
    }

    proptest! {
        #[test]
        fn everything_is_told_or_counted_and_never_more_than_allowed(
            number in 1_u32..5, looks in prop::collection::vec((0_i64..4, 0_i64..900), 1..60),
        ) {
            let (mut mark, mut minutes, mut times) = (mark(0, 0, 0), 0, Vec::new());
            let (mut written, mut spoken_of) = (0, 0);
            for (new, pause) in looks {
                minutes += pause;
                let to = mark.item + new;
                let news = fresh(mark.item + 1..=to);
                written += new as u64;
                let Some(decided) = decide(Some(&mark), &most(number), &news, to, at(minutes), "threats") else { continue };
                let notices = decided.told + usize::from(decided.leftover);
                times.extend(std::iter::repeat_n(at(minutes), notices));
                spoken_of += notices as u64 + decided.more;
                mark = decided.mark;
                prop_assert_eq!(written, spoken_of + mark.more);
                prop_assert!(mark.told <= number);
            }
            // Windows follow each other: in one day there are never more than two of them.
            for first in &times {
                let within = times.iter().filter(|time| *time >= first && **time - *first < TimeDelta::days(1)).count();
                prop_assert!(within <= 2 * number as usize);
            }
        }
    }
}
