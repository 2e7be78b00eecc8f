//! What the chats have in common: how foreign words are kept from meaning anything to a chat, how a
//! message is made to fit, how it hangs on the first one of its thread, and what an answer means.
//!
//! A chat reads marks in what it is sent: `*bold*`, `<!channel>`, `[text](address)`. Customers' words
//! and labels are foreign, so each chat has an [`Escape`] that leaves nothing in them to read.

use std::time::Duration;

use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::incident::Level;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Member;
use crate::domain::notice::Row;
use crate::render::DeliveryError;
use crate::render::Reply;
use crate::render::brief::Brief;
use crate::render::brief::Size;
use crate::render::brief::brief;
use crate::render::judge;
use crate::render::story::Story;
use crate::render::wording;

/// Most links below a message.
pub(super) const LINKS: usize = 4;
/// Colours, from what is over to what is critical.
pub(super) const OVER: u32 = 0x002E_7D32;
pub(super) const ASIDE: u32 = 0x0054_6E7A;
pub(super) const LOW: u32 = 0x0015_65C0;
pub(super) const MEDIUM: u32 = 0x00F9_A825;
const HIGH: u32 = 0x00EF_6C00;
const CRITICAL: u32 = 0x00C6_2828;
/// Width of a line of a list, in characters.
const LINE: usize = 160;

/// How a letter is written so that it means nothing to a chat. The letter before it is known, because
/// some marks only open at the beginning of a word.
pub(super) type Escape = fn(before: Option<char>, letter: char, out: &mut String);

/// How a service counts: its limits are in these units.
pub(super) type Measure = fn(&str) -> usize;

/// As Java and JavaScript count: an emoji is two.
pub(super) fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Code points.
pub(super) fn letters(text: &str) -> usize {
    text.chars().count()
}

/// What a chat says of a row, as much as one step has room for. Nothing in it is escaped.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Talk {
    /// `WORSE - critical (was high) - Sat 21 Nov 2026 18:00 CET`
    pub headline: String,
    /// The notice in few words.
    pub brief: Brief,
    /// Of a storm its incidents, of a digest its sentences.
    pub lines: Vec<String>,
    /// What stands below: how many lines are left out, what the message is about.
    pub below: Vec<String>,
    /// Red, green, blue: how loud it is; green when it is over.
    pub colour: u32,
}

impl Talk {
    /// A line for notifications and screen readers.
    pub(super) fn in_a_line(&self) -> String {
        format!("{} - {}. {}", self.brief.event.word().to_uppercase(), self.brief.title, self.brief.summary).trim_end().to_owned()
    }
}

/// The first form of a row that fits: less and less of it, at the end nothing but what happened. That
/// one is bounded by the limits of each of its parts, and taken as it is.
pub(super) fn fitting<T>(row: &Row, make: impl Fn(&Talk) -> T, fits: impl Fn(&T) -> bool) -> T {
    let lines = lines(&row.facts);
    for (size, count) in steps(row, lines.len()) {
        let form = make(&talk(row, size, &lines, count));
        if fits(&form) {
            return form;
        }
    }
    make(&bare(row, &lines))
}

/// Sizes, each with the number of lines that is tried with it.
fn steps(row: &Row, lines: usize) -> Vec<(Size, usize)> {
    let sizes = Size::steps(row);
    if lines == 0 {
        return sizes.iter().map(|&size| (size, 0)).collect();
    }
    let few = [lines / 4, 20, 10, 5];
    let counts: Vec<usize> = if row.short { few.to_vec() } else { [lines, lines * 3 / 4, lines / 2].into_iter().chain(few).collect() };
    let size = sizes[0];
    counts.into_iter().filter(|&count| count <= lines).map(|count| (size, count)).collect()
}

