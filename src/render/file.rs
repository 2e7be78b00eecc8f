//! Mails as `.eml` files in a folder: for trying, and for hosts without mail.

use std::path::PathBuf;

/// Where the files go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The folder; made when it is missing.
    pub folder: PathBuf,
    /// Sender of the mails.
    pub from: String,
    /// Recipient of the mails.
    pub to: String,
}
