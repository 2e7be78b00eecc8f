//! Slack, by its API: an incident is a thread, and its first message shows how it stands.
//!
//! A follow-up answers the first message; what people should not miss shows in the channel too. Beside
//! it the first message is edited. The API answers errors with status 200, see
//! <https://docs.slack.dev/reference/methods/chat.postMessage>.

use serde_json::Value;
use serde_json::json;

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
use crate::render::post;
use crate::render::slack;

/// Where the messages go.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Begins with `xoxb-`.
    pub token: Secret,
    /// Name or id of the channel.
    pub channel: String,
    /// Address of the API, with a slash at its end.
    pub api: Secret,
}

impl Settings {
    /// Asks whether the token is good, and changes nothing.
    #[must_use]
    pub fn question(&self) -> Parcel {
        let url = Secret::new(format!("{}auth.test", self.api.reveal()));
        let content = ("content-type".to_owned(), "application/json; charset=utf-8".to_owned());
        Parcel::Post { method: Method::Post, url, headers: vec![self.authority(), content], body: b"{}".to_vec() }
    }

    /// What is wrong, where the answer to [`Settings::question`] says so.
    ///
    /// # Errors
    ///
    /// Slack's word and its cure.
    pub fn answered(&self, reply: &Reply) -> Result<(), DeliveryError> {
        chat::judged(reply, said, |_, body| chat::json(body)?["ok"].as_bool().filter(|ok| *ok).map(|_| String::new())).map(drop)
    }

    fn authority(&self) -> (String, String) {
        ("authorization".to_owned(), format!("Bearer {}", self.token.reveal()))
    }

    fn call(&self, method: &str, row: &Row, body: &Value) -> Parcel {
        let url = Secret::new(format!("{}{method}", self.api.reveal()));
        post::with(row, Method::Post, &url, vec![self.authority()], body)
    }

    fn edit(&self, row: &Row, first: &Message) -> Parcel {
        let mut body = slack::message(row);
        (body["channel"], body["ts"]) = (json!(first.channel), json!(first.ts));
        self.call("chat.update", row, &body)
    }

    fn say(&self, row: &Row, thread: Option<&Message>) -> Parcel {
        let mut body = slack::message(row);
        body["channel"] = json!(self.channel);
        if let Some(first) = thread {
            (body["channel"], body["thread_ts"]) = (json!(first.channel), json!(first.ts));
            body["reply_broadcast"] = json!(matches!(row.facts.event, Event::Worse | Event::Reopened | Event::Reminder));
        }
        self.call("chat.postMessage", row, &body)
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
        let thread = Message::first_of(row);
        match (row.facts.event, &thread) {
            // That somebody is on it is for those who read the thread, and nothing to call people for.
            (Event::Acked, Some(first)) if chat::owns_thread(row) => self.edit(row, first),
            (Event::Acked, None) => self.question(),
            _ => self.say(row, thread.as_ref()),
        }
    }

    fn judge(&self, row: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        let words = |status, body: &str| {
            let word = error_in(body)?;
            match word.as_str() {
                // The first message is gone: a second try answers nothing, see `Message::first_of`.
                "thread_not_found" | "message_not_found" | "invalid_thread_ts" | "cannot_reply_to_message" => {
                    Some(DeliveryError::TooLong { why: format!("Slack says `{word}`: the first message of the thread is gone") })
                }
                _ => said(status, body),
            }
        };
        let outcome = chat::judged(reply, words, |_, body| Message::in_answer(body));
        match (row.facts.event, outcome) {
            // There was nothing to edit, or it cannot be edited any more.
            (Event::Acked, Err(DeliveryError::Later { .. })) if self.answered(reply).is_ok() => Ok("nothing to edit".to_owned()),
            (Event::Acked, Err(DeliveryError::TooLong { .. } | DeliveryError::RowDead { .. })) if status(reply) == Some(200) => {
                Ok("nothing to edit".to_owned())
            }
            (_, outcome) => outcome,
        }
    }

    fn after(&self, row: &Row, _: &str) -> Option<Parcel> {
        let edits = chat::follows(row) && chat::owns_thread(row) && row.facts.event != Event::Acked;
        Message::first_of(row).filter(|_| edits).map(|first| self.edit(&chat::beside(row), &first))
    }
}

