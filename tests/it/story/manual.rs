//! What the manual says is so: help of every command, and the README's examples.

use crate::house::House;
use crate::house::bare;
use crate::house::ran;

const README: &str = include_str!("../../../README.md");

fn help(path: &[&str]) -> String {
    let arguments = [path, &["--help"]].concat();
    let ran = ran(&mut bare(&arguments));
    assert_eq!(ran.code, 0, "{path:?}: {}", ran.err);
    ran.out
}

/// Names of the commands that a help lists.
fn commands(help: &str) -> Vec<String> {
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let listed = list.lines().take_while(|line| !line.trim().is_empty());
    // Further lines of a description are indented deeper.
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn every_command_has_an_example_and_fits_a_terminal() {
    let mut paths = vec![Vec::new()];
    let mut seen = 0;
    while let Some(path) = paths.pop() {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        let help = help(&words);
        let below = commands(&help);
        if !path.is_empty() {
            let example = help.split("\nExample").nth(1).unwrap_or_default();
            assert!(example.contains(&format!("uproar {}", path.join(" "))), "{path:?}:\n{help}");
        }
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{path:?}:\n{help}");
        seen += 1;
        paths.extend(below.into_iter().map(|name| [path.clone(), vec![name]].concat()));
    }
    assert!(seen > 20, "only {seen} commands were found");
}

#[test]
fn the_readme_shows_the_help_as_it_is() {
    let (_, rest) = README.split_once("<!-- usage -->").unwrap();
    let (shown, _) = rest.split_once("<!-- /usage -->").unwrap();
    let shown = shown.trim().trim_start_matches("```text\n").trim_end_matches("```");
    let told = help(&[]);
    assert_eq!(shown.trim_end(), told.trim_end(), "the README's usage block has to be:\n{told}");
}

#[test]
fn every_command_of_the_readme_is_one() {
    let table = README.split("\n## Commands\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let known = commands(&help(&[]));
    let named: Vec<&str> = table
        .lines()
        .filter_map(|line| line.split_once("uproar ")?.1.split([' ', '`']).next())
        .filter(|word| word.chars().all(char::is_alphabetic) && !word.is_empty())
        .collect();
    assert!(named.len() > 15, "{named:?}");
    let strangers: Vec<&&str> =
        named.iter().filter(|name| **name == name.to_lowercase() && !known.contains(&(**name).to_owned())).collect();
    assert!(strangers.is_empty(), "not commands: {strangers:?}");
}

/// The bodies of the fenced blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let fence = format!("\n```{language}\n");
    README.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned() + "\n").collect()
}

/// What a block that shows a part only needs around it.
const AROUND: &str = r#"
[[source]]
name = "desk"
every = "1m"
file = { folder = "surveys" }
[[watch]]
name = "all"
themes = ["*"]
notify = ["box"]
[[target]]
name = "box"
file = { folder = "mails" }
"#;

#[test]
fn every_configuration_of_the_readme_is_right() {
    let blocks = blocks("toml");
    assert!(blocks.len() >= 3, "the README has examples");
    for block in blocks {
        let whole = if block.contains("[[watch]]") { block } else { format!("{block}{AROUND}") };
        let house = House::new(&whole);
        let ran = house.run(&["check", "--quiet"]);
        assert_eq!(ran.code, 0, "{whole}\n{}{}", ran.out, ran.err);
        assert!(!ran.out.contains("error["), "{}", ran.out);
    }
}

#[test]
fn init_gives_a_configuration_that_is_right() {
    let house = House::new("");
    let made = house.run(&["init", "made"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let file = house.path("made/uproar.toml");
    let ran = ran(house.command(&["check", "--quiet", "--config"]).arg(file));
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}
