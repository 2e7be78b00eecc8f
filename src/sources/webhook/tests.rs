//! Every format: what it brings, whom it is trusted from, and that nothing makes it panic.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use ring::hmac;
use serde_json::json;

use super::*;
use crate::domain::http::Call;
use crate::domain::http::Reply;
use crate::domain::item::Rating;
use crate::sources::webhook::paths::Path;

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn push(headers: &[(&str, &str)], body: &Value) -> Push {
    Push {
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: body.to_string().into_bytes(),
    }
}

fn page(webhook: &Webhook, push: &Push) -> Page {
    match webhook.open(push, now()).unwrap().brings {
        Brings::Page(page) => *page,
        Brings::Asked(request) => panic!("{request:?}"),
    }
}

fn item(webhook: &Webhook, push: &Push) -> Item {
    let mut page = page(webhook, push);
    assert_eq!((page.items.len(), page.warnings.as_slice()), (1, [].as_slice()));
    page.items.remove(0)
}

fn of(format: Format) -> Webhook {
    Webhook::new(Settings::new("/in/x", format, vec![secret("hush")]))
}

fn tag(algorithm: hmac::Algorithm, key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(algorithm, key), message).as_ref().to_vec()
}

/// The proof of a format over a body, as its vendor makes it.
fn proof(format: Format, key: &str, body: &[u8], at: Timestamp) -> Vec<(String, String)> {
    let encoded = |key: &[u8], message: &[u8]| STANDARD.encode(tag(hmac::HMAC_SHA256, key, message));
    let headers = match format {
        Format::Standard => {
            let (key, stamp) = (signature::key(key).unwrap(), at.timestamp().to_string());
            let message = [format!("msg_1.{stamp}.").as_bytes(), body].concat();
            vec![
                ("webhook-id", "msg_1".to_owned()),
                ("webhook-signature", format!("v1,{}", encoded(&key, &message))),
                ("webhook-timestamp", stamp),
            ]
        }
        Format::Typeform => vec![("typeform-signature", format!("sha256={}", encoded(key.as_bytes(), body)))],
        Format::SurveyMonkey => {
            let key = format!("client&{key}");
            vec![("sm-signature", STANDARD.encode(tag(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes(), body)))]
        }
        Format::Delighted => {
            let hex: String = tag(hmac::HMAC_SHA256, key.as_bytes(), body)
                .iter()
                .flat_map(|byte| [byte >> 4, byte & 15])
                .filter_map(|digit| char::from_digit(digit.into(), 16))
                .collect();
            vec![("x-delighted-webhook-signature", format!("sha256={hex}"))]
        }
        Format::Zendesk => {
            let stamp = at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
            let message = [stamp.as_bytes(), body].concat();
            vec![("x-zendesk-webhook-signature", encoded(key.as_bytes(), &message)), ("x-zendesk-webhook-signature-timestamp", stamp)]
        }
        Format::Json => vec![("x-token", key.to_owned())],
    };
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

const ALL: [Format; 6] = [Format::Standard, Format::Typeform, Format::SurveyMonkey, Format::Delighted, Format::Zendesk, Format::Json];

/// Two secrets of a format: one that gives way and its successor.
fn settings(format: Format, secrets: &[&str]) -> Settings {
    let proof = match format {
        Format::SurveyMonkey => Proof::OfClient("client".to_owned()),
        Format::Json => Proof::Header("X-Token".to_owned()),
        _ => Proof::Signature,
    };
    Settings { proof, ..Settings::new("/in/x", format, secrets.iter().map(|text| secret(text)).collect()) }
}

#[test]
fn every_proof_is_taken_from_either_secret_and_from_nobody_else() {
    let (old, new, other) = ("whsec_b2xk", "whsec_bmV3", "whsec_b3RoZXI=");
    for format in ALL {
        let webhook = Webhook::new(settings(format, &[old, new]));
        let body = b"{\"a\": 1}".to_vec();
        for key in [old, new] {
            let push = Push { headers: proof(format, key, &body, now()), body: body.clone() };
            assert_eq!(webhook.trusts(&push, now()), Ok(()), "{format:?}");
            let changed = Push { body: b"{\"a\": 2}".to_vec(), ..push.clone() };
            let expected = if format == Format::Json { Ok(()) } else { Err(Untrusted::Wrong) };
            assert_eq!(webhook.trusts(&changed, now()), expected, "{format:?}: a token signs nothing");
        }
        let stranger = Push { headers: proof(format, other, &body, now()), body: body.clone() };
        assert_eq!(webhook.trusts(&stranger, now()), Err(Untrusted::Wrong), "{format:?}");
        assert_eq!(webhook.trusts(&Push { headers: Vec::new(), body: body.clone() }, now()), Err(Untrusted::Unsigned), "{format:?}");
        let nobody = Webhook::new(settings(format, &[]));
        assert!(
            nobody.trusts(&Push { headers: proof(format, old, &body, now()), body }, now()).is_err(),
            "{format:?}: no secret, no trust"
        );
    }
}

#[test]
fn what_bears_a_time_is_taken_within_five_minutes_of_it_on_both_sides() {
    for format in [Format::Standard, Format::Zendesk] {
        let webhook = Webhook::new(settings(format, &["whsec_b2xk"]));
        for (seconds, expected) in
            [(-300, Ok(())), (300, Ok(())), (-301, Err(Untrusted::Old)), (301, Err(Untrusted::Old)), (86_400 * 400, Err(Untrusted::Old))]
        {
            let at = now() + TimeDelta::seconds(seconds);
            let push = Push { headers: proof(format, "whsec_b2xk", b"{}", at), body: b"{}".to_vec() };
            assert_eq!(webhook.trusts(&push, now()), expected, "{format:?} {seconds}");
        }
    }
}

#[test]
fn one_of_several_signatures_is_enough() {
    let webhook = Webhook::new(settings(Format::Standard, &["whsec_b2xk"]));
    let mut headers = proof(Format::Standard, "whsec_b2xk", b"{}", now());
    headers[1].1 = format!("v1,AAAA v1a,BBBB nonsense {} v2,CCCC", headers[1].1);
    assert_eq!(webhook.trusts(&Push { headers: headers.clone(), body: b"{}".to_vec() }, now()), Ok(()));
    for header in &mut headers {
        header.0 = header.0.replace("webhook-", "svix-");
    }
    assert_eq!(webhook.trusts(&Push { headers, body: b"{}".to_vec() }, now()), Ok(()));
}

#[test]
fn the_vendors_own_example_of_zendesk_fits() {
    // From developer.zendesk.com, "Verifying webhook authenticity".
    let webhook = Webhook::new(Settings {
        tolerance: TimeDelta::days(36_500),
        ..Settings::new("/in/x", Format::Zendesk, vec![secret("HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA=")])
    });
    let headers = [
        ("x-zendesk-webhook-signature", "tRDSF7URY8BLCDlaBcQ7FHu051Zk+aAB0NKMP53teMw="),
        ("x-zendesk-webhook-signature-timestamp", "2021-07-25T10:00:00Z"),
    ];
    let push =
        Push { headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(), body: b"{\"say\": \"hello\"}".to_vec() };
    assert_eq!(webhook.trusts(&push, now()), Ok(()));
}

#[test]
fn a_token_is_taken_bare_and_as_bearer_and_a_password_with_its_user() {
    let bearer = Webhook::new(Settings {
        proof: Proof::Header("Authorization".to_owned()),
        ..Settings::new("/x", Format::Json, vec![secret("hush")])
    });
    let basic = Webhook::new(Settings { proof: Proof::Basic("ops".to_owned()), ..Settings::new("/x", Format::Json, vec![secret("hush")]) });
    for (webhook, value, taken) in [
        (&bearer, "Bearer hush", true),
        (&bearer, "hush", true),
        (&bearer, "Bearer hus", false),
        (&bearer, "", false),
        (&basic, "Basic b3BzOmh1c2g=", true),
        (&basic, "Basic b3BzOmh1cw==", false),
        (&basic, "Bearer hush", false),
    ] {
        assert_eq!(webhook.trusts(&push(&[("authorization", value)], &json!({})), now()).is_ok(), taken, "{value}");
    }
}

#[test]
fn a_standard_event_is_a_message_its_edit_or_its_end() {
    let webhook = of(Format::Standard);
    let event = |verb: &str, at: &str, data: Value| {
        push(&[("webhook-id", "msg_7")], &json!({"type": format!("review.{verb}"), "timestamp": at, "data": data}))
    };
    let data =
        json!({"id": "r1", "text": " Kettle leaks ", "rating": 2, "rating_max": 10, "lang": "en", "url": "https://kettles.example/r1"});
    let made = item(&webhook, &event("created", "2026-11-20T10:00:00Z", data.clone()));
    assert_eq!((made.id.as_str(), made.text.as_str(), made.rating), ("r1", "Kettle leaks", Some(Rating { value: 2.0, max: 10.0 })));
    assert_eq!((made.published, made.updated), ("2026-11-20T10:00:00Z".parse().ok(), None));
    let changed = item(&webhook, &event("updated", "2026-11-20T11:00:00Z", data));
    assert_eq!((changed.published, changed.updated), (None, "2026-11-20T11:00:00Z".parse().ok()));
    let gone = item(&webhook, &event("deleted", "2026-11-20T12:00:00Z", json!({"id": "r1"})));
    assert!(gone.gone && gone.updated.is_some());
    assert_eq!(webhook.open(&event("created", "", json!({"id": 1})), now()).unwrap().delivery.as_deref(), Some("msg_7"));
    let ping = page(&webhook, &push(&[], &json!({"type": "ping", "data": {}})));
    assert_eq!((ping.items.len(), ping.warnings[0].code.as_str()), (0, "other_event"));
}

#[test]
fn answers_of_typeform_are_found_by_their_fields() {
    let answers = json!([
        {"type": "email", "email": "anna@kettles.example", "field": {"id": "f0", "type": "email", "ref": "mail"}},
        {"type": "number", "number": 3, "field": {"id": "f1", "type": "opinion_scale", "ref": "would"}},
        {"type": "text", "text": "The spout drips", "field": {"id": "f2", "type": "long_text", "ref": "why"}},
        {"type": "text", "text": "Anna", "field": {"id": "f3", "type": "short_text", "ref": "name"}},
        {"type": "choice", "choice": {"label": "Blue"}, "field": {"id": "f4", "type": "multiple_choice", "ref": "colour"}},
    ]);
    let fields = json!([{"id": "f1", "type": "opinion_scale", "properties": {"steps": 8, "start_at_one": true}}]);
    let sent = push(
        &[],
        &json!({"event_id": "e1", "form_response": {"token": "t1", "submitted_at": "2026-11-20T10:00:00Z", "hidden": {"plan": "pro"}, "answers": answers, "definition": {"fields": fields}}}),
    );
    let all = item(&of(Format::Typeform), &sent);
    assert_eq!((all.text.as_str(), all.rating), ("The spout drips\nAnna", Some(Rating { value: 3.0, max: 8.0 })));
    assert!(all.fields.is_empty() && all.published.is_some());
    let chosen = Webhook::new(Settings {
        text: vec!["why".to_owned()],
        rating: Some("f1".to_owned()),
        rating_max: Some(7.0),
        fields: vec!["colour".to_owned(), "plan".to_owned(), "mail".to_owned()],
        ..Settings::new("/x", Format::Typeform, Vec::new())
    });
    let one = item(&chosen, &sent);
    assert_eq!((one.text.as_str(), one.rating), ("The spout drips", Some(Rating { value: 3.0, max: 7.0 })));
    let kept: Vec<_> = one.fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(kept, ["colour=Blue", "plan=pro"], "an address of somebody is no label");
}

#[test]
fn delighted_says_the_score_first_and_the_comment_later() {
    let webhook = of(Format::Delighted);
    let event = |comment: Value, updated: Value| {
        push(
            &[],
            &json!({"event_type": "survey_response.updated", "event_id": "e2", "event_data": {"id": 77, "person": {"id": "p1", "email": "bo@kettles.example"}, "survey_type": "csat", "score": 2, "comment": comment, "created_at": 1_790_000_000, "updated_at": updated, "person_properties": {"plan": "pro", "phone": "1"}}}),
        )
    };
    let (first, second) =
        (item(&webhook, &event(Value::Null, Value::Null)), item(&webhook, &event(json!("Too loud"), json!(1_790_000_100))));
    assert_eq!((first.text.as_str(), second.text.as_str(), &first.id), ("", "Too loud", &second.id));
    assert_eq!((first.updated, second.updated.map(|at| at.timestamp())), (None, Some(1_790_000_100)));
    assert_eq!(first.rating, Some(Rating { value: 2.0, max: 5.0 }));
    assert_eq!(first.author.as_deref(), Some("p1"));
    assert!(!format!("{second:?}").contains("bo@"));
    assert!(page(&webhook, &push(&[], &json!({"event_type": "person.unsubscribed", "event_data": {"id": 1}}))).items.is_empty());
}

#[test]
fn an_event_of_surveymonkey_is_completed_by_a_call() {
    let webhook = Webhook::new(Settings {
        rating: Some("11".to_owned()),
        fetch: Some(Fetch { base: "https://api.monkey.example".to_owned(), token: secret("hush") }),
        ..settings(Format::SurveyMonkey, &["hush"])
    });
    let event = |kind: &str, response: &str| {
        push(
            &[],
            &json!({"event_type": kind, "event_datetime": "2026-11-20T10:00:00+00:00", "object_id": response, "resources": {"survey_id": "5"}}),
        )
    };
    let Brings::Asked(request) = webhook.open(&event("response_completed", "9"), now()).unwrap().brings else { panic!("no call") };
    let Request::Call(call) = *request else { panic!("no call") };
    assert_eq!(call.url, "https://api.monkey.example/v3/surveys/5/responses/9/details?simple=true");
    assert!(webhook.open(&event("response_completed", "../9"), now()).is_err());
    assert!(item(&webhook, &event("response_deleted", "9")).gone);
    assert!(page(&webhook, &event("response_created", "9")).items.is_empty());

    let details = json!({"id": "9", "survey_id": "5", "date_created": "2026-11-20T09:00:00+00:00", "date_modified": "2026-11-20T10:00:00+00:00", "pages": [
        {"id": "1", "questions": [
            {"id": "11", "family": "single_choice", "answers": [{"choice_id": "x", "simple_text": "How good? | 2"}]},
            {"id": "12", "family": "open_ended", "answers": [{"text": "The lid fell off", "simple_text": "The lid fell off"}]},
            {"id": "13", "family": "demographic", "answers": [{"row_id": "1", "text": "Anna Berg"}]}]}]});
    let reply = |status, body: &Value| {
        Response::Call(Box::new(Reply { call: call.clone(), status, body: body.to_string().into_bytes(), ..Reply::default() }))
    };
    let read = |response: &Response| webhook.read(&Shard::whole(), &Cursor::default(), response, now());
    let item = read(&reply(200, &details)).unwrap().items.remove(0);
    assert_eq!((item.text.as_str(), item.rating), ("The lid fell off", Some(Rating { value: 2.0, max: 5.0 })));
    assert!(read(&reply(404, &json!({}))).unwrap().items[0].gone);
    let other = Response::Call(Box::new(Reply {
        call: Call { context: "8".to_owned(), ..call.clone() },
        status: 200,
        body: details.to_string().into_bytes(),
        ..Reply::default()
    }));
    assert!(read(&other).is_err(), "an answer about something else");
}

#[test]
fn a_ticket_of_zendesk_comes_with_its_words_or_as_the_trigger_writes_it() {
    let settings = Settings { fields: vec!["channel".to_owned()], ..Settings::new("/x", Format::Zendesk, Vec::new()) };
    let webhook = Webhook::new(settings);
    let event = |kind: &str| {
        push(
            &[("x-zendesk-webhook-invocation-id", "i1")],
            &json!({"type": format!("zen:event-type:{kind}"), "time": "2026-11-20T10:00:00Z", "zendesk_event_version": "2022-06-20", "id": "e", "detail": {"id": "35", "subject": "Kettle", "description": "It whistles all night", "created_at": "2026-11-20T09:00:00Z", "requester_id": "8", "via": {"channel": "web"}}, "event": {}}),
        )
    };
    let ticket = item(&webhook, &event("ticket.created"));
    assert_eq!(
        (ticket.id.as_str(), ticket.title.as_str(), ticket.text.as_str(), ticket.fields["channel"].as_str()),
        ("35", "Kettle", "It whistles all night", "web")
    );
    assert!(item(&webhook, &event("ticket.soft_deleted")).gone);
    assert!(page(&webhook, &event("user.created")).items.is_empty());
    assert_eq!(webhook.open(&event("ticket.created"), now()).unwrap().delivery.as_deref(), Some("i1"));
    assert_eq!(item(&webhook, &push(&[], &json!({"id": 36, "text": "by a trigger"}))).id, "36");
}

#[test]
fn any_json_is_read_by_its_map() {
    let path = |text: &str| Path::parse(text).unwrap();
    let map = Map {
        items: Some(path(".rows")),
        places: [("id", path(".key")), ("text", path(".body.words")), ("rating", path(".stars")), ("deleted", path(".state"))].into(),
        rating_max: Some(5.0),
        fields: [("page".to_owned(), path(".where"))].into(),
    };
    let webhook = Webhook::new(Settings { map, ..Settings::new("/x", Format::Json, Vec::new()) });
    let sent = json!({"rows": [{"key": 1, "body": {"words": "No lid"}, "stars": "2", "where": "/cart", "published": 1_790_000_000_123_i64}, {"body": {}}, {"key": "anna@kettles.example", "state": "deleted"}]});
    let page = page(&webhook, &push(&[], &sent));
    assert_eq!((page.items.len(), page.warnings.len()), (2, 1));
    assert_eq!(
        (page.items[0].text.as_str(), page.items[0].rating, page.items[0].fields["page"].as_str()),
        ("No lid", Some(Rating { value: 2.0, max: 5.0 }), "/cart")
    );
    assert_eq!(page.items[0].published.map(|at| at.timestamp_millis()), Some(1_790_000_000_123));
    assert!(page.items[1].gone && page.items[1].id.starts_with("h1:"), "an address is no id: {}", page.items[1].id);
    assert!(webhook.open(&push(&[], &json!({"rows": [{"a": 1}]})), now()).is_err());
    assert!(webhook.open(&push(&[], &json!({"other": 1})), now()).is_err());
    assert!(page_of("webhook", Vec::new()).items.is_empty());
    let many = |count: usize| json!({"rows": (0..count).map(|key| json!({"key": key, "stars": 1})).collect::<Vec<_>>()});
    assert!(webhook.open(&push(&[], &many(1_000)), now()).is_ok());
    assert!(webhook.open(&push(&[], &many(1_001)), now()).unwrap_err().to_string().contains("send fewer at once"));
}

#[test]
fn a_message_that_says_nothing_is_stored_nowhere_and_it_is_told_what_was_missing() {
    let path = |text: &str| Path::parse(text).unwrap();
    let form = |answers: Value| json!({"form_response": {"token": "t1", "answers": answers, "definition": {"fields": [{"id": "f2", "ref": "why"}, {"id": "g", "properties": {"fields": [{"id": "f5", "ref": "deep"}]}}]}}});
    let answers = json!([{"type": "text", "text": "words", "field": {"id": "f2", "type": "long_text", "ref": "why"}}]);
    let map = Map { places: [("text", path(".body.words"))].into(), ..Map::default() };
    let asks = |text: &str, rating: &str| Settings {
        text: vec![text.to_owned()],
        rating: Some(rating.to_owned()),
        ..settings(Format::Typeform, &[])
    };
    for (settings, sent, items, says) in [
        (
            asks("reason", "deep"),
            form(answers.clone()),
            0,
            vec![
                "no question whose ref or id is `reason`; check `text`",
                "1 of 1 messages have neither words nor a rating and are not stored: no answer to `reason` (`text`), `deep` (`rating`)",
            ],
        ),
        (asks("why", "stars"), form(answers), 1, vec!["`stars`; check `rating`"]),
        (settings(Format::Typeform, &[]), form(json!([])), 0, vec!["no answer is a text or on a scale"]),
        (
            settings(Format::Standard, &[]),
            json!({"type": "a.created", "data": {"id": 1, "comment": "wrong name"}}),
            0,
            vec!["`data` has no `text`, `title` or `rating`"],
        ),
        (
            settings(Format::Delighted, &[]),
            json!({"event_type": "survey_response.created", "event_data": {"id": 1}}),
            0,
            vec!["no score and no comment"],
        ),
        (
            Settings { map: map.clone(), ..settings(Format::Json, &[]) },
            json!([{"id": 1, "text": "x"}, {"id": 2, "body": {"words": "y"}}, {"id": 3, "deleted": true}]),
            2,
            vec!["1 of 3 messages", "`map.text`, `title` or `rating`"],
        ),
        (
            settings(Format::Json, &[]),
            json!({"id": 1, "rating": 3}),
            0,
            vec!["1 ratings are left out", "write `rating_max`", "neither words nor a rating"],
        ),
        (settings(Format::Json, &[]), json!({"id": 1, "rating": 3, "rating_max": 5}), 1, vec![]),
    ] {
        let page = page(&Webhook::new(settings), &push(&[], &sent));
        let told = page.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert_eq!((page.items.len(), page.warnings.is_empty()), (items, says.is_empty()), "{sent}: {told}");
        assert!(says.iter().all(|says| told.contains(says)), "{sent}: {told}");
    }
    let emptied = push(&[], &json!({"type": "a.updated", "timestamp": "2026-11-20T10:00:00Z", "data": {"id": 1, "text": " "}}));
    assert!(item(&of(Format::Standard), &emptied).gone, "whoever takes all words back takes the message back");
}

#[test]
fn a_message_of_any_json_whose_text_is_emptied_is_handed_on_and_one_without_any_is_not() {
    let map = Map { places: [("text", Path::parse(".body.words").unwrap())].into(), ..Map::default() };
    let webhook = Webhook::new(Settings { map, ..settings(Format::Json, &[]) });
    let sent = json!([{"id": 7, "body": {"words": " "}}, {"id": 8, "text": ""}, {"id": 9, "body": {"words": null}}, {"id": 10, "body": {"words": "It leaks"}}]);
    let page = page(&webhook, &push(&[], &sent));
    let shown: Vec<(&str, bool)> = page.items.iter().map(|item| (item.id.as_str(), item.gone)).collect();
    assert_eq!(shown, [("7", false), ("10", false)], "it may come back with words, which what is deleted does not");
    assert!(page.warnings[0].message.starts_with("3 of 4 messages have neither words nor a rating"), "{}", page.warnings[0]);
}

#[test]
fn a_saved_payload_is_known_by_its_looks() {
    for (value, format) in [
        (json!({"form_response": {"token": "t"}}), "typeform"),
        (json!({"event_type": "survey_response.created", "event_data": {"id": "1"}}), "delighted"),
        (json!({"event_type": "response_completed", "object_id": "1", "resources": {"survey_id": "2"}}), "surveymonkey"),
        (json!({"id": "1", "survey_id": "2", "pages": []}), "surveymonkey"),
        (
            json!({"zendesk_event_version": "1", "type": "zen:event-type:ticket.created", "detail": {"id": "1", "description": "x"}}),
            "zendesk",
        ),
        (json!({"type": "a.created", "data": {"id": "1"}}), "standard"),
        (json!({"id": "1", "text": "x"}), "webhook"),
    ] {
        let body = value.to_string();
        assert_eq!(saved(&Saved { body: body.as_bytes(), ..Saved::default() }).unwrap().format, format);
    }
    assert!(saved(&Saved { body: b"<html>", ..Saved::default() }).is_err());
}

/// JSON with the keys that the formats look for, and anything behind them.
fn strange() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[0-9]{1,4}".prop_map(Value::from)
    ];
    let keys = [
        "type",
        "data",
        "id",
        "event_type",
        "event_data",
        "form_response",
        "token",
        "answers",
        "field",
        "number",
        "text",
        "object_id",
        "resources",
        "survey_id",
        "pages",
        "questions",
        "detail",
        "time",
        "timestamp",
        "rating",
        "score",
        "definition",
        "fields",
        "properties",
        "steps",
        "zendesk_event_version",
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((proptest::sample::select(keys.to_vec()), inner), 0..8)
                .prop_map(|pairs| Value::Object(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_payload_whatever_makes_a_reader_panic(value in strange(), cut in 0..200_usize, flip in any::<u8>()) {
        let mut body = value.to_string().into_bytes();
        for round in 0..3 {
            for format in ALL {
                let webhook = Webhook::new(Settings { fetch: Some(Fetch { base: "https://x.example".to_owned(), token: secret("x") }), ..settings(format, &["whsec_b2xk"]) });
                let push = Push { headers: proof(format, "whsec_b2xk", &body, now()), body: body.clone() };
                prop_assert!(webhook.trusts(&push, now()).is_ok());
                let _ = webhook.open(&push, now());
                let _ = saved(&Saved { body: &body, ..Saved::default() });
                let reply = Reply { status: 200, body: body.clone(), ..Reply::default() };
                let _ = webhook.read(&Shard::whole(), &Cursor::default(), &Response::Call(Box::new(reply)), now());
            }
            let at = cut.min(body.len());
            if round == 0 { if let Some(byte) = body.get_mut(at) { *byte ^= flip } } else { body.truncate(at) }
        }
    }
}
