//! What happens to notices that do not get out: another target steps in, and of those that are dead
//! somebody else is told.

use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;
use tracing::info;
use tracing::warn;

use crate::config::settings::Target;
use crate::domain::Timestamp;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Quote;
use crate::domain::notice::Row;
use crate::domain::ports::Health;
use crate::domain::ports::NewRow;
use crate::domain::ports::Outbox as _;
use crate::domain::ports::StoreError;
use crate::engine::plan::Plan;
use crate::incident::outbox::copy_id;
use crate::incident::outbox::digest_id;
use crate::store::sqlite::Sqlite;

/// How often it looks.
pub const PERIOD: Duration = Duration::from_mins(1);
/// A notice that is this late goes to the target that steps in.
const LATE: TimeDelta = TimeDelta::minutes(10);
/// Of dead notices people hear this often at most.
const TELL: TimeDelta = TimeDelta::days(1);
/// Dead notices that are named one by one.
const NAMED: usize = 10;

/// Looks once. Returns how many notices it added.
///
/// # Errors
///
/// [`StoreError`] when the database fails.
pub async fn help(store: &Sqlite, plan: &Plan, now: Timestamp) -> Result<usize, StoreError> {
    let health = store.health().await?;
    Ok(step_in(store, plan, &health, now).await? + tell_of_dead(store, plan, &health, now).await?)
}

/// Sends what a target does not take to the one that steps in for it. What came from another target
/// already goes no further.
async fn step_in(store: &Sqlite, plan: &Plan, health: &[Health], now: Timestamp) -> Result<usize, StoreError> {
    let mut added = 0;
    for target in &plan.config.targets {
        let Some(other) = target.failover.as_ref().filter(|other| **other != target.name) else { continue };
        let late = store.undelivered(&target.name, other, now - LATE).await?;
        let rows: Vec<_> = late.iter().flat_map(|row| copies(plan, row, other, health, now)).collect();
        if rows.is_empty() {
            continue;
        }
        let new = store.step_in(rows).await?;
        if new > 0 {
            warn!(target = target.name, "target `{}` takes nothing; `{other}` steps in with {new} notices", target.name);
        }
        added += new;
    }
    Ok(added)
}

/// A row as the recipients of another target get it, each with the id of the row.
fn copies(plan: &Plan, row: &Row, other: &str, health: &[Health], now: Timestamp) -> Vec<(String, NewRow)> {
    let Some(channel) = plan.channels.get(other) else { return Vec::new() };
    let health = health.iter().find(|health| health.target == row.target);
    let since = health.and_then(|health| health.open_since).unwrap_or(row.created);
    let why = health.map(|health| format!(" ({})", health.why)).unwrap_or_default();
    let zone = row.facts.zone.parse::<Tz>().unwrap_or(Tz::UTC);
    let instead_of = format!("`{}` unreachable since {}{why}", row.target, since.with_timezone(&zone).format("%H:%M"));
    let made = channel.recipients().into_iter().map(|recipient| {
        let facts = addressed(plan, &row.facts, other, &recipient);
        let new = NewRow {
            id: copy_id(&facts, &row.target, other, &recipient),
            target: other.to_owned(),
            facts: Facts { root: None, instead_of: Some(instead_of.clone()), ..facts },
            due: now,
            held: None,
            recipient,
        };
        (row.id.clone(), new)
    });
    made.collect()
}

/// The same facts with tickets for somebody else.
fn addressed(plan: &Plan, facts: &Facts, target: &str, recipient: &str) -> Facts {
    let ticket = |subject: String| plan.ticket(&subject, target, recipient, facts.at);
    let quote = |quote: &Quote| Quote { ticket: quote.item.and_then(|item| ticket(format!("q:{item}"))), ..quote.clone() };
    Facts {
        ticket: facts.ticket.as_ref().and_then(|_| ticket(format!("i:{}", facts.incident))),
        sent_to: if recipient.is_empty() { target.to_owned() } else { recipient.to_owned() },
        quotes: facts.quotes.iter().map(quote).collect(),
        ..facts.clone()
    }
}

