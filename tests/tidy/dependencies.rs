//! What we depend on: licences, second versions, and where crates come from.
//!
//! `.deny.toml` says what is allowed and why. `cargo deny` reads it where it is installed; this
//! reads the same file with what cargo itself knows, so that the rules hold on every machine.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What `.deny.toml` allows.
struct Allowed {
    licences: Vec<String>,
    /// `name@version`
    second_versions: BTreeSet<String>,
}

struct Package {
    name: String,
    version: String,
    licence: String,
    source: Option<String>,
}

impl Allowed {
    fn read(text: &str) -> Self {
        let table: toml::Table = text.parse().unwrap();
        let licences = table["licenses"]["allow"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
        let skip = table["bans"]["skip"].as_array().unwrap().iter();
        let second_versions = skip.map(|entry| {
            assert!(entry["reason"].as_str().is_some_and(|reason| reason.len() > 10), "a second version needs a reason: {entry}");
            entry["crate"].as_str().unwrap().to_owned()
        });
        Self { licences, second_versions: second_versions.collect() }
    }

    /// Everything about `packages` that is not allowed, and every exception that is not needed any more.
    fn faults(&self, packages: &[Package]) -> Vec<String> {
        let mut faults = Vec::new();
        let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for package in packages {
            versions.entry(&package.name).or_default().push(&package.version);
            if !self.permits(&package.licence) {
                faults.push(format!("{} {}: the licence `{}` is not in `.deny.toml`", package.name, package.version, package.licence));
            }
            if package.source.as_deref().is_some_and(|source| source != REGISTRY) {
                faults.push(format!("{} {}: not from the registry of crates", package.name, package.version));
            }
        }
        let twice = versions.iter().filter(|(_, versions)| versions.len() > 1);
        let found = twice.filter_map(|(name, versions)| {
            let skipped = |version: &&&str| self.second_versions.contains(&format!("{name}@{version}"));
            let open = versions.iter().filter(|version| !skipped(version)).count();
            (open > 1)
                .then(|| format!("{name} has the versions {}: name all but one in `.deny.toml`, with the reason", versions.join(", ")))
        });
        faults.extend(found);
        let present = packages.iter().map(|package| format!("{}@{}", package.name, package.version)).collect::<BTreeSet<_>>();
        faults.extend(
            self.second_versions.difference(&present).map(|gone| format!("{gone} is not used any more: take it out of `.deny.toml`")),
        );
        faults
    }

    /// Whether an SPDX expression can be satisfied with the licences in the list.
    fn permits(&self, expression: &str) -> bool {
        let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
        let mut words = spaced.split_whitespace().peekable();
        self.either(&mut words) && words.next().is_none()
    }

    fn either<'a>(&self, words: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>) -> bool {
        let mut good = self.both(words);
        while words.next_if_eq(&"OR").is_some() {
            good |= self.both(words);
        }
        good
    }

    fn both<'a>(&self, words: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>) -> bool {
        let mut good = self.one(words);
        while words.next_if_eq(&"AND").is_some() {
            good &= self.one(words);
        }
        good
    }

    fn one<'a>(&self, words: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>) -> bool {
        let Some(word) = words.next() else { return false };
        if word == "(" {
            let good = self.either(words);
            return words.next() == Some(")") && good;
        }
        // An exception only adds permissions.
        if words.next_if_eq(&"WITH").is_some() {
            words.next();
        }
        self.licences.iter().any(|licence| licence == word)
    }
}

/// What is built for Linux, as cargo resolves it: nothing is fetched.
fn packages() -> Vec<Package> {
    let arguments = ["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform=x86_64-unknown-linux-gnu"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let built = nodes.iter().map(|node| node["id"].as_str().unwrap()).collect::<BTreeSet<_>>();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = metadata["packages"].as_array().unwrap().iter();
    let built = all.filter(|package| built.contains(package["id"].as_str().unwrap()));
    built
        .map(|package| Package {
            name: text(&package["name"]),
            version: text(&package["version"]),
            licence: text(&package["license"]),
            source: package["source"].as_str().map(str::to_owned),
        })
        .collect()
}

#[test]
fn every_dependency_is_allowed() {
    let allowed = Allowed::read(include_str!("../../.deny.toml"));
    let packages = packages();
    assert!(packages.len() > 50, "{} packages", packages.len());
    let faults = allowed.faults(&packages);
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn a_strange_dependency_is_noticed() {
    let allowed = Allowed {
        licences: vec!["MIT".to_owned(), "ISC".to_owned()],
        second_versions: ["old@1.0.0".to_owned(), "gone@1.0.0".to_owned()].into(),
    };
    let package = |name: &str, version: &str, licence: &str, source: &str| Package {
        name: name.to_owned(),
        version: version.to_owned(),
        licence: licence.to_owned(),
        source: Some(source.to_owned()),
    };
    let faults = allowed.faults(&[
        package("old", "1.0.0", "MIT", REGISTRY),
        package("old", "2.0.0", "Apache-2.0 OR MIT", REGISTRY),
        package("copied", "1.0.0", "GPL-3.0-only", REGISTRY),
        package("forked", "1.0.0", "MIT", "git+https://example.com/forked"),
        package("twice", "1.0.0", "MIT", REGISTRY),
        package("twice", "2.0.0", "MIT", REGISTRY),
    ]);
    insta::assert_snapshot!(faults.join("\n"), @"
    copied 1.0.0: the licence `GPL-3.0-only` is not in `.deny.toml`
    forked 1.0.0: not from the registry of crates
    twice has the versions 1.0.0, 2.0.0: name all but one in `.deny.toml`, with the reason
    gone@1.0.0 is not used any more: take it out of `.deny.toml`
    ");
}

#[test]
fn licence_expressions_are_read_with_their_brackets() {
    let allowed = Allowed { licences: vec!["MIT".to_owned(), "ISC".to_owned()], second_versions: BTreeSet::new() };
    for (expression, permitted) in [
        ("MIT", true),
        ("MIT/Apache-2.0", true),
        ("Apache-2.0 WITH LLVM-exception OR MIT", true),
        ("(MIT OR Apache-2.0) AND ISC", true),
        ("MIT AND Apache-2.0", false),
        ("(MIT AND Apache-2.0) OR ISC", true),
        ("MIT )", false),
        ("", false),
    ] {
        assert_eq!(allowed.permits(expression), permitted, "{expression}");
    }
}
