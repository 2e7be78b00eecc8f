//! Conversations of a workspace at Intercom: what customers wrote, and how they rated the answer.
//!
//! They are searched by when something about them changed last, oldest first, so that one that changes
//! meanwhile is seen twice and never skipped. The index behind the search lags, so that every poll goes
//! back an hour, and conversations that stay open are looked at again one by one, which is also the only
//! way to see that one was deleted.
//! Source: developers.intercom.com, "Search conversations", "Retrieve a conversation", "Rate limiting".

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::http::Refused;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::domain::item::Warning;
use crate::domain::login::Login;
use crate::domain::secret::Secret;
use crate::sources::Mapping;
use crate::sources::ReadError;
use crate::sources::Recheck;
use crate::sources::Service;
use crate::sources::Since;
use crate::sources::Source;
use crate::sources::api;
use crate::sources::refusal;
use crate::sources::refusal::Refusal;
use crate::sources::services::Saved;

mod conversation;
#[cfg(test)]
mod tests;
mod walk;

const SERVICE: &str = "Intercom";
/// The interface's version that this is written for.
pub const VERSION: &str = "2.14";
/// Conversations that are looked at again in one poll.
const LOOKS: usize = 30;

/// What is read, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Who reads.
    pub token: Secret,
    /// Where the workspace lives.
    pub region: Region,
    /// Version of the interface that is asked for.
    pub version: String,
    /// What of a conversation is its text.
    pub text: Words,
    /// Only conversations that a bot took part in.
    pub only_bot: bool,
    /// Every poll goes back so far.
    pub overlap: TimeDelta,
    /// Open conversations are looked at again so often.
    pub recheck_open: TimeDelta,
    /// Id of the workspace, for links; without it Intercom finds it.
    pub workspace: Option<String>,
    /// How far back the first poll reads.
    pub since: Since,
    /// Address of the service without a slash at its end.
    pub base: String,
}

/// Where a workspace lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Region {
    /// In the United States.
    #[default]
    Us,
    /// In Europe.
    Eu,
    /// In Australia.
    Au,
}

/// What of a conversation is its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Words {
    /// The first that the customer wrote.
    #[default]
    FirstMessage,
    /// All that the customer wrote, for one call more a conversation.
    CustomerMessages,
}

impl Region {
    /// Where its interface is asked.
    #[must_use]
    pub fn base(self) -> &'static str {
        match self {
            Self::Us => "https://api.intercom.io",
            Self::Eu => "https://api.eu.intercom.io",
            Self::Au => "https://api.au.intercom.io",
        }
    }

    /// Where people read.
    fn app(self) -> &'static str {
        match self {
            Self::Us => "https://app.intercom.com",
            Self::Eu => "https://app.eu.intercom.com",
            Self::Au => "https://app.au.intercom.com",
        }
    }
}

/// A workspace.
#[derive(Debug)]
pub struct Intercom {
    settings: Settings,
    login: Login,
    recheck: Recheck,
}

impl Intercom {
    /// A source for a workspace.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let login = Login::at(&settings.base).with_bearer(&settings.token);
        let recheck = Recheck {
            every: settings.recheck_open,
            batch: 1,
            requests: LOOKS,
            within: None,
            field: Some(("state".to_owned(), "open".to_owned())),
        };
        Self { settings, login, recheck }
    }
}

impl Source for Intercom {
    fn first(&self, _shard: &Shard, cursor: &Cursor, now: Timestamp) -> Request {
        walk::first(&self.settings, cursor, now)
    }

    fn read(&self, _shard: &Shard, _cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError> {
        walk::read(&self.settings, api::reply(response)?, now)
    }

    fn login(&self) -> Option<&Login> {
        Some(&self.login)
    }

    fn refused(&self, refused: &Refused) -> Option<Refusal> {
        let names = refusal::Names {
            service: SERVICE,
            login: "`token`, and that `region` is where the workspace lives",
            permission: "an app with the permission to read conversations, on a plan that has the API",
            thing: "`region`",
        };
        refusal::usual(refused, &names)
    }

    fn recheck(&self) -> Option<&Recheck> {
        Some(&self.recheck)
    }

    fn ask_again(&self, ids: &[String]) -> Request {
        ids.first().map_or(Request::Nothing, |id| walk::again(&self.settings, id))
    }
}

/// Shortest time between two polls of any source of this kind.
pub const LEAST: Duration = Duration::from_mins(1);

impl Service for Settings {
    fn kind(&self) -> &'static str {
        "intercom"
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::new(Intercom::new(self.clone()))
    }

    fn address(&self) -> Option<&str> {
        Some(&self.base)
    }

    fn every(&self) -> Duration {
        Duration::from_mins(5)
    }

    fn least_every(&self) -> Duration {
        LEAST
    }

    /// Which workspace it is says the token alone.
    fn subject(&self, _shard: &Shard) -> String {
        // A token may be renewed.
        format!("intercom {}", self.base)
    }

    fn reads(&self) -> Vec<String> {
        let token = crate::text::hash::of_parts([self.token.reveal()]);
        let kind = if self.only_bot { "with bots" } else { "all" };
        vec![format!("intercom {} {token:x} {kind}", self.base)]
    }

    fn fields(&self) -> Option<&'static [&'static str]> {
        Some(&["bot", "bot_outcome", "channel", "remark", "state"])
    }
}

/// Where a message has what from.
pub const MAPPING: Mapping = &[
    ("id", "id"),
    ("title", "source.subject"),
    ("text", "source.body, or the customer's parts; HTML taken out"),
    ("rating", "conversation_rating.rating, of 5"),
    ("remark", "conversation_rating.remark"),
    ("published", "created_at"),
    ("updated", "updated_at"),
    ("author", "source.author.id, hashed"),
    ("url", "the conversation's page for the team"),
    ("channel", "source.type"),
    ("bot", "ai_agent_participated"),
    ("state", "state"),
];

/// Reads a saved answer: found conversations, or one of them.
///
/// # Errors
///
/// [`ReadError`] when it is neither.
pub fn saved(saved: &Saved<'_>) -> Result<Page, ReadError> {
    let answer = api::json(saved.body, SERVICE)?;
    let mut page = Page { format: "intercom", ..Page::default() };
    let alone = std::slice::from_ref(&answer);
    let list = if answer.get("source").is_some() { alone } else { api::list(&answer, "conversations", SERVICE)? };
    for (at, found) in list.iter().enumerate() {
        match conversation::item(found, &usual()) {
            Some(item) => page.items.push(item),
            None => page.warnings.push(no_id(at)),
        }
    }
    Ok(page)
}

fn no_id(at: usize) -> Warning {
    Warning::new("bad_item", format!("conversation {}", at + 1), "a conversation without `id`")
}

/// Settings as they are where nothing is said.
fn usual() -> Settings {
    Settings {
        token: Secret::new(String::new()),
        region: Region::Us,
        version: VERSION.to_owned(),
        text: Words::FirstMessage,
        only_bot: false,
        overlap: TimeDelta::hours(1),
        recheck_open: TimeDelta::hours(24),
        workspace: None,
        since: Since::default(),
        base: Region::Us.base().to_owned(),
    }
}

/// Settings for tests that go through all services.
#[cfg(test)]
#[must_use]
pub fn specimen() -> Settings {
    Settings { base: "https://x.test".to_owned(), ..usual() }
}
