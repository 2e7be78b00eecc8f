//! Files of records that could not be read, beside the database or where the source says.
//!
//! They hold what customers wrote, unredacted: only the daemon's user can read them. There is one
//! for each file that was read, written anew when that is read again, so that what has been mended
//! leaves it; each is bounded, and so is their number.

use std::collections::BTreeSet;
use std::fs;
use std::fs::File;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::domain::http::Rejected;
use crate::domain::item::Rejects;
use crate::domain::item::Warning;

/// Bytes of one file. What is rejected beyond them is only counted.
const LARGEST: u64 = 10 * 1024 * 1024;

/// What their names end with.
const END: &str = ".rejects.csv";

/// Files of one source. The oldest go first.
const MOST_FILES: usize = 200;

/// What became of rejected records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file that they stand in.
    pub path: PathBuf,
    /// Those for which there was no room in it.
    pub left_out: usize,
}

/// Rejected records do not all stand in their file.
#[derive(Debug, thiserror::Error)]
#[error(
    "{missing} of the records that cannot be read are not kept in `{}`; let the daemon's user write there, or mend them, and save the \
     file again", path.display()
)]
pub(super) struct Missing {
    path: PathBuf,
    missing: u64,
}

/// The folder of a source's files.
#[must_use]
pub fn folder_of(folder: &Path, source: &str) -> PathBuf {
    folder.join(plain(source))
}

/// The files in which rejected records of a source stand, the newest first; none where nobody can
/// look.
#[must_use]
pub fn files_of(folder: &Path, source: &str) -> Vec<PathBuf> {
    let mut files = listed(&folder_of(folder, source)).unwrap_or_default();
    files.sort_by(|one, other| other.cmp(one));
    files.into_iter().map(|(_, path)| path).collect()
}

/// Writes what was rejected of a file below `folder`, in a folder of the source's own. Returns where
/// it stands; nothing where there is nothing to write.
///
/// # Errors
///
/// The disk's. Nothing of these records stands there then.
pub fn write(folder: &Path, source: &str, rejects: &Rejects) -> io::Result<Option<Written>> {
    let path = path_of(folder, source, &rejects.file);
    let folder = folder_of(folder, source);
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
    let before = file.metadata()?.len();
    let mut size = before;
    let mut lines = csv::Writer::from_writer(Vec::new());
    if before == 0 {
        lines.write_record(["table", "line", "reason", "record"])?;
    }
    let mut left_out = rejects.rows.len();
    for row in &rejects.rows {
        let cells = [&row.table, &row.line.to_string(), &row.why, &row.raw];
        size += cells.iter().map(|cell| cell.len() as u64 + 3).sum::<u64>();
        if size > LARGEST {
            break;
        }
        lines.write_record(cells)?;
        left_out -= 1;
    }
    let lines = lines.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    if let Err(error) = file.write_all(&lines).and_then(|()| file.sync_all()) {
        // Half a record would swallow those that come behind it.
        file.set_len(before)?;
        return Err(error);
    }
    if before == 0 {
        forget_the_oldest(&folder)?;
    }
    Ok(Some(Written { path, left_out }))
}

/// Whether all records that were rejected of a file stand where they belong.
///
/// # Errors
///
/// [`Missing`], or the disk's.
pub(super) fn all_there(rejected: &Rejected) -> io::Result<()> {
    let path = rejected.folder.as_ref().map(|folder| path_of(folder, &rejected.source, &rejected.file)).unwrap_or_default();
    // A piece that was read again after a crash stands there twice.
    let mut found = BTreeSet::new();
    if let Ok(file) = File::open(&path) {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(io::BufReader::new(file));
        let mut cells = csv::ByteRecord::new();
        while reader.read_byte_record(&mut cells)? {
            // All of it tells it from others: there may be many on one line.
            if cells.len() == 4 {
                found.insert(cells.iter().map(<[u8]>::to_vec).collect::<Vec<_>>());
            }
        }
    }
    match rejected.records.saturating_sub(found.len() as u64) {
        0 => Ok(()),
        missing => Err(io::Error::other(Missing { path, missing })),
    }
}

/// What is said of rejected records: where they stand, or why they do not.
#[must_use]
pub fn told(written: io::Result<Option<Written>>, count: usize, file: &str) -> Option<Warning> {
    let counted = |count: usize| if count == 1 { "1 record".to_owned() } else { format!("{count} records") };
    let records = counted(count);
    let message = match written {
        Ok(written) => {
            let Written { path, left_out } = written?;
            let rest = if left_out > 0 { format!("; for {left_out} of them there is no room in it") } else { String::new() };
            format!("{records} that cannot be read stand with their lines and reasons in `{}`{rest}", path.display())
        }
        Err(error) => format!("{records} that cannot be read could not be kept: {error}; see `rejects` of the source"),
    };
    Some(Warning::new("records_rejected", file, message))
}

