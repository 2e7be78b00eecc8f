//! `uproar tag`

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;

/// Tag texts with complaint themes
#[derive(Debug, clap::Args)]
pub struct Args {}

pub(super) fn run(_args: &Args, _console: &mut Console) -> Result<Code, Failure> {
    Err(Failure::new(Code::Bug, "not built yet"))
}