/// Once a day a target that works hears of notices that are dead.
async fn tell_of_dead(store: &Sqlite, plan: &Plan, health: &[Health], now: Timestamp) -> Result<usize, StoreError> {
    let (dead, last) = store.untold_dead().await?;
    if dead.is_empty() || last.is_some_and(|last| now - last < TELL) {
        return Ok(0);
    }
    let Some(target) = plan.config.targets.iter().find(|target| can_tell(plan, target, health, &dead)) else { return Ok(0) };
    let rows = digests(plan, target, &dead, now);
    let (number, ids) = (rows.len(), dead.iter().map(|(row, _)| row.id.clone()).collect());
    store.tell_of_dead(rows, ids, now).await?;
    info!(target = target.name, "`{}` is told of {} notices that nobody got", target.name, dead.len());
    Ok(number)
}

/// Whether a target works, has none of the dead ones, and takes what is said.
fn can_tell(plan: &Plan, target: &Target, health: &[Health], dead: &[(Row, String)]) -> bool {
    let broken = health.iter().any(|health| health.target == target.name && (health.open_since.is_some() || health.failures > 0));
    let concerned = dead.iter().any(|(row, _)| row.target == target.name);
    let wants = target.kinds.is_empty() || target.kinds.contains(&Event::Digest);
    let takes = plan.channels.get(&target.name).is_some_and(|channel| channel.takes(Event::Digest));
    !broken && !concerned && wants && takes
}

fn digests(plan: &Plan, target: &Target, dead: &[(Row, String)], now: Timestamp) -> Vec<NewRow> {
    let what = format!("digest-{}", now.timestamp());
    let lines = lines(dead);
    let recipients = plan.channels.get(&target.name).map(|channel| channel.recipients()).unwrap_or_default();
    let made = recipients.into_iter().map(|recipient| NewRow {
        id: digest_id(&plan.instance, &what, &target.name, &recipient),
        target: target.name.clone(),
        facts: Facts {
            zone: plan.config.time_zone.name().to_owned(),
            base_url: plan.config.base_url.clone(),
            sent_to: if recipient.is_empty() { target.name.clone() } else { recipient.clone() },
            lines: lines.clone(),
            ..Facts::blank(Event::Digest, &what, now)
        },
        due: now,
        held: None,
        recipient,
    });
    made.collect()
}

