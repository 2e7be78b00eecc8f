//! Files that were read and stored leave their folder: moved to another one, or deleted.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::domain::Timestamp;
use crate::domain::http::Response;
use crate::domain::http::Retired;
use crate::fetch::rejects;

/// Names that are tried where a file of the same name was moved before.
const TRIES: u32 = 10_000;

/// Moves or deletes a file. That it is still there is no error: it is told, and not read again.
pub(super) async fn retire(retired: &Retired) -> Response {
    let asked = retired.clone();
    let done = tokio::task::spawn_blocking(move || away(&asked)).await;
    let done = done.unwrap_or_else(|ended| Err(io::Error::other(ended)));
    let still_there = done.err().map(|error| {
        if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rejects::Missing>) {
            return error.to_string();
        }
        let cure = match &retired.to {
            Some(to) => format!("let the daemon's user write to `{}`", to.display()),
            None => "let the daemon's user delete it".to_owned(),
        };
        format!("{error}; {cure}")
    });
    Response::Retired(retired.clone(), still_there)
}

fn away(retired: &Retired) -> io::Result<()> {
    let about = match fs::symlink_metadata(&retired.path) {
        // A step that is made again after a crash: it has gone already.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        about => about?,
    };
    let modified = Timestamp::from(about.modified()?).timestamp_millis();
    if (about.len(), modified) != (retired.size, retired.modified) {
        // Somebody wrote to it while it was read: the next look reads it again.
        return Ok(());
    }
    if let Some(rejects) = &retired.rejects {
        rejects::all_there(rejects)?;
    }
    let Some(folder) = &retired.to else { return fs::remove_file(&retired.path) };
    fs::create_dir_all(folder)?;
    let to = free_name(&retired.path, folder)?;
    match fs::rename(&retired.path, &to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            fs::copy(&retired.path, &to)?;
            fs::remove_file(&retired.path)
        }
        moved => moved,
    }
}

/// A name in the folder that no other file has.
fn free_name(path: &Path, folder: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default();
    let plain = folder.join(name);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let end = path.extension().map(|end| format!(".{}", end.to_string_lossy())).unwrap_or_default();
    let numbered = (2..TRIES).map(|number| folder.join(format!("{stem}-{number}{end}")));
    let free = std::iter::once(plain).chain(numbered).find(|path| fs::symlink_metadata(path).map(|about| about.ino()).is_err());
    free.ok_or_else(|| io::Error::other(format!("`{}` holds {TRIES} files of that name", folder.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::http::Rejected;

    /// Retires a file of three bytes; says what is left in its folder and in `done`.
    async fn left(to: bool, size: u64) -> (bool, Vec<String>, Option<String>) {
        let folder = tempfile::tempdir().unwrap();
        let (path, done) = (folder.path().join("a.csv"), folder.path().join("done"));
        fs::create_dir(&done).unwrap();
        fs::write(done.join("a.csv"), "old").unwrap();
        fs::write(&path, "new").unwrap();
        let modified = Timestamp::from(fs::metadata(&path).unwrap().modified().unwrap()).timestamp_millis();
        let retired = Retired { path: path.clone(), size, modified, to: to.then(|| done.clone()), rejects: None, context: String::new() };
        let Response::Retired(_, why) = retire(&retired).await else { panic!("another answer") };
        let mut names: Vec<String> = fs::read_dir(&done).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        let Response::Retired(_, again) = retire(&retired).await else { panic!("another answer") };
        assert_eq!(again, why, "a second time changes nothing");
        (path.exists(), names, why)
    }

    #[tokio::test]
    async fn a_file_leaves_once_and_never_over_another_one() {
        assert_eq!(left(true, 3).await, (false, vec!["a-2.csv".to_owned(), "a.csv".to_owned()], None));
        assert_eq!(left(false, 3).await, (false, vec!["a.csv".to_owned()], None));
    }

    #[tokio::test]
    async fn a_file_that_has_changed_since_stays() {
        assert_eq!(left(true, 2).await, (true, vec!["a.csv".to_owned()], None));
        assert_eq!(left(false, 2).await, (true, vec!["a.csv".to_owned()], None));
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_moved_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, "new").unwrap();
        let modified = Timestamp::from(fs::metadata(&path).unwrap().modified().unwrap()).timestamp_millis();
        let retired = Retired { path: path.clone(), size: 3, modified, to: Some(path.join("done")), rejects: None, context: String::new() };
        let Response::Retired(_, Some(why)) = retire(&retired).await else { panic!("it was moved") };
        assert!(why.contains("let the daemon's user write to"), "{why}");
        assert!(path.exists());
    }

    #[tokio::test]
    async fn a_file_whose_rejected_records_stand_nowhere_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, "new").unwrap();
        let modified = Timestamp::from(fs::metadata(&path).unwrap().modified().unwrap()).timestamp_millis();
        let rejected = Rejected { folder: None, source: "csat".to_owned(), file: "a.csv".to_owned(), records: 2 };
        let retired =
            Retired { path: path.clone(), size: 3, modified, to: None, rejects: Some(Box::new(rejected)), context: String::new() };
        let Response::Retired(_, Some(why)) = retire(&retired).await else { panic!("it was deleted") };
        assert!(why.starts_with("2 of the records that cannot be read are not kept"), "{why}");
        assert!(path.exists());
    }
}
