//! Archives and workbooks: what is packed becomes plain tables, one after the other.
//!
//! Pure: bytes come from a reader and go to writers that the caller makes, so that `fetch` can use
//! files without a name and an answer from the web stays in memory. What a file is, its content
//! says, not its name. Whatever is in it, no more than the limits allow is ever written.
//!
//! | what | becomes |
//! | --- | --- |
//! | gzip | what is in it |
//! | zip | each table in it, in the order of their names; other files are named in a warning |
//! | XLSX, ODS | the first visible sheet with a header; other sheets are named in a warning |

use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::io::Write;

use crate::domain::http::Packed;
use crate::domain::item::Warning;
use crate::sources::ReadError;

mod archive;
mod budget;
mod ods;
pub(in crate::sources::file) mod sheet;
mod xlsx;
mod xml;

use crate::sources::file::unpack::budget::Budget;
use crate::sources::file::unpack::budget::Counted;

/// Packed files in packed files: a zip of workbooks, a workbook in gzip. Deeper ones hold no table.
const DEEPEST: u32 = 3;

/// Bytes that tell what a file is.
pub const HEAD: usize = 4;

/// Where unpacked bytes go, and where they are read again.
pub trait Store: Read + Write + Seek {}

impl<T: Read + Write + Seek> Store for T {}

/// A plain table.
#[derive(Debug)]
pub struct Table<W> {
    /// Its name in the archive; empty where there was one only.
    pub name: String,
    /// Its bytes.
    pub body: W,
    /// How many they are.
    pub size: u64,
    /// What stands between its cells, if it was a sheet.
    pub delimiter: Option<u8>,
    /// Its days are counted from 1904.
    pub since_1904: bool,
    /// What was odd.
    pub warnings: Vec<Warning>,
}

/// Why a packed file gives no table.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// What is in it.
    #[error(transparent)]
    Content(#[from] ReadError),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] io::Error),
}

/// Whether a file with such a beginning is an archive or a workbook.
#[must_use]
pub fn is_packed(head: &[u8]) -> bool {
    matches!(head, [0x1f, 0x8b, ..] | [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..])
}

/// Unpacks `from`, which [`is_packed`], into tables whose bytes go to what `make` makes.
///
/// # Errors
///
/// [`UnpackError::Content`] when there is no table in it, when it is damaged or locked, or unpacks
/// to more than it may; [`UnpackError::Disk`] when its tables cannot be written.
pub fn unpack<R, W, M>(from: R, wish: &Packed, make: M) -> Result<Vec<Table<W>>, UnpackError>
where
    R: Read + Seek,
    W: Store,
    M: FnMut() -> io::Result<W>,
{
    let mut from = from;
    let size = from.seek(SeekFrom::End(0))?;
    if size > wish.max_file {
        return Err(too_large(size, wish.max_file));
    }
    let mut unpacking =
        Unpacking { wish, budget: Budget::new(wish.max_unpacked, size), make, tables: Vec::new(), found: 0, ignored: Vec::new() };
    unpacking.file(&mut from, "", 0)?;
    let Unpacking { mut tables, ignored, .. } = unpacking;
    let Some(first) = tables.first_mut() else {
        return Err(
            ReadError::new("an archive without a table in it", "put CSV, JSON or XLSX files into it, or drop them as they are").into()
        );
    };
    first.warnings.splice(0..0, ignored);
    Ok(tables)
}

/// Why a file is not even looked into.
#[must_use]
pub fn too_large(size: u64, most: u64) -> UnpackError {
    ReadError::new(
        format!("a file of {} MB; `max_file` is {} MB", size.div_ceil(1_000_000), most / 1_000_000),
        "split it, or raise `max_file` of the source",
    )
    .into()
}

/// An unpacking under way.
struct Unpacking<'a, W, M> {
    wish: &'a Packed,
    budget: Budget,
    make: M,
    tables: Vec<Table<W>>,
    /// Files in archives, over all of them.
    found: usize,
    /// Other files in archives.
    ignored: Vec<Warning>,
}

/// Where a file is to be read again once it is unpacked.
enum Opened {
    Gzip,
    Zip,
    Plain,
}

impl<W: Store, M: FnMut() -> io::Result<W>> Unpacking<'_, W, M> {
    /// Unpacks a packed file.
    fn file(&mut self, from: &mut (impl Read + Seek), name: &str, depth: u32) -> Result<(), UnpackError> {
        match opened(from)? {
            Opened::Gzip => self.gzip(from, name, depth),
            Opened::Zip => self.zip(from, name, depth),
            Opened::Plain => Err(damaged("it is neither gzip nor zip")),
        }
    }

    /// Takes unpacked bytes: a table, or once more something packed.
    fn take(&mut self, mut body: W, size: u64, name: &str, depth: u32) -> Result<(), UnpackError> {
        match opened(&mut body)? {
            Opened::Plain => {
                self.tables.push(Table { name: name.to_owned(), body, size, delimiter: None, since_1904: false, warnings: Vec::new() });
                Ok(())
            }
            _ if depth >= DEEPEST => Err(ReadError::new("archives in archives in archives", "drop the tables as they are").into()),
            Opened::Gzip | Opened::Zip => self.file(&mut body, name, depth + 1),
        }
    }

    /// Copies into a new store, within the budget.
    fn copy(&mut self, from: &mut dyn Read) -> Result<(W, u64), UnpackError> {
        let mut to = Counted::new((self.make)()?, &self.budget);
        let mut piece = vec![0; 64 * 1024];
        loop {
            match from.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => to.write_all(&piece[..read]).map_err(|error| to.why(error))?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(damaged(&error.to_string())),
            }
        }
        Ok(to.finish()?)
    }
}

/// What a file is by its first bytes; it stands at its beginning afterwards.
fn opened(from: &mut (impl Read + Seek)) -> Result<Opened, UnpackError> {
    from.seek(SeekFrom::Start(0))?;
    let mut head = Vec::with_capacity(HEAD);
    from.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    from.seek(SeekFrom::Start(0))?;
    Ok(match head.as_slice() {
        [0x1f, 0x8b, ..] => Opened::Gzip,
        head if is_packed(head) => Opened::Zip,
        _ => Opened::Plain,
    })
}

fn damaged(why: &str) -> UnpackError {
    let why: String = why.chars().filter(|letter| !letter.is_control()).take(120).collect();
    ReadError::new(
        format!("a damaged archive or workbook ({why})"),
        "it may still be on its way: it is tried again when it changes; otherwise export it again",
    )
    .into()
}

#[cfg(test)]
mod tests;
