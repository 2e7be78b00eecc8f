//! Metrics that are read from the store: incidents that are not over, notices on their way, and how
//! sources fare.

use std::sync::Arc;

use chrono::TimeDelta;
use tracing::warn;

use crate::domain::Timestamp;
use crate::domain::incident::Incident;
use crate::domain::incident::Level;
use crate::domain::incident::State;
use crate::domain::ports::StoreError;
use crate::engine::plan::Plan;
use crate::store::sqlite::Sqlite;
use crate::store::sqlite::reports::OutboxCount;
use crate::web::board;
use crate::web::board::Board;

mod sources;

pub(super) use sources::Faring;
pub use sources::name_few;

const STANDING: [State; 5] = [State::Pending, State::Open, State::Acknowledged, State::Snoozed, State::Recovering];
const LEVELS: [Level; 4] = [Level::Low, Level::Medium, Level::High, Level::Critical];
const WAITING: [&str; 4] = ["queued", "leased", "suppressed", "dead"];

/// Shows what is read from the store.
#[derive(Debug, Default)]
pub struct Gauges {
    /// When the rhythm of sources was read last.
    rhythm_at: Option<Timestamp>,
}

/// The rhythm of sources moves by weeks, and reading it goes through all that came in five of them.
const RHYTHM: TimeDelta = TimeDelta::hours(1);

impl Gauges {
    /// Shows everything as it is now. Metrics never stop the work they tell of.
    pub async fn show(&mut self, store: &Sqlite, plan: &Arc<Plan>, board: &Board, now: Timestamp) {
        show(store, plan, board, now).await;
        // As long as nothing is known of any, looking is cheap.
        let due = self.rhythm_at.is_none_or(|at| now - at >= RHYTHM || now < at) || !board.has(board::EXPECTED_SILENCE);
        if due {
            self.rhythm_at = Some(now);
            if let Err(error) = sources::show_rhythm(store, plan, board, now).await {
                warn!("the metrics of sources' rhythms could not be read: {error}");
            }
        }
    }
}

async fn show(store: &Sqlite, plan: &Plan, board: &Board, now: Timestamp) {
    let read = store.read(|reader| Ok::<_, StoreError>((reader.incidents(false)?, reader.outbox()?, reader.health()?))).await;
    match read {
        Ok((incidents, outbox, health)) => {
            show_incidents(&incidents, board);
            for target in plan.channels.keys() {
                show_outbox(target, &outbox, board, now);
                let open = health.iter().any(|health| health.target == *target && health.open_since.is_some());
                board.set(board::BREAKER, &[("target", target)], f64::from(u8::from(open)));
            }
        }
        Err(error) => warn!("metrics of incidents and notices could not be read: {error}"),
    }
}

fn show_incidents(incidents: &[Incident], board: &Board) {
    for state in STANDING {
        for level in LEVELS {
            let number = incidents.iter().filter(|incident| incident.state == state && incident.level == level).count();
            board.set(board::INCIDENTS, &[("state", state.word()), ("level", level.word())], number as f64);
        }
    }
}

fn show_outbox(target: &str, outbox: &[OutboxCount], board: &Board, now: Timestamp) {
    let mine = || outbox.iter().filter(|count| count.target == target);
    for state in WAITING {
        let rows: u64 = mine().filter(|count| count.state == state).map(|count| count.rows).sum();
        board.set(board::OUTBOX, &[("target", target), ("state", state)], rows as f64);
    }
    let oldest = mine().filter(|count| count.state == "queued" || count.state == "leased").filter_map(|count| count.oldest).min();
    let age = oldest.map_or(0.0, |oldest| (now - oldest).as_seconds_f64().max(0.0));
    board.set(board::OUTBOX_AGE, &[("target", target)], age);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_counted_and_what_is_done_is_not() {
        let now: Timestamp = "2026-05-06T12:00:00Z".parse().unwrap();
        let row = |target: &str, state: &str, rows, minutes| OutboxCount {
            target: target.to_owned(),
            state: state.to_owned(),
            rows,
            error: None,
            oldest: Some(now - TimeDelta::minutes(minutes)),
        };
        let outbox =
            [row("desk", "delivered", 7, 90), row("desk", "leased", 1, 4), row("desk", "queued", 2, 3), row("other", "dead", 1, 99)];
        let board = Board::default();
        show_outbox("desk", &outbox, &board, now);
        insta::assert_snapshot!(board.exposition(), @r#"
        # HELP uproar_outbox_rows Notices that are not delivered by state: queued, leased, suppressed, dead.
        # TYPE uproar_outbox_rows gauge
        uproar_outbox_rows{target="desk",state="dead"} 0
        uproar_outbox_rows{target="desk",state="leased"} 1
        uproar_outbox_rows{target="desk",state="queued"} 2
        uproar_outbox_rows{target="desk",state="suppressed"} 0
        # HELP uproar_outbox_oldest_queued_seconds How long the oldest notice has waited; 0 when none does.
        # TYPE uproar_outbox_oldest_queued_seconds gauge
        uproar_outbox_oldest_queued_seconds{target="desk"} 240
        "#);
    }

    #[test]
    fn every_state_and_level_is_there_from_the_start() {
        let board = Board::default();
        show_incidents(&[], &board);
        assert_eq!(board.exposition().lines().filter(|line| line.ends_with("\"} 0")).count(), 20);
    }
}
