//! Secrets from where the configuration says they are: the service manager, a file, the environment.

use std::fs;
use std::io;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::config::secrets::Reference;
use crate::config::secrets::Secrets;
use crate::config::secrets::Unreadable;
use crate::host::env;

/// No secret is longer; a file that is was named by mistake.
const LONGEST: u64 = 64 * 1024;

/// Reads secrets of this machine.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// Folder of credentials that the service manager handed over.
    folder: Option<PathBuf>,
}

impl Credentials {
    /// Those that this process was given: `$CREDENTIALS_DIRECTORY`.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self { folder: env::read("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty()).map(PathBuf::from) }
    }

    /// Those in a folder.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder: Some(folder) }
    }

    fn credential(&self, name: &str) -> Result<String, Unreadable> {
        if name.contains('/') || name.starts_with('.') {
            return Err(unreadable(format!("`{name}` is no name of a credential"), "give the name alone, without a path"));
        }
        let Some(folder) = &self.folder else {
            return Err(unreadable(
                "the service manager handed over no credentials".to_owned(),
                format!(
                    "put `LoadCredential={name}:/path/to/secret` into the unit; by hand, set CREDENTIALS_DIRECTORY to a folder with a file `{name}`"
                ),
            ));
        };
        // `LoadCredential=secrets:/etc/uproar/secrets` hands a whole folder over and puts its own
        // name before each file's.
        for file in [name.to_owned(), format!("secrets_{name}")] {
            match read(&folder.join(file)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(unreadable(format!("{error}"), format!("look at the credential `{name}` of the unit"))),
                Ok(text) => return Ok(text),
            }
        }
        let cure = format!("put `LoadCredential={name}:/path/to/secret` into the unit, and restart it");
        Err(unreadable(format!("no credential has the name `{name}`"), cure))
    }
}

impl Secrets for Credentials {
    fn read(&self, reference: &Reference) -> Result<String, Unreadable> {
        let text = match reference {
            Reference::Credential(name) => self.credential(name),
            Reference::File(path) => file(path),
            Reference::Env(name) => env::read(name).ok_or_else(|| {
                unreadable(
                    format!("the environment has no variable `{name}`"),
                    format!("set `{name}` for the service, or use another place"),
                )
            }),
        }?;
        let text = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line)).to_owned();
        if text.is_empty() {
            return Err(unreadable("it is empty".to_owned(), "write the secret there"));
        }
        Ok(text)
    }
}

fn file(path: &Path) -> Result<String, Unreadable> {
    let shown = path.display();
    let cannot = |error: io::Error| unreadable(format!("`{shown}`: {error}"), "check the path, and that the service may read the file");
    let mode = fs::metadata(path).map_err(cannot)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(unreadable(format!("others may open `{shown}` (mode {:04o})", mode & 0o7777), format!("run `chmod 600 {shown}`")));
    }
    read(path).map_err(cannot)
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is longer than any secret"));
    }
    Ok(text)
}

fn unreadable(why: String, cure: impl Into<String>) -> Unreadable {
    Unreadable { why, cure: cure.into(), tolerated: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str, mode: u32) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn one_newline_at_the_end_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        for (text, secret) in [("hunter2\n", "hunter2"), ("hunter2", "hunter2"), ("hunter2\r\n", "hunter2"), ("a\nb\n\n", "a\nb\n")] {
            let path = folder.path().join("secret");
            write(&path, text, 0o600);
            assert_eq!(Credentials::default().read(&Reference::File(path)).unwrap(), secret);
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for mode in [0o644, 0o640, 0o620, 0o604] {
            write(&path, "hunter2", mode);
            let error = Credentials::default().read(&Reference::File(path.clone())).unwrap_err();
            assert!(error.cure.starts_with("run `chmod 600 "), "{error:?}");
            assert!(error.why.contains(&format!("{mode:04o}")), "{error:?}");
        }
        write(&path, "hunter2", 0o400);
        assert!(Credentials::default().read(&Reference::File(path)).is_ok());
    }

    #[test]
    fn a_credential_is_found_under_both_of_its_names() {
        let folder = tempfile::tempdir().unwrap();
        // The service manager's folder shows group bits where it works with access lists.
        write(&folder.path().join("smtp"), "one\n", 0o440);
        write(&folder.path().join("secrets_hook"), "two\n", 0o440);
        let credentials = Credentials::in_folder(folder.path().to_owned());
        let read = |name: &str| credentials.read(&Reference::Credential(name.to_owned()));
        assert_eq!(read("smtp").unwrap(), "one");
        assert_eq!(read("hook").unwrap(), "two");
        assert_eq!(read("other").unwrap_err().why, "no credential has the name `other`");
        assert_eq!(read("../smtp").unwrap_err().why, "`../smtp` is no name of a credential");
    }

    #[test]
    fn what_is_empty_missing_or_huge_is_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let read = |path: &Path| Credentials::default().read(&Reference::File(path.to_owned()));
        assert!(read(&path).is_err());
        write(&path, "\n", 0o600);
        assert_eq!(read(&path).unwrap_err().why, "it is empty");
        write(&path, &"x".repeat(70_000), 0o600);
        assert!(read(&path).unwrap_err().why.ends_with("it is longer than any secret"));
        let env = Credentials::default().read(&Reference::Env("UPROAR_NO_SUCH_VARIABLE".to_owned())).unwrap_err();
        assert_eq!(env.why, "the environment has no variable `UPROAR_NO_SUCH_VARIABLE`");
    }
}
