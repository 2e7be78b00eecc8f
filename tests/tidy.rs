//! The house rules as tests: what a reviewer would otherwise have to say twice.
//!
//! Each rule is a function from one file to its faults, with a made-up file that must break it, so
//! that a rule which has gone blind is noticed. `src/ARCHITECTURE.md` says why the rules are there.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may, also outside of its test functions")]

use std::fs;
use std::path::Path;

#[path = "tidy/dependencies.rs"]
mod dependencies;
#[path = "tidy/file.rs"]
mod file;

use crate::file::File;

/// A module may name modules on lines above its own, never one beside it or below.
const LAYERS: &[&[&str]] = &[
    &["domain"],
    &["text", "calendar"],
    &["sources", "tagging", "counting", "detect", "incident", "polling", "quality", "render", "schedule"],
    &["config"],
    &["host"],
    &["fetch", "store", "deliver", "web"],
    &["engine"],
    &["cli"],
    &["lib", "main"],
];

/// The last layer in which the same input always gives the same output.
const LAST_PURE: &str = "config";

/// What no pure layer names.
const IMPURE: &[&str] = &["tokio::", "reqwest::", "std::fs", "std::net", "std::env", "::now("];

/// Types of `std::net` that are plain values.
const PLAIN_NET: &[&str] = &["std::net::SocketAddr", "std::net::IpAddr", "std::net::Ipv4Addr", "std::net::Ipv6Addr"];

/// Crates whose types stay in one place, and that place.
const HOMES: &[(&str, &[&str])] = &[
    ("reqwest", &["src/fetch/", "src/deliver/"]),
    ("rusqlite", &["src/store/"]),
    ("lettre", &["src/deliver/", "src/render/mail.rs"]),
    ("axum", &["src/web/"]),
    ("plotters", &["src/render/chart/"]),
    ("toml", &["src/config/"]),
];

/// What the top level of the repository holds, besides dotfiles and what is built.
const TOP_LEVEL: &[&str] = &["Cargo.toml", "Cargo.lock", "README.md", "LICENSE", "src", "config", "systemd", "tests", "target"];

