//! `[store]`

use crate::config::kind::number::Size;
use crate::config::kind::text::FilePath;
use crate::config::kind::time::Span;
use crate::config::units::DAY;

table! {
    /// The database, and how long it remembers.
    Store "[store]" {
        /// The SQLite file; its folder must exist and belong to the service.
        path: FilePath, default = "/var/lib/uproar/uproar.db";
        /// Texts older than this are removed. Counts, tags and incidents stay.
        keep_text: Span<DAY, { 36_500 * DAY }>, default = "400d";
        /// Whether texts are stored without mail addresses, names and numbers of phones, cards, accounts and orders.
        /// They are tagged and compared with others before. A theme that is changed later sees what is left of them.
        /// What is stored already stays as it is.
        redact: bool, default = false;
        /// Above this size of the file the oldest texts are removed early.
        max_size: Size<10_000_000>, default = "20 GB";
    }
}
