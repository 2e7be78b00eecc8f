//! One daemon a file: a lock beside the database, held as long as the daemon lives.
//!
//! The kernel gives it back when the process ends, however it ends, so a stale lock cannot be.

use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::Write as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// Whoever only asks whether a daemon runs has the lock for a moment: so often it is tried again...
const TRIES: usize = 5;
/// ... and with such a pause.
const PAUSE: Duration = Duration::from_millis(20);

/// The lock, as long as it lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why the lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another daemon holds it.
    #[error("another daemon holds this store (process {pid}); stop it first, or give this one a [store] path of its own")]
    Held {
        /// Its process, as it wrote it down.
        pid: String,
    },
    /// The file beside the database cannot be made.
    #[error("the lock file {path} cannot be opened: {error}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
}

impl Lock {
    /// Whether a daemon holds the lock of the database at `path`.
    #[must_use]
    pub fn is_held(path: &Path) -> bool {
        let Ok(file) = File::open(super::beside(path, ".lock")) else { return false };
        // Shared, and given back at once: whoever only asks is in nobody's way.
        matches!(file.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock))
    }

    /// Takes the lock of the database at `path` and writes this process's number into it.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] when another process has it.
    pub fn take(path: &Path) -> Result<Self, LockError> {
        Self::take_with(path, || thread::sleep(PAUSE))
    }

    fn take_with(path: &Path, mut pause: impl FnMut()) -> Result<Self, LockError> {
        let path = super::beside(path, ".lock");
        let failed = |error| LockError::Io { path: path.display().to_string(), error };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        let mut outcome = file.try_lock();
        for _ in 0..TRIES {
            if !matches!(outcome, Err(std::fs::TryLockError::WouldBlock)) {
                break;
            }
            pause();
            outcome = file.try_lock();
        }
        match outcome {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // The number is for people only; without it the answer is the same.
                let _ = file.read_to_string(&mut pid);
                let pid = if pid.trim().is_empty() { "unknown".to_owned() } else { pid.trim().to_owned() };
                return Err(LockError::Held { pid });
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// Keeps the file from everybody but its owner. A file system that knows no modes has none to set.
pub(super) fn make_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_daemon_is_told_who_holds_the_store() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("u.db");
        let held = Lock::take(&path).unwrap();
        let refused = Lock::take(&path).unwrap_err();
        assert!(refused.to_string().contains(&std::process::id().to_string()), "{refused}");
        assert!(Lock::is_held(&path));
        drop(held);
        assert!(!Lock::is_held(&path) && !Lock::is_held(&folder.path().join("none.db")));
        Lock::take(&path).unwrap();
    }

    #[test]
    fn who_only_asks_whether_a_daemon_runs_keeps_none_from_starting() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("u.db");
        drop(Lock::take(&path).unwrap());
        let asks = File::open(crate::store::sqlite::beside(&path, ".lock")).unwrap();
        asks.lock_shared().unwrap();
        let mut asks = Some(asks);
        Lock::take_with(&path, || drop(asks.take())).unwrap();
    }
}
