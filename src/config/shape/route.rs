//! `[[route]]`

use crate::config::kind::choice::Choice;
use crate::config::kind::list::List;
use crate::config::kind::list::Map;
use crate::config::kind::text::Line;
use crate::config::kind::time::Span;
use crate::config::shape::hours::Open;
use crate::config::units::DAY;
use crate::config::units::MINUTE;
use crate::domain::incident::Kind;
use crate::domain::incident::Level;

table! {
    /// Who is told besides those whom the watch names; one table for each route. Whoever heard that
    /// something opened hears how it goes on, also when no route leads there any more.
    Route "[[route]]" {
        /// Names of the targets.
        to: List<Line>, required = ["on-call"];
        /// Only when nobody has acknowledged it for so long.
        after: Span<MINUTE, { 7 * DAY }>, optional = "15m";
        /// For which incidents. All without it.
        when: When, table = {};
        /// At which times. Always without it.
        hours: Open, optional = {};
    }
}

table! {
    /// What an incident must be: all that is named here. In names `*` and `?` stand for anything and
    /// for one letter.
    When "[route.when]" {
        /// At least this loud: "low", "medium", "high" or "critical".
        level: Choice<Level>, optional = "critical";
        /// One of these watches.
        watch: List<Line>, default = [], such_as = ["bots*"];
        /// One of these themes.
        theme: List<Line>, default = [], such_as = ["refund*"];
        /// About this part of the messages: "all", or a label and its value.
        segment: Line, optional = "country=se";
        /// About this part of the messages, or driven by it.
        label: Map, default = {}, such_as = { country = "se" };
        /// Its watch counts one of these sources.
        source: List<Line>, default = [], such_as = ["app-store"];
        /// One of "spike", "slow_rise", "drop", "no_data" and "message".
        kind: List<Choice<Kind>>, default = [], such_as = ["spike"];
    }
}
