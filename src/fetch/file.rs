//! Pieces of local files, and of the tables in packed ones.
//!
//! A packed file is unpacked once, into files without a name that vanish with us, and read from
//! there piece by piece like any other: what is in it may be larger than memory.

use std::fs::File;
use std::io;
use std::io::BufReader;
use std::os::unix::fs::FileExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::domain::Timestamp;
use crate::domain::http::Bytes;
use crate::domain::http::Packed;
use crate::domain::http::Part;
use crate::domain::http::Slice;
use crate::fetch::FetchError;
use crate::sources::file::unpack;
use crate::sources::file::unpack::Table;
use crate::sources::file::unpack::UnpackError;

/// Unpacked files that are kept for their next piece. Those of others are unpacked again.
const KEPT: usize = 4;

/// Where files without a name are made: on a disk, which the folder for temporary files may not be.
const UNNAMED_IN: &str = "/var/tmp";

/// Reads local files. Cheap to make and to clone; clones share what was unpacked.
#[derive(Debug, Clone, Default)]
pub struct Files {
    unpacked: Arc<Mutex<Vec<Arc<Unpacked>>>>,
}

/// A packed file that was unpacked, or could not be.
#[derive(Debug)]
struct Unpacked {
    of: Identity,
    tables: Result<Vec<Table<File>>, (String, String)>,
}

/// A file as it was, and how it was looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    path: PathBuf,
    inode: (u64, u64),
    size: u64,
    modified: (i64, i64),
    wish: Packed,
}

impl Files {
    /// Reads a piece of a file, off the runtime's threads: disks block.
    pub(super) async fn read(&self, slice: &Slice) -> Result<Bytes, FetchError> {
        let (files, slice) = (self.clone(), slice.clone());
        let path = slice.path.clone();
        let read = tokio::task::spawn_blocking(move || files.read_now(slice)).await;
        // A piece of work that fails is told like a disk's failure; a runtime that goes down ends here.
        let read = read.unwrap_or_else(|ended| Err(io::Error::other(ended)));
        read.map_err(|error| FetchError::of_file(&error, &path))
    }

    /// Reads a piece of a file in the calling thread, for a command that has no runtime.
    ///
    /// # Errors
    ///
    /// [`FetchError`] that names the file.
    pub fn read_slice(&self, slice: &Slice) -> Result<Bytes, FetchError> {
        self.read_now(slice.clone()).map_err(|error| FetchError::of_file(&error, &slice.path))
    }

    fn read_now(&self, slice: Slice) -> io::Result<Bytes> {
        let file = File::open(&slice.path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
        }
        let (size, modified) = (about.len(), Timestamp::from(about.modified()?));
        let Some(packed) = slice.packed.as_deref().cloned() else { return plain(slice, &file, size, modified, None) };
        if size > packed.max_file {
            let refused = refusal(unpack::too_large(size, packed.max_file))?;
            return Ok(refused_piece(slice, refused, size, modified));
        }
        let mut head = [0; unpack::HEAD];
        let length = file.read_at(&mut head, 0)?;
        if !unpack::is_packed(&head[..length]) {
            return plain(slice, &file, size, modified, None);
        }
        let of = Identity {
            path: slice.path.clone(),
            inode: (about.dev(), about.ino()),
            size,
            modified: (about.mtime(), about.mtime_nsec()),
            wish: Packed { part: 0, ..packed.clone() },
        };
        let unpacked = self.unpacked(of, file)?;
        let tables = match &unpacked.tables {
            Ok(tables) => tables,
            Err(refused) => return Ok(refused_piece(slice, refused.clone(), size, modified)),
        };
        let number = packed.part as usize;
        let Some(table) = tables.get(number) else {
            // The archive was packed anew with fewer tables: the walk ends here and begins again.
            return Ok(Bytes { request: slice, from: 0, body: Vec::new(), size: 0, modified, part: None });
        };
        let part = Part {
            name: table.name.clone(),
            follows: number + 1 < tables.len(),
            delimiter: table.delimiter,
            since_1904: table.since_1904,
            warnings: table.warnings.clone(),
            refused: None,
        };
        let piece = plain(slice, &table.body, table.size, modified, Some(Box::new(part)))?;
        if piece.at_end() && number + 1 == tables.len() {
            self.forget(&unpacked);
        }
        Ok(piece)
    }

    /// What is in a packed file, unpacked now or before.
    fn unpacked(&self, of: Identity, file: File) -> io::Result<Arc<Unpacked>> {
        let known = |kept: &[Arc<Unpacked>]| kept.iter().find(|unpacked| unpacked.of == of).cloned();
        if let Some(unpacked) = known(&self.kept()) {
            return Ok(unpacked);
        }
        let tables = match unpack::unpack(BufReader::new(file), &of.wish, unnamed) {
            Ok(tables) => Ok(tables),
            Err(error) => Err(refusal(error)?),
        };
        let unpacked = Arc::new(Unpacked { of, tables });
        let mut kept = self.kept();
        kept.retain(|other| other.of.path != unpacked.of.path);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(Arc::clone(&unpacked));
        Ok(unpacked)
    }

