//! Programs: one start, a notice on standard input, and the code that it ends with.

use crate::render::Reply;

/// Runs a program and gives it what it reads.
#[allow(clippy::unused_async, reason = "the carrier awaits whatever carries")]
pub(super) async fn run(_run: &[String], _env: &[(String, String)], _stdin: &[u8]) -> Reply {
    Reply::Unable("programs cannot be run yet".to_owned())
}
