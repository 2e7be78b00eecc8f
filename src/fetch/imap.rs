//! Mails in a folder of a server that speaks IMAP (RFC 3501): logged in, looked at, and left as they are
//! unless the configuration says otherwise.
//!
//! Of the protocol we need eight commands and understand five answers; the rest is read past. Every answer is
//! bounded in its lines and bytes, and the whole visit in time.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt as _;
use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::domain::login::Login;
use crate::domain::mails::After;
use crate::domain::mails::Batch;
use crate::domain::mails::Imap;
use crate::domain::mails::Mail;
use crate::domain::mails::Mails;
use crate::domain::mails::Tls;
use crate::domain::private::is_public;
use crate::fetch::FetchError;
use crate::fetch::Kind;

/// Bytes of a line without what is counted in it.
const LONGEST_LINE: u64 = 1_000_000;
/// Lines of one answer.
const MOST_LINES: usize = 10_000;
/// Numbers that are marked or moved by one command.
const AT_ONCE: usize = 500;

/// Visits mailboxes.
#[derive(Debug)]
pub(super) struct Visitor {
    tls: Arc<ClientConfig>,
    allowed: Vec<String>,
    timeout: Duration,
}

/// Anything that bytes go in and out of.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A visit under way.
struct Visit<'a> {
    wire: BufReader<Box<dyn Wire>>,
    commands: u32,
    imap: &'a Imap,
    /// Bytes of one counted piece.
    most: usize,
}

/// A line, with the pieces in it that were counted in bytes.
#[derive(Debug, Default, PartialEq)]
struct Line {
    text: String,
    pieces: Vec<Vec<u8>>,
}

impl Visitor {
    pub(super) fn new(tls: ClientConfig, allow_private: &[String], timeout: Duration) -> Self {
        Self { tls: Arc::new(tls), allowed: allow_private.to_vec(), timeout }
    }

    /// Logs in, does what is left to do for what was stored, and reads some mails.
    pub(super) async fn read(&self, request: &Mails, imap: &Imap, login: Option<&Login>) -> Result<Batch, FetchError> {
        let visited = timeout(self.timeout, self.visit(request, imap, login)).await;
        visited.unwrap_or_else(|_| {
            let message = format!("{} did not answer in full within {} s; it is tried again later", shown(imap), self.timeout.as_secs());
            Err(FetchError::new(Kind::Timeout, message))
        })
    }

    async fn visit(&self, request: &Mails, imap: &Imap, login: Option<&Login>) -> Result<Batch, FetchError> {
        let mut visit = self.enter(request, imap).await?;
        visit.log_in(login).await?;
        let validity = visit.open().await?;
        let same = imap.validity == Some(validity);
        if same {
            visit.settle().await?;
        }
        let mut numbers = visit.search(same).await?;
        numbers.retain(|number| !same || *number >= imap.from && !imap.known.contains(number));
        numbers.sort_unstable();
        numbers.dedup();
        let more = numbers.len() > request.most;
        numbers.truncate(request.most);
        let mails = visit.fetch(&numbers, request.most_bytes).await?;
        // Whether it hears that we go is its own business.
        let _ = visit.say("LOGOUT").await;
        Ok(Batch { request: request.clone(), validity, mails, more })
    }

