//! Recordings played back in time.

use super::*;

const WEEK: &[u8] = include_bytes!("../../../tests/fixtures/replay/week.jsonl");

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn source(live: Live) -> Replay {
    Replay::new(Settings { file: PathBuf::from("week.jsonl"), live, speed: 1.0 })
}

/// What is asked for, cut out of a file as `fetch` does.
fn cut(file: &[u8], request: &Request, most: u64) -> Bytes {
    let Request::Slice(slice) = request else {
        panic!("not a slice: {request:?}");
    };
    let size = file.len() as u64;
    let from = if slice.from < 0 { size.saturating_sub(slice.from.unsigned_abs()) } else { slice.from as u64 };
    let end = (from + slice.limit.min(most)).min(size);
    let body = file[from.min(size) as usize..end as usize].to_vec();
    let mut request = slice.clone();
    request.limit = request.limit.min(most);
    Bytes { request, from, body, size, modified: Timestamp::default(), part: None }
}

/// Polls once at a moment; returns the ids with their new times, the cursor and when more is due.
fn poll(source: &Replay, file: &[u8], cursor: &Cursor, now: &str, most: u64) -> (Vec<String>, Cursor, Option<Timestamp>, Vec<Warning>) {
    let shard = Shard::whole();
    let now = at(now);
    let mut request = source.first(&shard, cursor, now);
    let (mut items, mut warnings) = (Vec::new(), Vec::new());
    loop {
        let page = source.read(&shard, cursor, &Response::Slice(cut(file, &request, most)), now).unwrap();
        items.extend(
            page.items
                .iter()
                .map(|item| format!("{} {}", item.id, item.published.map_or_else(String::new, |at| at.format("%m-%d %H:%M").to_string()))),
        );
        warnings.extend(page.warnings);
        match page.next {
            Some(next) => request = next,
            None => return (items, page.cursor.unwrap(), page.due, warnings),
        }
    }
}

#[test]
fn history_ends_now_and_the_rest_arrives_when_its_time_comes() {
    let source = source(Live::Last(TimeDelta::days(2)));
    let (items, cursor, due, _) = poll(&source, WEEK, &Cursor::default(), "2026-06-01T12:00:00Z", u64::MAX);
    // The split is 2020-03-06 08:00, two days before the last record.
    assert_eq!(items, ["r1 05-27 12:00", "r2 05-28 13:30"]);
    assert_eq!(due, Some(at("2026-06-02T03:59:00Z")));

    let (items, cursor, due, _) = poll(&source, WEEK, &cursor, "2026-06-02T03:58:59Z", u64::MAX);
    assert_eq!((items.len(), due), (0, Some(at("2026-06-02T03:59:00Z"))));

    let (items, cursor, due, warnings) = poll(&source, WEEK, &cursor, "2026-06-02T14:00:00Z", u64::MAX);
    assert_eq!(items, ["r3 06-02 03:59", "r4 06-02 14:00", "r5 06-02 13:00"]);
    assert_eq!(due, Some(at("2026-06-03T12:00:00Z")));
    assert_eq!(warnings.iter().map(|warning| warning.code.as_str()).collect::<Vec<_>>(), ["bad_line", "out_of_order"]);

    let (items, cursor, due, _) = poll(&source, WEEK, &cursor, "2026-06-03T12:00:00Z", u64::MAX);
    assert_eq!((items.as_slice(), due), (&["r6 06-03 12:00".to_owned()][..], None));
    let (items, ..) = poll(&source, WEEK, &cursor, "2027-01-01T00:00:00Z", u64::MAX);
    assert!(items.is_empty());
}

#[test]
fn a_split_at_a_recorded_time_needs_no_look_at_the_end() {
    let source = source(Live::From(at("2020-03-02T00:00:00Z")));
    let (items, ..) = poll(&source, WEEK, &Cursor::default(), "2026-06-01T00:00:00Z", u64::MAX);
    assert_eq!(items, ["r1 05-31 08:00"]);
}

#[test]
fn a_recording_that_grows_is_played_on() {
    let source = source(Live::From(at("2020-03-01T00:00:00Z")));
    let half = &WEEK[..=WEEK.iter().position(|byte| *byte == b'\n').unwrap()];
    let (items, cursor, due, _) = poll(&source, half, &Cursor::default(), "2020-03-01T00:00:00Z", u64::MAX);
    assert_eq!((items.len(), due), (0, Some(at("2020-03-01T08:00:00Z"))));
    let (items, cursor, due, _) = poll(&source, half, &cursor, "2020-03-01T08:00:00Z", u64::MAX);
    assert_eq!((items.len(), due), (1, None));
    let (items, ..) = poll(&source, WEEK, &cursor, "2020-03-02T09:30:00Z", u64::MAX);
    assert_eq!(items, ["r2 03-02 09:30"]);
}

#[test]
fn a_line_that_is_still_being_written_is_read_when_it_is_whole() {
    let source = source(Live::From(at("2020-04-01T00:00:00Z")));
    let (items, cursor, _, warnings) = poll(&source, &WEEK[..200], &Cursor::default(), "2026-06-01T00:00:00Z", u64::MAX);
    assert_eq!((items.len(), warnings.len()), (1, 0));
    let (items, ..) = poll(&source, WEEK, &cursor, "2026-06-01T00:00:00Z", u64::MAX);
    assert_eq!(items.len(), 5);
}

#[test]
fn a_recording_without_times_says_what_is_missing() {
    let source = source(Live::Last(TimeDelta::days(2)));
    let request = source.first(&Shard::whole(), &Cursor::default(), Timestamp::default());
    let bytes = cut(b"{\"text\":\"x\"}\n", &request, u64::MAX);
    let error = source.read(&Shard::whole(), &Cursor::default(), &Response::Slice(bytes), Timestamp::default()).unwrap_err();
    assert_eq!(error.to_string(), "week.jsonl: no record with a time at its end; a recording is JSON lines with `id`, `ts` and `text`");
}

proptest::proptest! {
    /// Pieces of any size release the same records in the same order.
    #[test]
    fn the_size_of_pieces_does_not_matter(most in 8_u64..2000) {
        let source = source(Live::From(at("2020-04-01T00:00:00Z")));
        let whole = poll(&source, WEEK, &Cursor::default(), "2026-06-01T00:00:00Z", u64::MAX);
        let pieces = poll(&source, WEEK, &Cursor::default(), "2026-06-01T00:00:00Z", most.max(200));
        proptest::prop_assert_eq!(whole.0, pieces.0);
        proptest::prop_assert_eq!(whole.1, pieces.1);
    }

    #[test]
    fn a_damaged_recording_gives_a_value(at_byte in 0..WEEK.len(), bit in 0_u8..8) {
        let source = source(Live::From(at("2020-04-01T00:00:00Z")));
        let mut flipped = WEEK.to_vec();
        flipped[at_byte] ^= 1 << bit;
        let _ = poll(&source, &flipped, &Cursor::default(), "2026-06-01T00:00:00Z", u64::MAX);
        let _ = poll(&source, &WEEK[..at_byte], &Cursor::default(), "2026-06-01T00:00:00Z", u64::MAX);
    }
}
