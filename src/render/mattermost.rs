//! Mattermost, by an incoming webhook: one message a notice, no thread. A text over the limit would be
//! split into several posts.

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

/// Most letters of a post; 16,383 are taken before it is split.
const WHOLE: usize = 15_000;

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
        chat::judged(reply, said, |_, body| (body.trim().trim_matches('"') == "ok").then(|| "ok".to_owned()))
    }
}

/// What one of Mattermost's errors means; `None` where the status says more.
fn said(status: u16, body: &str) -> Option<DeliveryError> {
    let body = chat::json(body)?;
    let id = body["id"].as_str()?;
    let why = format!("answered {status}");
    let gone = ["channel_locked", "channel.app_error", "disabled", "invalid", "deleted"].iter().any(|part| id.contains(part));
    if id.contains("too_long") || id.contains("attachment.app_error") {
        Some(DeliveryError::TooLong { why: format!("{why}: too long") })
    } else if (400..=499).contains(&status) && gone {
        Some(DeliveryError::ChannelBroken {
            why: format!("{why}: the webhook or its channel is gone, or incoming webhooks are switched off"),
        })
    } else {
        None
    }
}

fn message(row: &Row) -> Value {
    chat::fitting(row, post, |body| body.to_string().chars().count() <= WHOLE)
}

fn post(talk: &Talk) -> Value {
    let brief = &talk.brief;
    let mut parts = vec![tame(&brief.summary, 2_000)];
    parts.extend(brief.quotes.iter().map(|quote| format!("> {}", tame(quote, 1_000))));
    let list: Vec<String> = talk.lines.iter().map(|line| format!("- {}", tame(line, 300))).collect();
    parts.push(list.join("\n"));
    let below = brief.more.iter().chain(&talk.below).chain([&brief.why]).filter(|text| !text.is_empty());
    parts.extend(below.map(|text| tame(text, 1_000)));
    let links = brief.links.iter().take(chat::LINKS).filter(|(_, address)| plain(address));
    let links: Vec<String> = links.map(|(label, address)| format!("[{label}]({address})")).collect();
    parts.push(links.join(" | "));
    parts.retain(|line| !line.is_empty());
    let fields: Vec<Value> = brief
        .facts
        .iter()
        .take(20)
        .map(|(name, value)| json!({ "title": tame(name, 100), "value": tame(value, 300), "short": true }))
        .collect();
    json!({
        "text": format!("**{}**", tame(&talk.headline, 300)),
        "attachments": [{
            "fallback": tame(&talk.in_a_line(), 500),
            "color": format!("#{:06X}", talk.colour),
            "title": tame(&brief.title, 300),
            "text": parts.join("\n\n"),
            "fields": fields,
        }],
    })
}

/// An address that ends where its bracket ends.
fn plain(address: &str) -> bool {
    address.len() <= 1_000 && !address.contains(|letter: char| letter.is_whitespace() || matches!(letter, '(' | ')' | '<' | '>'))
}

fn tame(text: &str, most: usize) -> String {
    chat::cut(text, most, escape, letters)
}

/// A backslash before the signs of Markdown; behind those that call people and name channels and topics
/// a blank of no width, for they are read before the backslash is.
fn escape(_: Option<char>, letter: char, out: &mut String) {
    match letter {
        '\\' | '*' | '_' | '`' | '|' | '>' | '<' | '[' | ']' | '(' | ')' | '!' | '$' => out.extend(['\\', letter]),
        '@' | '~' | '#' => out.extend([letter, '\u{200b}']),
        other => out.push(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::chat::tests as chats;
    use crate::render::sample;

    fn channel() -> Settings {
        Settings { url: Secret::new("https://chat.example.com/hooks/secret".to_owned()) }
    }

    #[test]
    fn an_alert_is_a_post_with_an_attachment() {
        insta::assert_snapshot!(chats::outline(&post(&chats::talk())), @r##"
        /text: "**OPENED - high - Sat 21 Nov 2026 14:05 CET**"
        /attachments/0/fallback: "OPENED - login\\_fails \\<b\\> - \\*app\\* reviews. 47 complaints & more @{zero}here."
        /attachments/0/color: "#EF6C00"
        /attachments/0/title: "login\\_fails \\<b\\> - \\*app\\* reviews"
        /attachments/0/text: "47 complaints & more @{zero}here.\n\n> \"white \\[page\\]\\(x\\) again\" \\(Play\\)\n\n- first\\_line\n- second ~{zero}line~{zero}\n\n46 more\n\nincident i-7f3k2\n\nThe limit is 14.\n\n[All of them](https://uproar.example.com/i/i-7f3k2?a=1&k=x)"
        /attachments/0/fields/0/title: "Level"
        /attachments/0/fields/0/value: "high"
        /attachments/0/fields/0/short: true
        /attachments/0/fields/1/title: "Part"
        /attachments/0/fields/1/value: ""
        /attachments/0/fields/1/short: true
        "##);
    }

    #[test]
    fn everything_fits_into_one_post() {
        for row in chats::everything() {
            let (_, _, body) = chats::sent(&channel(), &row);
            assert!(body.to_string().chars().count() <= WHOLE, "{}", row.id);
        }
    }

    #[test]
    fn foreign_words_mean_nothing_to_mattermost() {
        assert_eq!(tame("@all ~town #x **b** ![i](u)", 99), "@\u{200b}all ~\u{200b}town #\u{200b}x \\*\\*b\\*\\* \\!\\[i\\]\\(u\\)");
        for row in chats::everything() {
            for text in chats::texts(&chats::sent(&channel(), &row).2) {
                assert!(["@all", "@channel", "@here"].iter().all(|call| !text.contains(call)), "{text}");
            }
        }
    }

    #[test]
    fn a_storm_of_two_hundred_says_how_many_are_left_out() {
        let text = message(&chats::storm(200)).to_string();
        let told = (0..200).filter(|number| text.contains(&format!("i-{number:05}"))).count();
        assert!(told >= 100 && (told == 200 || text.contains(&format!("and {} more", 200 - told))), "{told}");
    }

    #[test]
    fn answers_mean_what_mattermost_says() {
        chats::common_answers(&channel());
        for (status, body, expected) in [
            (200, "ok", "delivered"),
            (200, "\"ok\"", "delivered"),
            (400, r#"{"id":"web.incoming_webhook.text.app_error","status_code":400}"#, "dead"),
            (400, r#"{"id":"web.incoming_webhook.attachment.app_error","status_code":400}"#, "too long"),
            (400, r#"{"id":"web.incoming_webhook.invalid.app_error","status_code":400}"#, "broken"),
            (403, r#"{"id":"web.incoming_webhook.channel_locked.app_error","status_code":403}"#, "broken"),
            (501, r#"{"id":"web.incoming_webhook.disabled.app_error","status_code":501}"#, "later"),
        ] {
            assert_eq!(chats::class(&channel().judge(&sample::opened(), &chats::answer(status, body))), expected, "{status} {body}");
        }
    }
}
