//! A week of reviews, and weeks in which nobody looked.

use super::*;
use crate::domain::http::Call;
use crate::domain::http::Reply;

const PAGE: &[u8] = include_bytes!("../../../tests/fixtures/google_play/page.json");

fn at(hours: i64) -> Timestamp {
    Timestamp::from_timestamp(1_790_000_000, 0).unwrap() + TimeDelta::hours(hours)
}

fn page(hours: &[i64], token: Option<&str>) -> String {
    let reviews: Vec<Value> = hours
        .iter()
        .map(|hour| {
            let seconds = at(*hour).timestamp().to_string();
            serde_json::json!({"reviewId": format!("gp:{hour}"), "comments": [{"userComment": {"text": "slow", "lastModified": {"seconds": seconds}}}]})
        })
        .collect();
    let mut answer = serde_json::json!({ "reviews": reviews });
    if let Some(token) = token {
        answer["tokenPagination"] = serde_json::json!({ "nextPageToken": token });
    }
    answer.to_string()
}

fn read(call: Call, cursor: &Cursor, body: &str, now: Timestamp) -> Page {
    let reply = Reply { call, body: body.as_bytes().to_vec(), status: 200, ..Reply::default() };
    GooglePlay::new(specimen()).read(&Shard::whole(), cursor, &Response::Call(Box::new(reply)), now).unwrap()
}

fn first(cursor: &Cursor, now: Timestamp) -> Call {
    call(&GooglePlay::new(specimen()).first(&Shard::whole(), cursor, now))
}

fn call(request: &Request) -> Call {
    match request {
        Request::Call(call) => call.clone(),
        other => panic!("not a call: {other:?}"),
    }
}

#[test]
fn a_review_is_what_its_writer_said_last() {
    let (page, token) = reviews(PAGE, Some("com.example.ferry")).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&page.items[0]).unwrap(), @r#"
    {
      "id": "gp:AOq-1_x&y",
      "title": "Tickets",
      "text": "The code does not scan at the gate.",
      "author": null,
      "url": "https://play.google.com/store/apps/details?id=com.example.ferry&reviewId=gp:AOq-1_x%26y",
      "published": "2026-09-21T14:13:20Z",
      "updated": "2026-09-21T14:13:20Z",
      "rating": {
        "value": 2.0,
        "max": 5.0
      },
      "lang": null,
      "fields": {
        "device_language": "en_GB",
        "version": "3.1"
      },
      "gone": false
    }
    "#);
    assert_eq!((page.items.len(), page.warnings.len(), token.as_deref()), (2, 1, Some("next+1")));
    assert_eq!((page.items[1].title.as_str(), page.items[1].text.as_str()), ("", "No tab at all"));
}

