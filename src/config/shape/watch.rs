//! `[[watch]]`

use crate::calendar::bucket::Width;
use crate::config::kind::choice::Choice;
use crate::config::kind::country::Country;
use crate::config::kind::list::List;
use crate::config::kind::number::Positive;
use crate::config::kind::number::Whole;
use crate::config::kind::rate::Rate;
use crate::config::kind::text::Line;
use crate::config::kind::text::Name;
use crate::config::kind::text::Word;
use crate::config::kind::time::Period;
use crate::domain::measure::Measure;

table! {
    /// What is counted, and who is told when it is suddenly loud; one table for each watch.
    Watch "[[watch]]" {
        /// Its name, in commands and alerts.
        name: Name, required = "bots going in circles";
        /// Names of themes; `*` and `?` stand for anything and for one letter. There must be some, or measures.
        themes: List<Line>, optional = ["looping_bot", "no_human"];
        /// Measures of ratings that must not fall: "rating" (mean of 5 stars), "one_star", "csat", "nps".
        measures: List<Choice<Measure>>, optional = ["rating", "one_star"];
        /// Names of sources; `*` and `?` as above.
        sources: List<Line>, default = ["*"];
        /// Labels whose values are watched one by one. The whole is always watched too.
        by: List<Word>, default = [], such_as = ["country", "product"];
        /// Length of a bucket: "1h" or "1d".
        bucket: Choice<Width>, default = "1h";
        /// Countries whose days off are like Sundays; without it those at the top of the file.
        holidays: List<Country>, optional = ["SE", "DE"];
        /// How many false alarms a year the whole watch may give.
        false_alarms_per_year: Positive, default = 4;
        /// How many false slow rises a year the whole watch may give: the last 28 days against the reference.
        slow_rises_per_year: Positive, default = 1;
        /// Months or days that slow rises are measured against. Without it, the year before.
        reference: Period, optional = "2026-01..2026-03";
        /// Fewer complaints than this, or ratings for a measure, never alert.
        min_complaints: Whole<1, 1_000_000>, default = 5;
        /// Names of the targets that are told.
        notify: List<Line>, default = [], such_as = ["support-leads"];
        /// For themes of which every single message matters: they are told one by one instead of spikes.
        each: Each, optional = {};
    }
}

table! {
    /// Messages of this watch are told one by one instead of spikes. History never is.
    Each "[watch.each]" {
        /// How many, per "hour", "day" or "week"; of the rest the number is told.
        at_most: Rate, required = "10 per day";
    }
}
