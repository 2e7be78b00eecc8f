//! The machine under the daemon: its clock, environment, signals, journal and service manager.
//!
//! The only place that asks any of them.

pub mod beats;
pub mod clock;
pub mod credentials;
pub mod env;
pub mod log;
pub mod memory;
pub mod notify;
pub mod signals;
