//! Lists that shift, edits that keep their dates, and refusals that name what to change.

use super::*;
use crate::domain::http::Reply;
use crate::sources::Service as _;
use crate::sources::app_store;

const PAGE: &[u8] = include_bytes!("../../../../tests/fixtures/app_store/connect.json");

fn source() -> OwnApp {
    let connect = Connect {
        key_id: "KEY7".to_owned(),
        issuer: Some("issuer".to_owned()),
        key: Secret::new("hush".to_owned()),
        territories: vec!["SWE".to_owned(), "NOR".to_owned()],
        overlap: TimeDelta::days(14),
        full_walk: TimeDelta::hours(24),
    };
    OwnApp::new(Settings { app: 7, connect, since: Since::Span(TimeDelta::days(90)), base: "https://api.test".to_owned() })
}

fn at(day: i64) -> Timestamp {
    Timestamp::from_timestamp(1_790_000_000, 0).unwrap() + TimeDelta::days(day)
}

/// A page of reviews of these days.
fn page(days: &[i64], total: usize, next: Option<&str>) -> String {
    let data: Vec<Value> = days
        .iter()
        .map(|day| serde_json::json!({"id": format!("r{day}"), "attributes": {"rating": 2, "body": "slow", "createdDate": at(*day).to_rfc3339()}}))
        .collect();
    let links = next.map_or_else(|| serde_json::json!({}), |next| serde_json::json!({ "next": next }));
    serde_json::json!({"data": data, "links": links, "meta": {"paging": {"total": total, "limit": 200}}}).to_string()
}

/// Walks over these pages; returns what was asked, the items and how the last page ended.
fn walk(cursor: &Cursor, now: Timestamp, pages: &[String]) -> (Vec<String>, usize, Page) {
    let (source, shard) = (source(), Shard::whole());
    let mut request = source.first(&shard, cursor, now);
    let (mut asked, mut items) = (Vec::new(), 0);
    for body in pages {
        let Request::Call(call) = request.clone() else { panic!("{request:?}") };
        asked.push(call.url.clone());
        let reply = Reply { call, body: body.clone().into_bytes(), status: 200, ..Reply::default() };
        let page = source.read(&shard, cursor, &Response::Call(Box::new(reply)), now).unwrap();
        items += page.items.len();
        match page.next {
            Some(next) => request = next,
            None => return (asked, items, page),
        }
    }
    panic!("the walk does not end: {asked:?}")
}

#[test]
fn a_review_keeps_stars_and_storefront() {
    let page = reviews(&serde_json::from_slice(PAGE).unwrap()).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&page.items[0]).unwrap(), @r#"
    {
      "id": "00000090-aaaa-0014-729e-fbd500000001",
      "title": "Locked out",
      "text": "Three codes, none of them works.",
      "author": "skogsmus",
      "url": null,
      "published": "2026-10-02T18:15:00Z",
      "updated": null,
      "rating": {
        "value": 1.0,
        "max": 5.0
      },
      "lang": null,
      "fields": {
        "territory": "SWE"
      },
      "gone": false
    }
    "#);
    assert_eq!((page.items.len(), page.warnings.len()), (2, 1));
}

#[test]
fn the_first_walk_goes_back_to_since_and_later_ones_over_two_weeks() {
    let pages = [page(&[-1, -40], 5, Some("https://api.test/2")), page(&[-80, -91], 5, Some("https://api.test/3"))];
    let (asked, items, last) = walk(&Cursor::default(), at(0), &pages);
    insta::assert_snapshot!(asked[0], @"https://api.test/v1/apps/7/customerReviews?sort=-createdDate&limit=200&filter%5Bterritory%5D=SWE%2CNOR");
    assert_eq!((asked.len(), items), (2, 3), "what is older than `since` is left out");
    assert_eq!(last.listed, Some(Listed { since: Some(at(-90)), certain: true, ..Listed::default() }));
    let cursor = last.cursor.unwrap();
    // A quarter of an hour later the walk ends where two weeks before the newest are over.
    let (asked, _, last) = walk(&cursor, at(0) + TimeDelta::minutes(15), &pages);
    assert_eq!((asked.len(), last.listed, last.cursor.as_ref()), (1, None, Some(&cursor)), "-40 is more than two weeks old");
    // A day later it goes all the way again, and no further than the first one did.
    let (asked, _, last) = walk(&cursor, at(1), &pages);
    assert_eq!((asked.len(), last.listed.and_then(|listed| listed.since)), (2, Some(at(-90))));
}

