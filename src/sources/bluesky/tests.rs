//! What Bluesky answers, in our words, and what is made of it.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::http::Call;
use crate::domain::http::Reply;

const SEARCH: &[u8] = include_bytes!("../../../tests/fixtures/bluesky/search.json");

fn now() -> Timestamp {
    "2026-10-03T07:00:00Z".parse().unwrap()
}

fn call(request: Request) -> Call {
    let Request::Call(call) = request else { panic!("{request:?}") };
    call
}

fn answer(call: Call, body: Vec<u8>) -> Response {
    Response::Call(Box::new(Reply { call, body, status: 200, ..Reply::default() }))
}

fn read(source: &Bluesky, call: Call, body: Vec<u8>) -> Page {
    source.read(&Shard::whole(), &Cursor::default(), &answer(call, body), now()).unwrap()
}

#[test]
fn posts_are_read_but_those_that_a_label_keeps_away() {
    let page = saved(&Saved { body: SEARCH, ..Saved::default() }).unwrap();
    let lines: Vec<String> =
        page.items.iter().map(|item| format!("{} | {:?} | {:?} | {}", item.id, item.text, item.lang, item.published.unwrap())).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    at://did:plc:aaaa1111/app.bsky.feed.post/3lq1 | "Kestrel Parcels left my lamp in the rain.\nThanks for nothing." | Some("en") | 2026-10-03 06:30:01.100 UTC
    at://did:plc:bbbb2222/app.bsky.feed.post/3lq0 | "Paketet är borta igen" | None | 2026-10-03 06:20:00 UTC
    at://did:plc:dddd4444/app.bsky.feed.post/3lpy | "four days late, kestrel parcels" | None | 2026-10-03 06:00:00 UTC
    "#);
    assert_eq!(page.items[0].url.as_deref(), Some("https://bsky.app/profile/did:plc:aaaa1111/post/3lq1"));
    assert_eq!(page.warnings.len(), 1, "{:?}", page.warnings);
    let strangers = post::list(SEARCH, false).unwrap();
    assert_eq!(strangers.items.len(), 2, "one author is not shown to strangers");
}

