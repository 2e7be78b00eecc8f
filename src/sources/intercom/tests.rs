//! A workspace as it answers: conversations found, one by itself, and what goes wrong.

use proptest::prelude::*;
use serde_json::Value;
use serde_json::json;

use super::*;
use crate::domain::http::Call;
use crate::domain::http::Method;
use crate::domain::http::Reply;
use crate::sources::stuck;

const FOUND: &[u8] = include_bytes!("../../../tests/fixtures/intercom/found.json");

fn now() -> Timestamp {
    "2026-10-05T12:00:00Z".parse().unwrap()
}

fn found() -> Value {
    serde_json::from_slice(FOUND).unwrap()
}

/// One of the found conversations as it comes by itself, with the customer's parts and others.
fn alone(at: usize, customer: &str) -> Value {
    let mut one = found()["conversations"][at].clone();
    let part = |kind: &str, body: &str| json!({"part_type": "comment", "author": {"type": kind, "id": customer}, "body": body, "redacted": body.contains("cut")});
    one["conversation_parts"] = json!({"conversation_parts": [
        part("user", "<p>It is the red one.</p>"), part("admin", "<p>Let me see.</p>"), part("user", "<p>cut</p>"), part("bot", "Rate us!"),
        part("user", "No &lt;answer&gt; yet"),
    ]});
    one
}

