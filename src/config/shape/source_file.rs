//! `[source.file]` and its columns.

use crate::config::kind::address::Web;
use crate::config::kind::auto::Auto;
use crate::config::kind::auto::Equals;
use crate::config::kind::auto::Numbers;
use crate::config::kind::choice::Choice;
use crate::config::kind::list::List;
use crate::config::kind::list::OneOrMany;
use crate::config::kind::number::Size;
use crate::config::kind::number::Whole;
use crate::config::kind::text::FilePath;
use crate::config::kind::text::Line;
use crate::config::kind::time::Span;
use crate::config::kind::time::Zone;
use crate::config::units::HOUR;
use crate::sources::file::DateOrder;

/// What becomes of a file that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It stays.
    Keep,
    /// It is moved to `done_dir`.
    Move,
    /// It is deleted.
    Delete,
}

/// What stands between cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiter(pub u8);

/// Decimal sign of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// It is a comma.
    pub comma: bool,
}

table! {
    /// A source that is a folder into which surveys and other tables are dropped, or one such table
    /// behind an address.
    Files "[source.file]" one_of(folder url) {
        /// The folder.
        folder: FilePath, optional = "/srv/surveys";
        /// An address that gives the newest export, whatever it is: CSV, JSON, JSON lines, XLSX, ODS, or
        /// one of them in gzip or zip.
        url: Web, optional = "https://surveys.example.com/export.csv";
        /// Only files of the folder whose names match, or match one of a list; `*` is anything, `?` one
        /// letter. Without it all tables, workbooks and archives are read. Files that are being written
        /// (`~$x`, `x.part`, `x.tmp`, `x.crdownload`, `.x`) never are.
        pattern: OneOrMany<Line>, default = [], such_as = "csat-*.csv";
        /// Whether folders in the folder are looked into.
        recursive: bool, default = false;
        /// How long neither size nor time of change of a file may move before it is read; without it
        /// `settle` of `[fetch]`.
        settle: Span<0, HOUR>, optional = "30s";
        /// What becomes of a file that was read and stored: "keep", "move" or "delete". One that could
        /// not be read stays.
        after: Choice<Done>, default = "keep";
        /// Where files are moved to.
        done_dir: FilePath, optional = "/srv/surveys/done";
        /// Folder for records that could not be read, with line and reason; without it `rejects` beside
        /// the database. They stand there as customers wrote them: only the daemon's user can read them.
        rejects: FilePath, optional = "/srv/surveys/rejects";
        /// Encoding of tables, such as "windows-1252".
        encoding: Auto<Line>, default = "auto";
        /// What stands between cells: ",", ";", "\t" or "|".
        delimiter: Auto<Choice<Delimiter>>, default = "auto";
        /// Decimal sign of numbers: "," or ".".
        decimal: Auto<Choice<Decimal>>, default = "auto";
        /// Line or row that names the columns, from 1.
        header_row: Auto<Whole<1, 10_000>>, default = "auto";
        /// Sheet of a workbook; without it the first visible one with a header.
        sheet: Line, optional = "Responses";
        /// Largest file.
        max_file: Size<1_000>, default = "500 MB";
        /// Most that may come out of an archive or a workbook.
        max_unpacked: Size<1_000>, default = "2 GB";
        /// Zone of times that name none; UTC without it.
        time_zone: Zone, optional = "Europe/Stockholm";
        /// Order of day, month and year where a date could be read two ways: "dmy", "mdy" or "ymd".
        /// With "refuse", or without it, such a file is not read.
        date_order: Choice<Option<DateOrder>>, optional = "dmy";
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
        /// Words that stand for ratings, each with its value; the best of them is the best rating.
        rating_words: Numbers, default = {}, such_as = { Good = 1, Bad = 0 };
        /// Address of the original.
        url: Line, optional = "Permalink";
        /// Language of the answer.
        lang: Line, optional = "Locale";
        /// Rows that are no answers.
        drop_rows: List<Equals>, default = [], such_as = [{ column = "Status", equals = "Survey Preview" }];
        /// Columns that are kept as labels: `Store no.` is the label `store_no`. Others that are known
        /// by their names (country, product, version and their like) are kept too.
        fields: List<Line>, default = [], such_as = ["Country"];
    }
}
