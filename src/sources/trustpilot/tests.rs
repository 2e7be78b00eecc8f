//! A business as Trustpilot answers: reviews, windows, numbers that shift, and what goes wrong.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::http::Reply;
use crate::domain::item::Listed;

const REVIEWS: &[u8] = include_bytes!("../../../tests/fixtures/trustpilot/reviews.json");

fn now() -> Timestamp {
    "2026-10-05T12:00:00Z".parse().unwrap()
}

#[test]
fn reviews_are_read_without_what_is_personal() {
    let page = saved(&Saved { body: REVIEWS, ..Saved::default() }).unwrap();
    let line = |item: &Item| {
        let stars = item.rating.map_or(0.0, |rating| rating.value);
        let fields: Vec<String> = item.fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let (gone, lang) = (if item.gone { "gone " } else { "" }, item.lang.as_deref().unwrap_or("-"));
        format!("{gone}{} | {} | {} | {stars} | {lang} | {}", item.id, item.title, item.text, fields.join(" "))
    };
    insta::assert_snapshot!(page.items.iter().map(line).collect::<Vec<_>>().join("\n"), @"
    66f0a1 | Six calls | Six calls, and the sofa still stands in Oslo. | 1 | no | country=NO origin=Organic verified=false
    66f0a2 | Fast |  | 5 | da | location=Aarhus origin=AFSv2 verified=true
    gone 66f0a3 |  |  | 0 | - | 
    ");
    assert_eq!(page.warnings.len(), 1, "{:?}", page.warnings);
    assert_eq!(page.items[0].url.as_deref(), Some("https://www.trustpilot.com/reviews/66f0a1"));
    assert_eq!(page.items[1].updated, Some("2026-10-04T08:00:00Z".parse().unwrap()));
    let printed = format!("{page:?}");
    assert!(!printed.contains("kim@") && !printed.contains("A-1") && !printed.contains("Kim"), "{printed}");
}

fn review(id: u32, written: &str) -> Value {
    json!({"id": format!("r{id}"), "stars": 1, "createdAt": written, "status": "active", "language": "da"})
}

fn list(reviews: &[Value]) -> (u16, Value) {
    (200, json!({ "reviews": reviews }))
}

fn unit() -> (u16, Value) {
    (200, json!({"id": "507f191e"}))
}

/// Walks through answers, so long after now; gives what was asked, the last page, and the mark.
fn walk(settings: &Settings, cursor: &Cursor, later: TimeDelta, answers: &[(u16, Value)]) -> (Vec<String>, Page, Cursor) {
    let source = Trustpilot::new(settings.clone());
    let now = now() + later;
    let mut next = Some(source.first(&Shard::whole(), cursor, now));
    let (mut asked, mut last) = (Vec::new(), Page::default());
    for (status, answer) in answers {
        let Some(Request::Call(call)) = next.take() else { panic!("nothing more is asked after {asked:#?}") };
        asked.push(call.url.trim_start_matches("https://x.test/v1/").to_owned());
        assert!((200..300).contains(status) || call.takes.contains(status), "{status} to {}", call.url);
        let reply = Reply { call, status: *status, body: answer.to_string().into_bytes(), ..Reply::default() };
        last = source.read(&Shard::whole(), cursor, &Response::Call(Box::new(reply)), now).unwrap();
        next.clone_from(&last.next);
    }
    assert_eq!(next, None, "after {asked:#?}");
    let mark = last.cursor.clone().unwrap();
    (asked, last, mark)
}

#[test]
fn a_business_is_looked_up_once_and_windows_are_read_as_a_whole() {
    let settings = specimen();
    let answers = [unit(), list(&[review(2, "2026-10-04T10:00:00Z"), review(1, "2026-10-01T10:00:00Z")]), list(&[])];
    let (asked, last, mark) = walk(&settings, &Cursor::default(), TimeDelta::zero(), &answers);
    insta::assert_snapshot!(asked.join("\n"), @"
    business-units/find?name=kestrel.example
    private/business-units/507f191e/reviews?page=1&perPage=100&orderBy=createdat.desc&startDateTime=2026-09-28T12%3A00%3A00Z
    private/business-units/507f191e/reviews?page=2&perPage=100&orderBy=createdat.desc&startDateTime=2026-09-28T12%3A00%3A00Z
    ");
    assert_eq!(last.listed, Some(Listed { since: Some("2026-09-28T12:00:00Z".parse().unwrap()), ..Listed::default() }));
    let from = |cursor: &Cursor, later: TimeDelta| {
        let (asked, ..) = walk(&settings, cursor, later, &[list(&[])]);
        asked[0].rsplit_once('=').unwrap().1.replace("%3A", ":")
    };
    assert_eq!(from(&mark, TimeDelta::minutes(30)), "2026-10-02T10:00:00Z", "two days of reviews");
    assert_eq!(from(&mark, TimeDelta::minutes(60)), "2026-09-28T12:00:00Z", "thirty days, and not before the first poll's reach");
    let old = Cursor(mark.0.map(|mark| mark.replace("1790596800", "1700000000")));
    assert_eq!(from(&old, TimeDelta::minutes(60)), "2026-09-04T10:00:00Z", "thirty days");
    assert_eq!(from(&old, TimeDelta::days(7)), "2025-10-04T10:00:00Z", "a year");
}

#[test]
fn a_public_list_ends_by_its_dates() {
    let settings = Settings {
        secret: None,
        business: Business::Id("507f191e".to_owned()),
        stars: vec![1, 2],
        languages: vec!["da".to_owned()],
        ..specimen()
    };
    let old = [review(1, "2026-10-01T10:00:00Z"), review(0, "2026-09-01T10:00:00Z")];
    let (asked, last, _) = walk(&settings, &Cursor::default(), TimeDelta::zero(), &[list(&old)]);
    assert_eq!(asked, ["business-units/507f191e/reviews?page=1&perPage=100&orderBy=createdat.desc&stars=1%2C2&language=da"]);
    assert_eq!((last.items.len(), last.listed.is_some()), (1, true));
}

#[test]
fn what_is_not_understood_or_seems_to_end_too_early_proves_nothing() {
    let settings = Settings { business: Business::Id("507f191e".to_owned()), ..specimen() };
    let proves = |answers: &[(u16, Value)]| walk(&settings, &Cursor::default(), TimeDelta::zero(), answers).1.listed.is_some();
    let page = |from: u32, count: u32| list(&(from..from + count).map(|id| review(id, "2026-10-04T10:00:00Z")).collect::<Vec<_>>());
    assert!(proves(&[page(0, 100), page(100, 20), list(&[])]));
    assert!(!proves(&[page(0, 100), list(&[])]), "nothing behind a full page");
    assert!(!proves(&[page(0, 20), page(20, 20), list(&[])]), "nor where a page is shorter than asked for");
    let nameless = json!({"createdAt": "2026-10-04T10:00:00Z"});
    assert!(!proves(&[list(&[review(1, "2026-10-04T10:00:00Z"), nameless]), list(&[])]), "it may be any");
    let mixed = [review(3, "2026-10-04T10:00:00Z"), review(1, "2026-09-01T10:00:00Z"), review(2, "2026-10-03T10:00:00Z")];
    assert!(!proves(&[list(&mixed), list(&[])]), "its order says nothing of what is left");
}

#[test]
fn a_list_that_does_not_heed_its_page_and_one_from_the_future_do_no_harm() {
    let settings = Settings { business: Business::Id("507f191e".to_owned()), ..specimen() };
    let same: Vec<(u16, Value)> = (0..10).map(|_| list(&[review(1, "2099-10-04T10:00:00Z")])).collect();
    let (_, last, mark) = walk(&settings, &Cursor::default(), TimeDelta::zero(), &same);
    assert_eq!((last.warnings[0].code.as_str(), last.listed), ("endless", None));
    assert!(mark.0.unwrap().contains(&format!(r#""newest":{},"#, now().timestamp())));
}

#[test]
fn filters_hold_also_where_the_list_does_not_keep_them() {
    let settings = Settings { stars: vec![1], languages: vec!["no".to_owned(), "sv".to_owned()], ..specimen() };
    let body: Value = serde_json::from_slice(REVIEWS).unwrap();
    let source = Trustpilot::new(settings);
    let mark = Cursor(Some(r#"{"unit":{"domain":"kestrel.example","id":"5"}}"#.to_owned()));
    let Request::Call(call) = source.first(&Shard::whole(), &mark, now()) else { panic!() };
    assert!(!call.url.contains("language"), "{}", call.url);
    let reply = Reply { call, status: 200, body: body.to_string().into_bytes(), ..Reply::default() };
    let page = source.read(&Shard::whole(), &mark, &Response::Call(Box::new(reply)), now()).unwrap();
    assert_eq!(page.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["66f0a1", "66f0a3"]);
}

#[test]
fn after_a_pause_the_walk_goes_back_one_page() {
    let settings = specimen();
    let source = Trustpilot::new(settings.clone());
    let mark = Cursor(Some(r#"{"unit":{"domain":"kestrel.example","id":"5"},"newest":1791000000,"floor":1700000000}"#.to_owned()));
    let mut next = source.first(&Shard::whole(), &mark, now());
    let mut asked = Vec::new();
    let mut time = now();
    for pause in [0, 0, 3600, 3600, 3600, 1] {
        let Request::Call(call) = next else { panic!("{asked:?}") };
        asked.push(call.url.split("page=").nth(1).unwrap().split('&').next().unwrap().to_owned());
        time += TimeDelta::seconds(pause);
        let (_, body) = list(&[review(1, "2026-10-01T10:00:00Z")]);
        let reply = Reply { call, status: 200, body: body.to_string().into_bytes(), ..Reply::default() };
        let page = source.read(&Shard::whole(), &mark, &Response::Call(Box::new(reply)), time).unwrap();
        next = page.next.unwrap();
    }
    assert_eq!(asked.join(" "), "1 2 3 2 3 4", "once for each page, however often it has to pause");
    // A walk that is longer than a poll may be goes on from the mark, and proves nothing.
    let rest = Cursor(Some(r#"{"unit":{"domain":"kestrel.example","id":"5"},"floor":1700000000,"walk":{"scope":"full","from":1700000000,"page":9,"newest":null,"is_rest":false,"looked_up":false,"asked_at":1,"back_from":0}}"#.to_owned()));
    let (asked, last, _) = walk(&settings, &rest, TimeDelta::zero(), &[list(&[])]);
    assert!(asked[0].contains("page=8&") && last.listed.is_none(), "{asked:?}");
}

#[test]
fn a_business_that_has_another_id_now_is_looked_up_anew() {
    let mark = Cursor(Some(r#"{"unit":{"domain":"kestrel.example","id":"old"},"floor":1700000000}"#.to_owned()));
    let (asked, ..) = walk(&specimen(), &mark, TimeDelta::zero(), &[(404, json!({})), unit(), list(&[])]);
    assert!(asked[0].contains("/old/") && asked[1].contains("find") && asked[2].contains("/507f191e/"), "{asked:#?}");
    let other = Settings { business: Business::Domain("other.example".to_owned()), ..specimen() };
    let (asked, ..) = walk(&other, &mark, TimeDelta::zero(), &[unit(), list(&[])]);
    assert_eq!(asked[0], "business-units/find?name=other.example");
}

#[test]
fn a_refusal_says_which_setting_to_change() {
    let told = |settings: Settings, status: u16, body: &str, at_login: bool| {
        Trustpilot::new(settings).refused(&Refused { status, body: body.to_owned(), at_login }).unwrap().words
    };
    let fault = r#"{"fault":{"faultstring":"Token is not good","detail":{"errorcode":"x"}}}"#;
    insta::assert_snapshot!(told(specimen(), 401, fault, false), @"Trustpilot does not take the login (“Token is not good”): check `key` and `secret`");
    insta::assert_snapshot!(told(specimen(), 401, fault, true), @"Trustpilot gives no token (“Token is not good”): check `key` and `secret`; a secret may have been renewed or revoked");
    insta::assert_snapshot!(told(specimen(), 403, "{}", false), @"Trustpilot refuses access: it takes a plan with the API, and a business of one's own: others' are read without `secret`; check that, and `business`");
    let public = Settings { secret: None, business: Business::Id("5".to_owned()), ..specimen() };
    insta::assert_snapshot!(told(public, 404, "{}", false), @"Trustpilot knows nothing of that name: check `business_unit_id`");
}

proptest! {
    #[test]
    fn no_answer_whatever_is_wrong_with_it_does_harm(end in 1_usize..3000, bits in proptest::collection::vec((0_usize..3000, 0_u8..8), 0..6), known in any::<bool>()) {
        let mut body = REVIEWS.to_vec();
        for (at, bit) in bits {
            let at = at % body.len();
            body[at] ^= 1 << bit;
        }
        body.truncate(end);
        let _ = saved(&Saved { body: &body, ..Saved::default() });
        let business = if known { Business::Id("5".to_owned()) } else { Business::Domain("x".to_owned()) };
        let source = Trustpilot::new(Settings { business, ..specimen() });
        let Request::Call(mut call) = source.first(&Shard::whole(), &Cursor::default(), now()) else { panic!() };
        for context in [call.context.clone(), String::from_utf8_lossy(&body).into_owned()] {
            call.context = context;
            let reply = Reply { call: call.clone(), status: 200, body: body.clone(), ..Reply::default() };
            let _ = source.read(&Shard::whole(), &Cursor::default(), &Response::Call(Box::new(reply)), now());
        }
    }
}
