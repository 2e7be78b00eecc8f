//! Takes what is pushed to us: checks who sent it, reads it, and stores it on the same road as what was
//! polled, before anybody is told that it was taken.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::debug;
use tracing::warn;

use crate::domain::http::Request;
use crate::domain::item::Cursor;
use crate::domain::item::Page;
use crate::domain::item::Warning;
use crate::domain::ports::Committed;
use crate::domain::ports::Ingest as _;
use crate::domain::ports::PageCommit;
use crate::domain::ports::Progress;
use crate::domain::ports::StoreError;
use crate::engine::Parts;
use crate::engine::intake::Intake;
use crate::engine::loops::Nudges;
use crate::engine::plan::Plan;
use crate::engine::poller::Target;
use crate::engine::poller::usual_delay;
use crate::engine::refusal;
use crate::fetch::Fetched;
use crate::fetch::Manner;
use crate::host::clock::Clock;
use crate::sources::ReadError;
use crate::sources::Settings;
use crate::sources::webhook::Brings;
use crate::sources::webhook::Push;
use crate::sources::webhook::Webhook;
use crate::sources::webhook::wordless;
use crate::text::redact::redact;
use crate::web::board;
use crate::web::inbox::Inbox;
use crate::web::inbox::Taken;

/// Senders wait for ten seconds or fifteen; who is not done by then is asked to come again.
const PATIENCE: Duration = Duration::from_secs(8);
/// Calls at the same time that complete events which bring ids alone.
const CALLS: usize = 4;
/// Seconds after which a sender shall come again: when the store is slow, and when a person wants the
/// source left alone.
const SOON: u32 = 30;
const PAUSED: u32 = 3_600;
/// Of one door a reason is told so often at most, in seconds; that of paths without a door less often, for there
/// anybody may knock.
const TOLD: i64 = 300;
const TOLD_OF_STRANGERS: i64 = 3_600;
/// Reasons that are told apart.
const MOST_REASONS: usize = 32;

/// Every door, with the stream that it brings messages to.
pub(super) struct Receiving {
    plan: Arc<Plan>,
    parts: Parts,
    nudges: Nudges,
    author_key: Arc<Vec<u8>>,
    doors: Vec<Door>,
    calls: Semaphore,
    strangers: Told,
}

struct Door {
    target: Target,
    webhook: Arc<Webhook>,
    told: Told,
}

/// What was told, so that whoever knocks all day does not fill the log: of each reason when it was last told, in
/// seconds since 1970, and how often it came since then.
#[derive(Debug, Default)]
struct Told(Mutex<BTreeMap<String, (i64, u64)>>);

impl Told {
    /// How often a reason came since it was last told, this time among them, where it is to be told now.
    fn is_due(&self, why: &str, now: i64, gap: i64) -> Option<u64> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = if told.len() < MOST_REASONS || told.contains_key(why) { why } else { "" };
        let (at, times) = told.entry(key.to_owned()).or_insert((i64::MIN, 0));
        *times += 1;
        // A clock that was set back holds nothing up.
        let is_due = now.saturating_sub(*at) >= gap || now < *at;
        is_due.then(|| {
            *at = now;
            std::mem::take(times)
        })
    }
}

/// Why a push that is trusted was not stored.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error("{0}")]
    Read(#[from] ReadError),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("the message behind it could not be fetched: {0}")]
    Fetch(String),
    #[error("the source is paused; `uproar source resume` takes messages again")]
    Paused,
    #[error("it took more than 8 s to fetch or to store it; the sender is asked to come again")]
    Slow,
    #[error("the reader failed on it; please report it")]
    Bug,
    #[error("{0}")]
    Wordless(String),
}

impl Receiving {
    /// The doors of a plan; `None` where it has none.
    pub(super) fn of(plan: &Arc<Plan>, parts: &Parts, nudges: &Nudges) -> Option<Self> {
        let door = |target: Target| match &target.source.settings.kind {
            Settings::Webhook(settings) => {
                Some(Door { webhook: Arc::new(Webhook::new((**settings).clone())), target, told: Told::default() })
            }
            _ => None,
        };
        let doors: Vec<Door> = Target::all(plan).into_iter().filter_map(door).collect();
        if doors.is_empty() {
            return None;
        }
        for door in &doors {
            for result in ["stored", "repeated", "empty", "untrusted", "unreadable", "refused", "later"] {
                parts.board.add(board::PUSHES, &[("source", &door.target.key.source), ("result", result)], 0.0);
            }
        }
        let author_key = Arc::new(parts.store.author_key().to_vec());
        let (plan, parts, nudges) = (Arc::clone(plan), parts.clone(), nudges.clone());
        Some(Self { plan, parts, nudges, author_key, doors, calls: Semaphore::new(CALLS), strangers: Told::default() })
    }

