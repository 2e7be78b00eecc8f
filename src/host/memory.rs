//! What the C library does with memory that nobody uses any more.
//!
//! glibc keeps what a thread freed for that thread's arena, and a daemon has some thirty threads: what
//! one look at a hundred thousand sources takes for a moment stays, several times over. With one
//! arena it is used again by whoever needs it next. The library reads this setting once, before
//! `main`, and from nothing but the environment.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// How many arenas there may be.
const ARENAS: &str = "MALLOC_ARENA_MAX";

/// Makes this process one with a single arena: the program takes its own place, with the same number,
/// arguments and open files. Does nothing where somebody has chosen already, or where another C library
/// is used; where it cannot be done, more memory is used, and that is all.
pub fn use_one_arena() {
    if !cfg!(all(target_os = "linux", target_env = "gnu")) || env::var_os(ARENAS).is_some() {
        return;
    }
    let mut words = env::args_os();
    let (Ok(program), Some(called)) = (env::current_exe(), words.next()) else { return };
    // It returns only when it failed.
    let _ = Command::new(program).arg0(called).args(words).env(ARENAS, "1").exec();
}
