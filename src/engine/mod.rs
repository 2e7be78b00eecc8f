//! The daemon: its tasks, their clock and their order. The only place where adapters meet.
//!
//! [`serve`] runs until it is told to stop; a reload is a stop and a new [`serve`] with another
//! [`plan::Plan`] over the same store. [`once`] is the same road walked a single time.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use chrono::TimeDelta;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::info;
use tracing::warn;

pub mod acts;
pub mod addressees;
pub mod backtest;
pub mod bare;
pub mod complete;
pub mod cores;
pub mod courier;
pub mod course;
pub mod crew;
pub mod desk;
mod diary;
pub mod doubt;
pub mod drivers;
pub mod each;
pub mod facts;
pub mod gauges;
pub mod hearing;
pub mod heartbeat;
pub mod intake;
pub mod judge;
pub mod keeper;
pub mod labels;
pub mod lookout;
mod loops;
mod notebook;
pub mod picture;
pub mod plan;
pub mod poller;
pub mod precision;
mod push;
pub mod refusal;
pub mod relabel;
pub mod release;
pub mod retag;
mod rota;
mod rounds;
pub mod rows;
pub mod silence_of_source;
pub mod stuck;

use crate::deliver::Carrier;
use crate::domain::Timestamp;
use crate::domain::ports::Ingest as _;
use crate::domain::ports::StoreError;
use crate::domain::ports::Wishes;
use crate::engine::courier::Courier;
use crate::engine::crew::Crew;
use crate::engine::crew::CrewError;
use crate::engine::desk::Counter;
use crate::engine::lookout::Lookout;
use crate::engine::loops::Nudges;
use crate::engine::loops::deliver;
use crate::engine::loops::help;
use crate::engine::loops::keep;
use crate::engine::loops::look;
use crate::engine::loops::renew;
use crate::engine::loops::web;
use crate::engine::plan::Plan;
use crate::engine::poller::Poller;
use crate::engine::poller::Target;
use crate::engine::push::Receiving;
use crate::engine::rounds::poll;
use crate::fetch::Fetcher;
use crate::host::beats::Beats;
use crate::host::clock::Clock;
use crate::store::sqlite::Sqlite;
use crate::web::board;
use crate::web::board::Board;
use crate::web::desk::Desk;
use crate::web::inbox::Inbox;
use crate::web::router::Site;
use crate::web::router::Watched;

/// A host that fails is left alone for so long at most: a day, and a tenth of jitter.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(27);

/// What a daemon is made of besides its plan.
#[derive(Clone)]
pub struct Parts {
    /// Where everything is kept.
    pub store: Sqlite,
    /// What time it is.
    pub clock: Clock,
    /// Carries requests out.
    pub fetcher: Arc<Fetcher>,
    /// Carries notices out.
    pub carrier: Arc<Carrier>,
    /// Signs of life.
    pub beats: Beats,
    /// What is counted for Prometheus.
    pub board: Board,
    /// Set by the first look.
    pub ready: Arc<AtomicBool>,
}

/// The sockets that the daemon listens at.
#[derive(Default)]
pub struct Doors {
    /// `[listen] address`
    pub address: Option<TcpListener>,
    /// `[listen] pages`
    pub pages: Option<TcpListener>,
}

impl Doors {
    /// Each with what it serves: the pages behind links are at a door of their own, if there is one.
    fn open(self, plan: &Arc<Plan>, parts: &Parts, nudges: &Nudges) -> Vec<(TcpListener, Site)> {
        let watched = Watched { board: parts.board.clone(), beats: parts.beats.clone(), ready: Arc::clone(&parts.ready) };
        let desk = plan.link_keys.as_ref().map(|_| {
            let (plan, store, clock, nudges) = (Arc::clone(plan), parts.store.clone(), parts.clock, nudges.clone());
            Arc::new(Counter { plan, store, clock, nudges }) as Arc<dyn Desk>
        });
        let inbox = Receiving::of(plan, parts, nudges).map(|receiving| Arc::new(receiving) as Arc<dyn Inbox>);
        let beside = desk.clone().filter(|_| self.pages.is_none());
        let address = self.address.map(|listener| (listener, Site { watched: Some(watched), desk: beside, inbox: inbox.clone() }));
        address.into_iter().chain(self.pages.map(|listener| (listener, Site { watched: None, desk, inbox }))).collect()
    }
}

