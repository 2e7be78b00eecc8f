//! Messages that somebody pushes to us: Standard Webhooks, and the forms of Typeform, SurveyMonkey,
//! Delighted and Zendesk, or any JSON behind a token.
//!
//! Pure like every source: who listens hands over what came as a [`Push`]. It is trusted only when its
//! signature fits ([`Webhook::trusts`]), and opened after that ([`Webhook::open`]). As a stream a webhook asks for
//! nothing: its poll only says that somebody listens, so that silence means that nobody complains.

use core::net::IpAddr;
use std::collections::BTreeSet;
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
use crate::domain::item::Shard;
use crate::domain::login::Login;
use crate::domain::secret::Secret;
use crate::sources::Mapping;
use crate::sources::ReadError;
use crate::sources::Service;
use crate::sources::Source;
use crate::sources::api;
use crate::sources::refusal;
use crate::sources::refusal::Refusal;
use crate::sources::services::Saved;
use crate::text::hash;

pub mod addresses;
pub mod paths;
pub mod signature;
pub mod wordless;

mod delighted;
mod json;
mod standard;
mod surveymonkey;
mod typeform;
mod zendesk;

pub use crate::sources::webhook::json::Map;
pub use crate::sources::webhook::signature::Untrusted;
pub use crate::sources::webhook::surveymonkey::BASE;

/// Least time between two polls of anything of this kind: they ask nobody.
pub const LEAST: Duration = Duration::from_secs(1);

/// Where its messages have what from.
pub const MAPPING: Mapping = &[
    ("id", "data.id, form_response.token, event_data.id, detail.id or `map`"),
    ("text", "data.text, answers, event_data.comment, detail.description or `map`"),
    ("rating", "data.rating, a scale, event_data.score or `map`"),
    ("published", "created_at, submitted_at, or the time of a first event"),
    ("updated", "updated_at, or the time of a later event"),
    ("author", "the vendor's number of the person, hashed"),
];

/// What is sent, and how it is proved.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Path under the address of `[listen]`.
    pub path: String,
    /// What is sent.
    pub format: Format,
    /// Any of them will do: two while one gives way to the other.
    pub secrets: Vec<Secret>,
    /// How the sender proves itself.
    pub proof: Proof,
    /// How far the sender's clock may be from ours.
    pub tolerance: TimeDelta,
    /// Largest body in bytes.
    pub max_body: usize,
    /// Networks that may send; empty for everybody.
    pub allow_from: Vec<addresses::Network>,
    /// The field or question that is the rating, where it is not found by itself.
    pub rating: Option<String>,
    /// Its best value.
    pub rating_max: Option<f64>,
    /// Fields or questions that are the text, where they are not found by themselves.
    pub text: Vec<String>,
    /// Further fields that are kept.
    pub fields: Vec<String>,
    /// Where things stand in any JSON.
    pub map: Map,
    /// How events that bring ids alone are completed.
    pub fetch: Option<Fetch>,
}

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As standardwebhooks.com says.
    Standard,
    /// Typeform.
    Typeform,
    /// SurveyMonkey.
    SurveyMonkey,
    /// Delighted.
    Delighted,
    /// Zendesk.
    Zendesk,
    /// Any JSON.
    Json,
}

/// How a sender proves itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// By the signature of the format.
    Signature,
    /// By a signature whose key has the client's id in it.
    OfClient(String),
    /// By the secret in this header.
    Header(String),
    /// By this user and the secret as password.
    Basic(String),
}

/// How events that bring ids alone are completed.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetch {
    /// Address of the service without a slash at its end.
    pub base: String,
    /// Opens it.
    pub token: Secret,
}

/// What came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Push {
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    /// The raw body: what is signed.
    pub body: Vec<u8>,
}

/// What was in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pushed {
    /// The sender's name for this delivery, the same at every try.
    pub delivery: Option<String>,
    /// What it brings.
    pub brings: Brings,
}

/// What a push brings.
#[derive(Debug, Clone, PartialEq)]
pub enum Brings {
    /// Messages.
    Page(Box<Page>),
    /// Only ids: the answer to this has the message.
    Asked(Box<Request>),
}

impl Push {
    /// A header that is there once and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl Format {
    /// Its word in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Typeform => "typeform",
            Self::SurveyMonkey => "surveymonkey",
            Self::Delighted => "delighted",
            Self::Zendesk => "zendesk",
            Self::Json => "json",
        }
    }
}

impl Settings {
    /// Settings without anything that can be left out.
    #[must_use]
    pub fn new(path: &str, format: Format, secrets: Vec<Secret>) -> Self {
        Self {
            path: path.to_owned(),
            format,
            secrets,
            proof: Proof::Signature,
            tolerance: TimeDelta::minutes(5),
            max_body: 1_000_000,
            allow_from: Vec::new(),
            rating: None,
            rating_max: None,
            text: Vec::new(),
            fields: Vec::new(),
            map: Map::default(),
            fetch: None,
        }
    }
}

impl Service for Settings {
    fn kind(&self) -> &'static str {
        "webhook"
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::new(Webhook::new(self.clone()))
    }

    fn address(&self) -> Option<&str> {
        None
    }

    fn every(&self) -> Duration {
        Duration::from_mins(1)
    }

    fn least_every(&self) -> Duration {
        LEAST
    }

    fn reads(&self) -> Vec<String> {
        vec![format!("what is pushed to {}", self.path)]
    }

    fn fields(&self) -> Option<&'static [&'static str]> {
        None
    }

    fn calls(&self) -> usize {
        0
    }
}

/// A door for pushes.
#[derive(Debug)]
pub struct Webhook {
    settings: Settings,
    login: Option<Login>,
}

