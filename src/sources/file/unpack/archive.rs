//! gzip and zip: which files in them are tables.

use std::io;
use std::io::BufReader;
use std::io::Read;
use std::io::Seek;

use flate2::bufread::MultiGzDecoder;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::file::unpack::Store;
use crate::sources::file::unpack::UnpackError;
use crate::sources::file::unpack::Unpacking;
use crate::sources::file::unpack::damaged;
use crate::sources::file::unpack::ods::Ods;
use crate::sources::file::unpack::sheet;
use crate::sources::file::unpack::xlsx::Xlsx;

/// Files that an archive may hold, those in its archives with it.
const MOST_FILES: usize = 5_000;

/// Ignored files that are named one by one.
const NAMED: usize = 20;

impl<W: Store, M: FnMut() -> io::Result<W>> Unpacking<'_, W, M> {
    pub(super) fn gzip(&mut self, from: &mut (impl Read + Seek), name: &str, depth: u32) -> Result<(), UnpackError> {
        let (body, size) = self.copy(&mut MultiGzDecoder::new(BufReader::new(from)))?;
        self.take(body, size, name, depth)
    }

    pub(super) fn zip(&mut self, from: &mut (impl Read + Seek), name: &str, depth: u32) -> Result<(), UnpackError> {
        let zip = ZipArchive::new(BufReader::new(from)).map_err(|error| broken(&error))?;
        if zip.index_for_name("xl/workbook.bin").is_some() {
            return Err(ReadError::new("a binary Excel workbook", "save it as XLSX or CSV").into());
        }
        let table = if zip.index_for_name("xl/workbook.xml").is_some() {
            let mut workbook = Xlsx::open(zip, &self.budget)?;
            Some(sheet::choose(&mut workbook, name, self.wish, &self.budget, &mut self.make)?)
        } else if zip.index_for_name("content.xml").is_some() && zip.index_for_name("META-INF/manifest.xml").is_some() {
            let mut workbook = Ods::open(zip, &self.budget)?;
            Some(sheet::choose(&mut workbook, name, self.wish, &self.budget, &mut self.make)?)
        } else {
            self.tables_of(zip, name, depth)?;
            None
        };
        self.tables.extend(table);
        Ok(())
    }

    /// Unpacks the tables of an archive.
    fn tables_of(&mut self, mut zip: ZipArchive<impl Read + Seek>, name: &str, depth: u32) -> Result<(), UnpackError> {
        self.found += zip.len();
        if self.found > MOST_FILES {
            return Err(ReadError::new(format!("an archive of more than {MOST_FILES} files"), "put only the tables into it").into());
        }
        for inner in self.tables_in(&zip) {
            let mut file = zip.by_name(&inner).map_err(|error| broken(&error))?;
            let (body, size) = self.copy(&mut file)?;
            drop(file);
            let inner = if name.is_empty() { inner } else { format!("{name}/{inner}") };
            self.take(body, size, &inner, depth)?;
        }
        Ok(())
    }

    /// Names of the tables in order; what else there is becomes a warning.
    fn tables_in(&mut self, zip: &ZipArchive<impl Read + Seek>) -> Vec<String> {
        let mut tables = Vec::new();
        for name in zip.file_names().flatten() {
            match kind_of(&name) {
                Kind::Table => tables.push(name.into_owned()),
                Kind::Foreign if self.ignored.len() < NAMED => {
                    self.ignored.push(Warning::new("file_in_archive_ignored", name.as_ref(), "it is no table and was left alone"));
                }
                Kind::Foreign | Kind::Silent => {}
            }
        }
        tables.sort_unstable();
        self.ignored.sort_by(|one, other| one.place.cmp(&other.place));
        tables
    }
}

/// What a file in an archive is, by its name: nothing else is known before it is unpacked.
enum Kind {
    Table,
    /// Other files of the packer's own, and paths that lead out of the archive.
    Silent,
    Foreign,
}

fn kind_of(name: &str) -> Kind {
    let mut parts = name.split(['/', '\\']);
    if parts.any(|part| part == ".." || part == "__MACOSX" || (part.starts_with('.') && part.len() > 1))
        || name.starts_with(['/', '\\'])
        || name.contains(':')
        || name.ends_with('/')
    {
        return Kind::Silent;
    }
    let lower = name.to_lowercase();
    let is = |ends: &[&str]| ends.iter().any(|end| lower.ends_with(end));
    if is(&[".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ndjson", ".xlsx", ".ods", ".gz", ".zip"]) {
        Kind::Table
    } else {
        Kind::Foreign
    }
}

pub(super) fn broken(error: &ZipError) -> UnpackError {
    match error {
        ZipError::UnsupportedArchive(why) if why.contains("assword") => {
            ReadError::new("an archive that is locked with a password", "pack it without one").into()
        }
        ZipError::UnsupportedArchive(why) => {
            ReadError::new(format!("an archive of an unusual kind ({why})"), "pack it again as a plain zip").into()
        }
        error => damaged(&error.to_string()),
    }
}
