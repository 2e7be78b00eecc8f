//! Folders into which others drop files: what lies there, and what has settled.
//!
//! Nobody tells us when a copy has ended. A file is taken for complete when it has not changed for the
//! settling time, by its own time of change or as we have watched it; when that will be, the listing
//! says, so that whoever reads it can come back in time.

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
use crate::domain::http::Watched;
use crate::fetch::FetchError;
use crate::fetch::Kind;

/// Folders in folders that are looked into.
pub(super) const DEEPEST: usize = 8;

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
    /// It looked otherwise before.
    moved: bool,
}

impl Folders {
    /// Folders whose files settle in `settling_time`.
    pub(super) fn new(settling_time: TimeDelta) -> Self {
        Self { settling_time, seen: Mutex::default() }
    }

    /// Lists the regular files of a folder in order of their names.
    pub(super) async fn list(&self, place: &Watched, now: Timestamp) -> Result<Vec<Entry>, FetchError> {
        let folder = &place.path;
        let asked = place.clone();
        let listed = tokio::task::spawn_blocking(move || files(&asked)).await;
        let listed = listed.unwrap_or_else(|ended| Err(io::Error::other(ended)));
        let mut entries = listed.map_err(|error| FetchError::of_file(&error, folder))?;
        if entries.len() > MOST_FILES {
            return Err(FetchError::new(
                Kind::TooLarge,
                format!("`{}` holds more than {MOST_FILES} files; move those that were read elsewhere", folder.display()),
            ));
        }
        let settling_time = place.settle.map_or(self.settling_time, |seconds| TimeDelta::seconds(seconds.min(86_400) as i64));
        self.settle(folder, settling_time, &mut entries, now);
        Ok(entries)
    }

    /// Marks what has settled and remembers what was seen.
    fn settle(&self, folder: &Path, settling_time: TimeDelta, entries: &mut [Entry], now: Timestamp) {
        let mut folders = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = folders.remove(folder).unwrap_or_default();
        let mut seen = HashMap::with_capacity(entries.len());
        for entry in entries {
            let known = before.get(&entry.path);
            let same = known.filter(|known| (known.size, known.modified) == (entry.size, entry.modified));
            let seen_now = Seen { size: entry.size, modified: entry.modified, since: now, moved: known.is_some() };
            let look = same.copied().unwrap_or(seen_now);
            // A copy may keep an old time of change, or bring one from a clock that is ahead: what moved
            // under our eyes, or moves in the future, rests since we have seen it so.
            let rests_since = match entry.modified > now {
                true => look.since,
                false if look.moved => entry.modified.max(look.since),
                false => entry.modified,
            };
            entry.settles = rests_since.checked_add_signed(settling_time).unwrap_or(Timestamp::MAX_UTC);
            entry.settled = entry.settles <= now;
            seen.insert(entry.path.clone(), look);
        }
        folders.insert(folder.to_owned(), seen);
    }
}

/// Regular files only: a link may lead out of the folder, a pipe may block for ever.
fn files(place: &Watched) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    let mut folders = vec![(place.path.clone(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let listed = match fs::read_dir(&folder) {
            Ok(listed) => listed,
            // Of a folder in the folder the others know nothing.
            Err(_) if depth > 0 => continue,
            Err(error) => return Err(error),
        };
        for file in listed {
            let file = file?;
            // A file that went away while we looked is no error. What a link leads to is not looked at.
            let Ok(about) = file.metadata() else { continue };
            if about.is_dir() && place.recursive && depth < DEEPEST && is_looked_into(&file.path(), place) {
                folders.push((file.path(), depth + 1));
            }
            if about.is_file() && found.len() <= MOST_FILES {
                let modified = Timestamp::from(about.modified()?);
                found.push(Entry { path: file.path(), size: about.len(), modified, settled: false, settles: modified });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Not where what was read is moved to, and no hidden folder: those belong to programs.
fn is_looked_into(folder: &Path, place: &Watched) -> bool {
    let hidden = folder.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && place.except.as_deref() != Some(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    fn place(path: &Path) -> Watched {
        Watched { path: path.to_owned(), ..Watched::default() }
    }

    /// Lists one made-up file: size and time of change, seen at `now`.
    fn settled(folders: &Folders, size: u64, modified: i64, now: i64) -> bool {
        let mut entries = [Entry { path: "d/f".into(), size, modified: at(modified), settled: false, settles: at(0) }];
        folders.settle(Path::new("d"), TimeDelta::seconds(10), &mut entries, at(now));
        assert_eq!(entries[0].settled, entries[0].settles <= at(now));
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
    fn what_has_rested_before_it_was_seen_is_read_at_once() {
        let new = || Folders::new(TimeDelta::seconds(10));
        assert!(!settled(&new(), 1, 0, 9));
        assert!(settled(&new(), 1, 0, 10));
        assert!(settled(&new(), 1, 0, 60));
    }

    #[tokio::test]
    async fn folders_in_the_folder_are_looked_into_where_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        for (path, name) in [("", "a.csv"), ("deep/er", "b.csv"), ("done", "c.csv"), (".git", "d.csv")] {
            fs::create_dir_all(folder.path().join(path)).unwrap();
            fs::write(folder.path().join(path).join(name), "x").unwrap();
        }
        let names = async |recursive| {
            let except = Some(folder.path().join("done"));
            let place = Watched { path: folder.path().to_owned(), recursive, settle: Some(0), except };
            let listed = Folders::new(TimeDelta::days(1)).list(&place, Timestamp::MAX_UTC).await.unwrap();
            assert!(listed.iter().all(|entry| entry.settled));
            listed.iter().map(|entry| entry.path.file_name().unwrap().to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!((names(false).await, names(true).await), (vec!["a.csv".to_owned()], vec!["a.csv".to_owned(), "b.csv".to_owned()]));
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
        let listed = Folders::new(TimeDelta::zero()).list(&place(folder.path()), at(0)).await.unwrap();
        let names = listed.iter().map(|entry| entry.path.file_name().unwrap().to_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(names, ["a.csv", "b.csv", "ä.csv"]);
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_named() {
        let error = Folders::new(TimeDelta::zero()).list(&place(Path::new("no/such/folder")), at(0)).await.unwrap_err();
        insta::assert_snapshot!(error, @"`no/such/folder` cannot be read: No such file or directory (os error 2); check the path");
    }
}
