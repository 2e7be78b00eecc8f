//! Reviews of one's own app in Google Play, by the interface that Google documents
//! (developers.google.com/android-publisher/reply-to-reviews).
//!
//! It lists what was written or changed in the last week, with words in it, the newest change first,
//! and no more than that: each poll reads the whole week, and whoever was away for longer has missed
//! something for good, which is told. There is only the time of the last change; deletions do not show.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use url::form_urlencoded;

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
use crate::domain::login::Algorithm;
use crate::domain::login::Claims;
use crate::domain::login::Grant;
use crate::domain::login::Login;
use crate::domain::login::Token;
use crate::domain::secret::Secret;
use crate::sources::Mapping;
use crate::sources::ReadError;
use crate::sources::Service;
use crate::sources::Source;
use crate::sources::api;
use crate::sources::api::Been;
use crate::sources::refusal;
use crate::sources::refusal::Refusal;
use crate::sources::services::Saved;

const SERVICE: &str = "Google Play";
/// Where it is asked.
pub const BASE: &str = "https://androidpublisher.googleapis.com";
const SCOPE: &str = "https://www.googleapis.com/auth/androidpublisher";
/// Reviews of a page.
const PAGE: usize = 100;
/// The week of most apps is on fewer pages. Of those with more, what is behind them is read only as far
/// as something is new: there are 200 calls an hour.
const ALWAYS: u32 = 10;
/// So far back the service lists.
const WINDOW: TimeDelta = TimeDelta::days(7);

/// Whose reviews, and how they are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Name of the app's package: `com.example.app`.
    pub package: String,
    /// Who calls.
    pub account: Account,
    /// Language that reviews are translated to, if any.
    pub translate_to: Option<String>,
    /// After so long without a good poll people are warned that reviews may be missing.
    pub warn_gap_after: TimeDelta,
    /// Address of the service without a slash at its end.
    pub base: String,
}

/// A service account, from the file that Google gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Its mail address.
    pub email: String,
    /// Its key, PEM.
    pub key: Secret,
    /// Name of its key.
    pub key_id: Option<String>,
    /// Where tokens are asked for.
    pub token_uri: String,
}

impl Account {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// What is wrong with it, without anything that it holds.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let file: Value = serde_json::from_str(text).map_err(|_| "it is no JSON")?;
        if api::text(&file, &["type"]).is_some_and(|kind| kind != "service_account") {
            return Err("it is a key of another type than `service_account`");
        }
        let key = api::text(&file, &["private_key"]).filter(|key| key.contains("-----BEGIN PRIVATE KEY-----"));
        let token_uri = api::text(&file, &["token_uri"]).unwrap_or_else(|| "https://oauth2.googleapis.com/token".to_owned());
        if !url::Url::parse(&token_uri).is_ok_and(|url| matches!(url.scheme(), "https" | "http")) {
            return Err("its `token_uri` is no address");
        }
        Ok(Self {
            email: api::text(&file, &["client_email"]).ok_or("it has no `client_email`")?,
            key: Secret::new(key.ok_or("it has no `private_key`")?),
            key_id: api::text(&file, &["private_key_id"]),
            token_uri,
        })
    }

    /// A token by an assertion that is signed here (RFC 7523).
    fn grant(&self) -> Grant {
        let grant_type = Secret::new("urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned());
        let claims = [("iss", self.email.as_str()), ("scope", SCOPE), ("aud", &self.token_uri)];
        let assertion = Claims {
            algorithm: Algorithm::Rs256,
            key: self.key.clone(),
            key_id: self.key_id.clone(),
            claims: claims.map(|(name, value)| (name.to_owned(), Value::from(value))).to_vec(),
            good_for: TimeDelta::minutes(55),
        };
        Grant { assertion: Some(("assertion".to_owned(), assertion)), ..Grant::form(&self.token_uri, &[("grant_type", &grant_type)]) }
    }
}

/// The reviews of an app.
#[derive(Debug)]
pub struct GooglePlay {
    settings: Settings,
    login: Login,
}

/// What is known when a walk has ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Mark {
    /// Newest change that is known.
    newest: Option<Timestamp>,
    /// When the last walk that ended well began.
    read_at: Option<Timestamp>,
}

