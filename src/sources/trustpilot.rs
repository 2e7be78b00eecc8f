//! Reviews of a business at Trustpilot: with key and secret as the business itself sees them, with the key
//! alone as everybody does.
//!
//! Lists go by when a review was written, newest first, in numbered pages. An edit leaves that date, a
//! review that was held back comes under its old one, and a deletion is a gap: so windows are read again
//! and again as a whole, two days of them at every poll, a month once an hour, a year once a week.
//! Source: developers.trustpilot.com, "Business units API (private)", "Business units API (public)",
//! "Grant type: client credentials", "Rate limiting".

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::Value;

use crate::domain::Timestamp;
use crate::domain::http::Refused;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Rating;
use crate::domain::item::Shard;
use crate::domain::item::Warning;
use crate::domain::login::Grant;
use crate::domain::login::Login;
use crate::domain::login::Token;
use crate::domain::secret::Secret;
use crate::sources::Mapping;
use crate::sources::ReadError;
use crate::sources::Service;
use crate::sources::Since;
use crate::sources::Source;
use crate::sources::api;
use crate::sources::refusal;
use crate::sources::refusal::Refusal;
use crate::sources::services::Allowance;
use crate::sources::services::Saved;

#[cfg(test)]
mod tests;
mod walk;

const SERVICE: &str = "Trustpilot";
/// Where it is asked.
pub const BASE: &str = "https://api.trustpilot.com";
/// Where tokens are.
const TOKENS: &str = "/v1/oauth/oauth-business-users-for-applications/accesstoken";

/// What is read, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Whose reviews.
    pub business: Business,
    /// Key of the application.
    pub key: Secret,
    /// Its secret; without it the public list is read.
    pub secret: Option<Secret>,
    /// Only reviews with so many stars; all where it is empty.
    pub stars: Vec<u8>,
    /// Only reviews in these languages; all where it is empty.
    pub languages: Vec<String>,
    /// The window that is read once an hour.
    pub overlap: TimeDelta,
    /// The window that is read once a week.
    pub full_window: TimeDelta,
    /// How far back the first poll reads.
    pub since: Since,
    /// Address of the service without a slash at its end.
    pub base: String,
}

/// Whose reviews are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Business {
    /// Of the business with this domain: its id is asked for.
    Domain(String),
    /// Of the business unit with this id.
    Id(String),
}

/// A business.
#[derive(Debug)]
pub struct Trustpilot {
    settings: Settings,
    login: Login,
}

impl Trustpilot {
    /// A source for a business.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        // The business is looked up with the key alone.
        let login = Login::at(&settings.base).with_header("apikey", settings.key.clone());
        let login = match &settings.secret {
            Some(secret) => {
                let url = format!("{}{TOKENS}", settings.base);
                login.with_token(Token::Granted(Grant::client_credentials(url, settings.key.reveal(), secret)))
            }
            None => login,
        };
        Self { settings, login }
    }
}

impl Source for Trustpilot {
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
        let thing = match self.settings.business {
            Business::Domain(_) => "`business`",
            Business::Id(_) => "`business_unit_id`",
        };
        let (login, permission) = match self.settings.secret {
            Some(_) => ("`key` and `secret`", "a plan with the API, and a business of one's own: others' are read without `secret`"),
            None => ("`key`", "a plan with the API"),
        };
        refusal::usual(refused, &refusal::Names { service: SERVICE, login, permission, thing })
    }
}

/// The reviews of an answer.
fn reviews(answer: &Value) -> Result<Page, ReadError> {
    let mut page = Page { format: "trustpilot", ..Page::default() };
    for (at, review) in api::list(answer, "reviews", SERVICE)?.iter().enumerate() {
        match item(review) {
            Some(item) => page.items.push(item),
            None => page.warnings.push(Warning::new("bad_item", format!("review {}", at + 1), "a review without `id`")),
        }
    }
    Ok(page)
}

fn item(review: &Value) -> Option<Item> {
    let id = api::id(review, &["id"])?;
    let published = api::moment(review, &["createdAt"]);
    if api::text(review, &["status"]).is_some_and(|status| status != "active") {
        return Some(Item { published, ..Item::gone(id) });
    }
    let stars = api::number(review, &["stars"]).filter(|stars| (1.0..=5.0).contains(stars));
    let mut item = Item {
        title: api::text(review, &["title"]).unwrap_or_default(),
        text: api::text(review, &["text"]).unwrap_or_default(),
        author: api::id(review, &["consumer", "id"]),
        url: Some(format!("https://www.trustpilot.com/reviews/{id}")),
        updated: api::moment(review, &["updatedAt"]),
        rating: stars.map(|value| Rating { value, max: 5.0 }),
        lang: api::text(review, &["language"]),
        published,
        id,
        ..Item::default()
    };
    for (field, path) in [("country", ["consumer", "countryCode"].as_slice()), ("location", &["location", "name"]), ("origin", &["source"])]
    {
        item.fields.extend(api::text(review, path).map(|value| (field.to_owned(), value)));
    }
    let verified = api::at(review, &["isVerified"]).and_then(Value::as_bool);
    item.fields.extend(verified.map(|verified| ("verified".to_owned(), verified.to_string())));
    Some(item)
}

/// Shortest time between two polls of any source of this kind.
pub const LEAST: Duration = Duration::from_mins(10);

impl Service for Settings {
    fn kind(&self) -> &'static str {
        "trustpilot"
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::new(Trustpilot::new(self.clone()))
    }

    fn address(&self) -> Option<&str> {
        Some(&self.base)
    }

    fn every(&self) -> Duration {
        Duration::from_mins(30)
    }

    fn least_every(&self) -> Duration {
        LEAST
    }

    fn reads(&self) -> Vec<String> {
        let (Business::Domain(business) | Business::Id(business)) = &self.business;
        vec![format!("trustpilot {business} {:?} {:?}", self.stars, self.languages)]
    }

    fn fields(&self) -> Option<&'static [&'static str]> {
        Some(&["country", "location", "origin", "verified"])
    }

    /// A page, and the empty one behind the last.
    fn calls(&self) -> usize {
        2
    }

    fn allowance(&self) -> Option<Allowance> {
        let words = "the first tier of Trustpilot allows 200000 calls a year";
        Some(Allowance { calls: 200_000, within: TimeDelta::days(365), a_poll: 4, words })
    }
}

/// Where a message has what from.
pub const MAPPING: Mapping = &[
    ("id", "id"),
    ("title", "title"),
    ("text", "text"),
    ("rating", "stars, of 5"),
    ("published", "createdAt"),
    ("updated", "updatedAt"),
    ("lang", "language"),
    ("author", "consumer.id, hashed"),
    ("url", "the review's page"),
    ("country", "consumer.countryCode"),
    ("verified", "isVerified"),
];

/// Reads a saved answer.
///
/// # Errors
///
/// [`ReadError`] when it is none.
pub fn saved(saved: &Saved<'_>) -> Result<Page, ReadError> {
    reviews(&api::json(saved.body, SERVICE)?)
}

/// Settings for tests that go through all services.
#[cfg(test)]
#[must_use]
pub fn specimen() -> Settings {
    Settings {
        business: Business::Domain("kestrel.example".to_owned()),
        key: Secret::new("key".to_owned()),
        secret: Some(Secret::new("hush".to_owned())),
        stars: Vec::new(),
        languages: Vec::new(),
        overlap: TimeDelta::days(30),
        full_window: TimeDelta::days(365),
        since: Since::default(),
        base: "https://x.test".to_owned(),
    }
}
