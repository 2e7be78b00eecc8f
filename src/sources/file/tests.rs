//! Exports as people really get them, in folders and in pieces.

use super::*;
use crate::domain::http::Entry;
use crate::domain::http::Watched;
use crate::domain::item::Item;

const NPS: &[u8] = include_bytes!("../../../tests/fixtures/file/nps.csv");
const JSONL: &[u8] = include_bytes!("../../../tests/fixtures/file/answers.jsonl");
const NOTEN: &[u8] = include_bytes!("../../../tests/fixtures/file/noten.csv");

/// What is asked for, cut out of a file as `fetch` does; pieces of at most `most` bytes.
fn cut(file: &[u8], slice: &Slice, most: u64) -> Response {
    let from = slice.from as u64;
    let end = (from + slice.limit.min(most)).min(file.len() as u64);
    let body = file[(from as usize).min(file.len())..end as usize].to_vec();
    let request = Slice { limit: slice.limit, ..slice.clone() };
    Response::Slice(Bytes { request, from, body, size: file.len() as u64, modified: Timestamp::default(), part: None })
}

/// Reads a file as an import does, in pieces that double where they must.
fn read_in(file: &[u8], settings: &Settings, most: u64) -> Result<Page, ReadError> {
    let source = OneFile::new(PathBuf::from("a"), settings.clone());
    let (shard, cursor, now) = (Shard::whole(), Cursor::default(), Timestamp::default());
    let Request::Slice(mut slice) = source.first(&shard, &cursor, now) else {
        panic!("a file is read in slices");
    };
    let mut whole = Page::default();
    let mut most = most;
    loop {
        let page = source.read(&shard, &cursor, &cut(file, &slice, most), now)?;
        whole.format = page.format;
        whole.items.extend(page.items);
        whole.warnings.extend(page.warnings);
        whole.rejects = whole.rejects.or(page.rejects);
        match page.next {
            Some(Request::Slice(next)) => {
                if next.from == slice.from {
                    most *= 2;
                }
                slice = next;
            }
            _ => return Ok(whole),
        }
    }
}

fn read(file: impl AsRef<[u8]>) -> Page {
    read_in(file.as_ref(), &Settings::default(), u64::MAX).unwrap()
}

fn refused(file: &str) -> String {
    read_in(file.as_bytes(), &Settings::default(), u64::MAX).unwrap_err().to_string()
}

fn line(item: &Item) -> String {
    let published = item.published.map_or("-".to_owned(), |at| at.format("%Y-%m-%dT%H:%MZ").to_string());
    let rating = item.rating.map_or("-".to_owned(), |rating| format!("{}/{}", rating.value, rating.max));
    let fields = item.fields.iter().map(|(name, value)| format!(" {name}={value}")).collect::<Vec<_>>().concat();
    let lang = item.lang.as_deref().unwrap_or("-");
    format!("{} {published} {rating} {lang}{fields} {:?} {:?}", item.id, item.title, item.text)
}

fn shown(page: &Page) -> String {
    let items = page.items.iter().map(line);
    let warnings = page.warnings.iter().map(|warning| format!("! {warning}"));
    std::iter::once(page.format.to_owned()).chain(items).chain(warnings).collect::<Vec<_>>().join("\n")
}

fn ids(page: &Page) -> Vec<&str> {
    page.items.iter().map(|item| item.id.as_str()).collect()
}

fn codes(page: &Page) -> Vec<&str> {
    page.warnings.iter().map(|warning| warning.code.as_str()).collect()
}

