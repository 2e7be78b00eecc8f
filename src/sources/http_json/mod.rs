//! Any API that answers with JSON: programs of jq say what is what.
//!
//! `mapping.rs` makes messages of a reply, `paging.rs` finds the next page, `jq` runs the programs within
//! limits. What is new is asked for from the latest time seen, less an overlap, never from "now".

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;
use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::http::Refused;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::domain::login::Login;
use crate::sources::Mapping;
use crate::sources::ReadError;
use crate::sources::Service;
use crate::sources::Since;
use crate::sources::Source;
use crate::sources::api;
use crate::sources::http_json::mapping::Programs;
use crate::sources::http_json::paging::Step;
use crate::sources::http_json::paging::Walk;
use crate::sources::refusal;
use crate::sources::refusal::Refusal;
use crate::sources::services::Saved;

mod mapping;
mod paging;

pub mod jq;

/// An API and what its replies mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Its address; `{since}`, `{cursor}`, `{page}` and `{offset}` are filled in.
    pub url: String,
    /// It is asked by POST.
    pub post: bool,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// How it is shown who asks.
    pub login: Option<Login>,
    /// Body of a POST; filled in as the address is.
    pub body: String,
    /// Whether a reply is a success.
    pub ok: Option<String>,
    /// The records of a reply.
    pub items: String,
    /// How the next page is found.
    pub next: Next,
    /// How far back the first poll reads.
    pub since: Since,
    /// How `{since}` is written.
    pub since_format: SinceFormat,
    /// What is read again at every poll.
    pub overlap: TimeDelta,
    /// Zone of times that name none.
    pub time_zone: Tz,
    /// What of a record is what.
    pub map: Map,
}

/// How the next page is found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Next {
    /// There is one page.
    #[default]
    None,
    /// A program gives the cursor, which goes into a parameter, or where `{cursor}` stands.
    Cursor {
        /// The program.
        program: String,
        /// The parameter.
        param: Option<String>,
    },
    /// The `Link` header of the reply.
    Link,
    /// A program gives the address.
    Url(String),
    /// Pages have numbers.
    Page {
        /// The parameter.
        param: String,
        /// Number of the first page.
        start: u64,
    },
    /// Records are counted.
    Offset {
        /// The parameter.
        param: String,
        /// Records of a page, at most.
        limit: u64,
    },
}

/// How a time is written into an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SinceFormat {
    /// `2026-01-05T08:00:00Z`
    #[default]
    Rfc3339,
    /// Seconds since 1970.
    Unix,
    /// Milliseconds since 1970.
    UnixMs,
    /// `2026-01-05`
    Date,
}

/// A program for each field of a message; its input is a record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Map {
    /// Its id.
    pub id: String,
    /// Its text; several values become paragraphs.
    pub text: Option<String>,
    /// Its headline.
    pub title: Option<String>,
    /// Its rating.
    pub rating: Option<String>,
    /// Best value of the rating.
    pub rating_max: Option<String>,
    /// When it was written.
    pub published: Option<String>,
    /// When it was changed.
    pub updated: Option<String>,
    /// Where a person can read it.
    pub url: Option<String>,
    /// Who wrote it: hashed, never kept.
    pub author: Option<String>,
    /// Its language.
    pub lang: Option<String>,
    /// Whether it is gone.
    pub deleted: Option<String>,
    /// Further fields, which a watch can count by.
    pub fields: BTreeMap<String, String>,
}

/// What is known when a walk has ended.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Mark {
    /// The latest time seen, in milliseconds since 1970.
    newest: Option<i64>,
}

/// An API.
#[derive(Debug)]
pub struct HttpJson {
    settings: Settings,
    /// Or what is wrong with one of them, which the check of the configuration has found already.
    programs: Result<Programs, ReadError>,
}

impl HttpJson {
    /// A source for an API.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let programs = Programs::compile(&settings)
            .map_err(|(name, wrong)| ReadError::new(format!("the program `{name}` cannot be used: {wrong}"), wrong.cure));
        Self { settings, programs }
    }

    /// Reads a reply that nobody asked for now: one that was saved.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when it is not what the programs read.
    pub fn document(&self, body: &[u8], now: Timestamp) -> Result<Page, ReadError> {
        let outcome = self.programs.as_ref().map_err(Clone::clone)?.read(body, now, self.settings.time_zone)?;
        Ok(Page { format: "http_json", items: outcome.items, warnings: outcome.warnings, ..Page::default() })
    }
}