/// Folders of one machine. In two parts, or this file would break the rule.
const MACHINE_PATHS: &[&str] = &[concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/wo", "rk/")];

/// Attributes and paths that are not used. In two parts, for the same reason.
const UNWANTED: &[&str] = &[concat!("#[ig", "nore"), concat!("#[should", "_panic"), concat!("super::", "super")];

/// A rule, and a file that breaks it: its name and its text.
type Rule = (&'static str, fn(&File) -> Vec<String>, &'static str, &'static str);

const RULES: &[Rule] = &[
    ("arrows point down", arrows_point_down, "src/detect/tail.rs", "//! Tail.\nuse crate::store::Store;\n"),
    ("arrows do not point aside", arrows_point_down, "src/detect/tail.rs", "//! Tail.\nfn f() { crate::tagging::tag() }\n"),
    ("every module has a layer", arrows_point_down, "src/util/mod.rs", "//! Util.\nuse crate::domain::Timestamp;\n"),
    ("a module does not reach out by super", arrows_point_down, "src/detect/mod.rs", "//! Detect.\nuse super::store::Store;\n"),
    ("one import a line", one_import_a_line, "src/engine/mod.rs", concat!("//! Engine.\nuse crate::", "{store, web};\n")),
    ("pure layers stay pure", pure_layers_stay_pure, "src/config/mod.rs", "//! Config.\nlet text = std::fs::read(path);\n"),
    ("pure layers have no clock", pure_layers_stay_pure, "src/schedule/cron.rs", "//! Cron.\nlet now = Utc::now();\n"),
    ("sockets are impure, addresses not", pure_layers_stay_pure, "src/config/mod.rs", "//! Config.\nuse std::net::TcpStream;\n"),
    ("tasks start in the engine", tasks_start_in_the_engine, "src/fetch/mod.rs", "//! Fetch.\ntokio::spawn(async {});\n"),
    ("foreign types stay at home", foreign_types_stay_at_home, "src/engine/mod.rs", "//! Engine.\nuse rusqlite::Connection;\n"),
    ("every file says what it is for", opens_with_a_header, "src/engine/mod.rs", "use crate::domain::Timestamp;\n"),
    ("nothing is ignored", nothing_unwanted, "tests/it/main.rs", "//! Tests.\n#[ignore = \"slow\"]\nfn f() {}\n"),
    ("nobody climbs twice", nothing_unwanted, "src/fetch/a/b.rs", "//! B.\nuse super::super::Kind;\n"),
    ("no machine's paths", no_paths_of_a_machine, "config/uproar.toml", "path = \"/home/anna/uproar.db\"\n"),
];

fn main_part(path: &str) -> Vec<File> {
    File::all_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
}

/// Every text file of the repository.
fn tree() -> Vec<File> {
    let mut files = ["src", "config", "systemd", "tests", ".ci", ".cargo"].iter().flat_map(|folder| main_part(folder)).collect::<Vec<_>>();
    files.extend(File::beside(Path::new(env!("CARGO_MANIFEST_DIR"))));
    files
}

#[test]
fn the_house_is_tidy() {
    let files = tree();
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "the tree was not found");
    let mut rules = RULES.iter().map(|(_, rule, ..)| *rule).collect::<Vec<_>>();
    rules.dedup_by(|a, b| std::ptr::fn_addr_eq(*a, *b));
    let faults = files.iter().flat_map(|file| rules.iter().flat_map(move |rule| rule(file))).collect::<Vec<_>>();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn each_rule_can_fail() {
    let good = File::new(
        "src/schedule/mod.rs",
        "//! When to poll; not `tokio::spawn`.\nuse crate::domain::Timestamp;\nuse std::net::SocketAddr;\n",
    );
    for (name, rule, path, text) in RULES {
        assert!(!rule(&File::new(path, text)).is_empty(), "{name}: not seen in\n{text}");
        assert_eq!(rule(&good), Vec::<String>::new(), "{name}: seen where it is not");
    }
}

#[test]
fn tests_and_comments_are_no_code() {
    let text =
        "//! Cron.\n// crate::store\n/// crate::web\nfn f() {} // crate::cli\n#[cfg(test)]\nmod tests {\n    use crate::engine::run;\n}\n";
    assert_eq!(arrows_point_down(&File::new("src/schedule/cron.rs", text)), Vec::<String>::new());
}

#[test]
fn the_top_level_holds_nothing_else() {
    let faults = |names: &[&str]| names.iter().filter(|name| !name.starts_with('.') && !TOP_LEVEL.contains(name)).count();
    assert_eq!(faults(&["src", ".ci", "notes.md"]), 1, "the rule can fail");

    let names = fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let strange = names.filter(|name| faults(&[name]) > 0).collect::<Vec<_>>();
    assert!(strange.is_empty(), "not of the top level: {}", strange.join(", "));
}

/// For a reviewer to look at; a long file may be one idea.
#[test]
fn the_longest_are_listed() {
    let sources = tree().into_iter().filter(File::is_rust).collect::<Vec<_>>();
    let mut files = sources.iter().map(|file| (file.code().count(), file.path.clone())).collect::<Vec<_>>();
    let mut functions = sources.iter().flat_map(File::functions).collect::<Vec<_>>();
    assert!(functions.iter().any(|(lines, name)| *lines > 1 && name.ends_with(" the_longest_are_listed")), "functions are found");
    for (what, list) in [("files, in lines of code without tests and comments", &mut files), ("functions", &mut functions)] {
        list.sort_by(|a, b| b.cmp(a));
        println!("longest {what}:");
        list.iter().take(8).for_each(|(lines, name)| println!("{lines:6} {name}"));
    }
}

fn rank(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn arrows_point_down(file: &File) -> Vec<String> {
    let Some(module) = file.module() else { return Vec::new() };
    let Some(own) = rank(module) else { return vec![format!("{}: `{module}` has no line in LAYERS", file.path)] };
    let at_root = file.path == format!("src/{module}/mod.rs") || file.path == format!("src/{module}.rs");
    let mut faults = Vec::new();
    for (at, line) in file.code() {
        if at_root && module != "lib" && line.contains("super::") {
            faults.push(file.fault(at, "leave `super` to files within a module: name it by `crate::`"));
        }
        for used in line.split("crate::").skip(1) {
            let used = used.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            if used != module && rank(used).is_none_or(|rank| rank >= own) {
                faults.push(file.fault(at, &format!("`{module}` may not use `{used}`")));
            }
        }
    }
    faults
}

fn one_import_a_line(file: &File) -> Vec<String> {
    refuse(file, |line| line.contains(concat!("use crate::", "{")), "one `use crate::` a line")
}

fn pure_layers_stay_pure(file: &File) -> Vec<String> {
    if file.module().and_then(rank) > rank(LAST_PURE) || file.module().is_none() {
        return Vec::new();
    }
    let impure = |line: &str| {
        let line = PLAIN_NET.iter().fold(line.to_owned(), |line, plain| line.replace(plain, ""));
        IMPURE.iter().any(|name| line.contains(name))
    };
    refuse(file, impure, "this layer is pure: no runtime, files, sockets, environment or clock")
}

fn tasks_start_in_the_engine(file: &File) -> Vec<String> {
    if file.module().is_none_or(|module| module == "engine") {
        return Vec::new();
    }
    refuse(file, |line| line.contains("tokio::spawn"), "tasks are started in `engine` only, where they are joined")
}

fn foreign_types_stay_at_home(file: &File) -> Vec<String> {
    let Some(module) = file.module() else { return Vec::new() };
    let abroad = |line: &str| {
        let named = |name: &str| {
            line.match_indices(&format!("{name}::"))
                .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
        };
        HOMES.iter().any(|(name, homes)| named(name) && !homes.iter().any(|home| file.path.starts_with(home)))
    };
    refuse(file, abroad, &format!("a foreign type away from home, in `{module}`"))
}

fn opens_with_a_header(file: &File) -> Vec<String> {
    let good = !file.is_rust() || file.text.starts_with("//! ") || file.text.starts_with("#![doc");
    if good { Vec::new() } else { vec![file.fault(1, "a file opens with `//!` and says what it is for")] }
}

fn nothing_unwanted(file: &File) -> Vec<String> {
    let own = file.path == "tests/tidy.rs";
    let unwanted = |line: &str| {
        file.is_rust() && !own && UNWANTED.iter().any(|word| line.trim_start().starts_with(word) || line.contains(UNWANTED[2]))
    };
    file.lines().filter(|(_, line)| unwanted(line)).map(|(at, _)| file.fault(at, "fix the test, or shorten the path")).collect()
}

fn no_paths_of_a_machine(file: &File) -> Vec<String> {
    if file.path == "tests/tidy.rs" {
        return Vec::new();
    }
    let named = |line: &str| MACHINE_PATHS.iter().any(|path| line.contains(path));
    file.lines().filter(|(_, line)| named(line)).map(|(at, _)| file.fault(at, "a path of one machine")).collect()
}

/// Faults of all lines of code that are not wanted.
fn refuse(file: &File, unwanted: impl Fn(&str) -> bool, why: &str) -> Vec<String> {
    file.code().filter(|(_, line)| unwanted(line)).map(|(at, _)| file.fault(at, why)).collect()
}
