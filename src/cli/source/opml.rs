//! OPML: lists of feeds as readers of feeds exchange them.
//!
//! Read forgivingly, for most of it was written by programs that forgot to escape something; written
//! as version 2.0, with a level of folders.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use encoding_rs::Encoding;
use encoding_rs::UTF_8;
use encoding_rs::WINDOWS_1252;
use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::escape::unescape;
use quick_xml::events::BytesStart;
use quick_xml::events::Event;

/// Deeper folders than people make.
const DEEPEST: usize = 64;

/// One feed of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Feed {
    /// What it is called; may be empty.
    pub title: String,
    /// Its address, as it stands there.
    pub address: String,
    /// The folders that it lies in, from the outside.
    pub folders: Vec<String>,
    /// The line on which it stands.
    pub line: usize,
}

/// What a list holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct List {
    /// Its feeds, in order.
    pub feeds: Vec<Feed>,
    /// Where it breaks off, and why. What stands before counts.
    pub broken: Option<String>,
}

/// Reads a list. `None` for what is no OPML.
pub(super) fn read(bytes: &[u8]) -> Option<List> {
    let text = decode(bytes);
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_dangling_amp = true;
    let mut list = List::default();
    let mut lines = Lines::default();
    let mut folders: Vec<Option<String>> = Vec::new();
    let mut is_opml = false;
    loop {
        let from = reader.buffer_position() as usize;
        match reader.read_event() {
            Ok(Event::Start(element)) if is(&element, "opml") => is_opml = true,
            Ok(Event::Start(element)) if is(&element, "outline") => {
                if folders.len() >= DEEPEST {
                    list.broken = Some(format!("line {}: folders more than {DEEPEST} deep", lines.at(&text, from)));
                    break;
                }
                let outline = Outline::of(&element);
                let is_feed = outline.address.is_some();
                let title = outline.title.clone();
                list.feeds.extend(outline.feed(&folders, lines.at(&text, from)));
                folders.push(Some(title).filter(|title| !is_feed && !title.is_empty()));
            }
            Ok(Event::Empty(element)) if is(&element, "outline") => {
                list.feeds.extend(Outline::of(&element).feed(&folders, lines.at(&text, from)));
            }
            Ok(Event::End(element)) if element.local_name().as_ref().eq_ignore_ascii_case("outline") => {
                folders.pop();
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                list.broken = Some(format!("line {}: {error}", lines.at(&text, reader.error_position() as usize)));
                break;
            }
        }
    }
    is_opml.then_some(list)
}

/// Writes a list: feeds without a folder first, then those of each.
pub(super) fn write(feeds: &[Feed]) -> String {
    let mut text =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n<head><title>Uproar</title></head>\n<body>\n");
    let mut folders: BTreeMap<&str, Vec<&Feed>> = BTreeMap::new();
    for feed in feeds {
        folders.entry(feed.folders.first().map_or("", String::as_str)).or_default().push(feed);
    }
    for (folder, feeds) in folders {
        let indent = if folder.is_empty() { "" } else { "  " };
        if !folder.is_empty() {
            let _ = writeln!(text, "<outline text=\"{}\">", escape(folder));
        }
        for Feed { title, address, .. } in feeds {
            let (title, address) = (escape(title.as_str()), escape(address.as_str()));
            let _ = writeln!(text, "{indent}<outline type=\"rss\" text=\"{title}\" title=\"{title}\" xmlUrl=\"{address}\"/>");
        }
        if !folder.is_empty() {
            text += "</outline>\n";
        }
    }
    text + "</body>\n</opml>\n"
}

/// What an outline says.
#[derive(Default)]
struct Outline {
    title: String,
    address: Option<String>,
    category: Option<String>,
}

impl Outline {
    fn of(element: &BytesStart<'_>) -> Self {
        let mut outline = Self::default();
        let mut text = String::new();
        for attribute in element.attributes().with_checks(false).flatten() {
            let value = value(&attribute.value);
            match attribute.key.local_name().as_ref().to_ascii_lowercase().as_str() {
                "title" => outline.title = value,
                "text" => text = value,
                "xmlurl" => outline.address = Some(value).filter(|address| !address.is_empty()),
                "category" => outline.category = value.split(',').map(|name| name.trim().trim_matches('/').to_owned()).next(),
                _ => {}
            }
        }
        if outline.title.is_empty() {
            outline.title = text;
        }
        outline
    }

    fn feed(self, around: &[Option<String>], line: usize) -> Option<Feed> {
        let mut folders: Vec<String> = around.iter().flatten().cloned().collect();
        if folders.is_empty() {
            folders.extend(self.category.filter(|name| !name.is_empty()));
        }
        Some(Feed { title: self.title, address: self.address?, folders, line })
    }
}

