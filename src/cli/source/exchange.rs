//! `uproar source import` and `export`: lists of feeds from and for readers of feeds.

use std::collections::HashMap;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use unicode_segmentation::UnicodeSegmentation as _;
use url::Url;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::load;
use crate::cli::source::address;
use crate::cli::source::opml;
use crate::cli::source::opml::Feed;
use crate::config::kind::quoted;
use crate::config::settings::Config;
use crate::sources::Settings;
use crate::sources::feed;
use crate::text::excerpt::one_line;

/// Larger lists are something else.
const LARGEST: u64 = 32 * 1024 * 1024;
/// Longest name of a source and value of a label, in characters.
const LONGEST: usize = 80;
/// The label that keeps a feed's folder.
const FOLDER: &str = "folder";

/// What becomes of a list: tables of sources, and what is to be said of the rest.
#[derive(Debug, Default, PartialEq, Eq)]
struct Drawn {
    tables: String,
    sources: usize,
    known: usize,
    notes: Vec<String>,
}

/// Reads a list and prints its feeds as tables of the configuration, or writes them to a new file.
pub(super) fn import(path: &Path, to: Option<&Path>, console: &mut Console) -> Result<(), Failure> {
    let bytes = bytes(path)?;
    let shown = path.display();
    let list = opml::read(&bytes).filter(|list| !list.feeds.is_empty() || list.broken.is_some());
    let Some(list) = list else {
        return Err(Failure::new(
            Code::Data,
            format!("{shown}: there is no feed in it; an OPML file with `xmlUrl` in its outlines is wanted"),
        ));
    };
    let config = configured(console)?;
    let drawn = draw(&list.feeds, config.as_ref());
    for note in list.broken.iter().chain(&drawn.notes) {
        writeln!(console.err, "{shown}: {}", one_line(note))?;
    }
    match to {
        Some(file) => write_new(file, &drawn.tables)?,
        None => write!(console.out, "{}", drawn.tables)?,
    }
    let mut said = format!("{} {}", drawn.sources, if drawn.sources == 1 { "source" } else { "sources" });
    if drawn.known > 0 {
        let _ = write!(said, ", {} there already", drawn.known);
    }
    let left = list.feeds.len() - drawn.sources - drawn.known;
    if left > 0 {
        let _ = write!(said, ", {left} left out");
    }
    let place = to.map_or_else(String::new, |file| format!(" in {}", file.display()));
    writeln!(console.err, "{said}{place}; `uproar check` says whether all is well")?;
    if config.is_some_and(|config| config.fetch.contact.is_none()) {
        writeln!(console.err, "whom we ask must be able to reach you: add `contact = \"ops@example.com\"` under `[fetch]`")?;
    }
    Ok(())
}

/// Prints the feeds of the configuration as a list.
pub(super) fn export(config: &Config, console: &mut Console) -> Result<(), Failure> {
    let mut feeds = Vec::new();
    for source in &config.sources {
        let Settings::Feed(feed::Settings::Url(url)) = &source.kind else { continue };
        let Some(address) = address::open(url) else {
            writeln!(console.err, "`{}` is left out: there is a login or a key in its address", source.name)?;
            continue;
        };
        let folders = source.labels.get(FOLDER).cloned().into_iter().collect();
        feeds.push(Feed { title: source.name.clone(), address: address.to_owned(), folders, line: 0 });
    }
    write!(console.out, "{}", opml::write(&feeds))?;
    Ok(())
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::new(Code::Io, format!("{} cannot be read: {error}", path.display()));
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
    };
    read.map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Failure::new(Code::Data, format!("{}: more than 32 MiB; no list of feeds is so long", path.display())));
    }
    Ok(bytes)
}

/// The configuration that the sources will join. Without one names are compared with nothing.
fn configured(console: &mut Console) -> Result<Option<Config>, Failure> {
    let config = load::read_without_secrets(&console.config).ok().and_then(|(_, loaded)| loaded.config);
    if config.is_none() {
        let path = console.config.display();
        writeln!(console.err, "{path} cannot be read or has errors: names and addresses are not compared with what is configured")?;
    }
    Ok(config)
}

fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o644).open(path);
    made.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        let shown = path.display();
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            return Failure::new(Code::Io, format!("{shown} is there already and stays as it is; name another file"));
        }
        Failure::new(Code::Io, format!("cannot write {shown}: {error}"))
    })
}