impl Source for HttpJson {
    fn first(&self, _shard: &Shard, cursor: &Cursor, now: Timestamp) -> Request {
        let mark: Mark = api::mark(cursor);
        let newest = mark.newest.and_then(Timestamp::from_timestamp_millis);
        let since = newest.map_or_else(|| self.settings.since.from(now), |newest| newest - self.settings.overlap);
        Request::Call(self.settings.first_call(&Walk { since: since.timestamp_millis(), ..Walk::default() }))
    }

    fn read(&self, _shard: &Shard, cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError> {
        let reply = api::reply(response)?;
        let programs = self.programs.as_ref().map_err(Clone::clone)?;
        let outcome = programs.read(&reply.body, now, self.settings.time_zone)?;
        let (mark, mut walk): (Mark, Walk) = (api::mark(cursor), api::notes(&reply.call.context));
        let here = outcome.newest.map(|newest| newest.timestamp_millis());
        // The newest ones come last: what was not read is newer yet.
        let is_upwards = here.is_some() && here >= walk.newest;
        walk.newest = walk.newest.max(here);
        let newest = walk.newest.max(mark.newest);
        let mut page = Page { format: "http_json", items: outcome.items, warnings: outcome.warnings, ..Page::default() };
        let is_read = match self.settings.next_call(reply, walk, outcome.sent, outcome.next, &mut page.warnings)? {
            Step::On(call) => {
                page.next = Some(Request::Call(call));
                false
            }
            Step::End => true,
            Step::Cut => is_upwards,
        };
        page.cursor = Some(Mark { newest }).filter(|_| is_read && newest.is_some()).map(|mark| api::cursor(&mark));
        Ok(page)
    }

    fn login(&self) -> Option<&Login> {
        self.settings.login.as_ref()
    }

    fn refused(&self, refused: &Refused) -> Option<Refusal> {
        let login = if self.settings.login.is_some() { "`auth`" } else { "whether it needs `auth`" };
        let names = refusal::Names { service: "the API", login, permission: "a login with more rights", thing: "`url`" };
        refusal::usual(refused, &names)
    }
}

/// Shortest time between two polls of any source of this kind.
pub const LEAST: Duration = Duration::from_mins(1);

impl Service for Settings {
    fn kind(&self) -> &'static str {
        "http_json"
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::new(HttpJson::new(self.clone()))
    }

    fn address(&self) -> Option<&str> {
        Some(&self.url)
    }

    fn every(&self) -> Duration {
        Duration::from_mins(15)
    }

    fn least_every(&self) -> Duration {
        LEAST
    }

    fn reads(&self) -> Vec<String> {
        // Two sources may read one address with other bodies or other records of it.
        vec![format!("{} {} {}", self.url, self.body, self.items)]
    }

    fn fields(&self) -> Option<&'static [&'static str]> {
        // They are the operator's own.
        None
    }

    fn calls(&self) -> usize {
        1
    }
}

/// Where a message has what from.
pub const MAPPING: Mapping = &[("every field", "the program of that name in `[source.http_json.map]`")];

/// A saved reply says nothing without the programs that read it.
///
/// # Errors
///
/// Always.
pub fn saved(_saved: &Saved<'_>) -> Result<Page, ReadError> {
    Err(ReadError::new(
        "a reply alone does not say what of it is what",
        "configure the source, and name it: `uproar preview FILE --source NAME`",
    ))
}

/// Settings for tests that go through all services.
#[cfg(test)]
#[must_use]
pub fn specimen() -> Settings {
    Settings {
        url: "https://x.test/api?since={since}".to_owned(),
        post: false,
        headers: Vec::new(),
        login: None,
        body: String::new(),
        ok: None,
        items: ".rows[]".to_owned(),
        next: Next::None,
        since: Since::default(),
        since_format: SinceFormat::Rfc3339,
        overlap: TimeDelta::hours(1),
        time_zone: Tz::UTC,
        map: Map { id: ".id".to_owned(), text: Some(".text".to_owned()), ..Map::default() },
    }
}

#[cfg(test)]
mod tests;
