//! The figures as programs read them.

use serde_json::Value;
use serde_json::json;

use crate::cli::quality::basis::Basis;
use crate::quality::Fault;
use crate::quality::Quality;
use crate::quality::Share;

pub(super) fn object(found: &Quality, basis: &Basis) -> Value {
    let themes: Vec<Value> = found
        .themes
        .iter()
        .map(|theme| {
            json!({
                "theme": theme.theme,
                "labels": theme.labels,
                "positives": theme.positives,
                "precision": share(theme.precision),
                "recall": share(theme.recall),
                "f1": theme.f1(),
                "worst_rule": theme.faults.first().map(|worst| fault(worst, basis)),
            })
        })
        .collect();
    json!({
        "tags": if basis.then { "then" } else { "now" },
        "labelled": basis.labelled.len(),
        "people": basis.people,
        "random": basis.random,
        "random_of_theme": basis.of_a_theme,
        "unsure": basis.unsure,
        "imported": basis.imported,
        "left_out": basis.stale,
        "themes": themes,
        "tagged_without_complaint": share(found.clean),
        "notes": basis.notes(),
    })
}

fn share(share: Share) -> Value {
    let around = share.interval();
    json!({
        "hits": share.hits,
        "of": share.of,
        "value": share.value(),
        "low": around.start(),
        "high": around.end(),
        "too_few": share.is_too_small(),
    })
}

fn fault(fault: &Fault, basis: &Basis) -> Value {
    let examples: Vec<Value> = fault.examples.iter().map(|item| json!({ "item": item, "text": basis.excerpts.get(item) })).collect();
    json!({ "rule": fault.rule, "wrong": fault.wrong.hits, "of": fault.wrong.of, "examples": examples })
}
