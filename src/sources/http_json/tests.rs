//! Replies and walks of made-up APIs.

use super::*;
use crate::domain::http::Call;
use crate::domain::http::Method;
use crate::domain::http::Reply;
use crate::domain::item::Rating;

fn now() -> Timestamp {
    "2026-05-31T15:30:00Z".parse().unwrap()
}

#[allow(clippy::unnecessary_wraps, reason = "settings want it so")]
fn some(code: &str) -> Option<String> {
    Some(code.to_owned())
}

fn full() -> Settings {
    Settings {
        ok: some(".fine == true"),
        next: Next::Cursor { program: ".more".to_owned(), param: some("after") },
        map: Map {
            id: ".key".to_owned(),
            text: some(".said, .also"),
            title: some(".head"),
            rating: some(".score | split(\"/\")[0] | tonumber"),
            rating_max: some("7"),
            published: some(".at / 1000 | todate"),
            updated: some(".changed"),
            url: some("\"https://desk.test/t/\" + .key"),
            author: some(".who.mail"),
            lang: some(".lang"),
            deleted: some(".gone // false"),
            fields: [("page".to_owned(), ".page".to_owned()), ("tags".to_owned(), ".tags".to_owned())].into(),
        },
        ..specimen()
    }
}

fn read(settings: &Settings, body: &str) -> Result<Page, ReadError> {
    let source = HttpJson::new(settings.clone());
    let Request::Call(call) = source.first(&Shard::whole(), &Cursor::default(), now()) else { panic!() };
    answer(&source, &Cursor::default(), call, body, "")
}

fn answer(source: &HttpJson, cursor: &Cursor, call: Call, body: &str, link: &str) -> Result<Page, ReadError> {
    let reply =
        Reply { url: call.url.clone(), call, status: 200, body: body.as_bytes().to_vec(), link: link.to_owned(), ..Reply::default() };
    source.read(&Shard::whole(), cursor, &Response::Call(Box::new(reply)), now())
}

fn codes(page: &Page) -> Vec<&str> {
    page.warnings.iter().map(|warning| warning.code.as_str()).collect()
}

#[test]
fn every_field_is_mapped() {
    let body = r#"{"fine":true,"rows":[{"key":9007199254740993,"said":"It hangs.","also":"Twice a day.","head":"App","score":"2/7","at":1779950000000,
        "changed":"2026-05-29T10:00:00+02:00","who":{"mail":"x@y.test"},"lang":"de","page":"/pay","tags":["a",1]}],"more":null}"#;
    let mut settings = full();
    settings.map.url = some("\"https://desk.test/t/\\(.key)\"");
    let page = read(&settings, body).unwrap();
    let item = &page.items[0];
    assert_eq!((item.id.as_str(), item.text.as_str(), item.title.as_str()), ("9007199254740993", "It hangs.\n\nTwice a day.", "App"));
    assert_eq!(item.rating, Some(Rating { value: 2.0, max: 7.0 }));
    assert_eq!(item.published, Some("2026-05-28T06:33:20Z".parse().unwrap()));
    assert_eq!(item.updated, Some("2026-05-29T08:00:00Z".parse().unwrap()));
    assert_eq!(item.url.as_deref(), Some("https://desk.test/t/9007199254740993"));
    assert_eq!((item.author.as_deref(), item.lang.as_deref(), item.gone), (Some("x@y.test"), Some("de"), false));
    assert_eq!((item.fields["page"].as_str(), item.fields["tags"].as_str()), ("/pay", "a, 1"));
    assert_eq!((codes(&page).len(), page.next), (0, None));
}