fn status(reply: &Reply) -> Option<u16> {
    if let Reply::Http { status, .. } = reply { Some(*status) } else { None }
}

/// The word of an answer that says no.
fn error_in(body: &str) -> Option<String> {
    let body = chat::json(body)?;
    if body["ok"].as_bool() != Some(false) {
        return None;
    }
    Some(chat::word(body["error"].as_str().unwrap_or_default()).unwrap_or("unknown_error").to_owned())
}

fn said(_: u16, body: &str) -> Option<DeliveryError> {
    let word = error_in(body)?;
    let why = format!("Slack says `{word}`");
    let dead = [
        "invalid_arguments",
        "invalid_array_arg",
        "invalid_charset",
        "invalid_form_data",
        "invalid_json",
        "json_not_object",
        "no_text",
        "too_many_attachments",
        "cant_update_message",
        "edit_window_closed",
    ];
    let otherwise = if dead.contains(&word.as_str()) { DeliveryError::RowDead { why } } else { DeliveryError::Later { after: None, why } };
    Some(slack::refused(&word).unwrap_or(otherwise))
}

/// A message by the names that Slack gives: the channel's id, for an edit takes no other, and the time.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Message {
    channel: String,
    ts: String,
}

impl Message {
    /// The one that the row's thread hangs on. A row that was refused once hangs on none: the first
    /// message may be gone, and a notice outside its thread is better than none.
    fn first_of(row: &Row) -> Option<Self> {
        let thread = row.thread.as_deref().filter(|_| !row.short && row.root().is_some())?;
        let (channel, ts) = thread.split_once('/')?;
        Self::of(channel, ts)
    }

    /// The receipt: `C024BE91L/1700000000.123456`.
    fn in_answer(body: &str) -> Option<String> {
        let body = chat::json(body)?;
        if body["ok"].as_bool() != Some(true) {
            return None;
        }
        let message = Self::of(body["channel"].as_str()?, body["ts"].as_str()?)?;
        Some(format!("{}/{}", message.channel, message.ts))
    }

