//! Files of records that could not be read, beside the database or where the source says.
//!
//! They hold what customers wrote, unredacted: only the daemon's user can read them. There is one
//! for each file that was read, written anew when that is read again, so that what has been mended
//! leaves it; each is bounded, and so is their number.

use std::fs;
use std::fs::File;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::domain::item::Rejects;
use crate::domain::item::Warning;

/// Bytes of one file. What is rejected beyond them is only counted.
const LARGEST: u64 = 10 * 1024 * 1024;

/// Files of one source. The oldest go first.
const MOST_FILES: usize = 200;

/// Writes what was rejected of a file below `folder`, in a folder of the source's own. Returns where
/// it stands; nothing where there is nothing to write.
///
/// # Errors
///
/// The disk's.
pub fn write(folder: &Path, source: &str, rejects: &Rejects) -> io::Result<Option<PathBuf>> {
    let folder = folder.join(plain(source));
    let path = folder.join(format!("{}.rejects.csv", plain(&rejects.file)));
    if rejects.begins {
        match fs::remove_file(&path) {
            Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Err(error),
            _ => {}
        }
    }
    if rejects.rows.is_empty() {
        return Ok(None);
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let mut file = File::options().append(true).create(true).mode(0o600).open(&path)?;
    let mut size = file.metadata()?.len();
    let begins = size == 0;
    let mut lines = csv::Writer::from_writer(Vec::new());
    let header = begins.then(|| ["table".to_owned(), "line".to_owned(), "reason".to_owned(), "record".to_owned()]);
    let rows = rejects.rows.iter().map(|row| [row.table.clone(), row.line.to_string(), row.why.clone(), row.raw.clone()]);
    for cells in header.into_iter().chain(rows) {
        size += cells.iter().map(|cell| cell.len() as u64 + 3).sum::<u64>();
        if size > LARGEST {
            break;
        }
        lines.write_record(&cells)?;
    }
    file.write_all(&lines.into_inner().map_err(|error| io::Error::other(error.to_string()))?)?;
    if begins {
        forget_the_oldest(&folder)?;
    }
    Ok(Some(path))
}

/// What is said of rejected records: where they stand, or why they do not.
#[must_use]
pub fn told(written: io::Result<Option<PathBuf>>, count: usize, file: &str) -> Option<Warning> {
    let records = if count == 1 { "1 record".to_owned() } else { format!("{count} records") };
    match written {
        Ok(path) => {
            let path = path?;
            let message = format!("{records} that cannot be read stand with their lines and reasons in `{}`", path.display());
            Some(Warning::new("records_rejected", file, message))
        }
        Err(error) => {
            let message = format!("{records} that cannot be read could not be kept: {error}; see `rejects` of the source");
            Some(Warning::new("records_rejected", file, message))
        }
    }
}

/// A name without a way out of its folder.
fn plain(name: &str) -> String {
    let plain: String = name.chars().map(|letter| if matches!(letter, '/' | '\\' | '\0') { '_' } else { letter }).take(120).collect();
    if plain.trim_matches('.').is_empty() { "_".to_owned() } else { plain }
}

fn forget_the_oldest(folder: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        if file.file_name().to_string_lossy().ends_with(".rejects.csv") {
            files.push((file.metadata()?.modified()?, file.path()));
        }
    }
    files.sort();
    let many = files.len().saturating_sub(MOST_FILES);
    files.into_iter().take(many).try_for_each(|(_, path)| fs::remove_file(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::domain::item::Reject;

    fn rejects(file: &str, begins: bool, lines: &[u64]) -> Rejects {
        let row = |line: &u64| Reject { table: String::new(), line: *line, why: "too wide".to_owned(), raw: format!("a,\"b\",{line}") };
        Rejects { file: file.to_owned(), begins, rows: lines.iter().map(row).collect() }
    }

    #[test]
    fn what_is_rejected_stands_in_a_file_that_only_we_can_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), "csat", &rejects("../a.csv", true, &[3])).unwrap().unwrap();
        assert_eq!(write(folder.path(), "csat", &rejects("../a.csv", false, &[9])).unwrap().as_ref(), Some(&path));
        insta::assert_snapshot!(fs::read_to_string(&path).unwrap(), @r#"
        table,line,reason,record
        ,3,too wide,"a,""b"",3"
        ,9,too wide,"a,""b"",9"
        "#);
        assert_eq!(path, folder.path().join("csat/.._a.csv.rejects.csv"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(folder.path().join("csat")).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn what_has_been_mended_leaves() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), "csat", &rejects("a.csv", true, &[3])).unwrap().unwrap();
        assert_eq!(write(folder.path(), "csat", &rejects("a.csv", true, &[])).unwrap(), None);
        assert!(!path.exists());
    }

    #[test]
    fn neither_a_file_nor_their_number_grows_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let mut large = rejects("a.csv", true, &[1]);
        large.rows = vec![Reject { raw: "x".repeat(1024 * 1024), ..large.rows[0].clone() }; 12];
        let path = write(folder.path(), "csat", &large).unwrap().unwrap();
        assert!(fs::metadata(&path).unwrap().len() <= LARGEST);
        for number in 0..MOST_FILES + 5 {
            write(folder.path(), "csat", &rejects(&format!("{number}.csv"), true, &[1])).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path().join("csat")).unwrap().count(), MOST_FILES);
    }
}
