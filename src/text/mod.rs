//! What can be done with a text before anybody asks what it means.
//!
//! Pure: bytes in, bytes out.

pub mod alike;
pub mod choose;
pub mod excerpt;
pub mod foreign;
pub mod hash;
pub mod normalise;
pub mod redact;
pub mod terms;
pub mod ticket;
