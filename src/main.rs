//! The binary: parse, run, leave with an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    uproar::cli::main()
}
