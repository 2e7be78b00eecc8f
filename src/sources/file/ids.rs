//! Which columns were taken for ids in what was read of a source before.
//!
//! How many blanks a number may have is a matter of shares, and shares change when a file grows: a
//! column that was once found good enough stays so, or all its rows would be stored once more under
//! ids by their content.

use std::collections::BTreeSet;

use crate::sources::file::Settings;
use crate::sources::file::columns::Role;
use crate::sources::file::reader::Form;

/// Names that are remembered, and letters of one.
const MOST: usize = 100;
const LONGEST: usize = 200;

/// Remembers the column that was taken for ids.
pub(super) fn remember(ids: &mut BTreeSet<String>, form: Option<&Form>) {
    let chosen = form.and_then(|form| form.columns.names.get(form.columns.position(&Role::Id)?));
    if let Some(name) = chosen.filter(|name| name.len() <= LONGEST && ids.len() < MOST) {
        ids.insert(plain(name));
    }
}

/// The settings for reading a table of a source of which this is remembered.
pub(super) fn with(settings: &Settings, ids: &BTreeSet<String>) -> Settings {
    Settings { known_ids: settings.known_ids.union(ids).cloned().collect(), ..settings.clone() }
}

/// Whether a column was taken for ids before.
pub(super) fn is_known(settings: &Settings, name: &str) -> bool {
    !settings.known_ids.is_empty() && settings.known_ids.contains(&plain(name))
}

fn plain(name: &str) -> String {
    name.trim().to_lowercase()
}
