//! The daemon's loops: what each waits for, what it does when it wakes, and how it ends.
//!
//! They take no input but a nudge: each reads the state and does what the state asks, so that a
//! restart is no special case. Every round passes a check point that the watchdog looks at.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::error;
use tracing::warn;

use crate::domain::ports::StoreError;
use crate::engine::Parts;
use crate::engine::courier::Courier;
use crate::engine::each;
use crate::engine::gauges::Gauges;
use crate::engine::keeper;
use crate::engine::lookout::Lookout;
use crate::engine::plan::Plan;
use crate::engine::relabel;
use crate::engine::retag;
use crate::engine::stuck;
use crate::host::beats::Loop;
use crate::host::clock::Clock;
use crate::store::sqlite::Sqlite;
use crate::web::board;
use crate::web::router::Site;
use crate::web::router::serve;

/// Every loop goes round at least this often in real time, and says so to the watchdog.
pub(super) const ROUND: Duration = Duration::from_secs(10);
/// Couriers look into the outbox this often: commands leave notices there without a nudge.
const GLANCE: Duration = Duration::from_secs(1);
/// What stands is repeated this often to machines that forget.
const REPEAT: Duration = Duration::from_mins(1);
/// Looks follow each other no closer than this: a burst of pages is one look.
const LOOK_GAP: Duration = Duration::from_millis(200);
/// Series are judged by the clock this often even when nothing arrives.
const LOOK_PERIOD: chrono::TimeDelta = chrono::TimeDelta::minutes(1);

/// Wakes the loops. A lost one costs at most a timer's period.
#[derive(Clone, Default)]
pub(super) struct Nudges {
    look: Arc<Notify>,
    deliver: Arc<Notify>,
}

impl Nudges {
    /// Wakes the couriers.
    pub(super) fn deliver_now(&self) {
        self.deliver.notify_waiters();
    }

    /// Wakes the lookout.
    pub(super) fn look_now(&self) {
        self.look.notify_one();
    }
}

pub(super) async fn look(plan: Arc<Plan>, parts: Parts, nudges: Nudges, stop: CancellationToken) {
    while let Err(error) = begin(&plan, &parts).await {
        error!("what has to be done with stored messages could not be looked up: {error}; next try in {} s", ROUND.as_secs());
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(ROUND) => {}
        }
    }
    // What history lacks is worked out beside the judging of everything else.
    let building = build(Arc::clone(&plan), parts.clone(), nudges.clone(), stop.clone());
    tokio::join!(building, judge(plan, parts, nudges, stop));
}

/// Notes what may not be judged yet.
async fn begin(plan: &Plan, parts: &Parts) -> Result<(), StoreError> {
    retag::begin(&parts.store, plan, parts.clock.now()).await?;
    relabel::begin(&parts.store, plan).await
}

/// Gives stored messages the tags and the labels that the configuration asks for.
async fn build(plan: Arc<Plan>, parts: Parts, nudges: Nudges, stop: CancellationToken) {
    while let Err(error) = retag::finish(&parts.store, &plan, &stop).await {
        error!("stored messages could not be tagged again: {error}; next try in {} s", ROUND.as_secs());
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(ROUND) => {}
        }
    }
    nudges.look.notify_one();
    while let Err(error) = relabel::finish(&parts.store, &plan, &stop).await {
        error!("stored messages could not be given their labels: {error}; next try in {} s", ROUND.as_secs());
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(ROUND) => {}
        }
    }
    nudges.look.notify_one();
}

async fn judge(plan: Arc<Plan>, parts: Parts, nudges: Nudges, stop: CancellationToken) {
    let mut lookout = Lookout::new(parts.store.clone(), Arc::clone(&plan), parts.clock, parts.board.clone(), parts.beats.clone());
    let mut gauges = Gauges::default();
    loop {
        parts.beats.beat(Loop::Judge);
        let began = tokio::time::Instant::now();
        let looked = tokio::select! {
            // What was decided is written whole or not at all; the next start looks again.
            () = stop.cancelled() => return,
            looked = lookout.look() => looked,
        };
        match looked {
            Ok(notices) => {
                parts.ready.store(true, Ordering::Relaxed);
                if notices + tell_each(&plan, &parts).await > 0 {
                    nudges.deliver.notify_waiters();
                }
            }
            // Somebody acted in the same moment; the next look sees it.
            Err(StoreError::Stale) => warn!("an incident was changed while it was judged; looking again"),
            Err(error) => error!("series could not be judged: {error}; next try in {} s", ROUND.as_secs()),
        }
        gauges.show(&parts.store, &plan, &parts.board, parts.clock.now()).await;
        // Where a look takes long, the next one is the further away: polls want the machine too.
        let gap = LOOK_GAP.max(began.elapsed() * 10).min(ROUND / 2);
        let period = parts.clock.until(parts.clock.now() + LOOK_PERIOD).clamp(LOOK_GAP, ROUND);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(gap) => {}
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = nudges.look.notified() => {}
            () = tokio::time::sleep(period) => {}
        }
    }
}

/// Tells single messages. What could not be written is told at the next look.
async fn tell_each(plan: &Plan, parts: &Parts) -> usize {
    each::tell(&parts.store, plan, parts.clock.now()).await.unwrap_or_else(|error| {
        error!("single messages could not be told: {error}; the next look tries again");
        0
    })
}

