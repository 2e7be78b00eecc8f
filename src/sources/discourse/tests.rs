//! What Discourse answers, in our words, and what is made of it.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::http::Call;
use crate::domain::http::Reply;

const POSTS: &[u8] = include_bytes!("../../../tests/fixtures/discourse/posts.json");

fn now() -> Timestamp {
    "2026-10-03T07:00:00Z".parse().unwrap()
}

fn call(request: Request) -> Call {
    let Request::Call(call) = request else { panic!("{request:?}") };
    call
}

fn read(source: &Discourse, cursor: &Cursor, call: Call, body: Vec<u8>) -> Page {
    let reply = Reply { call, body, status: 200, ..Reply::default() };
    source.read(&Shard::whole(), cursor, &Response::Call(Box::new(reply)), now()).unwrap()
}

/// Posts with these ids; the one with id 1000 was written an hour ago, every lower one a minute before.
fn posts(ids: impl Iterator<Item = i64>) -> Vec<u8> {
    let time = |id: i64| now() - TimeDelta::hours(1) - TimeDelta::minutes(1000 - id);
    let posts: Vec<_> = ids.map(|id| json!({"id": id, "post_type": 1, "raw": "offline", "created_at": time(id)})).collect();
    json!({ "latest_posts": posts }).to_string().into_bytes()
}

#[test]
fn posts_are_read_without_quotations_and_what_was_taken_back_is_gone() {
    let source = Discourse::new(specimen());
    let asked = call(source.first(&Shard::whole(), &Cursor::default(), now()));
    let page = read(&source, &Cursor::default(), asked, POSTS.to_vec());
    let lines: Vec<String> = page
        .items
        .iter()
        .map(|item| format!("{} {:?} | {} | {} | {:?} | gone: {}", item.id, item.fields, item.title, item.text, item.url, item.gone))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    9107 {"category": "7", "kind": "reply"} |  | I did, twice. It drops off **every night**. | Some("https://forum.test/t/door-sensor-offline/412/3") | gone: false
    9105 {"category": "7", "kind": "topic"} | Door sensor offline | Since Monday it & the hub do not talk. | Some("https://forum.test/t/door-sensor-offline/412/1") | gone: false
    9104 {} |  |  | None | gone: true
    9103 {} |  |  | None | gone: true
    9101 {"category": "3", "kind": "topic"} | Thermostat forgets | It forgets the week plan. | Some("https://forum.test/t/thermostat-forgets/397/1") | gone: false
    "#);
    assert_eq!(page.items[0].updated, Some("2026-10-03T06:52:00Z".parse().unwrap()));
    assert_eq!(page.items[1].updated, None, "somebody liked it, which is no edit");
    assert_eq!(page.warnings.len(), 1, "{:?}", page.warnings);
    let some = Discourse::new(Settings { categories: vec![3], staff: true, ..specimen() });
    let asked = call(some.first(&Shard::whole(), &Cursor::default(), now()));
    let page = read(&some, &Cursor::default(), asked, POSTS.to_vec());
    assert_eq!(page.items.iter().filter(|item| !item.gone).map(|item| item.id.as_str()).collect::<Vec<_>>(), ["9101"]);
}

/// Walks from a mark; the ids asked for, the last page, and how many posts it saw.
fn walk(source: &Discourse, cursor: &Cursor, serve: impl Fn(Option<i64>) -> Vec<u8>) -> (Vec<Option<i64>>, Page) {
    let mut asked = call(source.first(&Shard::whole(), cursor, now()));
    let mut all = Vec::new();
    loop {
        let before = asked.url.split("before=").nth(1).map(|before| before.parse().unwrap());
        all.push(before);
        assert!(all.len() < 100, "{all:?}");
        let page = read(source, cursor, asked, serve(before));
        match page.next {
            Some(next) => asked = call(next),
            None => return (all, page),
        }
    }
}

