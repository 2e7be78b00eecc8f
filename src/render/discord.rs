//! Discord, by the webhook of a channel: a message a notice, and the first one of an incident is edited
//! to show how it stands. Limits as <https://discord.com/developers/docs/resources/message> has them.

use serde_json::Value;
use serde_json::json;
use url::Url;

use crate::domain::Timestamp;
use crate::domain::notice::Event;
use crate::domain::notice::Row;
use crate::domain::secret::Secret;
use crate::render::Channel;
use crate::render::DeliveryError;
use crate::render::Method;
use crate::render::Parcel;
use crate::render::Reply;
use crate::render::chat;
use crate::render::chat::Talk;
use crate::render::chat::letters;
use crate::render::post;

/// Most letters of a title.
const TITLE: usize = 256;
/// Most letters of the text.
const TEXT: usize = 4_096;
/// Most letters of an embed as a whole; 6,000 is documented.
const WHOLE: usize = 5_900;
/// Most fields.
const FIELDS: usize = 25;

/// Where the messages go.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The address; a secret.
    pub url: Secret,
}

impl Settings {
    /// Asks for the webhook itself, and changes nothing.
    #[must_use]
    pub fn question(&self) -> Parcel {
        let agent = ("user-agent".to_owned(), concat!("uproar/", env!("CARGO_PKG_VERSION")).to_owned());
        Parcel::Post { method: Method::Get, url: self.url.clone(), headers: vec![agent], body: Vec::new() }
    }

    /// What is wrong, where the answer to [`Settings::question`] says so.
    ///
    /// # Errors
    ///
    /// What is wrong with the webhook.
    pub fn answered(&self, reply: &Reply) -> Result<(), DeliveryError> {
        chat::judged(reply, said, |_, body| id(body)).map(drop)
    }

    /// The address of all messages, or of one of them.
    fn address(&self, message: Option<&str>) -> Secret {
        let Ok(mut url) = Url::parse(self.url.reveal()) else { return self.url.clone() };
        let kept: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(key, _)| key == "thread_id").collect();
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
        match message {
            Some(message) => url.set_path(&format!("{}/messages/{message}", url.path().trim_end_matches('/').to_owned())),
            // Without it a message that is not kept gives no error, and no id.
            None => drop(url.query_pairs_mut().append_pair("wait", "true")),
        }
        Secret::new(url.into())
    }

    fn edit(&self, row: &Row, first: &str) -> Parcel {
        post::json(row, Method::Patch, &self.address(Some(first)), &message(row))
    }
}

impl Channel for Settings {
    fn takes(&self, _: Event) -> bool {
        true
    }

    fn gathers(&self) -> bool {
        true
    }

    fn pack(&self, row: &Row, _: Timestamp) -> Parcel {
        match (row.facts.event, first_of(row)) {
            // That somebody is on it is nothing to call people for.
            (Event::Acked, Some(first)) if chat::owns_thread(row) => self.edit(row, first),
            (Event::Acked, None) => self.question(),
            _ => post::json(row, Method::Post, &self.address(None), &message(row)),
        }
    }

    fn judge(&self, row: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        let outcome = chat::judged(reply, said, |_, body| id(body));
        match (row.facts.event, &outcome) {
            // The first message is gone, and with it what was to be edited.
            (Event::Acked, Err(DeliveryError::RowDead { .. })) if code(reply) == Some(10_008) => Ok("nothing to edit".to_owned()),
            _ => outcome,
        }
    }

    fn after(&self, row: &Row, _: &str) -> Option<Parcel> {
        let edits = chat::follows(row) && chat::owns_thread(row) && row.facts.event != Event::Acked;
        first_of(row).filter(|_| edits).map(|first| self.edit(&chat::beside(row), first))
    }
}

/// The id of the first message of the incident.
fn first_of(row: &Row) -> Option<&str> {
    row.thread.as_deref().filter(|id| row.root().is_some() && is_id(id))
}

fn is_id(text: &str) -> bool {
    (1..=24).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit())
}

fn id(body: &str) -> Option<String> {
    chat::json(body)?["id"].as_str().filter(|id| is_id(id)).map(str::to_owned)
}

fn code(reply: &Reply) -> Option<u64> {
    let Reply::Http { body, .. } = reply else { return None };
    chat::json(body)?["code"].as_u64()
}

