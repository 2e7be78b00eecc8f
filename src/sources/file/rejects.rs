//! Records that cannot be read, kept as they were written for whoever can mend them.

use std::collections::BTreeSet;
use std::path::Path;

use crate::domain::http::Bytes;
use crate::domain::item::Reject;
use crate::domain::item::Rejects;
use crate::sources::file::Settings;
use crate::text::hash;

/// Letters of a record that are kept.
const LONGEST: usize = 8 * 1024;

/// Letters of a file's name that are kept as they are.
const PLAIN: usize = 100;

/// Records of a piece that are kept; the rest are only counted in the warnings.
const MOST: usize = 10_000;

/// What a piece rejects.
#[derive(Debug, Default)]
pub(super) struct Rejecting {
    /// Records that are kept.
    pub rows: Vec<Reject>,
    /// Some are not, or not to their end.
    pub cut: bool,
}

impl Rejecting {
    /// Keeps a record that could not be read, as far as there is room.
    pub(super) fn add(&mut self, line: u64, why: &str, raw: &[u8]) {
        self.cut |= raw.len() > LONGEST || self.rows.len() >= MOST;
        if self.rows.len() < MOST {
            let raw = String::from_utf8_lossy(&raw[..raw.len().min(LONGEST)]).trim_end_matches(['\r', '\n']).to_owned();
            self.rows.push(Reject { table: String::new(), line, why: why.to_owned(), raw });
        }
    }

    /// How many are kept; those that are alike in everything, on one line, are one.
    pub(super) fn kept(&self) -> u64 {
        let rows = self.rows.iter().map(|row| (row.table.as_str(), row.line, row.why.as_str(), row.raw.as_str()));
        rows.collect::<BTreeSet<_>>().len() as u64
    }

    /// Adds those of another piece.
    pub(super) fn extend(&mut self, more: Self) {
        self.rows.extend(more.rows);
        self.cut |= more.cut;
    }
}

/// What a piece of a file rejects. A first piece says so even when it rejects nothing: what was
/// rejected of the file before has been mended.
pub(super) fn of_piece(settings: &Settings, path: &Path, bytes: &Bytes, rows: Vec<Reject>) -> Option<Box<Rejects>> {
    let begins = bytes.from == 0 && bytes.request.packed.as_ref().is_none_or(|packed| packed.part == 0);
    if rows.is_empty() && !begins {
        return None;
    }
    Some(Box::new(Rejects { file: name(settings, path), begins, rows }))
}

/// What the file of a file's rejects is called: as the file itself where that lies in the source's own
/// folder, else with what tells it from others of its name in other folders.
pub(super) fn name(settings: &Settings, path: &Path) -> String {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_alone = path.parent() == Some(settings.folder.as_path()) && file.len() <= PLAIN && path.to_str().is_some();
    if is_alone {
        return file;
    }
    // Below the folder: a folder that is moved as a whole, or found at another place, keeps its names.
    let place = path.strip_prefix(&settings.folder).unwrap_or(path).as_os_str().as_encoded_bytes();
    let short: String = file.chars().take(PLAIN).collect();
    format!("{short}-{:08x}", hash::of_bytes(place) as u32)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn files_of_one_name_in_several_folders_have_names_of_their_own_that_stay() {
        let settings = |folder: &str| Settings { folder: PathBuf::from(folder), ..Settings::default() };
        let of = |folder: &str, path: &str| name(&settings(folder), Path::new(path));
        assert_eq!(of("/in", "/in/week.csv"), "week.csv");
        let deep = of("/in", "/in/a/week.csv");
        assert!(deep.starts_with("week.csv-") && deep.len() == "week.csv-".len() + 8, "{deep}");
        assert_ne!(deep, of("/in", "/in/b/week.csv"));
        assert_eq!(deep, of("/elsewhere", "/elsewhere/a/week.csv"));
        assert_ne!(of("/in", "/srv/week.csv"), "week.csv", "an import is another file");
        let long = |end: &str| of("/in", &format!("/in/{}{end}.csv", "x".repeat(150)));
        assert_ne!(long("a"), long("b"));
    }

    #[test]
    fn what_is_left_out_for_its_length_or_number_is_said() {
        let mut few = Rejecting::default();
        few.add(3, "too wide", b"a,b\r\n");
        assert!(!few.cut && few.rows[0].raw == "a,b", "{few:?}");
        few.add(4, "too wide", &[b'x'; LONGEST + 1]);
        assert!(few.cut && few.rows[1].raw.len() == LONGEST);
        let mut many = Rejecting::default();
        (0..=MOST as u64).for_each(|line| many.add(line, "too wide", b"x"));
        assert!(many.cut && many.rows.len() == MOST);
    }
}