/// Runs the daemon until `stop` is cancelled, then ends every task.
///
/// # Errors
///
/// [`CrewError`] when a task ended by itself or did not end in time.
pub async fn serve(plan: Arc<Plan>, parts: Parts, doors: Doors, stop: CancellationToken) -> Result<(), CrewError> {
    let mut crew = Crew::new(stop.clone());
    let nudges = Nudges::default();
    show_plan(&plan, &parts.board);
    // Before anything arrives: what is tagged with these rules at once is news, the rest history.
    tokio::select! {
        () = stop.cancelled() => {}
        begun = retag::begin(&parts.store, &plan, parts.clock.now()) => {
            if let Err(error) = begun {
                warn!("the rules could not be noted: {error}; the lookout tries again");
            }
        }
    }
    crew.start("poller", poll(Arc::clone(&plan), parts.clone(), nudges.clone(), crew.stop()));
    crew.start("lookout", look(Arc::clone(&plan), parts.clone(), nudges.clone(), crew.stop()));
    parts.beats.expect_couriers(plan.channels.keys().map(String::as_str));
    if let Err(error) = parts.store.probe_soon(Clock::real().now()).await {
        warn!("broken targets could not be marked to be tried: {error}; they are tried in their time");
    }
    for courier in couriers(&plan, &parts) {
        crew.start("courier", deliver(courier, parts.clone(), nudges.clone(), crew.stop()));
    }
    crew.start("helper of couriers", help(Arc::clone(&plan), parts.clone(), nudges.clone(), crew.stop()));
    crew.start("keeper", keep(Arc::clone(&plan), parts.clone(), crew.stop()));
    if let Some(settings) = plan.config.heartbeat.clone() {
        crew.start("heartbeat", heartbeat::run(settings, Arc::clone(&plan), parts.clone(), crew.stop()));
    }
    for (listener, site) in doors.open(&plan, &parts, &nudges) {
        crew.start("web", web(listener, site, crew.stop()));
    }
    crew.start("keys", renew(Arc::clone(&plan), crew.stop()));
    crew.join().await
}

/// Runs something beside the crew that must go on while one crew gives way to the next.
pub async fn beside<T>(task: impl Future<Output = ()> + Send + 'static, work: impl Future<Output = T>) -> T {
    let mut set = tokio::task::JoinSet::new();
    set.spawn(task);
    let value = work.await;
    set.shutdown().await;
    value
}

/// What a single round did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Round {
    /// Items never seen before.
    pub new: u64,
    /// Sources that could not be read, with the reason.
    pub failed: Vec<(String, String)>,
    /// Notices decided.
    pub notices: usize,
    /// Tries to deliver that failed.
    pub undelivered: u32,
}

/// Polls every source once, judges, delivers everything that is due, and removes texts whose time
/// is over: where rounds are started by a timer, nobody else does.
///
/// # Errors
///
/// [`StoreError`] when the database fails.
pub async fn once(plan: Arc<Plan>, parts: Parts) -> Result<Round, StoreError> {
    retag::begin(&parts.store, &plan, parts.clock.now()).await?;
    let poller = poller_of(&plan, &parts);
    let mut round = Round::default();
    let targets = left_in(Target::all(&plan), &parts.store, parts.clock.now()).await?;
    let places = Semaphore::new(plan.config.fetch.at_once.max(1));
    let mut polls: FuturesUnordered<_> = FuturesUnordered::new();
    for target in &targets {
        let (poller, places) = (&poller, &places);
        polls.push(async move {
            let _place = places.acquire().await;
            (target, poller.poll(target).await)
        });
    }
    while let Some((target, outcome)) = polls.next().await {
        let done = outcome?;
        round.new += done.committed.new;
        round.failed.extend(done.error.map(|why| (target.key.source.clone(), why)));
        if let Some(why) = done.put_off {
            info!(source = target.key.source, "source `{}` is put off: {why}", target.key.source);
        }
    }
    retag::finish(&parts.store, &plan, &CancellationToken::new()).await?;
    relabel::begin(&parts.store, &plan).await?;
    relabel::finish(&parts.store, &plan, &CancellationToken::new()).await?;
    let mut lookout = Lookout::new(parts.store.clone(), Arc::clone(&plan), parts.clock, parts.board.clone(), parts.beats.clone());
    round.notices = lookout.look().await?;
    if lookout.is_in_doubt() {
        // The next round may be hours away: too late to be sure.
        round.notices += lookout.look().await?;
    }
    round.notices += each::tell(&parts.store, &plan, parts.clock.now()).await?;
    let never = CancellationToken::new();
    for courier in couriers(&plan, &parts) {
        round.undelivered += courier.deliver_due(&never, || {}).await?;
    }
    keeper::tidy(&parts.store, &plan, parts.clock.now()).await;
    Ok(round)
}

