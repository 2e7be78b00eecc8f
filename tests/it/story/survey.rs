//! Exports of a survey tool fall into a watched folder.

use chrono::SecondsFormat;

use crate::house::House;
use crate::house::feed::Post;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::spike;
use crate::house::files;

const REST: &str = r#"
[store]
path = "HERE/state/uproar.db"
[listen]
address = "127.0.0.1:0"
[fetch]
settle = "0s"
[[source]]
name = "survey"
every = "1s"
[source.file]
folder = "HERE/drop"
pattern = "*.csv"
columns = { id = "Answer", date = "Given", text = ["What was not right?"], rating = "Stars", rating_max = 5, fields = ["House"] }
[[watch]]
name = "evenings"
themes = ["dark_stage"]
by = ["house"]
notify = ["desk"]
[[target]]
name = "desk"
file = { folder = "HERE/mails" }
"#;

pub(crate) fn csv(posts: &[Post], house: &str) -> String {
    let line = |post: &Post| {
        format!("{},{},2,\"{}\",{house}\n", post.id, post.at.to_rfc3339_opts(SecondsFormat::Secs, true), post.text.replace('"', "\"\""))
    };
    let lines: String = posts.iter().map(line).collect();
    format!("Answer,Given,Stars,What was not right?,House\n{lines}")
}

#[test]
fn a_dropped_export_alerts_once_however_often_it_is_dropped() {
    let house = House::new(&format!("{THEME}{REST}"));
    house.write("drop/2026-10.csv", &csv(&calm_month(), "Old Theatre"), 0o644);
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"late\"}", 460.0);
    daemon.has_judged();
    assert_eq!(files(&house.path("mails"), ".eml").len(), 0, "{}", daemon.log());

    let loud = csv(&spike(0, 40), "Old Theatre");
    house.write("drop/today.csv", &loud, 0o644);
    daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"new\"}", 500.0);
    let told = daemon.until("a mail", || Some(files(&house.path("mails"), ".eml").len()).filter(|mails| *mails > 0));
    daemon.has_judged();
    let incidents = house.json(&["incident", "list", "--all", "--json"]).as_array().unwrap().len();

    house.write("drop/today (1).csv", &loud, 0o644);
    daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"duplicate\"}", 40.0);
    daemon.has_judged();
    assert_eq!(house.items().len(), 500);
    assert_eq!(house.json(&["incident", "list", "--all", "--json"]).as_array().unwrap().len(), incidents);
    assert!(files(&house.path("mails"), ".eml").len() == incidents && told <= incidents, "one mail an incident\n{}", daemon.log());
    daemon.stop();
}

#[test]
fn a_broken_export_is_told_in_the_log_and_harms_nothing() {
    let house = House::new(&format!("{THEME}{REST}"));
    house.write("drop/a.csv", &csv(&spike(0, 3), "Old Theatre"), 0o644);
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"late\"}", 3.0);
    house.write("drop/b.csv", "\u{0}\u{1}\u{2} this is no table", 0o644);
    house.write("drop/c.csv", &csv(&spike(3, 2), "Old Theatre"), 0o644);
    daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"new\"}", 5.0);
    daemon.until("a word about it", || daemon.log().contains("b.csv").then_some(()));
    assert_eq!(house.items().len(), 5);
    daemon.stop();
}

#[test]
fn a_label_that_a_watch_asks_for_later_has_its_history_and_alerts_nobody() {
    let without = REST.replace("by = [\"house\"]\n", "");
    let house = House::new(&format!("{THEME}{without}"));
    house.write("drop/a.csv", &csv(&calm_month(), "Old Theatre"), 0o644);
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"late\"}", 460.0);
    daemon.has_judged();
    daemon.stop();

    house.configure(&format!("{THEME}{}", REST.replace("by = [\"house\"]", "by = [\"house\", \"wing\"]")));
    let daemon = house.start();
    daemon.says("segments by house, wing were built from 460 stored messages");
    daemon.has_judged();
    let status = house.run(&["status"]);
    assert!(status.out.contains("split by `wing`, and no message has that label"), "{}", status.out);
    assert_eq!(house.run(&["check", "--recount"]).code, 0);
    assert_eq!(files(&house.path("mails"), ".eml").len(), 0, "{}", daemon.log());

    house.write("drop/b.csv", &csv(&spike(0, 40), "Old Theatre"), 0o644);
    daemon.until("a mail", || (!files(&house.path("mails"), ".eml").is_empty()).then_some(()));
    daemon.stop();
}

