//! Mails that lie in a mailbox, and how they are asked for, as plain values.

use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;

/// A wish for some mails, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mails {
    /// Where they lie.
    pub place: Place,
    /// At most so many.
    pub most: usize,
    /// Of each at most so many bytes; what is longer comes without its end.
    pub most_bytes: usize,
}

/// Where mails lie, and which of them are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A maildir on this machine.
    Maildir {
        /// The folder that holds `new` and `cur`.
        path: PathBuf,
        /// Only what was delivered from then on, in milliseconds since 1970.
        floor: i64,
        /// Those that are not wanted any more: when they were delivered, and hashes of their names.
        known: Vec<(i64, u64)>,
    },
    /// A folder of a server that speaks IMAP (RFC 3501). The password is the login's.
    Imap(Box<Imap>),
}

/// A folder of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imap {
    /// Name or address, an IPv6 address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// The folder.
    pub folder: String,
    /// Numbers are of this UIDVALIDITY; where the folder has another, all of it is wanted.
    pub validity: Option<u32>,
    /// Only numbers from this one on.
    pub from: u32,
    /// Numbers that are not wanted any more.
    pub known: Vec<u32>,
    /// Where the folder has another UIDVALIDITY, only what the server got from this day on.
    pub since: Timestamp,
    /// What becomes of those that were read.
    pub after: After,
    /// Those that were stored meanwhile, for which that is to be done.
    pub done: Vec<u32>,
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// TLS from the first byte.
    Implicit,
    /// STARTTLS, or nothing is said.
    Starttls,
    /// Not at all.
    Plain,
}

/// What becomes of mails that were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// Nothing.
    Keep,
    /// They are marked as seen.
    Seen,
    /// They go to another folder.
    Move(String),
}

/// Some mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// What was asked.
    pub request: Mails,
    /// The folder's UIDVALIDITY; zero of a maildir.
    pub validity: u32,
    /// The mails.
    pub mails: Vec<Mail>,
    /// More of what is wanted lies there.
    pub more: bool,
}

/// A mail as it lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its number, of a server.
    pub number: u32,
    /// When it was delivered, in milliseconds since 1970, of a maildir.
    pub delivered: i64,
    /// Hash of its name without flags, of a maildir.
    pub name: u64,
    /// Its bytes, maybe without the end.
    pub bytes: Vec<u8>,
}
