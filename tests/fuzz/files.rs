//! Any bytes in a dropped file are records, warnings or an error: the walk over its pieces goes forward
//! and ends, and reads the same each time.

#![no_main]

use std::path::PathBuf;

use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use uproar::domain::http::Bytes;
use uproar::domain::http::Request;
use uproar::domain::http::Response;
use uproar::domain::http::Slice;
use uproar::domain::item::Cursor;
use uproar::domain::item::Item;
use uproar::domain::item::Shard;
use uproar::sources::Source as _;
use uproar::sources::file::OneFile;
use uproar::sources::file::Settings;

fuzz_target!(|input: &[u8]| {
    let items = read(input);
    assert_eq!(items, read(input), "the same file reads differently");
    for item in items {
        assert!(!item.id.is_empty(), "a record without id: {item:?}");
        if let Some(rating) = item.rating {
            assert!(rating.max > 0.0 && rating.value.is_finite(), "{rating:?}");
        }
    }
});

/// All items of a file, up to the piece that cannot be read.
fn read(file: &[u8]) -> Vec<Item> {
    let source = OneFile::new(PathBuf::from("drop.csv"), Settings::default());
    let (shard, cursor, now) = (Shard::whole(), Cursor::default(), DateTime::UNIX_EPOCH);
    let mut request = source.first(&shard, &cursor, now);
    let mut items = Vec::new();
    loop {
        let Request::Slice(slice) = &request else { panic!("{request:?} for a file") };
        let Ok(page) = source.read(&shard, &cursor, &Response::Slice(piece(file, slice)), now) else { return items };
        items.extend(page.items);
        let Some(next) = page.next else { return items };
        assert!(steps(&next) > steps(&request), "{next:?} after {request:?}");
        request = next;
    }
}

fn piece(file: &[u8], slice: &Slice) -> Bytes {
    let from = usize::try_from(slice.from).unwrap_or_default().min(file.len());
    let until = file.len().min(from.saturating_add(slice.limit as usize));
    Bytes {
        request: slice.clone(),
        from: from as u64,
        body: file[from..until].to_vec(),
        size: file.len() as u64,
        modified: DateTime::UNIX_EPOCH,
        part: None,
    }
}

/// How far a walk has come: each step begins later, or at the same place with a larger piece.
fn steps(request: &Request) -> (i64, u64) {
    if let Request::Slice(slice) = request { (slice.from, slice.limit) } else { (0, 0) }
}