#[test]
fn a_record_that_cannot_be_mapped_is_a_warning_and_the_others_are_kept() {
    let body = r#"{"fine":true,"rows":[{"key":"a","said":"x","score":"bad"},{"said":"y"},{"key":"c","score":null},{"key":"d","said":{"x":1},"head":"h","changed":"03/04/2026","score":"9/7"}]}"#;
    let page = read(&full(), body).unwrap();
    let ids: Vec<&str> = page.items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["a", "d"]);
    let told: Vec<String> = page.warnings.iter().map(ToString::to_string).filter(|warning| !warning.contains("map.published")).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    record 1: `map.rating` cannot be used: cannot use "bad" as number [map_error]
    record 2: `map.rating` cannot be used: "split input and separator must be strings" [map_error]
    record 2: `map.id` gives nothing: left out [no_id]
    record 3: `map.rating` cannot be used: "split input and separator must be strings" [map_error]
    record 3: neither text nor title nor rating: left out [empty_record]
    record 4: `map.text` gives a list or an object instead of a text [map_error]
    record 4: `map.updated` gives `03/04/2026`, which is no time that can be read one way only [unread_date]
    record 4: `map.rating` gives no number of its scale [unread_rating]
    "#);
}

#[test]
fn many_warnings_of_a_kind_are_told_by_their_number() {
    let rows: Vec<String> = (0..50).map(|at| format!("{{\"id\":{at},\"text\":{{}}}}")).collect();
    let page = read(&specimen(), &format!("{{\"rows\":[{},{{\"id\":\"x\",\"text\":\"y\"}}]}}", rows.join(","))).unwrap();
    assert_eq!(page.items.len(), 1);
    assert!(page.warnings.len() < 30, "{}", page.warnings.len());
    assert!(page.warnings.iter().any(|warning| warning.message == "and 40 more of these"));
}

#[test]
fn what_is_deleted_comes_as_gone_and_a_record_that_comes_twice_counts_once() {
    let body = r#"{"fine":true,"rows":[{"key":"a","gone":true},{"key":"b","said":"old","changed":"2026-05-02"},{"key":"b","said":"new","changed":"2026-05-03"},{"key":"b","said":"older","changed":"2026-05-01"}]}"#;
    let page = read(&full(), body).unwrap();
    assert!(page.items[0].gone);
    // Its rating and its times are not there, and nobody misses them.
    assert!(page.warnings.iter().all(|warning| warning.place != "record 1"), "{:?}", page.warnings);
    assert_eq!((page.items.len(), page.items[1].text.as_str()), (2, "new"));
}

