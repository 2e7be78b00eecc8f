//! What Mastodon answers, in our words, and what is made of it.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const TAG: &[u8] = include_bytes!("../../../tests/fixtures/mastodon/tag.json");

fn now() -> Timestamp {
    "2026-10-03T07:00:00Z".parse().unwrap()
}

fn call(request: Request) -> Call {
    let Request::Call(call) = request else { panic!("{request:?}") };
    call
}

fn answer(call: Call, status: u16, body: Vec<u8>) -> Response {
    Response::Call(Box::new(Reply { call, status, body, ..Reply::default() }))
}

fn tag() -> Shard {
    Shard("#kestrelparcels".to_owned())
}

fn posts(ids: impl Iterator<Item = u64>) -> Vec<u8> {
    let posts: Vec<_> =
        ids.map(|id| json!({"id": id.to_string(), "created_at": "2026-10-03T06:00:00Z", "content": "<p>late</p>"})).collect();
    json!(posts).to_string().into_bytes()
}

#[test]
fn posts_of_people_who_want_no_programs_and_posts_for_friends_are_left_alone() {
    let page = saved(&Saved { body: TAG, ..Saved::default() }).unwrap();
    let lines: Vec<String> = page
        .items
        .iter()
        .map(|item| format!("{} | {} | {:?} | {:?} | {:?}", item.id, item.title, item.text, item.lang, item.author))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r##"
    116900000000000300 | rant about post | "Third card through the door and I was home.\nEvery time. #kestrelparcels" | Some("en") | Some("ida@tern.example")
    116900000000000250 |  | "Kein Paket, kein Zettel, nichts." | None | Some("otto")
    "##);
    assert_eq!(page.items[0].updated, Some("2026-10-03T06:41:07Z".parse().unwrap()));
    assert_eq!(page.warnings.len(), 1, "{:?}", page.warnings);
}