    async fn enter<'a>(&self, request: &Mails, imap: &'a Imap) -> Result<Visit<'a>, FetchError> {
        let stream = self.connect(imap).await?;
        let wire: Box<dyn Wire> = if imap.tls == Tls::Implicit { self.protected(stream, imap).await? } else { Box::new(stream) };
        let mut visit = Visit { wire: BufReader::new(wire), commands: 0, imap, most: request.most_bytes.max(64 * 1024) };
        let greeting = visit.line().await?;
        if !greeting.text.starts_with("* OK") {
            return Err(broken(imap, "it does not greet as a server of mailboxes does; check `imap` and `tls`"));
        }
        if imap.tls != Tls::Starttls {
            return Ok(visit);
        }
        visit.command("STARTTLS").await?.map_err(|_| {
            FetchError::new(Kind::Denied, format!("{} has no STARTTLS; write `tls = \"implicit\"` and its port, usually 993", shown(imap)))
        })?;
        // What came before TLS is nobody's word: RFC 3501, section 6.2.1.
        if !visit.wire.buffer().is_empty() {
            return Err(broken(imap, "it went on speaking before TLS began"));
        }
        let wire = self.protected(visit.wire.into_inner(), imap).await?;
        Ok(Visit { wire: BufReader::new(wire), ..visit })
    }

    async fn connect(&self, imap: &Imap) -> Result<TcpStream, FetchError> {
        let failed =
            |error: std::io::Error| FetchError::new(Kind::Network, format!("{} cannot be reached: {error}; check `imap`", shown(imap)));
        let found: Vec<_> = tokio::net::lookup_host((imap.host.as_str(), imap.port)).await.map_err(failed)?.collect();
        let host = if imap.host.contains(':') { format!("[{}]", imap.host) } else { imap.host.clone() };
        let pair = format!("{host}:{}", imap.port);
        if !self.allowed.contains(&pair)
            && let Some(private) = found.iter().find(|address| !is_public(address.ip()))
        {
            let message = format!(
                "{pair} was not asked: it leads to {}, which is not a public address; if it is meant, name it in `allow_private` of [fetch]",
                private.ip()
            );
            return Err(FetchError::new(Kind::Refused, message));
        }
        TcpStream::connect(found.as_slice()).await.map_err(failed)
    }

    async fn protected(&self, stream: impl Wire + 'static, imap: &Imap) -> Result<Box<dyn Wire>, FetchError> {
        let name = ServerName::try_from(imap.host.clone()).map_err(|_| broken(imap, "its name is none that a certificate can have"))?;
        let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await;
        let why = "no protected connection: check `tls`, the port, and `extra_ca` of [fetch] where its certificate is your own";
        Ok(Box::new(stream.map_err(|error| broken(imap, &format!("{why} ({error})")))?))
    }
}

