//! The store's verbs for the daemon: writes through the writer's queue, reads beside it.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::domain::Timestamp;
use crate::domain::count::Quarter;
use crate::domain::incident::Incident;
use crate::domain::matcher::Silence;
use crate::domain::notice::Outcome;
use crate::domain::notice::Row;
use crate::domain::ports::Ask;
use crate::domain::ports::Claim;
use crate::domain::ports::Committed;
use crate::domain::ports::Counters;
use crate::domain::ports::Evidence;
use crate::domain::ports::Health;
use crate::domain::ports::Held;
use crate::domain::ports::Incidents;
use crate::domain::ports::Ingest;
use crate::domain::ports::Judged;
use crate::domain::ports::Labelled;
use crate::domain::ports::Labelling;
use crate::domain::ports::NewRow;
use crate::domain::ports::Outbox;
use crate::domain::ports::PageCommit;
use crate::domain::ports::PollNote;
use crate::domain::ports::Reviews;
use crate::domain::ports::Snapshot;
use crate::domain::ports::StoreError;
use crate::domain::ports::StoredFields;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::domain::ports::Touched;
use crate::domain::ports::WantedIds;
use crate::domain::ports::Wish;
use crate::domain::ports::Wishes;
use crate::domain::remark::Labels;
use crate::domain::remark::Remark;
use crate::domain::remark::RemarkKind;
use crate::domain::review::Review;
use crate::domain::review::ReviewedItem;
use crate::domain::ruleset::Retagged;
use crate::domain::ruleset::Ruleset;
use crate::domain::ruleset::StoredMessages;
use crate::store::sqlite::Direct;
use crate::store::sqlite::OpenError;
use crate::store::sqlite::acts;
use crate::store::sqlite::counters;
use crate::store::sqlite::each;
use crate::store::sqlite::each::Mark;
use crate::store::sqlite::health;
use crate::store::sqlite::incidents;
use crate::store::sqlite::ingest;
use crate::store::sqlite::keep;
use crate::store::sqlite::keep::Pruning;
use crate::store::sqlite::names::Names;
use crate::store::sqlite::open_reader;
use crate::store::sqlite::outbox;
use crate::store::sqlite::pushes;
use crate::store::sqlite::relabel;
use crate::store::sqlite::rename;
use crate::store::sqlite::rename::Rename;
use crate::store::sqlite::rename::RenameError;
use crate::store::sqlite::reports::Reader;
use crate::store::sqlite::retag;
use crate::store::sqlite::reviews;
use crate::store::sqlite::silences;
use crate::store::sqlite::streams;
use crate::store::sqlite::values::moment;
use crate::store::sqlite::voices;
use crate::store::sqlite::writer::Writer;

/// Readings at once. Each has a connection and a thread; more of them than this wait, for a hundred polls
/// that begin at once would have a hundred of either.
const READERS: usize = 8;
/// Connections for reading that wait to be used again.
const IDLE_READERS: usize = 3;

/// The daemon's store. Cheap to clone; the writer ends with the last clone.
#[derive(Clone)]
pub struct Sqlite {
    path: Arc<PathBuf>,
    writer: Writer,
    readers: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
    author_key: Arc<Vec<u8>>,
    /// Names this process, so that its leases are known for dead ones after a restart.
    boot: Arc<String>,
}

impl Sqlite {
    /// Opens the store and starts its writer. `boot` differs for every start of a
    /// daemon, and begins with [`GUEST`](super::GUEST) for a process that works beside one.
    ///
    /// # Errors
    ///
    /// [`OpenError`] says what is wrong with the file and what to do.
    pub fn open(path: &Path, boot: String) -> Result<(Self, thread::JoinHandle<()>), OpenError> {
        let Direct { connection, names, author_key } = Direct::open(path)?;
        let (writer, thread) = Writer::start(connection, names).map_err(|error| OpenError::Folder { path: path.to_owned(), error })?;
        let (path, readers) = (Arc::new(path.to_owned()), Arc::new(Semaphore::new(READERS)));
        let store = Self { path, writer, readers, idle: Arc::default(), author_key: Arc::new(author_key), boot: Arc::new(boot) };
        Ok((store, thread))
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The key under which authors are hashed.
    #[must_use]
    pub fn author_key(&self) -> &[u8] {
        &self.author_key
    }

    /// Moves what is stored under former names of sources. See [`Direct::rename_sources`].
    ///
    /// # Errors
    ///
    /// [`RenameError`] where messages are stored under both names.
    pub async fn rename_sources(&self, renames: Vec<Rename>) -> Result<Vec<Rename>, RenameError> {
        self.writer.run(move |connection, names| rename::apply(connection, names, &renames)).await.map_err(RenameError::from_store)
    }

    /// Puts a notice that belongs to no incident into the outbox. It is a test.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub async fn enqueue(&self, row: NewRow) -> Result<(), StoreError> {
        self.writer.run(move |connection, _| outbox::insert(connection, &row)).await
    }