/// The rows of an export under the header of [`csv`], packed.
fn gzip(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut packer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        packer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut packer, text.as_bytes()).unwrap();
    }
    packer.finish().unwrap().into_inner()
}

#[test]
fn a_record_counts_once_whatever_its_file_is_called_and_however_it_is_packed() {
    // Polled once an hour: that a file has come, the kernel tells.
    let rest = REST.replace("every = \"1s\"", "every = \"1h\"").replace("pattern = \"*.csv\"", "recursive = true");
    for with_ids in [true, false] {
        let rest = if with_ids { rest.clone() } else { rest.replace("id = \"Answer\", ", "") };
        let house = House::new(&format!("{THEME}{rest}"));
        let posts = spike(0, 10);
        let export = |from: usize, number: usize| {
            let text = csv(&posts[from..from + number], "Old Theatre");
            if with_ids { text } else { text.replace("Answer,", "Visit,") }
        };
        house.write("drop/week.csv", &export(0, 5), 0o644);
        let daemon = house.start();
        daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"late\"}", 5.0);
        let mut duplicates = 0.0;
        let mut again = |known: usize, all: usize| {
            duplicates += known as f64;
            daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"duplicate\"}", duplicates);
            assert_eq!(house.items().len(), all, "{}", daemon.log());
        };
        std::fs::rename(house.path("drop/week.csv"), house.path("drop/renamed.csv")).unwrap();
        again(5, 5);
        house.write("drop/renamed.csv", &export(0, 9), 0o644);
        again(5, 9);
        house.write("drop/week (1).csv", &export(0, 9), 0o644);
        again(9, 9);
        std::fs::write(house.path("drop/week.csv.gz"), gzip(&export(0, 9))).unwrap();
        again(9, 9);
        house.write("drop/deep/week.csv", &export(0, 9), 0o644);
        again(9, 9);
        std::fs::write(house.path("drop/weeks.zip"), zip(&[("a.csv", &export(0, 4)), ("b.csv", &export(4, 6)), ("notes.pdf", "x")]))
            .unwrap();
        again(9, 10);
        assert_eq!(house.run(&["check", "--recount"]).code, 0);
        daemon.says("notes.pdf");
        daemon.stop();
    }
}

#[test]
fn what_was_read_is_moved_away_and_what_cannot_be_read_of_it_is_kept_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let rest = REST
        .replace("every = \"1s\"", "every = \"1h\"")
        .replace("pattern = \"*.csv\"", "pattern = [\"*.csv\", \"*.txt\"]\nafter = \"move\"\ndone_dir = \"HERE/done\"\nsettle = \"0s\"");
    let house = House::new(&format!("{THEME}{rest}"));
    house.write("drop/.keep", "", 0o644);
    let daemon = house.start();
    let bad = format!("{}x9,2026-10-05T10:00:00Z,2,too,many,cells,in a row\n", csv(&spike(0, 3), "Old Theatre"));
    house.write("drop/a.csv", &bad, 0o644);
    daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"late\"}", 3.0);
    daemon.until("the file to go", || house.path("done/a.csv").exists().then_some(()));
    assert!(!house.path("drop/a.csv").exists());
    daemon.says("1 record that cannot be read stand");
    let kept = house.path("state/rejects/survey/a.csv.rejects.csv");
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&kept).unwrap();
    assert!(text.contains("more cells than columns") && text.contains("too,many,cells"), "{text}");

    house.write("drop/b.csv", "Answer,Given\n1,03/04/2026\n2,05/06/2026\n", 0o644);
    daemon.says("b.csv");
    assert!(house.path("drop/b.csv").exists(), "one that is refused stays");
    daemon.stop();
}

