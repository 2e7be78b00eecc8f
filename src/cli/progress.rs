//! A line on a terminal for whatever takes long; nothing where nobody watches.

use std::io::IsTerminal as _;
use std::io::Write;
use std::time::Duration;
use std::time::Instant;

/// What is done sooner needs no line.
const PATIENCE: Duration = Duration::from_secs(2);
/// The line changes this often.
const GAP: Duration = Duration::from_millis(200);
/// Characters of the bar.
const BAR: usize = 24;

/// How far a command has come.
#[derive(Debug)]
pub struct Progress {
    watched: bool,
    began: Instant,
    told: Option<Instant>,
}

impl Progress {
    /// Begins to count the time. Standard error has to be a terminal, or nothing is ever shown.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "people wait in real time")]
    pub fn start() -> Self {
        Self { watched: std::io::stderr().is_terminal(), began: Instant::now(), told: None }
    }

    /// Shows how far it is, on the line on which it was shown before.
    #[allow(clippy::disallowed_methods, reason = "people wait in real time")]
    pub fn tell(&mut self, err: &mut dyn Write, what: &str, done: u64, all: u64) {
        let now = Instant::now();
        let due = self.told.map_or(self.began + PATIENCE, |told| told + GAP);
        if self.watched && now >= due {
            self.told = Some(now);
            // A terminal that is gone does not stop the work.
            let _ = write!(err, "\r{}\x1b[K", line(what, done, all)).and_then(|()| err.flush());
        }
    }

    /// Takes the line away.
    pub fn end(&mut self, err: &mut dyn Write) {
        if self.told.take().is_some() {
            let _ = write!(err, "\r\x1b[K").and_then(|()| err.flush());
        }
    }
}

fn line(what: &str, done: u64, all: u64) -> String {
    let part = if all == 0 { 0.0 } else { (done as f64 / all as f64).clamp(0.0, 1.0) };
    let full = (part * BAR as f64) as usize;
    format!("{what} {}{} {:.0} %", "█".repeat(full), "░".repeat(BAR - full), 100.0 * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_done_and_how_much_of_it() {
        insta::assert_snapshot!(line("reading history", 250, 1000), @"reading history ██████░░░░░░░░░░░░░░░░░░ 25 %");
        assert_eq!(line("a", 9, 0), format!("a {} 0 %", "░".repeat(24)));
    }

    #[test]
    fn nobody_who_does_not_watch_is_told() {
        let mut progress = Progress { watched: false, ..Progress::start() };
        let mut err = Vec::new();
        progress.began -= PATIENCE;
        progress.tell(&mut err, "reading", 1, 2);
        progress.end(&mut err);
        assert!(err.is_empty());
        progress.watched = true;
        progress.tell(&mut err, "reading", 1, 2);
        progress.end(&mut err);
        assert!(String::from_utf8(err).unwrap().ends_with("50 %\u{1b}[K\r\u{1b}[K"));
    }
}
