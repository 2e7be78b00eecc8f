//! Slack, by an incoming webhook: one message a notice, no thread. What a message looks like is here
//! for both ways to Slack.
//!
//! Limits as <https://docs.slack.dev/reference/block-kit/blocks> has them, but for the last: the text
//! of all blocks together, which is not documented and was found by others.

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
use crate::render::chat::utf16;
use crate::render::post;

/// Most text of a section.
const SECTION: usize = 2_900;
/// Most fields of a section.
const FIELDS: usize = 10;
/// Most blocks of a message.
const BLOCKS: usize = 50;
/// Most text of all blocks.
const WHOLE: usize = 12_800;
/// Most text of the line for notifications.
const LINE: usize = 1_000;

/// Where the messages go.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The address; a secret.
    pub webhook: Secret,
}

impl Channel for Settings {
    fn gathers(&self) -> bool {
        true
    }

    fn pack(&self, row: &Row, _: Timestamp) -> Parcel {
        post::json(row, Method::Post, &self.webhook, &message(row))
    }

    fn judge(&self, _: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        let words = |_, body: &str| chat::word(body).and_then(refused);
        chat::judged(reply, words, |_, body| (body.trim() == "ok").then(|| "ok".to_owned()))
    }
}

/// What one of Slack's words means; `None` where the status says more.
pub(super) fn refused(word: &str) -> Option<DeliveryError> {
    let why = format!("Slack says `{word}`");
    let broken = |cure: &str| Some(DeliveryError::ChannelBroken { why: format!("{why}: {cure}") });
    match word {
        "msg_too_long" | "msg_blocks_too_long" | "invalid_blocks" | "invalid_blocks_format" => Some(DeliveryError::TooLong { why }),
        "ratelimited" | "rate_limited" | "message_limit_exceeded" => Some(DeliveryError::Throttled { after: None, why }),
        "channel_not_found" | "user_not_found" | "no_channel" => {
            broken("there is no such channel, or it is private and the app is not in it")
        }
        "not_in_channel" => broken("invite the app to the channel"),
        "is_archived" | "channel_is_archived" => broken("the channel is archived"),
        "no_service" | "no_service_id" | "no_team" | "team_disabled" | "no_active_hooks" | "invalid_token" => {
            broken("the webhook is gone; make a new one")
        }
        "missing_scope" | "no_permission" | "not_allowed_token_type" => broken("the app needs the scope `chat:write`"),
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => {
            broken("the token is not valid; install the app again")
        }
        "action_prohibited" | "posting_to_general_channel_denied" | "access_denied" | "ekm_access_denied" | "org_login_required" => {
            broken("somebody who administers Slack does not allow it")
        }
        _ if word.starts_with("restricted_action") => broken("somebody who administers Slack does not allow it"),
        _ => None,
    }
}

/// The message of a row, as both ways take it.
pub(super) fn message(row: &Row) -> Value {
    chat::fitting(
        row,
        |talk| blocks(row, talk),
        |body| {
            let blocks = body["blocks"].as_array().map_or(&[][..], Vec::as_slice);
            blocks.len() <= BLOCKS && blocks.iter().map(length).sum::<usize>() <= WHOLE
        },
    )
}