#[test]
fn a_survey_export_is_read_without_its_personal_data() {
    let page = read(NPS);
    insta::assert_snapshot!(shown(&page), @r#"
    csv
    a1 2026-04-13T10:00Z 2/10 - country=SE "" "The bot loops,\nand loops."
    a2 2026-04-14T11:30Z 10/10 - country=DE "" "Quick and kind.\n\nKeep it up!"
    a5 2026-04-17T08:00Z 0/10 - country=NO "" "He said \"never again\"."
    ! Submitted: the times name no zone and are read as UTC; `time_zone` of the source says another [timezone_assumed]
    ! line 5: an answer without text and rating was left out [empty_record]
    ! line 7: more cells than columns: the row was left out [ragged_row]
    "#);
    assert!(!format!("{page:?}").contains("mail.test"));
}

#[test]
fn json_lines_are_read_and_bad_ones_named() {
    insta::assert_snapshot!(shown(&read(JSONL)), @r#"
    jsonl
    1 2026-04-01T08:00Z 3/5 en "" "Okay."
    2 2026-04-02T06:00Z 5/5 fr version=4.2 "Nice" "Très bien."
    4 2026-04-03T08:00Z - de "" "Späte Lieferung"
    ! rating: nothing names the best rating: taken as 5 [scale_assumed]
    ! line 3: left out: EOF while parsing a value [bad_line]
    ! line 4: left out: invalid type: sequence, expected an object [bad_line]
    "#);
}

#[test]
fn a_list_of_objects_is_read_like_lines() {
    let page = read("[\n {\"id\":\"a\",\"text\":\"x\"},\n {\"id\":\"b\",\"text\":\"y\"}\n]");
    assert_eq!((page.format, ids(&page)), ("json", vec!["a", "b"]));
    assert_eq!(codes(&read("[]")), ["no_records"]);
}

#[test]
fn old_excel_files_are_read_with_a_decimal_comma() {
    insta::assert_snapshot!(shown(&read(NOTEN)), @r#"
    csv
    1 2026-01-02T00:00Z 4.5/5 - "" "Schön"
    2 2026-01-03T00:00Z 1/5 - "" "Tür klemmt"
    ! it is not UTF-8 and was read as windows-1252 [encoding_guessed]
    ! Datum: the times name no zone and are read as UTC; `time_zone` of the source says another [timezone_assumed]
    "#);
}

#[test]
fn utf16_is_read_in_pieces_too() {
    let text = "id\tdate\tcomment\r\n".to_owned()
        + &(0..300).map(|n| format!("{n}\t2026-01-02T00:00Z\t😀 nr {n}\r\n")).collect::<Vec<_>>().concat();
    let wide = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect::<Vec<_>>();
    for most in [u64::MAX, 200, 333, 4001] {
        let page = read_in(&wide, &Settings::default(), most).unwrap();
        assert_eq!((page.items.len(), page.items[299].text.as_str()), (300, "😀 nr 299"), "{most}");
    }
}

#[test]
fn a_zone_may_be_given() {
    let settings = Settings { time_zone: Some(chrono_tz::Europe::Stockholm), ..Settings::default() };
    let page = read_in(b"id,date,text\n1,2026-07-01 12:00,a\n", &settings, u64::MAX).unwrap();
    assert_eq!(line(&page.items[0]), "1 2026-07-01T10:00Z - - \"\" \"a\"");
    assert!(codes(&page).is_empty(), "{page:?}");
}

#[test]
fn a_value_outside_the_scale_loses_itself_and_changes_no_other() {
    let ratings = |page: &Page| page.items.iter().filter_map(|item| Some((item.rating?.value, item.rating?.max))).collect::<Vec<_>>();
    let rows =
        |odd: &str| (0..28).map(|n| format!("{n},{},a\n", n % 5 + 1)).collect::<Vec<_>>().concat() + &format!("28,{odd},b\n29,{odd},\n");
    for (name, best) in [("score", 5.0), ("csat (1-5)", 5.0), ("How was it?", 5.0), ("NPS", 10.0)] {
        for odd in ["55", "4711", "-1"] {
            let page = read(format!("id,{name},text\n{}", rows(odd)));
            assert!(page.items.len() == 29 && ratings(&page).len() == 28, "{name} {odd}: {page:?}");
            assert!(ratings(&page).iter().all(|(_, max)| (max - best).abs() < 1e-9), "{name} {odd}: {:?}", ratings(&page));
            assert_eq!(codes(&page).iter().filter(|code| **code == "rating_off_scale").count(), 2, "{name} {odd}: {page:?}");
            let rejects = page.rejects.unwrap().rows;
            assert_eq!((rejects.len(), rejects[0].raw.as_str()), (1, format!("29,{odd},").as_str()), "what is nothing but that");
        }
    }
    let page = read("id,rating (1-5),text\n1,0,a\n2,5,b\n3,4,c\n4,n/a,d\n5,3,e\n6,3,f\n");
    assert_eq!((page.items[0].rating, codes(&page)), (None, vec!["no_date", "rating_off_scale"]), "nobody can give a 0 of 1 to 5");
    let wrong = read("id,Q2 score 1-3,text\n1,9,a\n2,8,b\n3,10,c\n");
    assert_eq!(ratings(&wrong), [(9.0, 10.0), (8.0, 10.0), (10.0, 10.0)], "a name that fits no value is none");
}

#[test]
fn what_cannot_be_read_without_guessing_is_refused() {
    for (file, why) in [
        ("id,date,text\n1,03/04/2026,a\n2,05/06/2026,b\n", "date_order"),
        ("", "an empty file"),
        ("1,2\n3,4\n", "no row that names the columns"),
        ("PK\u{3}\u{4}xx", "a zip archive or an Excel workbook"),
        ("<html>log in</html>", "not a table: an HTML or XML document"),
        ("{\"a\":\n{\"b\":\n", "not a table: JSON"),
    ] {
        assert!(refused(file).contains(why), "{file}: {}", refused(file));
    }
}

#[test]
fn a_record_that_is_still_being_written_is_left_for_later() {
    for file in [
        "id,date,text\n1,2026-01-02Z,a\n2,2026-01",
        "id,date,text\n1,2026-01-02Z,a\n2,2026-01-02Z,\"b\nc",
        "{\"id\":1,\"text\":\"a\"}\n{\"id\":2,\"te",
    ] {
        let page = read(file);
        assert_eq!((ids(&page), codes(&page).contains(&"incomplete_last_record")), (vec!["1"], true), "{file}");
    }
    let page = read("id,date,text\n1,2026-01-02Z,a\n2,2026-01-02Z,b");
    assert_eq!(ids(&page), ["1", "2"], "a last record with all its cells only lacks its line end");
}

#[test]
fn rows_without_id_are_known_by_content_and_equal_ones_counted() {
    let first = read("date,rating (1-5),comment\n2026-01-02Z,1,a\n2026-01-02Z,1,a\n2026-01-03Z,2,b\n");
    assert_eq!(first.items.iter().map(|item| &item.id).collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(ids(&first)[1], format!("{}-2", ids(&first)[0]));
    let longer = read("date,rating (1-5),comment\n2025-12-31Z,5,c\n2026-01-02Z,1,a\n2026-01-02Z,1,a\n2026-01-03Z,2,b\n");
    assert_eq!(ids(&first), ids(&longer)[1..], "the same rows in a longer export are the same rows");
}

#[test]
fn a_row_without_an_id_is_known_by_its_content_and_the_others_by_their_ids() {
    let table = |two: &str| format!("Response ID,date,text\n1,2026-01-02Z,a\n{two},2026-01-02Z,b\n3,2026-01-02Z,c\n");
    let lines = |two: &str| {
        let line = |id: &str, text: &str| format!("{{\"id\":{id},\"date\":\"2026-01-02Z\",\"text\":\"{text}\"}}\n");
        line("1", "a") + &line(two, "b") + &line("3", "c")
    };
    for (blank, filled) in [(table(""), table("2")), (lines("null"), lines("2")), (lines("\"\""), lines("2"))] {
        let (before, after) = (read(&blank), read(&filled));
        let by_content = ids(&before)[1].to_owned();
        assert_eq!((ids(&before)[0], ids(&before)[2], &by_content[..3]), ("1", "3", "h1:"), "{blank}");
        let said = before.warnings.iter().find(|warning| warning.code == "no_id").unwrap();
        assert!(said.message.starts_with("1 row has no id"), "{said}");
        assert_eq!(ids(&after), ["1", "2", "3"]);
        assert_eq!(after.items[1].formerly.as_deref(), Some(by_content.as_str()), "{filled}: it can be known again");
        assert!(!codes(&after).contains(&"no_id"));
    }
    let beside = read("id,date,text\n1,2026-01-02Z,a\n,2026-01-02Z,a\n3,2026-01-02Z,c\n");
    assert_eq!(beside.items[0].formerly, None, "an answer beside it that says the same is another one");
    let all = read("id,date,text\n,2026-01-02Z,a\n,2026-01-03Z,b\n");
    assert!(ids(&all).iter().all(|id| id.starts_with("h1:")), "{all:?}");
    let of_others = read("Order no,date,text\n7,2026-01-02Z,a\n,2026-01-03Z,b\n,2026-01-03Z,c\n,2026-01-03Z,d\n");
    assert!(!codes(&of_others).contains(&"no_id"), "a number that few have is none of theirs");
}

#[test]
fn the_later_change_of_one_id_wins() {
    let page = read("id,date,updated at,text\n1,2026-01-02Z,2026-01-05Z,new\n1,2026-01-02Z,2026-01-03Z,old\n");
    assert_eq!((page.items.len(), page.items[0].text.as_str(), codes(&page)), (1, "new", vec!["duplicate_id"]));
}

#[test]
fn columns_that_the_settings_name_are_taken() {
    let columns = Columns {
        text: vec!["b".to_owned(), "a".to_owned()],
        fields: vec!["Plan".to_owned()],
        rating: Some("c".to_owned()),
        rating_max: Some(7),
        ..Columns::default()
    };
    let page = read_in(b"id,a,b,c,Plan\n1,x,y,6,pro\n", &Settings { columns, ..Settings::default() }, u64::MAX).unwrap();
    assert_eq!(line(&page.items[0]), "1 - 6/7 - Plan=pro \"\" \"x\\n\\ny\"");
}

fn read_with(file: &str, settings: &Settings) -> Page {
    read_in(file.as_bytes(), settings, u64::MAX).unwrap()
}

#[test]
fn what_cannot_be_found_out_may_be_said() {
    let said = "Grade list\nid|when|how was it|text\n1|2026-01-02Z|Good|a|b\n2|2026-01-02Z|Bad|c\n";
    let columns = Columns {
        rating: Some("How was it".to_owned()),
        rating_words: vec![("good".to_owned(), 1.0), ("Bad".to_owned(), 0.0)],
        ..Columns::default()
    };
    let settings = Settings { delimiter: Some(b'|'), header_row: Some(2), columns, ..Settings::default() };
    let page = read_with(said, &settings);
    assert_eq!(page.items.iter().map(line).collect::<Vec<_>>(), ["2 2026-01-02T00:00Z 0/1 - \"\" \"c\""]);
    assert_eq!(codes(&page), ["ragged_row"], "a row with a cell too many is left out");

    let greek = encoding_rs::ISO_8859_7.encode("id,text\n1,Αργεί πολύ\n").0.into_owned();
    let settings = Settings { encoding: Some("iso-8859-7".to_owned()), ..Settings::default() };
    assert_eq!(read_in(&greek, &settings, u64::MAX).unwrap().items[0].text, "Αργεί πολύ");

    let comma = Settings { decimal_comma: Some(true), ..Settings::default() };
    assert_eq!(line(&read_with("id,rating (1-5),text\n1,\"4,5\",a\n", &comma).items[0]), "1 - 4.5/5 - \"\" \"a\"");
}

#[test]
fn rows_that_are_no_answers_are_dropped_and_links_and_languages_kept() {
    let columns = Columns {
        url: Some("where".to_owned()),
        lang: Some("Tongue".to_owned()),
        drop_rows: vec![("State".to_owned(), "trial".to_owned())],
        ..Columns::default()
    };
    let settings = Settings { columns, ..Settings::default() };
    let page = read_with("id,where,tongue,state,text\n1,https://x.test/1,sv,final,a\n2,https://x.test/2,sv,trial,b\n", &settings);
    assert_eq!((page.items.len(), page.items[0].url.as_deref(), page.items[0].lang.as_deref()), (1, Some("https://x.test/1"), Some("sv")));
    assert_eq!(page.warnings, read_with("id,where,tongue,state,text\n1,https://x.test/1,sv,final,a\n", &settings).warnings);
    let error = read_in(b"id,where,tongue,text\n1,https://x.test/1,sv,a\n", &settings, u64::MAX).unwrap_err();
    assert!(error.what.contains("no column is called `State`"), "{error}");
}

#[test]
fn records_that_cannot_be_read_are_handed_on_as_they_were_written() {
    let page = read("id,date,text\n1,2026-01-02Z,a\n2,2026-01-02Z,\"b, c\",d,e\n3,2026-01-02Z,f\n");
    let rejects = page.rejects.unwrap();
    assert_eq!((rejects.begins, rejects.rows.len(), rejects.rows[0].line), (true, 1, 3));
    assert_eq!(rejects.rows[0].raw, "2,2026-01-02Z,\"b, c\",d,e");
    let page = read("{\"id\":1,\"text\":\"a\"}\n{\"id\":2,,}\n");
    assert_eq!(page.rejects.unwrap().rows[0].raw, "{\"id\":2,,}");
    assert!(read("id,text\n1,a\n").rejects.unwrap().rows.is_empty(), "a file that is mended says so");
}

#[test]
fn a_file_that_was_read_leaves_its_folder_behind_its_last_piece() {
    let settings = Settings { after: After::Move(PathBuf::from("/done")), ..Settings::default() };
    let source = Folder::new(settings);
    let (shard, cursor, now) = (Shard::whole(), Cursor::default(), Timestamp::default());
    let Request::Folder(watched) = source.first(&shard, &cursor, now) else { panic!("a folder") };
    assert_eq!(watched.except, Some(PathBuf::from("/done")));
    let file = b"id,text\n1,a\n".as_slice();
    let entries = vec![entry("/in/a.csv", file, true), entry("/in/b.csv", b"no", true)];
    let page = source.read(&shard, &cursor, &Response::Folder(entries), now).unwrap();
    let Some(Request::Slice(slice)) = page.next else { panic!("a piece") };
    let page = source.read(&shard, &cursor, &cut(file, &slice, u64::MAX), now).unwrap();
    let Some(Request::Retire(retired)) = page.next.clone() else { panic!("the file stays") };
    assert_eq!((retired.path.as_path(), retired.size, retired.to.as_deref()), (Path::new("/in/a.csv"), 12, Some(Path::new("/done"))));
    assert_eq!((ids(&page), &page.cursor), (vec!["1"], &None), "its rows are stored before it goes");
    let page = source.read(&shard, &cursor, &Response::Retired(retired, Some("no right".to_owned())), now).unwrap();
    assert_eq!(codes(&page), ["file_not_moved"]);
    let Some(Request::Slice(slice)) = page.next else { panic!("the next file") };
    let page = source.read(&shard, &cursor, &cut(b"", &slice, u64::MAX), now).unwrap();
    assert!(page.next.is_none() && page.cursor.is_some(), "one that cannot be read stays");
}

/// What a folder whose files are deleted says to a file: the warnings, and what is asked for next.
fn behind(file: &[u8]) -> (Vec<String>, Option<Request>) {
    let source = Folder::new(Settings { folder: PathBuf::from("/in"), after: After::Delete, ..Settings::default() });
    let (shard, cursor, now) = (Shard::whole(), Cursor::default(), Timestamp::default());
    let page = source.read(&shard, &cursor, &Response::Folder(vec![entry("/in/a.csv", file, true)]), now).unwrap();
    let Some(Request::Slice(slice)) = page.next else { panic!("a piece") };
    let page = source.read(&shard, &cursor, &cut(file, &slice, u64::MAX), now).unwrap();
    (page.warnings.iter().map(ToString::to_string).collect(), page.next)
}

#[test]
fn a_file_goes_only_when_all_that_could_not_be_read_of_it_stands_elsewhere() {
    let (_, next) = behind(b"id,text\n1,a\n2,b,c\n3,d,e\n4,f\n5,g\n6,h\n");
    let Some(Request::Retire(retired)) = next else { panic!("{next:?}") };
    let rejects = retired.rejects.unwrap();
    assert_eq!((rejects.file.as_str(), rejects.records), ("a.csv", 2));
    let (_, next) = behind(b"id,text\n1,a\n");
    assert!(matches!(next, Some(Request::Retire(retired)) if retired.rejects.is_none()));
    let long = format!("id,text\n1,a\n2,{},c\n3,d\n4,e\n", "b".repeat(9_000));
    let (warnings, next) = behind(long.as_bytes());
    assert_eq!(next, None, "what is cut would be lost");
    assert!(warnings.iter().any(|warning| warning.contains("still in its folder") && warning.contains("mend them")), "{warnings:?}");
}

#[test]
fn a_file_whose_end_is_still_being_written_stays_where_it_is() {
    let source = Folder::new(Settings { after: After::Delete, ..Settings::default() });
    let (shard, cursor, now) = (Shard::whole(), Cursor::default(), Timestamp::default());
    let file = b"id,text\n1,a\n2,\"never\ncame".as_slice();
    let page = source.read(&shard, &cursor, &Response::Folder(vec![entry("/in/a.csv", file, true)]), now).unwrap();
    let Some(Request::Slice(slice)) = page.next else { panic!("a piece") };
    let page = source.read(&shard, &cursor, &cut(file, &slice, u64::MAX), now).unwrap();
    assert_eq!((ids(&page), codes(&page).contains(&"incomplete_last_record")), (vec!["1"], true), "{:?}", page.warnings);
    assert!(page.next.is_none(), "{:?}", page.next);
}

#[test]
fn a_file_that_still_moves_brings_the_next_look_when_it_will_have_settled() {
    let source = Folder::new(Settings::default());
    let (shard, cursor, now) = (Shard::whole(), Cursor::default(), Timestamp::default());
    let at = |seconds| now + TimeDelta::seconds(seconds);
    let entries = vec![
        Entry { settles: at(10), ..entry("a.csv", NPS, false) },
        Entry { settles: at(7), ..entry("b.csv", NPS, false) },
        Entry { settles: at(1), ..entry("b.part", NPS, false) },
    ];
    let page = source.read(&shard, &cursor, &Response::Folder(entries), now).unwrap();
    assert_eq!((page.due, page.next), (Some(at(7)), None));
}

fn entry(path: &str, file: &[u8], settled: bool) -> Entry {
    Entry { path: PathBuf::from(path), size: file.len() as u64, modified: Timestamp::default(), settled, settles: Timestamp::default() }
}

/// Polls a folder once; returns what was read and the new cursor.
fn poll(settings: &Settings, cursor: &Cursor, files: &[(&str, &[u8], bool)]) -> (Page, Cursor) {
    poll_at(0, settings, cursor, files)
}

/// Polls a folder so many hours after 1970.
fn poll_at(hours: i64, settings: &Settings, cursor: &Cursor, files: &[(&str, &[u8], bool)]) -> (Page, Cursor) {
    let source = Folder::new(settings.clone());
    let (shard, now) = (Shard::whole(), Timestamp::default() + TimeDelta::hours(hours));
    assert_eq!(source.first(&shard, cursor, now), Request::Folder(Watched { path: settings.folder.clone(), ..Watched::default() }));
    let entries = files.iter().map(|(path, file, settled)| entry(path, file, *settled)).collect();
    let mut page = source.read(&shard, cursor, &Response::Folder(entries), now).unwrap();
    let mut whole = Page::default();
    loop {
        whole.items.append(&mut page.items);
        whole.warnings.append(&mut page.warnings);
        let Some(Request::Slice(slice)) = page.next else {
            return (whole, page.cursor.unwrap_or_else(|| cursor.clone()));
        };
        let file = files.iter().find(|(path, ..)| Path::new(path) == slice.path).unwrap().1;
        page = source.read(&shard, cursor, &cut(file, &slice, 400), now).unwrap();
    }
}

#[test]
fn records_of_a_list_on_one_line_are_counted_each() {
    let list = |rated: [u8; 3]| {
        let bare = rated.map(|rating| format!(",{{\"rating (1-5)\":{rating}}}")).concat();
        let good = (0..40).map(|n| format!("{{\"id\":{n},\"rating (1-5)\":{},\"text\":\"a\"}}", n % 5 + 1)).collect::<Vec<_>>();
        format!("[{}{bare}]", good.join(","))
    };
    for (rated, records) in [([7, 8, 9], 3), ([7, 7, 8], 2)] {
        let (_, next) = behind(list(rated).as_bytes());
        let Some(Request::Retire(retired)) = next else { panic!("{next:?}") };
        assert_eq!(retired.rejects.unwrap().records, records, "those that are alike in everything stand there as one");
    }
}

#[test]
fn a_column_that_was_taken_for_ids_stays_so_while_its_file_grows() {
    let table = |blank: &[usize], rows: usize, each: usize| {
        let id = |n: usize| if blank.contains(&n) { String::new() } else { (n % each).to_string() };
        format!("Order ID,date,text\n{}", (0..rows).map(|n| format!("{},2026-01-02,w{n}\n", id(n))).collect::<Vec<_>>().concat())
    };
    let (short, long, others) = (table(&[4], 12, 99), table(&[4, 13, 14], 20, 99), table(&[], 20, 3));
    let settings = Settings::default();
    assert!(ids(&read(&long)).iter().all(|id| id.starts_with("h1:")), "this one alone has too few");
    let (first, cursor) = poll(&settings, &Cursor::default(), &[("a.csv", short.as_bytes(), true)]);
    assert_eq!((ids(&first)[0], ids(&first)[11]), ("0", "11"));
    for name in ["a.csv", "b.csv"] {
        let (grown, later) = poll(&settings, &cursor, &[(name, long.as_bytes(), true)]);
        assert_eq!(ids(&grown)[..12], ids(&first)[..], "{name}");
        assert_eq!(grown.items.iter().filter(|item| item.id.starts_with("h1:")).count(), 3, "{name}");
        assert!(later.0.unwrap().contains("order id"), "{name}");
    }
    let (page, _) = poll(&settings, &Cursor::default(), &[("a.csv", short.as_bytes(), true), ("b.csv", long.as_bytes(), true)]);
    assert_eq!(ids(&page)[12..24], ids(&first)[..], "in one walk as well");
    let (page, _) = poll(&settings, &cursor, &[("c.csv", others.as_bytes(), true)]);
    assert!(ids(&page).iter().all(|id| id.starts_with("h1:")), "what mostly repeats is a number of something else: {:?}", ids(&page));
}

#[test]
fn a_folder_is_read_once_and_again_where_it_changed() {
    let settings = Settings::default();
    let more = [JSONL, b"{\"id\":5,\"created_at\":\"2026-04-04T08:00:00Z\",\"text\":\"new\"}\n"].concat();
    let (page, cursor) = poll(&settings, &Cursor::default(), &[("a.jsonl", JSONL, true), ("b.csv", NPS, false), ("c.csv.part", NPS, true)]);
    assert_eq!(ids(&page), ["1", "2", "4"], "what is still being written is left alone");
    let (page, cursor) = poll(&settings, &cursor, &[("a.jsonl", JSONL, true), ("b.csv", NPS, true)]);
    assert_eq!(ids(&page), ["a1", "a2", "a5"]);
    let (page, cursor) = poll(&settings, &cursor, &[("a.jsonl", JSONL, true), ("b.csv", NPS, true)]);
    assert!(page.items.is_empty());
    let (page, _) = poll(&settings, &cursor, &[("a.jsonl", &more, true), ("b.csv", NPS, true)]);
    assert_eq!(ids(&page), ["1", "2", "4", "5"]);
}

#[test]
fn a_file_that_cannot_be_read_holds_up_no_other_and_is_told_until_it_can() {
    let ambiguous = b"id,date,text\n1,03/04/2026,a\n2,05/06/2026,b\n".as_slice();
    let files = [("a.csv", ambiguous, true), ("b.csv", NPS, true)];
    let settings = Settings::default();
    let (page, cursor) = poll(&settings, &Cursor::default(), &files);
    assert_eq!(ids(&page), ["a1", "a2", "a5"]);
    assert!(page.warnings[0].message.contains("ambiguous dates"), "{page:?}");
    let (page, cursor) = poll_at(23, &settings, &cursor, &files);
    assert_eq!((page.items.len(), codes(&page)), (0, vec![]), "told once a day");
    let (page, cursor) = poll_at(24, &settings, &cursor, &files);
    assert_eq!((page.items.len(), codes(&page)), (0, vec!["file_refused"]));
    assert!(poll_at(25, &settings, &cursor, &files).0.warnings.is_empty());
    let changed = [("a.csv", [ambiguous, b"3,06/07/2026,c\n"].concat()), ("b.csv", NPS.to_vec())];
    let changed = changed.each_ref().map(|(path, file)| (*path, file.as_slice(), true));
    assert_eq!(codes(&poll_at(25, &settings, &cursor, &changed).0), ["file_refused"], "or when it has changed");
    let settings = Settings { date_order: Some(DateOrder::DayMonthYear), ..settings };
    let (page, _) = poll(&settings, &cursor, &files);
    assert_eq!(ids(&page), ["1", "2"], "other settings are a reason to try again");
}

#[test]
fn what_could_not_be_read_is_named_as_long_as_it_lies_there() {
    let files = [("/in/a.csv", b"id,date,text\n1,03/04/2026,a\n2,05/06/2026,b\n".as_slice(), true), ("/in/b.csv", NPS, true)];
    let settings = Settings { folder: PathBuf::from("/in"), ..Settings::default() };
    let (_, cursor) = poll(&settings, &Cursor::default(), &files);
    let named = super::refused(&cursor);
    assert_eq!((named.len(), named[0].0.as_path()), (1, Path::new("/in/a.csv")));
    assert!(named[0].1.contains("date_order"), "{named:?}");
    let (_, cursor) = poll(&settings, &cursor, &files[1..]);
    assert_eq!(super::refused(&cursor), []);
    assert!(poll(&settings, &cursor, &files[1..]).0.items.is_empty(), "what was read is still known");
}

#[test]
fn many_files_come_in_several_walks() {
    let names = (0..150).map(|n| format!("{n:03}.jsonl")).collect::<Vec<_>>();
    let lines = (0..150).map(|n| format!("{{\"id\":{n},\"text\":\"x\"}}\n")).collect::<Vec<_>>();
    let files = names.iter().zip(&lines).map(|(name, line)| (name.as_str(), line.as_bytes(), true)).collect::<Vec<_>>();
    let (first, cursor) = poll(&Settings::default(), &Cursor::default(), &files);
    let (second, _) = poll(&Settings::default(), &cursor, &files);
    assert_eq!((first.items.len(), second.items.len()), (100, 50));
}

proptest::proptest! {
    /// Wherever a file is cut into pieces, the same items come out, in the same order.
    #[test]
    fn the_size_of_pieces_does_not_matter(most in 120_u64..900) {
        for file in [NPS, JSONL, NOTEN] {
            let settings = Settings { date_order: Some(DateOrder::DayMonthYear), ..Settings::default() };
            let whole = read_in(file, &settings, u64::MAX).unwrap();
            let pieces = read_in(file, &settings, most).unwrap();
            proptest::prop_assert_eq!(ids(&whole), ids(&pieces));
        }
    }

    #[test]
    fn a_damaged_file_gives_a_value(which in 0_usize..3, cut in 0.0_f64..1.0, at in 0.0_f64..1.0, bit in 0_u8..8) {
        let file = [NPS, JSONL, NOTEN][which];
        let place = |part: f64| (file.len() as f64 * part) as usize;
        let _ = read_in(&file[..place(cut)], &Settings::default(), 200);
        let mut flipped = file.to_vec();
        flipped[place(at)] ^= 1 << bit;
        let _ = read_in(&flipped, &Settings::default(), u64::MAX);
    }

    #[test]
    fn noise_gives_a_value(text in "([,;\t|\n\r\"]|sep=|id|date|text|1/2/26|[a-z0-9 ]|\u{0}|\u{feff}|\\[|\\{|\\}){0,60}") {
        let _ = read_in(text.as_bytes(), &Settings::default(), u64::MAX);
        let _ = read_in(text.as_bytes(), &Settings::default(), 16);
    }
}
