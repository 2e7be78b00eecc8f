//! A help desk at Zendesk: its tickets, and what customers answered when they were asked how it went.
//!
//! Both are shards of one source, each with a mark of its own: `tickets` are read by the incremental
//! export, whose cursor says where to go on for ever, `ratings` by their list, again and again over
//! thirty days, for an answer comes under the date of its question.
//!
//! The export may be asked ten times a minute. That is not kept by a gap between calls: a poll takes one
//! call or two, only a backlog takes more, and there the desk itself says when it has had enough (a 429
//! with its `Retry-After`, or an answer with nothing left), the poll is put off and goes on from its page.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::Timestamp;
use crate::domain::http::Refused;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::domain::login::Login;
use crate::domain::secret::Secret;
use crate::sources::Mapping;
use crate::sources::ReadError;
use crate::sources::Service;
use crate::sources::Since;
use crate::sources::Source;
use crate::sources::api;
use crate::sources::refusal;
use crate::sources::refusal::Meaning;
use crate::sources::refusal::Refusal;
use crate::sources::services::Saved;
use crate::sources::zendesk::comments::Held;

mod comments;
mod ratings;
#[cfg(test)]
mod tests;
mod tickets;

const SERVICE: &str = "Zendesk";

/// What is read, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The desk's name: what stands before `.zendesk.com`.
    pub subdomain: String,
    /// What of it.
    pub what: Vec<What>,
    /// Who reads it.
    pub access: Access,
    /// Tickets that came in this way only, such as `chat`; of any way where it is empty.
    pub channels: Vec<String>,
    /// Tickets of brands with these ids only; of any where it is empty.
    pub brands: Vec<String>,
    /// What of a ticket is its text.
    pub text: Words,
    /// No tickets that somebody of the team wrote.
    pub skip_staff: bool,
    /// What is deleted there is deleted here.
    pub follow_deletions: bool,
    /// How far back the first poll reads.
    pub since: Since,
    /// Address of the desk without a slash at its end.
    pub base: String,
}

/// A part of a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Tickets.
    Tickets,
    /// Ratings of how tickets were dealt with.
    Satisfaction,
}

/// Who reads a desk.
#[derive(Debug, Clone, PartialEq)]
pub enum Access {
    /// A person with a token for programs.
    Token {
        /// Mail address of the person.
        email: String,
        /// The token.
        token: Secret,
    },
    /// A token of an OAuth client.
    OAuth(Secret),
}

/// What of a ticket is its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Words {
    /// What it began with.
    #[default]
    FirstComment,
    /// Its subject and what it began with.
    SubjectAndComment,
    /// All that the customer wrote, for one call more a ticket.
    CustomerComments,
}

impl What {
    /// Name of its shard, and of its messages' `kind`.
    fn shard(self) -> Shard {
        Shard(if self == Self::Tickets { "tickets" } else { "satisfaction" }.to_owned())
    }
}

/// A desk.
#[derive(Debug)]
pub struct Zendesk {
    settings: Settings,
    login: Login,
    held: Held,
}

impl Zendesk {
    /// A source for a desk.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let login = Login::at(&settings.base);
        let login = match &settings.access {
            Access::Token { email, token } => login.with_basic(&format!("{email}/token"), token),
            Access::OAuth(token) => login.with_bearer(token),
        };
        Self { settings, login, held: Held::default() }
    }
}

impl Source for Zendesk {
    fn shards(&self) -> Vec<Shard> {
        self.settings.what.iter().map(|what| what.shard()).collect()
    }

    fn first(&self, shard: &Shard, cursor: &Cursor, now: Timestamp) -> Request {
        if *shard == What::Satisfaction.shard() {
            return ratings::first(&self.settings, cursor, now);
        }
        tickets::first(&self.settings, &self.held, cursor, now)
    }