/// On a stop the parcel in hand gets the crew's time to end; a row that is not recorded by then
/// stays leased and goes again after the next start, under the same id.
pub(super) async fn deliver(courier: Courier<Sqlite>, parts: Parts, nudges: Nudges, stop: CancellationToken) {
    let alive = || parts.beats.beat_of_courier(courier.target());
    let (mut woken, mut repeat_at) = (true, Clock::real().after(REPEAT));
    loop {
        alive();
        // Listening begins before the look into the outbox, so that no nudge is missed between.
        let nudge = nudges.deliver.notified();
        let work = async {
            // Rows that another process wrote come without a nudge; a look that finds none only reads.
            if woken || courier.next_due().await?.is_some_and(|due| due <= Clock::real().now()) {
                courier.deliver_due(&stop, alive).await?;
            }
            if repeat_at <= Clock::real().now() {
                repeat_at = Clock::real().after(REPEAT);
                courier.repeat_standing(alive).await?;
            }
            courier.next_due().await
        };
        let next = tokio::select! {
            worked = work => worked,
            () = cut(&stop) => return,
        };
        let wait = match next {
            Ok(next) => next.map_or(GLANCE, |next| Clock::real().until(next).clamp(Duration::from_millis(50), GLANCE)),
            Err(error) => {
                error!("notices could not be sent: {error}; next try in {} s", ROUND.as_secs());
                ROUND
            }
        };
        woken = tokio::select! {
            () = stop.cancelled() => return,
            () = nudge => true,
            () = tokio::time::sleep(wait) => false,
        };
    }
}

/// Four seconds after the stop.
async fn cut(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(Duration::from_secs(4)).await;
}

pub(super) async fn keep(plan: Arc<Plan>, parts: Parts, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = keeper::tidy(&parts.store, &plan, parts.clock.now()) => {}
        }
        if let Ok(bytes) = parts.store.read(|reader| Ok(reader.size()?.bytes)).await {
            parts.board.set(board::DATABASE, &[], bytes as f64);
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(parts.clock.until(parts.clock.now() + keeper::PERIOD)) => {}
        }
    }
}

/// Every minute: other targets step in for those that take nothing.
pub(super) async fn help(plan: Arc<Plan>, parts: Parts, nudges: Nudges, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(stuck::PERIOD) => {}
        }
        match stuck::help(&parts.store, &plan, Clock::real().now()).await {
            Ok(0) => {}
            Ok(_) => nudges.deliver.notify_waiters(),
            Err(error) => error!("notices that do not get out could not be told elsewhere: {error}; next try in a minute"),
        }
    }
}

pub(super) async fn web(listener: TcpListener, site: Site, stop: CancellationToken) {
    if let Err(error) = serve(listener, site, stop).await {
        error!("the web pages ended: {error}");
    }
}

/// Changes the keys of links from time to time. The old ones stay good for longer than any link.
pub(super) async fn renew(plan: Arc<Plan>, stop: CancellationToken) {
    loop {
        if let Some(Err(error)) = plan.link_keys.as_ref().map(|keys| keys.renew(Clock::real().now())) {
            error!("the keys of links could not be renewed: {error}; next try in an hour");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_hours(1)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;
    use crate::config::parse;
    use crate::deliver::Carrier;
    use crate::deliver::Options;
    use crate::domain::item::Item;
    use crate::domain::ports::Ingest as _;
    use crate::domain::ports::PageCommit;
    use crate::domain::ports::Progress;
    use crate::domain::ports::TaggedItem;
    use crate::engine::poller::Target;
    use crate::fetch::Fetcher;
    use crate::host::beats::Beats;
    use crate::host::credentials::Credentials;
    use crate::web::board::Board;

    const SMALL: &str = r#"
        [[source]]
        name = "a"
        every = "1h"
        file = { folder = "a" }
        [[watch]]
        name = "w"
        themes = ["late"]
        [[theme]]
        name = "late"
        rules = ["late"]
    "#;

    fn parts(store: Sqlite, plan: &Plan) -> Parts {
        Parts {
            store,
            clock: Clock::real(),
            fetcher: Arc::new(Fetcher::new(&plan.config.fetch, plan.config.fetch.settle).unwrap()),
            carrier: Arc::new(Carrier::new(&Options::default()).unwrap()),
            beats: Beats::start(),
            board: Board::default(),
            ready: Arc::default(),
        }
    }

    #[tokio::test]
    async fn a_stop_while_messages_are_tagged_again_judges_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Sqlite::open(&folder.path().join("u.db"), "boot".to_owned()).unwrap();
        let config = parse(&[Document { name: "u".to_owned(), text: SMALL.to_owned() }], &Credentials::of_this_process()).config.unwrap();
        let plan = Arc::new(Plan::build(config, &[7; 32]).unwrap());
        let now = Clock::real().now();
        let item = Item { id: "1".to_owned(), text: "late".to_owned(), published: Some(now), ..Item::default() };
        let stream = Target::all(&plan)[0].key.clone();
        let items = vec![TaggedItem {
            item,
            tags: Vec::new(),
            author_hash: None,
            voice_key: None,
            labels: std::collections::BTreeMap::default(),
            hash: 1,
        }];
        let progress = Progress::Ended { cursor: None, validators: None, due: now, polled_at: now, standing: None };
        store.commit_page(PageCommit { stream, items, history: false, usual_delay: 3600, progress, now }).await.unwrap();
        let (parts, stop) = (parts(store, &plan), CancellationToken::new());
        stop.cancel();
        look(plan, parts.clone(), Nudges::default(), stop).await;
        assert!(!parts.ready.load(Ordering::Relaxed), "it looked at tags that are half old and half new");
    }
}
