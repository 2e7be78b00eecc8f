//! Google Chat, by the webhook of a space: an incident is a thread.
//!
//! Cards read a little HTML, and so does nothing else here: what is foreign stands in cards alone, with
//! the signs of HTML escaped. A repeat is known by its `requestId`: the service answers with the first
//! message then and shows no second one
//! (<https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create>).

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
use crate::render::mail::token;
use crate::render::post;

/// Most bytes of a message; 32,000 is documented.
const WHOLE: usize = 30_000;
/// What a receipt begins with: the name of the thread follows.
const THREAD: &str = "thread:";

/// Where the messages go.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The address; a secret.
    pub url: Secret,
}

impl Settings {
    /// The address with what makes an answer hang on its thread, and a repeat be known.
    fn address(&self, row: &Row) -> Secret {
        let Ok(mut url) = Url::parse(self.url.reveal()) else { return self.url.clone() };
        let further = [("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"), ("requestId", &token(&row.id))];
        let kept: Vec<(String, String)> =
            url.query_pairs().into_owned().filter(|(key, _)| further.iter().all(|(name, _)| key != name)).collect();
        url.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(further);
        Secret::new(url.into())
    }
}

impl Channel for Settings {
    fn gathers(&self) -> bool {
        true
    }

    fn pack(&self, row: &Row, _: Timestamp) -> Parcel {
        post::json(row, Method::Post, &self.address(row), &message(row))
    }

    fn judge(&self, row: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        chat::judged(
            reply,
            |_, _| None,
            |_, body| {
                chat::json(body)?["name"].as_str()?;
                Some(thread(row).map_or_else(|| "taken".to_owned(), |key| format!("{THREAD}{key}")))
            },
        )
    }
}

/// The thread's name: that of the message which this one follows, or the incident's own. Nothing
/// follows a test.
fn thread(row: &Row) -> Option<String> {
    if matches!(row.facts.event, Event::Test | Event::Digest) {
        return None;
    }
    let first = row.thread.as_deref().and_then(|receipt| receipt.strip_prefix(THREAD));
    Some(token(first.unwrap_or(&row.facts.incident))).filter(|key| !key.is_empty())
}

fn message(row: &Row) -> Value {
    let mut body = chat::fitting(row, card, |body| body.to_string().len() <= WHOLE);
    if let Some(key) = thread(row) {
        body["thread"] = json!({ "threadKey": key });
    }
    body
}

fn card(talk: &Talk) -> Value {
    let brief = &talk.brief;
    let mut widgets = vec![paragraph(&format!("<b>{}</b><br><b>{}</b>", tame(&talk.headline, 300), tame(&brief.title, 300)))];
    if !brief.summary.is_empty() {
        widgets.push(paragraph(&tame(&brief.summary, 2_000)));
    }
    let facts: Vec<String> =
        brief.facts.iter().take(12).map(|(name, value)| format!("<b>{}:</b> {}", tame(name, 100), tame(value, 300))).collect();
    widgets.extend((!facts.is_empty()).then(|| paragraph(&facts.join("<br>"))));
    widgets.extend(brief.quotes.iter().map(|quote| paragraph(&format!("<i>{}</i>", tame(quote, 1_000)))));
    let listed: Vec<String> = talk.lines.iter().map(|line| tame(line, 300)).collect();
    widgets.extend((!listed.is_empty()).then(|| paragraph(&listed.join("<br>"))));
    let below = brief.more.iter().chain(&talk.below).chain([&brief.why]).filter(|text| !text.is_empty());
    widgets.extend(below.map(|text| paragraph(&tame(text, 1_000))));
    let links = brief.links.iter().take(chat::LINKS).filter(|(_, address)| address.len() <= 1_000);
    let buttons: Vec<Value> =
        links.map(|(label, address)| json!({ "text": label, "onClick": { "openLink": { "url": address } } })).collect();
    if !buttons.is_empty() {
        widgets.push(json!({ "buttonList": { "buttons": buttons } }));
    }
    json!({
        "fallbackText": chat::cut(&talk.in_a_line(), 500, bracketless, letters),
        "cardsV2": [{ "cardId": "notice", "card": { "sections": [{ "widgets": widgets }] } }],
    })
}

fn paragraph(html: &str) -> Value {
    json!({ "textParagraph": { "text": html } })
}

fn tame(text: &str, most: usize) -> String {
    chat::cut(text, most, escape, letters)
}

fn escape(_: Option<char>, letter: char, out: &mut String) {
    match letter {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        other => out.push(other),
    }
}

