//! Mails that lie in a mailbox, and how they are asked for, as plain values.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error as _;

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
        /// Which mails of it were read.
        read: Seen,
    },
    /// A folder of a server that speaks IMAP (RFC 3501). The password is the login's.
    Imap(Box<Imap>),
}

/// Which mails of a maildir are not wanted any more: those whose names are known, and those at or below the
/// floor.
///
/// Until all of what lay there at first is read, only mails written since a time are wanted, and their order
/// is that in which they were written. From then on names alone decide, whenever a mail was written, and their
/// order is that in which they came to lie as they lie: a file that is moved into the maildir comes then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// Of what lay there at first only what was written from then on, in milliseconds since 1970; `None` once
    /// all of that is read.
    pub since: Option<i64>,
    /// The last one in that order whose name was forgotten: its time in nanoseconds since 1970, and its name.
    pub floor: (i64, u64),
    /// Names.
    pub names: Names,
}

/// Names of mails as hashes of 48 bits, written down as a short text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(pub Vec<u64>);

/// Bytes of a name that is written down.
const NAME: usize = 6;

impl Names {
    /// As much of a hash as is written down.
    #[must_use]
    pub fn short(hash: u64) -> u64 {
        hash & 0xffff_ffff_ffff
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|name| name.to_le_bytes().into_iter().take(NAME)).collect();
        serializer.serialize_str(&STANDARD_NO_PAD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = STANDARD_NO_PAD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)?;
        Ok(Self(bytes.chunks_exact(NAME).map(|name| name.iter().rev().fold(0, |hash, byte| hash << 8 | u64::from(*byte))).collect()))
    }
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
    /// Numbers before this one lay there at first.
    #[serde(default)]
    pub border: u32,
    /// Of those only what the server got from then on; of another UIDVALIDITY all lay there at first.
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
    /// The mails.
    pub mails: Vec<Mail>,
    /// More of what is wanted lies there, or may do so.
    pub more: bool,
    /// Files that nobody lets us read, each with why; they are asked for again.
    pub unreadable: Vec<String>,
    /// What is read with them.
    pub reached: Reached,
}

/// Up to where some mails go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached {
    /// Of a maildir.
    Maildir(Seen),
    /// Of a server.
    Imap {
        /// The folder's UIDVALIDITY.
        validity: u32,
        /// Numbers before this one lay there at first.
        border: u32,
        /// All numbers up to this one were looked at.
        looked: u32,
    },
}

/// A mail as it lies there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mail {
    /// Its number, of a server.
    pub number: u32,
    /// When it was delivered, in milliseconds since 1970, as far as that is known.
    pub delivered: Option<i64>,
    /// Its bytes; none where the server does not hand it out.
    pub bytes: Vec<u8>,
    /// Whether its end is missing.
    pub cut: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_down_shortly_and_read_back() {
        let seen = Seen { since: None, floor: (7, 9), names: Names(vec![0, 1, 0xffff_ffff_ffff, Names::short(u64::MAX - 2)]) };
        let text = serde_json::to_string(&seen).unwrap();
        assert_eq!(text, r#"{"since":null,"floor":[7,9],"names":"AAAAAAAAAQAAAAAA/////////f//////"}"#);
        assert_eq!(serde_json::from_str::<Seen>(&text).unwrap(), seen);
        assert!(serde_json::from_str::<Names>("\"no base64!\"").is_err());
    }
}