fn talk(row: &Row, size: Size, lines: &[String], count: usize) -> Talk {
    let facts = &row.facts;
    let mut brief = brief(row, size);
    for note in [&facts.escalated, &facts.instead_of].into_iter().flatten() {
        let note = wording::name(note);
        if !brief.summary.to_lowercase().contains(&note.to_lowercase()) {
            brief.summary = format!("{} ({note})", brief.summary);
        }
    }
    // The address stands below, as a link.
    brief.more = brief.more.and_then(|more| more.split(" at http").next().map(str::to_owned));
    if count > 0 {
        // The list says it better.
        brief.facts.clear();
        if facts.event == Event::Digest {
            brief.summary.clear();
        }
    }
    let mut below = Vec::new();
    if count < lines.len() {
        below.push(format!("and {} more", lines.len() - count));
    }
    let incident = wording::name(&facts.incident);
    if !matches!(facts.event, Event::Test | Event::Digest | Event::Storm) && !incident.is_empty() {
        below.push(format!("incident {incident}"));
    }
    Talk { headline: headline(row), colour: colour(&brief), brief, lines: lines[..count].to_vec(), below }
}

/// Nothing but what happened.
fn bare(row: &Row, lines: &[String]) -> Talk {
    let mut talk = talk(row, Size::STEPS[4], lines, 0);
    talk.brief.links.truncate(1);
    talk.brief.facts.clear();
    talk.brief.why.clear();
    talk
}

fn headline(row: &Row) -> String {
    match (row.facts.event, &row.facts.acked_by) {
        (Event::Acked, Some(who)) => format!("ACKNOWLEDGED by {} - {}", wording::name(who), row.facts.level),
        (Event::Acked, None) => format!("ACKNOWLEDGED - {}", row.facts.level),
        _ => Story::of(row).headline,
    }
}

fn lines(facts: &Facts) -> Vec<String> {
    match facts.event {
        Event::Storm => facts.members.iter().map(member).collect(),
        Event::Digest => facts.lines.iter().map(|line| wording::quote(line, LINE)).collect(),
        _ => Vec::new(),
    }
}

/// `login fails - app reviews, country=se: 47, usual 6 (high, i-7f3k2)`
fn member(member: &Member) -> String {
    let (title, watch) = (wording::name(&member.title), wording::name(&member.watch));
    let (count, usual) = (wording::amount(member.count), wording::amount(member.expected));
    let segment = match member.segment.to_string().as_str() {
        "all" => String::new(),
        part => format!(", {}", wording::name(part)),
    };
    format!("{title} - {watch}{segment}: {count}, usual {usual} ({}, {})", member.level, wording::name(&member.incident))
}

fn colour(brief: &Brief) -> u32 {
    match (brief.event, brief.level) {
        (Event::Resolved, _) => OVER,
        (Event::Test | Event::Digest, _) => ASIDE,
        (_, Level::Low) => LOW,
        (_, Level::Medium) => MEDIUM,
        (_, Level::High) => HIGH,
        (_, Level::Critical) => CRITICAL,
    }
}

/// `text` as a chat takes it: escaped, and at most `most` long. It is cut between what people see as
/// letters, never within an escape.
pub(super) fn cut(text: &str, most: usize, escape: Escape, measure: Measure) -> String {
    const MARK: &str = "…";
    let room = most.saturating_sub(measure(MARK));
    let (mut out, mut length, mut before) = (String::with_capacity(text.len()), 0, None);
    // Where the text ends if one more letter is too many.
    let mut end = 0;
    for cluster in text.graphemes(true) {
        let from = out.len();
        for letter in cluster.chars() {
            escape(before, letter, &mut out);
            before = Some(letter);
        }
        length += measure(&out[from..]);
        if length > most {
            out.truncate(end);
            return if most == 0 { String::new() } else { out + MARK };
        }
        if length <= room {
            end = out.len();
        }
    }
    out
}

/// Leaves every letter as it is, for places where a chat reads no marks.
pub(super) fn as_it_is(_: Option<char>, letter: char, out: &mut String) {
    out.push(letter);
}

/// Lines in pieces of at most `most`, none of them broken. What alone is longer is left out.
pub(super) fn in_pieces(lines: &[String], most: usize, measure: Measure) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for line in lines.iter().filter(|line| !line.is_empty() && measure(line) <= most) {
        match pieces.last_mut() {
            Some(piece) if measure(piece) + 1 + measure(line) <= most => {
                piece.push('\n');
                piece.push_str(line);
            }
            _ => pieces.push(line.clone()),
        }
    }
    pieces
}

/// Whether the first message of the thread is of this incident alone. That of a storm is of many, and
/// is not to be written over by one of them.
pub(super) fn owns_thread(row: &Row) -> bool {
    row.root.is_none() || row.root == row.facts.root
}