fn draw(feeds: &[Feed], config: Option<&Config>) -> Drawn {
    let sources = config.map_or(&[][..], |config| config.sources.as_slice());
    let mut names: HashSet<String> = sources.iter().flat_map(|source| source.was.iter().chain([&source.name]).cloned()).collect();
    let configured = sources.iter().filter_map(|source| Some((canonical(source.kind.address()?)?, source.name.clone())));
    let mut addresses: HashMap<String, String> = configured.collect();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut drawn = Drawn::default();
    for feed in feeds {
        let key = match usable(&feed.address) {
            Ok(key) => key,
            Err(why) => {
                drawn.notes.push(format!("line {}: {why}", feed.line));
                continue;
            }
        };
        if let Some(name) = addresses.get(&key) {
            drawn.notes.push(format!("line {}: {} is read already, by `{name}`", feed.line, address::shown(&feed.address)));
            drawn.known += 1;
            continue;
        }
        let name = free(&name_of(feed), &mut names, &mut numbers);
        drawn.tables += &table(&name, feed);
        drawn.sources += 1;
        addresses.insert(key, name);
    }
    drawn
}

fn table(name: &str, feed: &Feed) -> String {
    let folder = cut(&feed.folders.join("/"));
    let labels = if folder.is_empty() { String::new() } else { format!("labels = {{ {FOLDER} = {} }}\n", quoted(&folder)) };
    format!("[[source]]\nname = {}\n{labels}feed = {{ url = {} }}\n\n", quoted(name), quoted(&feed.address))
}

