//! `uproar run`: the daemon in the foreground, or one round of it.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tracing::error;
use tracing::info;
use tracing::warn;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::former;
use crate::cli::load;
use crate::cli::open;
use crate::config::settings::Config;
use crate::domain::Timestamp;
use crate::engine;
use crate::engine::Doors;
use crate::engine::Parts;
use crate::engine::crew::CrewError;
use crate::engine::plan::Plan;
use crate::fetch::Fetcher;
use crate::host::beats::Beats;
use crate::host::clock::Clock;
use crate::host::log;
use crate::host::notify;
use crate::host::signals::Signals;
use crate::host::signals::Wish;
use crate::store::sqlite::Lock;
use crate::store::sqlite::LockError;
use crate::store::sqlite::Sqlite;
use crate::store::sqlite::rename::Rename;
use crate::web::board;
use crate::web::board::Board;

/// Run the daemon
///
/// It stays in the foreground, stops on SIGTERM and reads its configuration again on SIGHUP; a
/// bad one is refused and the old one stays.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  uproar run --config config/demo.toml")]
pub struct Args {
    /// Poll every source once, judge, deliver, and exit
    #[arg(long)]
    once: bool,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let config = load::load(console)?;
    log::start();
    let _lock = Lock::take(&config.store.path).map_err(|error| match error {
        LockError::Held { .. } => Failure::new(Code::Later, error),
        LockError::Io { .. } => Failure::new(Code::Io, error),
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build()?;
    // From here on: opening the store may take a while, and a reload that comes then must not end us.
    let signals = runtime.block_on(async { Signals::listen() })?;
    let real = Clock::real();
    let boot = format!("{}-{}", std::process::id(), real.now().timestamp_micros());
    let (store, writer) = Sqlite::open(&config.store.path, boot).map_err(open::refused)?;
    runtime.block_on(take_over(&config, &store))?;
    let plan = plan(config, &store)?;
    let clock = clock(&runtime, &store, &plan, real.now())?;
    let parts = parts(&plan, store, clock)?;
    let outcome = if args.once {
        announce_models(&plan.config);
        once(&runtime, plan, parts, console)
    } else {
        let watchdog = notify::feed_watchdog(parts.beats.clone());
        runtime.block_on(engine::beside(watchdog, serve(plan, parts, signals, &console.config)))
    };
    // The runtime holds the last handles of the store; without them the writer ends and closes the file.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    if writer.join().is_err() {
        return Err(Failure::new(Code::Bug, "the store's writer failed; please report it"));
    }
    outcome
}

/// Moves what is stored under former names of sources, while nobody reads or writes by them.
async fn take_over(config: &Config, store: &Sqlite) -> Result<(), Failure> {
    for Rename { was, now } in former::probable(config) {
        warn!(
            source = now,
            "what is stored under `{was}` is read by nobody; if `{now}` is its new name, write `was = \"{was}\"` in its table"
        );
    }
    let renames = former::renames(config);
    if renames.is_empty() {
        return Ok(());
    }
    for moved in store.rename_sources(renames).await.map_err(former::refused)? {
        info!(source = moved.now, "source `{}` was `{}`: what is stored of it goes on under the new name", moved.now, moved.was);
    }
    Ok(())
}

fn plan(config: Config, store: &Sqlite) -> Result<Arc<Plan>, Failure> {
    open::plan(config, store.author_key()).map(Arc::new)
}

fn parts(plan: &Plan, store: Sqlite, clock: Clock) -> Result<Parts, Failure> {
    Ok(Parts {
        store,
        clock,
        fetcher: Arc::new(Fetcher::new(&plan.config.fetch, plan.config.fetch.settle).map_err(|error| Failure::new(Code::Config, error))?),
        carrier: Arc::new(open::carrier(&plan.config)?),
        beats: Beats::start(),
        board: Board::default(),
        ready: Arc::default(),
    })
}

/// A recording that is played faster than it happened moves the daemon's clock. It must not jump
/// back at a restart, so it goes on where the last poll was.
fn clock(runtime: &Runtime, store: &Sqlite, plan: &Plan, now: Timestamp) -> Result<Clock, Failure> {
    let speed = plan.speed();
    if (speed - 1.0).abs() < f64::EPSILON {
        return Ok(Clock::real());
    }
    let seen = runtime.block_on(store.read(|reader| Ok(reader.streams()?.into_iter().filter_map(|(_, stream)| stream.complete_to).max())));
    Ok(Clock::at_speed(seen.map_err(open::failed)?.map_or(now, |seen| seen.max(now)), speed))
}

fn once(runtime: &Runtime, plan: Arc<Plan>, parts: Parts, console: &mut Console) -> Result<Code, Failure> {
    let round = runtime.block_on(engine::once(plan, parts)).map_err(open::failed)?;
    let count = |n: u64, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    writeln!(
        console.out,
        "{}, {}, {}",
        count(round.new, "new item", "new items"),
        count(round.notices as u64, "notice", "notices"),
        count(u64::from(round.undelivered), "delivery failed", "deliveries failed")
    )?;
    for (source, why) in &round.failed {
        writeln!(console.err, "source `{source}`: {why}")?;
    }
    Ok(if round.failed.is_empty() && round.undelivered == 0 { Code::Done } else { Code::Unavailable })
}

/// What ended a crew's time.
enum Turn {
    /// It ended by itself.
    Ended(Result<(), CrewError>),
    /// Somebody wants the daemon to stop.
    Stop,
    /// A new configuration is in force.
    Fresh(Arc<Plan>, Parts),
}

async fn serve(mut plan: Arc<Plan>, mut parts: Parts, mut signals: Signals, path: &Path) -> Result<Code, Failure> {
    let address = plan.config.listen.map(|address| bind("address", address, "health and metrics", &["readyz", "metrics"])).transpose()?;
    let pages = plan.config.pages.map(|address| bind("pages", address, "the pages of alerts", &[""])).transpose()?;
    parts.board.set(board::RELOAD_OK, &[], 1.0);
    loop {
        announce(&plan);
        notify::ready(&summary(&plan));
        let stop = CancellationToken::new();
        let again = |listener: &Option<TcpListener>| listener.as_ref().map(TcpListener::try_clone).transpose();
        let doors = Doors { address: again(&address)?, pages: again(&pages)? };
        let serving = engine::serve(Arc::clone(&plan), parts.clone(), doors, stop.clone());
        tokio::pin!(serving);
        let turn = loop {
            tokio::select! {
                outcome = &mut serving => break Turn::Ended(outcome),
                wish = signals.next() => match wish {
                    Wish::Stop => break Turn::Stop,
                    Wish::Reload => {
                        notify::reloading();
                        if let Some((plan, parts)) = reload(path, &plan, &parts) {
                            break Turn::Fresh(plan, parts);
                        }
                        notify::ready("running on the old configuration; the file has errors");
                    }
                },
            }
        };
        if matches!(turn, Turn::Stop) {
            notify::stopping();
            info!("stopping");
        }
        let (ended, fresh) = match turn {
            Turn::Ended(outcome) => (outcome, None),
            Turn::Stop => {
                stop.cancel();
                (serving.await, None)
            }
            Turn::Fresh(plan, parts) => {
                stop.cancel();
                (serving.await, Some((plan, parts)))
            }
        };
        ended.map_err(|error| Failure::new(Code::Bug, error))?;
        let Some(next) = fresh else { return Ok(Code::Done) };
        (plan, parts) = next;
        take_over(&plan.config, &parts.store).await?;
    }
}

/// Reads the configuration again beside the running one. `None` keeps the old one, and says why.
fn reload(path: &Path, plan: &Plan, parts: &Parts) -> Option<(Arc<Plan>, Parts)> {
    let fresh = read_again(path, plan, parts);
    parts.board.set(board::RELOAD_OK, &[], if fresh.is_ok() { 1.0 } else { 0.0 });
    match fresh {
        Ok(fresh) => Some(fresh),
        Err(problems) => {
            for problem in problems.lines() {
                error!("{problem}");
            }
            error!("the new configuration was refused; the old one stays in force");
            None
        }
    }
}

fn read_again(path: &Path, old: &Plan, parts: &Parts) -> Result<(Arc<Plan>, Parts), String> {
    let (documents, loaded) = load::read(path).map_err(|error| error.to_string())?;
    let config = loaded.config.ok_or_else(|| crate::config::print::show(&loaded.problems, &documents, false))?;
    let listens = |config: &Config| (config.listen, config.pages);
    if config.store.path != old.config.store.path || listens(&config) != listens(&old.config) {
        return Err("[store] path and the addresses of [listen] cannot be changed while running; restart the daemon".to_owned());
    }
    if let Some(objection) = former::objection(&config) {
        return Err(objection);
    }
    let plan = plan(config, &parts.store).map_err(|failure| failure.message)?;
    if (plan.speed() - old.speed()).abs() > f64::EPSILON {
        return Err("the speed of a replay cannot be changed while running; restart the daemon".to_owned());
    }
    let carriers = self::parts(&plan, parts.store.clone(), parts.clock).map_err(|failure| failure.message)?;
    let fetcher = if keeps_fetcher(&old.config, &plan.config) { Arc::clone(&parts.fetcher) } else { carriers.fetcher };
    let fresh = Parts { fetcher, carrier: carriers.carrier, ..parts.clone() };
    Ok((plan, fresh))
}

/// Whether requests go on with what is known of hosts: what they asked for by `Retry-After`, their
/// `robots.txt`, the last request to each. A file of certificates may have changed under its name.
fn keeps_fetcher(old: &Config, new: &Config) -> bool {
    old.fetch == new.fetch && new.fetch.extra_ca.is_none()
}

fn bind(key: &str, address: std::net::SocketAddr, what: &str, paths: &[&str]) -> Result<TcpListener, Failure> {
    let refused = |error: std::io::Error| {
        Failure::new(Code::Io, format!("[listen] {key} {address} cannot be used: {error}; choose another one or stop who has it"))
    };
    let listener = TcpListener::bind(address).map_err(refused)?;
    listener.set_nonblocking(true).map_err(refused)?;
    if let Ok(local) = listener.local_addr() {
        info!("{what} at {}", addresses(local, paths));
    }
    Ok(listener)
}

/// `http://127.0.0.1:8787/readyz and http://127.0.0.1:8787/metrics`: what can be asked, each as it is.
fn addresses(local: std::net::SocketAddr, paths: &[&str]) -> String {
    paths.iter().map(|path| format!("http://{local}/{path}")).collect::<Vec<_>>().join(" and ")
}

fn announce(plan: &Plan) {
    let config = &plan.config;
    info!(
        config = config.fingerprint,
        "uproar {} runs: {}; state in {}",
        env!("CARGO_PKG_VERSION"),
        summary(plan),
        config.store.path.display()
    );
    announce_models(config);
}

/// Which models are in force, and which ones are not: neither shows in a count.
fn announce_models(config: &Config) {
    for model in &config.models.used {
        info!("a model decides for `{}`, beside its rules", model.theme);
    }
    for why in &config.models.stale {
        warn!("{why}; train it again with `uproar train`");
    }
}

fn summary(plan: &Plan) -> String {
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let config = &plan.config;
    let watches = if config.watches.len() == 1 { "1 watch".to_owned() } else { format!("{} watches", config.watches.len()) };
    format!("{}, {watches}, {}", count(config.sources.len(), "source"), count(config.targets.len(), "target"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;
    use crate::config::parse;
    use crate::host::credentials::Credentials;

    fn config(text: &str) -> Config {
        let documents = [Document { name: "uproar.toml".to_owned(), text: text.to_owned() }];
        parse(&documents, &Credentials::of_this_process()).config.unwrap()
    }

    #[test]
    fn what_hosts_have_asked_for_outlives_a_reload_that_leaves_fetching_as_it_is() {
        let old = config("[fetch]\ncontact = \"ops@theatre.example\"\n");
        let more = "[fetch]\ncontact = \"ops@theatre.example\"\n[[source]]\nname = \"a\"\nfeed = { url = \"https://a.example/f\" }\n";
        assert!(keeps_fetcher(&old, &config(more)));
        for other in ["timeout = \"9s\"", "host_gap = \"9s\"", "extra_ca = \"ca.pem\""] {
            let other = config(&format!("[fetch]\ncontact = \"ops@theatre.example\"\n{other}\n"));
            assert!(!keeps_fetcher(&old, &other) && keeps_fetcher(&other, &other) == other.fetch.extra_ca.is_none());
        }
    }

    #[test]
    fn the_addresses_that_are_logged_are_those_that_answer() {
        let local = "127.0.0.1:18787".parse().unwrap();
        let said = addresses(local, &["readyz", "metrics"]);
        assert_eq!(said, "http://127.0.0.1:18787/readyz and http://127.0.0.1:18787/metrics");
    }
}
