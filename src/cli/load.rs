//! Reads the configuration from its files, for every command that needs it.

use std::fs;
use std::io;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::config::Document;
use crate::config::Loaded;
use crate::config::parse;
use crate::config::print;
use crate::config::secrets::Lenient;
use crate::config::secrets::Secrets;
use crate::config::settings::Config;
use crate::domain::theme::ThemeText;
use crate::host::clock::Clock;
use crate::host::credentials::Credentials;
use crate::tagging::model::file;
use crate::tagging::model::file::Model;

/// No configuration is larger; what is was named by mistake.
/// A hundred thousand sources are ten megabytes.
const LARGEST: u64 = 32 * 1024 * 1024;
/// No template is larger.
const LARGEST_TEMPLATE: u64 = 100_000;

/// The settings. All problems go to standard error when there are errors among them.
///
/// # Errors
///
/// [`Failure`] with the code for a wrong configuration, also where a file cannot be read.
pub fn load(console: &mut Console) -> Result<Config, Failure> {
    load_with(&Credentials::of_this_process(), console)
}

/// The settings for a command that sends nothing. The service manager hands secrets to the service
/// alone, and whoever acknowledges an alert in a shell does not need them.
///
/// # Errors
///
/// As [`load`], but for secrets that cannot be read.
pub fn load_without_secrets(console: &mut Console) -> Result<Config, Failure> {
    load_with(&Lenient(&Credentials::of_this_process()), console)
}

/// The settings for training models: without secrets, and without the models that there are.
///
/// # Errors
///
/// As [`load_without_secrets`], but for a file of models that cannot be used.
pub fn load_without_models(console: &mut Console) -> Result<Config, Failure> {
    settings(read_without_models(&console.config, &Lenient(&Credentials::of_this_process())), console)
}

fn load_with(secrets: &dyn Secrets, console: &mut Console) -> Result<Config, Failure> {
    settings(read_with(&console.config, secrets), console)
}

fn settings(read: Result<(Vec<Document>, Loaded), io::Error>, console: &mut Console) -> Result<Config, Failure> {
    let (documents, loaded) = read.map_err(|error| unreadable(&error))?;
    loaded.config.map_or_else(
        || {
            write!(console.err, "{}", print::show(&loaded.problems, &documents, console.colours))?;
            let errors = loaded.problems.iter().filter(|problem| problem.is_error()).count();
            Err(Failure::new(Code::Config, summary(errors)))
        },
        Ok,
    )
}

/// The documents, and what they come to with the secrets of this process; for a daemon that keeps
/// its old settings when the new ones are wrong.
///
/// # Errors
///
/// A file that cannot be read, or that others may write to.
pub fn read(path: &Path) -> Result<(Vec<Document>, Loaded), io::Error> {
    read_with(path, &Credentials::of_this_process())
}

/// The same for a command that sends nothing.
///
/// # Errors
///
/// As [`read`].
pub fn read_without_secrets(path: &Path) -> Result<(Vec<Document>, Loaded), io::Error> {
    read_with(path, &Lenient(&Credentials::of_this_process()))
}

/// The same with secrets from elsewhere.
///
/// # Errors
///
/// As [`read`].
pub fn read_with(path: &Path, secrets: &dyn Secrets) -> Result<(Vec<Document>, Loaded), io::Error> {
    let (documents, loaded) = read_without_models(path, secrets)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let loaded = loaded.with_templates(|named| template(&folder.join(named)));
    let Some(models) = loaded.models() else { return Ok((documents, loaded)) };
    let models = folder.join(models);
    let bytes = bytes(&models, &format!("write it with `uproar train --out {}`", models.display()), file::LARGEST);
    Ok((documents, loaded.with_models(bytes.map_err(|error| error.to_string()))))
}

/// The text of a template.
fn template(path: &Path) -> Result<String, String> {
    let bytes =
        bytes(path, "write it, or take the line out: then mails look as ours do", LARGEST_TEMPLATE).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| format!("{}: not UTF-8; save the file in UTF-8", path.display()))
}

/// The same without the models that it names.
fn read_without_models(path: &Path, secrets: &dyn Secrets) -> Result<(Vec<Document>, Loaded), io::Error> {
    let documents = documents(path)?;
    let loaded = parse(&documents, secrets).at(Clock::real().now());
    Ok((documents, loaded))
}

