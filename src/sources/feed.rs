//! RSS, Atom and JSON Feed.

use std::path::PathBuf;

/// Where a feed is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settings {
    /// On the web.
    Url(String),
    /// In a file.
    File(PathBuf),
}
