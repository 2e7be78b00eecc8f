//! What Reddit answers, in our words, and what is made of it.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::http::Reply;

const LISTING: &[u8] = include_bytes!("../../../tests/fixtures/reddit/new.json");

fn now() -> Timestamp {
    Timestamp::from_timestamp(1_791_010_000, 0).unwrap()
}

fn call(request: Request) -> Call {
    let Request::Call(call) = request else { panic!("{request:?}") };
    call
}

fn answer(call: Call, body: Vec<u8>) -> Response {
    Response::Call(Box::new(Reply { call, body, status: 200, ..Reply::default() }))
}

/// A page of posts with these numbers, an hour apart, of which a higher one is newer.
fn posts(numbers: impl Iterator<Item = i64>, after: Option<&str>) -> Vec<u8> {
    let children: Vec<_> = numbers
        .map(|number| json!({"kind": "t3", "data": {"name": format!("t3_{number}"), "title": "Late again", "selftext": "", "created_utc": 1_790_000_000 + number * 60}}))
        .collect();
    json!({"kind": "Listing", "data": {"after": after, "children": children}}).to_string().into_bytes()
}

#[test]
fn posts_comments_and_what_was_taken_back_are_told_apart() {
    let page = saved(&Saved { body: LISTING, url: Some("https://x.test/new?raw_json=1"), ..Saved::default() }).unwrap();
    let lines: Vec<String> = page
        .items
        .iter()
        .map(|item| {
            let kind = item.fields.get("kind").map_or("", String::as_str);
            format!("{} {kind} | {} | {} | {:?} | gone: {}", item.id, item.title, item.text, item.author, item.gone)
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    t3_2aa09k post | Courier rang & left | He rang once < a second long, then the van was gone. | Some("harbour_lane") | gone: false
    t3_2aa08k post | Scan of my customs form |  | None | gone: false
    t3_2aa07k  |  |  | None | gone: true
    t1_9xq1 comment |  | Same here, twice in one week. | Some("tin_roof") | gone: false
    "#);
    assert_eq!(page.items[0].updated.unwrap().timestamp(), 1_791_010_800);
    assert_eq!(page.items[1].updated, None);
    assert_eq!(page.warnings.len(), 1, "{:?}", page.warnings);
}

#[test]
fn entities_are_resolved_where_they_were_not_asked_for_as_letters() {
    let body = br#"{"data":{"children":[{"kind":"t3","data":{"name":"t3_1","title":"a &amp; b","selftext":"1 &lt; 2 &amp;lt;"}}]}}"#;
    let read = |url| saved(&Saved { body, url, ..Saved::default() }).unwrap().items.remove(0);
    assert_eq!((read(None).title.as_str(), read(None).text.as_str()), ("a & b", "1 < 2 &lt;"));
    assert_eq!(read(Some("https://x.test/new?limit=5&raw_json=1")).title, "a &amp; b");
}

#[test]
fn each_listing_is_a_shard_and_calls_bear_a_user_agent_of_ones_own() {
    let source = Reddit::new(specimen());
    let shards: Vec<String> = source.shards().iter().map(|shard| shard.0.clone()).collect();
    assert_eq!(shards, ["r/kestrelparcels/new", "r/kestrelparcels/comments", "search"]);
    let urls: Vec<String> = source.shards().iter().map(|shard| call(source.first(shard, &Cursor::default(), now())).url).collect();
    insta::assert_snapshot!(urls.join("\n"), @"
    https://oauth.reddit.com/r/kestrelparcels/new?limit=100&raw_json=1
    https://oauth.reddit.com/r/kestrelparcels/comments?limit=100&raw_json=1
    https://oauth.reddit.com/search?limit=100&q=kestrel+parcels&sort=new&type=link&raw_json=1
    ");
    let agent = format!("server:uproar:{} (by /u/example_ops)", env!("CARGO_PKG_VERSION"));
    let asked = call(source.first(&source.shards()[0], &Cursor::default(), now()));
    assert!(asked.headers.contains(&("User-Agent".to_owned(), agent.clone())));
    let Some(Token::Granted(grant)) = &source.login().unwrap().token else { panic!() };
    assert_eq!(
        (grant.url.as_str(), &grant.headers),
        ("https://www.reddit.com/api/v1/access_token", &vec![("User-Agent".to_owned(), agent)])
    );
}

#[test]
fn a_walk_ends_at_what_is_known_and_once_an_hour_at_its_depth() {
    let source = Reddit::new(Settings { since: Since::Moment(Timestamp::from_timestamp(1_790_000_000, 0).unwrap()), ..specimen() });
    let shard = Shard("r/kestrelparcels/new".to_owned());
    // A listing of 450, of which the newest stands first.
    let serve = |newest: i64, call: &Call| {
        let from = call.url.split("after=t3_").nth(1).map_or(newest, |rest| rest.split('&').next().unwrap().parse::<i64>().unwrap() - 1);
        let last = (from - 99).max(1);
        let after = (last > 1).then(|| format!("t3_{last}"));
        posts((last..=from).rev(), after.as_deref())
    };
    let poll = |cursor: &Cursor, newest: i64, now: Timestamp| {
        let mut asked = call(source.first(&shard, cursor, now));
        let mut count = (0, 0);
        loop {
            let page = source.read(&shard, cursor, &answer(asked.clone(), serve(newest, &asked)), now).unwrap();
            count = (count.0 + 1, count.1 + page.items.len());
            match page.next {
                Some(next) => asked = call(next),
                None => return (count, page.cursor.unwrap()),
            }
        }
    };
    let (first, cursor) = poll(&Cursor::default(), 450, now());
    assert_eq!(first, (5, 450), "all of it");
    let (quiet, cursor) = poll(&cursor, 450, now() + TimeDelta::minutes(5));
    assert_eq!(quiet, (1, 100), "nothing but what is known on the first page");
    let (busy, cursor) = poll(&cursor, 600, now() + TimeDelta::minutes(10));
    assert_eq!(busy.0, 3, "on to a page of known ones only");
    let (deep, cursor) = poll(&cursor, 600, now() + TimeDelta::hours(1));
    assert_eq!(deep.0, 2, "to the depth of 200");
    let mark: Mark = api::mark(&cursor);
    assert_eq!((mark.ids.len(), mark.ids[0].as_str()), (600, "t3_600"));
}

#[test]
fn what_is_older_than_the_first_poll_read_is_left_and_ends_it() {
    let source =
        Reddit::new(Settings { since: Since::Moment(Timestamp::from_timestamp(1_790_000_000 + 60 * 60, 0).unwrap()), ..specimen() });
    let shard = Shard("r/kestrelparcels/new".to_owned());
    let asked = call(source.first(&shard, &Cursor::default(), now()));
    let page = source.read(&shard, &Cursor::default(), &answer(asked, posts((51..=110).rev(), Some("t3_51"))), now()).unwrap();
    assert_eq!(page.items.len(), 51, "from the 60th on");
    let asked = call(page.next.unwrap());
    let page = source.read(&shard, &Cursor::default(), &answer(asked, posts((1..=50).rev(), Some("t3_1"))), now()).unwrap();
    assert!(page.next.is_none() && page.items.is_empty());
}

#[test]
fn a_listing_that_leads_back_ends_a_walk_without_a_mark() {
    let source = Reddit::new(Settings { since: Since::Moment(Timestamp::from_timestamp(1_790_000_000, 0).unwrap()), ..specimen() });
    let shard = Shard("r/kestrelparcels/new".to_owned());
    let read = |asked: Call, body: Vec<u8>| source.read(&shard, &Cursor::default(), &answer(asked, body), now()).unwrap();
    let first = call(source.first(&shard, &Cursor::default(), now()));
    let second = call(read(first, posts((101..=200).rev(), Some("t3_101"))).next.unwrap());
    for (name, body) in [
        ("the same place", posts((1..=100).rev(), Some("t3_101"))),
        ("the same things with another place", posts((101..=200).rev(), Some("t3_102"))),
    ] {
        let page = read(second.clone(), body);
        assert_eq!((page.next, page.cursor), (None, None), "{name}");
        assert_eq!(page.warnings[0].code, "repeated_cursor", "{name}");
    }
    let third = call(read(second, posts((1..=100).rev(), Some("t3_1"))).next.unwrap());
    assert!(read(third, posts(50..=60, Some("t3_101"))).next.is_none(), "it leads back by two");
}

#[test]
fn what_a_look_at_stored_things_lacks_is_gone() {
    let source = Reddit::new(specimen());
    let ids: Vec<String> = ["t3_2aa09k", "t3_2aa07k", "t1_1"].map(str::to_owned).to_vec();
    let asked = call(source.ask_again(&ids));
    assert_eq!(asked.url, "https://oauth.reddit.com/api/info?id=t3_2aa09k%2Ct3_2aa07k%2Ct1_1&raw_json=1");
    let page = source.read(&Shard("search".to_owned()), &Cursor::default(), &answer(asked, LISTING.to_vec()), now()).unwrap();
    let gone: Vec<&str> = page.items.iter().filter(|item| item.gone).map(|item| item.id.as_str()).collect();
    assert_eq!(gone, ["t3_2aa07k", "t1_1"]);
    assert!(page.next.is_none() && page.cursor.is_none());
    assert_eq!(source.recheck().unwrap().batch, 100);
}

#[test]
fn refusals_name_the_setting() {
    let source = Reddit::new(specimen());
    let words = |status, body: &str, at_login| source.refused(&Refused { status, body: body.to_owned(), at_login }).unwrap().words;
    insta::assert_snapshot!(words(200, r#"{"error":"unsupported_grant_type"}"#, true), @"Reddit gives no token (“unsupported_grant_type”): check `client_id` and `client_secret`; a secret may have been renewed or revoked");
    insta::assert_snapshot!(words(403, r#"{"reason":"private","message":"Forbidden","error":403}"#, false), @"Reddit refuses access (“Forbidden”): it takes a subreddit that is public, and an app that Reddit has approved; check that, and `subreddits`");
    let other = br#"{"data":{"children":[{"kind":"t5","data":{"name":"t5_1"}}]}}"#;
    insta::assert_snapshot!(listing::read(other, false).unwrap_err(), @"Reddit knows no such subreddit and shows others; check `subreddits`");
}

proptest! {
    #[test]
    fn no_damage_to_a_reply_is_more_than_an_error(cut in 0..LISTING.len(), at in 0..LISTING.len(), bit in 0..8_u32) {
        let _ = saved(&Saved { body: &LISTING[..cut], ..Saved::default() });
        let mut flipped = LISTING.to_vec();
        flipped[at] ^= 1 << bit;
        let source = Reddit::new(specimen());
        let asked = call(source.first(&source.shards()[0], &Cursor::default(), now()));
        let _ = source.read(&source.shards()[0], &Cursor::default(), &answer(asked, flipped), now());
    }
}
