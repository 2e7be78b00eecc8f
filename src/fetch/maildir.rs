//! Mails in a maildir: `new` and `cur`, known by the part of their names that flags do not change.
//!
//! Names say what was read, never times: a mail that is moved into the maildir keeps the time at which it was
//! written. Only where more mails lie there than names are kept, those that have lain there longest are known by
//! the time of their last move or flag (`ctime`, which nobody can set back), so that memory is bounded and a mail that
//! comes later is not missed. What is read a second time for that is known by its Message-ID.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;
use std::fs;
use std::fs::File;
use std::io;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::domain::mails::Batch;
use crate::domain::mails::Mail;
use crate::domain::mails::Mails;
use crate::domain::mails::Names;
use crate::domain::mails::Reached;
use crate::domain::mails::Seen;
use crate::fetch::FetchError;
use crate::fetch::Kind;
use crate::text::hash;

/// Names that are kept.
const MOST_NAMES: usize = 50_000;
/// Bytes of one batch, but for the mail that goes beyond them.
const MOST_BYTES: usize = 20_000_000;

/// Looks beyond the first one, where some of what was found cannot be read.
const MOST_LOOKS: usize = 20;

/// How a file is read: so many bytes of it, and whether its end is missing.
type Whole = fn(&Path, usize) -> io::Result<(Vec<u8>, bool)>;

/// A place in the order in which mails are read: a time in nanoseconds since 1970, and a name.
type Rank = (i64, u64);

/// A mail that lies there.
#[derive(Debug)]
struct Lying {
    name: u64,
    /// When it was written, and when it came to lie as it lies, in nanoseconds since 1970.
    written: i64,
    moved: i64,
    path: PathBuf,
}

/// What a look at a maildir has found.
#[derive(Debug, Default)]
struct Look {
    /// The first mails that are wanted.
    wanted: BTreeMap<Rank, Lying>,
    /// There were more of them.
    is_cut: bool,
    /// Where each name that is known stands in the order.
    known: HashMap<u64, Option<Rank>>,
    /// Of all that lies there, the last ones to come, and the last one that had no room among them.
    all: BTreeSet<Rank>,
    floor: Rank,
}

/// What was read of a maildir.
#[derive(Debug, Default)]
struct Got {
    mails: Vec<Mail>,
    read: BTreeMap<u64, Rank>,
    bytes: usize,
    /// Names of files that nobody lets us read, and each with why.
    closed: HashSet<u64>,
    unreadable: Vec<FetchError>,
    /// The first mail that is wanted and not read yet: nothing from there on may be forgotten. Not one that nobody
    /// lets us read: that may be never, and once it is let its `ctime` is of then.
    unread: Option<Rank>,
}

/// Reads some mails, away from the other tasks.
pub(super) async fn read(request: &Mails, path: &Path, seen: &Seen) -> Result<Batch, FetchError> {
    let (wanted, folder, seen) = (request.clone(), path.to_owned(), seen.clone());
    let read = tokio::task::spawn_blocking(move || batch(wanted, &folder, &seen, MOST_NAMES, whole)).await;
    read.unwrap_or_else(|ended| Err(FetchError::of_file(&io::Error::other(ended), path)))
}

fn of_folder(error: &io::Error, folder: &Path) -> FetchError {
    match error.kind() {
        io::ErrorKind::NotFound => {
            FetchError::new(Kind::NotFound, format!("`{}` is no maildir: it has no `new` and `cur`; check `maildir`", folder.display()))
        }
        _ => FetchError::of_file(error, folder),
    }
}

fn batch(request: Mails, folder: &Path, seen: &Seen, most_names: usize, whole: Whole) -> Result<Batch, FetchError> {
    let (mut got, mut looks) = (Got::default(), 0);
    let look = loop {
        let mut look = look(folder, seen, &got, request.most, most_names).map_err(|error| of_folder(&error, folder))?;
        let closed = got.closed.len();
        got.read(&mut look, &request, whole);
        looks += 1;
        // What cannot be read must not keep what can be from being looked at.
        if got.closed.len() == closed || got.unread.is_none() || got.is_full(&request) || looks > MOST_LOOKS {
            break look;
        }
    };
    let Got { mails, read, closed, mut unreadable, unread, .. } = got;
    if mails.is_empty() && seen.names.0.is_empty() && !unreadable.is_empty() {
        // Nothing of it could ever be read.
        return Err(unreadable.swap_remove(0));
    }
    let reached = match (seen.since, unread) {
        // What lay there at first is read, or older than what is wanted: from now on names alone count.
        (Some(_), None) => {
            let all = look.all.iter().map(|(_, name)| *name).filter(|name| !closed.contains(name));
            Seen { since: None, floor: look.floor, names: names(all) }
        }
        _ => kept(seen, look.known, &read, unread, most_names),
    };
    let unreadable = unreadable.into_iter().map(|error| error.message).collect();
    Ok(Batch { mails, more: unread.is_some(), unreadable, reached: Reached::Maildir(reached), request })
}

