//! Any bytes in the place of one part of a workbook are records, warnings or an error. The archive around
//! them is made here, without compression, so that what is found is about the parts and not about zip.

#![no_main]

use std::io::Cursor;
use std::io::Write as _;

use libfuzzer_sys::fuzz_target;
use uproar::sources::file::Limits;
use uproar::sources::file::Settings;
use uproar::sources::file::document;
use zip::CompressionMethod;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const PARTS: [(&str, &str); 5] = [
    ("xl/workbook.xml", "<workbook><sheets><sheet name='A' id='r'/></sheets></workbook>"),
    ("xl/_rels/workbook.xml.rels", "<a><Relationship Id='r' Type='/worksheet' Target='s.xml'/></a>"),
    ("xl/styles.xml", "<a><cellXfs><xf numFmtId='22'/></cellXfs></a>"),
    ("xl/sharedStrings.xml", "<sst><si><t>id</t></si><si><t>text</t></si></sst>"),
    (
        "xl/s.xml",
        "<sheetData><row><c t='s'><v>0</v></c><c t='s'><v>1</v></c></row><row><c><v>7</v></c><c t='s'><v>1</v></c></row></sheetData>",
    ),
];

fuzz_target!(|input: &[u8]| {
    let Some((which, bytes)) = input.split_first() else { return };
    let which = usize::from(*which) % (PARTS.len() + 1);
    let mut packer = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, bytes: &[u8]| {
        let plain = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        packer.start_file(name, plain).and_then(|()| Ok(packer.write_all(bytes)?)).expect("a file in memory can be written");
    };
    if which == PARTS.len() {
        add("META-INF/manifest.xml", b"");
        add("content.xml", bytes);
    } else {
        for (at, (name, usual)) in PARTS.iter().enumerate() {
            add(name, if at == which { bytes } else { usual.as_bytes() });
        }
    }
    let file = packer.finish().expect("a file in memory can be written").into_inner();
    let limits = Limits { unpacked: 2_000_000, ..Limits::default() };
    if let Ok((page, _)) = document(file, "drop", &Settings { limits, ..Settings::default() }) {
        assert!(page.items.iter().all(|item| !item.id.is_empty()), "a record without id");
    }
});
