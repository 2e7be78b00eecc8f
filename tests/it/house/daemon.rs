//! The daemon as a process: its log, its metrics, and ways to end it.

use std::cell::RefCell;
use std::fs;
use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;

use super::eventually;
use super::web;

/// A running daemon; it is killed with this value.
pub struct Daemon {
    process: RefCell<Child>,
    log: PathBuf,
    /// Where this daemon's part of the log begins.
    from: usize,
}

impl Daemon {
    pub(super) fn start(mut command: Command, log: PathBuf) -> Self {
        let from = fs::read(&log).map_or(0, |bytes| bytes.len());
        let file = OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let process = command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        Self { process: RefCell::new(process), log, from }
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.process.borrow().id()
    }

    /// What it has said since it was started.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()[self.from..]).into_owned()
    }

    /// Waits for something that can be seen from outside, as long as the daemon lives.
    pub fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let looked = || {
            let found = look();
            assert!(found.is_some() || self.is_running(), "the daemon has ended before it came: {what}\n{}", self.log());
            found
        };
        eventually(what, || self.log(), looked)
    }

    /// Waits for words in the log.
    pub fn says(&self, words: &str) {
        self.until(words, || self.log().contains(words).then_some(()));
    }

    /// Where it serves health and metrics.
    pub fn address(&self) -> SocketAddr {
        let address = || {
            let log = self.log();
            let (_, rest) = log.split_once("health and metrics at http://")?;
            rest.split('/').next()?.parse().ok()
        };
        self.until("an address in the log", address)
    }

    /// One of its pages: status and body.
    pub fn page(&self, path: &str) -> (u16, String) {
        let address = self.address();
        self.until(path, || web::get(address, path))
    }

    /// Waits until it works.
    pub fn is_ready(&self) {
        self.until("/readyz", || (self.page("/readyz").0 == 200).then_some(()));
    }

    /// A metric's value: `name` as it stands there, with its labels.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let (_, text) = self.page("/metrics");
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }

    /// Waits until a metric has at least this value.
    pub fn counts(&self, name: &str, least: f64) {
        self.until(&format!("{name} {least}"), || self.metric(name).filter(|value| *value >= least));
    }

    /// Waits until everything that is stored now has been judged: the look that is under way may
    /// have begun before, the second one from now has not.
    pub fn has_judged(&self) {
        let before = self.metric("uproar_evaluations_total").unwrap_or(0.0);
        self.counts("uproar_evaluations_total", before + 2.0);
    }

    /// Sends a signal by its short name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.pid())]).status().unwrap();
        assert!(sent.success(), "kill -{name}");
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(self) {
        let mut process = self.process.borrow_mut();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Waits until it has ended.
    pub fn ends(&self) -> ExitStatus {
        eventually("the daemon's end", || self.log(), || self.process.borrow_mut().try_wait().unwrap())
    }

    /// Whether it is still there.
    pub fn is_running(&self) -> bool {
        self.process.borrow_mut().try_wait().unwrap().is_none()
    }

    /// Asks it to stop; it must go with 0.
    pub fn stop(self) {
        self.signal("TERM");
        let status = self.ends();
        assert_eq!(status.code(), Some(0), "{}", self.log());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let process = self.process.get_mut();
        let _ = process.kill();
        let _ = process.wait();
    }
}
