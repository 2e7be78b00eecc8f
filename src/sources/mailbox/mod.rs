//! Complaint mails: a maildir, or a folder of a server that speaks IMAP.
//!
//! What was read is remembered by the server's numbers, with an overlap, or by the names of a maildir; what comes
//! twice all the same is known by its Message-ID. Nothing is changed in the mailbox unless the configuration says
//! so, and then only once the mails are stored.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::domain::item::Warning;
use crate::domain::login::Login;
use crate::domain::mails::After;
use crate::domain::mails::Batch;
use crate::domain::mails::Imap;
use crate::domain::mails::Mail;
use crate::domain::mails::Mails;
use crate::domain::mails::Place;
use crate::domain::mails::Reached;
use crate::domain::mails::Seen;
use crate::domain::mails::Tls;
use crate::domain::secret::Secret;
use crate::sources::Mapping;
use crate::sources::ReadError;
use crate::sources::Service;
use crate::sources::Since;
use crate::sources::Source;
use crate::sources::api;
use crate::sources::mailbox::letter::Read;
use crate::sources::services::Saved;

mod letter;

/// Least time between two polls of anything of this kind: a maildir asks nobody.
pub const LEAST: Duration = Duration::from_secs(10);

/// Where its messages have what from.
pub const MAPPING: Mapping = &[
    ("id", "a hash of `Message-ID`, else of date, sender and words"),
    ("title", "`Subject`"),
    ("text", "the parts in plain text, else those in HTML"),
    ("published", "`Date`"),
    ("author", "the address of `From`, hashed before it is stored"),
];

/// Mails of one request; `fetch` bounds their bytes. Of a maildir more, for each time it is listed anew.
const BATCH: usize = 100;
const BATCH_OF_FILES: usize = 500;
/// Files that cannot be read which are named.
const UNREADABLE: usize = 3;
/// Numbers before the newest one that are looked at again: mails that are delivered at the same time may
/// appear in another order.
const NUMBERS: u32 = 64;

/// Which mailbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where it is.
    pub home: Home,
    /// How far back the first poll reads.
    pub since: Since,
    /// Of each mail at most so many bytes are read.
    pub max_mail: usize,
    /// Addresses, or `@domain`, whose mails are our own. In small letters.
    pub skip_from: Vec<String>,
}

/// Where a mailbox is.
#[derive(Debug, Clone, PartialEq)]
pub enum Home {
    /// On this machine.
    Maildir(PathBuf),
    /// On a server.
    Server(Server),
}

/// A folder of a server.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Name or address, an IPv6 address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// Who logs in.
    pub user: String,
    /// And with what.
    pub password: Secret,
    /// The folder.
    pub folder: String,
    /// What becomes of mails that were stored.
    pub after: After,
    /// The same as an address.
    pub address: String,
}

/// Up to where a mailbox was read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Mark {
    validity: Option<u32>,
    /// Numbers below are not looked at again.
    from: u32,
    /// Numbers below lay there at first: of those only what came within `since`.
    border: u32,
    known: Vec<u32>,
    /// Stored, and not marked or moved yet.
    done: Vec<u32>,
    /// What was read of a maildir.
    seen: Option<Seen>,
}

impl Service for Settings {
    fn kind(&self) -> &'static str {
        "mailbox"
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::new(Mailbox::new(self.clone()))
    }

    fn address(&self) -> Option<&str> {
        match &self.home {
            Home::Maildir(_) => None,
            Home::Server(server) => Some(&server.address),
        }
    }

    fn every(&self) -> Duration {
        match self.home {
            Home::Maildir(_) => Duration::from_secs(30),
            Home::Server(_) => Duration::from_mins(5),
        }
    }

    fn least_every(&self) -> Duration {
        match self.home {
            Home::Maildir(_) => LEAST,
            Home::Server(_) => Duration::from_mins(1),
        }
    }

    fn reads(&self) -> Vec<String> {
        vec![match &self.home {
            Home::Maildir(path) => path.display().to_string(),
            Home::Server(server) => format!("{} of {} at {}", server.folder, server.user, server.address),
        }]
    }

    fn fields(&self) -> Option<&'static [&'static str]> {
        Some(&[])
    }
}

/// A mailbox.
#[derive(Debug)]
pub struct Mailbox {
    settings: Settings,
    login: Option<Login>,
}

impl Mailbox {
    /// A source with these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let login = match &settings.home {
            Home::Maildir(_) => None,
            Home::Server(server) => Some(Login::at(&server.address).with_header(&server.user, server.password.clone())),
        };
        Self { settings, login }
    }

    fn request(&self, mark: &Mark, now: Timestamp) -> Request {
        let since = self.settings.since.from(now);
        let place = match &self.settings.home {
            Home::Maildir(path) => Place::Maildir {
                path: path.clone(),
                read: mark.seen.clone().unwrap_or_else(|| Seen { since: Some(since.timestamp_millis()), ..Seen::default() }),
            },
            Home::Server(server) => Place::Imap(Box::new(Imap {
                host: server.host.clone(),
                port: server.port,
                tls: server.tls,
                folder: server.folder.clone(),
                validity: mark.validity,
                from: mark.from.max(1),
                known: mark.known.clone(),
                border: mark.border,
                // A day more: a server tells when it got a mail, which may have been on its way.
                since: since - TimeDelta::days(1),
                after: server.after.clone(),
                done: mark.done.clone(),
            })),
        };
        let most = if matches!(place, Place::Imap(_)) { BATCH } else { BATCH_OF_FILES };
        Request::Mails(Box::new(Mails { place, most, most_bytes: self.settings.max_mail }))
    }
}