/// The models of a file that can be used with these themes; others are told on standard error.
///
/// # Errors
///
/// [`Failure`] for a file that cannot be read, or that others may write to.
pub fn models(path: &Path, themes: &[ThemeText], console: &mut Console) -> Result<Vec<Model>, Failure> {
    let wrong = |why: String| Failure::new(Code::Config, why);
    let bytes = bytes(path, "write it with `uproar train`", file::LARGEST).map_err(|error| wrong(error.to_string()))?;
    let read = file::File::read(&bytes).map_err(|error| wrong(format!("{}: {error}", path.display())))?;
    let (used, stale) = read.usable(themes);
    for why in stale {
        writeln!(console.err, "{}: {why}; train it again with `uproar train`", path.display())?;
    }
    Ok(used)
}

/// Whether the configuration lies in another folder than the one that this process was started in.
pub(super) fn lies_elsewhere(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (fs::canonicalize(folder), fs::canonicalize(".")) {
        (Ok(folder), Ok(here)) => folder != here,
        _ => false,
    }
}

/// A configuration that cannot even be read.
pub(super) fn unreadable(error: &io::Error) -> Failure {
    Failure::new(Code::Config, error)
}

/// `the configuration has 3 errors`
pub(super) fn summary(errors: usize) -> String {
    format!("the configuration has {errors} error{}", if errors == 1 { "" } else { "s" })
}

/// The file, then `conf.d/*.toml` beside it in byte order of names.
fn documents(path: &Path) -> Result<Vec<Document>, io::Error> {
    let mut paths = vec![path.to_owned()];
    paths.extend(further(&path.parent().unwrap_or(Path::new("")).join("conf.d"))?);
    paths.iter().map(|path| document(path)).collect()
}

fn further(folder: &Path) -> Result<Vec<PathBuf>, io::Error> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(about(folder, &error, "check that the service may read the folder")),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| about(folder, &error, "check that the service may read the folder"))?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.extension().is_some_and(|extension| extension == "toml") && !hidden && path.is_file() {
            found.push(path);
        }
    }
    found.sort_by(|left, right| left.as_os_str().as_encoded_bytes().cmp(right.as_os_str().as_encoded_bytes()));
    Ok(found)
}

fn document(path: &Path) -> Result<Document, io::Error> {
    let shown = path.display();
    let bytes = bytes(path, "name a file with `--config`, or write one with `uproar init`", LARGEST)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].split(|byte| *byte == b'\n').count();
        io::Error::new(io::ErrorKind::InvalidData, format!("{shown}:{line}: not UTF-8; save the file in UTF-8"))
    })?;
    Ok(Document { name: shown.to_string(), text })
}

/// The bytes of a file that decides what the service does: nobody else may write to it. `hint` is
/// what to do where there is none.
fn bytes(path: &Path, hint: &str, largest: u64) -> Result<Vec<u8>, io::Error> {
    let shown = path.display();
    let file = fs::File::open(path).map_err(|error| about(path, &error, hint))?;
    let kind = file.metadata().map_err(|error| about(path, &error, hint))?;
    let announced = kind.len().min(largest);
    if !kind.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{shown} is no file; {hint}")));
    }
    let mode = kind.permissions().mode();
    if mode & 0o022 != 0 {
        let message = format!("others may write to {shown} (mode {:04o}); run `chmod go-w {shown}`", mode & 0o7777);
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    let mut bytes = Vec::with_capacity(announced as usize + 1);
    file.take(largest + 1).read_to_end(&mut bytes).map_err(|error| about(path, &error, "check the disk"))?;
    if bytes.len() as u64 > largest {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("{shown} is larger than any such file; name another file")));
    }
    Ok(bytes)
}

