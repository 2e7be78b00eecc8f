//! In which order a column writes day and month, found out from all its values or not at all.

use serde::Deserialize;
use serde::Serialize;

use crate::sources::ReadError;
use crate::sources::file::DateOrder;
use crate::sources::file::unpack::sheet;
use crate::sources::times;
use crate::sources::times::Named;
use crate::sources::times::Written;

/// Order of day and month of a whole column, by what comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Order {
    Day,
    Month,
    Year,
    /// Not written at all: a spreadsheet's number of days since the beginning of 1900.
    Days1900,
    /// The same since the beginning of 1904.
    Days1904,
}

impl From<DateOrder> for Order {
    fn from(order: DateOrder) -> Self {
        match order {
            DateOrder::DayMonthYear => Self::Day,
            DateOrder::MonthDayYear => Self::Month,
            DateOrder::YearMonthDay => Self::Year,
        }
    }
}

/// Reads one value in the order of its column.
pub(super) fn read(text: &str, order: Option<Order>) -> Option<Written> {
    times::certain(text).or_else(|| {
        if let Some(Order::Days1900 | Order::Days1904) = order {
            return serial(text).and_then(|days| times::certain(&sheet::of_days(days, order == Some(Order::Days1904))?));
        }
        let date = times::slashed(text)?;
        match order? {
            Order::Day => date.day_first(),
            Order::Month => date.month_first(),
            Order::Year => date.year_first(),
            Order::Days1900 | Order::Days1904 => None,
        }
    })
}

/// A number of days as spreadsheets keep dates: from 1954 to 2119, with the time as its fraction.
pub(super) fn serial(text: &str) -> Option<f64> {
    let text = text.trim();
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 5 || fraction.len() > 17 || !digits(whole) || !digits(fraction) {
        return None;
    }
    format!("{whole}.{fraction}").parse().ok().filter(|days| (20_000.0..80_000.0).contains(days))
}

/// Whether what is no date in a column of dates is numbers of days, and there are some.
pub(super) fn are_serials<'a>(values: impl Iterator<Item = (u64, &'a str)>) -> bool {
    let mut any = false;
    for (_, value) in values {
        if serial(value).is_some() {
            any = true;
        } else if times::slashed(value).is_some() {
            return false;
        }
    }
    any
}

/// Finds the order from the values of a column with their line numbers.
///
/// # Errors
///
/// Both orders occur, or every value reads both ways; the message says what to set.
pub(super) fn order_of<'a>(column: &str, values: impl Iterator<Item = (u64, &'a str)>) -> Result<Option<Order>, ReadError> {
    let (mut day_first, mut month_first, mut open) = (None, None, None);
    for (line, value) in values {
        if times::certain(value).is_some() {
            continue;
        }
        let Some(date) = times::slashed(value) else {
            continue;
        };
        match (date.first > 12, date.second > 12) {
            (true, _) => day_first = day_first.or(Some(line)),
            (_, true) => month_first = month_first.or(Some(line)),
            // 09/09 reads the same both ways and decides nothing.
            _ if date.first == date.second => open = open.or(Some((line, None))),
            _ if matches!(open, None | Some((_, None))) => open = Some((line, Some(shown(value)))),
            _ => {}
        }
    }
    match (day_first, month_first, open) {
        (Some(day), Some(month), _) => Err(ReadError::new(
            format!("column `{column}` has dates in both orders: line {day} can only be day first, line {month} only month first"),
            "split the file where the order changes, or export it with dates like 2026-12-31",
        )),
        (Some(_), None, _) | (None, None, Some((_, None))) => Ok(Some(Order::Day)),
        (None, Some(_), _) => Ok(Some(Order::Month)),
        (None, None, Some((line, Some(value)))) => Err(ReadError::new(
            format!(
                "ambiguous dates in column `{column}`: `{value}` in line {line} and all others read both as day/month and as month/day"
            ),
            "say which with date_order = \"dmy\" or \"mdy\" (`--date-order` in preview)",
        )),
        (None, None, None) => Ok(None),
    }
}

