//! What the other side meant: one table for all channels that have no table of their own.
//!
//! Anything unknown is tried again: a message twice is a nuisance, a message lost is a failure.

use std::time::Duration;

use crate::render::DeliveryError;
use crate::render::Reply;

/// Longest pause that the other side may ask for.
const LONGEST: Duration = Duration::from_hours(1);

/// Delivered, or what can be done about it.
pub(super) fn reply(reply: &Reply) -> Result<String, DeliveryError> {
    match reply {
        Reply::Http { status, retry_after, body } => http(*status, *retry_after, body),
        Reply::Smtp { code, text } => smtp(*code, text),
        Reply::Written(path) => Ok(path.display().to_string()),
        Reply::Ended { code, said } => ended(*code, said),
        Reply::Nothing(why) => Err(DeliveryError::Later { after: None, why: why.clone() }),
        Reply::Unable(why) => Err(DeliveryError::ChannelBroken { why: why.clone() }),
    }
}

fn http(status: u16, after: Option<Duration>, body: &str) -> Result<String, DeliveryError> {
    let why = format!("answered {status}");
    let too_large = status == 413 || (status == 400 && speaks_of_size(body));
    match status {
        200..=299 => Ok(format!("HTTP {status}")),
        // A redirect is never followed: it would carry a signed body to an address nobody configured.
        300..=399 => {
            Err(DeliveryError::ChannelBroken { why: format!("{why}: redirects are not followed; configure the address it points to") })
        }
        401 | 403 | 404 | 410 => Err(DeliveryError::ChannelBroken { why }),
        _ if too_large => Err(DeliveryError::TooLong { why: format!("{why}: too large") }),
        400 | 422 => Err(DeliveryError::RowDead { why }),
        // Whoever names a pause, or says "too many", means every message and not this one.
        _ if status == 429 || after.is_some() => Err(DeliveryError::Throttled { after: after.map(|after| after.min(LONGEST)), why }),
        _ => Err(DeliveryError::Later { after: None, why }),
    }
}

/// Whether a body that was to be JSON or a word is a page for people: a proxy, a login or a notice
/// of maintenance answered in the place of the other side, which has seen nothing.
pub(super) fn is_page(body: &str) -> bool {
    let start = body.trim_start_matches('\u{feff}').trim_start();
    let start: String = start.chars().take(15).collect::<String>().to_ascii_lowercase();
    ["<!doctype", "<html", "<head", "<body"].iter().any(|tag| start.starts_with(tag))
}

/// What [`reply`] gives, for those whose success is one status and no page: another 2xx, or somebody
/// else's page, says nothing of whether the message was taken.
pub(super) fn exactly(status: u16, answer: &Reply) -> Result<String, DeliveryError> {
    match answer {
        Reply::Http { status: 200..=299, body, .. } if is_page(body) => {
            Err(DeliveryError::Later { after: None, why: "answered with a web page: something stands between".to_owned() })
        }
        Reply::Http { status: found @ 200..=299, .. } if *found != status => {
            Err(DeliveryError::Later { after: None, why: format!("answered {found} instead of {status}") })
        }
        answer => reply(answer),
    }
}

/// Codes of `sysexits.h` mean what they mean there; 126 and 127 are a shell's "cannot" and "is not there".
fn ended(code: Option<i32>, said: &str) -> Result<String, DeliveryError> {
    let Some(code) = code else { return Err(DeliveryError::Later { after: None, why: "the program was killed".to_owned() }) };
    let why = format!("the program ended with {code} {said}").trim_end().to_owned();
    match code {
        0 => Ok("exit 0".to_owned()),
        64 | 65 => Err(DeliveryError::RowDead { why }),
        77 | 78 | 126 | 127 => Err(DeliveryError::ChannelBroken { why }),
        _ => Err(DeliveryError::Later { after: None, why }),
    }
}

fn speaks_of_size(body: &str) -> bool {
    let body = body.to_ascii_lowercase();
    ["too large", "too long", "too big", "too_long", "too_large", "size limit", "exceeds the limit", "length limit"]
        .iter()
        .any(|words| body.contains(words))
}

