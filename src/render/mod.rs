//! Turns a notice into what a target takes: one module a channel, none of which sends anything.
//!
//! Pure: [`Channel::pack`] makes a [`Parcel`] from the facts frozen in a row, so that every try
//! sends the same bytes; `deliver` carries it; [`Channel::judge`] names the outcome.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::Timestamp;
use crate::domain::notice::Row;
use crate::domain::secret::Secret;

pub mod address;
pub mod calibrated;
pub mod chart;
pub mod file;
mod html;
mod judge;
pub mod kinds;
pub mod mail;
pub mod origin;
#[cfg(test)]
mod sample;
mod shown;
mod story;
mod text;
pub mod webhook;
pub mod wording;

/// A kind of target.
pub trait Channel: Send + Sync {
    /// Its recipients; one row each. A channel that has only one gives one empty name.
    fn recipients(&self) -> Vec<String>;

    /// What to send. The same row gives the same bytes, but for a signature's time stamp.
    fn pack(&self, row: &Row, now: Timestamp) -> Parcel;

    /// What the other side meant.
    ///
    /// # Errors
    ///
    /// [`DeliveryError`] says what can be done about it; anything unknown is `Later`.
    fn judge(&self, reply: &Reply) -> Result<String, DeliveryError>;
}

/// Something to carry.
#[derive(Debug, Clone, PartialEq)]
pub enum Parcel {
    /// By SMTP.
    Mail {
        /// Through which server.
        server: mail::Server,
        /// Envelope sender, an address alone.
        from: String,
        /// Envelope recipient, an address alone.
        to: String,
        /// The whole message.
        bytes: Vec<u8>,
    },
    /// By HTTP POST.
    Post {
        /// Where to.
        url: Secret,
        /// Header names and values.
        headers: Vec<(String, String)>,
        /// What.
        body: Vec<u8>,
    },
    /// Into a folder: written whole under another name, then renamed.
    File {
        /// The folder.
        folder: PathBuf,
        /// The file's name.
        name: String,
        /// Its content.
        bytes: Vec<u8>,
    },
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// HTTP.
    Http {
        /// Status.
        status: u16,
        /// `Retry-After`, already in seconds from now.
        retry_after: Option<Duration>,
        /// The beginning of the body.
        body: String,
    },
    /// SMTP: the code and text of the answer that decided.
    Smtp {
        /// 250, 451, 550; 0 where the connection ended without one.
        code: u16,
        /// The server's words.
        text: String,
    },
    /// The file is written.
    Written(PathBuf),
    /// No answer: connection refused, time-out, closed half-way.
    Nothing(String),
    /// This end could not even ask: no STARTTLS offered, a bad address.
    Unable(String),
}

/// What can be done about a failed delivery.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Try again, after so long if the other side said.
    #[error("{why}")]
    Later {
        /// What the other side asked for.
        after: Option<Duration>,
        /// What went wrong.
        why: String,
    },
    /// This row will never be taken.
    #[error("{why}")]
    RowDead {
        /// What went wrong.
        why: String,
    },
    /// Nothing will be taken until somebody mends the target.
    #[error("{why}")]
    ChannelBroken {
        /// What went wrong.
        why: String,
    },
}

/// A channel with its settings.
#[derive(Debug, Clone, PartialEq)]
pub enum Settings {
    /// Mail by SMTP.
    Email(mail::Settings),
    /// Signed JSON by HTTP.
    Webhook(webhook::Settings),
    /// `.eml` files.
    File(file::Settings),
}

impl Settings {
    /// The channel itself.
    #[must_use]
    pub fn build(&self) -> Arc<dyn Channel> {
        match self {
            Self::Email(settings) => Arc::new(settings.clone()),
            Self::Webhook(settings) => Arc::new(settings.clone()),
            Self::File(settings) => Arc::new(settings.clone()),
        }
    }

    /// The word for the kind, as in `[target.email]`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Webhook(_) => "webhook",
            Self::File(_) => "file",
        }
    }
}