impl Got {
    /// Reads what a look has found, as far as there is room.
    fn read(&mut self, look: &mut Look, request: &Mails, whole: Whole) {
        self.unread = look.wanted.last_key_value().filter(|_| look.is_cut).map(|(rank, _)| *rank);
        for (rank, lying) in std::mem::take(&mut look.wanted) {
            if self.is_full(request) {
                self.is_left(rank);
                break;
            }
            // A mail that was given a flag while we looked stands there twice.
            if self.read.contains_key(&lying.name) {
                continue;
            }
            match whole(&lying.path, request.most_bytes) {
                Ok((text, cut)) => {
                    self.bytes += text.len();
                    self.read.insert(lying.name, rank);
                    self.mails.push(Mail { number: 0, delivered: Some(lying.written / 1_000_000), bytes: text, cut });
                }
                // One that went away or got a flag since then is found under its new name.
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.is_left(rank),
                Err(error) => {
                    self.closed.insert(lying.name);
                    self.unreadable.push(FetchError::of_file(&error, &lying.path));
                }
            }
        }
    }

    fn is_full(&self, request: &Mails) -> bool {
        self.mails.len() >= request.most || self.bytes >= MOST_BYTES
    }

    /// Whether a look may pass over it.
    fn has_tried(&self, name: u64) -> bool {
        self.read.contains_key(&name) || self.closed.contains(&name)
    }

    fn is_left(&mut self, rank: Rank) {
        self.unread = Some(self.unread.map_or(rank, |unread| unread.min(rank)));
    }
}

fn look(folder: &Path, seen: &Seen, got: &Got, most: usize, most_names: usize) -> io::Result<Look> {
    let mut look = Look { known: seen.names.0.iter().map(|name| (*name, None)).collect(), floor: (i64::MIN, 0), ..Look::default() };
    for part in ["new", "cur"] {
        for file in fs::read_dir(folder.join(part))? {
            let Some(mail) = lying(&file?) else { continue };
            let rank = (if seen.since.is_some() { mail.written } else { mail.moved }, mail.name);
            if seen.since.is_some() {
                look.all.insert((mail.moved, mail.name));
                if look.all.len() > most_names {
                    look.floor = look.all.pop_first().map_or(look.floor, |last| last.max(look.floor));
                }
            }
            if let Some(known) = look.known.get_mut(&mail.name) {
                *known = Some(rank);
            } else if rank > seen.floor && !got.has_tried(mail.name) && seen.since.is_none_or(|since| mail.written / 1_000_000 >= since) {
                look.wanted.insert(rank, mail);
                if look.wanted.len() > most + 1 {
                    look.wanted.pop_last();
                    look.is_cut = true;
                }
            }
        }
    }
    Ok(look)
}

/// What is known after some mails were read. Of too many names those go first that lie there no more, and then
/// the first ones in the order, as far as all before them is read.
fn kept(seen: &Seen, known: HashMap<u64, Option<Rank>>, read: &BTreeMap<u64, Rank>, unread: Option<Rank>, most: usize) -> Seen {
    let mut all: Vec<(Option<Rank>, u64)> = known.into_iter().map(|(name, rank)| (rank, name)).collect();
    all.extend(read.iter().map(|(name, rank)| (Some(*rank), *name)));
    all.sort_unstable();
    let too_many = all.len().saturating_sub(most);
    let may_go = all.iter().take(too_many).take_while(|(rank, _)| rank.is_none_or(|rank| unread.is_none_or(|unread| rank < unread)));
    let gone = may_go.count();
    let floor = all[..gone].iter().filter_map(|(rank, _)| *rank).max().map_or(seen.floor, |last| last.max(seen.floor));
    Seen { since: seen.since, floor, names: names(all[gone..].iter().map(|(_, name)| *name)) }
}

/// Names in an order that says nothing, so that the same ones are written down in the same way.
fn names(names: impl Iterator<Item = u64>) -> Names {
    let names: BTreeSet<u64> = names.collect();
    Names(names.into_iter().collect())
}