/// The line for notifications is text: `<users/all>` would call everybody.
fn bracketless(_: Option<char>, letter: char, out: &mut String) {
    out.push(match letter {
        '<' => '‹',
        '>' => '›',
        '*' => '∗',
        '~' => '∼',
        '`' => 'ˋ',
        other => other,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::chat::tests as chats;
    use crate::render::sample;

    fn channel() -> Settings {
        Settings { url: Secret::new("https://chat.googleapis.com/v1/spaces/AAAA/messages?key=k&token=t%3D".to_owned()) }
    }

    #[test]
    fn an_alert_is_a_card_in_the_thread_of_its_incident() {
        insta::assert_snapshot!(chats::outline(&card(&chats::talk())), @r##"
        /fallbackText: "OPENED - login_fails ‹b› - ∗app∗ reviews. 47 complaints & more @here."
        /cardsV2/0/cardId: "notice"
        /cardsV2/0/card/sections/0/widgets/0/textParagraph/text: "<b>OPENED - high - Sat 21 Nov 2026 14:05 CET</b><br><b>login_fails &lt;b&gt; - *app* reviews</b>"
        /cardsV2/0/card/sections/0/widgets/1/textParagraph/text: "47 complaints &amp; more @here."
        /cardsV2/0/card/sections/0/widgets/2/textParagraph/text: "<b>Level:</b> high<br><b>Part:</b> "
        /cardsV2/0/card/sections/0/widgets/3/textParagraph/text: "<i>&quot;white [page](x) again&quot; (Play)</i>"
        /cardsV2/0/card/sections/0/widgets/4/textParagraph/text: "first_line<br>second ~line~"
        /cardsV2/0/card/sections/0/widgets/5/textParagraph/text: "46 more"
        /cardsV2/0/card/sections/0/widgets/6/textParagraph/text: "incident i-7f3k2"
        /cardsV2/0/card/sections/0/widgets/7/textParagraph/text: "The limit is 14."
        /cardsV2/0/card/sections/0/widgets/8/buttonList/buttons/0/text: "All of them"
        /cardsV2/0/card/sections/0/widgets/8/buttonList/buttons/0/onClick/openLink/url: "https://uproar.example.com/i/i-7f3k2?a=1&k=x"
        "##);
        let (url, _, body) = chats::sent(&channel(), &sample::opened());
        assert_eq!(body["thread"], json!({ "threadKey": "i-7f3k2" }));
        assert_eq!(
            url,
            "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=k&token=t%3D&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD&requestId=k0q7v2m4hxopened"
        );
    }

    #[test]
    fn follow_ups_go_where_the_first_message_went() {
        let good = chats::answer(200, r#"{"name":"spaces/A/messages/M1","thread":{"name":"spaces/A/threads/T1"}}"#);
        let receipt = channel().judge(&chats::storm(3), &good).unwrap();
        assert_eq!(receipt, "thread:storm-1");
        let follow = Row { thread: Some(receipt), ..sample::worse() };
        assert_eq!(chats::sent(&channel(), &follow).2["thread"]["threadKey"], "storm-1");
        assert_eq!(chats::sent(&channel(), &sample::worse()).2["thread"]["threadKey"], "i-7f3k2");
        let foreign = Row { thread: Some("C024BE91L/1700000000.123456".to_owned()), ..sample::worse() };
        assert_eq!(chats::sent(&channel(), &foreign).2["thread"]["threadKey"], "i-7f3k2");
        assert_eq!(chats::sent(&channel(), &sample::test()).2["thread"], Value::Null);
    }

    #[test]
    fn everything_fits_into_what_google_takes() {
        for row in chats::everything() {
            let Parcel::Post { body, .. } = channel().pack(&row, row.facts.at) else { panic!("a post was expected") };
            assert!(body.len() <= 32_000, "{} {}", row.id, body.len());
            let body: Value = serde_json::from_slice(&body).unwrap();
            let widgets = body["cardsV2"][0]["card"]["sections"][0]["widgets"].as_array().unwrap();
            assert!((1..=100).contains(&widgets.len()));
        }
    }

    #[test]
    fn foreign_words_mean_nothing_to_google() {
        assert_eq!(tame("<users/all> <a href=\"x\">&amp;</a>", 99), "&lt;users/all&gt; &lt;a href=&quot;x&quot;&gt;&amp;amp;&lt;/a&gt;");
        for row in chats::everything() {
            for text in chats::texts(&chats::sent(&channel(), &row).2) {
                assert!(!text.contains("<users") && !text.contains("<a") && !text.contains("<font"), "{text}");
            }
        }
    }

    #[test]
    fn a_storm_of_two_hundred_is_told_in_one_message() {
        let text = message(&chats::storm(200)).to_string();
        assert!((0..200).all(|number| text.contains(&format!("i-{number:05}"))), "{}", text.len());
    }

    #[test]
    fn answers_mean_what_google_says() {
        chats::common_answers(&channel());
        let judge = |status, body| chats::class(&channel().judge(&sample::opened(), &chats::answer(status, body)));
        assert_eq!(judge(200, r#"{"name":"spaces/A/messages/M1"}"#), "delivered");
        assert_eq!(judge(200, "{}"), "later");
        assert_eq!(judge(429, r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}"#), "throttled");
        assert_eq!(judge(400, r#"{"error":{"code":400,"status":"INVALID_ARGUMENT"}}"#), "dead");
    }
}
