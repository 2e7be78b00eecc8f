//! Reads a file of counts: a CSV of series, buckets, totals and complaints.

use std::collections::HashMap;
use std::io::Read;

use chrono::DateTime;
use chrono::Datelike;
use chrono::FixedOffset;
use chrono::NaiveDate;
use chrono::NaiveDateTime;
use chrono::Timelike;

/// The columns, in the order in which they are usually written.
const COLUMNS: [&str; 4] = ["series_id", "bucket_start", "total", "complaints"];

/// One bucket of a series as it stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Line in the file, from 1.
    pub line: u64,
    /// First moment of the bucket, as written.
    pub text: Box<str>,
    /// The same in seconds from 1970.
    pub start: i64,
    /// Hour of the day as written, 0 to 23.
    pub hour: u8,
    /// Day of the week as written, 0 is Monday.
    pub weekday: u8,
    /// Messages; `None` where the cell is empty.
    pub total: Option<f64>,
    /// Messages with the theme.
    pub complaints: f64,
}

/// The rows of one series, in time order.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name.
    pub id: String,
    /// Its buckets.
    pub rows: Vec<Row>,
}

/// Why a file of counts can't be judged.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// The header is not the expected one.
    #[error("line 1: no column `{missing}` among `{found}`; the first line has to be `series_id,bucket_start,total,complaints`")]
    Header {
        /// The column.
        missing: &'static str,
        /// The header as it stands.
        found: String,
    },
    /// A cell is not what its column holds.
    #[error("line {line}: {problem}; {cure}")]
    Row {
        /// Line in the file.
        line: u64,
        /// What is wrong.
        problem: String,
        /// What to do.
        cure: &'static str,
    },
    /// Not CSV at all, or unreadable.
    #[error("not readable as CSV: {0}; the file has to be UTF-8 with four columns in every line")]
    Csv(#[from] csv::Error),
}

/// Reads all series, in the order of their first rows.
///
/// # Errors
///
/// The first row that can't be used, with its line.
pub fn read(input: impl Read) -> Result<Vec<Series>, RowsError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
    let columns = columns(reader.headers()?)?;
    let mut all: Vec<Series> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record)? {
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |column: usize| record.get(columns[column]).unwrap_or("");
        let row = row(line, cell(1), cell(2), cell(3))?;
        let place = if let Some(place) = places.get(cell(0)) {
            *place
        } else {
            places.insert(cell(0).to_owned(), all.len());
            all.push(Series { id: cell(0).to_owned(), rows: Vec::new() });
            all.len() - 1
        };
        let rows = &mut all[place].rows;
        if let Some(before) = rows.last().filter(|before| before.start >= row.start) {
            return Err(out_of_order(before, &row, cell(0)));
        }
        rows.push(row);
    }
    Ok(all)
}

fn columns(header: &csv::StringRecord) -> Result<[usize; 4], RowsError> {
    let mut places = [0; 4];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        let found = header.iter().position(|name| name.trim_start_matches('\u{feff}') == column);
        *place = found.ok_or_else(|| RowsError::Header { missing: column, found: header.iter().collect::<Vec<_>>().join(",") })?;
    }
    Ok(places)
}

fn row(line: u64, start: &str, total: &str, complaints: &str) -> Result<Row, RowsError> {
    let at = moment(start).ok_or_else(|| RowsError::Row {
        line,
        problem: format!("`{start}` is no time"),
        cure: "write `bucket_start` like 2026-03-02T13:00:00Z or 2026-03-02",
    })?;
    Ok(Row {
        line,
        text: start.into(),
        start: at.timestamp(),
        hour: at.hour() as u8,
        weekday: at.weekday().num_days_from_monday() as u8,
        total: if total.is_empty() { None } else { Some(number(line, "total", total)?) },
        complaints: number(line, "complaints", complaints)?,
    })
}

fn number(line: u64, column: &str, text: &str) -> Result<f64, RowsError> {
    let cure = match column {
        "total" => "write how many messages there were, or leave the cell empty to judge complaints alone",
        _ => "write how many complaints there were, 0 for none",
    };
    match text.parse::<f64>() {
        Ok(number) if number >= 0.0 && number.is_finite() => Ok(number),
        Ok(_) => Err(RowsError::Row { line, problem: format!("`{column}` is {text}, but counts are 0 or more"), cure }),
        Err(_) if text.is_empty() => Err(RowsError::Row { line, problem: format!("`{column}` is empty"), cure }),
        Err(_) => Err(RowsError::Row { line, problem: format!("`{column}` is `{text}`, which is no number"), cure }),
    }
}