/// Where a walk is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Walk {
    began: Option<Timestamp>,
    newest: Option<Timestamp>,
    /// Pages that were read before this one.
    pages: u32,
    /// What the page is asked for with.
    token: Option<String>,
    /// Tokens that were there.
    #[serde(default)]
    been: Been,
}

impl GooglePlay {
    /// A source for the reviews of an app.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let login = Login::at(&settings.base).with_token(Token::Granted(settings.account.grant()));
        Self { settings, login }
    }

    fn request(&self, walk: &Walk) -> Request {
        let Settings { package, base, translate_to, .. } = &self.settings;
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("maxResults", &PAGE.to_string());
        for (name, value) in [("translationLanguage", translate_to), ("token", &walk.token)] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        let path = format!("androidpublisher/v3/applications/{}/reviews", api::in_path(package));
        Request::Call(api::call(format!("{base}/{path}?{}", query.finish()), walk))
    }

    /// What was missed between two polls that lie too far apart.
    fn gap(&self, mark: &Mark, now: Timestamp) -> Option<Warning> {
        let away = now - mark.read_at?;
        if away <= self.settings.warn_gap_after.min(WINDOW) {
            return None;
        }
        let days = away.num_days();
        let message = if away > WINDOW {
            format!(
                "nothing was read for {days} days, and only the last week is listed: reviews from before it are missing; the monthly \
                 CSV files in Cloud Storage have them, which a source with `file` reads"
            )
        } else {
            format!("nothing was read for {days} days, and only the last week is listed: some reviews may be missing")
        };
        Some(Warning::new("gap", "", message))
    }
}

impl Source for GooglePlay {
    fn first(&self, _shard: &Shard, _cursor: &Cursor, now: Timestamp) -> Request {
        self.request(&Walk { began: Some(now), ..Walk::default() })
    }

