//! How commands end: the exit codes and what they mean.

use std::fmt::Display;
use std::io;

/// The codes of the whole program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// Done.
    Done = 0,
    /// Done, and something was found that the caller asked to be told of.
    Found = 1,
    /// Wrong usage.
    Usage = 2,
    /// Input data can't be read.
    Data = 65,
    /// A remote service is unavailable.
    Unavailable = 69,
    /// A bug.
    Bug = 70,
    /// Input or output failed.
    Io = 74,
    /// Try again later.
    Later = 75,
    /// The configuration is wrong.
    Config = 78,
}

/// Why a command did not do what it was asked: a code, and a message that is complete as it stands.
#[derive(Debug)]
pub struct Failure {
    /// How to leave.
    pub code: Code,
    /// What to print on standard error; nothing when empty.
    pub message: String,
}

impl Failure {
    /// A failure with its message.
    pub fn new(code: Code, message: impl Display) -> Self {
        Self { code, message: message.to_string() }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        // A reader that has seen enough (`uproar export | head`) is no failure.
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Code::Done, "");
        }
        Self::new(Code::Io, format!("input or output failed: {error}"))
    }
}
