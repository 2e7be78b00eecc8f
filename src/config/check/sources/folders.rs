//! Two sources that read the same files of a folder: messages are counted twice, or one takes away what
//! the other has not read.

use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;

use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::settings::Config;
use crate::config::shape::top::Top;
use crate::config::tree::Place;
use crate::sources::Settings;
use crate::sources::file;
use crate::sources::file::After;

/// Warnings that are told one by one.
const TOLD: usize = 20;
/// Longer patterns are taken to share a file.
const LONGEST: usize = 200;

/// A source that reads a folder.
struct Reads<'a> {
    name: &'a str,
    files: &'a file::Settings,
    at: Place,
}

/// Warns of each source that reads files of one before it. Asked only where there is no error, so every
/// source was read.
pub fn warn(top: &Top, config: &Config, reader: &mut Reader<'_>) {
    let mut by_folder: HashMap<PathBuf, Vec<Reads<'_>>> = HashMap::new();
    let mut told = 0;
    for (source, written) in config.sources.iter().zip(&top.source) {
        let Settings::File(files) = &source.kind else { continue };
        let folder = written.file.as_ref().and_then(|files| files.value.folder.as_ref());
        let Some(at) = folder.and_then(|folder| folder.at.clone()).filter(|_| files.url.is_none()) else { continue };
        let reads = Reads { name: &source.name, files, at };
        if let Some(other) = shared(&reads, &by_folder).filter(|_| told < TOLD) {
            told += 1;
            reader.report(warning(&reads, other));
        }
        by_folder.entry(plain(&files.folder)).or_default().push(reads);
    }
}

fn warning(reads: &Reads<'_>, other: &Reads<'_>) -> Problem {
    let moves = [reads, other].iter().any(|reads| reads.files.after != After::Keep);
    let why = if moves { "one takes away what the other has not read yet" } else { "their messages count twice" };
    Problem::warning(Code::SameFolder, reads.at.clone(), format!("`{}` reads files that `{}` reads", reads.name, other.name))
        .label(why)
        .also(other.at.clone(), "read here already")
        .help("take one of them out, or give each a `pattern` that no file of the other matches")
}

/// One that reads some of the same files.
fn shared<'a, 'b>(reads: &Reads<'_>, by_folder: &'b HashMap<PathBuf, Vec<Reads<'a>>>) -> Option<&'b Reads<'a>> {
    let own = plain(&reads.files.folder);
    let here = own.ancestors().filter_map(|folder| Some((by_folder.get(folder)?, folder == own))).flat_map(|(all, same)| {
        let holds = move |other: &&Reads<'_>| same || other.files.recursive;
        all.iter().filter(holds)
    });
    // One that is looked into may hold those of others.
    let below = by_folder.iter().filter(|(folder, _)| reads.files.recursive && folder.starts_with(&own)).flat_map(|(_, all)| all);
    let mut found: Vec<&Reads<'_>> = here.chain(below).filter(|other| share_a_file(reads.files, other.files)).collect();
    found.sort_by(|one, other| one.at.cmp(&other.at));
    found.first().copied()
}

/// A folder without the dots in its path.
fn plain(folder: &Path) -> PathBuf {
    folder.components().filter(|part| *part != std::path::Component::CurDir).collect()
}

fn share_a_file(one: &file::Settings, other: &file::Settings) -> bool {
    let all = |files: &file::Settings| files.pattern.is_empty();
    all(one) || all(other) || one.pattern.iter().any(|one| other.pattern.iter().any(|other| meet(one, other)))
}

/// Whether some name matches both patterns.
fn meet(one: &str, other: &str) -> bool {
    let letters = |pattern: &str| pattern.chars().collect::<Vec<char>>();
    let (one, other) = (letters(one), letters(other));
    if one.len() > LONGEST || other.len() > LONGEST {
        return true;
    }
    // `row[at]`: whether what is left of `one` and `other[at..]` can be the same.
    let mut below = vec![false; other.len() + 1];
    for left in (0..=one.len()).rev() {
        let mut row = vec![false; other.len() + 1];
        for right in (0..=other.len()).rev() {
            let (first, second) = (one.get(left), other.get(right));
            row[right] = match (first, second) {
                (None, None) => true,
                (Some('*'), _) if below[right] => true,
                (Some('*'), Some(_)) if row[right + 1] => true,
                (_, Some('*')) => row[right + 1] || first.is_some() && below[right],
                (Some(first), Some(second)) if *first != '*' => (first == second || *first == '?' || *second == '?') && below[right + 1],
                _ => false,
            };
        }
        below = row;
    }
    below[0]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns_that_share_a_name_are_known() {
        for (one, other, expected) in [
            ("*.csv", "*.csv", true),
            ("*.csv", "csat-*", true),
            ("*.csv", "*.xlsx", false),
            ("csat-*.csv", "nps-*.csv", false),
            ("csat-?.csv", "csat-12.csv", false),
            ("a?c", "ab?", true),
            ("*", "x", true),
            ("A*", "a.csv", false),
            ("", "*", true),
            ("a*b*c", "*x*", true),
        ] {
            assert_eq!(meet(one, other), expected, "{one} {other}");
            assert_eq!(meet(other, one), expected, "{other} {one}");
        }
    }

    proptest! {
        #[test]
        fn a_name_that_both_match_is_found(name in "[ab]{0,6}", holes in proptest::collection::vec((0_usize..7, 0_usize..7, proptest::bool::ANY), 0..4)) {
            // Patterns are made of the name, by holes in it.
            let mut patterns = [name.clone(), name.clone()];
            for (number, (from, to, star)) in holes.into_iter().enumerate() {
                let pattern = &mut patterns[number % 2];
                let (from, to) = (from.min(pattern.len()), to.min(pattern.len()));
                if star && from <= to {
                    pattern.replace_range(from..to, "*");
                }
            }
            prop_assert!(meet(&patterns[0], &patterns[1]), "{:?}", patterns);
        }
    }
}
