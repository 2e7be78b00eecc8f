//! People label messages at the terminal and in files, and see how good the themes are.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;

use crate::house::House;
use crate::house::Ran;

const REST: &str = r#"
builtin_themes = false
[store]
path = "HERE/state/uproar.db"
[[source]]
name = "desk"
every = "1m"
file = { folder = "HERE/surveys" }
[[source]]
name = "forum"
every = "1m"
file = { folder = "HERE/posts" }
[[watch]]
name = "parcels"
themes = ["late", "rude"]
sources = ["desk"]
notify = ["box"]
[[target]]
name = "box"
file = { folder = "HERE/mails" }
[[theme]]
name = "rude"
rules = ["rude", "insult*"]
"#;

const LATE: &str = r#"
[[theme]]
name = "late"
[[theme.rule]]
name = "parcel is late"
when = "late"
[[theme.rule]]
name = "waiting"
when = "waiting"
unless = "room"
"#;

/// A house with these messages on the desk, and one in the forum.
fn house(texts: &[(&str, u32, &str)]) -> House {
    let house = House::new(&format!("{REST}{LATE}"));
    let line = |(id, stars, text): &(&str, u32, &str)| {
        format!("{}\n", json!({ "id": id, "ts": "2026-11-20T10:00:00Z", "rating": stars, "rating_max": 5, "text": text }))
    };
    house.write("desk.jsonl", &texts.iter().map(line).collect::<String>(), 0o644);
    house.write("forum.jsonl", &line(&("f1", 5, "A late evening in the forum")), 0o644);
    house.told(&["import", "desk.jsonl", "--source", "desk"]);
    house.told(&["import", "forum.jsonl", "--source", "forum"]);
    house
}

const FOUR: [(&str, u32, &str); 4] = [
    ("m1", 1, "My parcel is late. Write to anna@shop.example please"),
    ("m2", 5, "It is never too late for a good coat"),
    ("m3", 2, "They were waiting in the waiting room"),
    ("m4", 1, "Still no sign of it"),
];