#[test]
fn a_file_stays_while_what_cannot_be_read_of_it_is_kept_nowhere() {
    let rest = REST
        .replace("every = \"1s\"", "every = \"1h\"")
        .replace("pattern = \"*.csv\"", "recursive = true\nafter = \"delete\"\nrejects = \"HERE/kept\"");
    let house = House::new(&format!("{THEME}{rest}"));
    house.write("drop/.keep", "", 0o644);
    house.write("kept", "a file where the folder should be", 0o600);
    let daemon = house.start();
    let bad = |from: usize| format!("{}x9,2026-10-05T10:00:00Z,2,too,many,cells,in a row\n", csv(&spike(from, 2), "Old Theatre"));
    house.write("drop/north/a.csv", &bad(0), 0o644);
    daemon.says("still in its folder: 1 of the records that cannot be read are not kept");
    assert!(house.path("drop/north/a.csv").exists());
    assert_eq!(house.items().len(), 2);

    std::fs::remove_file(house.path("kept")).unwrap();
    house.write("drop/south/a.csv", &bad(2), 0o644);
    house.write("drop/west/a.csv", &bad(4), 0o644);
    daemon.until("the files to go", || (!house.path("drop/south/a.csv").exists() && !house.path("drop/west/a.csv").exists()).then_some(()));
    assert_eq!(files(&house.path("kept/survey"), ".rejects.csv").len(), 2, "each has its own");
    assert!(house.path("drop/north/a.csv").exists(), "it is as it was");
    daemon.stop();
}

#[test]
fn a_record_whose_id_is_filled_in_later_counts_once() {
    let house = House::new(&format!("{THEME}{REST}"));
    let filled = csv(&spike(0, 6), "Old Theatre");
    let second = spike(1, 1)[0].id.clone();
    let blank = filled.replace(&format!("\n{second},"), "\n,");
    assert_ne!(filled, blank);
    house.write("drop/a.csv", &blank, 0o644);
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"late\"}", 6.0);
    let mut duplicates = 0.0;
    for (name, text) in [("a.csv", &filled), ("b.csv", &filled), ("c.csv", &blank), ("d.csv", &filled)] {
        house.write(&format!("drop/{name}"), text, 0o644);
        duplicates += 6.0;
        daemon.counts("uproar_source_items_total{source=\"survey\",kind=\"duplicate\"}", duplicates);
        assert_eq!(house.items().len(), 6, "{name}\n{}", daemon.log());
    }
    assert_eq!(house.run(&["check", "--recount"]).code, 0);
    daemon.stop();
}

#[test]
fn a_row_whose_id_is_filled_in_is_one_message_afterwards_and_its_changes_are_edits() {
    let house = House::new(&format!("{THEME}{REST}"));
    let row = |id: &str, at: &str, text: &str, stars: u8| format!("{id},{at}T10:00:00Z,{stars},{text},Old Theatre\n");
    let long = "The sound was so low that nobody around us could follow the second act";
    let table = |rows: &[String]| format!("Answer,Given,Stars,What was not right?,House\n{}", rows.concat());
    let blank = table(&[row("", "2026-10-05", long, 2), row("", "2026-10-06", "", 1)]);
    house.write("drop/a.csv", &blank, 0o644);
    let daemon = house.start();
    let kinds = |new: f64, duplicate: f64, edited: f64| {
        for (kind, count) in [("late", new), ("duplicate", duplicate), ("edited", edited)] {
            daemon.counts(&format!("uproar_source_items_total{{source=\"survey\",kind=\"{kind}\"}}"), count);
        }
    };
    kinds(2.0, 0.0, 0.0);

    // Two that are alike are two, and nobody knows whose a bare rating was.
    let two = [row("17", "2026-10-05", long, 2), row("18", "2026-10-05", long, 2)];
    let bare = [row("19", "2026-10-06", "", 1), row("20", "2026-10-06", "", 1)];
    house.write("drop/b.csv", &table(&[&two[..], &bare[..]].concat()), 0o644);
    kinds(5.0, 1.0, 0.0);
    let named = |id: &str| house.items().iter().filter(|item| item["external_id"] == id).count();
    assert_eq!(["17", "18", "19", "20"].map(named), [1; 4], "{}", daemon.log());

    house.write("drop/c.csv", &table(&[row("17", "2026-10-05", long, 1), row("18", "2026-10-05", long, 2)]), 0o644);
    kinds(5.0, 2.0, 1.0);
    // Its first export once more: what is older changes nothing.
    house.write("drop/d.csv", &blank, 0o644);
    kinds(5.0, 4.0, 1.0);
    assert_eq!(house.items().len(), 5);
    assert_eq!(house.run(&["check", "--recount"]).code, 0);
    daemon.stop();
}