/// What one of Discord's codes means; `None` where the status says more.
fn said(status: u16, body: &str) -> Option<DeliveryError> {
    let code = chat::json(body).and_then(|body| body["code"].as_u64())?;
    if !(400..=499).contains(&status) {
        return None;
    }
    let why = format!("answered {status}, code {code}");
    let long = body.contains("or fewer in length") || body.contains("exceeds maximum size");
    match code {
        10_008 => Some(DeliveryError::RowDead { why: format!("{why}: the message is gone") }),
        10_003 | 10_015 | 50_027 => Some(DeliveryError::ChannelBroken { why: format!("{why}: the webhook is gone; make a new one") }),
        220_001..=220_004 => {
            Some(DeliveryError::ChannelBroken { why: format!("{why}: the webhook is of a forum; make one of a text channel") })
        }
        50_035 if long => Some(DeliveryError::TooLong { why: format!("{why}: too long") }),
        40_005 => Some(DeliveryError::TooLong { why: format!("{why}: too large") }),
        _ => None,
    }
}

fn message(row: &Row) -> Value {
    let embed = chat::fitting(row, embed, |embed| length(embed) <= WHOLE);
    json!({ "embeds": [embed], "allowed_mentions": { "parse": [] } })
}

fn embed(talk: &Talk) -> Value {
    let brief = &talk.brief;
    let mut parts = vec![format!("**{}**", tame(&talk.headline, 300)), tame(&brief.summary, 1_500)];
    parts.extend(brief.quotes.iter().map(|quote| format!("> {}", tame(quote, 700))));
    parts.extend(talk.lines.iter().map(|line| format!("- {}", tame(line, 300))));
    parts.extend(brief.more.iter().map(|more| tame(more, 300)));
    let links = brief.links.iter().take(chat::LINKS).filter(|(_, address)| plain(address));
    let links: Vec<String> = links.map(|(label, address)| format!("[{label}]({address})")).collect();
    parts.push(links.join(" | "));
    parts.retain(|line| !line.is_empty());
    let fields = brief.facts.iter().take(FIELDS);
    let fields: Vec<Value> = fields
        .map(|(name, value)| json!({ "name": tame(&or_dash(name), 100), "value": tame(&or_dash(value), 300), "inline": true }))
        .collect();
    let mut embed = json!({
        "title": tame(&or_dash(&brief.title), TITLE),
        "description": parts.join("\n"),
        "color": talk.colour,
        "fields": fields,
    });
    let below: Vec<&str> = talk.below.iter().map(String::as_str).chain([brief.why.as_str()]).filter(|text| !text.is_empty()).collect();
    if !below.is_empty() {
        // A footer reads no marks.
        embed["footer"] = json!({ "text": chat::cut(&below.join(" - "), 1_000, chat::as_it_is, letters) });
    }
    embed
}

fn or_dash(text: &str) -> String {
    if text.trim().is_empty() { "-".to_owned() } else { text.to_owned() }
}

/// An address that ends where its bracket ends.
fn plain(address: &str) -> bool {
    address.len() <= 1_000 && !address.contains(|letter: char| letter.is_whitespace() || matches!(letter, '(' | ')' | '<' | '>'))
}

fn tame(text: &str, most: usize) -> String {
    chat::cut(text, most, escape, letters)
}

/// A backslash before every sign that may mean something, and a blank of no width behind the one that
/// calls people.
fn escape(_: Option<char>, letter: char, out: &mut String) {
    match letter {
        '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '#' | '[' | ']' | '(' | ')' => out.extend(['\\', letter]),
        '@' => out.push_str("@\u{200b}"),
        other => out.push(other),
    }
}

