//! Files: written whole under another name, then renamed, so that nobody ever reads half of one.

use std::io;
use std::path::Path;

use tokio::fs;
use tokio::io::AsyncWriteExt;

use crate::render::Reply;

/// Writes the file; the folder is made.
pub(super) async fn write(folder: &Path, name: &str, bytes: &[u8]) -> Reply {
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
        return Reply::Unable(format!("`{name}` is no name for a file"));
    }
    match try_write(folder, name, bytes).await {
        Ok(()) => Reply::Written(folder.join(name)),
        Err(error) => {
            let why = format!("can't write into `{}`: {error}", folder.display());
            // Space comes back by itself, a right to write does not.
            match error.kind() {
                io::ErrorKind::PermissionDenied
                | io::ErrorKind::NotADirectory
                | io::ErrorKind::ReadOnlyFilesystem
                | io::ErrorKind::AlreadyExists => Reply::Unable(why),
                _ => Reply::Nothing(why),
            }
        }
    }
}

async fn try_write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder).await?;
    let part = folder.join(format!(".{name}.part"));
    let mut file = fs::File::create(&part).await?;
    file.write_all(bytes).await?;
    // Without it a crash could leave the name with nothing behind it, and the row as delivered.
    file.sync_all().await?;
    fs::rename(&part, folder.join(name)).await?;
    fs::File::open(folder).await?.sync_all().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_written_whole_and_a_repeat_overwrites_it() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("a/b");
        for text in ["first, and longer", "second"] {
            assert_eq!(write(&folder, "x.eml", text.as_bytes()).await, Reply::Written(folder.join("x.eml")));
        }
        assert_eq!(std::fs::read(folder.join("x.eml")).unwrap(), b"second");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_folder_that_is_a_file_breaks_the_channel() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("file");
        std::fs::write(&folder, "").unwrap();
        assert!(matches!(write(&folder, "x.eml", b"").await, Reply::Unable(why) if why.contains("can't write into")));
    }

    #[tokio::test]
    async fn a_name_never_leaves_the_folder() {
        let home = tempfile::tempdir().unwrap();
        for name in ["", "../x", "a/b", ".hidden", "a\0b"] {
            assert!(matches!(write(home.path(), name, b"").await, Reply::Unable(_)), "{name:?}");
        }
    }
}
