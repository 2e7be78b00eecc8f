//! What the daemon counts about itself while it runs, and how Prometheus reads it.
//!
//! Labels come from the configuration only: no incident, author or address ever becomes one.

use std::collections::BTreeMap;
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
    ITEMS "uproar_source_items_total" "counter" "Items read by kind: new, edited, duplicate, late, gone, rejected.";
    LAST_SUCCESS "uproar_source_last_success_timestamp_seconds" "gauge" "Start of the last poll that went well.";
    NEWEST_ITEM "uproar_source_newest_item_timestamp_seconds" "gauge" "When a new item was last read.";
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

/// Values of metrics. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Board {
    values: Arc<Mutex<Values>>,
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
        let labels = labels.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        change(values.entry(metric).or_default().entry(labels).or_default());
    }
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

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