#[test]
fn a_tag_is_read_upwards_with_a_mark_on_every_page_and_the_last_hour_again() {
    let source = Mastodon::new(specimen());
    let (base, mut cursor) = (117_370_000_000_000_000_u64, Cursor::default());
    let mut asked = call(source.first(&tag(), &cursor, now()));
    let mut urls = Vec::new();
    for ids in [base + 1..base + 41, base + 41..base + 50, base + 50..base + 50] {
        urls.push(asked.url.clone());
        let page = source.read(&tag(), &cursor, &answer(asked.clone(), 200, posts(ids.rev())), now()).unwrap();
        cursor = page.cursor.unwrap();
        match page.next {
            Some(next) => asked = call(next),
            None => urls.push(call(source.first(&tag(), &cursor, now())).url),
        }
    }
    insta::assert_snapshot!(urls.join("\n"), @"
    https://social.test/api/v1/timelines/tag/kestrelparcels?limit=40&min_id=117336047616000000
    https://social.test/api/v1/timelines/tag/kestrelparcels?limit=40&min_id=117370000000000040
    https://social.test/api/v1/timelines/tag/kestrelparcels?limit=40&min_id=117370000000000049
    https://social.test/api/v1/timelines/tag/kestrelparcels?limit=40&min_id=117369764070400049
    ");
    assert_eq!(cursor.0.as_deref(), Some(r#"{"id":"117370000000000049","newest":null}"#));
}

#[test]
fn an_instance_that_goes_round_in_a_circle_is_left() {
    let source = Mastodon::new(specimen());
    let asked = Call { context: api::written(&Walk::Above("116900000000000300".to_owned())), ..Call::default() };
    let page = source.read(&tag(), &Cursor::default(), &answer(asked, 200, TAG.to_vec()), now()).unwrap();
    assert!(page.next.is_none());
    assert_eq!(page.warnings.last().unwrap().code, "repeated_cursor");
}

#[test]
fn an_instance_that_shows_the_same_page_of_a_search_for_ever_is_left() {
    let source = Mastodon::new(specimen());
    let (shard, cursor) = (Shard(SEARCH.to_owned()), Cursor::default());
    let body = |id: usize| {
        let posts = json!([{"id": id.to_string(), "created_at": "2026-10-03T06:00:00Z", "content": "<p>x</p>"}]);
        json!({ "statuses": posts }).to_string().into_bytes()
    };
    let asked = call(source.first(&shard, &cursor, now()));
    let page = source.read(&shard, &cursor, &answer(asked, 200, body(5)), now()).unwrap();
    let asked = call(page.next.unwrap());
    let page = source.read(&shard, &cursor, &answer(asked.clone(), 200, body(5)), now()).unwrap();
    assert_eq!((page.next, page.cursor, page.warnings[0].code.as_str()), (None, None, "repeated_cursor"));
    let far = Walk::Found { offset: DEEPEST - 1, from: 0, newest: None, been: Been::default() };
    let page = source.read(&shard, &cursor, &answer(Call { context: api::written(&far), ..asked }, 200, body(6)), now()).unwrap();
    assert_eq!((page.next, page.cursor.is_some(), page.warnings[0].code.as_str()), (None, true, "gap_possible"));
}

#[test]
fn a_search_goes_down_to_what_is_known() {
    let source = Mastodon::new(specimen());
    let (shard, cursor) = (Shard(SEARCH.to_owned()), Cursor(Some(r#"{"newest":1791002400}"#.to_owned())));
    let asked = call(source.first(&shard, &cursor, now()));
    assert_eq!(asked.url, "https://social.test/api/v2/search?q=kestrel+parcels&type=statuses&limit=40&offset=0");
    let body =
        |time: &str| json!({"statuses": [{"id": "5", "created_at": time, "content": "<p>x</p>"}], "accounts": []}).to_string().into_bytes();
    let page = source.read(&shard, &cursor, &answer(asked, 200, body("2026-10-03T06:30:00Z")), now()).unwrap();
    let asked = call(page.next.unwrap());
    assert!(asked.url.ends_with("offset=1"), "{}", asked.url);
    let page = source.read(&shard, &cursor, &answer(asked, 200, body("2026-10-01T10:00:00Z")), now()).unwrap();
    assert!(page.next.is_none() && page.items.is_empty());
    assert_eq!(page.cursor.unwrap().0.as_deref(), Some(r#"{"id":null,"newest":1791009000}"#));
}

#[test]
fn deletions_are_looked_up_together_or_one_by_one() {
    let source = Mastodon::new(specimen());
    let ids: Vec<String> = ["116900000000000300", "116900000000000200", "9"].map(str::to_owned).to_vec();
    let asked = call(source.ask_again(&ids));
    assert_eq!(asked.url, "https://social.test/api/v1/statuses?id%5B%5D=116900000000000300&id%5B%5D=116900000000000200&id%5B%5D=9");
    let page = source.read(&tag(), &Cursor::default(), &answer(asked.clone(), 200, TAG.to_vec()), now()).unwrap();
    let gone: Vec<&str> = page.items.iter().filter(|item| item.gone).map(|item| item.id.as_str()).collect();
    assert_eq!(gone, ["116900000000000200", "9"], "deleted, or by somebody who wants no programs now");
    // An instance before 4.3.
    assert!(source.read(&tag(), &Cursor::default(), &answer(asked, 404, b"<html>".to_vec()), now()).is_err());
    assert_eq!(source.recheck().unwrap().batch, 1);
    let asked = call(source.ask_again(&ids[2..]));
    assert_eq!(asked.url, "https://social.test/api/v1/statuses/9");
    let page = source.read(&tag(), &Cursor::default(), &answer(asked, 404, b"{}".to_vec()), now()).unwrap();
    assert_eq!(page.items, [], "the instance may be out of order");
    let asked = call(source.ask_again(&["8".to_owned()]));
    let other = br#"{"id":"7","content":"<p>late</p>"}"#.to_vec();
    assert!(source.read(&tag(), &Cursor::default(), &answer(asked.clone(), 200, other), now()).is_err());
    let known = br#"{"id":"8","content":"<p>late</p>"}"#.to_vec();
    let page = source.read(&tag(), &Cursor::default(), &answer(asked.clone(), 200, known), now()).unwrap();
    let told: Vec<(&str, bool)> = page.items.iter().map(|item| (item.id.as_str(), item.gone)).collect();
    assert_eq!(told, [("8", false), ("9", true)], "it is not: it knows another post");
    let closed = br##"{"id":"8","content":"<p>late</p>","account":{"note":"#nobot"}}"##.to_vec();
    let page = source.read(&tag(), &Cursor::default(), &answer(asked, 200, closed), now()).unwrap();
    assert!(page.items.len() == 1 && page.items[0].gone && page.items[0].id == "8");
}

#[test]
fn an_instance_that_wants_a_login_is_told_of() {
    let source = Mastodon::new(Settings { token: None, search: None, ..specimen() });
    let refused = Refused { status: 401, body: r#"{"error":"This method requires an authenticated user"}"#.to_owned(), at_login: false };
    insta::assert_snapshot!(source.refused(&refused).unwrap().words, @"this instance of Mastodon shows nothing without a login: `token` is missing, of an account there with `read:statuses`");
    insta::assert_snapshot!(Mastodon::new(specimen()).refused(&refused).unwrap().words, @"Mastodon does not take the login (“This method requires an authenticated user”): check `token`");
}

proptest! {
    #[test]
    fn no_damage_to_a_reply_is_more_than_an_error(cut in 0..TAG.len(), at in 0..TAG.len(), bit in 0..8_u32) {
        let _ = saved(&Saved { body: &TAG[..cut], ..Saved::default() });
        let mut flipped = TAG.to_vec();
        flipped[at] ^= 1 << bit;
        let source = Mastodon::new(specimen());
        let asked = call(source.first(&tag(), &Cursor::default(), now()));
        let _ = source.read(&tag(), &Cursor::default(), &answer(asked, 200, flipped), now());
    }
}