/// As Discord counts: all texts together. A description over its own limit is over all of them.
fn length(embed: &Value) -> usize {
    let of = |value: &Value| value.as_str().map_or(0, letters);
    let description = of(&embed["description"]);
    if description > TEXT {
        return usize::MAX;
    }
    let fields = embed["fields"].as_array().into_iter().flatten().map(|field| of(&field["name"]) + of(&field["value"]));
    of(&embed["title"]) + description + of(&embed["footer"]["text"]) + fields.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::chat::tests as chats;
    use crate::render::sample;

    fn channel() -> Settings {
        Settings { url: Secret::new("https://discord.com/api/webhooks/123/secret?thread_id=9".to_owned()) }
    }

    fn threaded(row: Row) -> Row {
        Row { thread: Some("1000000000000000001".to_owned()), ..row }
    }

    #[test]
    fn an_alert_is_an_embed() {
        insta::assert_snapshot!(chats::outline(&embed(&chats::talk())), @r##"
        /title: "login\\_fails \\<b\\> - \\*app\\* reviews"
        /description: "**OPENED - high - Sat 21 Nov 2026 14:05 CET**\n47 complaints & more @{zero}here.\n> \"white \\[page\\]\\(x\\) again\" \\(Play\\)\n- first\\_line\n- second \\~line\\~\n46 more\n[All of them](https://uproar.example.com/i/i-7f3k2?a=1&k=x)"
        /color: 15690752
        /fields/0/name: "Level"
        /fields/0/value: "high"
        /fields/0/inline: true
        /fields/1/name: "Part"
        /fields/1/value: "-"
        /fields/1/inline: true
        /footer/text: "incident i-7f3k2 - The limit is 14."
        "##);
        let (url, _, _) = chats::sent(&channel(), &sample::opened());
        assert_eq!(url, "https://discord.com/api/webhooks/123/secret?thread_id=9&wait=true");
    }

    #[test]
    fn a_follow_up_is_a_message_and_edits_the_first_one() {
        let row = threaded(sample::resolved());
        assert!(chats::sent(&channel(), &row).0.ends_with("wait=true"));
        let edit = channel().after(&row, "1000000000000000002").unwrap();
        assert!(matches!(&edit, Parcel::Post { method: Method::Patch, .. }));
        assert_eq!(chats::posted(edit).0, "https://discord.com/api/webhooks/123/secret/messages/1000000000000000001?thread_id=9");
        assert_eq!(channel().after(&sample::opened(), "1000000000000000001"), None);
        assert_eq!(channel().after(&threaded(Row { root: Some("k0q7v2m4hxstorm".to_owned()), ..sample::worse() }), ""), None);
        assert_eq!(channel().after(&Row { thread: Some("HTTP 200".to_owned()), ..sample::worse() }, ""), None);
    }

    #[test]
    fn that_somebody_is_on_it_is_an_edit_and_calls_nobody() {
        let edit = channel().pack(&threaded(chats::acked()), sample::opened().facts.at);
        assert!(matches!(&edit, Parcel::Post { method: Method::Patch, .. }));
        let question = channel().pack(&chats::acked(), sample::opened().facts.at);
        assert!(matches!(&question, Parcel::Post { method: Method::Get, .. }));
        let gone = chats::answer(404, r#"{"message":"Unknown Message","code":10008}"#);
        assert_eq!(channel().judge(&threaded(chats::acked()), &gone), Ok("nothing to edit".to_owned()));
    }

    #[test]
    fn everything_fits_into_what_discord_takes() {
        for row in chats::everything() {
            let embed = &chats::sent(&channel(), &row).2["embeds"][0];
            assert!(length(embed) <= WHOLE, "{} {}", row.id, length(embed));
            assert!(letters(embed["title"].as_str().unwrap()) <= TITLE);
            for field in embed["fields"].as_array().unwrap() {
                assert!((1..=256).contains(&letters(field["name"].as_str().unwrap())), "{field}");
                assert!((1..=1024).contains(&letters(field["value"].as_str().unwrap())), "{field}");
            }
        }
    }

    #[test]
    fn foreign_words_mean_nothing_to_discord() {
        assert_eq!(
            tame("@everyone **x** [a](b) <@1> ||c||", 99),
            "@\u{200b}everyone \\*\\*x\\*\\* \\[a\\]\\(b\\) \\<@\u{200b}1\\> \\|\\|c\\|\\|"
        );
        for row in chats::everything() {
            let (_, _, body) = chats::sent(&channel(), &row);
            assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
            assert!(!body["embeds"][0]["description"].as_str().unwrap().contains("@everyone"), "{body}");
        }
    }

    #[test]
    fn a_storm_of_two_hundred_says_how_many_are_left_out() {
        let text = message(&chats::storm(200)).to_string();
        let told = (0..200).filter(|number| text.contains(&format!("i-{number:05}"))).count();
        assert!(told >= 20 && text.contains(&format!("and {} more", 200 - told)), "{told} {text}");
    }

    #[test]
    fn answers_mean_what_discord_says() {
        chats::common_answers(&channel());
        let judge = |status, body: &str| channel().judge(&sample::opened(), &chats::answer(status, body));
        assert_eq!(judge(200, r#"{"id":"1000000000000000001"}"#), Ok("1000000000000000001".to_owned()));
        for (status, body, expected) in [
            (200, "{}", "later"),
            (400, r#"{"code":50035,"errors":{"x":"Must be 2000 or fewer in length."}}"#, "too long"),
            (400, r#"{"code":50035,"message":"Invalid Form Body"}"#, "dead"),
            (400, r#"{"code":220001,"message":"Webhooks posted to forum channels must have a thread_name or thread_id"}"#, "broken"),
            (404, r#"{"code":10015,"message":"Unknown Webhook"}"#, "broken"),
            (413, r#"{"code":40005}"#, "too long"),
            (503, r#"{"code":0}"#, "later"),
        ] {
            assert_eq!(chats::class(&judge(status, body)), expected, "{status} {body}");
        }
        let throttled = judge(429, r#"{"message":"You are being rate limited.","retry_after":0.655,"global":false}"#);
        assert!(matches!(throttled, Err(DeliveryError::Throttled { after: Some(after), .. }) if after.as_millis() == 655));
    }
}