    /// Writes incidents of single messages with their rows, and how far they were told: all or nothing.
    /// Watches of `gone` tell none any more.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails, or when somebody moved one of the incidents first.
    pub async fn tell_each(&self, judged: Judged, marks: Vec<Mark>, gone: Vec<String>) -> Result<(), StoreError> {
        let work = move |connection: &Connection, _: &mut Names| {
            incidents::apply(connection, &judged)?;
            gone.iter().try_for_each(|watch| each::drop_mark(connection, watch))?;
            marks.iter().try_for_each(|mark| each::put_mark(connection, mark))
        };
        self.writer.run(work).await
    }

    /// Tries every broken target at its next turn: a new configuration may have mended it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub async fn probe_soon(&self, now: Timestamp) -> Result<(), StoreError> {
        self.writer.run(move |connection, _| health::probe_soon(connection, None, now)).await
    }

    /// Notices of a target that were due before a moment, that something went wrong with, and that
    /// `other`, which steps in for it, has nothing of yet.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub async fn undelivered(&self, target: &str, other: &str, before: Timestamp) -> Result<Vec<Row>, StoreError> {
        let (target, other) = (target.to_owned(), other.to_owned());
        self.read(move |reader| outbox::stuck::undelivered(reader.connection(), &target, &other, before)).await
    }

    /// Puts in notices that step in for others, whose ids come first. Returns how many are new.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub async fn step_in(&self, rows: Vec<(String, NewRow)>) -> Result<usize, StoreError> {
        self.writer.run(move |connection, _| outbox::stuck::step_in(connection, &rows)).await
    }

    /// Dead notices that nobody else was told of, with why, and when such were last told of.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub async fn untold_dead(&self) -> Result<(Vec<(Row, String)>, Option<Timestamp>), StoreError> {
        self.read(|reader| {
            let connection = reader.connection();
            Ok((outbox::stuck::untold(connection)?, outbox::stuck::last_told(connection)?.map(moment)))
        })
        .await
    }

    /// Puts in notices that tell of dead ones, and notes that these are told of.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails; nothing is written then.
    pub async fn tell_of_dead(&self, rows: Vec<NewRow>, dead: Vec<String>, now: Timestamp) -> Result<(), StoreError> {
        self.writer.run(move |connection, _| outbox::stuck::tell(connection, &rows, &dead, now)).await
    }

    /// Removes what is told and over: rows of before `rows`, incidents that opened before `incidents`.
    /// Returns how many of both went.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub async fn prune_told(&self, rows: Timestamp, incidents: Timestamp) -> Result<u64, StoreError> {
        let mut gone = 0;
        loop {
            let step = self.writer.run(move |connection, _| keep::prune_told(connection, rows, incidents)).await?;
            gone += step;
            if step == 0 {
                return Ok(gone);
            }
        }
    }

    /// Removes old texts. See [`Direct::prune`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub async fn prune(&self, before: Timestamp, max_size: u64) -> Result<u64, StoreError> {
        let mut pruning = Pruning::new(before, max_size);
        let mut gone = 0;
        loop {
            let work = move |connection: &Connection, _: &mut Names| pruning.step(connection).map(|step| (pruning, step));
            let (rest, step) = self.writer.run(work).await?;
            pruning = rest;
            gone += step;
            if step == 0 {
                return Ok(gone);
            }
        }
    }

    /// Removes the keys by which copies of messages from before a moment are found.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub async fn forget_copies(&self, before: Timestamp) -> Result<(), StoreError> {
        while self.writer.run(move |connection, _| voices::forget(connection, before)).await? {}
        Ok(())
    }

    /// Forgets deliveries and events of pushed messages from before these times.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database fails.
    pub async fn forget_pushes(&self, deliveries: Timestamp, events: Timestamp) -> Result<(), StoreError> {
        while self.writer.run(move |connection, _| pushes::forget(connection, deliveries, events)).await? {}
        Ok(())
    }

    /// Does something on the connection that writes.
    pub(super) async fn writing<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.run(move |connection, _| work(connection)).await
    }

    /// Reads beside the writer.
    ///
    /// # Errors
    ///
    /// What `work` gives, or that the file cannot be opened any more.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (path, idle) = (Arc::clone(&self.path), Arc::clone(&self.idle));
        // The semaphore is never closed. The place is given back when the reading ends, also where nobody
        // waits for it any more.
        let place = Arc::clone(&self.readers).acquire_owned().await;
        let read = move || {
            let _place = place;
            let waiting = idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
            let connection = waiting.map_or_else(|| open_reader(&path), Ok)?;
            let outcome = work(&Reader::of(&connection));
            let mut idle = idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if idle.len() < IDLE_READERS {
                idle.push(connection);
            }
            outcome
        };
        tokio::task::spawn_blocking(read).await.map_err(|error| StoreError::Broken(Box::new(error)))?
    }
}