#[test]
fn no_reviews_are_an_empty_object_and_anything_else_is_an_error() {
    assert!(reviews(b"{}", None).unwrap().0.items.is_empty());
    for body in [&b"{\"error\":1}"[..], b"[]", b"", b"<html>", b"{\"reviews\":{}}"] {
        assert!(reviews(body, None).is_err(), "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn a_week_is_read_to_its_end_and_a_token_that_repeats_ends_it() {
    let cursor = Cursor::default();
    let asked = first(&cursor, at(0));
    insta::assert_snapshot!(asked.url, @"https://x.test/androidpublisher/v3/applications/com.example.ferry/reviews?maxResults=100");
    let one = read(asked, &cursor, &page(&[-1, -2], Some("t+2")), at(0));
    assert_eq!(one.cursor, None);
    let asked = call(&one.next.unwrap());
    assert!(asked.url.ends_with("&token=t%2B2"), "{}", asked.url);
    let two = read(asked.clone(), &cursor, &page(&[-3], Some("t+2")), at(0));
    assert_eq!((two.next, two.cursor), (None, None), "it leads to itself, and what is older was not read");
    assert_eq!(two.warnings[0].code, "repeated_cursor");
    let two = read(asked.clone(), &cursor, &page(&[-3], Some("t3")), at(0));
    let three = read(call(&two.next.unwrap()), &cursor, &page(&[-4], Some("t+2")), at(0));
    assert_eq!((three.next, three.warnings[0].code.as_str()), (None, "repeated_cursor"), "it leads back by one more");
    assert_eq!(three.cursor, None);
    let two = read(asked.clone(), &cursor, &page(&[-3], None), at(0));
    assert_eq!(api::mark::<Mark>(&two.cursor.unwrap()), Mark { newest: Some(at(-1)), read_at: Some(at(0)) });
}

#[test]
fn behind_ten_pages_a_walk_ends_where_nothing_is_new() {
    let cursor = api::cursor(&Mark { newest: Some(at(-5)), read_at: Some(at(-1)) });
    let mut asked = first(&cursor, at(0));
    for number in 1..=10 {
        let page = read(asked.clone(), &cursor, &page(&[-6 - number], Some(&number.to_string())), at(0));
        let Some(next) = page.next else {
            assert_eq!(number, 10);
            return;
        };
        asked = call(&next);
    }
    panic!("it goes on for ever");
}

#[test]
fn who_was_away_for_more_than_a_week_is_told() {
    for (name, away, expected) in [("an hour", 1, None), ("a week but for an hour", 167, Some(false)), ("nine days", 9 * 24, Some(true))] {
        let cursor = api::cursor(&Mark { newest: None, read_at: Some(at(-away)) });
        let page = read(first(&cursor, at(0)), &cursor, "{}", at(0));
        assert_eq!(page.warnings.first().map(|_| page.gap), expected, "{name}");
        if page.gap {
            insta::assert_snapshot!(page.warnings[0].message, @"nothing was read for 9 days, and only the last week is listed: reviews from before it are missing; the monthly CSV files in Cloud Storage have them, which a source with `file` reads");
        }
    }
}

#[test]
fn a_service_account_is_read_from_its_file() {
    let file = r#"{"type":"service_account","private_key_id":"k1","private_key":"-----BEGIN PRIVATE KEY-----\nhush","client_email":"reader@x.test"}"#;
    let account = Account::read(file).unwrap();
    assert_eq!((account.key_id.as_deref(), account.token_uri.as_str()), (Some("k1"), "https://oauth2.googleapis.com/token"));
    assert!(!format!("{account:?}").contains("hush"));
    let grant = account.grant();
    let claims: Vec<String> = grant.assertion.unwrap().1.claims.iter().map(|(name, value)| format!("{name}={value}")).collect();
    insta::assert_snapshot!(claims.join(" "), @r#"iss="reader@x.test" scope="https://www.googleapis.com/auth/androidpublisher" aud="https://oauth2.googleapis.com/token""#);
    for (text, why) in [
        ("hush", "it is no JSON"),
        (r#"{"type":"authorized_user"}"#, "it is a key of another type than `service_account`"),
        (r#"{"client_email":"a@b"}"#, "it has no `private_key`"),
        (r#"{"private_key":"-----BEGIN PRIVATE KEY-----"}"#, "it has no `client_email`"),
        (r#"{"token_uri":"file:///etc/passwd"}"#, "its `token_uri` is no address"),
    ] {
        assert_eq!(Account::read(text).unwrap_err(), why);
    }
}

#[test]
fn refusals_name_what_to_change() {
    let source = GooglePlay::new(specimen());
    let words = |status, at_login| {
        let body = r#"{"error":{"code":403,"message":"Not allowed","status":"PERMISSION_DENIED"}}"#.to_owned();
        source.refused(&Refused { status, body, at_login }).unwrap().words
    };
    insta::assert_snapshot!(words(403, false), @"Google Play refuses access (“Not allowed”): it takes a service account with the permission to reply to reviews in Play Console; check that, and `package`");
    insta::assert_snapshot!(words(400, true), @"Google Play gives no token (“Not allowed”): check `service_account`, and that the clock of this machine is right; a secret may have been renewed or revoked");
    assert!(words(404, false).contains("`package`"));
}

proptest::proptest! {
    #[test]
    fn a_damaged_answer_gives_a_value(cut in 0..PAGE.len(), at in 0..PAGE.len(), bit in 0_u8..8) {
        let _ = reviews(&PAGE[..cut], Some("p"));
        let mut flipped = PAGE.to_vec();
        flipped[at] ^= 1 << bit;
        let _ = reviews(&flipped, Some("p"));
        let _ = Account::read(&String::from_utf8_lossy(&flipped));
    }
}
