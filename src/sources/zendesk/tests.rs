//! A desk as it answers: tickets, ratings, and what goes wrong.

use proptest::prelude::*;
use serde_json::Value;
use serde_json::json;

use super::*;
use crate::domain::http::Call;
use crate::domain::http::Reply;
use crate::domain::item::Item;

const TICKETS: &[u8] = include_bytes!("../../../tests/fixtures/zendesk/tickets.json");
const RATINGS: &[u8] = include_bytes!("../../../tests/fixtures/zendesk/ratings.json");

fn now() -> Timestamp {
    "2026-10-05T12:00:00Z".parse().unwrap()
}

fn shown(item: &Item) -> String {
    let rating = item.rating.map_or("-".to_owned(), |rating| format!("{}/{}", rating.value, rating.max));
    let fields: Vec<String> = item.fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let gone = if item.gone { "gone " } else { "" };
    format!("{gone}{} | {} | {} | {rating} | {} | {}", item.id, item.title, item.text, item.url.as_deref().unwrap_or("-"), fields.join(" "))
}

fn read(body: &[u8]) -> Page {
    saved(&Saved { body, ..Saved::default() }).unwrap()
}

fn lines(page: &Page) -> String {
    page.items.iter().map(shown).collect::<Vec<_>>().join("\n")
}

