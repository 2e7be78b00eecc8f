//! Durations, moments and time zones.

use chrono::Months;
use chrono::NaiveDate;
use chrono::TimeDelta;
use chrono_tz::Tz;
use serde_json::json;

use crate::config::kind::Kind;
use crate::config::kind::Shown;
use crate::config::kind::quoted;
use crate::config::kind::text;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::Shape;
use crate::config::suggest;
use crate::config::tree::Node;
use crate::config::tree::Value;
use crate::config::units;
use crate::domain::Timestamp;
use crate::sources::Since;

/// A shorter period says more of chance than of what was usual.
const LEAST_PERIOD_DAYS: i64 = 28;

/// A duration from `MIN` to `MAX` milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<const MIN: i64, const MAX: i64>(pub TimeDelta);

/// A moment, with its distance from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

/// Days or whole months from the first to the last: `2026-01..2026-03`, `2026-01-05..2026-02-15`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// As written.
    text: String,
    /// First day.
    pub from: NaiveDate,
    /// First day after it.
    pub until: NaiveDate,
}

/// A time zone by its name: `Europe/Stockholm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(pub Tz);

impl<const MIN: i64, const MAX: i64> Kind for Span<MIN, MAX> {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "string", "pattern": "^ *([0-9]+ *(ms|s|m|h|d|w) *)+$"}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = text::text(node, "a duration in quotes", reader)?;
        match units::duration(text) {
            Ok(span) if (MIN..=MAX).contains(&span.num_milliseconds()) => Some(Self(span)),
            Ok(_) => {
                let [least, most] = [MIN, MAX].map(|bound| units::write_duration(TimeDelta::milliseconds(bound)));
                reader.refuse(Code::OutOfRange, node, &format!("must be from {least} to {most}"))
            }
            Err(why) => reader.refuse(Code::BadDuration, node, &format!("is no duration: {why}")),
        }
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(&units::write_duration(self.0)))
    }
}

/// How far back: a duration before now, or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// So long.
    Span(TimeDelta),
    /// To the beginning of this day.
    Day(NaiveDate),
}

impl Reach {
    /// As a source wants it; days begin in `zone`.
    #[must_use]
    pub fn since(self, zone: Tz) -> Since {
        match self {
            Self::Span(span) => Since::Span(span),
            Self::Day(day) => {
                let midnight = day.and_time(chrono::NaiveTime::MIN);
                Since::Moment(midnight.and_local_timezone(zone).earliest().map_or_else(|| midnight.and_utc(), |start| start.to_utc()))
            }
        }
    }
}

impl Kind for Reach {
    const SHAPE: Shape =
        Shape::Value(|| json!({"type": "string", "pattern": "^( *([0-9]+ *(ms|s|m|h|d|w) *)+|[0-9]{4}-[0-9]{2}-[0-9]{2})$"}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let (Value::Moment(text) | Value::Text(text)) = &node.value else {
            return reader.wrong(node, "a duration in quotes, or a date");
        };
        if let Ok(day) = text.parse() {
            return Some(Self::Day(day));
        }
        match units::duration(text) {
            Ok(span) if span <= TimeDelta::days(3660) => Some(Self::Span(span)),
            Ok(_) => reader.refuse(Code::OutOfRange, node, "must be ten years at most"),
            Err(_) => reader.refuse(Code::BadDuration, node, "must be a duration such as \"7d\" or a date such as \"2026-03-01\""),
        }
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(&match self {
            Self::Span(span) => units::write_duration(*span),
            Self::Day(day) => day.to_string(),
        }))
    }
}

impl Kind for Moment {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "string", "format": "date-time"}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let (Value::Moment(text) | Value::Text(text)) = &node.value else {
            return reader.wrong(node, "a moment");
        };
        match chrono::DateTime::parse_from_rfc3339(text) {
            Ok(moment) => Some(Self(moment.to_utc())),
            Err(_) => reader.refuse(Code::BadTime, node, "must be a date and a time with `Z` or a distance from UTC at its end"),
        }
    }

    fn shown(&self) -> Shown {
        Shown::Inline(self.0.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
    }
}

impl Kind for Period {
    const SHAPE: Shape = Shape::Value(|| {
        let day = "[0-9]{4}-[0-9]{2}(-[0-9]{2})?";
        json!({"type": "string", "pattern": format!("^{day}\\.\\.{day}$")})
    });

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = text::line(node, "months or days in quotes", reader)?;
        let Some((first, last)) = text.split_once("..").and_then(|(first, last)| Some((days_of(first)?.0, days_of(last)?.1))) else {
            return reader.refuse(Code::BadTime, node, "must be two months or two days with `..` between them");
        };
        if last <= first {
            return reader.refuse(Code::BadTime, node, "ends before it begins");
        }
        if (last - first).num_days() < LEAST_PERIOD_DAYS {
            return reader.refuse(Code::OutOfRange, node, &format!("is shorter than {LEAST_PERIOD_DAYS} days"));
        }
        Some(Self { text: text.to_owned(), from: first, until: last })
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(&self.text))
    }
}

/// First day of a month or a day, and the first one after it.
fn days_of(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    if text.len() == "2026-01".len() {
        let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok()?;
        return Some((first, first.checked_add_months(Months::new(1))?));
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some((day, day.succ_opt()?))
}

impl Kind for Zone {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "string", "minLength": 1}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let name = text::line(node, "the name of a time zone in quotes", reader)?;
        if let Ok(zone) = name.parse() {
            return Some(Self(zone));
        }
        let near = suggest::nearest(name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
        let help = near.map_or_else(|| reader.example(), |near| format!("did you mean `{near}`?"));
        let message = format!("there is no time zone `{name}`");
        reader.report(Problem::error(Code::UnknownWord, node.at.clone(), message).label("unknown").help(help));
        None
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(self.0.name()))
    }
}
