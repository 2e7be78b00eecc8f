//! Pieces of local files.

use std::fs::File;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;

use crate::domain::Timestamp;
use crate::domain::http::Bytes;
use crate::domain::http::Slice;
use crate::fetch::FetchError;

/// Reads a piece of a file, off the runtime's threads: disks block.
pub(super) async fn read(slice: &Slice) -> Result<Bytes, FetchError> {
    let slice = slice.clone();
    let path = slice.path.clone();
    let read = tokio::task::spawn_blocking(move || read_now(slice)).await;
    // The piece of work cannot panic and is not cancelled; a runtime that goes down ends here.
    let read = read.unwrap_or_else(|ended| Err(io::Error::other(ended)));
    read.map_err(|error| FetchError::of_file(&error, &path))
}

fn read_now(slice: Slice) -> io::Result<Bytes> {
    let mut file = File::open(&slice.path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    let size = about.len();
    let from = match u64::try_from(slice.from) {
        Ok(from) => from.min(size),
        Err(_) => size.saturating_sub(slice.from.unsigned_abs()),
    };
    file.seek(SeekFrom::Start(from))?;
    // The file may be longer than memory, and may have grown since: `size` and `limit` bound it.
    let wanted = slice.limit.min(size - from);
    let mut body = Vec::with_capacity(wanted as usize);
    file.take(wanted).read_to_end(&mut body)?;
    Ok(Bytes { request: slice, from, body, size, modified: Timestamp::from(about.modified()?) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::Kind;

    async fn piece(text: &str, from: i64, limit: u64) -> (u64, String, bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export.csv");
        std::fs::write(&path, text).unwrap();
        let bytes = read(&Slice { path, from, limit, context: String::new() }).await.unwrap();
        assert_eq!(bytes.size, text.len() as u64);
        (bytes.from, String::from_utf8(bytes.body.clone()).unwrap(), bytes.at_end())
    }

    #[tokio::test]
    async fn a_piece_is_cut_to_the_file() {
        assert_eq!(piece("abcdef", 0, 3).await, (0, "abc".to_owned(), false));
        assert_eq!(piece("abcdef", 4, 3).await, (4, "ef".to_owned(), true));
        assert_eq!(piece("abcdef", 9, 3).await, (6, String::new(), true));
        assert_eq!(piece("abcdef", -2, 1).await, (4, "e".to_owned(), false));
        assert_eq!(piece("abcdef", -20, u64::MAX).await, (0, "abcdef".to_owned(), true));
        assert_eq!(piece("", i64::MIN, u64::MAX).await, (0, String::new(), true));
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let absent = Slice { path: folder.path().join("absent"), from: 0, limit: 1, context: String::new() };
        let error = read(&absent).await.unwrap_err();
        assert!(error.kind == Kind::NotFound && error.message.contains("absent"), "{error}");
        let error = read(&Slice { path: folder.path().to_owned(), ..absent }).await.unwrap_err();
        assert_eq!(error.kind, Kind::File, "{error}");
    }
}
