//! Health and metrics over HTTP.

pub mod board;
pub mod router;