#[test]
fn a_walk_ends_at_what_is_old_in_a_new_forum() {
    let serve = |before: Option<i64>| {
        let top = before.map_or(1000, |before| before - 1);
        posts((top - 49..=top).rev())
    };
    let source = Discourse::new(Settings { since: Since::Span(TimeDelta::minutes(170)), ..specimen() });
    let (asked, page) = walk(&source, &Cursor::default(), serve);
    assert_eq!(asked, [None, Some(951), Some(901), Some(851)], "110 minutes are two pages and a piece");
    assert!(page.items.is_empty(), "all of that page is older");
    assert_eq!(page.listed.unwrap().since, Some(now() - TimeDelta::minutes(170)));
    // Five minutes later: the last hour.
    let (asked, page) = walk(&source, &page.cursor.unwrap(), serve);
    assert_eq!((asked, page.listed), (vec![None, Some(951), Some(901)], None));
}

#[test]
fn gaps_of_an_old_forum_are_stepped_over_and_an_empty_forum_has_an_end() {
    // Only some ids can be seen; what is asked for stands in the answer too.
    let serve = |before: Option<i64>| {
        let top = before.unwrap_or(1000);
        posts((top - 49..=top).rev().filter(|id| [1000, 990, 800].contains(id)))
    };
    let source = Discourse::new(Settings { since: Since::Span(TimeDelta::days(30)), ..specimen() });
    let (asked, page) = walk(&source, &Cursor::default(), serve);
    let heads: Vec<i64> = asked.iter().flatten().copied().take(6).collect();
    assert_eq!(heads, [990, 941, 892, 843, 800, 751]);
    assert_eq!(asked.len(), 6 + usize::try_from(MOST_EMPTY).unwrap(), "and then it gives up");
    assert!(page.cursor.is_some());
    let (asked, _) = walk(&source, &Cursor::default(), |_| posts(std::iter::empty()));
    assert_eq!(asked, [None]);
    let (asked, _) = walk(&source, &Cursor::default(), |_| posts([7, 3, 1].into_iter()));
    assert_eq!(asked, [None], "there is nothing below 1");
}

/// What an old forum shows of its posts, of which those are hidden that stand in a range.
fn behind(hole: std::ops::Range<i64>) -> impl Fn(Option<i64>) -> Vec<u8> {
    move |before| {
        let top = before.unwrap_or(5000);
        let written: Vec<_> = (top - 49..=top).rev().filter(|id| *id > 0 && !hole.contains(id)).collect();
        let time = |id: i64| now() - TimeDelta::minutes(5000 - id);
        let posts: Vec<_> = written.iter().map(|id| json!({"id": id, "raw": "offline", "created_at": time(*id)})).collect();
        json!({ "latest_posts": posts }).to_string().into_bytes()
    }
}

#[test]
fn what_stands_below_very_many_hidden_posts_is_read_at_the_next_polls() {
    let source = Discourse::new(Settings { since: Since::Span(TimeDelta::minutes(3000)), ..specimen() });
    let (mut cursor, serve) = (Cursor::default(), behind(3500..4900));
    let mut lowest = Vec::new();
    for poll in 0..4 {
        let (asked, page) = walk(&source, &cursor, &serve);
        let mark: Mark = api::mark(page.cursor.as_ref().unwrap());
        let is_whole = mark.owed.is_none();
        assert_eq!(mark.newest, Some(now().timestamp()), "what is new is known at once");
        assert_eq!(page.warnings.iter().filter(|warning| warning.code == "posts_hidden").count(), usize::from(!is_whole), "{poll}");
        assert_eq!(page.listed, None, "{poll}: an absence behind hidden posts says nothing");
        lowest.push((asked.last().copied().flatten().unwrap(), is_whole));
        cursor = page.cursor.unwrap();
    }
    assert_eq!(lowest, [(4410, false), (3871, false), (1960, true), (4902, true)]);
    let mark: Mark = api::mark(&cursor);
    assert_eq!(mark.from, (now() - TimeDelta::minutes(3000)).timestamp());
}