    fn forget(&self, unpacked: &Arc<Unpacked>) {
        self.kept().retain(|other| !Arc::ptr_eq(other, unpacked));
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Unpacked>>> {
        self.unpacked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file without a name.
fn unnamed() -> io::Result<File> {
    if Path::new(UNNAMED_IN).is_dir()
        && let Ok(file) = tempfile::tempfile_in(UNNAMED_IN)
    {
        return Ok(file);
    }
    tempfile::tempfile()
}

/// What is wrong with the file itself; the disk's own errors are nobody's file.
fn refusal(error: UnpackError) -> io::Result<(String, String)> {
    match error {
        UnpackError::Content(error) => Ok((error.what, error.cure)),
        UnpackError::Disk(error) => Err(error),
    }
}

fn refused_piece(slice: Slice, refused: (String, String), size: u64, modified: Timestamp) -> Bytes {
    let part = Part { refused: Some(refused), ..Part::default() };
    Bytes { request: slice, from: 0, body: Vec::new(), size, modified, part: Some(Box::new(part)) }
}

/// A piece of what is not packed, or not any more.
fn plain(slice: Slice, file: &File, size: u64, modified: Timestamp, part: Option<Box<Part>>) -> io::Result<Bytes> {
    let from = match u64::try_from(slice.from) {
        Ok(from) => from.min(size),
        Err(_) => size.saturating_sub(slice.from.unsigned_abs()),
    };
    // The file may be longer than memory, and may have grown since: `size` and `limit` bound it.
    let wanted = slice.limit.min(size - from);
    let mut body = vec![0; wanted as usize];
    let mut read = 0;
    while read < body.len() {
        match file.read_at(&mut body[read..], from + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    body.truncate(read);
    Ok(Bytes { request: slice, from, body, size, modified, part })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::fetch::Kind;

    async fn piece(text: &str, from: i64, limit: u64) -> (u64, String, bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export.csv");
        std::fs::write(&path, text).unwrap();
        let bytes = Files::default().read(&Slice { path, from, limit, context: String::new(), packed: None }).await.unwrap();
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
        let absent = Slice { path: folder.path().join("absent"), from: 0, limit: 1, context: String::new(), packed: None };
        let files = Files::default();
        let error = files.read(&absent).await.unwrap_err();
        assert!(error.kind == Kind::NotFound && error.message.contains("absent"), "{error}");
        let error = files.read(&Slice { path: folder.path().to_owned(), ..absent }).await.unwrap_err();
        assert_eq!(error.kind, Kind::File, "{error}");
    }

    fn packed(max_file: u64, max_unpacked: u64) -> Packed {
        Packed { part: 0, max_file, max_unpacked, sheet: String::new() }
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn a_packed_file_is_unpacked_once_and_read_in_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export.csv");
        std::fs::write(&path, gzip("id,text\n1,a\n")).unwrap();
        let files = Files::default();
        let mut slice =
            Slice { path: path.clone(), from: 0, limit: 8, context: String::new(), packed: Some(Box::new(packed(1_000, 1_000))) };
        let first = files.read_slice(&slice).unwrap();
        assert_eq!((first.body.as_slice(), first.size, first.at_end()), (b"id,text\n".as_slice(), 12, false));
        assert_eq!(files.kept().len(), 1);
        slice.from = 8;
        let second = files.read_slice(&slice).unwrap();
        assert_eq!((second.body.as_slice(), second.at_end()), (b"1,a\n".as_slice(), true));
        assert_eq!(files.kept().len(), 0, "what is read to its end is forgotten");
        (slice.packed, slice.from) = (None, 0);
        assert!(unpack::is_packed(&files.read_slice(&slice).unwrap().body));
    }

    #[test]
    fn what_is_too_large_is_refused_and_not_an_error_of_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export.gz");
        std::fs::write(&path, gzip(&"id,text\n".repeat(1_000))).unwrap();
        let refused = |wish| {
            let slice = Slice { path: path.clone(), from: 0, limit: 8, context: String::new(), packed: Some(Box::new(wish)) };
            Files::default().read_slice(&slice).unwrap().part.unwrap().refused.unwrap().0
        };
        assert_eq!(refused(packed(10, 10_000)), "a file of 1 MB; `max_file` is 0 MB");
        assert_eq!(refused(packed(1_000, 7_999)), "it unpacks to more than 0 MB, which is `max_unpacked`");
    }
}
