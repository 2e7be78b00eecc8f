//! `[source.file]` and its columns.

use crate::config::kind::address::Web;
use crate::config::kind::choice::Choice;
use crate::config::kind::list::List;
use crate::config::kind::number::Whole;
use crate::config::kind::text::FilePath;
use crate::config::kind::text::Line;
use crate::config::kind::time::Zone;
use crate::sources::file::DateOrder;

table! {
    /// A source that is a folder into which surveys and other tables are dropped, or one such table
    /// behind an address.
    Files "[source.file]" one_of(folder url) {
        /// The folder.
        folder: FilePath, optional = "/srv/surveys";
        /// An address that gives the newest export, whatever it is: CSV, JSON or JSON lines.
        url: Web, optional = "https://surveys.example.com/export.csv";
        /// Only files of the folder whose names match; `*` is anything, `?` one letter.
        pattern: Line, optional = "csat-*.csv";
        /// Zone of times that name none; UTC without it.
        time_zone: Zone, optional = "Europe/Stockholm";
        /// Order of day, month and year where a date could be read two ways: "dmy", "mdy" or "ymd".
        date_order: Choice<DateOrder>, optional = "dmy";
        /// What the columns hold.
        columns: Columns, table = {};
    }
}

table! {
    /// Names of columns, where they are not found by themselves.
    Columns "[source.file.columns]" {
        /// The record's own id.
        id: Line, optional = "Response ID";
        /// The open answers.
        text: List<Line>, default = [], such_as = ["What went wrong?"];
        /// When it was given.
        date: Line, optional = "Recorded Date";
        /// The rating.
        rating: Line, optional = "CSAT";
        /// Best value of the rating.
        rating_max: Whole<1, 1000>, optional = 5;
        /// Columns that are kept as labels.
        fields: List<Line>, default = [], such_as = ["Country"];
    }
}
