//! Whole configurations: what they come to, across files.

use chrono::TimeDelta;

use crate::calendar::bucket::Width;
use crate::calendar::holidays::Country;
use crate::config::Document;
use crate::config::Loaded;
use crate::config::parse;
use crate::config::print;
use crate::config::secrets::Reference;
use crate::config::secrets::Unreadable;
use crate::config::settings::Config;
use crate::render;
use crate::render::mail::Tls;
use crate::schedule::Schedule;
use crate::sources;

const WHOLE: &str = r#"
time_zone = "Europe/Stockholm"
base_url = "https://uproar.example.com/"
holidays = ["SE", "DE"]
builtin_themes = false

[store]
path = "target/demo/uproar.db"
keep_text = "90d"
max_size = "5 GB"

[listen]
address = "127.0.0.1:8787"

[fetch]
contact = "ops@example.com"
proxy = { env = "PROXY" }
extra_ca = "corp-ca.pem"
allow_private = ["Desk.example.com:8080"]
timeout = "10s"
max_body = "5 MB"
host_gap = "500ms"

[[source]]
name = "app-store"
every = "30m"
labels = { product = "app" }
max_delay = "2d"
[source.app_store]
app = 1115120118
countries = ["se", "us"]

[[source]]
name = "desk"
every = "10s"
feed = { url = "http://desk.example.com:8080/latest.rss" }

[[source]]
name = "csat"
cron = "*/30 6-22 * * Mon-Fri"
[source.file]
folder = "/srv/surveys"
pattern = "csat-*.csv"
time_zone = "Europe/Oslo"
date_order = "dmy"
columns = { id = "ID", text = ["Why?", "More"], rating_max = 5, fields = ["Country"] }

[words]
pay = "pay* | charge*"

[[theme]]
name = "split_payments"
rules = ["(split | part) NEAR/3 @pay"]
matches = ["paid in parts"]
[[theme.rule]]
name = "twice"
when = "@pay & twice"
unless = "never"
scope = "pair"

[[watch]]
name = "payments"
themes = ["split_*"]
sources = ["app-*", "csat"]
by = ["country", "product"]
bucket = "1d"
holidays = ["NO"]
false_alarms_per_year = 2.5
min_complaints = 3
notify = ["leads", "hook", "box"]

[[watch]]
name = "everything"
themes = ["*"]
notify = []

[[target]]
name = "leads"
[target.email]
to = ["leads@example.com"]
from = "Uproar <uproar@example.com>"
smtp = "smtp.example.com"
user = "uproar"
password = { credential = "smtp" }
tls = "implicit"

[[target]]
name = "hook"
[target.webhook]
url = { file = "hook.url" }
keys = [{ env = "KEY" }, { env = "OLD_KEY" }]

[[target]]
name = "box"
[target.file]
folder = "mails"
"#;

fn secrets(reference: &Reference) -> Result<String, Unreadable> {
    let value = match reference {
        Reference::Credential(name) if name == "smtp" => "hunter2",
        Reference::File(path) if path.ends_with("hook.url") => "https://hooks.example.com/hunter2",
        Reference::Env(name) if name == "PROXY" => "http://ann:hunter2@proxy.example.com:3128",
        Reference::Env(name) if name == "KEY" => "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
        Reference::Env(name) if name == "OLD_KEY" => "whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg==",
        other => return Err(Unreadable { why: format!("there is no {other}"), cure: String::new(), tolerated: false }),
    };
    Ok(value.to_owned())
}

fn read(texts: &[&str]) -> (Loaded, Vec<Document>) {
    let name = |at: usize| if at == 0 { "/etc/uproar/uproar.toml".to_owned() } else { format!("/etc/uproar/conf.d/{at}.toml") };
    let documents: Vec<Document> =
        texts.iter().enumerate().map(|(at, text)| Document { name: name(at), text: (*text).to_owned() }).collect();
    (parse(&documents, &secrets), documents)
}

fn config(texts: &[&str]) -> Config {
    let (loaded, documents) = read(texts);
    assert_eq!(print::show(&loaded.problems, &documents, false), "");
    loaded.config.unwrap()
}

#[test]
fn sources_come_out_as_their_kinds_want_them() {
    let config = config(&[WHOLE]);
    assert_eq!(config.sources[0].labels["product"], "app");
    assert_eq!(config.sources[0].max_delay, Some(TimeDelta::days(2)));
    assert_eq!(config.sources[1].schedule, Schedule::Every(TimeDelta::seconds(10)));
    assert!(matches!(config.sources[2].schedule, Schedule::Cron(_, chrono_tz::Europe::Stockholm)));
    let sources::Settings::AppStore(store) = &config.sources[0].kind else { panic!("{:?}", config.sources[0]) };
    assert_eq!((store.app, store.base.as_str()), (1_115_120_118, "https://itunes.apple.com"));
    assert_eq!(store.countries, ["se", "us"]);
    let sources::Settings::File(files) = &config.sources[2].kind else { panic!("{:?}", config.sources[2]) };
    assert_eq!(files.time_zone, Some(chrono_tz::Europe::Oslo));
    assert_eq!(files.columns.text, ["Why?", "More"]);
    assert_eq!(files.columns.rating_max, Some(5));
}

