//! `uproar label --export`: all labels as JSON lines.

use std::fs::File;
use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::cli::label::line::Line;
use crate::store::sqlite::Direct;

/// What is exported.
pub(super) struct Wanted<'a> {
    /// Only labels of messages of this source.
    pub(super) source: Option<&'a str>,
    /// Only labels of this person.
    pub(super) who: Option<&'a str>,
    /// The words of the messages too, redacted.
    pub(super) with_text: bool,
}

pub(super) fn export(file: &Path, wanted: &Wanted<'_>, store: &Direct, console: &mut Console) -> Result<Code, Failure> {
    if file == Path::new("-") {
        lines(wanted, store, &mut console.out)?;
        return Ok(Code::Done);
    }
    let failed = |error: io::Error| Failure::new(Code::Io, format!("cannot write {}: {error}", file.display()));
    let mut out = BufWriter::new(File::create(file).map_err(failed)?);
    let count = lines(wanted, store, &mut out)?;
    out.into_inner().map_err(|error| failed(error.into_error()))?.sync_all().map_err(failed)?;
    writeln!(console.out, "{}: {count} label{}", file.display(), if count == 1 { "" } else { "s" })?;
    Ok(Code::Done)
}

fn lines(wanted: &Wanted<'_>, store: &Direct, out: &mut dyn Write) -> Result<u64, Failure> {
    let mut count = 0;
    for stored in store.reader().reviews()? {
        let is_wanted = |only: Option<&str>, name: &str| only.is_none_or(|only| only == name);
        if is_wanted(wanted.source, &stored.source) && is_wanted(wanted.who, &stored.review.who) {
            serde_json::to_writer(&mut *out, &Line::of(&stored, wanted.with_text)).map_err(io::Error::from)?;
            out.write_all(b"\n")?;
            count += 1;
        }
    }
    Ok(count)
}