    async fn taken(&self, door: &Door, push: Push) -> Taken {
        // Signatures bear real time, also where a recording is played.
        let real = Clock::real().now();
        if let Err(why) = door.webhook.trusts(&push, real) {
            self.tell(door, "untrusted", &why.to_string());
            return Taken::Untrusted;
        }
        let stored = timeout(PATIENCE, self.store(door, push)).await.unwrap_or(Err(NotTaken::Slow));
        match stored {
            Ok(committed) => {
                let is_new = committed.new + committed.edited + committed.gone > 0;
                self.count(door, if is_new || committed == Committed::default() { "stored" } else { "repeated" });
                if is_new {
                    self.nudges.look_now();
                }
                Taken::Stored
            }
            // It would be as empty at every further try.
            Err(NotTaken::Wordless(why)) => {
                self.tell(door, "empty", &why);
                Taken::Stored
            }
            Err(why @ (NotTaken::Read(_) | NotTaken::Bug)) => {
                self.tell(door, "unreadable", &why.to_string());
                Taken::Unreadable
            }
            Err(why) => {
                self.tell(door, "later", &why.to_string());
                Taken::Later(if matches!(why, NotTaken::Paused) { PAUSED } else { SOON })
            }
        }
    }

    async fn store(&self, door: &Door, push: Push) -> Result<Committed, NotTaken> {
        let (store, key, now) = (&self.parts.store, &door.target.key, self.parts.clock.now());
        let stream = store.stream(key).await?;
        if stream.paused.is_some() {
            return Err(NotTaken::Paused);
        }
        let webhook = Arc::clone(&door.webhook);
        let opened = tokio::task::spawn_blocking(move || webhook.open(&push, now)).await.map_err(|_| NotTaken::Bug)??;
        let page = match opened.brings {
            Brings::Page(page) => *page,
            Brings::Asked(request) => self.ask(door, &request).await?,
        };
        self.note_odd(door, &page)?;
        if page.items.is_empty() {
            return Ok(Committed::default());
        }
        let (plan, author_key, source) = (Arc::clone(&self.plan), Arc::clone(&self.author_key), Arc::clone(&door.target.source));
        let prepare = move || {
            let intake = Intake::new(&plan, &author_key, &source.settings);
            page.items.into_iter().map(|item| intake.prepare(item)).collect()
        };
        let items = tokio::task::spawn_blocking(prepare).await.map_err(|_| NotTaken::Bug)?;
        let commit = PageCommit {
            stream: key.clone(),
            items,
            history: false,
            usual_delay: usual_delay(&door.target, &stream, now).num_seconds(),
            progress: Progress::Pushed { delivery: opened.delivery },
            now,
        };
        let committed = store.commit_page(commit).await?;
        self.note(door, committed, now.timestamp());
        Ok(committed)
    }

    /// Tells what is odd about a page, and refuses one that only has messages which say nothing.
    fn note_odd(&self, door: &Door, page: &Page) -> Result<(), NotTaken> {
        let source = door.target.key.source.as_str();
        // Events that bring no message are what senders send.
        let (usual, odd): (Vec<&Warning>, _) =
            page.warnings.iter().partition(|warning| matches!(warning.code.as_str(), "other_event" | "ids_only"));
        for warning in usual.iter().take(3) {
            debug!(source, code = warning.code, "source `{source}`: {}", redact(&warning.message));
        }
        self.parts.board.add(board::ITEMS, &[("source", source), ("kind", "rejected")], odd.len() as f64);
        let is_wordless = page.items.is_empty() && odd.iter().any(|warning| warning.code == wordless::CODE);
        if is_wordless {
            let told: Vec<String> = odd.iter().take(5).map(|warning| redact(&warning.message)).collect();
            return Err(NotTaken::Wordless(told.join("; ")));
        }
        for warning in odd.iter().take(5) {
            let (message, now) = (redact(&warning.message), Clock::real().now().timestamp());
            if let Some(times) = door.told.is_due(&warning.code, now, TOLD) {
                warn!(source, code = warning.code, times, "source `{source}`: of what was pushed: {message}{}", counted(times));
            }
        }
        Ok(())
    }

