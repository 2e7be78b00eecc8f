//! `[source.file]`: how exports are found and read.

use std::collections::BTreeSet;
use std::path::Path;

use encoding_rs::Encoding;

use crate::config::kind::text::Line;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::source_file::Columns;
use crate::config::shape::source_file::Done;
use crate::config::shape::source_file::Files;
use crate::config::tree::Placed;
use crate::sources;
use crate::sources::file::After;
use crate::sources::file::Limits;

/// The settings of the source `name` that reads files; what they hold is stored in `database`.
pub(super) fn settings(files: &Files, name: &str, database: &Path, reader: &mut Reader<'_>) -> Option<sources::file::Settings> {
    let url = files.url.as_ref().map(|url| url.value.text.clone());
    let folder = files.folder.as_ref().map(|folder| folder.value.0.clone());
    idle(files, reader);
    let after = after(files, reader);
    let named = encoding(files, reader);
    if url.is_none() && folder.is_none() {
        return None;
    }
    Some(sources::file::Settings {
        folder: folder.unwrap_or_default(),
        url,
        pattern: files.pattern.value.iter().map(|pattern| pattern.value.0.clone()).collect(),
        recursive: files.recursive.value,
        settle: files.settle.as_ref().map(|settle| settle.value.0),
        after: after?,
        limits: Limits { file: files.max_file.value.0, unpacked: files.max_unpacked.value.0 },
        encoding: named,
        delimiter: files.delimiter.value.0.map(|delimiter| delimiter.0.0),
        decimal_comma: files.decimal.value.0.map(|decimal| decimal.0.comma),
        header_row: files.header_row.value.0.map(|row| row.0 as u64),
        sheet: text(files.sheet.as_ref()).unwrap_or_default(),
        rejects: Some(files.rejects.as_ref().map_or_else(|| database.with_file_name("rejects"), |folder| folder.value.0.clone())),
        source: name.to_owned(),
        time_zone: files.time_zone.as_ref().map(|zone| zone.value.0),
        date_order: files.date_order.as_ref().and_then(|order| order.value.0),
        columns: columns(&files.columns),
        known_ids: BTreeSet::new(),
    })
}

fn columns(columns: &Columns) -> sources::file::Columns {
    sources::file::Columns {
        id: text(columns.id.as_ref()),
        text: columns.text.value.iter().map(|text| text.value.0.clone()).collect(),
        date: text(columns.date.as_ref()),
        rating: text(columns.rating.as_ref()),
        rating_max: columns.rating_max.as_ref().map(|max| max.value.0 as u32),
        rating_words: columns.rating_words.value.0.clone(),
        url: text(columns.url.as_ref()),
        lang: text(columns.lang.as_ref()),
        fields: columns.fields.value.iter().map(|field| field.value.0.clone()).collect(),
        drop_rows: columns.drop_rows.value.iter().map(|row| (row.value.column.clone(), row.value.equals.clone())).collect(),
    }
}

fn text(line: Option<&Placed<Line>>) -> Option<String> {
    line.map(|line| line.value.0.clone())
}

/// What becomes of files that were read.
fn after(files: &Files, reader: &mut Reader<'_>) -> Option<After> {
    match (files.after.value.0, &files.done_dir) {
        (Done::Keep, _) => Some(After::Keep),
        (Done::Delete, _) => Some(After::Delete),
        (Done::Move, Some(done)) if files.folder.as_ref().is_some_and(|folder| folder.value.0 == done.value.0) => {
            reader.report(
                Problem::error(Code::OutOfRange, done.at.clone().unwrap_or_default(), "`done_dir` is the `folder` itself")
                    .label("what was read would be read again and again")
                    .help("name another folder, such as one below it: `done_dir = \"/srv/surveys/done\"`"),
            );
            None
        }
        (Done::Move, Some(folder)) => Some(After::Move(folder.value.0.clone())),
        (Done::Move, None) => {
            let at = files.after.at.clone().unwrap_or_else(|| files.at.clone());
            reader.report(
                Problem::error(Code::Missing, at, "`after = \"move\"` needs a `done_dir`")
                    .label("where to?")
                    .help("for example `done_dir = \"/srv/surveys/done\"`"),
            );
            None
        }
    }
}

/// The name of an encoding; nothing where it is to be found out, or is none.
fn encoding(files: &Files, reader: &mut Reader<'_>) -> Option<String> {
    let Line(name) = files.encoding.value.0.as_ref()?;
    if Encoding::for_label(name.trim().as_bytes()).is_some() {
        return Some(name.trim().to_owned());
    }
    let at = files.encoding.at.clone().unwrap_or_else(|| files.at.clone());
    reader.report(
        Problem::error(Code::UnknownWord, at, format!("no encoding is called `{name}`"))
            .label("unknown")
            .help("for example \"utf-8\", \"windows-1252\" or \"utf-16le\"; \"auto\" finds it out"),
    );
    None
}

/// Warns of options that do nothing where they stand.
fn idle(files: &Files, reader: &mut Reader<'_>) {
    let moved = files.after.value.0 == Done::Move;
    if let Some(folder) = files.done_dir.as_ref().filter(|_| !moved) {
        let message = "`done_dir` means nothing without `after = \"move\"`";
        reader.report(
            Problem::warning(Code::OptionIdle, folder.at.clone().unwrap_or_default(), message)
                .label("nothing is moved here")
                .help("write `after = \"move\"`, or take the line out"),
        );
    }
}