impl Visit<'_> {
    async fn log_in(&mut self, login: Option<&Login>) -> Result<(), FetchError> {
        let stamp = login.and_then(|login| login.stamps.first());
        let (user, password) = stamp.map_or(("", ""), |stamp| (stamp.name.as_str(), stamp.value.reveal()));
        let (Some(user), Some(password)) = (quoted(user), quoted(password)) else {
            return Err(FetchError::new(
                Kind::Settings,
                "`user` or `password` has a line break or a letter that is not ASCII, which IMAP cannot take",
            ));
        };
        let taken = self.command(&format!("LOGIN {user} {password}")).await?;
        taken.map(|_| ()).map_err(|said| {
            let said = said.to_ascii_uppercase();
            let why = if said.contains("[PRIVACYREQUIRED]") {
                "it wants TLS first: write `tls = \"starttls\"` or \"implicit\""
            } else {
                "check `user` and `password`"
            };
            FetchError::new(Kind::Denied, format!("{} does not take the login: {why}", shown(self.imap)))
        })
    }

    /// Opens the folder, to be read only where nothing is to be changed in it; gives its UIDVALIDITY.
    async fn open(&mut self) -> Result<u32, FetchError> {
        let verb = if self.imap.after == After::Keep { "EXAMINE" } else { "SELECT" };
        let folder = folder(&self.imap.folder);
        let lines = self.command(&format!("{verb} {folder}")).await?;
        let lines = lines.map_err(|_| {
            FetchError::new(
                Kind::NotFound,
                format!("{} has no folder `{}` that may be read; check `folder`", shown(self.imap), self.imap.folder),
            )
        })?;
        let validity = lines.iter().find_map(|line| line.text.split_once("[UIDVALIDITY ")?.1.split(']').next()?.trim().parse().ok());
        validity.ok_or_else(|| broken(self.imap, "it does not number its mails"))
    }

    /// Marks or moves what was stored.
    async fn settle(&mut self) -> Result<(), FetchError> {
        for numbers in self.imap.done.chunks(AT_ONCE) {
            let numbers = set(numbers);
            let command = match &self.imap.after {
                After::Keep => return Ok(()),
                After::Seen => format!("UID STORE {numbers} +FLAGS.SILENT (\\Seen)"),
                After::Move(to) => format!("UID MOVE {numbers} {}", folder(to)),
            };
            // Those that are gone meanwhile are no error; another one says what to change.
            if let Err(said) = self.command(&command).await? {
                let what = if matches!(self.imap.after, After::Seen) { "marked as seen" } else { "moved; check `move_to`" };
                let said: String = said.chars().filter(char::is_ascii_graphic).take(40).collect();
                return Err(FetchError::new(Kind::Denied, format!("at {} mails cannot be {what} ({said})", shown(self.imap))));
            }
        }
        Ok(())
    }

    /// Numbers behind those that are known; where they are of another time, all that came lately.
    async fn search(&mut self, same: bool) -> Result<Vec<u32>, FetchError> {
        let wanted = if same { format!("UID {}:*", self.imap.from) } else { format!("SINCE {}", self.imap.since.format("%-d-%b-%Y")) };
        let found = self.command(&format!("UID SEARCH {wanted}")).await?;
        let found = found.map_err(|_| broken(self.imap, "it does not search"))?;
        let lines = found.iter().filter_map(|line| line.text.strip_prefix("* SEARCH"));
        Ok(lines.flat_map(|line| line.split_ascii_whitespace().filter_map(|number| number.parse().ok())).collect())
    }

    async fn fetch(&mut self, numbers: &[u32], most: usize) -> Result<Vec<Mail>, FetchError> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let lines = self.command(&format!("UID FETCH {} (UID BODY.PEEK[]<0.{most}>)", set(numbers))).await?;
        let lines = lines.map_err(|_| broken(self.imap, "it does not hand mails out"))?;
        let mails = lines.into_iter().filter_map(|mut line| {
            let number = number_of(&line.text)?;
            let bytes = line.pieces.drain(..).max_by_key(Vec::len)?;
            numbers.contains(&number).then_some(Mail { number, delivered: 0, name: 0, bytes })
        });
        let mut mails: Vec<Mail> = mails.collect();
        mails.sort_by_key(|mail| mail.number);
        Ok(mails)
    }

    /// Says a command and hears all lines of its answer; what it said instead of OK is the inner error.
    async fn command(&mut self, command: &str) -> Result<Result<Vec<Line>, String>, FetchError> {
        let tag = self.say(command).await?;
        let mut lines = Vec::new();
        while lines.len() < MOST_LINES {
            let line = self.line().await?;
            if let Some(said) = line.text.strip_prefix(&tag) {
                let said = said.trim_start();
                return Ok(if said.starts_with("OK") { Ok(lines) } else { Err(said.to_owned()) });
            }
            if line.text.starts_with("* BYE") {
                return Err(broken(self.imap, "it hung up"));
            }
            lines.push(line);
        }
        Err(broken(self.imap, "its answer does not end"))
    }

    async fn say(&mut self, command: &str) -> Result<String, FetchError> {
        self.commands += 1;
        let tag = format!("u{} ", self.commands);
        let wire = self.wire.get_mut();
        let said = async {
            wire.write_all(format!("{tag}{command}\r\n").as_bytes()).await?;
            wire.flush().await
        };
        said.await.map_err(|error| broken(self.imap, &error.to_string()))?;
        Ok(tag)
    }

    async fn line(&mut self) -> Result<Line, FetchError> {
        let mut line = Line::default();
        loop {
            let mut bytes = Vec::new();
            let read = (&mut self.wire).take(LONGEST_LINE).read_until(b'\n', &mut bytes).await;
            let read = read.map_err(|error| broken(self.imap, &error.to_string()))?;
            if read == 0 || bytes.last() != Some(&b'\n') || line.text.len() as u64 > LONGEST_LINE {
                return Err(broken(self.imap, "it hung up in the middle of an answer"));
            }
            line.text.push_str(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']));
            let Some(length) = counted(&line.text) else { return Ok(line) };
            if length > self.most || line.pieces.len() >= 16 {
                return Err(broken(self.imap, "it sends more than it was asked for"));
            }
            let mut piece = vec![0; length];
            self.wire.read_exact(&mut piece).await.map_err(|error| broken(self.imap, &error.to_string()))?;
            line.pieces.push(piece);
        }
    }
}

