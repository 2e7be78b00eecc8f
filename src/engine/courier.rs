//! Sends what is due for one target, one row after the other, and records what became of it.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use tracing::error;
use tracing::info;
use tracing::warn;

use crate::deliver::Carrier;
use crate::domain::Timestamp;
use crate::domain::notice::Outcome;
use crate::domain::notice::Row;
use crate::domain::ports::Claim;
use crate::domain::ports::Outbox;
use crate::domain::ports::StoreError;
use crate::host::clock::Clock;
use crate::incident::outbox::GIVE_UP;
use crate::incident::outbox::LONGEST_ASKED;
use crate::incident::outbox::next_try;
use crate::render::Channel;
use crate::render::DeliveryError;
use crate::web::board;
use crate::web::board::Board;

/// How long a claimed row is held. Longer than any try may last.
const HOLD: Duration = Duration::from_secs(90);

/// The courier of one target.
pub struct Courier<S> {
    store: S,
    target: String,
    channel: Arc<dyn Channel>,
    carrier: Arc<Carrier>,
    clock: Clock,
    board: Board,
}

impl<S: Outbox> Courier<S> {
    /// A courier for a target. It lives in real time, also when a replay moves the daemon's clock:
    /// other people's servers must not be asked at a replay's speed, nor shown its time stamps.
    pub fn new(store: S, target: String, channel: Arc<dyn Channel>, carrier: Arc<Carrier>, board: Board) -> Self {
        Self { store, target, channel, carrier, clock: Clock::real(), board }
    }

    /// When the next row is due.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.store.next_due(self.target.clone()).await
    }

    /// Sends every row that is due, until none is left or `stop` is cancelled, and gives a sign of
    /// life after each. Returns how many tries failed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails; the row is sent again then, under the same id.
    pub async fn deliver_due(&self, stop: &CancellationToken, alive: impl Fn() + Send + Sync) -> Result<u32, StoreError> {
        let mut failed = 0;
        loop {
            let now = self.clock.now();
            let rows = self.store.claim(Claim::next(&self.target, now, self.hold_until())).await?;
            let Some(row) = rows.into_iter().next() else { return Ok(failed) };
            let outcome = self.deliver(&row).await;
            failed += u32::from(!matches!(outcome, Outcome::Delivered { .. }));
            self.store.settle(row.id, outcome, self.clock.now()).await?;
            alive();
            if stop.is_cancelled() {
                return Ok(failed);
            }
        }
    }

    fn hold_until(&self) -> Timestamp {
        self.clock.after(HOLD)
    }

    async fn deliver(&self, row: &Row) -> Outcome {
        let parcel = self.channel.pack(row, self.clock.now());
        let reply = self.carrier.carry(&parcel).await;
        let (target, incident, event) = (row.target.as_str(), row.facts.incident.as_str(), row.facts.event.word());
        let outcome = self.outcome(row, self.channel.judge(row, &reply));
        let result = match &outcome {
            Outcome::Delivered { receipt } => {
                info!(target, incident, event, notice = row.id, "told `{target}`: {event} {incident}: {receipt}");
                "delivered"
            }
            Outcome::Later { due, why, .. } => {
                let attempt = row.attempts + 1;
                warn!(target, incident, event, attempt, "target `{target}`: {why}; try {attempt}, next at {}", due.format("%F %T UTC"));
                "later"
            }
            Outcome::TooLong { why } => {
                warn!(target, incident, event, "target `{target}`: {event} {incident} is too long: {why}");
                "later"
            }
            Outcome::Broken { why } => {
                warn!(target, incident, event, "target `{target}` takes nothing until somebody mends it: {why}");
                "later"
            }
            Outcome::Dead { why } => {
                error!(target, incident, event, "target `{target}` will never take {event} {incident}: {why}");
                "dead"
            }
        };
        self.board.add(board::DELIVERIES, &[("target", target), ("result", result)], 1.0);
        outcome
    }

    fn outcome(&self, row: &Row, judged: Result<String, DeliveryError>) -> Outcome {
        let now = self.clock.now();
        let outcome = match judged {
            Ok(receipt) => return Outcome::Delivered { receipt },
            Err(DeliveryError::RowDead { why }) => return Outcome::Dead { why },
            Err(DeliveryError::ChannelBroken { why }) => return Outcome::Broken { why },
            Err(DeliveryError::TooLong { why }) => return Outcome::TooLong { why },
            Err(DeliveryError::Throttled { after, why } | DeliveryError::Later { after, why }) => {
                let asked = after.and_then(|after| TimeDelta::from_std(after).ok()).map(|after| now + after.min(LONGEST_ASKED));
                Outcome::Later { due: asked.unwrap_or_else(|| next_try(&row.id, row.attempts + 1, now)), why, counts: true, holds: false }
            }
        };
        match outcome {
            Outcome::Later { why, counts: true, .. } if now - row.created > GIVE_UP => {
                Outcome::Dead { why: format!("given up after {} hours: {why}", GIVE_UP.num_hours()) }
            }
            other => other,
        }
    }
}