impl Webhook {
    /// A source with these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let login = settings.fetch.as_ref().map(|fetch| Login::at(&fetch.base).with_bearer(&fetch.token));
        Self { settings, login }
    }

    /// Its settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether this address may send at all.
    #[must_use]
    pub fn admits(&self, address: IpAddr) -> bool {
        let networks = &self.settings.allow_from;
        networks.is_empty() || networks.iter().any(|network| network.holds(address))
    }

    /// Whether what came is from who knows the secret, and of now.
    ///
    /// # Errors
    ///
    /// [`Untrusted`] says why not: for the log, never for the sender.
    pub fn trusts(&self, push: &Push, now: Timestamp) -> Result<(), Untrusted> {
        signature::check(&self.settings, push, now)
    }

    /// Reads what came from somebody who is trusted.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where it is not what the format says.
    pub fn open(&self, push: &Push, now: Timestamp) -> Result<Pushed, ReadError> {
        let settings = &self.settings;
        let value = api::json(&push.body, "a webhook")?;
        let header = |names: &[&str]| names.iter().find_map(|name| push.header(name)).map(str::to_owned);
        let (delivery, page) = match settings.format {
            Format::Standard => (header(&["webhook-id", "svix-id"]), standard::read(&value, &settings.fields)?),
            Format::Typeform => (api::id(&value, &["event_id"]), typeform::read(&value, settings)?),
            Format::Delighted => (api::id(&value, &["event_id"]), delighted::read(&value, &settings.fields)?),
            Format::Zendesk => (header(&["x-zendesk-webhook-invocation-id"]), zendesk::read(&value, settings, now)?),
            Format::Json => (header(&["webhook-id", "idempotency-key"]), json::read(&value, &settings.map)?),
            Format::SurveyMonkey => {
                let brings = surveymonkey::event(&value, settings.fetch.as_ref())?;
                // Its event ids are no names of deliveries, and what is fetched is the newest anyway.
                return Ok(Pushed { delivery: None, brings });
            }
        };
        // Other formats say by an event of its own, or by a rating, what has become of a message.
        let emptied = if settings.format == Format::Json { json::emptied(&value, &settings.map) } else { BTreeSet::new() };
        let page = wordless::leave_out(page, &emptied, settings);
        Ok(Pushed { delivery: delivery.map(|id| short(&id)), brings: Brings::Page(Box::new(page)) })
    }
}

impl Source for Webhook {
    fn first(&self, _shard: &Shard, _cursor: &Cursor, _now: Timestamp) -> Request {
        Request::Nothing
    }

    fn read(&self, _shard: &Shard, _cursor: &Cursor, response: &Response, _now: Timestamp) -> Result<Page, ReadError> {
        match response {
            Response::Nothing => Ok(Page { format: "webhook", ..Page::default() }),
            response => {
                let page = surveymonkey::details(api::reply(response)?, &self.settings)?;
                Ok(wordless::leave_out(page, &BTreeSet::new(), &self.settings))
            }
        }
    }

    fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    fn refused(&self, refused: &Refused) -> Option<Refusal> {
        refusal::usual(refused, &surveymonkey::NAMES)
    }
}

/// Reads a saved payload, or a saved answer about a response, of whatever format it looks like.
///
/// # Errors
///
/// [`ReadError`] where it is none of them.
pub fn saved(saved: &Saved<'_>) -> Result<Page, ReadError> {
    let value = api::json(saved.body, "a webhook")?;
    let has = |path: &[&str]| api::at(&value, path).is_some();
    let settings = |format| Settings::new("/saved", format, Vec::new());
    let (format, page) = if has(&["form_response"]) {
        (Format::Typeform, typeform::read(&value, &settings(Format::Typeform))?)
    } else if has(&["event_data"]) {
        (Format::Delighted, delighted::read(&value, &[])?)
    } else if has(&["object_id"]) && has(&["resources"]) {
        (Format::SurveyMonkey, surveymonkey::shown(&value)?)
    } else if has(&["survey_id"]) && has(&["pages"]) {
        (Format::SurveyMonkey, surveymonkey::message(&value, &settings(Format::SurveyMonkey)).map(surveymonkey::page)?)
    } else if has(&["zendesk_event_version"]) {
        (Format::Zendesk, zendesk::read(&value, &settings(Format::Zendesk), saved.fetched_at)?)
    } else if has(&["type"]) && has(&["data"]) {
        (Format::Standard, standard::read(&value, &[])?)
    } else {
        (Format::Json, json::read(&value, &Map::default())?)
    };
    Ok(wordless::leave_out(page, &BTreeSet::new(), &settings(format)))
}

/// Settings for tests that go through every kind.
#[cfg(test)]
pub(super) fn specimen() -> Settings {
    Settings::new("/in/forms", Format::Standard, vec![Secret::new("whsec_c3BlY2ltZW4=".to_owned())])
}

/// A page of one message, or of none.
fn page_of(format: &'static str, items: Vec<Item>) -> Page {
    Page { format, items, ..Page::default() }
}

/// An id as it may be stored: not endless, and nobody's address.
fn short(id: &str) -> String {
    let plain = id.len() <= 200 && !id.contains('@') && !id.chars().any(char::is_control);
    if plain { id.to_owned() } else { format!("h1:{:016x}", hash::of_parts([id])) }
}

/// A time as it is written in JSON: RFC 3339, or seconds or milliseconds since 1970.
fn time(value: &Value, path: &[&str]) -> Option<Timestamp> {
    api::moment(value, path).or_else(|| {
        let number = api::number(value, path)?;
        let seconds = if number.abs() > 1e11 { number / 1000.0 } else { number };
        Timestamp::from_timestamp_millis((seconds * 1000.0).round() as i64).filter(|_| seconds.abs() < 1e11)
    })
}

/// A value in words: texts, numbers and flags.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
