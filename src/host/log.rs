//! The log: the journal's own protocol under systemd, readable lines on a terminal.
//!
//! A line says who, what, how long and what next; fields are for queries. No customer's text, no
//! address with a key and no secret is ever logged.

use std::io::IsTerminal as _;
use std::os::unix::fs::MetadataExt as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::host::env;

/// Starts logging for the whole process. `UPROAR_LOG` sets the level, as in `debug` or
/// `uproar::fetch=debug`.
pub fn start() {
    let filter = env::read("UPROAR_LOG").and_then(|text| EnvFilter::try_new(text).ok()).unwrap_or_else(|| EnvFilter::new("info"));
    if stderr_is_the_journal()
        && let Ok(journal) = tracing_journald::layer()
    {
        let journal = journal.with_syslog_identifier("uproar".to_owned()).with_field_prefix(Some("UPROAR".to_owned()));
        // A second start in one process (a test) keeps the first one's log.
        let _ = tracing_subscriber::registry().with(filter).with(journal).try_init();
        return;
    }
    let terminal = std::io::stderr().is_terminal() && !env::is_set("NO_COLOR");
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(terminal).with_target(false).compact();
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
}

/// Whether standard error goes to the journal. The variable alone does not say so: a terminal that
/// was started as a service hands it on to its shells.
fn stderr_is_the_journal() -> bool {
    let stream = env::read("JOURNAL_STREAM").unwrap_or_default();
    std::fs::metadata("/proc/self/fd/2").is_ok_and(|file| names(&stream, file.dev(), file.ino()))
}

/// Whether `stream`, as systemd writes it, is this device and this file.
fn names(stream: &str, device: u64, file: u64) -> bool {
    stream == format!("{device}:{file}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_stream_is_the_journal() {
        assert!(names("8:70121", 8, 70121));
        for other in ["", "8", "8:", "8:70122", "9:70121", "8:70121:1"] {
            assert!(!names(other, 8, 70121), "{other}");
        }
    }
}