/// What makes two addresses the same; an error for one that cannot be asked.
fn usable(address: &str) -> Result<String, String> {
    let url = Url::parse(address).map_err(|error| format!("there is no address that could be read: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("`{}` is not on the web: only http and https are asked", address::shown(address)));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let host = url.host_str().unwrap_or_default();
        return Err(format!("the address at {host} has a name or a password in it, which cannot stand in a configuration"));
    }
    canonical(address).ok_or_else(|| "there is no address that could be read".to_owned())
}

fn canonical(address: &str) -> Option<String> {
    let mut url = Url::parse(address).ok()?;
    url.set_fragment(None);
    Some(url.to_string())
}

/// A name from the title, or from the host where there is none.
fn name_of(feed: &Feed) -> String {
    let title: String =
        feed.title.chars().map(|letter| if "*?[]".contains(letter) || letter.is_control() { ' ' } else { letter }).collect();
    let title = cut(&one_line(&title));
    if !title.is_empty() {
        return title;
    }
    let host =
        Url::parse(&feed.address).ok().and_then(|url| url.host_str().map(|host| host.trim_start_matches("www.").replace(['[', ']'], "")));
    host.filter(|host| !host.is_empty()).map_or_else(|| "feed".to_owned(), |host| cut(&host))
}

/// The name, or the name with the first number that makes it a new one.
fn free(name: &str, taken: &mut HashSet<String>, numbers: &mut HashMap<String, usize>) -> String {
    if taken.insert(name.to_owned()) {
        return name.to_owned();
    }
    let number = numbers.entry(name.to_owned()).or_insert(1);
    loop {
        *number += 1;
        let ending = format!(" {number}");
        let room = LONGEST - ending.len();
        let one = name.chars().take(room).collect::<String>().trim_end().to_owned() + &ending;
        if taken.insert(one.clone()) {
            return one;
        }
    }
}

/// Cut to what a name may have, between letters as people see them.
fn cut(text: &str) -> String {
    let mut kept = String::new();
    for letter in text.graphemes(true) {
        if kept.chars().count() + letter.chars().count() > LONGEST {
            break;
        }
        kept.push_str(letter);
    }
    kept.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::load::tests::console;
    use crate::cli::load::tests::write;

    const BASE: &str = r#"
[fetch]
contact = "ops@example.com"
[[source]]
name = "Corner"
was = "Far"
feed = { url = "https://corner.example/rss" }
[[source]]
name = "secret"
feed = { url = "https://corner.example/rss?token=hunter2" }
[[theme]]
name = "late"
rules = ["late"]
[[watch]]
name = "w"
themes = ["late"]
notify = []
"#;

    const LIST: &str = r#"<opml><body><outline text="Shops">
<outline text="Corner" xmlUrl="https://corner.example/other"/>
<outline text="Corner" xmlUrl="https://corner.example/rss#top"/>
<outline text="[*] Far" xmlUrl="https://far.example/"/>
<outline text="Far" xmlUrl="https://far.example/?page=2"/>
<outline xmlUrl="https://www.bare.example/rss"/>
</outline>
<outline text="old" xmlUrl="feed://old.example/"/>
<outline text="mine" xmlUrl="https://ann:hunter2@mine.example/"/>
<outline text="twice" xmlUrl="https://far.example/"/>
</body></opml>"#;

    #[test]
    fn a_list_becomes_tables_that_fit_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let (main, list) = (folder.path().join("uproar.toml"), folder.path().join("feeds.opml"));
        write(&main, BASE);
        write(&list, LIST);
        let (mut console, out, err) = console(&main);
        import(&list, None, &mut console).unwrap();
        insta::assert_snapshot!(out.text(), @r#"
        [[source]]
        name = "Corner 2"
        labels = { folder = "Shops" }
        feed = { url = "https://corner.example/other" }

        [[source]]
        name = "Far 2"
        labels = { folder = "Shops" }
        feed = { url = "https://far.example/" }

        [[source]]
        name = "Far 3"
        labels = { folder = "Shops" }
        feed = { url = "https://far.example/?page=2" }

        [[source]]
        name = "bare.example"
        labels = { folder = "Shops" }
        feed = { url = "https://www.bare.example/rss" }
        "#);
        let told = err.text().replace(&format!("{}: ", list.display()), "");
        assert!(!told.contains("hunter2"), "{told}");
        insta::assert_snapshot!(told, @r"
        line 3: https://corner.example/rss#top is read already, by `Corner`
        line 8: `feed://old.example/` is not on the web: only http and https are asked
        line 9: the address at mine.example has a name or a password in it, which cannot stand in a configuration
        line 10: https://far.example/ is read already, by `Far 2`
        4 sources, 2 there already, 2 left out; `uproar check` says whether all is well
        ");
        write(&folder.path().join("conf.d/feeds.toml"), &out.text());
        let (_, loaded) = load::read_without_secrets(&main).unwrap();
        assert_eq!(loaded.config.unwrap().sources.len(), 6);
    }

    #[test]
    fn what_is_exported_has_no_login_and_reads_back_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("uproar.toml");
        write(&main, &BASE.replace("was = \"Far\"", "labels = { folder = \"A & B\", product = \"x\" }"));
        let (mut first, out, err) = console(&main);
        let config = load::load_without_secrets(&mut first).unwrap();
        export(&config, &mut first).unwrap();
        assert_eq!(err.text(), "`secret` is left out: there is a login or a key in its address\n");
        assert!(!out.text().contains("hunter2"), "{}", out.text());
        let list = folder.path().join("feeds.opml");
        write(&list, &out.text());
        write(&main, "");
        let (mut second, tables, _) = console(&main);
        let made = folder.path().join("feeds.toml");
        import(&list, Some(&made), &mut second).unwrap();
        assert_eq!(tables.text(), "");
        insta::assert_snapshot!(fs::read_to_string(&made).unwrap(), @r#"
        [[source]]
        name = "Corner"
        labels = { folder = "A & B" }
        feed = { url = "https://corner.example/rss" }
        "#);
        assert_eq!(import(&list, Some(&made), &mut second).unwrap_err().code, Code::Io, "a file that is there stays");
    }

    #[test]
    fn names_are_cut_and_stay_apart() {
        let long = "x".repeat(200);
        let feeds: Vec<Feed> = (0..3)
            .map(|n| Feed { title: long.clone(), address: format!("https://a.example/{n}"), folders: vec![long.clone()], line: n })
            .collect();
        let drawn = draw(&feeds, None);
        let names: Vec<&str> = drawn.tables.lines().filter(|line| line.starts_with("name")).collect();
        assert_eq!(names.len(), 3);
        assert!(names.iter().all(|name| name.len() == "name = \"\"".len() + LONGEST), "{names:?}");
        assert!(names[2].ends_with("x 3\""));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (main, list) = (folder.path().join("uproar.toml"), folder.path().join("feeds.opml"));
        write(&list, "<rss/>");
        let (mut console, _, _) = console(&main);
        let refused = import(&list, None, &mut console).unwrap_err();
        assert_eq!(refused.code, Code::Data);
        assert!(refused.message.ends_with("there is no feed in it; an OPML file with `xmlUrl` in its outlines is wanted"), "{refused:?}");
    }
}
