//! Exports from their start to what is in them.

use std::io::Write as _;

use super::*;
use zip::write::SimpleFileOptions;

const EXPORT: &[u8] = include_bytes!("../../../tests/fixtures/qualtrics/export.json");

fn packed(document: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("Ferry feedback.json", SimpleFileOptions::default()).unwrap();
    archive.write_all(document).unwrap();
    archive.finish().unwrap().into_inner()
}

fn at(hours: i64) -> Timestamp {
    Timestamp::from_timestamp(1_790_000_000, 0).unwrap() + TimeDelta::hours(hours)
}

fn call(request: Option<Request>) -> Call {
    match request {
        Some(Request::Call(call)) => call,
        other => panic!("not a call: {other:?}"),
    }
}

fn read(source: &Qualtrics, cursor: &Cursor, call: Call, status: u16, body: &[u8], now: Timestamp) -> Result<Page, ReadError> {
    let reply = Reply { call, body: body.to_vec(), status, ..Reply::default() };
    source.read(&Shard::whole(), cursor, &Response::Call(Box::new(reply)), now)
}

/// One export from its start to its file; returns what was sent to start it, and its last page.
fn export(source: &Qualtrics, cursor: &Cursor, now: Timestamp) -> (String, Page) {
    let start = call(Some(source.first(&Shard::whole(), cursor, now)));
    let sent = start.body.clone();
    let progress = read(source, cursor, start, 200, br#"{"result":{"progressId":"ES_1"}}"#, now).unwrap();
    let done = br#"{"result":{"fileId":"f1","status":"complete","continuationToken":"c1"}}"#;
    let file = read(source, cursor, call(progress.next), 200, done, now).unwrap();
    (sent, read(source, cursor, call(file.next), 200, &packed(EXPORT), now).unwrap())
}

#[test]
fn an_answer_is_what_its_questions_say() {
    let page = archive::read(&packed(EXPORT), &specimen().questions).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&page.items[0]).unwrap(), @r#"
    {
      "id": "R_one",
      "title": "",
      "text": "The boat left without us.\n\nCall back, please.",
      "author": null,
      "url": null,
      "published": "2026-10-01T07:03:01.250Z",
      "updated": null,
      "rating": {
        "value": 0.0,
        "max": 10.0
      },
      "lang": "no",
      "fields": {
        "channel": "email"
      },
      "gone": false
    }
    "#);
    let ids = |questions: &Questions| archive::read(EXPORT, questions).unwrap().items.into_iter().map(|item| item.id).collect::<Vec<_>>();
    assert_eq!(ids(&specimen().questions), ["R_one", "R_two"]);
    assert_eq!(ids(&Questions { include_previews: true, include_unfinished: false, ..specimen().questions }), ["R_one", "R_trial"]);
    assert_eq!(page.warnings.len(), 1);
}

