//! Microsoft Teams, by a workflow that posts what it is sent: an adaptive card.
//!
//! The answer only says that the workflow began. A card that its next step refuses is lost without a
//! word, so a card stays well below the limit of 28 kB and has nothing in it but what every client
//! shows. Texts are `RichTextBlock`s: in a `TextBlock` marks of Markdown mean something, here none do.

use serde_json::Value;
use serde_json::json;

use crate::domain::Timestamp;
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

/// Most bytes of a message. 28 kB is documented, and some have seen less.
const WHOLE: usize = 20_000;

/// Where the messages go.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The address; a secret.
    pub url: Secret,
}

impl Channel for Settings {
    fn gathers(&self) -> bool {
        true
    }

    fn pack(&self, row: &Row, _: Timestamp) -> Parcel {
        post::json(row, Method::Post, &self.url, &message(row))
    }

    fn judge(&self, _: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        chat::judged(reply, failed, |status, body| (!body.trim_start().starts_with('<')).then(|| format!("HTTP {status}")))
    }
}

/// What went wrong behind an answer that looks good: some flows pass on what the next step said.
fn failed(status: u16, body: &str) -> Option<DeliveryError> {
    if !(200..=299).contains(&status) || !body.contains("delivery failed") {
        return None;
    }
    let why = "Teams says that the message could not be delivered".to_owned();
    Some(if body.contains("413") {
        DeliveryError::TooLong { why }
    } else if body.contains("429") {
        DeliveryError::Throttled { after: None, why }
    } else {
        DeliveryError::Later { after: None, why }
    })
}

fn message(row: &Row) -> Value {
    chat::fitting(row, card, |body| body.to_string().len() <= WHOLE)
}

fn card(talk: &Talk) -> Value {
    let brief = &talk.brief;
    let mut body = vec![json!({ "type": "Container", "bleed": true, "style": style(talk), "items": [
            runs([run(&talk.headline, 300, true)]),
            runs([json!({ "type": "TextRun", "text": plain(&brief.title, 300), "weight": "Bolder", "size": "Large" })]),
        ] })];
    if !brief.summary.is_empty() {
        body.push(runs([run(&brief.summary, 2_000, false)]));
    }
    body.extend(brief.facts.iter().take(12).map(|(name, value)| runs([run(&format!("{name}: "), 100, true), run(value, 300, false)])));
    let quotes = brief.quotes.iter().map(|quote| {
        json!({ "type": "Container", "separator": true, "items": [runs([json!({ "type": "TextRun", "text": plain(quote, 1_000), "italic": true })])] })
    });
    body.extend(quotes);
    body.extend(talk.lines.iter().map(|line| json!({ "type": "RichTextBlock", "spacing": "None", "inlines": [plain(line, 300)] })));
    let below = brief.more.iter().chain(&talk.below).chain([&brief.why]).filter(|text| !text.is_empty());
    body.extend(below.map(|text| runs([json!({ "type": "TextRun", "text": plain(text, 1_000), "isSubtle": true, "size": "Small" })])));
    let links = brief.links.iter().take(chat::LINKS).filter(|(_, address)| address.len() <= 1_000);
    let actions: Vec<Value> = links.map(|(label, address)| json!({ "type": "Action.OpenUrl", "title": label, "url": address })).collect();
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": plain(&talk.in_a_line(), 500),
        "msteams": { "width": "Full" },
        "body": body,
    });
    if !actions.is_empty() {
        card["actions"] = json!(actions);
    }
    json!({
        "type": "message",
        "summary": plain(&talk.in_a_line(), 200),
        "attachments": [{ "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card }],
    })
}

/// Colours that follow the reader's theme.
fn style(talk: &Talk) -> &'static str {
    match talk.colour {
        chat::OVER => "good",
        chat::ASIDE => "emphasis",
        chat::LOW => "accent",
        chat::MEDIUM => "warning",
        _ => "attention",
    }
}

fn runs<const N: usize>(runs: [Value; N]) -> Value {
    json!({ "type": "RichTextBlock", "inlines": Vec::from(runs) })
}

fn run(text: &str, most: usize, bold: bool) -> Value {
    let mut run = json!({ "type": "TextRun", "text": plain(text, most) });
    if bold {
        run["weight"] = json!("Bolder");
    }
    run
}

