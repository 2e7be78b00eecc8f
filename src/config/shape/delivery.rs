//! `[delivery]`

use crate::config::kind::list::List;
use crate::config::kind::number::Whole;
use crate::config::kind::time::Span;
use crate::config::units::DAY;
use crate::config::units::HOUR;
use crate::config::units::MINUTE;
use crate::config::units::SECOND;

table! {
    /// How notices are sent, and when people hear again of what still stands.
    Delivery "[delivery]" {
        /// Waits between the tries of one notice, each a fifth longer or shorter; the last one repeats.
        retry: List<Span<100, { 7 * DAY }>>, default = ["10s", "1m", "5m", "15m", "1h", "3h", "6h", "12h", "24h"];
        /// Whole time of one try.
        deadline: Span<SECOND, MINUTE>, default = "30s";
        /// Pause of a target that asks for one and does not say how long.
        throttled: Span<SECOND, HOUR>, default = "1m";
        /// After a mail or a chat message, what opens within this time goes to the same recipient in
        /// one message; "0s" sends everything by itself. Programs always get everything by itself.
        gather: Span<0, HOUR>, default = "5m";
        /// A notice that nobody took in this time is given up, and `uproar status` says so.
        give_up: Span<MINUTE, { 31 * DAY }>, default = "72h";
        /// What still stands is told again after this time, what is critical after a sixth of it; then
        /// each time half as long again.
        remind_every: Span<HOUR, { 31 * DAY }>, default = "24h";
        /// At most so many times; 0 for never.
        remind_at_most: Whole<0, 100>, default = 5;
        /// Whether also what somebody has acknowledged.
        remind_acked: bool, default = false;
        /// How many looks in a row must find it loud before people are told, unless it is critical.
        /// A complete hour or day counts for all of them.
        confirm: Whole<1, 10>, default = 2;
    }
}
