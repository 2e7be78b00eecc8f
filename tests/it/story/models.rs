//! Models: trained from labelled messages, refused or accepted, and put beside the rules by hand.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;

use crate::house::House;
use crate::house::Ran;

const CONFIG: &str = r#"
builtin_themes = false
[store]
path = "HERE/state/uproar.db"
[[source]]
name = "desk"
every = "1m"
file = { folder = "HERE/surveys" }
[[watch]]
name = "w"
themes = ["*"]
notify = []
"#;

const THEMES: &str = r#"
[[theme]]
name = "loop"
rules = ["circles"]
[[theme]]
name = "late"
rules = ["late"]
[[theme]]
name = "lost"
rules = ["lost"]
"#;

const FILLERS: [&str; 20] = [
    "parcel", "monday", "shoes", "invoice", "colour", "friend", "branch", "letter", "summer", "window", "counter", "screen", "order",
    "number", "clerk", "street", "coffee", "jacket", "ticket", "garden",
];

/// Numbers that look drawn at random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// Texts and their themes. Of `loop` the rule knows half, the others say "treadmill"; what is `late`
/// the rule always knows; `lost` is rare.
fn labelled(count: usize) -> Vec<(String, Vec<&'static str>)> {
    let mut dice = Dice(1);
    let texts = (0..count).map(|at| {
        let mut words: Vec<&str> = (0..10).map(|_| FILLERS[dice.below(FILLERS.len())]).collect();
        let mut themes = Vec::new();
        if at % 3 == 0 {
            themes.push("loop");
            words.insert(dice.below(10), if at % 2 == 0 { "circles" } else { "treadmill" });
        }
        if dice.below(2) == 0 {
            themes.push("late");
            words.insert(dice.below(10), "late");
        }
        if at % 50 == 0 {
            themes.push("lost");
        }
        (words.join(" "), themes)
    });
    texts.collect()
}

fn house() -> House {
    let house = House::new(&format!("{CONFIG}{THEMES}"));
    let line = |(text, themes): (String, Vec<&str>)| format!("{}\n", json!({ "id": 1, "text": text, "labels": themes }));
    house.write("labels.jsonl", &labelled(700).into_iter().map(line).collect::<String>(), 0o644);
    house.write("themes.toml", THEMES, 0o644);
    house.write("surveys/none.txt", "", 0o644);
    house
}

