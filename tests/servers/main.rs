//! Uproar against servers that others wrote, as they come with Debian: `tests/all` installs them.
//!
//! Nothing here is skipped where a server is missing; the test fails and says what to install.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may, also outside of its test functions")]

mod authority;
mod dovecot;
#[path = "../it/house/mod.rs"]
mod house;
mod https;
mod kills;
mod mails;
mod polls;
mod postfix;
mod smtpd;
