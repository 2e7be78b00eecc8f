//! Mails in a maildir: `new` and `cur`, known by the part of their names that flags do not change.

use std::collections::HashSet;
use std::fs;
use std::fs::File;
use std::io;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use crate::domain::mails::Batch;
use crate::domain::mails::Mail;
use crate::domain::mails::Mails;
use crate::fetch::FetchError;
use crate::fetch::Kind;
use crate::text::hash;

/// A maildir with more wanted mails than this is read by its oldest ones first, and the rest later.
const MOST_LISTED: usize = 200_000;
/// Bytes of one batch, but for the mail that goes beyond them.
const MOST_BYTES: usize = 20_000_000;

/// Reads some mails, away from the other tasks.
pub(super) async fn read(request: &Mails, path: &Path, floor: i64, known: &[(i64, u64)]) -> Result<Batch, FetchError> {
    let (wanted, folder, known) = (request.clone(), path.to_owned(), known.iter().map(|(_, name)| *name).collect::<HashSet<u64>>());
    let read = tokio::task::spawn_blocking(move || {
        let mut found = Vec::new();
        for part in ["new", "cur"] {
            list(&folder.join(part), floor, &known, &mut found)?;
        }
        found.sort_unstable();
        // A mail that was given a flag while we looked stands in both.
        found.dedup_by_key(|(_, name, _)| *name);
        let (mut mails, mut bytes) = (Vec::new(), 0);
        let mut left = found.into_iter();
        for (delivered, name, path) in left.by_ref() {
            // One that went away or got a flag since then is found under its new name next time.
            let mail = match whole(&path, wanted.most_bytes) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                mail => mail?,
            };
            bytes += mail.len();
            mails.push(Mail { number: 0, delivered, name, bytes: mail });
            if mails.len() >= wanted.most || bytes >= MOST_BYTES {
                break;
            }
        }
        Ok(Batch { mails, more: left.next().is_some(), validity: 0, request: wanted })
    });
    let read: io::Result<Batch> = read.await.unwrap_or_else(|ended| Err(io::Error::other(ended)));
    read.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            FetchError::new(Kind::NotFound, format!("`{}` is no maildir: it has no `new` and `cur`; check `maildir`", path.display()))
        }
        _ => FetchError::of_file(&error, path),
    })
}

fn whole(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn list(folder: &Path, floor: i64, known: &HashSet<u64>, found: &mut Vec<(i64, u64, PathBuf)>) -> io::Result<()> {
    for file in fs::read_dir(folder)? {
        let file = file?;
        let name = file.file_name();
        let base = name.to_string_lossy();
        if base.starts_with('.') {
            continue;
        }
        let hash = hash::of_parts([base.split(':').next().unwrap_or_default()]);
        let Ok(about) = file.metadata() else { continue };
        let delivered = about.modified()?.duration_since(UNIX_EPOCH).map_or(0, |age| age.as_millis() as i64);
        if about.is_file() && delivered >= floor && !known.contains(&hash) && found.len() < MOST_LISTED {
            found.push((delivered, hash, file.path()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mails::Place;

    #[tokio::test]
    async fn a_mail_is_the_same_whatever_flags_it_gets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let place =
            |known: Vec<(i64, u64)>| Mails { place: Place::Maildir { path: path.clone(), floor: 0, known }, most: 2, most_bytes: 4 };
        let asked = async |known: Vec<(i64, u64)>| read(&place(known.clone()), &path, 0, &known).await;
        assert_eq!(asked(Vec::new()).await.unwrap_err().kind, Kind::NotFound);
        for part in ["new", "cur", "tmp"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        for (name, text) in
            [("new/1.a", "first mail"), ("cur/2.b:2,S", "second"), ("new/3.c", "third"), ("tmp/4.d", "half"), ("new/.x", "no")]
        {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let first = asked(Vec::new()).await.unwrap();
        assert_eq!((first.mails.len(), first.more), (2, true));
        assert!(first.mails.iter().all(|mail| mail.bytes.len() == 4), "what is longer comes without its end");
        let known: Vec<(i64, u64)> = first.mails.iter().map(|mail| (mail.delivered, mail.name)).collect();
        fs::rename(folder.path().join("new/1.a"), folder.path().join("cur/1.a:2,RS")).unwrap();
        let second = asked(known).await.unwrap();
        assert_eq!((second.mails.len(), second.more), (1, false));
    }
}
