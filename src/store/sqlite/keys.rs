//! Keys that are made once and kept beside the database, never shown: the one under which authors
//! are hashed, and those that sign the tickets in links, which are changed from time to time.

use std::fs;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::PoisonError;
use std::sync::RwLock;

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::text::hash;

const BYTES: usize = 32;
/// How long a key signs. It is good for as long again, much longer than any ticket.
const SIGNS: TimeDelta = TimeDelta::days(30);
/// The one that signs, and the one before it.
const KEPT: usize = 2;

/// The keys that sign tickets, the one that signs first.
///
/// Any process makes the file where it is missing and reads it; only the daemon changes it, so that
/// no two processes sign with keys that the other never saw.
pub struct Keyring {
    file: PathBuf,
    keys: RwLock<Vec<LinkKey>>,
}

/// One of them, a line of the file: seconds since 1970 when it was made, and its bytes.
#[derive(Clone, PartialEq, Eq)]
struct LinkKey {
    made: i64,
    bytes: Vec<u8>,
}

impl Keyring {
    /// The keys of the database at `path`.
    ///
    /// # Errors
    ///
    /// When the file can neither be read nor made, or holds something else.
    pub fn open(path: &Path, now: Timestamp) -> io::Result<Self> {
        let file = super::beside(path, ".link-key");
        loop {
            match fs::read_to_string(&file) {
                Ok(text) => return Ok(Self { keys: RwLock::new(read(&file, &text)?), file }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            let draft = draft(&file, &written(&[LinkKey::new(now)?]))?;
            link_first(&draft, &file)?;
        }
    }

    /// Keys of which no file knows.
    #[must_use]
    pub fn of(keys: Vec<Vec<u8>>) -> Self {
        let keys = keys.into_iter().map(|bytes| LinkKey { made: i64::MAX, bytes }).collect();
        Self { file: PathBuf::new(), keys: RwLock::new(keys) }
    }

    /// All that open tickets.
    #[must_use]
    pub fn all(&self) -> Vec<Vec<u8>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).iter().map(|key| key.bytes.clone()).collect()
    }

    /// The one that signs.
    #[must_use]
    pub fn newest(&self) -> Option<Vec<u8>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).first().map(|key| key.bytes.clone())
    }

    /// Makes a new key when the newest has signed for long enough. For the daemon alone.
    ///
    /// # Errors
    ///
    /// When the file cannot be written; the old keys stay in use.
    pub fn renew(&self, now: Timestamp) -> io::Result<()> {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.first().is_some_and(|newest| now.timestamp().saturating_sub(newest.made) < SIGNS.num_seconds()) {
            return Ok(());
        }
        let mut fresh = vec![LinkKey::new(now)?];
        fresh.extend(keys.iter().take(KEPT - 1).cloned());
        fs::rename(draft(&self.file, &written(&fresh))?, &self.file)?;
        *keys = fresh;
        Ok(())
    }
}

impl LinkKey {
    fn new(now: Timestamp) -> io::Result<Self> {
        Ok(Self { made: now.timestamp(), bytes: random()?.to_vec() })
    }
}

fn written(keys: &[LinkKey]) -> String {
    let lines: Vec<String> = keys.iter().map(|key| format!("{} {}", key.made, hash::hex(&key.bytes))).collect();
    lines.join("\n") + "\n"
}

fn read(file: &Path, text: &str) -> io::Result<Vec<LinkKey>> {
    let key = |line: &str| {
        let (made, hex) = line.split_once(' ')?;
        let bytes: Option<Vec<u8>> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect::<Option<_>>();
        Some(LinkKey { made: made.parse().ok()?, bytes: bytes.filter(|bytes| bytes.len() == BYTES)? })
    };
    let keys: Option<Vec<LinkKey>> = text.lines().take(KEPT).map(key).collect();
    keys.filter(|keys| !keys.is_empty()).ok_or_else(|| {
        io::Error::other(format!("{} holds no keys; remove it for new ones, and links that were sent before end", file.display()))
    })
}

/// Reads the key of the database at `path`; makes one from the system's random source where there
/// is none yet.
pub(super) fn author_key(path: &Path) -> io::Result<Vec<u8>> {
    let file = super::beside(path, ".author-key");
    loop {
        match fs::read(&file) {
            Ok(key) if key.len() == BYTES => return Ok(key),
            Ok(key) => {
                return Err(io::Error::other(format!(
                    "{} holds {} bytes instead of {BYTES}; restore it from a backup",
                    file.display(),
                    key.len()
                )));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        link_first(&draft(&file, &random()?)?, &file)?;
    }
}

fn random() -> io::Result<[u8; BYTES]> {
    let mut key = [0; BYTES];
    fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
    Ok(key)
}

/// A file written whole under another name.
fn draft(file: &Path, bytes: &(impl AsRef<[u8]> + ?Sized)) -> io::Result<PathBuf> {
    let draft = super::beside(file, &format!(".{}", std::process::id()));
    let mut made = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    made.write_all(bytes.as_ref())?;
    made.sync_all()?;
    Ok(draft)
}

/// Gives a draft its name: two processes that start together agree on the one that was linked first.
fn link_first(draft: &Path, file: &Path) -> io::Result<()> {
    match fs::hard_link(draft, file) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    fs::remove_file(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("u.db");
        let key = author_key(&path).unwrap();
        assert_eq!(author_key(&path).unwrap(), key);
        assert_ne!(key, vec![0; BYTES]);
    }

    fn day(n: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + n * 86_400, 0).unwrap()
    }

    #[test]
    fn a_key_signs_for_a_month_and_opens_for_one_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("u.db");
        let ring = Keyring::open(&path, day(0)).unwrap();
        let first = ring.newest().unwrap();
        ring.renew(day(29)).unwrap();
        assert_eq!(ring.all(), std::slice::from_ref(&first), "it is not old enough");
        ring.renew(day(30)).unwrap();
        let second = ring.newest().unwrap();
        assert_eq!(ring.all(), [second.clone(), first]);
        assert_eq!(Keyring::open(&path, day(31)).unwrap().all(), ring.all(), "another process reads the same");
        ring.renew(day(60)).unwrap();
        assert_eq!(ring.all()[1], second);
        assert_eq!(ring.all().len(), 2, "the first is forgotten");
    }

    #[test]
    fn nobody_else_reads_the_keys_and_nonsense_in_their_place_is_named() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("u.db");
        Keyring::open(&path, day(0)).unwrap();
        let file = folder.path().join("u.db.link-key");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
        for nonsense in ["", "hello", "12 0102", "12 zz", "x 00"] {
            fs::write(&file, nonsense).unwrap();
            let error = Keyring::open(&path, day(1)).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains("link-key holds no keys"), "{nonsense}: {error}");
        }
    }
}
