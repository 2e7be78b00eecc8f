//! `uproar init`: a commented configuration to start from.

use std::fs;
use std::io;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::config::presets::PRESETS;
use crate::config::presets::Preset;
use crate::config::sample;

/// Write a commented configuration to start from
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  uproar init my-uproar && cd my-uproar && uproar check --config uproar.toml\n  \
    uproar init my-uproar --preset app-store --preset zendesk-tickets\n  uproar init --presets")]
pub struct Args {
    /// Folder to write to; made when it is missing
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Add a ready-made source: a file in DIR/conf.d, also beside a configuration that is there already
    #[arg(long = "preset", value_name = "NAME", value_parser = PossibleValuesParser::new(PRESETS.iter().map(|preset| preset.name)), hide_possible_values = true)]
    preset: Vec<String>,
    /// List the ready-made sources and what each of them needs
    #[arg(long, conflicts_with = "preset")]
    presets: bool,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    if args.presets {
        return list(console);
    }
    let chosen: Vec<&Preset> = args.preset.iter().filter_map(|name| Preset::named(name)).collect();
    let (file, further) = (args.folder.join("uproar.toml"), args.folder.join("conf.d"));
    fs::create_dir_all(&further).map_err(|error| failure(&args.folder, &error))?;
    let place = |preset: &Preset| further.join(format!("{}.toml", preset.name));
    // Nothing is written where a part of it could not be.
    if let Some(there) = chosen.iter().map(|preset| place(preset)).find(|path| path.exists()) {
        return Err(failure(&there, &io::ErrorKind::AlreadyExists.into()));
    }
    let is_new = chosen.is_empty() || !file.exists();
    if is_new {
        let text = if chosen.is_empty() { sample::starter() } else { sample::starter_without_source() };
        if chosen.is_empty() {
            fs::create_dir_all(args.folder.join("surveys")).map_err(|error| failure(&args.folder, &error))?;
        }
        write_new(&file, &text).map_err(|error| failure(&file, &error))?;
        writeln!(console.err, "wrote {}, with every option and what it does", file.display())?;
    }
    for preset in &chosen {
        let path = place(preset);
        write_new(&path, preset.text).map_err(|error| failure(&path, &error))?;
        writeln!(console.err, "wrote {}: fill in {}", path.display(), preset.given())?;
    }
    if chosen.is_empty() {
        writeln!(console.err, "it reads surveys from ./surveys and writes alerts to ./mails: edit the last page to your needs, then run")?;
    } else {
        writeln!(console.err, "edit what is to be filled in, see that `contact` stands in `[fetch]`, then run")?;
    }
    let folder = if args.folder == Path::new(".") { String::new() } else { format!("cd {} && ", args.folder.display()) };
    writeln!(console.err, "  {folder}uproar check --config uproar.toml")?;
    if chosen.is_empty() {
        writeln!(console.err, "ready-made sources for stores, desks, forums and surveys: uproar init --presets")?;
    }
    Ok(Code::Done)
}

/// Every preset with what it reads and what people give.
fn list(console: &mut Console) -> Result<Code, Failure> {
    for preset in PRESETS {
        writeln!(console.out, "{}", preset.name)?;
        writeln!(console.out, "    {}", preset.about())?;
        writeln!(console.out, "    You give: {}", preset.given())?;
    }
    writeln!(console.err, "add one: uproar init DIR --preset NAME")?;
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
        let args = Args { folder: target.clone(), preset: Vec::new(), presets: false };
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

    #[test]
    fn presets_are_added_to_what_is_there_and_never_over_it() {
        let folder = tempfile::tempdir().unwrap();
        let with = |names: &[&str]| Args {
            folder: folder.path().to_owned(),
            preset: names.iter().map(|name| (*name).to_owned()).collect(),
            presets: false,
        };
        let (mut console, out, err) = console(&folder.path().join("uproar.toml"));
        run(&with(&["hacker-news", "rss"]), &mut console).unwrap();
        assert!(err.text().contains("hacker-news.toml: fill in the search."), "{}", err.text());
        let text = fs::read_to_string(folder.path().join("uproar.toml")).unwrap();
        fs::write(folder.path().join("uproar.toml"), text.replace("# contact = ", "contact = ").replace("#contact = ", "contact = "))
            .unwrap();
        let (documents, loaded) = load::read(&folder.path().join("uproar.toml")).unwrap();
        let shown = crate::config::print::show(&loaded.problems, &documents, false);
        assert!(
            shown.starts_with("warning[W0030]: `query` is an example that nobody has filled in") && shown.matches("W0").count() == 2,
            "{shown}"
        );
        for (preset, example, own) in
            [("hacker-news", "example app", "kestrel chat"), ("rss", "forum.example.com", "forum.kestrel.example")]
        {
            let path = folder.path().join(format!("conf.d/{preset}.toml"));
            fs::write(&path, fs::read_to_string(&path).unwrap().replace(example, own)).unwrap();
        }
        let (documents, loaded) = load::read(&folder.path().join("uproar.toml")).unwrap();
        assert_eq!(crate::config::print::show(&loaded.problems, &documents, false), "");
        let names: Vec<String> = loaded.config.unwrap().sources.iter().map(|source| source.name.clone()).collect();
        assert_eq!(names, ["hacker-news", "rss"]);

        let failure = run(&with(&["atom", "rss"]), &mut console).unwrap_err();
        assert_eq!(failure.code, Code::Io);
        assert!(!folder.path().join("conf.d/atom.toml").exists(), "all or nothing");
        run(&with(&["atom"]), &mut console).unwrap();
        run(&Args { presets: true, ..with(&[]) }, &mut console).unwrap();
        assert!(out.text().contains("app-store\n    Reviews in Apple's App Store"), "{}", out.text());
    }
}
