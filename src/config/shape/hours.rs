//! Hours of the week, for targets and for routes.

use crate::config::kind::hours::ClockTime;
use crate::config::kind::hours::Days;
use crate::config::kind::time::Zone;

table! {
    /// Quiet hours: only what is critical comes through. The rest waits until they are over, and then
    /// the newest is told.
    Quiet "[target.quiet]" {
        /// They begin at this time of the day.
        from: ClockTime, required = "20:00";
        /// They end at this one, on the next day where it is not later.
        until: ClockTime, required = "07:00";
        /// Days on which they begin: "Mon-Fri", "Sat,Sun".
        days: Days, default = "Mon-Sun";
        /// Whether all of Saturday and Sunday is quiet too.
        weekends: bool, default = false;
        /// Whose clock; `time_zone` without it.
        time_zone: Zone, optional = "Europe/Stockholm";
    }
}

table! {
    /// Hours in which the route is open; at any other time it is not there.
    Open "[route.hours]" {
        /// They begin at this time of the day.
        from: ClockTime, required = "08:00";
        /// They end at this one, on the next day where it is not later.
        until: ClockTime, required = "18:00";
        /// Days on which they begin: "Mon-Fri", "Sat,Sun".
        days: Days, default = "Mon-Sun";
        /// Whose clock; `time_zone` without it.
        time_zone: Zone, optional = "Europe/Stockholm";
    }
}