    fn of(channel: &str, ts: &str) -> Option<Self> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        let timed = ts.split_once('.').is_some_and(|(seconds, part)| digits(seconds) && digits(part));
        let named = (1..=40).contains(&channel.len()) && channel.bytes().all(|letter| letter.is_ascii_alphanumeric());
        (timed && named).then(|| Self { channel: channel.to_owned(), ts: ts.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::chat::tests as chats;
    use crate::render::sample;

    fn channel() -> Settings {
        Settings {
            token: Secret::new("xoxb-secret".to_owned()),
            channel: "#support".to_owned(),
            api: Secret::new("https://slack.com/api/".to_owned()),
        }
    }

    fn threaded(row: Row) -> Row {
        Row { thread: Some("C024BE91L/1700000000.123456".to_owned()), ..row }
    }

    #[test]
    fn the_first_message_goes_to_the_channel() {
        let (url, headers, body) = chats::sent(&channel(), &sample::opened());
        assert_eq!(url, "https://slack.com/api/chat.postMessage");
        assert!(headers.contains(&("authorization".to_owned(), "Bearer xoxb-secret".to_owned())));
        assert_eq!((&body["channel"], &body["thread_ts"]), (&json!("#support"), &Value::Null));
        assert_eq!(channel().after(&sample::opened(), "C024BE91L/1700000000.123456"), None);
    }

    #[test]
    fn a_follow_up_answers_the_first_message_and_edits_it() {
        let row = threaded(sample::worse());
        let (_, _, body) = chats::sent(&channel(), &row);
        assert_eq!((&body["channel"], &body["thread_ts"]), (&json!("C024BE91L"), &json!("1700000000.123456")));
        assert_eq!(body["reply_broadcast"], json!(true));
        let (url, headers, edit) = chats::posted(channel().after(&row, "C024BE91L/1700000001.000001").unwrap());
        assert_eq!((url.as_str(), &edit["ts"]), ("https://slack.com/api/chat.update", &json!("1700000000.123456")));
        assert!(headers.contains(&("idempotency-key".to_owned(), "k0q7v2m4hxworse-edit".to_owned())), "{headers:?}");
        let (_, _, over) = chats::sent(&channel(), &threaded(sample::resolved()));
        assert_eq!(over["reply_broadcast"], json!(false));
    }

    #[test]
    fn that_somebody_is_on_it_is_an_edit_and_calls_nobody() {
        let (url, _, body) = chats::sent(&channel(), &threaded(chats::acked()));
        assert_eq!((url.as_str(), &body["ts"]), ("https://slack.com/api/chat.update", &json!("1700000000.123456")));
        assert!(body["blocks"][0]["text"]["text"].as_str().unwrap().starts_with("*ACKNOWLEDGED by anna"), "{body}");
        let (url, _, _) = chats::sent(&channel(), &chats::acked());
        assert_eq!(url, "https://slack.com/api/auth.test");
        let taken = channel().judge(&chats::acked(), &chats::answer(200, r#"{"ok":true,"user":"uproar"}"#));
        assert_eq!(taken, Ok("nothing to edit".to_owned()));
        let gone = chats::answer(200, r#"{"ok":false,"error":"message_not_found"}"#);
        assert_eq!(channel().judge(&threaded(chats::acked()), &gone), Ok("nothing to edit".to_owned()));
    }

    #[test]
    fn a_storm_is_not_written_over_by_one_of_its_incidents() {
        let row = threaded(Row { root: Some("k0q7v2m4hxstorm".to_owned()), ..chats::acked() });
        let (url, _, body) = chats::sent(&channel(), &row);
        assert_eq!((url.as_str(), &body["thread_ts"]), ("https://slack.com/api/chat.postMessage", &json!("1700000000.123456")));
        assert_eq!(channel().after(&threaded(Row { root: Some("k0q7v2m4hxstorm".to_owned()), ..sample::worse() }), ""), None);
    }

    #[test]
    fn what_its_thread_has_lost_comes_outside_of_it() {
        let gone = channel().judge(&threaded(sample::worse()), &chats::answer(200, r#"{"ok":false,"error":"thread_not_found"}"#));
        assert_eq!(chats::class(&gone), "too long");
        let (_, _, body) = chats::sent(&channel(), &Row { short: true, ..threaded(sample::worse()) });
        assert_eq!((&body["channel"], &body["thread_ts"]), (&json!("#support"), &Value::Null));
        // The receipt of another kind of target leads nowhere.
        let (_, _, body) = chats::sent(&channel(), &Row { thread: Some("HTTP 200".to_owned()), ..sample::worse() });
        assert_eq!(body["thread_ts"], Value::Null);
    }

    #[test]
    fn answers_mean_what_slack_says() {
        chats::common_answers(&channel());
        let row = sample::opened();
        let judge = |status, body: &str| channel().judge(&row, &chats::answer(status, body));
        let good = r#"{"ok":true,"channel":"C024BE91L","ts":"1700000000.123456","message":{}}"#;
        assert_eq!(judge(200, good), Ok("C024BE91L/1700000000.123456".to_owned()));
        for (error, expected) in [
            ("invalid_auth", "broken"),
            ("not_authed", "broken"),
            ("channel_not_found", "broken"),
            ("not_in_channel", "broken"),
            ("is_archived", "broken"),
            ("missing_scope", "broken"),
            ("restricted_action_read_only_channel", "broken"),
            ("msg_too_long", "too long"),
            ("invalid_blocks", "too long"),
            ("msg_blocks_too_long", "too long"),
            ("ratelimited", "throttled"),
            ("invalid_arguments", "dead"),
            ("internal_error", "later"),
            ("something_new", "later"),
            ("NO WORD <b>", "later"),
        ] {
            assert_eq!(chats::class(&judge(200, &json!({ "ok": false, "error": error }).to_string())), expected, "{error}");
        }
        assert_eq!(chats::class(&judge(429, r#"{"ok":false,"error":"ratelimited"}"#)), "throttled");
        assert_eq!(chats::class(&judge(200, r#"{"ok":true}"#)), "later");
    }
}