/// Whether the row says how an incident fares that people know of, so that its first message should
/// say the same.
pub(super) fn follows(row: &Row) -> bool {
    row.root().is_some() && matches!(row.facts.event, Event::Worse | Event::Reminder | Event::Resolved | Event::Reopened | Event::Acked)
}

/// The same row under another id, for what is sent beside it: the two must not be taken for a repeat.
pub(super) fn beside(row: &Row) -> Row {
    Row { id: format!("{}-edit", row.id), ..row.clone() }
}

/// What an answer means: the words of the service first, then what it answers when it took the row
/// (`taken` gives the receipt), then the common table. A page of some proxy is no such answer.
pub(super) fn judged(
    reply: &Reply,
    words: impl Fn(u16, &str) -> Option<DeliveryError>,
    taken: impl Fn(u16, &str) -> Option<String>,
) -> Result<String, DeliveryError> {
    let Reply::Http { status, retry_after, body } = reply else { return judge::reply(reply) };
    if *status == 429 {
        return Err(DeliveryError::Throttled {
            after: retry_after.or_else(|| pause(body)),
            why: "answered 429: too many requests".to_owned(),
        });
    }
    if let Some(error) = words(*status, body) {
        return Err(match error {
            DeliveryError::Throttled { after: None, why } => DeliveryError::Throttled { after: *retry_after, why },
            other => other,
        });
    }
    match status {
        200..=299 => taken(*status, body).ok_or_else(|| DeliveryError::Later {
            after: None,
            why: format!("answered {status}, but not what the service answers when it took a message"),
        }),
        _ => judge::reply(reply),
    }
}

