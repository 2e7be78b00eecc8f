//! Sends what is due for one target, one row after the other, and records what became of it.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use tracing::debug;
use tracing::error;
use tracing::info;
use tracing::warn;

use crate::config::settings::Delivery;
use crate::deliver::Carrier;
use crate::domain::Timestamp;
use crate::domain::notice::Event;
use crate::domain::notice::Outcome;
use crate::domain::notice::Row;
use crate::domain::ports::Claim;
use crate::domain::ports::Outbox;
use crate::domain::ports::StoreError;
use crate::host::clock::Clock;
use crate::incident::outbox::LONGEST_ASKED;
use crate::incident::outbox::after_throttling;
use crate::incident::outbox::next_try;
use crate::render::Channel;
use crate::render::DeliveryError;
use crate::render::Parcel;
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
    delivery: Delivery,
    clock: Clock,
    board: Board,
}

impl<S: Outbox> Courier<S> {
    /// A courier for a target. It lives in real time, also when a replay moves the daemon's clock:
    /// other people's servers must not be asked at a replay's speed, nor shown its time stamps.
    pub fn new(store: S, target: String, channel: Arc<dyn Channel>, carrier: Arc<Carrier>, delivery: Delivery, board: Board) -> Self {
        Self { store, target, channel, carrier, delivery, clock: Clock::real(), board }
    }

    /// Name of its target.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// When there is something to do: the next row, or the end of a pause.
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
        let people = self.channel.gathers();
        let gather = self.delivery.gather.filter(|_| people);
        let mut failed = 0;
        loop {
            let ask = Claim { people, gather, ..Claim::next(&self.target, self.clock.now(), self.clock.after(HOLD)) };
            let Some(delivered) = self.deliver_next(ask).await? else { return Ok(failed) };
            failed += u32::from(!delivered);
            alive();
            if stop.is_cancelled() {
                return Ok(failed);
            }
        }
    }

    /// Sends one row, also where the target is taken for broken: somebody wants to find out.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub async fn deliver_only(&self, row: &str) -> Result<(), StoreError> {
        let ask =
            Claim { through: true, only: Some(row.to_owned()), ..Claim::next(&self.target, self.clock.now(), self.clock.after(HOLD)) };
        self.deliver_next(ask).await.map(|_| ())
    }

    /// Repeats what stands to a machine that forgets. Nothing is recorded: the next minute brings the
    /// next repetition.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub async fn repeat_standing(&self, alive: impl Fn() + Send + Sync) -> Result<(), StoreError> {
        for row in self.store.standing(self.target.clone()).await? {
            let Some(parcel) = self.channel.pulse(&row, self.clock.now()) else { continue };
            self.carry_beside(&row, &parcel, "repeated").await;
            alive();
        }
        Ok(())
    }

    /// Whether the next row was delivered; `None` where there is none.
    async fn deliver_next(&self, ask: Claim) -> Result<Option<bool>, StoreError> {
        let Some(row) = self.store.claim(ask).await?.into_iter().next() else { return Ok(None) };
        let parcel = self.channel.pack(&row, self.clock.now());
        let reply = self.carrier.carry(&parcel).await;
        let outcome = self.outcome(&row, self.channel.judge(&row, &reply));
        self.tell_log(&row, &outcome);
        let receipt = if let Outcome::Delivered { receipt } = &outcome { Some(receipt.clone()) } else { None };
        self.store.settle(row.id.clone(), outcome, self.clock.now()).await?;
        if let Some(parcel) = receipt.as_ref().and_then(|receipt| self.channel.after(&row, receipt)) {
            self.carry_beside(&row, &parcel, "edited beside it").await;
        }
        Ok(Some(receipt.is_some()))
    }

    /// Carries what nobody waits for.
    async fn carry_beside(&self, row: &Row, parcel: &Parcel, what: &str) {
        let (target, incident) = (self.target.as_str(), row.facts.incident.as_str());
        if let Err(why) = self.channel.judge(row, &self.carrier.carry(parcel).await) {
            debug!(target, incident, "target `{target}`: {incident} could not be {what}: {why}");
        }
    }

    fn tell_log(&self, row: &Row, outcome: &Outcome) {
        let (target, incident, event) = (row.target.as_str(), row.facts.incident.as_str(), row.facts.event.word());
        let result = match outcome {
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
                if row.short { "dead" } else { "later" }
            }
            Outcome::Broken { why } => {
                warn!(
                    target,
                    incident,
                    event,
                    "target `{target}` takes nothing: {why}; it is tried now and then, and at once by `uproar target test {target}`"
                );
                "later"
            }
            Outcome::Dead { why } => {
                error!(target, incident, event, notice = row.id, "target `{target}` will never take {event} {incident}: {why}");
                "dead"
            }
        };
        self.board.add(board::DELIVERIES, &[("target", target), ("result", result)], 1.0);
    }

    fn outcome(&self, row: &Row, judged: Result<String, DeliveryError>) -> Outcome {
        let now = self.clock.now();
        let (attempt, delivery) = (row.attempts + 1, &self.delivery);
        let asked = |after: Option<Duration>| {
            let after = after.and_then(|after| TimeDelta::from_std(after).ok());
            after.map(|after| now + after.min(LONGEST_ASKED))
        };
        let outcome = match judged {
            Ok(receipt) => return Outcome::Delivered { receipt },
            Err(DeliveryError::RowDead { why }) => return Outcome::Dead { why },
            Err(DeliveryError::ChannelBroken { why }) => return Outcome::Broken { why },
            Err(DeliveryError::TooLong { why }) => return Outcome::TooLong { why },
            Err(DeliveryError::Throttled { after, why }) => {
                let due = asked(after).unwrap_or_else(|| after_throttling(&row.id, attempt, delivery.throttled, now));
                Outcome::Later { due, why, counts: true, holds: true }
            }
            Err(DeliveryError::Later { after, why }) => match asked(after) {
                Some(due) => Outcome::Later { due, why, counts: true, holds: true },
                None => Outcome::Later { due: next_try(&row.id, attempt, &delivery.retry, now), why, counts: true, holds: false },
            },
        };
        match outcome {
            Outcome::Later { why, .. } if now - row.created > self.patience(row) => {
                Outcome::Dead { why: format!("given up after {} hours: {why}", (now - row.created).num_hours()) }
            }
            other => other,
        }
    }

    /// How long a row is tried. A reminder is of no use once the next one is due.
    fn patience(&self, row: &Row) -> TimeDelta {
        let next = row.facts.next_reminder.filter(|_| row.facts.event == Event::Reminder);
        next.map_or(self.delivery.give_up, |next| (next - row.facts.at).min(self.delivery.give_up))
    }
}
