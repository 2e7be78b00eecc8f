//! Archives and workbooks, made here and damaged here.

use std::io::Cursor;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::any;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::sources::file::Settings;
use crate::sources::file::document;

const LARGE: u64 = 50_000_000;

fn wish(most: u64) -> Packed {
    Packed { part: 0, max_file: LARGE, max_unpacked: most, sheet: String::new() }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut packer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        packer.start_file(*name, SimpleFileOptions::default()).unwrap();
        packer.write_all(bytes).unwrap();
    }
    packer.finish().unwrap().into_inner()
}

/// A workbook of these sheets: name, state, rows as XML.
fn xlsx(sheets: &[(&str, &str, &str)], since_1904: bool) -> Vec<u8> {
    let list = (sheets.iter().enumerate())
        .map(|(at, (name, state, _))| format!("<sheet name=\"{name}\" sheetId=\"{}\" state=\"{state}\" r:id=\"r{at}\"/>", at + 1))
        .collect::<Vec<_>>()
        .concat();
    let relations = (0..sheets.len())
        .map(|at| format!("<Relationship Id=\"r{at}\" Type=\"http://x.test/relationships/worksheet\" Target=\"worksheets/s{at}.xml\"/>"))
        .collect::<Vec<_>>()
        .concat();
    let workbook =
        format!("<x:workbook xmlns:x=\"m\" xmlns:r=\"n\"><x:workbookPr date1904=\"{since_1904}\"/><sheets>{list}</sheets></x:workbook>");
    let relations = format!("<Relationships>{relations}</Relationships>");
    let styles = "<styleSheet><numFmts><numFmt numFmtId=\"170\" formatCode=\"[$-409]d\\.mmm&quot;x&quot;\"/>\
        <numFmt numFmtId=\"171\" formatCode=\"0.0&quot; days&quot;\"/></numFmts><cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>\
        <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/><xf numFmtId=\"170\"/><xf numFmtId=\"171\"/></cellXfs></styleSheet>";
    let texts = "<sst><si><t>Ref</t></si><si><t>Date</t></si><si><t>Stars (1-5)</t></si><si><t>Comment</t></si>\
        <si><r><t xml:space=\"preserve\">The lid </t></r><r><t>leaks &amp; drips</t></r><rPh><t>lid</t></rPh></si>\
        <si><t>line one_x000D_\nline \"two\"</t></si></sst>";
    let mut files = vec![
        ("xl/workbook.xml".to_owned(), workbook),
        ("xl/_rels/workbook.xml.rels".to_owned(), relations),
        ("xl/styles.xml".to_owned(), styles.to_owned()),
        ("xl/sharedStrings.xml".to_owned(), texts.to_owned()),
    ];
    for (at, (_, _, rows)) in sheets.iter().enumerate() {
        files.push((format!("xl/worksheets/s{at}.xml"), format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")));
    }
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    zip(&files)
}

const HEADER: &str = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c><c r=\"C1\" t=\"s\"><v>2</v></c>\
    <c r=\"D1\" t=\"s\"><v>3</v></c></row>";

/// A row: a reference, a date with its style, and a shared text.
fn row(number: u32, date: &str, style: u32, text: u32) -> String {
    format!(
        "<row r=\"{number}\"><c r=\"A{number}\" t=\"inlineStr\"><is><t>k{number}</t></is></c><c r=\"B{number}\" s=\"{style}\"><v>{date}</v></c>\
         <c r=\"C{number}\"><v>2</v></c><c r=\"D{number}\" t=\"s\"><v>{text}</v></c></row>"
    )
}

fn ods(body: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content><office:automatic-styles><style:style style:name=\"h\"><style:table-properties table:display=\"false\"/>\
         </style:style></office:automatic-styles><office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
    );
    zip(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", content.as_bytes()),
        ("META-INF/manifest.xml", b"<m/>"),
    ])
}