#[test]
fn tickets_are_read_each_once_and_those_of_the_team_are_left_out() {
    let page = read(TICKETS);
    insta::assert_snapshot!(lines(&page), @"
    71001 | Where is it | Nine days, and the driver says it is in another town. | 0/1 | https://kestrel.zendesk.com/agent/tickets/71001 | brand=36 channel=chat kind=ticket priority=high remark=I still wait type=problem
    71002 | Thanks | The blue one fits, thanks a lot. | 1/1 | https://kestrel.zendesk.com/agent/tickets/71002 | brand=37 channel=email kind=ticket
    gone 70950 |  |  | - | - | 
    ");
    assert_eq!(page.warnings.len(), 1, "{:?}", page.warnings);
    assert_eq!(page.items[1].updated, Some("2026-10-01T08:52:00Z".parse().unwrap()), "what came last is newest");
    assert_eq!(page.items[0].author.as_deref(), Some("501"));
}

#[test]
fn ratings_that_were_only_asked_for_are_no_messages() {
    insta::assert_snapshot!(lines(&read(RATINGS)), @"
    satisfaction:71001 |  | Three people, three stories | 0/1 | https://kestrel.zendesk.com/agent/tickets/71001 | kind=satisfaction reason=It took too long ticket=71001
    satisfaction:61002 |  |  | 1/1 | https://kestrel.zendesk.com/agent/tickets/71002 | kind=satisfaction ticket=71002
    ");
}

/// Walks through answers from a mark on; gives what was asked, what came, and the mark at the end.
fn walk(settings: &Settings, what: What, cursor: &Cursor, answers: &[(u16, Value)]) -> (Vec<String>, Vec<Page>, Cursor) {
    let source = Zendesk::new(settings.clone());
    let (shard, mut mark) = (what.shard(), cursor.clone());
    let mut next = Some(source.first(&shard, cursor, now()));
    let (mut asked, mut pages) = (Vec::new(), Vec::new());
    for (status, answer) in answers {
        let Some(Request::Call(call)) = next.take() else { panic!("nothing more is asked after {asked:#?}") };
        asked.push(call.url.trim_start_matches("https://x.test/api/v2/").to_owned());
        assert!((200..300).contains(status) || call.takes.contains(status), "{status} to {}", call.url);
        let reply = Reply { call, status: *status, body: answer.to_string().into_bytes(), ..Reply::default() };
        let page = source.read(&shard, cursor, &Response::Call(Box::new(reply)), now()).unwrap();
        next.clone_from(&page.next);
        mark = page.cursor.clone().unwrap();
        pages.push(page);
    }
    assert_eq!(next, None, "after {asked:#?}");
    (asked, pages, mark)
}

fn ticket(id: u64, changed: i64) -> Value {
    json!({"id": id, "generated_timestamp": changed, "requester_id": id, "submitter_id": id, "description": format!("ticket {id}")})
}

fn export(tickets: &[Value], after: &str, ended: bool) -> (u16, Value) {
    (200, json!({"tickets": tickets, "after_cursor": after, "end_of_stream": ended}))
}

#[test]
fn the_export_is_begun_once_and_goes_on_for_ever() {
    let settings = specimen();
    let answers =
        [export(&[ticket(1, 1_791_000_000)], "a", false), export(&[], "b", false), export(&[ticket(2, 1_791_000_100)], "c", true)];
    let (asked, _, mark) = walk(&settings, What::Tickets, &Cursor::default(), &answers);
    insta::assert_snapshot!(asked.join("\n"), @"
    incremental/tickets/cursor.json?start_time=1790596800&per_page=500&include=users
    incremental/tickets/cursor.json?cursor=a&per_page=500&include=users
    incremental/tickets/cursor.json?cursor=b&per_page=500&include=users
    ");
    let (asked, _, _) = walk(&settings, What::Tickets, &mark, &[export(&[], "c", true)]);
    assert_eq!(asked, ["incremental/tickets/cursor.json?cursor=c&per_page=500&include=users"]);
    // A cursor that the desk has forgotten.
    let (asked, pages, _) = walk(&settings, What::Tickets, &mark, &[(400, json!({"error": "InvalidValue"})), export(&[], "d", true)]);
    assert_eq!(asked[1], "incremental/tickets/cursor.json?start_time=1790996500&per_page=500&include=users");
    assert_eq!(pages[0].warnings[0].code, "cursor_forgotten");
}

#[test]
fn pages_that_lead_nowhere_end_a_walk_and_not_the_reading() {
    let (_, pages, mark) = walk(
        &specimen(),
        What::Tickets,
        &Cursor(Some(r#"{"after":"a","newest":1791000000}"#.to_owned())),
        &[export(&[], "a", false), export(&[], "a", false), export(&[], "a", false)],
    );
    assert!(pages[2].due.is_some(), "it is asked again soon");
    let (asked, ..) = walk(&specimen(), What::Tickets, &mark, &[export(&[], "b", true)]);
    assert!(asked[0].contains("cursor=a"), "{asked:?}");
}

#[test]
fn a_first_poll_never_begins_too_late() {
    let settings = Settings { since: Since::Span(chrono::TimeDelta::zero()), ..specimen() };
    let Request::Call(call) = Zendesk::new(settings).first(&What::Tickets.shard(), &Cursor::default(), now()) else { panic!() };
    assert!(call.url.contains(&format!("start_time={}&", now().timestamp() - 300)), "{}", call.url);
}

#[test]
fn comments_of_the_customer_are_asked_for_ticket_by_ticket() {
    let settings = Settings { text: Words::CustomerComments, skip_staff: false, ..specimen() };
    let mut gone = ticket(3, 3);
    gone["status"] = json!("deleted");
    let comments = json!({"comments": [
        {"author_id": 1, "plain_body": "First.", "public": true},
        {"author_id": 9, "plain_body": "From us.", "public": true},
        {"author_id": 1, "body": "Second.", "public": true},
        {"author_id": 1, "body": "For ourselves.", "public": false},
    ]});
    let answers = [export(&[ticket(1, 1), gone, ticket(2, 2)], "a", true), (200, comments), (404, json!({"error": "RecordNotFound"}))];
    let (asked, pages, mark) = walk(&settings, What::Tickets, &Cursor::default(), &answers);
    insta::assert_snapshot!(asked.join("\n"), @"
    incremental/tickets/cursor.json?start_time=1790596800&per_page=100
    tickets/1/comments.json?page%5Bsize%5D=100
    tickets/2/comments.json?page%5Bsize%5D=100
    ");
    let texts: Vec<Vec<&str>> = pages.iter().map(|page| page.items.iter().map(|item| item.text.as_str()).collect()).collect();
    assert_eq!(texts, [vec![""], vec!["First.\n\nSecond."], vec!["ticket 2"]]);
    assert_eq!(mark.0.as_deref(), Some(r#"{"after":"a","newest":3,"ended":true,"still":0,"stuck":{"answered":true}}"#));
    assert_eq!((pages[2].warnings[0].code.as_str(), pages[2].warnings[0].place.as_str()), ("skipped", "ticket 2"));
    // Killed between two tickets, and its walk forgotten: what waits stands in the mark, and is asked for anew.
    let first = pages[0].cursor.clone().unwrap();
    let again = (200, json!({"tickets": [ticket(1, 1)]}));
    let (asked, pages, _) = walk(&settings, What::Tickets, &first, &[again, (404, json!({})), export(&[], "a", true)]);
    assert!(
        asked[0] == "tickets/show_many.json?ids=1,2" && asked[1].starts_with("tickets/1/") && asked[2].contains("cursor=a"),
        "{asked:#?}"
    );
    assert_eq!((pages[0].warnings[0].place.as_str(), pages[1].items[0].text.as_str()), ("ticket 2", "ticket 1"));
}

#[test]
fn a_mark_with_words_in_it_is_not_kept() {
    let before =
        Cursor(Some(r#"{"after":"a","newest":3,"waiting":[{"id":"1","title":"","text":"Call Ann"}],"ended":false,"still":0}"#.to_owned()));
    let (asked, _, mark) = walk(&with_comments(), What::Tickets, &before, &[export(&[], "b", true)]);
    assert!(asked[0].contains("start_time=1790596800") && !mark.0.unwrap().contains("Ann"), "{asked:?}");
}

/// A page of comments of the customer 7, and the place of the page behind it.
fn comments(texts: &[&str], after: Option<&str>) -> (u16, Value) {
    let comments: Vec<Value> = texts.iter().map(|text| json!({"author_id": 7, "plain_body": text})).collect();
    (200, json!({"comments": comments, "meta": {"has_more": after.is_some(), "after_cursor": after}}))
}

fn with_comments() -> Settings {
    Settings { text: Words::CustomerComments, skip_staff: false, ..specimen() }
}

#[test]
fn between_two_calls_only_ids_are_stored() {
    let ticket =
        |id: u64| json!({"id": id, "requester_id": 70_077, "submitter_id": 70_077, "subject": "My hat", "description": "Call Ann"});
    let answers = [
        export(&[ticket(1), ticket(2)], "a", false),
        (200, json!({"comments": [{"author_id": 70_077, "body": "Call Bob"}], "meta": {"has_more": true, "after_cursor": "b"}})),
        (500, json!({})),
        comments(&[], None),
        export(&[], "c", true),
        (200, json!({"tickets": []})),
    ];
    let (_, pages, _) = walk(&with_comments(), What::Tickets, &Cursor::default(), &answers[..5]);
    for page in &pages {
        let stored = serde_json::to_string(&(&page.next, &page.cursor)).unwrap();
        assert!(!["hat", "Call", "70077"].iter().any(|word| stored.contains(word)), "{stored}");
    }
}

#[test]
fn comments_are_read_page_by_page_to_their_end() {
    let answers =
        [export(&[ticket(7, 7)], "a", true), comments(&["One."], Some("b")), comments(&["Two."], Some("c")), comments(&["Three."], None)];
    let (asked, pages, _) = walk(&with_comments(), What::Tickets, &Cursor::default(), &answers);
    insta::assert_snapshot!(asked[1..].join("\n"), @"
    tickets/7/comments.json?page%5Bsize%5D=100
    tickets/7/comments.json?page%5Bsize%5D=100&page%5Bafter%5D=b
    tickets/7/comments.json?page%5Bsize%5D=100&page%5Bafter%5D=c
    ");
    assert_eq!(pages[3].items[0].text, "One.\n\nTwo.\n\nThree.");
    assert!(pages[1].items.is_empty() && pages[2].items.is_empty());

    // One that leads to itself ends, and one without end as well.
    let answers = [export(&[ticket(7, 7)], "a", true), comments(&["One."], Some("b")), comments(&["Two."], Some("b"))];
    let (_, pages, _) = walk(&with_comments(), What::Tickets, &Cursor::default(), &answers);
    assert_eq!((pages[2].items[0].text.as_str(), pages[2].warnings[0].code.as_str()), ("One.\n\nTwo.", "comments_cut"));
    let endless: Vec<String> = (0..20).map(|page| page.to_string()).collect();
    let mut answers = vec![export(&[ticket(7, 7)], "a", true)];
    answers.extend(endless.iter().map(|after| comments(&["More."], Some(after))));
    let (_, pages, _) = walk(&with_comments(), What::Tickets, &Cursor::default(), &answers);
    assert_eq!(pages[20].warnings[0].place, "ticket 7");
}

#[test]
fn after_a_restart_a_ticket_is_read_from_its_first_page_on() {
    let source = Zendesk::new(with_comments());
    let read = |source: &Zendesk, request: Option<Request>, (status, answer): (u16, Value)| {
        let Some(Request::Call(call)) = request else { panic!("{request:?}") };
        let reply = Reply { call, status, body: answer.to_string().into_bytes(), ..Reply::default() };
        source.read(&What::Tickets.shard(), &Cursor::default(), &Response::Call(Box::new(reply)), now()).unwrap()
    };
    let page = read(&source, Some(source.first(&What::Tickets.shard(), &Cursor::default(), now())), export(&[ticket(7, 7)], "a", true));
    let page = read(&source, page.next, comments(&["One."], Some("b")));
    let source = Zendesk::new(with_comments());
    let page = read(&source, page.next, comments(&["Two."], None));
    assert!(page.items.is_empty());
    let page = read(&source, page.next, (200, json!({"tickets": [ticket(7, 7)]})));
    let page = read(&source, page.next, comments(&["One."], Some("b")));
    let page = read(&source, page.next, comments(&["Two."], None));
    assert_eq!((page.items[0].text.as_str(), page.next), ("One.\n\nTwo.", None));
}

#[test]
fn a_ticket_that_is_refused_keeps_no_other_from_being_read() {
    for status in [403, 422, 500, 413, 200] {
        let bad = || (status, json!({"error": "Sorry"}));
        let answers = [export(&[ticket(3, 3), ticket(7, 7)], "a", true), bad(), comments(&["Seven."], None)];
        let (_, pages, mut mark) = walk(&with_comments(), What::Tickets, &Cursor::default(), &answers);
        assert_eq!((pages[1].items.len(), pages[2].items[0].id.as_str()), (0, "7"), "{status}");
        // It is asked for again behind what is new, for an hour.
        let mut again = || {
            let answers = [export(&[], "a", true), (200, json!({"tickets": [ticket(3, 3)]})), bad()];
            let (asked, pages, next) = walk(&with_comments(), What::Tickets, &mark, &answers);
            assert_eq!(asked[1], "tickets/show_many.json?ids=3");
            mark = next;
            pages
        };
        assert!(again()[2].items.is_empty());
        assert!(again()[2].items.is_empty());
        let since = now().timestamp();
        mark = Cursor(mark.0.map(|mark| mark.replace(&format!(r#""since":{since}"#), &format!(r#""since":{}"#, since - 3600))));
        let answers = [export(&[], "a", true), (200, json!({"tickets": [ticket(3, 3)]})), bad()];
        let (_, pages, mark) = walk(&with_comments(), What::Tickets, &mark, &answers);
        assert_eq!((pages[2].items[0].text.as_str(), pages[2].warnings[0].place.as_str()), ("ticket 3", "ticket 3"));
        walk(&with_comments(), What::Tickets, &mark, &[export(&[], "a", true)]);
    }
}

#[test]
fn an_export_that_forgets_every_place_is_an_error_and_not_asked_for_ever() {
    let source = Zendesk::new(specimen());
    let shard = What::Tickets.shard();
    let mut next = Some(source.first(&shard, &Cursor(Some(r#"{"after":"a","newest":1791000000}"#.to_owned())), now()));
    for at in 0..10 {
        let Some(Request::Call(call)) = next else { panic!() };
        let (status, answer) = if call.takes.is_empty() { export(&[], "b", false) } else { (400, json!({})) };
        let reply = Reply { call, status, body: answer.to_string().into_bytes(), ..Reply::default() };
        match source.read(&shard, &Cursor::default(), &Response::Call(Box::new(reply)), now()) {
            Ok(page) => next = page.next,
            Err(error) => {
                insta::assert_snapshot!(error, @"Zendesk knows no place in its export, not even one that it has just named; it is tried again later");
                assert_eq!(at, 4);
                return;
            }
        }
    }
    panic!("it is asked for ever");
}

#[test]
fn an_export_that_brings_nothing_newer_ends_some_time_and_goes_on_from_there() {
    let answers: Vec<(u16, Value)> = (0..501).map(|page| export(&[ticket(1, 1_791_000_000)], &format!("p{page}"), false)).collect();
    let (_, pages, mark) = walk(&specimen(), What::Tickets, &Cursor::default(), &answers);
    assert_eq!(pages[500].warnings[0].code, "no_progress");
    let (asked, ..) = walk(&specimen(), What::Tickets, &mark, &[export(&[], "z", true)]);
    assert!(asked[0].contains("cursor=p500"), "{asked:?}");
}

#[test]
fn ratings_that_lead_to_themselves_or_come_from_the_future_do_no_harm() {
    let list = |after: &str| {
        let rating = json!({"id": 1, "score": "good", "created_at": "2026-10-01T08:00:00Z", "updated_at": "2099-01-01T00:00:00Z"});
        (200, json!({"satisfaction_ratings": [rating], "meta": {"has_more": true, "after_cursor": after}}))
    };
    let (_, pages, mark) = walk(&specimen(), What::Satisfaction, &Cursor::default(), &[list("a"), list("a")]);
    assert_eq!(pages[1].warnings[0].code, "endless");
    assert!(mark.0.unwrap().contains(&format!(r#""newest":{}"#, now().timestamp())));
}

#[test]
fn filters_hold_for_tickets_and_deletions_pass_them() {
    let of = |settings: Settings| {
        let answer: Value = serde_json::from_slice(TICKETS).unwrap();
        let ids: Vec<String> = tickets::page(&answer, &settings).unwrap().0.items.into_iter().map(|item| item.id).collect();
        ids.join(" ")
    };
    assert_eq!(of(Settings { channels: vec!["email".to_owned()], ..specimen() }), "71002 70950");
    assert_eq!(of(Settings { brands: vec!["36".to_owned()], ..specimen() }), "71001 70950");
    assert_eq!(of(Settings { skip_staff: false, ..specimen() }), "71001 71002 71003 70950");
    assert_eq!(of(Settings { follow_deletions: false, ..specimen() }), "71001 71002");
    let both = Settings { text: Words::SubjectAndComment, ..specimen() };
    let answer: Value = serde_json::from_slice(TICKETS).unwrap();
    let (page, _) = tickets::page(&answer, &both).unwrap();
    assert_eq!((page.items[1].title.as_str(), page.items[1].text.as_str()), ("", "Thanks\n\nThe blue one fits, thanks a lot."));
    assert_eq!(page.items[1].rating, None, "where ratings are read too, an answer counts once");
}

#[test]
fn thirty_days_of_ratings_are_read_four_times_an_hour() {
    let settings = specimen();
    let list = |more: bool| {
        let mut answer: Value = serde_json::from_slice(RATINGS).unwrap();
        answer["meta"]["has_more"] = json!(more);
        (200, answer)
    };
    let (asked, _, mark) =
        walk(&settings, What::Satisfaction, &Cursor::default(), &[list(true), (200, json!({"satisfaction_ratings": []}))]);
    insta::assert_snapshot!(asked.join("\n"), @"
    satisfaction_ratings.json?score=received&start_time=1788004800&page%5Bsize%5D=100
    satisfaction_ratings.json?score=received&start_time=1788004800&page%5Bsize%5D=100&page%5Bafter%5D=eyJv
    ");
    assert_eq!(mark.0.as_deref(), Some(r#"{"newest":1791021600,"floor":1790596800,"whole_at":1791201600}"#));
    let (asked, ..) = walk(&settings, What::Satisfaction, &mark, &[list(false)]);
    assert!(asked[0].contains("start_time=1790935200&"), "only a day of them: {asked:?}");
    // A place in the list that is not known any more.
    let (asked, ..) = walk(&settings, What::Satisfaction, &mark, &[list(true), (400, json!({})), list(false)]);
    assert_eq!(asked[0], asked[2]);
}

#[test]
fn a_refusal_says_which_setting_to_change() {
    let told = |status: u16, body: &str| {
        let refused = Refused { status, body: body.to_owned(), at_login: false };
        Zendesk::new(specimen()).refused(&refused).unwrap().words
    };
    insta::assert_snapshot!(told(401, r#"{"error":"Couldn't authenticate you"}"#), @"Zendesk does not take the login (“Couldn't authenticate you”): check `oauth_token`");
    insta::assert_snapshot!(told(403, "{}"), @"Zendesk refuses access: it takes the role of an admin; a token of OAuth needs the scope `read`; check that, and `subdomain`");
    insta::assert_snapshot!(told(404, ""), @"Zendesk knows nothing of that name: check `subdomain`");
    insta::assert_snapshot!(told(422, r#"{"description":"start_time is too recent"}"#), @"Zendesk says that `start_time` is too recent: check the clock of this machine");
    insta::assert_snapshot!(told(429, "Number of calls per minute exceeded"), @"Zendesk asks for patience (“Number of calls per minute exceeded”); if this comes often, a longer `every` helps");
}

proptest! {
    #[test]
    fn no_answer_whatever_is_wrong_with_it_does_harm(tickets in any::<bool>(), end in 0_usize..3000, bits in proptest::collection::vec((0_usize..3000, 0_u8..8), 0..6)) {
        let mut body = if tickets { TICKETS } else { RATINGS }.to_vec();
        for (at, bit) in bits {
            let at = at % body.len();
            body[at] ^= 1 << bit;
        }
        body.truncate(end.max(1));
        let _ = saved(&Saved { body: &body, ..Saved::default() });
        let source = Zendesk::new(specimen());
        for shard in source.shards() {
            // Whatever stands in the notes, too.
            let call = Call { context: String::from_utf8_lossy(&body).into_owned(), ..Call::default() };
            let reply = Reply { call, status: 200, body: body.clone(), ..Reply::default() };
            let _ = source.read(&shard, &Cursor::default(), &Response::Call(Box::new(reply)), now());
        }
    }
}