/// The mark that a request stands for.
fn mark_of(place: &Place) -> Mark {
    match place {
        Place::Maildir { read, .. } => Mark { seen: Some(read.clone()), ..Mark::default() },
        Place::Imap(imap) => Mark {
            validity: imap.validity,
            from: imap.from,
            border: imap.border,
            known: imap.known.clone(),
            done: imap.done.clone(),
            seen: None,
        },
    }
}

/// The mark behind some mails.
fn behind(batch: &Batch) -> Mark {
    match (&batch.request.place, &batch.reached) {
        (Place::Imap(imap), Reached::Imap { validity, border, looked }) => {
            let same = imap.validity == Some(*validity);
            let mut known = if same { imap.known.clone() } else { Vec::new() };
            known.extend(batch.mails.iter().map(|mail| mail.number));
            let newest = known.iter().copied().max().unwrap_or(0).max(*looked);
            let from = newest.saturating_sub(NUMBERS).max(if same { imap.from } else { 1 });
            known.retain(|number| *number >= from);
            // Of what the server did not hand out nothing was read.
            let read = batch.mails.iter().filter(|mail| !mail.bytes.is_empty()).map(|mail| mail.number);
            let done = if imap.after == After::Keep { Vec::new() } else { read.collect() };
            Mark { validity: Some(*validity), from, border: *border, known, done, seen: None }
        }
        (_, Reached::Maildir(seen)) => Mark { seen: Some(seen.clone()), ..Mark::default() },
        (place @ Place::Maildir { .. }, _) => mark_of(place),
    }
}

impl Source for Mailbox {
    fn first(&self, _shard: &Shard, cursor: &Cursor, now: Timestamp) -> Request {
        self.request(&api::mark(cursor), now)
    }

    fn read(&self, _shard: &Shard, cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError> {
        let Response::Mails(batch) = response else { return Err(ReadError::misplaced()) };
        let delivered = |mail: &Mail| mail.delivered.and_then(Timestamp::from_timestamp_millis);
        let mut page = page(batch.mails.iter().map(|mail| (mail.bytes.as_slice(), delivered(mail))), &self.settings.skip_from);
        let cut = batch.mails.iter().filter(|mail| mail.cut).count();
        if cut > 0 {
            page.warnings.push(Warning::new("cut", "", format!("{cut} mails are longer than `max_mail` and were read without their end")));
        }
        if !batch.unreadable.is_empty() {
            let named = batch.unreadable.iter().take(UNREADABLE).map(String::as_str).collect::<Vec<_>>().join("; ");
            let message = format!("{} mails cannot be read and are asked for again: {named}", batch.unreadable.len());
            page.warnings.push(Warning::new("unreadable", "", message));
        }
        let mark = behind(batch);
        // What is left to be marked or moved is done before more is read, or with the next poll. Where a visit has
        // not got on, the next one would not either; requests themselves differ by the time of day.
        page.next = (batch.more && mark != mark_of(&batch.request.place)).then(|| self.request(&mark, now));
        page.cursor = (mark != api::mark(cursor)).then(|| api::cursor(&mark));
        Ok(page)
    }

    fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }
}

/// Reads a saved mail.
///
/// # Errors
///
/// [`ReadError`] where it is none.
pub fn saved(saved: &Saved<'_>) -> Result<Page, ReadError> {
    let page = page(std::iter::once((saved.body, None)), &[]);
    if page.items.is_empty() && page.warnings.iter().all(|warning| warning.code == "no_mail") {
        return Err(ReadError::new("no mail: it has no header", "save it with all of its header, as .eml"));
    }
    Ok(page)
}

/// What mails hold, and how many were left out and why.
fn page<'a>(mails: impl Iterator<Item = (&'a [u8], Option<Timestamp>)>, skip_from: &[String]) -> Page {
    let mut page = Page { format: "mail", ..Page::default() };
    let (mut automatic, mut own, mut empty) = (0_u32, 0_u32, 0_u32);
    for (bytes, delivered) in mails {
        match letter::read(bytes, skip_from) {
            // Its delivery is the next best time where it bears none.
            Read::Message(item) => page.items.push(Item { published: item.published.or(delivered), ..*item }),
            Read::Automatic => automatic += 1,
            Read::Own => own += 1,
            Read::Nothing => empty += 1,
        }
    }
    for (count, code, what) in [
        (automatic, "automatic", "automatic replies and failed deliveries"),
        (own, "own", "mails from `skip_from`"),
        (empty, "no_mail", "mails without a header, or that the server does not hand out,"),
    ] {
        if count > 0 {
            page.warnings.push(Warning::new(code, "", format!("{count} {what} are left out")));
        }
    }
    page
}

/// Settings for tests that go through every kind.
#[cfg(test)]
pub(super) fn specimen() -> Settings {
    Settings { home: Home::Maildir("/srv/mails".into()), since: Since::default(), max_mail: 1_000_000, skip_from: Vec::new() }
}

#[cfg(test)]
mod tests;
