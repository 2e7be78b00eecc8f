//! Programs: one start, a notice on standard input, and the code that it ends with.

use std::io::ErrorKind;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::kill_process_group;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Child;
use tokio::process::ChildStderr;
use tokio::process::ChildStdin;
use tokio::process::Command;
use tokio::time::timeout;

use crate::render::Reply;
use crate::text::excerpt;

/// Most of what a program says that is read.
const SAID: usize = 4 * 1024;
/// Characters of it that are told.
const TOLD: usize = 200;
/// How long the rest of what it said is waited for once it has ended. A program of its own that it
/// left behind may hold the pipe open for ever.
const REST: Duration = Duration::from_millis(50);

/// Runs a program, gives it what it reads, and waits for its end. At the deadline it is killed
/// with all that it started, as it is where nobody waits any more: two tries never overlap.
pub(super) async fn run(run: &[String], env: &[(String, String)], stdin: &[u8], deadline: Duration) -> Reply {
    let Some((program, arguments)) = run.split_first() else { return Reply::Unable("no program is named".to_owned()) };
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(env.iter().map(|(name, value)| (name, value))).current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    // What it starts goes by itself: a signal meant for the daemon is not for it.
    command.process_group(0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if is_its_own(error.kind()) => return Reply::Unable(format!("the program can't be run: {error}")),
        // Too many processes, no memory: another time.
        Err(error) => return Reply::Nothing(format!("the program could not be started: {error}")),
    };
    let mut group = Group(child.id());
    if let Ok(reply) = timeout(deadline, ended(&mut child, stdin)).await {
        // What it left behind goes on.
        group.0 = None;
        return reply;
    }
    drop(group);
    let _ = child.kill().await;
    Reply::Nothing(format!("the program was killed: it had not ended after {} s", deadline.as_secs_f64()))
}

/// A program that has not ended, with all that it started: they are killed together, also where
/// nobody waits any more. A group of this number stands as long as its first program was not waited for.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let leader = self.0.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(leader) = leader {
            // It may be gone by itself.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

/// Whether somebody has to mend the program or its path.
fn is_its_own(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::InvalidInput | ErrorKind::NotADirectory)
}

async fn ended(child: &mut Child, stdin: &[u8]) -> Reply {
    let input = child.stdin.take();
    let mut errors = child.stderr.take();
    let mut said = Vec::new();
    let status = tokio::select! {
        status = child.wait() => status,
        // Both end when it closes its pipes, often before it ends; then only its end is waited for.
        ((), ()) = async { tokio::join!(give(input, stdin), listen(errors.as_mut(), &mut said)) } => child.wait().await,
    };
    let _ = timeout(REST, listen(errors.as_mut(), &mut said)).await;
    let said = excerpt::shorten(&String::from_utf8_lossy(&said), TOLD);
    match status {
        Ok(status) => Reply::Ended { code: status.code(), said },
        Err(error) => Reply::Nothing(format!("the program's end was missed: {error}")),
    }
}

/// A program that does not want to read it all may well have understood.
async fn give(input: Option<ChildStdin>, text: &[u8]) {
    if let Some(mut input) = input {
        let _ = input.write_all(text).await;
        let _ = input.shutdown().await;
    }
}

/// Reads on to the end, so that it is never held up by a full pipe; only the beginning is kept.
async fn listen(errors: Option<&mut ChildStderr>, said: &mut Vec<u8>) {
    let Some(errors) = errors else { return };
    let mut part = [0; 1024];
    while let Ok(read @ 1..) = errors.read(&mut part).await {
        said.extend_from_slice(&part[..read.min(SAID - said.len())]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    async fn shell(script: &str, stdin: &[u8], deadline: Duration) -> Reply {
        let run_it: Vec<String> = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        run(&run_it, &[("UPROAR_ID".to_owned(), "k0".to_owned()), ("PATH".to_owned(), "/usr/bin:/bin".to_owned())], stdin, deadline).await
    }

    fn ended(code: i32, said: &str) -> Reply {
        Reply::Ended { code: Some(code), said: said.to_owned() }
    }

    #[tokio::test]
    async fn a_program_reads_the_notice_and_its_code_comes_back() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("got");
        let script = format!("cat > {}; echo $UPROAR_ID >&2; exit 65", file.display());
        assert_eq!(shell(&script, b"{\"type\":\"x\"}\n", LONG).await, ended(65, "k0"));
        assert_eq!(std::fs::read(&file).unwrap(), b"{\"type\":\"x\"}\n");
    }

    #[tokio::test]
    async fn it_sees_nothing_of_the_daemons_environment() {
        assert_eq!(shell("test -z \"$HOME$CARGO\" || exit 9", b"", LONG).await, ended(0, ""));
    }

    #[tokio::test]
    async fn one_that_reads_nothing_or_says_much_is_no_trouble() {
        assert_eq!(shell("exit 0", &vec![b'x'; 1_000_000], LONG).await, ended(0, ""));
        let Reply::Ended { code, said } = shell("yes error | head -c 500000 >&2; exit 3", b"", LONG).await else { panic!("it ends") };
        assert!(code == Some(3) && said.starts_with("error error") && said.chars().count() <= TOLD, "{said}");
    }

    #[tokio::test]
    async fn one_that_leaves_another_behind_has_ended() {
        assert_eq!(shell("sleep 30 >&2 & echo gone >&2", b"", LONG).await, ended(0, "gone"));
    }

    #[tokio::test]
    async fn one_that_does_not_end_is_killed() {
        let reply = shell("exec sleep 30", b"", Duration::from_millis(200)).await;
        assert_eq!(reply, Reply::Nothing("the program was killed: it had not ended after 0.2 s".to_owned()));
        assert_eq!(shell("kill -9 $$", b"", LONG).await, Reply::Ended { code: None, said: String::new() });
    }

    #[tokio::test]
    async fn what_it_started_is_killed_with_it() {
        let home = tempfile::tempdir().unwrap();
        let (pipe, late) = (home.path().join("pipe"), Duration::from_secs(2));
        // Whoever holds the writing end of the pipe lives.
        let script = format!("exec 3<> {0}; sleep 30 & wait", pipe.display());
        std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        let reader = pipe.clone();
        let opened = tokio::task::spawn_blocking(move || std::fs::read(reader));
        assert!(matches!(shell(&script, b"", late).await, Reply::Nothing(_)));
        let end = timeout(Duration::from_secs(10), opened).await;
        assert_eq!(end.expect("nobody holds the pipe open").unwrap().unwrap(), b"");
    }

    #[tokio::test]
    async fn what_is_no_program_is_somebodys_to_mend() {
        for program in ["/nowhere/page", "/etc/passwd"] {
            let reply = run(&[program.to_owned()], &[], b"", LONG).await;
            assert!(matches!(&reply, Reply::Unable(why) if why.starts_with("the program can't be run: ")), "{reply:?}");
        }
        assert!(matches!(run(&[], &[], b"", LONG).await, Reply::Unable(_)));
    }
}
