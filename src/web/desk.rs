//! What the pages show and do, as they ask for it; who answers is above them.

use chrono_tz::Tz;
use futures_util::future::BoxFuture;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::incident::Act;
use crate::domain::incident::Incident;
use crate::domain::incident::Transition;
use crate::domain::ports::StoreError;
use crate::render::page::Account;

/// What is asked for, once it is there.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Answers what the pages ask.
pub trait Desk: Send + Sync {
    /// Real time, which tickets end by.
    fn now(&self) -> Timestamp;
    /// The clock that incidents live by.
    fn clock(&self) -> Timestamp;
    /// Zone of the times that are shown.
    fn zone(&self) -> Tz;
    /// Keys that open tickets, the one that signs first.
    fn keys(&self) -> Vec<Vec<u8>>;
    /// Whom a ticket was sent to, for people.
    fn sent_to(&self, tag: [u8; 6]) -> String;
    /// An incident; with all that lies behind it when it is to be told in full.
    fn incident(&self, id: String, in_full: bool) -> Answer<'_, Option<Dossier>>;
    /// A message by its number.
    fn message(&self, item: i64) -> Answer<'_, Option<Message>>;
    /// Does what a person asked for. What is so already is no error, and nothing happens.
    fn act(&self, id: String, act: Act, who: String) -> Answer<'_, ()>;
}

/// An incident for a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Dossier {
    /// As it stands.
    pub incident: Incident,
    /// What it is about, for people.
    pub title: String,
    /// Its record, oldest step first.
    pub record: Vec<Transition>,
    /// Who called it a false alarm.
    pub called_false: Option<String>,
    /// All that lies behind it; only where it was asked for and its watch is still configured.
    pub account: Option<Account>,
    /// Its watch, where that is still configured.
    pub watch: Option<WatchLines>,
}

/// A watch for the page on which people make it quieter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WatchLines {
    /// Its name.
    pub name: String,
    /// The key of its budget.
    pub key: &'static str,
    /// False alarms a year that it may give.
    pub budget: String,
    /// Complaints without which it never tells anything.
    pub min_complaints: u32,
    /// How often it was right: `In the last 365 days: 12 alerts, 2 of them called false.`
    pub precision: String,
    /// What people's labels make of the budget.
    pub calibration: Option<String>,
}

/// A message for a page: redacted, and without its author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Headline; may be empty.
    pub title: String,
    /// Words; empty where they are kept no more.
    pub text: String,
    /// Titles of its themes.
    pub themes: Vec<String>,
    /// What else is known: `country` and `se`.
    pub facts: Vec<(String, String)>,
    /// Where the original is.
    pub link: Option<String>,
}
