//! `[source.file]`: how exports are found and read.

use crate::config::kind::text::Line;
use crate::config::shape::source_file::Files;
use crate::config::tree::Placed;
use crate::sources;

/// The settings of a source that reads files.
pub(super) fn settings(files: &Files) -> Option<sources::file::Settings> {
    let line = |line: &Option<Placed<Line>>| line.as_ref().map(|line| line.value.0.clone());
    let columns = &files.columns;
    let url = files.url.as_ref().map(|url| url.value.text.clone());
    let folder = files.folder.as_ref().map(|folder| folder.value.0.clone());
    if url.is_none() && folder.is_none() {
        return None;
    }
    Some(sources::file::Settings {
        folder: folder.unwrap_or_default(),
        url,
        pattern: line(&files.pattern).into_iter().collect(),
        time_zone: files.time_zone.as_ref().map(|zone| zone.value.0),
        date_order: files.date_order.as_ref().map(|order| order.value.0),
        columns: sources::file::Columns {
            id: line(&columns.id),
            text: columns.text.value.iter().map(|text| text.value.0.clone()).collect(),
            date: line(&columns.date),
            rating: line(&columns.rating),
            rating_max: columns.rating_max.as_ref().map(|max| max.value.0 as u32),
            fields: columns.fields.value.iter().map(|field| field.value.0.clone()).collect(),
            ..sources::file::Columns::default()
        },
        ..sources::file::Settings::default()
    })
}
