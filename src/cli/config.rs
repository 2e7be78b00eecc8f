//! `uproar config`: effective settings with their origins, and the schema.

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::config::print;
use crate::config::sample;
use crate::config::schema;
use crate::config::secrets::Lenient;
use crate::host::credentials::Credentials;

/// Show effective settings or the schema
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  uproar config sample > uproar.toml && uproar config show --config uproar.toml")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

/// What to show.
#[derive(Debug, Clone, Copy, clap::Subcommand)]
enum What {
    /// Print every setting with the file and line it comes from; secrets as `[secret]`
    #[command(after_help = "Example:\n  uproar init my-uproar && uproar config show --config my-uproar/uproar.toml")]
    Show,
    /// Print a JSON Schema (2020-12) of the configuration, for editors
    #[command(after_help = "Example:\n  uproar config schema > uproar.schema.json")]
    Schema,
    /// Print every option with its default and its manual
    #[command(after_help = "Example:\n  uproar config sample > uproar.toml")]
    Sample,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    match args.what {
        What::Show => show(console),
        What::Schema => {
            writeln!(console.out, "{:#}", schema::schema())?;
            Ok(Code::Done)
        }
        What::Sample => {
            write!(console.out, "{}", sample::reference())?;
            Ok(Code::Done)
        }
    }
}

fn show(console: &mut Console) -> Result<Code, Failure> {
    // Secrets are not shown, so one that cannot be read is no reason to show nothing.
    let secrets = Credentials::of_this_process();
    let (documents, loaded) = load::read_with(&console.config, &Lenient(&secrets)).map_err(|error| load::unreadable(&error))?;
    let Some(config) = loaded.config else {
        write!(console.err, "{}", print::show(&loaded.problems, &documents, console.colours))?;
        let errors = loaded.problems.iter().filter(|problem| problem.is_error()).count();
        return Err(Failure::new(Code::Config, load::summary(errors)));
    };
    writeln!(console.out, "# fingerprint {}\n", config.fingerprint)?;
    write!(console.out, "{}", loaded.effective.text(&documents))?;
    Ok(Code::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::load::tests::console;
    use crate::cli::load::tests::write;

    #[test]
    fn settings_come_with_their_origins_and_without_their_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("uproar.toml");
        write(&main, "time_zone = \"UTC\"\n[fetch]\nproxy = { env = \"PATH\" }\n");
        write(&folder.path().join("conf.d/20-shop.toml"), "time_zone = \"Europe/Oslo\"\n[store]\nkeep_text = \"90d\"\n");
        let (mut console, out, _) = console(&main);
        // The search path is no address, and is not shown in saying so.
        let failure = run(&Args { what: What::Show }, &mut console).unwrap_err();
        assert_eq!(failure.code, Code::Config);

        write(&main, "time_zone = \"UTC\"\n[fetch]\nproxy = { env = \"UPROAR_NO_SUCH_VARIABLE\" }\n");
        assert_eq!(run(&Args { what: What::Show }, &mut console).unwrap(), Code::Done);
        let text = out.text();
        let text = text.split_once("\n\n").unwrap().1;
        insta::assert_snapshot!(text, @r#"
        time_zone = "Europe/Oslo"  # conf.d/20-shop.toml:1
        holidays = []  # default
        builtin_themes = true  # default
        words = {}  # default

        [store]
        path = "/var/lib/uproar/uproar.db"  # default
        keep_text = "90d"  # conf.d/20-shop.toml:3
        redact = false  # default
        max_size = "20 GB"  # default

        [fetch]
        proxy = "[secret]"  # uproar.toml:3, environment variable `UPROAR_NO_SUCH_VARIABLE`
        allow_private = []  # default
        timeout = "30s"  # default
        max_body = "20 MB"  # default
        host_gap = "1s"  # default
        at_once = 16  # default
        settle = "10s"  # default

        [delivery]
        retry = ["10s", "1m", "5m", "15m", "1h", "3h", "6h", "12h", "1d"]  # default
        deadline = "30s"  # default
        throttled = "1m"  # default
        gather = "5m"  # default
        give_up = "3d"  # default
        remind_every = "1d"  # default
        remind_at_most = 5  # default
        remind_acked = false  # default
        confirm = 2  # default

        [templates]
        subject_prefix = "[Uproar]"  # default

        [heartbeat]
        every = "1m"  # default
        well = []  # default
        well_at = "0 8 * * Mon"  # default
        "#);
    }

    #[test]
    fn what_is_shown_is_a_configuration_itself() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("uproar.toml");
        write(&main, &sample::starter());
        let (mut first, shown, _) = console(&main);
        run(&Args { what: What::Show }, &mut first).unwrap();
        write(&main, &shown.text());
        let (mut second, again, _) = console(&main);
        run(&Args { what: What::Show }, &mut second).unwrap();
        assert_eq!(shown.text().lines().next(), again.text().lines().next(), "the fingerprint stays");
    }
}
