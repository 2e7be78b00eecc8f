//! Former names of sources, held against the store and moved there.
//!
//! Only whoever holds the store's lock moves names: a daemon under way reads them by the old ones.

use std::path::Path;

use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::config::Loaded;
use crate::config::former::Pair;
use crate::config::former::Stored;
use crate::config::settings::Config;
use crate::config::settings::Source;
use crate::polling::address;
use crate::sources::Settings;
use crate::store::sqlite::Direct;
use crate::store::sqlite::Lock;
use crate::store::sqlite::rename;
use crate::store::sqlite::rename::Found;
use crate::store::sqlite::rename::Named;
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

/// A configuration that was read, with what the store says of former names in it, and of names that
/// are probably missing among them. Without a store, or one that may be read here, nothing is said.
pub(super) fn compared(loaded: Loaded) -> Loaded {
    let Some(config) = &loaded.config else { return loaded };
    let probable: Vec<Pair> = probable(config).into_iter().map(|Rename { was, now }| Pair { was, now }).collect();
    let path = config.store.path.clone();
    let loaded = loaded.with_probable(&probable);
    let renames: Vec<Rename> = loaded.former().into_iter().map(|pair| Rename { was: pair.was, now: pair.now }).collect();
    let Some(found) = rename::found(&path, &renames).filter(|_| !renames.is_empty()) else { return loaded };
    let stored = found.into_iter().map(|found| match found {
        Found::Done => Stored::Done,
        Found::Both => Stored::Both,
        Found::Nothing | Found::Old => Stored::Fine,
    });
    loaded.with_stored(&stored.collect::<Vec<_>>())
}

/// Sources that were probably given another name without a word of it in `was`.
pub(super) fn probable(config: &Config) -> Vec<Rename> {
    let named = |source: &Source| Named {
        name: source.name.clone(),
        was: source.was.clone(),
        address: match &source.kind {
            Settings::Feed(_) | Settings::File(_) => source.kind.address().map(address::mark),
            _ => None,
        },
    };
    let configured: Vec<Named> = config.sources.iter().map(|source| named(source)).collect();
    rename::probable(&config.store.path, &configured).unwrap_or_default()
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