#[test]
fn watches_have_their_names_written_out() {
    let config = config(&[WHOLE]);
    assert_eq!(config.watches[0].sources, ["app-store", "csat"]);
    assert_eq!(config.watches[0].themes, ["split_payments"]);
    assert_eq!(config.watches[0].bucket, Width::Day);
    assert_eq!(config.watches[1].sources, ["app-store", "desk", "csat"]);
    let countries = config.watches.iter().map(|watch| watch.holidays.countries().map(Country::code).collect::<Vec<_>>());
    assert_eq!(countries.collect::<Vec<_>>(), [vec!["NO"], vec!["DE", "SE"]], "its own, or those of the top");
    assert_eq!((config.watches[1].false_alarms_per_year, config.watches[1].min_complaints), (4.0, 5));
}

#[test]
fn themes_have_the_words_of_the_file() {
    let theme = &config(&[WHOLE]).themes[0];
    assert_eq!(theme.title, "split payments");
    assert_eq!(theme.words, [("pay".to_owned(), "pay* | charge*".to_owned())]);
    assert_eq!((theme.rules[1].name.as_str(), theme.rules[1].unless.as_str()), ("twice", "never"));
}

#[test]
fn targets_have_their_secrets_and_print_none() {
    let config = config(&[WHOLE]);
    let render::Settings::Email(email) = &config.targets[0].channel else { panic!("{:?}", config.targets[0]) };
    assert_eq!((email.server.port, email.server.tls), (465, Tls::Implicit));
    assert_eq!(email.server.login.as_ref().map(|(user, secret)| (user.as_str(), secret.reveal())), Some(("uproar", "hunter2")));
    let render::Settings::Webhook(hook) = &config.targets[1].channel else { panic!("{:?}", config.targets[1]) };
    assert_eq!((hook.url.reveal(), hook.keys.len()), ("https://hooks.example.com/hunter2", 2));
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn the_rest_is_as_written() {
    let config = config(&[WHOLE]);
    assert_eq!(config.base_url.as_deref(), Some("https://uproar.example.com"));
    assert_eq!(config.store.max_size, 5_000_000_000);
    assert_eq!(config.listen.unwrap().port(), 8787);
    assert_eq!(config.fetch.allow_private, ["desk.example.com:8080"]);
    assert_eq!((config.fetch.host_gap, config.fetch.max_body), (TimeDelta::milliseconds(500), 5_000_000));
    assert_eq!(config.fetch.proxy.unwrap().reveal(), "http://ann:hunter2@proxy.example.com:3128");
}

#[test]
fn the_fingerprint_follows_the_settings_and_not_their_places() {
    let whole = config(&[WHOLE]).fingerprint;
    assert_eq!(whole.len(), 16);
    let (head, tail) = WHOLE.split_once("[[source]]").unwrap();
    assert_eq!(config(&[head, &format!("# moved\n[[source]]{tail}")]).fingerprint, whole);
    assert_eq!(config(&[&WHOLE.replace("5 GB", "5000 MB")]).fingerprint, whole);
    assert_ne!(config(&[&WHOLE.replace("5 GB", "6 GB")]).fingerprint, whole);
    assert_ne!(config(&[&WHOLE.replace("@pay & twice", "@pay & thrice")]).fingerprint, whole);
    assert_ne!(config(&[WHOLE, "builtin_themes = false\n[store]\nkeep_text = \"91d\"\n"]).fingerprint, whole);
}

#[test]
fn an_own_theme_replaces_a_built_in_one() {
    let Some(name) = crate::config::themes::built_in().first().map(|theme| theme.name.clone()) else { return };
    let text = format!("[[theme]]\nname = \"{name}\"\nrules = [\"mine\"]\n");
    let (loaded, _) = read(&[&text]);
    let themes = loaded.config.unwrap().themes;
    let found: Vec<_> = themes.iter().filter(|theme| theme.name == name).collect();
    assert_eq!((found.len(), found[0].rules[0].when.as_str()), (1, "mine"));
}

#[test]
fn what_is_shown_has_no_secret_and_reads_back_the_same() {
    let (loaded, documents) = read(&[WHOLE]);
    let shown = loaded.effective.text(&documents);
    assert!(!shown.contains("hunter2") && !shown.contains("whsec_"), "{shown}");
    let line = WHOLE.lines().position(|line| line.starts_with("password")).unwrap() + 1;
    assert!(shown.contains(&format!("password = \"[secret]\"  # uproar.toml:{line}, credential `smtp`")), "{shown}");
    assert!(shown.contains("keep_text = \"90d\"  # uproar.toml:9\n"), "{shown}");
    assert!(shown.contains("base_url = \"https://itunes.apple.com\"  # default\n"), "{shown}");
}

#[test]
fn nothing_at_all_is_a_configuration_with_nothing_to_do() {
    let (loaded, documents) = read(&[""]);
    assert!(loaded.config.is_some());
    assert!(print::show(&loaded.problems, &documents, false).starts_with("warning[W0005]: there is no `[[source]]`"));
}
