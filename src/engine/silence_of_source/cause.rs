//! What is wrong with a stream: the state of its polls, and of failures what their words say.

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::ports::Stream;
use crate::domain::standing::Doubt;
use crate::domain::trouble::Trouble;
use crate::polling::state::State;
use crate::polling::state::state_of;

/// Messages that were missed once are told of so long; a source that goes on missing some renews it.
const GAP: TimeDelta = TimeDelta::hours(24);

/// What is wrong with a stream, and since when. Nothing where it is read as it should be, where it
/// was never asked, and where it only has moved: then nothing is missing.
#[must_use]
pub fn trouble_of(stream: &Stream, now: Timestamp) -> Option<(Trouble, Option<Timestamp>)> {
    match state_of(stream) {
        State::Waiting | State::Ok | State::Moved { .. } => None,
        State::Gap { at } => (now - at < GAP).then_some((Trouble::Gap, Some(at))),
        State::IdsChange { since } => Some((Trouble::IdsChange, Some(since))),
        // Until it has said so twice, it is only not there.
        State::Failing { since, why, .. } => {
            Some((Some(of_error(&why)).filter(|of| *of != Trouble::Gone).unwrap_or(Trouble::Missing), since))
        }
        State::Suspect { why: Doubt::Empty, since } => Some((Trouble::Empty, Some(since))),
        State::Suspect { why: Doubt::AnotherFeed, since } => Some((Trouble::AnotherFeed, Some(since))),
        State::Gone { since, .. } => Some((Trouble::Gone, Some(since))),
        State::Paused { since } => Some((Trouble::Paused, Some(since))),
    }
}

/// What the words of an error mean. They are our own (`fetch` and `sources` write them, and a test
/// holds them against each other), and they are all that older releases kept of a failure. What a
/// server said stands behind them and is not looked at.
#[must_use]
pub fn of_error(why: &str) -> Trouble {
    let words = [
        ("not a feed: a login page", Trouble::Login),
        ("not a feed: a captcha page", Trouble::Captcha),
        ("not a feed: ", Trouble::Unreadable),
        ("not an export: a login page", Trouble::Login),
        ("not an export: a captcha page", Trouble::Captcha),
        ("not an export: ", Trouble::Unreadable),
        ("not a table: ", Trouble::Unreadable),
        ("a damaged archive or workbook", Trouble::Unreadable),
        ("not a page of app reviews: ", Trouble::Unreadable),
        ("no answer of ", Trouble::Unreadable),
    ];
    if let Some((_, trouble)) = words.iter().find(|(beginning, _)| why.starts_with(beginning)) {
        return *trouble;
    }
    if let Some(trouble) = of_refusal(why) {
        return trouble;
    }
    // Said before to another of our sources, or when its rules were asked for.
    let after = |words: &str| why.split_once(words).and_then(|(host, rest)| (!host.contains(' ')).then_some(rest));
    let rules = after(" was not asked: its robots.txt could not be read (it answered ");
    if after(" asked to be left alone; ").is_some() || rules.is_some_and(|rest| rest.starts_with("429)") || rest.starts_with("503)")) {
        return Trouble::Busy;
    }
    // Where it could not even be read, waiting helps.
    if why.split(';').next().is_some_and(|what| what.contains(" robots.txt ") && !what.contains(" could not be read ")) {
        return Trouble::Robots;
    }
    let status =
        why.split_once(" answered ").and_then(|(host, rest)| (!host.contains(' ')).then(|| rest.split([':', ' ']).next()).flatten());
    match status {
        Some("401" | "403" | "407" | "451" | "999") => Trouble::Refused,
        Some("404") => Trouble::Missing,
        Some("410") => Trouble::Gone,
        Some("429") => Trouble::Busy,
        Some("503") if why.contains(" answered 503: it asks to be left alone") => Trouble::Busy,
        _ => Trouble::Unreachable,
    }
}

