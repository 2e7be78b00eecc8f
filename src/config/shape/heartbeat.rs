//! `[heartbeat]`

use crate::config::kind::list::List;
use crate::config::kind::secret::Discreet;
use crate::config::kind::text::Line;
use crate::config::kind::time::Span;
use crate::config::units::HOUR;
use crate::config::units::SECOND;

table! {
    /// Signs of life, so that somebody else notices when this daemon is dead.
    Heartbeat "[heartbeat]" {
        /// Asked for as long as everything works; often a secret: { credential = "heartbeat" }.
        url: Discreet, optional = "https://watchdog.example.com/ping/uproar";
        /// How often.
        every: Span<{ 10 * SECOND }, { 24 * HOUR }>, default = "1m";
        /// Names of the targets that are told now and then that all is well.
        well: List<Line>, default = [], such_as = ["ops"];
        /// When they are told: minute, hour, day, month, weekday, in `time_zone`.
        well_at: Line, default = "0 8 * * Mon";
    }
}
