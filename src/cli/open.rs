//! Opening the store for a command, and what its errors mean on the command line.

use std::path::Path;
use std::sync::Arc;

use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::config::settings::Config;
use crate::deliver::Carrier;
use crate::deliver::Options;
use crate::domain::ports::StoreError;
use crate::engine::plan::Plan;
use crate::host::clock::Clock;
use crate::store::sqlite::Direct;
use crate::store::sqlite::Keyring;
use crate::store::sqlite::OpenError;

/// Opens the store of a configuration and builds its plan.
///
/// # Errors
///
/// [`Failure`] with the code of what is wrong.
pub fn store_and_plan(config: Config) -> Result<(Direct, Plan), Failure> {
    let store = Direct::open(&config.store.path).map_err(refused)?;
    let plan = plan(config, store.author_key())?;
    Ok((store, plan))
}

/// Opens the store of a configuration to show what is in it. Whoever looks before the daemon was ever
/// started finds nothing, and leaves nothing that the daemon could not write to.
///
/// # Errors
///
/// [`Failure`] with the code of what is wrong.
pub fn to_show(config: Config) -> Result<(Direct, Plan), Failure> {
    let store = Direct::open_to_read(&config.store.path).map_err(refused)?;
    let store = store.map_or_else(|| Direct::empty().map_err(refused), Ok)?;
    let plan = Plan::to_show(config).map_err(|error| Failure::new(Code::Bug, error))?;
    Ok((store, plan))
}

/// The plan of a configuration, with the keys of its links where it has links.
///
/// # Errors
///
/// [`Failure`] when the keys can neither be read nor made.
pub fn plan(config: Config, author_key: &[u8]) -> Result<Plan, Failure> {
    let links = config.base_url.as_ref().map(|_| Keyring::open(&config.store.path, Clock::real().now()).map(Arc::new));
    let links = links.transpose().map_err(|error| Failure::new(Code::Io, format!("the keys of links cannot be read: {error}")))?;
    Ok(Plan::build(config, author_key).map_err(|error| Failure::new(Code::Bug, error))?.with_link_keys(links))
}

/// A store that cannot be opened.
#[must_use]
pub fn refused(error: OpenError) -> Failure {
    let code = match error {
        OpenError::TooNew { .. } => Code::Config,
        OpenError::Busy { .. } => Code::Later,
        OpenError::Folder { .. } | OpenError::Database { .. } => Code::Io,
    };
    Failure::new(code, error)
}

/// A store that fails at work.
#[must_use]
pub fn failed(error: StoreError) -> Failure {
    let code = match error {
        StoreError::Stale | StoreError::Busy => Code::Later,
        StoreError::Missing(_) => Code::Usage,
        StoreError::Wordless(_) => Code::Data,
        StoreError::Broken(_) => Code::Io,
    };
    Failure::new(code, error)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        failed(error)
    }
}

/// The carrier of notices, with the deadline of `[delivery]` and the authorities and the proxy of `[fetch]`.
///
/// # Errors
///
/// [`Failure`] for a wrong configuration when one of them can't be used.
pub fn carrier(config: &Config) -> Result<Carrier, Failure> {
    let fetch = &config.fetch;
    let extra_ca = fetch.extra_ca.as_ref().map(std::fs::read).transpose().map_err(|error| {
        let path = fetch.extra_ca.as_deref().unwrap_or(Path::new(""));
        Failure::new(Code::Config, format!("[fetch] extra_ca {} can't be read: {error}", path.display()))
    })?;
    let usual = Options::default();
    let deadline = config.delivery.deadline.to_std().unwrap_or(usual.deadline);
    let options = Options {
        deadline,
        connect: usual.connect.min(deadline),
        extra_ca,
        proxy: fetch.proxy.clone(),
        allow_private: fetch.allow_private.clone(),
        ..usual
    };
    Carrier::new(&options).map_err(|error| Failure::new(Code::Config, error))
}
