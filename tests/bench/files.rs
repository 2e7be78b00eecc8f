//! How fast a large survey export is read and mapped, beside the `csv` crate alone: rows a second on one core.
//!
//! `cargo bench --bench files`. The export has a million rows, as a survey tool writes them: ids, dates in the form
//! of a country, a scale in words of its header, quoted answers with line ends and doubled quotes, columns that are
//! dropped. Packed forms have a tenth of the rows.

#![allow(clippy::unwrap_used, reason = "what is read here was written here")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::BytesCount;
use divan::counter::ItemsCount;
use flate2::Compression;
use flate2::write::GzEncoder;
use uproar::domain::Timestamp;
use uproar::domain::http::Bytes;
use uproar::domain::http::Request;
use uproar::domain::http::Response;
use uproar::domain::item::Cursor;
use uproar::domain::item::Shard;
use uproar::sources::Source as _;
use uproar::sources::file;

const ROWS: usize = 1_000_000;
const PACKED_ROWS: usize = 100_000;

static LARGE: LazyLock<String> = LazyLock::new(|| export(ROWS));
static SMALL: LazyLock<String> = LazyLock::new(|| export(PACKED_ROWS));

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn read_and_mapped(bencher: Bencher<'_, '_>) {
    let source = file::OneFile::new(PathBuf::from("a"), file::Settings::default());
    bencher.counter(ItemsCount::new(ROWS)).counter(BytesCount::of_str(LARGE.as_str())).bench(|| {
        let (shard, cursor, now) = (Shard::whole(), Cursor::default(), Timestamp::default());
        let mut next = Some(source.first(&shard, &cursor, now));
        let mut items = 0;
        while let Some(Request::Slice(request)) = next {
            let from = request.from as u64;
            let end = (from + request.limit).min(LARGE.len() as u64);
            let body = LARGE.as_bytes()[from as usize..end as usize].to_vec();
            let bytes = Bytes { request, from, body, size: LARGE.len() as u64, modified: now, part: None };
            let page = source.read(&shard, &cursor, &Response::Slice(bytes), now).unwrap();
            items += page.items.len();
            next = page.next;
        }
        assert_eq!(items, ROWS);
    });
}

/// What no reader can be faster than: records cut apart, nothing made of them.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn csv_crate_alone(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(ROWS)).counter(BytesCount::of_str(LARGE.as_str())).bench(|| {
        let mut reader = csv::Reader::from_reader(LARGE.as_bytes());
        let mut record = csv::ByteRecord::new();
        let mut rows = 0;
        while reader.read_byte_record(&mut record).unwrap() {
            rows += 1;
        }
        assert_eq!(rows, ROWS);
    });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn gzip(bencher: Bencher<'_, '_>) {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(SMALL.as_bytes()).unwrap();
    packed(bencher, &packer.finish().unwrap());
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn xlsx(bencher: Bencher<'_, '_>) {
    packed(bencher, &workbook());
}

fn packed(bencher: Bencher<'_, '_>, bytes: &[u8]) {
    bencher.counter(ItemsCount::new(PACKED_ROWS)).bench(|| {
        let (page, _) = file::document(bytes.to_vec(), "a", &file::Settings::default()).unwrap();
        assert_eq!(page.items.len(), PACKED_ROWS);
    });
}

fn export(rows: usize) -> String {
    let mut text = "Response ID,Submitted,How satisfied are you? (1-5),What went wrong?,Anything else?,Country,Network ID\n".to_owned();
    for n in 0..rows {
        let (at, sentence) = (date(n).format("%d/%m/%Y %H:%M"), sentence(n));
        let more = if n.is_multiple_of(9) { "\"It said \"\"closed\"\",\nand nothing more.\"" } else { "" };
        writeln!(text, "R{n:08},{at},{},\"{sentence}\",{more},SE,{}", n % 5 + 1, n * 7).unwrap();
    }
    text
}

fn workbook() -> Vec<u8> {
    let mut packer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut add = |name: &str, text: &str| {
        packer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        packer.write_all(text.as_bytes()).unwrap();
    };
    add("xl/workbook.xml", "<workbook><sheets><sheet name=\"Export\" id=\"r1\"/></sheets></workbook>");
    add("xl/_rels/workbook.xml.rels", "<r><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/></r>");
    add("xl/styles.xml", "<s><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/></cellXfs></s>");
    let mut texts = "<sst>".to_owned();
    let mut rows = "<worksheet><sheetData><row r=\"1\">".to_owned();
    for name in ["Response ID", "Submitted", "How satisfied are you? (1-5)", "What went wrong?"] {
        write!(rows, "<c t=\"inlineStr\"><is><t>{name}</t></is></c>").unwrap();
    }
    rows.push_str("</row>");
    for n in 0..PACKED_ROWS {
        write!(texts, "<si><t>{}</t></si>", sentence(n)).unwrap();
        let (row, days) = (n + 2, 46_000.0 + n as f64 / 1_440.0);
        write!(
            rows,
            "<row r=\"{row}\"><c r=\"A{row}\" t=\"str\"><v>R{n}</v></c><c r=\"B{row}\" s=\"1\"><v>{days}</v></c><c r=\"C{row}\"><v>{}</v></c>\
             <c r=\"D{row}\" t=\"s\"><v>{n}</v></c></row>",
            n % 5 + 1
        )
        .unwrap();
    }
    add("xl/sharedStrings.xml", &(texts + "</sst>"));
    add("xl/worksheets/sheet1.xml", &(rows + "</sheetData></worksheet>"));
    packer.finish().unwrap().into_inner()
}

fn date(n: usize) -> Timestamp {
    Timestamp::from_timestamp(1_700_000_000 + n as i64 * 30, 0).unwrap()
}

fn sentence(n: usize) -> String {
    format!("Order {n} came late, the chat kept asking me the same three questions and then closed my case without a word.")
}