#[test]
fn a_list_that_shifts_proves_nothing_and_is_read_again_soon() {
    for (name, pages) in [
        ("the number changed", [page(&[-1], 3, Some("https://api.test/2")), page(&[-2, -3], 4, None)]),
        ("fewer than it says", [page(&[-1], 4, Some("https://api.test/2")), page(&[-2, -3], 4, None)]),
    ] {
        let (_, items, last) = walk(&Cursor::default(), at(0), &pages);
        assert_eq!((items, last.listed), (3, None), "{name}");
        let mark: Mark = api::mark(&last.cursor.unwrap());
        assert_eq!(mark.whole_at, Some(at(0) - TimeDelta::hours(23)), "{name}");
    }
    let (.., last) = walk(&Cursor::default(), at(0), &[page(&[], 0, None)]);
    assert_eq!(last.listed.map(|listed| listed.certain), Some(false), "nothing at all has to be said twice");
}

#[test]
fn pages_that_lead_back_end_a_walk_without_a_mark() {
    let first = page(&[-1], 4, Some("https://api.test/2"));
    for (name, pages) in [
        ("a page that names itself", [first.clone(), page(&[-2], 4, Some("https://api.test/2"))].to_vec()),
        (
            "two that name one another",
            [first, page(&[-2], 4, Some("https://api.test/3")), page(&[-3], 4, Some("https://api.test/2"))].to_vec(),
        ),
    ] {
        let (asked, _, last) = walk(&Cursor::default(), at(0), &pages);
        assert_eq!((asked.len(), last.cursor, last.listed), (pages.len(), None, None), "{name}");
        assert_eq!(last.warnings[0].code, "repeated_cursor", "{name}");
    }
}

#[test]
fn another_host_is_not_followed() {
    let (source, shard) = (source(), Shard::whole());
    for next in ["https://evil.test/v1/apps/7", "http://api.test/2", "nonsense"] {
        let reply = Reply { body: page(&[-1], 2, Some(next)).into_bytes(), status: 200, ..Reply::default() };
        let error = source.read(&shard, &Cursor::default(), &Response::Call(Box::new(reply)), at(0)).unwrap_err();
        assert!(error.what.contains("another address"), "{error}");
    }
}

#[test]
fn a_key_of_one_person_has_no_issuer() {
    let connect = source().settings.connect;
    let claims_of = |connect: &Connect| claims(connect).claims.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
    assert_eq!(claims_of(&connect), ["iss=\"issuer\"", "aud=\"appstoreconnect-v1\""]);
    assert_eq!(claims_of(&Connect { issuer: None, ..connect }), ["sub=\"user\"", "aud=\"appstoreconnect-v1\""]);
}

#[test]
fn refusals_name_what_to_change() {
    let words = |status, code: &str| {
        let body = serde_json::json!({"errors": [{"status": status, "code": code, "title": "Nope", "detail": "Not so."}]}).to_string();
        refusal(&Refused { status, body, at_login: false }).unwrap().words
    };
    insta::assert_snapshot!(words(401, "NOT_AUTHORIZED"), @"App Store Connect does not take the login (“Not so.”): check `key_id`, `issuer` and `key` of `connect`, and that the clock of this machine is right");
    insta::assert_snapshot!(words(403, "FORBIDDEN_ERROR"), @"App Store Connect refuses access (“Not so.”): it takes a key with the role Customer Support that may see this app; check that, and `app`");
    insta::assert_snapshot!(words(403, "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED"), @"App Store Connect refuses access until an agreement with Apple is accepted: the holder of the account does that under Business in App Store Connect; no setting here helps");
    insta::assert_snapshot!(words(400, "PARAMETER_ERROR.INVALID"), @"App Store Connect does not understand the call (“Not so.”): check `territories`");
    assert!(words(404, "NOT_FOUND").contains("`app`"));
    assert_eq!(source().patience(), Some(TimeDelta::seconds(60)));
}

#[test]
fn a_source_with_a_key_is_another_one_than_the_public_feed() {
    let OwnApp { settings, .. } = source();
    let store = app_store::Settings { connect: Some(settings.connect), ..app_store::specimen() };
    assert_eq!(store.source().shards(), [Shard::whole()]);
    assert!(store.source().login().is_some() && store.may_be_empty() && store.least_every() < app_store::LEAST);
}

proptest::proptest! {
    #[test]
    fn a_damaged_answer_gives_a_value(cut in 0..PAGE.len(), at in 0..PAGE.len(), bit in 0_u8..8) {
        let mut flipped = PAGE.to_vec();
        flipped[at] ^= 1 << bit;
        for body in [PAGE[..cut].to_vec(), flipped] {
            let reply = Reply { body, status: 200, ..Reply::default() };
            let _ = source().read(&Shard::whole(), &Cursor::default(), &Response::Call(Box::new(reply)), Timestamp::default());
        }
    }
}