/// What `sources::refusal` says of services. What a service said itself stands behind it, in quotes.
fn of_refusal(why: &str) -> Option<Trouble> {
    let ours = why.split(['\u{201c}', ':']).next().unwrap_or_default();
    let words = [
        (" does not take the login", Trouble::Refused),
        (" gives no token", Trouble::Refused),
        (" refuses access", Trouble::Refused),
        (" knows nothing of that name", Trouble::Missing),
        (" asks for patience", Trouble::Busy),
    ];
    words.iter().find(|(words, _)| ours.contains(words)).map(|(_, trouble)| *trouble).filter(|_| !ours.contains(" answered "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::http::Answer;
    use crate::domain::http::Get;
    use crate::domain::http::Refused;
    use crate::domain::http::Response;
    use crate::domain::item::Cursor;
    use crate::domain::item::Shard;
    use crate::domain::standing::Gone;
    use crate::domain::standing::Moved;
    use crate::domain::standing::Standing;
    use crate::domain::standing::Suspect;
    use crate::sources;
    use crate::sources::refusal;

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    const ADDRESS: &str = "https://shop.example/f";

    /// What the reader of feeds says of a page.
    fn said_of(body: &str) -> String {
        said_by(&sources::Settings::Feed(sources::feed::Settings::Url(ADDRESS.to_owned())), body)
    }

    /// And the one of exports.
    fn said_of_export(body: &str) -> String {
        said_by(&sources::Settings::File(Box::new(sources::file::Settings { url: Some(ADDRESS.to_owned()), ..Default::default() })), body)
    }

    fn said_by(settings: &sources::Settings, body: &str) -> String {
        let request = Get { url: ADDRESS.to_owned(), accept: String::new(), conditional: true, context: String::new() };
        let answer = Answer { url: request.url.clone(), request, content_type: "text/html".to_owned(), body: body.as_bytes().to_vec() };
        settings.build().read(&Shard::whole(), &Cursor::default(), &Response::Http(answer), now()).unwrap_err().to_string()
    }

    #[test]
    fn what_the_reader_of_feeds_says_is_known_again() {
        for (body, expected) in [
            ("<html><form><input type=\"password\"></form></html>", Trouble::Login),
            ("<html><title>Just a moment</title><div class=\"g-recaptcha\">verify you are human</div></html>", Trouble::Captcha),
            ("<html><body>Welcome to our shop</body></html>", Trouble::Unreadable),
            ("{\"error\": \"not a feed: a login page\"}", Trouble::Unreadable),
        ] {
            assert_eq!(of_error(&said_of(body)), expected, "{}", said_of(body));
        }
    }

    #[test]
    fn what_the_reader_of_exports_says_is_known_again() {
        for (body, expected) in [
            ("<html><form><input type=\"password\"></form></html>", Trouble::Login),
            ("<html>Please verify you are human</html>", Trouble::Captcha),
            ("<html><body>Welcome to our shop</body></html>", Trouble::Unreadable),
            ("{\"error\": \"no such survey\"}", Trouble::Unreadable),
            ("PK\u{3}\u{4}", Trouble::Unreadable),
        ] {
            assert_eq!(of_error(&said_of_export(body)), expected, "{}", said_of_export(body));
        }
    }

    #[test]
    fn what_a_service_refuses_is_known_again() {
        let names = refusal::Names { service: "The desk", login: "`token`", permission: "a role", thing: "`subdomain`" };
        for (status, at_login, expected) in [
            (401, false, Trouble::Refused),
            (400, true, Trouble::Refused),
            (403, false, Trouble::Refused),
            (404, false, Trouble::Missing),
            (429, false, Trouble::Busy),
            (502, false, Trouble::Unreachable),
        ] {
            let refused = Refused { status, body: "{\"error\": \"asks for patience\"}".to_owned(), at_login };
            let words = refusal::usual(&refused, &names).unwrap().words;
            assert_eq!(of_error(&words), expected, "{words}");
        }
    }

    #[test]
    fn what_a_server_answers_is_known_again() {
        for (why, expected) in [
            ("https://shop.example answered 403: it refuses access; check the address", Trouble::Refused),
            ("https://shop.example answered 401: it wants a login", Trouble::Refused),
            ("https://shop.example answered 404: there is nothing at this address", Trouble::Missing),
            ("https://shop.example answered 410: it is gone for good", Trouble::Gone),
            ("https://shop.example answered 503: it asks to be left alone for 60 s", Trouble::Busy),
            ("https://shop.example answered 503: it is down or overloaded; it is tried again later", Trouble::Unreachable),
            ("https://shop.example answered 500: it is out of order", Trouble::Unreachable),
            ("https://shop.example was not asked: its robots.txt asks programs not to read this address; ask", Trouble::Robots),
            ("https://shop.example was not asked: its robots.txt could not be read (it answered 403), and", Trouble::Unreachable),
            ("https://shop.example was not asked: its robots.txt could not be read (it answered 429), and", Trouble::Busy),
            ("https://shop.example was not asked: its robots.txt could not be read (it answered 503), and", Trouble::Busy),
            ("https://shop.example asked to be left alone; it is asked again in 3600 s", Trouble::Busy),
            ("a page that asked to be left alone; no", Trouble::Unreachable),
            ("a table that answered 404: no", Trouble::Unreachable),
            ("https://shop.example cannot be reached: no route to host", Trouble::Unreachable),
            ("", Trouble::Unreachable),
        ] {
            assert_eq!(of_error(why), expected, "{why}");
        }
    }

    #[test]
    fn every_state_has_its_trouble_or_none() {
        let read = |standing| Stream { complete_to: Some(now()), standing, ..Stream::default() };
        let since = now() - TimeDelta::hours(3);
        let suspect = |why| Some(Suspect { why, polls: 2, since });
        let moved = Moved { from: "https://a.example/".to_owned(), to: "https://b.example/".to_owned(), since };
        let gone = Gone { since, confirmed: true, url: "https://a.example/".to_owned() };
        let table = [
            (None, Stream::default()),
            (None, read(Standing::default())),
            (None, read(Standing { moved: Some(Box::new(moved)), ..Standing::default() })),
            (Some(Trouble::Gap), read(Standing { gap: Some(since), ..Standing::default() })),
            (None, read(Standing { gap: Some(now() - GAP), ..Standing::default() })),
            (Some(Trouble::IdsChange), read(Standing { ids_change: Some(since), ..Standing::default() })),
            (Some(Trouble::Empty), read(Standing { suspect: suspect(Doubt::Empty), ..Standing::default() })),
            (Some(Trouble::AnotherFeed), read(Standing { suspect: suspect(Doubt::AnotherFeed), ..Standing::default() })),
            (Some(Trouble::Gone), read(Standing { gone: Some(Box::new(gone)), ..Standing::default() })),
            (Some(Trouble::Paused), Stream { paused: Some(since), errors: 7, ..Stream::default() }),
        ];
        for (expected, stream) in table {
            assert_eq!(trouble_of(&stream, now()).map(|(trouble, _)| trouble), expected, "{stream:?}");
        }
    }
}