#[test]
fn replies_that_are_none_are_errors_with_reason_and_cure() {
    for (body, what) in [
        ("", "an empty answer instead of JSON"),
        ("<html>log in", "a page for people instead of JSON"),
        ("{\"fine\":true,", "JSON that cannot be read: no name at line 1, column 14"),
        ("sorry", "plain text instead of JSON"),
        (
            r#"{"fine":false,"error":{"code":"down","message":"back soon, write to ann@desk.test"}}"#,
            "the reply is no success by `ok`, it says \u{201c}back soon, write to [email]\u{201d}",
        ),
        (r#"{"rows":[]}"#, "the reply is no success by `ok`"),
        (r#"{"fine":true}"#, "`items` cannot be used on the reply"),
        (r#"{"fine":true,"rows":[{"id":1},{"id":2}]}"#, "`map.id` gives no id for any of 2 records"),
    ] {
        let refused = read(&full(), body).unwrap_err();
        assert!(refused.what.starts_with(what), "{body}: {refused}");
        assert!(!refused.cure.is_empty());
    }
    assert_eq!(read(&full(), r#"{"fine":true,"rows":[]}"#).unwrap().items.len(), 0);
}

#[test]
fn a_program_that_does_not_end_costs_a_page_and_is_named() {
    let mut settings = specimen();
    settings.map.text = some("[range(1e12)] | length");
    assert_eq!(
        read(&settings, r#"{"rows":[{"id":1}]}"#).unwrap_err().what,
        "the program `map.text` was stopped: it makes more than 64 MiB of values"
    );
    settings.items = "range(1e12) | select(. < 0)".to_owned();
    assert_eq!(
        read(&settings, r#"{"rows":[{"id":1}]}"#).unwrap_err().what,
        "the program `items` was stopped: it takes more than 30 million steps"
    );
}

/// Addresses that a walk asks for, with the answers to them in order: body and `Link`.
fn walk(settings: &Settings, answers: &[(&str, &str)]) -> (Vec<String>, Result<Page, ReadError>) {
    let source = HttpJson::new(settings.clone());
    let Request::Call(mut call) = source.first(&Shard::whole(), &Cursor::default(), now()) else { panic!() };
    let mut asked = Vec::new();
    for (body, link) in answers {
        asked.push(call.url.rsplit_once("/api").unwrap().1.to_owned() + &call.body);
        let page = answer(&source, &Cursor::default(), call.clone(), body, link);
        match page {
            Ok(Page { next: Some(Request::Call(next)), .. }) => call = next,
            end => return (asked, end),
        }
    }
    panic!("the walk goes on: {call:?}");
}

fn paged(url: &str, next: Next) -> Settings {
    Settings { url: url.to_owned(), next, ..specimen() }
}

const ONE: &str = r#"{"rows":[{"id":1,"text":"a"}],"more":"c/2"}"#;
const TWO: &str = r#"{"rows":[{"id":2,"text":"b"}],"more":"c 3"}"#;
const END: &str = r#"{"rows":[{"id":3,"text":"c"}],"more":null}"#;
const NONE: &str = r#"{"rows":[],"more":"c4"}"#;

#[test]
fn pages_are_found_by_cursor_link_address_page_and_offset() {
    let cursor = |param: Option<&str>| Next::Cursor { program: ".more".to_owned(), param: param.map(str::to_owned) };
    let address = |path: &str| Next::Url(path.to_owned());
    for (name, settings, answers, asked) in [
        (
            "a cursor in a parameter",
            paged("https://x.test/api?a=1", cursor(Some("c"))),
            vec![(ONE, ""), (TWO, ""), (END, "")],
            "?a=1 ?a=1&c=c%2F2 ?a=1&c=c+3",
        ),
        ("a cursor in its place", paged("https://x.test/api/{cursor}", cursor(None)), vec![(ONE, ""), (END, "")], "/ /c%2F2"),
        (
            "a link",
            paged("https://x.test/api", Next::Link),
            vec![(ONE, "</api?p=2>; rel=next"), (TWO, "<https://x.test/api?p=3>; rel=\"next\""), (END, "")],
            " ?p=2 ?p=3",
        ),
        (
            "an address",
            paged("https://x.test/api", address("if .more then \"/api?x=\" + .more else null end")),
            vec![(ONE, ""), (END, "")],
            " ?x=c/2",
        ),
        (
            "a page",
            paged("https://x.test/api", Next::Page { param: "p".to_owned(), start: 0 }),
            vec![(ONE, ""), (TWO, ""), (NONE, "")],
            "?p=0 ?p=1 ?p=2",
        ),
        (
            "an offset",
            paged("https://x.test/api", Next::Offset { param: "o".to_owned(), limit: 50 }),
            vec![(ONE, ""), (TWO, ""), (NONE, "")],
            "?o=0 ?o=1 ?o=2",
        ),
        ("none", paged("https://x.test/api", Next::None), vec![(ONE, "</api?p=2>; rel=next")], ""),
    ] {
        let (found, end) = walk(&settings, &answers);
        assert_eq!(found.join(" "), asked, "{name}");
        assert_eq!(end.unwrap().warnings.len(), 0, "{name}");
    }
    let post = Settings { post: true, body: "{\"q\":1,\"after\":\"{cursor}\"}".to_owned(), ..paged("https://x.test/api", cursor(None)) };
    assert_eq!(walk(&post, &[(ONE, ""), (END, "")]).0, ["{\"q\":1,\"after\":\"\"}", "{\"q\":1,\"after\":\"c/2\"}"]);
}

#[test]
fn a_walk_ends_where_the_service_turns_in_circles() {
    let cursor = paged("https://x.test/api", Next::Cursor { program: ".more".to_owned(), param: some("c") });
    let again = r#"{"rows":[{"id":9,"text":"z"}],"more":"c/2"}"#;
    let (asked, end) = walk(&cursor, &[(ONE, ""), (again, "")]);
    assert_eq!((asked.len(), codes(&end.unwrap())), (2, vec!["repeated_cursor"]));
    // What is older than that was not read: no mark says so.
    let timed = Settings { map: Map { published: some(".at"), ..specimen().map }, ..cursor };
    let row = |id: i64, at: &str| format!("{{\"rows\":[{{\"id\":{id},\"text\":\"a\",\"at\":\"{at}\"}}],\"more\":\"c2\"}}");
    let (new, old) = (row(1, "2026-05-30"), row(2, "2026-05-29"));
    let end = walk(&timed, &[(&new, ""), (&old, "")]).1.unwrap();
    assert_eq!((codes(&end), &end.cursor), (vec!["repeated_cursor"], &None));
    let page = paged("https://x.test/api", Next::Page { param: "p".to_owned(), start: 1 });
    let (asked, end) = walk(&page, &[(ONE, ""), (ONE, "")]);
    assert_eq!((asked.len(), codes(&end.unwrap())), (2, vec!["repeated_page"]));
    let bodies: Vec<String> = (0..600).map(|at| format!("{{\"rows\":[{{\"id\":{at},\"text\":\"a\"}}]}}")).collect();
    let answers: Vec<(&str, &str)> = bodies.iter().map(|body| (body.as_str(), "")).collect();
    let (asked, end) = walk(&page, &answers);
    assert_eq!((asked.len(), codes(&end.unwrap())), (500, vec!["page_cap"]));
}

#[test]
fn an_offset_counts_what_the_server_sent_and_not_what_is_wanted_of_it() {
    let offset = Next::Offset { param: "o".to_owned(), limit: 50 };
    let settings = Settings { items: ".rows[] | select(.open)".to_owned(), ..paged("https://x.test/api", offset.clone()) };
    let rows = |open: &[bool]| {
        let rows: Vec<String> =
            open.iter().enumerate().map(|(at, open)| format!("{{\"id\":{at},\"text\":\"a\",\"open\":{open}}}")).collect();
        format!("{{\"rows\":[{}],\"page\":{}}}", rows.join(","), open.len())
    };
    // A server that gives twenty where fifty were asked for, and a page without one that is wanted.
    let pages = [rows(&[true; 20]), rows(&[false; 19]), rows(&[true, false]), rows(&[])];
    let answers: Vec<(&str, &str)> = pages.iter().map(|page| (page.as_str(), "")).collect();
    assert_eq!(walk(&settings, &answers).0, ["?o=0", "?o=20", "?o=39", "?o=41"]);
    let numbered = Settings { next: Next::Page { param: "p".to_owned(), start: 1 }, ..settings };
    assert_eq!(walk(&numbered, &answers).0.len(), 4);
    // Parts of records are no records of the server's list.
    let parts = Settings { items: "[.rows[] | (., .)] | .[]".to_owned(), ..paged("https://x.test/api", offset) };
    let (full, none) = (rows(&[true; 50]), rows(&[]));
    assert_eq!(walk(&parts, &[(&full, ""), (&none, "")]).0, ["?o=0", "?o=50"]);
}

#[test]
fn a_walk_goes_on_where_one_of_several_lists_is_empty() {
    let page = |at: i64| format!("{{\"pinned\":[],\"rows\":[{{\"id\":{at},\"text\":\"a\"}}]}}");
    let (one, two, none) = (page(1), page(2), r#"{"pinned":[],"rows":[]}"#);
    for items in [".pinned[], .rows[]", ".pinned[] // .rows[]", ".pinned[], .rows[] | select(.id)", "try .pinned[] catch 0, .rows[]"] {
        let settings = Settings { items: items.to_owned(), ..paged("https://x.test/api", Next::Page { param: "p".to_owned(), start: 1 }) };
        let (asked, end) = walk(&settings, &[(&one, ""), (&two, ""), (none, "")]);
        assert_eq!((asked.len(), end.unwrap().warnings.len()), (3, 0), "{items}");
    }
}

/// A page of lists of lists, by how many records each of them has.
fn nested(first: usize, lengths: &[usize]) -> String {
    let mut ids = first..;
    let mut list = |length: &usize| {
        let rows: Vec<String> =
            ids.by_ref().take(*length).map(|id| format!("{{\"id\":{id},\"text\":\"a\",\"open\":{}}}", id % 2 == 0)).collect();
        format!("{{\"rows\":[{}]}}", rows.join(","))
    };
    format!("{{\"days\":[{}]}}", lengths.iter().map(&mut list).collect::<Vec<_>>().join(","))
}

#[test]
fn an_offset_of_lists_within_lists_loses_nothing_and_ends_soon() {
    let offset = Next::Offset { param: "o".to_owned(), limit: 6 };
    for items in [".days[] | .rows[]", ".days[].rows[]", ".days[] | .rows[] | select(.open)"] {
        let settings = Settings { items: items.to_owned(), ..paged("https://x.test/api", offset.clone()) };
        // The server counts the records: six a page, in two lists, then in three, then in two.
        let pages = [nested(0, &[2, 4]), nested(2, &[4, 1, 1]), nested(8, &[1, 5]), nested(14, &[3]), nested(17, &[])];
        let answers: Vec<(&str, &str)> = pages.iter().map(|page| (page.as_str(), "")).collect();
        assert_eq!(walk(&settings, &answers).0, ["?o=0", "?o=2", "?o=8", "?o=14", "?o=17"], "{items}");
        // The server counts the lists, gives only three a page, and each has two records.
        let pages = [nested(0, &[2, 2, 2]), nested(6, &[2, 2, 2]), nested(12, &[0, 0]), nested(18, &[1]), nested(19, &[])];
        let answers: Vec<(&str, &str)> = pages.iter().map(|page| (page.as_str(), "")).collect();
        assert_eq!(walk(&settings, &answers).0, ["?o=0", "?o=3", "?o=6", "?o=8", "?o=9"], "{items}");
    }
}

#[test]
fn more_records_than_are_read_of_a_page_are_an_error_and_no_silence() {
    let settings = Settings { items: "range(100001) as $at | .rows[] | .id = $at".to_owned(), ..specimen() };
    insta::assert_snapshot!(read(&settings, ONE).unwrap_err(), @"`items` cannot be used on the reply: it gives more than 100000 values; ask for smaller pages: none of this one is read");
}

#[test]
fn a_walk_that_is_cut_marks_only_what_is_not_newer() {
    let page = |at: i64| format!("{{\"rows\":[{{\"id\":{at},\"text\":\"a\",\"at\":{}}}]}}", 1_779_000_000 + at);
    let map = Map { published: some(".at"), ..specimen().map };
    let settings = Settings { map, ..paged("https://x.test/api", Next::Page { param: "p".to_owned(), start: 1 }) };
    for (name, pages, marked) in [
        ("the oldest first", (0..500).map(page).collect::<Vec<_>>(), true),
        ("the newest first", (0..500).rev().map(page).collect(), false),
    ] {
        let answers: Vec<(&str, &str)> = pages.iter().map(|page| (page.as_str(), "")).collect();
        let end = walk(&settings, &answers).1.unwrap();
        assert_eq!((codes(&end), end.cursor.is_some()), (vec!["page_cap"], marked), "{name}");
    }
}

#[test]
fn nothing_is_sent_to_another_host() {
    for link in [
        "<https://elsewhere.test/api?p=2>; rel=next",
        "<http://x.test/api?p=2>; rel=next",
        "<https://x.test:8443/api>; rel=next",
        "<https://me:pw@x.test/api>; rel=next",
    ] {
        let refused = walk(&paged("https://x.test/api", Next::Link), &[(ONE, link)]).1.unwrap_err();
        assert!(refused.what.starts_with("the reply names a next page on another host"), "{link}: {refused}");
    }
    let address = paged("https://x.test/api", Next::Url("\"//elsewhere.test/\" + .more".to_owned()));
    assert!(walk(&address, &[(ONE, "")]).1.is_err());
}

#[test]
fn what_is_new_is_asked_for_from_the_latest_time_less_the_overlap() {
    let settings = Settings { map: Map { published: some(".at"), ..specimen().map }, ..specimen() };
    let source = HttpJson::new(settings.clone());
    let asked = |cursor: &Cursor| match source.first(&Shard::whole(), cursor, now()) {
        Request::Call(call) => call,
        other => panic!("{other:?}"),
    };
    assert_eq!(asked(&Cursor::default()).url, "https://x.test/api?since=2026-05-24T15%3A30%3A00Z");
    let body = r#"{"rows":[{"id":1,"text":"a","at":"2026-05-30T10:00:00Z"},{"id":2,"text":"b","at":"2026-05-29T10:00:00Z"},{"id":3,"text":"c","at":"2099-01-01"}]}"#;
    let page = answer(&source, &Cursor::default(), asked(&Cursor::default()), body, "").unwrap();
    let cursor = page.cursor.unwrap();
    assert_eq!(asked(&cursor).url, "https://x.test/api?since=2026-05-30T09%3A00%3A00Z", "a time in the future moves nothing");
    let soon = body.replace("2099-01-01", "2026-05-31T20:00:00Z");
    let page = answer(&source, &Cursor::default(), asked(&Cursor::default()), &soon, "").unwrap();
    assert_eq!(page.cursor.as_ref(), Some(&cursor), "nor does one of tonight");
    let empty = answer(&source, &cursor, asked(&cursor), "{\"rows\":[]}", "").unwrap();
    assert_eq!(empty.cursor, Some(cursor.clone()));
    for (format, shown) in [(SinceFormat::Unix, "1780131600"), (SinceFormat::UnixMs, "1780131600000"), (SinceFormat::Date, "2026-05-30")] {
        let source = HttpJson::new(Settings { since_format: format, ..settings.clone() });
        let Request::Call(call) = source.first(&Shard::whole(), &cursor, now()) else { panic!() };
        assert_eq!(call.url, format!("https://x.test/api?since={shown}"));
    }
}

#[test]
fn headers_and_bodies_are_what_the_configuration_says_and_what_is_usual() {
    let get = specimen().first_call(&Walk::default());
    assert_eq!((get.method, get.headers), (Method::Get, vec![("Accept".to_owned(), "application/json".to_owned())]));
    let post = Settings {
        post: true,
        body: "{\"from\":{since}}".to_owned(),
        since_format: SinceFormat::Unix,
        headers: vec![("accept".to_owned(), "x/y".to_owned())],
        ..specimen()
    };
    let call = post.first_call(&Walk { since: 5_000, ..Walk::default() });
    assert_eq!((call.method, call.body.as_str()), (Method::Post, "{\"from\":5}"));
    let names: Vec<&str> = call.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["accept", "Content-Type"]);
}

#[test]
fn a_refusal_names_the_setting() {
    let source = HttpJson::new(specimen());
    let refused = Refused { status: 401, body: "{\"title\":\"Unauthorized\"}".to_owned(), at_login: false };
    insta::assert_snapshot!(source.refused(&refused).unwrap().words, @"the API does not take the login (“Unauthorized”): check whether it needs `auth`");
}

proptest::proptest! {
    /// Whatever is cut off or overwritten, there is an answer.
    #[test]
    fn any_damage_gives_a_page_or_an_error(cut in 0_usize..400, at in 0_usize..400, byte in 0_u8..=255) {
        let mut bytes = br#"{"fine":true,"rows":[{"key":"a","said":"x","score":"3/7","at":1779950000000,"changed":"2026-05-29T10:00:00+02:00","gone":false,"tags":[1,"b"]},{"key":"b","said":"It \u00e9 \ud83d\ude00","score":"1/7","page":{"x":[[]]}}],"more":"c2"}"#.to_vec();
        if let Some(old) = bytes.get_mut(at) {
            *old = byte;
        }
        bytes.truncate(cut);
        let source = HttpJson::new(full());
        let Request::Call(call) = source.first(&Shard::whole(), &Cursor::default(), now()) else { panic!() };
        let reply = Reply { url: call.url.clone(), call, status: 200, body: bytes, ..Reply::default() };
        let _ = source.read(&Shard::whole(), &Cursor::default(), &Response::Call(Box::new(reply)), now());
    }
}