#[test]
fn hidden_posts_above_what_is_known_take_nothing_back() {
    let source = Discourse::new(specimen());
    let known = |newest: i64| {
        let newest = (now() - TimeDelta::minutes(5000 - newest)).timestamp();
        api::cursor(&Mark { from: 0, newest: Some(newest), ..Mark::default() })
    };
    // The last three days are read whole, and are cut by hidden posts that were read before.
    let (_, page) = walk(&source, &known(4990), behind(2000..4900));
    let mark: Mark = api::mark(page.cursor.as_ref().unwrap());
    assert_eq!((mark.owed, page.listed), (None, None));
    insta::assert_snapshot!(page.warnings[0].message, @"the forum shows none of 539 posts in a row, which may be for members only: what stands below them was read before, and is not looked at again for edits and deletions");
    // Nobody looked for two days: what came in them stands below.
    let (_, page) = walk(&source, &known(2500), behind(3500..4900));
    let mark: Mark = api::mark(page.cursor.as_ref().unwrap());
    assert!(mark.owed.is_some());
    insta::assert_snapshot!(page.warnings[0].message, @"the forum shows none of 539 posts in a row, which may be for members only: what stands below them is read at the next polls, a piece each");
    let (_, page) = walk(&source, &page.cursor.unwrap(), behind(3500..3500));
    let mark: Mark = api::mark(page.cursor.as_ref().unwrap());
    assert_eq!(mark.owed, None, "they were only hidden for a while");
}

#[test]
fn an_empty_page_is_the_end_of_a_newer_forum() {
    let source = Discourse::new(Settings { since: Since::Span(TimeDelta::days(30)), ..specimen() });
    let serve = |before: Option<i64>| posts((980..before.unwrap_or(1001)).rev());
    let (asked, page) = walk(&source, &Cursor::default(), serve);
    assert_eq!(asked, [None, Some(980)]);
    assert!(page.warnings.is_empty() && page.cursor.is_some());
    assert_eq!(page.listed.map(|listed| listed.certain), Some(false), "it may as well be a slip of the forum");
}

#[test]
fn a_key_goes_into_headers_and_refusals_name_the_setting() {
    let source = Discourse::new(specimen());
    let names: Vec<&str> = source.login().unwrap().stamps.iter().map(|stamp| stamp.name.as_str()).collect();
    assert_eq!(names, ["Api-Key", "Api-Username"]);
    let body = r#"{"errors":["You are not permitted to view the requested resource."],"error_type":"invalid_access"}"#;
    let refused = Refused { status: 403, body: body.to_owned(), at_login: false };
    insta::assert_snapshot!(source.refused(&refused).unwrap().words, @"Discourse refuses access (“You are not permitted to view the requested resource.”): it takes a `key` that may read posts (`posts: list`), for a `user` who sees them; check that, and `base_url`");
    let stranger = Discourse::new(Settings { key: None, ..specimen() });
    insta::assert_snapshot!(stranger.refused(&refused).unwrap().words, @"this forum shows its posts to members only: set `key` and `user`, or check `base_url` (Discourse refuses access)");
}

proptest! {
    #[test]
    fn no_damage_to_a_reply_is_more_than_an_error(cut in 0..POSTS.len(), at in 0..POSTS.len(), bit in 0..8_u32) {
        let _ = saved(&Saved { body: &POSTS[..cut], ..Saved::default() });
        let mut flipped = POSTS.to_vec();
        flipped[at] ^= 1 << bit;
        let source = Discourse::new(specimen());
        let asked = call(source.first(&Shard::whole(), &Cursor::default(), now()));
        let reply = Reply { call: asked, body: flipped, status: 200, ..Reply::default() };
        let _ = source.read(&Shard::whole(), &Cursor::default(), &Response::Call(Box::new(reply)), now());
    }

    #[test]
    fn quotations_of_any_form_are_taken_out(text in "(\\[quote|\\[/quote\\]|a|ü){0,40}") {
        let body = json!({"latest_posts": [{"id": 5, "raw": text}]}).to_string();
        let read = saved(&Saved { body: body.as_bytes(), ..Saved::default() });
        prop_assert!(read.is_ok());
    }
}
