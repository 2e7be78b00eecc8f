//! Lines that go to a server and come from it. What one command may bring is bounded in bytes, whatever the
//! server says, and nothing is kept of it but what somebody asks for.

use tokio::io::AsyncBufReadExt as _;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt as _;
use tokio::io::BufReader;

use crate::domain::mails::Imap;
use crate::fetch::FetchError;
use crate::fetch::imap::broken;

/// Bytes of an answer in which no mails are.
pub(super) const BRIEF: usize = 256 * 1024;
/// Pieces of one line that are counted in bytes.
const MOST_PIECES: usize = 16;

/// Anything that bytes go in and out of.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A talk with a server.
pub(super) struct Talk<'a> {
    wire: BufReader<Box<dyn Wire>>,
    commands: u32,
    imap: &'a Imap,
    /// Bytes that the answer in hand may still have.
    left: usize,
}

/// A line, with the pieces in it that were counted in bytes.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Line {
    pub(super) text: Vec<u8>,
    pub(super) pieces: Vec<Vec<u8>>,
}

impl<'a> Talk<'a> {
    pub(super) fn over(wire: Box<dyn Wire>, imap: &'a Imap) -> Self {
        Self { wire: BufReader::new(wire), commands: 0, imap, left: BRIEF }
    }

    /// The bare wire; `None` where something came that nobody has read.
    pub(super) fn bare(self) -> Option<Box<dyn Wire>> {
        self.wire.buffer().is_empty().then(|| self.wire.into_inner())
    }

    /// Says a command and hands on each line of its answer, of which there may be so many bytes. What the server
    /// said instead of OK is the inner error; what nobody understands ends the visit.
    pub(super) async fn command(
        &mut self,
        command: &str,
        most: usize,
        mut hear: impl FnMut(Line) -> Result<(), &'static str> + Send,
    ) -> Result<Result<(), String>, FetchError> {
        let tag = self.say(command).await?;
        self.left = most;
        loop {
            let line = self.line().await?;
            if let Some(said) = line.text.strip_prefix(tag.as_bytes()) {
                let said = String::from_utf8_lossy(said).trim().to_owned();
                return Ok(if said.starts_with("OK") { Ok(()) } else { Err(said) });
            }
            if line.text.starts_with(b"* BYE") {
                return Err(broken(self.imap, "it hung up"));
            }
            hear(line).map_err(|why| broken(self.imap, why))?;
        }
    }

    /// Says a command and does not wait for its answer.
    pub(super) async fn say(&mut self, command: &str) -> Result<String, FetchError> {
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

    pub(super) async fn line(&mut self) -> Result<Line, FetchError> {
        let mut line = Line::default();
        loop {
            let from = line.text.len();
            let read = (&mut self.wire).take(self.left as u64).read_until(b'\n', &mut line.text).await;
            let read = read.map_err(|error| broken(self.imap, &error.to_string()))?;
            let is_all = read >= self.left;
            self.left -= read.min(self.left);
            if line.text.last() != Some(&b'\n') || read == 0 {
                return Err(if is_all { self.too_much() } else { broken(self.imap, "it hung up in the middle of an answer") });
            }
            while line.text.len() > from && matches!(line.text.last(), Some(b'\r' | b'\n')) {
                line.text.pop();
            }
            // What a server says to people ends as it likes.
            let talks = from == 0 && is_said_to_people(&line.text);
            let Some(length) = counted(&line.text[from..]).filter(|_| !talks) else { return Ok(line) };
            if length > self.left || line.pieces.len() >= MOST_PIECES {
                return Err(self.too_much());
            }
            self.left -= length;
            let mut piece = vec![0; length];
            self.wire.read_exact(&mut piece).await.map_err(|error| broken(self.imap, &error.to_string()))?;
            line.pieces.push(piece);
        }
    }

    fn too_much(&self) -> FetchError {
        broken(self.imap, "it sends more than it was asked for")
    }
}

/// How many bytes follow a line that ends so: `{310}`.
fn counted(line: &[u8]) -> Option<usize> {
    let from = line.strip_suffix(b"}")?.iter().rposition(|byte| *byte == b'{')?;
    let length = std::str::from_utf8(&line[from + 1..line.len() - 1]).ok()?;
    length.trim_end_matches('+').parse().ok()
}

/// `* OK`, `u7 NO` and their like, behind which stands text.
fn is_said_to_people(line: &[u8]) -> bool {
    let word = line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    [b"OK".as_slice(), b"NO", b"BAD", b"BYE", b"PREAUTH"].iter().any(|one| word.eq_ignore_ascii_case(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_much_follows_it() {
        assert_eq!(
            (counted(b"x {310}"), counted(b"x {}"), counted(b"x {3"), counted(b"{9}"), counted(b"{9+}")),
            (Some(310), None, None, Some(9), Some(9))
        );
        assert!(is_said_to_people(b"* OK welcome to {3}") && is_said_to_people(b"u2 NO {3}") && !is_said_to_people(b"* 7 FETCH (X {3}"));
    }
}