impl Ingest for Sqlite {
    async fn stream(&self, key: &StreamKey) -> Result<Stream, StoreError> {
        let key = key.clone();
        self.read(move |reader| streams::load(reader.connection(), &key)).await
    }

    async fn stored_ids(&self, wanted: WantedIds) -> Result<Vec<String>, StoreError> {
        self.read(move |reader| ingest::stored_ids(reader.connection(), &wanted)).await
    }

    async fn streams(&self) -> Result<Vec<(StreamKey, Stream)>, StoreError> {
        self.read(|reader| streams::all(reader.connection())).await
    }

    async fn streams_in_brief(&self, sources: Vec<String>) -> Result<HashMap<StreamKey, Stream>, StoreError> {
        self.read(move |reader| streams::in_brief(reader.connection(), &sources)).await
    }

    async fn commit_page(&self, page: PageCommit) -> Result<Committed, StoreError> {
        self.writer.run(move |connection, names| ingest::commit_page(connection, names, &page)).await
    }

    async fn ruleset(&self) -> Result<Option<Ruleset>, StoreError> {
        self.read(|reader| retag::ruleset(reader.connection())).await
    }

    async fn begin_rules(&self, rules: String, themes: BTreeMap<String, String>, now: Timestamp) -> Result<Ruleset, StoreError> {
        self.writer.run(move |connection, _| retag::begin(connection, &rules, &themes, now)).await
    }

    async fn messages_after(&self, item: i64, limit: u32, bytes: usize) -> Result<StoredMessages, StoreError> {
        self.read(move |reader| retag::messages(reader.connection(), item, limit, bytes)).await
    }

    async fn commit_retagged(&self, page: Retagged) -> Result<(), StoreError> {
        self.writer.run(move |connection, names| retag::commit(connection, names, &page)).await
    }

    async fn labelling(&self) -> Result<Option<Labelling>, StoreError> {
        self.read(|reader| relabel::labelling(reader.connection())).await
    }

    async fn fields_after(&self, item: i64, limit: u32) -> Result<Vec<StoredFields>, StoreError> {
        self.read(move |reader| relabel::fields(reader.connection(), item, limit)).await
    }

    async fn commit_labelled(&self, page: Labelled) -> Result<(), StoreError> {
        self.writer.run(move |connection, names| relabel::commit(connection, names, &page)).await
    }

    async fn note_poll(&self, key: &StreamKey, note: PollNote) -> Result<(), StoreError> {
        let key = key.clone();
        self.writer
            .run(move |connection, names| {
                let source = names.source(connection, &key.source)?;
                streams::note(connection, source, &key.shard, &note)
            })
            .await
    }