fn plain(text: &str, most: usize) -> String {
    chat::cut(text, most, chat::as_it_is, letters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::chat::tests as chats;
    use crate::render::sample;

    fn channel() -> Settings {
        Settings { url: Secret::new("https://example.com/workflows/1/triggers/manual/paths/invoke?sig=secret".to_owned()) }
    }

    #[test]
    fn an_alert_is_a_card() {
        let body = card(&chats::talk());
        insta::assert_snapshot!(chats::outline(&body["attachments"][0]["content"]), @r##"
        /$schema: "http://adaptivecards.io/schemas/adaptive-card.json"
        /type: "AdaptiveCard"
        /version: "1.4"
        /fallbackText: "OPENED - login_fails <b> - *app* reviews. 47 complaints & more @here."
        /msteams/width: "Full"
        /body/0/type: "Container"
        /body/0/bleed: true
        /body/0/style: "attention"
        /body/0/items/0/type: "RichTextBlock"
        /body/0/items/0/inlines/0/type: "TextRun"
        /body/0/items/0/inlines/0/text: "OPENED - high - Sat 21 Nov 2026 14:05 CET"
        /body/0/items/0/inlines/0/weight: "Bolder"
        /body/0/items/1/type: "RichTextBlock"
        /body/0/items/1/inlines/0/type: "TextRun"
        /body/0/items/1/inlines/0/text: "login_fails <b> - *app* reviews"
        /body/0/items/1/inlines/0/weight: "Bolder"
        /body/0/items/1/inlines/0/size: "Large"
        /body/1/type: "RichTextBlock"
        /body/1/inlines/0/type: "TextRun"
        /body/1/inlines/0/text: "47 complaints & more @here."
        /body/2/type: "RichTextBlock"
        /body/2/inlines/0/type: "TextRun"
        /body/2/inlines/0/text: "Level: "
        /body/2/inlines/0/weight: "Bolder"
        /body/2/inlines/1/type: "TextRun"
        /body/2/inlines/1/text: "high"
        /body/3/type: "RichTextBlock"
        /body/3/inlines/0/type: "TextRun"
        /body/3/inlines/0/text: "Part: "
        /body/3/inlines/0/weight: "Bolder"
        /body/3/inlines/1/type: "TextRun"
        /body/3/inlines/1/text: ""
        /body/4/type: "Container"
        /body/4/separator: true
        /body/4/items/0/type: "RichTextBlock"
        /body/4/items/0/inlines/0/type: "TextRun"
        /body/4/items/0/inlines/0/text: "\"white [page](x) again\" (Play)"
        /body/4/items/0/inlines/0/italic: true
        /body/5/type: "RichTextBlock"
        /body/5/spacing: "None"
        /body/5/inlines/0: "first_line"
        /body/6/type: "RichTextBlock"
        /body/6/spacing: "None"
        /body/6/inlines/0: "second ~line~"
        /body/7/type: "RichTextBlock"
        /body/7/inlines/0/type: "TextRun"
        /body/7/inlines/0/text: "46 more"
        /body/7/inlines/0/isSubtle: true
        /body/7/inlines/0/size: "Small"
        /body/8/type: "RichTextBlock"
        /body/8/inlines/0/type: "TextRun"
        /body/8/inlines/0/text: "incident i-7f3k2"
        /body/8/inlines/0/isSubtle: true
        /body/8/inlines/0/size: "Small"
        /body/9/type: "RichTextBlock"
        /body/9/inlines/0/type: "TextRun"
        /body/9/inlines/0/text: "The limit is 14."
        /body/9/inlines/0/isSubtle: true
        /body/9/inlines/0/size: "Small"
        /actions/0/type: "Action.OpenUrl"
        /actions/0/title: "All of them"
        /actions/0/url: "https://uproar.example.com/i/i-7f3k2?a=1&k=x"
        "##);
        assert_eq!(body["type"], "message");
    }

    #[test]
    fn everything_fits_into_what_teams_takes() {
        for row in chats::everything() {
            let Parcel::Post { body, .. } = channel().pack(&row, row.facts.at) else { panic!("a post was expected") };
            assert!(body.len() <= WHOLE, "{} {}", row.id, body.len());
        }
    }

    #[test]
    fn no_mark_of_foreign_words_is_read() {
        let text = message(&sample::hostile()).to_string();
        assert!(!text.contains("\"TextBlock\"") && !text.contains("FactSet"), "{text}");
    }

    #[test]
    fn a_storm_of_two_hundred_says_how_many_are_left_out() {
        let text = message(&chats::storm(200)).to_string();
        let told = (0..200).filter(|number| text.contains(&format!("i-{number:05}"))).count();
        assert!(told >= 100 && (told == 200 || text.contains(&format!("and {} more", 200 - told))), "{told}");
    }

    #[test]
    fn answers_mean_what_teams_says() {
        chats::common_answers(&channel());
        let old = |code: u16| format!("Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error {code}");
        for (status, body, expected) in [
            (202, String::new(), "delivered"),
            (200, "1".to_owned(), "delivered"),
            (200, old(413), "too long"),
            (200, old(429), "throttled"),
            (200, old(500), "later"),
            (400, r#"{"error":{"code":"TriggerInputSchemaMismatch"}}"#.to_owned(), "dead"),
        ] {
            assert_eq!(chats::class(&channel().judge(&sample::opened(), &chats::answer(status, &body))), expected, "{status} {body}");
        }
    }
}
