//! The configuration: TOML text in, plain settings out, or every mistake at once with its place.
//!
//! Pure: files are read and secrets fetched by the caller; [`settings`] has what the other modules
//! get, none of which sees TOML.

pub mod settings;
pub mod themes;
