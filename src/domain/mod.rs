//! The words that everybody in the house uses, as plain values.
//!
//! Nothing here reads a clock, a file or a socket. A type lives here when at least two layers
//! above speak of it; what only one module needs stays in that module.

pub mod count;
pub mod course;
pub mod http;
pub mod incident;
pub mod item;
pub mod login;
pub mod mails;
pub mod matcher;
pub mod measure;
pub mod notice;
pub mod ports;
pub mod private;
pub mod rated;
pub mod remark;
pub mod review;
pub mod ruleset;
pub mod secret;
pub mod standing;
pub mod theme;
pub mod trouble;
pub mod voice;

/// A moment in UTC. Times that come from outside are turned into this at the door.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