    async fn wish(&self, key: &StreamKey, wish: Wish, now: Timestamp) -> Result<(), StoreError> {
        let key = key.clone();
        self.writer
            .run(move |connection, names| {
                let source = names.source(connection, &key.source)?;
                streams::wish(connection, source, &key.shard, wish, now)
            })
            .await
    }

    async fn wishes(&self) -> Result<BTreeMap<StreamKey, Wishes>, StoreError> {
        self.read(|reader| streams::wishes(reader.connection())).await
    }
}

impl Incidents for Sqlite {
    async fn touched(&self) -> Result<Vec<Touched>, StoreError> {
        self.read(|reader| Ok(counters::touched(reader.connection())?)).await
    }

    async fn counters(&self, range: Range<Quarter>) -> Result<Counters, StoreError> {
        self.read(move |reader| counters::load(reader.connection(), &range)).await
    }

    async fn first_quarter(&self) -> Result<Option<Quarter>, StoreError> {
        self.read(|reader| counters::first_quarter(reader.connection())).await
    }

    async fn snapshots(&self, before: Timestamp) -> Result<BTreeMap<String, Snapshot>, StoreError> {
        self.read(move |reader| incidents::snapshots(reader.connection(), before)).await
    }

    async fn newest(&self) -> Result<Vec<Incident>, StoreError> {
        self.read(|reader| incidents::newest(reader.connection())).await
    }

    async fn acts(&self, kind: RemarkKind, range: Range<Timestamp>) -> Result<Vec<Remark>, StoreError> {
        self.read(move |reader| acts::list(reader.connection(), kind, &range)).await
    }

    async fn labels(&self) -> Result<Labels, StoreError> {
        self.read(|reader| acts::labels(reader.connection())).await
    }

    async fn silences(&self, now: Timestamp) -> Result<Vec<Silence>, StoreError> {
        self.read(move |reader| silences::list(reader.connection(), Some(now))).await
    }

    async fn held(&self) -> Result<Vec<Held>, StoreError> {
        self.read(|reader| silences::held(reader.connection())).await
    }

    async fn release(&self, rows: Vec<(String, Timestamp)>) -> Result<(), StoreError> {
        self.writer.run(move |connection, _| silences::release(connection, &rows)).await
    }

    async fn evidence(&self, ask: Ask) -> Result<Evidence, StoreError> {
        self.read(move |reader| reader.evidence(&ask)).await
    }

    async fn apply(&self, judged: Judged) -> Result<(), StoreError> {
        self.writer.run(move |connection, _| incidents::apply(connection, &judged)).await
    }
}

impl Reviews for Sqlite {
    async fn put_reviews(&self, put: Vec<Review>) -> Result<u64, StoreError> {
        self.writer.run(move |connection, names| reviews::put(connection, names, &put)).await
    }

    async fn reviews(&self) -> Result<Vec<Review>, StoreError> {
        self.read(|reader| reader.reviews().map(|all| all.into_iter().map(|stored| stored.review).collect())).await
    }

    async fn reviewed(&self) -> Result<Vec<ReviewedItem>, StoreError> {
        self.read(|reader| Ok(reviews::merged(&reader.reviews()?))).await
    }
}

impl Outbox for Sqlite {
    async fn claim(&self, ask: Claim) -> Result<Vec<Row>, StoreError> {
        let boot = Arc::clone(&self.boot);
        self.writer.run(move |connection, _| outbox::claim(connection, &ask, &boot)).await
    }

    async fn settle(&self, row: String, outcome: Outcome, now: Timestamp) -> Result<(), StoreError> {
        self.writer.run(move |connection, _| outbox::settle(connection, &row, &outcome, now)).await
    }

    async fn next_due(&self, target: String) -> Result<Option<Timestamp>, StoreError> {
        self.read(move |reader| outbox::next_due(reader.connection(), &target)).await
    }

    async fn standing(&self, target: String) -> Result<Vec<Row>, StoreError> {
        self.read(move |reader| outbox::standing(reader.connection(), &target)).await
    }

    async fn health(&self) -> Result<Vec<Health>, StoreError> {
        self.read(|reader| health::list(reader.connection())).await
    }
}