/// A mail at a place; `None` where there is none.
fn lying(file: &fs::DirEntry) -> Option<Lying> {
    let name = file.file_name();
    let base = name.to_string_lossy();
    // One that has gone away meanwhile has nothing to be read.
    let about = file.metadata().ok().filter(|about| about.is_file() && !base.starts_with('.'))?;
    let nanos = |seconds: i64, nanos: i64| seconds.saturating_mul(1_000_000_000).saturating_add(nanos);
    Some(Lying {
        name: Names::short(hash::of_parts([base.split(':').next().unwrap_or_default()])),
        written: nanos(about.mtime(), about.mtime_nsec()),
        moved: nanos(about.ctime(), about.ctime_nsec()),
        path: file.path(),
    })
}

/// So much of a mail, and whether its end is missing.
fn whole(path: &Path, most: usize) -> io::Result<(Vec<u8>, bool)> {
    let (mut bytes, mut file) = (Vec::new(), File::open(path)?);
    (&mut file).take(most as u64).read_to_end(&mut bytes)?;
    let cut = file.read(&mut [0])? > 0;
    Ok((bytes, cut))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;
    use std::time::SystemTime;

    use super::*;
    use crate::domain::mails::Place;

    struct Box(tempfile::TempDir);

    impl Box {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            for part in ["new", "cur", "tmp"] {
                fs::create_dir(folder.path().join(part)).unwrap();
            }
            Self(folder)
        }

        /// Puts a mail there that was written so many seconds after 1970.
        fn put(&self, name: &str, written: u64) {
            let path = self.0.path().join(name);
            fs::write(&path, format!("mail {name}")).unwrap();
            File::options().write(true).open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(written)).unwrap();
        }

        fn batch(&self, seen: &Seen, most: usize, most_names: usize) -> Batch {
            let place = Place::Maildir { path: self.0.path().to_owned(), read: seen.clone() };
            // Root may read every file, so that the test says itself which may not be.
            let whole: Whole = |path, most| {
                if path.to_string_lossy().contains("closed") { Err(io::ErrorKind::PermissionDenied.into()) } else { whole(path, most) }
            };
            batch(Mails { place, most, most_bytes: 100 }, self.0.path(), seen, most_names, whole).unwrap()
        }

        /// Reads on to the end, and says what came.
        fn poll(&self, seen: &mut Seen, most: usize, most_names: usize) -> Vec<String> {
            let mut texts = Vec::new();
            for _ in 0..1_000 {
                let batch = self.batch(seen, most, most_names);
                let Reached::Maildir(reached) = batch.reached else { panic!("of a server") };
                assert!(reached.names.0.len() <= most_names.max(2 * most), "{}", reached.names.0.len());
                *seen = reached;
                texts.extend(batch.mails.into_iter().map(|mail| String::from_utf8(mail.bytes).unwrap()));
                if !batch.more {
                    return texts;
                }
            }
            panic!("it never ends");
        }
    }

    fn first(since: i64) -> Seen {
        Seen { since: Some(since), ..Seen::default() }
    }

    #[tokio::test]
    async fn a_mail_is_the_same_whatever_flags_it_gets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let place = |read: Seen| Mails { place: Place::Maildir { path: path.clone(), read }, most: 2, most_bytes: 4 };
        let asked = async |seen: Seen| read(&place(seen.clone()), &path, &seen).await;
        assert_eq!(asked(first(0)).await.unwrap_err().kind, Kind::NotFound);
        for part in ["new", "cur", "tmp"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        for (name, text) in
            [("new/1.a", "first mail"), ("cur/2.b:2,S", "second"), ("new/3.c", "third"), ("tmp/4.d", "half"), ("new/.x", "no")]
        {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let one = asked(first(0)).await.unwrap();
        assert_eq!((one.mails.len(), one.more), (2, true));
        assert!(one.mails.iter().all(|mail| mail.bytes.len() == 4 && mail.cut), "what is longer comes without its end");
        fs::rename(folder.path().join("new/1.a"), folder.path().join("cur/1.a:2,RS")).unwrap();
        let Reached::Maildir(seen) = one.reached else { panic!("of a server") };
        let two = asked(seen).await.unwrap();
        assert_eq!((two.mails.len(), two.more), (1, false));
    }

    #[test]
    fn a_mail_that_is_moved_there_later_is_read_however_old_it_is() {
        let maildir = Box::new();
        for (name, written) in [("new/old", 50), ("cur/older:2,S", 10), ("new/young", 200)] {
            maildir.put(name, written);
        }
        let mut seen = first(100_000);
        assert_eq!(maildir.poll(&mut seen, 500, 1_000), ["mail new/young"], "the first look goes back to `since`");
        assert_eq!(maildir.poll(&mut seen, 500, 1_000), [""; 0]);
        // Somebody reads what lay there, and moves an ancient mail into the folder.
        fs::rename(maildir.0.path().join("new/old"), maildir.0.path().join("cur/old:2,S")).unwrap();
        fs::rename(maildir.0.path().join("cur/older:2,S"), maildir.0.path().join("cur/older:2,RS")).unwrap();
        maildir.put("cur/ancient:2,S", 1);
        assert_eq!(maildir.poll(&mut seen, 500, 1_000), ["mail cur/ancient:2,S"]);
        let stored = serde_json::to_string(&seen).unwrap();
        seen = serde_json::from_str(&stored).unwrap();
        assert_eq!(maildir.poll(&mut seen, 500, 1_000), [""; 0], "also after a restart");
    }

    #[test]
    fn each_mail_is_read_once_however_many_came_at_one_moment() {
        let maildir = Box::new();
        for number in 0..300 {
            maildir.put(&format!("new/{number}"), 200);
        }
        let mut seen = first(0);
        let mut all = maildir.poll(&mut seen, 7, 1_000);
        assert_eq!(all.len(), 300);
        for number in 300..400 {
            maildir.put(&format!("new/{number}"), 100);
        }
        all.extend(maildir.poll(&mut seen, 7, 1_000));
        assert_eq!(all.len(), 400);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 400);
    }

    #[test]
    fn with_more_mails_than_names_none_is_missed_and_memory_is_bounded() {
        let maildir = Box::new();
        for number in 0..300 {
            maildir.put(&format!("new/{number}"), 200 + number % 3);
        }
        let mut seen = first(0);
        let first_look: BTreeSet<String> = maildir.poll(&mut seen, 7, 20).into_iter().collect();
        assert_eq!(first_look.len(), 300);
        assert_eq!(maildir.poll(&mut seen, 7, 20), [""; 0]);
        for number in 300..400 {
            maildir.put(&format!("new/{number}"), 1);
        }
        let second_look: BTreeSet<String> = maildir.poll(&mut seen, 7, 20).into_iter().collect();
        assert!((300..400).all(|number| second_look.contains(&format!("mail new/{number}"))));
        assert_eq!(maildir.poll(&mut seen, 7, 20), [""; 0]);
        // Names that were forgotten may be read again when they get a flag: their Message-ID is known.
        fs::rename(maildir.0.path().join("new/3"), maildir.0.path().join("cur/3:2,S")).unwrap();
        assert!(maildir.poll(&mut seen, 7, 20).len() <= 1);
    }

    #[test]
    fn a_mail_that_nobody_lets_us_read_does_not_stand_in_the_way_and_is_read_once_it_is_let() {
        let maildir = Box::new();
        for number in 0..30 {
            maildir.put(&format!("new/{number}.closed"), 100);
        }
        maildir.put("new/a", 200);
        let mut seen = first(0);
        assert_eq!(maildir.poll(&mut seen, 5, 1_000), ["mail new/a"]);
        maildir.put("new/b", 50);
        let looked = maildir.batch(&seen, 50, 1_000);
        assert_eq!((looked.mails.len(), looked.more, looked.unreadable.len()), (1, false, 30));
        assert!(looked.unreadable[0].contains(".closed` cannot be read") && looked.unreadable[0].contains("let the daemon's user read it"));
        let Reached::Maildir(reached) = looked.reached else { panic!("of a server") };
        seen = reached;
        fs::rename(maildir.0.path().join("new/7.closed"), maildir.0.path().join("new/7.open")).unwrap();
        assert_eq!(maildir.poll(&mut seen, 50, 1_000), ["mail new/7.closed"]);
        let none = Box::new();
        none.put("new/1.closed", 200);
        let request = Mails { place: Place::Maildir { path: none.0.path().to_owned(), read: first(0) }, most: 5, most_bytes: 5 };
        let refused: Whole = |_, _| Err(io::ErrorKind::PermissionDenied.into());
        let told = batch(request, none.0.path(), &first(0), 10, refused).unwrap_err();
        assert_eq!(told.kind, Kind::Denied, "where nothing could ever be read that is an error");
    }

    #[test]
    fn a_maildir_that_is_emptied_and_filled_again_is_read_on() {
        let maildir = Box::new();
        maildir.put("new/1", 200);
        let mut seen = first(0);
        assert_eq!(maildir.poll(&mut seen, 5, 10).len(), 1);
        fs::remove_file(maildir.0.path().join("new/1")).unwrap();
        assert_eq!(maildir.poll(&mut seen, 5, 10), [""; 0]);
        maildir.put("new/2", 1);
        assert_eq!(maildir.poll(&mut seen, 5, 10), ["mail new/2"]);
    }
}
