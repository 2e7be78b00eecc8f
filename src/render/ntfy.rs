//! ntfy: a line on a telephone.

use serde_json::Value;
use serde_json::json;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::Timestamp;
use crate::domain::incident::Level;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Row;
use crate::domain::secret::Secret;
use crate::render::Channel;
use crate::render::DeliveryError;
use crate::render::Method;
use crate::render::Parcel;
use crate::render::Reply;
use crate::render::brief::Brief;
use crate::render::brief::Size;
use crate::render::brief::brief;
use crate::render::judge;
use crate::render::post;

/// Most bytes of a message; a longer one becomes an attachment.
const MESSAGE: usize = 4_096;
/// Most bytes of one that was called too long: a server may be set to take less.
const SHORT: usize = 1_000;
/// Most buttons.
const ACTIONS: usize = 3;

/// Where the messages go.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Address of the server.
    pub server: Secret,
    /// The topic.
    pub topic: String,
    /// Access token, where the server wants one.
    pub token: Option<Secret>,
}

impl Channel for Settings {
    fn gathers(&self) -> bool {
        true
    }

    fn pack(&self, row: &Row, _: Timestamp) -> Parcel {
        let (words, message) = message(row);
        let mut body = json!({
            "topic": self.topic,
            "title": title(&words),
            "message": message,
            "priority": priority(&row.facts),
            "tags": [tag(&row.facts)],
        });
        if let Some(page) = post::page(&row.facts) {
            body["click"] = json!(page);
        }
        let actions: Vec<Value> =
            words.links.iter().take(ACTIONS).map(|(label, address)| json!({ "action": "view", "label": label, "url": address })).collect();
        if !actions.is_empty() {
            body["actions"] = Value::Array(actions);
        }
        let token = self.token.iter().map(|token| ("authorization".to_owned(), format!("Bearer {}", token.reveal())));
        post::with(row, Method::Post, &self.server, token.collect(), &body)
    }

    fn judge(&self, _: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        judge::reply(reply)
    }
}

fn title(brief: &Brief) -> String {
    match brief.event {
        Event::Opened | Event::Test | Event::Digest => brief.title.clone(),
        event => format!("{}: {}", event.word(), brief.title),
    }
}

/// As much as fits; and in the worst case the beginning of that.
fn message(row: &Row) -> (Brief, String) {
    let most = if row.short { SHORT } else { MESSAGE };
    let mut last = None;
    for size in Size::steps(row) {
        let words = brief(row, *size);
        let text = lines(&words);
        let fits = text.len() <= most;
        last = Some((words, text));
        if fits {
            break;
        }
    }
    let (words, text) = last.unwrap_or_else(|| (brief(row, Size::STEPS[4]), String::new()));
    let text = cut(text, most);
    // An empty message is shown as "triggered".
    let text = if text.is_empty() { words.title.clone() } else { text };
    (words, text)
}

fn lines(brief: &Brief) -> String {
    let mut lines = vec![brief.summary.clone()];
    lines.extend(brief.facts.iter().map(|(name, value)| format!("{name}: {value}")));
    lines.extend(brief.quotes.iter().map(|quote| format!("- {quote}")));
    lines.extend(brief.more.clone());
    lines.retain(|line| !line.is_empty());
    // A telephone makes links of whatever looks like one: customers' words must not be any.
    lines.join("\n").replace("://", ":\u{200b}//")
}

fn cut(text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    let room = most - '…'.len_utf8();
    let end = text.grapheme_indices(true).map(|(at, cluster)| at + cluster.len()).take_while(|end| *end <= room).last().unwrap_or(0);
    format!("{}…", &text[..end])
}

fn priority(facts: &Facts) -> u8 {
    match (facts.event, facts.level) {
        (Event::Resolved | Event::Digest, _) => 2,
        (Event::Test, _) => 3,
        _ if facts.over.is_some() => 2,
        (_, Level::Critical) => 5,
        (_, Level::High) => 4,
        (_, Level::Medium | Level::Low) => 3,
    }
}

/// A word that the app shows as a picture.
fn tag(facts: &Facts) -> &'static str {
    match (facts.event, facts.level) {
        (Event::Resolved, _) => "white_check_mark",
        (Event::Test | Event::Digest, _) => "speech_balloon",
        (_, Level::Critical | Level::High) => "rotating_light",
        (_, Level::Medium | Level::Low) => "warning",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    fn settings() -> Settings {
        Settings {
            server: Secret::new("https://ntfy.sh".to_owned()),
            topic: "uproar-support".to_owned(),
            token: Some(Secret::new("tk_hush".to_owned())),
        }
    }

    fn packed(row: &Row) -> (Value, Vec<(String, String)>) {
        let Parcel::Post { body, headers, .. } = settings().pack(row, row.created) else { panic!("a post was expected") };
        (serde_json::from_slice(&body).unwrap(), headers)
    }

    #[test]
    fn a_telephone_shows_what_is_wrong_and_rings_as_loud_as_it_is() {
        let (body, headers) = packed(&sample::opened());
        assert!(body["title"].as_str().unwrap().contains("login fails"), "{body}");
        assert!(body["message"].as_str().unwrap().contains("47"), "{body}");
        assert!(headers.contains(&("authorization".to_owned(), "Bearer tk_hush".to_owned())));
        let priorities = [sample::opened(), sample::worse(), sample::resolved()].map(|row| packed(&row).0["priority"].clone());
        assert_eq!(priorities, [json!(4), json!(5), json!(2)]);
    }

    #[test]
    fn the_longest_message_is_within_the_limit_and_no_link() {
        for short in [false, true] {
            let (body, _) = packed(&Row { short, ..sample::hostile() });
            let message = body["message"].as_str().unwrap();
            assert!(message.len() <= if short { SHORT } else { MESSAGE }, "{}", message.len());
            assert!(!message.is_empty() && !message.contains("https://evil"), "{message}");
        }
        assert_eq!(cut("ae\u{301}e\u{301}".to_owned(), 6), "a…");
        assert_eq!(cut("abc".to_owned(), 3), "abc");
    }

    #[test]
    fn buttons_open_the_pages_where_there_are_some() {
        let mut row = sample::opened();
        assert!(packed(&row).0.get("click").is_none());
        row.facts.base_url = Some("https://uproar.example.com".to_owned());
        row.facts.ticket = Some("T".to_owned());
        let (body, _) = packed(&row);
        assert_eq!(body["click"], "https://uproar.example.com/i/i-7f3k2?k=T");
        assert!(body["actions"].as_array().unwrap().len() <= ACTIONS);
    }
}