fn smtp(code: u16, text: &str) -> Result<String, DeliveryError> {
    let why = format!("the mail server said {code} {text}").trim_end().to_owned();
    match code {
        200..=299 => Ok(format!("{code} {text}").trim_end().to_owned()),
        // Authentication required, refused, too weak, without encryption (RFC 4954 section 6).
        530 | 534 | 535 | 538 => Err(DeliveryError::ChannelBroken { why }),
        // Over the size that this mailbox or server takes (RFC 1870 section 6.2).
        552 => Err(DeliveryError::TooLong { why }),
        500..=599 => Err(DeliveryError::RowDead { why }),
        _ => Err(DeliveryError::Later { after: None, why }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The class of an outcome in a word.
    fn class(outcome: &Result<String, DeliveryError>) -> &'static str {
        match outcome {
            Ok(_) => "delivered",
            Err(DeliveryError::Later { .. }) => "later",
            Err(DeliveryError::Throttled { .. }) => "throttled",
            Err(DeliveryError::TooLong { .. }) => "too long",
            Err(DeliveryError::RowDead { .. }) => "dead",
            Err(DeliveryError::ChannelBroken { .. }) => "broken",
        }
    }

    #[test]
    fn statuses_mean_what_the_table_says() {
        for (status, expected) in [
            (200, "delivered"),
            (202, "delivered"),
            (204, "delivered"),
            (299, "delivered"),
            (301, "broken"),
            (302, "broken"),
            (307, "broken"),
            (400, "dead"),
            (422, "dead"),
            (413, "too long"),
            (401, "broken"),
            (403, "broken"),
            (404, "broken"),
            (410, "broken"),
            (408, "later"),
            (425, "later"),
            (429, "throttled"),
            (500, "later"),
            (502, "later"),
            (503, "later"),
            (504, "later"),
            (0, "later"),
            (100, "later"),
            (402, "later"),
            (405, "later"),
            (409, "later"),
            (418, "later"),
            (599, "later"),
            (999, "later"),
        ] {
            assert_eq!(class(&http(status, None, "")), expected, "{status}");
        }
    }

    #[test]
    fn codes_of_mail_servers_mean_what_the_table_says() {
        for (code, expected) in [
            (250, "delivered"),
            (251, "delivered"),
            (421, "later"),
            (450, "later"),
            (451, "later"),
            (452, "later"),
            (454, "later"),
            (0, "later"),
            (354, "later"),
            (999, "later"),
            (530, "broken"),
            (534, "broken"),
            (535, "broken"),
            (538, "broken"),
            (550, "dead"),
            (551, "dead"),
            (552, "too long"),
            (553, "dead"),
            (554, "dead"),
        ] {
            assert_eq!(class(&smtp(code, "words")), expected, "{code}");
        }
    }

    #[test]
    fn no_answer_is_tried_again_and_no_question_breaks_the_channel() {
        assert_eq!(class(&reply(&Reply::Nothing("timed out".to_owned()))), "later");
        assert_eq!(class(&reply(&Reply::Unable("no STARTTLS".to_owned()))), "broken");
        assert_eq!(reply(&Reply::Written("/tmp/x/a.eml".into())), Ok("/tmp/x/a.eml".to_owned()));
    }

    #[test]
    fn a_pause_is_kept_up_to_an_hour_and_holds_whatever_the_status() {
        let after = |status, seconds| http(status, Some(Duration::from_secs(seconds)), "");
        for status in [429, 503, 500] {
            let throttled = |after| Err(DeliveryError::Throttled { after: Some(after), why: format!("answered {status}") });
            assert_eq!(after(status, 7), throttled(Duration::from_secs(7)));
            assert_eq!(after(status, 86_400), throttled(LONGEST));
        }
        assert_eq!(http(429, None, ""), Err(DeliveryError::Throttled { after: None, why: "answered 429".to_owned() }));
    }

    #[test]
    fn a_word_about_size_asks_for_less() {
        for body in ["Payload Too Large", "{\"error\":\"msg_too_long\"}", "message exceeds the limit"] {
            assert_eq!(http(400, None, body), Err(DeliveryError::TooLong { why: "answered 400: too large".to_owned() }));
        }
    }

    #[test]
    fn a_page_in_the_place_of_an_answer_took_nothing() {
        let answer = |status, body: &str| class(&exactly(202, &Reply::Http { status, retry_after: None, body: body.to_owned() }));
        assert_eq!(answer(202, "{\"status\":\"success\"}"), "delivered");
        assert_eq!(answer(202, ""), "delivered");
        assert_eq!(answer(202, "\u{feff} <!DOCTYPE html><p>log in</p>"), "later");
        assert_eq!(answer(202, "<html lang=en>"), "later");
        assert_eq!(answer(200, "{\"status\":\"success\"}"), "later");
        assert_eq!(answer(403, "<html>"), "broken");
    }
}
