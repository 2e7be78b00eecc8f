//! A house for stories: a folder, the real binary in it, and servers of our own around it.
//!
//! Nothing here knows the inside of Uproar. What is waited for is an event that anybody could see
//! (a file, a metric, a line of the log), so a slow machine makes a story longer but never wrong.

#![allow(dead_code, reason = "a house of tools; each test binary uses some of them")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use chrono::DateTime;
use chrono::Utc;
use tempfile::TempDir;

pub mod daemon;
pub mod feed;
pub mod hook;
pub mod mail;
pub mod web;

use self::daemon::Daemon;

/// Longer than anything takes on a loaded machine; reached only when a story is wrong.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A folder of its own with a configuration and everything the daemon writes.
pub struct House {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

/// What a command said and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl House {
    /// A house with this `uproar.toml`; `HERE` in it stands for the folder.
    pub fn new(config: &str) -> Self {
        let house = Self { folder: tempfile::tempdir().unwrap(), environment: Vec::new() };
        house.configure(config);
        house
    }

    /// Gives every process of this house a variable.
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes the configuration anew. Notices go out one by one and at once, unless it says otherwise:
    /// a story waits for each.
    pub fn configure(&self, config: &str) {
        let at_once = if config.contains("[delivery]") { "" } else { "\n[delivery]\ngather = \"0s\"\n" };
        let config = format!("{config}{at_once}");
        self.write("uproar.toml", &config.replace("HERE", self.folder.path().to_str().unwrap()), 0o644);
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file that appears whole, and makes its folder.
    pub fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let part = self.path("part");
        fs::write(&part, text).unwrap();
        fs::set_permissions(&part, fs::Permissions::from_mode(mode)).unwrap();
        fs::rename(part, &path).unwrap();
        path
    }

    /// The binary with this house's configuration and nothing of the surroundings that matters to it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bare(arguments);
        command.env("UPROAR_CONFIG", self.path("uproar.toml")).current_dir(self.folder.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        ran(&mut self.command(arguments))
    }

    /// The same for a command that must go well; gives what it printed.
    pub fn told(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "uproar {arguments:?}: {}{}", ran.out, ran.err);
        ran.out
    }

    /// What a command printed as JSON.
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.told(arguments)).unwrap()
    }

    /// Starts the daemon.
    pub fn start(&self) -> Daemon {
        Daemon::start(self.command(&["run"]), self.path("log"))
    }

    /// Stored messages, as `export` prints them.
    pub fn items(&self) -> Vec<serde_json::Value> {
        self.told(&["export"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The binary away from every house.
pub fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_uproar"));
    command.args(arguments);
    for name in ["UPROAR_CONFIG", "JOURNAL_STREAM", "NOTIFY_SOCKET", "WATCHDOG_USEC", "CREDENTIALS_DIRECTORY", "RUST_LOG", "NO_COLOR"] {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end.
pub fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// Waits until something is there.
///
/// # Panics
///
/// With `context` when it has not come within [`PATIENCE`].
#[allow(clippy::disallowed_methods, reason = "patience is real time")]
pub fn eventually<T>(what: &str, context: impl Fn() -> String, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "it never came: {what}\n{}", context());
        thread::sleep(Duration::from_millis(25));
    }
}

/// The present, for posts that are to be news: the daemon's clock is the machine's.
#[allow(clippy::disallowed_methods, reason = "a story plays in the present")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Files of a folder with this ending, by name; none while the folder is not there.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).map(|entries| entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()).unwrap_or_default();
    let mut found: Vec<PathBuf> = entries.into_iter().filter(|path| path.to_str().unwrap().ends_with(ending)).collect();
    // Half-written files have names that begin with a dot.
    found.retain(|path| !path.file_name().unwrap().to_str().unwrap().starts_with('.'));
    found.sort();
    found
}
