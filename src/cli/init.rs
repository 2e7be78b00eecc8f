//! `uproar init`: a commented configuration to start from.

use std::fs;
use std::io;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::config::sample;

/// Write a commented configuration to start from
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  uproar init my-uproar && cd my-uproar && uproar check --config uproar.toml")]
pub struct Args {
    /// Folder to write to; made when it is missing
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let file = args.folder.join("uproar.toml");
    fs::create_dir_all(args.folder.join("conf.d")).map_err(|error| failure(&args.folder, &error))?;
    fs::create_dir_all(args.folder.join("surveys")).map_err(|error| failure(&args.folder, &error))?;
    write_new(&file, &sample::starter()).map_err(|error| failure(&file, &error))?;
    writeln!(console.err, "wrote {}, with every option and what it does", file.display())?;
    writeln!(console.err, "it reads surveys from ./surveys and writes alerts to ./mails: edit the last page to your needs, then run")?;
    let folder = if args.folder == Path::new(".") { String::new() } else { format!("cd {} && ", args.folder.display()) };
    writeln!(console.err, "  {folder}uproar check --config uproar.toml")?;
    Ok(Code::Done)
}

/// Writes a file that is not there yet, readable for all and writable for its owner.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o644).open(path)?;
    file.write_all(text.as_bytes())
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    let shown = path.display();
    if error.kind() == io::ErrorKind::AlreadyExists {
        return Failure::new(Code::Io, format!("{shown} is there already and stays as it is; name another folder"));
    }
    Failure::new(Code::Io, format!("cannot write {shown}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::load;
    use crate::cli::load::tests::console;

    #[test]
    fn what_is_written_passes_the_check_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("new");
        let args = Args { folder: target.clone() };
        let (mut console, _, err) = console(&target.join("uproar.toml"));
        assert_eq!(run(&args, &mut console).unwrap(), Code::Done);
        assert!(target.join("conf.d").is_dir() && target.join("surveys").is_dir());
        let (documents, loaded) = load::read(&target.join("uproar.toml")).unwrap();
        assert_eq!(crate::config::print::show(&loaded.problems, &documents, false), "");
        assert!(loaded.config.is_some());
        assert!(err.text().contains("uproar check --config uproar.toml"), "{}", err.text());

        fs::write(target.join("uproar.toml"), "mine").unwrap();
        let failure = run(&args, &mut console).unwrap_err();
        assert_eq!(failure.code, Code::Io);
        assert_eq!(fs::read_to_string(target.join("uproar.toml")).unwrap(), "mine");
    }
}