fn about(path: &Path, error: &io::Error, cure: &str) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}; {cure}", path.display()))
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::RefCell;
    use std::io::Write;
    use std::rc::Rc;

    use super::*;

    /// What a command prints, kept.
    #[derive(Clone, Default)]
    pub struct Kept(Rc<RefCell<Vec<u8>>>);

    impl Kept {
        pub fn text(&self) -> String {
            String::from_utf8(self.0.borrow().clone()).unwrap()
        }
    }

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A console for a configuration file, with what it prints.
    pub fn console(config: &Path) -> (Console, Kept, Kept) {
        let (out, err) = (Kept::default(), Kept::default());
        let console = Console { config: config.to_owned(), out: Box::new(out.clone()), err: Box::new(err.clone()), colours: false };
        (console, out, err)
    }

    pub fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    }

    const SMALL: &str = r#"
        [[source]]
        name = "desk"
        every = "1m"
        file = { folder = "surveys" }
        [[watch]]
        name = "w"
        themes = ["late"]
        notify = ["box"]
        [[theme]]
        name = "late"
        rules = ["late"]
        [[target]]
        name = "box"
        file = { folder = "mails" }
    "#;

    #[test]
    fn further_files_are_read_in_byte_order() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("uproar.toml");
        write(&main, SMALL);
        for (name, text) in
            [("b.toml", "time_zone = \"Europe/Rome\""), ("B.toml", "time_zone = \"Europe/Oslo\""), (".c.toml", "?"), ("d.txt", "?")]
        {
            write(&folder.path().join("conf.d").join(name), text);
        }
        let (documents, loaded) = read(&main).unwrap();
        assert_eq!(
            documents.iter().map(|document| print::short_name(document, &documents)).collect::<Vec<_>>(),
            ["uproar.toml", "conf.d/B.toml", "conf.d/b.toml"]
        );
        assert_eq!(loaded.config.unwrap().time_zone, chrono_tz::Europe::Rome);
    }

    #[test]
    fn a_file_that_others_may_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("uproar.toml");
        write(&main, SMALL);
        fs::set_permissions(&main, fs::Permissions::from_mode(0o664)).unwrap();
        let (mut console, _, _) = console(&main);
        let failure = load(&mut console).unwrap_err();
        assert_eq!(failure.code, Code::Config);
        assert!(failure.message.contains("(mode 0664); run `chmod go-w "), "{}", failure.message);
    }

    #[test]
    fn a_secret_that_only_the_service_can_read_stops_only_who_needs_it() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("uproar.toml");
        let email = r#"email = { to = ["a@shop.example"], from = "u@shop.example", smtp = "mail.shop.example", user = "u", password = { file = "none" } }"#;
        let proxy = "[fetch]\nproxy = { file = \"none\" }\n";
        write(&main, &(proxy.to_owned() + &SMALL.replace("file = { folder = \"mails\" }", email)));
        let (mut console, _, err) = console(&main);
        let config = load_without_secrets(&mut console).unwrap();
        assert_eq!(config.targets.len(), 1);
        assert_eq!(config.fetch.proxy.unwrap().reveal(), "", "an unknown proxy is not the same as none");
        assert_eq!(err.text(), "");
        assert_eq!(load(&mut console).unwrap_err().code, Code::Config);
        assert!(err.text().contains("the secret `password` cannot be read"), "{}", err.text());
    }

    #[test]
    fn a_missing_file_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let (mut console, _, _) = console(&folder.path().join("none.toml"));
        let failure = load(&mut console).unwrap_err();
        assert_eq!(failure.code, Code::Config);
        assert!(failure.message.ends_with("name a file with `--config`, or write one with `uproar init`"), "{}", failure.message);
    }

    #[test]
    fn text_in_another_encoding_names_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("uproar.toml");
        fs::write(&main, b"# one\n# caf\xe9\n").unwrap();
        fs::set_permissions(&main, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(read(&main).unwrap_err().to_string().ends_with("uproar.toml:2: not UTF-8; save the file in UTF-8"));
    }

    #[test]
    fn errors_go_to_standard_error_and_warnings_only_with_them() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("uproar.toml");
        write(&main, &SMALL.replace("notify = [\"box\"]", ""));
        let (mut quiet, out, err) = console(&main);
        assert_eq!(load(&mut quiet).unwrap().watches[0].notify, Vec::<String>::new());
        assert_eq!((out.text(), err.text()), (String::new(), String::new()));

        write(&main, &SMALL.replace("[\"box\"]", "[\"bax\"]"));
        let (mut loud, out, err) = console(&main);
        let failure = load(&mut loud).unwrap_err();
        assert_eq!(failure.message, "the configuration has 1 error");
        assert_eq!(out.text(), "");
        assert!(err.text().contains("did you mean `box`?"), "{}", err.text());
    }
}