fn out_of_order(before: &Row, row: &Row, id: &str) -> RowsError {
    let line = row.line;
    if before.start == row.start {
        let problem = format!("a second row of series `{id}` for {}, after line {}", row.text, before.line);
        RowsError::Row { line, problem, cure: "add the two up" }
    } else {
        let problem = format!("{} comes after {} (line {}) in series `{id}`", row.text, before.text, before.line);
        RowsError::Row { line, problem, cure: "sort each series by time" }
    }
}

/// A time with an offset, or one in UTC without, or a day.
fn moment(text: &str) -> Option<DateTime<FixedOffset>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at);
    }
    let local = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|day| day.and_time(chrono::NaiveTime::MIN)))?;
    Some(local.and_utc().fixed_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        read(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn rows_of_several_series_may_be_mixed() {
        let text = "series_id,bucket_start,total,complaints\nb,2026-03-02,,1.5\na,2026-03-02,9,1\nb,2026-03-03,7,0\n";
        let all = read(text.as_bytes()).unwrap();
        assert_eq!(all.iter().map(|series| (series.id.as_str(), series.rows.len())).collect::<Vec<_>>(), [("b", 2), ("a", 1)]);
        assert_eq!((all[0].rows[0].total, all[0].rows[0].complaints), (None, 1.5));
        assert_eq!((all[0].rows[1].total, all[0].rows[1].line), (Some(7.0), 4));
    }

    #[test]
    fn columns_are_found_by_name() {
        let all = read("\u{feff}complaints,note,bucket_start,series_id,total\n2,x,2026-03-02T13:00:00Z,a,9\n".as_bytes()).unwrap();
        let row = &all[0].rows[0];
        assert_eq!((row.hour, row.weekday, row.total, row.complaints), (13, 0, Some(9.0), 2.0));
    }

    #[test]
    fn times_are_taken_in_the_usual_forms() {
        for text in ["2026-03-02T00:00:00Z", "2026-03-02T01:00:00+01:00", "2026-03-02 00:00:00Z", "2026-03-02T00:00", "2026-03-02"] {
            assert_eq!(moment(text).map(|at| at.timestamp()), Some(1_772_409_600), "{text}");
        }
        assert_eq!(moment("2. March"), None);
    }

    #[test]
    fn a_bad_row_is_refused_with_its_line_the_reason_and_a_cure() {
        const HEAD: &str = "series_id,bucket_start,total,complaints\na,2026-03-02,9,1\n";
        let of = |row: &str| refused(&format!("{HEAD}{row}\n"));
        insta::assert_snapshot!(of("a,2026-03-03,9,-1"), @"line 3: `complaints` is -1, but counts are 0 or more; write how many complaints there were, 0 for none");
        insta::assert_snapshot!(of("a,2026-03-03,9,"), @"line 3: `complaints` is empty; write how many complaints there were, 0 for none");
        insta::assert_snapshot!(of("a,2026-03-03,many,1"), @"line 3: `total` is `many`, which is no number; write how many messages there were, or leave the cell empty to judge complaints alone");
        insta::assert_snapshot!(of("a,2026-03-03,inf,1"), @"line 3: `total` is inf, but counts are 0 or more; write how many messages there were, or leave the cell empty to judge complaints alone");
        insta::assert_snapshot!(of("a,3/3/26,9,1"), @"line 3: `3/3/26` is no time; write `bucket_start` like 2026-03-02T13:00:00Z or 2026-03-02");
        insta::assert_snapshot!(of("a,2026-03-02,9,1"), @"line 3: a second row of series `a` for 2026-03-02, after line 2; add the two up");
        insta::assert_snapshot!(of("a,2026-03-01,9,1"), @"line 3: 2026-03-01 comes after 2026-03-02 (line 2) in series `a`; sort each series by time");
        insta::assert_snapshot!(of("a,2026-03-03,9"), @"not readable as CSV: CSV error: record 2 (line: 3, byte: 57): found record with 3 fields, but the previous record has 4 fields; the file has to be UTF-8 with four columns in every line");
    }

    #[test]
    fn a_missing_column_is_named() {
        insta::assert_snapshot!(refused("series_id,date,total,complaints\n"), @"line 1: no column `bucket_start` among `series_id,date,total,complaints`; the first line has to be `series_id,bucket_start,total,complaints`");
        insta::assert_snapshot!(refused(""), @"line 1: no column `series_id` among ``; the first line has to be `series_id,bucket_start,total,complaints`");
    }
}
