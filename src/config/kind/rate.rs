//! So many per hour, day or week.

use chrono::TimeDelta;
use serde_json::json;

use crate::config::kind::Kind;
use crate::config::kind::Shown;
use crate::config::kind::quoted;
use crate::config::kind::text;
use crate::config::problem::Code;
use crate::config::reader::Reader;
use crate::config::shape::Shape;
use crate::config::tree::Node;

/// Most per hour, day or week.
const MOST: u32 = 1_000;
const TIMES: [(&str, i64); 3] = [("hour", 3_600), ("day", 86_400), ("week", 604_800)];

/// `10 per day`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub number: u32,
    /// In which time.
    pub per: TimeDelta,
}

impl Kind for Rate {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "string", "pattern": "^[0-9]+ per (hour|day|week)$"}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = text::line(node, "a number per hour, day or week in quotes", reader)?;
        match rate(text) {
            Some(rate) if (1..=MOST).contains(&rate.number) => Some(rate),
            Some(_) => reader.refuse(Code::OutOfRange, node, &format!("must be from 1 to {MOST}")),
            None => reader.refuse(Code::BadRate, node, "must be a number per hour, day or week, as \"10 per day\""),
        }
    }

    fn shown(&self) -> Shown {
        let time = TIMES.iter().find(|(_, seconds)| *seconds == self.per.num_seconds()).map_or("day", |(word, _)| word);
        Shown::Inline(quoted(&format!("{} per {time}", self.number)))
    }
}

fn rate(text: &str) -> Option<Rate> {
    let (number, time) = text.split_once(" per ")?;
    let (_, seconds) = TIMES.iter().find(|(word, _)| *word == time.trim())?;
    Some(Rate { number: number.trim().parse().ok()?, per: TimeDelta::seconds(*seconds) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_time() {
        assert_eq!(rate("10 per day"), Some(Rate { number: 10, per: TimeDelta::days(1) }));
        assert_eq!(rate("1 per week"), Some(Rate { number: 1, per: TimeDelta::days(7) }));
        for text in ["10", "10 per", "ten per day", "10 per month", "10 a day", "-1 per day"] {
            assert_eq!(rate(text), None, "{text}");
        }
    }
}
