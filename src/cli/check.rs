//! `uproar check`: every problem of the configuration at once.

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::former;
use crate::cli::load;
use crate::cli::open;
use crate::config::print;
use crate::config::secrets::Lenient;
use crate::config::settings::Config;
use crate::host::credentials::Credentials;
use crate::store::sqlite::Direct;

mod online;

/// Report every problem of the configuration
///
/// Once it has none, also themes whose `matches` and `matches_not` come out otherwise. Exits with
/// 78 when the configuration cannot be used, and with 1 when it can but such an example fails, or
/// `--online` or `--recount` found something. Warnings alone leave it at 0.
#[allow(clippy::struct_excessive_bools, reason = "each is a switch on the command line")]
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  uproar init my-uproar && uproar check --config my-uproar/uproar.toml")]
pub struct Args {
    /// Print problems as one JSON array
    #[arg(long)]
    json: bool,
    /// Take secrets that cannot be read for warnings, as away from the machine that has them
    #[arg(long)]
    quiet: bool,
    /// Also try sources and targets, without storing or sending anything
    #[arg(long)]
    online: bool,
    /// Also compare the counters of the store with its messages
    #[arg(long)]
    recount: bool,
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let secrets = Credentials::of_this_process();
    let read = if args.quiet { load::read_with(&console.config, &Lenient(&secrets)) } else { load::read_with(&console.config, &secrets) };
    let (documents, loaded) = read.map_err(|error| load::unreadable(&error))?;
    let loaded = former::compared(loaded);
    let loaded = if load::lies_elsewhere(&console.config) { loaded.started_elsewhere() } else { loaded };
    let examples = loaded.failed_examples();
    let has_failed = !examples.is_empty();
    let problems: Vec<_> = loaded.problems.into_iter().chain(examples).collect();
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
    let mut findings = Vec::new();
    if args.recount {
        findings.extend(recount(&config)?);
    }
    if args.online {
        findings.extend(online::look(&config)?);
    }
    for finding in &findings {
        writeln!(console.err, "{finding}")?;
    }
    if !args.json {
        let space = if problems.is_empty() { "" } else { "\n" };
        let word = if findings.is_empty() && !has_failed { "ok" } else { "the configuration can be used" };
        writeln!(console.out, "{space}{word}: {}", tally(&config))?;
    }
    Ok(if findings.is_empty() && !has_failed { Code::Done } else { Code::Found })
}

/// Counters that do not hold what the messages give.
fn recount(config: &Config) -> Result<Vec<String>, Failure> {
    let store = Direct::open(&config.store.path).map_err(open::refused)?;
    let reader = store.reader();
    let differences = reader.recount()?;
    let rated = reader.recount_ratings()?;
    let ratings = rated.iter().map(|difference| {
        let quarter = difference.key.quarter.start().format("%Y-%m-%d %H:%M UTC");
        let (key, stored, counted) = (difference.key, difference.stored, difference.counted);
        format!(
            "counter of ratings of {quarter}, scope {}, source {}, scale {}: holds {} with sum {}, the messages give {} with sum {}",
            key.scope, key.source, key.scale, stored.count, stored.sum, counted.count, counted.sum
        )
    });
    Ok(differences
        .iter()
        .map(|difference| {
            let key = difference.key;
            let quarter = key.quarter.start().format("%Y-%m-%d %H:%M UTC");
            let (stored, counted) = (difference.stored.voices, difference.counted.voices);
            let theme = key.theme.map_or_else(|| "all messages".to_owned(), |theme| format!("theme {theme}"));
            format!(
                "counter of {quarter}, scope {}, source {}, {theme}: holds {stored}, the messages give {counted}",
                key.scope, key.source
            )
        })
        .chain(ratings)
        .collect())
}