const ODS_ROWS: &str = "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>id</text:p></table:table-cell>\
    <table:table-cell><text:p>date</text:p></table:table-cell><table:table-cell><text:p>comment</text:p></table:table-cell>\
    <table:table-cell table:number-columns-repeated=\"16381\"/></table:table-row>\
    <table:table-row table:number-rows-repeated=\"2\"><table:table-cell/></table:table-row>\
    <table:table-row><table:table-cell office:value-type=\"float\" office:value=\"7\"><text:p>7,0</text:p></table:table-cell>\
    <table:table-cell office:value-type=\"date\" office:date-value=\"2026-03-04T05:06:07\"><text:p>4.3.</text:p></table:table-cell>\
    <table:table-cell office:value-type=\"string\"><office:annotation><text:p>a remark</text:p></office:annotation><text:p>It<text:s text:c=\"2\"/>broke</text:p>\
    <text:p>twice</text:p></table:table-cell></table:table-row>\
    <table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>";

/// Tables as text, with their names and the codes of their warnings.
fn read(bytes: &[u8], wish: &Packed) -> Result<Vec<String>, String> {
    let tables = unpack(Cursor::new(bytes), wish, || Ok(Cursor::new(Vec::new()))).map_err(|error| error.to_string())?;
    let shown = |table: Table<Cursor<Vec<u8>>>| {
        let text = String::from_utf8_lossy(table.body.get_ref()).replace('\u{1f}', "|");
        assert_eq!(table.size, table.body.get_ref().len() as u64);
        let warnings: Vec<String> = table.warnings.iter().map(|warning| format!(" {}={}", warning.code, warning.place)).collect();
        format!("{}:{}\n{text}", table.name, warnings.concat())
    };
    Ok(tables.into_iter().map(shown).collect())
}

fn one(bytes: &[u8]) -> String {
    read(bytes, &wish(LARGE)).unwrap_or_else(|error| vec![error]).join("\n---\n")
}

