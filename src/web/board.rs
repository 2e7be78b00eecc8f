//! What the daemon counts about itself while it runs, and how Prometheus reads it.
//!
//! Labels come from the configuration only: no incident, author or address ever becomes one. Where it
//! has more sources than a monitor can bear, most have no lines of their own.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

/// A metric: its name, its type and its help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    /// `uproar_source_polls_total`
    pub name: &'static str,
    /// `counter` or `gauge`
    pub kind: &'static str,
    /// One sentence.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident $name:literal $kind:literal $help:literal;)*) => {
        $(
            #[doc = $help]
            pub const $constant: Metric = Metric { name: $name, kind: $kind, help: $help };
        )*
        /// Every metric there is.
        pub const ALL: &[Metric] = &[$($constant),*];
    };
}

metrics! {
    BUILD "uproar_build_info" "gauge" "Version of the running daemon.";
    CONFIG "uproar_config_info" "gauge" "Hash of the configuration in force.";
    RELOAD_OK "uproar_config_last_reload_successful" "gauge" "Whether the last reload was taken over.";
    POLLS "uproar_source_polls_total" "counter" "Polls by result: ok, not_modified, error.";
    PUSHES "uproar_source_pushes_total" "counter" "Pushes by result: stored, repeated, empty, untrusted, unreadable, refused, later.";
    ITEMS "uproar_source_items_total" "counter" "Items read by kind: new, edited, duplicate, late, gone, rejected.";
    LAST_SUCCESS "uproar_source_last_success_timestamp_seconds" "gauge" "Start of the last poll that went well.";
    NEWEST_ITEM "uproar_source_newest_item_timestamp_seconds" "gauge" "When a new item was last read.";
    SOURCES "uproar_sources" "gauge" "Sources by state: ok, waiting, failing, suspect, gone, moved, gap, ids_change, silent, paused.";
    SOURCE_STATE "uproar_source_state" "gauge" "1 for the state that a source is in; beyond 1000 sources only those that are not fine are named, here and wherever a source is.";
    SOURCE_ERRORS "uproar_source_errors" "gauge" "Polls in a row that failed.";
    EXPECTED_SILENCE "uproar_source_expected_silence_seconds" "gauge" "How long nothing new may come before that is a wonder; missing where too little is known.";
    WATCH_NO_DATA "uproar_watch_no_data" "gauge" "Whether a watch has no data from one of its sources: that it is calm says nothing then.";
    LATENESS "uproar_poll_lateness_seconds" "gauge" "How late the last polls began, by quantile.";
    EVALUATIONS "uproar_evaluations_total" "counter" "Times that all series were judged.";
    EVALUATION_SECONDS "uproar_evaluation_duration_seconds" "gauge" "How long the last judging took.";
    COUNT "uproar_theme_count" "gauge" "Complaints in the window that scored highest, all segments.";
    EXPECTED "uproar_theme_expected" "gauge" "Complaints expected in it.";
    SCORE "uproar_theme_score" "gauge" "Its score; the limit follows from the budget.";
    INCIDENTS "uproar_incidents" "gauge" "Incidents that are not over, by state and level.";
    UNCONFIRMED "uproar_incidents_unconfirmed_total" "counter" "Pending incidents that died before anybody was told.";
    DELIVERIES "uproar_deliveries_total" "counter" "Tries to deliver by result: delivered, later, dead.";
    OUTBOX "uproar_outbox_rows" "gauge" "Notices that are not delivered by state: queued, leased, suppressed, dead.";
    OUTBOX_AGE "uproar_outbox_oldest_queued_seconds" "gauge" "How long the oldest notice has waited; 0 when none does.";
    BREAKER "uproar_target_breaker_open" "gauge" "Whether a target takes nothing and is only tried now and then.";
    PROGRESS "uproar_loop_progress_age_seconds" "gauge" "Time since each loop passed its check point.";
    DATABASE "uproar_db_size_bytes" "gauge" "Bytes in use in the database.";
}

type Values = BTreeMap<Metric, BTreeMap<Vec<(&'static str, String)>, f64>>;

/// The value of the label `source` in counters of sources that have no lines of their own.
pub const ALL_SOURCES: &str = "(all)";

/// Values of metrics. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Board {
    values: Arc<Mutex<Values>>,
    /// The sources that are shown by name; `None` shows every one.
    named: Arc<Mutex<Option<BTreeSet<String>>>>,
}