/// How many bytes follow a line that ends so: `{310}`.
fn counted(line: &str) -> Option<usize> {
    let (_, length) = line.strip_suffix('}')?.rsplit_once('{')?;
    length.trim_end_matches('+').parse().ok()
}

/// The number in `* 12 FETCH (UID 7 ...`.
fn number_of(line: &str) -> Option<u32> {
    let (_, rest) = line.strip_prefix("* ")?.split_once(" FETCH ")?;
    let mut words = rest.split([' ', '(', ')']);
    words.by_ref().find(|word| word.eq_ignore_ascii_case("UID"))?;
    words.next()?.parse().ok()
}

/// Numbers as IMAP lists them.
fn set(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

/// A text in quotes; `None` where it cannot be one.
fn quoted(text: &str) -> Option<String> {
    let fits = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    fits.then(|| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// A folder's name: letters beyond ASCII are written in the UTF-7 of RFC 3501, section 5.1.3.
fn folder(name: &str) -> String {
    use base64::Engine as _;
    let alphabet = base64::engine::general_purpose::STANDARD_NO_PAD;
    let (mut text, mut beyond) = (String::new(), Vec::new());
    let end = |text: &mut String, beyond: &mut Vec<u8>| {
        if !beyond.is_empty() {
            text.extend(["&", alphabet.encode(&*beyond).replace('/', ",").as_str(), "-"]);
            beyond.clear();
        }
    };
    for letter in name.chars() {
        if (' '..='~').contains(&letter) {
            end(&mut text, &mut beyond);
            text.push(letter);
            if letter == '&' {
                text.push('-');
            }
        } else {
            beyond.extend(letter.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    end(&mut text, &mut beyond);
    quoted(&text).unwrap_or_default()
}

fn shown(imap: &Imap) -> String {
    format!("{}:{}", imap.host, imap.port)
}

fn broken(imap: &Imap, why: &str) -> FetchError {
    FetchError::new(Kind::Network, format!("the visit of the mailbox at {} failed: {why}", shown(imap)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_apart_by_what_they_say() {
        assert_eq!(number_of("* 12 FETCH (FLAGS (\\Seen) UID 7 BODY[]<0> {310}"), Some(7));
        assert_eq!(number_of("* 12 FETCH (BODY[]<0> {310} UID 7)"), Some(7));
        assert_eq!(number_of("* 12 EXISTS"), None);
        assert_eq!((counted("x {310}"), counted("x {}"), counted("x {3"), counted("{9}")), (Some(310), None, None, Some(9)));
        assert_eq!(set(&[1, 2, 9]), "1,2,9");
    }

    #[test]
    fn names_are_written_so_that_nothing_can_slip_out_of_them() {
        assert_eq!(quoted(r#"a"b\c"#).as_deref(), Some(r#""a\"b\\c""#));
        assert_eq!((quoted("a\r\nLOGOUT"), quoted("\u{e5}")), (None, None));
        assert_eq!(folder("Klagom\u{e5}l"), "\"Klagom&AOU-l\"");
        assert_eq!(folder("R&D"), "\"R&-D\"");
        assert_eq!(folder("a\r\nb"), "\"a&AA0ACg-b\"");
        assert_eq!(folder("\u{65e5}\u{672c}\u{8a9e}"), "\"&ZeVnLIqe-\"");
    }
}
