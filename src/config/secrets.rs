//! Where a secret is kept, and who fetches it. The file names a place and never the secret.

use std::fmt;
use std::path::PathBuf;

/// A place where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// `{ credential = "smtp" }`: handed over by the service manager.
    Credential(String),
    /// `{ file = "/etc/uproar/smtp.password" }`
    File(PathBuf),
    /// `{ env = "SMTP_PASSWORD" }`
    Env(String),
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential(name) => write!(f, "credential `{name}`"),
            Self::File(path) => write!(f, "file `{}`", path.display()),
            Self::Env(name) => write!(f, "environment variable `{name}`"),
        }
    }
}

/// Why a secret could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Unreadable {
    /// What is wrong, without the secret.
    pub why: String,
    /// What to do.
    pub cure: String,
    /// Only a warning: the caller checks a file away from the machine that has the secrets.
    pub tolerated: bool,
}

/// Fetches secrets.
pub trait Secrets: Sync {
    /// The secret that `reference` names, without the newline at its end.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] says why not, and what to do.
    fn read(&self, reference: &Reference) -> Result<String, Unreadable>;
}

impl<F: Fn(&Reference) -> Result<String, Unreadable> + Sync> Secrets for F {
    fn read(&self, reference: &Reference) -> Result<String, Unreadable> {
        self(reference)
    }
}

/// The same secrets, but one that cannot be read is only a warning.
pub struct Lenient<'a>(pub &'a dyn Secrets);

impl Secrets for Lenient<'_> {
    fn read(&self, reference: &Reference) -> Result<String, Unreadable> {
        self.0.read(reference).map_err(|error| Unreadable { tolerated: true, ..error })
    }
}