    /// Fetches what an event only names.
    async fn ask(&self, door: &Door, request: &Request) -> Result<Page, NotTaken> {
        let source = &door.target.source;
        // The semaphore is never closed.
        let _turn = self.calls.acquire().await;
        let manner = Manner { validators: None, robots: source.settings.robots, login: source.source.login() };
        let fetched = self.parts.fetcher.fetch(request, manner, Clock::real().now()).await;
        let fetched = fetched.map_err(|error| NotTaken::Fetch(refusal::worded(source.source.as_ref(), error).to_string()))?;
        let Fetched::New { response, room, .. } = fetched else { return Err(NotTaken::Bug) };
        let (source, shard, now) = (Arc::clone(source), door.target.key.shard.clone(), self.parts.clock.now());
        let read = move || {
            let _room = room;
            source.source.read(&shard, &Cursor::default(), &response, now)
        };
        let read = tokio::task::spawn_blocking(read).await.map_err(|_| NotTaken::Bug)?;
        // What the service says now it may say otherwise later: the event is to come again.
        read.map_err(|error| NotTaken::Fetch(error.to_string()))
    }

    fn note(&self, door: &Door, committed: Committed, now: i64) {
        let (board, source) = (&self.parts.board, door.target.key.source.as_str());
        for (kind, count) in [
            ("new", committed.new),
            ("edited", committed.edited),
            ("duplicate", committed.known),
            ("late", committed.late),
            ("gone", committed.gone),
        ] {
            board.add(board::ITEMS, &[("source", source), ("kind", kind)], count as f64);
        }
        if committed.new > 0 {
            board.raise(board::NEWEST_ITEM, &[("source", source)], now as f64);
        }
    }

    fn count(&self, door: &Door, result: &'static str) {
        self.parts.board.add(board::PUSHES, &[("source", &door.target.key.source), ("result", result)], 1.0);
    }

    /// Counts what was not taken, and says why, now and then.
    fn tell(&self, door: &Door, result: &'static str, why: &str) {
        self.count(door, result);
        let source = &door.target.key.source;
        // Of an empty page the reason has numbers in it.
        let key = if result == "empty" { result } else { why };
        if let Some(times) = door.told.is_due(key, Clock::real().now().timestamp(), TOLD) {
            warn!(source, result, times, "source `{source}`: a message that was pushed is not taken: {why}{}", counted(times));
        }
    }
}

/// How often something came that is told once.
fn counted(times: u64) -> String {
    if times > 1 { format!(" ({times} times since this was last told)") } else { String::new() }
}

impl Inbox for Receiving {
    fn webhooks(&self) -> Vec<Arc<Webhook>> {
        self.doors.iter().map(|door| Arc::clone(&door.webhook)).collect()
    }

    fn take(&self, door: usize, push: Push) -> BoxFuture<'_, Taken> {
        Box::pin(async move {
            match self.doors.get(door) {
                Some(door) => self.taken(door, push).await,
                None => Taken::Unreadable,
            }
        })
    }

    fn refused(&self, door: usize, why: &'static str) {
        if let Some(door) = self.doors.get(door) {
            self.tell(door, "refused", why);
        }
    }

    fn put_off(&self, door: usize, why: &'static str) {
        if let Some(door) = self.doors.get(door) {
            self.tell(door, "later", why);
        }
    }

    fn at_no_door(&self) {
        if let Some(times) = self.strangers.is_due("", Clock::real().now().timestamp(), TOLD_OF_STRANGERS) {
            let counted = counted(times);
            warn!(times, "a message was pushed to a path that no webhook has; `uproar source list` shows their addresses{counted}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_told_at_once_and_then_now_and_then_with_its_count() {
        let told = Told::default();
        assert_eq!(told.is_due("wrong", 1_000, 300), Some(1));
        assert_eq!((1..300).filter_map(|second| told.is_due("wrong", 1_000 + second, 300)).count(), 0);
        assert_eq!(told.is_due("large", 1_001, 300), Some(1), "another reason is told beside it");
        assert_eq!(told.is_due("wrong", 1_300, 300), Some(300));
        assert_eq!(told.is_due("wrong", 10, 300), Some(1), "a clock that was set back");
        for number in 0..10_000 {
            told.is_due(&number.to_string(), 2_000, 300);
        }
        assert!(told.0.lock().unwrap().len() <= MOST_REASONS + 1);
    }
}