#[test]
fn a_job_is_asked_after_until_it_says_complete() {
    let (source, cursor) = (Qualtrics::new(specimen()), Cursor::default());
    let start = call(Some(source.first(&Shard::whole(), &cursor, at(0))));
    assert_eq!((start.method, start.url.as_str()), (Method::Post, "https://x.test/API/v3/surveys/SV_1/export-responses"));
    let mut page = read(&source, &cursor, start, 200, br#"{"result":{"progressId":"ES_1","status":"inProgress"}}"#, at(0)).unwrap();
    let mut waits = Vec::new();
    for _ in 0..8 {
        waits.push(page.pause.unwrap().num_seconds());
        let asked = call(page.next);
        assert_eq!(asked.url, "https://x.test/API/v3/surveys/SV_1/export-responses/ES_1");
        let body = br#"{"result":{"percentComplete":100.0,"status":"inProgress"},"meta":{"notice":"Ask fra1 instead"}}"#;
        page = read(&source, &cursor, asked, 200, body, at(0)).unwrap();
        assert_eq!(page.warnings[0].message, "Qualtrics says: Ask fra1 instead");
    }
    assert_eq!(waits, [5, 7, 10, 15, 22, 30, 30, 30]);
    let mut asked = call(page.next);
    let job: Job = api::notes(&asked.context);
    asked.context = api::written(&Job { given_up: 2, ..job });
    for (name, body, now, what) in [
        (
            "failed",
            &br#"{"result":{"status":"failed"},"meta":{"error":{"errorMessage":"Too bad"}}}"#[..],
            at(0),
            "could not make the export (\u{201c}Too bad\u{201d})",
        ),
        ("without end", br#"{"result":{"status":"inProgress"}}"#, at(3), "does not end the export"),
        ("nothing", b"{}", at(0), "JSON without the text `status`"),
        ("no file", br#"{"result":{"status":"complete"}}"#, at(0), "JSON without the text `fileId`"),
        ("another place", br#"{"result":{"status":"complete","fileId":"../../x"}}"#, at(0), "JSON without the text `fileId`"),
    ] {
        let error = read(&source, &cursor, asked.clone(), 200, body, now).unwrap_err();
        assert!(error.what.contains(what), "{name}: {error}");
    }
}

#[test]
fn a_job_that_fails_or_does_not_end_is_given_up_and_started_anew() {
    for (says, what) in [
        (&br#"{"result":{"status":"inProgress"}}"#[..], "Qualtrics does not end the export after two hours"),
        (br#"{"result":{"status":"failed"}}"#, "Qualtrics could not make the export"),
    ] {
        let (source, cursor) = (Qualtrics::new(specimen()), Cursor(Some(api::written(&Mark { from: Some(at(-9)), ..Mark::default() }))));
        let mut start = call(Some(source.first(&Shard::whole(), &cursor, at(0))));
        for hours in [0, 3] {
            let began = read(&source, &cursor, start.clone(), 200, br#"{"result":{"progressId":"ES_1"}}"#, at(hours)).unwrap();
            let page = read(&source, &cursor, call(began.next), 200, says, at(hours + 3)).unwrap();
            assert_eq!(page.warnings[0].message, format!("{what}; another one is started"));
            let anew = call(page.next);
            assert_eq!((anew.method, &anew.body, page.pause), (Method::Post, &start.body, Some(BETWEEN_JOBS)));
            start = anew;
        }
        let began = read(&source, &cursor, start, 200, br#"{"result":{"progressId":"ES_1"}}"#, at(6)).unwrap();
        let error = read(&source, &cursor, call(began.next), 200, says, at(9)).unwrap_err();
        assert_eq!(error.what, format!("{what}, for the third time"));
    }
}

#[test]
fn an_export_without_answers_deletes_nothing_that_its_filters_left_out() {
    let settings = Settings { questions: Questions { include_unfinished: false, ..specimen().questions }, ..specimen() };
    let source = Qualtrics::new(settings);
    let job = Job { step: Step::File, began: Some(at(0)), from: Some(at(-200)), ..Job::default() };
    let page = |document: &[u8]| read(&source, &Cursor::default(), source.call("/f/file", &job), 200, &packed(document), at(0)).unwrap();
    for document in [&br#"{"responses":[]}"#[..], br#"{"responses":[{"responseId":"R_1","values":{"finished":0}}]}"#] {
        let page = page(document);
        assert_eq!((page.items.len(), page.listed), (0, None));
    }
}

#[test]
fn exports_go_on_behind_their_token_and_now_and_then_by_date() {
    let source = Qualtrics::new(specimen());
    let (sent, page) = export(&source, &Cursor::default(), at(0));
    insta::assert_snapshot!(sent, @r#"{"format":"json","allowContinuation":true,"startDate":"2026-09-14T14:13:20Z"}"#);
    // One answer has no id: nobody knows which one it is, and so nothing is proven to be gone.
    assert_eq!(page.listed, None);
    let cursor = page.cursor.unwrap();
    let sent_after = |hours| call(Some(source.first(&Shard::whole(), &cursor, at(hours)))).body;
    insta::assert_snapshot!(sent_after(1), @r#"{"format":"json","allowContinuation":true,"continuationToken":"c1"}"#);
    insta::assert_snapshot!(sent_after(7), @r#"{"format":"json","allowContinuation":true,"startDate":"2026-09-20T14:13:20Z","sortByLastModifiedDate":true}"#);
    insta::assert_snapshot!(sent_after(7 * 24), @r#"{"format":"json","allowContinuation":true,"startDate":"2026-09-14T14:13:20Z"}"#);
    // A token that is refused is done without.
    let refused = call(Some(source.first(&Shard::whole(), &cursor, at(1))));
    assert!(refused.takes.contains(&400));
    let dated = call(read(&source, &cursor, refused, 400, b"{}", at(1)).unwrap().next);
    assert!(dated.body.contains("startDate") && dated.takes.is_empty(), "{dated:?}");
    let recorded = Qualtrics::new(Settings { by: By::Recorded, ..specimen() });
    assert!(call(Some(recorded.first(&Shard::whole(), &cursor, at(7)))).body.contains("continuationToken"));
}

#[test]
fn an_export_of_everything_proves_what_is_gone() {
    let source = Qualtrics::new(specimen());
    let job = Job { step: Step::File, began: Some(at(0)), from: Some(at(-200)), ..Job::default() };
    let whole = br#"{"responses":[{"responseId":"R_1","values":{}}]}"#;
    let page = read(&source, &Cursor::default(), source.call("/f/file", &job), 200, &packed(whole), at(0)).unwrap();
    assert_eq!(page.listed, Some(Listed { since: Some(at(-200)), certain: true, ..Listed::default() }));
    for what in [What::Dated, What::Continued] {
        let job = Job { what, ..job.clone() };
        let page = read(&source, &Cursor::default(), source.call("/f/file", &job), 200, &packed(whole), at(0)).unwrap();
        assert_eq!(page.listed, None, "{what:?}");
    }
}

#[test]
fn refusals_name_what_to_change() {
    let source = Qualtrics::new(specimen());
    let words = |status, code: &str| {
        let body = json!({"meta": {"error": {"errorMessage": "Not so.", "errorCode": code}}}).to_string();
        source.refused(&Refused { status, body, at_login: false }).unwrap().words
    };
    insta::assert_snapshot!(words(401, "DCD_7"), @"Qualtrics does not take the login (“Not so.”): check `token` and `datacenter`");
    insta::assert_snapshot!(words(400, "ATP_2"), @"Qualtrics does not take the login (“Not so.”): check `token` and `datacenter`");
    insta::assert_snapshot!(words(400, "RP_0.1"), @"Qualtrics does not understand the call (“Not so.”): check `survey` and `by`");
    assert!(words(403, "AUTHZ_1").contains("may see the answers"));
    assert!(words(404, "ERE_1").contains("`survey`"));
}

proptest::proptest! {
    #[test]
    fn a_damaged_export_gives_a_value(cut in 0..400_usize, at in 0..400_usize, bit in 0_u8..8) {
        let archive = packed(EXPORT);
        for whole in [EXPORT, &archive] {
            let _ = archive::read(&whole[..cut.min(whole.len())], &specimen().questions);
            let mut flipped = whole.to_vec();
            let at = at * whole.len() / 400;
            flipped[at] ^= 1 << bit;
            let _ = archive::read(&flipped, &specimen().questions);
        }
    }
}
