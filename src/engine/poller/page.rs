//! One page of a walk: asked for, read and prepared.

use std::sync::Arc;

use tracing::warn;

use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Item;
use crate::domain::item::Rejects;
use crate::domain::item::Warning;
use crate::domain::ports::Ingest;
use crate::domain::ports::TaggedItem;
use crate::engine::intake::Intake;
use crate::engine::poller::PollError;
use crate::engine::poller::Poller;
use crate::engine::poller::target::Target;
use crate::engine::poller::walk::Reading;
use crate::engine::poller::walk::Step;
use crate::engine::poller::walk::Walk;
use crate::engine::refusal;
use crate::fetch::Fetched;
use crate::fetch::Manner;
use crate::fetch::Room;
use crate::fetch::rejects;
use crate::polling::belief::Outline;
use crate::polling::pace;
use crate::sources::ReadError;
use crate::text::hash;
use crate::text::redact::redact;
use crate::web::board;

impl<S: Ingest> Poller<S> {
    /// Asks for a page and reads it.
    pub(super) async fn step(&self, walk: &mut Walk<'_>, request: &Request, walking: bool) -> Result<Step, PollError> {
        let validators = walk.stream.validators.as_deref().filter(|_| !walking && !walk.whole);
        let source = &walk.target.source;
        let manner = Manner { validators, robots: source.settings.robots, login: source.source.login() };
        let fetched = self.fetcher.fetch(request, manner, self.clock.now()).await;
        let (response, given, room) = match fetched.map_err(|error| refusal::worded(source.source.as_ref(), error))? {
            Fetched::New { response, validators, aside, room } => {
                if !walking {
                    walk.aside = aside;
                }
                (response, validators, room)
            }
            Fetched::Unchanged { validators, aside } => {
                walk.aside = aside;
                return Ok(Step { here: String::new(), given: Some(validators), reading: None });
            }
        };
        let known_body = if walking { None } else { walk.known_body(given.as_ref()) };
        let here = if let Response::Http(answer) = &response { answer.url.clone() } else { String::new() };
        let reading = self.read(walk, response, room, known_body).await?;
        Ok(Step { here, given, reading })
    }

    /// Reads and tags a page away from the other tasks: it may be megabytes. `None` where its bytes
    /// are known.
    async fn read(&self, walk: &Walk<'_>, response: Response, room: Room, known_body: Option<u64>) -> Result<Option<Reading>, PollError> {
        let (source, key, cursor) = (Arc::clone(&walk.target.source), walk.target.key.clone(), walk.stream.cursor.clone());
        let (plan, author_key, now) = (Arc::clone(&self.plan), Arc::clone(&self.author_key), self.clock.now());
        let kind = &walk.target.source.settings.kind;
        let (by_content, is_remembered) = (walk.by_content, kind.is_remote() || walk.target.is_list());
        // Of a call only where an answer without any message would be odd: it is compared with the one before.
        let is_newest = is_remembered && !kind.may_be_empty();
        let read = move || {
            let body = match &response {
                Response::Http(answer) if is_remembered => hash::of_bytes(&answer.body),
                Response::Slice(bytes) if is_remembered => hash::of_bytes(&bytes.body),
                Response::Call(reply) if is_newest => hash::of_bytes(&reply.body),
                _ => 0,
            };
            if known_body.is_some_and(|known| known == body) {
                return Ok(None);
            }
            let mut page = source.source.read(&key.shard, &cursor, &response, now)?;
            page.warnings.extend(page.wordless());
            let intake = Intake::new(&plan, &author_key, &source.settings);
            let mut items: Vec<TaggedItem> = std::mem::take(&mut page.items).into_iter().map(|item| intake.prepare(item)).collect();
            let (title, hints) = (page.title.as_deref(), pace::hints(&page.rhythm));
            let outline = match by_content {
                Some(apart) => Outline::by_content(body, title, &mut items, hints, apart),
                None => Outline::of(body, title, &items, hints),
            };
            Ok::<_, ReadError>(Some(Reading { page, items, outline, _room: room }))
        };
        // The semaphore is never closed. More at once than there are cores would only take more memory.
        let _turn = self.reading.acquire().await;
        let mut reading = tokio::task::spawn_blocking(read).await.map_err(|_| PollError::Bug)??;
        if let Some(reading) = &mut reading {
            if let Some(rejects) = reading.page.rejects.take() {
                let told = self.keep_rejects(walk.target, *rejects).await;
                reading.page.warnings.extend(told);
            }
            self.tell_warnings(walk.target, &reading.page.warnings);
        }
        Ok(reading)
    }

    /// Items that say that these are gone.
    pub(super) fn gone(&self, target: &Target, ids: Vec<String>) -> Vec<TaggedItem> {
        let intake = Intake::new(&self.plan, &self.author_key, &target.source.settings);
        ids.into_iter().map(|id| intake.prepare(Item::gone(id))).collect()
    }

    /// Writes records that could not be read beside; says where.
    async fn keep_rejects(&self, target: &Target, rejects: Rejects) -> Option<Warning> {
        let folder = target.source.settings.kind.rejects(&self.plan.config.store.path);
        let (name, count, file) = (target.key.source.clone(), rejects.rows.len(), rejects.file.clone());
        let written = tokio::task::spawn_blocking(move || rejects::write(&folder, &name, &rejects)).await;
        rejects::told(written.unwrap_or_else(|ended| Err(std::io::Error::other(ended))), count, &file)
    }

    fn tell_warnings(&self, target: &Target, warnings: &[Warning]) {
        let name = &target.key.source;
        self.board.add(board::ITEMS, &[("source", name), ("kind", "rejected")], warnings.len() as f64);
        // A document that is read again and again stays as odd as it was; another file is another matter.
        let kind = &target.source.settings.kind;
        let is_told = match kind.service() {
            Some(_) => self.diary.is_oddly_new(name, warnings),
            None => !kind.is_remote() || self.diary.is_newly_odd(name, warnings),
        };
        if !is_told {
            return;
        }
        for warning in warnings.iter().take(5) {
            // A message may repeat a value from outside.
            let warning = Warning { message: redact(&warning.message), ..warning.clone() };
            warn!(source = name, code = warning.code, "source `{name}`: {warning}");
        }
        if warnings.len() > 5 {
            warn!(source = name, "source `{name}`: {} more warnings; see `uproar preview {name}`", warnings.len() - 5);
        }
    }
}
