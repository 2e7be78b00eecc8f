//! Tells when something happens in watched folders, so that nobody has to look every second.
//!
//! Only a nudge: what happened, the next look at the folder says. Where the kernel cannot tell, as
//! for folders on other machines, the periodic look finds it all the same.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::inotify;
use rustix::fs::inotify::CreateFlags;
use rustix::fs::inotify::ReadFlags;
use rustix::fs::inotify::WatchFlags;
use tokio::io::unix::AsyncFd;

use crate::domain::http::Watched;

/// Folders that were not there, or were put in the place of others, are looked for this often.
const AGAIN: Duration = Duration::from_mins(1);

/// What happens within this time is told at once: a copy of many files is one nudge.
const TOGETHER: Duration = Duration::from_millis(250);

/// Folders that are watched. The others have the periodic look.
const MOST_FOLDERS: usize = 4_096;

/// A file came, was written to its end, or a folder was made: nothing is said of every piece that
/// is written.
const EVENTS: WatchFlags = WatchFlags::CLOSE_WRITE.union(WatchFlags::MOVED_TO).union(WatchFlags::CREATE).union(WatchFlags::ONLYDIR);

/// Says to `tell` in which of the places something happened, by their numbers. Ends only with an
/// error; the periodic looks go on then.
///
/// # Errors
///
/// The kernel has no more watchers for this user.
pub async fn changes(places: &[(usize, Watched)], mut tell: impl FnMut(BTreeSet<usize>)) -> io::Result<()> {
    #[expect(deprecated, reason = "an `OwnedFd` keeps its descriptor open, all that the successor asks for in an unsafe block")]
    let kernel = AsyncFd::new(inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?)?;
    let mut watches = Watches { places, kernel: &kernel, known: HashMap::new() };
    watches.renew();
    loop {
        tokio::select! {
            ready = kernel.readable() => {
                ready?.clear_ready();
                let changed = watches.changed()?;
                tokio::time::sleep(TOGETHER).await;
                if !changed.is_empty() {
                    tell(changed);
                }
            }
            () = tokio::time::sleep(AGAIN) => watches.renew(),
        }
    }
}

/// What is watched for whom.
struct Watches<'a> {
    places: &'a [(usize, Watched)],
    kernel: &'a AsyncFd<OwnedFd>,
    /// By the number of a watch: whose folder it is.
    known: HashMap<i32, BTreeSet<usize>>,
}

impl Watches<'_> {
    /// Watches what is there now. What is watched already stays so.
    fn renew(&mut self) {
        self.known.clear();
        for (number, place) in self.places {
            let mut folders = vec![(place.path.clone(), 0)];
            while let Some((folder, depth)) = folders.pop() {
                if self.known.len() >= MOST_FOLDERS {
                    return;
                }
                // A folder that is not there comes later, or the listing says so.
                let Ok(watch) = inotify::add_watch(self.kernel, &folder, EVENTS) else { continue };
                self.known.entry(watch).or_default().insert(*number);
                if place.recursive && depth < super::folder::DEEPEST {
                    folders.extend(inner(&folder).into_iter().map(|folder| (folder, depth + 1)));
                }
            }
        }
    }

    /// Whose folders something happened in.
    fn changed(&mut self) -> io::Result<BTreeSet<usize>> {
        let mut buffer = [MaybeUninit::uninit(); 4_096];
        let mut events = inotify::Reader::new(self.kernel, &mut buffer);
        let (mut changed, mut renew) = (BTreeSet::new(), false);
        loop {
            match events.next() {
                Ok(event) if event.events().contains(ReadFlags::QUEUE_OVERFLOW) => {
                    changed.extend(self.places.iter().map(|(number, _)| *number));
                }
                Ok(event) => {
                    changed.extend(self.known.get(&event.wd()).into_iter().flatten());
                    renew |= event.events().contains(ReadFlags::ISDIR);
                }
                Err(error) if error == rustix::io::Errno::AGAIN => break,
                Err(error) if error == rustix::io::Errno::INTR => {}
                Err(error) => return Err(error.into()),
            }
        }
        if renew {
            self.renew();
        }
        Ok(changed)
    }
}

/// Folders in a folder; none where it cannot be read.
fn inner(folder: &PathBuf) -> Vec<PathBuf> {
    let Ok(listed) = fs::read_dir(folder) else { return Vec::new() };
    let folders = listed.flatten().filter(|file| file.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.map(|file| file.path()).take(MOST_FOLDERS).collect()
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_file_that_is_written_or_moved_in_is_told_for_its_own_folder() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(two.path().join("deep")).unwrap();
        let place = |path: &std::path::Path| Watched { path: path.to_owned(), recursive: true, ..Watched::default() };
        let places = [(4, place(one.path())), (7, place(two.path())), (9, place(&one.path().join("absent")))];
        let (send, mut heard) = mpsc::unbounded_channel();
        let watching = changes(&places, |changed| send.send(changed).unwrap());
        let acting = async {
            // The watch stands before anything else runs: both are polled in turn, the watch first.
            fs::write(one.path().join("a.csv"), "x").unwrap();
            assert_eq!(heard.recv().await, Some([4].into()));
            fs::rename(one.path().join("a.csv"), two.path().join("deep/a.csv")).unwrap();
            assert_eq!(heard.recv().await, Some([7].into()));
            fs::create_dir(two.path().join("new")).unwrap();
            assert_eq!(heard.recv().await, Some([7].into()));
            fs::write(two.path().join("new/b.csv"), "x").unwrap();
            assert_eq!(heard.recv().await, Some([7].into()));
        };
        tokio::select! {
            biased;
            ended = watching => panic!("{ended:?}"),
            () = acting => {}
        }
    }
}
