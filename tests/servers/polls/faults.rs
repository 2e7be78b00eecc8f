//! What goes wrong between a source and whoever asks it: at the source, in front of it, and on the way.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::polls::world::Dice;

/// How an answer goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 500
    Broken,
    /// 503 or 429 with `Retry-After`.
    Busy(u16),
    /// Less than was announced.
    Cut,
    /// The same in the middle of a chunk.
    ChunkCut,
    /// The same in the middle of a gzip stream.
    GzipCut,
    /// Reset before a byte.
    Reset,
    /// All right, but it takes its time.
    Slow,
    /// A feed in good order without entries.
    Empty,
    /// A page that wants a password.
    Login,
    /// Not even HTTP.
    Garbage,
}

const FAULTS: [Fault; 11] = [
    Fault::Broken,
    Fault::Busy(503),
    Fault::Busy(429),
    Fault::Cut,
    Fault::ChunkCut,
    Fault::GzipCut,
    Fault::Reset,
    Fault::Slow,
    Fault::Empty,
    Fault::Login,
    Fault::Garbage,
];

/// Faults in a row that a source has at most: somebody is told of what is down for longer.
const IN_A_ROW: u32 = 2;

/// What goes wrong with one request, after `before` faults in a row: every fifth does.
pub fn fault(source: usize, request: usize, before: u32) -> Option<Fault> {
    let mut dice = Dice::of(&[source as u64, request as u64, 1]);
    (before < IN_A_ROW && dice.roll(5) == 0).then(|| FAULTS[dice.roll(FAULTS.len() as u64) as usize])
}

/// A good answer as bytes.
pub fn good(headers: &[String], body: &[u8]) -> Vec<u8> {
    answer("200 OK", headers, body, body.len())
}

/// An answer as bytes, with the length that it says.
pub fn answer(status: &str, headers: &[String], body: &[u8], length: usize) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n");
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

impl Fault {
    /// What is sent in place of a good answer; `None` is a reset.
    pub fn instead(self, headers: &[String], body: &[u8], empty: &[u8]) -> Option<Vec<u8>> {
        let half = &body[..body.len() / 2];
        let with = |more: &str| [headers, &[more.to_owned()]].concat();
        Some(match self {
            Self::Broken => answer("500 -", &["etag: \"out of order\"".to_owned()], b"sorry", 5),
            Self::Busy(status) => answer(&format!("{status} -"), &["retry-after: 1".to_owned()], b"later", 5),
            Self::Cut => answer("200 OK", headers, half, body.len()),
            Self::ChunkCut => {
                let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n";
                [format!("{head}{}\r\n\r\n{:x}\r\n", headers.join("\r\n"), body.len()).as_bytes(), half].concat()
            }
            Self::GzipCut => {
                let packed = gzip(body);
                let cut = &packed[..packed.len() - 20];
                answer("200 OK", &with("content-encoding: gzip"), cut, cut.len())
            }
            Self::Reset => return None,
            Self::Slow => good(headers, body),
            Self::Empty => answer("200 OK", &["etag: \"nothing\"".to_owned()], empty, empty.len()),
            Self::Login => {
                let page = b"<!DOCTYPE html><title>Sign in</title><form method=post><input type=password name=word></form>";
                answer("200 OK", &["content-type: text/html".to_owned(), "etag: \"door\"".to_owned()], page, page.len())
            }
            Self::Garbage => b"\x15\x03\x01 what is this\r\n\r\n".to_vec(),
        })
    }

    /// Whether the answer is a good one all the same.
    pub fn is_harmless(self) -> bool {
        self == Self::Slow
    }
}

/// Packed as servers do.
pub fn gzip(body: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(body).unwrap();
    packer.finish().unwrap()
}
