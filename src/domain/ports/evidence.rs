//! What stands behind the count of a series: who complains, how many, from where.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::domain::Timestamp;
use crate::domain::incident::Segment;
use crate::domain::measure::Measure;

/// What to look up about the complaints of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Name of the theme.
    pub theme: String,
    /// The measure, where it is no theme: then the complaints are bad ratings.
    pub measure: Option<Measure>,
    /// Which part of the messages.
    pub segment: Segment,
    /// Names of the sources.
    pub sources: Vec<String>,
    /// First moment of the window that is explained.
    pub from: Timestamp,
    /// First moment after it.
    pub until: Timestamp,
    /// First moment of the time that tells what is usual.
    pub usual_from: Timestamp,
    /// Label keys to break the complaints down by, beside the source.
    pub by: Vec<String>,
    /// At most this many complaints with their texts.
    pub limit: u32,
}

/// Who complains, how many, from where.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// Complaints in the window, the newest first.
    pub complaints: Vec<Complaint>,
    /// How many voices there are in the window.
    pub voices: u64,
    /// Where they come from: every source, and every label value with a complaint in the window.
    pub slices: Vec<Slice>,
    /// Complaints of the usual time, the newest first.
    pub usual: Vec<Wording>,
    /// Messages of the usual time without the theme, the newest first.
    pub others: Vec<Wording>,
    /// Event times of voices in the last 24 hours before `until`.
    pub recent: Vec<Timestamp>,
}

/// A complaint as stored: neither shortened nor redacted.
#[derive(Debug, Clone, PartialEq)]
pub struct Complaint {
    /// Number of the item.
    pub item: i64,
    /// Headline.
    pub title: String,
    /// What the customer wrote; empty where it was pruned.
    pub text: String,
    /// Name of the source.
    pub source: String,
    /// Link to the original.
    pub url: Option<String>,
    /// Value and best value.
    pub rating: Option<(f64, f64)>,
    /// Labels and fields.
    pub fields: BTreeMap<String, String>,
    /// Event time.
    pub at: Timestamp,
    /// Byte ranges that made the tagger give the theme, into the tagged message.
    pub spans: Vec<Range<usize>>,
    /// Label keys and values, those of its source included.
    pub labels: BTreeMap<String, String>,
    /// Language, where the source knows it.
    pub lang: Option<String>,
    /// Keyed hash of who wrote it.
    pub author: Option<String>,
}

/// What one source brought with one value of one label, now and in the usual time before.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Slice {
    /// Label key; empty for everything that the source brought.
    pub key: String,
    /// Label value; empty for everything.
    pub value: String,
    /// Name of the source.
    pub source: String,
    /// In the window.
    pub now: Tally,
    /// In the usual time.
    pub usual: Tally,
}

/// Messages, and complaints among them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Tally {
    /// Voices; between whole numbers where a part was counted and the rest reckoned from it.
    pub messages: f64,
    /// Voices with the theme.
    pub complaints: f64,
}

/// A text as stored, to compare words with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wording {
    /// The tagged message: title and words.
    pub message: String,
    /// Language, where the source knows it.
    pub lang: Option<String>,
    /// Byte ranges that made the tagger give the theme; none where it did not.
    pub spans: Vec<Range<usize>>,
}
