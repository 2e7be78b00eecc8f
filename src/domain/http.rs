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
use crate::domain::item::Warning;
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
    Folder(Watched),
    /// A piece of a local file.
    Slice(Slice),
    /// A file that was read leaves its folder.
    Retire(Retired),
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
    /// Statuses beyond 200 to 299 that are an answer to read, such as a 404 that says "deleted". With 413
    /// also one that is larger than `max_body` comes, without its body.
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
    /// How to look into the file if it is packed: then offsets are those of a table in it. Without
    /// this the bytes come as they lie on the disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packed: Option<Box<Packed>>,
}

/// How to look into a file that may be an archive or a workbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// Which of the tables in it, from 0.
    pub part: u32,
    /// Larger files are refused, in bytes.
    pub max_file: u64,
    /// What unpacks to more than this is refused, in bytes.
    pub max_unpacked: u64,
    /// The sheet of a workbook; empty takes the first visible one with a header.
    pub sheet: String,
}

/// A file that was read and is not wanted in its folder any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retired {
    /// The file.
    pub path: PathBuf,
    /// Its length when it was read; another one is another file, which stays.
    pub size: u64,
    /// Its last change then, in milliseconds since 1970.
    pub modified: i64,
    /// The folder that it is moved to; it is deleted without one.
    pub to: Option<PathBuf>,
    /// Records of it that could not be read and must stand in a file of their own before it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects: Option<Box<Rejected>>,
    /// The source's own notes for what comes next, handed back.
    pub context: String,
}

/// Records that could not be read, which stand nowhere else once their file has gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The folder for such records, of all sources; `None` where nobody keeps them.
    pub folder: Option<PathBuf>,
    /// Name of the source.
    pub source: String,
    /// Name of the file, as in [`Rejects`](crate::domain::item::Rejects).
    pub file: String,
    /// How many they are.
    pub records: u64,
}

/// A folder to look through.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Watched {
    /// The folder.
    pub path: PathBuf,
    /// The folders in it as well.
    pub recursive: bool,
    /// How long neither size nor time of change of a file may move before it is read; the fetcher's
    /// own time without it, in seconds.
    pub settle: Option<u64>,
    /// A folder in it that is not looked into: what was read is moved there.
    pub except: Option<PathBuf>,
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
    /// To [`Request::Retire`]: what was asked, and why the file is still there, if it is.
    Retired(Retired, Option<String>),
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
    /// When it will have settled, if nothing moves until then.
    pub settles: Timestamp,
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
    /// What is known of the table that they are of, where the file is packed or was refused.
    pub part: Option<Box<Part>>,
}

/// A table in a packed file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// Its name in there; empty where there is one only.
    pub name: String,
    /// Another table follows.
    pub follows: bool,
    /// What stands between its cells, where that is certain.
    pub delimiter: Option<u8>,
    /// Its days are counted from 1904, not from 1900.
    pub since_1904: bool,
    /// What was odd when it was unpacked.
    pub warnings: Vec<Warning>,
    /// Why there is nothing of it: what it is, and what to do.
    pub refused: Option<(String, String)>,
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
