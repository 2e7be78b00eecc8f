//! Writing the file of models: whole or not at all, and never over something else.

use std::fs;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::tagging::model::file::File;
use crate::tagging::model::file::FileError;
use crate::tagging::model::file::LARGEST;

/// Says before the work whether there is something at the place that is no file of models.
pub(super) fn may_be_written(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    let kept = || Failure::new(Code::Io, format!("{shown} is there already and holds no models; name another file with --out"));
    let mut bytes = Vec::new();
    match fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::new(Code::Io, format!("cannot read {shown}: {error}"))),
        Ok(file) => file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|_| kept())?,
    };
    match File::read(&bytes) {
        Err(FileError::Unreadable(_)) => Err(kept()),
        // One of another release, or one that somebody has spoilt.
        _ => Ok(()),
    }
}

/// Writes the file beside its place, and then moves it there: the daemon reads the old or the new one.
/// Its words come from people's messages, so it is for its owner and the group alone.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::new(Code::Io, format!("cannot write {}: {error}", path.display()));
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    let written = (|| {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o640).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)
    })();
    written.map_err(|error| {
        // What is half written helps nobody; that it was there is not what matters.
        let _ = fs::remove_file(&new);
        failed(error)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_models_are_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("models.json");
        assert!(may_be_written(&path).is_ok());
        write(&path, "{\"uproar_models\": 7}").unwrap();
        assert!(may_be_written(&path).is_ok(), "a file of another release");
        fs::write(&path, "{\"mine\": 1}").unwrap();
        let failure = may_be_written(&path).unwrap_err();
        assert!(failure.message.ends_with("is there already and holds no models; name another file with --out"), "{}", failure.message);
        write(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn strangers_cannot_read_what_was_learnt_from_peoples_messages() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("models.json");
        write(&path, "{}").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o137, 0);
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let failure = write(&folder.path().join("none/models.json"), "").unwrap_err();
        assert_eq!(failure.code, Code::Io);
    }
}
