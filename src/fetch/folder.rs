//! Folders into which others drop files: what lies there, and what has settled.
//!
//! Nobody tells us when a copy has ended. A file is taken for complete when its size and time of
//! change stayed as they were from one listing to another for the settling time, or, so that a
//! start does not wait for what lay there all week, when it has not changed for long.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::http::Entry;
use crate::fetch::FetchError;
use crate::fetch::Kind;

/// At first sight a file must have been left alone for so many settling times: a slow copy pauses.
const FIRST_SIGHT: i32 = 6;

/// A folder with more files than this is somebody's archive, not a place where exports are dropped.
const MOST_FILES: usize = 100_000;

/// What every folder held when it was last listed.
#[derive(Debug)]
pub(super) struct Folders {
    settling_time: TimeDelta,
    seen: Mutex<HashMap<PathBuf, HashMap<PathBuf, Seen>>>,
}

/// How a file looked, and since when it has looked so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    size: u64,
    modified: Timestamp,
    since: Timestamp,
}

impl Folders {
    /// Folders whose files settle in `settling_time`.
    pub(super) fn new(settling_time: TimeDelta) -> Self {
        Self { settling_time, seen: Mutex::default() }
    }

    /// Lists the regular files of a folder in order of their names.
    pub(super) async fn list(&self, folder: &Path, now: Timestamp) -> Result<Vec<Entry>, FetchError> {
        let path = folder.to_owned();
        let listed = tokio::task::spawn_blocking(move || files(&path)).await;
        let listed = listed.unwrap_or_else(|ended| Err(io::Error::other(ended)));
        let mut entries = listed.map_err(|error| FetchError::of_file(&error, folder))?;
        if entries.len() > MOST_FILES {
            return Err(FetchError::new(
                Kind::TooLarge,
                format!("`{}` holds more than {MOST_FILES} files; move those that were read elsewhere", folder.display()),
            ));
        }
        self.settle(folder, &mut entries, now);
        Ok(entries)
    }

    /// Marks what has settled and remembers what was seen.
    fn settle(&self, folder: &Path, entries: &mut [Entry], now: Timestamp) {
        let mut folders = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = folders.remove(folder).unwrap_or_default();
        let mut seen = HashMap::with_capacity(entries.len());
        for entry in entries {
            let known = before.get(&entry.path).filter(|known| (known.size, known.modified) == (entry.size, entry.modified));
            let age = now - entry.modified;
            // A copy may keep an old time of change or bring one from a clock that is ahead, so
            // that being watched counts as much as the age.
            let watched = known.is_some_and(|known| age >= self.settling_time || now - known.since >= self.settling_time);
            entry.settled = watched || age >= self.settling_time * FIRST_SIGHT;
            let since = known.map_or(now, |known| known.since);
            seen.insert(entry.path.clone(), Seen { size: entry.size, modified: entry.modified, since });
        }
        folders.insert(folder.to_owned(), seen);
    }
}

/// Regular files only: a link may lead out of the folder, a pipe may block for ever.
fn files(folder: &Path) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        // A file that went away while we looked is no error.
        let Ok(about) = file.metadata() else { continue };
        if about.is_file() && found.len() <= MOST_FILES {
            found.push(Entry { path: file.path(), size: about.len(), modified: Timestamp::from(about.modified()?), settled: false });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    /// Lists one made-up file: size and time of change, seen at `now`.
    fn settled(folders: &Folders, size: u64, modified: i64, now: i64) -> bool {
        let mut entries = [Entry { path: "d/f".into(), size, modified: at(modified), settled: false }];
        folders.settle(Path::new("d"), &mut entries, at(now));
        entries[0].settled
    }

    #[test]
    fn a_growing_file_settles_when_it_stops() {
        let folders = Folders::new(TimeDelta::seconds(10));
        assert!(!settled(&folders, 1, 0, 1), "just written");
        assert!(!settled(&folders, 2, 30, 31), "has grown");
        assert!(!settled(&folders, 2, 30, 35), "not yet ten seconds");
        assert!(settled(&folders, 2, 30, 41));
        assert!(!settled(&folders, 3, 30, 42), "another size with the same time");
    }

    #[test]
    fn what_lay_there_for_a_minute_is_read_at_once() {
        let folders = Folders::new(TimeDelta::seconds(10));
        assert!(!settled(&folders, 1, 0, 59));
        assert!(settled(&Folders::new(TimeDelta::seconds(10)), 1, 0, 60));
        assert!(settled(&Folders::new(TimeDelta::zero()), 1, 0, 0), "no settling time, no wait");
    }

    #[test]
    fn a_clock_that_is_ahead_costs_the_settling_time_only() {
        let folders = Folders::new(TimeDelta::seconds(10));
        assert!(!settled(&folders, 1, 90_000, 0));
        assert!(!settled(&folders, 1, 90_000, 9));
        assert!(settled(&folders, 1, 90_000, 10));
    }

    #[tokio::test]
    async fn only_regular_files_are_listed_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.csv", "ä.csv"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        fs::create_dir(folder.path().join("archive")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("a.csv"), folder.path().join("link.csv")).unwrap();
        let listed = Folders::new(TimeDelta::zero()).list(folder.path(), at(0)).await.unwrap();
        let names = listed.iter().map(|entry| entry.path.file_name().unwrap().to_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(names, ["a.csv", "b.csv", "ä.csv"]);
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_named() {
        let error = Folders::new(TimeDelta::zero()).list(Path::new("no/such/folder"), at(0)).await.unwrap_err();
        insta::assert_snapshot!(error, @"`no/such/folder` cannot be read: No such file or directory (os error 2); check the path");
    }
}
