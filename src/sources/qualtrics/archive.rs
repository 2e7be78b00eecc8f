//! The file of an export: an archive with one document in it, read as it is unpacked, so that a large
//! survey never lies in memory twice. Sizes are bounded, whatever the archive says of itself.

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
const MOST: u64 = 1 << 30;
/// An export is one file.
const MOST_FILES: usize = 16;

/// The answers in a file.
///
/// # Errors
///
/// [`ReadError`] when it is no export, is damaged, or too large.
pub(super) fn read(body: &[u8], questions: &Questions) -> Result<Page, ReadError> {
    let mut page = empty();
    if !body.starts_with(b"PK") {
        responses::read(body, questions, &mut page).map_err(|error| broken(body, &error.to_string()))?;
        return Ok(page);
    }
    let damaged = |why: &str| ReadError::new(format!("an export of {SERVICE} that cannot be unpacked: {why}"), "another one is made later");
    let mut archive = ZipArchive::new(Cursor::new(body)).map_err(|error| damaged(&error.to_string()))?;
    if archive.is_empty() || archive.len() > MOST_FILES {
        return Err(damaged(&format!("{} files instead of one", archive.len())));
    }
    let mut left = MOST;
    for at in 0..archive.len() {
        let file = archive.by_index(at).map_err(|error| damaged(&error.to_string()))?;
        if file.is_dir() {
            continue;
        }
        let mut capped = Capped { inner: file, left };
        responses::read(BufReader::with_capacity(64 * 1024, &mut capped), questions, &mut page)
            .map_err(|error| damaged(&error.to_string()))?;
        left = capped.left;
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

/// A reader that ends with an error behind so many bytes.
struct Capped<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other("more than 1 GiB in it; a later `since` makes it smaller"))?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_larger_than_allowed_ends_with_an_error() {
        let mut capped = Capped { inner: &b"0123456789"[..], left: 9 };
        let error = capped.read_to_end(&mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("later `since`"), "{error}");
        let mut capped = Capped { inner: &b"0123456789"[..], left: 10 };
        assert_eq!(capped.read_to_end(&mut Vec::new()).unwrap(), 10);
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