    fn read(&self, shard: &Shard, _cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError> {
        let reply = api::reply(response)?;
        if *shard == What::Satisfaction.shard() {
            return ratings::read(&self.settings, reply, now);
        }
        tickets::read(&self.settings, &self.held, reply, now)
    }

    fn login(&self) -> Option<&Login> {
        Some(&self.login)
    }

    fn refused(&self, refused: &Refused) -> Option<Refusal> {
        let login = match &self.settings.access {
            Access::Token { .. } => "`email` and `token`, and that access by token is on under Apps and integrations > APIs",
            Access::OAuth(_) => "`oauth_token`",
        };
        let permission = "the role of an admin; a token of OAuth needs the scope `read`";
        if refused.status == 422 && refused.body.contains("start_time") {
            let words = "Zendesk says that `start_time` is too recent: check the clock of this machine";
            return Some(Refusal { meaning: Meaning::Passing, words: words.to_owned() });
        }
        refusal::usual(refused, &refusal::Names { service: SERVICE, login, permission, thing: "`subdomain`" })
    }
}

/// Where a person finds a ticket.
fn link(subdomain: &str, ticket: &str) -> String {
    format!("https://{subdomain}.zendesk.com/agent/tickets/{ticket}")
}

/// The score of an answer of two, 1 of 1 for a good one; nothing where nobody answered.
fn score(word: Option<&str>) -> Option<f64> {
    let word = word?;
    if word.starts_with("good") {
        return Some(1.0);
    }
    word.starts_with("bad").then_some(0.0)
}

/// Shortest time between two polls of any source of this kind.
pub const LEAST: Duration = Duration::from_mins(1);

impl Service for Settings {
    fn kind(&self) -> &'static str {
        "zendesk"
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::new(Zendesk::new(self.clone()))
    }

    fn address(&self) -> Option<&str> {
        Some(&self.base)
    }

    fn every(&self) -> Duration {
        Duration::from_mins(if self.what.contains(&What::Tickets) { 2 } else { 15 })
    }

    fn least_every(&self) -> Duration {
        if self.what.contains(&What::Tickets) { LEAST } else { Duration::from_mins(5) }
    }

    fn subject(&self, _shard: &Shard) -> String {
        format!("zendesk {}", self.base)
    }

    fn reads(&self) -> Vec<String> {
        self.what.iter().map(|what| format!("zendesk {} {}", self.base, what.shard())).collect()
    }

    fn fields(&self) -> Option<&'static [&'static str]> {
        Some(&["brand", "channel", "kind", "priority", "reason", "remark", "ticket", "type"])
    }
}

/// Where a message has what from.
pub const MAPPING: Mapping = &[
    ("id", "id; of a rating with `satisfaction:` before it"),
    ("title", "subject, of a ticket"),
    ("text", "description, or the customer's comments; comment, of a rating"),
    ("rating", "satisfaction_rating.score, or score: good is 1 of 1, bad is 0"),
    ("published", "created_at"),
    ("updated", "updated_at"),
    ("author", "requester_id, hashed"),
    ("url", "the ticket's page for agents"),
    ("kind", "ticket or satisfaction"),
    ("channel", "via.channel"),
    ("brand", "brand_id"),
];

/// Reads a saved answer: tickets or ratings.
///
/// # Errors
///
/// [`ReadError`] when it is neither.
pub fn saved(saved: &Saved<'_>) -> Result<Page, ReadError> {
    let answer = api::json(saved.body, SERVICE)?;
    let as_read = Settings { subdomain: String::new(), base: String::new(), ..usual() };
    if answer.get("satisfaction_ratings").is_some() {
        return ratings::page(&answer, &as_read, None).map(|(page, _)| page);
    }
    tickets::page(&answer, &as_read).map(|(page, _)| page)
}

/// Settings as they are where nothing is said.
fn usual() -> Settings {
    Settings {
        subdomain: "kestrel".to_owned(),
        what: vec![What::Tickets],
        access: Access::OAuth(Secret::new(String::new())),
        channels: Vec::new(),
        brands: Vec::new(),
        text: Words::FirstComment,
        skip_staff: true,
        follow_deletions: true,
        since: Since::default(),
        base: "https://kestrel.zendesk.com".to_owned(),
    }
}

/// Settings for tests that go through all services.
#[cfg(test)]
#[must_use]
pub fn specimen() -> Settings {
    Settings { what: vec![What::Tickets, What::Satisfaction], base: "https://x.test".to_owned(), ..usual() }
}
