//! The file of an export: an archive with one document in it, read as it is unpacked, so that a large
//! survey never lies in memory twice. Sizes are bounded, whatever the archive says of itself.

use std::cell::Cell;
use std::io;
use std::io::BufReader;
use std::io::Cursor;
use std::io::Read;

use zip::ZipArchive;

use crate::domain::item::Page;
use crate::sources::ReadError;
use crate::sources::qualtrics::Questions;
use crate::sources::qualtrics::SERVICE;
use crate::sources::qualtrics::empty;
use crate::sources::qualtrics::responses;

/// More is not unpacked, in bytes.
const MOST: u64 = 512 * 1024 * 1024;
/// One answer lies in memory at a time, and is no longer than this, in bytes.
const MOST_OF_ONE: u64 = 16 * 1024 * 1024;
/// An export is one file.
const MOST_FILES: usize = 16;

/// What was read so far, in bytes.
#[derive(Debug, Default)]
pub(super) struct Meter {
    all: Cell<u64>,
    /// Since the last answer ended.
    of_one: Cell<u64>,
}

impl Meter {
    /// An answer has ended.
    pub(super) fn next(&self) {
        self.of_one.set(0);
    }
}

/// The answers in a file.
///
/// # Errors
///
/// [`ReadError`] when it is no export, is damaged, or too large.
pub(super) fn read(body: &[u8], questions: &Questions) -> Result<Page, ReadError> {
    let (mut page, meter) = (empty(), Meter::default());
    let mut answers = |document: &mut dyn Read| {
        let buffered = BufReader::with_capacity(64 * 1024, Metered { inner: document, meter: &meter });
        responses::read(buffered, questions, &meter, &mut page).map_err(|error| error.to_string())
    };
    if !body.starts_with(b"PK") {
        answers(&mut &*body).map_err(|why| broken(body, &why))?;
        return Ok(page);
    }
    let damaged = |why: &str| ReadError::new(format!("an export of {SERVICE} that cannot be unpacked: {why}"), "another one is made later");
    let mut archive = ZipArchive::new(Cursor::new(body)).map_err(|error| damaged(&error.to_string()))?;
    if archive.is_empty() || archive.len() > MOST_FILES {
        return Err(damaged(&format!("{} files instead of one", archive.len())));
    }
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).map_err(|error| damaged(&error.to_string()))?;
        if !file.is_dir() {
            answers(&mut file).map_err(|why| damaged(&why))?;
        }
    }
    Ok(page)
}

fn broken(body: &[u8], why: &str) -> ReadError {
    let looks = match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => "an empty answer",
        Some(b'<') => "a page for people, perhaps a login or a wall",
        Some(_) => why,
    };
    ReadError::new(format!("no export of {SERVICE}: {looks}"), "it is tried again later; if it stays, check `base_url`")
}

/// A reader that ends with an error behind too many bytes.
struct Metered<'a, R> {
    inner: R,
    meter: &'a Meter,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        for (read, most, why) in [
            (&self.meter.all, MOST, "more than 512 MiB in it; a later `since` makes it smaller"),
            (&self.meter.of_one, MOST_OF_ONE, "an answer of more than 16 MiB"),
        ] {
            read.set(read.get() + count as u64);
            if read.get() > most {
                return Err(io::Error::other(why));
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_larger_than_allowed_ends_with_an_error() {
        let meter = Meter::default();
        meter.all.set(MOST - 10);
        let mut metered = Metered { inner: &b"0123456789"[..], meter: &meter };
        assert_eq!(metered.read_to_end(&mut Vec::new()).unwrap(), 10);
        let mut metered = Metered { inner: &b"0"[..], meter: &meter };
        assert!(metered.read(&mut [0]).unwrap_err().to_string().contains("later `since`"));
        let answer = format!("{{\"responses\":[{{\"responseId\":\"{}\"}}]}}", "7".repeat(MOST_OF_ONE as usize));
        assert!(read(answer.as_bytes(), &Questions::default()).unwrap_err().what.contains("an answer of more than 16 MiB"));
        let many = format!("{{\"responses\":[{}{{}}]}}", "{\"responseId\":\"7\"},".repeat(1_000_000));
        assert!(read(many.as_bytes(), &Questions::default()).unwrap_err().what.contains("more than 500000 answers"));
    }

    #[test]
    fn what_is_no_export_is_told_by_its_looks() {
        for (body, what) in [
            (&b""[..], "no export of Qualtrics: an empty answer"),
            (b" <html>", "no export of Qualtrics: a page for people, perhaps a login or a wall"),
            (b"{\"answers\":[]}", "no export of Qualtrics: JSON without the list `responses`"),
        ] {
            assert!(read(body, &Questions::default()).unwrap_err().what.starts_with(what), "{what}");
        }
        assert!(read(b"PK\x03\x04nothing", &Questions::default()).unwrap_err().what.contains("cannot be unpacked"));
    }
}