/// `2 sources, 1 theme, 1 watch, 1 target`
fn tally(config: &Config) -> String {
    let some = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let counts = [
        some(config.sources.len(), "source", "sources"),
        some(config.themes.len(), "theme", "themes"),
        some(config.watches.len(), "watch", "watches"),
        some(config.targets.len(), "target", "targets"),
    ];
    let models = match config.models.used.len() {
        0 => String::new(),
        some_models => format!(", {}", some(some_models, "model", "models")),
    };
    counts.join(", ") + &models
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cli::load::tests::console;
    use crate::cli::load::tests::write;
    use crate::domain::Timestamp;
    use crate::domain::item::Item;
    use crate::domain::item::Shard;
    use crate::domain::ports::PageCommit;
    use crate::domain::ports::Progress;
    use crate::domain::ports::StreamKey;
    use crate::domain::ports::TaggedItem;
    use crate::domain::standing::Standing;
    use crate::polling::address;

    const GOOD: &str = r#"
builtin_themes = false
[[source]]
name = "desk"
every = "1m"
file = { folder = "/srv/surveys" }
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
        let ended = run(&Args { json, quiet, online: false, recount: false }, &mut console);
        (ended, out.text())
    }

    #[test]
    fn a_good_configuration_is_counted() {
        let (ended, out) = check(&GOOD.replace("user = \"u\"\npassword = { file = \"/nowhere/at/all\" }", ""), false, false);
        assert_eq!(ended.unwrap(), Code::Done);
        assert_eq!(out, "ok: 1 source, 1 theme, 1 watch, 1 target\n");
    }

    #[test]
    fn a_path_that_depends_on_where_uproar_is_started_is_told() {
        let good = GOOD.replace("user = \"u\"\npassword = { file = \"/nowhere/at/all\" }", "").replace("/srv/surveys", "./surveys");
        let (ended, out) = check(&good, false, false);
        assert_eq!(ended.unwrap(), Code::Done);
        assert!(out.starts_with("warning[W0029]: `folder` depends on where `uproar` is started"), "{out}");
        assert!(out.contains("= help: write the whole path: `folder = \"/.../surveys\"`"), "{out}");
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
    fn an_example_that_fails_shows_its_place_and_what_is_missing() {
        let theme = "[[theme.rule]]\nwhen = \"parcel* NEAR/2 lost\"\nmatches = [\"Our parcel was lost.\", \"They lost it.\"]\n[[watch]]";
        let good = GOOD.replace("user = \"u\"\npassword = { file = \"/nowhere/at/all\" }", "");
        let (ended, out) = check(&good.replacen("[[watch]]", theme, 1), false, false);
        assert_eq!(ended.unwrap(), Code::Found);
        let told = out.split_once("warning").unwrap().1.split("-->").next().unwrap().to_owned() + out.split_once("uproar.toml").unwrap().1;
        insta::assert_snapshot!(told, @r#"
        [W0008]: rule 2 of `late` does not match its example
          :12:36
           |
        12 | matches = ["Our parcel was lost.", "They lost it."]
           |                                    ^^^^^^^^^^^^^^^ should match
           |
           = help: part by part:
                   no   parcel* NEAR/2 lost: parcel* is not there

        the configuration can be used: 1 source, 1 theme, 1 watch, 1 target
        "#);
    }

    #[test]
    fn warnings_alone_are_told_and_leave_the_code_at_nothing_as_the_help_says() {
        let (ended, out) = check("builtin_themes = false\n", false, false);
        assert_eq!(ended.unwrap(), Code::Done);
        assert!(out.starts_with("warning[W0005]") && out.ends_with("ok: 0 sources, 0 themes, 0 watches, 0 targets\n"), "{out}");
        let help = <Args as clap::Args>::augment_args(clap::Command::new("check")).render_long_help().to_string();
        assert!(help.contains("Warnings alone leave it at 0"), "{help}");
    }

    #[test]
    fn a_theme_that_replaces_a_built_in_one_blames_no_other() {
        let good = GOOD.replace("user = \"u\"\npassword = { file = \"/nowhere/at/all\" }", "").replace("builtin_themes = false", "");
        let own = "[[theme]]\nname = \"refund_failed\"\nrules = [\"no refund\"]\nmatches = [\"\"]\n";
        let own = own.replace("\"no refund\"", "'\"no refund\"'").replace("[\"\"]", "[\"No refund!\"]");
        let (ended, out) = check(&good.replacen("[[watch]]", &format!("{own}[[watch]]"), 1), false, false);
        assert_eq!(ended.unwrap(), Code::Done, "{out}");
    }

    #[test]
    fn a_condition_that_no_message_meets_is_a_mistake() {
        let good = GOOD.replace("user = \"u\"\npassword = { file = \"/nowhere/at/all\" }", "");
        for (condition, told) in [
            ("rating_at_most = 9", "no message has such a rating"),
            ("rating_at_most = 2\nrating_at_least = 4", "no message has such a rating"),
            ("source = [\"shop\"]", "there is no source `shop`"),
            ("when_themes = [\"late\"]", "a theme cannot hang on itself"),
            ("when_themes = [\"early\"]", "there is no theme `early`"),
            ("scope = \"text\"\ntimes = 2", "nothing matches in it twice"),
            ("lang = [\"xx\"]", "`xx` is no language"),
        ] {
            let rule = format!("[[theme.rule]]\nwhen = \"lost\"\n{condition}\n[[watch]]");
            let (ended, out) = check(&good.replacen("[[watch]]", &rule, 1), false, false);
            assert_eq!(ended.unwrap_err().code, Code::Config, "{condition}");
            assert!(out.contains(told), "{condition}: {out}");
        }
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

    /// A store in which `forum` has a message from an address.
    fn stored_forum(path: &std::path::Path, address: &str) {
        let mut standing = Standing::default();
        address::settle(&mut standing, address);
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let stream = StreamKey { source: "forum".to_owned(), shard: Shard::whole() };
        let item = Item { id: "1".to_owned(), text: "late".to_owned(), published: Some(now), ..Item::default() };
        let item = TaggedItem { item, tags: Vec::new(), author_hash: None, voice_key: None, labels: BTreeMap::new(), hash: 1 };
        let standing = Some(Box::new(standing));
        let progress = Progress::Ended { cursor: None, validators: None, due: now, polled_at: now, standing };
        let commit = PageCommit { stream, items: vec![item], history: false, usual_delay: 0, progress, now };
        Direct::open(path).unwrap().commit_page(&commit).unwrap();
    }

    #[test]
    fn another_name_at_the_address_of_a_stored_source_is_probably_a_rename() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("u.db");
        stored_forum(&path, "https://shop.example/forum.rss");
        let around = format!("builtin_themes = false\n[store]\npath = \"{}\"\n[fetch]\ncontact = \"a@example.com\"\n", path.display());
        let source = |name: &str, url: &str| format!("[[source]]\n{name}\nfeed = {{ url = \"https://shop.example/{url}\" }}\n");
        let checked = |sources: &str| check(&(around.clone() + sources), false, false).1;
        let (now, there) = (source("name = \"community\"", "forum.rss"), source("name = \"forum\"", "forum.rss"));
        let out = checked(&now);
        assert!(out.contains("warning[W0025]: what is stored under `forum` is read by nobody"), "{out}");
        assert!(out.contains("if `community` is its new name, write `was = \"forum\"`"), "{out}");
        for fine in [
            source("name = \"community\"\nwas = \"forum\"", "forum.rss"),
            source("name = \"community\"", "other.rss"),
            there.clone() + &now,
            there,
        ] {
            assert!(!checked(&fine).contains("W0025"), "{fine}");
        }
    }
}