fn path_of(folder: &Path, source: &str, file: &str) -> PathBuf {
    folder_of(folder, source).join(format!("{}{END}", plain(file)))
}

/// A name without a way out of its folder.
fn plain(name: &str) -> String {
    let plain: String = name.chars().map(|letter| if matches!(letter, '/' | '\\' | '\0') { '_' } else { letter }).take(120).collect();
    if plain.trim_matches('.').is_empty() { "_".to_owned() } else { plain }
}

fn forget_the_oldest(folder: &Path) -> io::Result<()> {
    let mut files = listed(folder)?;
    files.sort();
    let many = files.len().saturating_sub(MOST_FILES);
    files.into_iter().take(many).try_for_each(|(_, path)| fs::remove_file(path))
}

/// Such files in a folder, each with the time of its last change.
fn listed(folder: &Path) -> io::Result<Vec<(SystemTime, PathBuf)>> {
    let mut files = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        if file.file_name().to_string_lossy().ends_with(END) {
            files.push((file.metadata()?.modified()?, file.path()));
        }
    }
    Ok(files)
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
        let path = write(folder.path(), "csat", &rejects("../a.csv", true, &[3])).unwrap().unwrap().path;
        let again = write(folder.path(), "csat", &rejects("../a.csv", false, &[9])).unwrap();
        assert_eq!(again, Some(Written { path: path.clone(), left_out: 0 }));
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
        let path = write(folder.path(), "csat", &rejects("a.csv", true, &[3])).unwrap().unwrap().path;
        assert_eq!(files_of(folder.path(), "csat"), std::slice::from_ref(&path));
        assert_eq!(write(folder.path(), "csat", &rejects("a.csv", true, &[])).unwrap(), None);
        assert!(!path.exists());
    }

    #[test]
    fn neither_a_file_nor_their_number_grows_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let mut large = rejects("a.csv", true, &[1]);
        large.rows = vec![Reject { raw: "x".repeat(1024 * 1024), ..large.rows[0].clone() }; 12];
        (0..12).for_each(|line| large.rows[line].line = line as u64);
        let written = write(folder.path(), "csat", &large).unwrap().unwrap();
        assert!(fs::metadata(&written.path).unwrap().len() <= LARGEST);
        assert_eq!(written.left_out, 3);
        let said = told(Ok(Some(written)), 12, "a.csv").unwrap().message;
        assert!(said.ends_with("; for 3 of them there is no room in it"), "{said}");
        assert!(missing(folder.path(), "a.csv", 9).is_none());
        assert!(missing(folder.path(), "a.csv", 12).unwrap().starts_with("3 of the records"));
        for number in 0..MOST_FILES + 5 {
            write(folder.path(), "csat", &rejects(&format!("{number}.csv"), true, &[1])).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path().join("csat")).unwrap().count(), MOST_FILES);
    }

    fn missing(folder: &Path, file: &str, records: u64) -> Option<String> {
        let rejected = Rejected { folder: Some(folder.to_owned()), source: "csat".to_owned(), file: file.to_owned(), records };
        all_there(&rejected).err().map(|error| error.to_string())
    }

    #[test]
    fn records_that_were_not_written_are_missed() {
        let folder = tempfile::tempdir().unwrap();
        assert!(missing(folder.path(), "a.csv", 1).is_some());
        write(folder.path(), "csat", &rejects("a.csv", true, &[3, 4])).unwrap();
        // The same piece once more, after a crash.
        write(folder.path(), "csat", &rejects("a.csv", false, &[4])).unwrap();
        assert_eq!(missing(folder.path(), "a.csv", 2), None);
        assert!(missing(folder.path(), "a.csv", 3).is_some());
    }

    #[test]
    fn records_of_one_line_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let mut list = rejects("a.json", true, &[1, 1]);
        list.rows[1].raw.push('x');
        write(folder.path(), "csat", &list).unwrap();
        assert_eq!(missing(folder.path(), "a.json", 2), None);
        assert!(missing(folder.path(), "a.json", 3).is_some());
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_keeps_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("csat"), "a file in its place").unwrap();
        let error = write(folder.path(), "csat", &rejects("a.csv", true, &[3])).unwrap_err();
        assert!(told(Err(error), 1, "a.csv").unwrap().message.contains("could not be kept"));
        assert!(missing(folder.path(), "a.csv", 1).unwrap().contains("let the daemon's user write there"));
    }
}