#[test]
fn with_a_login_the_cursor_is_followed_and_without_one_the_time() {
    let source = Bluesky::new(specimen());
    let asked = call(source.first(&Shard::whole(), &Cursor::default(), now()));
    assert_eq!(
        asked.url,
        "https://bsky.social/xrpc/app.bsky.feed.searchPosts?q=kestrel+parcels&sort=latest&limit=100&since=2026-09-26T07%3A00%3A00.000Z"
    );
    let page = read(&source, asked, SEARCH.to_vec());
    let asked = call(page.next.unwrap());
    assert!(asked.url.ends_with("&cursor=100"), "{}", asked.url);
    let page = read(&source, asked.clone(), SEARCH.to_vec());
    assert!(page.next.is_none() && page.cursor.is_none(), "the same cursor again: what is older was not read");
    assert_eq!(page.warnings.last().unwrap().message, "Bluesky names a page as the next one that was read already: the walk ends here");
    let page = read(&source, asked, br#"{"posts":[]}"#.to_vec());
    assert_eq!((page.next, page.cursor.unwrap().0.as_deref()), (None, Some(r#"{"newest":1791009001100}"#)));

    let stranger = Bluesky::new(Settings { account: None, lang: Some("en".to_owned()), base: OPEN.to_owned(), ..specimen() });
    let asked = call(stranger.first(&Shard::whole(), &Cursor(Some(r#"{"newest":1791009001100}"#.to_owned())), now()));
    assert!(asked.url.ends_with("&since=2026-10-03T04%3A30%3A01.100Z&lang=en"), "{}", asked.url);
    let page = read(&stranger, asked, SEARCH.to_vec());
    let asked = call(page.next.unwrap());
    assert!(asked.url.contains("&until=2026-10-03T06%3A00%3A00.001Z"), "{}", asked.url);
    let same = json!({"posts": [{"uri": "at://x/y/z", "indexedAt": "2026-10-03T06:00:00Z"}]}).to_string().into_bytes();
    let asked = call(read(&stranger, asked, same).next.unwrap());
    assert!(asked.url.contains("&until=2026-10-03T06%3A00%3A00.000Z"), "{}", asked.url);
    assert!(read(&stranger, asked, br#"{"posts":[]}"#.to_vec()).next.is_none());
}

#[test]
fn a_clock_that_is_ahead_moves_no_mark_into_the_future() {
    let source = Bluesky::new(specimen());
    let asked = call(source.first(&Shard::whole(), &Cursor::default(), now()));
    let body = json!({"posts": [{"uri": "at://x/y/z", "record": {"createdAt": "2099-01-01T00:00:00Z"}}]}).to_string().into_bytes();
    let mark: Mark = api::mark(&read(&source, asked, body).cursor.unwrap());
    assert_eq!(mark.newest, Some(now().timestamp_millis()));
}

#[test]
fn deleted_posts_are_missing_from_a_look_at_them() {
    let source = Bluesky::new(specimen());
    let ids: Vec<String> =
        ["at://did:plc:aaaa1111/app.bsky.feed.post/3lq1", "at://did:plc:zzzz/app.bsky.feed.post/1"].map(str::to_owned).to_vec();
    let asked = call(source.ask_again(&ids));
    assert!(
        asked.url.contains("app.bsky.feed.getPosts?uris=at%3A%2F%2Fdid%3Aplc%3Aaaaa1111%2Fapp.bsky.feed.post%2F3lq1&uris=at"),
        "{}",
        asked.url
    );
    let page = read(&source, asked, SEARCH.to_vec());
    let gone: Vec<&str> = page.items.iter().filter(|item| item.gone).map(|item| item.id.as_str()).collect();
    assert_eq!(gone, ["at://did:plc:zzzz/app.bsky.feed.post/1"]);
    assert!(page.next.is_none() && page.cursor.is_none());
}

#[test]
fn a_session_is_asked_for_as_json_and_refusals_name_the_setting() {
    let source = Bluesky::new(specimen());
    let Some(Token::Granted(grant)) = &source.login().unwrap().token else { panic!() };
    assert_eq!(
        (grant.url.as_str(), grant.as_json, grant.token_key.as_str()),
        ("https://bsky.social/xrpc/com.atproto.server.createSession", true, "accessJwt")
    );
    let refused = Refused {
        status: 401,
        body: r#"{"error":"AuthenticationRequired","message":"Invalid identifier or password"}"#.to_owned(),
        at_login: true,
    };
    insta::assert_snapshot!(source.refused(&refused).unwrap().words, @"Bluesky gives no token (“Invalid identifier or password”): check `handle` and `app_password`; a secret may have been renewed or revoked");
    let stranger = Bluesky::new(Settings { account: None, ..specimen() });
    let refused = Refused { status: 403, body: "<html>Request forbidden by administrative rules.</html>".to_owned(), at_login: false };
    insta::assert_snapshot!(stranger.refused(&refused).unwrap().words, @"Bluesky answers searches of strangers only at times: set `handle` and `app_password`");
}

proptest! {
    #[test]
    fn no_damage_to_a_reply_is_more_than_an_error(cut in 0..SEARCH.len(), at in 0..SEARCH.len(), bit in 0..8_u32) {
        let _ = saved(&Saved { body: &SEARCH[..cut], ..Saved::default() });
        let mut flipped = SEARCH.to_vec();
        flipped[at] ^= 1 << bit;
        for source in [Bluesky::new(specimen()), Bluesky::new(Settings { account: None, ..specimen() })] {
            let asked = call(source.first(&Shard::whole(), &Cursor::default(), now()));
            let _ = source.read(&Shard::whole(), &Cursor::default(), &answer(asked, flipped.clone()), now());
        }
    }
}
