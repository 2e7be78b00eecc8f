//! Charts of a series: its counts beside what is usual, for a terminal, a page and a mail.
//!
//! Pure. A [`Chart`] holds what is drawn, [`terminal()`], [`svg()`] and [`png()`] draw it. All take any numbers:
//! what is not a count is drawn as none, and where there are more buckets than room each column
//! shows the loudest of its buckets, which the legend says.

use chrono_tz::Tz;

use crate::domain::Timestamp;

mod frame;
mod ground;
mod markup;
mod pixels;
pub mod plot;
mod png;
mod svg;
mod terminal;
mod words;

pub use png::png;
pub use svg::svg;
pub use terminal::terminal;
pub use words::told_in_words;

/// What is drawn of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Stands above it.
    pub title: String,
    /// Zone of the times on its axis.
    pub zone: Tz,
    /// Buckets in the order of time.
    pub points: Vec<Point>,
    /// What people noted, such as releases.
    pub marks: Vec<Mark>,
    /// Stretches of time, such as incidents.
    pub spans: Vec<Span>,
}

/// A bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// First moment.
    pub start: Timestamp,
    /// First moment after it.
    pub end: Timestamp,
    /// Complaints in it.
    pub count: f64,
    /// Complaints expected in it.
    pub expected: f64,
    /// Range that most usual buckets fall into.
    pub usual: (f64, f64),
    /// The bucket was loud enough for an alert.
    pub firing: bool,
}

/// A moment that people noted: a release, a change of policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

/// A stretch of time: an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// First moment.
    pub from: Timestamp,
    /// First moment after it.
    pub until: Timestamp,
    /// What it was.
    pub text: String,
}

#[cfg(test)]
mod sample;
