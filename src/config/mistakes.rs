//! One small broken file for each mistake, and what people see.

use crate::config::Document;
use crate::config::parse;
use crate::config::print;
use crate::config::secrets::Reference;
use crate::config::secrets::Unreadable;

mod desks;
mod form;
mod mapped;
mod polling;
mod secret;
mod social;
mod sources;
mod targets;
mod values;
mod watches;

/// Secrets of a machine that has a few.
fn secrets(reference: &Reference) -> Result<String, Unreadable> {
    match reference {
        Reference::Env(name) if name == "HOOK" => Ok("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz".to_owned()),
        Reference::Env(name) if name == "SHORT_KEY" => Ok("whsec_aHVudGVyMg==".to_owned()),
        other => Err(Unreadable { why: format!("there is no {other}"), cure: "put it there".to_owned(), tolerated: false }),
    }
}

fn shown(text: &str) -> String {
    let documents = [Document { name: "uproar.toml".to_owned(), text: text.to_owned() }];
    let loaded = parse(&documents, &secrets);
    assert_eq!(loaded.config.is_none(), loaded.problems.iter().any(crate::config::problem::Problem::is_error));
    let shown = print::show(&loaded.problems, &documents, false);
    assert!(!shown.contains("hunter2") && !shown.contains("battery"), "a secret is shown:\n{shown}");
    shown
}
