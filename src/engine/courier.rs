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

/// The shortest pause that is kept for another side that asks for one.
const SHORTEST_ASKED: TimeDelta = TimeDelta::seconds(1);
/// From this try of a row on, the configured pause is kept also where a shorter one is asked for:
/// whoever says "in a second" again and again does not know.
const DOUBTED: u32 = 3;

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
        let outcome = outcome(&row, self.channel.judge(&row, &reply), &self.delivery, self.clock.now());
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
            Outcome::GivenUp { why, .. } => {
                error!(target, incident, event, notice = row.id, "target `{target}` did not take {event} {incident}: {why}");
                "dead"
            }
            Outcome::Dead { why } => {
                error!(target, incident, event, notice = row.id, "target `{target}` will never take {event} {incident}: {why}");
                "dead"
            }
        };
        self.board.add(board::DELIVERIES, &[("target", target), ("result", result)], 1.0);
    }
}

fn outcome(row: &Row, judged: Result<String, DeliveryError>, delivery: &Delivery, now: Timestamp) -> Outcome {
    let attempt = row.attempts + 1;
    let asked = |after: Option<Duration>| pause(after, attempt, delivery.throttled).map(|pause| now + pause);
    let (due, why, holds) = match judged {
        Ok(receipt) => return Outcome::Delivered { receipt },
        Err(DeliveryError::RowDead { why }) => return Outcome::Dead { why },
        Err(DeliveryError::ChannelBroken { why }) => return Outcome::Broken { why },
        Err(DeliveryError::TooLong { why }) => return Outcome::TooLong { why },
        Err(DeliveryError::Throttled { after, why }) => {
            (asked(after).unwrap_or_else(|| after_throttling(&row.id, attempt, delivery.throttled, now)), why, true)
        }
        Err(DeliveryError::Later { after, why }) => match asked(after) {
            Some(due) => (due, why, true),
            None => (next_try(&row.id, attempt, &delivery.retry, now), why, false),
        },
    };
    if now - row.created > patience(row, delivery) {
        let why = format!("given up after {} hours: {why}", (now - row.created).num_hours());
        return Outcome::GivenUp { why, pause_until: holds.then_some(due) };
    }
    Outcome::Later { due, why, counts: true, holds }
}

/// The pause that is kept where the other side asks for one. Zero, or a moment that is past, asks for
/// nothing: taken at its word, it would have us try again at once and for ever.
fn pause(asked: Option<Duration>, attempt: u32, throttled: TimeDelta) -> Option<TimeDelta> {
    let asked = asked.and_then(|asked| TimeDelta::from_std(asked).ok()).filter(|asked| *asked > TimeDelta::zero())?;
    let kept = asked.clamp(SHORTEST_ASKED, LONGEST_ASKED);
    Some(if attempt < DOUBTED { kept } else { kept.max(throttled) })
}

/// How long a row is tried. A reminder is of no use once the next one is due.
fn patience(row: &Row, delivery: &Delivery) -> TimeDelta {
    let next = row.facts.next_reminder.filter(|_| row.facts.event == Event::Reminder);
    next.map_or(delivery.give_up, |next| (next - row.facts.at).min(delivery.give_up))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;
    use crate::config::parse;
    use crate::domain::notice::Facts;
    use crate::host::credentials::Credentials;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    /// As configured where nothing is.
    fn delivery() -> Delivery {
        let text = "[[source]]\nname = \"a\"\nevery = \"1h\"\nfile = { folder = \"a\" }\n".to_owned();
        let document = Document { name: "u".to_owned(), text };
        parse(&[document], &Credentials::of_this_process()).config.unwrap().delivery
    }

    fn row(attempts: u32) -> Row {
        Row {
            id: "r".to_owned(),
            target: "desk".to_owned(),
            recipient: String::new(),
            facts: Facts::blank(Event::Opened, "i-1", at(0)),
            attempts,
            created: at(0),
            short: false,
            root: None,
            thread: None,
        }
    }

    fn throttled(after: u64) -> Result<String, DeliveryError> {
        Err(DeliveryError::Throttled { after: Some(Duration::from_secs(after)), why: "answered 429".to_owned() })
    }

    fn later(after: u64) -> Result<String, DeliveryError> {
        Err(DeliveryError::Later { after: Some(Duration::from_secs(after)), why: "answered 503".to_owned() })
    }

    fn wait(attempts: u32, judged: Result<String, DeliveryError>) -> (i64, bool) {
        match outcome(&row(attempts), judged, &delivery(), at(9)) {
            Outcome::Later { due, holds, .. } => ((due - at(9)).num_seconds(), holds),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn who_asks_for_no_pause_at_all_gets_the_usual_one() {
        let (pause, holds) = wait(0, throttled(0));
        assert!((60..=72).contains(&pause) && holds, "{pause}");
        let (pause, holds) = wait(0, later(0));
        assert!((1..=60).contains(&pause) && !holds, "one failure more: {pause}");
    }

    #[test]
    fn a_pause_that_is_asked_for_is_kept_and_a_short_one_is_not_believed_for_ever() {
        let pauses = |after| [0, 1, 2, 50].map(|attempts| wait(attempts, throttled(after)));
        assert_eq!(pauses(1), [(1, true), (1, true), (60, true), (60, true)]);
        assert_eq!(pauses(600), [(600, true); 4]);
        assert_eq!(pauses(99_999), [(3600, true); 4]);
        assert_eq!(wait(7, later(1)), (60, true));
    }

    #[test]
    fn a_row_that_is_too_old_is_given_up_and_says_nothing_good_of_its_target() {
        let old = at(0) + delivery().give_up + TimeDelta::seconds(1);
        let why = "given up after 72 hours: answered 503".to_owned();
        assert_eq!(outcome(&row(9), later(0), &delivery(), old), Outcome::GivenUp { why: why.clone(), pause_until: None });
        let pause_until = Some(old + TimeDelta::minutes(5));
        assert_eq!(outcome(&row(9), later(300), &delivery(), old), Outcome::GivenUp { why, pause_until });
        let dead = Err(DeliveryError::RowDead { why: "answered 400".to_owned() });
        assert_eq!(outcome(&row(9), dead, &delivery(), old), Outcome::Dead { why: "answered 400".to_owned() });
    }
}
