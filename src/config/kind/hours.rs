//! Times of the day, and days of the week.

use chrono::NaiveTime;
use serde_json::json;

use crate::config::kind::Kind;
use crate::config::kind::Shown;
use crate::config::kind::quoted;
use crate::config::kind::text;
use crate::config::problem::Code;
use crate::config::reader::Reader;
use crate::config::shape::Shape;
use crate::config::tree::Node;

const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A time of the day to the minute: `07:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockTime(pub NaiveTime);

/// Days of the week, Monday first: `Mon-Fri`, `Mon,Wed`, `Sat-Mon`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days(pub [bool; 7]);

impl Kind for ClockTime {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = text::line(node, "a time of the day in quotes", reader)?;
        let two_digits = text.len() == "07:00".len();
        match NaiveTime::parse_from_str(text, "%H:%M").ok().filter(|_| two_digits) {
            Some(time) => Some(Self(time)),
            None => reader.refuse(Code::BadHours, node, "must be a time of the day from 00:00 to 23:59"),
        }
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(&self.0.format("%H:%M").to_string()))
    }
}

impl Kind for Days {
    const SHAPE: Shape = Shape::Value(|| {
        let day = format!("({})", NAMES.join("|"));
        json!({"type": "string", "pattern": format!("^{day}(-{day})?(, *{day}(-{day})?)*$")})
    });

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = text::line(node, "days of the week in quotes", reader)?;
        match days(text) {
            Some(days) => Some(Self(days)),
            None => reader.refuse(Code::BadHours, node, "must be days of the week as \"Mon-Fri\" or \"Mon,Wed\""),
        }
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(&written(self.0)))
    }
}

fn days(text: &str) -> Option<[bool; 7]> {
    let number = |name: &str| NAMES.iter().position(|known| known.eq_ignore_ascii_case(name.trim()));
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        (0..7).map(|step| (first + step) % 7).take((last + 7 - first) % 7 + 1).for_each(|day| days[day] = true);
    }
    Some(days)
}

/// Stretches of days, each from its first to its last.
fn written(days: [bool; 7]) -> String {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for day in (0..7).filter(|&day| days[day]) {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == day => *last = day,
            _ => parts.push((day, day)),
        }
    }
    let name = |(first, last): &(usize, usize)| {
        if first == last { NAMES[*first].to_owned() } else { format!("{}-{}", NAMES[*first], NAMES[*last]) }
    };
    parts.iter().map(name).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_people_write_them() {
        for (text, expected) in [
            ("Mon-Fri", Some("Mon-Fri")),
            ("mon, wed", Some("Mon,Wed")),
            ("Sat-Mon", Some("Mon,Sat-Sun")),
            ("Mon-Sun", Some("Mon-Sun")),
            ("Sun", Some("Sun")),
            ("Mon-", None),
            ("weekdays", None),
            ("", None),
        ] {
            assert_eq!(days(text).map(written).as_deref(), expected, "{text}");
        }
    }
}
