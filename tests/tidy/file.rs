//! A text file of the repository, and what of it is code.

use std::fs;
use std::path::Path;

/// A file with its path below the repository.
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// All text files in a folder and below; none where the folder is not there.
    pub fn all_below(folder: &Path) -> Vec<Self> {
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let mut files = Vec::new();
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() { files.extend(Self::all_below(&path)) } else { files.extend(Self::read(&path)) }
        }
        files
    }

    /// The text files in a folder, without those below.
    pub fn beside(folder: &Path) -> Vec<Self> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        // `.git` is a file in a second checkout, and names a folder of the machine.
        entries.filter(|path| path.is_file() && !path.ends_with(".git")).filter_map(|path| Self::read(&path)).collect()
    }

    fn read(path: &Path) -> Option<Self> {
        let text = String::from_utf8(fs::read(path).unwrap()).ok()?;
        let path = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
        Some(Self { path: path.to_str().unwrap().replace('\\', "/"), text })
    }

    pub fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }

    /// The module of the crate to which the file belongs; `None` outside of `src`.
    pub fn module(&self) -> Option<&str> {
        let below = self.path.strip_prefix("src/").filter(|_| self.is_rust())?;
        below.split(['/', '.']).next()
    }

    /// All lines with their numbers.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Lines of code: without comments, without the tests at the end. A file of nothing but tests has none.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = self.text.find("#[cfg(test)]\nmod tests {").unwrap_or(self.text.len());
        let only_tests = self.path.starts_with("src/") && self.path.ends_with("/tests.rs");
        let end = if only_tests { 0 } else { end };
        let code =
            self.text[..end].lines().enumerate().map(|(index, line)| (index + 1, line.split_once(" // ").map_or(line, |(code, _)| code)));
        code.filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with("//"))
    }

    /// Functions with their lengths in lines, as rustfmt lays them out: up to the brace below the `fn`.
    pub fn functions(&self) -> Vec<(usize, String)> {
        let lines = self.lines().collect::<Vec<_>>();
        let starts = lines.iter().filter_map(|(at, line)| Some((*at, line, name_of_function(line)?)));
        let length = |at: usize, line: &str| {
            let end = format!("{}}}", &line[..line.len() - line.trim_start().len()]);
            lines[at..].iter().position(|(_, line)| *line == end).map_or(1, |found| found + 2)
        };
        starts.map(|(at, line, name)| (length(at, line), format!("{}:{at} {name}", self.path))).collect()
    }

    /// A fault for people: where and what.
    pub fn fault(&self, at: usize, why: &str) -> String {
        format!("{}:{at}: {why}", self.path)
    }
}

fn name_of_function(line: &str) -> Option<&str> {
    let words = ["pub ", "pub(super) ", "pub(crate) ", "const ", "async "];
    let start = words.iter().fold(line.trim_start(), |line, word| line.strip_prefix(word).unwrap_or(line));
    let opens = line.ends_with('{') || line.ends_with('(');
    start.strip_prefix("fn ").filter(|_| opens)?.split(['(', '<']).next()
}
