//! What the C library does with memory that nobody uses any more.
//!
//! glibc keeps what a thread freed for that thread's arena, and a daemon has some thirty threads: what
//! one look at a hundred thousand sources takes for a moment stays, several times over. With one
//! arena it is used again by whoever needs it next. It also stops handing large pieces back once it
//! has seen some, which it does not where their size is fixed. The library reads these settings once,
//! before `main`, and from nothing but the environment.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// One arena; from 128 KiB on a piece of memory is the system's own, and so much stays unused at most.
/// The same as in the unit.
const SETTINGS: [(&str, &str); 3] = [("MALLOC_ARENA_MAX", "1"), ("MALLOC_MMAP_THRESHOLD_", "131072"), ("MALLOC_TRIM_THRESHOLD_", "131072")];

/// Makes this process one that gives memory back: the program takes its own place, with the same number,
/// arguments and open files. Does nothing where somebody has chosen already, or where another C library
/// is used; where it cannot be done, more memory is used, and that is all.
pub fn keep_little() {
    if !cfg!(all(target_os = "linux", target_env = "gnu")) || SETTINGS.iter().any(|(name, _)| env::var_os(name).is_some()) {
        return;
    }
    let mut words = env::args_os();
    let (Ok(program), Some(called)) = (env::current_exe(), words.next()) else { return };
    // It returns only when it failed.
    let _ = Command::new(program).arg0(called).args(words).envs(SETTINGS).exec();
}