/// The targets that are to be polled in a single round: not those that a person paused, not those
/// that are gone for good, and not those that failed or whose host wants it, which are to be left alone
/// for a while; unless somebody asks for them.
async fn left_in(targets: Vec<Target>, store: &Sqlite, now: Timestamp) -> Result<Vec<Target>, StoreError> {
    let (wishes, dues) = (store.wishes().await?, store.dues().await?);
    let is_wanted = |target: &Target| {
        let wishes = wishes.get(&target.key).copied().unwrap_or_default();
        let due = rounds::stored(target, &dues);
        let is_remote = target.source.settings.kind.is_remote();
        // A later time was noted by a wrong clock, or for an interval of weeks: whoever starts rounds has one of his own.
        let waits = |at: &Timestamp| is_remote && *at > now && *at <= now + LONGEST_WAIT;
        let wait = due.filter(|due| due.held).and_then(|due| due.at).filter(waits);
        let name = &target.key.source;
        let why = match (wishes, wait) {
            _ if matches!(target.source.settings.kind, crate::sources::Settings::Webhook(_)) => {
                "is pushed to, and only `uproar run` listens: it is left out".to_owned()
            }
            (Wishes { asked: Some(_), .. }, _) => return true,
            (Wishes { paused: Some(_), .. }, _) => format!("is paused and is left out; `uproar source resume {name}` takes it in again"),
            _ if due.is_some_and(|due| due.gone) => {
                format!("said that it is gone for good and is left out; `uproar source resume {name}` takes it in again")
            }
            (_, Some(at)) => {
                let at = at.format("%F %T UTC");
                format!("is left alone until {at}; `uproar source poll {name}` asks it in the next round all the same")
            }
            _ => return true,
        };
        info!(source = name, "source `{name}` {why}");
        false
    };
    Ok(targets.into_iter().filter(is_wanted).collect())
}

fn poller_of(plan: &Arc<Plan>, parts: &Parts) -> Poller<Sqlite> {
    let author_key = Arc::new(parts.store.author_key().to_vec());
    Poller::new(parts.store.clone(), Arc::clone(plan), Arc::clone(&parts.fetcher), author_key, parts.clock, parts.board.clone())
}

fn couriers(plan: &Plan, parts: &Parts) -> Vec<Courier<Sqlite>> {
    let courier = |(target, channel): (&String, &Arc<dyn crate::render::Channel>)| {
        let (store, carrier) = (parts.store.clone(), Arc::clone(&parts.carrier));
        Courier::new(store, target.clone(), Arc::clone(channel), carrier, plan.config.delivery.clone(), parts.board.clone())
    };
    plan.channels.iter().map(courier).collect()
}

/// Every label set is there from the start, so that "nothing yet" can be told from "not there".
fn show_plan(plan: &Plan, board: &Board) {
    gauges::name_few(plan, board);
    board.set(board::BUILD, &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    board.clear(board::CONFIG);
    board.set(board::CONFIG, &[("hash", &plan.config.fingerprint)], 1.0);
    for source in &plan.config.sources {
        for result in ["ok", "not_modified", "error"] {
            board.add(board::POLLS, &[("source", &source.name), ("result", result)], 0.0);
        }
    }
    for target in plan.channels.keys() {
        for result in ["delivered", "later", "dead"] {
            board.add(board::DELIVERIES, &[("target", target), ("result", result)], 0.0);
        }
    }
}