fn blocks(row: &Row, talk: &Talk) -> Value {
    let brief = &talk.brief;
    let mut blocks = vec![section(&format!("*{}*\n*{}*", tame(&talk.headline, 300), tame(&brief.title, 300)))];
    // One block has a name by which the event and the incident are found by programs.
    blocks[0]["block_id"] = json!(chat::cut(&format!("uproar:{}:{}", brief.event, row.facts.incident), 200, chat::as_it_is, utf16));
    if !brief.summary.is_empty() {
        blocks.push(section(&tame(&brief.summary, SECTION)));
    }
    let fields: Vec<Value> = brief.facts.iter().take(FIELDS).map(|(name, value)| field(name, value)).collect();
    if !fields.is_empty() {
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    blocks.extend(brief.quotes.iter().map(|quote| section(&format!("&gt; {}", tame(quote, 1_200)))));
    let listed: Vec<String> = talk.lines.iter().map(|line| format!("- {}", tame(line, 400))).collect();
    blocks.extend(chat::in_pieces(&listed, SECTION, utf16).iter().map(|piece| section(piece)));
    let below = brief.more.iter().chain(&talk.below).chain([&brief.why]).filter(|text| !text.is_empty());
    let below: Vec<Value> = below.take(FIELDS).map(|text| mrkdwn(&tame(text, 1_000))).collect();
    if !below.is_empty() {
        blocks.push(json!({ "type": "context", "elements": below }));
    }
    // Buttons would ask an app for an answer that a webhook cannot give: links do not.
    let links: Vec<String> = brief.links.iter().take(chat::LINKS).filter_map(|(label, address)| link(label, address)).collect();
    if !links.is_empty() {
        blocks.push(section(&links.join("  |  ")));
    }
    json!({ "text": tame(&talk.in_a_line(), LINE), "blocks": blocks, "unfurl_links": false, "unfurl_media": false })
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": mrkdwn(text) })
}

fn field(name: &str, value: &str) -> Value {
    let value = if value.is_empty() { "-".to_owned() } else { tame(value, 300) };
    mrkdwn(&format!("*{}*\n{value}", tame(name, 100)))
}

/// Verbatim: what looks like an address, a channel or a person is left alone.
fn mrkdwn(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

fn link(label: &str, address: &str) -> Option<String> {
    let odd = |letter: char| letter.is_whitespace() || matches!(letter, '<' | '>' | '|' | '"');
    (address.len() <= 1_000 && !address.contains(odd)).then(|| format!("<{}|{label}>", address.replace('&', "&amp;")))
}

fn tame(text: &str, most: usize) -> String {
    chat::cut(text, most, escape, utf16)
}

/// The three that have an escape get it; marks for bold and the like have none, and become letters that
/// look the same. An underscore only opens before a word: names as `login_fails` stay as they are.
fn escape(before: Option<char>, letter: char, out: &mut String) {
    match letter {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '*' => out.push('∗'),
        '~' => out.push('∼'),
        '`' => out.push('ˋ'),
        '_' if !before.is_some_and(char::is_alphanumeric) => out.push('ˍ'),
        other => out.push(other),
    }
}

/// Text within a block.
fn length(block: &Value) -> usize {
    match block {
        Value::Object(values) => values
            .iter()
            .map(|(key, value)| if key == "text" && value.is_string() { value.as_str().map_or(0, utf16) } else { length(value) })
            .sum(),
        Value::Array(values) => values.iter().map(length).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::chat::tests as chats;
    use crate::render::sample;

    fn channel() -> Settings {
        Settings { webhook: Secret::new("https://hooks.slack.com/services/T0/B0/secret".to_owned()) }
    }

    #[test]
    fn an_alert_is_a_message_of_blocks() {
        insta::assert_snapshot!(chats::outline(&blocks(&sample::opened(), &chats::talk())), @r##"
        /text: "OPENED - login_fails &lt;b&gt; - ∗app∗ reviews. 47 complaints &amp; more @here."
        /blocks/0/type: "section"
        /blocks/0/text/type: "mrkdwn"
        /blocks/0/text/text: "*OPENED - high - Sat 21 Nov 2026 14:05 CET*\n*login_fails &lt;b&gt; - ∗app∗ reviews*"
        /blocks/0/text/verbatim: true
        /blocks/0/block_id: "uproar:opened:i-7f3k2"
        /blocks/1/type: "section"
        /blocks/1/text/type: "mrkdwn"
        /blocks/1/text/text: "47 complaints &amp; more @here."
        /blocks/1/text/verbatim: true
        /blocks/2/type: "section"
        /blocks/2/fields/0/type: "mrkdwn"
        /blocks/2/fields/0/text: "*Level*\nhigh"
        /blocks/2/fields/0/verbatim: true
        /blocks/2/fields/1/type: "mrkdwn"
        /blocks/2/fields/1/text: "*Part*\n-"
        /blocks/2/fields/1/verbatim: true
        /blocks/3/type: "section"
        /blocks/3/text/type: "mrkdwn"
        /blocks/3/text/text: "&gt; \"white [page](x) again\" (Play)"
        /blocks/3/text/verbatim: true
        /blocks/4/type: "section"
        /blocks/4/text/type: "mrkdwn"
        /blocks/4/text/text: "- first_line\n- second ∼line∼"
        /blocks/4/text/verbatim: true
        /blocks/5/type: "context"
        /blocks/5/elements/0/type: "mrkdwn"
        /blocks/5/elements/0/text: "46 more"
        /blocks/5/elements/0/verbatim: true
        /blocks/5/elements/1/type: "mrkdwn"
        /blocks/5/elements/1/text: "incident i-7f3k2"
        /blocks/5/elements/1/verbatim: true
        /blocks/5/elements/2/type: "mrkdwn"
        /blocks/5/elements/2/text: "The limit is 14."
        /blocks/5/elements/2/verbatim: true
        /blocks/6/type: "section"
        /blocks/6/text/type: "mrkdwn"
        /blocks/6/text/text: "<https://uproar.example.com/i/i-7f3k2?a=1&amp;k=x|All of them>"
        /blocks/6/text/verbatim: true
        /unfurl_links: false
        /unfurl_media: false
        "##);
    }

    #[test]
    fn everything_fits_into_what_slack_takes() {
        for row in chats::everything() {
            let (_, _, body) = chats::sent(&channel(), &row);
            let blocks = body["blocks"].as_array().unwrap();
            assert!((1..=BLOCKS).contains(&blocks.len()) && blocks.iter().map(length).sum::<usize>() <= WHOLE, "{}", row.id);
            for block in blocks {
                let texts: Vec<&Value> = match block["type"].as_str().unwrap() {
                    "section" if block["text"].is_object() => vec![&block["text"]],
                    "section" => block["fields"].as_array().unwrap().iter().collect(),
                    "context" => block["elements"].as_array().unwrap().iter().collect(),
                    other => panic!("{other}"),
                };
                assert!(texts.len() <= FIELDS);
                assert!(texts.iter().all(|text| (1..=3000).contains(&utf16(text["text"].as_str().unwrap()))), "{block}");
            }
            assert!((1..=LINE).contains(&utf16(body["text"].as_str().unwrap())));
        }
    }

    #[test]
    fn foreign_words_mean_nothing_to_slack() {
        assert_eq!(tame("<!channel> *x* _y_ a_b ~z~ `c` &amp;", 99), "&lt;!channel&gt; ∗x∗ ˍy_ a_b ∼z∼ ˋcˋ &amp;amp;");
        for row in chats::everything() {
            for text in chats::texts(&chats::sent(&channel(), &row).2) {
                assert!(!text.contains("<!") && !text.contains("<@") && !text.contains("<#"), "{text}");
            }
        }
    }

    #[test]
    fn a_storm_of_two_hundred_is_told_in_one_message() {
        let text = message(&chats::storm(200)).to_string();
        let told = (0..200).filter(|number| text.contains(&format!("i-{number:05}"))).count();
        assert!(told >= 100 && (told == 200 || text.contains(&format!("and {} more", 200 - told))), "{told}");
    }

    #[test]
    fn answers_mean_what_slack_says() {
        chats::common_answers(&channel());
        for (status, body, expected) in [
            (200, "ok", "delivered"),
            (200, "", "later"),
            (400, "invalid_payload", "dead"),
            (400, "invalid_blocks", "too long"),
            (400, "msg_blocks_too_long", "too long"),
            (403, "action_prohibited", "broken"),
            (404, "no_service", "broken"),
            (404, "channel_not_found", "broken"),
            (410, "channel_is_archived", "broken"),
            (429, "rate_limited", "throttled"),
            (500, "rollup_error", "later"),
        ] {
            assert_eq!(chats::class(&channel().judge(&sample::opened(), &chats::answer(status, body))), expected, "{status} {body}");
        }
    }
}