fn tag(house: &House, arguments: &[&str], text: &str) -> Ran {
    let mut command = house.command(&[&["tag", "--explain", "--rules", "themes.toml"], arguments].concat());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{}", json!({ "id": 1, "text": text })).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn a_model_is_kept_where_it_beats_the_rules_and_used_once_the_configuration_names_it() {
    let house = house();
    let dry: Value = house.json(&["train", "--labels", "labels.jsonl", "--dry-run", "--json"]);
    assert_eq!((&dry["texts"], &dry["file"]), (&json!(700), &Value::Null));
    assert!(!house.path("models.json").exists(), "a dry run writes nothing");

    let told = house.told(&["train", "--labels", "labels.jsonl"]);
    for words in
        ["loop ", "the model is kept", "the rules stay: the model is not better by more than chance", "more with the theme are needed"]
    {
        assert!(told.contains(words), "no {words:?} in\n{told}");
    }
    assert!(told.ends_with("It is not used yet. To use it, add to the configuration:\n\n[tagging]\nmodels = \"models.json\"\n"), "{told}");
    let file: Value = serde_json::from_str(&fs::read_to_string(house.path("models.json")).unwrap()).unwrap();
    assert_eq!((file["models"].as_array().unwrap().len(), &file["models"][0]["theme"]), (1, &json!("loop")));
    assert!(file["models"][0]["words"]["treadmill"].as_f64().unwrap() > 1.0);
    assert_eq!(house.told(&["check"]), "ok: 1 source, 3 themes, 1 watch, 0 targets\n", "it never switches itself on");

    let unseen = "Their bot is a treadmill of questions";
    assert!(tag(&house, &[], unseen).out.contains("\"labels\":[]"));
    let ran = tag(&house, &["--models", "models.json"], unseen);
    assert!(ran.out.contains(r#"{"theme":"loop","rule":"model","spans":[[15,24]]}"#), "{}{}", ran.out, ran.err);

    house.configure(&format!("{CONFIG}{THEMES}[tagging]\nmodels = \"models.json\"\n"));
    assert_eq!(house.told(&["check"]), "ok: 1 source, 3 themes, 1 watch, 0 targets, 1 model\n");
    let again = house.told(&["train", "--labels", "labels.jsonl"]);
    assert!(again.contains("The configuration names it: a reload or a restart of the daemon takes it up"), "{again}");
}

#[test]
fn what_a_model_finds_is_stored_and_explained_and_other_rules_put_it_aside() {
    let house = house();
    let item = json!({ "id": "a", "ts": "2026-11-20T10:00:00Z", "text": "Their bot is a treadmill of questions" });
    house.write("old.jsonl", &format!("{item}\n"), 0o644);
    house.told(&["import", "old.jsonl", "--source", "desk"]);
    assert_eq!(house.items()[0]["labels"], json!([]));
    house.told(&["train", "--labels", "labels.jsonl", "--theme", "loop"]);
    house.configure(&format!("{CONFIG}{THEMES}[tagging]\nmodels = \"models.json\"\n"));
    let ran = house.run(&["run", "--once"]);
    assert!(ran.code == 0 && ran.err.contains("a model decides for `loop`, beside its rules"), "{}{}", ran.out, ran.err);
    let items = house.items();
    assert_eq!(items[0]["labels"], json!(["loop"]), "stored messages are tagged again with it");
    let id = items[0]["id"].to_string();
    assert!(house.told(&["explain", "--item", &id]).contains("loop: rule \"model\", by \"treadmill\""));

    house.configure(&format!("{CONFIG}{}[tagging]\nmodels = \"models.json\"\n", THEMES.replace("\"circles\"", "\"circle*\"")));
    let ran = house.run(&["check"]);
    assert_eq!(ran.code, 0);
    for words in ["warning[W0009]: the model of `loop` is not used", "train it again: `uproar train`", "0 targets\n"] {
        assert!(ran.out.contains(words), "no {words:?} in\n{}", ran.out);
    }
    let ran = house.run(&["run", "--once"]);
    assert!(ran.code == 0 && ran.err.contains("the model of `loop` is not used"), "{}{}", ran.out, ran.err);
    assert_eq!(house.items()[0]["labels"], json!([]));

    fs::write(house.path("models.json"), "{").unwrap();
    let ran = house.run(&["check"]);
    assert_eq!(ran.code, 78);
    assert!(ran.out.contains("error[E0028]: the models cannot be used"), "{}", ran.out);
}

#[test]
fn what_people_said_of_stored_messages_is_learnt_from() {
    let house = house();
    let texts = labelled(700);
    let lines = |line: &dyn Fn(usize, &str, &[&str]) -> Value| -> String {
        let lines: Vec<String> = texts.iter().enumerate().map(|(at, (text, themes))| line(at, text, themes).to_string()).collect();
        lines.join("\n")
    };
    let messages = lines(&|at, text, _| json!({ "id": at, "ts": "2026-11-20T10:00:00Z", "text": text }));
    let labels = lines(&|at, _, themes| json!({ "source": "desk", "id": at, "missing": themes, "drawn": "random" }));
    house.write("old.jsonl", &messages, 0o644);
    house.write("said.jsonl", &labels, 0o644);
    house.told(&["import", "old.jsonl", "--source", "desk"]);
    house.told(&["label", "--import", "said.jsonl"]);
    let told: Value = house.json(&["train", "--theme", "loop", "--json"]);
    assert_eq!((&told["texts"], &told["themes"][0]["kept"]), (&json!(700), &json!(true)), "{told}");
    assert!(house.path("models.json").exists());

    house.configure(&format!("{CONFIG}{THEMES}[tagging]\nmodels = \"models.json\"\n"));
    let ran = house.run(&["quality", "--theme", "loop"]);
    assert!(ran.err.contains("loop: a model decides, which may have learnt from these very labels"), "{}{}", ran.out, ran.err);
}

#[test]
fn training_says_what_is_missing() {
    let house = house();
    let ran = house.run(&["train", "--dry-run"]);
    assert_eq!(ran.code, 65);
    assert!(ran.err.contains("nobody has labelled a message yet; `uproar label` asks for labels"), "{}", ran.err);
    house.write("bad.jsonl", "{\"text\":\"x\",\"labels\":[]}\n{\"text\":\n", 0o644);
    let ran = house.run(&["train", "--labels", "bad.jsonl"]);
    assert!(ran.code == 65 && ran.err.contains("bad.jsonl: line 2: "), "{}", ran.err);
    let ran = house.run(&["train", "--labels", "labels.jsonl", "--theme", "lop"]);
    assert!(ran.code == 2 && ran.err.contains("did you mean `loop`?"), "{}", ran.err);
    let ran = house.run(&["train", "--labels", "labels.jsonl", "--out", "uproar.toml"]);
    assert!(ran.code == 74 && ran.err.contains("holds no models; name another file with --out"), "{}", ran.err);
    let told = house.told(&["train", "--labels", "labels.jsonl", "--theme", "lost"]);
    assert!(told.contains("lost") && !told.contains("wrote") && !house.path("models.json").exists(), "{told}");
}