impl Board {
    /// Adds to a counter; zero makes it appear.
    pub fn add(&self, metric: Metric, labels: &[(&'static str, &str)], by: f64) {
        self.change(metric, labels, |value| *value += by);
    }

    /// Sets a gauge.
    pub fn set(&self, metric: Metric, labels: &[(&'static str, &str)], to: f64) {
        self.change(metric, labels, |value| *value = to);
    }

    /// Sets a gauge that never goes back: the newest of several times.
    pub fn raise(&self, metric: Metric, labels: &[(&'static str, &str)], to: f64) {
        self.change(metric, labels, |value| *value = value.max(to));
    }

    /// Forgets all values of a gauge whose labels come and go.
    pub fn clear(&self, metric: Metric) {
        self.values.lock().unwrap_or_else(PoisonError::into_inner).remove(&metric);
    }

    /// Shows only these sources by name from now on. Gauges of others go, and counters of all are one.
    pub fn name_only(&self, sources: BTreeSet<String>) {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        for lines in values.values_mut() {
            lines.retain(|labels, _| source_of(labels).is_none_or(|source| source == ALL_SOURCES || sources.contains(source)));
        }
        *self.named.lock().unwrap_or_else(PoisonError::into_inner) = Some(sources);
    }

    /// Whether a metric has any value.
    #[must_use]
    pub fn has(&self, metric: Metric) -> bool {
        self.values.lock().unwrap_or_else(PoisonError::into_inner).get(&metric).is_some_and(|lines| !lines.is_empty())
    }

    /// The text exposition format, version 0.0.4.
    #[must_use]
    pub fn exposition(&self) -> String {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for metric in ALL {
            let Some(lines) = values.get(metric) else { continue };
            let _ = writeln!(text, "# HELP {} {}\n# TYPE {} {}", metric.name, metric.help, metric.name, metric.kind);
            for (labels, value) in lines {
                let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escape(value))).collect();
                let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
                let _ = writeln!(text, "{}{labels} {value}", metric.name);
            }
        }
        text
    }

    fn change(&self, metric: Metric, labels: &[(&'static str, &str)], change: impl FnOnce(&mut f64)) {
        let mut labels: Vec<_> = labels.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        let named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(named), Some(source)) = (&*named, labels.iter_mut().find(|(key, _)| *key == "source")) {
            match metric.kind {
                // What is counted in two places, one after the other, is counted nowhere.
                "counter" => ALL_SOURCES.clone_into(&mut source.1),
                _ if !named.contains(&source.1) => return,
                _ => {}
            }
        }
        drop(named);
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        change(values.entry(metric).or_default().entry(labels).or_default());
    }
}

fn source_of<'a>(labels: &'a [(&'static str, String)]) -> Option<&'a str> {
    labels.iter().find(|(key, _)| *key == "source").map(|(_, source)| source.as_str())
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_sources_only_some_are_named_and_all_are_counted() {
        let board = Board::default();
        board.set(SOURCE_ERRORS, &[("source", "early")], 1.0);
        board.name_only(BTreeSet::from(["ill".to_owned()]));
        for source in ["a", "ill"] {
            board.add(POLLS, &[("source", source), ("result", "ok")], 1.0);
            board.set(SOURCE_ERRORS, &[("source", source)], 3.0);
        }
        let lines = board.exposition();
        let lines: Vec<&str> = lines.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines, ["uproar_source_polls_total{source=\"(all)\",result=\"ok\"} 2", "uproar_source_errors{source=\"ill\"} 3"]);
    }

    #[test]
    fn prometheus_reads_what_was_counted() {
        let board = Board::default();
        board.add(POLLS, &[("source", "a \"b\""), ("result", "ok")], 2.0);
        board.set(BUILD, &[("version", "1")], 1.0);
        insta::assert_snapshot!(board.exposition(), @r#"
        # HELP uproar_build_info Version of the running daemon.
        # TYPE uproar_build_info gauge
        uproar_build_info{version="1"} 1
        # HELP uproar_source_polls_total Polls by result: ok, not_modified, error.
        # TYPE uproar_source_polls_total counter
        uproar_source_polls_total{source="a \"b\"",result="ok"} 2
        "#);
    }
}
