//! The key under which authors are hashed: made once, kept beside the database, never shown.

use std::fs;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

const BYTES: usize = 32;

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
        let mut key = [0; BYTES];
        fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
        // Written whole under another name first: two processes that start together agree on the
        // one that was linked first.
        let draft = super::beside(path, &format!(".author-key.{}", std::process::id()));
        let mut made = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        made.write_all(&key)?;
        made.sync_all()?;
        match fs::hard_link(&draft, &file) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        fs::remove_file(&draft)?;
    }
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
}
