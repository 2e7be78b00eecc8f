//! `uproar check`: every problem of the configuration at once.

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::config::print;
use crate::config::secrets::Lenient;
use crate::config::settings::Config;
use crate::host::credentials::Credentials;

/// Report every problem of the configuration
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  uproar init my-uproar && uproar check --config my-uproar/uproar.toml")]
pub struct Args {
    /// Print problems as one JSON array
    #[arg(long)]
    json: bool,
    /// Take secrets that cannot be read for warnings, as away from the machine that has them
    #[arg(long)]
    quiet: bool,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let secrets = Credentials::of_this_process();
    let read = if args.quiet { load::read_with(&console.config, &Lenient(&secrets)) } else { load::read_with(&console.config, &secrets) };
    let (documents, loaded) = read.map_err(|error| load::unreadable(&error))?;
    // The examples of own themes, `--online` and `--recount` add their findings to these.
    let problems = loaded.problems;
    if args.json {
        writeln!(console.out, "{:#}", print::to_json(&problems, &documents))?;
    } else {
        write!(console.out, "{}", print::show(&problems, &documents, console.colours))?;
    }
    let Some(config) = loaded.config else {
        console.out.flush()?;
        let errors = problems.iter().filter(|problem| problem.is_error()).count();
        return Err(Failure::new(Code::Config, load::summary(errors)));
    };
    if !args.json {
        let space = if problems.is_empty() { "" } else { "\n" };
        writeln!(console.out, "{space}{}", tally(&config))?;
    }
    Ok(Code::Done)
}

/// `ok: 2 sources, 1 theme, 1 watch, 1 target`
fn tally(config: &Config) -> String {
    let some = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let counts = [
        some(config.sources.len(), "source", "sources"),
        some(config.themes.len(), "theme", "themes"),
        some(config.watches.len(), "watch", "watches"),
        some(config.targets.len(), "target", "targets"),
    ];
    format!("ok: {}", counts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::load::tests::console;
    use crate::cli::load::tests::write;

    const GOOD: &str = r#"
builtin_themes = false
[[source]]
name = "desk"
every = "1m"
file = { folder = "surveys" }
[[theme]]
name = "late"
rules = ["late"]
[[watch]]
name = "w"
themes = ["late"]
notify = ["leads"]
[[target]]
name = "leads"
[target.email]
to = ["a@example.com"]
from = "b@example.com"
smtp = "mail.example.com"
user = "u"
password = { file = "/nowhere/at/all" }
"#;

    fn check(text: &str, json: bool, quiet: bool) -> (Result<Code, Failure>, String) {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("uproar.toml");
        write(&main, text);
        let (mut console, out, _) = console(&main);
        let ended = run(&Args { json, quiet }, &mut console);
        (ended, out.text())
    }

    #[test]
    fn a_good_configuration_is_counted() {
        let (ended, out) = check(&GOOD.replace("user = \"u\"\npassword = { file = \"/nowhere/at/all\" }", ""), false, false);
        assert_eq!(ended.unwrap(), Code::Done);
        assert_eq!(out, "ok: 1 source, 1 theme, 1 watch, 1 target\n");
    }

    #[test]
    fn an_unreadable_secret_is_an_error_here_and_a_warning_elsewhere() {
        let (ended, out) = check(GOOD, false, false);
        assert_eq!(ended.unwrap_err().code, Code::Config);
        assert!(out.starts_with("error[E0011]: the secret `password` cannot be read: `/nowhere/at/all`"), "{out}");

        let (ended, out) = check(GOOD, false, true);
        assert_eq!(ended.unwrap(), Code::Done);
        assert!(out.starts_with("warning[E0011]") && out.ends_with("\nok: 1 source, 1 theme, 1 watch, 1 target\n"), "{out}");
    }

    #[test]
    fn programs_get_an_array_with_places() {
        let (ended, out) = check("tme_zone = \"UTC\"\n", true, false);
        assert_eq!(ended.unwrap_err().code, Code::Config);
        let array: serde_json::Value = serde_json::from_str(&out).unwrap();
        let first = &array[0];
        assert_eq!((&first["line"], &first["column"], &first["end_column"]), (&1.into(), &1.into(), &9.into()));
        assert_eq!((&first["code"], &first["severity"]), (&"E0002".into(), &"error".into()));
        assert_eq!(first["help"], "did you mean `time_zone`?");
        let (_, none) = check(&GOOD.replace("{ file = \"/nowhere/at/all\" }", "{ env = \"PATH\" }"), true, false);
        assert_eq!(none, "[]\n");
    }
}
