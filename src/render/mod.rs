//! Turns a notice into what a target takes: one module a channel, none of which sends anything.
//!
//! Pure: [`Channel::pack`] makes a [`Parcel`] from the facts frozen in a row, so that every try
//! sends the same bytes; `deliver` carries it; [`Channel::judge`] names the outcome.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::Timestamp;
use crate::domain::notice::Event;
use crate::domain::notice::Row;
use crate::domain::secret::Secret;
use crate::render::template::Look;

pub mod address;
pub mod alertmanager;
mod brief;
pub mod calibrated;
pub mod chart;
mod chat;
pub mod command;
mod digest;
pub mod discord;
pub mod file;
pub mod google_chat;
mod html;
mod judge;
pub mod kinds;
pub mod mail;
pub mod mattermost;
pub mod ntfy;
pub mod origin;
pub mod page;
pub mod pagerduty;
mod pages;
mod parts;
mod post;
pub mod remedy;
#[cfg(test)]
mod sample;
mod shown;
pub mod slack;
pub mod slack_api;
mod specimen;
mod storm;
mod story;
pub mod teams;
pub mod template;
#[cfg(test)]
mod tests;
mod text;
pub mod webhook;
pub mod wording;

/// A kind of target.
pub trait Channel: Send + Sync {
    /// Its recipients; one row each. A channel that has only one gives one empty name.
    fn recipients(&self) -> Vec<String> {
        vec![String::new()]
    }

    /// Whether it has anything to show for an event. One that does not gets no row for it.
    fn takes(&self, event: Event) -> bool {
        event != Event::Acked
    }

    /// Whether what opens at about the same time may go in one message. People read mail and chats;
    /// a machine wants every incident by itself.
    fn gathers(&self) -> bool {
        false
    }

    /// What to send. The same row gives the same bytes, but for a signature's time stamp.
    fn pack(&self, row: &Row, now: Timestamp) -> Parcel;

    /// What the other side meant.
    ///
    /// # Errors
    ///
    /// [`DeliveryError`] says what can be done about it; anything unknown is `Later`.
    fn judge(&self, row: &Row, reply: &Reply) -> Result<String, DeliveryError>;

    /// What to send once a row was taken, beside it: an edit of the first message of the thread, most
    /// often. Nobody waits for what becomes of it. `receipt` is what [`Channel::judge`] gave.
    fn after(&self, _row: &Row, _receipt: &str) -> Option<Parcel> {
        None
    }

    /// What to send every minute while an incident stands, to a machine that forgets. `row` is the
    /// last one of it that was delivered.
    fn pulse(&self, _row: &Row, _now: Timestamp) -> Option<Parcel> {
        None
    }
}

/// How a parcel is asked for by HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Give.
    Post,
    /// Change what was given.
    Patch,
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
    /// By HTTP.
    Post {
        /// How.
        method: Method,
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
    /// To a program, on its standard input.
    Command {
        /// The program and its arguments.
        run: Vec<String>,
        /// Its whole environment.
        env: Vec<(String, String)>,
        /// What it reads.
        stdin: Vec<u8>,
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
    /// The program ended.
    Ended {
        /// Its code; `None` where a signal ended it.
        code: Option<i32>,
        /// The beginning of what it said.
        said: String,
    },
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
    /// It asks for a pause: nothing of this target before then. Without a time, one of our own.
    #[error("{why}")]
    Throttled {
        /// How long.
        after: Option<Duration>,
        /// What went wrong.
        why: String,
    },
    /// It is too long; with less in it, it may be taken.
    #[error("{why}")]
    TooLong {
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
    /// Slack, by an incoming webhook.
    Slack(slack::Settings),
    /// Slack, by its API.
    SlackApi(slack_api::Settings),
    /// Microsoft Teams, by a workflow.
    Teams(teams::Settings),
    /// Google Chat, by a webhook.
    GoogleChat(google_chat::Settings),
    /// Discord, by a webhook.
    Discord(discord::Settings),
    /// Mattermost, by an incoming webhook.
    Mattermost(mattermost::Settings),
    /// PagerDuty, by Events API v2.
    PagerDuty(pagerduty::Settings),
    /// Prometheus Alertmanager.
    Alertmanager(alertmanager::Settings),
    /// ntfy, at its own server or another.
    Ntfy(ntfy::Settings),
    /// Signed JSON by HTTP.
    Webhook(webhook::Settings),
    /// `.eml` files.
    File(file::Settings),
    /// A program of this machine.
    Command(command::Settings),
}

impl Settings {
    /// The channel itself. `look` is what the operator made of mails.
    #[must_use]
    pub fn build(&self, look: &Arc<Look>) -> Arc<dyn Channel> {
        match self {
            Self::Email(settings) => Arc::new(settings.clone().with(look)),
            Self::Slack(settings) => Arc::new(settings.clone()),
            Self::SlackApi(settings) => Arc::new(settings.clone()),
            Self::Teams(settings) => Arc::new(settings.clone()),
            Self::GoogleChat(settings) => Arc::new(settings.clone()),
            Self::Discord(settings) => Arc::new(settings.clone()),
            Self::Mattermost(settings) => Arc::new(settings.clone()),
            Self::PagerDuty(settings) => Arc::new(settings.clone()),
            Self::Alertmanager(settings) => Arc::new(settings.clone()),
            Self::Ntfy(settings) => Arc::new(settings.clone()),
            Self::Webhook(settings) => Arc::new(settings.clone()),
            Self::File(settings) => Arc::new(settings.clone().with(look)),
            Self::Command(settings) => Arc::new(settings.clone()),
        }
    }

    /// The word for the kind, as in `[target.email]`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Slack(_) | Self::SlackApi(_) => "slack",
            Self::Email(_) => "email",
            Self::Teams(_) => "teams",
            Self::GoogleChat(_) => "google_chat",
            Self::Discord(_) => "discord",
            Self::Mattermost(_) => "mattermost",
            Self::PagerDuty(_) => "pagerduty",
            Self::Alertmanager(_) => "alertmanager",
            Self::Ntfy(_) => "ntfy",
            Self::Webhook(_) => "webhook",
            Self::File(_) => "file",
            Self::Command(_) => "command",
        }
    }
}
