//! Records that cannot be read, kept as they were written for whoever can mend them.

use std::path::Path;

use crate::domain::http::Bytes;
use crate::domain::item::Reject;
use crate::domain::item::Rejects;

/// Letters of a record that are kept.
const LONGEST: usize = 8 * 1024;

/// Records of a piece that are kept; the rest are only counted in the warnings.
pub(super) const MOST: usize = 10_000;

/// A record that could not be read.
pub(super) fn reject(line: u64, why: &str, raw: &[u8]) -> Reject {
    let cut = &raw[..raw.len().min(LONGEST)];
    let raw = String::from_utf8_lossy(cut).trim_end_matches(['\r', '\n']).to_owned();
    Reject { table: String::new(), line, why: why.to_owned(), raw }
}

/// What a piece of a file rejects. A first piece says so even when it rejects nothing: what was
/// rejected of the file before has been mended.
pub(super) fn of_piece(path: &Path, bytes: &Bytes, rows: Vec<Reject>) -> Option<Box<Rejects>> {
    let begins = bytes.from == 0 && bytes.request.packed.as_ref().is_none_or(|packed| packed.part == 0);
    if rows.is_empty() && !begins {
        return None;
    }
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Some(Box::new(Rejects { file, begins, rows }))
}