#[test]
fn only_tables_of_an_archive_count_in_the_order_of_their_names() {
    let inner = gzip(b"id\n3\n");
    let bytes = zip(&[
        ("b/two.csv", b"id\n2\n"),
        ("__MACOSX/._two.csv", b"no"),
        (".hidden.csv", b"no"),
        ("../up.csv", b"no"),
        ("read me.pdf", b"no"),
        ("c.csv.gz", &inner),
        ("a.CSV", b"id\n1\n"),
    ]);
    insta::assert_snapshot!(one(&bytes), @r"
    a.CSV: file_in_archive_ignored=read me.pdf
    id
    1

    ---
    b/two.csv:
    id
    2

    ---
    c.csv.gz:
    id
    3
    ");
    assert_eq!(one(&gzip(&gzip(b"id\n"))), ":\nid\n");
}

#[test]
fn a_workbook_is_known_by_its_content_and_its_dates_are_dates() {
    let rows = [HEADER.to_owned(), row(2, "46090.25", 1, 4), row(4, "46091.5", 2, 5), row(5, "46092", 3, 4)].concat();
    let bytes =
        xlsx(&[("Cover", "visible", ""), ("Secret", "hidden", HEADER), ("Data", "visible", &rows), ("Notes", "visible", HEADER)], false);
    insta::assert_snapshot!(one(&bytes), @r#"
    : sheet_ignored=Cover sheet_ignored=Secret sheet_ignored=Notes
    Ref|Date|Stars (1-5)|Comment
    k2|2026-03-09 06:00:00|2|The lid leaks & drips

    k4|2026-03-10 12:00:00|2|"line one
    line ""two"""
    k5|46092|2|The lid leaks & drips
    "#);
    assert_eq!(one(&gzip(&bytes)), one(&bytes));
}

#[test]
fn a_sheet_may_be_named_and_a_wrong_name_says_which_there_are() {
    let bytes = xlsx(&[("Data", "visible", HEADER), ("Old", "hidden", &[HEADER.to_owned(), row(2, "1", 0, 4)].concat())], false);
    let sheet = |name: &str| read(&bytes, &Packed { sheet: name.to_owned(), ..wish(LARGE) });
    assert!(sheet(" old").unwrap()[0].contains("k2|1|2|The lid"), "{:?}", sheet("old"));
    assert_eq!(
        sheet("New").unwrap_err(),
        "no sheet is called `New`, or nothing is on it; the workbook has `Data`, `Old`; correct `sheet` of the source"
    );
}

#[test]
fn days_may_be_counted_from_1904() {
    let rows = [HEADER.to_owned(), row(2, "44628.25", 1, 4), row(3, "44629", 0, 4)].concat();
    let bytes = xlsx(&[("Data", "visible", &rows)], true);
    assert!(one(&bytes).contains("k2|2026-03-09 06:00:00|"), "{}", one(&bytes));
    let only_serials = [HEADER.to_owned(), row(2, "44628.25", 0, 4), row(3, "44629", 0, 4)].concat();
    for (since_1904, first) in [(true, "2026-03-09 06:00:00 UTC"), (false, "2022-03-08 06:00:00 UTC")] {
        let (page, columns) = document(xlsx(&[("Data", "visible", &only_serials)], since_1904), "a", &Settings::default()).unwrap();
        assert_eq!(page.items[0].published.unwrap().to_string(), first);
        assert!(page.warnings.iter().any(|warning| warning.code == "excel_serial"), "{:?}", page.warnings);
        assert!(columns.contains(&("Date".to_owned(), "published".to_owned())), "{columns:?}");
    }
}

#[test]
fn an_open_document_is_read_without_its_remarks_and_endless_blanks() {
    let hidden = format!("<table:table table:name=\"H\" table:style-name=\"h\">{ODS_ROWS}</table:table>");
    let data = format!("<table:table table:name=\"D\">{ODS_ROWS}</table:table>");
    insta::assert_snapshot!(one(&ods(&[hidden, data].concat())), @r#"
    : sheet_ignored=H
    id|date|comment


    7|2026-03-04T05:06:07|"It  broke
    twice"
    "#);
}

#[test]
fn what_bursts_is_refused_before_it_fills_the_disk() {
    let bomb = gzip(&vec![b' '; 60_000_000]);
    assert_eq!(one(&bomb), "a zip bomb: it unpacks to more than 300 times its size; ask who made it; nothing of it was read");
    let cells = "<table:table-cell table:number-columns-repeated=\"9999999\" office:value-type=\"string\"><text:p>xxxxxxxx</text:p></table:table-cell>";
    let rows = format!(
        "<table:table table:name=\"D\"><table:table-row table:number-rows-repeated=\"9999999\">{cells}</table:table-row></table:table>"
    );
    assert!(one(&ods(&rows)).contains("it unpacks to more than"), "{}", one(&ods(&rows)));
    let text = zip(&[("a.csv", &[b'x'; 5_000])]);
    assert!(read(&text, &wish(4_999)).unwrap_err().contains("`max_unpacked`"));
    let endless = format!(
        "<table:table><table:table-row><table:table-cell><text:p>{}</text:p></table:table-cell></table:table-row>",
        "x".repeat(5_000_000)
    );
    assert!(one(&ods(&endless)).contains("one cell of more than 2 MB"), "{:.200}", one(&ods(&endless)));
}

#[test]
fn a_long_text_that_stands_in_every_column_takes_no_more_than_a_row_may() {
    let cell =
        format!("<table:table-cell table:number-columns-repeated=\"2000\"><text:p>{}</text:p></table:table-cell>", "x".repeat(1_500_000));
    let rows = format!("<table:table table:name=\"D\"><table:table-row>{cell}</table:table-row></table:table>");
    assert!(one(&ods(&rows)).len() <= 10_000_000, "{}", one(&ods(&rows)).len());
    let shared: String = (0..2_000).map(|_| "<c t=\"s\"><v>0</v></c>").collect();
    let texts = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(1_500_000));
    let sheet = format!("<worksheet><sheetData><row r=\"1\">{shared}</row></sheetData></worksheet>");
    let book = zip(&[
        ("xl/workbook.xml", b"<workbook><sheets><sheet name='D' r:id='r'/></sheets></workbook>"),
        ("xl/_rels/workbook.xml.rels", b"<a><Relationship Id='r' Type='/worksheet' Target='s.xml'/></a>"),
        ("xl/s.xml", sheet.as_bytes()),
        ("xl/sharedStrings.xml", texts.as_bytes()),
    ]);
    assert!(one(&book).len() <= 10_000_000, "{}", one(&book).len());
}

#[test]
fn what_holds_no_table_says_so() {
    let cut = &gzip(b"id,text\n1,a\n")[..14];
    for (bytes, why) in [
        (zip(&[("a.pdf", b"x")]), "an archive without a table in it"),
        (zip(&[("xl/workbook.bin", b"x")]), "a binary Excel workbook"),
        (xlsx(&[("Data", "visible", "")], false), "a workbook without anything on its visible sheets"),
        (cut.to_vec(), "a damaged archive or workbook"),
        (gzip(&gzip(&gzip(&gzip(&gzip(b"x"))))), "archives in archives"),
    ] {
        assert!(one(&bytes).starts_with(why), "{}", one(&bytes));
    }
}

/// One of each kind, small.
fn specimen(which: usize) -> Vec<u8> {
    let rows = [HEADER.to_owned(), row(2, "46090.25", 1, 4), row(3, "46091.5", 2, 5)].concat();
    let workbook = xlsx(&[("Cover", "hidden", ""), ("Data", "visible", &rows)], false);
    match which {
        0 => gzip(b"id,date,text\n1,2026-01-02Z,The door sticks\n2,2026-01-03Z,Cold soup\n"),
        1 => zip(&[("a.csv", b"id,text\n1,a b\n"), ("b.jsonl", b"{\"id\":1,\"text\":\"c\"}\n"), ("c.xlsx", &workbook)]),
        2 => workbook,
        _ => ods(&format!("<table:table table:name=\"D\">{ODS_ROWS}</table:table>")),
    }
}

/// Archives without compression, so that damage reaches the XML in them.
fn stored(which: usize) -> Vec<u8> {
    let mut from = zip::ZipArchive::new(Cursor::new(specimen(which))).unwrap();
    let mut packer = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..from.len() {
        let mut file = from.by_index(at).unwrap();
        let plain = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        packer.start_file(file.name().unwrap().into_owned(), plain).unwrap();
        io::copy(&mut file, &mut packer).unwrap();
    }
    packer.finish().unwrap().into_inner()
}

proptest::proptest! {
    #[test]
    fn a_damaged_archive_gives_a_value(which in 0_usize..4, cut in 0.0_f64..1.0, at in 0.0_f64..1.0, bit in 0_u8..8, plain in any::<bool>()) {
        let mut file = if plain && which > 0 { stored(which) } else { specimen(which) };
        let place = |part: f64| (file.len() as f64 * part) as usize;
        let (cut, at) = (place(cut), place(at));
        let _ = document(file[..cut].to_vec(), "a", &Settings::default());
        file[at] ^= 1 << bit;
        let _ = document(file, "a", &Settings::default());
    }

    #[test]
    fn noise_in_a_sheet_gives_a_value(rows in "(<row r=\"[0-9]{1,10}\">|<row>|</row>|<c r=\"[A-Z]{0,4}[0-9]{0,8}\" t=\"[sbe]?\">|<c>|</c>|<v>|</v>|<t>|[0-9.]{1,20}|&[a-z#0-9]{0,4};?|_x[0-9A-F]{4}_|<rPh>|</rPh>|é){0,40}") {
        let _ = document(xlsx(&[("Data", "visible", &rows)], false), "a", &Settings::default());
    }

    #[test]
    fn noise_in_an_open_document_gives_a_value(body in "(<table:table>|</table:table>|<table:table-row table:number-rows-repeated=\"[0-9]{1,12}\">|</table:table-row>|<table:table-cell table:number-columns-repeated=\"[0-9]{1,12}\"[a-z =\":-]{0,8}>|</table:table-cell>|<text:p>|</text:p>|<text:s text:c=\"[0-9]{1,12}\"/>|<office:annotation>|</office:annotation>|[a-z ]{1,9}){0,40}") {
        let _ = read(&ods(&body), &wish(3_000_000));
    }
}