fn lines(page: &Page) -> String {
    let line = |item: &crate::domain::item::Item| {
        let rating = item.rating.map_or("-".to_owned(), |rating| format!("{}/{}", rating.value, rating.max));
        let fields: Vec<String> = item.fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let author = item.author.as_deref().unwrap_or("-");
        format!("{} | {} | {} | {rating} | {author} | {}", item.id, item.title, item.text.replace('\n', "/"), fields.join(" "))
    };
    page.items.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn conversations_are_read_without_html_and_without_what_was_redacted() {
    let page = saved(&Saved { body: FOUND, ..Saved::default() }).unwrap();
    insta::assert_snapshot!(lines(&page), @"
    91000000000000000001 |  | The helper asks for my postcode again & again.//Is anybody there? | 2/5 | c1 | bot=true bot_outcome=escalated channel=conversation remark=In circles state=open
    91000000000000000002 |  |  | - | c2 | channel=email state=closed
    91000000000000000003 |  |  | - | c3 | channel=conversation state=snoozed
    ");
    assert_eq!(page.warnings.len(), 1, "{:?}", page.warnings);
    assert_eq!(page.items[0].url.as_deref(), Some("https://app.intercom.com/a/apps/_/conversations/91000000000000000001"));
    assert_eq!(page.items[0].published.unwrap().timestamp(), 1_790_850_000);
    let one = saved(&Saved { body: alone(0, "c1").to_string().as_bytes(), ..Saved::default() }).unwrap();
    assert_eq!(one.items.len(), 1, "a conversation by itself is read too");
}

#[test]
fn what_the_customer_wrote_is_the_text_whoever_began() {
    let text =
        |at: usize, text: Words| conversation::item(&alone(at, "c9"), &Settings { text, ..specimen() }).unwrap().text.replace('\n', "/");
    insta::assert_snapshot!(text(0, Words::FirstMessage), @"The helper asks for my postcode again & again.//Is anybody there?");
    insta::assert_snapshot!(text(0, Words::CustomerMessages), @"The helper asks for my postcode again & again.//Is anybody there?//It is the red one.//No <answer> yet");
    insta::assert_snapshot!(text(2, Words::FirstMessage), @"It is the red one.");
}

/// Walks through answers; gives what was asked, what came, and the mark at the end.
fn walk(settings: &Settings, cursor: &Cursor, answers: &[(u16, Value)]) -> (Vec<String>, Vec<Page>, Cursor) {
    let source = Intercom::new(settings.clone());
    let (shard, mut mark) = (Shard::whole(), cursor.clone());
    let mut next = Some(source.first(&shard, cursor, now()));
    let (mut asked, mut pages) = (Vec::new(), Vec::new());
    for (status, answer) in answers {
        let Some(Request::Call(call)) = next.take() else { panic!("nothing more is asked after {asked:#?}") };
        let path = call.url.trim_start_matches("https://x.test");
        let body: Value = serde_json::from_str(&call.body).unwrap_or_default();
        let is_search = call.method == Method::Post;
        asked.push(if is_search { format!("{path} {} {}", body["query"]["value"], body["pagination"]) } else { path.to_owned() });
        assert!(!is_search || body["sort"] == json!({"field": "updated_at", "order": "ascending"}) && body["query"]["operator"] == "AND");
        assert!((200..300).contains(status) || call.takes.contains(status), "{status} to {}", call.url);
        assert!(call.headers.contains(&("Intercom-Version".to_owned(), "2.14".to_owned())));
        let reply = Reply { call, status: *status, body: answer.to_string().into_bytes(), ..Reply::default() };
        let page = source.read(&shard, cursor, &Response::Call(Box::new(reply)), now()).unwrap();
        next.clone_from(&page.next);
        mark = page.cursor.clone().unwrap();
        pages.push(page);
    }
    assert_eq!(next, None, "after {asked:#?}");
    (asked, pages, mark)
}

fn last() -> Value {
    json!({"conversations": [{"id": "5", "updated_at": 1_790_863_000, "source": {"author": {"type": "user"}}}], "pages": {"type": "pages"}})
}

#[test]
fn a_search_goes_page_by_page_and_back_an_hour_the_next_time() {
    let (asked, pages, mark) = walk(&specimen(), &Cursor::default(), &[(200, found()), (200, alone(2, "c3")), (200, last())]);
    insta::assert_snapshot!(asked.join("\n"), @r#"
    /conversations/search [{"field":"updated_at","operator":">","value":1790596799},{"field":"created_at","operator":">","value":1790596799}] {"per_page":150}
    /conversations/91000000000000000003
    /conversations/search [{"field":"updated_at","operator":">","value":1790596799},{"field":"created_at","operator":">","value":1790596799}] {"per_page":150,"starting_after":"WzE3OTFd"}
    "#);
    assert_eq!(pages.iter().map(|page| page.items.len()).collect::<Vec<_>>(), [2, 1, 1]);
    assert_eq!(mark.0.as_deref(), Some(r#"{"newest":1790863000,"known":{"91000000000000000003":1790862000},"stuck":{"answered":true}}"#));
    // What has not changed since its parts were read is not asked for again.
    let mut end = found();
    end["pages"] = json!({});
    let (asked, ..) = walk(&specimen(), &mark, &[(200, end)]);
    assert!(asked[0].contains(r#"[{"field":"updated_at","operator":">","value":1790859399}]"#), "{asked:?}");
}

#[test]
fn a_page_that_is_not_known_any_more_begins_the_search_anew() {
    let settings = specimen();
    let (asked, ..) = walk(
        &settings,
        &Cursor(Some(r#"{"newest":1790860000}"#.to_owned())),
        &[(200, found()), (200, alone(2, "c3")), (400, json!({"errors": [{"code": "parameter_invalid"}]})), (200, last())],
    );
    assert!(asked[2].contains("starting_after") && !asked[3].contains("starting_after"), "{asked:#?}");
    // And one that leads to itself ends.
    let mut again = found();
    again["conversations"] = json!([]);
    walk(&settings, &Cursor::default(), &[(200, again.clone()), (200, again)]);
}

#[test]
fn nothing_found_is_searched_for_again_from_where_it_was() {
    let (_, _, mark) = walk(&specimen(), &Cursor::default(), &[(200, json!({"conversations": []}))]);
    assert_eq!(mark.0.as_deref(), Some(r#"{"newest":1790596800}"#));
}

#[test]
fn a_long_walk_carries_only_what_the_next_one_finds_again() {
    let (mut answers, settings) = (Vec::new(), Settings { text: Words::CustomerMessages, ..specimen() });
    for page in 0..6 {
        // One a minute, and then a hundred in one second: of the last hour there are sixty and these.
        let all = page * 100..(page + 1) * 100;
        let at = |id: i64| 1_790_800_000 + if page == 5 { 30_000 } else { id * 60 };
        let one = |id: i64| json!({"id": id.to_string(), "updated_at": at(id), "source": {"author": {"type": "user"}}});
        let found: Vec<Value> = all.clone().map(one).collect();
        let next = if page < 5 { json!({"next": {"starting_after": format!("p{page}")}}) } else { json!({}) };
        answers.push((200, json!({"conversations": found, "pages": next})));
        answers.extend(all.map(|id| (200, one(id))));
    }
    let (_, pages, mark) = walk(&settings, &Cursor::default(), &answers);
    let known = |cursor: &Cursor| {
        let mark: Value = serde_json::from_str(cursor.0.as_deref().unwrap()).unwrap();
        mark["known"].as_object().map_or(0, serde_json::Map::len)
    };
    let most = pages.iter().filter_map(|page| page.cursor.as_ref()).map(known).max();
    assert_eq!((pages.len(), most), (606, Some(160)));
    // What the next walk finds of it is not asked for again.
    let end = json!({"conversations": [answers[605].1.clone()]});
    assert_eq!(walk(&settings, &mark, &[(200, end)]).0.len(), 1);
}

#[test]
fn however_many_change_at_once_what_is_carried_is_bounded() {
    let known: std::collections::BTreeMap<String, i64> = (0..5000).map(|id| (id.to_string(), 1_790_860_000 + id % 60)).collect();
    let mark = Cursor(Some(json!({"newest": 1_790_860_060, "known": known}).to_string()));
    let (_, _, mark) = walk(&specimen(), &mark, &[(200, json!({"conversations": []}))]);
    let mark: Value = serde_json::from_str(&mark.0.unwrap()).unwrap();
    let kept = mark["known"].as_object().unwrap();
    // The latest ones.
    assert!(kept.len() == 2000 && kept.values().all(|changed| changed.as_i64() >= Some(1_790_860_035)), "{}", kept.len());
}

#[test]
fn all_that_customers_wrote_and_what_a_bot_saw() {
    let settings = Settings { text: Words::CustomerMessages, only_bot: true, ..specimen() };
    let mut end = found();
    end["pages"] = json!({"next": null});
    let (asked, pages, _) = walk(&settings, &Cursor::default(), &[(200, end), (404, json!({}))]);
    assert_eq!(asked[1], "/conversations/91000000000000000001");
    assert!(pages[0].items.is_empty() && pages[1].items[0].gone, "it was deleted meanwhile");
}

#[test]
fn an_open_conversation_that_was_deleted_is_seen_when_it_is_looked_at_again() {
    let source = Intercom::new(specimen());
    assert_eq!(source.recheck().unwrap().field, Some(("state".to_owned(), "open".to_owned())));
    let look = |status: u16, body: String| {
        let Request::Call(call) = source.ask_again(&["91000000000000000001".to_owned()]) else { panic!() };
        assert_eq!(
            (call.url.as_str(), call.takes.as_slice()),
            ("https://x.test/conversations/91000000000000000001", stuck::TAKES.as_slice())
        );
        let reply = Reply { call, status, body: body.into_bytes(), ..Reply::default() };
        source.read(&Shard::whole(), &Cursor::default(), &Response::Call(Box::new(reply)), now())
    };
    let gone = look(404, r#"{"type":"error.list"}"#.to_owned()).unwrap();
    assert!(gone.items[0].gone && gone.next.is_none() && gone.cursor.is_none());
    let there = look(200, alone(0, "c1").to_string()).unwrap();
    assert_eq!((there.items[0].gone, there.next, there.cursor), (false, None, None));
    // One that is not to be had must not keep the others from being looked at.
    for (status, answer) in [(200, alone(1, "c1").to_string()), (200, "<html>".to_owned()), (403, String::new()), (500, String::new())] {
        let page = look(status, answer).unwrap();
        assert!(page.items.is_empty() && page.next.is_none() && page.cursor.is_none());
        assert_eq!((page.warnings[0].code.as_str(), page.warnings[0].place.as_str()), ("not_seen", "conversation 91000000000000000001"));
    }
    assert!(look(410, String::new()).unwrap().items[0].gone);
}

/// Two conversations that a bot began, and nothing behind them.
fn two() -> Value {
    let one = |id: &str| json!({"id": id, "updated_at": 1_790_863_000, "source": {"author": {"type": "bot"}}});
    json!({"conversations": [one("3"), one("7")]})
}

fn by_itself(id: &str) -> Value {
    json!({"id": id, "updated_at": 1_790_863_000, "source": {"author": {"type": "bot"}},
        "conversation_parts": {"conversation_parts": [{"author": {"type": "user"}, "body": format!("I am {id}")}]}})
}

#[test]
fn a_conversation_that_is_refused_keeps_no_other_from_being_read() {
    for status in [403, 422, 500, 413, 200] {
        let bad = || (status, json!({"errors": [{"message": "Sorry"}]}));
        let (_, pages, mut mark) = walk(&specimen(), &Cursor::default(), &[(200, two()), bad(), (200, by_itself("7"))]);
        assert_eq!((pages[1].items.len(), pages[2].items[0].text.as_str()), (0, "I am 7"), "{status}");
        // It is asked for again whether it is found or not; what was read is not.
        for answer in [two(), json!({"conversations": []})] {
            let (asked, pages, next) = walk(&specimen(), &mark, &[(200, answer), bad()]);
            assert_eq!((asked[1].as_str(), pages[1].warnings.len()), ("/conversations/3", 0));
            mark = next;
        }
        let (_, pages, _) = walk(&specimen(), &mark, &[(200, json!({"conversations": []})), (200, by_itself("3"))]);
        assert_eq!(pages[1].items[0].text, "I am 3");
        let since = now().timestamp();
        mark = Cursor(mark.0.map(|mark| mark.replace(&format!(r#""since":{since}"#), &format!(r#""since":{}"#, since - 3600))));
        let (_, pages, mark) = walk(&specimen(), &mark, &[(200, two()), bad()]);
        assert_eq!((pages[1].items.len(), pages[1].warnings[0].place.as_str()), (0, "conversation 3"));
        walk(&specimen(), &mark, &[(200, two())]);
    }
}

#[test]
fn between_two_calls_only_ids_are_stored() {
    let settings = Settings { text: Words::CustomerMessages, ..specimen() };
    let (_, pages, _) = walk(
        &settings,
        &Cursor::default(),
        &[(200, found()), (200, alone(0, "c1")), (500, json!({})), (200, alone(2, "c3")), (200, last()), (404, json!({}))],
    );
    for page in &pages {
        let stored = serde_json::to_string(&(&page.next, &page.cursor)).unwrap();
        assert!(!["postcode", "red one", "c1", "circles"].iter().any(|word| stored.contains(word)), "{stored}");
    }
}

#[test]
fn a_search_that_leads_to_itself_or_to_the_future_or_forgets_its_places_does_no_harm() {
    let list = |after: &str| {
        json!({"conversations": [{"id": "5", "updated_at": 4_000_000_000_u64, "source": {"author": {"type": "user"}}}],
        "pages": {"next": {"starting_after": after}}})
    };
    let (_, pages, mark) = walk(&specimen(), &Cursor::default(), &[(200, list("a")), (200, list("a"))]);
    assert_eq!(pages[1].warnings[0].code, "endless");
    assert_eq!(mark.0.unwrap(), format!(r#"{{"newest":{}}}"#, now().timestamp()));
    let source = Intercom::new(specimen());
    let mut next = Some(source.first(&Shard::whole(), &Cursor::default(), now()));
    for at in 0..10 {
        let Some(Request::Call(call)) = next else { panic!() };
        let status = if call.takes.is_empty() { 200 } else { 400 };
        let reply = Reply { call, status, body: list("a").to_string().into_bytes(), ..Reply::default() };
        match source.read(&Shard::whole(), &Cursor::default(), &Response::Call(Box::new(reply)), now()) {
            Ok(page) => next = page.next,
            Err(error) => {
                assert_eq!(at, 5);
                assert!(error.what.contains("knows no place in its search"), "{error}");
                return;
            }
        }
    }
    panic!("it is asked for ever");
}

#[test]
fn a_refusal_says_which_setting_to_change() {
    let told = |status: u16, message: &str| {
        let body = json!({"type": "error.list", "errors": [{"code": "x", "message": message}]}).to_string();
        Intercom::new(specimen()).refused(&Refused { status, body, at_login: false }).unwrap().words
    };
    insta::assert_snapshot!(told(401, "Token Invalid"), @"Intercom does not take the login (“Token Invalid”): check `token`, and that `region` is where the workspace lives");
    insta::assert_snapshot!(told(403, "Subscription needed"), @"Intercom refuses access (“Subscription needed”): it takes an app with the permission to read conversations, on a plan that has the API; check that, and `region`");
    insta::assert_snapshot!(told(429, "Too many"), @"Intercom asks for patience (“Too many”); if this comes often, a longer `every` helps");
}

proptest! {
    #[test]
    fn no_answer_whatever_is_wrong_with_it_does_harm(end in 1_usize..3000, bits in proptest::collection::vec((0_usize..3000, 0_u8..8), 0..6)) {
        let mut body = FOUND.to_vec();
        for (at, bit) in bits {
            let at = at % body.len();
            body[at] ^= 1 << bit;
        }
        body.truncate(end);
        let _ = saved(&Saved { body: &body, ..Saved::default() });
        let source = Intercom::new(specimen());
        let Request::Call(mut call) = source.first(&Shard::whole(), &Cursor::default(), now()) else { panic!() };
        for context in [call.context.clone(), String::from_utf8_lossy(&body).into_owned()] {
            call.context = context;
            let reply = Reply { call: call.clone(), status: 200, body: body.clone(), ..Reply::default() };
            let _ = source.read(&Shard::whole(), &Cursor::default(), &Response::Call(Box::new(reply)), now());
        }
        let _: Call = call;
    }
}