/// A sentence for each dead notice, and what to do.
fn lines(dead: &[(Row, String)]) -> Vec<String> {
    let named = dead.iter().take(NAMED).map(|(row, why)| {
        let Facts { event, incident, theme_title, watch, .. } = &row.facts;
        format!("`{}` did not get \"{event}\" of {incident} ({theme_title} - {watch}): {why}.", row.target)
    });
    let mut lines: Vec<String> = named.collect();
    if dead.len() > NAMED {
        lines.push(format!("And {} more.", dead.len() - NAMED));
    }
    lines.push(
        "`uproar outbox list --dead` shows them, `uproar outbox retry ID` tries one again, `uproar outbox drop ID --yes` forgets it."
            .to_owned(),
    );
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;
    use crate::config::parse;
    use crate::host::credentials::Credentials;

    const TWO: &str = r#"
        [[source]]
        name = "a"
        every = "1h"
        file = { folder = "a" }
        [[target]]
        name = "chat"
        file = { folder = "chat" }
        failover = "mail"
        [[target]]
        name = "mail"
        file = { folder = "mail" }
    "#;

    fn plan() -> Plan {
        let document = Document { name: "u".to_owned(), text: TWO.to_owned() };
        let parsed = parse(&[document], &Credentials::of_this_process());
        Plan::build(parsed.config.unwrap(), &[7; 32]).unwrap()
    }

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + 60 * minutes, 0).unwrap()
    }

    fn row(id: &str, event: Event, incident: &str) -> NewRow {
        let facts = Facts { theme_title: "dark stage".to_owned(), watch: "evenings".to_owned(), ..Facts::blank(event, incident, at(0)) };
        NewRow { id: id.to_owned(), target: "chat".to_owned(), recipient: String::new(), facts, due: at(0), held: None }
    }

    async fn fails(store: &Sqlite, id: &str, outcome: crate::domain::notice::Outcome, now: Timestamp) {
        let ask =
            crate::domain::ports::Claim { through: true, only: Some(id.to_owned()), ..crate::domain::ports::Claim::next("chat", now, now) };
        assert_eq!(store.claim(ask).await.unwrap().len(), 1);
        store.settle(id.to_owned(), outcome, now).await.unwrap();
    }

    async fn next(store: &Sqlite, target: &str, now: Timestamp) -> Option<Row> {
        let rows = store.claim(crate::domain::ports::Claim::next(target, now, now)).await.unwrap();
        rows.into_iter().next()
    }

    #[tokio::test]
    async fn another_target_steps_in_after_ten_minutes_once_and_says_why() {
        use crate::domain::notice::Outcome;
        let (folder, plan) = (tempfile::tempdir().unwrap(), plan());
        let (store, _) = Sqlite::open(&folder.path().join("u.db"), "boot".to_owned()).unwrap();
        store.enqueue(row("a", Event::Opened, "i-1")).await.unwrap();
        fails(&store, "a", Outcome::Broken { why: "answered 404".to_owned() }, at(2)).await;
        assert_eq!(help(&store, &plan, at(9)).await.unwrap(), 0, "not yet");
        assert_eq!(help(&store, &plan, at(10)).await.unwrap(), 1);
        assert_eq!(help(&store, &plan, at(11)).await.unwrap(), 0, "once");
        let copy = next(&store, "mail", at(12)).await.unwrap();
        let since = at(2).format("%H:%M");
        assert_eq!(copy.facts.instead_of.unwrap(), format!("`chat` unreachable since {since} (answered 404)"));
        assert_eq!((copy.facts.event, copy.facts.incident.as_str(), copy.facts.sent_to.as_str()), (Event::Opened, "i-1", "mail"));
        let original = next(&store, "chat", at(12)).await.unwrap();
        assert_eq!((original.id.as_str(), original.attempts), ("a", 0), "it stays queued, and a broken target wears no row out");
    }

    #[tokio::test]
    async fn another_target_steps_in_for_all_that_wait_however_many() {
        use crate::domain::notice::Outcome;
        let (folder, plan) = (tempfile::tempdir().unwrap(), plan());
        let (store, _) = Sqlite::open(&folder.path().join("u.db"), "boot".to_owned()).unwrap();
        for n in 0..200 {
            for recipient in ["a", "b", "c"] {
                let id = format!("{n:03}-{recipient}");
                store.enqueue(NewRow { recipient: recipient.to_owned(), ..row(&id, Event::Opened, &format!("i-{n:03}")) }).await.unwrap();
            }
        }
        fails(&store, "000-a", Outcome::Broken { why: "answered 404".to_owned() }, at(2)).await;
        let new = [10, 11, 12].map(|minute| help(&store, &plan, at(minute)));
        let [first, second, third] = new;
        let new = (first.await.unwrap(), second.await.unwrap(), third.await.unwrap());
        assert_eq!((new.0 + new.1, new.2), (200, 0), "{new:?}");
    }

    /// What people get of a target: what is over is told with its beginning, and many things as one.
    async fn mail(store: &Sqlite, target: &str, now: Timestamp) -> Option<Row> {
        use crate::domain::ports::Claim;
        let gather = Some(TimeDelta::minutes(5));
        store.claim(Claim { people: true, gather, ..Claim::next(target, now, now) }).await.unwrap().into_iter().next()
    }

    #[tokio::test]
    async fn what_is_over_before_another_target_steps_in_is_told_there_with_its_end() {
        use crate::domain::notice::Outcome;
        for people in [true, false] {
            let (folder, plan) = (tempfile::tempdir().unwrap(), plan());
            let (store, _) = Sqlite::open(&folder.path().join("u.db"), "boot".to_owned()).unwrap();
            store.enqueue(row("a", Event::Opened, "i-1")).await.unwrap();
            fails(&store, "a", Outcome::Broken { why: "answered 404".to_owned() }, at(2)).await;
            let mut end = NewRow { due: at(5), ..row("b", Event::Resolved, "i-1") };
            (end.facts.revision, end.facts.at) = (2, at(5));
            store.enqueue(end).await.unwrap();
            help(&store, &plan, at(10)).await.unwrap();
            assert_eq!(help(&store, &plan, at(11)).await.unwrap(), 0);
            if people {
                let told = mail(&store, "mail", at(12)).await.unwrap();
                assert_eq!((told.facts.event, told.facts.over.map(|over| over.at)), (Event::Opened, Some(at(5))));
            } else {
                let told = next(&store, "mail", at(12)).await.unwrap();
                assert_eq!((told.facts.event, told.facts.over), (Event::Opened, None));
                store.settle(told.id, Outcome::Delivered { receipt: String::new() }, at(12)).await.unwrap();
                assert_eq!(next(&store, "mail", at(12)).await.unwrap().facts.event, Event::Resolved);
            }
        }
    }

    #[tokio::test]
    async fn what_stands_in_a_storm_goes_on_by_itself_where_another_target_steps_in() {
        use crate::domain::notice::Outcome;
        let (folder, plan) = (tempfile::tempdir().unwrap(), plan());
        let (store, _) = Sqlite::open(&folder.path().join("u.db"), "boot".to_owned()).unwrap();
        for n in 0..3 {
            store.enqueue(row(&format!("r{n}"), Event::Opened, &format!("i-{n}"))).await.unwrap();
        }
        let together = mail(&store, "chat", at(0)).await.unwrap();
        assert_eq!((together.facts.event, together.facts.members.len()), (Event::Storm, 3));
        store.settle(together.id, Outcome::Broken { why: "answered 404".to_owned() }, at(2)).await.unwrap();
        assert_eq!(help(&store, &plan, at(10)).await.unwrap(), 3);
        assert_eq!(help(&store, &plan, at(11)).await.unwrap(), 0);
        let told = mail(&store, "mail", at(11)).await.unwrap();
        assert_eq!((told.facts.event, told.facts.members.len()), (Event::Storm, 3));
        assert!(told.facts.instead_of.unwrap().starts_with("`chat` unreachable since"));
        store.settle(told.id, Outcome::Delivered { receipt: String::new() }, at(11)).await.unwrap();
        let mut end = NewRow { target: "mail".to_owned(), due: at(30), ..row("end", Event::Resolved, "i-1") };
        end.facts.revision = 2;
        store.enqueue(end).await.unwrap();
        let told = mail(&store, "mail", at(30)).await.unwrap();
        assert_eq!((told.facts.event, told.facts.incident.as_str()), (Event::Resolved, "i-1"));
    }

    #[tokio::test]
    async fn a_dead_notice_is_told_elsewhere_once_a_day_and_a_dead_test_never() {
        use crate::domain::notice::Outcome;
        let (folder, plan) = (tempfile::tempdir().unwrap(), plan());
        let (store, _) = Sqlite::open(&folder.path().join("u.db"), "boot".to_owned()).unwrap();
        let dead = || Outcome::Dead { why: "answered 400".to_owned() };
        store.enqueue(row("t", Event::Test, "test-1")).await.unwrap();
        fails(&store, "t", dead(), at(0)).await;
        assert_eq!(help(&store, &plan, at(1)).await.unwrap(), 0);
        store.enqueue(row("a", Event::Opened, "i-1")).await.unwrap();
        fails(&store, "a", dead(), at(1)).await;
        assert_eq!(help(&store, &plan, at(2)).await.unwrap(), 1);
        let told = next(&store, "mail", at(2)).await.unwrap();
        assert_eq!(told.facts.event, Event::Digest);
        insta::assert_snapshot!(told.facts.lines.join("\n"), @r#"
        `chat` did not get "opened" of i-1 (dark stage - evenings): answered 400.
        `uproar outbox list --dead` shows them, `uproar outbox retry ID` tries one again, `uproar outbox drop ID --yes` forgets it.
        "#);
        store.enqueue(row("b", Event::Opened, "i-2")).await.unwrap();
        fails(&store, "b", dead(), at(3)).await;
        assert_eq!(help(&store, &plan, at(4)).await.unwrap(), 0, "tomorrow");
        assert_eq!(help(&store, &plan, at(3 + 24 * 60)).await.unwrap(), 1);
    }
}