    fn read(&self, _shard: &Shard, cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError> {
        let reply = api::reply(response)?;
        let (mut page, token) = reviews(&reply.body, Some(&self.settings.package))?;
        let (mark, mut walk): (Mark, Walk) = (api::mark(cursor), api::notes(&reply.call.context));
        if walk.pages == 0
            && let Some(warning) = self.gap(&mark, now)
        {
            page.gap = now - mark.read_at.unwrap_or(now) > WINDOW;
            page.warnings.push(warning);
        }
        walk.pages += 1;
        let changes = || page.items.iter().filter_map(|item| item.updated);
        walk.newest = walk.newest.max(changes().max());
        let is_known = mark.newest.is_some_and(|newest| changes().all(|changed| changed <= newest));
        match token.filter(|_| walk.pages < ALWAYS || !is_known) {
            Some(token) if walk.been.is_new(&token) => {
                walk.token = Some(token);
                page.next = Some(self.request(&walk));
                return Ok(page);
            }
            // It would lead there for ever. What is older was not read: no mark says so.
            Some(_) => page.warnings.push(api::circle(SERVICE)),
            None => page.cursor = Some(api::cursor(&Mark { newest: walk.newest.max(mark.newest), read_at: walk.began.or(Some(now)) })),
        }
        Ok(page)
    }

    fn login(&self) -> Option<&Login> {
        Some(&self.login)
    }

    fn refused(&self, refused: &Refused) -> Option<Refusal> {
        let names = refusal::Names {
            service: SERVICE,
            login: "`service_account`, and that the clock of this machine is right",
            permission: "a service account with the permission to reply to reviews in Play Console",
            thing: "`package`",
        };
        refusal::usual(refused, &names)
    }
}

/// The reviews of an answer, and where the next page is. Where there are none, the list is missing.
fn reviews(body: &[u8], package: Option<&str>) -> Result<(Page, Option<String>), ReadError> {
    let answer = api::json(body, SERVICE)?;
    let mut page = Page { format: "google_play", ..Page::default() };
    let list = match answer.as_object() {
        Some(object) if object.is_empty() || object.keys().all(|key| matches!(key.as_str(), "pageInfo" | "tokenPagination")) => &[],
        _ => api::list(&answer, "reviews", SERVICE)?,
    };
    for (at, review) in list.iter().enumerate() {
        match item(review, package) {
            Some(item) => page.items.push(item),
            None => page.warnings.push(Warning::new(
                "bad_item",
                format!("review {}", at + 1),
                "a review without `reviewId`, or without a comment of its writer",
            )),
        }
    }
    Ok((page, api::text(&answer, &["tokenPagination", "nextPageToken"])))
}

/// A review: what its writer says last. What the developer answered is left out.
fn item(review: &Value, package: Option<&str>) -> Option<Item> {
    let id = api::id(review, &["reviewId"])?;
    let comments = api::at(review, &["comments"])?.as_array()?;
    let said = comments.iter().filter_map(|comment| api::at(comment, &["userComment"])).next_back()?;
    let whole = api::at(said, &["text"]).and_then(Value::as_str).unwrap_or_default();
    let (title, text) = whole.split_once('\t').unwrap_or(("", whole));
    let changed = api::unix(said, &["lastModified", "seconds"]);
    let mut item = Item {
        title: title.trim().to_owned(),
        text: text.trim().to_owned(),
        author: api::text(review, &["authorName"]),
        url: package.map(|package| {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("id", package).finish();
            // As the store itself writes it, with its colon.
            format!("https://play.google.com/store/apps/details?{query}&reviewId={}", in_address(&id))
        }),
        // There is no time of creation: the first time seen counts as it, the engine keeps that.
        published: changed,
        updated: changed,
        rating: api::number(said, &["starRating"]).filter(|stars| (1.0..=5.0).contains(stars)).map(|value| Rating { value, max: 5.0 }),
        id,
        ..Item::default()
    };
    for (field, key) in [("version", "appVersionName"), ("device_language", "reviewerLanguage")] {
        if let Some(value) = api::text(said, &[key]) {
            item.fields.insert(field.to_owned(), value);
        }
    }
    Some(item)
}

/// An id as it can stand in a query.
fn in_address(id: &str) -> String {
    form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>().replace("%3A", ":")
}

/// Shortest time between two polls of any source of this kind.
pub const LEAST: Duration = Duration::from_mins(5);

impl Service for Settings {
    fn kind(&self) -> &'static str {
        "google_play"
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::new(GooglePlay::new(self.clone()))
    }

    fn address(&self) -> Option<&str> {
        Some(&self.base)
    }

    fn every(&self) -> Duration {
        Duration::from_mins(15)
    }

    fn least_every(&self) -> Duration {
        LEAST
    }

    fn reads(&self) -> Vec<String> {
        vec![format!("google_play {}", self.package)]
    }

    fn fields(&self) -> Option<&'static [&'static str]> {
        Some(&["version", "device_language", "language"])
    }
}

/// Where a message has what from.
pub const MAPPING: Mapping = &[
    ("id", "reviewId"),
    ("title", "userComment.text, before its tab"),
    ("text", "userComment.text, behind its tab"),
    ("rating", "starRating, of 5"),
    ("published", "lastModified, when first seen"),
    ("updated", "lastModified"),
    ("author", "authorName, hashed"),
    ("url", "the page of the review"),
    ("version", "appVersionName"),
    ("device_language", "reviewerLanguage, which is the device's"),
];

/// Reads a saved answer.
///
/// # Errors
///
/// [`ReadError`] when it is none.
pub fn saved(saved: &Saved<'_>) -> Result<Page, ReadError> {
    let package = saved.url.and_then(|url| url.split_once("/applications/")?.1.split('/').next());
    reviews(saved.body, package).map(|(page, _)| page)
}

/// Settings for tests that go through all services.
#[cfg(test)]
#[must_use]
pub fn specimen() -> Settings {
    let token_uri = "https://x.test/token".to_owned();
    Settings {
        package: "com.example.ferry".to_owned(),
        account: Account { email: "reader@x.test".to_owned(), key: Secret::new("hush".to_owned()), key_id: None, token_uri },
        translate_to: None,
        warn_gap_after: TimeDelta::days(6),
        base: "https://x.test".to_owned(),
    }
}

#[cfg(test)]
mod tests;