/// A value without references, on one line. An ampersand that nobody escaped is one.
fn value(raw: &str) -> String {
    let text = unescape(raw).unwrap_or(Cow::Borrowed(raw));
    text.split(|letter: char| letter.is_whitespace() || letter.is_control()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn is(element: &BytesStart<'_>, name: &str) -> bool {
    element.local_name().as_ref().eq_ignore_ascii_case(name)
}

/// The bytes as text: by their mark, by what they say of themselves, as UTF-8, or else as most old
/// programs wrote.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
    let named = head.split_once("encoding=").and_then(|(_, rest)| rest.get(1..)?.split(['"', '\'']).next());
    let named = named.and_then(|label| Encoding::for_label(label.as_bytes()));
    let valid = std::str::from_utf8(bytes).is_ok();
    let encoding = if valid { UTF_8 } else { named.filter(|encoding| *encoding != UTF_8).unwrap_or(WINDOWS_1252) };
    encoding.decode(bytes).0
}

/// Counts lines up to places that only move on.
#[derive(Default)]
struct Lines {
    seen: usize,
    line: usize,
}

impl Lines {
    fn at(&mut self, text: &str, place: usize) -> usize {
        let place = place.min(text.len());
        if place > self.seen {
            self.line += text.get(self.seen..place).map_or(0, |passed| passed.matches('\n').count());
            self.seen = place;
        }
        self.line + 1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn feed(title: &str, address: &str, folders: &[&str], line: usize) -> Feed {
        Feed {
            title: title.to_owned(),
            address: address.to_owned(),
            folders: folders.iter().map(|name| (*name).to_owned()).collect(),
            line,
        }
    }

    #[test]
    fn folders_titles_and_slips_of_other_programs_are_understood() {
        let text = r#"<?xml version="1.0" encoding="utf-8"?>
<OPML version="1.1"><head><title>Mine</title></head><body>
<outline text="Shops"><outline text="Near">
<outline type="rss" text="short" title="Corner &amp; Co" xmlUrl="https://corner.example/rss?a=1&b=2"/></outline>
<outline text="Far away" xmlurl="https://far.example/feed" category="/Ignored"></outline>
</outline>
<outline xmlUrl='https://bare.example/'/>
<outline text="By category" category="/Press/Local,/Other" xmlUrl="https://press.example/"/>
<outline text="An empty folder"/>
</body></OPML>"#;
        let list = read(text.as_bytes()).unwrap();
        assert_eq!(
            list.feeds,
            [
                feed("Corner & Co", "https://corner.example/rss?a=1&b=2", &["Shops", "Near"], 4),
                feed("Far away", "https://far.example/feed", &["Shops"], 5),
                feed("", "https://bare.example/", &[], 7),
                feed("By category", "https://press.example/", &["Press/Local"], 8),
            ]
        );
        assert_eq!(list.broken, None);
    }

    #[test]
    fn what_stands_before_a_break_counts_and_the_break_is_named() {
        let list = read(b"<opml><body>\n<outline text='a' xmlUrl='https://a.example/'/>\n<outline text='b").unwrap();
        assert_eq!(list.feeds.len(), 1);
        assert!(list.broken.as_ref().unwrap().starts_with("line 3: "), "{list:?}");
        for other in ["", "{}", "<rss><channel/></rss>", "<html><body>"] {
            assert_eq!(read(other.as_bytes()), None, "{other}");
        }
        let deep = format!("<opml>{}", "<outline text='x'>".repeat(100_000));
        assert!(read(deep.as_bytes()).unwrap().broken.unwrap().contains("deep"));
    }

    #[test]
    fn lists_in_old_encodings_are_read() {
        let text = "<?xml version=\"1.0\" encoding=\"ISO-8859-2\"?><opml><outline text=\"Łódź\" xmlUrl=\"https://a.example/\"/></opml>";
        let list = read(&encoding_rs::ISO_8859_2.encode(text).0).unwrap();
        assert_eq!(list.feeds[0].title, "Łódź");
        let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(read(&wide).unwrap().feeds[0].title, "Łódź");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(feeds in proptest::collection::vec(("[ -~äß]{1,20}", "[ -~é]{0,12}", "[!-~]{0,20}"), 0..8)) {
            let clean = |text: &str| text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
            let feeds: Vec<Feed> = feeds
                .iter()
                .map(|(title, folder, path)| Feed {
                    title: clean(title),
                    address: format!("https://a.example/{path}"),
                    folders: Some(clean(folder)).filter(|folder| !folder.is_empty()).into_iter().collect(),
                    line: 0,
                })
                .collect();
            let mut back: Vec<Feed> = read(write(&feeds).as_bytes()).unwrap().feeds.into_iter().map(|feed| Feed { line: 0, ..feed }).collect();
            let mut feeds = feeds;
            let key = |feed: &Feed| (feed.folders.clone(), feed.title.clone(), feed.address.clone());
            back.sort_by_key(key);
            feeds.sort_by_key(key);
            prop_assert_eq!(back, feeds);
        }

        #[test]
        fn any_bytes_give_a_list_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&[b"<opml>", bytes.as_slice()].concat());
            let _ = read(&bytes);
        }
    }
}
