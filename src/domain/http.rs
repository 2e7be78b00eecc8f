//! What a source asks for and what it gets back, as plain values.
//!
//! A source never opens anything. It describes what it wants as a [`Request`]; `fetch` carries it
//! out and hands back a [`Response`]. Requests can be stored, so that a walk over many pages goes
//! on where a crash cut it.

use std::path::PathBuf;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;

use crate::domain::Timestamp;
use crate::domain::mails::Batch;
use crate::domain::mails::Mails;

/// One thing to ask for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// A GET over http(s) of a document that anybody may read.
    Get(Get),
    /// A call of a service's interface.
    Call(Call),
    /// Nothing: messages are brought to us, and there is nothing to ask for.
    Nothing,
    /// Some mails of a mailbox.
    Mails(Box<Mails>),
    /// What lies in a folder.
    Folder(PathBuf),
    /// A piece of a local file.
    Slice(Slice),
}

/// A GET request. Validators, user agent and credentials are added by `fetch`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Get {
    /// Absolute address.
    pub url: String,
    /// Value of `Accept`.
    pub accept: String,
    /// Send the stored validators, so that "unchanged" costs nothing.
    pub conditional: bool,
    /// The source's own notes for reading the answer, handed back with it.
    pub context: String,
}

/// A call of a service's interface. Holds no secret, for it may be stored: `fetch` adds the source's
/// [`Login`](crate::domain::login::Login) where the call goes to the login's home.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Call {
    /// GET or POST.
    pub method: Method,
    /// Absolute address.
    pub url: String,
    /// Further headers, such as `Accept` and `Content-Type`.
    pub headers: Vec<(String, String)>,
    /// Body of a POST.
    pub body: String,
    /// Statuses beyond 200 to 299 that are an answer to read, such as a 404 that says "deleted".
    #[serde(default)]
    pub takes: Vec<u16>,
    /// Least time since the last request to the host, in seconds, where it wants more than others.
    #[serde(default)]
    pub gap: u32,
    /// The source's own notes for reading the answer, handed back with it.
    pub context: String,
}

/// How something is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Method {
    /// GET
    #[default]
    Get,
    /// POST
    Post,
}

/// A piece of a local file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// The file.
    pub path: PathBuf,
    /// First byte; negative counts from the end.
    pub from: i64,
    /// At most this many bytes.
    pub limit: u64,
    /// The source's own notes for reading the answer, handed back with it.
    pub context: String,
}

/// The answer to a [`Request`], with the request it answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Response {
    /// To [`Request::Get`].
    Http(Answer),
    /// To [`Request::Call`].
    Call(Box<Reply>),
    /// To [`Request::Nothing`].
    Nothing,
    /// To [`Request::Mails`].
    Mails(Box<Batch>),
    /// To [`Request::Folder`]: only files, in order of their names.
    Folder(Vec<Entry>),
    /// To [`Request::Slice`].
    Slice(Bytes),
}

/// A complete HTTP answer with a status of 200 to 299.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What was asked.
    pub request: Get,
    /// Where the answer came from, after redirects.
    pub url: String,
    /// Value of `Content-Type`, empty where there was none.
    pub content_type: String,
    /// Decompressed body.
    pub body: Vec<u8>,
}

/// The answer of a service's interface, with a status that its call takes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reply {
    /// What was asked.
    pub call: Call,
    /// Where the answer came from, after redirects.
    pub url: String,
    /// 200 to 299, or one that the call takes.
    pub status: u16,
    /// Value of `Content-Type`, empty where there was none.
    pub content_type: String,
    /// Value of `Link`, several joined by commas; empty where there was none.
    pub link: String,
    /// Decompressed body.
    pub body: Vec<u8>,
}

/// An answer with a status that nobody takes, for whoever knows what the service means by it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refused {
    /// The status.
    pub status: u16,
    /// The beginning of the body as text. It may hold anything: nothing of it is shown unlooked at.
    pub body: String,
    /// It refused to give a token, and the call was not made.
    pub at_login: bool,
}

/// A file in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Full path.
    pub path: PathBuf,
    /// Length in bytes.
    pub size: u64,
    /// Last change.
    pub modified: Timestamp,
    /// Neither size nor time of change moved for the folder's settling time.
    pub settled: bool,
}

/// Bytes of a local file.
#[derive(Debug, Clone, PartialEq)]
pub struct Bytes {
    /// What was asked.
    pub request: Slice,
    /// Offset of the first byte in `body`.
    pub from: u64,
    /// What stands there.
    pub body: Vec<u8>,
    /// Length of the whole file when it was read.
    pub size: u64,
    /// Last change of the file when it was read.
    pub modified: Timestamp,
}

impl Bytes {
    /// Whether `body` reaches the end of the file.
    #[must_use]
    pub fn at_end(&self) -> bool {
        self.from + self.body.len() as u64 >= self.size
    }
}

/// What an answer says beside its body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aside {
    /// For how long it asks to be taken as fresh (`Cache-Control`, `Expires`); at most a day.
    pub fresh_for: Option<TimeDelta>,
    /// Where permanent redirects alone (301, 308) led from the address that was asked.
    pub moved_to: Option<String>,
}

/// What a server wants to see again, so that it can answer "unchanged". Opaque: sent back as it came.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Validators {
    /// The address that gave them.
    pub url: String,
    /// Value of `ETag`.
    pub etag: Option<String>,
    /// Value of `Last-Modified`.
    pub last_modified: Option<String>,
}
