//! Mistakes in sources: former names, options that do nothing, hosts that would have to bear too much.

use super::secrets;
use super::shown;
use crate::config::Document;
use crate::config::former::Pair;
use crate::config::former::Stored;
use crate::config::parse;
use crate::config::print;

/// What else a configuration needs.
const AROUND: &str = "[fetch]\ncontact = \"ops@example.com\"\n[[theme]]\nname = \"late\"\nrules = [\"late\"]\n\
                      [[watch]]\nname = \"w\"\nthemes = [\"late\"]\nnotify = []\n";

fn feed(name: &str, more: &str, url: &str) -> String {
    format!("[[source]]\nname = \"{name}\"\n{more}feed = {{ url = \"{url}\" }}\n")
}

fn problems(sources: &[String]) -> String {
    shown(&(sources.concat() + AROUND))
}

#[test]
fn a_former_name_that_cannot_be_one() {
    let sources = [
        feed("forum", "was = \"desk\"\n", "https://a.example/"),
        feed("desk", "was = [\"desk\", \"shop\"]\n", "https://b.example/"),
        feed("mall", "was = \"shop\"\n", "https://c.example/"),
    ];
    insta::assert_snapshot!(problems(&sources), @r#"
    error[E0040]: `was` names a source that is still there: `desk`
     --> uproar.toml:3:7
      |
    3 | was = "desk"
      |       ^^^^^^ nobody's former name
    ...
    6 | name = "desk"
      |        ------ it has a table of its own
      |
      = help: take that table out; where names are passed on, start once in between, one step at a time

    error[E0040]: `was` names the source itself: `desk`
     --> uproar.toml:7:8
      |
    7 | was = ["desk", "shop"]
      |        ^^^^^^ its present name
      |
      = help: take it out

    error[E0040]: `shop` is named as a former name twice
      --> uproar.toml:11:7
       |
     7 | was = ["desk", "shop"]
       |                ------ the first time
    ...
    11 | was = "shop"
       |       ^^^^^^ the second time
       |
       = help: keep it in the source that its messages belong to
    "#);
}

#[test]
fn former_names_are_held_against_what_is_stored() {
    let text = feed("forum", "was = [\"a\", \"b\", \"c\"]\n", "https://a.example/") + AROUND;
    let documents = [Document { name: "uproar.toml".to_owned(), text }];
    let loaded = parse(&documents, &secrets);
    assert_eq!(loaded.former()[1], Pair { was: "b".to_owned(), now: "forum".to_owned() });
    let loaded = loaded.with_stored(&[Stored::Fine, Stored::Done, Stored::Both]);
    assert!(loaded.config.is_none());
    insta::assert_snapshot!(print::show(&loaded.problems, &documents, false), @r#"
    warning[W0020]: nothing is stored under `b` any more
     --> uproar.toml:3:13
      |
    3 | was = ["a", "b", "c"]
      |             ^^^ done
      |
      = help: the name can go

    error[E0041]: messages are stored under `c` and under `forum`
     --> uproar.toml:3:18
      |
    3 | was = ["a", "b", "c"]
      |                  ^^^ they are two sources by now, and are not joined
      |
      = help: take this name out of `was`; what is stored under it stays, and counts no more
    "#);
}

#[test]
fn two_sources_that_read_the_same() {
    let sources = [feed("forum", "", "https://a.example/rss"), feed("desk", "", "https://A.example:443/rss#top")];
    insta::assert_snapshot!(problems(&sources), @r#"
    warning[W0021]: `desk` reads what `forum` reads
     --> uproar.toml:6:16
      |
    3 | feed = { url = "https://a.example/rss" }
      |                ----------------------- read here already
    ...
    6 | feed = { url = "https://A.example:443/rss#top" }
      |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the same again
      |
      = help: take one of them out: its messages would be read twice
    "#);
}

#[test]
fn where_no_watch_is_yet_the_other_warnings_are_told_all_the_same() {
    let sources = feed("forum", "", "https://a.example/rss") + &feed("desk", "", "https://a.example/rss");
    let alone = shown(&format!("builtin_themes = false\n{sources}[fetch]\ncontact = \"ops@example.com\"\n"));
    let codes: Vec<&str> = alone.lines().filter_map(|line| line.strip_prefix("warning[")?.get(..5)).collect();
    assert_eq!(codes, ["W0005", "W0021"], "{alone}");
}

#[test]
fn an_address_in_a_private_network_that_nobody_allowed() {
    let sources = [
        feed("near", "", "http://127.0.0.1:18701/good.xml"),
        feed("beside", "", "http://127.0.0.1:18701/other.xml"),
        "[[source]]\nname = \"csat\"\nfile = { url = \"http://localhost/x.csv\" }\n".to_owned(),
        feed("far", "", "https://93.184.216.34/rss"),
    ];
    insta::assert_snapshot!(problems(&sources), @r#"
    warning[W0024]: `127.0.0.1:18701` is in a private network, and nobody allowed it
     --> uproar.toml:3:16
      |
    3 | feed = { url = "http://127.0.0.1:18701/good.xml" }
      |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ every poll would be refused
      |
      = help: if it is meant, write under `[fetch]`: `allow_private = ["127.0.0.1:18701", "localhost:80"]`

    warning[W0024]: `localhost:80` is in a private network, and nobody allowed it
     --> uproar.toml:9:16
      |
    9 | file = { url = "http://localhost/x.csv" }
      |                ^^^^^^^^^^^^^^^^^^^^^^^^ every poll would be refused
      |
      = help: if it is meant, write under `[fetch]`: `allow_private = ["127.0.0.1:18701", "localhost:80"]`
    "#);
    let allowed = AROUND.replace("\n[[theme]]", "\nallow_private = [\"127.0.0.1:18701\"]\n[[theme]]");
    assert_eq!(shown(&(sources[0].clone() + &allowed)), "");
    let more = shown(&(sources.concat() + &allowed));
    assert!(more.contains("`allow_private = [\"127.0.0.1:18701\", \"localhost:80\"]`"), "{more}");
    let misspelt = AROUND.replace("\n[[theme]]", "\nallow_private = [\"127.0.0.1\"]\n[[theme]]");
    assert!(!shown(&(sources[0].clone() + &misspelt)).contains("W0024"));
}

#[test]
fn a_line_whose_years_have_passed_is_told_to_those_who_have_a_clock() {
    let text = feed("forum", "cron = \"0 0 9 1 1 * 2020,2026\"\n", "https://a.example/") + AROUND;
    let documents = [Document { name: "uproar.toml".to_owned(), text }];
    let at = |time: &str| {
        let loaded = parse(&documents, &secrets).at(time.parse().unwrap());
        assert!(loaded.config.is_some());
        print::show(&loaded.problems, &documents, false)
    };
    assert_eq!(at("2026-01-01T08:59:00Z"), "");
    insta::assert_snapshot!(at("2026-01-01T09:00:00Z"), @r#"
    warning[W0026]: `cron` never comes again: its years have passed
     --> uproar.toml:3:8
      |
    3 | cron = "0 0 9 1 1 * 2020,2026"
      |        ^^^^^^^^^^^^^^^^^^^^^^^ it is not polled any more
      |
      = help: write a year that comes as the seventh field, or leave it out: then the line holds for every year
    "#);
}

#[test]
fn options_that_do_nothing() {
    let folder = "[[source]]\nname = \"desk\"\nrobots = \"obey\"\nfile = { folder = \"surveys\" }\n".to_owned();
    let export = "[[source]]\nname = \"csat\"\n[source.file]\nurl = \"https://a.example/csat.csv\"\npattern = \"*.csv\"\n".to_owned();
    insta::assert_snapshot!(problems(&[folder, export]), @r#"
    warning[W0023]: `robots` means nothing for a source that is not on the web
     --> uproar.toml:3:10
      |
    3 | robots = "obey"
      |          ^^^^^^ nobody has a `robots.txt` here
      |
      = help: take the line out

    warning[W0023]: `pattern` means nothing beside `url`
     --> uproar.toml:9:11
      |
    9 | pattern = "*.csv"
      |           ^^^^^^^ there is one export, whatever it is called
      |
      = help: take the line out, or name a `folder` instead of `url`
    "#);
}

#[test]
fn an_export_behind_an_address_is_asked_like_a_feed() {
    let export = |more: &str| format!("[[source]]\nname = \"csat\"\n{more}[source.file]\nurl = \"https://a.example/csat.csv\"\n");
    let often = problems(&[export("every = \"1m\"\n")]);
    assert!(often.contains("error[E0019]: an export may be asked every 5m at most"), "{often}");
    let alone = shown(&(export("") + &AROUND.replace("contact = \"ops@example.com\"", "")));
    assert!(alone.contains("error[E0020]"), "{alone}");
    let both = shown("[[source]]\nname = \"csat\"\nfile = { url = \"https://a.example/\", folder = \"b\" }\n");
    assert!(both.contains("error[E0007]"), "{both}");
    assert!(shown("[[source]]\nname = \"csat\"\nfile = { }\n").contains("error[E0007]"));
}

#[test]
fn more_polls_than_a_host_has_room_for() {
    let crowd: Vec<String> = (0..1_200).map(|n| feed(&format!("s{n}"), "every = \"10m\"\n", &format!("https://a.example/{n}"))).collect();
    insta::assert_snapshot!(problems(&crowd), @r#"
    warning[W0022]: a.example would get 7200 polls an hour, and has room for 3600
     --> uproar.toml:4:16
      |
    4 | feed = { url = "https://a.example/0" }
      |                ^^^^^^^^^^^^^^^^^^^^^ one of 1200 sources there
      |
      = help: polls will come late: make `every` 2 times as long, or `host_gap` under `[fetch]` shorter than 1s if the host is yours
    "#);
    assert_eq!(problems(&crowd[..600]), "");
}

#[test]
fn files_that_go_nowhere_and_words_that_mean_nothing() {
    let source = "[[source]]\nname = \"drop\"\n[source.file]\nfolder = \"/srv/in\"\nafter = \"move\"\nencoding = \"utf-9\"\n\
                  [source.file.columns]\nrating_words = { Good = \"1\" }\n";
    insta::assert_snapshot!(problems(&[source.to_owned()]), @r#"
    error[E0003]: `after = "move"` needs a `done_dir`
     --> uproar.toml:5:9
      |
    5 | after = "move"
      |         ^^^^^^ where to?
      |
      = help: for example `done_dir = "/srv/surveys/done"`

    error[E0006]: no encoding is called `utf-9`
     --> uproar.toml:6:12
      |
    6 | encoding = "utf-9"
      |            ^^^^^^^ unknown
      |
      = help: for example "utf-8", "windows-1252" or "utf-16le"; "auto" finds it out

    error[E0004]: `Good` in `rating_words` must be a number from 0 up, without quotes
     --> uproar.toml:8:25
      |
    8 | rating_words = { Good = "1" }
      |                         ^^^ refused
      |
      = help: for example `rating_words = { Good = 1, Bad = 0 }`
    "#);
}

#[test]
fn two_sources_of_the_same_files() {
    let folder = |name: &str, more: &str| format!("[[source]]\nname = \"{name}\"\n[source.file]\n{more}\n");
    let both = [
        folder("csat", "folder = \"/srv/surveys\"\nafter = \"delete\""),
        folder("nps", "folder = \"/srv/./surveys/\"\npattern = \"nps-*.csv\""),
    ];
    insta::assert_snapshot!(problems(&both), @r#"
    warning[W0028]: `nps` reads files that `csat` reads
     --> uproar.toml:9:10
      |
    4 | folder = "/srv/surveys"
      |          -------------- read here already
    ...
    9 | folder = "/srv/./surveys/"
      |          ^^^^^^^^^^^^^^^^^ one takes away what the other has not read yet
      |
      = help: take one of them out, or give each a `pattern` that no file of the other matches
    "#);
    let inside = [folder("a", "folder = \"/srv/surveys/nps\""), folder("b", "folder = \"/srv/surveys\"\nrecursive = true")];
    assert!(problems(&inside).starts_with("warning[W0028]: `b` reads files that `a` reads"), "{}", problems(&inside));
    for apart in [
        [
            folder("a", "folder = \"/srv/surveys\"\npattern = \"csat-*.csv\""),
            folder("b", "folder = \"/srv/surveys\"\npattern = [\"nps-*.csv\"]"),
        ],
        [folder("a", "folder = \"/srv/surveys\""), folder("b", "folder = \"/srv/surveys2\"")],
        [folder("a", "folder = \"/srv/surveys\""), folder("b", "folder = \"/srv/surveys/done\"")],
    ] {
        assert_eq!(problems(&apart), "", "{apart:?}");
    }
}