/// `{"retry_after": 0.655}`, in seconds.
fn pause(body: &str) -> Option<Duration> {
    let seconds = json(body)?.get("retry_after")?.as_f64()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// An answer that is JSON.
pub(super) fn json(body: &str) -> Option<Value> {
    serde_json::from_str(body).ok()
}

/// A word of a service, as `channel_not_found`; whatever else it answers is not repeated.
pub(super) fn word(text: &str) -> Option<&str> {
    let word = text.trim();
    let fits =
        (1..=60).contains(&word.len()) && word.chars().all(|letter| letter.is_ascii_lowercase() || matches!(letter, '_' | '0'..='9'));
    fits.then_some(word)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::incident::Segment;
    use crate::render::Channel;
    use crate::render::Parcel;
    use crate::render::sample;

    /// A storm of so many segments.
    pub(in crate::render) fn storm(count: usize) -> Row {
        let mut row = sample::opened();
        row.id = "k0q7v2m4hxstorm".to_owned();
        row.facts.event = Event::Storm;
        row.facts.incident = "storm-1".to_owned();
        row.facts.members = (0..count)
            .map(|number| Member {
                incident: format!("i-{number:05}"),
                event: Event::Opened,
                title: "login fails".to_owned(),
                watch: "app reviews".to_owned(),
                segment: Segment::Label { key: "country".to_owned(), value: format!("c{number}") },
                level: Level::High,
                count: 47.0,
                expected: 6.0,
                since: row.facts.since,
                quote: Some("it is *broken* <!here>".to_owned()),
                ticket: None,
            })
            .collect();
        row
    }

    /// Somebody is on it.
    pub(in crate::render) fn acked() -> Row {
        let mut row = sample::worse();
        row.id = "k0q7v2m4hxacked".to_owned();
        row.facts.event = Event::Acked;
        row.facts.acked_by = Some("anna <!channel>".to_owned());
        row
    }

    /// A made-up message with everything in it, foreign signs too.
    pub(in crate::render) fn talk() -> Talk {
        let brief = Brief {
            title: "login_fails <b> - *app* reviews".to_owned(),
            summary: "47 complaints & more @here.".to_owned(),
            facts: vec![("Level".to_owned(), "high".to_owned()), ("Part".to_owned(), String::new())],
            quotes: vec!["\"white [page](x) again\" (Play)".to_owned()],
            more: Some("46 more".to_owned()),
            why: "The limit is 14.".to_owned(),
            links: vec![("All of them", "https://uproar.example.com/i/i-7f3k2?a=1&k=x".to_owned())],
            level: Level::High,
            event: Event::Opened,
        };
        Talk {
            headline: "OPENED - high - Sat 21 Nov 2026 14:05 CET".to_owned(),
            brief,
            lines: vec!["first_line".to_owned(), "second ~line~".to_owned()],
            below: vec!["incident i-7f3k2".to_owned()],
            colour: HIGH,
        }
    }

    fn digest() -> Row {
        let mut row = sample::test();
        row.id = "k0q7v2m4hxdigest".to_owned();
        row.facts.event = Event::Digest;
        row.facts.incident = "digest-1".to_owned();
        row.facts.lines = vec!["Uproar is well.".to_owned(), "2 alerts reached nobody: `uproar outbox list --dead`".to_owned()];
        row
    }

    /// Everything that can be told, each also when it was called too long.
    pub(in crate::render) fn everything() -> Vec<Row> {
        let rows = vec![
            sample::opened(),
            sample::worse(),
            sample::resolved(),
            sample::reopened(),
            sample::slow_rise(),
            sample::fallen(),
            sample::charted(),
            sample::hostile(),
            sample::test(),
            storm(6),
            storm(200),
            digest(),
        ];
        let mut reminder = sample::worse();
        reminder.facts.event = Event::Reminder;
        reminder.facts.escalated = Some("nobody acknowledged it within 15 min".to_owned());
        let rows: Vec<Row> = rows.into_iter().chain([reminder]).collect();
        let linked = rows.iter().map(|row| {
            let mut row = row.clone();
            row.facts.base_url = Some("https://uproar.example.com".to_owned());
            row
        });
        let short = rows.iter().map(|row| Row { short: true, ..row.clone() });
        let all: Vec<Row> = linked.chain(short).collect();
        rows.into_iter().chain(all).collect()
    }

    /// Address, headers and body of what a channel sends.
    pub(in crate::render) fn sent(channel: &dyn Channel, row: &Row) -> (String, Vec<(String, String)>, Value) {
        posted(channel.pack(row, sample::at("2026-11-22T12:00:00Z")))
    }

    /// The same of a parcel.
    pub(in crate::render) fn posted(parcel: Parcel) -> (String, Vec<(String, String)>, Value) {
        let Parcel::Post { url, headers, body, .. } = parcel else { panic!("a post was expected") };
        (url.reveal().to_owned(), headers, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// Every text in a body.
    pub(in crate::render) fn texts(value: &Value) -> Vec<String> {
        match value {
            Value::String(text) => vec![text.clone()],
            Value::Array(values) => values.iter().flat_map(texts).collect(),
            Value::Object(values) => values.values().flat_map(texts).collect(),
            _ => Vec::new(),
        }
    }

    /// A body with a line for every text and number in it, by its path.
    pub(in crate::render) fn outline(value: &Value) -> String {
        fn walk(path: &str, value: &Value, out: &mut String) {
            match value {
                Value::Array(values) => values.iter().enumerate().for_each(|(at, value)| walk(&format!("{path}/{at}"), value, out)),
                Value::Object(values) => values.iter().for_each(|(key, value)| walk(&format!("{path}/{key}"), value, out)),
                leaf => out.extend([path, ": ", &leaf.to_string(), "\n"]),
            }
        }
        let mut out = String::new();
        walk("", value, &mut out);
        out.replace('\u{200b}', "{zero}")
    }

    /// An answer.
    pub(in crate::render) fn answer(status: u16, body: &str) -> Reply {
        Reply::Http { status, retry_after: None, body: body.to_owned() }
    }

    /// The class of an outcome in a word.
    pub(in crate::render) fn class(outcome: &Result<String, DeliveryError>) -> &'static str {
        match outcome {
            Ok(_) => "delivered",
            Err(DeliveryError::Later { .. }) => "later",
            Err(DeliveryError::Throttled { .. }) => "throttled",
            Err(DeliveryError::TooLong { .. }) => "too long",
            Err(DeliveryError::RowDead { .. }) => "dead",
            Err(DeliveryError::ChannelBroken { .. }) => "broken",
        }
    }

    /// What holds of all chats, whatever they answer else.
    pub(in crate::render) fn common_answers(channel: &dyn Channel) {
        let row = sample::opened();
        for (status, body, expected) in [
            (200, "<!DOCTYPE html><html><body>Sign in to the guest network</body></html>", "later"),
            (202, "<html></html>", "later"),
            (302, "", "broken"),
            (401, "", "broken"),
            (403, "", "broken"),
            (404, "", "broken"),
            (410, "", "broken"),
            (400, "", "dead"),
            (408, "", "later"),
            (429, "", "throttled"),
            (500, "<html></html>", "later"),
            (503, "", "later"),
            (799, "", "later"),
        ] {
            assert_eq!(class(&channel.judge(&row, &answer(status, body))), expected, "{status} {body}");
        }
        assert_eq!(class(&channel.judge(&row, &Reply::Nothing("no answer in time".to_owned()))), "later");
        assert_eq!(class(&channel.judge(&row, &Reply::Unable("a bad address".to_owned()))), "broken");
    }

    fn doubled(_: Option<char>, letter: char, out: &mut String) {
        out.push_str(if letter == '&' { "&amp;" } else { "" });
        if letter != '&' {
            out.push(letter);
        }
    }

    #[test]
    fn a_text_is_never_cut_within_an_escape_or_a_letter() {
        assert_eq!(cut("a&b", 7, doubled, utf16), "a&amp;b");
        assert_eq!(cut("a&b", 6, doubled, utf16), "a…");
        assert_eq!(cut("ab👩‍👩‍👧", 10, as_it_is, utf16), "ab👩‍👩‍👧");
        assert_eq!(cut("ab👩‍👩‍👧c", 10, as_it_is, utf16), "ab…");
        assert_eq!(cut("abc", 0, as_it_is, utf16), "");
    }

    #[test]
    fn lines_come_in_pieces_that_hold_whole_ones() {
        let lines = ["aaa", "bbb", "", "cccc", "ddddddddd"].map(str::to_owned);
        assert_eq!(in_pieces(&lines, 7, letters), ["aaa\nbbb", "cccc"]);
    }

    #[test]
    fn a_storm_shows_as_much_as_fits_and_says_what_is_left_out() {
        let whole = fitting(&storm(200), Clone::clone, |_| true);
        assert_eq!((whole.lines.len(), whole.below.len()), (200, 0));
        assert_eq!(whole.lines[3], "login fails - app reviews, country=c3: 47, usual 6 (high, i-00003)");
        let part = fitting(&storm(200), Clone::clone, |talk: &Talk| talk.lines.len() <= 60);
        assert_eq!((part.lines.len(), part.below), (50, vec!["and 150 more".to_owned()]));
        let none = fitting(&storm(200), Clone::clone, |_| false);
        assert_eq!((none.lines.len(), none.below), (0, vec!["and 200 more".to_owned()]));
    }

    #[test]
    fn only_the_first_message_of_its_own_thread_is_written_over() {
        let mut row = sample::worse();
        assert!(owns_thread(&row) && follows(&row));
        row.root = row.facts.root.clone();
        assert!(owns_thread(&row));
        row.root = Some("k0q7v2m4hxstorm".to_owned());
        assert!(!owns_thread(&row));
        assert!(!follows(&sample::opened()) && !follows(&storm(2)));
    }

    #[test]
    fn a_pause_may_stand_in_the_body() {
        assert_eq!(pause(r#"{"retry_after": 0.655}"#), Some(Duration::from_millis(655)));
        for odd in [r#"{"retry_after": -1}"#, r#"{"retry_after": 1e300}"#, "[]", "", "Too Many Requests"] {
            assert_eq!(pause(odd), None, "{odd}");
        }
    }

    #[test]
    fn who_is_told_instead_and_why_more_people_are_told_is_said() {
        let mut row = sample::opened();
        row.facts.instead_of = Some("Slack #support unreachable since 14:02 (HTTP 503)".to_owned());
        let talk = fitting(&row, Clone::clone, |_| true);
        assert!(talk.brief.summary.contains("Slack #support unreachable since 14:02 (HTTP 503)"), "{}", talk.brief.summary);
    }

    proptest! {
        #[test]
        fn a_cut_text_is_as_long_as_allowed_at_most(text in "[a-z&\u{301}😡 ]{0,60}", most in 0_usize..40) {
            let short = cut(&text, most, doubled, utf16);
            prop_assert!(utf16(&short) <= most, "{short}");
            let whole = cut(&text, usize::MAX, doubled, utf16);
            if utf16(&whole) <= most {
                prop_assert_eq!(short, whole);
            } else {
                prop_assert!(most == 0 || short.ends_with('…'));
            }
        }
    }
}
