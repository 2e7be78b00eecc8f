//! Former names of sources, held against the store and moved there.
//!
//! Only whoever holds the store's lock moves names: a daemon under way reads them by the old ones.

use std::path::Path;

use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::config::Loaded;
use crate::config::former::Stored;
use crate::config::settings::Config;
use crate::config::settings::Source;
use crate::store::sqlite::Direct;
use crate::store::sqlite::Lock;
use crate::store::sqlite::rename;
use crate::store::sqlite::rename::Found;
use crate::store::sqlite::rename::Rename;
use crate::store::sqlite::rename::RenameError;

/// What the former names of a configuration ask for.
pub(super) fn renames(config: &Config) -> Vec<Rename> {
    config.sources.iter().flat_map(|source| of(source)).collect()
}

fn of(source: &Source) -> impl Iterator<Item = Rename> {
    source.was.iter().map(|was| Rename { was: was.clone(), now: source.name.clone() })
}

/// Why names cannot be moved, on the command line.
pub(super) fn refused(error: RenameError) -> Failure {
    match error {
        RenameError::Both(_) => Failure::new(Code::Config, error),
        RenameError::Store(error) => Failure::from(error),
    }
}

/// What is not right about the former names of a configuration, without moving anything.
pub(super) fn objection(config: &Config) -> Option<String> {
    let renames = renames(config);
    let found = rename::found(&config.store.path, &renames)?;
    renames.iter().zip(found).find(|(_, found)| *found == Found::Both).map(|(both, _)| rename::both(both))
}

/// A configuration that was read, with what the store says of former names in it. Without a store, or
/// one that may be read here, nothing is said.
pub(super) fn compared(loaded: Loaded) -> Loaded {
    let renames: Vec<Rename> = loaded.former().into_iter().map(|pair| Rename { was: pair.was, now: pair.now }).collect();
    let path = loaded.config.as_ref().map(|config| config.store.path.clone()).filter(|_| !renames.is_empty());
    let Some(found) = path.and_then(|path| rename::found(&path, &renames)) else { return loaded };
    let stored = found.into_iter().map(|found| match found {
        Found::Done => Stored::Done,
        Found::Both => Stored::Both,
        Found::Nothing | Found::Old => Stored::Fine,
    });
    loaded.with_stored(&stored.collect::<Vec<_>>())
}

/// Makes sure that what is stored of one source stands under its present name, for a command that
/// writes to it.
pub(super) fn settle(source: &Source, path: &Path, store: &mut Direct) -> Result<(), Failure> {
    let renames: Vec<Rename> = of(source).collect();
    let Some(found) = rename::found(path, &renames).filter(|_| !renames.is_empty()) else { return Ok(()) };
    if found.iter().all(|found| matches!(found, Found::Nothing | Found::Done)) {
        return Ok(());
    }
    let _lock = Lock::take(path).map_err(|_| {
        let Source { name, was, .. } = source;
        let was = was.join("`, `");
        let why =
            format!("the daemon still knows `{name}` as `{was}`; let it read its configuration again (`systemctl reload uproar`) first");
        Failure::new(Code::Later, why)
    })?;
    store.rename_sources(&renames).map(drop).map_err(refused)
}