/// Runs a command that reads from its input.
fn fed(house: &House, arguments: &[&str], input: &str) -> Ran {
    let mut command = house.command(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Whoever has enough reads no further.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

fn labels(house: &House) -> Vec<Value> {
    house.told(&["label", "--export"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn theme<'a>(quality: &'a Value, name: &str) -> &'a Value {
    quality["themes"].as_array().unwrap().iter().find(|theme| theme["theme"] == name).unwrap()
}

#[test]
fn a_person_labels_messages_and_goes_on_where_they_stopped() {
    let house = house(&FOUR);
    let told = fed(&house, &["label", "--who", "anna", "--source", "desk"], "\n\nq\n");
    assert_eq!(told.code, 0, "{}", told.err);
    assert!(told.out.contains("2 labelled (") && told.out.contains("Enter: right as shown"), "{}", told.out);
    assert!(!told.out.contains('\u{1b}') && !told.out.contains("anna@shop"), "no colours in a pipe, nobody's address: {}", told.out);
    assert_eq!(labels(&house).len(), 2);

    // The rest; then there is nothing left, and somebody else begins anew.
    let rest = fed(&house, &["label", "--who", "anna", "--source", "desk"], "\n\n\n\n\n");
    assert!(rest.out.contains("there is no further message to label\n2 labelled ("), "{}", rest.out);
    let none = fed(&house, &["label", "--who", "anna", "--source", "desk"], "\n");
    assert_eq!(none.out, "there is no further message to label\n");
    let bo = fed(&house, &["label", "--who", "bo", "--count", "3"], "\n\n\n\n\n");
    assert!(bo.out.contains("3 labelled ("), "{}", bo.out);
    assert_eq!(labels(&house).len(), 7);
}

#[test]
fn numbers_change_themes_and_undo_takes_the_last_label_back() {
    let house = house(&[("m1", 5, "My parcel is late"), ("m2", 5, "A fine coat")]);
    // Only the first is in doubt: it hangs on one rule. It is rude too, no, only rude; and a slip of the finger.
    let told = fed(&house, &["label", "--unsure", "--source", "desk", "--who", "anna"], "1\n2\nx9\n\n");
    for words in
        ["[x] 2 late  rule \"parcel is late\": \"late\"", "parcel is *late*", "now: rude, late", "now: rude\n", "`x9` is no answer"]
    {
        assert!(told.out.contains(words), "no {words:?} in\n{}", told.out);
    }
    let label = &labels(&house)[0];
    assert_eq!((&label["drawn"], &label["who"], &label["id"]), (&json!("unsure"), &json!("anna"), &json!("m1")));
    assert_eq!((&label["missing"], &label["wrong"], &label["right"]), (&json!(["rude"]), &json!(["late"]), &json!([])));

    // Taken back, the message comes again as it was labelled.
    let again = fed(&house, &["label", "--who", "bo", "--source", "desk"], "u\n1\n\nu\nq\n");
    assert!(again.out.contains("there is no label of this sitting to take back"), "{}", again.out);
    assert!(again.out.contains("taken back:\n\n1 of 20") && again.out.contains("[x] 1 rude\n"), "{}", again.out);
    assert_eq!(labels(&house).len(), 1, "what was taken back is gone");

    // A pipe that ends before the empty line: nothing was confirmed, and that is said.
    let cut_short = fed(
        &house,
        &["label", "--who", "cy", "--source", "desk"],
        "1
",
    );
    assert!(cut_short.err.contains("no empty line confirmed the change to the last message"), "{}", cut_short.err);
    assert_eq!(labels(&house).len(), 1);
}

#[test]
fn half_is_drawn_by_chance_and_half_for_doubt() {
    let texts: Vec<(String, u32, &str)> =
        (0..30).map(|n| (format!("m{n}"), 5, if n < 10 { "It is late" } else { "All is well" })).collect();
    let texts: Vec<(&str, u32, &str)> = texts.iter().map(|(id, stars, text)| (id.as_str(), *stars, *text)).collect();
    let house = house(&texts);
    let told = fed(&house, &["label", "--source", "desk", "--count", "8"], &"\n".repeat(8));
    assert!(told.out.contains("8 labelled (4 at random, 4 unsure), 0 skipped; `uproar quality` shows"), "{}", told.out);
    let labels = labels(&house);
    assert!(labels.iter().filter(|label| label["drawn"] == "unsure").all(|label| label["right"] == json!(["late"])), "{labels:?}");
    assert!(labels.iter().all(|label| label["among"] == "sources"), "{labels:?}");
    let only = fed(&house, &["label", "--who", "bo", "--unsure", "--source", "desk"], &"\n".repeat(20));
    assert!(only.out.contains("there is no further message to label\n10 labelled (0 at random, 10 unsure)"), "{}", only.out);
}

#[test]
fn what_was_skipped_is_not_stored_and_comes_again_next_time() {
    let house = house(&[("m1", 5, "My parcel is late")]);
    let skipped = fed(&house, &["label", "--source", "desk"], "s\n");
    assert_eq!(skipped.out.matches("of 20 ·").count(), 1, "{}", skipped.out);
    assert_eq!(labels(&house).len(), 0);
    assert!(fed(&house, &["label", "--source", "desk"], "q\n").out.contains("parcel is *late*"));
}

#[test]
fn a_changed_theme_shows_its_effect_and_then_is_as_it_was() {
    let house = house(&FOUR);
    let line = |id: &str, right: &[&str], wrong: &[&str], missing: &[&str]| {
        let label =
            json!({ "source": "desk", "id": id, "right": right, "wrong": wrong, "missing": missing, "drawn": "random", "who": "anna" });
        format!("{label}\n")
    };
    let lines =
        [line("m1", &["late"], &[], &[]), line("m2", &[], &["late"], &[]), line("m3", &[], &[], &[]), line("m4", &[], &[], &["late"])];
    house.write("labels.jsonl", &lines.concat(), 0o644);
    assert_eq!(
        house.told(&["label", "--import", "labels.jsonl"]),
        "labels.jsonl: 4 taken over, 0 already known, 0 bad lines, 0 messages not stored\n"
    );
    let before = house.json(&["quality", "--json"]);
    let late = theme(&before, "late");
    assert_eq!((&late["precision"]["hits"], &late["precision"]["of"]), (&json!(1), &json!(2)));
    assert_eq!((&late["recall"]["hits"], &late["recall"]["of"], &late["positives"]), (&json!(1), &json!(2), &json!(2)));
    assert_eq!((&late["worst_rule"]["rule"], &late["worst_rule"]["wrong"]), (&json!("parcel is late"), &json!(1)));
    assert_eq!(late["precision"]["too_few"], json!(true));
    let told = house.told(&["quality", "--theme", "late"]);
    for words in [
        "late   2 tags: too few to say  2 complaints: too few to say",
        "rule `parcel is late`: 1 of 2 wrong, too few to say",
        "\"It is never",
    ] {
        assert!(told.contains(words), "no {words:?} in\n{told}");
    }

    house.configure(&format!("{REST}{}", LATE.replace("when = \"late\"", "when = \"late | sign\"\nunless = \"coat\"")));
    let after = house.json(&["quality", "--json"]);
    let late = theme(&after, "late");
    assert_eq!((&late["precision"]["hits"], &late["precision"]["of"], &late["recall"]["hits"]), (&json!(2), &json!(2), &json!(2)));
    assert!(late["worst_rule"].is_null(), "{late}");
    let then = house.json(&["quality", "--then", "--json"]);
    assert_eq!(theme(&then, "late"), theme(&before, "late"), "but for nothing");
    assert_eq!(house.told(&["export", "--theme", "late"]).lines().count(), 3, "labels changed no tag");
    assert_eq!(house.run(&["check", "--recount", "--quiet"]).code, 0);
}

#[test]
fn quality_can_be_asked_of_a_watch_a_theme_and_a_time() {
    let house = house(&FOUR);
    assert_eq!(house.told(&["quality"]), "no label to go by; `uproar label` asks for some\n");
    let line = "{\"source\":\"forum\",\"id\":\"f1\",\"wrong\":[\"late\"],\"drawn\":\"random\"}\n";
    assert_eq!(fed(&house, &["label", "--import", "-"], line).code, 0);
    assert_eq!(house.json(&["quality", "--watch", "parcels", "--json"])["labelled"], json!(0), "the watch has the desk only");
    assert_eq!(house.json(&["quality", "--since", "2026-11-20", "--json"])["labelled"], json!(1));
    assert_eq!(house.json(&["quality", "--since", "2026-11-21", "--json"])["labelled"], json!(0));
    let typo = house.run(&["quality", "--theme", "lade"]);
    assert_eq!((typo.code, typo.err.as_str()), (2, "uproar: there is no theme `lade` here; did you mean `late`?\n"));
}

#[test]
fn a_file_with_bad_lines_gives_the_good_ones_and_says_what_is_wrong_with_the_others() {
    let house = house(&FOUR);
    let good = r#"{"source":"desk","id":"m1","right":["late"],"at":"2026-11-21T10:00:00Z"}"#;
    let typo = r#"{"source":"desk","id":"m4","missing":["lade"],"at":"2026-11-21T10:00:00Z"}"#;
    let stranger = r#"{"source":"desk","id":"m9","right":["late"]}"#;
    let both = r#"{"source":"desk","id":"m2","right":["late"],"wrong":["late"]}"#;
    let file = format!("{good}\nnonsense\n\n{both}\n{stranger}\n{typo}\n");
    let told = fed(&house, &["label", "--import", "-", "--who", "anna"], &file);
    assert_eq!(told.code, 65);
    assert_eq!(told.out, "standard input: 2 taken over, 0 already known, 2 bad lines, 1 message not stored\n");
    let lines: Vec<&str> = told.err.lines().collect();
    assert!(lines[0].starts_with("standard input: line 2: expected ident at column 2; a line is {\"source\": ..."), "{}", lines[0]);
    assert_eq!(lines[1], "standard input: line 4: `late` is named twice; it is one of right, wrong, missing and absent");
    assert_eq!(lines[2], "standard input: line 5: source `desk` has no message `m9` in the store; import or poll it first");
    assert!(lines[3].starts_with("standard input: line 6: theme `lade` is not configured; did you mean `late`?"), "{}", lines[3]);

    // A second time nothing changes, and what was exported comes back as it was.
    let twice = fed(&house, &["label", "--import", "-", "--who", "anna"], &format!("{good}\n{typo}\n"));
    assert_eq!((twice.code, twice.out.contains("0 taken over, 2 already known")), (0, true), "{}", twice.out);
    let exported = house.told(&["label", "--export"]);
    let back = fed(&house, &["label", "--import", "-"], &exported);
    assert!(back.out.contains("0 taken over, 2 already known"), "{}", back.out);
    assert_eq!(house.told(&["label", "--export"]), exported);
    let only_strangers = fed(&house, &["label", "--import", "-"], &format!("{stranger}\n"));
    assert_eq!(only_strangers.code, 1);
}

#[test]
fn an_export_holds_words_only_when_asked_and_never_an_address() {
    let house = house(&FOUR);
    let good = r#"{"source":"desk","id":"m1","right":["late"]}"#;
    fed(&house, &["label", "--import", "-", "--who", "anna"], good);
    assert_eq!(house.told(&["label", "--export", "labels.jsonl"]), "labels.jsonl: 1 label\n");
    let plain = std::fs::read_to_string(house.path("labels.jsonl")).unwrap();
    assert!(!plain.contains("parcel is late.") && plain.contains("\"rules\":{\"late\":\"parcel is late\"}"), "{plain}");
    let words = house.told(&["label", "--export", "--with-text"]);
    assert!(words.contains("\"text\":\"My parcel is late. Write to [email] please\""), "{words}");
    assert_eq!(house.told(&["label", "--export", "--who", "bo"]), "");
}

#[test]
fn labels_are_asked_of_what_was_asked_for() {
    let house = house(&FOUR);
    let late = fed(&house, &["label", "--theme", "late"], "\n\n\n\n\n\n\n\n\n");
    let of_theme = labels(&house).iter().filter(|label| label["among"] == "theme late").count();
    assert_eq!(of_theme, 3, "m1, m2 and f1 have the theme: {}", late.out);
    let watch = fed(&house, &["label", "--who", "bo", "--watch", "parcels"], "\n\n\n\n\n\n\n");
    assert!(!watch.out.contains("forum") && watch.out.contains("4 labelled"), "{}", watch.out);
    for (arguments, told) in [
        (["label", "--theme", "lade"], "there is no theme `lade`; did you mean `late`?"),
        (["label", "--source", "dusk"], "there is no source `dusk`; did you mean `desk`?"),
        (["label", "--watch", "parcel"], "there is no watch `parcel`; did you mean `parcels`?"),
    ] {
        let ran = house.run(&arguments);
        assert_eq!((ran.code, ran.err), (2, format!("uproar: {told}\n")));
    }
}