/// A date that can only be read in another order than the one that was set for its column.
pub(super) fn contradicted<'a>(column: &str, values: impl Iterator<Item = (u64, &'a str)>, order: Order) -> Result<(), ReadError> {
    let (is_wrong, other): (fn(&times::Slashed) -> bool, _) = match order {
        Order::Day => (|date| date.day_first().is_none() && date.month_first().is_some(), "month first"),
        Order::Month => (|date| date.month_first().is_none() && date.day_first().is_some(), "day first"),
        Order::Year | Order::Days1900 | Order::Days1904 => return Ok(()),
    };
    for (line, value) in values {
        if times::certain(value).is_none() && times::slashed(value).is_some_and(|date| is_wrong(&date)) {
            return Err(ReadError::new(
                format!("column `{column}` is not written as `date_order` says: `{}` in line {line} can only be {other}", shown(value)),
                "leave `date_order` out, or set it right",
            ));
        }
    }
    Ok(())
}

/// The first value with a zone that nobody can know: `IST` is Indian, Irish or Israeli.
pub(super) fn unknown_zone<'a>(column: &str, values: impl Iterator<Item = (u64, &'a str)>, order: Option<Order>) -> Result<(), ReadError> {
    for (line, value) in values {
        if read(value, order).is_some_and(|written| written.zone == Named::Unknown) {
            let value = shown(value);
            return Err(ReadError::new(
                format!("ambiguous time zone in column `{column}`: `{value}` in line {line}"),
                "export the times in UTC or with an offset like +02:00",
            ));
        }
    }
    Ok(())
}

/// A value short enough for a message, without control characters.
fn shown(value: &str) -> String {
    value.chars().filter(|letter| !letter.is_control()).take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(values: &[&str]) -> String {
        match order_of("date", values.iter().enumerate().map(|(at, value)| (at as u64 + 2, *value))) {
            Ok(order) => format!("{order:?}"),
            Err(error) => error.what,
        }
    }

    #[test]
    fn one_value_above_twelve_settles_the_column() {
        assert_eq!(order(&["03/04/2026", "13/04/2026"]), "Some(Day)");
        assert_eq!(order(&["03/04/2026", "03/14/2026", ""]), "Some(Month)");
        assert_eq!(order(&["09/09/2026"]), "Some(Day)");
        assert_eq!(order(&["2026-03-04", "4.3.2026"]), "None");
    }

    #[test]
    fn what_cannot_be_known_is_refused() {
        assert_eq!(
            order(&["09/09/2026", "03/04/2026"]),
            "ambiguous dates in column `date`: `03/04/2026` in line 3 and all others read both as day/month and as month/day"
        );
        assert_eq!(
            order(&["13/04/2026", "03/14/2026"]),
            "column `date` has dates in both orders: line 2 can only be day first, line 3 only month first"
        );
        assert!(unknown_zone("date", [(2, "2026-01-05 08:00 IST")].into_iter(), None).is_err());
    }

    #[test]
    fn a_given_order_that_the_file_itself_disproves_is_refused() {
        let values = || [(2, "03/04/2026"), (3, "13/04/2026"), (4, "nothing")].into_iter();
        assert_eq!(contradicted("date", values(), Order::Day), Ok(()));
        insta::assert_snapshot!(contradicted("date", values(), Order::Month).unwrap_err(), @"column `date` is not written as `date_order` says: `13/04/2026` in line 3 can only be day first; leave `date_order` out, or set it right");
    }

    #[test]
    fn a_given_order_reads_what_is_open() {
        for (order, date) in [(Order::Day, "2026-04-03"), (Order::Month, "2026-03-04")] {
            assert_eq!(read("03/04/2026", Some(order)).unwrap().local.date().to_string(), date);
        }
        assert_eq!(read("26/03/04", Some(Order::Year)).unwrap().local.date().to_string(), "2026-03-04");
        assert_eq!(read("03/04/2026", None), None);
    }
}
