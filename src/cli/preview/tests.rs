//! What `uproar preview` prints, and what it refuses.

use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

/// Where a command's output goes in a test.
#[derive(Clone, Default)]
struct Out(Rc<RefCell<Vec<u8>>>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs `uproar preview` with a file of that name and content in front of the other arguments.
fn preview(name: &str, content: &[u8], more: &[&str]) -> Result<String, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    let words = ["preview", path.to_str().unwrap()].into_iter().chain(more.iter().copied());
    let out = Out::default();
    let mut console = Console { config: PathBuf::new(), out: Box::new(out.clone()), err: Box::new(Vec::new()), colours: false };
    let code = run(&Line::parse_from(words).args, &mut console)
        .map_err(|failure| Failure { message: failure.message.replace(folder.path().to_str().unwrap(), "."), ..failure })?;
    assert_eq!(code, Code::Done);
    let shown = out.0.borrow().clone();
    Ok(String::from_utf8(shown).unwrap())
}

#[test]
fn a_file_shows_as_a_table() {
    let shown = preview("-.csv", b"id,date,rating (1-5),comment\n7,2026-01-05,2,The bot goes in circles\n", &[]).unwrap();
    insta::assert_snapshot!(shown, @r"
    csv: 1 item

      id           from id
      published    from date
      rating       from rating (1-5)
      text         from comment

    published          rating  id                    text
    2026-01-05 00:00Z  2/5     7                     The bot goes in circles

    Warnings:
      date: the times name no zone and are read as UTC; `time_zone` of the source says another [timezone_assumed]
    ");
}

#[test]
fn a_look_at_a_file_says_which_columns_are_dropped_and_why() {
    let file = b"Ref,Date,Stars (1-5),Comment,Full name,Till,Country\nk1,2026-01-05Z,2,The till was closed again today,Kim,4,SE\n";
    let shown = preview("-.csv", file, &[]).unwrap();
    insta::assert_snapshot!(shown, @r"
    csv: 1 item

      id           from Ref
      published    from Date
      rating       from Stars (1-5)
      text         from Comment
      field country from Country
      personal data, never kept: Full name
      not kept: Till

    published          rating  id                    text
    2026-01-05 00:00Z  2/5     k1                    The till was closed again today
    ");
}

#[test]
fn json_has_the_agreed_keys_and_no_author() {
    let shown = preview(
        "a.jsonl",
        b"{\"id\":\"1\",\"ts\":\"2026-01-05T08:00:00+01:00\",\"text\":\"hi\",\"rating\":4,\"author\":\"Kim\",\"country\":\"SE\"}\n",
        &["--json"],
    )
    .unwrap();
    insta::assert_snapshot!(shown, @r#"
    {"format":"jsonl","title":null,"link":null,"items":[
    {"id":"1","link":null,"title":"","text":"hi","author":"98082015adc61baab688a000abb70f86","published":"2026-01-05T07:00:00Z","updated":null,"rating":4,"rating_max":5,"lang":null,"fields":{"country":"SE"}}
    ],"warnings":[{"code":"scale_assumed","where":"rating","message":"nothing names the best rating: taken as 5"}]}
    "#);
}

#[test]
fn an_order_of_dates_can_be_given() {
    let file = b"id,date,text\n1,03/04/2026,a\n2,05/06/2026,b\n";
    let refused = preview("a.csv", file, &["--json"]).unwrap_err();
    assert_eq!(refused.code, Code::Data);
    insta::assert_snapshot!(refused.message, @r#"./a.csv: ambiguous dates in column `date`: `03/04/2026` in line 2 and all others read both as day/month and as month/day; say which with date_order = "dmy" or "mdy" (`--date-order` in preview)"#);
    assert!(preview("a.csv", file, &["--json", "--date-order", "dmy"]).unwrap().contains("2026-04-03T00:00:00Z"));
    assert!(preview("a.csv", file, &["--json", "--date-order", "mdy"]).unwrap().contains("2026-03-04T00:00:00Z"));
}

#[test]
fn a_feed_in_a_file_is_known_by_what_it_is() {
    let shown = preview(
        "a.txt",
        b"<rss version='2.0'><channel><title>T\x1b[2J</title><item><guid>g</guid><title>Hello</title></item></channel></rss>",
        &[],
    )
    .unwrap();
    assert!(shown.starts_with("rss: 1 item from T[2J\n"), "{shown}");
    assert!(!shown.contains('\u{1b}'));
    let unreadable = preview("a.html", b"<html>hi</html>", &[]).unwrap_err();
    assert_eq!(
        (unreadable.code, unreadable.message.as_str()),
        (Code::Data, "./a.html: not a feed: an HTML page; look for the address of the RSS or Atom feed on that page")
    );
}

#[test]
fn a_saved_page_of_app_reviews_is_read() {
    let page = include_bytes!("../../../tests/fixtures/app_store/page1.json");
    assert!(preview("a.json", page, &[]).unwrap().starts_with("app_store: 2 items from Customer Reviews\n"));
}

#[test]
fn kinds_are_told_by_the_first_bytes() {
    for (body, kind) in [
        ("\u{feff} <?xml", Kind::Feed),
        ("{\"version\":\"https://jsonfeed.org/version/1\"", Kind::Feed),
        ("{\"feed\":{\"title\":{\"label\"", Kind::Service("app_store")),
        ("{\"id\":1}", Kind::Jsonl),
        ("[{\"id\":1}]", Kind::Json),
        ("id;text", Kind::Csv),
        ("", Kind::Csv),
    ] {
        assert_eq!(looks_like(body.as_bytes()), kind, "{body}");
    }
}

#[test]
fn what_is_nothing_at_all_is_refused_in_whole_sentences_also_where_there_is_no_source() {
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("uproar.toml");
    for (text, end) in [
        ("builtin_themes = false\n", "is no file, no address and no source; the configuration has no source yet"),
        ("[[source]]\nname = \"desk\"\nfile = { folder = \"surveys\" }\n", "the configuration has desk"),
    ] {
        load::tests::write(&main, text);
        let mut console = Console { config: main.clone(), out: Box::new(Vec::new()), err: Box::new(Vec::new()), colours: false };
        let refused = run(&Line::parse_from(["preview", "nosuch.xml"]).args, &mut console).unwrap_err();
        assert!(refused.message.ends_with(end), "{}", refused.message);
    }
}

/// A configuration with sources, and a file beside it; runs `uproar preview` with these words behind the file.
fn with_sources(sources: &str, content: &[u8], more: &[&str]) -> Result<String, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("uproar.toml");
    let around = "builtin_themes = false\n[listen]\naddress = \"127.0.0.1:0\"\n[fetch]\ncontact = \"ops@example.com\"\n";
    load::tests::write(&main, &(around.to_owned() + sources));
    let path = folder.path().join("saved");
    std::fs::write(&path, content).unwrap();
    let words = ["preview", path.to_str().unwrap()].into_iter().chain(more.iter().copied());
    let (out, err) = (Out::default(), Out::default());
    let mut console = Console { config: main, out: Box::new(out.clone()), err: Box::new(err.clone()), colours: false };
    let ended = run(&Line::parse_from(words).args, &mut console);
    assert!(ended.is_ok() || err.0.borrow().is_empty(), "{}", String::from_utf8_lossy(&err.0.borrow()));
    let shown = out.0.borrow().clone();
    ended.map(|_| String::from_utf8(shown).unwrap())
}

const REVIEWS: &str = "[[source]]\nname = \"reviews\"\nsince = \"2026-01-01\"\n[source.trustpilot]\nbusiness = \"kestrel.example\"\n\
                       key = { env = \"PATH\" }\nsecret = { env = \"PATH\" }\n";

#[test]
fn a_saved_page_is_read_as_the_one_with_messages_also_where_something_is_looked_up_first() {
    let page = include_bytes!("../../../tests/fixtures/trustpilot/reviews.json");
    let shown = with_sources(REVIEWS, page, &["--source", "reviews"]).unwrap();
    assert!(shown.contains("66f0a1") && shown.contains("published    from createdAt"), "{shown}");

    let few = REVIEWS.replace("2026-01-01", "2027-01-01");
    let shown = with_sources(&few, page, &["--source", "reviews", "--fetched-at", "2027-02-01T00:00:00Z"]).unwrap();
    assert!(shown.contains("`reviews` takes none: they are older than its `since`, or its settings leave them out"), "{shown}");
}

#[test]
fn a_saved_export_of_a_survey_is_read_with_the_questions_of_the_source() {
    let source = "[[source]]\nname = \"survey\"\n[source.qualtrics]\ndatacenter = \"fra1\"\nsurvey = \"SV_harbour\"\ntoken = { env = \"PATH\" }\n\
                  rating = \"QID1\"\nrating_max = 10\ntext = [\"QID5_TEXT\"]\n";
    let export = include_bytes!("../../../tests/fixtures/qualtrics/export.json");
    let shown = with_sources(source, export, &["--source", "survey"]).unwrap();
    assert!(shown.contains("0/10    R_one                 Call back, please.\n"), "{shown}");
    let complete = br#"{"result":{"fileId":"f1","status":"complete"}}"#;
    let shown = with_sources(source, complete, &["--source", "survey"]).unwrap();
    assert!(shown.contains("it answers a step before the messages come"), "{shown}");
    let refused = with_sources(source, b"[1, 2]", &["--source", "survey"]).unwrap_err();
    assert_eq!(refused.code, Code::Data);
}

#[test]
fn what_was_pushed_is_shown_as_the_webhook_maps_it() {
    let hook = "[[source]]\nname = \"hook\"\n[source.webhook]\npath = \"/in/chat\"\nformat = \"json\"\nheader = \"X-Token\"\nsecret = { env = \"PATH\" }\n\
                rating_max = 5\n[source.webhook.map]\nitems = \".rows\"\nid = \".ref\"\ntext = \".said.words\"\nrating = \".stars\"\n";
    let body = br#"{"rows": [{"ref": "c1", "said": {"words": "The bot hung up on me"}, "stars": 1}]}"#;
    let shown = with_sources(hook, body, &["--source", "hook"]).unwrap();
    assert!(shown.contains("1/5     c1                    The bot hung up on me\n"), "{shown}");
    let refused = with_sources(hook, br#"{"rows": [{"id": "c1"}]}"#, &["--source", "hook"]).unwrap_err();
    assert!(
        refused.message.ends_with("JSON in which no message has an id; check `map` of the source against what is sent"),
        "{}",
        refused.message
    );
}

#[test]
fn a_table_is_read_with_the_columns_of_its_source() {
    let source = "[[source]]\nname = \"desk\"\n[source.file]\nfolder = \"/srv/surveys\"\ndate_order = \"dmy\"\n[source.file.columns]\ntext = [\"Why\"]\n";
    let shown = with_sources(source, b"id,date,Why\n1,03/04/2026,Nobody called\n", &["--source", "desk"]).unwrap();
    assert!(shown.contains("2026-04-03") && shown.contains("Nobody called"), "{shown}");
}

#[test]
fn no_configuration_is_needed_where_a_kind_is_named_and_it_is_missed_where_a_name_is() {
    let page = include_bytes!("../../../tests/fixtures/trustpilot/reviews.json");
    assert!(preview("a.json", page, &["--as", "trustpilot"]).unwrap().starts_with("trustpilot: "));
    let mut console =
        Console { config: "/nowhere/uproar.toml".into(), out: Box::new(Vec::new()), err: Box::new(Vec::new()), colours: false };
    let refused = run(&Line::parse_from(["preview", "shop"]).args, &mut console).unwrap_err();
    assert_eq!(
        refused.message,
        "`shop` is no file and no address, and there is no configuration /nowhere/uproar.toml that could have a source of that name; \
         name one with `--config`"
    );
}

/// Looks at a source whose service gives these answers in turn; gives what is shown, and how often somebody waited.
fn looked(source: &dyn Source, answers: &[&[u8]]) -> String {
    let mut out = Vec::new();
    let mut table = table::Table::new(&mut out, false);
    let mut answers = answers.iter();
    let args = Line::parse_from(["preview", "it", "--fetched-at", "2026-10-05T00:00:00Z"]).args;
    let bounds = Bounds { since: true, wait: |_| (), ..Bounds::A_LOOK };
    let mut carry = |request: &Request, _: &mut dyn Show| {
        let Request::Call(call) = request else { panic!("{request:?}") };
        let body = answers.next().expect("nothing more is asked").to_vec();
        let (url, call) = (call.url.clone(), call.clone());
        Ok(Response::Call(Box::new(crate::domain::http::Reply { url, call, status: 200, body, ..Default::default() })))
    };
    walk(source, &args, &bounds, &mut table, &mut carry).unwrap();
    table.finish().unwrap();
    assert_eq!(answers.next(), None);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_look_goes_on_until_messages_come_and_says_what_follows() {
    let shop = sources::trustpilot::Trustpilot::new(sources::trustpilot::specimen());
    let page: &[u8] = include_bytes!("../../../tests/fixtures/trustpilot/reviews.json");
    let shown = looked(&shop, &[br#"{"id":"5f"}"#, page]);
    assert!(shown.contains("more pages follow, which the first poll reads\n") && shown.contains("66f0a1"), "{shown}");
    let shown = looked(&shop, &[br#"{"id":"5f"}"#, br#"{"reviews":[]}"#]);
    assert_eq!(shown, "trustpilot: 0 items\nthere is nothing newer than `since` of the source: a week, where it names none\n");

    let survey = sources::qualtrics::Qualtrics::new(sources::qualtrics::specimen());
    let (started, runs) = (br#"{"result":{"progressId":"ES_1","status":"inProgress"}}"#, br#"{"result":{"status":"inProgress"}}"#);
    let complete = br#"{"result":{"fileId":"f1","status":"complete"}}"#;
    let export = include_bytes!("../../../tests/fixtures/qualtrics/export.json");
    let shown = looked(&survey, &[started, runs, complete, export]);
    assert!(shown.contains("R_one") && !shown.contains("follow"), "{shown}");
    // A minute of waiting is enough.
    let shown = looked(&survey, &[started, runs, runs, runs, runs, runs]);
    assert!(shown.contains("no message came yet, and there is more to ask for: the daemon goes on where this look ends"), "{shown}");
}
