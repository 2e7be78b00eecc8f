//! Promises that hold for every implementation of the store, and stories of the whole daemon that
//! need nothing installed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may, also outside of its test functions")]

mod contract;
mod day;
mod house;
mod payloads;
mod story;
mod themes;
